//! Every text that leaves the server: log lines, ERROR packets and start-up errors (reference tftpd-hpa.md, sections
//! 3, 11 and 12).

pub mod remap;

use std::ffi::OsStr;
use std::fmt::{Display, Write};
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use common::sys::names::LookupError;
use nix::errno::Errno;

use crate::access::Denial;
use crate::cli::table::Flag;
use crate::cli::{Complaint, MOST_TRANSFERS};
use crate::negotiate::OptionError;
use crate::session::FileError;
use crate::wire::{Direction, ErrorCode, Refusal, RequestError};

/// Logged when a client answers an OACK with an ERROR.
pub const OPTIONS_DECLINED: &str = "tftp: client does not accept options";
/// Logged when the process that serves ends without being told to.
pub const SERVER_DIED: &str = "the serving process has died";
/// What failed when the OACK could not be sent.
pub const SEND_OACK: &str = "tftpd: oack";
/// What failed when DATA could not be sent.
pub const SEND_DATA: &str = "tftpd: write";
/// What failed when an ACK could not be sent.
pub const SEND_ACK: &str = "tftpd: write(ack)";
/// What failed while waiting for an ACK.
pub const RECEIVE_ACK: &str = "tftpd: read(ack)";
/// What failed while waiting for anything else.
pub const RECEIVE: &str = "tftpd: read";
/// `-V`. The first two words are those that scripts look at.
pub const VERSION: &str = concat!(
    "rtftpd ",
    env!("CARGO_PKG_VERSION"),
    ", compatible with tftp-hpa 5.2"
);

/// What a server is locked in by.
#[must_use]
pub fn sandbox(outcome: &common::sys::sandbox::Outcome) -> String {
    format!("sandbox: {outcome}")
}

/// `--sandbox` and `--no-sandbox` together.
pub const SANDBOX_ON_AND_OFF: &str = "--sandbox and --no-sandbox cannot both be given";
/// Two `-m`.
pub const SEVERAL_MAPS: &str = "Multiple -m options";
/// `-P` under inetd, which knows its servers itself.
pub const IGNORED_PID_FILE: &str = "not in standalone mode, ignoring pid file";
/// `-s` without a directory.
pub const NO_DIRECTORY: &str = "no -s directory";
/// `-s` with more than one directory.
pub const SEVERAL_DIRECTORIES: &str = "too many -s directories";
/// `-a` with a bare IPv6 address.
pub const NEEDS_BRACKETS: &str = "Numeric IPv6 addresses need to be enclosed in []";
/// What a directory answers; the system's text for it.
const IS_DIRECTORY: &str = "Is a directory";
/// What a FIFO and the like answer.
const ACCESS_DENIED: &str = "Access denied";

impl From<ErrorCode> for Refusal {
    /// The refusal with the code's standard text.
    fn from(code: ErrorCode) -> Self {
        let text = match code {
            ErrorCode::Undefined => "Undefined error code",
            ErrorCode::NotFound => "File not found",
            ErrorCode::AccessViolation => ACCESS_DENIED,
            ErrorCode::DiskFull => "Disk full or allocation exceeded",
            ErrorCode::IllegalOperation => "Illegal TFTP operation",
            ErrorCode::FileExists => "File already exists",
            ErrorCode::OptionRefused => "Unsupported option(s) requested",
        };
        refusal(code, text)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let text = match denial {
            Denial::NotAbsolute => "Only absolute filenames allowed",
            Denial::ReversePath => "Reverse path not allowed",
            Denial::ForbiddenDirectory => "Forbidden directory",
            Denial::NotWorldReadable => "File must have global read permissions",
            Denial::NotWorldWritable => "File must have global write permissions",
            Denial::IsDirectory => return refusal(ErrorCode::Undefined, IS_DIRECTORY),
            Denial::WrongKind => ACCESS_DENIED,
        };
        refusal(ErrorCode::AccessViolation, text)
    }
}

impl From<OptionError> for Refusal {
    fn from(error: OptionError) -> Self {
        match error {
            OptionError::Unsupported => Self::from(ErrorCode::OptionRefused),
            OptionError::NoSpace => {
                refusal(ErrorCode::OptionRefused, "Insufficient space for options")
            }
        }
    }
}

/// The ERROR for a datagram that is no good request; `None` if it gets no answer.
#[must_use]
pub fn refuse_request(error: RequestError) -> Option<Refusal> {
    match error {
        RequestError::NotRequest => None,
        RequestError::MissingMode => Some(refusal(ErrorCode::IllegalOperation, "Missing mode")),
        RequestError::UnknownMode => Some(refusal(ErrorCode::IllegalOperation, "Unknown mode")),
    }
}

/// The ERROR for a file that cannot be opened. Lacking permission is code 0, as in the original.
#[must_use]
pub fn refuse_open(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Refusal::from(ErrorCode::NotFound)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Refusal::from(ErrorCode::DiskFull)
        }
        io::ErrorKind::AlreadyExists => Refusal::from(ErrorCode::FileExists),
        // A FIFO without a reader, or a socket: refused like those that could be opened.
        _ if error.raw_os_error() == Some(Errno::ENXIO as i32) => Refusal::from(Denial::WrongKind),
        _ => refusal(ErrorCode::Undefined, &system_text(error)),
    }
}

/// The ERROR for an upload whose file cannot be emptied.
#[must_use]
pub fn refuse_reset() -> Refusal {
    refusal(ErrorCode::AccessViolation, "Cannot reset file size")
}

/// Sorts an error of reading or writing; `text` is its [`system_text`].
#[must_use]
pub fn file_error<'a>(error: &io::Error, text: &'a str) -> FileError<'a> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::NoSpace,
        _ => FileError::System(text),
    }
}

/// The C library's text for an error, which the standard library follows by the error's number.
#[must_use]
pub fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// Level 1: a request came.
#[must_use]
pub fn request(direction: Direction, client: IpAddr, name: &[u8]) -> String {
    format!(
        "{} from {} filename {}",
        request_name(direction),
        printed_address(client),
        printable(name)
    )
}

fn request_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Read => "RRQ",
        Direction::Write => "WRQ",
    }
}

/// Level 2: an ERROR was sent.
#[must_use]
pub fn nak(refusal: &Refusal, client: IpAddr) -> String {
    let client = printed_address(client);
    format!(
        "sending NAK ({}, {}) to {client}",
        refusal.code as u16,
        printable(&refusal.text)
    )
}

/// A lock on the file could not be had; the client gets no answer.
#[must_use]
pub fn locked(client: IpAddr, name: &[u8]) -> String {
    format!(
        "{}: file is in use, request from {} dropped",
        printable(name),
        printed_address(client)
    )
}

/// The client stopped answering.
#[must_use]
pub fn timed_out(client: IpAddr) -> String {
    format!(
        "tftpd: {} does not answer, giving up",
        printed_address(client)
    )
}

/// `--log-json -` where there is no standard output.
pub const NO_STANDARD_OUTPUT: &str = "--log-json - needs -L: there is no standard output otherwise";

/// The transfer log cannot be written.
#[must_use]
pub fn unwritten_transfer_log(error: &io::Error) -> String {
    format!("cannot write the transfer log: {}", system_text(error))
}

/// The bound on transfers is reached.
#[must_use]
pub fn too_many_transfers(limit: usize, consequence: &str) -> String {
    format!("{limit} transfers are running, which is the limit: {consequence}")
}

/// What follows from a bound: nobody else gets in.
pub const REQUESTS_REFUSED: &str = "refusing requests until some end";

/// What follows from a bound: whoever has not answered the first packet is taken for somebody who is not there.
pub const SILENT_GIVE_WAY: &str = "those whose clients have never answered give way to others";

/// The bound on the transfers of one client is reached.
#[must_use]
pub fn too_many_transfers_of(client: IpAddr, limit: usize, consequence: &str) -> String {
    format!(
        "{} has {limit} transfers, which is the limit for one client: {consequence}",
        printed_address(client)
    )
}

/// The ERROR for a request beyond the bounds.
#[must_use]
pub fn refuse_full() -> Refusal {
    refusal(ErrorCode::Undefined, "Too many transfers, try again later")
}

/// `--max-transfers` or `--max-transfers-per-client` is no number of transfers.
#[must_use]
pub fn bad_transfers(value: &OsStr) -> String {
    format!(
        "Bad number of transfers (range 1-{MOST_TRANSFERS}): {}",
        value.to_string_lossy()
    )
}

/// `--max-transfers-per-client` is above `--max-transfers`.
#[must_use]
pub fn more_for_one_than_for_all(client: usize, all: usize) -> String {
    format!("--max-transfers-per-client {client} is more than --max-transfers {all}")
}

/// The limit on open files does not allow as many transfers as the flag, `--max-transfers` or `--max-transfers-per-client`, wants.
#[must_use]
pub fn fewer_transfers(flag: &str, wish: usize, total: usize) -> String {
    format!("only {total} transfers of {flag} {wish}: the limit on open files is too low")
}

/// A system call on behalf of a request failed.
#[must_use]
pub fn failed_call(call: &str, error: &io::Error) -> String {
    format!("{call}: {}", system_text(error))
}

/// The form in which a client's address appears in log lines: without port, IPv4-mapped ones as IPv4.
#[must_use]
pub fn printed_address(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

/// `-B` out of range.
#[must_use]
pub fn bad_block_size(value: &OsStr) -> String {
    format!(
        "Bad maximum blocksize value (range 512-65464): {}",
        value.to_string_lossy()
    )
}

/// `--windowsize-max` out of range.
#[must_use]
pub fn bad_window(value: &OsStr) -> String {
    format!(
        "Bad maximum windowsize value (range 1-1024): {}",
        value.to_string_lossy()
    )
}

/// `-T` out of range.
#[must_use]
pub fn bad_interval(value: &OsStr) -> String {
    format!("Bad timeout value: {}", value.to_string_lossy())
}

/// `--map-steps` out of range.
#[must_use]
pub fn bad_map_steps(value: &OsStr) -> String {
    format!(
        "Bad number of map steps (range 1-1000000): {}",
        value.to_string_lossy()
    )
}

/// `--stop-timeout` out of range.
#[must_use]
pub fn bad_stop_timeout(value: &OsStr) -> String {
    format!(
        "Bad stop timeout (range 0-86400): {}",
        value.to_string_lossy()
    )
}

/// `-R` makes no range.
#[must_use]
pub fn bad_port_range(value: &OsStr) -> String {
    format!("Bad port range: {}", value.to_string_lossy())
}

/// `-U` is not octal.
#[must_use]
pub fn bad_umask(value: &OsStr) -> String {
    format!("Invalid umask: {}", value.to_string_lossy())
}

/// `-r` names no option, or one twice.
#[must_use]
pub fn unknown_tftp_option(name: &OsStr) -> String {
    format!("Unknown option: {}", name.to_string_lossy())
}

/// `-u` names no account. The text at the end is what the original's library says about it.
#[must_use]
pub fn unknown_user(name: &str) -> String {
    format!("no user {name}: Success")
}

/// Something named on the command line cannot be used.
#[must_use]
pub fn unusable(name: impl Display, error: &io::Error) -> String {
    format!("{name}: {}", system_text(error))
}

/// `-a` names an address of the family that `-4` or `-6` excludes.
#[must_use]
pub fn wrong_family(address: impl Display, family: &str) -> String {
    format!("Address {address} is not in address family {family}")
}

/// The C library's text for a failed look-up.
fn lookup_text(error: LookupError) -> &'static str {
    match error {
        LookupError::Unknown => "Name or service not known",
        LookupError::NoAddress => "No address associated with hostname",
        LookupError::Temporary => "Temporary failure in name resolution",
        LookupError::Failed => "Non-recoverable failure in name resolution",
    }
}

/// `-a` names a host for which the resolver gives no IPv4 address.
#[must_use]
pub fn unresolved_ipv4(host: &str, error: LookupError) -> String {
    let reason = lookup_text(error);
    format!("cannot resolve local IPv4 bind address: {host}, {reason}")
}

/// `-a` names a host for which the resolver gives no IPv6 address.
#[must_use]
pub fn unresolved_ipv6(host: &str, error: LookupError) -> String {
    let reason = lookup_text(error);
    format!("cannot resolve local IPv6 bind address: {host}({reason})")
}

/// What follows a failure that concerns IPv6 only.
#[must_use]
pub fn using_ipv4_only(text: &str) -> String {
    format!("{text}; using IPv4 only")
}

/// `-a` names a port that does not exist.
#[must_use]
pub fn unresolved_port(port: &str) -> String {
    format!("cannot resolve local bind port: {port}")
}

/// A family's name in log lines.
pub const IPV4: &str = "IPv4";
/// The same.
pub const IPV6: &str = "IPv6";

/// The system has no sockets of this family.
#[must_use]
pub fn unopened(family: &str, error: &io::Error) -> String {
    format!("cannot open {family} socket: {}", system_text(error))
}

/// A socket cannot have its address.
#[must_use]
pub fn unbound(family: &str, error: &io::Error) -> String {
    format!(
        "cannot bind to local {family} socket: {}",
        system_text(error)
    )
}

/// The system has no IPv6; IPv4 goes on.
#[must_use]
pub fn no_ipv6(error: &io::Error) -> String {
    format!(
        "cannot open IPv6 socket, disable IPv6: {}",
        system_text(error)
    )
}

/// `-a` names an address that may come with the network.
#[must_use]
pub fn late_address(address: IpAddr) -> String {
    format!("no interface has the address {address} yet: it will be served when one has")
}

/// The IPv6 socket cannot have its address; IPv4 goes on.
#[must_use]
pub fn ipv6_disabled(error: &io::Error) -> String {
    format!(
        "cannot bind to local IPv6 socket,IPv6 disabled: {}",
        system_text(error)
    )
}

/// The access files refuse a client.
#[must_use]
pub fn refused_connection(client: IpAddr) -> String {
    format!("connection refused from {}", printed_address(client))
}

/// The access files let a client in, by a rule that wants it said.
#[must_use]
pub fn connection(client: IpAddr) -> String {
    format!("connect from {}", printed_address(client))
}

/// The service ended before its transfers did.
#[must_use]
pub fn cut_off(transfers: usize, waited: Duration) -> String {
    let seconds = waited.as_secs();
    format!("cut off {transfers} transfer(s) that did not end within {seconds} s of the service")
}

/// The server was not started by root.
#[must_use]
pub fn unprivileged(user: &str) -> String {
    format!("not started by root: serving as the present user instead of {user}")
}

/// The pid file could not be written.
#[must_use]
pub fn unwritten_pid_file(path: impl Display, error: &io::Error) -> String {
    format!(
        "cannot open pid file '{path}' for writing: {}",
        system_text(error)
    )
}

/// The pid file could not be removed.
#[must_use]
pub fn unremoved_pid_file(path: impl Display, error: &io::Error) -> String {
    format!("error removing pid file '{path}': {}", system_text(error))
}

/// The group list of the user could not be set.
#[must_use]
pub fn unset_groups(user: &str) -> String {
    format!("cannot set groups for user {user}")
}

/// A letter that is no flag.
#[must_use]
pub fn getopt_unknown_letter(letter: u8) -> Complaint {
    complaint(&[b"invalid option -- '", &[letter], b"'"], &[letter])
}

/// A flag whose value is missing.
#[must_use]
pub fn getopt_letter_needs_argument(letter: u8) -> Complaint {
    let terminal: [&[u8]; 3] = [b"option requires an argument -- '", &[letter], b"'"];
    complaint(&terminal, &[letter])
}

/// A long name that is no flag.
#[must_use]
pub fn getopt_unknown_name(word: &[u8]) -> Complaint {
    complaint(&[b"unrecognized option '--", word, b"'"], &dashed(word))
}

/// A long name that could be one of several flags.
#[must_use]
pub fn getopt_ambiguous(word: &[u8], names: &[&str]) -> Complaint {
    let names: String = names.iter().map(|name| format!(" '--{name}'")).collect();
    let possibilities = b"' is ambiguous; possibilities:";
    complaint(
        &[b"option '--", word, possibilities, names.as_bytes()],
        &dashed(word),
    )
}

/// A long name whose value is missing.
#[must_use]
pub fn getopt_name_needs_argument(flag: &Flag) -> Complaint {
    let name = flag.long.as_bytes();
    complaint(
        &[b"option '--", name, b"' requires an argument"],
        &letter_of(flag),
    )
}

/// A long name with a value that it does not take.
#[must_use]
pub fn getopt_takes_no_argument(flag: &Flag) -> Complaint {
    let name = flag.long.as_bytes();
    complaint(
        &[b"option '--", name, b"' doesn't allow an argument"],
        &letter_of(flag),
    )
}

fn dashed(word: &[u8]) -> Vec<u8> {
    [b"--", word].concat()
}

fn letter_of(flag: &Flag) -> Vec<u8> {
    flag.short
        .map_or_else(|| dashed(flag.long.as_bytes()), |letter| vec![letter as u8])
}

fn complaint(terminal: &[&[u8]], option: &[u8]) -> Complaint {
    Complaint {
        place: 0,
        terminal: terminal.concat(),
        log: format!("Unknown option: '{}'", printable(option)),
    }
}

/// Bytes of a client's making, fit for a log line: control bytes and what is no UTF-8 become octal escapes.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let mut encoded = [0; 4];
                escape(character.encode_utf8(&mut encoded).as_bytes(), &mut text);
            } else {
                text.push(character);
            }
        }
        escape(chunk.invalid(), &mut text);
    }
    text
}

fn escape(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{byte:03o}");
    }
}

fn refusal(code: ErrorCode, text: &str) -> Refusal {
    Refusal {
        code,
        text: text.into(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_open_error_carries_the_c_librarys_text_under_code_zero() {
        let denied = refuse_open(&io::Error::from_raw_os_error(13));
        assert_eq!(denied, refusal(ErrorCode::Undefined, "Permission denied"));
        let looped = refuse_open(&io::Error::from_raw_os_error(Errno::ELOOP as i32));
        assert_eq!(looped.text, b"Too many levels of symbolic links");
    }

    #[test]
    fn a_fifo_without_a_reader_is_refused_like_any_other() {
        let answer = refuse_open(&io::Error::from_raw_os_error(Errno::ENXIO as i32));
        assert_eq!(answer, refusal(ErrorCode::AccessViolation, "Access denied"));
    }

    #[test]
    fn a_missing_file_or_directory_is_not_found() {
        for errno in [2, 20] {
            let answer = refuse_open(&io::Error::from_raw_os_error(errno));
            assert_eq!(answer, refusal(ErrorCode::NotFound, "File not found"));
        }
    }

    #[test]
    fn control_bytes_and_broken_utf8_are_escaped_and_the_rest_stays() {
        assert_eq!(printable(b"a%s b\n\x1b[m"), "a%s b\\012\\033[m");
        assert_eq!(
            printable("caf\u{e9} \u{85}".as_bytes()),
            "caf\u{e9} \\302\\205"
        );
        assert_eq!(printable(b"caf\xe9"), "caf\\351");
    }

    #[test]
    fn request_lines_name_client_and_file() {
        let line = request(
            Direction::Read,
            "10.77.0.10".parse().unwrap(),
            b"pxelinux.0",
        );
        assert_eq!(line, "RRQ from 10.77.0.10 filename pxelinux.0");
    }

    #[test]
    fn a_nak_line_names_code_text_and_client() {
        let line = nak(
            &Refusal::from(ErrorCode::NotFound),
            "::ffff:10.77.0.10".parse().unwrap(),
        );
        assert_eq!(line, "sending NAK (1, File not found) to 10.77.0.10");
    }
}
