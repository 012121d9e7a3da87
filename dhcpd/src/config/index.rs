//! Lookups in a configuration, built once when it has been read.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv4Addr;
use std::slice;

use common::net::HardwareAddress;

use super::model::{ClassId, Config, HostId, HostIdentifier, NetworkId, PoolId, SubnetId};
use crate::options::OptionId;

/// What is looked up by value instead of by number.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Distinct subnet masks, the longest first.
    masks: Vec<u32>,
    subnets: HashMap<(u32, u32), SubnetId>,
    subnets_of: Vec<Vec<SubnetId>>,
    pools_of: Vec<Vec<PoolId>>,
    hosts_by_uid: Hosts<Box<[u8]>>,
    hosts_by_hardware: Hosts<HardwareAddress>,
    hosts_by_option: Hosts<(OptionId, Box<[u8]>)>,
    /// Options that identify any host, in declaration order.
    identifying: Vec<OptionId>,
    classes: HashMap<Box<str>, ClassId>,
}

/// Hosts by something that identifies them. Most have it for themselves, and then it costs no list.
#[derive(Clone, Debug)]
struct Hosts<K> {
    first: HashMap<K, HostId>,
    /// All hosts with the same, by the first of them.
    shared: HashMap<HostId, Vec<HostId>>,
}

impl<K> Default for Hosts<K> {
    fn default() -> Self {
        Self {
            first: HashMap::new(),
            shared: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash> Hosts<K> {
    fn add(&mut self, key: K, id: HostId) {
        let first = *self.first.entry(key).or_insert(id);
        if first != id {
            self.shared.entry(first).or_insert(vec![first]).push(id);
        }
    }

    fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> &[HostId]
    where
        K: Borrow<Q>,
    {
        let Some(first) = self.first.get(key) else {
            return &[];
        };
        let shared = self.shared.get(first);
        shared.map_or(slice::from_ref(first), Vec::as_slice)
    }
}

impl Config {
    /// Builds the lookups anew. Whoever fills a configuration by hand calls it before the configuration is used.
    pub fn rebuild_index(&mut self) {
        let mut index = Index::default();
        index.add_subnets(self);
        index.add_pools(self);
        index.add_hosts(self);
        index.add_classes(self);
        self.index = index;
    }

    /// The subnet that holds `address`; of several the one with the longest mask.
    #[must_use]
    pub fn subnet_of(&self, address: Ipv4Addr) -> Option<SubnetId> {
        let bits = address.to_bits();
        let found = |mask: &u32| self.index.subnets.get(&(bits & mask, *mask));
        self.index.masks.iter().find_map(found).copied()
    }

    /// The link that a subnet is on.
    #[must_use]
    pub fn network_of(&self, subnet: SubnetId) -> Option<NetworkId> {
        let index = usize::try_from(subnet.0).ok()?;
        self.subnets.get(index).map(|found| found.network)
    }

    /// Subnets of a link in declaration order.
    #[must_use]
    pub fn subnets_of(&self, network: NetworkId) -> &[SubnetId] {
        at(&self.index.subnets_of, network.0)
    }

    /// Pools of a link in the order in which allocation tries them.
    #[must_use]
    pub fn pools_of(&self, network: NetworkId) -> &[PoolId] {
        at(&self.index.pools_of, network.0)
    }

    /// Hosts with this client identifier, the first declared first.
    #[must_use]
    pub fn hosts_by_uid(&self, uid: &[u8]) -> &[HostId] {
        self.index.hosts_by_uid.find(uid)
    }

    /// Hosts with this hardware address, the first declared first.
    #[must_use]
    pub fn hosts_by_hardware(&self, hardware: &HardwareAddress) -> &[HostId] {
        self.index.hosts_by_hardware.find(hardware)
    }

    /// Options by which clients are to be identified.
    #[must_use]
    pub fn identifying_options(&self) -> &[OptionId] {
        &self.index.identifying
    }

    /// Hosts with `host-identifier` of this option and value, the first declared first.
    #[must_use]
    pub fn hosts_by_option(&self, option: OptionId, value: &[u8]) -> &[HostId] {
        self.index.hosts_by_option.find(&(option, value.into()))
    }

    /// The class of that name; case matters.
    #[must_use]
    pub fn class_named(&self, name: &str) -> Option<ClassId> {
        self.index.classes.get(name).copied()
    }
}

impl Index {
    /// Of two equal subnets the later counts.
    fn add_subnets(&mut self, config: &Config) {
        self.subnets_of = vec![Vec::new(); config.networks.len()];
        for (id, subnet) in (0..).map(SubnetId).zip(&config.subnets) {
            let mask = subnet.mask.to_bits();
            self.subnets.insert((subnet.address.to_bits(), mask), id);
            push_at(&mut self.subnets_of, subnet.network.0, id);
        }
        self.masks = self.subnets.keys().map(|(_, mask)| *mask).collect();
        self.masks
            .sort_unstable_by_key(|mask| std::cmp::Reverse((mask.count_ones(), *mask)));
        self.masks.dedup();
    }

    fn add_pools(&mut self, config: &Config) {
        self.pools_of = vec![Vec::new(); config.networks.len()];
        for (id, pool) in (0..).map(PoolId).zip(&config.pools) {
            push_at(&mut self.pools_of, pool.network.0, id);
        }
    }

    /// What relays of DHCPv6 say identifies nobody here.
    fn add_identifier(&mut self, identifier: &HostIdentifier, id: HostId) {
        if identifier.relays.is_some() {
            return;
        }
        let key = (identifier.option, identifier.value.clone());
        self.hosts_by_option.add(key, id);
        if !self.identifying.contains(&identifier.option) {
            self.identifying.push(identifier.option);
        }
    }

    fn add_hosts(&mut self, config: &Config) {
        for (id, host) in (0..).map(HostId).zip(&config.hosts) {
            if let Some(uid) = &host.uid {
                self.hosts_by_uid.add(uid.clone(), id);
            }
            if let Some(hardware) = host.hardware {
                self.hosts_by_hardware.add(hardware, id);
            }
            let rare = host.rare.as_ref();
            if let Some(identifier) = rare.and_then(|rare| rare.identifier.as_ref()) {
                self.add_identifier(identifier, id);
            }
        }
    }

    fn add_classes(&mut self, config: &Config) {
        for (id, class) in (0..).map(ClassId).zip(&config.classes) {
            self.classes.entry(class.name.clone()).or_insert(id);
        }
    }
}

fn at<T>(lists: &[Vec<T>], index: u32) -> &[T] {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    lists.get(index).map_or(&[], Vec::as_slice)
}

fn push_at<T>(lists: &mut [Vec<T>], index: u32, item: T) {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    if let Some(list) = lists.get_mut(index) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::{ScopeId, Subnet};

    fn subnet(address: [u8; 4], mask: [u8; 4]) -> Subnet {
        Subnet {
            address: address.into(),
            mask: mask.into(),
            network: NetworkId(0),
            scope: ScopeId(0),
            place: common::syntax::Place::default(),
        }
    }

    #[test]
    fn the_more_specific_subnet_is_found_first() {
        let mut config = Config {
            subnets: vec![
                subnet([10, 0, 0, 0], [255, 0, 0, 0]),
                subnet([10, 1, 0, 0], [255, 255, 0, 0]),
            ],
            ..Config::default()
        };
        config.rebuild_index();
        assert_eq!(config.subnet_of([10, 1, 2, 3].into()), Some(SubnetId(1)));
        assert_eq!(config.subnet_of([10, 2, 2, 3].into()), Some(SubnetId(0)));
        assert_eq!(config.subnet_of([11, 2, 2, 3].into()), None);
    }
}
