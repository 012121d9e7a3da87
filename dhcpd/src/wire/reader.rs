//! Buffers of options, one after the other and one within the other.

use std::borrow::Cow;

use super::fqdn;
use super::index::{Fault, Malformed, Options};
use super::note::Note;
use crate::options::{OptionId, Registry, SpaceId, codes};

/// Encapsulated spaces within encapsulated spaces are opened this deep; the built-in ones need two.
const DEPTH_LIMIT: u8 = 8;

const PAD: u32 = 0;
const END: u32 = 255;

/// Reads buffers of options into [`Options`].
pub(super) struct Reader<'r> {
    pub(super) registry: &'r Registry,
    pub(super) notes: &'r mut Vec<Note>,
}

impl Reader<'_> {
    /// Adds the options in `buffer` to `options`, up to an end or the first that is cut short.
    pub(super) fn read<'p>(
        &mut self,
        options: &mut Options<'p>,
        space: SpaceId,
        buffer: &'p [u8],
        depth: u8,
    ) -> Result<(), Malformed> {
        let (code_width, length_width) = self.widths(space);
        // 0 is padding only where something else is the end.
        let end = if space == SpaceId::DHCP { END } else { PAD };
        let mut rest = buffer;
        while let Some((code, after)) = split_number(rest, code_width) {
            if code == end {
                break;
            }
            rest = after;
            if code == PAD {
                continue;
            }
            let id = OptionId { space, code };
            let Some((length, after)) = split_number(rest, length_width) else {
                return Err(self.malformed(id, Fault::MissingLength));
            };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some((value, after)) = after.split_at_checked(length) else {
                return Err(self.malformed(id, Fault::TooLong));
            };
            rest = after;
            self.take(options, id, value, depth);
        }
        Ok(())
    }

    fn take<'p>(&mut self, options: &mut Options<'p>, id: OptionId, value: &'p [u8], depth: u8) {
        if let Some(space) = self.registry.format(id).encapsulated() {
            self.open(options, space, value, depth + 1);
        }
        if id == codes::HOST_NAME && value.is_empty() {
            self.notes.push(Note::EmptyHostName);
            return;
        }
        // Pieces that follow keep their NULs.
        if options.contains(id) {
            return options.add(id, Cow::Borrowed(value));
        }
        let text = self.without_nul(id, value);
        options.host_name_ended_in_nul |= id == codes::HOST_NAME && text.len() < value.len();
        options.add(id, Cow::Borrowed(text));
    }

    /// The value without the NULs at its end, if it is text.
    fn without_nul<'p>(&self, id: OptionId, value: &'p [u8]) -> &'p [u8] {
        let format = self.registry.format(id);
        if !format.has_text() {
            return value;
        }
        let (fixed, text) = value
            .split_at_checked(format.length_before_text())
            .unwrap_or((value, &[]));
        let end = text.iter().rposition(|octet| *octet != 0);
        let length = fixed.len() + end.map_or(0, |last| last + 1);
        value.get(..length).unwrap_or(value)
    }

    /// Opens an encapsulated space. What is wrong in it is told, but the message stays.
    pub(super) fn open<'p>(
        &mut self,
        options: &mut Options<'p>,
        space: SpaceId,
        value: &'p [u8],
        depth: u8,
    ) {
        if depth > DEPTH_LIMIT {
            return;
        }
        if space == SpaceId::FQDN {
            for (id, value) in fqdn::open(value, self.notes) {
                options.add(id, value);
            }
            return;
        }
        if let Err(malformed) = self.read(options, space, value, depth) {
            self.notes.push(Note::MalformedSuboption(malformed));
        }
    }

    fn widths(&self, space: SpaceId) -> (u8, u8) {
        let space = self.registry.space(space);
        space.map_or((1, 1), |space| (space.code_width, space.length_width))
    }

    fn malformed(&self, id: OptionId, fault: Fault) -> Malformed {
        let space = self.registry.space(id.space);
        let defined = self.registry.definition(id);
        Malformed {
            space: space.map_or_else(String::new, |space| space.name.to_string()),
            name: defined.map(|definition| definition.name.to_string()),
            code: id.code,
            fault,
        }
    }
}

/// A big-endian number of 1, 2 or 4 octets and what stands behind it.
fn split_number(bytes: &[u8], width: u8) -> Option<(u32, &[u8])> {
    match width {
        1 => bytes
            .split_first()
            .map(|(first, rest)| (u32::from(*first), rest)),
        2 => {
            let (number, rest) = bytes.split_first_chunk()?;
            Some((u32::from(u16::from_be_bytes(*number)), rest))
        }
        _ => {
            let (number, rest) = bytes.split_first_chunk()?;
            Some((u32::from_be_bytes(*number), rest))
        }
    }
}
