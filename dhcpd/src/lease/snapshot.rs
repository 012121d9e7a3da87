//! The whole lease file, written while leases change: a slice at a time, each less than a millisecond's
//! work for the processor and little more than a record's for the disk.
//!
//! A slice says what its leases are when it is made. Records of later changes stand behind it in the file, and of several
//! records for an address the last counts; so the file is right although no moment's leases are in it as a whole.

use super::reader::Reading;
use super::table::Table;
use super::writer::{IdFormat, write_duid, write_header, write_lease};

/// Addresses that are looked at for one slice. The leases of a slice stand in the original's order; so do all leases of a
/// server that has no more than these.
const SLICE: usize = 256;

/// How far the file has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapshot {
    next: Next,
    leases: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum Next {
    #[default]
    Header,
    /// Leases from this address on.
    Leases(u32),
    Nothing,
}

impl Snapshot {
    /// Appends the next slice to `text`; false, and nothing, if the file is whole.
    pub fn write_slice(
        &mut self,
        table: &Table,
        reading: &Reading,
        format: IdFormat,
        text: &mut Vec<u8>,
    ) -> bool {
        let first = match self.next {
            Next::Header => {
                write_header(text);
                text.extend_from_slice(&reading.foreign);
                0
            }
            Next::Leases(first) => first,
            Next::Nothing => return false,
        };
        let (leases, rest) = table.kept_from(first, SLICE);
        for lease in &leases {
            write_lease(text, lease, format);
        }
        self.leases = self.leases.saturating_add(leases.len());
        self.next = rest.map_or(Next::Nothing, Next::Leases);
        if let (Next::Nothing, Some(duid)) = (self.next, &reading.duid) {
            write_duid(text, duid, format);
        }
        true
    }

    /// How many leases are in the slices written so far.
    #[must_use]
    pub fn leases(&self) -> usize {
        self.leases
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use common::syntax::Place;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::config::model::{Config, NetworkId, Pool, ScopeId};
    use crate::lease::{Lease, Section, State, read, sections};

    const COUNT: u32 = 2_500;

    fn address(number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 9, 0, 0).to_bits() + number)
    }

    fn active(number: u32, ends: u32) -> Lease {
        let mut lease = Lease::fresh(address(number));
        (lease.state, lease.next, lease.ends) = (State::Active, State::Active, ends);
        lease
    }

    /// A table of active leases that end the later the lower their address is.
    fn table(count: u32) -> Table {
        let pool = Pool {
            network: NetworkId(0),
            scope: ScopeId(0),
            permits: Vec::new(),
            prohibits: Vec::new(),
            ranges: vec![(address(0), address(COUNT))],
            place: Place::default(),
        };
        let mut table = Table::new(&Config {
            pools: vec![pool],
            ..Config::default()
        });
        for number in 0..count {
            table.store(active(number, 1_795_167_118 - number)).unwrap();
        }
        table
    }

    fn slices(table: &Table, reading: &Reading) -> (Vec<Vec<u8>>, usize) {
        let mut snapshot = Snapshot::default();
        let mut slices = Vec::new();
        let mut text = Vec::new();
        while snapshot.write_slice(table, reading, IdFormat::Octal, &mut text) {
            slices.push(std::mem::take(&mut text));
        }
        (slices, snapshot.leases())
    }

    fn reading() -> Reading {
        Reading {
            duid: Some(Box::from([0, 1, 2])),
            foreign: b"host h {\n}\n".to_vec(),
            ..Reading::default()
        }
    }

    #[test]
    fn few_leases_are_one_slice_with_the_text_of_a_start() {
        for count in [0, 1, 250] {
            let table = table(count);
            let (slices, leases) = slices(&table, &reading());
            let reading = reading();
            let sections: Vec<_> = sections(&table, &reading).collect();
            let texts = sections.iter().map(|it| it.text(IdFormat::Octal));
            assert_eq!(slices, [texts.collect::<Vec<_>>().concat()]);
            assert_eq!(sections.iter().map(Section::leases).sum::<usize>(), leases);
        }
    }

    #[test]
    fn many_leases_are_all_written_once() {
        let (slices, leases) = slices(&table(COUNT), &reading());
        assert_eq!((slices.len(), leases), (10, 2_500));
        let mut met = Vec::new();
        let again = read(&slices.concat(), "leases", 0, |lease| {
            met.push(lease.address);
            true
        });
        assert_eq!(
            (again.duid, again.foreign),
            (reading().duid, reading().foreign)
        );
        met.sort_unstable();
        assert_eq!(met, (0..COUNT).map(address).collect::<Vec<_>>());
    }

    #[test]
    fn what_changes_between_two_slices_counts_when_its_record_comes_later() {
        let mut table = table(COUNT);
        let mut snapshot = Snapshot::default();
        let mut text = Vec::new();
        snapshot.write_slice(&table, &reading(), IdFormat::Octal, &mut text);
        for number in [0, COUNT - 1] {
            let changed = table.store(active(number, 77)).unwrap();
            write_lease(&mut text, changed, IdFormat::Octal);
        }
        while snapshot.write_slice(&table, &reading(), IdFormat::Octal, &mut text) {}
        let mut ends = std::collections::HashMap::new();
        read(&text, "leases", 0, |lease| {
            ends.insert(lease.address, lease.ends);
            true
        });
        assert_eq!(ends[&address(0)], 77);
        assert_eq!(ends[&address(COUNT - 1)], 77);
    }
}
