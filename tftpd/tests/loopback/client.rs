//! A TFTP client that shows every packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client<'a> {
    socket: UdpSocket,
    server: &'a Server,
    /// What came last, and from where.
    last: Option<(SocketAddr, Vec<u8>)>,
}

impl<'a> Client<'a> {
    pub fn new(server: &'a Server) -> Self {
        let local: IpAddr = match server.address() {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let socket = UdpSocket::bind((local, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            server,
            last: None,
        }
    }

    /// Fetches a whole file.
    pub fn read(&mut self, name: &str, mode: &str, options: &[(&str, &str)]) -> Vec<u8> {
        self.ask(&request(1, &self.server.path(name), mode, options));
        let mut first = self.receive().unwrap();
        let mut block_size = 512;
        if first[1] == 6 {
            block_size = agreed_block_size(&first);
            self.answer(&ack(0));
            first = self.receive().unwrap();
        }
        self.continue_reading(&first, block_size)
    }

    /// Fetches the rest of a file whose first block has come.
    pub fn continue_reading(&mut self, first: &[u8], block_size: usize) -> Vec<u8> {
        self.read_on(1, first, block_size)
    }

    /// Fetches the rest of a file of which this block came last.
    pub fn read_on(&mut self, number: u16, last: &[u8], block_size: usize) -> Vec<u8> {
        let (mut packet, mut contents) = (last.to_vec(), Vec::new());
        for block in number.. {
            let [high, low] = block.to_be_bytes();
            assert_eq!(packet[..4], [0, 3, high, low]);
            contents.extend_from_slice(&packet[4..]);
            self.answer(&ack(block));
            if packet.len() < block_size + 4 {
                return contents;
            }
            packet = self.receive().unwrap();
        }
        contents
    }

    /// Fetches a file in windows of at most so many blocks. A block that is named in `lost` is overlooked once.
    pub fn read_windows(&mut self, name: &str, window: u16, lost: &[u16]) -> Vec<u8> {
        let wanted = window.to_string();
        let options = [("blksize", "1000"), ("windowsize", wanted.as_str())];
        self.ask(&request(1, &self.server.path(name), "octet", &options));
        let oack = format!("\0\x06blksize\x001000\0windowsize\0{window}\0");
        assert_eq!(self.receive().unwrap(), oack.as_bytes());
        self.answer(&ack(0));
        let (mut contents, mut lost) = (Vec::new(), lost.to_vec());
        let (mut block, mut acknowledged) = (0, 0);
        loop {
            let packet = self.receive().unwrap();
            let number = u16::from_be_bytes([packet[2], packet[3]]);
            if let Some(index) = lost.iter().position(|&lost| lost == number) {
                lost.remove(index);
            } else if number == block + 1 {
                block = number;
                contents.extend_from_slice(&packet[4..]);
                let last = packet.len() < 1004;
                if last || block == acknowledged + window {
                    self.answer(&ack(block));
                    acknowledged = block;
                }
                if last {
                    return contents;
                }
            } else if number == block + 2 {
                self.answer(&ack(block));
                acknowledged = block;
            }
        }
    }

    /// Sends a datagram to the port that takes requests.
    pub fn ask(&mut self, datagram: &[u8]) {
        self.socket
            .send_to(datagram, self.server.address())
            .unwrap();
    }

    /// Begins anew: an answer that is the same as the last one, by chance from the same port, is another one.
    pub fn ask_anew(&mut self, datagram: &[u8]) {
        self.last = None;
        self.ask(datagram);
    }

    /// Sends a datagram to where the last one came from.
    pub fn answer(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.peer()).unwrap();
    }

    /// The next packet. One that comes twice in a row is a retransmission, which a busy machine brings about by itself.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65536];
        loop {
            let (length, peer) = self.socket.recv_from(&mut buffer).ok()?;
            let received = Some((peer, buffer[..length].to_vec()));
            if received != self.last {
                self.last = received;
                return Some(buffer[..length].to_vec());
            }
        }
    }

    pub fn assert_silence(&mut self, how_long: Duration) {
        self.socket.set_read_timeout(Some(how_long)).unwrap();
        assert_eq!(self.receive(), None);
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    pub fn peer(&self) -> SocketAddr {
        self.last.as_ref().expect("nothing was received yet").0
    }
}

pub fn request(opcode: u8, name: &str, mode: &str, options: &[(&str, &str)]) -> Vec<u8> {
    let mut packet = vec![0, opcode];
    let pairs = options.iter().flat_map(|&(name, value)| [name, value]);
    for word in [name, mode].into_iter().chain(pairs) {
        packet.extend_from_slice(word.as_bytes());
        packet.push(0);
    }
    packet
}

pub fn ack(block: u16) -> Vec<u8> {
    [[0, 4], block.to_be_bytes()].concat()
}

pub fn data(block: u16, payload: &[u8]) -> Vec<u8> {
    [&[0, 3], &block.to_be_bytes()[..], payload].concat()
}

fn agreed_block_size(oack: &[u8]) -> usize {
    let text = String::from_utf8(oack[2..].to_vec()).unwrap();
    let words: Vec<_> = text.split('\0').collect();
    let value = words.chunks(2).find(|pair| pair[0].starts_with("blksize"));
    value.map_or(512, |pair| pair[1].parse().unwrap())
}
