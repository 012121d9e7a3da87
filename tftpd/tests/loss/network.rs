//! A network in virtual time that loses, repeats, delays and reorders datagrams.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::numbers::Rng;

/// How often in a row the same datagram is lost, at most: what is sent three times arrives.
const MOST_LOSSES: u32 = 2;

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Server,
    Client,
}

/// When a datagram arrives, how many were sent before it, where it goes.
type Underway = (u64, u64, Side, Vec<u8>);

/// All that is on its way, by the time of its arrival in milliseconds.
pub struct Network {
    rng: Rng,
    underway: BinaryHeap<Reverse<Underway>>,
    sent: u64,
    losses: HashMap<(Side, Vec<u8>), u32>,
    loss_percent: u64,
    repeat_percent: u64,
    longest_delay: u64,
}

impl Network {
    pub fn new(rng: &mut Rng) -> Self {
        Self {
            underway: BinaryHeap::new(),
            sent: 0,
            losses: HashMap::new(),
            loss_percent: rng.between(0, 30),
            repeat_percent: rng.between(0, 20),
            longest_delay: if rng.chance(50) {
                1
            } else {
                rng.between(2, 1500)
            },
            rng: Rng::new(rng.next()),
        }
    }

    pub fn send_all(&mut self, to: Side, now: u64, packets: Vec<Vec<u8>>) {
        for packet in packets {
            self.send(to, now, packet);
        }
    }

    pub fn send(&mut self, to: Side, now: u64, packet: Vec<u8>) {
        let losses = self.losses.entry((to, packet.clone())).or_default();
        if *losses < MOST_LOSSES && self.rng.chance(self.loss_percent) {
            *losses += 1;
            return;
        }
        *losses = 0;
        if self.rng.chance(self.repeat_percent) {
            self.carry(to, now, packet.clone());
        }
        self.carry(to, now, packet);
    }

    fn carry(&mut self, to: Side, now: u64, packet: Vec<u8>) {
        let arrival = now + self.rng.between(1, self.longest_delay);
        self.sent += 1;
        self.underway
            .push(Reverse((arrival, self.sent, to, packet)));
    }

    /// What arrives next, if it does before `timer`.
    pub fn next_before(&mut self, timer: u64) -> Option<(u64, Side, Vec<u8>)> {
        let Reverse((arrival, ..)) = self.underway.peek()?;
        if *arrival >= timer {
            return None;
        }
        let Reverse((arrival, _, to, packet)) = self.underway.pop()?;
        Some((arrival, to, packet))
    }
}
