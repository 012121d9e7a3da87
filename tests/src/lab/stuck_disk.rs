//! A disk that stops in the middle: a thread plays the filesystem (FUSE, `linux/fuse.h`), and a file's name says what is not
//! answered for it until the disk recovers. What waits for it can be killed.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::failure::{Context, Result};

/// The oldest protocol whose structures these are.
const PROTOCOL: [u32; 2] = [7, 31];
/// The largest request: what a write may carry, and its headers.
const LARGEST_REQUEST: usize = 256 << 10;
const WRITE_AT_MOST: u32 = 64 << 10;
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// One that waits does not hold up the others.
const PARALLEL_LOOK_UPS: u32 = 1 << 18;
/// No writing behind the kernel's back: each write is a request.
const DIRECT: u32 = 1;
const FOREVER: u64 = 1 << 30;
const FILE_MODE: u32 = 0o100_666;
const DIRECTORY_MODE: u32 = 0o040_777;

const LOOK_UP: u32 = 1;
const FORGET: u32 = 2;
const GET_ATTRIBUTES: u32 = 3;
const SET_ATTRIBUTES: u32 = 4;
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const RELEASE: u32 = 18;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const FORGET_SEVERAL: u32 = 42;

/// Names and what is not answered for them. A file's number is its place here, from 2 on: 1 is the directory.
const FILES: [(&str, u32); 7] = [
    ("look-up", LOOK_UP),
    ("open", OPEN),
    ("read", READ),
    ("open-to-write", OPEN),
    ("truncate", SET_ATTRIBUTES),
    ("write", WRITE),
    ("close", FLUSH),
];

/// The disk.
#[derive(Debug)]
pub struct StuckDisk {
    device: File,
    stuck: Receiver<&'static str>,
    unanswered: Arc<Mutex<Option<Vec<Vec<u8>>>>>,
}

/// What the thread works with.
struct Player {
    device: File,
    stuck: Sender<&'static str>,
    /// Requests that wait; `None` once the disk has recovered.
    unanswered: Arc<Mutex<Option<Vec<Vec<u8>>>>>,
}

/// A request of the kernel.
struct Question<'a> {
    operation: u32,
    id: u64,
    file: u64,
    rest: &'a [u8],
}

impl StuckDisk {
    /// Starts the thread. It ends when the filesystem is mounted nowhere any more.
    ///
    /// # Errors
    /// If there is no `/dev/fuse`.
    pub fn start() -> Result<Self> {
        let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
        let device = device.context("cannot open /dev/fuse")?;
        let (sender, stuck) = channel();
        let unanswered = Arc::new(Mutex::new(Some(Vec::new())));
        let player = Player {
            device: device.try_clone().context("cannot share /dev/fuse")?,
            stuck: sender,
            unanswered: Arc::clone(&unanswered),
        };
        std::thread::spawn(move || player.play());
        Ok(Self {
            device,
            stuck,
            unanswered,
        })
    }

    /// The name of the next file that somebody waits for in vain; `None` if nobody does within `patience`.
    #[must_use]
    pub fn next_stuck(&self, patience: Duration) -> Option<&'static str> {
        self.stuck.recv_timeout(patience).ok()
    }

    /// Answers everything from now on, and what has waited too.
    pub fn recover(&self) {
        let waiting = self.unanswered.lock().ok().and_then(|mut list| list.take());
        for request in waiting.unwrap_or_default() {
            if let Some(question) = read(&request) {
                reply(&question, &self.device);
            }
        }
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.device.as_raw_fd()
    }
}

/// Nobody waits for ever.
impl Drop for StuckDisk {
    fn drop(&mut self) {
        self.recover();
    }
}

impl Player {
    fn play(self) {
        let mut buffer = vec![0; LARGEST_REQUEST];
        loop {
            match (&self.device).read(&mut buffer) {
                Ok(length) => self.take(buffer.get(..length).unwrap_or_default()),
                // Not mounted yet.
                Err(error) if error.raw_os_error() == Some(nix::libc::EPERM) => {
                    std::thread::sleep(LOOK_AGAIN);
                }
                Err(_) => return,
            }
        }
    }

    fn take(&self, request: &[u8]) {
        let Some(question) = read(request) else {
            return;
        };
        let name = stuck_name(&question);
        let mut unanswered = self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (name, unanswered.as_mut()) {
            (Some(name), Some(list)) => {
                list.push(request.to_vec());
                // The test may have seen enough.
                let _ = self.stuck.send(name);
            }
            _ => reply(&question, &self.device),
        }
    }
}

/// The name of the file, if this is what it does not answer.
fn stuck_name(question: &Question<'_>) -> Option<&'static str> {
    let number = match question.operation {
        LOOK_UP => number_of(question.rest)?,
        _ => question.file,
    };
    let (name, operation) = FILES.get(usize::try_from(number.checked_sub(2)?).ok()?)?;
    (*operation == question.operation).then_some(*name)
}

/// The number of the file of this name, which ends in a NUL.
fn number_of(name: &[u8]) -> Option<u64> {
    let name = name.strip_suffix(b"\0")?;
    let place = FILES
        .iter()
        .position(|(known, _)| known.as_bytes() == name)?;
    u64::try_from(2 + place).ok()
}

fn read(request: &[u8]) -> Option<Question<'_>> {
    let number = |place| Some(u64::from_ne_bytes(*request.get(place..)?.first_chunk()?));
    Some(Question {
        operation: u32::from_ne_bytes(*request.get(4..)?.first_chunk()?),
        id: number(8)?,
        file: number(16)?,
        rest: request.get(40..)?,
    })
}

fn reply(question: &Question<'_>, mut device: &File) {
    let (error, body) = match question.operation {
        FORGET | FORGET_SEVERAL => return,
        INIT => (0, welcome()),
        LOOK_UP => match looked_up(question.rest) {
            Some(body) => (0, body),
            None => (-nix::libc::ENOENT, Vec::new()),
        },
        GET_ATTRIBUTES | SET_ATTRIBUTES => {
            let head = longs(&[FOREVER, 0]);
            (0, [head, attributes(question.file)].concat())
        }
        OPEN => (0, [longs(&[0]), words(&[DIRECT, 0])].concat()),
        WRITE => (
            0,
            [question.rest.get(16..20).unwrap_or_default(), &[0; 4]].concat(),
        ),
        // Every file is empty.
        READ | RELEASE | FLUSH => (0, Vec::new()),
        _ => (-nix::libc::ENOSYS, Vec::new()),
    };
    let length = u32::try_from(16 + body.len()).unwrap_or_default();
    let head = [
        &length.to_ne_bytes()[..],
        &error.to_ne_bytes(),
        &question.id.to_ne_bytes(),
    ];
    // Whoever asked may have been killed.
    let _ = device.write_all(&[head.concat(), body].concat());
}

fn welcome() -> Vec<u8> {
    let [major, minor] = PROTOCOL;
    let mut body = words(&[major, minor, 0, PARALLEL_LOOK_UPS, 0, WRITE_AT_MOST, 1]);
    body.resize(64, 0);
    body
}

fn looked_up(name: &[u8]) -> Option<Vec<u8>> {
    let number = number_of(name)?;
    let head = longs(&[number, 0, FOREVER, FOREVER, 0]);
    Some([head, attributes(number)].concat())
}

fn attributes(file: u64) -> Vec<u8> {
    let mode = if file == 1 { DIRECTORY_MODE } else { FILE_MODE };
    [
        longs(&[file, 0, 0, 0, 0, 0]),
        words(&[0, 0, 0, mode, 1, 0, 0, 0, 512, 0]),
    ]
    .concat()
}

fn longs(values: &[u64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect()
}

fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect()
}
