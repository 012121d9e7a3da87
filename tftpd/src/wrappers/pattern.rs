//! Patterns for daemons, clients and their hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{HostName, Parties, System};

/// What an unknown name, or a user's, is called in a rule.
const UNKNOWN: &str = "unknown";
/// What a name that does not lead back to its address is called in a rule.
const PARANOID: &str = "paranoid";
/// Files of patterns may name files of patterns so deep.
const DEEPEST_FILE: u32 = 8;

/// `daemon` or `daemon@server`.
pub(super) fn daemon_matches(token: &str, parties: &Parties, system: &mut dyn System) -> bool {
    match split_at_sign(token) {
        None => text_matches(token, &parties.daemon),
        Some((daemon, host)) => {
            text_matches(daemon, &parties.daemon) && host_matches(host, parties.server, system, 0)
        }
    }
}

/// `client` or `user@client`. Over UDP no user is known.
pub(super) fn client_matches(token: &str, parties: &Parties, system: &mut dyn System) -> bool {
    match split_at_sign(token) {
        None => host_matches(token, parties.client, system, 0),
        Some((user, host)) => {
            host_matches(host, parties.client, system, 0) && text_matches(user, UNKNOWN)
        }
    }
}

/// A sign at the start belongs to the name of a netgroup.
fn split_at_sign(token: &str) -> Option<(&str, &str)> {
    let at = token
        .char_indices()
        .skip(1)
        .find(|(_, letter)| *letter == '@')?
        .0;
    let (before, behind) = token.split_at(at);
    Some((before, behind.get(1..)?))
}

fn host_matches(token: &str, host: IpAddr, system: &mut dyn System, depth: u32) -> bool {
    if token.starts_with('@') {
        return false;
    }
    if token.starts_with('/') {
        return depth < DEEPEST_FILE && file_matches(token, host, system, depth);
    }
    if token.eq_ignore_ascii_case("KNOWN") {
        return matches!(system.name_of(host), HostName::Known(_));
    }
    if token.eq_ignore_ascii_case("LOCAL") {
        return matches!(system.name_of(host), HostName::Known(name) if !name.contains('.'));
    }
    if let Some((network, mask)) = token.split_once('/') {
        return network_matches(network, mask, host);
    }
    address_matches(token, host)
        || (!is_numeric(token) && text_matches(token, &name_in_rules(system.name_of(host))))
}

fn file_matches(path: &str, host: IpAddr, system: &mut dyn System, depth: u32) -> bool {
    let Some(text) = system.pattern_file(path) else {
        return false;
    };
    text.split_ascii_whitespace()
        .any(|token| host_matches(token, host, system, depth + 1))
}

fn name_in_rules(name: HostName) -> String {
    match name {
        HostName::Known(name) => name,
        HostName::Unknown => UNKNOWN.to_owned(),
        HostName::Paranoid => PARANOID.to_owned(),
    }
}

/// Such a pattern can only mean an address: no name is looked up for it.
fn is_numeric(token: &str) -> bool {
    token
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'/'))
}

fn address_matches(token: &str, host: IpAddr) -> bool {
    match token.strip_prefix('[') {
        Some(rest) => {
            let address: Option<Ipv6Addr> = rest.strip_suffix(']').and_then(|a| a.parse().ok());
            address.is_some_and(|address| IpAddr::V6(address) == host)
        }
        None => text_matches(token, &host.to_string()),
    }
}

/// A word, a beginning that ends in a dot, an end that begins with one, or a word with wildcards; in any case.
fn text_matches(token: &str, text: &str) -> bool {
    let (token, text) = (token.to_ascii_lowercase(), text.to_ascii_lowercase());
    if token == "all" {
        true
    } else if token == "known" {
        text != UNKNOWN
    } else if token.starts_with('.') {
        text.len() > token.len() && text.ends_with(&token)
    } else if token.ends_with('.') {
        text.starts_with(&token)
    } else {
        wildcard_matches(token.as_bytes(), text.as_bytes())
    }
}

/// `*` stands for any bytes, `?` for one. A star that fails takes one byte more and tries again, which only the last star
/// needs: the time is the product of both lengths at most.
fn wildcard_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut last_star = None;
    while let Some(byte) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, read));
                at += 1;
            }
            Some(wanted) if wanted == byte || *wanted == b'?' => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star, taken)) = last_star else {
                    return false;
                };
                last_star = Some((star, taken + 1));
                at = star + 1;
                read = taken + 1;
            }
        }
    }
    let rest = pattern.get(at..).unwrap_or_default();
    rest.iter().all(|byte| *byte == b'*')
}

/// `network/mask`, `network/length` or `[network]/length`. A mask of nothing or of all bits written out is none, as in
/// the original.
fn network_matches(network: &str, mask: &str, host: IpAddr) -> bool {
    if let Some(network) = network.strip_prefix('[') {
        return ipv6_network_matches(network, mask, host).unwrap_or(false);
    }
    let (IpAddr::V4(host), Ok(network)) = (host, network.parse::<Ipv4Addr>()) else {
        return false;
    };
    ipv4_mask(mask).is_some_and(|mask| host.to_bits() & mask == network.to_bits())
}

fn ipv4_mask(text: &str) -> Option<u32> {
    match text.parse::<u32>() {
        Ok(length @ 1..=32) => Some(u32::MAX << (32 - length)),
        Ok(_) => None,
        Err(_) => {
            let mask = text.parse::<Ipv4Addr>().ok()?.to_bits();
            (mask != u32::MAX).then_some(mask)
        }
    }
}

fn ipv6_network_matches(network: &str, length: &str, host: IpAddr) -> Option<bool> {
    let IpAddr::V6(host) = host else {
        return None;
    };
    let network: Ipv6Addr = network.strip_suffix(']')?.parse().ok()?;
    let length: u32 = length.parse().ok().filter(|length| *length <= 128)?;
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Some(host.to_bits() & mask == network.to_bits() & mask)
}
