//! The lab of one boot: a bridge in a namespace, the two daemons, the machines.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};

use super::event::{self, Event, Source, What};
use super::initrd::Token;
use super::{Daemons, Job, plan};
use crate::failure::{Context, Failure, Result};
use crate::lab::{Acceleration, Console, Machine, Namespace, Running, Scratch, Syslog, View};

const BRIDGE: &str = "br0";
const ADDRESS: &str = "172.24.0.1/16";
/// How many log lines are repeated when a boot fails.
const REMEMBERED: usize = 30;

/// Everything that runs. Fields are dropped in this order: machines and daemons before the network under them.
pub struct Rig {
    machines: Vec<Switched>,
    daemons: Vec<(Source, Running)>,
    network: Namespace,
    /// The namespace's `/proc/net/dev`: a file opened inside keeps showing it, and entering again costs a grace period of the kernel.
    counters: File,
    // Held for their clean-up.
    _syslog: Syslog,
    _served: Scratch,
    state: Scratch,
    token: Token,
    events: Sender<Event>,
    last_lines: VecDeque<String>,
}

/// A machine that runs, with the way to type on its console.
struct Switched {
    _qemu: Running,
    keyboard: ChildStdin,
    tap: String,
}

impl Rig {
    /// Makes the network, fills the TFTP directory, and starts both daemons.
    pub fn build(job: &Job) -> Result<(Self, Receiver<Event>)> {
        let (events, receiver) = mpsc::channel();
        event::follow_signals(&events)?;
        let network = Namespace::new("netboot")?;
        network.add_bridge(BRIDGE, Some(ADDRESS))?;
        let counters = network
            .enter(|| File::open("/proc/thread-self/net/dev"))?
            .context("cannot open the interface counters")?;
        let served = Scratch::new("tftp")?;
        let token = Token::draw()?;
        plan::provide(job, &token, &served)?;
        let state = Scratch::new("state")?;
        let syslog = start_syslog(&events)?;
        let view = View::default().log_to(syslog.socket());
        let mut daemons = Vec::new();
        for (source, mut command) in [
            (Source::Dhcp, dhcp_command(job, &state)?),
            (Source::Tftp, tftp_command(job, &served)),
        ] {
            let daemon = network.spawn_with(&view, &mut command)?;
            daemons.push((source, follow_errors(daemon, source, &events)));
        }
        let rig = Self {
            machines: Vec::new(),
            daemons,
            network,
            counters,
            _syslog: syslog,
            _served: served,
            state,
            token,
            events,
            last_lines: VecDeque::new(),
        };
        Ok((rig, receiver))
    }

    /// The token in the initrd.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Starts the next machine.
    pub fn switch_on(&mut self, job: &Job, acceleration: Acceleration) -> Result<()> {
        let index = self.machines.len();
        let tap = format!("tap{index}");
        self.network.add_tap(&tap, Some(BRIDGE))?;
        let machine = Machine {
            nic: job.nic,
            firmware: job.firmware,
            mac: plan::mac(index),
            tap: tap.clone(),
            console: Console::Pipe,
        };
        let mut command = machine.command(acceleration, &self.state)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut qemu = self.network.spawn(&mut command)?;
        let pipes = (qemu.child().stdin.take(), qemu.child().stdout.take());
        let (Some(keyboard), Some(screen)) = pipes else {
            return Err(Failure::new("QEMU has no console"));
        };
        event::follow_console(&self.events, index, screen);
        self.machines.push(Switched {
            _qemu: qemu,
            keyboard,
            tap,
        });
        Ok(())
    }

    /// Types bytes on a machine's console.
    pub fn type_bytes(&mut self, machine: usize, bytes: &[u8]) -> Result<()> {
        let Some(machine) = self.machines.get_mut(machine) else {
            return Err(Failure::new("no such machine"));
        };
        let keyboard = &mut machine.keyboard;
        keyboard
            .write_all(bytes)
            .and_then(|()| keyboard.flush())
            .context("cannot type on the console")
    }

    /// Bytes that went to a machine's card since it was switched on.
    pub fn bytes_sent(&mut self, machine: usize) -> Result<u64> {
        let mut table = String::new();
        self.counters
            .rewind()
            .and_then(|()| self.counters.read_to_string(&mut table))
            .context("cannot read the interface counters")?;
        let machine = self.machines.get(machine);
        let tap = machine.map_or("", |machine| &machine.tap);
        Ok(transmitted(&table, tap).unwrap_or(0))
    }

    /// Remembers log lines for the case that the boot fails.
    pub fn note(&mut self, event: &Event) {
        if let What::Line(source, line) = &event.what {
            self.last_lines
                .push_back(format!("{} {line}", source.name()));
            if self.last_lines.len() > REMEMBERED {
                self.last_lines.pop_front();
            }
        }
    }

    /// The log lines that came last.
    pub fn last_lines(&self) -> impl Iterator<Item = &str> {
        self.last_lines.iter().map(String::as_str)
    }

    /// Whether a daemon that closed its standard error still runs: a daemon may do so and live on.
    pub fn check_alive(&mut self, source: Source) -> Result<()> {
        for (name, daemon) in &mut self.daemons {
            let program = daemon.name().to_owned();
            let ended = daemon.child().try_wait();
            if let (true, Ok(Some(status))) = (*name == source, ended) {
                return Err(Failure::new(format!("{program} ended: {status}")));
            }
        }
        Ok(())
    }

    /// A sender for threads that report events of their own.
    pub fn events(&self) -> Sender<Event> {
        self.events.clone()
    }
}

fn follow_errors(mut daemon: Running, source: Source, events: &Sender<Event>) -> Running {
    if let Some(errors) = daemon.child().stderr.take() {
        event::follow_lines(events, source, errors);
    }
    daemon
}

/// Only what the TFTP server says is taken from the log: the DHCP server says everything on its standard error too.
fn start_syslog(events: &Sender<Event>) -> Result<Syslog> {
    let events = events.clone();
    Syslog::start(move |line| {
        if line.contains("tftpd") {
            event::send(&events, What::Line(Source::Tftp, line));
        }
    })
}

fn dhcp_command(job: &Job, state: &Scratch) -> Result<Command> {
    let leases = state.path().join("dhcpd.leases");
    let program = match job.daemons {
        Daemons::Theirs => {
            fs::write(&leases, b"").context("cannot make the lease file")?;
            PathBuf::from("/usr/sbin/dhcpd")
        }
        Daemons::Ours => ours(job, "RDHCPD", "rdhcpd"),
    };
    let mut command = Command::new(program);
    command
        .args(["-d", "--no-pid", "-cf"])
        .arg(job.root.join(plan::example(job)).join("dhcpd.conf"))
        .arg("-lf")
        .arg(leases)
        .arg(BRIDGE);
    Ok(quiet(command))
}

fn tftp_command(job: &Job, served: &Scratch) -> Command {
    let program = match job.daemons {
        Daemons::Theirs => PathBuf::from("/usr/sbin/in.tftpd"),
        Daemons::Ours => ours(job, "RTFTPD", "rtftpd"),
    };
    let mut command = Command::new(program);
    command.args(["-L", "-v", "-s"]).arg(served.path());
    quiet(command)
}

/// The program that an environment variable names, else the one built beside this program.
fn ours(job: &Job, variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| job.built.join(name), PathBuf::from)
}

fn quiet(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The bytes sent through an interface, from the table in `/proc/net/dev` (proc(5)): the ninth number.
fn transmitted(table: &str, interface: &str) -> Option<u64> {
    let row = table
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(interface)?.strip_prefix(':'))?;
    row.split_whitespace().nth(8)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_of_the_right_interface_is_read() {
        let table = "  tap1: 1 2 3 4 5 6 7 8 99 0\n tap10: 0 0 0 0 0 0 0 0 7 0\n";
        assert_eq!(transmitted(table, "tap1"), Some(99));
        assert_eq!(transmitted(table, "tap10"), Some(7));
        assert_eq!(transmitted(table, "tap2"), None);
    }
}
