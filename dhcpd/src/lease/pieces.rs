//! A lease file in pieces. A line that begins a lease begins a record whatever stands before it, so that pieces which are cut there
//! can be read one beside the other.

use std::io::{self, Read};

use super::lexer::begins_lease;
use super::reader::read_leases;
use super::record::Lease;

/// Bytes of the file that are read at a time.
const BLOCK: usize = 128 * 1024;

/// Cuts a file into pieces. Of one that has no lease for long they end anywhere.
#[derive(Debug)]
pub struct Pieces<R> {
    source: R,
    block: usize,
    /// What was read and belongs to the next piece.
    rest: Vec<u8>,
    /// Whether the next piece begins with a record.
    at_record: bool,
    ended: bool,
}

/// Part of a lease file.
#[derive(Debug)]
pub struct Piece {
    pub(super) text: Vec<u8>,
    /// Whether it begins with a record and ends before another one.
    whole: bool,
    /// What stands in it, once that is known.
    pub(super) leases: Option<Leases>,
}

/// Leases, and on how many lines they stand.
#[derive(Debug)]
pub(super) struct Leases {
    pub(super) leases: Vec<Lease>,
    pub(super) lines: u32,
}

impl<R: Read> Pieces<R> {
    /// Those of `source`.
    pub fn new(source: R) -> Self {
        Self::in_blocks(source, BLOCK)
    }

    /// As [`new`](Self::new), with so many bytes read at a time.
    pub fn in_blocks(source: R, block: usize) -> Self {
        Self {
            source,
            block,
            rest: Vec::new(),
            at_record: true,
            ended: false,
        }
    }

    fn cut(&mut self) -> io::Result<Piece> {
        let mut text = std::mem::take(&mut self.rest);
        text.reserve_exact(self.block);
        let limit = u64::try_from(self.block).unwrap_or(u64::MAX);
        let read = (&mut self.source).take(limit).read_to_end(&mut text)?;
        self.ended = read < self.block;
        let cut = last_lease(&text).filter(|_| !self.ended);
        if let Some(cut) = cut {
            self.rest = text.split_off(cut);
        }
        let before_record = self.ended || cut.is_some();
        let whole = self.at_record && before_record;
        self.at_record = before_record;
        Ok(Piece {
            text,
            whole,
            leases: None,
        })
    }
}

impl<R: Read> Iterator for Pieces<R> {
    type Item = io::Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let piece = self.cut();
        self.ended |= piece.is_err();
        Some(piece)
    }
}

/// Where the last lease begins that does not begin the text.
fn last_lease(text: &[u8]) -> Option<usize> {
    let backwards = text.iter().enumerate().rev();
    let breaks = backwards.filter(|(_, byte)| **byte == b'\n');
    let mut lines = breaks.map(|(at, _)| at + 1);
    lines.find(|at| text.get(*at..).is_some_and(begins_lease))
}

impl Piece {
    /// Reads it, if it can be read without what stands before it: leases with which nothing is wrong, and nothing else. `now` is that
    /// of [`read`](super::read).
    #[must_use]
    pub fn read(mut self, now: u32) -> Self {
        if self.whole {
            self.leases = read_leases(&self.text, now);
        }
        self
    }
}
