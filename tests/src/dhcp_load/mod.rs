//! Many DHCP clients in one thread, to load a server: whole exchanges from DHCPDISCOVER to DHCPACK, behind a relay agent or on the
//! server's link, begun at a rate or as fast as they end.
//!
//! A wait begins when the message leaves, and ends when the kernel has the reply, not when this program reads it. At a rate
//! nothing that a server does keeps a message from leaving when it is due, but for the processors that they share: how late
//! the load was is told beside the waits. It looks around at even intervals, whatever comes: to be woken for each reply would
//! take from the server what another machine would not.

mod link;
mod message;
mod outcome;

use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use common::sys::batch::BATCH;
use nix::sys::prctl::set_timerslack;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::client::Message;
use crate::failure::{Context, Result};
use link::{Link, now};
pub use message::client_mac;
use message::{Answer, Client, Kind};
pub use outcome::{Outcome, percentile};

/// At a rate, what is due is sent and what has come is read this often.
const TICK: Duration = Duration::from_micros(200);

/// Where the clients are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Behind the relay agent with this address, which is one of this machine's.
    Relay(Ipv4Addr),
    /// On this interface.
    Link(String),
}

/// When exchanges begin.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many a second, whatever the server does (an open loop).
    Rate(u32),
    /// As soon as fewer than this many are under way (a closed loop).
    UnderWay(usize),
}

/// A load.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server's address.
    pub server: Ipv4Addr,
    /// Where the clients are.
    pub origin: Origin,
    /// When exchanges begin.
    pub pace: Pace,
    /// Exchanges begin for so long.
    pub span: Duration,
    /// How many clients there are; they take turns.
    pub clients: u32,
    /// After this long an exchange counts as lost.
    pub patience: Duration,
}

/// An exchange that has begun. Its number is the transaction's.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    due: Duration,
    /// When its last message left.
    asked: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Discovering,
    Requesting,
    /// Completed, refused or lost.
    Over,
}

impl Plan {
    /// Runs the load to its end. To be called where the clients shall be: inside their namespace.
    ///
    /// # Errors
    /// What the system refused. Exchanges that fail are counted, not returned.
    pub fn run(&self) -> Result<Outcome> {
        let link = Link::open(&self.origin, self.server)?;
        set_timerslack(1).context("cannot have short waits end in time")?;
        let before = processor_time()?;
        let mut load = Load {
            plan: self,
            link,
            begun: now(),
            looked: now(),
            exchanges: Vec::new(),
            settled: 0,
            under_way: 0,
            outgoing: Vec::new(),
            outcome: Outcome::default(),
        };
        load.run()?;
        let mut outcome = load.outcome;
        outcome.begun = load.exchanges.len();
        outcome.processor_time = processor_time()?.saturating_sub(before);
        outcome.sort();
        Ok(outcome)
    }

    /// The client of an exchange.
    fn client(&self, exchange: u32) -> Client {
        let relay = match self.origin {
            Origin::Relay(address) => Some(address),
            Origin::Link(_) => None,
        };
        Client {
            number: exchange % self.clients.max(1),
            relay,
        }
    }
}

/// A load in progress.
struct Load<'p> {
    plan: &'p Plan,
    link: Link,
    begun: Duration,
    /// When it looked around last.
    looked: Duration,
    exchanges: Vec<Exchange>,
    /// All exchanges before this one are over.
    settled: usize,
    under_way: usize,
    /// What goes out next, and of which exchange it is.
    outgoing: Vec<(usize, Message)>,
    outcome: Outcome,
}

impl Load<'_> {
    fn run(&mut self) -> Result<()> {
        loop {
            self.receive()?;
            let time = now();
            self.begin_due(time);
            self.send();
            self.give_up_late(time);
            if time >= self.end() && self.under_way == 0 {
                return Ok(());
            }
            self.pause(time)?;
        }
    }

    /// A closed loop goes on with the next reply, an open one with the next tick.
    fn pause(&mut self, time: Duration) -> Result<()> {
        match self.plan.pace {
            Pace::UnderWay(_) => self.link.wait(TICK)?,
            Pace::Rate(_) => {
                let next = self.looked + TICK;
                thread::sleep(next.saturating_sub(now()));
                // Ticks that were missed are not made up for.
                self.looked = next.max(time);
            }
        }
        Ok(())
    }

    fn begin_due(&mut self, time: Duration) {
        match self.plan.pace {
            Pace::Rate(rate) => {
                let mut due = self.due(rate);
                while due <= time && due < self.end() {
                    self.begin(due);
                    due = self.due(rate);
                }
            }
            Pace::UnderWay(most) => {
                while self.under_way < most && time < self.end() {
                    self.begin(time);
                }
            }
        }
    }

    fn end(&self) -> Duration {
        self.begun + self.plan.span
    }

    /// When the next exchange begins.
    fn due(&self, rate: u32) -> Duration {
        let nanos = u64::from(self.next_number()) * 1_000_000_000 / u64::from(rate.max(1));
        self.begun + Duration::from_nanos(nanos)
    }

    fn next_number(&self) -> u32 {
        u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX)
    }

    fn begin(&mut self, due: Duration) {
        let number = self.next_number();
        self.exchanges.push(Exchange {
            due,
            asked: due,
            state: State::Discovering,
        });
        self.under_way += 1;
        let message = self.plan.client(number).discover(number);
        self.outgoing.push((self.exchanges.len() - 1, message));
    }

    /// Notes when each message leaves.
    fn send(&mut self) {
        for batch in self.outgoing.chunks(BATCH) {
            let time = now();
            for exchange in batch.iter().map(|(index, _)| *index) {
                let Some(exchange) = self.exchanges.get_mut(exchange) else {
                    continue;
                };
                exchange.asked = time;
                if exchange.state == State::Discovering {
                    let late = time.saturating_sub(exchange.due);
                    self.outcome.lateness.push(late);
                }
            }
            self.link.send(batch.iter().map(|(_, message)| message));
        }
        self.outgoing.clear();
    }

    /// Takes all replies that are there.
    fn receive(&mut self) -> Result<()> {
        loop {
            let received = self.link.receive()?;
            let are_more = received.len() == BATCH;
            for (arrived, message) in received {
                if let Some(answer) = Answer::of(&message) {
                    self.take(arrived, &answer);
                }
            }
            if !are_more {
                return Ok(());
            }
        }
    }

    fn take(&mut self, arrived: Duration, answer: &Answer) {
        let index = usize::try_from(answer.number).unwrap_or(usize::MAX);
        let Some(exchange) = self.exchanges.get_mut(index) else {
            return;
        };
        let outcome = &mut self.outcome;
        match (exchange.state, answer.kind) {
            (State::Discovering, Kind::Offer) => {
                exchange.state = State::Requesting;
                outcome
                    .offer_waits
                    .push(arrived.saturating_sub(exchange.asked));
                let client = self.plan.client(answer.number);
                let request = client.request(answer.number, answer.address, self.plan.server);
                self.outgoing.push((index, request));
            }
            (State::Requesting, Kind::Ack) => {
                exchange.state = State::Over;
                self.under_way -= 1;
                outcome
                    .ack_waits
                    .push(arrived.saturating_sub(exchange.asked));
                outcome
                    .exchange_times
                    .push(arrived.saturating_sub(exchange.due));
            }
            (State::Requesting, Kind::Nak) => {
                exchange.state = State::Over;
                self.under_way -= 1;
                outcome.refused += 1;
            }
            _ => {}
        }
    }

    /// Exchanges are given up in the order in which they began.
    fn give_up_late(&mut self, time: Duration) {
        while let Some(exchange) = self.exchanges.get_mut(self.settled) {
            if exchange.state != State::Over {
                if time.saturating_sub(exchange.due) < self.plan.patience {
                    return;
                }
                exchange.state = State::Over;
                self.under_way -= 1;
            }
            self.settled += 1;
        }
    }
}

/// What this thread has used of a processor.
fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).context("cannot ask for processor time")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

#[cfg(test)]
mod tests;
