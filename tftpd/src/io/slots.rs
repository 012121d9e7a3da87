//! How many transfers may run at once. Each holds two descriptors, its socket and its file, so the bound follows from
//! the limit on open files: (limit - 64) / 2, and never more than 16,384.

use std::cell::Cell;
use std::rc::Rc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::sync::Notify;

/// Descriptors for everything that is no transfer.
const RESERVED: u64 = 64;
const DESCRIPTORS_EACH: u64 = 2;
/// Beyond this the ports of one address run out.
const MOST: u64 = 16_384;

/// The places for transfers.
pub(super) struct Slots {
    limit: usize,
    taken: Cell<usize>,
    reported: Cell<bool>,
    idle: Notify,
}

/// The right to run one transfer, until dropped.
pub(super) struct Slot(Rc<Slots>);

/// All places are taken.
pub(super) struct Full {
    /// How many there are.
    pub(super) limit: usize,
    /// True for the first refusal since there was room again.
    pub(super) news: bool,
}

impl Slots {
    /// Raises the limit on open files as far as it goes and derives the bound from it.
    pub(super) fn by_open_files() -> Rc<Self> {
        let files = raise_open_files().unwrap_or(RESERVED);
        let limit = (files.saturating_sub(RESERVED) / DESCRIPTORS_EACH).clamp(1, MOST);
        Self::with_limit(usize::try_from(limit).unwrap_or(1))
    }

    fn with_limit(limit: usize) -> Rc<Self> {
        Rc::new(Self {
            limit,
            taken: Cell::new(0),
            reported: Cell::new(false),
            idle: Notify::new(),
        })
    }

    /// Takes a place.
    pub(super) fn take(self: &Rc<Self>) -> Result<Slot, Full> {
        if self.taken.get() >= self.limit {
            return Err(Full {
                limit: self.limit,
                news: !self.reported.replace(true),
            });
        }
        self.taken.set(self.taken.get() + 1);
        Ok(Slot(Rc::clone(self)))
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }

    /// Ends when no place is taken.
    pub(super) async fn wait_until_idle(&self) {
        while self.taken.get() > 0 {
            self.idle.notified().await;
        }
    }

    /// Room counts as regained only when a tenth of the places is free, lest a full server logs for every transfer.
    fn release(&self) {
        let taken = self.taken.get().saturating_sub(1);
        self.taken.set(taken);
        if taken <= self.limit - self.limit.div_ceil(10) {
            self.reported.set(false);
        }
        if taken == 0 {
            self.idle.notify_one();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.release();
    }
}

fn raise_open_files() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_or(soft, |()| hard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_server_says_so_once_until_a_tenth_is_free() {
        let slots = Slots::with_limit(20);
        let mut taken: Vec<_> = (0..20).map(|_| slots.take().ok().unwrap()).collect();
        assert!(
            slots
                .take()
                .is_err_and(|full| full.news && full.limit == 20)
        );
        assert!(slots.take().is_err_and(|full| !full.news));
        taken.pop();
        taken.push(slots.take().ok().unwrap());
        assert!(slots.take().is_err_and(|full| !full.news));
        taken.truncate(18);
        taken.extend((0..2).map(|_| slots.take().ok().unwrap()));
        assert!(slots.take().is_err_and(|full| full.news));
    }
}
