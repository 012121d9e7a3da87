//! The commit thread: journal to disk first, then the replies that depend on it.
//!
//! While a sync runs, the receive loop already works on the next packets; whatever has queued up by then goes to disk
//! with one write and one sync. The queue is short: a loop that finds it full stops reading its sockets.
//!
//! After a failed write the file lacks what the engine already knows. Until the loop has sent the whole file anew nothing
//! is released, not even a reply without a record of its own: its lease may be one of those that were lost.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use common::log::Logger;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};

use super::leasefile::LeaseFile;
use crate::engine4::Reply;
use crate::words;

/// Orders that may wait for the disk.
const QUEUE: usize = 64;

/// What the commit thread shall do.
#[derive(Debug)]
pub(super) enum Order {
    /// Append records, then release the replies.
    Append {
        journal: Vec<u8>,
        replies: Vec<Reply>,
    },
    /// Replace the whole file.
    Rewrite { content: Vec<u8>, now: i64 },
}

/// The receive loop's end.
pub(super) struct Commits {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
    incomplete: Arc<AtomicBool>,
}

/// The thread's end: where journal and replies go.
pub(super) struct Committer<Release> {
    pub(super) file: LeaseFile,
    pub(super) logger: Arc<Logger>,
    /// Sends replies whose records are on disk.
    pub(super) release: Release,
    /// True while records are missing from the file.
    pub(super) incomplete: Arc<AtomicBool>,
}

impl Commits {
    /// Starts the thread.
    pub(super) fn start<Release>(committer: Committer<Release>) -> io::Result<Self>
    where
        Release: FnMut(&[Reply]) + Send + 'static,
    {
        let (orders, receiver) = mpsc::channel(QUEUE);
        let incomplete = Arc::clone(&committer.incomplete);
        let thread = thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer.serve(receiver))?;
        Ok(Self {
            orders,
            thread,
            incomplete,
        })
    }

    /// Waits for room for one order. `None` if the thread is gone.
    pub(super) async fn room(&self) -> Option<OwnedPermit<Order>> {
        self.orders.clone().reserve_owned().await.ok()
    }

    /// True if a write has failed and only the whole file can mend it.
    pub(super) fn want_rewrite(&self) -> bool {
        self.incomplete.load(Ordering::Relaxed)
    }

    /// Waits until everything ordered is done. Nobody may hold room that is still empty.
    pub(super) fn finish(self) {
        drop(self.orders);
        // A panic of the thread has been logged by the panic hook.
        let _ = self.thread.join();
    }
}

impl<Release: FnMut(&[Reply])> Committer<Release> {
    fn serve(mut self, mut orders: Receiver<Order>) {
        while let Some(order) = orders.blocking_recv() {
            let mut batch = Batch::default();
            let mut next = Some(order);
            while let Some(order) = next {
                match order {
                    Order::Append { journal, replies } => batch.add(&journal, replies),
                    Order::Rewrite { content, now } => {
                        self.commit(&mut batch);
                        self.rewrite(&content, now);
                    }
                }
                next = orders.try_recv().ok();
            }
            self.commit(&mut batch);
        }
    }

    fn commit(&mut self, batch: &mut Batch) {
        if !self.incomplete.load(Ordering::Relaxed) {
            match self.file.append(&batch.journal) {
                Ok(()) => (self.release)(&batch.replies),
                // As in the original, a client whose lease cannot be written gets no answer.
                Err(error) => {
                    self.incomplete.store(true, Ordering::Relaxed);
                    self.logger.error(&words::commit_failed(&error));
                }
            }
        }
        batch.clear();
    }

    fn rewrite(&mut self, content: &[u8], now: i64) {
        match self.file.rewrite(content, now) {
            Ok(()) => self.incomplete.store(false, Ordering::Relaxed),
            Err(message) => self.logger.error(&message),
        }
    }
}

#[derive(Default)]
struct Batch {
    journal: Vec<u8>,
    replies: Vec<Reply>,
}

impl Batch {
    fn add(&mut self, journal: &[u8], replies: Vec<Reply>) {
        self.journal.extend_from_slice(journal);
        self.replies.extend(replies);
    }

    fn clear(&mut self) {
        self.journal.clear();
        self.replies.clear();
    }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
