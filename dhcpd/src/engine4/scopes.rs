//! Statements in force for a reply, from the outermost scope to the innermost (reference isc-dhcpd-config.md, section 7).

use super::exchange::Exchange;
use super::find::Candidate;
use crate::config::model::{HostId, NetworkId, ScopeId, Subnet, SubnetId};
use crate::eval::{Context, LeaseFacts, execute_scope_chain};
use crate::lease::Lease;
use crate::options::OptionSet;
use common::time::Time;

impl<'x> Exchange<'x> {
    /// The subnet with this number.
    pub(super) fn subnet(&self, id: SubnetId) -> Option<&'x Subnet> {
        self.config().subnets.get(usize::try_from(id.0).ok()?)
    }

    /// Executes what holds for a lease: its subnet, its pool, the client's classes.
    pub(super) fn execute_for_lease(
        &self,
        candidate: &Candidate,
        context: &Context<'_>,
        set: &mut OptionSet<'x>,
    ) {
        if let Some(scope) = self.subnet_scope(candidate.subnet) {
            execute_scope_chain(self.config(), scope, None, context, set);
        }
        let pool = candidate
            .pool()
            .and_then(|pool| self.config().pools.get(usize::try_from(pool.0).ok()?));
        if let Some(pool) = pool {
            let network = self.network_scope(pool.network);
            execute_scope_chain(self.config(), pool.scope, network, context, set);
        }
        self.join_added(context);
        self.execute_classes(self.inner_scope(candidate), context, set);
    }

    /// Executes the statements of a host declaration, up to those that held anyway.
    pub(super) fn execute_host(
        &self,
        host: HostId,
        until: Option<ScopeId>,
        context: &Context<'_>,
        set: &mut OptionSet<'x>,
    ) {
        if let Some(host) = self.host(host) {
            execute_scope_chain(self.config(), host.scope, until, context, set);
        }
    }

    /// The first class declared comes last, so that it wins.
    pub(super) fn execute_classes(
        &self,
        until: Option<ScopeId>,
        context: &Context<'_>,
        set: &mut OptionSet<'x>,
    ) {
        for membership in self.classes.borrow().iter().rev() {
            execute_scope_chain(self.config(), membership.scope, until, context, set);
        }
    }

    /// The scope that classes and hosts go down to: the pool's, else the subnet's.
    pub(super) fn inner_scope(&self, candidate: &Candidate) -> Option<ScopeId> {
        let pool = candidate
            .pool()
            .and_then(|pool| self.config().pools.get(usize::try_from(pool.0).ok()?));
        match pool {
            Some(pool) => Some(pool.scope),
            None => self.subnet_scope(candidate.subnet),
        }
    }

    pub(super) fn subnet_scope(&self, subnet: SubnetId) -> Option<ScopeId> {
        self.subnet(subnet).map(|subnet| subnet.scope)
    }

    pub(super) fn network_scope(&self, network: NetworkId) -> Option<ScopeId> {
        let index = usize::try_from(network.0).ok()?;
        self.config()
            .networks
            .get(index)
            .map(|network| network.scope)
    }

    /// What expressions may know about a lease.
    pub(super) fn facts(&self, lease: &Lease, is_static: bool) -> LeaseFacts<'x> {
        self.facts_under(lease.host, lease, is_static)
    }

    /// The same for a lease that this declaration is to apply to.
    pub(super) fn facts_under(
        &self,
        host: Option<HostId>,
        lease: &Lease,
        is_static: bool,
    ) -> LeaseFacts<'x> {
        let host = host.and_then(|id| self.host(id));
        LeaseFacts {
            address: lease.address,
            ends: Time::from_seconds(i64::from(lease.ends)),
            host: host.map(|host| &*host.name),
            hardware: lease.hardware,
            is_static,
        }
    }

    /// True if the server answers for a scope with authority.
    pub(super) fn is_authoritative(&self, scope: Option<ScopeId>) -> bool {
        let index = scope.and_then(|scope| usize::try_from(scope.0).ok());
        let scope = index.and_then(|index| self.config().scopes.get(index));
        scope.is_some_and(|scope| scope.authoritative)
    }
}
