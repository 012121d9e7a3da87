//! Hosts that cannot be told apart.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use common::syntax::Place;

use super::words;
use crate::config::model::{Config, FixedAddress, Host};

/// Hosts whose names differ in upper and lower case only; the very same name is an error.
pub(super) fn same_name(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    let mut seen: HashMap<String, &Host> = HashMap::new();
    for host in &config.hosts {
        let first = *seen.entry(host.name.to_ascii_lowercase()).or_insert(host);
        if first.place != host.place {
            let text = words::same_name(&host.name, &first.name, first.place);
            say(host.place, text, words::RENAME_THE_HOST);
        }
    }
}

/// Hosts with the hardware address of an earlier one.
pub(super) fn same_hardware(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for (host, first) in twins(config, |host| host.hardware) {
        let text = words::same_hardware(&host.name, &first.name, first.place);
        say(host.place, text, words::JOIN_THE_HOSTS);
    }
}

/// Hosts with the client identifier of an earlier one.
pub(super) fn same_identifier(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    for (host, first) in twins(config, |host| host.uid.as_deref()) {
        let text = words::same_identifier(&host.name, &first.name, first.place);
        say(host.place, text, words::JOIN_THE_HOSTS);
    }
}

/// Hosts with the first one that has the same key. A machine that moves between networks has one declaration for each,
/// with an address there: that is how it is meant to be.
fn twins<'c, K: Eq + Hash>(
    config: &'c Config,
    key: impl Fn(&'c Host) -> Option<K>,
) -> Vec<(&'c Host, &'c Host)> {
    let mut seen: HashMap<K, (&Host, BTreeSet<u32>)> = HashMap::new();
    let mut found = Vec::new();
    for host in &config.hosts {
        let Some(key) = key(host) else {
            continue;
        };
        let own = networks_of(config, host);
        match seen.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((host, own));
            }
            Entry::Occupied(mut entry) => {
                let (first, networks) = entry.get_mut();
                let anywhere = [host, *first]
                    .iter()
                    .any(|it| it.fixed_addresses.is_empty());
                if anywhere || !own.is_disjoint(networks) {
                    found.push((host, *first));
                }
                networks.extend(own);
            }
        }
    }
    found
}

/// Numbers of the networks that the host has an address on, as far as it is not given by a name.
fn networks_of(config: &Config, host: &Host) -> BTreeSet<u32> {
    let subnet = |fixed: &FixedAddress| match fixed {
        FixedAddress::Address(address) => config.subnet_of(*address),
        FixedAddress::Name(_) => None,
    };
    let subnets = host.fixed_addresses.iter().filter_map(subnet);
    let networks = subnets.filter_map(|subnet| config.network_of(subnet));
    networks.map(|network| network.0).collect()
}
