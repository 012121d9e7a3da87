//! Leases by a key that clients choose: client identifier or hardware address.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::net::Ipv4Addr;

use common::net::HardwareAddress;
use hashbrown::hash_table::{self, HashTable, OccupiedEntry};

use super::record::Lease;
use super::records::{Records, Slot};
use super::states::State;
use crate::config::model::PoolId;

/// Finds the leases of a client, the one it would rather have back first.
///
/// Clients are told apart by a keyed hash, so that none can aim at another's place; whoever asks compares the key itself.
/// Nearly all clients have one lease, so that where it stands is enough. One client may come to own any number: the best one of a
/// pool must be found without walking the others.
#[derive(Debug)]
pub(super) struct Clients {
    hashes: Hashes,
    /// What a lease has to do with a client that it is found by.
    holding: fn(&Lease) -> Holding,
    /// Where a lease stands in the list of its client.
    place: fn(&Lease) -> i64,
    /// The highest place so far.
    last: i64,
    /// The lease of each client that has one. In parts, since a table that has become too small is filled anew as a whole: no
    /// request may wait for that with a million leases.
    single: [HashTable<Slot>; PARTS],
    /// The leases of all others, by the hash of the client.
    crowds: HashMap<u64, BTreeSet<Entry>, BuildHasherDefault<Hashed>>,
}

/// Keyed hashes of clients.
#[derive(Debug)]
struct Hashes {
    state: RandomState,
    /// What the client of a lease is known by; `None` if the lease cannot be found by that.
    key: fn(&Lease) -> Option<Key<'_>>,
}

impl Hashes {
    fn of(&self, key: Key<'_>) -> u64 {
        self.state.hash_one(key)
    }

    fn of_lease(&self, lease: &Lease) -> Option<u64> {
        (self.key)(lease).map(|key| self.of(key))
    }

    /// Of the lease that stands at `slot`; all that are asked for have one.
    fn at(&self, slot: Slot, known: &Records) -> u64 {
        known.at(slot).and_then(|it| self.of_lease(it)).unwrap_or(0)
    }
}

/// What a client is known by: the type of its hardware address, or 0, and octets.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Key<'a>(u8, &'a [u8]);

/// Infiniband (RFC 4390): its clients send no hardware address, so none can be found by it.
const INFINIBAND: u8 = 32;

impl<'a> Key<'a> {
    /// Of a client identifier.
    pub(super) fn of_uid(uid: &'a [u8]) -> Self {
        Self(0, uid)
    }

    /// Of a hardware address.
    pub(super) fn of_hardware(hardware: &'a HardwareAddress) -> Self {
        Self(hardware.kind(), hardware.octets())
    }
}

/// Parts of the table of clients with one lease.
const PARTS: usize = 256;
/// So many leases are sorted by part before they are added: a thousand for each part, and little memory.
const BATCH: usize = 1 << 18;

/// A hasher for what is a keyed hash already.
#[derive(Clone, Copy, Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A lease of a client. The original keeps the leases of a client in a list: see [`Clients::place_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    holding: Holding,
    pool: u32,
    place: i64,
    address: u32,
}

/// What the client has to do with a lease now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holding {
    /// It has it.
    Held,
    /// It had it.
    Past,
    /// Found by hardware address, but somebody with a client identifier has it.
    Identified,
}

/// Where a lease stands in the lists of its client, the first lowest: in that of its client identifier, and in that of its
/// hardware address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) uid: i64,
    pub(super) hardware: i64,
}

/// How near a lease is to its client; the nearest is the least. Those that are as near are told apart by their end if they
/// are held, and else by when their client was heard, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nearness {
    rank: Rank,
    time: Reverse<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Active,
    Parting,
    Free,
    Abandoned,
}

impl Nearness {
    /// Of a lease that nobody ever had.
    const FRESH: Self = Self {
        rank: Rank::Free,
        time: Reverse(0),
    };

    pub(super) fn of(lease: &Lease) -> Self {
        let (rank, time) = match lease.state {
            State::Active => (Rank::Active, lease.ends),
            State::Expired | State::Released => (Rank::Parting, lease.cltt),
            State::Free | State::Backup | State::Reset => (Rank::Free, lease.cltt),
            State::Abandoned => (Rank::Abandoned, lease.cltt),
        };
        Self {
            rank,
            time: Reverse(time),
        }
    }

    /// Of the lease of an address as it is known.
    pub(super) fn known(address: Ipv4Addr, known: &Records) -> Self {
        known.get(address).map_or(Self::FRESH, Self::of)
    }
}

impl Places {
    /// Of a lease that is read at the start, the `index`-th one: then all lists are in order, and of leases that are as near the one
    /// read last comes first.
    pub(super) fn at_start(nearness: Nearness, index: u32) -> Self {
        const INDEX_BITS: u32 = 29;
        const TIME_BITS: u32 = 32;
        let Reverse(time) = nearness.time;
        let rank = match nearness.rank {
            Rank::Active => 0_i64,
            Rank::Parting => 1,
            Rank::Free => 2,
            Rank::Abandoned => 3,
        } << (TIME_BITS + INDEX_BITS);
        let time = i64::from(u32::MAX - time) << INDEX_BITS;
        let index = (1_i64 << INDEX_BITS)
            .saturating_sub(i64::from(index))
            .max(0);
        // Below all that come later, which begin at 0.
        let place = i64::MIN + rank + time + index;
        Self {
            uid: place,
            hardware: place,
        }
    }
}

/// Between the places of two leases that come one behind the other: room for others between them.
const GAP: i64 = 1 << 20;
/// So many leases of a client are looked at for a place; with more, a new one goes behind all others.
const WALK: usize = 32;

impl Clients {
    /// Of clients that go by client identifier.
    pub(super) fn by_uid() -> Self {
        Self::by(uid_of, holding_of, |lease| lease.places.uid)
    }

    /// Of clients that go by hardware address.
    pub(super) fn by_hardware() -> Self {
        let place = |lease: &Lease| lease.places.hardware;
        Self::by(hardware_of, hardware_holding_of, place)
    }

    fn by(
        key: fn(&Lease) -> Option<Key<'_>>,
        holding: fn(&Lease) -> Holding,
        place: fn(&Lease) -> i64,
    ) -> Self {
        Self {
            hashes: Hashes {
                state: RandomState::new(),
                key,
            },
            holding,
            place,
            last: 0,
            single: [const { HashTable::new() }; PARTS],
            crowds: HashMap::default(),
        }
    }

    /// Adds all leases that there are, of many at a time part by part: in the order of the leases, each would have to be fetched from
    /// another place in memory.
    pub(super) fn insert_all(&mut self, known: &Records) {
        let share = known.len().div_ceil(PARTS);
        for part in &mut self.single {
            part.reserve(share, |it| self.hashes.at(*it, known));
        }
        let mut parts = [const { Vec::new() }; PARTS];
        let mut slots = known.slots();
        for _ in 0..known.len().div_ceil(BATCH) {
            for slot in slots.by_ref().take(BATCH) {
                let Some(hash) = known.at(slot).and_then(|it| self.hashes.of_lease(it)) else {
                    continue;
                };
                if let Some(part) = parts.get_mut(part_of(hash)) {
                    part.push((hash, slot));
                }
            }
            for (hash, slot) in parts.iter_mut().flat_map(|part| part.drain(..)) {
                self.insert_hashed(hash, slot, known);
            }
        }
    }

    /// A place for a lease in the list of its client: before the first other one that is no nearer to the client than what is
    /// known of its address. Leases change without moving in the list, so the list need not be in order.
    pub(super) fn place_for(&mut self, lease: &Lease, known: &Records) -> i64 {
        let address = lease.address;
        let Some(hash) = self.hashes.of_lease(lease) else {
            return (self.place)(lease);
        };
        self.last = self.last.saturating_add(GAP);
        let from = self.from(hash, lowest(Holding::Held, 0), known);
        let others = from.filter(|entry| entry.address != address.to_bits());
        let mut others: Vec<Entry> = others.take(WALK + 1).collect();
        others.sort_unstable_by_key(|entry| entry.place);
        let nearness = Nearness::known(address, known);
        let is_further = |entry: &Entry| nearness <= Nearness::known(address_of(*entry), known);
        let place_at = |index: usize| others.get(index).map(|entry| entry.place);
        let index = others.iter().position(is_further);
        let after = index.and_then(place_at);
        let Some(after) = after.filter(|_| others.len() <= WALK) else {
            return self.last;
        };
        let before = index.and_then(|index| place_at(index.checked_sub(1)?));
        before.map_or_else(|| after.saturating_sub(GAP), |it| between(it, after))
    }

    /// Adds the lease that stands at `slot`, if it is found by what is known of its client.
    pub(super) fn insert(&mut self, slot: Slot, known: &Records) {
        if let Some(hash) = known.at(slot).and_then(|it| self.hashes.of_lease(it)) {
            self.insert_hashed(hash, slot, known);
        }
    }

    fn insert_hashed(&mut self, hash: u64, slot: Slot, known: &Records) {
        if !self.crowds.contains_key(&hash) {
            let Some(other) = self.insert_single(hash, slot, known) else {
                return;
            };
            let other = self.known_entry(other, known);
            self.crowds.insert(hash, other.into_iter().collect());
        }
        let entry = self.known_entry(slot, known);
        self.crowds.entry(hash).or_default().extend(entry);
    }

    /// Adds the only lease of a client. If the client has another one already, takes that out and returns it.
    fn insert_single(&mut self, hash: u64, slot: Slot, known: &Records) -> Option<Slot> {
        let part = self.single.get_mut(part_of(hash))?;
        let hash_at = |it: &Slot| self.hashes.at(*it, known);
        match part.entry(hash, |it| hash_at(it) == hash, hash_at) {
            hash_table::Entry::Occupied(other) => Some(other.remove().0),
            hash_table::Entry::Vacant(place) => {
                place.insert(slot);
                None
            }
        }
    }

    /// Removes what `insert` added; `lease` is what stood at `slot` then.
    pub(super) fn remove(&mut self, pool: PoolId, slot: Slot, lease: &Lease) {
        let Some(hash) = self.hashes.of_lease(lease) else {
            return;
        };
        if self.take_single(hash, slot) {
            return;
        }
        let entry = self.entry(pool, lease);
        if let Some(crowd) = self.crowds.get_mut(&hash) {
            crowd.remove(&entry);
            if crowd.is_empty() {
                self.crowds.remove(&hash);
            }
        }
    }

    /// Leases of the client in some pools, the best first, as far as they have to be looked at one by one: of each pool at
    /// most one that it has and one that it had.
    pub(super) fn best(&self, key: Key<'_>, pools: &[PoolId], known: &Records) -> Vec<Ipv4Addr> {
        let hash = self.hashes.of(key);
        if let Some(only) = self.single_entry(hash, known) {
            let is_meant =
                only.holding != Holding::Identified && pools.contains(&PoolId(only.pool));
            return is_meant.then(|| address_of(only)).into_iter().collect();
        }
        let Some(crowd) = self.crowds.get(&hash) else {
            return Vec::new();
        };
        let heads = |pool: &PoolId| {
            let pool = *pool;
            [Holding::Held, Holding::Past].map(|holding| best_of(crowd, holding, pool))
        };
        let mut found: Vec<Entry> = pools.iter().flat_map(heads).flatten().collect();
        found.sort_unstable_by_key(|entry| entry.place);
        found.into_iter().map(address_of).collect()
    }

    /// All leases of one pool that the client holds, the best first; as [`best`](Self::best) without those of somebody with an
    /// identifier.
    pub(super) fn held_in(&self, key: Key<'_>, pool: PoolId, known: &Records) -> Vec<Ipv4Addr> {
        let hash = self.hashes.of(key);
        let from = self.from(hash, lowest(Holding::Held, pool.0), known);
        let held = from.take_while(|it| it.holding == Holding::Held && it.pool == pool.0);
        held.map(address_of).collect()
    }

    /// All leases of the client, the best first.
    pub(super) fn all(&self, key: Key<'_>, known: &Records) -> Vec<Ipv4Addr> {
        let hash = self.hashes.of(key);
        let from = self.from(hash, lowest(Holding::Held, 0), known);
        let mut all: Vec<Entry> = from.collect();
        all.sort_unstable_by_key(|entry| entry.place);
        all.into_iter().map(address_of).collect()
    }

    /// The leases that the client holds, on all networks.
    pub(super) fn held(&self, key: Key<'_>, known: &Records) -> Vec<Ipv4Addr> {
        let hash = self.hashes.of(key);
        let of_kind = |holding| {
            let entries = self.from(hash, lowest(holding, 0), known);
            entries.take_while(move |entry| entry.holding == holding)
        };
        let held = of_kind(Holding::Held).chain(of_kind(Holding::Identified));
        held.map(address_of).collect()
    }

    /// Leases of the client that do not sort before `least`, in order.
    fn from(&self, hash: u64, least: Entry, known: &Records) -> impl Iterator<Item = Entry> {
        let single = self.single_entry(hash, known);
        let crowd = self.crowds.get(&hash).into_iter();
        let crowd = crowd.flat_map(move |crowd| crowd.range(least..)).copied();
        single
            .filter(|entry| *entry >= least)
            .into_iter()
            .chain(crowd)
    }

    /// The lease of a client that has one.
    fn single_entry(&self, hash: u64, known: &Records) -> Option<Entry> {
        self.known_entry(self.single_slot(hash, known)?, known)
    }

    fn single_slot(&self, hash: u64, known: &Records) -> Option<Slot> {
        let part = self.single.get(part_of(hash))?;
        let same = |it: &Slot| self.hashes.at(*it, known) == hash;
        part.find(hash, same).copied()
    }

    /// Takes a lease from those that are the only ones of their client; false if it is none.
    fn take_single(&mut self, hash: u64, slot: Slot) -> bool {
        let part = self.single.get_mut(part_of(hash));
        let entry = part.and_then(|part| part.find_entry(hash, |it| *it == slot).ok());
        entry.map(OccupiedEntry::remove).is_some()
    }

    fn known_entry(&self, slot: Slot, known: &Records) -> Option<Entry> {
        let lease = known.at(slot)?;
        Some(self.entry(known.pool_of(lease.address)?, lease))
    }

    fn entry(&self, pool: PoolId, lease: &Lease) -> Entry {
        Entry {
            holding: (self.holding)(lease),
            pool: pool.0,
            place: (self.place)(lease),
            address: lease.address.to_bits(),
        }
    }
}

/// Half way from one place to a higher one.
fn between(before: i64, after: i64) -> i64 {
    let distance = before.abs_diff(after) / 2;
    before.saturating_add_unsigned(distance)
}

fn holding_of(lease: &Lease) -> Holding {
    match lease.state.is_in_use() {
        true => Holding::Held,
        false => Holding::Past,
    }
}

/// By its hardware address a client gets back only what is free or what has no client identifier; what has its own it is
/// found by that.
fn hardware_holding_of(lease: &Lease) -> Holding {
    if lease.uid.is_some() && !lease.state.is_free() {
        return Holding::Identified;
    }
    holding_of(lease)
}

/// Of the leases of one pool that have the same to do with the client the best one.
fn best_of(crowd: &BTreeSet<Entry>, holding: Holding, pool: PoolId) -> Option<Entry> {
    let entry = crowd.range(lowest(holding, pool.0)..).next();
    let entry = entry.filter(|entry| entry.holding == holding && entry.pool == pool.0);
    entry.copied()
}

/// What sorts before every entry of a holding and pool.
fn lowest(holding: Holding, pool: u32) -> Entry {
    Entry {
        holding,
        pool,
        place: i64::MIN,
        address: 0,
    }
}

/// The part of the table that a client is in. Within it other bits of the hash count.
fn part_of(hash: u64) -> usize {
    usize::from(hash.to_be_bytes()[3])
}

fn uid_of(lease: &Lease) -> Option<Key<'_>> {
    lease.uid.as_deref().map(Key::of_uid)
}

fn hardware_of(lease: &Lease) -> Option<Key<'_>> {
    let hardware = lease.hardware.as_ref();
    let is_telling = |it: &&HardwareAddress| it.kind() != INFINIBAND || !it.octets().is_empty();
    hardware.filter(is_telling).map(Key::of_hardware)
}

fn address_of(entry: Entry) -> Ipv4Addr {
    Ipv4Addr::from_bits(entry.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leases 10.0.POOL.LAST, and one index of them.
    struct Bench {
        known: Records,
        clients: Clients,
        /// Makes a lease that of the client with a key.
        give: fn(&mut Lease, &[u8]),
    }

    impl Bench {
        fn by_uid() -> Self {
            let give = |lease: &mut Lease, key: &[u8]| lease.uid = Some(key.into());
            Self::new(Clients::by_uid(), give)
        }

        fn by_hardware() -> Self {
            let give =
                |lease: &mut Lease, key: &[u8]| lease.hardware = HardwareAddress::new(1, key);
            Self::new(Clients::by_hardware(), give)
        }

        fn new(clients: Clients, give: fn(&mut Lease, &[u8])) -> Self {
            let mut known = Records::default();
            for pool in 0..8 {
                let first = Ipv4Addr::from([10, 0, pool, 0]).to_bits();
                known.add_range(first, first + 255, PoolId(pool.into()));
            }
            Self {
                known,
                clients,
                give,
            }
        }

        fn add(&mut self, key: &[u8], mut lease: Lease) {
            (self.give)(&mut lease, key);
            let address = lease.address;
            self.known.replace(lease);
            let (_, slot) = self.where_is(address);
            self.clients.insert(slot, &self.known);
        }

        fn remove(&mut self, key: &[u8], lease: &Lease) {
            let mut lease = lease.clone();
            (self.give)(&mut lease, key);
            let (pool, slot) = self.where_is(lease.address);
            self.clients.remove(pool, slot, &lease);
        }

        fn where_is(&self, address: Ipv4Addr) -> (PoolId, Slot) {
            let pool = self.known.pool_of(address).unwrap();
            (pool, self.known.slot_of(address).unwrap())
        }

        fn place(&mut self, key: &[u8], last: u8) -> i64 {
            let mut lease = Lease::fresh(Ipv4Addr::new(10, 0, 0, last));
            (self.give)(&mut lease, key);
            self.clients.place_for(&lease, &self.known)
        }

        fn best(&self, key: &[u8], pools: &[u32]) -> Vec<u8> {
            let pools: Vec<PoolId> = pools.iter().copied().map(PoolId).collect();
            self.ask(key, |key| self.clients.best(key, &pools, &self.known))
        }

        fn held(&self, key: &[u8]) -> Vec<u8> {
            self.ask(key, |key| self.clients.held(key, &self.known))
        }

        /// The last octets of the addresses that are found for a client.
        fn ask(&self, key: &[u8], find: impl Fn(Key<'_>) -> Vec<Ipv4Addr>) -> Vec<u8> {
            let mut lease = Lease::fresh(Ipv4Addr::UNSPECIFIED);
            (self.give)(&mut lease, key);
            let found = find((self.clients.hashes.key)(&lease).unwrap());
            found.iter().map(|address| address.octets()[3]).collect()
        }
    }

    fn lease([pool, last]: [u8; 2], state: State, ends: u32, cltt: u32) -> Lease {
        let mut lease = Lease::fresh(Ipv4Addr::new(10, 0, pool, last));
        (lease.state, lease.ends, lease.cltt) = (state, ends, cltt);
        lease.places = Places::at_start(Nearness::of(&lease), u32::from(last));
        lease
    }

    #[test]
    fn leases_added_as_a_whole_are_found_as_if_they_had_come_one_by_one() {
        for (mut bench, empty) in [
            (Bench::by_uid(), Clients::by_uid()),
            (Bench::by_hardware(), Clients::by_hardware()),
        ] {
            let keys: [&[u8]; 3] = [b"one", b"many", b"none"];
            for (last, key) in [(1, keys[0]), (2, keys[1]), (3, keys[1]), (4, keys[1])] {
                let mut lease = Lease::fresh(Ipv4Addr::new(10, 0, 0, last));
                lease.state = State::Active;
                bench.add(key, lease);
            }
            let one_by_one = keys.map(|key| bench.held(key));
            bench.clients = empty;
            bench.clients.insert_all(&bench.known);
            assert_eq!(keys.map(|key| bench.held(key)), one_by_one);
            assert_eq!(one_by_one.map(|held| held.len()), [1, 3, 0]);
        }
    }

    #[test]
    fn of_each_pool_the_best_that_a_client_has_and_had_is_looked_at() {
        let mut bench = Bench::by_uid();
        bench.add(b"me", lease([0, 1], State::Free, 0, 50));
        bench.add(b"me", lease([1, 2], State::Active, 100, 1));
        bench.add(b"me", lease([0, 3], State::Active, 200, 1));
        bench.add(b"me", lease([0, 4], State::Free, 900, 20));
        bench.add(b"other", lease([0, 5], State::Active, 900, 90));
        assert_eq!(bench.best(b"me", &[0, 1]), [3, 2, 1]);
        assert_eq!(bench.best(b"me", &[1]), [2]);
        assert_eq!(bench.best(b"other", &[0, 1]), [5]);
        assert_eq!(bench.best(b"other", &[1]), []);
    }

    #[test]
    fn what_a_client_holds_is_found_on_all_networks() {
        let mut bench = Bench::by_uid();
        let gone = lease([7, 1], State::Active, 5, 0);
        bench.add(b"me", gone.clone());
        assert_eq!(bench.held(b"me"), [1]);
        bench.add(b"me", lease([3, 2], State::Active, 9, 0));
        bench.add(b"me", lease([3, 3], State::Free, 9, 0));
        assert_eq!(bench.held(b"me"), [2, 1]);
        bench.remove(b"me", &gone);
        assert_eq!(bench.held(b"me"), [2]);
    }

    #[test]
    fn a_client_that_has_lost_its_only_lease_has_none() {
        let mut bench = Bench::by_uid();
        let only = lease([0, 1], State::Active, 5, 0);
        bench.add(b"me", only.clone());
        bench.add(b"other", lease([0, 2], State::Active, 5, 0));
        bench.remove(b"me", &lease([0, 2], State::Active, 5, 0));
        assert_eq!(bench.held(b"me"), [1]);
        bench.remove(b"me", &only);
        assert_eq!(bench.held(b"me"), []);
    }

    #[test]
    fn a_lease_held_under_a_client_identifier_is_not_given_back_by_hardware_address() {
        let mut bench = Bench::by_hardware();
        let mut identified = lease([0, 1], State::Active, 5, 0);
        identified.uid = Some(b"x".into());
        bench.add(b"hw", identified);
        assert_eq!(bench.best(b"hw", &[0]), []);
        bench.add(b"hw", lease([0, 2], State::Active, 4, 0));
        assert_eq!(bench.best(b"hw", &[0]), [2]);
        assert_eq!(bench.held(b"hw"), [2, 1]);
    }

    #[test]
    fn a_lease_takes_its_place_by_what_the_others_are_by_now() {
        let mut bench = Bench::by_uid();
        let mut first = lease([0, 1], State::Active, 9, 9);
        first.places.uid = bench.place(b"me", 1);
        bench.add(b"me", first.clone());
        // Nobody ever had it, so it goes behind what is held.
        assert!(bench.place(b"me", 2) > first.places.uid);
        let mut third = lease([0, 3], State::Active, 10, 0);
        bench.known.replace(third.clone());
        third.places.uid = bench.place(b"me", 3);
        assert!(third.places.uid < first.places.uid);
        bench.add(b"me", third.clone());
        // What is free by now lets go before it what is held.
        third.state = State::Free;
        bench.known.replace(third.clone());
        let again = bench.place(b"me", 1);
        assert!(again < third.places.uid);
    }

    #[test]
    fn what_is_read_at_the_start_stands_in_order_before_what_comes_later() {
        let place = |state, time, index| {
            let lease = lease([0, 1], state, time, time);
            Places::at_start(Nearness::of(&lease), index).uid
        };
        let places = [
            place(State::Active, u32::MAX, 9),
            place(State::Active, 5, 9),
            place(State::Active, 5, 8),
            place(State::Free, 7, 8),
            place(State::Abandoned, 0, 0),
            0,
        ];
        assert!(places.is_sorted(), "{places:?}");
    }
}
