//! Telling the service manager that the service is ready: the protocol of `sd_notify(3)`, a datagram to the socket that
//! `NOTIFY_SOCKET` names.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The way to the service manager, if there is one.
#[derive(Debug, Default)]
pub struct Notifier(Option<UnixDatagram>);

impl Notifier {
    /// Connects to the manager that has started this process. Must come before a change of the root directory, in which
    /// the socket has no name. A manager that cannot be reached finds out by itself that it hears nothing.
    #[must_use]
    pub fn from_environment() -> Self {
        let name = env::var_os("NOTIFY_SOCKET");
        Self(name.and_then(|name| connect(&name).ok()))
    }

    /// The service serves. Without a manager nothing happens.
    ///
    /// # Errors
    /// Those of `send(2)`.
    pub fn ready(&self) -> io::Result<()> {
        match &self.0 {
            Some(socket) => socket.send(b"READY=1\n").map(drop),
            None => Ok(()),
        }
    }
}

fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address(name)?)?;
    Ok(socket)
}

/// A name that begins with `@` is in Linux's abstract space, which has no files.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => abstract_address(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::Directory;

    /// What a manager that listens at `address` hears from a service that is told `name`.
    fn heard_by(address: &SocketAddr, name: &OsStr) -> Vec<u8> {
        let manager = UnixDatagram::bind_addr(address).unwrap();
        Notifier(Some(connect(name).unwrap())).ready().unwrap();
        let mut word = [0; 64];
        let length = manager.recv(&mut word).unwrap();
        word[..length].to_vec()
    }

    #[test]
    fn a_manager_with_a_file_hears_that_the_service_is_ready() {
        let directory = Directory::new();
        let path = directory.path().join("notify");
        let address = SocketAddr::from_pathname(&path).unwrap();
        assert_eq!(heard_by(&address, path.as_os_str()), b"READY=1\n");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_manager_in_the_abstract_space_hears_it_too() {
        let name = format!("rdhcpd-notify-{}", std::process::id());
        let address = abstract_address(name.as_bytes()).unwrap();
        let given = format!("@{name}");
        assert_eq!(heard_by(&address, OsStr::new(&given)), b"READY=1\n");
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        Notifier::default().ready().unwrap();
        assert!(connect(OsStr::new("/nonexistent/notify")).is_err());
    }
}
