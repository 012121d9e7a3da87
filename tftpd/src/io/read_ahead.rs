//! Reading ahead. A small block costs a system call as much as a large one, so some blocks are read with one call and wait
//! here for their turn.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

/// Bytes that are read at once: few enough to stay near the processor until they are sent.
const SIZE: usize = 16 << 10;
/// For larger blocks it is not worth another copy.
const LARGEST_BLOCK: usize = SIZE / 4;
/// This bounds the memory; more transfers than that read each block by itself.
const MOST: usize = 512;

/// Lends room to transfers as long as there is some.
#[derive(Default)]
pub(super) struct Shelf {
    lent: Cell<usize>,
    returned: RefCell<Vec<Box<[u8]>>>,
}

/// A piece of a file.
pub(super) struct ReadAhead {
    shelf: Rc<Shelf>,
    bytes: Box<[u8]>,
    /// Where in the file the piece begins and how long it is, if there is one. One shorter than the room ends with the file.
    place: Option<(u64, usize)>,
}

/// Whether a block of so many bytes at `offset` is read together with others. A file may end with its first block.
pub(super) fn is_worthwhile(offset: u64, length: usize) -> bool {
    offset > 0 && length <= LARGEST_BLOCK
}

impl Shelf {
    /// Room for a piece, if some is left.
    pub(super) fn lend(self: &Rc<Self>) -> Option<ReadAhead> {
        if self.lent.get() >= MOST {
            return None;
        }
        self.lent.set(self.lent.get() + 1);
        let returned = self.returned.borrow_mut().pop();
        Some(ReadAhead {
            shelf: Rc::clone(self),
            bytes: returned.unwrap_or_else(|| vec![0; SIZE].into_boxed_slice()),
            place: None,
        })
    }
}

impl ReadAhead {
    /// Fills `block` with what stands at `offset` of the file, by `read` if it is not here yet: less only at the end of the
    /// file. Returns how much; `None` if `read` has nothing.
    pub(super) fn fetch(
        &mut self,
        block: &mut [u8],
        offset: u64,
        read: impl FnOnce(&mut [u8], u64) -> io::Result<Option<usize>>,
    ) -> io::Result<Option<usize>> {
        if let Some(length) = self.copy(block, offset) {
            return Ok(Some(length));
        }
        self.place = None;
        let length = read(&mut self.bytes, offset)?;
        self.place = length.map(|length| (offset, length));
        Ok(self.copy(block, offset))
    }

    fn copy(&self, block: &mut [u8], offset: u64) -> Option<usize> {
        let (first, held) = self.place?;
        let begin = usize::try_from(offset.checked_sub(first)?).ok()?;
        let here = self.bytes.get(..held)?.get(begin..)?;
        let length = here.len().min(block.len());
        if length < block.len() && held == self.bytes.len() {
            return None;
        }
        block
            .get_mut(..length)?
            .copy_from_slice(here.get(..length)?);
        Some(length)
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.shelf.lent.set(self.shelf.lent.get() - 1);
        let bytes = std::mem::take(&mut self.bytes);
        self.shelf.returned.borrow_mut().push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads from a file of `SIZE + 700` bytes, each the low byte of its place, and counts how often.
    fn file(calls: &Cell<usize>) -> impl Fn(&mut [u8], u64) -> io::Result<Option<usize>> {
        move |room, offset| {
            calls.set(calls.get() + 1);
            let begin = usize::try_from(offset).unwrap();
            let length = room.len().min((SIZE + 700).saturating_sub(begin));
            for (place, byte) in room[..length].iter_mut().enumerate() {
                *byte = (begin + place).to_le_bytes()[0];
            }
            Ok(Some(length))
        }
    }

    #[test]
    fn blocks_come_whole_whatever_they_straddle() {
        let calls = Cell::new(0);
        let read = file(&calls);
        let mut ahead = Rc::<Shelf>::default().lend().unwrap();
        let mut block = [0; 600];
        let mut offset = 0;
        while offset < SIZE + 700 {
            let begin = u64::try_from(offset).unwrap();
            let length = ahead.fetch(&mut block, begin, &read).unwrap().unwrap();
            assert_eq!(length, 600.min(SIZE + 700 - offset));
            for (place, byte) in block[..length].iter().enumerate() {
                assert_eq!(*byte, (offset + place).to_le_bytes()[0]);
            }
            offset += length;
        }
        assert_eq!(calls.get(), 2);
        // A block that is sent again, and one behind the end.
        assert_eq!(ahead.fetch(&mut block, 600, &read).unwrap(), Some(600));
        let end = u64::try_from(SIZE + 700).unwrap();
        assert_eq!(ahead.fetch(&mut block, end, &read).unwrap(), Some(0));
    }

    #[test]
    fn what_cannot_be_read_leaves_nothing_behind() {
        let mut ahead = Rc::<Shelf>::default().lend().unwrap();
        let calls = Cell::new(0);
        let mut block = [0; 600];
        ahead.fetch(&mut block, 0, file(&calls)).unwrap();
        let far = u64::try_from(SIZE).unwrap();
        let nothing = ahead.fetch(&mut block, far, |_, _| Ok(None));
        assert_eq!(nothing.unwrap(), None);
        let again = ahead.fetch(&mut block, 0, file(&calls)).unwrap();
        assert_eq!((again, calls.get()), (Some(600), 2));
    }

    #[test]
    fn room_is_bounded_and_used_again() {
        let shelf = Rc::<Shelf>::default();
        let mut lent: Vec<_> = (0..MOST).map(|_| shelf.lend().unwrap()).collect();
        assert!(shelf.lend().is_none());
        lent.pop();
        assert!(shelf.lend().is_some());
        drop(lent);
        assert_eq!(shelf.returned.borrow().len(), MOST);
    }
}
