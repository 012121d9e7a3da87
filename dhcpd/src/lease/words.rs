//! What is said about a lease file while it is read, in the original's words (reference isc-dhcpd-behaviour.md,
//! section 10.5).

use std::net::Ipv4Addr;

use common::log::{Level, Line};

use super::lexer::Spot;
use super::reader::Declared;
use crate::config::model::Config;

pub(super) const CORRUPT: &str = "Corrupt lease file - possible data loss!";
pub(super) const POSSIBLY_CORRUPT: &str = "possibly corrupt lease file";
pub(super) const DIRECTIVE: &str = "Unexpected configuration directive.";
pub(super) const SEMICOLON: &str = "semicolon expected.";
pub(super) const LEFT_BRACE: &str = "left brace expected.";
pub(super) const END_OF_FILE: &str = "unexpected end of file";
pub(super) const NUMBER: &str = "expecting numeric value.";
pub(super) const CONSTANT: &str = "expecting a constant value.";
pub(super) const DECIMAL: &str = "expecting decimal number.";
pub(super) const TRUTH: &str = "expecting true or false";
pub(super) const EQUALS: &str = "expecting '=' in set statement.";
pub(super) const BINDING: &str = "expecting 'binding'";
pub(super) const STATE: &str = "expecting 'state'";
pub(super) const HARDWARE: &str = "expecting a network hardware type";
pub(super) const HOSTNAME: &str = "expecting a hostname.";
pub(super) const AGENT: &str = "agent option expected.";
pub(super) const EMPTY_UID: &str = "zero-length uid";
pub(super) const BILLING: &str = "expecting \"class\" or \"subclass\"";
pub(super) const BILLING_CLASS: &str = "expecting a class name.";
pub(super) const EPOCH: &str = "Seconds since epoch expected.";
pub(super) const ZONE: &str = "Time zone offset or semicolon expected.";
pub(super) const PEER: &str = "expecting \"peer\"";
pub(super) const PEER_NAME: &str = "expecting failover peer name.";
pub(super) const IDENTIFIER: &str = "expecting string or hexadecimal data";
pub(super) const HEXADECIMAL: &str = "expecting hexadecimal constant.";
pub(super) const DUID: &str = "Invalid duid contents";
pub(super) const BYTE_ORDER_INVALID: &str =
    "authoring-byte-order is invalid:  it must be big-endian or little-endian.";
pub(super) const BYTE_ORDER_SEMICOLON: &str = "corrupt lease file; expecting a semicolon";
/// The original ends this one with a newline of its own.
pub(super) const BYTE_ORDER_LATE: &str = "authoring-byte-order specified too late.
It must occur before the first lease in file
";
pub(super) const OTHER_BYTE_ORDER: &str =
    "WARNING: Lease file authored using different byte order, will attempt to convert";

/// What a whole new lease file holds, in the original's categories. Classes and hosts of the configuration are not written. The
/// original never counts the hosts that tools have made.
#[must_use]
pub fn written(config: &Config, declared: Declared, leases: usize) -> Vec<String> {
    let has_hosts = !config.hosts.is_empty() || declared.deleted_hosts > 0;
    let kinds = [
        (!config.classes.is_empty(), declared.classes, "class decls"),
        (declared.groups > 0, declared.groups, "group decls"),
        (has_hosts, declared.deleted_hosts, "deleted host decls"),
        (has_hosts, 0, "new dynamic host decls"),
        (true, leases, "leases"),
    ];
    let said = kinds.into_iter().filter(|row| row.0);
    said.map(|(_, count, what)| format!("Wrote {count} {what} to leases file."))
        .collect()
}

pub(super) fn too_large(octet: &[u8]) -> String {
    let octet = String::from_utf8_lossy(octet);
    format!("{octet} exceeds max (255) for precision.")
}

pub(super) fn weird_state(word: &str) -> String {
    format!("{word}: expecting a binding state.")
}

pub(super) fn not_a_variable(word: &str) -> String {
    format!("{word} can't be a variable name")
}

/// The original ends this one with a newline of its own.
pub(super) fn too_many(field: &str, address: Ipv4Addr) -> String {
    format!("Too many {field} parameters in lease {address}\n")
}

pub(super) fn no_subnet(address: Ipv4Addr) -> String {
    format!("lease {address}: no subnet.")
}

pub(super) fn unknown_class(name: &str) -> String {
    format!("unknown class {name}")
}

pub(super) fn unknown_peer(name: &str) -> String {
    format!("unknown failover peer: {name}")
}

pub(super) fn more(count: usize) -> String {
    format!("{count} more complaints about the lease file are left out.")
}

/// One message without a place.
pub(super) fn plain(text: impl Into<String>) -> Line {
    let text = text.into();
    Line {
        level: Level::Error,
        text,
    }
}

/// A message with its place: what is wrong, the line, and a mark under the token.
pub(super) fn placed(file: &str, spot: &Spot, text: &str) -> Vec<Line> {
    let message = format!("{file} line {}: {text}", spot.line);
    let mut lines: Vec<Line> = message.split('\n').map(plain).collect();
    lines.push(plain(spot.echo.clone()));
    lines.push(plain(format!("{}^", " ".repeat(spot.column.min(80)))));
    lines
}
