//! Collected values as settings: the server's parameters in the types that the engine decides by.

use std::net::Ipv4Addr;

use super::context::Evaluator;
use crate::options::OptionId;

/// A switch with a third position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `deny`, `false`, `off`
    Deny,
    /// `allow`, `true`, `on`
    Allow,
    /// `ignore`: deny without a word.
    Ignore,
}

impl Evaluator<'_> {
    /// A switch; `None` if it is not set. One that is set to null is denied, as in the original.
    #[must_use]
    pub fn flag(&self, id: OptionId) -> Option<Flag> {
        self.set.entry(id)?;
        let value = self.value(id);
        match value.as_deref().and_then(<[u8]>::first) {
            None | Some(0) => Some(Flag::Deny),
            Some(2) => Some(Flag::Ignore),
            Some(_) => Some(Flag::Allow),
        }
    }

    /// True if the switch is set to `true`; `default` if it is not set.
    #[must_use]
    pub fn is_on(&self, id: OptionId, default: Flag) -> bool {
        self.flag(id).unwrap_or(default) == Flag::Allow
    }

    /// A number of seconds, or any other of 32 bits; `None` if it is not set or has not four octets.
    #[must_use]
    pub fn seconds(&self, id: OptionId) -> Option<u32> {
        self.octets(id).map(u32::from_be_bytes)
    }

    /// A number of 16 bits.
    #[must_use]
    pub fn uint16(&self, id: OptionId) -> Option<u16> {
        self.octets(id).map(u16::from_be_bytes)
    }

    /// A number of 8 bits; further octets are ignored, as in the original.
    #[must_use]
    pub fn uint8(&self, id: OptionId) -> Option<u8> {
        self.value(id)?.first().copied()
    }

    /// An address; the first, if there are more.
    #[must_use]
    pub fn address(&self, id: OptionId) -> Option<Ipv4Addr> {
        let value = self.value(id)?;
        value.first_chunk::<4>().copied().map(Ipv4Addr::from)
    }

    /// Text as it will be compared or printed; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self, id: OptionId) -> Option<String> {
        let value = self.value(id)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    fn octets<const N: usize>(&self, id: OptionId) -> Option<[u8; N]> {
        self.value(id)?.as_ref().try_into().ok()
    }
}
