//! Fair turns: a task gives the thread up after so many packets, whoever sends them and however many one call moves.

use std::task::{Context, Waker};

use tokio::task::coop::consume_budget;
use tokio::task::spawn_local;

/// Goes as far with a task as it goes without waiting, and leaves the rest of it to the reactor.
pub(super) fn begin(task: impl Future<Output = ()> + 'static) {
    let mut task = Box::pin(task);
    let mut context = Context::from_waker(Waker::noop());
    if task.as_mut().poll(&mut context).is_pending() {
        spawn_local(task);
    }
}

/// Counts packets that the running task has dealt with.
pub(super) async fn spend(packets: usize) {
    for _ in 0..packets {
        consume_budget().await;
    }
}
