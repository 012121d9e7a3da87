//! Asks the supervisor whether a client may be served (`hosts.allow` and `hosts.deny`).
//!
//! While there is no rule at all the answer counts for a second, so that a server that uses none of this does not pay
//! for it with each request.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::access_files::Permission;
use super::lifeline::{Report, ServerEnd};

/// How long the news that there is no rule counts.
const OPEN_FOR: Duration = Duration::from_secs(1);

/// What has been asked, and what need not be.
#[derive(Default)]
pub(super) struct Guard {
    open_until: Cell<Option<Instant>>,
    asked: RefCell<HashMap<u32, oneshot::Sender<Permission>>>,
    next: Cell<u32>,
    answered: Notify,
}

impl Guard {
    /// True if nobody needs to be asked at present.
    pub(super) fn is_open(&self) -> bool {
        self.open_until
            .get()
            .is_some_and(|until| Instant::now() < until)
    }

    /// Asks. `None` if nobody decides any more: the service ends.
    pub(super) async fn lets_in(
        &self,
        supervisor: &ServerEnd,
        client: IpAddr,
        server: IpAddr,
    ) -> Option<bool> {
        let (sender, answer) = oneshot::channel();
        let id = self.next.get().wrapping_add(1);
        self.next.set(id);
        self.asked.borrow_mut().insert(id, sender);
        let question = Report::MayServe { id, client, server };
        if supervisor.tell(&question).await.is_err() {
            self.forget(id);
            return None;
        }
        Some(answer.await.ok()?.is_granted)
    }

    /// The supervisor has answered.
    pub(super) fn hear(&self, id: u32, permission: Permission) {
        if permission.is_open {
            self.open_until.set(Some(Instant::now() + OPEN_FOR));
        }
        if let Some(sender) = self.forget(id) {
            // Whoever asked may have gone.
            let _ = sender.send(permission);
        }
    }

    /// The supervisor answers no more: whoever still waits is not let in.
    pub(super) fn close(&self) {
        self.asked.borrow_mut().clear();
        self.answered.notify_one();
    }

    /// Ends when nobody waits for an answer.
    pub(super) async fn wait_until_answered(&self) {
        while !self.asked.borrow().is_empty() {
            self.answered.notified().await;
        }
    }

    fn forget(&self, id: u32) -> Option<oneshot::Sender<Permission>> {
        let sender = self.asked.borrow_mut().remove(&id);
        self.answered.notify_one();
        sender
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::io::lifeline::Lifeline;
    use crate::io::supervise::runtime;

    const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn who_waits_for_an_answer_gets_it_and_without_a_supervisor_is_not_let_in() {
        let (server, _supervisor) = UnixStream::pair().unwrap();
        let (let_in, left) = runtime().unwrap().block_on(async {
            let (guard, end) = (Guard::default(), Lifeline(server).watch().unwrap());
            let granted = Permission {
                is_granted: true,
                is_open: false,
            };
            let ask = || guard.lets_in(&end, SOMEBODY, SOMEBODY);
            let (let_in, ()) = tokio::join!(ask(), async { guard.hear(1, granted) });
            let (left, (), ()) =
                tokio::join!(ask(), guard.wait_until_answered(), async { guard.close() });
            (let_in, left)
        });
        assert_eq!((let_in, left), (Some(true), None));
    }
}
