//! Many clients at once in one thread.

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::client::ack;

const BLOCK: usize = 1432;
const PATIENCE: Duration = Duration::from_secs(180);
/// How long the whole crowd may hear nothing before those who wait ask again, as any client does.
const RETRY: u16 = 500;

/// Clients that have got their OACK.
pub struct Crowd(Vec<Member>);

struct Member {
    socket: UdpSocket,
    peer: SocketAddr,
    heard: bool,
    /// The last packet sent.
    sent: Vec<u8>,
    block: u16,
    contents: Vec<u8>,
    complete: bool,
}

impl Crowd {
    /// Lets so many clients send the request, and waits until all have their OACK.
    pub fn gather(size: usize, request: &[u8], server: SocketAddr) -> Self {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
        let mut crowd = Self((0..size).map(|_| Member::new(request, server)).collect());
        crowd.run(|member| member.heard);
        crowd
    }

    /// Fetches the file for all of them at once.
    pub fn fetch(&mut self) -> Vec<Vec<u8>> {
        for member in &mut self.0 {
            member.send(ack(0));
        }
        self.run(|member| member.complete);
        self.0.drain(..).map(|member| member.contents).collect()
    }

    fn run(&mut self, done: impl Fn(&Member) -> bool) {
        let begun = Instant::now();
        while self.0.iter().any(|member| !done(member)) {
            assert!(begun.elapsed() < PATIENCE, "the crowd waits in vain");
            let ready = self.ready();
            if ready.is_empty() {
                self.0
                    .iter_mut()
                    .filter(|member| !done(member))
                    .for_each(Member::repeat);
            }
            for index in ready {
                self.0[index].receive();
            }
        }
    }

    /// Who has received something.
    fn ready(&self) -> Vec<usize> {
        let mut waiting: Vec<_> = self
            .0
            .iter()
            .map(|member| PollFd::new(member.socket.as_fd(), PollFlags::POLLIN))
            .collect();
        poll(&mut waiting, PollTimeout::from(RETRY)).unwrap();
        let heard = |entry: &PollFd<'_>| entry.any() == Some(true);
        waiting
            .iter()
            .enumerate()
            .filter(|(_, entry)| heard(entry))
            .map(|(index, _)| index)
            .collect()
    }
}

impl Member {
    fn new(request: &[u8], server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut member = Self {
            socket,
            peer: server,
            heard: false,
            sent: Vec::new(),
            block: 0,
            contents: Vec::new(),
            complete: false,
        };
        member.send(request.to_vec());
        member
    }

    fn send(&mut self, packet: Vec<u8>) {
        self.sent = packet;
        self.repeat();
    }

    fn repeat(&mut self) {
        self.socket.send_to(&self.sent, self.peer).unwrap();
    }

    fn receive(&mut self) {
        let mut buffer = [0; BLOCK + 4];
        let (length, peer) = self.socket.recv_from(&mut buffer).unwrap();
        let packet = &buffer[..length];
        (self.peer, self.heard) = (peer, true);
        let expected = self.block + 1;
        if packet[1] != 3 || packet[2..4] != expected.to_be_bytes() {
            return;
        }
        self.block = expected;
        self.contents.extend_from_slice(&packet[4..]);
        self.complete = length < BLOCK + 4;
        self.send(ack(expected));
    }
}
