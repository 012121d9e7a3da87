//! The part of a lease file that is in memory: from the line of the next record on, as far as it was read.

use std::io::{self, Read};

use super::lexer::Position;

/// What of a file was read and is still needed.
pub(super) struct Window<R> {
    source: R,
    bytes: Vec<u8>,
    position: Position,
    /// So much is read at a time; more if a record, or its line, is longer.
    block: usize,
    whole: bool,
}

impl<R: Read> Window<R> {
    /// Nothing of `source` yet, to be read in blocks of so many bytes.
    pub(super) fn new(source: R, block: usize) -> Self {
        Self {
            source,
            bytes: Vec::new(),
            position: Position::START,
            block,
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
        let wanted = self.bytes.len().max(self.block);
        self.bytes.reserve_exact(wanted);
        let limit = u64::try_from(wanted).unwrap_or(u64::MAX);
        let read = (&mut self.source)
            .take(limit)
            .read_to_end(&mut self.bytes)?;
        self.whole = read < wanted;
        Ok(())
    }
}
