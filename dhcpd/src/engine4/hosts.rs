//! Host declarations that match a client.

use std::net::Ipv4Addr;

use super::exchange::Exchange;
use crate::config::model::{FixedAddress, Host, HostId, NetworkId, SubnetId};
use crate::options::OptionId;

impl<'x> Exchange<'x> {
    /// The declaration with this number.
    pub(super) fn host(&self, id: HostId) -> Option<&'x Host> {
        self.config().hosts.get(usize::try_from(id.0).ok()?)
    }

    /// Declarations with the client's identifier.
    pub(super) fn hosts_by_uid(&self) -> &'x [HostId] {
        let uid = self.request.client_identifier();
        uid.map_or(&[], |uid| self.config().hosts_by_uid(uid))
    }

    /// Declarations with the client's hardware address.
    pub(super) fn hosts_by_hardware(&self) -> &'x [HostId] {
        self.config().hosts_by_hardware(&self.request.hardware)
    }

    /// Declarations with the value of an option that the client sent.
    pub(super) fn hosts_by_option(&self) -> &'x [HostId] {
        let config = self.config();
        let of_option = |option: &OptionId| {
            let value = self.request.options.get(*option)?;
            Some(config.hosts_by_option(*option, value)).filter(|hosts| !hosts.is_empty())
        };
        let found = config.identifying_options().iter().find_map(of_option);
        found.unwrap_or_default()
    }

    /// The first of some declarations that has an address on the link, with that address.
    pub(super) fn fixed_on(
        &self,
        network: NetworkId,
        hosts: &[HostId],
    ) -> Option<(HostId, Ipv4Addr, SubnetId)> {
        hosts.iter().find_map(|id| {
            let addresses = self.addresses_of(self.host(*id)?);
            let mut on_link = addresses.into_iter().filter_map(|address| {
                let subnet = self.subnet_on(network, address)?;
                Some((*id, address, subnet))
            });
            on_link.next()
        })
    }

    /// The first of some declarations that has no address of its own: it only adds options.
    pub(super) fn addressless(&self, hosts: &[HostId]) -> Option<HostId> {
        let has_none = |id: &&HostId| {
            let host = self.host(**id);
            host.is_some_and(|host| host.fixed_addresses.is_empty())
        };
        hosts.iter().find(has_none).copied()
    }

    /// All fixed addresses of a declaration, host names resolved.
    pub(super) fn addresses_of(&self, host: &Host) -> Vec<Ipv4Addr> {
        let names = &self.world.setup.names;
        let of_one = |fixed: &FixedAddress| match fixed {
            FixedAddress::Address(address) => vec![*address],
            FixedAddress::Name(name) => names.addresses.get(name).cloned().unwrap_or_default(),
        };
        host.fixed_addresses.iter().flat_map(of_one).collect()
    }
}
