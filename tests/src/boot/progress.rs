//! How far one machine has come: the steps it has taken, and the one it has to take next.

use std::time::Instant;

use super::event::{Event, Source, What};
use super::initrd::Token;
use super::plan::{Sign, Step, Typed};
use crate::failure::{Failure, Result};

/// A step that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub name: &'static str,
    pub at: Instant,
    /// Bytes that had been sent to the machine by then, on its network card.
    pub bytes: u64,
}

/// One machine's way through its steps.
#[derive(Debug)]
pub struct Progress {
    mac: String,
    steps: Vec<Step>,
    taken: Vec<Taken>,
    start: Instant,
    address: Option<String>,
    lines: Vec<(Source, String)>,
    console: String,
    recognised: usize,
    pending: Option<Typed>,
    looked_up: Vec<String>,
}

impl Progress {
    /// A machine that was switched on at `start` and has taken no step.
    pub fn new(mac: String, steps: Vec<Step>, start: Instant) -> Self {
        Self {
            mac,
            steps,
            taken: Vec::new(),
            start,
            address: None,
            lines: Vec::new(),
            console: String::new(),
            recognised: 0,
            pending: None,
            looked_up: Vec::new(),
        }
    }

    /// When it was switched on.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// The steps taken, in order.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// The step that has to come next, if one is left.
    pub fn next(&self) -> Option<&Step> {
        self.steps.get(self.taken.len())
    }

    /// The address that it was given last.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// All that its console showed.
    pub fn console(&self) -> &str {
        &self.console
    }

    /// When the next step is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        let since = self.taken.last().map_or(self.start, |taken| taken.at);
        Some(since + self.next()?.patience)
    }

    /// Takes note of an event, if it concerns this machine.
    pub fn hear(&mut self, index: usize, event: &Event) {
        match &event.what {
            What::Line(Source::Dhcp, line) if line.contains(&self.mac) => self.hear_dhcp(line),
            What::Line(Source::Tftp, line) => self.hear_tftp(line),
            What::Console(machine, bytes) if *machine == index => {
                self.console.push_str(&String::from_utf8_lossy(bytes));
            }
            _ => {}
        }
    }

    /// Takes the next step if its sign was heard; true if so.
    pub fn try_step(&mut self, at: Instant, bytes: u64, token: &Token) -> bool {
        let Some(step) = self.next() else {
            return false;
        };
        let (name, typed) = (step.name, step.typed);
        let found = match step.sign.clone() {
            Sign::Dhcp(words) => self.find_line(Source::Dhcp, |line| line.starts_with(words)),
            Sign::Tftp(file) => self.find_line(Source::Tftp, |line| requested(line) == Some(&file)),
            Sign::Console(text) => self.find_text(text),
            Sign::Answer => self.find_text(&token.answer()),
        };
        if found {
            self.taken.push(Taken { name, at, bytes });
            self.pending = typed.or(self.pending);
        }
        found
    }

    /// What is to be typed on the console, given the address of the machine after this one.
    pub fn take_typed(&mut self, token: &Token, next_address: Option<&str>) -> Option<String> {
        let line = self.pending?.line(token, next_address)?;
        self.pending = None;
        Some(line)
    }

    /// Whether PXELINUX has looked for its menu under exactly these names, in this order.
    ///
    /// # Errors
    /// If not, with both lists.
    pub fn check_lookups(&self, expected: &[String]) -> Result<()> {
        if self.looked_up == expected {
            return Ok(());
        }
        Err(Failure::new(format!(
            "PXELINUX looked for {:?} instead of {expected:?}",
            self.looked_up
        )))
    }

    fn hear_dhcp(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("DHCPACK on ") {
            self.address = rest.split_whitespace().next().map(str::to_owned);
        }
        self.lines.push((Source::Dhcp, line.to_owned()));
    }

    /// A read request belongs to the machine that its address was leased to.
    fn hear_tftp(&mut self, line: &str) {
        let Some(address) = &self.address else {
            return;
        };
        if !line.contains(&format!("from {address} ")) {
            return;
        }
        let menu = requested(line).and_then(|file| file.split_once("pxelinux.cfg/"));
        if let Some((_, name)) = menu {
            self.look_up(name.to_owned());
        }
        self.lines.push((Source::Tftp, line.to_owned()));
    }

    /// PXELINUX repeats a request whose answer is slow; that is no second look-up.
    fn look_up(&mut self, name: String) {
        if self.looked_up.last() != Some(&name) {
            self.looked_up.push(name);
        }
    }

    fn find_line(&mut self, source: Source, fits: impl Fn(&str) -> bool) -> bool {
        let found = self
            .lines
            .iter()
            .position(|(from, line)| *from == source && fits(line));
        if let Some(position) = found {
            self.lines.drain(..=position);
        }
        found.is_some()
    }

    fn find_text(&mut self, text: &str) -> bool {
        let unseen = self.console.get(self.recognised..).unwrap_or_default();
        let found = unseen.find(text);
        if let Some(position) = found {
            self.recognised += position + text.len();
        }
        found.is_some()
    }
}

/// The file named in a line `RRQ from ADDRESS filename FILE`.
fn requested(line: &str) -> Option<&str> {
    let (_, file) = line.split_once("RRQ from ")?.1.split_once(" filename ")?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MAC: &str = "52:54:00:24:00:01";

    fn progress(signs: &[Sign]) -> Progress {
        let steps = signs.iter().map(|sign| Step {
            name: "step",
            sign: sign.clone(),
            patience: Duration::from_secs(1),
            typed: None,
        });
        Progress::new(MAC.to_owned(), steps.collect(), Instant::now())
    }

    fn hear(progress: &mut Progress, what: What) {
        let at = Instant::now();
        progress.hear(0, &Event { at, what });
    }

    fn steps_taken(progress: &mut Progress) -> usize {
        let token = Token::draw().unwrap();
        while progress.try_step(Instant::now(), 0, &token) {}
        progress.taken().len()
    }

    fn dhcp(text: &str) -> What {
        What::Line(Source::Dhcp, text.to_owned())
    }

    fn tftp(text: &str) -> What {
        What::Line(Source::Tftp, text.to_owned())
    }

    #[test]
    fn lines_about_another_machine_move_nothing() {
        let mut progress = progress(&[Sign::Dhcp("DHCPDISCOVER from ")]);
        hear(
            &mut progress,
            dhcp("DHCPDISCOVER from 52:54:00:24:00:02 via br0"),
        );
        assert_eq!(steps_taken(&mut progress), 0);
        hear(
            &mut progress,
            dhcp("DHCPDISCOVER from 52:54:00:24:00:01 via br0"),
        );
        assert_eq!(steps_taken(&mut progress), 1);
    }

    #[test]
    fn a_request_counts_only_from_the_address_that_was_leased() {
        let mut progress = progress(&[Sign::Dhcp("DHCPACK on "), Sign::Tftp("a".to_owned())]);
        hear(
            &mut progress,
            dhcp(&format!("DHCPACK on 10.0.0.1 to {MAC} via br0")),
        );
        hear(
            &mut progress,
            tftp("tftpd[1]: RRQ from 10.0.0.11 filename a"),
        );
        assert_eq!(steps_taken(&mut progress), 1);
        hear(
            &mut progress,
            tftp("tftpd[1]: RRQ from 10.0.0.1 filename a"),
        );
        assert_eq!(steps_taken(&mut progress), 2);
    }

    #[test]
    fn a_text_on_the_console_is_recognised_in_pieces_and_only_once() {
        let mut progress = progress(&[Sign::Console("boot"), Sign::Console("boot")]);
        hear(&mut progress, What::Console(0, b"reb".to_vec()));
        hear(&mut progress, What::Console(0, b"oot".to_vec()));
        assert_eq!(steps_taken(&mut progress), 1);
    }

    #[test]
    fn names_looked_up_in_another_order_are_a_failure() {
        let mut progress = progress(&[]);
        hear(
            &mut progress,
            dhcp(&format!("DHCPACK on 10.0.0.1 to {MAC} via br0")),
        );
        for name in ["01-mac", "01-mac", "A"] {
            let line = format!("tftpd[1]: RRQ from 10.0.0.1 filename p/pxelinux.cfg/{name}");
            hear(&mut progress, tftp(&line));
        }
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(progress.check_lookups(&names(&["01-mac", "A"])).is_ok());
        assert!(progress.check_lookups(&names(&["A", "01-mac"])).is_err());
    }
}
