//! Sockets on the interfaces that the plan chose, and the one for what the kernel routes.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::Arc;

use common::log::Logger;
use common::net::interfaces::{ARPHRD_ETHERNET, interfaces};
use common::sys::packet::{self, PacketSocket};
use common::sys::udp;

use super::egress::Port;
use super::failure::Fatal;
use crate::config::model::Config;
use crate::engine4::{Listener, Step, plan_interfaces};
use crate::words;

/// What the server listens on.
pub(super) struct Listening {
    /// Facts for the engine, by [`crate::engine4::InterfaceId`].
    pub(super) listeners: Vec<Listener>,
    /// Their sockets.
    pub(super) ports: Vec<Port>,
}

/// Chooses interfaces and opens a socket on each, for datagrams to `port`.
pub(super) fn listen(
    config: &Config,
    named: &[String],
    port: u16,
    logger: &Logger,
) -> Result<Listening, Fatal> {
    let found = interfaces().map_err(|error| words::no_interfaces(&error))?;
    let plan = plan_interfaces(config, &found, named)?;
    plan.warnings.iter().for_each(|line| logger.log(line));
    let mut listening = Listening {
        listeners: Vec::new(),
        ports: Vec::new(),
    };
    for step in plan.steps {
        match step {
            Step::Ignore(lines) => lines.iter().for_each(|line| logger.log(line)),
            Step::Listen(listener) => {
                listening.ports.push(open(&listener, port)?);
                announce(&listener, config, logger);
                listening.listeners.push(listener);
            }
        }
    }
    if listening.listeners.is_empty() {
        return Err(words::NO_INTERFACES.into());
    }
    Ok(listening)
}

fn open(listener: &Listener, port: u16) -> Result<Port, Fatal> {
    let link = link_address(listener)?;
    let open = || {
        let socket = PacketSocket::open(port)?;
        socket.bind(listener.index)?;
        Ok(socket)
    };
    let socket = open().map_err(|error| words::no_packet_socket(&error))?;
    Ok(Port {
        name: listener.name.clone(),
        socket: Arc::new(socket),
        link,
    })
}

/// What frames from this interface carry as their source; the error says that it has no such address.
pub(super) fn link_address(listener: &Listener) -> Result<[u8; 6], String> {
    let octets = listener
        .hardware
        .and_then(|hardware| hardware.octets().try_into().ok());
    let octets = octets.filter(|_| listener.hardware_type == ARPHRD_ETHERNET);
    octets.ok_or_else(|| words::unsupported_device(listener.hardware_type, &listener.name))
}

/// Says what is served, as the original does at its start.
pub(super) fn announce(listener: &Listener, config: &Config, logger: &Logger) {
    let network = usize::try_from(listener.network.0).ok();
    let network = network.and_then(|index| config.networks.get(index));
    let network = network.map_or("", |network| &network.name);
    let hardware = listener
        .hardware
        .map_or_else(String::new, |hardware| hardware.to_string());
    let endpoint = format!("{}/{}/{hardware}/{network}", packet::KIND, listener.name);
    logger.info(&words::listening(&endpoint));
    logger.info(&words::sending(&endpoint));
}

/// Opens the socket that sends what the kernel routes. It occupies the port, so that nobody is told that it is closed,
/// but reads nothing: every packet comes in on a packet socket.
pub(super) fn open_fallback(
    address: Ipv4Addr,
    port: u16,
    logger: &Logger,
) -> Result<UdpSocket, Fatal> {
    let open = || {
        let socket = udp::bind_broadcast(SocketAddrV4::new(address, port).into())?;
        packet::discard_input(&socket)?;
        Ok(socket)
    };
    let socket = open().map_err(|error| cannot_bind(&error))?;
    logger.info(&words::sending(words::FALLBACK));
    Ok(socket)
}

fn cannot_bind(error: &io::Error) -> Fatal {
    let message = words::cannot_bind(error);
    if error.kind() == io::ErrorKind::AddrInUse {
        return format!("{message}\n{}", words::PORT_IN_USE_ADVICE).into();
    }
    message.into()
}
