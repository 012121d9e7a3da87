//! The built-in option spaces and what they define, as data.

mod dhcp;
mod dhcp6;
mod server;
mod small;

use super::SpaceId;

/// A built-in option: code, name, format letters (reference isc-dhcpd-options.md, head).
pub(super) type Row = (u32, &'static str, &'static str);

/// A built-in space.
pub(super) struct SpaceRow {
    pub(super) id: SpaceId,
    pub(super) name: &'static str,
    pub(super) code_width: u8,
    pub(super) length_width: u8,
    pub(super) options: &'static [Row],
}

const fn space(
    id: SpaceId,
    name: &'static str,
    code_width: u8,
    length_width: u8,
    options: &'static [Row],
) -> SpaceRow {
    SpaceRow {
        id,
        name,
        code_width,
        length_width,
        options,
    }
}

/// Every built-in space, in the order of its [`SpaceId`].
pub(super) const SPACES: &[SpaceRow] = &[
    space(SpaceId::DHCP, "dhcp", 1, 1, dhcp::DHCP),
    space(SpaceId::SERVER, "server", 4, 4, server::SERVER),
    space(SpaceId::AGENT, "agent", 1, 1, small::AGENT),
    space(SpaceId::FQDN, "fqdn", 1, 1, small::FQDN),
    space(SpaceId::NWIP, "nwip", 1, 1, small::NWIP),
    space(
        SpaceId::VENDOR_CLASS,
        "vendor-class",
        4,
        1,
        small::VENDOR_CLASS,
    ),
    space(SpaceId::VENDOR, "vendor", 4, 1, small::VENDOR),
    space(SpaceId::ISC, "isc", 2, 2, small::ISC),
    space(SpaceId::DHCP6, "dhcp6", 2, 2, dhcp6::DHCP6),
    space(SpaceId::VSIO, "vsio", 4, 2, small::VSIO),
    space(SpaceId::ISC6, "isc6", 2, 2, small::ISC6),
];
