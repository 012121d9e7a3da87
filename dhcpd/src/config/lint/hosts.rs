//! Hosts: addresses that others may lease, and two declarations of one client.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv4Addr;

use super::super::model::{Config, FixedAddress, Host};
use super::super::words;
use super::Report;

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    let ranges = sorted_ranges(config);
    for host in &config.hosts {
        for fixed in &host.fixed_addresses {
            if let FixedAddress::Address(address) = fixed
                && is_within(&ranges, *address)
            {
                let text = words::lint_fixed_address(&host.name, *address);
                report.warn(host.place, text, words::LINT_FIXED_ADDRESS_HELP);
            }
        }
    }
    check_twins(config, |host| host.hardware, "hardware address", report);
    check_twins(config, |host| host.uid.as_deref(), "uid", report);
}

fn sorted_ranges(config: &Config) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let all = config.pools.iter().flat_map(|pool| pool.ranges.iter());
    let mut ranges: Vec<_> = all.copied().collect();
    ranges.sort_unstable();
    ranges
}

/// No two ranges overlap, so only the last one that begins at or before the address can hold it.
fn is_within(ranges: &[(Ipv4Addr, Ipv4Addr)], address: Ipv4Addr) -> bool {
    let behind = ranges.partition_point(|range| range.0 <= address);
    let range = behind.checked_sub(1).and_then(|index| ranges.get(index));
    range.is_some_and(|range| address <= range.1)
}

/// Two hosts with the same key and without addresses, or with the same address: only the first can ever count.
fn check_twins<'c, K: Eq + Hash>(
    config: &'c Config,
    key: impl Fn(&'c Host) -> Option<K>,
    what: &str,
    report: &mut Report<'_>,
) {
    let mut seen: HashMap<(K, &[FixedAddress]), &Host> = HashMap::new();
    for host in &config.hosts {
        let Some(key) = key(host) else {
            continue;
        };
        let first = seen.entry((key, &host.fixed_addresses)).or_insert(host);
        if first.place != host.place {
            let line = first.place.line;
            let text = words::lint_twin(&host.name, what, &first.name, line);
            report.warn(host.place, text, words::LINT_TWIN_HELP);
        }
    }
}
