//! Where it is measured: two namespaces joined by a veth pair, a directory on a real disk, and a log that is read.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use common::sys::batch::ReceiveBatch;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use std::os::fd::AsFd;
use tests::failure::{Context, Failure, Result};
use tests::lab::{Namespace, Running, Scratch, View};

use super::disk::{Disk, SyncTime};

/// The server's address.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The load's address: that of a relay agent.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The server's interface.
pub const SERVER_LINK: &str = "srv0";
/// The load's interface.
pub const CLIENT_LINK: &str = "cli0";

/// Longest queue of log lines, as systemd sets it for a machine's log; the kernel's own default of ten would lose lines.
const LOG_QUEUE: &str = "512";
/// Longest log line that is counted whole.
const LOG_LINE: usize = 1024;

/// Two namespaces, and a directory for files.
pub struct Site {
    server: Namespace,
    client: Namespace,
    directory: PathBuf,
    view: View,
    logged: Arc<AtomicU64>,
    _log: Scratch,
}

impl Site {
    /// Makes it. `directory` is where leases are kept.
    pub fn new(directory: &Path) -> Result<Self> {
        let kind = statfs(directory).context(directory.display())?;
        if kind.filesystem_type() == TMPFS_MAGIC {
            let shown = directory.display();
            return Err(Failure::new(format!(
                "{shown} is no disk: name one with --directory"
            )));
        }
        let server = Namespace::new("bench-srv")?;
        let client = Namespace::new("bench-cli")?;
        server.add_veth(SERVER_LINK, &client, CLIENT_LINK)?;
        server.bring_up(SERVER_LINK, Some(&format!("{SERVER}/8")))?;
        client.bring_up(CLIENT_LINK, Some(&format!("{CLIENT}/8")))?;
        let log = Scratch::new("bench-log")?;
        let socket = log.path().join("log");
        let logged = Arc::new(AtomicU64::new(0));
        server.enter(|| read_log(&socket, Arc::clone(&logged)))??;
        Ok(Self {
            server,
            client,
            directory: directory.to_owned(),
            view: View::default().log_to(socket),
            logged,
            _log: log,
        })
    }

    /// A directory for files on the disk, which goes when it is dropped.
    pub fn files(&self, label: &str) -> Result<Scratch> {
        Scratch::new_in(&self.directory, label)
    }

    /// Starts a server.
    pub fn spawn_server(&self, command: &mut Command) -> Result<Running> {
        self.server.spawn_with(&self.view, command)
    }

    /// Runs a program of the client's to its end.
    pub fn run_client(&self, command: &mut Command) -> Result<Output> {
        self.client.output(command)
    }

    /// Does something where the client is.
    pub fn in_client<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.client.enter(work)
    }

    /// Log lines that servers have sent so far.
    pub fn logged(&self) -> u64 {
        self.logged.load(Ordering::Relaxed)
    }

    /// How long an append of a lease takes until it is on disk.
    pub fn sync_time(&self, disk: Disk) -> Result<SyncTime> {
        disk.sync_time(&self.directory)
    }
}

/// Reads what is sent to the log as a log daemon would, and only counts it. Runs in the calling thread's namespace, where the
/// length of the queue is set.
fn read_log(path: &Path, logged: Arc<AtomicU64>) -> Result<()> {
    // Not every kernel lets it be set; then lines may be lost, which the count shows.
    let _ = fs::write("/proc/sys/net/unix/max_dgram_qlen", LOG_QUEUE);
    let socket = UnixDatagram::bind(path).context("cannot bind a log socket")?;
    let mut batch = ReceiveBatch::new(LOG_LINE);
    thread::spawn(move || {
        loop {
            let mut waiting = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
            if poll(&mut waiting, PollTimeout::NONE).is_err() {
                continue;
            }
            let lines = batch.receive(&socket).unwrap_or(0);
            logged.fetch_add(u64::try_from(lines).unwrap_or(0), Ordering::Relaxed);
        }
    });
    Ok(())
}
