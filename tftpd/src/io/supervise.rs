//! Two processes: a supervisor that keeps root only to remove the pid file, and the server, which gives root up.
//!
//! A pair of connected sockets is their lifeline. The server writes [`FINE`] when it serves, and once more when its
//! listening sockets are closed; instead of the first it writes the exit status of a start that failed. The supervisor
//! says "stop" by closing its end, which also happens when it is killed: no server stays behind unseen. On SIGTERM the
//! supervisor ends as soon as the port is free, as the original's parent does; the server finishes its transfers alone.

use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use common::log::Logger;
use common::process::{PidFile, Readiness};
use common::sys::fork::{self, Side};
use nix::sys::socket::{Shutdown, shutdown};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{SYSTEM, StartError};
use crate::words;

/// The server's word that all is well.
const FINE: u8 = 0;

/// Which of the two processes the caller is.
pub(super) enum Watch {
    /// The one that keeps root.
    Supervisor(UnixStream),
    /// The one that serves.
    Server(Lifeline),
}

/// The server's end.
pub(super) struct Lifeline(UnixStream);

/// The signals that end the service. While one of these exists SIGHUP does nothing.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
    _hangup: Signal,
}

/// Splits the process. Must come before any runtime.
pub(super) fn split() -> io::Result<Watch> {
    let (supervisor, server) = UnixStream::pair()?;
    Ok(match fork::split()? {
        Side::Parent => Watch::Supervisor(supervisor),
        Side::Child => Watch::Server(Lifeline(server)),
    })
}

/// The pid file and its name for messages.
pub(super) struct NamedPidFile {
    file: PidFile,
    path: PathBuf,
}

/// A pid file that cannot be written is logged; the server runs on without.
pub(super) fn write_pid_file(path: Option<PathBuf>, logger: &Logger) -> Option<NamedPidFile> {
    let path = path?;
    match PidFile::write(&path) {
        Ok(file) => Some(NamedPidFile { file, path }),
        Err(error) => {
            logger.error(&words::unwritten_pid_file(path.display(), &error));
            None
        }
    }
}

/// The supervisor's life. Returns its exit status.
pub(super) fn watch(
    lifeline: UnixStream,
    pid_file: Option<NamedPidFile>,
    readiness: Option<Readiness>,
) -> Result<u8, StartError> {
    let status = runtime()?.block_on(until_port_is_free(lifeline, readiness));
    let removed = pid_file.map_or(Ok(()), NamedPidFile::remove);
    let status = status?;
    removed.map(|()| status)
}

impl NamedPidFile {
    fn remove(self) -> Result<(), StartError> {
        let removed = self.file.remove();
        removed.map_err(|error| {
            StartError::new(
                SYSTEM,
                words::unremoved_pid_file(self.path.display(), &error),
            )
        })
    }
}

async fn until_port_is_free(
    lifeline: UnixStream,
    readiness: Option<Readiness>,
) -> Result<u8, StartError> {
    let poll_failure = |error| failure("poll", &error);
    let mut stop = Stop::listen().map_err(poll_failure)?;
    let lifeline = into_tokio(lifeline).map_err(poll_failure)?;
    let status = hear(&lifeline).await.ok_or_else(server_died)?;
    tell_shell(readiness, status);
    if status != FINE {
        return Ok(status);
    }
    tokio::select! {
        word = hear(&lifeline) => return word.ok_or_else(server_died),
        () = stop.requested() => {}
    }
    say_stop(&lifeline).map_err(poll_failure)?;
    hear(&lifeline).await.ok_or_else(server_died)
}

/// Half of the lifeline stays open, to hear that the port is free.
fn say_stop(lifeline: &tokio::net::UnixStream) -> io::Result<()> {
    Ok(shutdown(lifeline.as_raw_fd(), Shutdown::Write)?)
}

fn server_died() -> StartError {
    StartError::new(SYSTEM, words::SERVER_DIED)
}

/// The shell may be gone; the daemon serves all the same.
fn tell_shell(readiness: Option<Readiness>, status: u8) {
    let Some(readiness) = readiness else {
        return;
    };
    let _ = if status == FINE {
        readiness.succeed()
    } else {
        readiness.fail(status)
    };
}

impl Lifeline {
    /// The service has begun.
    pub(super) fn tell_serving(&self) -> io::Result<()> {
        (&self.0).write_all(&[FINE])
    }

    /// The start failed.
    pub(super) fn tell_failure(&self, status: u8) -> io::Result<()> {
        (&self.0).write_all(&[status])
    }

    /// From now on [`Cut::heard`] tells when the supervisor wants an end.
    pub(super) fn watch(self) -> io::Result<Cut> {
        Ok(Cut(into_tokio(self.0)?))
    }
}

/// The server's end inside the reactor.
pub(super) struct Cut(tokio::net::UnixStream);

impl Cut {
    /// Ends when the supervisor wants the service to end, or is gone.
    pub(super) async fn heard(&self) {
        while hear(&self.0).await.is_some() {}
    }

    /// The listening sockets are closed. A supervisor that is gone need not know.
    pub(super) fn tell_stopped(self) {
        let _ = self.0.try_write(&[FINE]);
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

/// The next byte from the other side; `None` if its end is closed.
async fn hear(stream: &tokio::net::UnixStream) -> Option<u8> {
    loop {
        stream.readable().await.ok()?;
        let mut byte = [FINE];
        match stream.try_read(&mut byte) {
            Ok(1) => return byte.first().copied(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return None,
        }
    }
}

fn into_tokio(stream: UnixStream) -> io::Result<tokio::net::UnixStream> {
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}

/// A reactor on the calling thread.
pub(super) fn runtime() -> Result<Runtime, StartError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failure("epoll", &error))
}

fn failure(call: &str, error: &io::Error) -> StartError {
    StartError::new(SYSTEM, words::failed_call(call, error))
}
