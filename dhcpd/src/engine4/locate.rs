//! Which link a client is on (reference isc-dhcpd-behaviour.md, section 3, "Network location").

use std::net::Ipv4Addr;

use super::exchange::Exchange;
use crate::config::model::{NetworkId, SubnetId};
use crate::options::{OptionId, SpaceId, codes};

const LINK_SELECTION: OptionId = OptionId {
    space: SpaceId::AGENT,
    code: 5,
};

/// An address that the message names as being on the client's link.
pub(super) enum Selection {
    /// It names none.
    None,
    /// It names one, but not with four octets.
    Invalid,
    /// This one.
    Address(Ipv4Addr),
}

impl Exchange<'_> {
    /// What the relay's link selection says, else what the client's subnet selection says.
    pub(super) fn selection(&self) -> Selection {
        let options = &self.request.options;
        let value = options
            .get(LINK_SELECTION)
            .or_else(|| options.get(codes::SUBNET_SELECTION));
        let Some(value) = value else {
            return Selection::None;
        };
        match <[u8; 4]>::try_from(value) {
            Ok(octets) => Selection::Address(octets.into()),
            Err(_) => Selection::Invalid,
        }
    }

    /// True if the relay names the client's link.
    pub(super) fn has_link_selection(&self) -> bool {
        self.request.options.contains(LINK_SELECTION)
    }

    /// The client's link: by selection, else by relay agent, else by interface.
    pub(super) fn locate(&self) -> Option<NetworkId> {
        let address = match self.selection() {
            Selection::Invalid => return None,
            Selection::Address(address) => address,
            Selection::None if self.is_relayed() => self.giaddr(),
            Selection::None => return Some(self.interface.network),
        };
        let subnet = self.config().subnet_of(address)?;
        self.config().network_of(subnet)
    }

    /// The subnet of an address, if it is on that link.
    pub(super) fn subnet_on(&self, network: NetworkId, address: Ipv4Addr) -> Option<SubnetId> {
        let subnet = self.config().subnet_of(address)?;
        (self.config().network_of(subnet) == Some(network)).then_some(subnet)
    }
}
