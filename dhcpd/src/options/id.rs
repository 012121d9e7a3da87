//! Names of options as small numbers.

/// An option space: the index of its table in the [registry](super). Built-in spaces have constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub u16);

impl SpaceId {
    /// DHCPv4's own options (RFC 2132 and later).
    pub const DHCP: Self = Self(0);
    /// The server's parameters, which the language treats as options: `default-lease-time`, `filename`, ...
    pub const SERVER: Self = Self(1);
    /// Sub-options of the relay agent information option (82, RFC 3046).
    pub const AGENT: Self = Self(2);
    /// Parts of the client FQDN option (81, RFC 4702).
    pub const FQDN: Self = Self(3);
    /// Netware/IP sub-options (63, RFC 2242).
    pub const NWIP: Self = Self(4);
    /// Vendor class identifiers by enterprise (124, RFC 3925).
    pub const VENDOR_CLASS: Self = Self(5);
    /// Vendor options by enterprise (125, RFC 3925).
    pub const VENDOR: Self = Self(6);
    /// ISC's own vendor options.
    pub const ISC: Self = Self(7);
    /// DHCPv6 options, which a DHCPv4 configuration may name.
    pub const DHCP6: Self = Self(8);
    /// DHCPv6 vendor options by enterprise.
    pub const VSIO: Self = Self(9);
    /// ISC's own DHCPv6 vendor options.
    pub const ISC6: Self = Self(10);
}

/// An option: its space and its code there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionId {
    /// The space.
    pub space: SpaceId,
    /// The code in that space; up to 32 bits in spaces with a code width of 4.
    pub code: u32,
}

impl OptionId {
    /// Option `code` of DHCPv4's own space.
    #[must_use]
    pub const fn dhcp(code: u8) -> Self {
        Self {
            space: SpaceId::DHCP,
            code: code as u32,
        }
    }

    /// Server parameter `code` (reference isc-dhcpd-config.md, section 4).
    #[must_use]
    pub const fn server(code: u32) -> Self {
        Self {
            space: SpaceId::SERVER,
            code,
        }
    }
}
