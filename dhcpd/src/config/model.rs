//! The resolved configuration: an immutable value that the engine reads and a reload replaces.
//!
//! Declarations live in flat lists and name each other by index. `scopes[0]` is the root.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use common::net::HardwareAddress;
use common::syntax::Place;

use super::index::Index;
use crate::eval::ast::{Block, Boolean, Data};
use crate::options::{OptionId, Registry};

/// Everything a configuration says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Names of the source files as the user wrote them, by [`common::syntax::FileId`].
    pub files: Vec<String>,
    /// Statement groups; the first is the root.
    pub scopes: Vec<Scope>,
    /// Shared networks in declaration order, with one for each subnet outside of any.
    pub networks: Vec<SharedNetwork>,
    /// Subnets in declaration order.
    pub subnets: Vec<Subnet>,
    /// Pools in the order in which allocation tries them.
    pub pools: Vec<Pool>,
    /// IPv6 subnets in declaration order; only of a configuration that was read for DHCPv6.
    pub subnets6: Vec<Subnet6>,
    /// Pools of IPv6 addresses and prefixes in declaration order.
    pub pools6: Vec<Pool6>,
    /// Host declarations in declaration order.
    pub hosts: Vec<Host>,
    /// Classes in declaration order.
    pub classes: Vec<Class>,
    /// Names of keys in small letters.
    pub keys: HashSet<String>,
    /// Failover peers in declaration order.
    pub peers: Vec<Peer>,
    /// Option spaces and definitions: the built-in ones and those of the configuration.
    pub options: Registry,
    /// Host names used as addresses; resolved outside of the core and handed to the evaluator.
    pub names: Vec<Box<str>>,
    /// Those of them that `gethostbyname` asks for: statements may do so while the configuration is read.
    pub asked_names: Vec<Box<str>>,
    /// True if the names of hosts with leased addresses are wanted anywhere: `get-lease-hostnames`.
    pub names_leases: bool,
    /// True if programs may be run: there is an `execute` statement.
    pub runs_programs: bool,
    /// `lease-id-format hex`: the lease file has client identifiers as hex lists, not as strings with octal escapes.
    pub lease_ids_in_hex: bool,
    /// `db-time-format local`: the lease file has times as seconds since the epoch with a local date beside them.
    pub local_times: bool,
    /// Statements that are accepted, but without which this server would not do what they ask: it must not serve.
    /// Where they stand, and what to say.
    pub unsupported: Vec<(Place, String)>,
    /// Lookups; see [`Config::rebuild_index`].
    pub index: Index,
}

/// Index into [`Config::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeId(pub u32);
/// Index into [`Config::networks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkId(pub u32);
/// Index into [`Config::subnets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubnetId(pub u32);
/// Index into [`Config::subnets6`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subnet6Id(pub u32);
/// Index into [`Config::pools`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolId(pub u32);
/// Index into [`Config::hosts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostId(pub u32);
/// Index into [`Config::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClassId(pub u32);

/// The statements of one declaration, within those of its parent.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The enclosing scope; `None` for the root. The parent of a pool is its shared network, not its subnet.
    pub parent: Option<ScopeId>,
    /// `authoritative`, as it stood in the parent when this scope was opened, then as its own text set it.
    pub authoritative: bool,
    /// Statements in the order written.
    pub statements: Block,
    /// Where the declaration begins.
    pub place: Place,
}

/// A link that carries one or more subnets.
#[derive(Clone, Debug)]
pub struct SharedNetwork {
    /// Name in log lines; `10.9.0.0/24` for the implicit network of a lone subnet.
    pub name: Box<str>,
    /// Its statements; an implicit network shares the scope of its subnet.
    pub scope: ScopeId,
    /// The interface it is tied to, if any.
    pub interface: Option<Box<str>>,
}

/// A subnet of a shared network.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Network address.
    pub address: Ipv4Addr,
    /// Mask; may have holes.
    pub mask: Ipv4Addr,
    /// The link it is on.
    pub network: NetworkId,
    /// Its statements.
    pub scope: ScopeId,
    /// Where it is declared.
    pub place: Place,
}

/// An IPv6 subnet of a shared network.
#[derive(Clone, Debug)]
pub struct Subnet6 {
    /// Network address.
    pub address: Ipv6Addr,
    /// Bits of the network, 0 to 128.
    pub bits: u8,
    /// The link it is on.
    pub network: NetworkId,
    /// Its statements.
    pub scope: ScopeId,
    /// Where it is declared.
    pub place: Place,
}

/// IPv6 addresses and prefixes that are leased under the same conditions.
#[derive(Clone, Debug)]
pub struct Pool6 {
    /// The link it belongs to.
    pub network: NetworkId,
    /// Its statements.
    pub scope: ScopeId,
    /// `allow` permits; if there are any, one must match.
    pub permits: Box<[Permit]>,
    /// `deny` permits; none may match.
    pub prohibits: Box<[Permit]>,
    /// What it lends; blocks may overlap.
    pub blocks: Vec<Block6>,
    /// Where it is declared, or its first range.
    pub place: Place,
}

/// Part of a pool: a prefix and what is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block6 {
    /// First address.
    pub address: Ipv6Addr,
    /// Bits that all of it has in common.
    pub bits: u8,
    /// What clients get of it.
    pub lends: Lends,
}

/// What a part of an IPv6 pool lends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lends {
    /// Addresses (IA_NA, RFC 8415 section 21.4).
    Addresses,
    /// Temporary addresses (IA_TA, RFC 8415 section 21.5).
    TemporaryAddresses,
    /// Prefixes of that many bits (IA_PD, RFC 8415 section 21.21).
    Prefixes {
        /// Length of each prefix.
        bits: u8,
    },
}

/// Addresses that are leased under the same conditions.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The link it belongs to.
    pub network: NetworkId,
    /// Its statements.
    pub scope: ScopeId,
    /// `allow` permits; if there are any, one must match.
    pub permits: Vec<Permit>,
    /// `deny` permits; none may match.
    pub prohibits: Vec<Permit>,
    /// First and last address of each range, both included, the lower first, none overlapping another.
    pub ranges: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Where it is declared, or its first range.
    pub place: Place,
}

/// Who may use a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Clients without a host declaration.
    UnknownClients,
    /// Clients with one.
    KnownClients,
    /// Never matches: there is no authentication.
    AuthenticatedClients,
    /// Always matches.
    UnauthenticatedClients,
    /// Always matches.
    AllClients,
    /// BOOTP requests.
    DynamicBootpClients,
    /// Members of a class.
    MembersOf(ClassId),
    /// The time after this date, in seconds since the epoch.
    After(u32),
}

/// A client known by name.
#[derive(Clone, Debug)]
pub struct Host {
    /// Name in log lines and for `use-host-decl-names`.
    pub name: Arc<str>,
    /// Hardware address that identifies it.
    pub hardware: Option<HardwareAddress>,
    /// Client identifier (option 61) that identifies it.
    pub uid: Option<Box<[u8]>>,
    /// Its addresses, on any network.
    pub fixed_addresses: Box<[FixedAddress]>,
    /// What the declaration says beyond that; few do.
    pub rare: Option<Box<RareOfHost>>,
    /// Its statements; their parent is the enclosing group or declaration.
    pub scope: ScopeId,
    /// Where it is declared.
    pub place: Place,
}

/// What only few host declarations say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RareOfHost {
    /// `fixed-address6`
    pub addresses6: Vec<Ipv6Addr>,
    /// `fixed-prefix6`: first address and bits.
    pub prefixes6: Vec<(Ipv6Addr, u8)>,
    /// `host-identifier`
    pub identifier: Option<HostIdentifier>,
}

/// An option of the client that identifies a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostIdentifier {
    /// `v6relopt N`: the option is in the N-th relay's message, counted from the client; otherwise in the client's own.
    pub relays: Option<u32>,
    /// The option.
    pub option: OptionId,
    /// Its value.
    pub value: Box<[u8]>,
}

/// One value of `fixed-address`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FixedAddress {
    /// Written as an address.
    Address(Ipv4Addr),
    /// Written as a host name: one of [`Config::names`].
    Name(Box<str>),
}

/// The other server of a failover pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Name of the pair.
    pub name: Box<str>,
    /// This server is the second one of the pair.
    pub is_secondary: bool,
    /// `peer address`
    pub has_peer_address: bool,
    /// `mclt`
    pub has_mclt: bool,
    /// `split` or `hba`
    pub has_balance: bool,
    /// `load balance max seconds` is there and not 0.
    pub balances_load: bool,
    /// A pool refers to it.
    pub is_used: bool,
}

/// A class of clients.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name, case kept.
    pub name: Box<str>,
    /// `match if`
    pub condition: Option<Boolean>,
    /// `match`, `spawn with`: the client is a member if a subclass has this value, besides the condition.
    pub key: Option<Data>,
    /// `spawn with`: every value has its subclass.
    pub spawns: bool,
    /// `lease limit`: how many leases its members may have; of a class with subclasses, those of each subclass. 0 is no
    /// limit.
    pub limit: u32,
    /// Its subclasses by their values.
    pub subclasses: HashMap<Box<[u8]>, Subclass>,
    /// Its statements.
    pub scope: ScopeId,
    /// Where it is declared.
    pub place: Place,
}

/// The members of a class that share a value.
#[derive(Clone, Copy, Debug)]
pub struct Subclass {
    /// Its statements, within those of the class.
    pub scope: ScopeId,
    /// How many leases its members may have; 0 is no limit.
    pub limit: u32,
}
