//! The process that asks the system's resolver. It is split off before anything changes: it keeps the root directory and the
//! files that the C library needs, and what name servers send is read there and not in the server.
//!
//! A question and its answer are one message each. Several threads take questions, so that a name server that does not
//! answer keeps only those who ask for its names waiting.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process;
use std::str;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::process::detach;
use common::sys::fork::{self, Side};
use common::sys::names::{self, LookupError};
use common::sys::sandbox::Wish;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, Shutdown, SockFlag, SockType, recv, send, shutdown, socketpair,
};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::identity::Identity;
use super::sandbox;

/// Look-ups that run at the same time.
const WORKERS: usize = 8;

/// The longest message: a name and its addresses.
const MESSAGE: usize = 4096;

/// Addresses of one name that are passed on.
const ADDRESSES: usize = 64;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The addresses of a host.
    Addresses(Box<str>),
    /// The name of the host with an address.
    Name(Ipv4Addr),
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// To [`Question::Addresses`].
    Addresses(Box<str>, Result<Vec<Ipv4Addr>, LookupError>),
    /// To [`Question::Name`]: `None` if it has no name.
    Name(Ipv4Addr, Option<Box<str>>),
}

/// The server's end. When it is dropped the process ends.
#[derive(Debug)]
pub(super) struct Resolver {
    socket: Arc<OwnedFd>,
    process: Option<Pid>,
}

impl Resolver {
    /// Splits the process off. It becomes `identity`. The caller must have a single thread.
    pub(super) fn start(identity: Identity, wish: Wish) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        match fork::split()? {
            Side::Parent(child) => Ok(Self {
                socket: Arc::new(ours),
                process: Some(child),
            }),
            Side::Child => {
                drop(ours);
                serve(theirs, identity, wish)
            }
        }
    }

    /// Asks. False if too much has been asked already, or the process is gone.
    pub(super) fn ask(&self, question: &Question) -> bool {
        let message = question.encode();
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        send(self.socket.as_raw_fd(), &message, flags).is_ok()
    }

    /// Waits for the next answer, but not beyond `deadline`.
    pub(super) fn next_answer(&self, deadline: Instant) -> Option<Answer> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, timeout) {
            Ok(1..) => receive(&self.socket)
                .ok()
                .as_deref()
                .and_then(Answer::decode),
            _ => None,
        }
    }

    /// Passes answers on from now on; the end of them means that the process is gone.
    pub(super) fn listen(&self) -> io::Result<UnboundedReceiver<Answer>> {
        let socket = Arc::clone(&self.socket);
        let (sender, answers) = mpsc::unbounded_channel();
        let pass_on = move || {
            while let Ok(message) = receive(&socket) {
                let known = Answer::decode(&message).map(|answer| sender.send(answer));
                if known.is_none_or(|sent| sent.is_err()) {
                    break;
                }
            }
        };
        thread::Builder::new()
            .name("answers".to_owned())
            .spawn(pass_on)?;
        Ok(answers)
    }
}

impl Drop for Resolver {
    /// Nobody is left to be told what fails here.
    fn drop(&mut self) {
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Both);
        if let Some(process) = self.process {
            let _ = waitpid(process, None);
        }
    }
}

/// The next message; an error at the end.
fn receive(socket: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; MESSAGE];
    let length = loop {
        match recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Err(Errno::EINTR) => {}
            other => break other?,
        }
    };
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    buffer.truncate(length);
    Ok(buffer)
}

/// Answers until nobody asks any more.
fn serve(socket: OwnedFd, identity: Identity, wish: Wish) -> ! {
    if detach().is_err() || identity.take_on().is_err() {
        process::exit(1);
    }
    sandbox::enter_resolver(wish);
    let socket = Arc::new(socket);
    for _ in 1..WORKERS {
        let socket = Arc::clone(&socket);
        // With fewer of them some look-ups wait for others.
        let _ = thread::Builder::new().spawn(move || work(&socket));
    }
    work(&socket)
}

fn work(socket: &OwnedFd) -> ! {
    while let Ok(message) = receive(socket) {
        let Some(question) = Question::decode(&message) else {
            break;
        };
        let answer = question.answer().encode();
        if send(socket.as_raw_fd(), &answer, MsgFlags::MSG_NOSIGNAL).is_err() {
            break;
        }
    }
    // The other threads may be in the middle of a look-up that nobody waits for.
    process::exit(0)
}

impl Question {
    fn answer(self) -> Answer {
        match self {
            Self::Addresses(name) => {
                let found = names::addresses_of(&name);
                Answer::Addresses(name, found)
            }
            Self::Name(address) => {
                Answer::Name(address, names::name_of(address.into()).map(Into::into))
            }
        }
    }

    /// A letter, then the name or the address.
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Addresses(name) => [b"A", name.as_bytes()].concat(),
            Self::Name(address) => [b"N".as_slice(), &address.octets()].concat(),
        }
    }

    fn decode(message: &[u8]) -> Option<Self> {
        match message.split_first()? {
            (b'A', name) => Some(Self::Addresses(str::from_utf8(name).ok()?.into())),
            (b'N', octets) => Some(Self::Name(address(octets)?)),
            _ => None,
        }
    }
}

/// Why there are no addresses, as a letter.
const LETTERS: [(u8, LookupError); 4] = [
    (b'U', LookupError::Unknown),
    (b'N', LookupError::NoAddress),
    (b'T', LookupError::Temporary),
    (b'F', LookupError::Failed),
];

impl Answer {
    /// As the question; behind a name a NUL, then four octets for each address, or the letter of a failure.
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Addresses(name, found) => {
                let mut message = [b"A", name.as_bytes(), &[0]].concat();
                match found {
                    Ok(found) => found
                        .iter()
                        .take(ADDRESSES)
                        .for_each(|address| message.extend(address.octets())),
                    Err(error) => {
                        let letter = LETTERS.iter().find(|(_, known)| known == error);
                        message.extend(letter.map(|(letter, _)| *letter));
                    }
                }
                message
            }
            Self::Name(address, name) => {
                let name = name.as_deref().unwrap_or_default();
                [b"N".as_slice(), &address.octets(), name.as_bytes()].concat()
            }
        }
    }

    fn decode(message: &[u8]) -> Option<Self> {
        match message.split_first()? {
            (b'A', rest) => {
                let end = rest.iter().position(|byte| *byte == 0)?;
                let (name, found) = rest.split_at_checked(end)?;
                let found = found_in(found.get(1..)?);
                Some(Self::Addresses(str::from_utf8(name).ok()?.into(), found))
            }
            (b'N', rest) => {
                let (octets, name) = rest.split_at_checked(4)?;
                let name = str::from_utf8(name).ok().filter(|name| !name.is_empty());
                Some(Self::Name(address(octets)?, name.map(Into::into)))
            }
            _ => None,
        }
    }
}

fn found_in(found: &[u8]) -> Result<Vec<Ipv4Addr>, LookupError> {
    match found {
        [letter] => {
            let known = LETTERS.iter().find(|(known, _)| known == letter);
            Err(known.map_or(LookupError::Failed, |(_, error)| *error))
        }
        octets => Ok(octets.chunks_exact(4).filter_map(address).collect()),
    }
}

fn address(octets: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from)
}

/// How long a start waits for the names that its configuration mentions. Those that take longer come later.
pub(super) const FIRST_ANSWERS: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const HERE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);

    #[test]
    fn questions_and_answers_survive_the_way() {
        for question in [
            Question::Addresses("gw.example".into()),
            Question::Name(HERE),
        ] {
            assert_eq!(Question::decode(&question.encode()), Some(question));
        }
        let failures = LETTERS.map(|(_, error)| Err(error)).into_iter();
        for found in failures.chain([Ok(vec![HERE, Ipv4Addr::LOCALHOST])]) {
            let answer = Answer::Addresses("gw.example".into(), found);
            assert_eq!(Answer::decode(&answer.encode()), Some(answer));
        }
        for name in [None, Some("gw.example".into())] {
            let answer = Answer::Name(HERE, name);
            assert_eq!(Answer::decode(&answer.encode()), Some(answer));
        }
    }

    #[test]
    fn the_longest_answer_fits_into_a_message() {
        let answer = Answer::Addresses("x".repeat(1024).into(), Ok(vec![HERE; 10_000]));
        assert!(answer.encode().len() < MESSAGE);
    }

    #[test]
    fn what_makes_no_sense_is_ignored() {
        for message in [&b""[..], b"X", b"N\x01", b"A\xff", b"Aname"] {
            assert_eq!(Answer::decode(message), None);
        }
        assert_eq!(Question::decode(b"N\x01\x02\x03"), None);
    }

    #[test]
    fn workers_answer_and_end_with_the_server() {
        // A thread stands for the process, which a test cannot split off.
        let (ours, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .unwrap();
        let worker = thread::spawn(move || {
            let message = receive(&theirs).unwrap();
            let answer = Question::decode(&message).unwrap().answer();
            send(theirs.as_raw_fd(), &answer.encode(), MsgFlags::empty()).unwrap();
            receive(&theirs).unwrap_err().kind()
        });
        let resolver = Resolver {
            socket: Arc::new(ours),
            process: None,
        };
        assert!(resolver.ask(&Question::Addresses("10.9.0.1".into())));
        let deadline = Instant::now() + Duration::from_secs(20);
        let answer = resolver.next_answer(deadline).unwrap();
        assert_eq!(answer, Answer::Addresses("10.9.0.1".into(), Ok(vec![HERE])));
        drop(resolver);
        assert_eq!(worker.join().unwrap(), io::ErrorKind::UnexpectedEof);
    }
}
