//! The server of a scenario: its words, its start, its end.

use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::content;
use super::stage::Stage;
use crate::failure::{Context, Failure, Result};
use crate::lab::{Running, View};
use crate::subject::Subject;
use crate::tftp::PATIENCE;

const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Longer than any scenario takes, so that nothing is sent twice where that is not the point.
const LONG_INTERVAL: &str = "200000000";
/// Shorter intervals are those that a busy machine may disturb.
const SHORT: Duration = Duration::from_secs(1);
/// Words of a server when a scenario names none.
pub(super) const DEFAULT_WORDS: &str = "-vv -s /srv/tftp";
/// The TCP wrappers' files; where a scenario has one below `/srv`, the server sees it in the place of that of `/etc`.
const ACCESS_FILES: [&str; 2] = ["hosts.allow", "hosts.deny"];
/// What a map file is called.
pub(super) const MAP_FILE: &str = "/srv/map";

/// How to start the server.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) words: String,
    pub(super) has_map: bool,
    /// The address of the socket that the server gets instead of making one.
    pub(super) inetd: Option<String>,
    /// How many times longer short intervals are than the words say.
    pub(super) pace: u32,
    /// Whether all transfers go through the listening port.
    pub(super) single_port: bool,
}

/// What became of a start.
pub(super) enum Start {
    Serving(Running),
    Ended(Vec<String>),
}

impl Plan {
    /// The interval that the server runs with, if its words have one.
    pub(super) fn interval(&self) -> Option<Duration> {
        let mut words = self.words.split(' ').skip_while(|word| *word != "-T");
        let said = words.nth(1)?.parse().ok().map(Duration::from_micros)?;
        let pace = if said < SHORT { self.pace } else { 1 };
        Some(said * pace)
    }

    fn arguments(&self) -> Result<Vec<Vec<u8>>> {
        let mut words: Vec<&str> = self
            .words
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect();
        if self.inetd.is_none() && !words.iter().any(|word| ["-l", "-L"].contains(word)) {
            words.insert(0, "-L");
        }
        if self.single_port {
            words.insert(0, "--single-port");
        }
        let interval = self
            .interval()
            .map(|interval| interval.as_micros().to_string());
        match &interval {
            None => words.splice(0..0, ["-T", LONG_INTERVAL]).for_each(drop),
            // The last one counts.
            Some(interval) if self.pace > 1 => words.extend(["-T", interval]),
            Some(_) => {}
        }
        if self.has_map {
            words.splice(0..0, ["-m", MAP_FILE]);
        }
        words.into_iter().map(argument).collect()
    }

    /// Starts the server and waits until it listens or has ended.
    pub(super) fn start(&self, stage: &mut Stage, subject: Subject) -> Result<Start> {
        let mut command = command(subject, self.arguments()?)?;
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let before = stage.open_ports()?.len();
        let is_given_socket = self.inetd.is_some();
        if let Some(address) = &self.inetd {
            command.stdin(Stdio::from(OwnedFd::from(socket(stage, address)?)));
        }
        let mut running = spawn(stage, &mut command)?;
        stage.process = Some(running.child().id());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = running.child().try_wait().context("cannot wait")? {
                return Ok(Start::Ended(vec![exit(status)]));
            }
            if is_given_socket || stage.open_ports()?.len() > before {
                stage.settle()?;
                return Ok(Start::Serving(running));
            }
            if Instant::now() > deadline {
                return Err(Failure::new("the server does not listen"));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Runs a server that ends by itself: its status, and what it printed.
pub(super) fn run(stage: &Stage, subject: Subject, words: &str) -> Result<Vec<String>> {
    let words = words.split(' ').filter(|word| !word.is_empty());
    let mut command = command(subject, words.map(argument).collect::<Result<_>>()?)?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = spawn(stage, &mut command)?;
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = running.child().try_wait().context("cannot wait")? {
            break status;
        }
        if Instant::now() > deadline {
            return Ok(vec!["= does not end".to_owned()]);
        }
        std::thread::sleep(LOOK_AGAIN);
    };
    let program = subject.tftpd()?.to_string_lossy().into_owned();
    let mut lines = vec![exit(status)];
    let child = running.child();
    lines.extend(
        child
            .stdout
            .take()
            .and_then(|pipe| printed("out", pipe, &program)),
    );
    lines.extend(
        child
            .stderr
            .take()
            .and_then(|pipe| printed("err", pipe, &program)),
    );
    Ok(lines)
}

fn printed(name: &str, mut pipe: impl std::io::Read, program: &str) -> Option<String> {
    let mut octets = Vec::new();
    pipe.read_to_end(&mut octets).ok()?;
    let text = content::render(&octets).replace(program, "PROGRAM");
    (!octets.is_empty()).then(|| format!("| {name} {text}"))
}

pub(super) fn exit(status: std::process::ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("= exit {code}"),
        None => format!("= {status}"),
    }
}

fn command(subject: Subject, arguments: Vec<Vec<u8>>) -> Result<Command> {
    use std::os::unix::ffi::OsStringExt;
    let mut command = Command::new(subject.tftpd()?);
    command.args(arguments.into_iter().map(std::ffi::OsString::from_vec));
    command.stdin(Stdio::null()).current_dir("/");
    Ok(command)
}

fn argument(word: &str) -> Result<Vec<u8>> {
    let word = if word == "\"\"" { "" } else { word };
    content::unescape(word).ok_or_else(|| Failure::new(format!("no word: {word}")))
}

fn spawn(stage: &Stage, command: &mut Command) -> Result<Running> {
    let mut view = View::default()
        .bind(stage.tree_root(), "/srv")
        .log_to(stage.log_socket());
    for name in ACCESS_FILES {
        let (own, path) = (stage.tree_root().join(name), format!("/etc/{name}"));
        if own.exists() {
            view = view.bind(&own, &path);
        }
    }
    if let Some((directory, octets)) = &stage.disk {
        view = view.small(directory, *octets);
    }
    stage.server.spawn_with(&view, command)
}

fn socket(stage: &Stage, address: &str) -> Result<UdpSocket> {
    let bound = stage.server.enter(|| UdpSocket::bind(address))?;
    bound.context(format!("cannot bind {address}"))
}
