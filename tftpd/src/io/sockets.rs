//! The listening sockets (reference tftpd-hpa.md, section 4).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use common::log::{Level, Logger};
use common::net::interfaces;
use common::sys::names;
use common::sys::udp::{self, Unbound};

use crate::cli::{Family, Settings};
use crate::exit::{NO_INPUT, SYSTEM, StartError, USAGE};
use crate::listen::{Host, Listen, NeedsBrackets, parse_c_number};
use crate::words;

const DEFAULT_PORT: u16 = 69;
const SERVICES: &str = "/etc/services";
/// Room for the requests of a rack that starts at once.
const RECEIVE_BUFFER: usize = 4 << 20;

/// The addresses to bind, by family.
struct Addresses {
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
}

/// Opens the sockets that the command line asks for. IPv6 is dispensable where IPv4 is served.
pub(super) fn open(settings: &Settings, logger: &Logger) -> Result<Vec<UdpSocket>, StartError> {
    let listen = Listen::parse(settings.address.as_deref().unwrap_or_default());
    let listen = listen.map_err(|NeedsBrackets| StartError::new(USAGE, words::NEEDS_BRACKETS))?;
    let addresses = find_addresses(&listen, settings.family, logger)?;
    let port = find_port(listen.port.as_deref())?;
    let mut sockets = Vec::new();
    if let Some(address) = addresses.ipv4 {
        let socket = listen_on(SocketAddr::new(address.into(), port), Unbound::open, logger);
        sockets.push(socket.map_err(|obstacle| refused(words::IPV4, &obstacle))?);
    }
    if let Some(address) = addresses.ipv6 {
        // `-a [::]` serves IPv4 too, as with the original, unless `-6` says otherwise.
        let open = match settings.family {
            Family::Both if sockets.is_empty() => Unbound::open_for_both,
            _ => Unbound::open,
        };
        match listen_on(SocketAddr::new(address.into(), port), open, logger) {
            Ok(socket) => sockets.push(socket),
            Err(obstacle) if sockets.is_empty() => return Err(refused(words::IPV6, &obstacle)),
            Err(Obstacle::Opening(error)) => logger.error(&words::no_ipv6(&error)),
            Err(Obstacle::Binding(error)) => logger.error(&words::ipv6_disabled(&error)),
        }
    }
    Ok(sockets)
}

/// Why there is no socket.
enum Obstacle {
    /// The system has none of this kind.
    Opening(io::Error),
    /// The address cannot be had.
    Binding(io::Error),
}

fn refused(family: &str, obstacle: &Obstacle) -> StartError {
    let text = match obstacle {
        Obstacle::Opening(error) => words::unopened(family, error),
        Obstacle::Binding(error) => words::unbound(family, error),
    };
    StartError::new(SYSTEM, text)
}

fn listen_on(
    address: SocketAddr,
    open: fn(SocketAddr) -> io::Result<Unbound>,
    logger: &Logger,
) -> Result<UdpSocket, Obstacle> {
    let socket = open(address).map_err(Obstacle::Opening)?;
    let prepared = udp::report_local_address(socket.socket())
        .and_then(|()| udp::set_receive_buffer(socket.socket(), RECEIVE_BUFFER));
    prepared.map_err(Obstacle::Opening)?;
    allow_late_address(&socket, address.ip(), logger);
    socket.bind().map_err(Obstacle::Binding)
}

/// Servers start while the network comes up: an IPv6 address may still be looked for on the link, and as long as no other machine
/// can be reached by an address of the family, one that is missing may yet come. Later it is a mistake.
fn allow_late_address(socket: &Unbound, wanted: IpAddr, logger: &Logger) {
    if wanted.is_unspecified() || wanted.is_loopback() {
        return;
    }
    let there = interfaces::addresses().unwrap_or_default();
    let is_there = there.contains(&wanted);
    let is_up =
        |address: &IpAddr| address.is_ipv4() == wanted.is_ipv4() && leads_off_link(*address);
    if is_there || !there.iter().any(is_up) {
        // What is refused here shows when the address is taken.
        let allowed = socket.allow_absent_address();
        if allowed.is_ok() && !is_there {
            logger.write(Level::Warning, &words::late_address(wanted));
        }
    }
}

fn leads_off_link(address: IpAddr) -> bool {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !address.is_loopback() && !is_link_local
}

fn find_addresses(
    listen: &Listen,
    family: Family,
    logger: &Logger,
) -> Result<Addresses, StartError> {
    let (ipv4, ipv6) = (family != Family::Ipv6, family != Family::Ipv4);
    let wrong = |family| StartError::new(USAGE, words::wrong_family(&listen.written, family));
    match &listen.host {
        Host::Any => Ok(Addresses {
            ipv4: ipv4.then_some(Ipv4Addr::UNSPECIFIED),
            ipv6: ipv6.then_some(Ipv6Addr::UNSPECIFIED),
        }),
        Host::Ipv4(address) if ipv4 => Ok(Addresses {
            ipv4: Some(*address),
            ipv6: None,
        }),
        Host::Ipv4(_) => Err(wrong("AF_INET6")),
        Host::Ipv6(address) if ipv6 => Ok(Addresses {
            ipv4: None,
            ipv6: Some(*address),
        }),
        Host::Ipv6(_) => Err(wrong("AF_INET")),
        Host::Name(name) => resolve(name, family, logger),
    }
}

/// The first address of each family that is wanted. A missing IPv6 one is no error where IPv4 is served.
fn resolve(name: &str, family: Family, logger: &Logger) -> Result<Addresses, StartError> {
    let missing = |text| StartError::new(NO_INPUT, text);
    let ipv4 = || {
        let found = names::addresses_of(name).map_err(|error| words::unresolved_ipv4(name, error));
        found.map(|found| found.first().copied())
    };
    let ipv6 = || {
        let found = names::ipv6_addresses_of(name);
        let found = found.map_err(|error| words::unresolved_ipv6(name, error));
        found.map(|found| found.first().copied())
    };
    Ok(match family {
        Family::Ipv4 => Addresses {
            ipv4: ipv4().map_err(missing)?,
            ipv6: None,
        },
        Family::Ipv6 => Addresses {
            ipv4: None,
            ipv6: ipv6().map_err(missing)?,
        },
        Family::Both => Addresses {
            ipv4: ipv4().map_err(missing)?,
            ipv6: ipv6().unwrap_or_else(|text| {
                logger.error(&words::using_ipv4_only(&text));
                None
            }),
        },
    })
}

/// The name of a service, or a number as C writes it.
fn find_port(port: Option<&str>) -> Result<u16, StartError> {
    let Some(port) = port else {
        return Ok(DEFAULT_PORT);
    };
    let services = fs::read_to_string(SERVICES).unwrap_or_default();
    let number = find_service(&services, port)
        .or_else(|| u16::try_from(parse_c_number(without_sign(port))?).ok())
        .filter(|&number| number != 0);
    number.ok_or_else(|| StartError::new(NO_INPUT, words::unresolved_port(port)))
}

/// C skips blanks and a plus sign in front of a number.
fn without_sign(port: &str) -> &str {
    let port = port.trim_ascii_start();
    port.strip_prefix('+').unwrap_or(port)
}

/// Looks a UDP service up by its name or an alias in the text of a services file.
fn find_service(services: &str, wanted: &str) -> Option<u16> {
    services.lines().find_map(|line| {
        let mut fields = line.split('#').next()?.split_ascii_whitespace();
        let (name, entry) = (fields.next()?, fields.next()?);
        let port = entry.strip_suffix("/udp")?;
        let named = name == wanted || fields.any(|alias| alias == wanted);
        named.then(|| port.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "# comment\nssh 22/tcp\ntftp\t69/udp   trivial # files\nbootps 67/udp\n";

    #[test]
    fn services_are_found_by_name_and_alias_among_udp_ones() {
        assert_eq!(find_service(LINES, "tftp"), Some(69));
        assert_eq!(find_service(LINES, "trivial"), Some(69));
        assert_eq!(find_service(LINES, "ssh"), None);
        assert_eq!(find_service(LINES, "files"), None);
    }

    #[test]
    fn ports_are_numbers_in_cs_notation_and_never_zero() {
        assert_eq!(find_port(None).unwrap(), 69);
        for port in ["0x1b39", "+6969", " +015471"] {
            assert_eq!(find_port(Some(port)).unwrap(), 6969, "{port}");
        }
        for port in ["", "0", "70000", "-1", "+ 69", "++69", "nosuchservice"] {
            let error = find_port(Some(port)).unwrap_err();
            assert_eq!(
                error,
                StartError::new(NO_INPUT, format!("cannot resolve local bind port: {port}"))
            );
        }
    }
}
