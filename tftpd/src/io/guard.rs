//! Asks the supervisor whether a client may be served (`hosts.allow` and `hosts.deny`).
//!
//! While there is no rule at all the answer counts for a second, so that a server that uses none of this does not pay
//! for it with each request.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::oneshot;
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
}

impl Guard {
    /// True if nobody needs to be asked at present.
    pub(super) fn is_open(&self) -> bool {
        self.open_until
            .get()
            .is_some_and(|until| Instant::now() < until)
    }

    /// Asks. Without a supervisor nobody is served.
    pub(super) async fn lets_in(
        &self,
        supervisor: &ServerEnd,
        client: IpAddr,
        server: IpAddr,
    ) -> bool {
        let (sender, answer) = oneshot::channel();
        let id = self.next.get().wrapping_add(1);
        self.next.set(id);
        self.asked.borrow_mut().insert(id, sender);
        let question = Report::MayServe { id, client, server };
        if supervisor.tell(&question).await.is_err() {
            self.asked.borrow_mut().remove(&id);
            return false;
        }
        answer.await.is_ok_and(|permission| permission.is_granted)
    }

    /// The supervisor has answered.
    pub(super) fn hear(&self, id: u32, permission: Permission) {
        if permission.is_open {
            self.open_until.set(Some(Instant::now() + OPEN_FOR));
        }
        if let Some(sender) = self.asked.borrow_mut().remove(&id) {
            // Whoever asked may have gone.
            let _ = sender.send(permission);
        }
    }
}
