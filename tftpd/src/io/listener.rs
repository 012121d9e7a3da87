//! The sockets that requests come to, and with `--single-port` everything else too.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;

use common::sys::batch::ReceiveBatch;
use common::sys::udp;
use common::sys::watch::Watched;

use super::request;
use super::serve::Server;
use super::turns::spend;
use crate::wire::MAX_PACKET;
use crate::words;

/// A listening socket.
pub(super) struct Listener {
    pub(super) socket: Watched<UdpSocket>,
    /// What it is bound to.
    pub(super) address: SocketAddr,
}

impl Listener {
    /// Has the reactor watch a bound socket.
    pub(super) fn open(socket: UdpSocket) -> io::Result<Self> {
        let address = socket.local_addr()?;
        if address.is_ipv4() {
            udp::allow_fragments(&socket)?;
        }
        Ok(Self {
            socket: Watched::new(socket)?,
            address,
        })
    }

    /// Takes what comes, for ever.
    pub(super) async fn run(self: Rc<Self>, server: Rc<Server>) {
        let mut batch = ReceiveBatch::new(MAX_PACKET);
        while let Ok(mut ready) = self.socket.readable().await {
            let count = match ready.try_io(|socket| batch.receive(socket.get_ref())) {
                Ok(Ok(count)) => count,
                Ok(Err(error)) => {
                    server.logger.error(&words::failed_call("recvfrom", &error));
                    1
                }
                Err(_would_block) => 0,
            };
            for datagram in batch.datagrams().take(count) {
                request::accept(&server, &datagram, &self);
            }
            spend(count).await;
        }
    }
}
