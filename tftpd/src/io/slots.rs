//! How many transfers may run at once, in all and for one client's address. Each holds two descriptors, its socket and
//! its file, so the bound follows from the limit on open files: (limit - 64) / 2, and never more than 16,384.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use tokio::sync::Notify;

use crate::cli::MOST_TRANSFERS;

/// Descriptors for everything that is no transfer.
const RESERVED: usize = 64;
const DESCRIPTORS_EACH: usize = 2;

/// The places for transfers.
pub(super) struct Slots {
    limits: Limits,
    all: Places,
    clients: RefCell<HashMap<IpAddr, Rc<Places>>>,
    idle: Notify,
}

/// How many places there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// In all.
    pub(super) total: usize,
    /// For one address.
    pub(super) per_client: usize,
}

/// Places that are taken, and whether the log knows that there are no more.
#[derive(Default)]
struct Places {
    taken: Cell<usize>,
    reported: Cell<bool>,
}

/// The right to run one transfer, until dropped.
pub(super) struct Slot {
    slots: Rc<Slots>,
    client: IpAddr,
    places: Rc<Places>,
}

/// All places are taken.
pub(super) struct Full {
    /// Which ones.
    pub(super) scope: Scope,
    /// How many there are.
    pub(super) limit: usize,
    /// True for the first refusal since there was room again.
    pub(super) news: bool,
}

/// Whose places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All.
    Total,
    /// Those of one client's address.
    Client,
}

impl Limits {
    /// Raises the limit on open files as far as it goes. Without wishes of the user it gives the total, and one address
    /// may take half of it: many machines can stand behind one, but it shall not shut out all others.
    pub(super) fn by_open_files(total: Option<usize>, per_client: Option<usize>) -> Self {
        let files = raise_open_files().ok();
        let files = files.and_then(|files| usize::try_from(files).ok());
        let files = files.unwrap_or(RESERVED);
        let most = (files.saturating_sub(RESERVED) / DESCRIPTORS_EACH).clamp(1, MOST_TRANSFERS);
        let total = total.map_or(most, |total| total.min(most));
        let per_client = per_client.unwrap_or_else(|| total.div_ceil(2)).min(total);
        Self { total, per_client }
    }
}

impl Places {
    fn take(&self, scope: Scope, limit: usize) -> Result<(), Full> {
        if self.taken.get() >= limit {
            let news = !self.reported.replace(true);
            return Err(Full { scope, limit, news });
        }
        self.taken.set(self.taken.get() + 1);
        Ok(())
    }

    /// Room counts as regained only when a tenth of the places is free, lest a full server logs for every transfer.
    fn release(&self, limit: usize) {
        let taken = self.taken.get().saturating_sub(1);
        self.taken.set(taken);
        if taken <= limit - limit.div_ceil(10) {
            self.reported.set(false);
        }
    }
}

impl Slots {
    /// So many places, all free.
    pub(super) fn new(limits: Limits) -> Rc<Self> {
        Rc::new(Self {
            limits,
            all: Places::default(),
            clients: RefCell::default(),
            idle: Notify::new(),
        })
    }

    /// Takes a place for a client.
    pub(super) fn take(self: &Rc<Self>, client: IpAddr) -> Result<Slot, Full> {
        let client = client.to_canonical();
        let known = self.clients.borrow().get(&client).map(Rc::clone);
        let places = known.unwrap_or_default();
        places.take(Scope::Client, self.limits.per_client)?;
        if let Err(full) = self.all.take(Scope::Total, self.limits.total) {
            places.release(self.limits.per_client);
            return Err(full);
        }
        if places.taken.get() == 1 {
            let entry = Rc::clone(&places);
            self.clients.borrow_mut().insert(client, entry);
        }
        Ok(Slot {
            slots: Rc::clone(self),
            client,
            places,
        })
    }

    /// How many places there are.
    pub(super) fn total(&self) -> usize {
        self.limits.total
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.all.taken.get()
    }

    /// Ends when no place is taken.
    pub(super) async fn wait_until_idle(&self) {
        while self.all.taken.get() > 0 {
            self.idle.notified().await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.places.release(self.slots.limits.per_client);
        if self.places.taken.get() == 0 {
            self.slots.clients.borrow_mut().remove(&self.client);
        }
        self.slots.all.release(self.slots.limits.total);
        if self.slots.all.taken.get() == 0 {
            self.slots.idle.notify_one();
        }
    }
}

fn raise_open_files() -> nix::Result<rlim_t> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_or(soft, |()| hard))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    fn slots(total: usize, per_client: usize) -> Rc<Slots> {
        Slots::new(Limits { total, per_client })
    }

    #[test]
    fn a_full_server_says_so_once_until_a_tenth_is_free() {
        let slots = slots(20, 20);
        let refused = |news| slots.take(OTHER).is_err_and(|full| full.news == news);
        let mut taken: Vec<_> = (0..20).map(|_| slots.take(CLIENT).ok().unwrap()).collect();
        assert!(refused(true));
        assert!(refused(false));
        taken.pop();
        taken.push(slots.take(CLIENT).ok().unwrap());
        assert!(refused(false));
        taken.truncate(18);
        taken.extend((0..2).map(|_| slots.take(CLIENT).ok().unwrap()));
        assert!(refused(true));
    }

    #[test]
    fn one_client_cannot_take_the_places_of_others() {
        let slots = slots(3, 2);
        let taken = [slots.take(CLIENT).ok(), slots.take(CLIENT).ok()];
        let full = slots.take(CLIENT).err().unwrap();
        assert_eq!(
            (full.scope, full.limit, full.news),
            (Scope::Client, 2, true)
        );
        let other = slots.take(OTHER).ok().unwrap();
        let full = slots.take(OTHER).err().unwrap();
        assert_eq!((full.scope, full.limit), (Scope::Total, 3));
        drop(taken);
        assert_eq!(slots.clients.borrow().len(), 1);
        drop(other);
        assert!(slots.clients.borrow().is_empty());
        assert!(slots.take(CLIENT).is_ok());
    }

    #[test]
    fn wishes_stay_below_what_the_system_allows() {
        let most = Limits::by_open_files(None, None);
        assert_eq!(most.per_client, most.total.div_ceil(2));
        let wished = Limits::by_open_files(Some(usize::MAX), Some(usize::MAX));
        assert_eq!((wished.total, wished.per_client), (most.total, most.total));
        let few = Limits::by_open_files(Some(3), Some(1));
        assert_eq!((few.total, few.per_client), (3, 1));
    }
}
