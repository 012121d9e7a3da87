//! The listening sockets (reference tftpd-hpa.md, section 4).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

use common::log::{Level, Logger};
use common::sys::udp;

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
    let addresses = find_addresses(&listen.host, settings.family, logger)?;
    let port = find_port(listen.port.as_deref())?;
    let mut sockets = Vec::new();
    if let Some(address) = addresses.ipv4 {
        let socket = bind(SocketAddr::new(address.into(), port));
        sockets.push(socket.map_err(|error| StartError::new(SYSTEM, words::unbound_ipv4(&error)))?);
    }
    if let Some(address) = addresses.ipv6 {
        match bind(SocketAddr::new(address.into(), port)) {
            Ok(socket) => sockets.push(socket),
            Err(error) if sockets.is_empty() => {
                return Err(StartError::new(SYSTEM, words::unbound_ipv6(&error)));
            }
            Err(error) => logger.error(&words::ipv6_disabled(&error)),
        }
    }
    Ok(sockets)
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = udp::bind(address)?;
    udp::report_local_address(&socket)?;
    udp::set_receive_buffer(&socket, RECEIVE_BUFFER)?;
    Ok(socket)
}

fn find_addresses(host: &Host, family: Family, logger: &Logger) -> Result<Addresses, StartError> {
    let (ipv4, ipv6) = (family != Family::Ipv6, family != Family::Ipv4);
    match host {
        Host::Any => Ok(Addresses {
            ipv4: ipv4.then_some(Ipv4Addr::UNSPECIFIED),
            ipv6: ipv6.then_some(Ipv6Addr::UNSPECIFIED),
        }),
        Host::Ipv4(address) if ipv4 => Ok(Addresses {
            ipv4: Some(*address),
            ipv6: None,
        }),
        Host::Ipv4(address) => Err(StartError::new(
            USAGE,
            words::wrong_family(address, "AF_INET6"),
        )),
        Host::Ipv6(address) if ipv6 => Ok(Addresses {
            ipv4: None,
            ipv6: Some(*address),
        }),
        Host::Ipv6(address) => Err(StartError::new(
            USAGE,
            words::wrong_family(address, "AF_INET"),
        )),
        Host::Name(name) => resolve(name, family, logger),
    }
}

/// The first address of each family. A missing IPv6 one is no error where IPv4 is served.
fn resolve(name: &str, family: Family, logger: &Logger) -> Result<Addresses, StartError> {
    let answer = (name, 0).to_socket_addrs();
    let reason = words::lookup_text(answer.as_ref().err());
    let found: Vec<IpAddr> = answer
        .into_iter()
        .flatten()
        .map(|address| address.ip())
        .collect();
    let ipv4 = found.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    });
    let ipv6 = found.iter().find_map(|address| match address {
        IpAddr::V6(address) => Some(*address),
        IpAddr::V4(_) => None,
    });
    match family {
        Family::Ipv4 | Family::Both if ipv4.is_none() => Err(StartError::new(
            NO_INPUT,
            words::unresolved_ipv4(name, &reason),
        )),
        Family::Ipv6 if ipv6.is_none() => Err(StartError::new(
            NO_INPUT,
            words::unresolved_ipv6(name, &reason),
        )),
        Family::Ipv4 => Ok(Addresses { ipv4, ipv6: None }),
        Family::Ipv6 => Ok(Addresses { ipv4: None, ipv6 }),
        Family::Both => {
            if ipv6.is_none() {
                logger.write(
                    Level::Warning,
                    &words::using_ipv4_only(&words::unresolved_ipv6(name, &reason)),
                );
            }
            Ok(Addresses { ipv4, ipv6 })
        }
    }
}

/// The name of a service, or a number as C writes it.
fn find_port(port: Option<&str>) -> Result<u16, StartError> {
    let Some(port) = port else {
        return Ok(DEFAULT_PORT);
    };
    let services = fs::read_to_string(SERVICES).unwrap_or_default();
    let number = find_service(&services, port)
        .or_else(|| u16::try_from(parse_c_number(port)?).ok())
        .filter(|&number| number != 0);
    number.ok_or_else(|| StartError::new(NO_INPUT, words::unresolved_port(port)))
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
        assert_eq!(find_port(Some("0x1b39")).unwrap(), 6969);
        for port in ["", "0", "70000", "-1", "nosuchservice"] {
            let error = find_port(Some(port)).unwrap_err();
            assert_eq!(
                error,
                StartError::new(NO_INPUT, format!("cannot resolve local bind port: {port}"))
            );
        }
    }
}
