//! What our processes say to each other: frames over pairs of connected sockets. A frame is its length in four bytes and
//! so many bytes more.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use tokio::sync::Mutex;

/// Longer frames are not sent, and one that claims to be longer ends the conversation.
const LONGEST: usize = 16 << 20;
const PREFIX: usize = 4;
const READ_STEP: usize = 8192;

/// Builds the inside of a frame.
#[derive(Default)]
pub(super) struct Packer(Vec<u8>);

impl Packer {
    pub(super) fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn number(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Bytes with their length before them.
    pub(super) fn bytes(self, value: &[u8]) -> Self {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let mut packer = self.number(length);
        packer.0.extend_from_slice(value);
        packer
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes the inside of a frame apart; `None` everywhere if it is shorter than what is asked of it.
pub(super) struct Unpacker<'a>(pub(super) &'a [u8]);

impl<'a> Unpacker<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let bytes = self.take(PREFIX)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let bytes = self.bytes()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Writes a frame, waiting until it is taken.
pub(super) fn write(mut stream: &UnixStream, inside: &[u8]) -> io::Result<()> {
    stream.write_all(&framed(inside)?)
}

/// Waits for a frame; `None` if the other side has closed its end.
pub(super) fn read(mut stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut prefix = [0; PREFIX];
    match stream.read_exact(&mut prefix) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut inside = vec![0; length(prefix)?];
    stream.read_exact(&mut inside)?;
    Ok(Some(inside))
}

fn framed(inside: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(inside.len()).ok();
    let length = length
        .filter(|_| inside.len() <= LONGEST)
        .ok_or(io::ErrorKind::InvalidInput)?;
    Ok([&length.to_be_bytes(), inside].concat())
}

fn length(prefix: [u8; PREFIX]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_be_bytes(prefix)).ok();
    let length = length.filter(|&length| length <= LONGEST);
    length.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// An end inside the reactor. Several tasks may write; one reads.
pub(super) struct FrameStream {
    stream: tokio::net::UnixStream,
    /// Bytes of frames that have not been given out.
    received: RefCell<Vec<u8>>,
    /// One frame at a time.
    writing: Mutex<()>,
}

impl FrameStream {
    /// Hands the end of a pair over to the reactor of the running runtime.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: tokio::net::UnixStream::from_std(stream)?,
            received: RefCell::default(),
            writing: Mutex::default(),
        })
    }

    /// The socket.
    pub(super) fn socket(&self) -> &tokio::net::UnixStream {
        &self.stream
    }

    /// The next frame; `None` if the other side has closed its end or makes no sense. What has come of a frame is kept
    /// when the caller stops waiting.
    pub(super) async fn read(&self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = self.take_frame().ok()? {
                return Some(frame);
            }
            self.stream.readable().await.ok()?;
            self.receive().ok()?;
        }
    }

    fn receive(&self) -> io::Result<()> {
        let mut step = [0; READ_STEP];
        match self.stream.try_read(&mut step) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                let bytes = step.get(..count).unwrap_or_default();
                self.received.borrow_mut().extend_from_slice(bytes);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn take_frame(&self) -> io::Result<Option<Vec<u8>>> {
        let mut received = self.received.borrow_mut();
        let Some(&prefix) = received.first_chunk() else {
            return Ok(None);
        };
        let end = PREFIX + length(prefix)?;
        let frame = received.get(PREFIX..end).map(<[u8]>::to_vec);
        if frame.is_some() {
            received.drain(..end);
        }
        Ok(frame)
    }

    /// Sends a frame. A caller that stops waiting may leave half of one: the conversation is over then.
    pub(super) async fn write(&self, inside: &[u8]) -> io::Result<()> {
        let frame = framed(inside)?;
        let _turn = self.writing.lock().await;
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let packed = Packer::default()
            .byte(7)
            .number(70_000)
            .bytes(b"abc")
            .done();
        let mut unpacker = Unpacker(&packed);
        assert_eq!(unpacker.byte(), Some(7));
        assert_eq!(unpacker.number(), Some(70_000));
        assert_eq!(unpacker.bytes(), Some(&b"abc"[..]));
        assert_eq!(unpacker.byte(), None);
    }

    #[test]
    fn a_length_beyond_the_frame_is_no_frame() {
        assert_eq!(Unpacker(&[0, 0, 0, 9, 1]).bytes(), None);
        assert!(length([0xff; PREFIX]).is_err());
    }

    #[test]
    fn frames_pass_between_a_process_that_waits_and_a_reactor() {
        let (near, far) = UnixStream::pair().unwrap();
        let large = vec![5; 300_000];
        let sent = large.clone();
        let other = std::thread::spawn(move || {
            let frame = read(&far).unwrap().unwrap();
            write(&far, &sent).unwrap();
            frame
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let stream = FrameStream::new(near).unwrap();
            stream.write(b"question").await.unwrap();
            assert_eq!(stream.read().await.unwrap(), large);
            assert_eq!(stream.read().await, None);
        });
        assert_eq!(other.join().unwrap(), b"question");
    }
}
