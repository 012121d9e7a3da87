//! Fair turns: a task gives the thread up after so many packets, whoever sends them and however many one call moves.

use tokio::task::coop::consume_budget;

/// Counts packets that the running task has dealt with.
pub(super) async fn spend(packets: usize) {
    for _ in 0..packets {
        consume_budget().await;
    }
}
