//! Whole transfers, lock-step and without loss, for files that are too long to be written down block by block.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;

use super::clients::Client;
use super::packet;
use crate::failure::{Context, Failure, Result};
use crate::lab::Namespace;
use crate::tftp::PATIENCE;

const DEFAULT_BLOCK: usize = 512;

/// What a transfer ran with and how it went.
pub(super) struct Report {
    /// The answer to the request, if it is more than the first block.
    pub(super) answer: Option<Vec<u8>>,
    /// Where the server sent from.
    pub(super) port: SocketAddr,
    /// How it went, in words.
    pub(super) outcome: String,
}

/// Reads a file with a request that has been sent already; what comes is held against `original`, in `mode` `netascii` converted.
pub(super) fn get(client: &mut Client, home: &Namespace, original: &Original) -> Result<Report> {
    let first = next(client)?;
    let port = client.peer.ok_or_else(|| Failure::new("no answer"))?;
    let terms = Terms::of(&first);
    let mut packet = first.clone();
    if terms.answered {
        client.send(home, &ack(0), port)?;
        packet = next(client)?;
    }
    let mut number: u16 = 1;
    let (mut octets, mut blocks) = (0, 0_u64);
    let outcome = loop {
        let Some(payload) = payload(&packet, number) else {
            break format!("then {}", packet::render(&packet));
        };
        if !original.holds(payload, octets)? {
            break format!("block {blocks} differs from the file");
        }
        octets += payload.len() as u64;
        blocks += 1;
        client.send(home, &ack(number), port)?;
        if payload.len() < terms.block {
            let ends = if original.length() == octets {
                "like the file"
            } else {
                "cut off"
            };
            break format!("{octets} octets in {blocks} blocks, {ends}");
        }
        number = number.checked_add(1).unwrap_or(terms.rollover);
        packet = next(client)?;
    };
    let answer = (terms.answered || packet == first).then_some(first);
    Ok(Report {
        answer,
        port,
        outcome,
    })
}

/// Writes `content` with a request that has been sent already.
pub(super) fn put(client: &mut Client, home: &Namespace, content: &[u8]) -> Result<Report> {
    let first = next(client)?;
    let port = client.peer.ok_or_else(|| Failure::new("no answer"))?;
    let terms = Terms::of(&first);
    let (mut number, mut blocks): (u16, u64) = (0, 0);
    let mut rest = content;
    let mut is_last = false;
    let mut answer = first.clone();
    let outcome = loop {
        let is_acknowledged = answer == ack(number) || (blocks == 0 && terms.answered);
        if !is_acknowledged {
            break format!("then {}", packet::render(&answer));
        }
        if is_last {
            break format!("{} octets in {blocks} blocks", content.len());
        }
        let (block, tail) = rest.split_at(rest.len().min(terms.block));
        rest = tail;
        is_last = block.len() < terms.block;
        number = number.checked_add(1).unwrap_or(terms.rollover);
        blocks += 1;
        client.send(home, &data(number, block), port)?;
        answer = next(client)?;
    };
    Ok(Report {
        answer: Some(first),
        port,
        outcome,
    })
}

/// The file that is read, as the client should get it.
pub(super) enum Original {
    /// As it is on the disk.
    File(File, u64),
    /// Converted.
    Octets(Vec<u8>),
}

impl Original {
    pub(super) fn new(file: File, is_netascii: bool) -> Result<Self> {
        let length = file.metadata().context("cannot look at a file")?.len();
        if !is_netascii {
            return Ok(Self::File(file, length));
        }
        let mut octets = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact_at(&mut octets, 0).context("cannot read")?;
        Ok(Self::Octets(netascii(&octets)))
    }

    fn length(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Octets(octets) => octets.len() as u64,
        }
    }

    fn holds(&self, payload: &[u8], offset: u64) -> Result<bool> {
        match self {
            Self::File(file, _) => {
                let mut octets = vec![0; payload.len()];
                let read = file.read_exact_at(&mut octets, offset);
                Ok(read.is_ok() && octets == payload)
            }
            Self::Octets(octets) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let rest = octets.get(start..).unwrap_or_default();
                Ok(rest.starts_with(payload))
            }
        }
    }
}

/// RFC 764 by way of RFC 1350: line feed becomes CR LF, carriage return CR NUL.
fn netascii(octets: &[u8]) -> Vec<u8> {
    let encode = |octet: &u8| match octet {
        b'\n' => b"\r\n".to_vec(),
        b'\r' => b"\r\0".to_vec(),
        other => vec![*other],
    };
    octets.iter().flat_map(encode).collect()
}

struct Terms {
    answered: bool,
    block: usize,
    rollover: u16,
}

impl Terms {
    fn of(answer: &[u8]) -> Self {
        let pairs = answer.strip_prefix(b"\0\x06").unwrap_or_default();
        let strings: Vec<String> = pairs
            .split(|octet| *octet == 0)
            .map(|string| String::from_utf8_lossy(string).to_ascii_lowercase())
            .collect();
        let value = |name: &str| {
            let found = strings
                .chunks(2)
                .rfind(|pair| pair.first().is_some_and(|key| key == name));
            found?.get(1)?.parse().ok()
        };
        let block = value("blksize").or_else(|| value("blksize2"));
        let rollover = value("rollover").and_then(|number| u16::try_from(number).ok());
        Self {
            answered: answer.starts_with(b"\0\x06"),
            block: block.unwrap_or(DEFAULT_BLOCK),
            rollover: rollover.unwrap_or(0),
        }
    }
}

fn next(client: &mut Client) -> Result<Vec<u8>> {
    let arrival = client.await_datagram(PATIENCE)?;
    let arrival = arrival.ok_or_else(|| Failure::new("the server has fallen silent"))?;
    Ok(arrival.packet)
}

fn payload(packet: &[u8], number: u16) -> Option<&[u8]> {
    let header = [&[0, 3][..], &number.to_be_bytes()].concat();
    packet.strip_prefix(header.as_slice())
}

fn ack(number: u16) -> Vec<u8> {
    [&[0, 4][..], &number.to_be_bytes()].concat()
}

fn data(number: u16, payload: &[u8]) -> Vec<u8> {
    [&[0, 3][..], &number.to_be_bytes(), payload].concat()
}
