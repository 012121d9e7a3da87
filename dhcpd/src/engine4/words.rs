//! Every line that the engine logs, in the original's words (reference isc-dhcpd-behaviour.md, section 11).

use std::fmt;
use std::net::Ipv4Addr;

use common::log::{Level, Line};
use common::net::{Dotted, HardwareAddress};

use crate::wire::{MessageType, Note, Reject, ReplyError, ReplyNote};

/// A client in a log line: who it is, what it calls itself, and how its message came.
#[derive(Clone, Debug)]
pub(super) struct Who<'x> {
    /// Hardware address, or what stands for it.
    pub(super) client: String,
    /// Name in the lease, made printable.
    pub(super) name: Option<String>,
    /// Relay agent or interface.
    pub(super) via: &'x str,
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.client)?;
        if let Some(name) = &self.name {
            write!(f, "({name}) ")?;
        }
        write!(f, "via {}", self.via)
    }
}

/// Stands for a client without hardware address and identifier.
pub(super) const NO_IDENTIFIER: &str = "<no identifier>";
/// Stands for a client without hardware address in an answer to DHCPINFORM.
pub(super) const NO_HARDWARE: &str = "<no client hardware address>";
/// Stands for a name with characters that could spoil a log.
pub(super) const UNSUITABLE: &str = "Hostname Unsuitable for Printing";

/// Option 56 of a refusal: the address is not the client's fixed one.
pub(super) const INCORRECT: &str = "requested address is incorrect";
/// Option 56 of a refusal: somebody else has it.
pub(super) const NOT_AVAILABLE: &str = "requested address not available";
/// Option 56 of a refusal: a declaration and a pool both have it.
pub(super) const CONFLICT: &str = "database conflict - call for help!";

pub(super) const DECLINED: &str = "declined.";
pub(super) const PINGED: &str = "pinged before offer";

// What stands before a suffix.

/// Octets that nearly every line fits into: growing it bit by bit would take longer than writing it.
const LINE: usize = 112;

fn line(text: fmt::Arguments<'_>) -> String {
    let mut line = String::with_capacity(LINE);
    // A String takes whatever is written to it.
    let _ = fmt::Write::write_fmt(&mut line, text);
    line
}

pub(super) fn discover(who: &Who<'_>) -> String {
    line(format_args!("DHCPDISCOVER from {who}"))
}

pub(super) fn request(address: Ipv4Addr, server: Option<Ipv4Addr>, who: &Who<'_>) -> String {
    let address = Dotted(address);
    match server.map(Dotted) {
        Some(server) => line(format_args!(
            "DHCPREQUEST for {address} ({server}) from {who}"
        )),
        None => line(format_args!("DHCPREQUEST for {address} from {who}")),
    }
}

pub(super) fn bootp(who: &Who<'_>) -> String {
    format!("BOOTREQUEST from {who}")
}

pub(super) fn inform(address: Ipv4Addr, via: &str) -> String {
    format!("DHCPINFORM from {address} via {via}")
}

// Outcomes.

pub(super) fn offer(address: Ipv4Addr, who: &Who<'_>) -> String {
    line(format_args!("DHCPOFFER on {} to {who}", Dotted(address)))
}

pub(super) fn ack(address: Ipv4Addr, who: &Who<'_>) -> String {
    line(format_args!("DHCPACK on {} to {who}", Dotted(address)))
}

pub(super) fn boot_reply(address: Ipv4Addr, who: &Who<'_>) -> String {
    format!("BOOTREPLY on {address} to {who}")
}

pub(super) fn boot_reply_to_host(address: Ipv4Addr, host: &str, who: &Who<'_>) -> String {
    let Who { client, via, .. } = who;
    format!("BOOTREPLY for {address} to {host} ({client}) via {via}")
}

pub(super) fn nak(address: Ipv4Addr, hardware: &HardwareAddress, via: &str) -> String {
    format!("DHCPNAK on {address} to {hardware} via {via}")
}

pub(super) fn ack_inform(address: Ipv4Addr, client: &str, via: &str) -> String {
    format!("DHCPACK to {address} ({client}) via {via}")
}

pub(super) fn release(address: Ipv4Addr, who: &Who<'_>, found: bool) -> String {
    let found = if found { "found" } else { "not found" };
    format!("DHCPRELEASE of {address} from {who} ({found})")
}

pub(super) fn release_names_address(hardware: &HardwareAddress) -> String {
    format!("DHCPRELEASE from {hardware} specified requested-address.")
}

pub(super) fn decline(address: Ipv4Addr, who: &Who<'_>, outcome: &str) -> String {
    format!("DHCPDECLINE of {address} from {who}: {outcome}")
}

pub(super) fn lease_query_without_relay(ciaddr: Ipv4Addr) -> String {
    format!("DHCPLEASEQUERY from 0.0.0.0: missing giaddr, ciaddr is {ciaddr}, no reply sent")
}

pub(super) fn lease_query_denied(giaddr: Ipv4Addr) -> String {
    format!("DHCPLEASEQUERY from {giaddr}: LEASEQUERY not allowed, query ignored")
}

pub(super) fn lease_query(giaddr: Ipv4Addr, subject: &impl fmt::Display) -> String {
    format!("DHCPLEASEQUERY from {giaddr} for {subject}")
}

pub(super) fn lease_answer(
    kind: MessageType,
    giaddr: Ipv4Addr,
    subject: &impl fmt::Display,
    others: usize,
) -> String {
    let kind = type_name(kind);
    format!("{kind} to {giaddr} for {subject} ({others} associated IPs)")
}

pub(super) fn too_many_addresses(
    count: usize,
    subject: &impl fmt::Display,
    listed: usize,
) -> String {
    format!("{count} IP addresses associated with {subject}, only {listed} sent in reply.")
}

// Why nothing, or something else, happens.

pub(super) fn no_host_name(address: Ipv4Addr) -> String {
    format!("No hostname for {address}")
}

pub(super) fn unknown_segment(kind: MessageType, who: &Who<'_>) -> String {
    format!("{} from {who}: unknown network segment", type_name(kind))
}

pub(super) fn unknown_type(kind: MessageType, who: &Who<'_>) -> String {
    format!("{} from {who}: unknown packet type", type_name(kind))
}

pub(super) fn no_free_leases(prefix: &str, network: &str) -> String {
    format!("{prefix}: network {network}: no free leases")
}

pub(super) fn too_early(prefix: &str, wanted: u8, secs: u16) -> String {
    format!(
        "{prefix}: configured min-secs value ({wanted}) is greater than secs field ({secs}).  message dropped."
    )
}

pub(super) fn unknown_client(prefix: &str) -> String {
    format!("{prefix}: unknown client")
}

pub(super) fn booting_disallowed(prefix: &str) -> String {
    format!("{prefix}: booting disallowed")
}

pub(super) fn bootp_disallowed(prefix: &str) -> String {
    format!("{prefix}: bootp disallowed")
}

pub(super) fn no_dynamic_leases(prefix: &str) -> String {
    format!("{prefix}: BOOTP from dynamic client and no dynamic leases")
}

pub(super) fn network_unknown(prefix: &str) -> String {
    format!("{prefix}: network unknown")
}

pub(super) fn wrong_network(prefix: &str) -> String {
    format!("{prefix}: wrong network.")
}

pub(super) fn not_authoritative(prefix: &str) -> String {
    format!("{prefix}: ignored (not authoritative).")
}

pub(super) fn unknown_subnet(prefix: &str) -> String {
    format!("{prefix}: ignored (unknown subnet).")
}

pub(super) fn unavailable(prefix: &str, address: Ipv4Addr) -> String {
    format!("{prefix}: lease {address} unavailable.")
}

pub(super) fn unknown_lease(prefix: &str, address: Ipv4Addr) -> String {
    format!("{prefix}: unknown lease {address}.")
}

pub(super) fn null_source(prefix: &str) -> String {
    format!("{prefix}: ignored (null source address).")
}

pub(super) fn invalid_selection(prefix: &str) -> String {
    format!("{prefix}: ignored (invalid subnet selection option).")
}

/// `role` says which of its addresses located the client: `client`, `source`, `relay`, `selected`, `relay link select`.
pub(super) fn subnet_unknown_for(prefix: &str, role: &str, address: Ipv4Addr) -> String {
    format!("{prefix}: unknown subnet for {role} address {address}")
}

pub(super) fn not_authoritative_for(prefix: &str, subnet: Ipv4Addr) -> String {
    format!("{prefix}: not authoritative for subnet {subnet}")
}

/// Said the first time and then now and again.
pub(super) const AUTHORITATIVE_ADVICE: [&str; 5] = [
    "If this DHCP server is authoritative for that subnet,",
    "please write an `authoritative;' directive either in the",
    "subnet declaration or in some scope that encloses the",
    "subnet declaration - for example, write it at the top",
    "of the dhcpd.conf file.",
];

// Remarks on leases.

pub(super) fn abandoning(address: Ipv4Addr, why: &str) -> String {
    format!("Abandoning IP address {address}: {why}")
}

pub(super) fn unreadable_block(address: Ipv4Addr) -> String {
    format!(
        "lease {address}: its on expiry or on release statements in the lease file cannot be read and are left undone, \
         also for other leases with the same text."
    )
}

pub(super) fn stale_host(host: &str, address: Ipv4Addr) -> String {
    format!(
        "soft impossible condition (dhcp.c:5126): stale host \"{host}\" found on lease {address}"
    )
}

pub(super) fn reclaiming(address: Ipv4Addr) -> String {
    format!("Reclaiming abandoned lease {address}.")
}

pub(super) fn reclaiming_requested(address: Ipv4Addr) -> String {
    format!("Reclaiming REQUESTed abandoned IP address {address}.")
}

pub(super) fn duplicate_leases(hardware: &HardwareAddress, network: &str) -> String {
    format!("client {hardware} has duplicate leases on {network}")
}

pub(super) fn uid_duplicate(
    address: Ipv4Addr,
    hardware: &HardwareAddress,
    network: &str,
) -> String {
    format!("uid lease {address} for client {hardware} is duplicate on {network}")
}

pub(super) fn static_and_dynamic(address: Ipv4Addr, host: &str, network: &str) -> [String; 3] {
    [
        format!("Dynamic and static leases present for {address}."),
        format!("Remove host declaration {host} or remove {address}"),
        format!("from the dynamic address pool for {network}"),
    ]
}

pub(super) fn reuse(age: i64, threshold: u8, address: Ipv4Addr) -> String {
    format!(
        "reuse_lease: lease age {age} (secs) under {threshold}% threshold, reply with unaltered, existing lease for {address}"
    )
}

pub(super) const BECOMES_RESERVED: &str = "Cannot reuse: lease is changing to RESERVED";

pub(super) fn infinite_reservation(address: Ipv4Addr) -> String {
    format!("Infinite-leasetime reservation made on {address}.")
}

/// How full a pool is when a lease time is cut, for [`adaptive`].
pub(super) struct Fill {
    pub(super) total: u64,
    pub(super) free: u64,
    pub(super) ends: i64,
    pub(super) adaptive: i64,
    pub(super) percent: u64,
    pub(super) threshold: u8,
}

pub(super) fn adaptive(fill: &Fill) -> String {
    let [ends, adaptive] = [fill.ends, fill.adaptive].map(printed);
    format!(
        "Adap-lease: Total: {}, Free: {}, Ends: {ends}, Adaptive: {adaptive}, Fill: {}, Threshold: {}",
        fill.total, fill.free, fill.percent, fill.threshold
    )
}

pub(super) fn over_threshold(address: Ipv4Addr, from: i64, to: i64) -> String {
    let [from, to] = [from, to].map(printed);
    format!("Pool over threshold, time for {address} reduced from {from} to {to}.")
}

/// Seconds as the original prints them there: their lower 32 bits, with a sign.
fn printed(seconds: i64) -> i32 {
    let [a, b, c, d, ..] = seconds.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

pub(super) fn pool_full(
    network: &str,
    address: Ipv4Addr,
    percent: u8,
    used: u64,
    total: u64,
) -> String {
    format!(
        "Pool threshold exceeded - shared subnet: {network}; address: {address}; high threshold {percent}% {used}/{total}."
    )
}

pub(super) fn pool_emptier(network: &str, address: Ipv4Addr, used: u64, total: u64) -> String {
    format!(
        "Pool threshold reset - shared subnet: {network}; address: {address}; low threshold {used}/{total}."
    )
}

// Replies.

/// `what` is `file` or `server`.
pub(super) fn name_cut(what: &str, field: usize, name: &[u8]) -> String {
    let text = printable(name);
    let length = name.len();
    format!("{what} name longer than packet field truncated - field: {field} name: {length} {text}")
}

pub(super) fn reply_error(error: &ReplyError) -> String {
    let ReplyError::UnknownSiteSpace(name) = error;
    format!("unknown option space {}.", printable(name.as_bytes()))
}

pub(super) fn reply_note(note: &ReplyNote) -> String {
    match note {
        ReplyNote::UnknownOptionSpace(name) => format!(
            "option_space_encapsulate: option space '{}' does not exist, but is configured.",
            printable(name.as_bytes())
        ),
        ReplyNote::LowSiteCodes { space, lowest } => format!(
            "WARNING: site-local option codes less than 224 have been deprecated by RFC3942.  You have options listed in \
             site local space {space} that number as low as {lowest}.  Please investigate if these should be declared as \
             regular options rather than site-local options, or migrated up past 224."
        ),
        ReplyNote::NoRoomForAgentInformation => {
            "Unable to store relay agent information in reply packet.".to_owned()
        }
    }
}

pub(super) fn no_billing(prefix: &str, last: &str) -> String {
    format!(
        "{prefix}: no available billing: lease limit reached in all matching classes (last: '{last}')"
    )
}

pub(super) fn too_many_classes(hardware: &HardwareAddress) -> String {
    format!("too many classes match {hardware}")
}

// Pings.

pub(super) fn ping_answered(address: Ipv4Addr) -> String {
    format!("ICMP Echo reply while lease {address} valid.")
}

pub(super) fn ping_late(address: Ipv4Addr) -> String {
    format!("ICMP Echo Reply for {address} late or spurious.")
}

pub(super) fn ping_unexpected(address: Ipv4Addr) -> String {
    format!("unexpected ICMP Echo Reply from {address}")
}

// Messages that are dropped before anything is decided.

/// The rest of the remarks about the options of a message.
pub(super) fn more_notes(count: usize) -> String {
    format!("{count} more malformed options in this message")
}

/// `None`: in silence.
pub(super) fn reject(reason: &Reject) -> Option<String> {
    match reason {
        Reject::TooShort | Reject::NotRequest => None,
        Reject::HardwareLength => Some("Discarding packet with bogus hlen.".to_owned()),
        Reject::Malformed(fault) => Some(fault.to_string()),
        Reject::EmptyClientIdentifier => {
            Some("Dropped DHCPv4 packet with zero-length client-id".to_owned())
        }
    }
}

pub(super) fn note(note: &Note) -> Line {
    let (level, text) = match note {
        Note::EmptyHostName => (
            Level::Debug,
            "Ignoring empty DHO_HOST_NAME option".to_owned(),
        ),
        Note::ShortClientIdentifier => (Level::Debug, ONE_CHARACTER.to_owned()),
        Note::NoIdentifier => (Level::Debug, NO_IDENTITY.to_owned()),
        Note::MalformedSuboption(fault) => (Level::Error, fault.to_string()),
        Note::FqdnLabelTooLong => (
            Level::Info,
            "label length exceeds 63 in fqdn option".to_owned(),
        ),
        Note::FqdnLabelBeyondOption => (Level::Info, "fqdn label longer than buffer".to_owned()),
    };
    Line { level, text }
}

const ONE_CHARACTER: &str = "Accepted DHCPv4 packet with one-character client-id - a future version of ISC DHCP will \
                             reject this";
const NO_IDENTITY: &str = "Received DHCPv4 packet without client-id option and empty hlen field.";

fn type_name(kind: MessageType) -> String {
    const NAMES: [&str; 13] = [
        "DHCPDISCOVER",
        "DHCPOFFER",
        "DHCPREQUEST",
        "DHCPDECLINE",
        "DHCPACK",
        "DHCPNAK",
        "DHCPRELEASE",
        "DHCPINFORM",
        "type 9",
        "DHCPLEASEQUERY",
        "DHCPLEASEUNASSIGNED",
        "DHCPLEASEUNKNOWN",
        "DHCPLEASEACTIVE",
    ];
    let index = usize::from(kind.0).checked_sub(1);
    let name = index.and_then(|index| NAMES.get(index));
    name.map_or_else(|| format!("type {}", kind.0), |name| (*name).to_owned())
}

/// Bytes of anybody's making, in a log line: control characters and bytes beyond ASCII as octal escapes.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text
}

/// Octets of a client identifier in place of a hardware address: as text, cut, if they begin as text; as hexadecimal octets;
/// and not at all if there are too many of those.
pub(super) fn identifier(uid: &[u8]) -> String {
    const SHOWN: usize = 57;
    const SHOWN_OCTETS: usize = 20;
    let start = uid.get(..SHOWN).unwrap_or(uid);
    if start.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return format!("\"{}\"", printable(start));
    }
    if uid.len() > SHOWN_OCTETS {
        return String::new();
    }
    let octets: Vec<String> = uid.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(":")
}

/// Offers wait for as many pings as may be out; more are not made.
pub(super) fn too_many_pings(most: usize) -> String {
    format!("{most} offers wait for their pings: more are not made")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_of_the_adaptive_time_are_printed_in_32_bits() {
        assert_eq!(printed(-1_795_955_620), -1_795_955_620);
        assert_eq!(printed(4_294_967_295), -1);
    }
}
