//! Tests of the table of leases.

use super::*;
use crate::config::model::{Pool as PoolDeclaration, ScopeId};
use crate::lease::Load;
use common::syntax::Place;

fn config(ranges: &[(&str, &str)]) -> Config {
    let pool = |(first, last): &(&str, &str)| PoolDeclaration {
        network: NetworkId(0),
        scope: ScopeId(0),
        permits: Vec::new(),
        prohibits: Vec::new(),
        ranges: vec![(first.parse().unwrap(), last.parse().unwrap())],
        place: Place::default(),
    };
    Config {
        pools: ranges.iter().map(pool).collect(),
        ..Config::default()
    }
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, 0, last)
}

fn lease(last: u8, next: State, ends: u32) -> Lease {
    let mut lease = Lease::fresh(address(last));
    (lease.next, lease.ends) = (next, ends);
    lease
}

fn candidate(table: &Table) -> Option<u8> {
    let found = table.candidate(PoolId(0))?;
    Some(found.lease.address.octets()[3])
}

/// Ends the lease that ends first, if its time has come.
fn end_one(table: &mut Table, now: u32) -> Option<Lease> {
    let lease = table.due(now)?;
    table.move_on(lease).cloned()
}

#[test]
fn fresh_addresses_go_first_then_the_one_free_for_longest() {
    let mut table = Table::new(&config(&[("10.9.0.10", "10.9.0.12")]));
    table.store(lease(11, State::Free, 500));
    table.store(lease(12, State::Free, 400));
    assert_eq!(candidate(&table), Some(10));
    table.store(lease(10, State::Active, 900));
    assert_eq!(candidate(&table), Some(12));
}

#[test]
fn leases_freed_in_the_same_second_come_out_in_reverse() {
    let mut table = Table::new(&config(&[("10.9.0.10", "10.9.0.13")]));
    for last in [11, 10, 13, 12] {
        table.store(lease(last, State::Free, 77));
    }
    let mut order = Vec::new();
    while let Some(last) = candidate(&table) {
        order.push(last);
        table.store(lease(last, State::Active, 900));
    }
    assert_eq!(order, [12, 13, 10, 11]);
}

#[test]
fn abandoned_addresses_are_the_last_resort_and_reserved_ones_are_none() {
    let mut table = Table::new(&config(&[("10.9.0.10", "10.9.0.11")]));
    let mut reserved = lease(10, State::Free, 5);
    reserved.reserved = true;
    table.store(reserved);
    assert_eq!(candidate(&table), Some(11));
    table.store(lease(11, State::Abandoned, 5));
    assert_eq!(candidate(&table), Some(11));
    assert_eq!(table.tally(PoolId(0)), Tally { total: 2, free: 0 });
}

#[test]
fn leases_end_in_order_of_time_and_free_ones_never() {
    let mut table = Table::new(&config(&[("10.9.0.10", "10.9.0.20")]));
    table.store(lease(10, State::Active, 300));
    table.store(lease(11, State::Abandoned, 200));
    table.store(lease(12, State::Free, 100));
    assert_eq!(table.next_end(), Some(200));
    assert_eq!(end_one(&mut table, 199), None);
    assert_eq!(
        end_one(&mut table, 300).map(|it| it.address),
        Some(address(11))
    );
    let ended = end_one(&mut table, 300).unwrap();
    assert_eq!(
        (ended.address, ended.state, ended.tstp),
        (address(10), State::Free, 300)
    );
    assert_eq!(end_one(&mut table, u32::MAX), None);
}

#[test]
fn a_lease_is_found_by_its_client_only_while_it_has_it() {
    let mut table = Table::new(&config(&[("10.9.0.10", "10.9.0.20")]));
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap();
    let mut mine = lease(10, State::Active, 300);
    mine.uid = Some(b"me".into());
    mine.hardware = Some(hardware);
    table.store(mine);
    assert_eq!(table.of_uid(b"me", &[PoolId(0)]).len(), 1);
    assert_eq!(table.of_hardware(&hardware, &[PoolId(0)]).len(), 0);
    assert_eq!(table.held_by_hardware(&hardware), [address(10)]);
    table.store(lease(10, State::Abandoned, 300));
    assert!(table.of_uid(b"me", &[PoolId(0)]).is_empty());
    assert!(table.held_by_hardware(&hardware).is_empty());
}

#[test]
fn looking_at_an_address_makes_no_record_of_it() {
    let table = Table::new(&config(&[("10.0.0.0", "10.255.255.255")]));
    assert!(table.find(address(1)).is_some());
    assert!(table.find(Ipv4Addr::new(11, 0, 0, 0)).is_none());
    assert_eq!(table.records.from(0).count(), 0);
}

#[test]
fn of_records_read_for_one_address_the_last_counts() {
    let config = config(&[("10.9.0.10", "10.9.0.20")]);
    let mut load = Load::new(&config);
    for ends in [100, 50] {
        let mut read = lease(10, State::Free, ends);
        read.state = State::Active;
        assert!(load.accept(read));
    }
    assert!(!load.accept(lease(99, State::Free, 1)));
    let table = load.finish();
    assert_eq!(table.next_end(), Some(50));
}

#[test]
fn leases_read_with_one_end_come_out_in_the_order_of_the_original_table() {
    let config = config(&[("10.9.0.10", "10.9.0.13")]);
    let mut load = Load::new(&config);
    for (last, ends) in [(13, 7), (10, 7), (12, 9), (11, 7)] {
        load.accept(lease(last, State::Free, ends));
    }
    let table = load.finish();
    let kept: Vec<_> = table.pools[0]
        .free
        .iter()
        .map(|it| it.address().octets()[3])
        .collect();
    assert_eq!(kept, [13, 10, 11, 12]);
}

#[test]
fn an_address_that_was_never_leased_interrupts_the_order_of_those_around_it() {
    let config = config(&[("10.9.0.10", "10.9.0.14")]);
    let mut load = Load::new(&config);
    for last in [10, 11, 13, 14] {
        load.accept(lease(last, State::Free, 7));
    }
    let table = load.finish();
    let kept: Vec<_> = table.pools[0]
        .free
        .iter()
        .map(|it| it.address().octets()[3])
        .collect();
    assert_eq!(kept, [13, 14, 10, 11]);
}

#[test]
fn a_share_of_a_pool_is_cut_to_whole_addresses() {
    let expected = [
        (0, [0, 0, 0, 0]),
        (10, [2, 5, 7, 10]),
        (50, [12, 25, 37, 50]),
        (
            2_000_000_000,
            [500_000_000, 1_000_000_000, 1_500_000_000, 2_000_000_000],
        ),
    ];
    for (total, shares) in expected {
        let tally = Tally { total, free: 0 };
        assert_eq!(
            [25, 50, 75, 100].map(|percent| tally.percent(percent)),
            shares
        );
    }
}
