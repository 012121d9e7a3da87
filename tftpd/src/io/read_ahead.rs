//! Reading ahead. A small block costs a system call as much as a large one, so some small blocks are read with one call and
//! wait here for their turn; a large one is read while the client is busy with the one before it. Blocks are sent from here,
//! without another copy: there is room for a header in front of them.

use std::cell::{Cell, RefCell};
use std::io;
use std::ops::Range;
use std::rc::Rc;

use crate::wire::{HEADER, MAX_BLOCK};

/// Bytes of small blocks that are read at once: few enough to stay near the processor until they are sent.
const SMALL: usize = 16 << 10;
/// Two blocks at once still save a call.
const LARGEST_SMALL_BLOCK: usize = SMALL / 2;
/// This bounds the memory to 8 MB and 1 MB; more transfers than that read each block by itself. Where many large blocks are
/// on their way, nobody waits for one that is read.
const MOST_SMALL: usize = 512;
const MOST_LARGE: usize = 16;
/// Pieces begin where a cache line does. Some processors copy many times slower to the first bytes of a page than to its
/// beginning, where the kernel's own pages begin (AMD Zen 3: up to seven times to bytes 1 to 31).
const ALIGNMENT: usize = 64;

/// Lends room to transfers as long as there is some.
pub(super) struct Shelf {
    small: Rc<Compartment>,
    large: Rc<Compartment>,
}

/// Room of one size; what was lent once is kept.
struct Compartment {
    /// Bytes of a file in one piece.
    size: usize,
    most: usize,
    lent: Cell<usize>,
    returned: RefCell<Vec<Box<[u8]>>>,
}

/// Room for a piece of a file, and the piece.
pub(super) struct ReadAhead {
    compartment: Rc<Compartment>,
    bytes: Box<[u8]>,
    /// Where in `bytes` the piece begins, behind room for a header.
    begin: usize,
    piece: Option<Piece>,
    /// Where in the piece the block is that was fetched last.
    block: Range<usize>,
}

/// A piece that was read.
struct Piece {
    /// Where in the file it begins.
    offset: u64,
    /// What of it is as it was read: headers overwrite what is in front of a block.
    intact: Range<usize>,
    /// Whether the file ends with it.
    is_last: bool,
}

/// Whether blocks from `offset` on are worth to be read ahead. A file may end with its first one.
pub(super) fn is_worthwhile(offset: u64) -> bool {
    offset > 0
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            small: Compartment::new(SMALL, MOST_SMALL),
            large: Compartment::new(MAX_BLOCK, MOST_LARGE),
        }
    }
}

impl Shelf {
    /// Room for blocks of this length, if some is left.
    pub(super) fn lend(&self, block: usize) -> Option<ReadAhead> {
        match block {
            ..=LARGEST_SMALL_BLOCK => self.small.lend(),
            _ => self.large.lend(),
        }
    }
}

impl Compartment {
    fn new(size: usize, most: usize) -> Rc<Self> {
        Rc::new(Self {
            size,
            most,
            lent: Cell::new(0),
            returned: RefCell::default(),
        })
    }

    fn lend(self: &Rc<Self>) -> Option<ReadAhead> {
        if self.lent.get() >= self.most {
            return None;
        }
        self.lent.set(self.lent.get() + 1);
        let returned = self.returned.borrow_mut().pop();
        let bytes = returned.unwrap_or_else(|| vec![0; self.size + HEADER + ALIGNMENT].into());
        Some(ReadAhead {
            compartment: Rc::clone(self),
            begin: (bytes.as_ptr().addr() + HEADER).next_multiple_of(ALIGNMENT)
                - bytes.as_ptr().addr(),
            bytes,
            piece: None,
            block: 0..0,
        })
    }
}

impl ReadAhead {
    /// Finds the block of `length` bytes at `offset` of the file, by `read` if it is not here yet: less only at the end of the
    /// file. Returns its length; `None` if `read` has nothing.
    pub(super) fn fetch(
        &mut self,
        offset: u64,
        length: usize,
        read: impl FnOnce(&mut [u8], u64) -> io::Result<Option<usize>>,
    ) -> io::Result<Option<usize>> {
        if !self.find(offset, length) {
            self.fill(offset, length, read)?;
            if !self.find(offset, length) {
                return Ok(None);
            }
        }
        Ok(Some(self.block.len()))
    }

    /// Reads the large block behind the one that was fetched last, which is on its way and need not stay.
    pub(super) fn fetch_next(
        &mut self,
        read: impl FnOnce(&mut [u8], u64) -> io::Result<Option<usize>>,
    ) -> io::Result<()> {
        let length = self.block.len();
        let Some(piece) = self.piece.as_ref().filter(|piece| !piece.is_last) else {
            return Ok(());
        };
        let is_here = self.block.end + length <= piece.intact.end;
        if is_here || length <= LARGEST_SMALL_BLOCK {
            return Ok(());
        }
        let offset = piece.offset.saturating_add(self.block.end as u64);
        self.fill(offset, length, read)
    }

    /// The block that was fetched last.
    pub(super) fn block(&self) -> &[u8] {
        let Range { start, end } = self.block;
        let block = self.bytes.get(self.begin + start..self.begin + end);
        block.unwrap_or_default()
    }

    /// The block that was fetched last, with a header in front of it.
    pub(super) fn packet(&mut self, header: [u8; HEADER]) -> &[u8] {
        let Range { start, end } = self.block;
        if let Some(piece) = &mut self.piece {
            piece.intact.start = start;
        }
        let packet = self
            .bytes
            .get_mut(self.begin + start - HEADER..self.begin + end);
        let packet = packet.unwrap_or_default();
        if let Some(room) = packet.first_chunk_mut() {
            *room = header;
        }
        packet
    }

    /// True if the whole block is here, or what the file has of it.
    fn find(&mut self, offset: u64, length: usize) -> bool {
        self.block = 0..0;
        let Some(piece) = &self.piece else {
            return false;
        };
        let begin = offset.checked_sub(piece.offset);
        let Some(begin) = begin.and_then(|begin| usize::try_from(begin).ok()) else {
            return false;
        };
        let Range { start, end } = piece.intact;
        let found = begin..end.min(begin + length);
        let is_whole = found.len() == length || piece.is_last;
        let is_here = (start..=end).contains(&begin) && is_whole;
        if is_here {
            self.block = found;
        }
        is_here
    }

    /// Reads as many whole blocks as there is room for.
    fn fill(
        &mut self,
        offset: u64,
        length: usize,
        read: impl FnOnce(&mut [u8], u64) -> io::Result<Option<usize>>,
    ) -> io::Result<()> {
        self.piece = None;
        let size = self.compartment.size;
        let wanted = size - size.checked_rem(length).unwrap_or(0);
        let room = self.bytes.get_mut(self.begin..self.begin + wanted);
        let filled = read(room.unwrap_or_default(), offset)?;
        self.piece = filled.map(|filled| Piece {
            offset,
            intact: 0..filled,
            is_last: filled < wanted,
        });
        Ok(())
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        let Compartment { lent, returned, .. } = &*self.compartment;
        lent.set(lent.get() - 1);
        returned.borrow_mut().push(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; HEADER] = [0xff; HEADER];

    /// Reads from a file of `size` bytes, each the low byte of its place, and counts how often.
    fn file(
        size: usize,
        calls: &Cell<usize>,
    ) -> impl Fn(&mut [u8], u64) -> io::Result<Option<usize>> {
        move |room, offset| {
            calls.set(calls.get() + 1);
            let begin = usize::try_from(offset).unwrap();
            let length = room.len().min(size.saturating_sub(begin));
            for (place, byte) in room[..length].iter_mut().enumerate() {
                *byte = (begin + place).to_le_bytes()[0];
            }
            Ok(Some(length))
        }
    }

    fn assert_packet(ahead: &mut ReadAhead, offset: usize) {
        let block = ahead.block().to_vec();
        for (place, byte) in block.iter().enumerate() {
            assert_eq!(*byte, (offset + place).to_le_bytes()[0]);
        }
        assert_eq!(ahead.packet(HEAD), [&HEAD[..], &block].concat());
    }

    /// Goes through a file, and through each block twice. Returns how often the file was read.
    fn read_through(size: usize, length: usize) -> usize {
        let calls = Cell::new(0);
        let read = file(size, &calls);
        let mut ahead = Shelf::default().lend(length).unwrap();
        let mut offset = 0;
        while offset <= size {
            let begin = u64::try_from(offset).unwrap();
            for _ in 0..2 {
                let fetched = ahead.fetch(begin, length, &read).unwrap();
                assert_eq!(fetched, Some(length.min(size - offset)));
                assert_packet(&mut ahead, offset);
            }
            ahead.fetch_next(&read).unwrap();
            offset += length;
        }
        calls.get()
    }

    #[test]
    fn blocks_come_whole_and_few_calls_read_them() {
        let pieces = |size: usize, piece: usize| size / piece + 1;
        assert_eq!(read_through(40_000, 600), pieces(40_000, 600 * 27));
        assert_eq!(read_through(40_000, 8192), pieces(40_000, SMALL));
        assert_eq!(read_through(2 * SMALL, 512), pieces(2 * SMALL, SMALL));
        assert_eq!(read_through(200_000, 9000), pieces(200_000, 9000 * 7));
        let size = 3 * MAX_BLOCK;
        assert_eq!(read_through(size, MAX_BLOCK), pieces(size, MAX_BLOCK));
    }

    #[test]
    fn what_headers_have_overwritten_is_read_again() {
        let calls = Cell::new(0);
        let read = file(SMALL, &calls);
        let mut ahead = Shelf::default().lend(512).unwrap();
        for (offset, expected) in [(0, 1), (512, 1), (1024, 1), (512, 2), (0, 3)] {
            ahead.fetch(offset, 512, &read).unwrap();
            assert_packet(&mut ahead, usize::try_from(offset).unwrap());
            assert_eq!(calls.get(), expected);
        }
    }

    #[test]
    fn what_cannot_be_read_leaves_nothing_behind() {
        let mut ahead = Shelf::default().lend(600).unwrap();
        let calls = Cell::new(0);
        let read = file(2 * SMALL, &calls);
        ahead.fetch(0, 600, &read).unwrap();
        let far = u64::try_from(SMALL).unwrap();
        let nothing = ahead.fetch(far, 600, |_, _| Ok(None));
        assert_eq!(nothing.unwrap(), None);
        assert!(ahead.block().is_empty());
        let again = ahead.fetch(0, 600, &read).unwrap();
        assert_eq!((again, calls.get()), (Some(600), 2));
    }

    #[test]
    fn room_is_bounded_and_used_again() {
        let shelf = Shelf::default();
        for (block, most) in [(LARGEST_SMALL_BLOCK, MOST_SMALL), (MAX_BLOCK, MOST_LARGE)] {
            let mut lent: Vec<_> = (0..most).map(|_| shelf.lend(block).unwrap()).collect();
            assert!(shelf.lend(block).is_none());
            lent.pop();
            assert!(shelf.lend(block).is_some());
        }
        assert_eq!(shelf.small.returned.borrow().len(), MOST_SMALL);
        assert_eq!(shelf.large.lent.get(), 0);
    }
}
