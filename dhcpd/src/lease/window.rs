//! The part of a lease file that is in memory: from the line of the next record on, as far as it was read.

use std::io;

use super::lexer::Position;
use super::pieces::{Leases, Piece};
use super::record::Lease;

/// What of a file was read and is still needed.
pub(super) struct Window<P> {
    pieces: P,
    bytes: Vec<u8>,
    position: Position,
    whole: bool,
}

impl<P: Iterator<Item = io::Result<Piece>>> Window<P> {
    /// Nothing yet of a file that comes in these pieces.
    pub(super) fn new(pieces: P) -> Self {
        Self {
            pieces,
            bytes: Vec::new(),
            position: Position::START,
            whole: false,
        }
    }

    /// What there is.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in it the next record begins.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// True if the file ends where the window ends.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// True if nothing of it is needed any more.
    pub(super) fn is_done(&self) -> bool {
        self.position.at == self.bytes.len() && self.position.begins_line()
    }

    /// From now on the next record begins here.
    pub(super) fn advance(&mut self, position: Position) {
        self.position = position;
    }

    /// Drops the lines before the next record and reads on.
    pub(super) fn extend(&mut self) -> io::Result<()> {
        let unneeded = self.position.line_start.min(self.bytes.len());
        self.bytes.drain(..unneeded);
        self.position.at -= unneeded;
        self.position.line_start -= unneeded;
        // What is long is read in few steps, each as long as all before.
        let wanted = 2 * self.bytes.len();
        while !self.whole && self.bytes.len() <= wanted {
            match self.pieces.next().transpose()? {
                Some(piece) => self.bytes.extend_from_slice(&piece.text),
                None => self.whole = true,
            }
        }
        Ok(())
    }

    /// Puts the next piece in the place of a window that is done with. If the piece was read, these are its leases, and that is done
    /// with too.
    pub(super) fn replace(&mut self) -> io::Result<Vec<Lease>> {
        self.bytes.clear();
        (self.position.at, self.position.line_start) = (0, 0);
        let Some(piece) = self.pieces.next().transpose()? else {
            self.whole = true;
            return Ok(Vec::new());
        };
        if let Some(Leases { leases, lines }) = piece.leases {
            self.position.line = self.position.line.saturating_add(lines);
            return Ok(leases);
        }
        self.bytes = piece.text;
        Ok(Vec::new())
    }
}
