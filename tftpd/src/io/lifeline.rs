//! The pair of sockets between the supervisor and the server, and what they say over it. The supervisor says "stop" by
//! closing its end for writing, which also happens when it is killed: no server stays behind unseen.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use nix::sys::socket::{Shutdown, shutdown};

use super::access_files::Permission;
use super::frames::{self, FrameStream, Packer, Unpacker};

/// What the server reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The service has begun.
    Serving,
    /// The start failed, with this exit status.
    Failed(u8),
    /// The listening sockets are closed.
    Stopped,
    /// May this client be served?
    MayServe {
        /// Of the question.
        id: u32,
        client: IpAddr,
        /// The address that was asked.
        server: IpAddr,
    },
}

/// What the supervisor sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The map file as it is now.
    Rules(Vec<u8>),
    /// The answer to [`Report::MayServe`].
    Permission(u32, Permission),
}

const SERVING: u8 = 0;
const FAILED: u8 = 1;
const STOPPED: u8 = 2;
const MAY_SERVE: u8 = 3;

const RULES: u8 = 0;
const PERMISSION: u8 = 1;

impl Report {
    fn encode(self) -> Vec<u8> {
        match self {
            Self::Serving => Packer::default().byte(SERVING),
            Self::Failed(status) => Packer::default().byte(FAILED).byte(status),
            Self::Stopped => Packer::default().byte(STOPPED),
            Self::MayServe { id, client, server } => Packer::default()
                .byte(MAY_SERVE)
                .number(id)
                .bytes(client.to_string().as_bytes())
                .bytes(server.to_string().as_bytes()),
        }
        .done()
    }

    fn decode(frame: &[u8]) -> Option<Self> {
        let mut frame = Unpacker(frame);
        Some(match frame.byte()? {
            SERVING => Self::Serving,
            FAILED => Self::Failed(frame.byte()?),
            STOPPED => Self::Stopped,
            MAY_SERVE => Self::MayServe {
                id: frame.number()?,
                client: frame.text()?.parse().ok()?,
                server: frame.text()?.parse().ok()?,
            },
            _ => return None,
        })
    }
}

impl Order {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Rules(file) => Packer::default().byte(RULES).bytes(file),
            Self::Permission(id, permission) => Packer::default()
                .byte(PERMISSION)
                .number(*id)
                .byte(permission.is_granted.into())
                .byte(permission.is_open.into()),
        }
        .done()
    }

    fn decode(frame: &[u8]) -> Option<Self> {
        let mut frame = Unpacker(frame);
        Some(match frame.byte()? {
            RULES => Self::Rules(frame.bytes()?.to_vec()),
            PERMISSION => Self::Permission(
                frame.number()?,
                Permission {
                    is_granted: frame.byte()? != 0,
                    is_open: frame.byte()? != 0,
                },
            ),
            _ => return None,
        })
    }
}

/// The server's end before there is a reactor.
pub(super) struct Lifeline(pub(super) UnixStream);

impl Lifeline {
    /// The start failed. A supervisor that is gone need not know.
    pub(super) fn tell_failure(&self, status: u8) {
        let _ = frames::write(&self.0, &Report::Failed(status).encode());
    }

    /// The service is over. A supervisor that has ended before need not know.
    pub(super) fn tell_end(&self) {
        let _ = frames::write(&self.0, &Report::Stopped.encode());
    }

    /// The same end once more, for what is to be told when the reactor is gone.
    pub(super) fn twin(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Hands the end over to the reactor of the running runtime.
    pub(super) fn watch(self) -> io::Result<ServerEnd> {
        FrameStream::new(self.0).map(ServerEnd)
    }
}

/// The server's end inside the reactor.
pub(super) struct ServerEnd(FrameStream);

impl ServerEnd {
    /// Reports.
    pub(super) async fn tell(&self, report: &Report) -> io::Result<()> {
        self.0.write(&report.encode()).await
    }

    /// The next order; `None` if the supervisor wants an end, or is gone.
    pub(super) async fn order(&self) -> Option<Order> {
        Order::decode(&self.0.read().await?)
    }
}

/// The supervisor's end inside the reactor.
pub(super) struct SupervisorEnd(FrameStream);

impl SupervisorEnd {
    /// Hands the end over to the reactor of the running runtime.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        FrameStream::new(stream).map(Self)
    }

    /// The next report; `None` if the server is gone.
    pub(super) async fn report(&self) -> Option<Report> {
        Report::decode(&self.0.read().await?)
    }

    /// Sends an order.
    pub(super) async fn send(&self, order: &Order) -> io::Result<()> {
        self.0.write(&order.encode()).await
    }

    /// Half of the lifeline stays open, to hear that the port is free.
    pub(super) fn say_stop(&self) -> io::Result<()> {
        Ok(shutdown(self.0.socket().as_raw_fd(), Shutdown::Write)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_orders_come_over_whole() {
        let question = Report::MayServe {
            id: 7,
            client: "10.77.0.2".parse().unwrap(),
            server: "fd77::1".parse().unwrap(),
        };
        for report in [
            Report::Serving,
            Report::Failed(71),
            Report::Stopped,
            question,
        ] {
            assert_eq!(Report::decode(&report.encode()), Some(report));
        }
        let permission = Permission {
            is_granted: true,
            is_open: false,
        };
        for order in [
            Order::Rules(b"r a b".to_vec()),
            Order::Permission(7, permission),
        ] {
            assert_eq!(Order::decode(&order.encode()), Some(order));
        }
        assert_eq!(Report::decode(b"\xff"), None);
    }
}
