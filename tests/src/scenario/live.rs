//! Running a scenario against a real server on a real link.

use std::time::{Duration, Instant};

use super::parse::{Deed, Scenario, Step};
use super::report::{Masks, NETWORK};
use super::request::Request;
use crate::client::{Datagram, Message, Wire, second_opinion, show_octets};
use crate::dhcp::{DhcpLab, DhcpServer, PATIENCE};
use crate::failure::{Failure, Result};
use crate::lab::Log;
use crate::subject::Subject;

const SERVER_WITH_PREFIX: &str = "10.9.0.1/24";
/// Everything that is not on the link is reached over this address; the client's end answers for it.
const ROUTER: &str = "10.9.0.2";
/// How long to wait for something that the scenario expects. What comes later is reported as missing.
const EXPECTED_WITHIN: Duration = Duration::from_secs(5);
/// How often the log is looked at while frames are being answered.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Runs all steps and returns what followed each, in the words of the scenario language.
///
/// # Errors
/// If the lab cannot be made or the server does not start or falls silent.
pub fn run(scenario: &Scenario, subject: Subject) -> Result<Vec<Vec<String>>> {
    let lab = DhcpLab::new(SERVER_WITH_PREFIX, ROUTER)?;
    lab.configure(&scenario.config)?;
    lab.put_leases(&scenario.leases)?;
    let mut play = Play {
        server: first_start(scenario, &lab, subject)?,
        wire: lab.wire()?,
        lab,
        subject,
        masks: Masks::new(&scenario.masks)?,
        fences: 0,
    };
    scenario.steps.iter().map(|step| play.act(step)).collect()
}

/// The server runs from the beginning, unless the first step is about its start.
fn first_start(scenario: &Scenario, lab: &DhcpLab, subject: Subject) -> Result<Option<DhcpServer>> {
    let deed = scenario.steps.first().map(|step| &step.deed);
    match deed {
        Some(Deed::Start) => Ok(None),
        _ => lab.start(subject).map(Some),
    }
}

struct Play {
    server: Option<DhcpServer>,
    wire: Wire,
    lab: DhcpLab,
    subject: Subject,
    masks: Masks,
    fences: u8,
}

impl Play {
    fn act(&mut self, step: &Step) -> Result<Vec<String>> {
        match &step.deed {
            Deed::Send(request, until) => self.send(request, until.as_deref(), &step.expected),
            Deed::Pass(seconds) => {
                // Time itself is what this step is about; nothing else tells when a lease ends.
                std::thread::sleep(Duration::from_secs(*seconds));
                Ok(Vec::new())
            }
            Deed::Start => self.start(),
            Deed::Leases => self.show_leases(&step.expected),
            Deed::Alive(address) => {
                self.wire.enliven(*address);
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
        let before = self.log()?.lines().len();
        self.wire.send(&request.datagram(NETWORK))?;
        let mut replies = Vec::new();
        if let Some(line) = until {
            self.serve_until(before, line, &mut replies)?;
        }
        self.await_replies(expected, &mut replies)?;
        self.await_lines(before, expected)?;
        let fence = self.pass_fence(before)?;
        while let Some(reply) = self.wire.receive(Duration::ZERO)? {
            replies.push(reply);
        }
        for reply in &replies {
            second_opinion::ask(&Message(reply.payload.clone()))?;
        }
        Ok(self
            .masks
            .report(&replies, &self.lines_since(before, &fence)?))
    }

    /// Answers ARP and pings, and takes replies, until the server says `line`.
    fn serve_until(&self, before: usize, line: &str, replies: &mut Vec<Datagram>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            replies.extend(self.wire.receive(LOOK_AGAIN)?);
            let lines = self.log()?.lines();
            if lines.iter().skip(before).any(|said| said.contains(line)) {
                return Ok(());
            }
        }
        self.log()?
            .wait_after(before, line, Duration::ZERO)
            .map(drop)
    }

    fn await_replies(&self, expected: &[String], replies: &mut Vec<Datagram>) -> Result<()> {
        let wanted = expected
            .iter()
            .filter(|line| line.starts_with("< "))
            .count();
        while replies.len() < wanted {
            match self.wire.receive(EXPECTED_WITHIN)? {
                Some(reply) => replies.push(reply),
                None => break,
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

    /// Sends something that is answered by a log line only: when it is there, everything before it has been dealt with.
    fn pass_fence(&mut self, before: usize) -> Result<String> {
        self.fences = self.fences.wrapping_add(1);
        let mac = [2, 0xfe, 0, 0, 0, self.fences];
        self.wire.send(&Request::fence(mac).datagram(NETWORK))?;
        let mark = format!("type 99 from {} via ", show_octets(&mac));
        self.log()?.wait_after(before, &mark, PATIENCE)?;
        Ok(mark)
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
    fn start(&mut self) -> Result<Vec<String>> {
        self.server = None;
        let server = self.lab.start(self.subject)?;
        let lines = self.lines_about_start(&server.log);
        self.server = Some(server);
        Ok(lines)
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
            .map(|line| format!(". {}", line.replace(&path, "LEASES")))
            .collect()
    }

    /// A server may write what no reply depends on a moment after it has logged it: waits for the expected records. What is
    /// there when the time is over is reported.
    fn show_leases(&self, expected: &[String]) -> Result<Vec<String>> {
        let deadline = Instant::now() + EXPECTED_WITHIN;
        loop {
            let records = self.masks.records(&self.lab.read_leases()?);
            let is_recording = expected.is_empty();
            if is_recording || records == expected || Instant::now() > deadline {
                return Ok(records);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}
