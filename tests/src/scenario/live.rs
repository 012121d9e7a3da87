//! Running a scenario against a real server on a real link.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;

use super::links::{Link, Links};
use super::parse::{Deed, Scenario, Step};
use super::report::{Masks, Received};
use super::request::Request;
use crate::client::{Message, Wire, second_opinion, show_octets};
use crate::dhcp::{CLIENT_LINK, DhcpLab, DhcpServer, PATIENCE};
use crate::failure::{Failure, Result};
use crate::lab::Log;
use crate::subject::Subject;

/// Everything that is not on the link is reached over this address; the client's end answers for it.
const ROUTER: &str = "10.9.0.2";
/// How long to wait for something that the scenario expects. What comes later is reported as missing.
const EXPECTED_WITHIN: Duration = Duration::from_secs(5);
/// Where relays listen too (RFC 2131, section 4.1).
const SERVER_PORT: u16 = 67;
/// How often the log is looked at while frames are being answered.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Runs all steps and returns what followed each, in the words of the scenario language.
///
/// # Errors
/// If the lab cannot be made or the server does not start or falls silent.
pub fn run(scenario: &Scenario, subject: Subject) -> Result<Vec<Vec<String>>> {
    let played = Stage::new(&scenario.links)?.play(scenario, subject)?;
    Ok(played.into_iter().map(|(happened, _)| happened).collect())
}

/// Links on which scenarios are played, one after the other.
#[derive(Debug)]
pub struct Stage {
    lab: DhcpLab,
    wires: Vec<Wire>,
    asks_second_opinion: bool,
}

impl Stage {
    /// Lays the links.
    ///
    /// # Errors
    /// What the system refused.
    pub fn new(links: &Links) -> Result<Self> {
        let (lab, wires) = lay(links)?;
        Ok(Self {
            lab,
            wires,
            asks_second_opinion: true,
        })
    }

    /// For configurations with values that no other codec makes sense of.
    #[must_use]
    pub fn without_second_opinion(mut self) -> Self {
        self.asks_second_opinion = false;
        self
    }

    /// Runs all steps and returns what followed each, with the time since the epoch at which it began.
    ///
    /// # Errors
    /// If the server does not start or falls silent.
    pub fn play(
        &mut self,
        scenario: &Scenario,
        subject: Subject,
    ) -> Result<Vec<(Vec<String>, Duration)>> {
        self.lab.configure(&scenario.config)?;
        self.lab.put_leases(&scenario.leases)?;
        let mut play = Play {
            server: first_start(scenario, &self.lab, subject)?,
            scenario,
            wires: &mut self.wires,
            lab: &self.lab,
            subject,
            masks: Masks::new(&scenario.masks)?,
            fences: 0,
            asks_second_opinion: self.asks_second_opinion,
        };
        // What came too late for the scenario before.
        play.receive_into(&mut Vec::new())?;
        let act = |step| {
            let at = since_epoch();
            Ok((play.act(step)?, at))
        };
        scenario.steps.iter().map(act).collect()
    }
}

fn since_epoch() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// The links, and the client's end of each.
fn lay(links: &Links) -> Result<(DhcpLab, Vec<Wire>)> {
    let with_length = |link: &Link| -> Vec<String> {
        let addresses = link.addresses.iter();
        addresses
            .map(|(address, length)| format!("{address}/{length}"))
            .collect()
    };
    let addresses: Vec<Vec<String>> = links.iter().map(with_length).collect();
    let first = addresses.first().and_then(|addresses| addresses.first());
    let first = first.ok_or_else(|| Failure::new("no link"))?;
    let lab = DhcpLab::new(first, ROUTER)?;
    let mut wires = vec![lab.wire()?];
    for (place, (link, addresses)) in links.iter().zip(&addresses).enumerate() {
        if place == 0 {
            for address in addresses.iter().skip(1) {
                lab.server.bring_up(&link.name, Some(address))?;
            }
            continue;
        }
        let client = format!("{CLIENT_LINK}-{place}");
        let words: Vec<&str> = addresses.iter().map(String::as_str).collect();
        lab.add_link(&link.name, &client, &show_octets(&Link::mac(place)), &words)?;
        wires.push(Wire::open(&lab.client, &client)?);
    }
    Ok((lab, wires))
}

/// The server runs from the beginning, unless the first step is about its start.
fn first_start(scenario: &Scenario, lab: &DhcpLab, subject: Subject) -> Result<Option<DhcpServer>> {
    let deed = scenario.steps.first().map(|step| &step.deed);
    match deed {
        Some(Deed::Start(_)) => Ok(None),
        _ => launch(scenario, lab, subject).map(Some),
    }
}

fn launch(scenario: &Scenario, lab: &DhcpLab, subject: Subject) -> Result<DhcpServer> {
    let names: Vec<&str> = scenario
        .links
        .iter()
        .map(|link| link.name.as_str())
        .collect();
    lab.start_on(subject, &names)
}

struct Play<'s> {
    server: Option<DhcpServer>,
    scenario: &'s Scenario,
    wires: &'s mut [Wire],
    lab: &'s DhcpLab,
    subject: Subject,
    masks: Masks,
    fences: u8,
    asks_second_opinion: bool,
}

impl Play<'_> {
    fn act(&mut self, step: &Step) -> Result<Vec<String>> {
        match &step.deed {
            Deed::Send(request, until) => self.send(request, until.as_deref(), &step.expected),
            Deed::Pass(seconds) => {
                // Time itself is what this step is about; nothing else tells when a lease ends.
                std::thread::sleep(Duration::from_secs(*seconds));
                Ok(Vec::new())
            }
            Deed::Start(config) => self.start(config.as_deref()),
            Deed::Stop(signal) => self.stop(*signal),
            Deed::Leases => self.show(&step.expected, || {
                Ok(self.masks.records(&self.lab.read_leases()?))
            }),
            Deed::File(suffix) => self.show(&step.expected, || {
                Ok(self.masks.whole_file(&self.lab.read_leases_copy(suffix)?))
            }),
            Deed::Alive(address) => {
                self.wires
                    .iter_mut()
                    .for_each(|wire| wire.enliven(*address));
                Ok(Vec::new())
            }
        }
    }

    fn send(
        &mut self,
        request: &Request,
        until: Option<&str>,
        expected: &[String],
    ) -> Result<Vec<String>> {
        let links = &self.scenario.links;
        let place = links.place(request.link())?;
        let before = self.log()?.lines().len();
        self.send_on(place, request)?;
        let mut replies = Vec::new();
        if let Some(line) = until {
            self.serve_until(before, line, &mut replies)?;
        }
        self.await_replies(expected, &mut replies)?;
        self.await_lines(before, expected)?;
        let fence = self.pass_fence(place, before)?;
        self.receive_into(&mut replies)?;
        self.pass_own_answers(place, &replies)?;
        for (_, reply) in replies.iter().filter(|_| self.asks_second_opinion) {
            second_opinion::ask(&Message(reply.payload.clone()))?;
        }
        let lines = self.lines_since(before, &fence)?;
        Ok(self.masks.report(&self.scenario.links, &replies, &lines))
    }

    fn send_on(&self, place: usize, request: &Request) -> Result<()> {
        let wire = self.wires.get(place);
        let wire = wire.ok_or_else(|| Failure::new("no such link"))?;
        wire.send(&request.datagram(self.scenario.links.network(place)))
    }

    /// Answers ARP and pings, and takes replies, until the server says `line`.
    fn serve_until(&self, before: usize, line: &str, replies: &mut Vec<Received>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            replies.extend(self.next_reply(LOOK_AGAIN)?);
            let lines = self.log()?.lines();
            if lines.iter().skip(before).any(|said| said.contains(line)) {
                return Ok(());
            }
        }
        self.log()?
            .wait_after(before, line, Duration::ZERO)
            .map(drop)
    }

    fn await_replies(&self, expected: &[String], replies: &mut Vec<Received>) -> Result<()> {
        let wanted = expected
            .iter()
            .filter(|line| line.starts_with("< "))
            .count();
        while replies.len() < wanted {
            match self.next_reply(EXPECTED_WITHIN)? {
                Some(reply) => replies.push(reply),
                None => break,
            }
        }
        Ok(())
    }

    /// The next reply on any link; the links take turns in waiting for it.
    fn next_reply(&self, patience: Duration) -> Result<Option<Received>> {
        let deadline = Instant::now() + patience;
        let share = match self.wires.len() {
            1 => patience,
            _ => LOOK_AGAIN,
        };
        loop {
            for (place, wire) in self.wires.iter().enumerate() {
                if let Some(reply) = wire.receive(share)? {
                    return Ok(Some((place, reply)));
                }
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    /// Everything that has come by now.
    fn receive_into(&self, replies: &mut Vec<Received>) -> Result<()> {
        for (place, wire) in self.wires.iter().enumerate() {
            while let Some(reply) = wire.receive(Duration::ZERO)? {
                replies.push((place, reply));
            }
        }
        Ok(())
    }

    /// Waits for the last expected line; if it does not come, the comparison will say so.
    fn await_lines(&self, before: usize, expected: &[String]) -> Result<()> {
        let last = expected
            .iter()
            .rev()
            .find_map(|line| line.strip_prefix(". "));
        if let Some(line) = last.filter(|line| !line.contains('*')) {
            // The comparison says it better than this failure would.
            let _ = self.log()?.wait_after(before, line, EXPECTED_WITHIN);
        }
        Ok(())
    }

    /// Sends something that is answered by a log line only: when it is there, everything before it on this link has been dealt with.
    fn pass_fence(&mut self, place: usize, before: usize) -> Result<String> {
        self.fences = self.fences.wrapping_add(1);
        let mac = [2, 0xfe, 0, 0, 0, self.fences];
        self.send_on(place, &Request::fence(mac))?;
        let mark = format!("type 99 from {} via ", show_octets(&mac));
        self.log()?.wait_after(before, &mark, PATIENCE)?;
        Ok(mark)
    }

    /// A server that listens on the link hears its own answers to relays; what it says of them belongs to no step.
    fn pass_own_answers(&mut self, place: usize, replies: &[Received]) -> Result<()> {
        let before = self.log()?.lines().len();
        let is_to_relay = |(_, reply): &Received| reply.destination_port == SERVER_PORT;
        if replies.iter().any(is_to_relay) {
            self.pass_fence(place, before)?;
        }
        Ok(())
    }

    fn lines_since(&self, before: usize, fence: &str) -> Result<Vec<String>> {
        let lines = self.log()?.lines();
        Ok(lines
            .iter()
            .skip(before)
            .take_while(|line| !line.contains(fence))
            .cloned()
            .collect())
    }

    /// Dropping the server kills it without warning.
    fn start(&mut self, config: Option<&str>) -> Result<Vec<String>> {
        self.server = None;
        if let Some(name) = config {
            self.lab.configure(self.scenario.config_named(name)?)?;
        }
        let server = launch(self.scenario, self.lab, self.subject)?;
        let lines = self.lines_about_start(&server.log);
        self.server = Some(server);
        Ok(lines)
    }

    fn stop(&mut self, signal: Signal) -> Result<Vec<String>> {
        let server = self.server.take();
        let mut server = server.ok_or_else(|| Failure::new("the server does not run"))?;
        server.process.signal(signal)?;
        Ok(vec![show_status(server.process.wait()?)])
    }

    fn log(&self) -> Result<&Log> {
        let server = self.server.as_ref();
        let server = server.ok_or_else(|| Failure::new("the server does not run"))?;
        Ok(&server.log)
    }

    /// What is said between the file names and the interfaces: the part of the start that depends on the lease file.
    fn lines_about_start(&self, log: &Log) -> Vec<String> {
        let path = self.lab.lease_file().to_string_lossy().into_owned();
        log.lines()
            .iter()
            .skip_while(|line| !line.starts_with("PID file:"))
            .skip(1)
            .take_while(|line| !line.starts_with("Listening on"))
            .map(|line| {
                format!(". {}", line.replace(&path, "LEASES"))
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    /// A server may write what no reply depends on a moment after it has logged it: waits for the expected lines. What is
    /// there when the time is over is reported.
    fn show(
        &self,
        expected: &[String],
        look: impl Fn() -> Result<Vec<String>>,
    ) -> Result<Vec<String>> {
        let deadline = Instant::now() + EXPECTED_WITHIN;
        loop {
            let seen = look()?;
            let is_recording = expected.is_empty();
            if is_recording || seen == expected || Instant::now() > deadline {
                return Ok(seen);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

fn show_status(status: ExitStatus) -> String {
    match status.signal() {
        Some(number) => format!("= signal {number}"),
        None => format!("= exit {}", status.code().unwrap_or_default()),
    }
}
