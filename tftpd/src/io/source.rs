//! The file of a transfer, and how pieces of it are had and stored.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use super::file::{self, OpenFile, Reading};
use super::read_ahead::{ReadAhead, Shelf, is_worthwhile};
use super::write_behind::{Chunk, Desk, WriteBehind};
use super::writer::{Writer, Writers};
use crate::session::{Event, Progress};
use crate::wire::HEADER;

/// What is not sent in place is read ahead up to this length: more is not worth another copy.
const LARGEST_COPY: usize = 4096;

/// What all transfers share to get at their files.
#[derive(Default)]
pub(super) struct Storeroom {
    shelf: Shelf,
    desk: Rc<Desk>,
    writers: Writers,
}

/// An open file.
pub(super) struct Source {
    /// `None` once the upload is complete.
    file: Option<OpenFile>,
    reading: Reading,
    /// Whether writing to it waits for no disk; unknown until it is written to.
    is_in_memory: Option<bool>,
    storeroom: Rc<Storeroom>,
    ahead: Option<ReadAhead>,
    /// Whether the payload of the next packet is there.
    sends_from_ahead: bool,
    behind: WriteBehind,
}

/// What a session wants of the file.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) offset: u64,
    pub(super) length: usize,
    /// It may be put into the packet, behind the room for a header.
    pub(super) in_place: bool,
}

/// How a session wants a piece of an upload stored.
#[derive(Clone, Copy)]
pub(super) struct Storing {
    pub(super) offset: u64,
    pub(super) progress: Progress,
    /// An answer to the client waits for it.
    pub(super) is_awaited: bool,
}

impl Source {
    pub(super) fn new(file: OpenFile, storeroom: &Rc<Storeroom>) -> Self {
        Self {
            file: Some(file),
            reading: Reading::default(),
            is_in_memory: None,
            storeroom: Rc::clone(storeroom),
            ahead: None,
            sends_from_ahead: false,
            behind: WriteBehind::new(&storeroom.desk),
        }
    }

    /// Reads a piece: into the packet or where [`Self::packets`] finds it if it may be in place, else into `contents`. `None`
    /// if a thread has to ask the disk.
    pub(super) fn fetch<'a>(
        &mut self,
        wanted: Wanted,
        contents: &'a mut [u8],
        packet: &mut Vec<u8>,
    ) -> io::Result<Option<Event<'a>>> {
        let Wanted { offset, length, .. } = wanted;
        let ahead = self.fetch_ahead(wanted)?;
        self.sends_from_ahead = wanted.in_place && ahead.is_some();
        if let (true, Some(length)) = (wanted.in_place, ahead) {
            packet.resize(packet.len().max(HEADER), 0);
            return Ok(Some(Event::FetchedInPlace(length)));
        }
        if wanted.in_place {
            packet.resize(HEADER + length, 0);
            let filled = self.read(packet.get_mut(HEADER..), offset)?;
            return Ok(filled.map(Event::FetchedInPlace));
        }
        let filled = match (&self.ahead, ahead) {
            (Some(ahead), Some(_)) => Some(copy(ahead.block(), contents)),
            _ => self.read(contents.get_mut(..length), offset)?,
        };
        let bytes = filled.and_then(|filled| contents.get(..filled));
        Ok(bytes.map(Event::Fetched))
    }

    fn fetch_ahead(&mut self, wanted: Wanted) -> io::Result<Option<usize>> {
        let Wanted { offset, length, .. } = wanted;
        if !is_worthwhile(offset) || !(wanted.in_place || length <= LARGEST_COPY) {
            return Ok(None);
        }
        self.ahead = self
            .ahead
            .take()
            .or_else(|| self.storeroom.shelf.lend(length));
        let (Some(ahead), Some(file)) = (&mut self.ahead, &self.file) else {
            return Ok(None);
        };
        let reading = &mut self.reading;
        ahead.fetch(offset, length, |room, offset| {
            file::read_now(file, room, offset, reading)
        })
    }

    fn read(&mut self, room: Option<&mut [u8]>, offset: u64) -> io::Result<Option<usize>> {
        let (Some(file), Some(room)) = (&self.file, room) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        file::read_now(file, room, offset, &mut self.reading)
    }

    /// The packets to send: those that were made, or the one whose payload was read ahead and whose header was made.
    pub(super) fn packets<'a>(&'a mut self, made: &'a [u8]) -> &'a [u8] {
        match (&mut self.ahead, made.first_chunk()) {
            (Some(ahead), Some(header)) if self.sends_from_ahead => ahead.packet(*header),
            _ => made,
        }
    }

    /// Reads what will be wanted next, if that is worth it. What goes wrong will go wrong again when it is wanted.
    pub(super) fn read_on(&mut self) {
        let (Some(ahead), Some(file)) = (&mut self.ahead, &self.file) else {
            return;
        };
        let reading = &mut self.reading;
        let _ = ahead.fetch_next(|room, offset| file::read_now(file, room, offset, reading));
    }

    /// Reads a piece in a thread that may wait for the disk.
    pub(super) async fn fetch_by_thread(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        file.use_by_thread(move |file| {
            let mut bytes = vec![0; length];
            let filled = file::read_at(file, &mut bytes, offset)?;
            bytes.truncate(filled);
            Ok(bytes)
        })
        .await
    }

    /// Writes a piece if that needs no disk, or keeps it to be written with what follows; `None` if a thread has to write now. A
    /// disk that is busy, frozen or far away would keep all transfers waiting.
    pub(super) fn store(&mut self, bytes: &[u8], piece: Storing) -> io::Result<Option<()>> {
        let Storing {
            offset,
            progress,
            is_awaited,
        } = piece;
        let file = self.file.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        let is_in_memory = self.is_in_memory.get_or_insert_with(|| file.is_in_memory());
        if !*is_in_memory {
            let is_kept = !is_awaited && self.behind.keep(bytes, offset);
            return Ok(is_kept.then_some(()));
        }
        file.get()?.write_all_at(bytes, offset)?;
        let complete = self.file.take_if(|_| progress == Progress::Last);
        if let Some(file) = complete {
            file.close_here();
        }
        Ok(Some(()))
    }

    /// Writes what was kept, and a piece, in a thread that may wait for the disk. The last piece closes the file.
    pub(super) async fn store_by_thread(
        &mut self,
        piece: Chunk,
        progress: Progress,
    ) -> io::Result<()> {
        let kept = self.behind.take();
        let write = move |file: &File| {
            file.write_all_at(&kept.bytes, kept.offset)?;
            file.write_all_at(&piece.bytes, piece.offset)
        };
        match progress {
            Progress::More => {
                let file = self.file.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
                file.use_by_writer(&self.writer(file), write).await
            }
            Progress::Last => {
                let file = self.file.take().ok_or(io::ErrorKind::InvalidInput)?;
                let writer = self.writer(&file);
                file.finish_by_writer(&writer, write).await
            }
        }
    }

    /// Writes what was kept of an upload that ends before it is complete. Nobody was told that it is stored, so that nobody need
    /// know what goes wrong.
    pub(super) async fn finish(&mut self) {
        let kept = self.behind.take();
        if let (Some(file), false) = (&self.file, kept.bytes.is_empty()) {
            let write = move |file: &File| file.write_all_at(&kept.bytes, kept.offset);
            let _ = file.use_by_writer(&self.writer(file), write).await;
        }
    }

    /// The writer of the file's disk; a disk that is only read from gets none.
    fn writer(&self, file: &OpenFile) -> Writer {
        self.storeroom.writers.of(file.device())
    }
}

/// Returns how much.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let length = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) {
        to.copy_from_slice(from);
    }
    length
}
