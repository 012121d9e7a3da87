//! The commit thread: journal to disk first, then the replies that depend on it.
//!
//! While a sync runs, the receive loop already works on the next packets; whatever has queued up by then goes to disk
//! with one write and one sync. The queue is short: a loop that finds it full stops reading its sockets. With `delayed-ack`
//! replies also wait for some that may come.
//!
//! A new lease file is written between two commits, a slice at a time, while records go to both files: no reply waits
//! for more than one slice.
//!
//! After a failed write the file lacks what the engine already knows. Nothing is released until it is there, not even a
//! reply without a record of its own: its lease may be one of those that were lost. Refused records are offered again
//! with the next ones; after anything worse the whole file has to be written anew.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::log::Logger;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender, UnboundedReceiver, UnboundedSender};

use super::delay::{Delay, Gathering};
use super::leasefile::{Failure, LeaseFile, Successor};
use super::storage::Storage;
use crate::engine4::Reply;
use crate::words;

/// Orders that may wait for the disk.
const QUEUE: usize = 64;

/// Bytes of refused records that are kept to be offered again. When there are more the file is written anew.
const BACKLOG: usize = 4 * 1024 * 1024;

/// While records are refused, the reason is repeated this often.
const REMIND_AFTER: Duration = Duration::from_secs(10);

/// What the commit thread shall do.
#[derive(Debug)]
pub(super) enum Order {
    /// Append records, then release the replies.
    Append {
        journal: Vec<u8>,
        replies: Vec<Reply>,
    },
    /// Begin a new file, named after this time (seconds since the epoch).
    Begin { now: i64 },
    /// Append to the new file.
    Slice(Vec<u8>),
    /// The new file is whole: put it in the place of the old one.
    Install,
}

/// What the receive loop should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The new file can take the next slice.
    Ready,
    /// There is no new file any more; the log says why.
    GivenUp,
    /// The new file is the lease file.
    Installed,
    /// Only a new file can mend the lease file.
    Broken,
}

/// The receive loop's end.
pub(super) struct Commits {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
    news: UnboundedReceiver<News>,
}

impl Commits {
    /// Starts the thread. It releases replies whose records are on disk, and lets them wait for each other if there is a `delay`.
    pub(super) fn start<S, Release>(
        file: LeaseFile<S>,
        delay: Option<Delay>,
        logger: Arc<Logger>,
        release: Release,
    ) -> io::Result<Self>
    where
        S: Storage<File: Send> + Send + 'static,
        Release: FnMut(&[Reply]) + Send + 'static,
    {
        let (orders, receiver) = mpsc::channel(QUEUE);
        let (mut committer, news) = Committer::new(file, logger, release);
        committer.gathering = delay.map(Gathering::new).transpose()?;
        let thread = thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer.serve(receiver))?;
        Ok(Self {
            orders,
            thread,
            news,
        })
    }

    /// Waits for room for one order. `None` if the thread is gone.
    pub(super) async fn room(&self) -> Option<OwnedPermit<Order>> {
        self.orders.clone().reserve_owned().await.ok()
    }

    /// Waits for news. Safe to cancel.
    pub(super) async fn next_news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            // The thread is gone, which whoever waits for room learns.
            None => std::future::pending().await,
        }
    }

    /// Waits until everything ordered is done. Nobody may hold room that is still empty.
    pub(super) fn finish(self) {
        drop(self.orders);
        // A panic of the thread has been logged by the panic hook.
        let _ = self.thread.join();
    }
}

/// The thread's end: where journal and replies go.
struct Committer<S: Storage, Release> {
    file: LeaseFile<S>,
    successor: Option<Successor<S::File>>,
    gathering: Option<Gathering>,
    state: State,
    withheld: Withheld,
    logger: Arc<Logger>,
    release: Release,
    news: UnboundedSender<News>,
}

/// What is in the file.
#[derive(Debug)]
enum State {
    /// Every record.
    Whole,
    /// Every record but these.
    Behind(Vec<u8>),
    /// Nobody knows.
    Broken,
}

impl<S: Storage, Release: FnMut(&[Reply])> Committer<S, Release> {
    fn new(
        file: LeaseFile<S>,
        logger: Arc<Logger>,
        release: Release,
    ) -> (Self, UnboundedReceiver<News>) {
        let (news, receiver) = mpsc::unbounded_channel();
        let committer = Self {
            file,
            successor: None,
            gathering: None,
            state: State::Whole,
            withheld: Withheld::default(),
            logger,
            release,
            news,
        };
        (committer, receiver)
    }

    fn serve(mut self, mut orders: Receiver<Order>) {
        while let Some(order) = orders.blocking_recv() {
            let mut batch = Batch::default();
            let mut next = Some(order);
            while let Some(order) = next {
                if let Order::Append { journal, replies } = order {
                    batch.add(journal, replies);
                } else {
                    self.commit(std::mem::take(&mut batch));
                    self.renew(order);
                }
                next = self.next(&mut orders, batch.replies.len());
            }
            self.commit(batch);
        }
        if let Some(new) = self.successor.take() {
            self.file.discard(new);
        }
    }

    /// What else goes along with a batch of so many replies.
    fn next(&mut self, orders: &mut Receiver<Order>, replies: usize) -> Option<Order> {
        let there = orders.try_recv().ok();
        there.or_else(|| self.gathering.as_mut()?.next(orders, replies))
    }

    fn commit(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        self.copy(&batch.journal);
        match self.append(batch.journal) {
            true => (self.release)(&batch.replies),
            // As in the original, a client whose lease cannot be written gets no answer.
            false => self.withheld.note(&batch.replies, &self.logger),
        }
    }

    /// True if these records, and all before them, are on disk.
    fn append(&mut self, journal: Vec<u8>) -> bool {
        let pending = match std::mem::replace(&mut self.state, State::Broken) {
            State::Whole => journal,
            State::Behind(mut backlog) => {
                backlog.extend_from_slice(&journal);
                backlog
            }
            State::Broken => return false,
        };
        match self.file.append(&pending) {
            Ok(()) => {
                self.state = State::Whole;
                self.withheld.end(&self.logger);
                true
            }
            Err(Failure::Refused(reason)) if pending.len() <= BACKLOG => {
                self.state = State::Behind(pending);
                self.withheld.explain(reason, &self.logger);
                false
            }
            Err(Failure::Refused(reason) | Failure::Broken(reason)) => {
                self.withheld.explain(reason, &self.logger);
                self.tell(News::Broken);
                false
            }
        }
    }

    /// Records go to the new file too.
    fn copy(&mut self, journal: &[u8]) {
        let copied = self.successor.as_mut().map(|new| new.append(journal));
        if let Some(Err(error)) = copied {
            self.give_up(&words::cannot_create_lease_file(&error));
        }
    }

    /// Goes on with the new file.
    fn renew(&mut self, order: Order) {
        match order {
            Order::Append { .. } => {}
            Order::Begin { now } => self.begin(now),
            Order::Slice(text) => self.write_slice(&text),
            Order::Install => self.install(),
        }
    }

    fn begin(&mut self, now: i64) {
        match self.file.begin(now) {
            Ok(new) => {
                self.successor = Some(new);
                self.tell(News::Ready);
            }
            Err(message) => self.give_up(&message),
        }
    }

    fn write_slice(&mut self, text: &[u8]) {
        let Some(new) = &mut self.successor else {
            return;
        };
        match new.append(text).and_then(|()| new.sync()) {
            Ok(()) => self.tell(News::Ready),
            Err(error) => self.give_up(&words::cannot_create_lease_file(&error)),
        }
    }

    fn install(&mut self) {
        let Some(new) = self.successor.take() else {
            return;
        };
        match self.file.install(new) {
            Ok(()) => {
                self.state = State::Whole;
                self.withheld.end(&self.logger);
                self.tell(News::Installed);
            }
            Err(Failure::Refused(message)) => self.give_up(&message),
            Err(Failure::Broken(message)) => {
                self.state = State::Broken;
                self.give_up(&message);
                self.tell(News::Broken);
            }
        }
    }

    fn give_up(&mut self, message: &str) {
        self.logger.error(message);
        if let Some(new) = self.successor.take() {
            self.file.discard(new);
        }
        self.tell(News::GivenUp);
    }

    fn tell(&self, news: News) {
        // A loop that is about to end listens no more.
        let _ = self.news.send(news);
    }
}

/// Replies that could not be sent because their records are not on disk, and why.
#[derive(Debug, Default)]
struct Withheld {
    reason: String,
    replies: u64,
    /// When the log was told last.
    told: Option<Instant>,
}

impl Withheld {
    /// Says why, if it is news or a while ago.
    fn explain(&mut self, reason: String, logger: &Logger) {
        if self.reason != reason {
            self.told = None;
        }
        self.reason = reason;
        if self.told.is_none() {
            self.told = Some(Instant::now());
            logger.error(&self.reason);
        }
    }

    fn note(&mut self, replies: &[Reply], logger: &Logger) {
        let count = u64::try_from(replies.len()).unwrap_or(u64::MAX);
        self.replies = self.replies.saturating_add(count);
        if self.told.is_some_and(|told| told.elapsed() > REMIND_AFTER) {
            self.told = Some(Instant::now());
            logger.error(&self.reason);
            logger.error(&words::replies_withheld(self.replies));
        }
    }

    fn end(&mut self, logger: &Logger) {
        if self.told.is_some() {
            logger.info(&words::commits_again(self.replies));
            *self = Self::default();
        }
    }
}

#[derive(Default)]
struct Batch {
    journal: Vec<u8>,
    replies: Vec<Reply>,
}

impl Batch {
    fn add(&mut self, mut journal: Vec<u8>, mut replies: Vec<Reply>) {
        self.journal.append(&mut journal);
        self.replies.append(&mut replies);
    }

    fn is_empty(&self) -> bool {
        self.journal.is_empty() && self.replies.is_empty()
    }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "power_cut_tests.rs"]
mod power_cut_tests;
