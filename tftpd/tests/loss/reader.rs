//! A client that reads, after RFC 1350 and RFC 7440: it acknowledges whole windows, and tells of a gap once.

use super::Client;
use super::numbers::{Numbers, Rng};
use super::server::Deal;

pub struct Reader {
    numbers: Numbers,
    block: usize,
    window: u64,
    pub received: Vec<u8>,
    /// Blocks received in order.
    count: u64,
    /// Blocks since the last ACK.
    since_ack: u64,
    has_told_of_gap: bool,
    is_complete: bool,
    has_begun: bool,
    patience: u64,
}

impl Reader {
    pub fn new(deal: &Deal, rng: &mut Rng) -> Self {
        Self {
            numbers: Numbers {
                rollover: deal.rollover,
            },
            block: deal.block,
            window: u64::from(deal.window),
            received: Vec::new(),
            count: 0,
            since_ack: 0,
            has_told_of_gap: false,
            is_complete: false,
            has_begun: false,
            patience: rng.between(300, 3000),
        }
    }

    fn acknowledge(&mut self) -> Vec<Vec<u8>> {
        self.since_ack = 0;
        let number = self.numbers.of(self.count).to_be_bytes();
        vec![[&[0, 4][..], &number].concat()]
    }

    fn take(&mut self, number: u16, payload: &[u8]) -> Vec<Vec<u8>> {
        if self.is_complete {
            return self.acknowledge();
        }
        if number != self.numbers.of(self.count + 1) {
            return self.answer_out_of_order(number);
        }
        self.has_told_of_gap = false;
        self.received.extend_from_slice(payload);
        self.count += 1;
        self.since_ack += 1;
        self.is_complete = payload.len() < self.block;
        match self.is_complete || self.since_ack >= self.window {
            true => self.acknowledge(),
            false => Vec::new(),
        }
    }

    /// A block from further on tells of a gap; an old one, that an ACK was lost.
    fn answer_out_of_order(&mut self, number: u16) -> Vec<Vec<u8>> {
        let is_ahead =
            (2..=self.window + 1).any(|step| number == self.numbers.of(self.count + step));
        if is_ahead && std::mem::replace(&mut self.has_told_of_gap, true) {
            return Vec::new();
        }
        self.acknowledge()
    }
}

impl Client for Reader {
    fn receive(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        match packet {
            [0, 3, high, low, payload @ ..] => {
                self.has_begun = true;
                self.take(u16::from_be_bytes([*high, *low]), payload)
            }
            [0, 6, ..] if self.count == 0 => {
                self.has_begun = true;
                self.acknowledge()
            }
            _ => Vec::new(),
        }
    }

    fn time_out(&mut self) -> Vec<Vec<u8>> {
        self.has_told_of_gap = false;
        match self.has_begun {
            true => self.acknowledge(),
            false => Vec::new(),
        }
    }

    fn patience(&self) -> u64 {
        self.patience
    }
}
