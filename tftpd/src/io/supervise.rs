//! Two processes: a supervisor that keeps root to remove the pid file and to read the map file and the access files, and
//! the server, which gives root up. On SIGTERM the supervisor ends as soon as the port is free, as the original's parent does; the
//! server finishes its transfers alone.

use std::env;
use std::io;
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use common::log::{Level, Logger};
use common::process::{Notifier, PidFile, Readiness};
use common::sys::fork::{self, Side};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{LocalSet, spawn_local};

use super::access_files;
use super::lifeline::{Lifeline, Order, Report, SupervisorEnd};
use super::map_file;
use crate::cli::{Running, Settings};
use crate::exit::{SYSTEM, StartError};
use crate::words;
use crate::wrappers::Parties;

/// Which of the two processes the caller is.
pub(super) enum Watch {
    /// The one that keeps root.
    Supervisor(UnixStream),
    /// The one that serves.
    Server(Lifeline),
}

/// The signals that end the service. While one of these exists SIGHUP does nothing.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
    _hangup: Signal,
}

/// What the supervisor knows.
pub(super) struct Supervisor {
    running: Running,
    map_file: Option<PathBuf>,
    pid_file: Option<NamedPidFile>,
    /// What the access files call us.
    daemon: String,
    logger: Arc<Logger>,
}

/// Splits the process. Must come before any runtime.
pub(super) fn split() -> io::Result<Watch> {
    let (supervisor, server) = UnixStream::pair()?;
    Ok(match fork::split()? {
        Side::Parent(_) => Watch::Supervisor(supervisor),
        Side::Child => Watch::Server(Lifeline(server)),
    })
}

/// The pid file and its name for messages.
struct NamedPidFile {
    file: PidFile,
    path: PathBuf,
}

impl NamedPidFile {
    /// The exit status that comes of it.
    fn remove(self, logger: &Logger) -> u8 {
        let Err(error) = self.file.remove() else {
            return 0;
        };
        logger.start_waiting();
        let text = words::unremoved_pid_file(self.path.display(), &error);
        logger.write(Level::Warning, &text);
        SYSTEM
    }
}

impl Supervisor {
    /// Writes the pid file, which holds the number of the calling process. One that cannot be written is logged; the
    /// server runs on without.
    pub(super) fn new(settings: &Settings, logger: Arc<Logger>) -> Self {
        Self {
            running: settings.running,
            map_file: settings.map_file.clone(),
            pid_file: write_pid_file(settings, &logger),
            daemon: daemon_name(),
            logger,
        }
    }

    /// The supervisor's life. Returns its exit status.
    pub(super) fn watch(
        mut self,
        lifeline: UnixStream,
        readiness: Option<Readiness>,
    ) -> Result<u8, StartError> {
        let tasks = LocalSet::new();
        let service = tasks.run_until(self.until_port_is_free(lifeline, readiness));
        let status = runtime()?.block_on(service);
        let pid_file = self.pid_file.take();
        let removed = pid_file.map_or(0, |file| file.remove(&self.logger));
        Ok(match status? {
            0 => removed,
            status => status,
        })
    }

    async fn until_port_is_free(
        &self,
        lifeline: UnixStream,
        readiness: Option<Readiness>,
    ) -> Result<u8, StartError> {
        let lifeline = Rc::new(SupervisorEnd::new(lifeline).map_err(poll_failure)?);
        let mut signals = Signals::listen(self.running).map_err(poll_failure)?;
        let status = match lifeline.report().await.ok_or_else(server_died)? {
            Report::Failed(status) => status,
            Report::Serving | Report::Stopped | Report::MayServe { .. } => 0,
        };
        tell_shell(readiness, status);
        if status != 0 {
            return Ok(status);
        }
        // A manager that is gone waits for nothing.
        let _ = Notifier::from_environment().ready();
        loop {
            tokio::select! {
                report = lifeline.report() => match report.ok_or_else(server_died)? {
                    Report::Failed(status) => return Ok(status),
                    Report::Stopped => return Ok(0),
                    Report::MayServe { id, client, server } => {
                        self.judge(&lifeline, id, client, server);
                    }
                    Report::Serving => {}
                },
                wish = signals.wish() => match wish {
                    Wish::Stop => break,
                    Wish::Reload => self.reload(&lifeline).await,
                }
            }
        }
        lifeline.say_stop().map_err(poll_failure)?;
        while lifeline.report().await.ok_or_else(server_died)? != Report::Stopped {}
        Ok(0)
    }

    /// Answers whether a client may be served, while others wait for their answers.
    fn judge(&self, lifeline: &Rc<SupervisorEnd>, id: u32, client: IpAddr, server: IpAddr) {
        let parties = Parties {
            daemon: self.daemon.clone(),
            client,
            server,
        };
        let (lifeline, logger) = (Rc::clone(lifeline), Arc::clone(&self.logger));
        spawn_local(async move {
            let permission = access_files::judge(parties, logger).await;
            // A server that is gone is noticed elsewhere.
            let _ = lifeline.send(&Order::Permission(id, permission)).await;
        });
    }

    /// The file is read here, outside of the root directory of the server and with the rights of who started it, as the
    /// original does; the server decides whether it can be used. A server that is gone is noticed elsewhere.
    async fn reload(&self, lifeline: &SupervisorEnd) {
        let Some(path) = &self.map_file else {
            return;
        };
        match map_file::read(path) {
            Ok(file) => {
                let _ = lifeline.send(&Order::Rules(file)).await;
            }
            Err(error) => {
                let text = words::remap::unopened_again(path.display(), &error);
                self.logger.error(&text);
            }
        }
    }
}

/// The last part of what the program was started as.
fn daemon_name() -> String {
    let program = env::args_os().next().unwrap_or_default();
    let name = Path::new(&program).file_name();
    name.unwrap_or_default().to_string_lossy().into_owned()
}

fn write_pid_file(settings: &Settings, logger: &Logger) -> Option<NamedPidFile> {
    let path = settings.pid_file.as_deref()?;
    if settings.running == Running::Inetd {
        logger.write(Level::Warning, words::IGNORED_PID_FILE);
        return None;
    }
    try_pid_file(path)
        .map_err(|error| logger.error(&words::unwritten_pid_file(path.display(), &error)))
        .ok()
}

fn try_pid_file(path: &Path) -> io::Result<NamedPidFile> {
    Ok(NamedPidFile {
        file: PidFile::write(path)?,
        path: path.to_owned(),
    })
}

fn server_died() -> StartError {
    StartError::new(SYSTEM, words::SERVER_DIED)
}

/// The shell may be gone; the daemon serves all the same.
fn tell_shell(readiness: Option<Readiness>, status: u8) {
    let Some(readiness) = readiness else {
        return;
    };
    let _ = if status == 0 {
        readiness.succeed()
    } else {
        readiness.fail(status)
    };
}

/// The signals that the supervisor hears.
struct Signals {
    /// Under inetd these end the process the default way.
    stop: Option<(Signal, Signal)>,
    hangup: Signal,
}

enum Wish {
    Stop,
    Reload,
}

impl Signals {
    fn listen(running: Running) -> io::Result<Self> {
        let stop = match running {
            Running::Inetd => None,
            Running::Background | Running::Foreground => Some((
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
            )),
        };
        Ok(Self {
            stop,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal. SIGHUP ends a server that inetd has started: it will start another one.
    async fn wish(&mut self) -> Wish {
        let Some((terminate, interrupt)) = &mut self.stop else {
            self.hangup.recv().await;
            return Wish::Stop;
        };
        tokio::select! {
            _ = terminate.recv() => Wish::Stop,
            _ = interrupt.recv() => Wish::Stop,
            _ = self.hangup.recv() => Wish::Reload,
        }
    }
}

impl Stop {
    /// Takes the signals over. Must be called inside a runtime.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Ends when one of them has come.
    pub(super) async fn requested(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// How many files can be waited for at the same time. What a dead disk or network holds up is not there for the others.
const WAITERS: usize = 64;

/// A reactor on the calling thread.
pub(super) fn runtime() -> Result<Runtime, StartError> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(WAITERS)
        .build()
        .map_err(|error| failure("epoll", &error))
}

fn poll_failure(error: io::Error) -> StartError {
    failure("poll", &error)
}

fn failure(call: &str, error: &io::Error) -> StartError {
    StartError::new(SYSTEM, words::failed_call(call, error))
}
