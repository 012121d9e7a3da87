//! Many TFTP clients in one thread, to load a server: reads and writes, with block and window sizes, and with delay and
//! loss that are made here, since many kernels cannot make them.

mod client;
mod content;
mod probe;
mod weather;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use common::sys::batch::ReceiveBatch;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::failure::{Context, Failure, Result};
use client::{Client, State};
use weather::Weather;

pub use content::{PATTERN, content, tiny_name};
pub use probe::{Probe, first_block};

/// How often clients that wait look at the clock.
const TICK: Duration = Duration::from_millis(20);
/// Events taken at once.
const EVENTS: usize = 256;
/// The largest datagram that a server sends.
const LARGEST: usize = 65468;

/// Which way the files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the clients.
    Read,
    /// To the server: each client writes a file of its own.
    Write,
}

/// Which file a transfer asks for.
#[derive(Clone, Debug)]
pub enum Files {
    /// Always the same.
    One(&'static str),
    /// The small files, one after the other.
    Tiny(usize),
}

/// A load.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the server listens.
    pub server: SocketAddr,
    /// Which way the files go.
    pub direction: Direction,
    /// What is asked for.
    pub files: Files,
    /// Bytes in each file.
    pub size: usize,
    /// How many ask at the same time.
    pub clients: usize,
    /// How many transfers begin in all.
    pub transfers: usize,
    /// After this time no transfer begins any more.
    pub span: Duration,
    /// Block size to ask for; 512 asks for nothing.
    pub block: usize,
    /// Window to ask for; 1 asks for nothing.
    pub window: u16,
    /// Each packet of the clients leaves so much later: the round trip of the link.
    pub delay: Duration,
    /// Of a thousand packets in each direction so many are lost.
    pub loss: u32,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// From the first request to the last packet.
    pub elapsed: Duration,
    /// Bytes of files in all.
    pub bytes: u64,
    /// How long each transfer took, in ascending order.
    pub times: Vec<Duration>,
    /// How long each client waited for the first answer, in ascending order.
    pub firsts: Vec<Duration>,
    /// Transfers that broke off.
    pub failures: Vec<String>,
    /// Packets that clients sent again.
    pub repeats: u64,
    /// The block size that was agreed on.
    pub block: usize,
    /// The window that was agreed on.
    pub window: u16,
}

/// Clients and what they wait for.
pub struct Load {
    plan: Plan,
    epoll: Epoll,
    clients: Vec<Client>,
    weather: Weather,
    begun: Instant,
    started: usize,
    outcome: Outcome,
    buffers: Buffers,
}

/// Where clients receive.
struct Buffers {
    one: Box<[u8]>,
    many: ReceiveBatch,
}

impl Outcome {
    /// The time that all but one in a hundred transfers stayed below.
    #[must_use]
    pub fn percentile_99(&self) -> Duration {
        percentile_99(&self.times)
    }

    /// Megabytes (10^6) a second.
    #[must_use]
    pub fn megabytes_a_second(&self) -> f64 {
        self.gibibytes() * (f64::from(1_u32 << 30) / 1e6) / self.elapsed.as_secs_f64()
    }

    /// The bytes of the files in GiB.
    #[must_use]
    pub fn gibibytes(&self) -> f64 {
        let mebibytes = u32::try_from(self.bytes >> 10).unwrap_or(u32::MAX);
        f64::from(mebibytes) / f64::from(1_u32 << 20)
    }

    /// Whole transfers a second.
    #[must_use]
    pub fn transfers_a_second(&self) -> f64 {
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.elapsed.as_secs_f64()
    }
}

/// The value that all but one in a hundred of the ascending `times` stay below.
#[must_use]
pub fn percentile_99(times: &[Duration]) -> Duration {
    let index = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(index).copied().unwrap_or_default()
}

impl Plan {
    /// Runs the load to its end. To be called where the clients shall be: inside their namespace.
    ///
    /// # Errors
    /// What the system refused. Failing transfers are counted, not returned.
    pub fn run(self) -> Result<Outcome> {
        let mut load = Load::new(self)?;
        load.run_until(|client| client.state == State::Over)?;
        Ok(load.finish())
    }

    fn name(&self, transfer: usize, client: usize) -> String {
        match (self.direction, &self.files) {
            (Direction::Write, _) => format!("upload-{client}"),
            (Direction::Read, Files::One(name)) => (*name).to_owned(),
            (Direction::Read, Files::Tiny(count)) => tiny_name(transfer % count),
        }
    }

    fn span_is_over(&self, begun: Instant) -> bool {
        begun.elapsed() >= self.span
    }
}

impl Load {
    /// Makes the clients. Nothing is sent yet.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new(plan: Plan) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::empty()).context("cannot make an epoll")?;
        let any: IpAddr = match plan.server {
            SocketAddr::V4(_) => [0_u8; 4].into(),
            SocketAddr::V6(_) => [0_u16; 8].into(),
        };
        let clients: Vec<Client> = (0..plan.clients)
            .map(|_| Client::new(any))
            .collect::<Result<_>>()?;
        Ok(Self {
            weather: Weather::new(plan.delay, plan.loss),
            plan,
            epoll,
            clients,
            begun: Instant::now(),
            started: 0,
            outcome: Outcome::default(),
            buffers: Buffers {
                one: vec![0; LARGEST].into_boxed_slice(),
                many: ReceiveBatch::new(LARGEST),
            },
        })
    }

    /// Lets all clients get their first answer, and no further.
    ///
    /// # Errors
    /// What the system refused.
    pub fn open_all(&mut self) -> Result<()> {
        for client in &mut self.clients {
            client.hold = true;
        }
        self.run_until(|client| client.state == State::Held || client.state == State::Over)
    }

    /// Goes on after [`Self::open_all`], to the end.
    ///
    /// # Errors
    /// What the system refused.
    pub fn finish_all(&mut self) -> Result<()> {
        let now = Instant::now();
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.hold = false;
            client.release(index, &self.plan, &mut self.weather, now);
        }
        self.run_until(|client| client.state == State::Over)
    }

    /// What came of it.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        for client in &self.clients {
            self.outcome.repeats += client.repeats;
            self.outcome.block = client.block_size;
            self.outcome.window = client.window;
        }
        self.outcome.elapsed = self.begun.elapsed();
        self.outcome.times.sort_unstable();
        self.outcome.firsts.sort_unstable();
        self.outcome
    }

    fn run_until(&mut self, done: impl Fn(&Client) -> bool) -> Result<()> {
        if self.started == 0 {
            self.begun = Instant::now();
        }
        let mut open = 0;
        for index in 0..self.clients.len() {
            self.begin_if_idle(index)?;
            open += usize::from(self.clients.get(index).is_some_and(|client| !done(client)));
        }
        let mut events = [EpollEvent::empty(); EVENTS];
        let mut looked = Instant::now();
        while open > 0 {
            let pause = self.weather.pause(TICK);
            let timeout = EpollTimeout::try_from(pause).unwrap_or(EpollTimeout::ZERO);
            let count = self
                .epoll
                .wait(&mut events, timeout)
                .context("epoll_wait")?;
            let now = Instant::now();
            for event in events.iter().take(count) {
                let index = usize::try_from(event.data()).unwrap_or(usize::MAX);
                open -= usize::from(self.attend(index, now, &done)?);
            }
            self.weather.deliver(&self.clients, now);
            if now - looked >= TICK {
                looked = now;
                open -= self.look_at_clocks(now, &done)?;
            }
        }
        Ok(())
    }

    /// Takes what came for a client. True if it is done by that.
    fn attend(
        &mut self,
        index: usize,
        now: Instant,
        done: &impl Fn(&Client) -> bool,
    ) -> Result<bool> {
        let Some(client) = self.clients.get_mut(index) else {
            return Ok(false);
        };
        let was_done = done(client);
        client.receive(index, &self.plan, &mut self.weather, &mut self.buffers, now);
        self.settle(index, was_done, done)
    }

    fn look_at_clocks(&mut self, now: Instant, done: &impl Fn(&Client) -> bool) -> Result<usize> {
        let mut count = 0;
        for index in 0..self.clients.len() {
            let Some(client) = self.clients.get_mut(index) else {
                break;
            };
            let was_done = done(client);
            client.look_at_clock(index, &self.plan, &mut self.weather, now);
            count += usize::from(self.settle(index, was_done, done)?);
        }
        Ok(count)
    }

    /// Notes a transfer that has ended and begins the next one.
    fn settle(
        &mut self,
        index: usize,
        was_done: bool,
        done: &impl Fn(&Client) -> bool,
    ) -> Result<bool> {
        self.begin_if_idle(index)?;
        Ok(!was_done && self.clients.get(index).is_some_and(done))
    }

    fn begin_if_idle(&mut self, index: usize) -> Result<()> {
        let Some(client) = self.clients.get_mut(index) else {
            return Ok(());
        };
        if let Some(report) = client.report.take() {
            self.outcome.firsts.push(report.first);
            match report.failure {
                Some(failure) => self.outcome.failures.push(failure),
                None => {
                    self.outcome.times.push(report.time);
                    self.outcome.bytes += u64::try_from(self.plan.size).unwrap_or(0);
                }
            }
        }
        if client.state != State::Idle {
            return Ok(());
        }
        if self.started >= self.plan.transfers || self.plan.span_is_over(self.begun) {
            client.state = State::Over;
            return Ok(());
        }
        let name = self.plan.name(self.started, index);
        client.begin(&name, &self.plan)?;
        self.started += 1;
        let data = u64::try_from(index).unwrap_or(u64::MAX);
        let event = EpollEvent::new(EpollFlags::EPOLLIN, data);
        self.epoll
            .add(client.socket(), event)
            .map_err(|error| Failure::new(format!("epoll_ctl: {error}")))
    }
}
