//! Pools: ranges of addresses, and who may have them.

use std::net::Ipv4Addr;

use common::diag::Severity;
use common::syntax::{Kind, Place, Token};

use super::builder::{Context, Enclosing};
use super::model::{NetworkId, Permit, Pool, PoolId, Subnet};
use super::parser::{Parsed, Parser};
use super::words;
use crate::config::model::ScopeId;

/// A pool while its block is read.
pub(super) struct Draft {
    network: NetworkId,
    scope: ScopeId,
    permits: Permits,
    ranges: Vec<(Ipv4Addr, Ipv4Addr)>,
    has_range: bool,
    /// Two servers share the pool.
    has_peer: bool,
    place: Place,
}

/// `allow` and `deny` statements of a pool, in order.
#[derive(Default)]
pub(super) struct Permits {
    pub(super) allowed: Vec<Permit>,
    pub(super) denied: Vec<Permit>,
}

/// Addresses that are reported one by one when they are declared twice.
const MOST_REPORTED: u32 = 1000;

impl Parser<'_> {
    /// `pool { … }`, its keyword taken. The parent of its scope is the shared network's.
    pub(super) fn pool(&mut self, context: Context) {
        let place = self.place();
        let Some(network) = context.network else {
            return;
        };
        let parent = self
            .build
            .network(network)
            .map_or(context.scope, |n| n.scope);
        let network_has_peer = self.build.peers_of_networks.contains(&network.0);
        let mut draft = Draft {
            network,
            scope: self.build.open_scope(parent, place),
            permits: Permits::default(),
            ranges: Vec::new(),
            has_range: false,
            has_peer: network_has_peer,
            place,
        };
        if self.expect_left_brace().is_err() {
            return;
        }
        let body = self.nested(|parser| {
            parser.pool_body(context, &mut draft);
            Ok(())
        });
        if body.is_ok() {
            self.finish_pool(draft);
        }
    }

    fn pool_body(&mut self, context: Context, draft: &mut Draft) {
        let inside = Context {
            enclosing: Enclosing::Pool,
            scope: draft.scope,
            in_host: false,
            ..context
        };
        let mut after_declaration = false;
        while !self.leave_block() {
            if self.accept_word("range") {
                self.range(context, Some(draft));
            } else if self.peek_is_word("failover") {
                self.pool_failover(draft);
            } else if self.accept_word("no") {
                self.no_failover(draft);
            } else if !self.accept_permit(&mut draft.permits) {
                after_declaration = self.statement(inside, after_declaration);
            }
        }
    }

    /// `no failover peer`, which takes no semicolon.
    fn no_failover(&mut self, draft: &mut Draft) {
        if self.accept_failover_peer() {
            draft.has_peer = false;
        } else {
            self.error(words::NO_FAILOVER_PEER);
            self.skip_statement();
        }
    }

    /// `failover peer "NAME";`
    fn pool_failover(&mut self, draft: &mut Draft) {
        let place = self.place();
        self.take();
        // Whatever fails has been reported.
        if let Ok(Some(peer)) = self.failover_reference(place) {
            self.refer_to_peer(&peer);
            draft.has_peer = true;
        }
    }

    fn accept_failover_peer(&mut self) -> bool {
        let token = self.take();
        if !self.is_word(&token, "failover") {
            return false;
        }
        let token = self.take();
        self.is_word(&token, "peer")
    }

    /// `allow …;` or `deny …;` of a pool. False if it is neither.
    pub(super) fn accept_permit(&mut self, permits: &mut Permits) -> bool {
        let is_allowed = self.accept_word("allow");
        if !is_allowed && !self.accept_word("deny") {
            return false;
        }
        // Whatever fails has been reported.
        if let Ok(permit) = self.permit(permits) {
            let list = match is_allowed {
                true => &mut permits.allowed,
                false => &mut permits.denied,
            };
            list.extend(permit);
            let _ = self.expect_semicolon();
        }
        true
    }

    /// `None` for one that cannot be used, which has been reported.
    fn permit(&mut self, permits: &Permits) -> Parsed<Option<Permit>> {
        let token = self.take();
        let word = self.text(&token).to_ascii_lowercase();
        let permit = match word.as_str() {
            "unknown-clients" => Permit::UnknownClients,
            "known-clients" => Permit::KnownClients,
            "unknown" => self.with_clients(Permit::UnknownClients)?,
            "known" => self.with_clients(Permit::KnownClients)?,
            "authenticated" => self.with_clients(Permit::AuthenticatedClients)?,
            "unauthenticated" => self.with_clients(Permit::UnauthenticatedClients)?,
            "all" => self.with_clients(Permit::AllClients)?,
            "dynamic" => self.dynamic_bootp_clients()?,
            "members" => return self.members(),
            "after" => self.after(permits)?,
            _ => return self.fail_and_skip(words::PERMIT_TYPE),
        };
        Ok(Some(permit))
    }

    fn with_clients(&mut self, permit: Permit) -> Parsed<Permit> {
        self.expect_word("clients", words::CLIENTS)?;
        Ok(permit)
    }

    fn dynamic_bootp_clients(&mut self) -> Parsed<Permit> {
        self.expect_word("bootp", words::BOOTP)?;
        self.with_clients(Permit::DynamicBootpClients)
    }

    fn expect_word(&mut self, word: &str, text: &str) -> Parsed<()> {
        let token = self.take();
        if self.is_word(&token, word) {
            return Ok(());
        }
        self.fail_and_skip(text)
    }

    fn members(&mut self) -> Parsed<Option<Permit>> {
        self.expect_word("of", words::OF)?;
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::CLASS_NAME);
        }
        let name = self.text(&token);
        let class = self.build.classes.get(name.as_str()).copied();
        if class.is_none() {
            self.error(words::no_such_class(&name));
        }
        Ok(class.map(Permit::MembersOf))
    }

    fn after(&mut self, permits: &Permits) -> Parsed<Permit> {
        let mut all = permits.allowed.iter().chain(&permits.denied);
        if all.any(|permit| matches!(permit, Permit::After(_))) {
            return self.fail_and_skip(words::TWO_DATES);
        }
        self.date().map(Permit::After)
    }

    /// A pool without statements of its own joins an earlier one that admits the same clients.
    fn finish_pool(&mut self, draft: Draft) {
        let has_range = draft.has_range;
        let joined = self.pool_to_join(&draft);
        match joined.and_then(|id| self.build.pool_mut(id)) {
            Some(pool) => pool.ranges.extend(draft.ranges),
            None => {
                self.build.add_pool(Pool {
                    network: draft.network,
                    scope: draft.scope,
                    permits: draft.permits.allowed,
                    prohibits: draft.permits.denied,
                    ranges: draft.ranges,
                    place: draft.place,
                });
            }
        }
        if !has_range {
            self.error(words::POOL_WITHOUT_RANGE);
            for line in words::POOL_NEEDS_RANGE {
                self.remark(Severity::Error, line);
            }
        }
    }

    fn pool_to_join(&self, draft: &Draft) -> Option<PoolId> {
        let build = &self.build;
        let is_bare = |scope: ScopeId| {
            let found = build.scope(scope);
            found.is_some_and(|scope| scope.statements.is_empty())
        };
        if !is_bare(draft.scope) {
            return None;
        }
        let mut pools = build.pools_of(draft.network);
        let (id, _) = pools.find(|(_, pool)| {
            is_bare(pool.scope)
                && same_permits(&pool.permits, &draft.permits.allowed)
                && same_permits(&pool.prohibits, &draft.permits.denied)
        })?;
        Some(id)
    }

    /// `range [dynamic-bootp] LOW [HIGH];`, its keyword taken: of the pool that is being read, or of the anonymous pool.
    pub(super) fn range(&mut self, context: Context, pool: Option<&mut Draft>) {
        let place = self.place();
        let dynamic_bootp = self.accept_word("dynamic-bootp");
        let first = self.cursor.upcoming();
        let Ok((one, other)) = self.range_ends() else {
            return;
        };
        let Some(subnet) = self.subnet_of_range(context, one) else {
            return;
        };
        if !self.is_within([one, other], &subnet, &first) {
            return;
        }
        let (low, high) = (one.min(other), one.max(other));
        match pool {
            Some(draft) => {
                draft.has_range = true;
                if dynamic_bootp && draft.has_peer {
                    return self.refuse_dynamic_bootp();
                }
                let free = self.claim(low, high);
                draft.ranges.extend(free);
            }
            None => {
                let pool = self.pool_for_loose_range(subnet.network, dynamic_bootp, place);
                let free = self.claim(low, high);
                if let Some(pool) = self.build.pool_mut(pool) {
                    pool.ranges.extend(free);
                }
            }
        }
    }

    fn refuse_dynamic_bootp(&mut self) {
        self.error(words::BOOTP_WITH_FAILOVER);
        for line in words::BOOTP_WITH_FAILOVER_WHY {
            self.remark(Severity::Error, line);
        }
    }

    fn range_ends(&mut self) -> Parsed<(Ipv4Addr, Ipv4Addr)> {
        let low = self.ip_address()?;
        let high = if self.peek().is(';') {
            low
        } else {
            self.ip_address()?
        };
        self.expect(';', words::SEMICOLON)?;
        Ok((low, high))
    }

    /// In a subnet that subnet; in a shared network the one that was declared before and holds the address.
    fn subnet_of_range(&mut self, context: Context, low: Ipv4Addr) -> Option<Subnet> {
        if context.enclosing == Enclosing::Subnet {
            let subnet = context.subnet.and_then(|id| self.build.subnet(id));
            let subnet = subnet.cloned();
            if subnet.is_none() {
                self.error(words::RANGE_IN_IPV6);
            }
            return subnet;
        }
        let network = context.network?;
        let holds = |subnet: &&Subnet| low & subnet.mask == subnet.address;
        let found = self.build.subnets_of(network).find(holds).cloned();
        if found.is_none() {
            let name = self.build.network(network).map(|n| n.name.clone());
            self.error(words::not_on_network(&name.unwrap_or_default()));
            self.remark(Severity::Error, words::POOLS_BEHIND_SUBNETS);
        }
        found
    }

    fn is_within(&mut self, ends: [Ipv4Addr; 2], subnet: &Subnet, first: &Token) -> bool {
        let outside = |address: &Ipv4Addr| *address & subnet.mask != subnet.address;
        let found = ends.into_iter().find(outside);
        if let Some(address) = found {
            let excerpt = self.cursor.excerpt_from(first);
            self.stop(words::bad_range(address, subnet.address, subnet.mask));
            let last = subnet.address | !subnet.mask;
            self.diagnostics.place(excerpt);
            self.diagnostics
                .help(words::subnet_bounds(subnet.address, last));
        }
        found.is_none()
    }

    /// Addresses outside of pools are not for BOOTP unless they say so.
    fn pool_for_loose_range(
        &mut self,
        network: NetworkId,
        dynamic_bootp: bool,
        place: Place,
    ) -> PoolId {
        let (permits, prohibits): (&[Permit], &[Permit]) = if dynamic_bootp {
            (&[Permit::AllClients], &[])
        } else {
            (&[], &[Permit::DynamicBootpClients])
        };
        self.build.ad_hoc_pool(network, permits, prohibits, place)
    }

    /// Takes the addresses, and reports those that are taken already.
    fn claim(&mut self, low: Ipv4Addr, high: Ipv4Addr) -> Vec<(Ipv4Addr, Ipv4Addr)> {
        let (free, taken) = self.build.claim(low.to_bits(), high.to_bits());
        for (first, last) in taken {
            let last = last.min(first.saturating_add(MOST_REPORTED));
            for address in first..=last {
                self.error(words::declared_twice(address.into()));
            }
        }
        free.into_iter()
            .map(|(first, last)| (first.into(), last.into()))
            .collect()
    }
}

/// The order of permits does not matter, nor how often one stands there.
fn same_permits(one: &[Permit], other: &[Permit]) -> bool {
    let has = |list: &[Permit], permit: &Permit| list.iter().any(|it| is_alike(it, permit));
    one.iter().all(|permit| has(other, permit)) && other.iter().all(|permit| has(one, permit))
}

/// As the original sees it, which does not compare dates.
fn is_alike(one: &Permit, other: &Permit) -> bool {
    match (one, other) {
        (Permit::After(_), Permit::After(_)) => true,
        _ => one == other,
    }
}
