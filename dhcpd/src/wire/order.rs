//! Which options a reply may carry, in which order (reference isc-dhcpd-options.md, section 3.1).

use super::encapsulate::SiteSpace;
use super::request::{MessageType, Request};
use crate::eval::Evaluator;
use crate::options::{OptionId, SpaceId, codes};

/// The original's list has room for so many codes.
const LIMIT: usize = 300;
/// Codes that nearly every list has room for.
const USUAL: usize = 32;

/// The list of codes in progress.
pub(super) struct Priorities {
    codes: Vec<u8>,
}

impl Priorities {
    /// The codes for a reply with a parameter request list. `echoes` says that the client's identifier is one of them.
    pub(super) fn requested(
        list: &[u8],
        echoes: bool,
        request: &Request<'_>,
        values: &Evaluator<'_>,
    ) -> Vec<u8> {
        let mut priorities = Self::mandatory();
        if values.set.contains(codes::SUBNET_SELECTION) {
            priorities.push(codes::SUBNET_SELECTION);
        }
        if echoes {
            priorities.push(codes::DHCP_CLIENT_IDENTIFIER);
        }
        let room = LIMIT.saturating_sub(priorities.codes.len());
        let agent = narrow(codes::RELAY_AGENT_INFORMATION);
        let wanted = list.iter().take(room).copied();
        priorities
            .codes
            .extend(wanted.filter(|code| Some(*code) != agent));
        if request.has_fqdn() {
            priorities.push(codes::FQDN);
        }
        let kind = request.message_type();
        if kind == Some(MessageType::DISCOVER) || kind == Some(MessageType::REQUEST) {
            priorities.push(codes::SUBNET_MASK);
        }
        priorities.finish()
    }

    /// The codes for a reply without a list: everything that is set.
    pub(super) fn everything(values: &Evaluator<'_>, site: SiteSpace) -> Vec<u8> {
        let mut priorities = Self::mandatory();
        for id in [
            codes::SUBNET_MASK,
            codes::ROUTERS,
            codes::DOMAIN_NAME_SERVERS,
            codes::HOST_NAME,
            codes::FQDN,
        ] {
            priorities.push(id);
        }
        if site.first_code > 0 {
            priorities.push_set(values, SpaceId::DHCP, |code| code < site.first_code);
        }
        priorities.push_set(values, site.space, |code| code >= site.first_code);
        for (_, holder) in values.context.registry.enclosed_in(SpaceId::DHCP) {
            priorities.push(holder);
        }
        priorities.push(codes::VENDOR_ENCAPSULATED_OPTIONS);
        priorities.finish()
    }

    /// What the protocol needs, always first.
    fn mandatory() -> Self {
        let mut priorities = Self {
            codes: Vec::with_capacity(USUAL),
        };
        for id in [
            codes::DHCP_MESSAGE_TYPE,
            codes::DHCP_SERVER_IDENTIFIER,
            codes::DHCP_LEASE_TIME,
            codes::DHCP_RENEWAL_TIME,
            codes::DHCP_REBINDING_TIME,
            codes::DHCP_MESSAGE,
            codes::DHCP_REQUESTED_ADDRESS,
            codes::ASSOCIATED_IP,
        ] {
            priorities.push(id);
        }
        priorities
    }

    fn push_set(&mut self, values: &Evaluator<'_>, space: SpaceId, fits: impl Fn(u32) -> bool) {
        for entry in values.set.in_order(space) {
            if fits(entry.code) {
                self.push(OptionId {
                    space,
                    code: entry.code,
                });
            }
        }
    }

    /// Adds a code, but not that of the relay's option, which has its own place behind all others.
    fn push(&mut self, id: OptionId) {
        let Some(code) = narrow(id) else {
            return;
        };
        if self.codes.len() < LIMIT && Some(code) != narrow(codes::RELAY_AGENT_INFORMATION) {
            self.codes.push(code);
        }
    }

    /// Each code once, and the subnet mask before the routers (RFC 2132, section 3.3).
    fn finish(self) -> Vec<u8> {
        let mut seen = [false; 256];
        let mut list = self.codes;
        list.retain(|code| {
            let slot = seen.get_mut(usize::from(*code));
            slot.is_some_and(|slot| !std::mem::replace(slot, true))
        });
        let position = |id: OptionId| list.iter().position(|code| Some(*code) == narrow(id));
        let (mask, routers) = (position(codes::SUBNET_MASK), position(codes::ROUTERS));
        if let (Some(mask), Some(routers)) = (mask, routers) {
            if routers < mask {
                list.swap(mask, routers);
            }
        }
        list
    }
}

/// Codes that a DHCPv4 message can carry; 0 and 255 have other meanings there.
fn narrow(id: OptionId) -> Option<u8> {
    u8::try_from(id.code)
        .ok()
        .filter(|code| (1..=254).contains(code))
}
