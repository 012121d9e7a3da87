//! A site for rdhcpd in a soak: a bridge, a disk, a clock that can be set, and one life of the server after the other.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::disk::Filler;
use super::traffic::PATIENCE;
use crate::client::Wire;
use crate::dhcp::{BRIDGE, CLIENT_LINK, DhcpLab, SECOND_CLIENT_LINK};
use crate::failure::{Context, Failure, Result};
use crate::lab::{Namespace, Running, each_line};
use crate::subject::Subject;

/// The library that moves a program's clock, of Debian's package libfaketime.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// What one client and all strangers may send in a second: what a build for debugging on a busy machine can do.
const RATES: &str = "500,3000";
/// Lines of a server that are kept to be shown with a fault.
const LINES_KEPT: usize = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Who may have what. An hour back and forth twice is nothing to a long lease.
const CONFIG: &str = r#"
authoritative; dhcp-cache-threshold 0; ping-check false; abandon-lease-time 10;
class "short" { match if substring(hardware, 1, 5) = 02:00:00:01:80; allow declines; }
class "lasting" { match if substring(hardware, 1, 4) = 02:00:00:01 and not (substring(hardware, 1, 5) = 02:00:00:01:80); }
# Whoever sends it, a DHCPDECLINE is believed; and with the clock an hour back an abandoned address is away for an hour.
ignore declines;
on commit { if substring(hardware, 1, 6) = 02:00:00:01:00:07 { execute("/bin/true", "a", binary-to-ascii(10, 8, ".", leased-address)); } }
subnet 10.9.0.0 netmask 255.255.0.0 {
  option routers 10.9.0.1;
  pool { allow members of "lasting"; range 10.9.1.0 10.9.2.127; default-lease-time 86400; max-lease-time 86400; }
  pool { allow members of "short"; range 10.9.8.1 10.9.8.100; default-lease-time 6; max-lease-time 6; ping-check true; ping-timeout 1; }
  pool { deny members of "short"; deny members of "lasting"; range 10.9.16.0 10.9.19.255; default-lease-time 30; max-lease-time 30; }
}
"#;

/// Where the server is, and where its clients are.
pub(super) struct Site<'l> {
    lab: &'l DhcpLab,
    clock: Option<PathBuf>,
}

/// A server from its start to its end.
pub(super) struct Life {
    running: Running,
    lines: Lines,
}

/// What a server said last, and whether it said that it has a fault.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Lines {
    fn push(&self, line: String) {
        let mut lines = self.lock();
        // What is said about traffic goes first.
        if lines.len() == LINES_KEPT {
            let old = lines.iter().position(|line| !is_notable(line));
            lines.remove(old.unwrap_or_default());
        }
        lines.push_back(line);
    }

    fn has(&self, text: &str) -> bool {
        self.lock().iter().any(|line| line.contains(text))
    }

    fn text(&self) -> String {
        let lines = self.lock();
        lines.iter().map(|line| format!("\n    {line}")).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const READY: &str = "Server starting service.";
const PANIC: &str = "panicked";

/// How lines begin that come with each message of a client.
const TRAFFIC: [&str; 4] = ["DHCP", "BOOTRE", "Abandoning", "execute_statement"];

fn is_notable(line: &str) -> bool {
    !TRAFFIC.iter().any(|begin| line.starts_with(begin))
}

impl<'l> Site<'l> {
    /// Prepares a lab.
    pub(super) fn new(lab: &'l DhcpLab) -> Result<Self> {
        lab.configure(CONFIG)?;
        lab.put_leases("")?;
        let clock = lab.directory().join("clock");
        let clock = Path::new(FAKETIME).exists().then_some(clock);
        let site = Self { lab, clock };
        site.set_clock(0)?;
        Ok(site)
    }

    /// Sets the server's clock so many seconds ahead of the true one. False if that cannot be done here.
    pub(super) fn set_clock(&self, ahead: i32) -> Result<bool> {
        let Some(clock) = &self.clock else {
            return Ok(false);
        };
        // Always as long, so that it also fits on a full disk, and never half there.
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(false).open(clock);
        let mut file = opened.context("cannot open the clock")?;
        file.write_all(format!("{ahead:+06}s").as_bytes())
            .context("cannot set the clock")?;
        Ok(true)
    }

    /// The clients' end, and one for those who want no good.
    pub(super) fn wires(&self) -> Result<(Wire, Wire)> {
        let open = |link| Wire::open(&self.lab.client, link);
        Ok((open(CLIENT_LINK)?, open(SECOND_CLIENT_LINK)?))
    }

    /// The server's end of the network.
    pub(super) fn network(&self) -> &Namespace {
        &self.lab.server
    }

    pub(super) fn lease_file(&self) -> PathBuf {
        self.lab.lease_file()
    }

    pub(super) fn read_leases(&self) -> Result<String> {
        self.lab.read_leases()
    }

    /// Takes the room of the disk; dropping the value gives it back.
    pub(super) fn fill_disk(&self) -> Result<Filler> {
        Filler::new(self.lab.directory())
    }

    /// Starts the server and waits until it serves.
    pub(super) fn start(&self) -> Result<Life> {
        let mut command = self.lab.command(Subject::Ours)?;
        command.args(["-d", "--rate-limit", RATES, BRIDGE]);
        if let Some(clock) = &self.clock {
            command
                .env("LD_PRELOAD", FAKETIME)
                .env("FAKETIME_TIMESTAMP_FILE", clock)
                // Only the clock on the wall is set, as on a real machine.
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("FAKETIME_CACHE_DURATION", "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut running = self.lab.server.spawn(command.stderr(Stdio::piped()))?;
        let lines = Lines::default();
        if let Some(errors) = running.child().stderr.take() {
            let sink = lines.clone();
            thread::spawn(move || each_line(errors, |line| sink.push(line)));
        }
        let mut life = Life { running, lines };
        life.await_service()?;
        Ok(life)
    }
}

impl Life {
    pub(super) fn pid(&self) -> i32 {
        self.running.identity().pid()
    }

    /// What it said last.
    pub(super) fn last_words(&self) -> String {
        self.lines.text()
    }

    /// Fails if it has ended by itself, or said that it must.
    pub(super) fn expect_alive(&mut self) -> Result<()> {
        match self.ended()? {
            Some(status) => {
                let said = self.last_words();
                Err(Failure::new(format!("the server ended: {status}{said}")))
            }
            None if self.lines.has(PANIC) => Err(Failure::new(self.last_words())),
            None => Ok(()),
        }
    }

    /// Ends it by a signal, and waits until nothing of it is left.
    pub(super) fn end(mut self, signal: Signal, site: &Site<'_>) -> Result<()> {
        self.expect_alive()?;
        self.running.signal(signal)?;
        let gone = self.wait_until(|life| {
            let ended = life.ended()?.is_some();
            Ok(ended && site.network().inhabitants().is_empty())
        });
        let said = self.last_words();
        gone.context(format!("{signal} does not end it{said}"))
    }

    fn await_service(&mut self) -> Result<()> {
        self.wait_until(|life| {
            life.expect_alive()?;
            Ok(life.lines.has(READY))
        })
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let ended = self.running.child().try_wait();
        ended.context("cannot wait for the server")
    }

    fn wait_until(&mut self, happened: impl Fn(&mut Self) -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !happened(self)? {
            if Instant::now() > deadline {
                let said = self.last_words();
                return Err(Failure::new(format!("not within {PATIENCE:?}{said}")));
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}
