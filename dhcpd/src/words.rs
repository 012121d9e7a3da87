//! Wording of what is said outside of the engine: command line, start-up, files, sockets.
//!
//! Scripts and log watchers know these lines; where they differ from the original's,
//! tests/developers/differences.md says why.

use std::fmt::Display;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use common::sys::names::LookupError;
use common::sys::packet;
use common::sys::sandbox::Outcome;

/// What `--version` prints: our own name, and the one that scripts look for.
#[must_use]
pub fn version() -> String {
    format!(
        "rdhcpd {} (compatible with isc-dhcpd-4.4.3-P1)",
        env!("CARGO_PKG_VERSION")
    )
}

/// What `--version --verbose` prints.
#[must_use]
pub fn version_in_detail(offered: &Outcome) -> String {
    format!("{}\n{}", version(), sandbox(offered))
}

/// What a server is locked in by.
#[must_use]
pub fn sandbox(outcome: &Outcome) -> String {
    format!("Sandbox: {outcome}")
}

/// A value of `--rate-limit` that is none.
#[must_use]
pub fn invalid_rate(word: &str) -> String {
    format!(
        "Invalid rate limit: {word} (messages a second of a client, or of a client and of an interface: 1000,100000)"
    )
}

/// Messages that were ignored since this was said last.
#[must_use]
pub fn messages_ignored(of_busy_clients: u64, of_strangers: u64) -> String {
    format!(
        "Rate limit: {of_busy_clients} messages of clients that send too many and {of_strangers} of unknown clients ignored"
    )
}

/// `--sandbox` and `--no-sandbox` together.
pub const SANDBOX_ON_AND_OFF: &str = "--sandbox and --no-sandbox cannot both be given.";

/// The process that would run programs cannot be made.
#[must_use]
pub fn no_helper(error: &io::Error) -> String {
    format!("Can't start the process that runs programs: {error}")
}

/// The lines at the head of every start. Tools that ask for a version look for "DHCP Server" with a number behind it.
#[must_use]
pub fn banner() -> [String; 2] {
    [
        format!("rdhcpd {}", env!("CARGO_PKG_VERSION")),
        "Compatible with Internet Systems Consortium DHCP Server 4.4.3-P1".to_owned(),
    ]
}

/// What `--help` prints, with the name that the program was called by.
#[must_use]
pub fn usage(program: &str) -> String {
    format!(
        "\
Usage: {program} [-p <UDP port #>] [-f] [-d] [-q] [-t|-T]
             [-4|-6] [-cf config-file] [-lf lease-file]
             [-user user] [-group group] [-chroot dir]
             [-tf trace-output-file]
             [-play trace-input-file]
             [-pf pid-file] [--no-pid] [-s server]
             [if0 [...ifN]]
       {program} {{--version|--help|-h}}"
    )
}

/// What follows every fatal message; the original's text sends the reader to its own makers.
pub const TRAILER: &str = "
If you think you have received this message due to a bug rather
than a configuration issue please read the section on submitting
bugs in the README file before submitting a bug.

exiting.";

/// A word with a leading dash that is no flag.
#[must_use]
pub fn unknown_command(word: &str) -> String {
    format!("Unknown command {word}")
}

/// A flag at the end of the command line that wants an argument. The blank at the end is the original's.
#[must_use]
pub fn no_argument(flag: &str) -> String {
    format!("No argument for command: {flag} ")
}

/// A port that is no number.
#[must_use]
pub fn invalid_port(word: &str) -> String {
    format!("Invalid port number specification: {word}")
}

/// A port that is no port.
pub const PORT_OUT_OF_RANGE: &str = "Port number specified is out of range (1-65535).";

/// `-4` and `-6` together.
pub const BOTH_FAMILIES: &str = "Server cannot run in both IPv4 and IPv6 mode at the same time.";

/// A word behind `--diagnostics` that is no style.
#[must_use]
pub fn unknown_style(word: &str) -> String {
    format!("--diagnostics: {word}: expecting plain, rich or json")
}

/// An interface name that the kernel cannot have.
#[must_use]
pub fn interface_name_too_long(name: &str) -> String {
    format!("{name}: interface name too long (is {})", name.len())
}

/// A flag of the original that this version does not serve.
#[must_use]
pub fn not_supported(flag: &str) -> String {
    format!("{flag} is not supported yet.")
}

/// `-play` would write into the lease file of the running server.
pub const PLAY_NEEDS_LEASE_FILE: &str = "
** You must specify a lease file with -lf.
   Dhcpd will not overwrite your default
   lease file when playing back a trace. **";

/// The port was given by `-p`.
#[must_use]
pub fn user_port(port: u16) -> String {
    format!("binding to user-specified port {port}")
}

/// The port was given by DHCPD_PORT.
#[must_use]
pub fn environment_port(port: u16) -> String {
    format!("binding to environment-specified port {port}")
}

/// The three files of the server.
#[must_use]
pub fn files(config: &Path, leases: &Path, pid: &Path) -> [String; 3] {
    [
        format!("Config file: {}", config.display()),
        format!("Database file: {}", leases.display()),
        format!("PID file: {}", pid.display()),
    ]
}

/// `-user` names nobody.
#[must_use]
pub fn no_such_user(name: &str) -> String {
    format!("no such user: {name}")
}

/// `-group` names nothing.
#[must_use]
pub fn no_such_group(name: &str) -> String {
    format!("no such group: {name}")
}

/// Only root can become somebody else or change its root directory.
#[must_use]
pub fn must_be_root(to: &str) -> String {
    format!("you must be root to {to}")
}

/// The root directory could not be changed.
#[must_use]
pub fn chroot_failed(path: &Path, error: &io::Error) -> String {
    format!("chroot(\"{}\"): {}", path.display(), reason(error))
}

/// A step of giving up root failed.
#[must_use]
pub fn cannot_drop_privileges(error: &io::Error) -> String {
    format!("cannot drop privileges: {}", reason(error))
}

/// No echo requests can be sent.
#[must_use]
pub fn no_icmp_socket(error: &io::Error) -> String {
    format!("unable to create icmp socket: {}", reason(error))
}

/// An echo request could not be sent.
#[must_use]
pub fn ping_failed(address: Ipv4Addr, error: &io::Error) -> String {
    format!("icmp_echorequest {address}: {}", reason(error))
}

/// A file can be opened, but not read.
#[must_use]
pub fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("Can't read in {}: {}", path.display(), reason(error))
}

/// The configuration has errors, which have been listed.
pub const CONFIGURATION_ERRORS: &str = "Configuration file errors encountered -- exiting";

/// A statement that this server accepts but does not serve.
#[must_use]
pub fn unsupported_statement(file: &str, line: u32, text: &str) -> String {
    format!("{file} line {line}: {text}")
}

/// There were too many messages about the configuration to print them all.
#[must_use]
pub fn more_messages(count: usize) -> String {
    format!("{count} more messages about the configuration")
}

/// `dont-use-fsync true` is configured.
pub const NOT_SYNCED: &str = "Not using fsync() to flush lease writes";

/// `server-id-check true` is configured.
pub const SERVER_ID_CHECKED: &str = "Setting server-id-check true";

/// The pid file names a living process.
pub const ALREADY_RUNNING: &str = "There's already a DHCP server running.";

/// The pid file cannot be written; the server goes on.
#[must_use]
pub fn cannot_write_pid_file(path: &Path, error: &io::Error) -> String {
    format!(
        "Can't create PID file {}: {}.",
        path.display(),
        reason(error)
    )
}

/// The directory of a lease file does not exist.
#[must_use]
pub fn no_real_path(path: &Path, error: &io::Error) -> String {
    format!(
        "Failed to get realpath for {}: {}",
        path.display(),
        reason(error)
    )
}

/// There is no lease file.
#[must_use]
pub fn no_lease_file(path: &Path, error: &io::Error) -> String {
    format!(
        "Can't open lease database {}: {} --
  check for failed database rewrite attempt!
Please read the dhcpd.leases manual page if you
don't know what to do about this.",
        path.display(),
        reason(error)
    )
}

/// The lease file was missing and has been made.
#[must_use]
pub fn created_lease_file(path: &Path) -> String {
    format!("Created lease database {}.", path.display())
}

/// The lease file cannot be written.
#[must_use]
pub fn cannot_append(path: &Path) -> String {
    format!("Can't open {} for append.", path.display())
}

/// No new lease file could be made.
#[must_use]
pub fn cannot_create_lease_file(error: &io::Error) -> String {
    format!("Can't create new lease file: {}", reason(error))
}

/// The old lease file could not be kept.
#[must_use]
pub fn cannot_backup(path: &Path, backup: &Path, error: &io::Error) -> String {
    format!(
        "Can't backup lease database {} to {}: {}",
        path.display(),
        backup.display(),
        reason(error)
    )
}

/// The new lease file could not take the place of the old one.
#[must_use]
pub fn cannot_install(new: &Path, path: &Path, error: &io::Error) -> String {
    format!(
        "Can't install new lease database {} to {}: {}",
        new.display(),
        path.display(),
        reason(error)
    )
}

/// `-T` is through.
#[must_use]
pub fn lease_test_passed(path: &Path) -> String {
    format!(
        "Lease file test successful, removing temp lease file: {}",
        path.display()
    )
}

/// The backup of the time before could not be removed.
#[must_use]
pub fn cannot_remove_backup(backup: &Path, error: &io::Error) -> String {
    format!(
        "Can't remove old lease database backup {}: {}",
        backup.display(),
        reason(error)
    )
}

/// A record could not be written.
#[must_use]
pub fn write_failed(error: &io::Error) -> String {
    format!(
        "commit_leases: unable to commit, fflush(): {}",
        reason(error)
    )
}

/// Nobody knows whether a record is on disk.
#[must_use]
pub fn sync_failed(error: &io::Error) -> String {
    format!(
        "commit_leases: unable to commit, fsync(): {}",
        reason(error)
    )
}

/// Another program took the lease file away, cut it, or put another one in its place.
#[must_use]
pub fn lease_file_changed(path: &Path) -> String {
    format!(
        "commit_leases: {} is not what was written: it will be written anew.",
        path.display()
    )
}

/// Replies that would promise what is not on disk have been kept back.
#[must_use]
pub fn replies_withheld(count: u64) -> String {
    format!("commit_leases: {count} replies withheld: no lease is promised that is not on disk.")
}

/// The lease file has everything again.
#[must_use]
pub fn commits_again(withheld: u64) -> String {
    format!("commit_leases: leases can be written again; {withheld} replies were withheld.")
}

/// An interface of a kind that we cannot serve.
#[must_use]
pub fn unsupported_device(kind: u16, name: &str) -> String {
    format!("Unsupported device type {kind} for \"{name}\"")
}

/// A packet socket could not be had.
#[must_use]
pub fn no_packet_socket(error: &io::Error) -> String {
    format!("Open a socket for {}: {}", packet::KIND, reason(error))
}

/// The interface list could not be read.
#[must_use]
pub fn no_interfaces(error: &io::Error) -> String {
    format!("Error finding all interfaces; {}", reason(error))
}

/// An interface that was not there at the start is served from now on.
#[must_use]
pub fn interface_new(name: &str, address: Ipv4Addr) -> String {
    format!("Interface {name} has come up with {address}.")
}

/// An interface that was amiss, or was made anew, is served again.
#[must_use]
pub fn interface_back(name: &str, address: Ipv4Addr) -> String {
    format!("Interface {name} is back with {address}.")
}

/// An interface has another address, or a hardware address.
#[must_use]
pub fn interface_moved(name: &str, address: Ipv4Addr) -> String {
    format!("Interface {name} has changed and has {address} now.")
}

/// An interface is up, but has no address in a subnet any more.
#[must_use]
pub fn interface_without_address(name: &str, address: Ipv4Addr) -> String {
    format!(
        "Interface {name} has lost {address}. Until it has an address again it is served as before."
    )
}

/// An interface was switched off.
#[must_use]
pub fn interface_down(name: &str) -> String {
    format!("Interface {name} is down.")
}

/// An interface was removed.
#[must_use]
pub fn interface_gone(name: &str) -> String {
    format!("Interface {name} is gone.")
}

/// Changes of interfaces will not be noticed.
#[must_use]
pub fn no_interface_monitor(error: &io::Error) -> String {
    format!(
        "Changes of interfaces cannot be followed: {}",
        reason(error)
    )
}

/// What the server listens on: kind, interface, link address and network separated by slashes.
#[must_use]
pub fn listening(endpoint: &str) -> String {
    format!("Listening on {endpoint}")
}

/// What the server sends on.
#[must_use]
pub fn sending(endpoint: &str) -> String {
    format!("Sending on   {endpoint}")
}

/// The socket for datagrams that the kernel routes.
pub const FALLBACK: &str = "Socket/fallback/fallback-net";

/// The fallback socket could not be had.
#[must_use]
pub fn cannot_bind(error: &io::Error) -> String {
    format!("Can't bind to dhcp address: {}", reason(error))
}

/// What follows when another program has the port.
pub const PORT_IN_USE_ADVICE: &str = "Please make sure there is no other dhcp server
running and that there's no entry for dhcp or
bootp in /etc/inetd.conf.   Also make sure you
are not running HP JetAdmin software, which
includes a bootp server.";

/// No interface is left.
pub const NO_INTERFACES: &str = "\nNot configured to listen on any interfaces!";

/// The server serves.
pub const STARTING_SERVICE: &str = "Server starting service.";

/// The server could not go into the background.
#[must_use]
pub fn cannot_detach(error: &io::Error) -> String {
    format!("Can't fork daemon: {}", reason(error))
}

/// A host name has no address, for the time being or at all.
#[must_use]
pub fn lookup_failed(name: &str, error: LookupError) -> String {
    match error {
        LookupError::Unknown => format!("{name}: host unknown."),
        LookupError::NoAddress => format!("{name}: no A record associated with address"),
        LookupError::Temporary => format!("{name}: temporary name server failure"),
        LookupError::Failed => format!("{name}: name server failed"),
    }
}

/// A host name has an address again.
#[must_use]
pub fn lookup_succeeds(name: &str) -> String {
    format!("{name}: has an address again")
}

/// Host names cannot be looked up.
#[must_use]
pub fn no_resolver(error: &io::Error) -> String {
    format!("Host names cannot be looked up: {}", reason(error))
}

/// The process that looks host names up has ended.
pub const RESOLVER_GONE: &str = "Host names are not looked up any more: the resolver has ended.";

/// A program that the configuration names could not be started.
#[must_use]
pub fn cannot_execute(program: &str, error: &io::Error) -> String {
    format!("Unable to execute {program}: {}", reason(error))
}

/// A program did not end well; the status is that of wait(2).
#[must_use]
pub fn exit_status(program: &str, status: i32) -> String {
    format!("execute: {program} exit status {status}")
}

/// A program took too long and was killed.
#[must_use]
pub fn program_overdue(program: &str, seconds: u64) -> String {
    format!("execute: {program} killed: it has not ended for {seconds} seconds.")
}

/// Too many programs wait for their turn.
#[must_use]
pub fn program_refused(program: &str, waiting: usize) -> String {
    format!("execute: {program} not run: {waiting} programs are waiting.")
}

/// So many programs were not run while too many waited.
#[must_use]
pub fn programs_refused(count: u64) -> String {
    format!("execute: {count} programs were not run because too many were waiting.")
}

/// The server ends before all programs have been run.
pub const PROGRAMS_LEFT: &str = "execute: programs that still wait are not run.";

/// A frame or datagram could not be sent.
#[must_use]
pub fn send_failed(error: &io::Error) -> String {
    format!("send_packet: {}", reason(error))
}

/// What the original adds when a frame could not be sent.
pub const SEND_ADVICE: &str =
    "send_packet: please consult README file regarding broadcast address.";

/// What the original adds when a datagram could not be sent.
#[must_use]
pub fn fallback_failed(length: usize) -> String {
    format!("dhcp.c:1986: Failed to send {length} byte long packet over fallback interface.")
}

/// Nothing can be received on an interface for now.
#[must_use]
pub fn receive_failed(interface: &str, error: &io::Error) -> String {
    format!("receive_packet failed on {interface}: {}", reason(error))
}

/// Datagrams with a wrong checksum came in.
#[must_use]
pub fn bad_checksums(bad: u64, all: u64) -> String {
    format!("{bad} bad udp checksums in {all} packets")
}

/// The event loop could not be had.
#[must_use]
pub fn no_event_loop(error: &impl Display) -> String {
    format!("Can't start the event loop: {error}")
}

/// The system's words for an error, as the C library has them: without the number that the standard library adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error();
    let suffix = number.map(|code| format!(" (os error {code})"));
    let words = suffix.and_then(|suffix| text.strip_suffix(&suffix).map(str::to_owned));
    words.unwrap_or(text)
}
