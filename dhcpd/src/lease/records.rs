//! Leases by address, and the pool that each address is in.
//!
//! A lease that somebody once had is never forgotten, so leases stand in blocks that never move, in the order in which they came. The
//! map from addresses to them has an entry for 64 addresses at a time: for a million leases that is four bytes each.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use super::record::Lease;
use crate::config::model::PoolId;

/// Leases of a block.
const BLOCK: usize = 256;
/// Addresses of an entry in the map.
const STRETCH: u32 = 64;

/// What is known about addresses. One that nobody ever had has no lease.
#[derive(Debug, Default)]
pub(super) struct Records {
    blocks: Vec<Vec<Lease>>,
    /// By address divided by 64.
    stretches: BTreeMap<u32, Box<Stretch>>,
    /// First address to last address and pool.
    ranges: BTreeMap<u32, (u32, PoolId)>,
}

/// Where the leases of 64 addresses stand.
type Stretch = [Option<Slot>; STRETCH as usize];

/// Where a lease stands, for as long as there is a table: its number, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(NonZeroU32);

impl Slot {
    /// Block, and place in it.
    fn place(self) -> (usize, usize) {
        let index = usize::try_from(self.0.get() - 1).unwrap_or(usize::MAX);
        (index / BLOCK, index % BLOCK)
    }
}

impl Records {
    /// From now on the addresses from `first` to `last` are in `pool`.
    pub(super) fn add_range(&mut self, first: u32, last: u32, pool: PoolId) {
        self.ranges.insert(first, (last, pool));
    }

    /// The pool that an address is in.
    pub(super) fn pool_of(&self, address: Ipv4Addr) -> Option<PoolId> {
        let bits = address.to_bits();
        let (_, (last, pool)) = self.ranges.range(..=bits).next_back()?;
        (bits <= *last).then_some(*pool)
    }

    /// The next higher address that is in any range.
    pub(super) fn address_behind(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        let next = Ipv4Addr::from_bits(address.to_bits().checked_add(1)?);
        if self.pool_of(next).is_some() {
            return Some(next);
        }
        let (start, _) = self.ranges.range(next.to_bits()..).next()?;
        Some(Ipv4Addr::from_bits(*start))
    }

    /// How many leases there are.
    pub(super) fn len(&self) -> usize {
        match self.blocks.split_last() {
            Some((last, full)) => full.len() * BLOCK + last.len(),
            None => 0,
        }
    }

    /// Where the lease of an address that somebody has or had stands.
    pub(super) fn slot_of(&self, address: Ipv4Addr) -> Option<Slot> {
        let (stretch, index) = stretch_of(address);
        *self.stretches.get(&stretch)?.get(index)?
    }

    /// The lease that stands there.
    pub(super) fn at(&self, slot: Slot) -> Option<&Lease> {
        let (block, index) = slot.place();
        self.blocks.get(block)?.get(index)
    }

    /// As [`at`](Self::at), to change anything but its address.
    pub(super) fn at_mut(&mut self, slot: Slot) -> Option<&mut Lease> {
        let (block, index) = slot.place();
        self.blocks.get_mut(block)?.get_mut(index)
    }

    /// The lease of an address that somebody has or had.
    pub(super) fn get(&self, address: Ipv4Addr) -> Option<&Lease> {
        self.at(self.slot_of(address)?)
    }

    /// Puts a lease in the place of what was known about its address, and returns that.
    pub(super) fn replace(&mut self, lease: Lease) -> Option<Lease> {
        let known = self.slot_of(lease.address);
        if let Some(known) = known.and_then(|slot| self.at_mut(slot)) {
            return Some(std::mem::replace(known, lease));
        }
        self.append(lease);
        None
    }

    fn append(&mut self, lease: Lease) {
        let number = u32::try_from(self.len() + 1).ok();
        // There are not so many addresses.
        let Some(number) = number.and_then(NonZeroU32::new) else {
            return;
        };
        let (stretch, index) = stretch_of(lease.address);
        let stretch = self.stretches.entry(stretch);
        let stretch = stretch.or_insert_with(|| Box::new([None; STRETCH as usize]));
        if let Some(slot) = stretch.get_mut(index) {
            *slot = Some(Slot(number));
        }
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(lease),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(lease);
                self.blocks.push(block);
            }
        }
    }

    /// All leases, in the order in which they came.
    pub(super) fn all(&self) -> impl Iterator<Item = &Lease> {
        self.blocks.iter().flatten()
    }

    /// Where leases stand, in the order in which they came.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> + use<> {
        let count = u32::try_from(self.len()).unwrap_or(u32::MAX);
        (1..=count).filter_map(NonZeroU32::new).map(Slot)
    }

    /// All leases from an address on, ascending.
    pub(super) fn from(&self, first: u32) -> impl Iterator<Item = &Lease> {
        let entries = self.entries(first);
        entries.filter_map(|(_, slot)| self.at(slot))
    }

    /// The addresses from `first` to `last` that have a lease, ascending.
    pub(super) fn addresses(&self, first: u32, last: u32) -> impl Iterator<Item = u32> {
        let addresses = self.entries(first).map(|(address, _)| address);
        addresses.take_while(move |address| *address <= last)
    }

    /// Addresses from `first` on, and where their leases stand.
    fn entries(&self, first: u32) -> impl Iterator<Item = (u32, Slot)> {
        let stretches = self.stretches.range(first / STRETCH..);
        let entries = stretches.flat_map(|(stretch, slots)| {
            let entries = (0..STRETCH).zip(slots.iter());
            entries.filter_map(move |(index, slot)| Some((stretch * STRETCH + index, (*slot)?)))
        });
        entries.skip_while(move |(address, _)| *address < first)
    }
}

/// The entry of an address in the map, and its place there.
fn stretch_of(address: Ipv4Addr) -> (u32, usize) {
    let bits = address.to_bits();
    let index = usize::try_from(bits % STRETCH).unwrap_or(0);
    (bits / STRETCH, index)
}
