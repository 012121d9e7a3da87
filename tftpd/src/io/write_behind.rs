//! Writing behind. A disk may keep a write waiting, so a thread does it, and to wake that costs more than to write a block. Those
//! of a window wait here until the client has to be told of them: when the last one has come, or one is missing, or late.

use std::cell::Cell;
use std::rc::Rc;

/// Bytes that wait at most.
const SIZE: usize = 32 << 10;
/// This bounds the memory to 8 MB; more uploads than that have each block written by itself.
const MOST: usize = 256;

/// How many uploads have room for blocks that wait.
#[derive(Default)]
pub(super) struct Desk(Cell<usize>);

/// The blocks of one upload that are not written yet.
pub(super) struct WriteBehind {
    desk: Rc<Desk>,
    has_room: bool,
    waiting: Chunk,
}

/// Bytes for a place in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) offset: u64,
}

impl WriteBehind {
    /// Nothing waits.
    pub(super) fn new(desk: &Rc<Desk>) -> Self {
        Self {
            desk: Rc::clone(desk),
            has_room: false,
            waiting: Chunk::default(),
        }
    }

    /// Keeps a block that belongs at `offset`. False if it does not fit behind what waits: both must be written now.
    pub(super) fn keep(&mut self, block: &[u8], offset: u64) -> bool {
        let waiting = &mut self.waiting;
        let length = waiting.bytes.len();
        if length == 0 {
            waiting.offset = offset;
        }
        let follows = offset.checked_sub(waiting.offset) == u64::try_from(length).ok();
        if !follows || length + block.len() > SIZE || !self.find_room() {
            return false;
        }
        let bytes = &mut self.waiting.bytes;
        bytes.reserve_exact(SIZE - length);
        bytes.extend_from_slice(block);
        true
    }

    /// Takes what waits away, to be written.
    pub(super) fn take(&mut self) -> Chunk {
        std::mem::take(&mut self.waiting)
    }

    fn find_room(&mut self) -> bool {
        let Desk(taken) = &*self.desk;
        if !self.has_room && taken.get() < MOST {
            taken.set(taken.get() + 1);
            self.has_room = true;
        }
        self.has_room
    }
}

impl Drop for WriteBehind {
    fn drop(&mut self) {
        let Desk(taken) = &*self.desk;
        taken.set(taken.get() - usize::from(self.has_room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: [u8; 1000] = [7; 1000];

    #[test]
    fn blocks_wait_until_no_more_fit() {
        let mut behind = WriteBehind::new(&Rc::default());
        for round in [0, 1_000_000] {
            for number in 0..32 {
                assert!(behind.keep(&BLOCK, round + 1000 * number));
            }
            assert!(!behind.keep(&BLOCK, round + 32_000));
            let chunk = behind.take();
            assert_eq!(chunk.bytes.capacity(), SIZE);
            assert_eq!((chunk.offset, chunk.bytes.len()), (round, 32_000));
        }
        assert_eq!(behind.take(), Chunk::default());
        assert!(!behind.keep(&[0; SIZE + 1], 0));
    }

    #[test]
    fn a_block_for_another_place_does_not_join() {
        let mut behind = WriteBehind::new(&Rc::default());
        assert!(behind.keep(&BLOCK, 5000));
        for other in [0, 5000, 7000] {
            assert!(!behind.keep(&BLOCK, other));
        }
        assert!(behind.keep(&BLOCK, 6000));
    }

    #[test]
    fn room_is_bounded_and_used_again() {
        let desk = Rc::<Desk>::default();
        let with_room = || {
            let mut behind = WriteBehind::new(&desk);
            (behind.keep(&BLOCK, 0), behind)
        };
        let mut kept: Vec<_> = (0..MOST).map(|_| with_room()).collect();
        assert!(kept.iter().all(|(kept, _)| *kept));
        assert!(!with_room().0);
        kept.pop();
        assert!(with_room().0);
    }
}
