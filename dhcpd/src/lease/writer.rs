//! Leases as text, as the original writes them (reference isc-dhcpd-behaviour.md, sections 10.2 and 10.3).

use std::io::Write;
use std::net::Ipv4Addr;

use common::net::HardwareAddress;

use super::date::{push_number, write_date};
use super::record::{Account, Lease, Rare, Value};
use super::states::State;
use crate::config::model::Config;

/// How client identifiers are written: statement `lease-id-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdFormat {
    /// A string in quotes with octal escapes.
    #[default]
    Octal,
    /// Bytes in hexadecimal, with colons.
    Hex,
}

impl IdFormat {
    /// What a configuration asks for.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        match config.lease_ids_in_hex {
            true => Self::Hex,
            false => Self::Octal,
        }
    }
}

/// Names of hardware types; the others are `unknown-N`.
pub(super) const HARDWARE_TYPES: [(u8, &str); 4] = [
    (1, "ethernet"),
    (6, "token-ring"),
    (8, "fddi"),
    (32, "infiniband"),
];

/// Bytes of the record of most leases.
pub(super) const USUAL_LEASE: usize = 300;

/// What a new file begins with.
pub fn write_header(text: &mut Vec<u8>) {
    text.extend_from_slice(
        b"# The format of this file is documented in the dhcpd.leases(5) manual page.\n\
          # This lease file was written by isc-dhcp-4.4.3-P1\n\
          \n\
          # authoring-byte-order entry is generated, DO NOT DELETE\n\
          authoring-byte-order little-endian;\n\
          \n",
    );
}

/// The server's own identifier, which stands behind the leases known at the start.
pub fn write_duid(text: &mut Vec<u8>, duid: &[u8], format: IdFormat) {
    text.extend_from_slice(b"server-duid ");
    write_id(text, duid, format);
    text.extend_from_slice(b";\n\n");
}

/// Appends one record.
pub fn write_lease(text: &mut Vec<u8>, lease: &Lease, format: IdFormat) {
    text.extend_from_slice(b"lease ");
    write_address(text, lease.address);
    text.extend_from_slice(b" {");
    write_times(text, lease);
    write_states(text, lease);
    write_flags(text, lease);
    if let Some(hardware) = &lease.hardware {
        write_hardware(text, hardware);
    }
    if let Some(uid) = &lease.uid {
        text.extend_from_slice(b"\n  uid ");
        write_id(text, uid, format);
        text.push(b';');
    }
    write_variables(text, lease);
    if let Some(agent) = &lease.agent {
        write_agent_options(text, agent);
    }
    write_hostname(text, lease);
    if let Some(rare) = &lease.rare {
        write_handlers(text, rare);
    }
    text.extend_from_slice(b"\n}\n");
}

fn write_times(text: &mut Vec<u8>, lease: &Lease) {
    let rare = |field: fn(&Rare) -> u32| lease.rare.as_deref().map_or(0, field);
    let times = [
        ("starts", lease.starts),
        ("ends", lease.ends),
        ("tstp", lease.tstp),
        ("tsfp", rare(|rare| rare.tsfp)),
        ("atsfp", rare(|rare| rare.atsfp)),
        ("cltt", lease.cltt),
    ];
    for (name, time) in times.into_iter().filter(|(_, time)| *time != 0) {
        text.extend_from_slice(b"\n  ");
        text.extend_from_slice(name.as_bytes());
        text.push(b' ');
        write_date(text, time);
    }
}

fn write_states(text: &mut Vec<u8>, lease: &Lease) {
    let changed = |state: State| (state != lease.state).then_some(state);
    let states = [
        ("binding", Some(lease.state)),
        ("next binding", changed(lease.next)),
        ("rewind binding", changed(lease.rewind)),
    ];
    for (name, state) in states {
        let Some(state) = state else {
            continue;
        };
        for piece in ["\n  ", name, " state ", state.name(), ";"] {
            text.extend_from_slice(piece.as_bytes());
        }
    }
}

fn write_flags(text: &mut Vec<u8>, lease: &Lease) {
    if lease.reserved {
        text.extend_from_slice(b"\n  reserved;");
    }
    if lease.bootp {
        text.extend_from_slice(b"\n  dynamic-bootp;");
    }
    let billing = lease.rare.as_ref().and_then(|rare| rare.billing.as_ref());
    if let Some(billing) = billing {
        write_billing(text, billing);
    }
}

fn write_billing(text: &mut Vec<u8>, account: &Account) {
    text.extend_from_slice(match account.value {
        Some(_) => b"\n  billing subclass ",
        None => b"\n  billing class ".as_slice(),
    });
    write_quoted(text, account.class.as_bytes());
    if let Some(value) = &account.value {
        text.push(b' ');
        match value.iter().all(|byte| is_printable(*byte)) {
            true => write_quoted(text, value),
            false => write_id(text, value, IdFormat::Hex),
        }
    }
    text.push(b';');
}

/// Blocks with the same text are one.
fn write_handlers(text: &mut Vec<u8>, rare: &Rare) {
    let both = rare.on_expiry.is_some() && rare.on_expiry == rare.on_release;
    let release = rare.on_release.as_ref().filter(|_| !both);
    let expiry = if both {
        "on expiry or release"
    } else {
        "on expiry"
    };
    for (name, body) in [(expiry, rare.on_expiry.as_ref()), ("on release", release)] {
        let Some(body) = body else {
            continue;
        };
        put(text, format_args!("\n  {name} {{"));
        text.extend_from_slice(body.text());
        text.extend_from_slice(b"\n  }");
    }
}

fn write_hardware(text: &mut Vec<u8>, hardware: &HardwareAddress) {
    let kind = hardware.kind();
    text.extend_from_slice(b"\n  hardware ");
    match HARDWARE_TYPES.iter().find(|(known, _)| *known == kind) {
        Some((_, name)) => text.extend_from_slice(name.as_bytes()),
        None => put(text, format_args!("unknown-{kind}")),
    }
    text.push(b' ');
    write_hex(text, hardware.octets());
    text.push(b';');
}

fn write_variables(text: &mut Vec<u8>, lease: &Lease) {
    for variable in lease.rare.iter().flat_map(|rare| &rare.variables) {
        if variable.value == Value::Hollow {
            continue;
        }
        put(text, format_args!("\n  set {} = ", variable.name));
        match &variable.value {
            Value::Data(data) => write_quoted(text, data),
            Value::Hollow => {}
            Value::Number(number) => put(text, format_args!("%{number}")),
            Value::Boolean(truth) => put(text, format_args!("{truth}")),
        }
        text.push(b';');
    }
}

/// A name that would need escapes is left out.
fn write_hostname(text: &mut Vec<u8>, lease: &Lease) {
    let Some(name) = lease.hostname.as_deref().filter(|name| is_plain(name)) else {
        return;
    };
    text.extend_from_slice(b"\n  client-hostname \"");
    text.extend_from_slice(name);
    text.extend_from_slice(b"\";");
}

/// How the value of an agent sub-option is written.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Opaque,
    Address,
    Number,
    /// It is there or not; octets that it has all the same are not written.
    Flag,
}

/// Sub-options of option 82 with a name (reference isc-dhcpd-options.md, section 2).
pub(super) const AGENT_NAMES: [(u8, &str, Shape); 6] = [
    (1, "circuit-id", Shape::Opaque),
    (2, "remote-id", Shape::Opaque),
    (3, "agent-id", Shape::Address),
    (4, "DOCSIS-device-class", Shape::Number),
    (5, "link-selection", Shape::Address),
    (19, "relay-port", Shape::Flag),
];

/// What the value of a sub-option looks like.
pub(super) fn agent_shape(code: u8) -> Shape {
    let row = AGENT_NAMES.iter().find(|(known, ..)| *known == code);
    row.map_or(Shape::Opaque, |(_, _, shape)| *shape)
}

/// The value of an agent sub-option.
enum AgentValue<'a> {
    Opaque(&'a [u8]),
    Address(Ipv4Addr),
    Number(u32),
    Flag,
}

impl<'a> AgentValue<'a> {
    /// `None` if it is of another length: it could be read back by neither server.
    fn of(shape: Shape, value: &'a [u8]) -> Option<Self> {
        let four = || <[u8; 4]>::try_from(value).ok();
        match shape {
            Shape::Opaque => Some(Self::Opaque(value)),
            Shape::Address => four().map(|octets| Self::Address(octets.into())),
            Shape::Number => four().map(|octets| Self::Number(u32::from_be_bytes(octets))),
            Shape::Flag => Some(Self::Flag),
        }
    }
}

/// Sub-options without octets are not written, also those that never have any.
fn write_agent_options(text: &mut Vec<u8>, agent: &[u8]) {
    let mut rest = agent;
    while let [code, length, tail @ ..] = rest {
        let Some((octets, next)) = tail.split_at_checked(usize::from(*length)) else {
            return;
        };
        let value = AgentValue::of(agent_shape(*code), octets);
        if let Some(value) = value.filter(|_| !octets.is_empty()) {
            write_agent_option(text, *code, &value);
        }
        rest = next;
    }
}

fn write_agent_option(text: &mut Vec<u8>, code: u8, value: &AgentValue<'_>) {
    match AGENT_NAMES.iter().find(|(known, ..)| *known == code) {
        Some((_, name, _)) => put(text, format_args!("\n  option agent.{name} ")),
        None => put(text, format_args!("\n  option agent.unknown-{code} ")),
    }
    match value {
        AgentValue::Opaque(octets) => write_opaque(text, octets),
        AgentValue::Address(address) => write_address(text, *address),
        AgentValue::Number(number) => put(text, format_args!("{number}")),
        AgentValue::Flag => {}
    }
    text.push(b';');
}

/// As text if it is text, but for a NUL at its end; otherwise in hexadecimal, without leading zeros.
fn write_opaque(text: &mut Vec<u8>, value: &[u8]) {
    let readable = value.strip_suffix(&[0]).unwrap_or(value);
    if readable.iter().all(|byte| is_printable(*byte)) {
        write_quoted(text, readable);
        return;
    }
    for (index, byte) in value.iter().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        put(text, format_args!("{colon}{byte:x}"));
    }
}

fn write_id(text: &mut Vec<u8>, id: &[u8], format: IdFormat) {
    match format {
        IdFormat::Octal => write_quoted(text, id),
        IdFormat::Hex => write_hex(text, id),
    }
}

fn write_hex(text: &mut Vec<u8>, octets: &[u8]) {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            text.push(b':');
        }
        text.extend([octet >> 4, octet & 15].map(digit));
    }
}

fn write_quoted(text: &mut Vec<u8>, value: &[u8]) {
    text.push(b'"');
    for byte in value {
        match byte {
            b'"' | b'\\' => text.extend_from_slice(&[b'\\', *byte]),
            _ if is_printable(*byte) => text.push(*byte),
            _ => {
                text.push(b'\\');
                text.extend([byte >> 6, byte >> 3 & 7, byte & 7].map(digit));
            }
        }
    }
    text.push(b'"');
}

fn write_address(text: &mut Vec<u8>, address: Ipv4Addr) {
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            text.push(b'.');
        }
        push_number(text, octet.into());
    }
}

/// A digit of a number to base 16 or below.
fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' - 10 + value,
    }
}

/// True if the original prints such a name as it is, in the lease file and in its log lines.
pub(crate) fn is_plain(name: &[u8]) -> bool {
    let plain = |byte: &u8| is_printable(*byte) && *byte != b'"' && *byte != b'\\';
    name.iter().all(plain)
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

fn put(text: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    // A Vec takes whatever is written to it.
    let _ = text.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::{NEVER, Variable};
    use pretty_assertions::assert_eq;

    fn text(lease: &Lease) -> String {
        let mut text = Vec::new();
        write_lease(&mut text, lease, IdFormat::Octal);
        String::from_utf8(text).unwrap()
    }

    fn active() -> Lease {
        let mut lease = Lease::fresh(Ipv4Addr::new(10, 9, 0, 11));
        (lease.starts, lease.ends, lease.cltt) = (1_795_167_118, 1_795_167_718, 1_795_167_118);
        (lease.state, lease.next) = (State::Active, State::Free);
        lease.hardware = HardwareAddress::new(1, &[2, 0x11, 0x11, 0x11, 0x11, 2]);
        lease
    }

    #[test]
    fn an_active_lease_reads_as_the_original_wrote_it() {
        let mut lease = active();
        lease.uid = Some(b"\x01\x02\x11\x11abc\"\\\xff".into());
        lease.set_variable(
            "vendor-class-identifier",
            Value::Data(Box::from(*b"PXEClient:Arch:00000")),
        );
        lease.agent = Some(Box::from(
            *b"\x01\x04circ\x02\x03\xff\x01\x02\x09\x02hi\x0b\x00\x05\x04\x0a\x00\x00\x01",
        ));
        lease.hostname = Some(b"myhost".into());
        let expected = r#"lease 10.9.0.11 {
  starts 5 2026/11/20 09:31:58;
  ends 5 2026/11/20 09:41:58;
  cltt 5 2026/11/20 09:31:58;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 02:11:11:11:11:02;
  uid "\001\002\021\021abc\"\\\377";
  set vendor-class-identifier = "PXEClient:Arch:00000";
  option agent.circuit-id "circ";
  option agent.remote-id ff:1:2;
  option agent.unknown-9 "hi";
  option agent.link-selection 10.0.0.1;
  client-hostname "myhost";
}
"#;
        assert_eq!(text(&lease), expected);
    }

    #[test]
    fn an_agent_option_that_could_not_be_read_back_is_left_out() {
        let mut lease = active();
        let odd = *b"\x13\x01\xaa\x13\x00\x03\x01\xff\x04\x02\x6a\xce\x05\x05\x3e\xc4\xcd\x59\x84\x01\x01\xfe";
        lease.agent = Some(Box::from(odd));
        let written = text(&lease);
        assert_eq!(written.matches("option agent.").count(), 2, "{written}");
        assert!(written.contains("\n  option agent.relay-port ;\n"));
        assert!(written.contains("\n  option agent.circuit-id fe;\n"));
    }

    #[test]
    fn an_endless_bootp_lease_reads_as_the_original_wrote_it() {
        let mut lease = active();
        (lease.ends, lease.bootp, lease.reserved) = (NEVER, true, true);
        lease.hardware = HardwareAddress::new(9, &[1]);
        let written = text(&lease);
        assert!(written.contains("\n  ends never;\n"), "{written}");
        assert!(
            written.contains("\n  reserved;\n  dynamic-bootp;\n"),
            "{written}"
        );
        assert!(
            written.contains("\n  hardware unknown-9 01;\n"),
            "{written}"
        );
    }

    #[test]
    fn an_abandoned_address_has_no_client() {
        let mut lease = Lease::fresh(Ipv4Addr::new(10, 9, 0, 15));
        (lease.ends, lease.state) = (1_795_167_118, State::Abandoned);
        let expected = "lease 10.9.0.15 {\n  ends 5 2026/11/20 09:31:58;\n  binding state abandoned;\n  \
                        next binding state free;\n  rewind binding state free;\n}\n";
        assert_eq!(text(&lease), expected);
    }

    #[test]
    fn a_name_with_quotes_is_not_written() {
        let mut lease = active();
        lease.hostname = Some(b"bad\"host".into());
        assert!(!text(&lease).contains("client-hostname"));
    }

    #[test]
    fn variables_are_written_by_their_kind() {
        let mut lease = active();
        let number = Variable {
            name: "n".into(),
            value: Value::Number(258),
        };
        let truth = Variable {
            name: "t".into(),
            value: Value::Boolean(true),
        };
        lease.rare = Some(Box::new(Rare {
            variables: vec![number, truth],
            ..Rare::default()
        }));
        assert!(text(&lease).contains("\n  set n = %258;\n  set t = true;\n"));
    }

    #[test]
    fn identifiers_are_written_in_hexadecimal_when_asked() {
        let mut text = Vec::new();
        write_duid(&mut text, &[0, 1, 0xaa], IdFormat::Hex);
        assert_eq!(text, b"server-duid 00:01:aa;\n\n");
    }
}
