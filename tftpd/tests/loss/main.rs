//! Whole transfers in virtual time over a network that loses, repeats, delays and reorders: every one ends, with the same bytes.
//!
//! The network never loses the same datagram more than twice in a row, so every transfer can end. Its numbers come from a seed:
//! `SEED=7 cargo test -p tftpd --test loss` plays one again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod network;
mod numbers;
mod reader;
mod server;
mod writer;

use tftpd::session::Ending;
use tftpd::wire::{Direction, Mode};

use network::{Network, Side};
use numbers::{Numbers, Rng};
use reader::Reader;
use server::{Deal, Server};
use writer::Writer;

/// Transfers of each kind.
const SEEDS: u64 = 2000;
/// Blocks of one byte, so that their numbers go round.
const ROUND: usize = 66_000;
/// Far more than any of these transfers needs, in milliseconds.
const LONGEST: u64 = 100_000_000;

/// A client's part of a transfer.
trait Client {
    /// What is sent when a datagram has come.
    fn receive(&mut self, packet: &[u8]) -> Vec<Vec<u8>>;
    /// What is sent when nothing has come for a while.
    fn time_out(&mut self) -> Vec<Vec<u8>>;
    /// How long it waits, in milliseconds.
    fn patience(&self) -> u64;
}

#[test]
fn every_read_ends_with_the_bytes_of_the_file() {
    for seed in seeds() {
        let mut rng = Rng::new(seed);
        let deal = deal(&mut rng, Direction::Read);
        let file = content(&mut rng, &deal);
        let mut client = Reader::new(&deal, &mut rng);
        let server = play(&mut rng, Server::new(&deal, file.clone()), &mut client);
        assert_eq!(
            server.ending,
            Some(Ending::Complete),
            "seed {seed}: {deal:?}"
        );
        let expected = on_the_wire(&deal, &file);
        assert!(client.received == expected, "seed {seed}: {deal:?}");
    }
}

#[test]
fn every_upload_ends_with_the_bytes_that_were_sent() {
    for seed in seeds() {
        let mut rng = Rng::new(seed);
        let deal = deal(&mut rng, Direction::Write);
        let file = content(&mut rng, &deal);
        let mut client = Writer::new(&deal, on_the_wire(&deal, &file), &mut rng);
        let server = play(&mut rng, Server::new(&deal, Vec::new()), &mut client);
        assert_eq!(
            server.ending,
            Some(Ending::Complete),
            "seed {seed}: {deal:?}"
        );
        assert!(server.closed, "seed {seed}: the file is not closed");
        assert!(server.file == file, "seed {seed}: {deal:?}");
    }
}

#[test]
fn block_numbers_go_round_in_reads() {
    let mut rng = Rng::new(1);
    let deal = round_deal(Direction::Read, 0);
    let file = rng.bytes(ROUND);
    let mut client = Reader::new(&deal, &mut rng);
    let server = play(&mut rng, Server::new(&deal, file.clone()), &mut client);
    assert_eq!(server.ending, Some(Ending::Complete));
    assert!(client.received == file);
}

#[test]
fn block_numbers_go_round_in_uploads() {
    let mut rng = Rng::new(2);
    let deal = round_deal(Direction::Write, 1);
    let file = rng.bytes(ROUND);
    let mut client = Writer::new(&deal, file.clone(), &mut rng);
    let server = play(&mut rng, Server::new(&deal, Vec::new()), &mut client);
    assert_eq!(server.ending, Some(Ending::Complete));
    assert!(server.file == file);
}

fn round_deal(direction: Direction, rollover: u16) -> Deal {
    Deal {
        direction,
        mode: Mode::Octet,
        block: 1,
        window: 32,
        rollover,
        offers: true,
    }
}

#[test]
fn a_network_that_brings_nothing_ends_every_transfer_too() {
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        for direction in [Direction::Read, Direction::Write] {
            let deal = deal(&mut rng, direction);
            let mut server = Server::new(&deal, content(&mut rng, &deal));
            server.start();
            while server.ending.is_none() {
                assert!(server.now < LONGEST, "seed {seed}: {deal:?}");
                server.now = server.deadline;
                server.time_out();
            }
            assert_eq!(server.ending, Some(Ending::TimedOut), "seed {seed}");
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..SEEDS,
    }
}

fn deal(rng: &mut Rng, direction: Direction) -> Deal {
    Deal {
        direction,
        mode: if rng.chance(30) {
            Mode::Netascii
        } else {
            Mode::Octet
        },
        block: usize::try_from(rng.between(1, 12)).unwrap(),
        window: if rng.chance(50) {
            1
        } else {
            u16::try_from(rng.between(2, 20)).unwrap()
        },
        rollover: 0,
        offers: rng.chance(50),
    }
}

/// Often a multiple of the block, and full of what netascii converts.
fn content(rng: &mut Rng, deal: &Deal) -> Vec<u8> {
    let blocks = rng.between(0, 40);
    let rest = if rng.chance(40) {
        0
    } else {
        rng.between(0, 11)
    };
    let length = usize::try_from(blocks).unwrap() * deal.block + usize::try_from(rest).unwrap();
    let letters = b"a\r\n\0b";
    let letter = |byte: u8| letters[usize::from(byte) % letters.len()];
    rng.bytes(length).into_iter().map(letter).collect()
}

/// RFC 764 by way of RFC 1350: line feed becomes CR LF, carriage return CR NUL.
fn on_the_wire(deal: &Deal, file: &[u8]) -> Vec<u8> {
    let encode = |byte: &u8| match (deal.mode, byte) {
        (Mode::Netascii, b'\n') => b"\r\n".to_vec(),
        (Mode::Netascii, b'\r') => b"\r\0".to_vec(),
        (_, other) => vec![*other],
    };
    file.iter().flat_map(encode).collect()
}

/// Lets time pass from event to event until the server's part is over.
fn play(rng: &mut Rng, mut server: Server, client: &mut impl Client) -> Server {
    let mut network = Network::new(rng);
    server.start();
    let mut client_deadline = client.patience();
    loop {
        for packet in server.take_sent() {
            network.send(Side::Client, server.now, packet);
        }
        if server.ending.is_some() {
            return server;
        }
        let timer = server.deadline.min(client_deadline);
        match network.next_before(timer) {
            Some((now, Side::Server, packet)) => {
                server.now = now;
                server.receive(&packet);
            }
            Some((now, Side::Client, packet)) => {
                server.now = now;
                client_deadline = now + client.patience();
                let answers = client.receive(&packet);
                network.send_all(Side::Server, now, answers);
            }
            None if timer == client_deadline => {
                server.now = timer;
                client_deadline = timer + client.patience();
                let packets = client.time_out();
                network.send_all(Side::Server, timer, packets);
            }
            None => {
                server.now = timer;
                server.time_out();
            }
        }
        assert!(server.now < LONGEST, "the transfer does not end");
    }
}

#[test]
fn numbers_go_on_at_the_rollover() {
    let numbers = Numbers { rollover: 1 };
    assert_eq!([numbers.of(1), numbers.of(65_535)], [1, 65_535]);
    assert_eq!([numbers.of(65_536), numbers.of(65_537)], [1, 2]);
    assert_eq!(numbers.of(65_535 * 2 + 1), 1);
}
