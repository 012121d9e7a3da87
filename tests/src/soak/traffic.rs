//! Many DHCP clients on one link, each at what clients do: booting, renewing, asking, giving back, refusing what they got.
//!
//! Clients with a long lease keep it for the whole soak. Those with a short one come and go, and are more than there are addresses.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::ledger::{Claim, Client, Ledger};
use super::report::Report;
use crate::client::identity::{broadcast, mac_of};
use crate::client::message::Field;
use crate::client::{Datagram, Mac, Message, Wire};
use crate::differential::Dice;
use crate::failure::{Failure, Result};

/// Clients with a long lease have the numbers from zero on. Their addresses, together with all others, and with those of tests that
/// run beside, are fewer than the neighbours that the kernel remembers for all namespaces (`gc_thresh3`, 1,024): without room for one
/// it drops what the server sends to a client's address, and says so only in its own log.
pub(super) const LASTING: u16 = 300;
/// Clients with a short lease have the numbers from here on.
pub(super) const FIRST_SHORT: u16 = 0x8000;
const SHORT: u16 = 120;
/// The server's address.
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// The hardware address of the server's bridge.
pub(super) const BRIDGE_MAC: Mac = [2, 0, 0, 0, 0x99, 1];

/// How long anything that must happen may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two messages.
const PACE: Duration = Duration::from_millis(1);
/// A client that hears nothing asks again.
const AGAIN: Duration = Duration::from_millis(100);
/// After this time a client gives up an exchange and does something else.
const FORGOTTEN: Duration = Duration::from_secs(2);

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const ACK: u8 = 5;
const NAK: u8 = 6;
const RELEASE: u8 = 7;
const INFORM: u8 = 8;

/// All clients and what they wait for.
pub(super) struct Traffic {
    wire: Wire,
    dice: Dice,
    /// Who was promised what.
    pub(super) ledger: Ledger,
    exchanges: HashMap<Client, Exchange>,
    serial: u32,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    serial: u32,
    stage: Stage,
    asked: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Discovering,
    Requesting,
    Informing,
}

/// What a client that has a lease does next.
#[derive(Clone, Copy, Debug, Default)]
enum Deed {
    #[default]
    Renew,
    Rebind,
    Reboot,
    Discover,
    Inform,
    Release,
    Decline,
}

/// How often each deed comes, by its number of places.
const DEEDS: [Deed; 24] = {
    use Deed::{Decline, Discover, Inform, Rebind, Reboot, Release, Renew};
    [
        Renew, Renew, Renew, Renew, Renew, Renew, Renew, Renew, Rebind, Rebind, Rebind, Rebind,
        Rebind, Rebind, Reboot, Reboot, Reboot, Reboot, Discover, Discover, Inform, Inform,
        Release, Decline,
    ]
};

impl Traffic {
    pub(super) fn new(wire: Wire, dice: Dice) -> Self {
        Self {
            wire,
            dice,
            ledger: Ledger::default(),
            exchanges: HashMap::new(),
            serial: 0,
        }
    }

    /// Lets clients do what they like for so long.
    pub(super) fn go_on(&mut self, span: Duration, report: &Report) -> Result<()> {
        let end = Instant::now() + span;
        while Instant::now() < end {
            self.step(report);
            self.listen_for(PACE, report)?;
        }
        Ok(())
    }

    /// Lets this many clients ask for something that has to be stored, and does not listen.
    pub(super) fn burst(&mut self, count: usize, report: &Report) {
        for _ in 0..count {
            let client = self.any();
            match self.ledger.claim(client, Instant::now()) {
                Some(claim) => self.perform(Deed::Rebind, client, claim, report),
                None => self.discover(client, report),
            }
        }
    }

    /// Goes on until every client with a long lease has it.
    pub(super) fn populate(&mut self, report: &Report) -> Result<()> {
        let begin = Instant::now();
        let mut without: Vec<_> = (0..LASTING).collect();
        while !without.is_empty() {
            if begin.elapsed() > PATIENCE {
                let what = format!("{} clients get no lease", without.len());
                return Err(Failure::new(what));
            }
            for client in without.iter().copied() {
                if self.is_free(client) {
                    self.discover(client, report);
                }
                self.listen(PACE, report)?;
            }
            let now = Instant::now();
            without.retain(|client| self.ledger.claim(*client, now).is_none());
        }
        Ok(())
    }

    /// How long a client waits until its lease is renewed, asking again and again.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(super) fn renewal(&mut self, report: &Report) -> Result<Duration> {
        let (client, claim) = self.anybody_with_a_lease(report)?;
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            self.perform(Deed::Rebind, client, claim, report);
            let again = Instant::now() + AGAIN;
            while Instant::now() < again {
                self.listen(again.saturating_duration_since(Instant::now()), report)?;
                if !self.exchanges.contains_key(&client) {
                    return Ok(begin.elapsed());
                }
            }
        }
        let address = claim.address;
        let what = format!("no answer within {PATIENCE:?} to client {client}, which has {address}");
        Err(Failure::new(what))
    }

    /// Takes what has been sent to the clients.
    pub(super) fn drain(&mut self, report: &Report) -> Result<()> {
        const QUIET: Duration = Duration::from_millis(50);
        while self.listen(QUIET, report)? {}
        Ok(())
    }

    /// The address of some client, for somebody who wants to harm it.
    pub(super) fn victim(&mut self) -> Ipv4Addr {
        let client = self.any();
        let claim = self.ledger.claim(client, Instant::now());
        claim.map_or(Ipv4Addr::new(10, 9, 1, 1), |claim| claim.address)
    }

    fn anybody_with_a_lease(&mut self, report: &Report) -> Result<(Client, Claim)> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let client = self.any_lasting();
            match self.ledger.claim(client, Instant::now()) {
                Some(claim) => return Ok((client, claim)),
                None if self.is_free(client) => self.discover(client, report),
                None => {}
            }
            self.listen(PACE, report)?;
        }
        Err(Failure::new("nobody has a lease any more"))
    }

    fn any_lasting(&mut self) -> Client {
        u16::try_from(self.dice.below(LASTING.into())).unwrap_or_default()
    }

    fn any(&mut self) -> Client {
        if self.dice.chance(75) {
            return self.any_lasting();
        }
        FIRST_SHORT + u16::try_from(self.dice.below(SHORT.into())).unwrap_or_default()
    }

    /// True if it waits for nothing, or has waited for long enough.
    fn is_free(&self, client: Client) -> bool {
        let exchange = self.exchanges.get(&client);
        exchange.is_none_or(|exchange| exchange.asked.elapsed() > FORGOTTEN)
    }

    fn step(&mut self, report: &Report) {
        let client = self.any();
        if !self.is_free(client) {
            return;
        }
        // Nobody gives back a lease while the server is silent: there would soon be none left to lose.
        let deed = match self.exchanges.contains_key(&client) {
            true => Deed::Rebind,
            false => self.dice.pick(&DEEDS),
        };
        match self.ledger.claim(client, Instant::now()) {
            Some(claim) => self.perform(deed, client, claim, report),
            None => self.discover(client, report),
        }
    }

    fn perform(&mut self, deed: Deed, client: Client, claim: Claim, report: &Report) {
        let address = claim.address.octets();
        match deed {
            Deed::Renew | Deed::Rebind => {
                let mut message = self.ask(client, REQUEST, Stage::Requesting);
                message.set_address(Field::Ciaddr, claim.address);
                let mut datagram = seal(client, message);
                if matches!(deed, Deed::Renew) {
                    datagram.link_destination = BRIDGE_MAC;
                    (datagram.source, datagram.destination) = (claim.address, SERVER);
                }
                self.send(&datagram, "renewals", report);
            }
            Deed::Reboot => {
                let mut message = self.ask(client, REQUEST, Stage::Requesting);
                message.push_option(50, &address);
                self.send(&seal(client, message), "reboots", report);
            }
            Deed::Discover => self.discover(client, report),
            Deed::Inform => {
                let mut message = self.ask(client, INFORM, Stage::Informing);
                message.set_address(Field::Ciaddr, claim.address);
                self.send(&seal(client, message), "informs", report);
            }
            Deed::Release => {
                let mut message = self.tell(client, RELEASE);
                message.set_address(Field::Ciaddr, claim.address);
                message.push_option(54, &SERVER.octets());
                self.send(&seal(client, message), "releases", report);
            }
            Deed::Decline => {
                let mut message = self.tell(client, DECLINE);
                message.push_option(50, &address);
                message.push_option(54, &SERVER.octets());
                self.send(&seal(client, message), "declines", report);
            }
        }
    }

    fn discover(&mut self, client: Client, report: &Report) {
        let message = self.ask(client, DISCOVER, Stage::Discovering);
        self.send(&seal(client, message), "boots", report);
    }

    /// A message that will be answered.
    fn ask(&mut self, client: Client, kind: u8, stage: Stage) -> Message {
        self.serial += 1;
        let exchange = Exchange {
            serial: self.serial,
            stage,
            asked: Instant::now(),
        };
        self.exchanges.insert(client, exchange);
        begin(client, self.serial, kind)
    }

    /// A message by which a client gives up what it has: from now on no answer counts.
    fn tell(&mut self, client: Client, kind: u8) -> Message {
        self.exchanges.remove(&client);
        self.ledger.give_back(client);
        self.serial += 1;
        begin(client, self.serial, kind)
    }

    /// What a link that is down does not take is lost, as on any link.
    fn send(&self, datagram: &Datagram, what: &'static str, report: &Report) {
        report.count(what, 1);
        let _ = self.wire.send(datagram);
    }

    /// Takes what comes within this time, and uses all of it: more than the server admits would keep strangers out.
    fn listen_for(&mut self, span: Duration, report: &Report) -> Result<()> {
        let end = Instant::now() + span;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.listen(left, report)?;
        }
    }

    /// Takes one reply. True if there was one.
    fn listen(&mut self, patience: Duration, report: &Report) -> Result<bool> {
        let Some(reply) = self.wire.receive(patience)? else {
            return Ok(false);
        };
        self.attend(&Message(reply.payload), report);
        Ok(true)
    }

    fn attend(&mut self, reply: &Message, report: &Report) {
        let Some(client) = number_of(reply.chaddr()) else {
            return;
        };
        let waiting = self.exchanges.get(&client).copied();
        let Some(exchange) = waiting.filter(|waiting| waiting.serial == reply.xid()) else {
            return;
        };
        let kind = reply.option(53).and_then(|kind| kind.first().copied());
        match (exchange.stage, kind) {
            (Stage::Discovering, Some(OFFER)) => self.accept(client, exchange, reply, report),
            (Stage::Requesting, Some(ACK)) => self.settle(client, exchange, reply, report),
            (Stage::Requesting, Some(NAK)) => {
                self.exchanges.remove(&client);
                report.count("refusals", 1);
                report.check(self.ledger.refuse(client, Instant::now()));
            }
            (Stage::Informing, Some(ACK)) => drop(self.exchanges.remove(&client)),
            _ => report.fault(&format!(
                "client {client} got {kind:?} while it was {:?}",
                exchange.stage
            )),
        }
    }

    fn accept(&mut self, client: Client, exchange: Exchange, offer: &Message, report: &Report) {
        let asked = Exchange {
            stage: Stage::Requesting,
            asked: Instant::now(),
            ..exchange
        };
        self.exchanges.insert(client, asked);
        let mut message = begin(client, exchange.serial, REQUEST);
        message.push_option(50, &offer.address(Field::Yiaddr).octets());
        message.push_option(54, &SERVER.octets());
        self.send(&seal(client, message), "requests", report);
    }

    fn settle(&mut self, client: Client, exchange: Exchange, reply: &Message, report: &Report) {
        self.exchanges.remove(&client);
        report.count("acknowledgements", 1);
        let seconds = reply.option(51).and_then(|time| time.try_into().ok());
        let time = Duration::from_secs(seconds.map_or(0, u32::from_be_bytes).into());
        let claim = Claim {
            address: reply.address(Field::Yiaddr),
            serial: exchange.serial,
            // The server's clock may gain a hundredth.
            until: (client >= FIRST_SHORT).then(|| exchange.asked + time * 9 / 10),
        };
        report.check(self.ledger.grant(client, claim, Instant::now()));
    }
}

/// A message of a client; half of them name themselves by an identifier too. The host name carries the number of the message.
fn begin(client: Client, serial: u32, kind: u8) -> Message {
    let mac = mac_of(client);
    let mut message = Message::request();
    message.put(4, &serial.to_be_bytes());
    message.put(28, &mac);
    message.push_cookie();
    message.push_option(53, &[kind]);
    if client % 2 == 0 {
        message.push_option(61, &[&[1], &mac[..]].concat());
    }
    message.push_option(12, format!("s{serial}").as_bytes());
    message
}

fn seal(client: Client, mut message: Message) -> Datagram {
    message.finish(300);
    broadcast(mac_of(client), message.0)
}

/// The number in a hardware address that is one of ours.
fn number_of(chaddr: &[u8]) -> Option<Client> {
    let (mac, _) = chaddr.split_first_chunk::<6>()?;
    let number = u16::from_be_bytes([mac[4], mac[5]]);
    (mac_of(number) == *mac).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_by_its_hardware() {
        for number in [0, LASTING, FIRST_SHORT, u16::MAX] {
            let message = begin(number, 7, DISCOVER);
            assert_eq!(number_of(message.chaddr()), Some(number));
        }
        assert_eq!(number_of(&super::super::mangle::invented(7)), None);
    }
}
