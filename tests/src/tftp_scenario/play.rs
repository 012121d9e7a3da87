//! Playing a scenario: each step is done, and what follows it is written down in the words of the language.

mod talk;

use std::collections::HashMap;
use std::fs::File;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::signal::Signal;

use super::clients::{Client, Ports};
use super::parse::{Scenario, Step};
use super::server::{self, DEFAULT_WORDS, MAP_FILE, Plan, Start};
use super::stage::{LARGEST_PACKET, Stage};
use super::tree::Tree;
use crate::failure::{Context, Failure, Result};
use crate::lab::Running;
use crate::subject::Subject;

/// The client that speaks when none is named.
const FIRST_CLIENT: &str = "a";
const FIRST_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 2));
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
        let pace = stage.pace;
        let single_port = stage.single_port;
        let mut play = Self {
            stage,
            subject,
            plan: Plan {
                words: DEFAULT_WORDS.to_owned(),
                has_map: false,
                inetd: None,
                pace,
                single_port,
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
            "disk" => {
                let (name, octets) = rest.split_once(' ').ok_or_else(|| bad(line))?;
                let octets = octets.parse().map_err(|_| bad(line))?;
                self.stage.disk = Some((format!("/srv/tftp/{name}"), octets));
                return self
                    .tree
                    .change(&format!("directory {name}"))
                    .unwrap_or(Ok(()));
            }
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
        // What is expected may be in the kernel yet when the server is still already.
        let deadline = Instant::now() + self.stage.patience;
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
}

fn bad(text: &str) -> Failure {
    Failure::new(format!("not understood: {text}"))
}
