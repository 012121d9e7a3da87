//! The name of a host by its address.
#![expect(unsafe_code, reason = "nix does not wrap getnameinfo")]

use std::ffi::CStr;
use std::net::{IpAddr, SocketAddr};

use nix::libc;
use nix::sys::socket::{SockaddrLike, SockaddrStorage};

/// Names are no longer (NI_MAXHOST).
const ROOM: usize = 1025;

/// Asks the system's resolver, which may take long; `None` if there is no name.
#[must_use]
pub fn of_address(address: IpAddr) -> Option<String> {
    let address = SockaddrStorage::from(SocketAddr::new(address, 0));
    let mut name = [0_u8; ROOM];
    let room = ROOM.try_into().ok()?;
    // SAFETY: the address is complete and of the length that is given, there is room for as many bytes of the name as are
    // named, and no service is asked for.
    let status = unsafe {
        libc::getnameinfo(
            address.as_ptr(),
            address.len(),
            name.as_mut_ptr().cast(),
            room,
            std::ptr::null_mut(),
            0,
            libc::NI_NAMEREQD,
        )
    };
    let name = CStr::from_bytes_until_nul(&name).ok()?;
    (status == 0).then(|| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_documentation_has_no_name_and_loopback_does_no_harm() {
        assert_eq!(of_address("192.0.2.1".parse().unwrap()), None);
        let name = of_address("127.0.0.1".parse().unwrap());
        assert!(name.is_none_or(|name| !name.is_empty()));
    }
}
