//! What a client calls itself, as it is kept in a lease. Nearly all of these are short, and a million of them in boxes of their own
//! would take as much memory for the allocator's words as for theirs.

use std::fmt;
use std::ops::Deref;

/// So many are kept in place: with its length, no more than fit where a lease needs room for a pointer in any case.
const SHORT: usize = 22;

/// A string of octets: up to 22 in place, more in a box.
#[derive(Clone)]
pub struct Octets(Form);

#[derive(Clone)]
enum Form {
    Short { length: u8, octets: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl From<&[u8]> for Octets {
    fn from(from: &[u8]) -> Self {
        let mut octets = [0; SHORT];
        let short = octets.get_mut(..from.len());
        let (Some(short), Ok(length)) = (short, u8::try_from(from.len())) else {
            return Self(Form::Long(from.into()));
        };
        short.copy_from_slice(from);
        Self(Form::Short { length, octets })
    }
}

impl<const N: usize> From<&[u8; N]> for Octets {
    fn from(octets: &[u8; N]) -> Self {
        octets.as_slice().into()
    }
}

impl From<Box<[u8]>> for Octets {
    fn from(octets: Box<[u8]>) -> Self {
        match octets.len() {
            0..=SHORT => (&*octets).into(),
            _ => Self(Form::Long(octets)),
        }
    }
}

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Form::Short { length, octets } => octets.get(..usize::from(*length)).unwrap_or(octets),
            Form::Long(octets) => octets,
        }
    }
}

impl PartialEq for Octets {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Octets {}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_come_back_whatever_their_number() {
        let all: Vec<u8> = (0..=60).collect();
        for length in 0..all.len() {
            let octets = &all[..length];
            let [kept, boxed] = [Octets::from(octets), Octets::from(Box::from(octets))];
            assert_eq!((&*kept, &kept), (octets, &boxed));
            assert_eq!(matches!(kept.0, Form::Long(_)), length > 22);
            assert_ne!(kept, Octets::from(&all[..=length]));
        }
    }

    #[test]
    fn octets_take_no_more_room_than_a_box_and_one_word() {
        assert_eq!(size_of::<Option<Octets>>(), 24);
    }
}
