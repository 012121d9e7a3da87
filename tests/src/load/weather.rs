//! The link between clients and server: how long packets travel, and which are lost.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::client::Client;

/// Delay and loss.
pub struct Weather {
    delay: Duration,
    loss: u32,
    dice: u64,
    /// By the time they leave.
    travelling: BinaryHeap<Reverse<Letter>>,
    sent: u64,
}

/// A client's packet on its way. The number keeps the order of those that leave at the same time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Letter {
    due: Instant,
    number: u64,
    client: usize,
    packet: Vec<u8>,
}

impl Weather {
    pub fn new(delay: Duration, loss: u32) -> Self {
        Self {
            delay,
            loss,
            dice: 0x2545_F491_4F6C_DD1D,
            travelling: BinaryHeap::new(),
            sent: 0,
        }
    }

    /// True for a packet that does not arrive.
    pub fn loses(&mut self) -> bool {
        if self.loss == 0 {
            return false;
        }
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % 1000 < u64::from(self.loss)
    }

    /// Takes a client's packet for later; `None` if there is no delay and it may leave at once.
    pub fn keep(&mut self, index: usize, packet: &[u8], now: Instant) -> Option<()> {
        if self.delay.is_zero() {
            return None;
        }
        self.sent += 1;
        self.travelling.push(Reverse(Letter {
            due: now + self.delay,
            number: self.sent,
            client: index,
            packet: packet.to_vec(),
        }));
        Some(())
    }

    /// How long to wait for events at most.
    pub fn pause(&self, most: Duration) -> Duration {
        let next = self.travelling.peek();
        next.map_or(most, |Reverse(letter)| {
            letter
                .due
                .saturating_duration_since(Instant::now())
                .min(most)
        })
    }

    /// Sends what has travelled long enough.
    pub fn deliver(&mut self, clients: &[Client], now: Instant) {
        while self
            .travelling
            .peek()
            .is_some_and(|Reverse(letter)| letter.due <= now)
        {
            let Some(Reverse(letter)) = self.travelling.pop() else {
                return;
            };
            if let Some(client) = clients.get(letter.client) {
                client.put_on_wire(&letter.packet);
            }
        }
    }
}
