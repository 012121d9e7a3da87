//! From the command line to serving, in the original's order (reference isc-dhcpd-behaviour.md, section 2).

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use common::log::{Facility, Level, Logger};
use common::process::{self, Notifier, Readiness, Side};
use common::sys::icmp::IcmpSocket;
use common::sys::interface_monitor::InterfaceMonitor;
use common::sys::signals;

use super::clock;
use super::configuration;
use super::draft::Draft;
use super::failure::Fatal;
use super::identity::Identity;
use super::interfaces::Interfaces;
use super::paths::Paths;
use super::resolver::Resolver;
use super::sandbox;
use super::server::{self, Parts};
use crate::cli::{self, Goal, Options, Refusal, Residence};
use crate::config::Family;
use crate::engine4::Engine;
use crate::words;

/// The port of a BOOTP server (RFC 951).
const SERVER_PORT: u16 = 67;

/// Complains about a command line of `program` and says how to leave.
#[must_use]
pub fn refuse(refusal: &Refusal, program: &str) -> ExitCode {
    let logger = open_log();
    match refusal {
        Refusal::Usage(text) => {
            greet(&logger);
            logger.error(text);
            end(&Fatal::from(words::usage(program)), &logger)
        }
        Refusal::Value(text) => end(&Fatal::from(text.as_str()), &logger),
    }
}

/// Does what the command line asks for and says how to leave.
#[must_use]
pub fn run(options: Options) -> ExitCode {
    let logger = open_log();
    process::log_panics(Arc::clone(&logger));
    match start(options, &logger) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Fatal(fatal)) => end(&fatal, &logger),
        Err(Stop::Parent(status)) => ExitCode::from(status),
    }
}

/// Why a start goes no further.
enum Stop {
    Fatal(Fatal),
    /// This is the process that the shell waits for, and the other one has told it how to end.
    Parent(u8),
}

impl From<Fatal> for Stop {
    fn from(fatal: Fatal) -> Self {
        Self::Fatal(fatal)
    }
}

fn open_log() -> Arc<Logger> {
    let logger = Logger::open("dhcpd", Facility::LOG_DAEMON);
    logger.start_stderr();
    logger.start_waiting();
    Arc::new(logger)
}

fn greet(logger: &Logger) {
    words::banner().iter().for_each(|line| logger.info(line));
}

fn end(fatal: &Fatal, logger: &Logger) -> ExitCode {
    logger.start_waiting();
    fatal.lines().for_each(|line| logger.error(line));
    ExitCode::FAILURE
}

fn start(options: Options, logger: &Arc<Logger>) -> Result<(), Stop> {
    let paths = Paths::find(&options)?;
    if let Some(port) = options.port {
        logger.write(Level::Debug, &words::user_port(port));
    }
    if options.quiet {
        logger.stop_stderr();
    } else {
        greet(logger);
    }
    refuse_unsupported(&options)?;
    let port = choose_port(&options, logger)?;
    let identity = Identity::find(&options)?;
    let manager = Notifier::from_environment();
    let readiness = go_into_background(&options)?;
    let resolver = split_resolver(&options, identity, logger);
    let icmp = open_icmp(&options, logger);
    let draft = Draft::read(options, paths, port, resolver, logger)?;
    draft.log_files(logger)?;
    configuration::check_peers(draft.config(), logger)?;
    draft.change_root()?;
    match draft.goal() {
        Goal::TestConfiguration => {}
        Goal::TestLeases => draft.test_leases(logger)?,
        Goal::Serve => serve(draft, identity, icmp, (readiness, manager), logger)?,
    }
    Ok(())
}

/// Opens files and sockets, gives up root, and serves until a signal ends the process.
fn serve(
    mut draft: Draft,
    identity: Identity,
    icmp: Option<IcmpSocket>,
    (readiness, manager): (Option<Readiness>, Notifier),
    logger: &Arc<Logger>,
) -> Result<(), Fatal> {
    draft.check_pid_file()?;
    let helper = draft.split_helper(identity, readiness.as_ref(), logger);
    let mut stock = draft.open_leases(identity.owner(), logger)?;
    let rewritten = clock::now();
    stock.rewrite(draft.config(), rewritten, logger);
    let monitor = watch_interfaces(logger);
    let (listeners, egress) = draft.open_sockets(logger)?;
    let sockets = draft.sockets_for_later(identity.gives_up_root());
    stock.append_duid(&listeners, logger);
    draft.write_pid_file(logger);
    identity.take_on()?;
    let (config, wish) = (draft.shared_config(), draft.sandbox());
    let delay = draft.delay();
    let interfaces = Interfaces::new(
        Arc::clone(&config),
        draft.named_interfaces(),
        sockets,
        listeners.clone(),
        Arc::clone(logger),
    );
    let rates = draft.rates();
    let (leases, residence) = (draft.lease_file().to_owned(), draft.residence());
    let (setup, names) = draft.into_setup(listeners);
    sandbox::enter_server(wish, &leases, logger);
    settle(residence, readiness, &manager, logger)?;
    let engine = Engine::new(setup, stock.table, clock::now());
    let ended_by = server::run(Parts {
        engine,
        config,
        interfaces,
        monitor,
        names,
        helper,
        rates,
        egress: Arc::new(egress),
        file: stock.file,
        delay,
        reading: stock.reading,
        icmp,
        logger: Arc::clone(logger),
        rewritten,
    })?;
    signals::die_by(ended_by)
}

/// Lets go of the shell, unless `-d` or `-f` keeps it, and says that the server serves.
fn settle(
    residence: Residence,
    readiness: Option<Readiness>,
    manager: &Notifier,
    logger: &Logger,
) -> Result<(), Fatal> {
    if residence != Residence::ForegroundWithLog {
        logger.stop_stderr();
    }
    if let Some(readiness) = readiness {
        readiness
            .detach()
            .map_err(|error| words::cannot_detach(&error))?;
        // Nobody may be waiting any more.
        let _ = readiness.succeed();
    }
    // A manager that is gone waits for nothing.
    let _ = manager.ready();
    logger.info(words::STARTING_SERVICE);
    logger.stop_waiting();
    Ok(())
}

fn refuse_unsupported(options: &Options) -> Result<(), Fatal> {
    let serves = options.goal != Goal::TestConfiguration;
    let unsupported = [
        ("-6", serves && options.family == Family::Dhcpv6),
        ("-tf", options.trace.is_some()),
        ("-play", options.play.is_some() && options.leases.is_some()),
    ];
    if options.play.is_some() && options.leases.is_none() {
        return Err(words::PLAY_NEEDS_LEASE_FILE.into());
    }
    match unsupported.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(words::not_supported(flag).into()),
        None => Ok(()),
    }
}

/// The port from the command line or, failing that, from the environment; the configuration can still change it.
fn choose_port(options: &Options, logger: &Logger) -> Result<u16, Fatal> {
    if let Some(port) = options.port {
        return Ok(port);
    }
    let Some(text) = env::var_os("DHCPD_PORT") else {
        return Ok(SERVER_PORT);
    };
    let port = cli::parse_port(&text.to_string_lossy()).map_err(|refusal| refusal.to_string())?;
    logger.write(Level::Debug, &words::environment_port(port));
    Ok(port)
}

fn go_into_background(options: &Options) -> Result<Option<Readiness>, Stop> {
    if options.goal != Goal::Serve || options.residence != Residence::Background {
        return Ok(None);
    }
    match process::fork() {
        Ok(Side::Parent(starting)) => Err(Stop::Parent(starting.wait())),
        Ok(Side::Child(readiness)) => Ok(Some(readiness)),
        Err(error) => Err(Stop::Fatal(words::cannot_detach(&error).into())),
    }
}

/// Splits the resolver off while the process still has all rights, one thread and the system's own files. It ends at once
/// if the configuration has no use for it.
fn split_resolver(options: &Options, identity: Identity, logger: &Logger) -> Option<Resolver> {
    if options.goal != Goal::Serve {
        return None;
    }
    Resolver::start(identity, options.sandbox)
        .inspect_err(|error| logger.error(&words::no_resolver(error)))
        .ok()
}

/// The original never looks at its interfaces again, so this is no reason not to start.
fn watch_interfaces(logger: &Logger) -> Option<InterfaceMonitor> {
    InterfaceMonitor::open()
        .inspect_err(|error| logger.error(&words::no_interface_monitor(error)))
        .ok()
}

/// Without the right to use raw sockets no address can be checked before it is offered, but the original goes on.
fn open_icmp(options: &Options, logger: &Logger) -> Option<IcmpSocket> {
    if options.goal != Goal::Serve {
        return None;
    }
    IcmpSocket::open()
        .inspect_err(|error| logger.error(&words::no_icmp_socket(error)))
        .ok()
}
