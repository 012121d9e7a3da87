//! What clients and server say to each other: datagrams sent, arrivals shown, gaps measured.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::{FIRST_CLIENT, LOOK_AGAIN, Play, bad};
use crate::failure::{Failure, Result};
use crate::tftp::PATIENCE;
use crate::tftp_scenario::clients::{Arrival, Client};
use crate::tftp_scenario::transfer::{self, Original, Report};
use crate::tftp_scenario::{content, packet};

const SERVER_V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));
const SERVER_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1));
const TFTP_PORT: u16 = 69;
/// Intervals of the longest wait: six of them, each twice as long as the one before, and one for the machine.
const LONGEST_WAIT: u32 = 64;
/// How much earlier than it should a gap may seem to end, since its begin is seen late.
const CLOCK_TOLERANCE: f64 = 0.9;

impl Play<'_> {
    pub(super) fn send_all(&mut self, text: &str) -> Result<Vec<String>> {
        let (name, parts) = speaker(text);
        let mut lines = Vec::new();
        let mut last = None;
        for part in parts.split(" ; ") {
            if let Some(goal) = part.strip_prefix("await ") {
                self.await_more(name, goal, &mut last, &mut lines)?;
                continue;
            }
            let (datagram, to) = part.split_once(" to=").unwrap_or((part, ""));
            let to = self.destination(name, datagram, to)?;
            let packet = packet::parse(datagram)?;
            self.send(name, &packet, to)?;
        }
        Ok(lines)
    }

    fn send(&mut self, name: &str, packet: &[u8], to: SocketAddr) -> Result<()> {
        let client = self.clients.iter_mut().find(|client| client.name == name);
        let client = client.ok_or_else(|| bad(name))?;
        client.send(&self.stage.client, packet, to)
    }

    fn destination(&mut self, name: &str, datagram: &str, to: &str) -> Result<SocketAddr> {
        let client = self.client(name)?;
        let (peer, server) = (client.peer, server_of(client.address));
        let listening = SocketAddr::new(server, TFTP_PORT);
        if to.is_empty() {
            let answered = (!packet::opens_a_transfer(datagram))
                .then_some(peer)
                .flatten();
            return Ok(answered.unwrap_or(listening));
        }
        if let Ok(address) = to.parse::<SocketAddr>() {
            return Ok(address);
        }
        if let Ok(address) = to.parse::<IpAddr>() {
            return Ok(SocketAddr::new(address, TFTP_PORT));
        }
        match to.parse() {
            Ok(69) => Ok(listening),
            Ok(number) => self.ports.address(number).ok_or_else(|| bad(to)),
            Err(_) => Err(bad(to)),
        }
    }

    pub(super) fn client(&mut self, name: &str) -> Result<&mut Client> {
        let client = self.clients.iter_mut().find(|client| client.name == name);
        client.ok_or_else(|| bad(name))
    }

    pub(super) fn transfer(&mut self, verb: &str, text: &str) -> Result<Vec<String>> {
        let (request, body) = text.split_once(" = ").unwrap_or((text, ""));
        let opcode = if verb == "get" { "rrq" } else { "wrq" };
        let datagram = format!("{opcode} {request}");
        let to = self.destination(FIRST_CLIENT, &datagram, "")?;
        self.send(FIRST_CLIENT, &packet::parse(&datagram)?, to)?;
        let name = request.split(' ').next().unwrap_or_default();
        let home = &self.stage.client;
        let client = self.clients.first_mut().ok_or_else(|| bad(text))?;
        let report = match verb {
            "get" => {
                let is_netascii = request.contains(" mode=netascii");
                let original = Original::new(self.tree.open(name)?, is_netascii)?;
                transfer::get(client, home, &original)?
            }
            _ => transfer::put(client, home, &content::parse(body)?)?,
        };
        Ok(self.told(&report))
    }

    fn told(&mut self, report: &Report) -> Vec<String> {
        let port = self.port(report.port);
        let answer = report.answer.as_deref().map(packet::render);
        answer
            .map(|answer| format!("< {port} {answer}"))
            .into_iter()
            .chain([format!("| {}", report.outcome)])
            .collect()
    }

    /// Waits for so many datagrams, or until a port is closed. `last` is when the datagram before came.
    fn await_more(
        &mut self,
        name: &str,
        goal: &str,
        last: &mut Option<Duration>,
        lines: &mut Vec<String>,
    ) -> Result<()> {
        let mut wanted: usize = match goal {
            "gone" => usize::MAX,
            number => number.parse().map_err(|_| bad(goal))?,
        };
        let interval = self.plan.interval().unwrap_or(Duration::from_secs(1));
        let deadline = Instant::now() + PATIENCE + interval * LONGEST_WAIT;
        while wanted > 0 {
            if Instant::now() > deadline {
                return Err(Failure::new("nothing more happens"));
            }
            if let Some(arrival) = self.client(name)?.await_datagram(LOOK_AGAIN)? {
                let gap = gap(last.replace(arrival.at), arrival.at, interval);
                lines.push(format!("{}{gap}", self.arrived(name, &arrival)));
                wanted -= 1;
            } else if let Some(closed) = self.take_closed()?.first() {
                lines.push(format!("{closed}{}", gap(*last, now(), interval)));
                break;
            }
        }
        Ok(())
    }

    pub(super) fn take_arrivals(&mut self) -> Result<Vec<String>> {
        let mut arrivals = Vec::new();
        for client in &mut self.clients {
            while let Some(arrival) = client.receive()? {
                arrivals.push((client.name.clone(), arrival));
            }
        }
        let shown = arrivals
            .iter()
            .map(|(name, arrival)| self.arrived(name, arrival));
        Ok(shown.collect())
    }

    fn arrived(&mut self, name: &str, arrival: &Arrival) -> String {
        let client = if name == FIRST_CLIENT {
            String::new()
        } else {
            format!("{name} ")
        };
        let port = self.port(arrival.from);
        format!("< {client}{port} {}", packet::render(&arrival.packet))
    }

    /// A port by its number, with the address if it is not the one that clients ask.
    fn port(&mut self, address: SocketAddr) -> String {
        let number = match address.port() {
            TFTP_PORT => TFTP_PORT.to_string(),
            port if self.shows_ports => format!("port {port}"),
            _ => self.ports.number(address).to_string(),
        };
        match address.ip() {
            SERVER_V4 | SERVER_V6 => number,
            other => format!("{number} from {other}"),
        }
    }

    pub(super) fn take_closed(&mut self) -> Result<Vec<String>> {
        let open = self.stage.open_ports()?;
        let closed = self.ports.take_closed(&open);
        Ok(closed
            .into_iter()
            .map(|port| format!("x {}", self.port(port)))
            .collect())
    }
}

/// `b: DATAGRAM`: who speaks, and what.
fn speaker(text: &str) -> (&str, &str) {
    match text.split_once(": ") {
        Some((name, rest)) if name.bytes().all(|letter| letter.is_ascii_alphanumeric()) => {
            (name, rest)
        }
        _ => (FIRST_CLIENT, text),
    }
}

fn server_of(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => SERVER_V4,
        IpAddr::V6(_) => SERVER_V6,
    }
}

/// The power of two of intervals that has passed. A busy machine makes a gap longer, never shorter.
fn gap(from: Option<Duration>, to: Duration, interval: Duration) -> String {
    let Some(from) = from else {
        return String::new();
    };
    let passed = to.saturating_sub(from).as_secs_f64();
    let ratio = passed / interval.as_secs_f64() / CLOCK_TOLERANCE;
    match ratio < 1.0 {
        true => " (0T)".to_owned(),
        false => format!(" ({}T)", 2_f64.powf(ratio.log2().floor())),
    }
}

fn now() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_powers_of_two() {
        let at = Duration::from_millis;
        let shown = |milliseconds: u64| gap(Some(at(1)), at(1 + milliseconds), at(50));
        assert_eq!(
            [shown(3), shown(49), shown(99)],
            [" (0T)", " (1T)", " (2T)"]
        );
        assert_eq!(gap(None, at(7), at(50)), "");
    }

    #[test]
    fn the_first_client_speaks_unless_another_is_named() {
        assert_eq!(speaker("ack 1"), ("a", "ack 1"));
        assert_eq!(speaker("b: ack 1"), ("b", "ack 1"));
        assert_eq!(speaker("rrq a\\ b: c"), ("a", "rrq a\\ b: c"));
    }
}
