//! The command line: the original's words, rewritten by one table into what clap understands.

mod flags;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use common::sys::sandbox::Wish;

use crate::config::Family;
use crate::words;
use flags::{FLAGS, Flag, Takes};

/// The longest interface name that the kernel knows.
const LONGEST_INTERFACE_NAME: usize = 15;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Print the version and leave.
    Version,
    /// Print the version and what a server would be locked in by, and leave.
    VersionInDetail,
    /// Print the usage and leave.
    Help,
    /// Everything else.
    Run(Box<Options>),
}

/// How far a run goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Serve.
    #[default]
    Serve,
    /// `-t`: read the configuration.
    TestConfiguration,
    /// `-T`: read the configuration and the leases.
    TestLeases,
}

/// Where the server lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Residence {
    /// In the background.
    #[default]
    Background,
    /// `-f`: in the foreground, silent on standard error once it serves.
    Foreground,
    /// `-d`: in the foreground, with every log line on standard error too.
    ForegroundWithLog,
}

/// How messages about the configuration look on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As the original prints them.
    ThreeLines,
    /// A frame around the source line, and advice.
    Rich,
    /// One JSON object a line.
    Json,
}

/// How many messages in a second are handled at most; `None` for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of one client.
    pub client: Option<NonZeroU32>,
    /// Of all clients of an interface; when they are used up those with a lease or a declaration still get through.
    pub interface: Option<NonZeroU32>,
}

impl Default for Rates {
    /// Far more than a client has reason to send, and than a server can answer.
    fn default() -> Self {
        Self {
            client: NonZeroU32::new(1000),
            interface: NonZeroU32::new(100_000),
        }
    }
}

/// The command line, each value as given.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How far to go.
    pub goal: Goal,
    /// Where to stay.
    pub residence: Residence,
    /// `-4` or `-6`
    pub family: Family,
    /// `-q`
    pub quiet: bool,
    /// `-p`
    pub port: Option<u16>,
    /// `-cf`
    pub config: Option<PathBuf>,
    /// `-lf`
    pub leases: Option<PathBuf>,
    /// `-pf`
    pub pid_file: Option<PathBuf>,
    /// `--no-pid`
    pub no_pid_file: bool,
    /// `-s`: takes the place of the limited broadcast address.
    pub broadcast: Option<String>,
    /// `-user`
    pub user: Option<String>,
    /// `-group`
    pub group: Option<String>,
    /// `-chroot`
    pub chroot: Option<PathBuf>,
    /// `-tf`
    pub trace: Option<PathBuf>,
    /// `-play`
    pub play: Option<PathBuf>,
    /// `--diagnostics`; if it is not given, standard error decides.
    pub diagnostics: Option<Style>,
    /// `--rate-limit`
    pub rates: Rates,
    /// `--sandbox` and `--no-sandbox`
    pub sandbox: Wish,
    /// Names of the interfaces to listen on; all if empty.
    pub interfaces: Vec<String>,
}

/// What is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has a word that the usage explains.
    Usage(String),
    /// It has a value that cannot be.
    Value(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(text) | Self::Value(text)) = self;
        f.write_str(text)
    }
}

impl Error for Refusal {}

/// Understands the words behind the program's name.
///
/// # Errors
/// What the original complains about first, which is the leftmost fault.
pub fn parse(words: &[OsString]) -> Result<Invocation, Refusal> {
    if let Some(early) = find_early(words) {
        return Ok(early);
    }
    let (rewritten, fault) = rewrite(words);
    let options = match command().try_get_matches_from(rewritten) {
        Ok(matches) => options(&matches),
        Err(error) => return Err(into_refusal(&error)),
    };
    match fault {
        Some(refusal) => Err(refusal),
        None => Ok(Invocation::Run(Box::new(options?))),
    }
}

/// The original looks for these before anything else, wherever they stand.
fn find_early(words: &[OsString]) -> Option<Invocation> {
    let is_verbose = words.iter().any(|word| word == "--verbose");
    words.iter().find_map(|word| match word.to_str()? {
        "--version" if is_verbose => Some(Invocation::VersionInDetail),
        "--version" => Some(Invocation::Version),
        "--help" | "-h" => Some(Invocation::Help),
        _ => None,
    })
}

/// FreeBSD's port of the original has a flag of its own, which takes an earlier `-q` back.
const TAKES_QUIET_BACK: Option<&str> = if cfg!(target_os = "freebsd") {
    Some("-Q")
} else {
    None
};

/// Turns the words up to the first fault into clap's: `-cf FILE` becomes `--cf=FILE`.
fn rewrite(words: &[OsString]) -> (Vec<OsString>, Option<Refusal>) {
    let mut rewritten = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if has_its_value(word) {
            rewritten.push(word.clone());
            continue;
        }
        if !word.as_encoded_bytes().starts_with(b"-") {
            rewritten.push(word.clone());
            continue;
        }
        if TAKES_QUIET_BACK.is_some_and(|flag| flag == word) {
            rewritten.retain(|word| word != "--q");
            continue;
        }
        let Some(flag) = find_flag(word) else {
            return (rewritten, Some(unknown(word)));
        };
        let value = match flag.takes {
            Takes::Nothing => None,
            Takes::Value => match words.next() {
                Some(value) => Some(value.as_os_str()),
                None => return (rewritten, Some(lacking(flag))),
            },
        };
        rewritten.push(clap_word(flag, value));
    }
    (rewritten, None)
}

/// Flags of ours may have their value behind an equals sign, as clap has it.
fn has_its_value(word: &OsStr) -> bool {
    let starts = |flag: &&[u8]| word.as_encoded_bytes().starts_with(flag);
    [b"--diagnostics=".as_slice(), b"--rate-limit="]
        .iter()
        .any(starts)
}

fn find_flag(word: &OsStr) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.word == word)
}

fn unknown(word: &OsStr) -> Refusal {
    Refusal::Usage(words::unknown_command(&word.to_string_lossy()))
}

fn lacking(flag: &Flag) -> Refusal {
    Refusal::Usage(words::no_argument(flag.word))
}

fn clap_word(flag: &Flag, value: Option<&OsStr>) -> OsString {
    let mut word = OsString::from("--");
    word.push(flag.name());
    if let Some(value) = value {
        word.push("=");
        word.push(value);
    }
    word
}

fn command() -> Command {
    let interfaces = Arg::new("interfaces")
        .action(ArgAction::Append)
        .value_parser(lossy(parse_interface));
    Command::new("rdhcpd")
        .no_binary_name(true)
        .disable_help_flag(true)
        .args(FLAGS.iter().map(argument))
        .arg(interfaces)
}

/// A flag given twice counts as given last, but its earlier values are checked too.
fn argument(flag: &Flag) -> Arg {
    let argument = Arg::new(flag.name()).long(flag.name());
    match (flag.takes, flag.name()) {
        (Takes::Nothing, _) => argument.action(ArgAction::Count),
        (Takes::Value, "p") => with_value(argument).value_parser(lossy(parse_port)),
        (Takes::Value, "diagnostics") => with_value(argument).value_parser(lossy(parse_style)),
        (Takes::Value, "rate-limit") => with_value(argument).value_parser(lossy(parse_rates)),
        (Takes::Value, _) => with_value(argument).value_parser(value_parser!(OsString)),
    }
}

/// The parser of a text, for any word: clap's own refuses what is not UTF-8 in its own words.
fn lossy<T: Clone + Send + Sync + 'static>(
    parse: fn(&str) -> Result<T, Refusal>,
) -> impl TypedValueParser<Value = T> {
    OsStringValueParser::new().try_map(move |word| parse(&word.to_string_lossy()))
}

fn with_value(argument: Arg) -> Arg {
    argument.action(ArgAction::Append).allow_hyphen_values(true)
}

/// A port as the original reads it: a decimal number, blanks before it skipped.
///
/// # Errors
/// The text is no number, or no port.
pub fn parse_port(text: &str) -> Result<u16, Refusal> {
    let number = text.trim_start();
    if number.parse::<i64>().is_err() {
        return Err(Refusal::Value(words::invalid_port(text)));
    }
    match number.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Refusal::Value(words::PORT_OUT_OF_RANGE.to_owned())),
    }
}

fn parse_interface(name: &str) -> Result<String, Refusal> {
    if name.len() > LONGEST_INTERFACE_NAME {
        return Err(Refusal::Value(words::interface_name_too_long(name)));
    }
    Ok(name.to_owned())
}

/// Every error that clap can meet in rewritten words is one of a value.
fn into_refusal(error: &clap::Error) -> Refusal {
    let refusal = error.source().and_then(|source| source.downcast_ref());
    let other = || Refusal::Value(error.to_string());
    refusal.cloned().unwrap_or_else(other)
}

fn options(matches: &ArgMatches) -> Result<Options, Refusal> {
    let word = |flag| last::<OsString>(matches, flag);
    let text = |flag| word(flag).map(|value| value.to_string_lossy().into_owned());
    let path = |flag| word(flag).map(PathBuf::from);
    Ok(Options {
        goal: goal(matches),
        residence: residence(matches),
        family: family(matches)?,
        quiet: is_given(matches, "q"),
        port: last(matches, "p").copied(),
        config: path("cf"),
        leases: path("lf"),
        pid_file: path("pf"),
        no_pid_file: is_given(matches, "no-pid"),
        broadcast: text("s"),
        user: text("user"),
        group: text("group"),
        chroot: path("chroot"),
        trace: path("tf"),
        play: path("play"),
        diagnostics: last(matches, "diagnostics").copied(),
        rates: last(matches, "rate-limit").copied().unwrap_or_default(),
        sandbox: sandbox(matches)?,
        interfaces: interfaces(matches),
    })
}

fn is_given(matches: &ArgMatches, flag: &str) -> bool {
    matches.get_count(flag) > 0
}

/// What was given for a flag, as its parser has read it.
fn last<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    flag: &str,
) -> Option<&'a T> {
    matches.get_many(flag)?.next_back()
}

fn goal(matches: &ArgMatches) -> Goal {
    if is_given(matches, "T") {
        return Goal::TestLeases;
    }
    if is_given(matches, "t") {
        return Goal::TestConfiguration;
    }
    Goal::Serve
}

fn residence(matches: &ArgMatches) -> Residence {
    if is_given(matches, "d") {
        return Residence::ForegroundWithLog;
    }
    if is_given(matches, "f") {
        return Residence::Foreground;
    }
    Residence::Background
}

fn family(matches: &ArgMatches) -> Result<Family, Refusal> {
    match (is_given(matches, "4"), is_given(matches, "6")) {
        (true, true) => Err(Refusal::Value(words::BOTH_FAMILIES.to_owned())),
        (false, true) => Ok(Family::Dhcpv6),
        (_, false) => Ok(Family::Dhcpv4),
    }
}

fn parse_style(word: &str) -> Result<Style, Refusal> {
    match word {
        "rich" => Ok(Style::Rich),
        "json" => Ok(Style::Json),
        "plain" => Ok(Style::ThreeLines),
        _ => Err(Refusal::Value(words::unknown_style(word))),
    }
}

/// `CLIENT` or `CLIENT,INTERFACE`; nothing is limited by 0 alone.
fn parse_rates(word: &str) -> Result<Rates, Refusal> {
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.map(NonZeroU32::new)
    };
    let rates = match word.split_once(',') {
        Some((client, interface)) => number(client)
            .zip(number(interface))
            .map(|(client, interface)| Rates { client, interface }),
        None => number(word).map(|client| Rates {
            client,
            interface: client.and(Rates::default().interface),
        }),
    };
    rates.ok_or_else(|| Refusal::Value(words::invalid_rate(word)))
}

fn sandbox(matches: &ArgMatches) -> Result<Wish, Refusal> {
    let wish = Wish::of(
        is_given(matches, "sandbox"),
        is_given(matches, "no-sandbox"),
    );
    wish.ok_or_else(|| Refusal::Value(words::SANDBOX_ON_AND_OFF.to_owned()))
}

fn interfaces(matches: &ArgMatches) -> Vec<String> {
    let names = matches.get_many::<String>("interfaces");
    names.into_iter().flatten().cloned().collect()
}
