//! Ranges that hold addresses which are not free to lease.

use std::net::Ipv4Addr;

use common::syntax::Place;

use super::{item, words};
use crate::config::model::{Config, FixedAddress, Subnet};

/// Hosts with a fixed address that is also leased to others.
pub(super) fn fixed_addresses(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    let ranges = sorted_ranges(config);
    for host in &config.hosts {
        for fixed in &host.fixed_addresses {
            let FixedAddress::Address(address) = *fixed else {
                continue;
            };
            if let Some((low, high)) = range_with(&ranges, address) {
                let text = words::fixed_in_range(&host.name, address, low, high);
                say(host.place, text, words::MOVE_THE_ADDRESS);
            }
        }
    }
}

/// Ranges that hold the address of their subnet or its broadcast address.
pub(super) fn reserved_addresses(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for pool in &config.pools {
        for (low, high) in &pool.ranges {
            let subnet = config.subnet_of(*low);
            let Some(subnet) = subnet.and_then(|id| item(&config.subnets, id.0)) else {
                continue;
            };
            for (address, what) in reserved(subnet) {
                if (*low..=*high).contains(&address) {
                    let text = words::reserved_in_range(*low, *high, address, what);
                    say(pool.place, text, words::SHORTEN_THE_RANGE);
                }
            }
        }
    }
}

/// No range overlaps another, so the order by first address is that by last address too.
fn sorted_ranges(config: &Config) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let mut ranges: Vec<_> = config
        .pools
        .iter()
        .flat_map(|pool| &pool.ranges)
        .copied()
        .collect();
    ranges.sort_unstable();
    ranges
}

fn range_with(ranges: &[(Ipv4Addr, Ipv4Addr)], address: Ipv4Addr) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let behind = ranges.partition_point(|range| range.0 <= address);
    let range = *ranges.get(behind.checked_sub(1)?)?;
    (address <= range.1).then_some(range)
}

/// A link of two addresses or one has none (RFC 3021).
fn reserved(subnet: &Subnet) -> Vec<(Ipv4Addr, &'static str)> {
    let free = !subnet.mask.to_bits();
    if free.count_ones() < 2 {
        return Vec::new();
    }
    let broadcast = Ipv4Addr::from_bits(subnet.address.to_bits() | free);
    vec![
        (subnet.address, words::NETWORK_ADDRESS),
        (broadcast, words::BROADCAST_ADDRESS),
    ]
}
