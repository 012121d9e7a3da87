//! Replacements: text, groups, the client's address, and changes of case.

use std::net::IpAddr;

use super::{Groups, LONGEST_NAME};

/// A replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
    /// The client's address as people write it.
    Address,
    /// The client's address in hexadecimal.
    HexAddress,
    Case(Case),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Upper,
    Lower,
    AsWritten,
}

impl Template {
    /// Reads a replacement as the third field has it.
    pub fn parse(field: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut bytes = field.iter().copied();
        while let Some(byte) = bytes.next() {
            let piece = if byte == b'\\' {
                bytes.next().map_or(Piece::text(byte), Piece::escaped)
            } else {
                Piece::text(byte)
            };
            append(&mut pieces, piece);
        }
        Self { pieces }
    }

    /// True if the rule has none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What stands for a match in `subject`. A change of case ends with the replacement. What is longer than a name may
    /// be is not made to its end.
    pub fn expand(&self, subject: &[u8], groups: &Groups, client: IpAddr) -> Vec<u8> {
        let mut out = Vec::new();
        let mut case = Case::AsWritten;
        for piece in &self.pieces {
            if out.len() > LONGEST_NAME {
                break;
            }
            match piece {
                Piece::Text(text) => case.append(&mut out, text),
                Piece::Group(number) => case.append(&mut out, group(subject, groups, *number)),
                Piece::Address => case.append(&mut out, client.to_string().as_bytes()),
                Piece::HexAddress => case.append(&mut out, hexadecimal(client).as_bytes()),
                Piece::Case(next) => case = *next,
            }
        }
        out
    }
}

impl Piece {
    fn text(byte: u8) -> Self {
        Self::Text(vec![byte])
    }

    fn escaped(letter: u8) -> Self {
        match letter {
            b'0'..=b'9' => Self::Group(usize::from(letter - b'0')),
            b'i' => Self::Address,
            b'x' => Self::HexAddress,
            b'U' => Self::Case(Case::Upper),
            b'L' => Self::Case(Case::Lower),
            b'E' => Self::Case(Case::AsWritten),
            other => Self::text(other),
        }
    }
}

/// Neighbouring texts become one.
fn append(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(before)), Piece::Text(text)) => before.extend(text),
        (_, piece) => pieces.push(piece),
    }
}

fn group<'a>(subject: &'a [u8], groups: &Groups, number: usize) -> &'a [u8] {
    let place = groups.get(number).copied().flatten();
    place
        .and_then(|(start, end)| subject.get(start..end))
        .unwrap_or_default()
}

fn hexadecimal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:08X}", address.to_bits()),
        IpAddr::V6(address) => format!("{:032X}", address.to_bits()),
    }
}

impl Case {
    fn append(self, out: &mut Vec<u8>, text: &[u8]) {
        match self {
            Self::Upper => out.extend(text.iter().map(u8::to_ascii_uppercase)),
            Self::Lower => out.extend(text.iter().map(u8::to_ascii_lowercase)),
            Self::AsWritten => out.extend_from_slice(text),
        }
    }
}
