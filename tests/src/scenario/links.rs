//! The links of a scenario: the interfaces that the server has, with their addresses.

use std::net::Ipv4Addr;

use super::request::Network;
use crate::client::Mac;
use crate::dhcp::SERVER_LINK;
use crate::failure::{Failure, Result};

/// The address of the server when a scenario does not say otherwise.
const USUAL_ADDRESS: &str = "10.9.0.1/24";

/// One interface of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its addresses, each with the length of its prefix, in the order in which they are set.
    pub addresses: Vec<(Ipv4Addr, u8)>,
}

impl Link {
    /// Reads `NAME ADDRESS/LENGTH…`.
    ///
    /// # Errors
    /// If there is no address, or one that is none.
    pub fn read(words: &str) -> Result<Self> {
        let (name, rest) = words.split_once(' ').unwrap_or((words, ""));
        let addresses: Option<Vec<_>> = rest.split(' ').map(read_address).collect();
        let addresses = addresses.ok_or_else(|| Failure::new(format!("not a link: {words}")))?;
        Ok(Self {
            name: name.to_owned(),
            addresses,
        })
    }

    /// The hardware address of the interface at this place of the list, the same in every run, since log lines show it.
    #[must_use]
    pub fn mac(place: usize) -> Mac {
        let number = u8::try_from(place + 1).unwrap_or(u8::MAX);
        [2, 0, 0, 0, 0x99, number]
    }

    /// Its first address: the one that the server takes for its own.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        let first = self.addresses.first();
        first.map_or(Ipv4Addr::UNSPECIFIED, |(address, _)| *address)
    }

    /// Its address from which the kernel sends to a neighbour at `destination`.
    #[must_use]
    pub fn neighbour_of(&self, destination: Ipv4Addr) -> Option<Ipv4Addr> {
        let near = |(address, length): &&(Ipv4Addr, u8)| {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(*length))
                .unwrap_or_default();
            (address.to_bits() ^ destination.to_bits()) & mask == 0
        };
        self.addresses
            .iter()
            .find(near)
            .map(|(address, _)| *address)
    }
}

/// The links of a scenario in their order; the first is `srv0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links(Vec<Link>);

impl Default for Links {
    fn default() -> Self {
        let usual = read_address(USUAL_ADDRESS);
        Self(vec![Link {
            name: SERVER_LINK.to_owned(),
            addresses: usual.into_iter().collect(),
        }])
    }
}

impl Links {
    /// Adds a link, or gives the one of that name other addresses.
    pub fn set(&mut self, link: Link) {
        match self.0.iter_mut().find(|known| known.name == link.name) {
            Some(known) => *known = link,
            None => self.0.push(link),
        }
    }

    /// All, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }

    /// The place of the link that a request goes out on: the first, unless it names one.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn place(&self, name: Option<&str>) -> Result<usize> {
        let Some(name) = name else { return Ok(0) };
        let place = self.0.iter().position(|link| link.name == name);
        place.ok_or_else(|| Failure::new(format!("no link {name}")))
    }

    /// What a request needs to know of the link at this place.
    #[must_use]
    pub fn network(&self, place: usize) -> Network {
        Network {
            server_mac: Link::mac(place),
            server: self
                .0
                .get(place)
                .map_or(Ipv4Addr::UNSPECIFIED, Link::address),
        }
    }

    /// The link that the kernel sends out on to this address, and the address it sends from: what is nobody's neighbour goes over the first.
    #[must_use]
    pub fn way_to(&self, destination: Ipv4Addr) -> (usize, Ipv4Addr) {
        let near = |(place, link): (usize, &Link)| Some((place, link.neighbour_of(destination)?));
        let found = self.0.iter().enumerate().find_map(near);
        found.unwrap_or_else(|| (0, self.network(0).server))
    }

    /// The name of the link at this place as replies show it; the first is not named.
    #[must_use]
    pub fn shown(&self, place: usize) -> Option<&str> {
        let link = self.0.get(place).filter(|_| place > 0)?;
        Some(&link.name)
    }
}

fn read_address(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_sends_to_a_neighbour_from_the_link_they_share() {
        let mut links = Links::default();
        links.set(Link::read("srv1 10.8.0.1/24 10.7.0.1/24").unwrap());
        let seven = Ipv4Addr::new(10, 7, 0, 1);
        assert_eq!(links.way_to(Ipv4Addr::new(10, 7, 0, 9)), (1, seven));
        let first = links.network(0).server;
        assert_eq!(links.way_to(Ipv4Addr::new(192, 0, 2, 1)), (0, first));
        assert_eq!(links.place(Some("srv1")).unwrap(), 1);
        assert_eq!(links.shown(0), None);
    }

    #[test]
    fn a_link_without_an_address_is_refused() {
        assert!(Link::read("srv1").is_err());
        assert!(Link::read("srv1 10.8.0.1").is_err());
    }
}
