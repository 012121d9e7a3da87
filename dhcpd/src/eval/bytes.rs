//! Bytes that expressions yield.

use std::borrow::Cow;
use std::ops::Deref;

/// Bytes, borrowed where they can be.
///
/// Empty ones are of two kinds, which the original tells apart since nothing lies in its memory for one of them: those
/// that are *hollow*, such as `""` or what is cut from behind the end of a text, and those that were sent or made, such
/// as an option of no length or `concat("", "")`. Hollow ones match no pattern, and a variable that holds them is not
/// written into the lease file. Both are equal.
#[derive(Clone, Debug, Default)]
pub struct Bytes<'e> {
    /// `None` if hollow.
    held: Option<Cow<'e, [u8]>>,
}

impl<'e> Bytes<'e> {
    /// What has nothing in memory.
    pub const HOLLOW: Self = Self { held: None };

    /// What stands in the configuration: hollow if it is empty.
    #[must_use]
    pub fn constant(octets: &'e [u8]) -> Self {
        match octets {
            [] => Self::HOLLOW,
            octets => octets.into(),
        }
    }

    /// True for empty ones of which nothing lies in memory.
    #[must_use]
    pub fn is_hollow(&self) -> bool {
        self.held.is_none()
    }

    /// The part from `start` to `end`, both within.
    #[must_use]
    pub fn part(self, start: usize, end: usize) -> Self {
        let held = self.held.map(|held| match held {
            Cow::Borrowed(octets) => Cow::Borrowed(octets.get(start..end).unwrap_or_default()),
            Cow::Owned(octets) => Cow::Owned(octets.get(start..end).unwrap_or_default().to_vec()),
        });
        Self { held }
    }

    /// The octets alone.
    #[must_use]
    pub fn into_cow(self) -> Cow<'e, [u8]> {
        self.held.unwrap_or_default()
    }

    /// The same, no longer borrowed.
    #[must_use]
    pub fn into_owned(self) -> Bytes<'static> {
        let held = self.held.map(|held| Cow::Owned(held.into_owned()));
        Bytes { held }
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.held.as_deref().unwrap_or_default()
    }
}

impl AsRef<[u8]> for Bytes<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'e> From<&'e [u8]> for Bytes<'e> {
    fn from(octets: &'e [u8]) -> Self {
        Cow::Borrowed(octets).into()
    }
}

impl From<Vec<u8>> for Bytes<'_> {
    fn from(octets: Vec<u8>) -> Self {
        Cow::<[u8]>::Owned(octets).into()
    }
}

impl<'e> From<Cow<'e, [u8]>> for Bytes<'e> {
    fn from(octets: Cow<'e, [u8]>) -> Self {
        let held = Some(octets);
        Self { held }
    }
}
