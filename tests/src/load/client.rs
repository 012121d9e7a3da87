//! One client of a load: a transfer after the other, each from a new socket.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use common::sys::udp;

use super::weather::Weather;
use super::{Buffers, Direction, Plan, content};
use crate::failure::{Context, Result};

/// When a packet is sent again.
const INTERVAL: Duration = Duration::from_millis(1000);
/// After so many repetitions in a row the transfer has failed.
const PATIENCE: u32 = 10;
/// Room for a window.
const RECEIVE_BUFFER: usize = 1 << 20;

const DATA: u8 = 3;
const ACK: u8 = 4;
const ERROR: u8 = 5;
const OACK: u8 = 6;

/// A client.
pub struct Client {
    pub state: State,
    /// Stop after the first answer.
    pub hold: bool,
    pub repeats: u64,
    pub block_size: usize,
    pub window: u16,
    /// A transfer that has ended and was not counted yet.
    pub report: Option<Report>,
    any: IpAddr,
    socket: UdpSocket,
    peer: Option<SocketAddr>,
    /// A connected socket sends and receives in less time.
    connected: bool,
    request: Vec<u8>,
    begun: Instant,
    first: Option<Duration>,
    /// The last block received in order, or acknowledged by the server.
    block: u16,
    /// The bytes received, or acknowledged by the server.
    offset: usize,
    /// Blocks received since the last ACK.
    unacknowledged: u16,
    told_gap: bool,
    deadline: Instant,
    tries: u32,
}

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may begin a transfer.
    Idle,
    /// The request is out.
    Asking,
    /// The first answer came, and it waits to be released.
    Held,
    /// Blocks travel.
    Moving,
    /// There is nothing left to do.
    Over,
}

/// A transfer that has ended.
pub struct Report {
    pub time: Duration,
    pub first: Duration,
    pub failure: Option<String>,
}

impl Client {
    pub fn new(any: IpAddr) -> Result<Self> {
        let now = Instant::now();
        Ok(Self {
            state: State::Idle,
            hold: false,
            repeats: 0,
            block_size: 512,
            window: 1,
            report: None,
            any,
            socket: open(any)?,
            peer: None,
            connected: false,
            request: Vec::new(),
            begun: now,
            first: None,
            block: 0,
            offset: 0,
            unacknowledged: 0,
            told_gap: false,
            deadline: now,
            tries: 0,
        })
    }

    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub fn begin(&mut self, name: &str, plan: &Plan) -> Result<()> {
        self.socket = open(self.any)?;
        if plan.window > 1 {
            udp::set_receive_buffer(&self.socket, RECEIVE_BUFFER).context("cannot get room")?;
        }
        self.request = request(name, plan);
        self.peer = None;
        self.state = State::Asking;
        self.first = None;
        (self.block, self.offset, self.unacknowledged) = (0, 0, 0);
        (self.block_size, self.window) = (512, 1);
        self.begun = Instant::now();
        self.progress(self.begun);
        self.connected = false;
        self.put_request_on_wire(plan);
        Ok(())
    }

    /// The request leaves whatever the weather: only the rest of the transfer is subject to it.
    fn put_request_on_wire(&self, plan: &Plan) {
        // A server that is not there shows by the time-out.
        let _ = self.socket.send_to(&self.request, plan.server);
    }

    /// Goes on with a transfer that was held after its first answer.
    pub fn release(&mut self, index: usize, plan: &Plan, weather: &mut Weather, now: Instant) {
        if self.state == State::Held {
            self.state = State::Moving;
            self.progress(now);
            self.say(index, plan, weather);
        }
    }

    pub fn receive(
        &mut self,
        index: usize,
        plan: &Plan,
        weather: &mut Weather,
        buffers: &mut Buffers,
        now: Instant,
    ) {
        if self.window == 1 {
            // A failure is the news of a closed port: the clock will tell.
            if let Ok((length, peer)) = self.socket.recv_from(&mut buffers.one) {
                let packet = buffers.one.get(..length).unwrap_or_default();
                self.take_in_weather(index, packet, peer, plan, weather, now);
            }
        } else if buffers.many.receive(&self.socket).is_ok() {
            for datagram in buffers.many.datagrams() {
                if let Some(peer) = datagram.peer {
                    self.take_in_weather(index, datagram.bytes, peer, plan, weather, now);
                }
            }
        }
    }

    fn take_in_weather(
        &mut self,
        index: usize,
        packet: &[u8],
        peer: SocketAddr,
        plan: &Plan,
        weather: &mut Weather,
        now: Instant,
    ) {
        if !weather.loses() {
            self.take(index, packet, peer, plan, weather, now);
        }
    }

    pub fn look_at_clock(
        &mut self,
        index: usize,
        plan: &Plan,
        weather: &mut Weather,
        now: Instant,
    ) {
        if now < self.deadline || !matches!(self.state, State::Asking | State::Moving) {
            return;
        }
        self.tries += 1;
        self.repeats += 1;
        self.deadline = now + INTERVAL;
        if self.tries > PATIENCE {
            return self.end(now, Some("no answer".to_owned()));
        }
        match self.state {
            State::Asking => self.put_request_on_wire(plan),
            _ => self.say(index, plan, weather),
        }
    }

    /// Sends a packet that has passed the weather.
    pub fn put_on_wire(&self, packet: &[u8]) {
        // A closed port, like a full queue, is a loss: the clock repeats the packet.
        let _ = match self.peer {
            Some(_) if self.connected => self.socket.send(packet),
            Some(peer) => self.socket.send_to(packet, peer),
            None => Ok(0),
        };
    }

    fn send_to(&self, index: usize, packet: &[u8], weather: &mut Weather) {
        if !weather.loses() && weather.keep(index, packet, Instant::now()).is_none() {
            self.put_on_wire(packet);
        }
    }

    fn take(
        &mut self,
        index: usize,
        packet: &[u8],
        peer: SocketAddr,
        plan: &Plan,
        weather: &mut Weather,
        now: Instant,
    ) {
        if !matches!(self.state, State::Asking | State::Moving) {
            return;
        }
        if *self.peer.get_or_insert(peer) != peer {
            return;
        }
        self.first.get_or_insert(now - self.begun);
        let asking = self.state == State::Asking;
        self.state = State::Moving;
        match packet {
            [0, OACK, options @ ..] if asking => {
                self.agree(options);
                self.progress(now);
                self.go_on(index, plan, weather);
            }
            [0, DATA, high, low, payload @ ..] if plan.direction == Direction::Read => {
                let block = u16::from_be_bytes([*high, *low]);
                self.take_block(index, block, payload, plan, weather, now);
            }
            [0, ACK, high, low, ..] if plan.direction == Direction::Write => {
                let block = u16::from_be_bytes([*high, *low]);
                self.take_ack(index, block, asking, plan, weather, now);
            }
            [0, ERROR, _, _, text @ ..] => {
                self.end(now, Some(String::from_utf8_lossy(text).into_owned()));
            }
            _ => {}
        }
    }

    fn agree(&mut self, options: &[u8]) {
        let words: Vec<&[u8]> = options.split(|&byte| byte == 0).collect();
        for pair in words.chunks_exact(2) {
            let value = pair
                .get(1)
                .and_then(|value| std::str::from_utf8(value).ok());
            let value = value.and_then(|value| value.parse::<u16>().ok());
            match (pair.first(), value) {
                (Some(&b"blksize"), Some(value)) => self.block_size = value.into(),
                (Some(&b"windowsize"), Some(value)) => self.window = value,
                _ => {}
            }
        }
    }

    /// Worth its call for a transfer of more than one block.
    fn connect(&mut self) {
        if let (false, Some(peer)) = (self.connected, self.peer) {
            self.connected = self.socket.connect(peer).is_ok();
        }
    }

    /// Answers the first packet, unless the transfer shall be held.
    fn go_on(&mut self, index: usize, plan: &Plan, weather: &mut Weather) {
        self.connect();
        if self.hold {
            self.state = State::Held;
        } else {
            self.say(index, plan, weather);
        }
    }

    /// What a client says when it is its turn: the ACK of what it has, or the window that is due.
    fn say(&mut self, index: usize, plan: &Plan, weather: &mut Weather) {
        match plan.direction {
            Direction::Read => self.acknowledge(index, weather),
            Direction::Write => self.send_window(index, plan, weather),
        }
    }

    fn acknowledge(&mut self, index: usize, weather: &mut Weather) {
        self.unacknowledged = 0;
        let [high, low] = self.block.to_be_bytes();
        self.send_to(index, &[0, ACK, high, low], weather);
    }

    fn take_block(
        &mut self,
        index: usize,
        block: u16,
        payload: &[u8],
        plan: &Plan,
        weather: &mut Weather,
        now: Instant,
    ) {
        let ahead = block.wrapping_sub(self.block);
        if ahead != 1 {
            // A gap is told once; the last block again means that its ACK was lost.
            let gap = (2..=self.window).contains(&ahead) && !self.told_gap;
            if gap || (ahead == 0 && self.unacknowledged == 0) {
                self.told_gap |= gap;
                self.repeats += 1;
                self.acknowledge(index, weather);
            }
            return;
        }
        if payload != content(self.offset, payload.len()) {
            return self.end(now, Some(format!("wrong bytes in block {block}")));
        }
        self.block = block;
        self.offset += payload.len();
        self.unacknowledged += 1;
        self.told_gap = false;
        self.progress(now);
        let last = payload.len() < self.block_size;
        if !last {
            self.connect();
        }
        if last || self.unacknowledged >= self.window {
            self.acknowledge(index, weather);
        }
        if last {
            let whole = self.offset == plan.size;
            self.end(now, (!whole).then(|| format!("{} bytes came", self.offset)));
        }
    }

    fn take_ack(
        &mut self,
        index: usize,
        block: u16,
        asking: bool,
        plan: &Plan,
        weather: &mut Weather,
        now: Instant,
    ) {
        let count = block.wrapping_sub(self.block);
        if count > self.window || (count == 0 && !asking) {
            return;
        }
        self.block = block;
        self.offset += usize::from(count) * self.block_size;
        self.progress(now);
        if self.offset > plan.size {
            return self.end(now, None);
        }
        self.say(index, plan, weather);
    }

    fn send_window(&mut self, index: usize, plan: &Plan, weather: &mut Weather) {
        let mut packet = Vec::with_capacity(self.block_size + 4);
        for count in 0..self.window {
            let offset = self.offset + usize::from(count) * self.block_size;
            let Some(rest) = plan.size.checked_sub(offset) else {
                return;
            };
            let block = self.block.wrapping_add(count + 1);
            packet.clear();
            packet.extend_from_slice(&[0, DATA]);
            packet.extend_from_slice(&block.to_be_bytes());
            packet.extend_from_slice(content(offset, rest.min(self.block_size)));
            self.send_to(index, &packet, weather);
        }
    }

    fn progress(&mut self, now: Instant) {
        self.tries = 0;
        self.deadline = now + INTERVAL;
    }

    fn end(&mut self, now: Instant, failure: Option<String>) {
        let time = now - self.begun;
        self.state = State::Idle;
        self.report = Some(Report {
            time,
            first: self.first.unwrap_or(time),
            failure,
        });
    }
}

fn open(any: IpAddr) -> Result<UdpSocket> {
    udp::bind(SocketAddr::new(any, 0)).context("cannot open a socket")
}

fn request(name: &str, plan: &Plan) -> Vec<u8> {
    let opcode = match plan.direction {
        Direction::Read => 1,
        Direction::Write => 2,
    };
    let mut words = vec![name.to_owned(), "octet".to_owned()];
    if plan.block != 512 {
        words.extend(["blksize".to_owned(), plan.block.to_string()]);
    }
    if plan.window > 1 {
        words.extend(["windowsize".to_owned(), plan.window.to_string()]);
    }
    let mut request = vec![0, opcode];
    for word in words {
        request.extend_from_slice(word.as_bytes());
        request.push(0);
    }
    request
}
