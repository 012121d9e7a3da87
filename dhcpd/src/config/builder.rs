//! The configuration while it is being read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use common::syntax::Place;

use super::cidr;
use super::model::{
    Class, ClassId, Config, Host, NetworkId, Permit, Pool, PoolId, Scope, ScopeId, SharedNetwork,
    Subnet, Subnet6, Subnet6Id, SubnetId,
};
use super::order::Order;
use crate::eval::ast::Statement;
use crate::options::SpaceId;

/// What kind of declaration a statement stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enclosing {
    Root,
    Group,
    Network,
    Subnet,
    Pool,
    Class,
    Host,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) enclosing: Enclosing,
    pub(super) scope: ScopeId,
    pub(super) network: Option<NetworkId>,
    pub(super) subnet: Option<SubnetId>,
    pub(super) subnet6: Option<Subnet6Id>,
    /// The statement may say something about the host that is being declared.
    pub(super) in_host: bool,
}

/// What has been read so far, and what is needed to check the rest.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) config: Config,
    pub(super) host_names: HashSet<Arc<str>>,
    pub(super) classes: HashMap<Box<str>, ClassId>,
    pub(super) groups: HashMap<Box<str>, ScopeId>,
    /// Numbers of shared networks that two servers share.
    pub(super) peers_of_networks: HashSet<u32>,
    /// Options that were used without being defined, with the number of the message about the first use.
    pub(super) missing_options: HashMap<(SpaceId, String), usize>,
    names: HashSet<Box<str>>,
    /// IPv4 subnets: address and mask of each.
    subnet_order: Order<(u32, u32)>,
    /// IPv6 subnets: address and bits of each.
    subnet6_order: Order<(Ipv6Addr, u8)>,
    subnets_of: HashMap<NetworkId, Vec<SubnetId>>,
    networks6: HashSet<NetworkId>,
    pools_of: HashMap<NetworkId, Vec<PoolId>>,
    /// First address of each range in use with the last.
    leases: BTreeMap<u32, u32>,
}

impl Default for Builder {
    fn default() -> Self {
        let mut config = Config::default();
        config.scopes.push(Scope {
            parent: None,
            authoritative: false,
            statements: Vec::new(),
            place: Place::default(),
        });
        Self {
            config,
            host_names: HashSet::new(),
            classes: HashMap::new(),
            groups: HashMap::new(),
            peers_of_networks: HashSet::new(),
            missing_options: HashMap::new(),
            names: HashSet::new(),
            subnet_order: Order::new(),
            subnet6_order: Order::new(),
            subnets_of: HashMap::new(),
            networks6: HashSet::new(),
            pools_of: HashMap::new(),
            leases: BTreeMap::new(),
        }
    }
}

impl Builder {
    pub(super) const ROOT: Context = Context {
        enclosing: Enclosing::Root,
        scope: ScopeId(0),
        network: None,
        subnet: None,
        subnet6: None,
        in_host: false,
    };

    /// Opens a scope within another. `authoritative` is inherited as it stands now.
    pub(super) fn open_scope(&mut self, parent: ScopeId, place: Place) -> ScopeId {
        let authoritative = self.scope(parent).is_some_and(|scope| scope.authoritative);
        let id = ScopeId(count(&self.config.scopes));
        self.config.scopes.push(Scope {
            parent: Some(parent),
            authoritative,
            statements: Vec::new(),
            place,
        });
        id
    }

    /// Gives back the room that a scope does not need: nothing more will be added to it.
    pub(super) fn close_scope(&mut self, scope: ScopeId) {
        if let Some(scope) = item_mut(&mut self.config.scopes, scope.0) {
            scope.statements.shrink_to_fit();
        }
    }

    pub(super) fn add_statement(&mut self, scope: ScopeId, statement: Statement) {
        if let Some(scope) = item_mut(&mut self.config.scopes, scope.0) {
            scope.statements.push(statement);
        }
    }

    pub(super) fn set_authoritative(&mut self, scope: ScopeId, authoritative: bool) {
        if let Some(scope) = item_mut(&mut self.config.scopes, scope.0) {
            scope.authoritative = authoritative;
        }
    }

    /// Moves a scope below another.
    pub(super) fn set_parent(&mut self, scope: ScopeId, parent: ScopeId) {
        if let Some(scope) = item_mut(&mut self.config.scopes, scope.0) {
            scope.parent = Some(parent);
        }
    }

    pub(super) fn scope(&self, id: ScopeId) -> Option<&Scope> {
        item(&self.config.scopes, id.0)
    }

    pub(super) fn add_network(&mut self, name: &str, scope: ScopeId) -> NetworkId {
        let id = NetworkId(count(&self.config.networks));
        self.config.networks.push(SharedNetwork {
            name: name.into(),
            scope,
            interface: None,
        });
        id
    }

    pub(super) fn network(&self, id: NetworkId) -> Option<&SharedNetwork> {
        item(&self.config.networks, id.0)
    }

    pub(super) fn network_mut(&mut self, id: NetworkId) -> Option<&mut SharedNetwork> {
        item_mut(&mut self.config.networks, id.0)
    }

    pub(super) fn add_subnet(&mut self, subnet: Subnet) -> SubnetId {
        let id = SubnetId(count(&self.config.subnets));
        self.subnets_of.entry(subnet.network).or_default().push(id);
        self.config.subnets.push(subnet);
        id
    }

    pub(super) fn add_subnet6(&mut self, subnet: Subnet6) -> Subnet6Id {
        let id = Subnet6Id(count(&self.config.subnets6));
        self.networks6.insert(subnet.network);
        self.config.subnets6.push(subnet);
        id
    }

    pub(super) fn subnet6(&self, id: Subnet6Id) -> Option<&Subnet6> {
        item(&self.config.subnets6, id.0)
    }

    pub(super) fn has_subnet(&self, network: NetworkId) -> bool {
        self.subnets_of.contains_key(&network) || self.networks6.contains(&network)
    }

    /// Notes an IPv6 subnet; one that overlaps it, if there is any.
    pub(super) fn note_subnet6(&mut self, address: Ipv6Addr, bits: u8) -> Option<(Ipv6Addr, u8)> {
        let meets = |other: &(Ipv6Addr, u8)| {
            let shorter = bits.min(other.1);
            cidr::network(address, shorter) == cidr::network(other.0, shorter)
        };
        let first = address.to_bits();
        let free = u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
        let holds = |other: &(Ipv6Addr, u8)| meets(other) && other.1 < bits;
        let span = (first, first | free);
        self.subnet6_order.add((address, bits), span, meets, holds)
    }

    /// Notes a subnet by address and mask; one that overlaps it, if there is any. A subnet goes before the first one that
    /// holds it, or else to the front.
    pub(super) fn note_subnet(&mut self, subnet: (u32, u32)) -> Option<(u32, u32)> {
        let meets =
            |other: &(u32, u32)| subnet.0 & other.1 == other.0 || other.0 & subnet.1 == subnet.0;
        let holds =
            |other: &(u32, u32)| meets(other) && other.1.count_ones() < subnet.1.count_ones();
        let span = (u128::from(subnet.0), u128::from(subnet.0 | !subnet.1));
        self.subnet_order.add(subnet, span, meets, holds)
    }

    pub(super) fn subnet(&self, id: SubnetId) -> Option<&Subnet> {
        item(&self.config.subnets, id.0)
    }

    /// Subnets of a link in declaration order.
    pub(super) fn subnets_of(&self, network: NetworkId) -> impl Iterator<Item = &Subnet> {
        let ids = self.subnets_of.get(&network).into_iter().flatten();
        ids.filter_map(|id| self.subnet(*id))
    }

    /// Pools of a link in declaration order.
    pub(super) fn pools_of(&self, network: NetworkId) -> impl Iterator<Item = (PoolId, &Pool)> {
        let ids = self.pools_of.get(&network).into_iter().flatten();
        ids.filter_map(|id| Some((*id, item(&self.config.pools, id.0)?)))
    }

    pub(super) fn add_pool(&mut self, pool: Pool) -> PoolId {
        let id = PoolId(count(&self.config.pools));
        self.pools_of.entry(pool.network).or_default().push(id);
        self.config.pools.push(pool);
        id
    }

    pub(super) fn pool_mut(&mut self, id: PoolId) -> Option<&mut Pool> {
        item_mut(&mut self.config.pools, id.0)
    }

    pub(super) fn add_class(&mut self, class: Class) -> ClassId {
        let id = ClassId(count(&self.config.classes));
        self.config.classes.push(class);
        id
    }

    /// Lets a class be found by its name, unless another has it.
    pub(super) fn name_class(&mut self, id: ClassId) {
        if let Some(class) = item(&self.config.classes, id.0) {
            self.classes.entry(class.name.clone()).or_insert(id);
        }
    }

    /// Lets these classes be found by their names.
    pub(super) fn know_classes(&mut self, classes: &[Class]) {
        for (id, class) in (0..).map(ClassId).zip(classes) {
            self.classes.entry(class.name.clone()).or_insert(id);
        }
    }

    pub(super) fn class(&self, id: ClassId) -> Option<&Class> {
        item(&self.config.classes, id.0)
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> Option<&mut Class> {
        item_mut(&mut self.config.classes, id.0)
    }

    pub(super) fn add_host(&mut self, host: Host) {
        self.host_names.insert(host.name.clone());
        self.config.hosts.push(host);
    }

    /// Takes a host away again.
    pub(super) fn delete_host(&mut self, name: &str) {
        if self.host_names.remove(name) {
            self.config.hosts.retain(|host| *host.name != *name);
        }
    }

    /// Notes a host name that stands for addresses.
    pub(super) fn add_name(&mut self, name: &str) -> Box<str> {
        if self.names.insert(name.into()) {
            self.config.names.push(name.into());
        }
        name.into()
    }

    /// The anonymous pool of a link for ranges outside of pools; made when it is first needed.
    pub(super) fn ad_hoc_pool(
        &mut self,
        network: NetworkId,
        permits: &[Permit],
        prohibits: &[Permit],
        place: Place,
    ) -> PoolId {
        let same = |pool: &Pool| pool.permits == permits && pool.prohibits == prohibits;
        let found = self.pools_of(network).find(|(_, pool)| same(pool));
        if let Some((id, _)) = found {
            return id;
        }
        let scope = self
            .network(network)
            .map_or(ScopeId(0), |found| found.scope);
        self.add_pool(Pool {
            network,
            scope,
            permits: permits.to_vec(),
            prohibits: prohibits.to_vec(),
            ranges: Vec::new(),
            place,
        })
    }

    /// Takes the addresses from `first` to `last` as far as no range has them. What is free comes first, then what is
    /// taken already, both as ranges.
    pub(super) fn claim(&mut self, first: u32, last: u32) -> (Vec<Span>, Vec<Span>) {
        let taken = self.taken_within(first, last);
        let mut free = Vec::new();
        let mut next = u64::from(first);
        for (low, high) in &taken {
            if let Some(before) = span_before(next, *low) {
                free.push(before);
            }
            next = u64::from(*high) + 1;
        }
        if let Some(rest) = span_to(next, last) {
            free.push(rest);
        }
        self.leases.extend(free.iter().copied());
        (free, taken)
    }

    fn taken_within(&self, first: u32, last: u32) -> Vec<Span> {
        let before = self.leases.range(..first).next_back();
        let inside = self.leases.range(first..=last);
        before
            .into_iter()
            .chain(inside)
            .filter(|(_, high)| **high >= first)
            .map(|(low, high)| ((*low).max(first), (*high).min(last)))
            .collect()
    }
}

/// First and last of a range of addresses.
pub(super) type Span = (u32, u32);

fn span_before(next: u64, low: u32) -> Option<Span> {
    let last = low.checked_sub(1)?;
    span_to(next, last)
}

fn span_to(next: u64, last: u32) -> Option<Span> {
    let first = u32::try_from(next).ok()?;
    (first <= last).then_some((first, last))
}

/// Network address, a slash, and the number of bits in the mask.
pub(super) fn prefix(address: Ipv4Addr, mask: Ipv4Addr) -> String {
    format!("{address}/{}", mask.to_bits().count_ones())
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

fn item<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

fn item_mut<T>(items: &mut [T], index: u32) -> Option<&mut T> {
    items.get_mut(usize::try_from(index).ok()?)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_range_gets_only_what_no_other_has() {
        let mut builder = Builder::default();
        assert_eq!(builder.claim(10, 20), (vec![(10, 20)], vec![]));
        let (free, taken) = builder.claim(5, 25);
        assert_eq!(free, [(5, 9), (21, 25)]);
        assert_eq!(taken, [(10, 20)]);
        assert_eq!(builder.claim(12, 14), (vec![], vec![(12, 14)]));
        assert_eq!(builder.claim(0, u32::MAX).0, [(0, 4), (26, u32::MAX)]);
    }
}
