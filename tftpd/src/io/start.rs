//! The start: from the command line to a serving process, in the original's order (reference tftpd-hpa.md, section 3).

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::log::{Facility, Level, Line, Logger};
use common::process::{self, Account, Readiness, Side};
use common::sys::{inherited, sandbox};
use nix::unistd::geteuid;

use super::given;
use super::journal;
use super::map_file;
use super::serve::Server;
use super::sockets;
use super::supervise::{self, Supervisor, Watch};
use crate::cli::{self, Complaint, Invocation, Running, Settings};
use crate::exit::{NO_INPUT, NO_USER, SYSTEM, StartError, USAGE};
use crate::words;

/// What a system calls the server if the command line does not.
const DEFAULT_TAG: &str = "rtftpd";

/// Runs the daemon. Returns the exit status.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // Before anything else can open a descriptor.
    let given = inherited::from_systemd();
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| DEFAULT_TAG.into());
    let logger = Arc::new(Logger::open(&tag(&program), Facility::LOG_DAEMON));
    process::log_panics(Arc::clone(&logger));
    let (complaints, invocation) = cli::parse(arguments);
    for complaint in &complaints {
        report_complaint(complaint, &program, &logger);
    }
    let outcome = invocation.and_then(|invocation| match invocation {
        Invocation::Version => Ok(print(words::VERSION)),
        Invocation::VersionInDetail => {
            let offered = words::sandbox(&sandbox::offered());
            Ok(print(&format!("{}\n{offered}", words::VERSION)))
        }
        Invocation::Serve(settings) => start(*settings, given, Arc::clone(&logger)),
    });
    outcome.unwrap_or_else(|error| {
        logger.start_waiting();
        logger.error(&error.text);
        show(&error, &program);
        error.status
    })
}

fn tag(program: &OsString) -> String {
    let name = Path::new(program).file_name();
    name.map_or_else(
        || DEFAULT_TAG.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Nobody may be listening on standard error; the log has the line too.
fn report_complaint(complaint: &Complaint, program: &OsString, logger: &Logger) {
    let line = [program.as_bytes(), b": ", &complaint.terminal, b"\n"].concat();
    let _ = io::stderr().write_all(&line);
    logger.error(&complaint.log);
}

/// The original tells its log alone. Who has just typed the command need not look there.
fn show(error: &StartError, program: &OsString) {
    if !error.shown && io::stderr().is_terminal() {
        let program = program.to_string_lossy();
        let _ = writeln!(io::stderr(), "{program}: {}", error.text);
    }
}

/// A closed standard output cannot be told to anybody.
fn print(text: &str) -> u8 {
    let _ = writeln!(io::stdout(), "{text}");
    0
}

fn start(settings: Settings, given: Vec<OwnedFd>, logger: Arc<Logger>) -> Result<u8, StartError> {
    let transfer_log = open_transfer_log(&settings)?;
    enter_directory(&settings)?;
    let account = find_account(&settings, &logger)?;
    let map = map_file::open(&settings, &logger)?;
    let sockets = match given::take(settings.running, given)? {
        Some(sockets) => sockets,
        None => sockets::open(&settings, &logger)?,
    };
    let mut server = Server::new(settings, account, map, Arc::clone(&logger));
    server.transfer_log = transfer_log;
    report_cut_wishes(&server);
    match server.settings.running {
        Running::Background => start_in_background(server, sockets, logger),
        Running::Foreground | Running::Inetd => serve(server, sockets, None, logger),
    }
}

/// A wish that the system does not allow is no reason not to serve.
fn report_cut_wishes(server: &Server) {
    let (settings, total) = (&server.settings, server.slots.total());
    let wishes = [
        ("--max-transfers", settings.max_transfers),
        (
            "--max-transfers-per-client",
            settings.max_transfers_per_client,
        ),
    ];
    for (flag, wish) in wishes {
        if let Some(wish) = wish.filter(|wish| *wish > total) {
            let text = words::fewer_transfers(flag, wish, total);
            server.logger.write(Level::Warning, &text);
        }
    }
}

/// Opened before anything changes the directory, the root or the user.
fn open_transfer_log(settings: &Settings) -> Result<Option<File>, StartError> {
    let Some(path) = &settings.transfer_log else {
        return Ok(None);
    };
    if path == Path::new("-") && settings.running != Running::Foreground {
        return Err(StartError::new(USAGE, words::NO_STANDARD_OUTPUT));
    }
    let file = journal::open(path);
    let unusable = |error| StartError::new(NO_INPUT, words::unusable(path.display(), &error));
    file.map(Some).map_err(unusable)
}

fn enter_directory(settings: &Settings) -> Result<(), StartError> {
    if !settings.secure {
        return Ok(());
    }
    let directory = match settings.directories.as_slice() {
        [] => return Err(StartError::new(USAGE, words::NO_DIRECTORY)),
        [directory] => Path::new(directory),
        _ => return Err(StartError::new(USAGE, words::SEVERAL_DIRECTORIES)),
    };
    env::set_current_dir(directory)
        .map_err(|error| StartError::new(NO_INPUT, words::unusable(directory.display(), &error)))
}

/// The account to become; `None` if we are not root and stay who we are.
fn find_account(settings: &Settings, logger: &Logger) -> Result<Option<Account>, StartError> {
    let user = &settings.user;
    let account = Account::find(user).ok().flatten();
    let account = account.ok_or_else(|| StartError::new(NO_USER, words::unknown_user(user)))?;
    if geteuid().is_root() {
        return Ok(Some(account));
    }
    logger.log(&Line {
        level: Level::Notice,
        text: words::unprivileged(user),
    });
    Ok(None)
}

fn start_in_background(
    server: Server,
    sockets: Vec<UdpSocket>,
    logger: Arc<Logger>,
) -> Result<u8, StartError> {
    let directory = if server.settings.secure {
        env::current_dir()
    } else {
        Ok(PathBuf::from("/"))
    };
    let directory = directory.map_err(|error| system_error("getcwd", &error))?;
    match process::fork().map_err(|error| system_error("daemon", &error))? {
        Side::Parent(starting) => {
            drop(sockets);
            Ok(starting.wait())
        }
        Side::Child(readiness) => {
            let detached = process::detach().and_then(|()| env::set_current_dir(&directory));
            detached.map_err(|error| system_error("daemon", &error))?;
            serve(server, sockets, Some(readiness), logger)
        }
    }
}

fn serve(
    server: Server,
    sockets: Vec<UdpSocket>,
    readiness: Option<Readiness>,
    logger: Arc<Logger>,
) -> Result<u8, StartError> {
    let supervisor = Supervisor::new(&server.settings, logger);
    match supervise::split().map_err(|error| system_error("fork", &error))? {
        Watch::Server(lifeline) => {
            drop((supervisor, readiness));
            server.run(sockets, lifeline)
        }
        Watch::Supervisor(lifeline) => {
            drop(sockets);
            drop(server);
            supervisor.watch(lifeline, readiness)
        }
    }
}

fn system_error(call: &str, error: &io::Error) -> StartError {
    StartError::new(SYSTEM, words::failed_call(call, error))
}
