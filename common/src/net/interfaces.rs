//! The machine's network interfaces.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::{LinkAddr, SockaddrStorage};

use super::HardwareAddress;

/// The kernel's hardware type of Ethernet and of what looks like it: taps, bridges, veth pairs, wireless.
pub const ARPHRD_ETHERNET: u16 = 1;

/// An interface and its addresses, as they were when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The kernel's number.
    pub index: u32,
    /// What it is.
    pub flags: InterfaceFlags,
    /// The kernel's hardware type; [`ARPHRD_ETHERNET`], 772 for the loopback interface.
    pub hardware_type: u16,
    /// Its link address, for hardware types that fit into DHCP's single octet.
    pub hardware: Option<HardwareAddress>,
    /// Its IPv4 addresses in the kernel's order.
    pub addresses: Vec<Ipv4Address>,
}

/// An IPv4 address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Address {
    /// The address.
    pub address: Ipv4Addr,
    /// Its mask.
    pub mask: Ipv4Addr,
}

impl Interface {
    /// True if it is switched on.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_UP)
    }

    /// True if frames can be sent to everybody on its link.
    #[must_use]
    pub fn is_broadcast(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_BROADCAST)
    }

    /// True for the loopback interface.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    }

    fn note(&mut self, entry: &InterfaceAddress) {
        self.flags |= entry.flags;
        if let Some(link) = entry
            .address
            .as_ref()
            .and_then(SockaddrStorage::as_link_addr)
        {
            self.hardware_type = hardware_type(link);
            self.hardware = hardware(link);
        }
        self.addresses.extend(ipv4_address(entry));
    }
}

/// Every interface, in the kernel's order.
///
/// # Errors
/// Those of `getifaddrs(3)`.
pub fn interfaces() -> io::Result<Vec<Interface>> {
    let mut interfaces: Vec<Interface> = Vec::new();
    for entry in getifaddrs()? {
        let name = &entry.interface_name;
        if let Some(known) = interfaces.iter_mut().find(|known| known.name == *name) {
            known.note(&entry);
        } else if let Some(mut new) = unnoted(name) {
            new.note(&entry);
            interfaces.push(new);
        }
    }
    Ok(interfaces)
}

/// The addresses of all interfaces, of both families.
///
/// # Errors
/// Those of `getifaddrs(3)`.
pub fn addresses() -> io::Result<Vec<IpAddr>> {
    let entries = getifaddrs()?.filter_map(|entry| entry.address);
    Ok(entries.filter_map(|address| ip(&address)).collect())
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let ipv4 = address.as_sockaddr_in().map(|address| address.ip().into());
    ipv4.or_else(|| Some(address.as_sockaddr_in6()?.ip().into()))
}

/// An interface of which only the name is known; `None` if it has gone in the meantime.
fn unnoted(name: &str) -> Option<Interface> {
    Some(Interface {
        name: name.to_owned(),
        index: if_nametoindex(name).ok()?,
        flags: InterfaceFlags::empty(),
        hardware_type: 0,
        hardware: None,
        addresses: Vec::new(),
    })
}

fn ipv4_address(entry: &InterfaceAddress) -> Option<Ipv4Address> {
    let address = entry.address.as_ref()?.as_sockaddr_in()?.ip();
    let mask = entry.netmask.as_ref()?.as_sockaddr_in()?.ip();
    Some(Ipv4Address { address, mask })
}

#[cfg(target_os = "linux")]
fn hardware_type(link: &LinkAddr) -> u16 {
    link.hatype()
}

#[cfg(target_os = "linux")]
fn hardware(link: &LinkAddr) -> Option<HardwareAddress> {
    let kind = u8::try_from(link.hatype()).ok()?;
    let octets = link.addr()?;
    HardwareAddress::new(kind, octets.get(..link.halen())?)
}

/// What carries Ethernet frames on FreeBSD (net/if_types.h): cards, VLANs, aggregates, bridges.
#[cfg(target_os = "freebsd")]
const IFT_OF_ETHERNET: [u8; 4] = [0x06, 0x87, 0xa1, 0xd1];

/// DHCP's number for Ethernet; other kinds keep clear of DHCP's numbers.
#[cfg(target_os = "freebsd")]
fn hardware_type(link: &LinkAddr) -> u16 {
    match link.datalink_type() {
        kind if IFT_OF_ETHERNET.contains(&kind) => ARPHRD_ETHERNET,
        other => 0x0100 + u16::from(other),
    }
}

#[cfg(target_os = "freebsd")]
fn hardware(link: &LinkAddr) -> Option<HardwareAddress> {
    let kind = u8::try_from(hardware_type(link)).ok()?;
    HardwareAddress::new(kind, &link.addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_found_once_with_its_address() {
        let all = interfaces().unwrap();
        let loopback: Vec<_> = all.iter().filter(|one| one.is_loopback()).collect();
        assert_eq!(loopback.len(), 1);
        let expected = Ipv4Address {
            address: Ipv4Addr::LOCALHOST,
            mask: Ipv4Addr::new(255, 0, 0, 0),
        };
        assert!(loopback[0].index > 0);
        assert!(!loopback[0].is_broadcast());
        assert!(!loopback[0].is_up() || loopback[0].addresses.contains(&expected));
    }
}
