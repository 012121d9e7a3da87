//! Work on several threads: what a start has to do for a million leases takes long, and until then nobody is answered.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, SendError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use crate::lease::Job;

/// Threads beside the one that asks for work.
const HELPERS: usize = 2;
/// Items that are worked on, or wait for it or for those before them. Few, since each takes memory.
const UNDER_WAY: usize = 4 * HELPERS;

/// Does `work` on each of `items`, while `take` deals with what comes of those before, in their order.
pub(super) fn in_order<T: Send, U: Send, V>(
    items: impl Iterator<Item = T>,
    work: impl Fn(T) -> U + Sync,
    take: impl FnOnce(&mut dyn Iterator<Item = U>) -> V,
) -> V {
    let (orders, taken) = mpsc::sync_channel(UNDER_WAY);
    let taken = Arc::new(Mutex::new(taken));
    let work = &work;
    thread::scope(|scope| {
        for _ in 0..HELPERS {
            let taken = Arc::clone(&taken);
            start(scope, move || carry_out(&taken, work));
        }
        drop(taken);
        take(&mut InOrder {
            items,
            work,
            orders,
            under_way: VecDeque::new(),
        })
    })
}

/// Does all jobs, one beside the other.
pub(super) fn do_all<const N: usize>(jobs: [Job<'_>; N]) {
    let jobs = Mutex::new(jobs.into_iter());
    let work = || {
        while let Some(job) = locked(&jobs, Iterator::next) {
            job();
        }
    };
    thread::scope(|scope| {
        (0..HELPERS).for_each(|_| start(scope, work));
        work();
    });
}

/// Hands items out to be worked on, and gives what comes of them.
struct InOrder<'w, I, T, U, F> {
    items: I,
    work: &'w F,
    orders: SyncSender<Order<T, U>>,
    /// Where what comes of the next items arrives.
    under_way: VecDeque<Receiver<U>>,
}

/// An item, and where what comes of it goes.
type Order<T, U> = (T, Sender<U>);

impl<I: Iterator<Item = T>, T, U, F: Fn(T) -> U> Iterator for InOrder<'_, I, T, U, F> {
    type Item = U;

    fn next(&mut self) -> Option<U> {
        let room = UNDER_WAY.saturating_sub(self.under_way.len());
        for item in self.items.by_ref().take(room) {
            let (reply, arrival) = mpsc::channel();
            self.under_way.push_back(arrival);
            if let Err(SendError((item, reply))) = self.orders.send((item, reply)) {
                // There are no helpers.
                let _ = reply.send((self.work)(item));
            }
        }
        self.under_way.pop_front()?.recv().ok()
    }
}

fn carry_out<T, U>(orders: &Mutex<Receiver<Order<T, U>>>, work: impl Fn(T) -> U) {
    while let Some((item, reply)) = locked(orders, |orders| orders.recv().ok()) {
        // Nobody may want it any more.
        let _ = reply.send(work(item));
    }
}

/// A helper that cannot be started leaves its work to the others.
fn start<'scope>(scope: &'scope Scope<'scope, '_>, work: impl FnOnce() + Send + 'scope) {
    let helper = thread::Builder::new().name("helper".to_owned());
    let _ = helper.spawn_scoped(scope, work);
}

fn locked<T, U>(mutex: &Mutex<T>, with: impl FnOnce(&mut T) -> U) -> U {
    // Nothing is half done when a thread that holds the lock panics.
    with(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_items_whatever_each_takes() {
        let work = |item: u64| {
            (0..item * 7 % 5).for_each(|_| thread::yield_now());
            item * item
        };
        let results: Vec<u64> = in_order(0..100, work, |results| results.collect());
        assert_eq!(
            results,
            (0..100).map(|item| item * item).collect::<Vec<_>>()
        );
    }

    #[test]
    fn few_items_are_under_way_and_the_rest_is_left_when_nobody_wants_more() {
        let mut made = 0;
        let items = (0..1000).inspect(|_| made += 1);
        let first = in_order(items, |item| item, |results| results.next());
        assert_eq!((first, made), (Some(0), UNDER_WAY));
    }

    #[test]
    fn all_jobs_are_done() {
        let done = Mutex::new(Vec::new());
        let jobs = [0, 1, 2, 3, 4, 5, 6, 7].map(|number| -> Job<'_> {
            let done = &done;
            Box::new(move || locked(done, |done| done.push(number)))
        });
        do_all(jobs);
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
