//! Pools: permits of both kinds, and ranges with addresses that no client can have.

use std::net::Ipv4Addr;

use super::super::model::{Config, Pool};
use super::super::words;
use super::Report;

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    for pool in &config.pools {
        if !pool.permits.is_empty() && !pool.prohibits.is_empty() {
            let text = words::LINT_PERMITS.to_owned();
            report.warn(pool.place, text, words::LINT_PERMITS_HELP);
        }
        check_ends(config, pool, report);
    }
}

/// The first and the last address of a subnet belong to no host (RFC 1122, section 3.2.1.3), but of a subnet with one or
/// two addresses (RFC 3021).
fn check_ends(config: &Config, pool: &Pool, report: &mut Report<'_>) {
    for (low, high) in &pool.ranges {
        let id = config.subnet_of(*low);
        let index = id.and_then(|id| usize::try_from(id.0).ok());
        let Some(subnet) = index.and_then(|index| config.subnets.get(index)) else {
            continue;
        };
        let last = subnet.address | !subnet.mask;
        if last.to_bits().saturating_sub(subnet.address.to_bits()) < 2 {
            continue;
        }
        let holds = |address: Ipv4Addr| (*low..=*high).contains(&address);
        if holds(subnet.address) {
            let text = words::lint_range(*low, *high, "network", subnet.address);
            report.warn(pool.place, text, "");
        }
        if holds(last) {
            let text = words::lint_range(*low, *high, "broadcast", last);
            report.warn(pool.place, text, "");
        }
    }
}
