//! The process that starts programs. It is split off before the server locks itself in: what it starts has the rights that the
//! server was started with, may change its user (sudo) and may reach every file that these rights allow.
//!
//! It hears of one program at a time and answers when that has ended. It ends with the server.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process;

use common::sys::fork::{self, Side};
use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::runner::{DEADLINE, Ended, Runner};

/// The longest order: more than all arguments that the system gives to a program.
const LONGEST: usize = 4 * 1024 * 1024;

/// A number in an order: the length of what follows it.
type Length = [u8; 4];
/// A letter and a number.
type Answer = [u8; 5];

const ITSELF: u8 = b'I';
const KILLED: u8 = b'K';
const FAILED: u8 = b'F';

/// The server's end. When it is dropped the process ends.
#[derive(Debug)]
pub(super) struct Helper {
    stream: UnixStream,
    process: Option<Pid>,
}

impl Helper {
    /// Splits the process off, which calls `become_helper` first. The caller must have a single thread.
    pub(super) fn split(become_helper: impl FnOnce() -> bool) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        match fork::split()? {
            Side::Parent(child) => Ok(Self {
                stream: ours,
                process: Some(child),
            }),
            Side::Child => {
                drop(ours);
                let served = become_helper() && serve(&theirs).is_ok();
                process::exit(i32::from(!served))
            }
        }
    }

    /// One that is a thread of this process, which a test cannot split.
    #[cfg(test)]
    pub(super) fn in_a_thread() -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        std::thread::spawn(move || answer_all(&theirs, &Runner::new(DEADLINE).unwrap()));
        Self {
            stream: ours,
            process: None,
        }
    }

    /// Has a program run and waits for its end.
    pub(super) fn run(&mut self, words: &[Vec<u8>]) -> Ended {
        let asked = self.ask(words);
        asked.unwrap_or_else(|error| Ended::from(&error))
    }

    fn ask(&mut self, words: &[Vec<u8>]) -> io::Result<Ended> {
        self.stream.write_all(&encode(words)?)?;
        let mut answer = Answer::default();
        self.stream.read_exact(&mut answer)?;
        decode_end(answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl Drop for Helper {
    /// A program that still runs is not waited for.
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if let Some(process) = self.process {
            let _ = waitpid(process, Some(nix::sys::wait::WaitPidFlag::WNOHANG));
        }
    }
}

fn serve(stream: &UnixStream) -> io::Result<()> {
    let runner = Runner::new(DEADLINE)?;
    runner.outlive_signals()?;
    answer_all(stream, &runner)
}

/// Until nobody asks any more.
fn answer_all(mut stream: &UnixStream, runner: &Runner) -> io::Result<()> {
    while let Some(words) = next_order(stream)? {
        stream.write_all(&encode_end(runner.run(&words)))?;
    }
    Ok(())
}

/// The length of the whole, then each word behind its own.
fn encode(words: &[Vec<u8>]) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::from(Errno::E2BIG);
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map(u32::to_be_bytes);
    let mut inside = Vec::new();
    for word in words {
        inside.extend(length(word).map_err(|_| too_long())?);
        inside.extend(word);
    }
    if inside.len() > LONGEST {
        return Err(too_long());
    }
    let prefix = length(&inside).map_err(|_| too_long())?;
    Ok([&prefix[..], &inside].concat())
}

/// `None` at the end.
fn next_order(mut stream: &UnixStream) -> io::Result<Option<Vec<Vec<u8>>>> {
    let mut prefix = Length::default();
    match stream.read_exact(&mut prefix) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = usize::try_from(u32::from_be_bytes(prefix)).map_err(io::Error::other)?;
    let length = Some(length).filter(|length| *length <= LONGEST);
    let mut inside = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    stream.read_exact(&mut inside)?;
    let words = decode(&inside).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Some(words))
}

fn decode(mut inside: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    while !inside.is_empty() {
        let (prefix, rest) = inside.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
        let (word, rest) = rest.split_at_checked(length)?;
        words.push(word.to_vec());
        inside = rest;
    }
    Some(words)
}

fn encode_end(ended: Ended) -> Answer {
    let (letter, number) = match ended {
        Ended::Itself(status) => (ITSELF, status),
        Ended::Killed(status) => (KILLED, status),
        Ended::Failed(error) => (FAILED, error),
    };
    let [a, b, c, d] = number.to_be_bytes();
    [letter, a, b, c, d]
}

fn decode_end([letter, number @ ..]: Answer) -> Option<Ended> {
    let number = i32::from_be_bytes(number);
    match letter {
        ITSELF => Some(Ended::Itself(number)),
        KILLED => Some(Ended::Killed(number)),
        FAILED => Some(Ended::Failed(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn orders_and_ends_survive_the_way() {
        for words in [vec![], vec![b"/bin/true".to_vec(), vec![], vec![0, 255]]] {
            let order = encode(&words).unwrap();
            assert_eq!(decode(&order[4..]), Some(words));
        }
        for ended in [Ended::Itself(256), Ended::Killed(9), Ended::Failed(2)] {
            assert_eq!(decode_end(encode_end(ended)), Some(ended));
        }
        assert_eq!(decode(&[0, 0, 0, 9, 1]), None);
        assert_eq!(decode_end([0; 5]), None);
    }

    #[test]
    fn an_order_longer_than_any_argument_list_is_refused_and_the_next_is_not() {
        let mut helper = Helper::in_a_thread();
        let long = vec![b"/bin/true".to_vec(), vec![b'x'; LONGEST]];
        assert_eq!(helper.run(&long), Ended::Failed(Errno::E2BIG as i32));
        assert_eq!(helper.run(&[b"/bin/true".to_vec()]), Ended::Itself(0));
    }

    #[test]
    fn a_helper_that_is_gone_runs_nothing() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let mut helper = Helper {
            stream: ours,
            process: None,
        };
        let ended = helper.run(&[b"/bin/true".to_vec()]);
        assert_eq!(ended, Ended::Failed(Errno::EPIPE as i32));
    }
}
