//! Leases by address, and the pool that each address is in.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::record::Lease;
use crate::config::model::PoolId;

/// What is known about addresses. One that nobody ever had has no entry.
#[derive(Debug, Default)]
pub(super) struct Records {
    leases: BTreeMap<u32, Box<Lease>>,
    /// First address to last address and pool.
    ranges: BTreeMap<u32, (u32, PoolId)>,
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

    /// The lease of an address that somebody has or had.
    pub(super) fn get(&self, address: Ipv4Addr) -> Option<&Lease> {
        self.leases.get(&address.to_bits()).map(|lease| &**lease)
    }

    /// As [`get`](Self::get), to change anything but its address.
    pub(super) fn get_mut(&mut self, address: Ipv4Addr) -> Option<&mut Lease> {
        let lease = self.leases.get_mut(&address.to_bits());
        lease.map(|lease| &mut **lease)
    }

    /// Puts a lease in the place of what was known about its address, and returns that.
    pub(super) fn replace(&mut self, lease: Lease) -> Option<Lease> {
        let address = lease.address.to_bits();
        if let Some(known) = self.leases.get_mut(&address) {
            return Some(std::mem::replace(&mut **known, lease));
        }
        self.leases.insert(address, Box::new(lease));
        None
    }

    /// Fills the nodes of the map: those that grew are half empty.
    pub(super) fn pack(&mut self) {
        self.leases = std::mem::take(&mut self.leases).into_iter().collect();
    }

    /// All leases from an address on, ascending.
    pub(super) fn from(&self, first: u32) -> impl Iterator<Item = &Lease> {
        self.leases.range(first..).map(|(_, lease)| &**lease)
    }
}
