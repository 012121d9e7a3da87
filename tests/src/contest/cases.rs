//! The loads.

use std::net::SocketAddr;
use std::time::Duration;

use super::peers::{Peer, TINY_FILES, TINY_SIZE};
use crate::load::{Direction, Files, Plan};

/// A load that servers are given in turn.
pub struct Case {
    /// What the tables call it.
    pub name: &'static str,
    /// The round trip of the link.
    pub delay: Duration,
    /// Packets lost of a thousand.
    pub loss: u32,
    clients: usize,
    /// Bytes of each file; the small ones if it is 0.
    size: usize,
    block: usize,
    window: u16,
    direction: Direction,
    /// Whether transfers follow each other until the time is over.
    endless: bool,
}

const MEBIBYTE: usize = 1 << 20;
/// How long endless loads last.
const SPAN: Duration = Duration::from_secs(2);
/// Only names the file.
const FILE: &str = "image";

const fn lock_step(name: &'static str, clients: usize, mebibytes: usize, block: usize) -> Case {
    Case {
        name,
        delay: Duration::ZERO,
        loss: 0,
        clients,
        size: mebibytes * MEBIBYTE,
        block,
        window: 1,
        direction: Direction::Read,
        endless: false,
    }
}

const fn windows(name: &'static str, clients: usize, mebibytes: usize, window: u16) -> Case {
    Case {
        window,
        ..lock_step(name, clients, mebibytes, ETHERNET)
    }
}

/// The largest block that fits an Ethernet frame.
const ETHERNET: usize = 1468;
const LONG_LINK: Duration = Duration::from_millis(25);

/// All loads.
pub const CASES: &[Case] = &[
    lock_step("one client, 512", 1, 16, 512),
    lock_step("one client, 1468", 1, 48, ETHERNET),
    lock_step("one client, 8192", 1, 128, 8192),
    lock_step("one client, 65464", 1, 256, 65464),
    lock_step("100 clients, 1468", 100, 4, ETHERNET),
    windows("100 clients, window 16", 100, 4, 16),
    Case {
        size: 0,
        block: 512,
        endless: true,
        ..lock_step("50 clients, tiny files", 50, 0, 512)
    },
    Case {
        direction: Direction::Write,
        ..lock_step("20 clients, writes", 20, 4, ETHERNET)
    },
    Case {
        direction: Direction::Write,
        ..windows("20 clients, writes, window 16", 20, 4, 16)
    },
    Case {
        delay: LONG_LINK,
        size: 256 * ETHERNET,
        ..lock_step("25 ms, lock-step", 1, 0, ETHERNET)
    },
    Case {
        delay: LONG_LINK,
        size: 8192 * ETHERNET,
        ..windows("25 ms, window 64", 1, 0, 64)
    },
    Case {
        loss: 10,
        ..windows("20 clients, window 16, 1 % lost", 20, 4, 16)
    },
];

impl Case {
    /// Whether a server can be given this load.
    #[must_use]
    pub fn suits(&self, peer: &Peer) -> bool {
        (self.window == 1 || peer.windows) && (self.direction == Direction::Read || peer.writes)
    }

    /// True if windows and blocks came out as asked for.
    #[must_use]
    pub fn is_agreed(&self, block: usize, window: u16) -> bool {
        (block, window) == (self.block, self.window)
    }

    /// How many clients write.
    #[must_use]
    pub fn writers(&self) -> usize {
        match self.direction {
            Direction::Read => 0,
            Direction::Write => self.clients,
        }
    }

    /// The file that is read, if it is not one of the small ones, and its bytes.
    #[must_use]
    pub fn file(&self) -> (&'static str, usize) {
        (FILE, self.size)
    }

    /// The load for a server at this address.
    #[must_use]
    pub fn plan(&self, server: SocketAddr) -> Plan {
        let tiny = self.size == 0;
        Plan {
            server,
            direction: self.direction,
            files: if tiny {
                Files::Tiny(TINY_FILES)
            } else {
                Files::One(FILE)
            },
            size: if tiny { TINY_SIZE } else { self.size },
            clients: self.clients,
            transfers: if self.endless {
                usize::MAX
            } else {
                self.clients
            },
            span: if self.endless { SPAN } else { Duration::MAX },
            block: self.block,
            window: self.window,
            delay: self.delay,
            loss: self.loss,
        }
    }
}
