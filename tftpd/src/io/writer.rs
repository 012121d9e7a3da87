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
/// So many threads may be stuck on one disk: the others of the pool are left to the other disks.
const MOST_STUCK: usize = 8;

/// The writers of all disks that were written to, by the numbers of their devices.
#[derive(Default)]
pub(super) struct Writers(RefCell<HashMap<u64, Writer>>);

/// What is to be done on one disk, in turn.
#[derive(Clone, Default)]
pub(super) struct Writer(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// The thread that takes them, if there is one. One that got stuck and was replaced takes no more.
    thread: Option<Thread>,
    /// How many threads there were.
    threads: u64,
    /// How many threads are at a job, the stuck ones among them.
    busy: usize,
    /// How many jobs were taken.
    taken: u64,
    is_watched: bool,
}

#[derive(Clone, Copy)]
struct Thread {
    number: u64,
    /// False while it waits for room in the pool of threads: to ask for another one would not bring it sooner.
    has_begun: bool,
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
        queue.thread = Some(Thread {
            number,
            has_begun: false,
        });
        let writer = self.clone();
        spawn_blocking(move || writer.serve(number));
    }

    fn serve(&self, number: u64) {
        while let Some(job) = self.take(number) {
            job();
            self.queue().busy -= 1;
        }
    }

    /// `None` ends the thread.
    fn take(&self, number: u64) -> Option<Job> {
        let mut queue = self.queue();
        queue.thread.filter(|thread| thread.number == number)?;
        let job = queue.jobs.pop_front();
        queue.thread = job.as_ref().map(|_| Thread {
            number,
            has_begun: true,
        });
        if job.is_some() {
            queue.taken += 1;
            queue.busy += 1;
        }
        job
    }

    /// Starts another thread whenever there are jobs that none takes, until all is done. When as many as may be are stuck, the first
    /// that gets free makes room for one.
    async fn watch(self) {
        while let Some(before) = self.progress() {
            sleep(STUCK).await;
            if self.needs_thread() && self.progress() == Some(before) {
                self.start_thread();
            }
        }
    }

    /// Whether there are jobs, and the thread that should take them may be replaced.
    fn needs_thread(&self) -> bool {
        let queue = self.queue();
        let has_begun = queue.thread.is_some_and(|thread| thread.has_begun);
        !queue.jobs.is_empty() && has_begun && queue.busy < MOST_STUCK
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
        run_with_pool(64, test);
    }

    fn run_with_pool(threads: usize, test: impl Future<Output = ()>) {
        let mut builder = Builder::new_current_thread();
        let builder = builder.enable_all().max_blocking_threads(threads);
        let runtime = builder.build().unwrap();
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

    /// Several times as long as it takes to see that a thread is stuck.
    const LONG: Duration = Duration::from_millis(200);

    #[test]
    fn a_thread_that_waits_for_the_pool_is_not_asked_for_again() {
        run_with_pool(1, async {
            let writer = Writer::default();
            let (go_on, other_disk) = mpsc::channel::<()>();
            let stuck = spawn_blocking(move || other_disk.recv());
            let (stored, ()) = tokio::join!(writer.work(|| Ok(1)), async {
                sleep(LONG).await;
                assert_eq!(writer.queue().threads, 1);
                go_on.send(()).unwrap();
            });
            assert_eq!(stored.unwrap(), 1);
            stuck.await.unwrap().unwrap();
        });
    }

    #[test]
    fn one_disk_gets_few_threads_stuck_and_goes_on_afterwards() {
        const JOBS: usize = MOST_STUCK + 3;
        run(async {
            let writer = Writer::default();
            let (frozen, disk) = mpsc::channel::<()>();
            let disk = Arc::new(Mutex::new(disk));
            let ask = |writer: Writer| {
                let disk = Arc::clone(&disk);
                let wait = move || disk.lock().unwrap().recv().is_err();
                spawn_local(async move { writer.work(move || Ok(wait())).await.unwrap() })
            };
            let asked: Vec<_> = (0..JOBS).map(|_| ask(writer.clone())).collect();
            while writer.queue().busy < MOST_STUCK {
                sleep(STUCK).await;
            }
            sleep(LONG).await;
            let count = |queue: MutexGuard<'_, Queue>| (queue.jobs.len(), queue.threads);
            let expected = (JOBS - MOST_STUCK, MOST_STUCK as u64);
            assert_eq!(count(writer.queue()), expected);
            drop(frozen);
            for job in asked {
                assert!(job.await.unwrap());
            }
        });
    }
}
