//! The file of a transfer, and how pieces of it are had.

use std::fs::File;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use super::file::{self, Reading};
use super::read_ahead::{ReadAhead, Shelf, is_worthwhile};
use crate::session::Event;
use crate::wire::HEADER;

/// An open file.
pub(super) struct Source {
    /// `None` once the upload is complete.
    pub(super) file: Option<Arc<File>>,
    reading: Reading,
    shelf: Rc<Shelf>,
    ahead: Option<ReadAhead>,
}

/// What a session wants of the file.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) offset: u64,
    pub(super) length: usize,
    /// It may be put into the packet, behind the room for a header.
    pub(super) in_place: bool,
}

impl Source {
    pub(super) fn new(file: File, shelf: &Rc<Shelf>) -> Self {
        Self {
            file: Some(Arc::new(file)),
            reading: Reading::default(),
            shelf: Rc::clone(shelf),
            ahead: None,
        }
    }

    /// Reads a piece: into the packet if it may be there, else into `contents`. `None` if a thread has to ask the disk.
    pub(super) fn fetch<'a>(
        &mut self,
        wanted: Wanted,
        contents: &'a mut [u8],
        packet: &mut Vec<u8>,
    ) -> io::Result<Option<Event<'a>>> {
        let Wanted { offset, length, .. } = wanted;
        if wanted.in_place {
            packet.resize(HEADER + length, 0);
            let filled = self.read(packet.get_mut(HEADER..), offset)?;
            return Ok(filled.map(Event::FetchedInPlace));
        }
        let filled = self.read(contents.get_mut(..length), offset)?;
        let bytes = filled.and_then(|filled| contents.get(..filled));
        Ok(bytes.map(Event::Fetched))
    }

    fn read(&mut self, room: Option<&mut [u8]>, offset: u64) -> io::Result<Option<usize>> {
        let (Some(file), Some(room)) = (&self.file, room) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let reading = &mut self.reading;
        if is_worthwhile(offset, room.len()) {
            self.ahead = self.ahead.take().or_else(|| self.shelf.lend());
            if let Some(ahead) = &mut self.ahead {
                let read = |room: &mut [u8], offset| file::read_now(file, room, offset, reading);
                if let Some(length) = ahead.fetch(room, offset, read)? {
                    return Ok(Some(length));
                }
            }
        }
        file::read_now(file, room, offset, reading)
    }

    /// Reads a piece in a thread that may wait for the disk.
    pub(super) async fn fetch_by_thread(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        file::read_by_thread(Arc::clone(file), offset, length).await
    }
}
