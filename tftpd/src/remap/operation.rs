//! The letters of a rule's first field.

use std::net::IpAddr;

use crate::wire::Direction;

/// Replace what matched.
pub const REWRITE: u8 = b'r';
/// Replace again until nothing matches any more.
pub const GLOBAL: u8 = b'g';
/// Letters of both cases are the same.
pub const IGNORE_CASE: u8 = b'i';
/// Stop with the name as it is now.
pub const EXIT: u8 = b'e';
/// Stop if the name as it is now can be opened; otherwise the rule has changed nothing.
pub const EXIT_IF_THERE: u8 = b'E';
/// Go on with the second rule of the file.
pub const RESTART: u8 = b's';
/// Refuse the request.
pub const ABORT: u8 = b'a';
/// Go on behind a label.
pub const JUMP: u8 = b'j';
/// Act if the pattern does not match.
pub const INVERTED: u8 = b'~';
const READS_ONLY: u8 = b'G';
const WRITES_ONLY: u8 = b'P';
const IPV4_ONLY: u8 = b'4';
const IPV6_ONLY: u8 = b'6';

const LETTERS: &[u8] = b"rgieEsaj~GP46";

/// Letters that exclude each other. Those of tftpd-hpa 5.2 do not, except that what did not match cannot be replaced.
const CLASHES: [(u8, u8); 8] = [
    (JUMP, REWRITE),
    (JUMP, ABORT),
    (JUMP, EXIT),
    (JUMP, EXIT_IF_THERE),
    (EXIT_IF_THERE, EXIT),
    (EXIT_IF_THERE, ABORT),
    (EXIT_IF_THERE, RESTART),
    (JUMP, RESTART),
];

/// A set of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operation(u16);

/// What is wrong with the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// This letter means nothing; it stands at this place in the field.
    Unknown(u8, usize),
    /// What does not match cannot be replaced.
    InvertedRewrite,
    /// These two cannot stand together.
    Clash(u8, u8),
}

impl Operation {
    /// Reads the letters from left to right.
    ///
    /// # Errors
    /// The first [`Flaw`].
    pub fn parse(letters: &[u8]) -> Result<Self, Flaw> {
        let mut operation = Self::default();
        for (position, &letter) in letters.iter().enumerate() {
            if !LETTERS.contains(&letter) {
                return Err(Flaw::Unknown(letter, position));
            }
            operation.add(letter);
            if operation.has(REWRITE) && operation.has(INVERTED) {
                return Err(Flaw::InvertedRewrite);
            }
        }
        let clash = CLASHES
            .iter()
            .find(|(one, other)| operation.has(*one) && operation.has(*other));
        clash.map_or(Ok(operation), |&(one, other)| Err(Flaw::Clash(one, other)))
    }

    /// Of the two directions the one that is written last counts.
    fn add(&mut self, letter: u8) {
        self.0 |= bit(letter);
        match letter {
            READS_ONLY => self.0 &= !bit(WRITES_ONLY),
            WRITES_ONLY => self.0 &= !bit(READS_ONLY),
            _ => {}
        }
    }

    /// True if the letter is there.
    pub fn has(self, letter: u8) -> bool {
        self.0 & bit(letter) != 0
    }

    /// True if a rule with these letters is looked at for such a request.
    pub fn applies(self, direction: Direction, client: IpAddr) -> bool {
        let other_direction = match direction {
            Direction::Read => WRITES_ONLY,
            Direction::Write => READS_ONLY,
        };
        let other_family = if client.is_ipv4() {
            IPV6_ONLY
        } else {
            IPV4_ONLY
        };
        !self.has(other_direction) && !self.has(other_family)
    }
}

fn bit(letter: u8) -> u16 {
    let position = LETTERS.iter().position(|&known| known == letter);
    position.map_or(0, |position| 1 << position)
}
