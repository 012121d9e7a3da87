//! The sockets that requests come to, and with `--single-port` everything else too.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;

use common::sys::batch::ReceiveBatch;
use common::sys::udp;
use common::sys::watch::Watched;
use tokio::task::yield_now;

use super::request;
use super::serve::Server;
use crate::wire::MAX_PACKET;
use crate::words;

/// How many datagrams are taken for each round of the transfers, which gives some sixty of them a turn. A transfer of one
/// block needs two: if requests came faster than that, transfers would pile up.
const REQUESTS_A_ROUND: usize = 8;

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

    /// Takes what is there already.
    pub(super) fn take_waiting(self: &Rc<Self>, server: &Rc<Server>) {
        let mut batch = ReceiveBatch::new(MAX_PACKET);
        // What cannot be received now is looked for again when the reactor runs.
        let count = batch.receive(self.socket.get_ref()).unwrap_or_default();
        for datagram in batch.datagrams().take(count) {
            request::accept(server, &datagram, self);
        }
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
            for _ in 0..count.div_ceil(REQUESTS_A_ROUND) {
                yield_now().await;
            }
        }
    }
}
