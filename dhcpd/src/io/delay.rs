//! Replies that wait for others to share a sync with, where the configuration wants that (`delayed-ack`, `max-ack-delay`).
//! Without it none waits longer than the sync before it takes.

use std::io;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout_at;

use crate::eval::Evaluator;
use crate::options::codes;

/// `max-ack-delay` where it is not configured, as measured.
const LONGEST: Duration = Duration::from_millis(250);
/// The original goes on after this time without another reply, as measured.
const QUIET: Duration = Duration::from_millis(10);

/// When replies that wait are let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delay {
    /// More of them than this.
    pub(super) replies: usize,
    /// So long after the last one.
    pub(super) quiet: Duration,
    /// So long after the first one.
    pub(super) longest: Duration,
}

impl Delay {
    /// What `delayed-ack` and `max-ack-delay` (microseconds) say; `None` without the first or with 0.
    pub(super) fn read(values: &Evaluator<'_>) -> Option<Self> {
        let replies = values
            .uint16(codes::DELAYED_ACK)
            .filter(|count| *count > 0)?;
        let longest = values.seconds(codes::MAX_ACK_DELAY);
        Some(Self {
            replies: usize::from(replies),
            quiet: QUIET,
            longest: longest.map_or(LONGEST, |delay| Duration::from_micros(delay.into())),
        })
    }
}

/// Waits for what may go along.
#[derive(Debug)]
pub(super) struct Gathering {
    delay: Delay,
    clock: Runtime,
    /// Since when the first reply waits.
    since: Option<Instant>,
}

impl Gathering {
    /// # Errors
    /// If the system has no more resources.
    pub(super) fn new(delay: Delay) -> io::Result<Self> {
        Ok(Self {
            delay,
            clock: runtime::Builder::new_current_thread()
                .enable_time()
                .build()?,
            since: None,
        })
    }

    /// What `queue` brings before `waiting` replies have to go; `None` if it is time, or if there will be no more.
    pub(super) fn next<T>(&mut self, queue: &mut Receiver<T>, waiting: usize) -> Option<T> {
        let next = match waiting {
            0 => None,
            count if count > self.delay.replies => None,
            _ => self.wait(queue),
        };
        if next.is_none() {
            self.since = None;
        }
        next
    }

    fn wait<T>(&mut self, queue: &mut Receiver<T>) -> Option<T> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let until = (now + self.delay.quiet).min(since + self.delay.longest);
        let next = async { timeout_at(until.into(), queue.recv()).await };
        self.clock.block_on(next).ok().flatten()
    }
}
