//! Playing a scenario: each step is done, and what follows it is written down in the words of the language.

use std::collections::HashMap;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::signal::Signal;

use super::clients::{Arrival, Client, Ports};
use super::content;
use super::packet;
use super::parse::{Scenario, Step};
use super::server::{self, DEFAULT_WORDS, MAP_FILE, Plan, Start};
use super::stage::{LARGEST_PACKET, Stage};
use super::transfer::{self, Original, Report};
use super::tree::Tree;
use crate::failure::{Context, Failure, Result};
use crate::lab::Running;
use crate::subject::Subject;
use crate::tftp::PATIENCE;

/// The client that speaks when none is named.
const FIRST_CLIENT: &str = "a";
const FIRST_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 2));
const SERVER_V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));
const SERVER_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1));
const TFTP_PORT: u16 = 69;
/// How long something that is expected may be missing when the server is still already. It may be in the kernel yet.
const EXPECTED_WITHIN: Duration = Duration::from_millis(500);
/// How much earlier than it should a gap may seem to end, since its begin is seen late.
const CLOCK_TOLERANCE: f64 = 0.9;
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Letters that stand for white space in the rules of a map.
const WHITE: [(char, &str); 5] = [
    ('⏎', "\n"),
    ('⇥', "\t"),
    ('␍', "\r"),
    ('␋', "\x0b"),
    ('␌', "\x0c"),
];

/// What followed each step.
pub type Happened = Vec<Vec<String>>;

/// Plays all steps.
///
/// # Errors
/// If a line is not understood, or the server does not start or never comes to rest.
pub fn run(scenario: &Scenario, stage: &mut Stage, subject: Subject) -> Result<Happened> {
    stage.clear()?;
    let mut play = Play::new(scenario, stage, subject)?;
    let happened = scenario.steps.iter().map(|step| play.act(step)).collect();
    play.close()?;
    happened
}

struct Play<'a> {
    stage: &'a mut Stage,
    subject: Subject,
    plan: Plan,
    shows_ports: bool,
    largest_packet: u32,
    tree: Tree,
    clients: Vec<Client>,
    ports: Ports,
    server: Option<Running>,
    locks: HashMap<String, File>,
    /// Whether something was missing already: then nothing more is waited for.
    is_lost: bool,
}

impl<'a> Play<'a> {
    fn new(scenario: &Scenario, stage: &'a mut Stage, subject: Subject) -> Result<Self> {
        let tree = Tree::new(stage.tree_root())?;
        let mut play = Self {
            stage,
            subject,
            plan: Plan {
                words: DEFAULT_WORDS.to_owned(),
                has_map: false,
                inetd: None,
            },
            shows_ports: false,
            largest_packet: LARGEST_PACKET,
            tree,
            clients: vec![Client::new(FIRST_CLIENT, FIRST_ADDRESS)],
            ports: Ports::default(),
            server: None,
            locks: HashMap::new(),
            is_lost: false,
        };
        for line in &scenario.setup {
            play.set_up(line)?;
        }
        let first = scenario.steps.first().map_or("", |step| step.text.as_str());
        if ["restart ", "run ", "map "]
            .iter()
            .any(|verb| first.starts_with(verb))
        {
            return Ok(play);
        }
        let said = play.start()?;
        match said.is_empty() {
            true => Ok(play),
            false => Err(Failure::new(format!("the server does not start: {said:?}"))),
        }
    }

    fn set_up(&mut self, line: &str) -> Result<()> {
        if let Some(done) = self.tree.change(line) {
            return done;
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "serve" => rest.clone_into(&mut self.plan.words),
            "inetd" => self.plan.inetd = Some(rest.to_owned()),
            "show" if rest == "ports" => self.shows_ports = true,
            "map" => self.write_map(rest)?,
            "mtu" => {
                self.largest_packet = rest.parse().map_err(|_| bad(line))?;
                self.stage.set_largest_packet(self.largest_packet)?;
            }
            "client" => {
                let (name, address) = rest.split_once(' ').ok_or_else(|| bad(line))?;
                let address = address.parse().map_err(|_| bad(line))?;
                self.clients.push(Client::new(name, address));
            }
            _ => return Err(bad(line)),
        }
        Ok(())
    }

    fn close(self) -> Result<()> {
        if self.largest_packet != LARGEST_PACKET {
            self.stage.set_largest_packet(LARGEST_PACKET)?;
        }
        Ok(())
    }

    fn act(&mut self, step: &Step) -> Result<Vec<String>> {
        self.act_out(step).context(format!("> {}", step.text))
    }

    fn act_out(&mut self, step: &Step) -> Result<Vec<String>> {
        let before = self.stage.log_length();
        let said = self.deed(&step.text)?;
        let expected = step.expected_of(self.subject);
        let deadline = Instant::now() + EXPECTED_WITHIN;
        let mut arrived = Vec::new();
        let mut closed = Vec::new();
        loop {
            self.stage.settle()?;
            arrived.extend(self.take_arrivals()?);
            closed.extend(self.take_closed()?);
            let logged = self.stage.logged_after(before);
            let logged = logged.into_iter().map(|line| format!(". {line}"));
            let lines: Vec<String> = said
                .iter()
                .chain(&arrived)
                .cloned()
                .chain(logged)
                .chain(closed.clone())
                .collect();
            let is_late = self.is_lost || expected.is_empty() || Instant::now() > deadline;
            if lines == expected || is_late {
                self.is_lost |= lines != expected;
                return Ok(lines);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn deed(&mut self, text: &str) -> Result<Vec<String>> {
        if let Some(done) = self.tree.change(text) {
            return done.map(|()| Vec::new());
        }
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        match verb {
            "get" | "put" => self.transfer(verb, rest),
            "restart" => {
                rest.clone_into(&mut self.plan.words);
                self.start()
            }
            "map" => {
                self.write_map(rest)?;
                self.start()
            }
            "run" => server::run(self.stage, self.subject, rest),
            "signal" => self.signal(rest),
            "show" => self.show(rest),
            "lock" => self.lock(rest),
            "unlock" => {
                self.locks.remove(rest);
                Ok(Vec::new())
            }
            "close" => {
                self.client(rest)?.close();
                Ok(Vec::new())
            }
            _ => self.send_all(text),
        }
    }

    fn start(&mut self) -> Result<Vec<String>> {
        self.server = None;
        self.stage.empty()?;
        match self.plan.start(self.stage, self.subject)? {
            Start::Serving(server) => {
                self.server = Some(server);
                Ok(Vec::new())
            }
            Start::Ended(lines) => Ok(lines),
        }
    }

    fn write_map(&mut self, rules: &str) -> Result<()> {
        let text = WHITE
            .iter()
            .fold(rules.to_owned(), |text, (letter, white)| {
                text.replace(&format!(" {letter} "), white)
                    .replace(*letter, white)
            });
        let path = self.tree.path(MAP_FILE)?;
        std::fs::write(path, text).context("cannot write the map")?;
        self.plan.has_map = true;
        Ok(())
    }

    fn signal(&mut self, name: &str) -> Result<Vec<String>> {
        let signal: Signal = format!("SIG{name}").parse().map_err(|_| bad(name))?;
        let server = self.server.as_mut();
        let server = server.ok_or_else(|| Failure::new("the server does not run"))?;
        server.signal(signal)?;
        self.stage.settle()?;
        let ended = server.child().try_wait().context("cannot wait")?;
        Ok(ended.map(server::exit).into_iter().collect())
    }

    fn show(&self, names: &str) -> Result<Vec<String>> {
        let show = |name| Ok(format!("| {}", self.tree.show(name)?));
        names.split(' ').map(show).collect()
    }

    fn lock(&mut self, text: &str) -> Result<Vec<String>> {
        let (name, kind) = text.split_once(' ').ok_or_else(|| bad(text))?;
        let kind = match kind {
            "read" => libc::F_RDLCK,
            "write" => libc::F_WRLCK,
            _ => return Err(bad(text)),
        };
        let file = self.tree.open(name)?;
        let lock = libc::flock {
            l_type: i16::try_from(kind).unwrap_or_default(),
            l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        fcntl(&file, FcntlArg::F_SETLK(&lock)).context("cannot lock")?;
        self.locks.insert(name.to_owned(), file);
        Ok(Vec::new())
    }

    fn send_all(&mut self, text: &str) -> Result<Vec<String>> {
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

    fn client(&mut self, name: &str) -> Result<&mut Client> {
        let client = self.clients.iter_mut().find(|client| client.name == name);
        client.ok_or_else(|| bad(name))
    }

    fn transfer(&mut self, verb: &str, text: &str) -> Result<Vec<String>> {
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
        let deadline = Instant::now() + PATIENCE;
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

    fn take_arrivals(&mut self) -> Result<Vec<String>> {
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

    fn take_closed(&mut self) -> Result<Vec<String>> {
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

fn bad(text: &str) -> Failure {
    Failure::new(format!("not understood: {text}"))
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
