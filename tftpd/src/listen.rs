//! The argument of `-a`, taken apart (reference tftpd-hpa.md, section 4).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// How many colons make something an IPv6 address.
const COLONS: RangeInclusive<usize> = 2..=7;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// On which addresses.
    pub host: Host,
    /// The same, as written, without brackets.
    pub written: String,
    /// On which port, as written; the default one if absent.
    pub port: Option<String>,
}

/// The addresses to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// All.
    Any,
    /// This one.
    Ipv4(Ipv4Addr),
    /// This one.
    Ipv6(Ipv6Addr),
    /// What the resolver says.
    Name(String),
}

/// A bare IPv6 address: its colons cannot be told from that of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedsBrackets;

impl Listen {
    /// Reads `[address][:port]`.
    ///
    /// # Errors
    /// [`NeedsBrackets`]
    pub fn parse(text: &str) -> Result<Self, NeedsBrackets> {
        let brackets = text.strip_prefix('[').and_then(|text| text.split_once(']'));
        if let Some((address, rest)) = brackets.filter(|(address, _)| is_like_ipv6(address)) {
            let port = rest.strip_prefix(':').map(str::to_owned);
            return Ok(Self {
                host: bracketed(address),
                written: address.to_owned(),
                port,
            });
        }
        if is_like_ipv6(text) {
            return Err(NeedsBrackets);
        }
        let (host, port) = match text.rsplit_once(':') {
            Some(("", "")) => ("", None),
            Some((host, port)) => (host, Some(port.to_owned())),
            None => (text, None),
        };
        Ok(Self {
            host: plain(host),
            written: host.to_owned(),
            port,
        })
    }
}

/// What the original takes for an IPv6 address, right or wrong.
fn is_like_ipv6(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_hexdigit() || ":.".contains(letter);
    COLONS.contains(&text.matches(':').count()) && text.chars().all(fits)
}

/// A mapped address means IPv4 on the wire.
fn bracketed(address: &str) -> Host {
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        return Host::Name(address.to_owned());
    };
    address
        .to_ipv4_mapped()
        .map_or(Host::Ipv6(address), Host::Ipv4)
}

fn plain(host: &str) -> Host {
    if host.is_empty() {
        return Host::Any;
    }
    parse_ipv4(host).map_or_else(|| Host::Name(host.to_owned()), Host::Ipv4)
}

/// An IPv4 address as `inet_aton` reads it: one to four C numbers, the last of which fills the rest.
fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(parse_c_number).collect::<Option<_>>()?;
    let (&last, leading) = parts.split_last()?;
    let bits_left = 32_u32
        .checked_sub(8 * u32::try_from(leading.len()).ok()?)
        .filter(|&bits| bits > 0)?;
    if u64::from(last) >= 1 << bits_left {
        return None;
    }
    let mut address = last;
    for (position, &part) in (0_u32..).zip(leading) {
        address |= u32::from(u8::try_from(part).ok()?) << (24 - 8 * position);
    }
    Some(Ipv4Addr::from_bits(address))
}

/// A number in C's notation: `0x` makes it hexadecimal, a leading `0` octal.
#[must_use]
pub fn parse_c_number(text: &str) -> Option<u32> {
    let digits = |text: &str, radix| {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        u32::from_str_radix(text, radix).ok().filter(|_| plain)
    };
    if let Some(text) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return digits(text, 16);
    }
    match text.strip_prefix('0') {
        Some(text) if !text.is_empty() => digits(text, 8),
        _ => digits(text, 10),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn listen(text: &str) -> (Host, Option<String>) {
        let listen = Listen::parse(text).unwrap();
        (listen.host, listen.port)
    }

    fn ipv4(text: &str) -> Host {
        Host::Ipv4(text.parse().unwrap())
    }

    #[test]
    fn a_port_alone_or_nothing_means_all_addresses() {
        assert_eq!(listen(":6969"), (Host::Any, Some("6969".into())));
        assert_eq!(listen(":tftp"), (Host::Any, Some("tftp".into())));
        for text in ["", ":"] {
            assert_eq!(listen(text), (Host::Any, None));
        }
    }

    #[test]
    fn ipv4_addresses_are_read_in_all_old_forms() {
        assert_eq!(listen("10.77.0.1"), (ipv4("10.77.0.1"), None));
        assert_eq!(listen("10.77.1:69"), (ipv4("10.77.0.1"), Some("69".into())));
        assert_eq!(listen("0x0a.0115.1"), (ipv4("10.77.0.1"), None));
        assert_eq!(
            listen("10.77.0.1:"),
            (ipv4("10.77.0.1"), Some(String::new()))
        );
    }

    #[test]
    fn ipv6_addresses_stand_in_brackets() {
        let address = Host::Ipv6("fd77::1".parse().unwrap());
        assert_eq!(listen("[fd77::1]"), (address.clone(), None));
        assert_eq!(listen("[fd77::1]:6969"), (address, Some("6969".into())));
        for text in ["fd77::1", "::", ":::69", "a:b:69", "10.77.0.1::69"] {
            assert_eq!(Listen::parse(text), Err(NeedsBrackets), "{text}");
        }
        assert_eq!(listen("[::ffff:10.77.0.1]"), (ipv4("10.77.0.1"), None));
    }

    #[test]
    fn anything_else_is_a_name() {
        assert_eq!(
            listen("boot.example:69"),
            (Host::Name("boot.example".into()), Some("69".into()))
        );
        for text in [
            "10.77.0.256",
            "1.2.3.4.5",
            "10..1",
            "+1.2",
            "[host]",
            "[10.77.0.1]",
        ] {
            assert_eq!(listen(text).0, Host::Name(text.into()));
        }
    }

    #[test]
    fn numbers_follow_c() {
        assert_eq!(parse_c_number("0x1b39"), Some(6969));
        assert_eq!(parse_c_number("0105"), Some(69));
        assert_eq!(parse_c_number("0"), Some(0));
        assert_eq!(parse_c_number("69x"), None);
        assert_eq!(parse_c_number(""), None);
    }
}
