//! The small spaces (reference isc-dhcpd-options.md, section 2).

use super::Row;

/// Space `agent`: sub-options of option 82.
pub(super) const AGENT: &[Row] = &[
    (1, "circuit-id", "X"),
    (2, "remote-id", "X"),
    (3, "agent-id", "I"),
    (4, "DOCSIS-device-class", "L"),
    (5, "link-selection", "I"),
    (19, "relay-port", "Z"),
];

/// Space `fqdn`: parts of option 81.
pub(super) const FQDN: &[Row] = &[
    (1, "no-client-update", "f"),
    (2, "server-update", "f"),
    (3, "encoded", "f"),
    (4, "rcode1", "B"),
    (5, "rcode2", "B"),
    (6, "hostname", "t"),
    (7, "domainname", "t"),
    (8, "fqdn", "t"),
];

/// Space `nwip`: sub-options of option 63.
pub(super) const NWIP: &[Row] = &[
    (1, "illegal-1", ""),
    (2, "illegal-2", ""),
    (3, "illegal-3", ""),
    (4, "illegal-4", ""),
    (5, "nsq-broadcast", "f"),
    (6, "preferred-dss", "IA"),
    (7, "nearest-nwip-server", "IA"),
    (8, "autoretries", "B"),
    (9, "autoretry-secs", "B"),
    (10, "nwip-1-1", "f"),
    (11, "primary-dss", "I"),
];

/// Space `vendor-class`: enterprises of option 124.
pub(super) const VENDOR_CLASS: &[Row] = &[(2495, "isc", "X")];

/// Space `vendor`: enterprises of option 125.
pub(super) const VENDOR: &[Row] = &[(2495, "isc", "Eisc.")];

/// Space `isc`: ISC's vendor options.
pub(super) const ISC: &[Row] = &[(1, "media", "t"), (2, "update-assist", "X")];

/// Space `vsio`: enterprises of DHCPv6 option 17.
pub(super) const VSIO: &[Row] = &[(2495, "isc", "Eisc6.")];

/// Space `isc6`: ISC's DHCPv6 vendor options.
pub(super) const ISC6: &[Row] = &[
    (1, "media", "t"),
    (2, "update-assist", "X"),
    (60000, "4o6-interface", "t"),
    (60001, "4o6-source-address", "6"),
];
