//! The command line: read by getopt's rules, taken apart by clap, and turned into settings from left to right
//! (reference tftpd-hpa.md, sections 2 and 3).

mod getopt;
pub mod table;

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use common::sys::sandbox::Wish;

pub use getopt::Complaint;
use getopt::Plain;

use crate::access::Permissions;
use crate::exit::{StartError, USAGE};
use crate::negotiate::{INTERVAL_MICROSECONDS, Known, Limits};
use crate::number::{parse_loosely, parse_prefix, parse_whole, parse_whole_radix};
use crate::remap::DEFAULT_STEPS;
use crate::wire::{DEFAULT_BLOCK, MAX_BLOCK};
use crate::words;
use table::{FLAGS, Meaning};

/// The operands in clap's result.
const DIRECTORIES: &str = "DIRECTORY";
const DEFAULT_USER: &str = "nobody";
const DEFAULT_IDLE: Duration = Duration::from_secs(900);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(300);
/// Seconds; a day is the most.
const STOP_TIMEOUT: RangeInclusive<u64> = 0..=86_400;
const LAST_PORT: u64 = 65534;
/// The limits on rules that `--map-steps` accepts.
const MAP_STEPS: RangeInclusive<u64> = 1..=1_000_000;
/// The largest `--max-transfers`: beyond this the ports of one address run out.
pub const MOST_TRANSFERS: usize = 16_384;
const DEFAULT_WINDOW: u16 = 64;
/// The largest `--windowsize-max`: a transfer keeps a note of each block of its window.
const LARGEST_WINDOW: u16 = 1024;

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Print the version.
    Version,
    /// Print the version and what a server would be locked in by.
    VersionInDetail,
    /// Serve.
    Serve(Box<Settings>),
}

/// How the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// Standard input is the socket.
    Inetd,
    /// Detached from the terminal (`-l`).
    Background,
    /// In the foreground (`-L`).
    Foreground,
}

/// Which sockets are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Both families, as far as the system has them.
    Both,
    /// IPv4 only (`-4`).
    Ipv4,
    /// IPv6 only (`-6`).
    Ipv6,
}

/// Where transfers go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortUse {
    /// Each has a port of its own (RFC 1350, section 4).
    PerTransfer,
    /// All go through the listening port (`--single-port`).
    Single,
}

/// Whether an upload may bring a file into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// Only existing files are written.
    Refused,
    /// `-c`
    Allowed,
}

/// The command line, each value checked on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How to run.
    pub running: Running,
    /// Which sockets to open.
    pub family: Family,
    /// `-a` as written; no address and the default port if absent.
    pub address: Option<String>,
    /// Whether uploads create files.
    pub creation: Creation,
    /// `-s`: change the root directory.
    pub secure: bool,
    /// Whether mode bits count.
    pub permissions: Permissions,
    /// The account to serve as.
    pub user: String,
    /// `-U`: the file mode mask.
    pub umask: Option<u32>,
    /// `-P`
    pub pid_file: Option<PathBuf>,
    /// `-m`
    pub map_file: Option<PathBuf>,
    /// How many rules of the map file are looked at for one request.
    pub map_steps: u32,
    /// How long a server that inetd has started waits for the next request.
    pub idle: Duration,
    /// `--stop-timeout`: how long transfers may go on once the service shall end.
    pub stop_timeout: Duration,
    /// How talkative the log is.
    pub verbosity: i32,
    /// What clients may negotiate.
    pub limits: Limits,
    /// Where transfers go through.
    pub port_use: PortUse,
    /// `--log-json`: where a line for each transfer goes; `-` is standard output.
    pub transfer_log: Option<PathBuf>,
    /// How many transfers may run at once; as many as the limit on open files allows if absent.
    pub max_transfers: Option<usize>,
    /// How many of them one client's address may have; half of them if absent.
    pub max_transfers_per_client: Option<usize>,
    /// The ports to answer from; any if absent.
    pub ports: Option<RangeInclusive<u16>>,
    /// `--sandbox` and `--no-sandbox`
    pub sandbox: Wish,
    /// The operands.
    pub directories: Vec<OsString>,
}

/// Reads the words behind the program's name. Words that getopt does not understand come back first: they are no error. Nothing
/// behind the option that decides is looked at.
pub fn parse(
    words: impl IntoIterator<Item = OsString>,
) -> (Vec<Complaint>, Result<Invocation, StartError>) {
    let Plain {
        words,
        mut complaints,
    } = getopt::normalise(words);
    let (place, invocation) = match command().try_get_matches_from(words) {
        Ok(matches) => interpret(&matches),
        Err(error) => (0, Err(StartError::new(USAGE, error.to_string()))),
    };
    complaints.retain(|complaint| complaint.place <= place);
    (complaints, invocation)
}

fn command() -> Command {
    let options = FLAGS.iter().map(|flag| {
        Arg::new(flag.long)
            .long(flag.long)
            .action(ArgAction::Append)
            .require_equals(true)
            .value_parser(value_parser!(OsString))
    });
    let directories = Arg::new(DIRECTORIES)
        .action(ArgAction::Append)
        .value_parser(value_parser!(OsString));
    Command::new("rtftpd")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(options)
        .arg(directories)
}

/// Also says how many options were looked at before the one that decided.
fn interpret(matches: &ArgMatches) -> (usize, Result<Invocation, StartError>) {
    let mut settings = Settings::default();
    let options = in_order(matches);
    let is_given = |wanted| options.iter().any(|&(meaning, _)| meaning == wanted);
    for (place, &(meaning, value)) in options.iter().enumerate() {
        if meaning == Meaning::Version {
            let version = match is_given(Meaning::Verbose) {
                true => Invocation::VersionInDetail,
                false => Invocation::Version,
            };
            return (place, Ok(version));
        }
        if let Err(error) = settings.apply(meaning, value) {
            return (place, Err(error));
        }
    }
    let wish = Wish::of(is_given(Meaning::Sandbox), is_given(Meaning::NoSandbox));
    (options.len(), settings.complete(wish, matches))
}

/// The options with their values, from left to right.
fn in_order(matches: &ArgMatches) -> Vec<(Meaning, &OsStr)> {
    let mut options = Vec::new();
    for flag in FLAGS {
        let values = matches
            .get_many::<OsString>(flag.long)
            .into_iter()
            .flatten();
        let indices = matches.indices_of(flag.long).into_iter().flatten();
        options.extend(
            indices
                .zip(values)
                .map(|(index, value)| (index, flag.meaning, value.as_os_str())),
        );
    }
    options.sort_by_key(|&(index, ..)| index);
    options
        .into_iter()
        .map(|(_, meaning, value)| (meaning, value))
        .collect()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            running: Running::Inetd,
            family: Family::Both,
            address: None,
            creation: Creation::Refused,
            secure: false,
            permissions: Permissions::WorldOnly,
            user: DEFAULT_USER.to_owned(),
            umask: None,
            pid_file: None,
            map_file: None,
            map_steps: DEFAULT_STEPS,
            idle: DEFAULT_IDLE,
            stop_timeout: DEFAULT_STOP_TIMEOUT,
            verbosity: 0,
            limits: Limits {
                max_block: MAX_BLOCK,
                max_window: DEFAULT_WINDOW,
                interval: DEFAULT_INTERVAL,
                refused: Vec::new(),
            },
            port_use: PortUse::PerTransfer,
            transfer_log: None,
            max_transfers: None,
            max_transfers_per_client: None,
            ports: None,
            sandbox: Wish::Quiet,
            directories: Vec::new(),
        }
    }
}

impl Settings {
    /// True if the log wants lines of this level.
    #[must_use]
    pub fn logs_at(&self, level: i32) -> bool {
        self.verbosity >= level
    }

    fn apply(&mut self, meaning: Meaning, value: &OsStr) -> Result<(), StartError> {
        match meaning {
            Meaning::Ipv4 => self.family = Family::Ipv4,
            Meaning::Ipv6 => self.family = Family::Ipv6,
            Meaning::Listen if self.running == Running::Foreground => {}
            Meaning::Listen => self.running = Running::Background,
            Meaning::Foreground => self.running = Running::Foreground,
            Meaning::Address => self.address = Some(text(value)),
            Meaning::Create => self.creation = Creation::Allowed,
            Meaning::Secure => self.secure = true,
            Meaning::Permissive => self.permissions = Permissions::SystemOnly,
            Meaning::User => self.user = text(value),
            Meaning::Umask => self.umask = Some(parse_umask(value)?),
            Meaning::PidFile => self.pid_file = Some(value.into()),
            Meaning::MapFile if self.map_file.is_some() => return Err(usage(words::SEVERAL_MAPS)),
            Meaning::MapFile => self.map_file = Some(value.into()),
            Meaning::MapSteps => self.map_steps = parse_steps(value)?,
            Meaning::Retransmit => self.limits.interval = parse_interval(value)?,
            Meaning::Verbose => self.verbosity = self.verbosity.saturating_add(1),
            Meaning::Verbosity => self.verbosity = parse_loosely(value.as_bytes()),
            Meaning::Refuse => self.refuse(value)?,
            Meaning::BlockSize => self.limits.max_block = parse_block_size(value)?,
            Meaning::LogJson => self.transfer_log = Some(value.into()),
            Meaning::MaxTransfers => self.max_transfers = Some(parse_transfers(value)?),
            Meaning::MaxTransfersPerClient => {
                self.max_transfers_per_client = Some(parse_transfers(value)?);
            }
            Meaning::SinglePort => self.port_use = PortUse::Single,
            Meaning::WindowSize => self.limits.max_window = parse_window(value)?,
            Meaning::PortRange => self.ports = parse_ports(value)?,
            Meaning::StopTimeout => self.stop_timeout = parse_stop_timeout(value)?,
            Meaning::Timeout => self.idle = parse_idle(value),
            // Looked at together, before and after all others.
            Meaning::Version | Meaning::Sandbox | Meaning::NoSandbox => {}
        }
        Ok(())
    }

    /// A limit that another one keeps from ever being reached is a mistake.
    fn expect_client_within_all(&self) -> Result<(), StartError> {
        match (self.max_transfers_per_client, self.max_transfers) {
            (Some(client), Some(all)) if client > all => {
                Err(usage(words::more_for_one_than_for_all(client, all)))
            }
            _ => Ok(()),
        }
    }

    fn complete(
        mut self,
        wish: Option<Wish>,
        matches: &ArgMatches,
    ) -> Result<Invocation, StartError> {
        self.sandbox = wish.ok_or_else(|| usage(words::SANDBOX_ON_AND_OFF.to_owned()))?;
        self.expect_client_within_all()?;
        let directories = matches.get_many(DIRECTORIES).into_iter().flatten();
        self.directories = directories.cloned().collect();
        Ok(Invocation::Serve(Box::new(self)))
    }

    fn refuse(&mut self, name: &OsStr) -> Result<(), StartError> {
        let option =
            Known::parse(name.as_bytes()).filter(|option| !self.limits.refused.contains(option));
        let option = option.ok_or_else(|| usage(words::unknown_tftp_option(name)))?;
        self.limits.refused.push(option);
        Ok(())
    }
}

fn parse_umask(value: &OsStr) -> Result<u32, StartError> {
    if value.is_empty() {
        return Ok(0);
    }
    let mask =
        parse_whole_radix(value.as_bytes(), 8).and_then(|mask| u32::try_from(mask & 0o777).ok());
    mask.ok_or_else(|| usage(words::bad_umask(value)))
}

fn parse_steps(value: &OsStr) -> Result<u32, StartError> {
    let steps = parse_whole(value.as_bytes()).filter(|steps| MAP_STEPS.contains(steps));
    steps
        .and_then(|steps| u32::try_from(steps).ok())
        .ok_or_else(|| usage(words::bad_map_steps(value)))
}

fn parse_interval(value: &OsStr) -> Result<Duration, StartError> {
    let interval =
        parse_whole(value.as_bytes()).filter(|interval| INTERVAL_MICROSECONDS.contains(interval));
    interval
        .map(Duration::from_micros)
        .ok_or_else(|| usage(words::bad_interval(value)))
}

fn parse_block_size(value: &OsStr) -> Result<usize, StartError> {
    let size = parse_whole(value.as_bytes()).and_then(|size| usize::try_from(size).ok());
    size.filter(|size| (DEFAULT_BLOCK..=MAX_BLOCK).contains(size))
        .ok_or_else(|| usage(words::bad_block_size(value)))
}

fn parse_window(value: &OsStr) -> Result<u16, StartError> {
    let window = parse_whole(value.as_bytes()).and_then(|window| u16::try_from(window).ok());
    window
        .filter(|window| (1..=LARGEST_WINDOW).contains(window))
        .ok_or_else(|| usage(words::bad_window(value)))
}

fn parse_transfers(value: &OsStr) -> Result<usize, StartError> {
    let number = parse_whole(value.as_bytes()).and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| (1..=MOST_TRANSFERS).contains(number))
        .ok_or_else(|| usage(words::bad_transfers(value)))
}

fn parse_stop_timeout(value: &OsStr) -> Result<Duration, StartError> {
    let seconds = parse_whole(value.as_bytes()).filter(|seconds| STOP_TIMEOUT.contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| usage(words::bad_stop_timeout(value)))
}

/// `from:to`; what follows the second number is ignored, and a range from 0 is none.
fn parse_ports(value: &OsStr) -> Result<Option<RangeInclusive<u16>>, StartError> {
    let (from, to) =
        split_ports(value.as_bytes()).ok_or_else(|| usage(words::bad_port_range(value)))?;
    Ok((from != 0).then_some(from..=to))
}

fn split_ports(value: &[u8]) -> Option<(u16, u16)> {
    let (from, rest) = parse_prefix(value, 10)?;
    let (to, _) = parse_prefix(rest.strip_prefix(b":")?, 10)?;
    if from > to || to > LAST_PORT {
        return None;
    }
    Some((u16::try_from(from).ok()?, u16::try_from(to).ok()?))
}

/// Seconds, read loosely; what is negative counts as 0.
fn parse_idle(value: &OsStr) -> Duration {
    Duration::from_secs(parse_loosely(value.as_bytes()).try_into().unwrap_or(0))
}

fn text(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

fn usage(text: impl Into<String>) -> StartError {
    StartError::new(USAGE, text)
}
