//! Threads that write for uploads, one for each disk that has something to do. To wake a thread costs more than to write a small
//! block, so what comes while it is awake is left to it. Where it gets stuck, another one takes over.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{spawn_blocking, spawn_local};
use tokio::time::sleep;

/// A thread that takes nothing for so long is stuck. This is what a file costs others on its disk.
const STUCK: Duration = Duration::from_millis(20);

/// The writers of all disks that were written to, by the numbers of their devices.
#[derive(Default)]
pub(super) struct Writers(RefCell<HashMap<u64, Writer>>);

/// What is to be done on one disk, in turn.
#[derive(Clone, Default)]
pub(super) struct Writer(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// The number of the thread that takes them, if there is one. One that got stuck and was replaced takes no more.
    thread: Option<u64>,
    /// How many threads there were.
    threads: u64,
    /// How many jobs were taken.
    taken: u64,
    is_watched: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl Writers {
    /// The one for this device.
    pub(super) fn of(&self, device: u64) -> Writer {
        self.0.borrow_mut().entry(device).or_default().clone()
    }
}

impl Writer {
    /// Does something that may wait for the disk, behind what was asked for before.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (report, outcome) = oneshot::channel();
        // Who does not wait any more need not know.
        let job = Box::new(move || drop(report.send(work())));
        self.queue().jobs.push_back(job);
        if self.queue().thread.is_none() {
            self.start_thread();
        }
        if !mem::replace(&mut self.queue().is_watched, true) {
            spawn_local(self.clone().watch());
        }
        outcome.await.map_err(io::Error::other)?
    }

    fn start_thread(&self) {
        let mut queue = self.queue();
        queue.threads += 1;
        let number = queue.threads;
        queue.thread = Some(number);
        let writer = self.clone();
        spawn_blocking(move || writer.serve(number));
    }

    fn serve(&self, number: u64) {
        while let Some(job) = self.take(number) {
            job();
        }
    }

    /// `None` ends the thread.
    fn take(&self, number: u64) -> Option<Job> {
        let mut queue = self.queue();
        if queue.thread != Some(number) {
            return None;
        }
        let job = queue.jobs.pop_front();
        match job {
            Some(_) => queue.taken += 1,
            None => queue.thread = None,
        }
        job
    }

    /// Starts another thread whenever there are jobs that none takes, until all is done.
    async fn watch(self) {
        while let Some(before) = self.progress() {
            sleep(STUCK).await;
            let is_left_alone = !self.queue().jobs.is_empty();
            if is_left_alone && self.progress() == Some(before) {
                self.start_thread();
            }
        }
    }

    /// How many jobs were taken; `None`, and nobody watches, if no thread is there.
    fn progress(&self) -> Option<u64> {
        let mut queue = self.queue();
        queue.is_watched = queue.thread.is_some();
        queue.is_watched.then_some(queue.taken)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use tokio::runtime::Builder;
    use tokio::task::LocalSet;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn run(test: impl Future<Output = ()>) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let test = async { timeout(PATIENCE, test).await.unwrap() };
        LocalSet::new().block_on(&runtime, test);
    }

    #[test]
    fn what_comes_while_a_thread_is_awake_is_left_to_it() {
        run(async {
            let writer = Writer::default();
            let (go_on, disk) = mpsc::channel();
            let name = || Ok(thread::current().id());
            let (first, second, third, ()) = tokio::join!(
                writer.work(move || disk.recv().map_err(io::Error::other).and_then(|()| name())),
                writer.work(name),
                writer.work(name),
                async { go_on.send(()).unwrap() }
            );
            let first = first.unwrap();
            assert_eq!((second.unwrap(), third.unwrap()), (first, first));
            assert_eq!(writer.work(|| Ok(4)).await.unwrap(), 4);
        });
    }

    #[test]
    fn a_file_that_does_not_answer_holds_up_no_other() {
        run(async {
            let writers = Writers::default();
            let (go_on, disk) = mpsc::channel();
            let (near, far) = (writers.of(1), writers.of(2));
            let (stuck, ()) = tokio::join!(
                near.work(move || disk.recv().map_err(io::Error::other)),
                async {
                    for writer in [&near, &far] {
                        let failed =
                            writer.work(|| Err::<(), _>(io::ErrorKind::StorageFull.into()));
                        let failed = failed.await.unwrap_err();
                        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
                    }
                    go_on.send(()).unwrap();
                }
            );
            stuck.unwrap();
        });
    }
}
