//! How many transfers may run at once, in all and for one client's address. Each holds two descriptors, its socket and
//! its file, so the bound follows from the limit on open files: (limit - 64) / 2, and never more than 16,384.
//!
//! Anybody can send requests from addresses that are not theirs, and nobody answers what the server sends there. So when there is
//! no room, the oldest transfer whose client has never answered gives way.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::cli::MOST_TRANSFERS;

/// Descriptors for everything that is no transfer.
const RESERVED: usize = 64;
const DESCRIPTORS_EACH: usize = 2;
/// A client that is there has answered by then, also on a slow link.
const GIVES_WAY_AFTER: Duration = Duration::from_millis(500);

/// The places for transfers.
pub(super) struct Slots {
    limits: Limits,
    all: Places,
    clients: RefCell<HashMap<IpAddr, Rc<Places>>>,
    /// How many places have been given away, ever.
    given: Cell<u64>,
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

/// Places that are taken, and what the log knows of there being no more.
#[derive(Default)]
struct Places {
    taken: Cell<usize>,
    reported: Cell<Option<Consequence>>,
    /// Those of transfers whose first packet nobody has answered yet, the one that was sent first in front.
    unanswered: RefCell<BTreeMap<Sent, Rc<Place>>>,
}

/// When a first packet was sent, and the number of the place: packets of the same time are told apart by it.
type Sent = (Instant, u64);

/// The right to run one transfer, until dropped.
pub(super) struct Slot {
    slots: Rc<Slots>,
    place: Rc<Place>,
}

/// A place that is taken.
struct Place {
    number: u64,
    client: IpAddr,
    places: Rc<Places>,
    /// False once somebody else may have it.
    held: Cell<bool>,
    /// While nobody has answered the first packet.
    sent: Cell<Option<Sent>>,
    /// Ends the transfer.
    transfer: OnceCell<AbortHandle>,
}

/// What a transfer needs to give way once it has begun, while the slot itself is in its hands.
pub(super) struct Ticket(Rc<Place>);

/// A place for one transfer, and whose places were full, if another transfer had to give way for it.
pub(super) struct Taken {
    pub(super) slot: Slot,
    pub(super) crowded: Option<Full>,
}

/// All places are taken.
pub(super) struct Full {
    /// Which ones.
    pub(super) scope: Scope,
    /// How many there are.
    pub(super) limit: usize,
    /// What follows for this client.
    pub(super) consequence: Consequence,
    /// True for the first time that this, or worse, has happened since there was room again.
    pub(super) news: bool,
}

/// What follows when all places are taken; the worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Consequence {
    /// Another transfer gives way.
    GivesWay,
    /// The request is refused.
    Refused,
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
    /// False if there is none left.
    fn take(&self, limit: usize) -> bool {
        let taken = self.taken.get();
        let has_room = taken < limit;
        self.taken.set(taken + usize::from(has_room));
        has_room
    }

    fn full(&self, scope: Scope, limit: usize, consequence: Consequence) -> Full {
        let reported = self.reported.get();
        self.reported.set(reported.max(Some(consequence)));
        Full {
            scope,
            limit,
            consequence,
            news: reported < Some(consequence),
        }
    }

    /// The transfer that has to give way first, if there is one.
    fn oldest_unanswered(&self, now: Instant) -> Option<Rc<Place>> {
        let unanswered = self.unanswered.borrow();
        let (&(sent, _), oldest) = unanswered.first_key_value()?;
        let gives_way = now.saturating_duration_since(sent) >= GIVES_WAY_AFTER;
        gives_way.then(|| Rc::clone(oldest))
    }

    /// Room counts as regained only when a tenth of the places is free, lest a full server logs for every transfer.
    fn release(&self, limit: usize) {
        let taken = self.taken.get().saturating_sub(1);
        self.taken.set(taken);
        if taken <= limit - limit.div_ceil(10) {
            self.reported.set(None);
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
            given: Cell::default(),
            idle: Notify::new(),
        })
    }

    /// Takes a place for a client.
    pub(super) fn take(self: &Rc<Self>, client: IpAddr, now: Instant) -> Result<Taken, Full> {
        let client = client.to_canonical();
        let Limits { total, per_client } = self.limits;
        let known = self.clients.borrow().get(&client).map(Rc::clone);
        let places = known.unwrap_or_default();
        let of_client = self.take_of(&places, Scope::Client, per_client, now)?;
        let of_all = self.take_of(&self.all, Scope::Total, total, now);
        let of_all = of_all.inspect_err(|_| places.release(per_client))?;
        if places.taken.get() == 1 {
            let entry = Rc::clone(&places);
            self.clients.borrow_mut().insert(client, entry);
        }
        self.given.set(self.given.get().wrapping_add(1));
        let place = Rc::new(Place {
            number: self.given.get(),
            client,
            places,
            held: Cell::new(true),
            sent: Cell::new(None),
            transfer: OnceCell::new(),
        });
        let slots = Rc::clone(self);
        Ok(Taken {
            slot: Slot { slots, place },
            crowded: of_client.or(of_all),
        })
    }

    /// Takes one of these places. Returns that they were full if a transfer had to give way.
    fn take_of(
        &self,
        places: &Places,
        scope: Scope,
        limit: usize,
        now: Instant,
    ) -> Result<Option<Full>, Full> {
        if places.take(limit) {
            return Ok(None);
        }
        let Some(oldest) = places.oldest_unanswered(now) else {
            return Err(places.full(scope, limit, Consequence::Refused));
        };
        let full = places.full(scope, limit, Consequence::GivesWay);
        let reported = places.reported.get();
        self.release(&oldest);
        if let Some(transfer) = oldest.transfer.get() {
            transfer.abort();
        }
        places.take(limit);
        // The place goes from one to the other: there was no room in between.
        places.reported.set(reported);
        Ok(Some(full))
    }

    /// Somebody else may have the place.
    fn release(&self, place: &Place) {
        if !place.held.replace(false) {
            return;
        }
        self.forget(place);
        place.places.release(self.limits.per_client);
        if place.places.taken.get() == 0 {
            self.clients.borrow_mut().remove(&place.client);
        }
        self.all.release(self.limits.total);
        if self.all.taken.get() == 0 {
            self.idle.notify_one();
        }
    }

    fn remember(&self, place: &Rc<Place>, now: Instant) {
        let sent = (now, place.number);
        place.sent.set(Some(sent));
        for places in [&self.all, &place.places] {
            let mut list = places.unanswered.borrow_mut();
            list.insert(sent, Rc::clone(place));
        }
    }

    fn forget(&self, place: &Place) {
        let Some(sent) = place.sent.take() else {
            return;
        };
        for places in [&self.all, &place.places] {
            places.unanswered.borrow_mut().remove(&sent);
        }
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

impl Slot {
    /// For [`Ticket::may_give_way`].
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(Rc::clone(&self.place))
    }

    /// The first packet was sent `now`. Until its client answers it the transfer may have to give way to another one; whoever waits for a
    /// slow disk to send the first has not failed to answer anything.
    pub(super) fn note_sent(&self, now: Instant) {
        if self.place.held.get() {
            self.slots.remember(&self.place, now);
        }
    }

    /// The client has answered: its transfer gives way to nobody.
    pub(super) fn note_answer(&self) {
        self.slots.forget(&self.place);
    }
}

impl Ticket {
    /// By this the transfer is ended if it has to give way.
    pub(super) fn may_give_way(self, transfer: AbortHandle) {
        // A transfer begins once.
        let _ = self.0.transfer.set(transfer);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.release(&self.place);
    }
}

fn raise_open_files() -> nix::Result<rlim_t> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_or(soft, |()| hard))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::task::{JoinHandle, LocalSet, spawn_local};

    use super::super::supervise::runtime;
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    fn slots(total: usize, per_client: usize) -> Rc<Slots> {
        Slots::new(Limits { total, per_client })
    }

    fn take(slots: &Rc<Slots>, client: IpAddr) -> Result<Slot, Full> {
        slots.take(client, Instant::now()).map(|taken| taken.slot)
    }

    #[test]
    fn a_full_server_says_so_once_until_a_tenth_is_free() {
        let slots = slots(20, 20);
        let refused = |news| take(&slots, OTHER).is_err_and(|full| full.news == news);
        let mut taken: Vec<_> = (0..20)
            .map(|_| take(&slots, CLIENT).ok().unwrap())
            .collect();
        assert!(refused(true));
        assert!(refused(false));
        taken.pop();
        taken.push(take(&slots, CLIENT).ok().unwrap());
        assert!(refused(false));
        taken.truncate(18);
        taken.extend((0..2).map(|_| take(&slots, CLIENT).ok().unwrap()));
        assert!(refused(true));
    }

    #[test]
    fn one_client_cannot_take_the_places_of_others() {
        let slots = slots(3, 2);
        let taken = [take(&slots, CLIENT).ok(), take(&slots, CLIENT).ok()];
        let full = take(&slots, CLIENT).err().unwrap();
        assert_eq!(
            (full.scope, full.limit, full.news),
            (Scope::Client, 2, true)
        );
        let other = take(&slots, OTHER).ok().unwrap();
        let full = take(&slots, OTHER).err().unwrap();
        assert_eq!((full.scope, full.limit), (Scope::Total, 3));
        drop(taken);
        assert_eq!(slots.clients.borrow().len(), 1);
        drop(other);
        assert!(slots.clients.borrow().is_empty());
        assert!(take(&slots, CLIENT).is_ok());
    }

    /// A transfer that waits for its client for ever.
    fn begin(slot: Slot, now: Instant) -> JoinHandle<()> {
        let ticket = slot.ticket();
        slot.note_sent(now);
        let transfer = spawn_local(async move {
            let _slot = slot;
            pending().await
        });
        ticket.may_give_way(transfer.abort_handle());
        transfer
    }

    #[test]
    fn whoever_never_answered_gives_way_when_there_is_no_room() {
        let runtime = runtime().ok().unwrap();
        LocalSet::new().block_on(&runtime, give_way());
    }

    async fn give_way() {
        let (slots, now) = (slots(3, 2), Instant::now());
        let answered = take(&slots, CLIENT).ok().unwrap();
        answered.note_sent(now);
        answered.note_answer();
        let mut silent = Vec::new();
        for client in [CLIENT, OTHER] {
            silent.push(begin(take(&slots, client).ok().unwrap(), now));
        }
        let soon = now + GIVES_WAY_AFTER - Duration::from_millis(1);
        assert!(slots.take(OTHER, soon).is_err());
        let later = now + GIVES_WAY_AFTER;
        // Its own silent transfer first, and then the oldest of all.
        let first = slots.take(CLIENT, later).ok().unwrap();
        assert_eq!(first.crowded.unwrap().scope, Scope::Client);
        assert!(silent.remove(0).await.unwrap_err().is_cancelled());
        let second = slots.take(OTHER, later).ok().unwrap();
        assert_eq!(second.crowded.unwrap().scope, Scope::Total);
        assert!(silent.remove(0).await.unwrap_err().is_cancelled());
        assert_eq!(slots.taken(), 3);
        assert!(slots.take(OTHER, later).is_err() && slots.take(CLIENT, later).is_err());
        drop((answered, first.slot, second.slot));
        assert!(slots.taken() == 0 && slots.clients.borrow().is_empty());
        assert!(slots.all.unanswered.borrow().is_empty());
    }

    #[test]
    fn who_has_been_sent_nothing_does_not_give_way_and_the_first_packet_decides_whose_turn_it_is() {
        let (slots, now) = (slots(2, 2), Instant::now());
        let waiting = take(&slots, CLIENT).ok().unwrap();
        let sent = take(&slots, CLIENT).ok().unwrap();
        sent.note_sent(now);
        waiting.note_sent(now + GIVES_WAY_AFTER);
        let taken = slots.take(OTHER, now + GIVES_WAY_AFTER).ok().unwrap();
        assert!(waiting.place.held.get() && !sent.place.held.get());
        drop((sent, waiting));
        let unsent = take(&slots, CLIENT).ok().unwrap();
        assert!(slots.take(OTHER, now + 9 * GIVES_WAY_AFTER).is_err());
        drop((taken, unsent));
    }

    #[test]
    fn that_requests_are_refused_is_news_after_others_gave_way_and_not_the_other_way_round() {
        let (slots, now) = (slots(1, 2), Instant::now());
        let mut held = take(&slots, CLIENT).ok().unwrap();
        let expected = [
            (true, Consequence::GivesWay),
            (false, Consequence::GivesWay),
        ];
        for expected in expected {
            held.note_sent(now);
            let taken = slots.take(OTHER, now + GIVES_WAY_AFTER).ok().unwrap();
            held = taken.slot;
            let full = taken.crowded.unwrap();
            assert_eq!((full.news, full.consequence), expected);
        }
        for expected in [true, false] {
            let full = take(&slots, CLIENT).err().unwrap();
            assert_eq!(
                (full.news, full.consequence),
                (expected, Consequence::Refused)
            );
        }
        held.note_sent(now);
        let taken = slots.take(OTHER, now + GIVES_WAY_AFTER).ok().unwrap();
        assert!(!taken.crowded.unwrap().news);
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
