//! The transfer log (`--log-json`): lines go to a thread that may wait for a disk or a reader; the service never does.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::log::{Level, Logger};
use common::time::Time;

use crate::record::{Outcome, Record};
use crate::session::Session;
use crate::wire::Intent;
use crate::words;

/// Lines that may wait for the thread; what is more is lost, and counted.
const MOST_WAITING: usize = 4096;
/// What is written at once.
const PIECE: usize = 64 << 10;
/// The file's mode: names and addresses are not for everybody.
const MODE: u32 = 0o640;
/// How long the end of the service waits for lines on their way.
const PATIENCE: Duration = Duration::from_secs(2);

/// The log.
pub(super) struct Journal {
    sender: Option<SyncSender<String>>,
    lost: Cell<u64>,
    written: Receiver<()>,
}

/// A request whose transfer is still to end.
pub(super) struct Entry {
    journal: Rc<Journal>,
    begun: Time,
    clock: Instant,
    client: SocketAddr,
    direction: crate::wire::Direction,
    mode: Option<crate::wire::Mode>,
    asked: Box<[u8]>,
    served: Box<[u8]>,
}

/// Opens what the command line names, to append to it; `-` is standard output.
pub(super) fn open(path: &Path) -> io::Result<File> {
    if path == Path::new("-") {
        return Ok(io::stdout().as_fd().try_clone_to_owned()?.into());
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(MODE).open(path)
}

impl Journal {
    /// Starts the thread that writes to `file`.
    pub(super) fn start(file: File, logger: Arc<Logger>) -> Self {
        let (sender, lines) = mpsc::sync_channel(MOST_WAITING);
        let (end, written) = mpsc::channel();
        thread::spawn(move || {
            write_all(file, &lines, &logger);
            drop(end);
        });
        Self {
            sender: Some(sender),
            lost: Cell::new(0),
            written,
        }
    }

    fn push(&self, mut line: String) {
        if self.lost.get() > 0 {
            line.insert_str(0, &format!("{{\"lost_lines\":{}}}\n", self.lost.get()));
        }
        match self.sender.as_ref().map(|sender| sender.try_send(line)) {
            Some(Ok(())) => self.lost.set(0),
            _ => self.lost.set(self.lost.get().saturating_add(1)),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.sender = None;
        // Either way the service ends now.
        let _ = self.written.recv_timeout(PATIENCE);
    }
}

impl Entry {
    pub(super) fn new(
        journal: &Rc<Journal>,
        intent: &Intent<'_>,
        served: Option<&[u8]>,
        client: SocketAddr,
    ) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0));
        Self {
            journal: Rc::clone(journal),
            begun: Time::from_micros(micros),
            clock: Instant::now(),
            client,
            direction: intent.direction,
            mode: intent.mode,
            asked: intent.name.into(),
            served: served.unwrap_or(intent.name).into(),
        }
    }

    /// Writes the line of a request that became no transfer.
    pub(super) fn refused(&self, outcome: Outcome<'_>) {
        self.journal.push(self.record(&[], 0, 0, outcome).line());
    }

    /// Writes the line of a transfer that is over.
    pub(super) fn ended(&self, session: &Session, outcome: Outcome<'_>) {
        let (bytes, repeats) = (session.bytes(), session.retransmissions());
        let record = self.record(session.options(), bytes, repeats, outcome);
        self.journal.push(record.line());
    }

    fn record<'a>(
        &'a self,
        options: &'a [u8],
        bytes: u64,
        retransmissions: u64,
        outcome: Outcome<'a>,
    ) -> Record<'a> {
        Record {
            begun: self.begun,
            duration: self.clock.elapsed(),
            client: self.client,
            direction: self.direction,
            mode: self.mode,
            asked: &self.asked,
            served: &self.served,
            options,
            bytes,
            retransmissions,
            outcome,
        }
    }
}

/// A file that cannot be written is reported once, until it can be again.
fn write_all(mut file: File, lines: &Receiver<String>, logger: &Logger) {
    let mut failing = false;
    while let Ok(mut piece) = lines.recv() {
        while piece.len() < PIECE {
            let Ok(line) = lines.try_recv() else {
                break;
            };
            piece.push_str(&line);
        }
        let written = file.write_all(piece.as_bytes());
        if let (false, Err(error)) = (failing, &written) {
            logger.write(Level::Error, &words::unwritten_transfer_log(error));
        }
        failing = written.is_err();
    }
}
