//! Host names and addresses, asked of the system's resolver. Blocks for as long as that takes.
#![expect(unsafe_code, reason = "nobody wraps the C library's resolver")]

use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ptr;

use nix::libc;
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage};

/// The longest name that a look-up can bring.
const LONGEST_NAME: usize = 1025;

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// There is no such host.
    Unknown,
    /// The host has no address of this family.
    NoAddress,
    /// Nobody could say; another try may succeed.
    Temporary,
    /// Nobody could say.
    Failed,
}

/// The IPv4 addresses of a host, in the resolver's order.
///
/// # Errors
/// There is none, or the resolver could not say.
pub fn addresses_of(name: &str) -> Result<Vec<Ipv4Addr>, LookupError> {
    look_up(name, AddressFamily::Inet, |address| {
        address.as_sockaddr_in().map(|address| address.ip())
    })
}

/// The IPv6 addresses of a host, in the resolver's order.
///
/// # Errors
/// There is none, or the resolver could not say.
pub fn ipv6_addresses_of(name: &str) -> Result<Vec<Ipv6Addr>, LookupError> {
    look_up(name, AddressFamily::Inet6, |address| {
        address.as_sockaddr_in6().map(|address| address.ip())
    })
}

fn look_up<T>(
    name: &str,
    family: AddressFamily,
    address: impl Fn(&SockaddrStorage) -> Option<T>,
) -> Result<Vec<T>, LookupError> {
    let name = CString::new(name).map_err(|_| LookupError::Unknown)?;
    // SAFETY: the structure holds integers and pointers, for which zero bytes are valid.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    (hints.ai_family, hints.ai_socktype) = (family as i32, libc::SOCK_DGRAM);
    let mut list = List(ptr::null_mut());
    // SAFETY: name and hints outlive the call, the service may be missing, and the list goes where there is room for it.
    let result = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut list.0) };
    if result != 0 {
        return Err(error_of(result));
    }
    let addresses: Vec<T> = list.addresses().iter().filter_map(address).collect();
    if addresses.is_empty() {
        return Err(LookupError::NoAddress);
    }
    Ok(addresses)
}

/// The name of the host with this address; `None` if there is none or the resolver cannot say.
#[must_use]
pub fn name_of(address: IpAddr) -> Option<String> {
    let address = SockaddrStorage::from(SocketAddr::new(address, 0));
    let mut name = [0_u8; LONGEST_NAME];
    let room = name.len().try_into().ok()?;
    // SAFETY: the address is complete and of the length that is given, the name has this much room, and a service is not wanted.
    let result = unsafe {
        libc::getnameinfo(
            address.as_ptr(),
            address.len(),
            name.as_mut_ptr().cast(),
            room,
            ptr::null_mut(),
            0,
            libc::NI_NAMEREQD,
        )
    };
    if result != 0 {
        return None;
    }
    let name = CStr::from_bytes_until_nul(&name).ok()?;
    name.to_str().ok().map(str::to_owned)
}

/// What getaddrinfo(3) made, given back when dropped.
struct List(*mut libc::addrinfo);

impl List {
    fn addresses(&self) -> Vec<SockaddrStorage> {
        let mut addresses = Vec::new();
        let mut next = self.0;
        // SAFETY: each pointer is null or leads to an entry of the list, which lives as long as this value.
        while let Some(entry) = unsafe { next.as_ref() } {
            let length = Some(entry.ai_addrlen);
            // SAFETY: the address of an entry is null or this long.
            addresses.extend(unsafe { SockaddrStorage::from_raw(entry.ai_addr, length) });
            next = entry.ai_next;
        }
        addresses
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the list came from getaddrinfo(3), and nothing refers to it any more.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

fn error_of(result: i32) -> LookupError {
    match result {
        libc::EAI_NONAME => LookupError::Unknown,
        libc::EAI_AGAIN => LookupError::Temporary,
        #[cfg(target_os = "linux")]
        libc::EAI_NODATA => LookupError::NoAddress,
        _ => LookupError::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_itself_is_found_both_ways() {
        assert_eq!(addresses_of("localhost"), Ok(vec![Ipv4Addr::LOCALHOST]));
        assert_eq!(
            addresses_of("10.9.0.1"),
            Ok(vec![Ipv4Addr::new(10, 9, 0, 1)])
        );
        assert_eq!(
            ipv6_addresses_of("fd77::1"),
            Ok(vec!["fd77::1".parse().unwrap()])
        );
        assert!(ipv6_addresses_of("10.9.0.1").is_err());
        let name = name_of(Ipv4Addr::LOCALHOST.into());
        assert!(name.is_some_and(|name| name.contains("localhost")));
    }

    #[test]
    fn an_address_of_documentation_has_no_name() {
        assert_eq!(name_of("192.0.2.1".parse().unwrap()), None);
    }

    #[test]
    fn what_is_no_name_is_unknown() {
        assert_eq!(addresses_of("zero\0byte"), Err(LookupError::Unknown));
        assert!(addresses_of("no such name").is_err());
    }
}
