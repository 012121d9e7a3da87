//! A client that writes, after RFC 1350 and RFC 7440: it sends windows, and goes on behind what was acknowledged.

use super::Client;
use super::numbers::{Numbers, Rng};
use super::server::Deal;

pub struct Writer {
    numbers: Numbers,
    block: usize,
    window: u64,
    content: Vec<u8>,
    /// Blocks acknowledged; `None` before the answer to the request.
    acknowledged: Option<u64>,
    patience: u64,
}

impl Writer {
    pub fn new(deal: &Deal, content: Vec<u8>, rng: &mut Rng) -> Self {
        Self {
            numbers: Numbers {
                rollover: deal.rollover,
            },
            block: deal.block,
            window: u64::from(deal.window),
            content,
            acknowledged: None,
            patience: rng.between(300, 3000),
        }
    }

    /// Blocks in all; the last one is shorter than the others, if only by being empty.
    fn blocks(&self) -> u64 {
        (self.content.len() / self.block + 1) as u64
    }

    fn send_window(&self) -> Vec<Vec<u8>> {
        let Some(done) = self.acknowledged else {
            return Vec::new();
        };
        let last = (done + self.window).min(self.blocks());
        (done + 1..=last).map(|index| self.data(index)).collect()
    }

    fn data(&self, index: u64) -> Vec<u8> {
        let begin = usize::try_from(index - 1).unwrap() * self.block;
        let end = (begin + self.block).min(self.content.len());
        let number = self.numbers.of(index).to_be_bytes();
        [&[0, 3][..], &number, &self.content[begin..end]].concat()
    }

    fn hear(&mut self, number: u16) -> Vec<Vec<u8>> {
        let Some(done) = self.acknowledged else {
            return match number {
                0 => self.begin(),
                _ => Vec::new(),
            };
        };
        let acknowledged = (done + 1..=done + self.window)
            .find(|index| *index <= self.blocks() && number == self.numbers.of(*index));
        let Some(acknowledged) = acknowledged else {
            return Vec::new();
        };
        self.acknowledged = Some(acknowledged);
        self.send_window()
    }

    fn begin(&mut self) -> Vec<Vec<u8>> {
        self.acknowledged = Some(0);
        self.send_window()
    }
}

impl Client for Writer {
    fn receive(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        match packet {
            [0, 4, high, low] => self.hear(u16::from_be_bytes([*high, *low])),
            [0, 6, ..] if self.acknowledged.is_none() => self.begin(),
            _ => Vec::new(),
        }
    }

    fn time_out(&mut self) -> Vec<Vec<u8>> {
        self.send_window()
    }

    fn patience(&self) -> u64 {
        self.patience
    }
}
