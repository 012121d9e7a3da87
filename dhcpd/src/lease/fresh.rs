//! Addresses that were never leased, as intervals: a pool of sixteen million costs a few hundred entries.
//!
//! The original walks a hash table of 100,003 buckets when it fills its free list, so fresh addresses are given out in
//! ascending order of address modulo 100,003, within a bucket the highest first (reference isc-dhcpd-behaviour.md,
//! section 4, "Allocation"). Intervals are cut at multiples of that number; within one, ascending is right. Where the walk
//! meets an address of another list, what follows goes before all that came so far: the later block is given out first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Buckets of the original's lease table.
pub(super) const BUCKETS: u32 = 100_003;

/// A set of addresses that knows which comes next.
#[derive(Clone, Debug, Default)]
pub(super) struct Fresh {
    /// By first address.
    intervals: BTreeMap<u32, Interval>,
    /// Starts of the intervals, in the order in which they are given out.
    starts: BTreeSet<(i64, u32, Reverse<u32>)>,
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Interval {
    last: u32,
    /// The block that it is in; of two the lower is given out first.
    block: i64,
}

impl Fresh {
    /// Adds all addresses from `first` to `last`, none of which may be in yet.
    pub(super) fn add_range(&mut self, first: u32, last: u32) {
        let mut start = first;
        while start <= last {
            let bucket_end = u64::from(start - start % BUCKETS) + u64::from(BUCKETS) - 1;
            let end = u32::try_from(bucket_end).unwrap_or(u32::MAX).min(last);
            self.insert(
                start,
                Interval {
                    last: end,
                    block: 0,
                },
            );
            let Some(next) = end.checked_add(1) else {
                return;
            };
            start = next;
        }
    }

    /// The address to give out next.
    pub(super) fn first(&self) -> Option<u32> {
        self.starts.first().map(|(_, _, Reverse(start))| *start)
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.count
    }

    /// First addresses of the intervals, ascending.
    pub(super) fn starts(&self) -> impl Iterator<Item = u32> {
        self.intervals.keys().copied()
    }

    /// Puts the interval that begins at `start` into a block.
    pub(super) fn set_block(&mut self, start: u32, block: i64) {
        if let Some(interval) = self.remove(start) {
            self.insert(start, Interval { block, ..interval });
        }
    }

    /// Takes one address out; false if it was not in.
    pub(super) fn take(&mut self, address: u32) -> bool {
        let Some((&start, &interval)) = self.intervals.range(..=address).next_back() else {
            return false;
        };
        if interval.last < address {
            return false;
        }
        self.remove(start);
        if start < address {
            let last = address - 1;
            self.insert(start, Interval { last, ..interval });
        }
        if address < interval.last {
            self.insert(address + 1, interval);
        }
        true
    }

    /// Takes out the addresses that `known` gives for an interval, ascending.
    pub(super) fn take_all<I>(&mut self, known: impl Fn(u32, u32) -> I)
    where
        I: Iterator<Item = u32>,
    {
        for (first, interval) in std::mem::take(self).intervals {
            let mut start = Some(first);
            for address in known(first, interval.last) {
                if let Some(start) = start.filter(|start| *start < address) {
                    let last = address - 1;
                    self.insert(start, Interval { last, ..interval });
                }
                start = address.checked_add(1);
            }
            if let Some(start) = start.filter(|start| *start <= interval.last) {
                self.insert(start, interval);
            }
        }
    }

    fn insert(&mut self, start: u32, interval: Interval) {
        self.intervals.insert(start, interval);
        self.starts.insert(key(start, interval));
        self.count += u64::from(interval.last - start) + 1;
    }

    fn remove(&mut self, start: u32) -> Option<Interval> {
        let interval = self.intervals.remove(&start)?;
        self.starts.remove(&key(start, interval));
        self.count -= u64::from(interval.last - start) + 1;
        Some(interval)
    }
}

fn key(start: u32, interval: Interval) -> (i64, u32, Reverse<u32>) {
    (interval.block, start % BUCKETS, Reverse(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn bits(text: &str) -> u32 {
        text.parse::<Ipv4Addr>().unwrap().to_bits()
    }

    fn drain(fresh: &mut Fresh, count: usize) -> Vec<u32> {
        let mut taken = Vec::new();
        while let Some(address) = fresh.first().filter(|_| taken.len() < count) {
            assert!(fresh.take(address));
            taken.push(address);
        }
        taken
    }

    #[test]
    fn a_small_range_goes_out_in_ascending_order() {
        let mut fresh = Fresh::default();
        fresh.add_range(bits("10.9.0.10"), bits("10.9.0.14"));
        let expected: Vec<_> = (bits("10.9.0.10")..=bits("10.9.0.14")).collect();
        assert_eq!(drain(&mut fresh, 9), expected);
        assert_eq!(fresh.len(), 0);
    }

    #[test]
    fn a_range_over_a_bucket_boundary_begins_where_the_original_begins() {
        let mut fresh = Fresh::default();
        fresh.add_range(bits("10.9.0.1"), bits("10.9.255.254"));
        assert_eq!(fresh.first(), Some(bits("10.9.168.60")));
    }

    #[test]
    fn order_is_by_remainder_and_then_the_highest_first() {
        let mut fresh = Fresh::default();
        fresh.add_range(5, 3 * BUCKETS + 7);
        let mut expected: Vec<_> = (5..=3 * BUCKETS + 7).collect();
        expected.sort_by_key(|address| (address % BUCKETS, Reverse(*address)));
        expected.truncate(40);
        assert_eq!(drain(&mut fresh, 40), expected);
    }

    #[test]
    fn sixteen_million_addresses_are_a_few_hundred_intervals() {
        let mut fresh = Fresh::default();
        fresh.add_range(bits("10.0.0.0"), bits("10.255.255.255"));
        assert_eq!(fresh.len(), 1 << 24);
        assert!(fresh.intervals.len() <= 169);
    }

    #[test]
    fn many_addresses_are_taken_as_one_by_one() {
        let taken = [5, 6, 9, BUCKETS - 1, BUCKETS, BUCKETS + 7, u32::MAX];
        let mut one_by_one = Fresh::default();
        one_by_one.add_range(5, 2 * BUCKETS);
        one_by_one.add_range(u32::MAX - 2, u32::MAX);
        let mut at_once = one_by_one.clone();
        for address in taken {
            assert!(one_by_one.take(address));
        }
        at_once.take_all(|first, last| {
            taken
                .into_iter()
                .filter(move |it| (first..=last).contains(it))
        });
        assert_eq!(at_once.len(), one_by_one.len());
        assert_eq!(
            drain(&mut at_once, 300_000),
            drain(&mut one_by_one, 300_000)
        );
    }

    #[test]
    fn the_last_address_of_all_ends_a_range() {
        let mut fresh = Fresh::default();
        fresh.add_range(u32::MAX - 2, u32::MAX);
        assert_eq!(fresh.len(), 3);
        assert!(fresh.take(u32::MAX));
        assert!(!fresh.take(u32::MAX));
        assert!(!fresh.take(7));
    }
}
