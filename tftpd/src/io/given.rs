//! Sockets that the server did not open itself: systemd's, and inetd's on standard input.

use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;

use common::process;
use common::sys::{inherited, udp};

use crate::cli::Running;
use crate::exit::{IO_ERROR, StartError};
use crate::words;

/// The sockets to serve on in the place of those that the command line asks for; `None` if none were given. `from_systemd`
/// are the descriptors that socket activation brought.
pub(super) fn take(
    running: Running,
    from_systemd: Vec<OwnedFd>,
) -> Result<Option<Vec<UdpSocket>>, StartError> {
    let descriptors = match running {
        _ if !from_systemd.is_empty() => from_systemd,
        Running::Inetd => vec![inherited::standard_input().map_err(|error| failure(&error))?],
        Running::Background | Running::Foreground => return Ok(None),
    };
    let sockets: io::Result<Vec<_>> = descriptors.into_iter().map(adopt).collect();
    let sockets = sockets.map_err(|error| failure(&error))?;
    if running == Running::Inetd {
        // The socket stands at another number now; nothing may be read from or written to it by mistake.
        process::close_standard_streams().map_err(|error| failure(&error))?;
    }
    Ok(Some(sockets))
}

fn adopt(descriptor: OwnedFd) -> io::Result<UdpSocket> {
    let socket = inherited::into_udp(descriptor)?;
    udp::report_local_address(&socket)?;
    Ok(socket)
}

fn failure(error: &io::Error) -> StartError {
    StartError::new(IO_ERROR, words::failed_call("recvfrom", error))
}
