//! The options of a request in arrival order: pieces joined (RFC 3396), overload followed, encapsulated spaces opened,
//! and a malformed tail treated as the original treats it (reference isc-dhcpd-behaviour.md, section 3).

use std::borrow::Cow;
use std::fmt;

use super::fqdn;
use super::note::Note;
use super::view::View;
use crate::options::{OptionId, Registry, SpaceId, codes};

/// Encapsulated spaces within encapsulated spaces are opened this deep; the built-in ones need two.
const DEPTH_LIMIT: u8 = 8;
/// Most options that are kept, of all spaces together: more than a message of 1500 octets can hold.
const OPTION_LIMIT: usize = 2048;

const PAD: u8 = 0;
const END: u8 = 255;

/// An option as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'p> {
    /// What it is.
    pub id: OptionId,
    /// Its value, pieces joined.
    pub value: Cow<'p, [u8]>,
}

/// Why options cannot be read: the message must be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Name of the space.
    pub space: String,
    /// Name of the option, if one is defined.
    pub name: Option<String>,
    /// Its code.
    pub code: u32,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The buffer ends behind the code.
    MissingLength,
    /// The length reaches beyond the buffer.
    TooLong,
}

/// Every option of a request.
#[derive(Clone)]
pub struct Options<'p> {
    received: Vec<Received<'p>>,
    /// Where each DHCP option stands in `received`, plus one; 0 if it did not come.
    dhcp: [u16; 256],
    host_name_ended_in_nul: bool,
}

impl<'p> Options<'p> {
    /// No options at all: a BOOTP message without cookie.
    #[must_use]
    pub fn none() -> Self {
        Self {
            received: Vec::new(),
            dhcp: [0; 256],
            host_name_ended_in_nul: false,
        }
    }

    /// Reads the options of `view`, adding what should be told to `notes`.
    ///
    /// # Errors
    /// When an option is cut short: the original drops such a message.
    pub fn read(
        view: &View<'p>,
        registry: &Registry,
        notes: &mut Vec<Note>,
    ) -> Result<Self, Malformed> {
        let mut options = Self::none();
        let Some(area) = view.options() else {
            return Ok(options);
        };
        let mut reader = Reader { registry, notes };
        reader.read(&mut options, SpaceId::DHCP, area, 0)?;
        let overload = options.get(codes::DHCP_OPTION_OVERLOAD);
        let overload = overload.and_then(<[u8]>::first).copied().unwrap_or(0);
        if overload & 1 != 0 {
            reader.read(&mut options, SpaceId::DHCP, view.file(), 0)?;
        }
        if overload & 2 != 0 {
            reader.read(&mut options, SpaceId::DHCP, view.sname(), 0)?;
        }
        Ok(options)
    }

    /// The value of `id`, pieces joined. May be empty.
    #[must_use]
    pub fn get(&self, id: OptionId) -> Option<&[u8]> {
        let index = self.position(id)?;
        self.received.get(index).map(|option| &*option.value)
    }

    /// True if the host name (option 12) ended in NUL. That of this and any other text is taken off, as the original does.
    #[must_use]
    pub fn host_name_ended_in_nul(&self) -> bool {
        self.host_name_ended_in_nul
    }

    /// True if `id` came, even without a value.
    #[must_use]
    pub fn contains(&self, id: OptionId) -> bool {
        self.position(id).is_some()
    }

    /// All options in arrival order; those of an encapsulated space stand before the option that holds them.
    pub fn iter(&self) -> impl Iterator<Item = &Received<'p>> {
        self.received.iter()
    }

    /// Opens relay agent information that was kept from an earlier request, so that expressions see it. It does not count as
    /// part of the message otherwise.
    pub fn adopt_agent_information(
        &mut self,
        information: &[u8],
        registry: &Registry,
        notes: &mut Vec<Note>,
    ) {
        let mut reader = Reader { registry, notes };
        self.open_owned(SpaceId::AGENT, information, &mut reader);
    }

    /// Opens option 43 as options of `space` (`parse-vendor-option;`).
    pub fn open_vendor_options(
        &mut self,
        space: SpaceId,
        registry: &Registry,
        notes: &mut Vec<Note>,
    ) {
        let Some(index) = self.position(codes::VENDOR_ENCAPSULATED_OPTIONS) else {
            return;
        };
        let value = self.received.get(index).map(|found| found.value.clone());
        let mut reader = Reader { registry, notes };
        match value {
            Some(Cow::Borrowed(value)) => reader.open(self, space, value, 0),
            Some(Cow::Owned(value)) => self.open_owned(space, &value, &mut reader),
            None => {}
        }
    }

    /// Values in `bytes` do not live as long as the message: they are copied.
    fn open_owned(&mut self, space: SpaceId, bytes: &[u8], reader: &mut Reader<'_>) {
        let mut opened = Options::none();
        reader.open(&mut opened, space, bytes, 0);
        for option in opened.received {
            self.add(option.id, Cow::Owned(option.value.into_owned()));
        }
    }

    fn position(&self, id: OptionId) -> Option<usize> {
        if id.space != SpaceId::DHCP {
            return self.received.iter().position(|option| option.id == id);
        }
        let code = usize::try_from(id.code).ok()?;
        usize::from(*self.dhcp.get(code)?).checked_sub(1)
    }

    /// Pieces of a DHCP option are joined; in other spaces the first of two counts.
    fn add(&mut self, id: OptionId, value: Cow<'p, [u8]>) {
        match self.position(id) {
            Some(index) if id.space == SpaceId::DHCP => {
                if let Some(option) = self.received.get_mut(index) {
                    option.value.to_mut().extend_from_slice(&value);
                }
            }
            Some(_) => {}
            None => self.push(Received { id, value }),
        }
    }

    fn push(&mut self, option: Received<'p>) {
        if self.received.len() >= OPTION_LIMIT {
            return;
        }
        let id = option.id;
        self.received.push(option);
        if id.space == SpaceId::DHCP {
            let slot = usize::try_from(id.code).ok();
            if let Some(slot) = slot.and_then(|code| self.dhcp.get_mut(code)) {
                *slot = u16::try_from(self.received.len()).unwrap_or(0);
            }
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.received).finish()
    }
}

/// Reads buffers of options into [`Options`].
struct Reader<'r> {
    registry: &'r Registry,
    notes: &'r mut Vec<Note>,
}

impl Reader<'_> {
    fn read<'p>(
        &mut self,
        options: &mut Options<'p>,
        space: SpaceId,
        buffer: &'p [u8],
        depth: u8,
    ) -> Result<(), Malformed> {
        let (code_width, length_width) = self.widths(space);
        let mut rest = buffer;
        while let Some((code, after)) = split_number(rest, code_width) {
            if space == SpaceId::DHCP && code == u32::from(END) {
                break;
            }
            rest = after;
            // The original takes 0 for padding in every space.
            if code == u32::from(PAD) {
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
    fn open<'p>(&mut self, options: &mut Options<'p>, space: SpaceId, value: &'p [u8], depth: u8) {
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

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::wire::view::{FIXED_LENGTH, MAGIC_COOKIE};

    fn message(options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; FIXED_LENGTH];
        bytes.extend(MAGIC_COOKIE);
        bytes.extend(options);
        bytes
    }

    fn read<'p>(bytes: &'p [u8], notes: &mut Vec<Note>) -> Result<Options<'p>, Malformed> {
        let view = View::new(bytes).unwrap();
        Options::read(&view, &Registry::built_in(), notes)
    }

    fn sub(space: SpaceId, code: u32) -> OptionId {
        OptionId { space, code }
    }

    #[test]
    fn options_keep_their_arrival_order_and_pieces_are_joined() {
        let bytes = message(b"\x35\x01\x01\0\x3c\x02ab\x0c\x01h\x3c\x01c\xff\x0c\x01x");
        let options = read(&bytes, &mut Vec::new()).unwrap();
        let codes: Vec<u32> = options.iter().map(|option| option.id.code).collect();
        assert_eq!(codes, [53, 60, 12]);
        assert_eq!(options.get(OptionId::dhcp(60)), Some(b"abc".as_slice()));
        assert_eq!(options.get(OptionId::dhcp(12)), Some(b"h".as_slice()));
        assert!(!options.contains(OptionId::dhcp(55)));
    }

    #[test]
    fn overloaded_fields_are_read_file_first() {
        let mut bytes = message(b"\x34\x01\x03\x3c\x01a\xff");
        bytes[44..48].copy_from_slice(b"\x3c\x01c\xff");
        bytes[108..112].copy_from_slice(b"\x3c\x01b\xff");
        let options = read(&bytes, &mut Vec::new()).unwrap();
        assert_eq!(options.get(OptionId::dhcp(60)), Some(b"abc".as_slice()));
    }

    #[test]
    fn an_option_cut_short_makes_the_message_unreadable() {
        let too_long = message(b"\x35\x01\x01\x0c\x09abc");
        let malformed = read(&too_long, &mut Vec::new()).unwrap_err();
        assert_eq!((malformed.code, malformed.fault), (12, Fault::TooLong));
        assert_eq!(malformed.name.as_deref(), Some("host-name"));
        assert_eq!(malformed.space, "dhcp");
        let no_length = message(b"\x35\x01\x01\x7a");
        let malformed = read(&no_length, &mut Vec::new()).unwrap_err();
        assert_eq!(
            (malformed.code, malformed.fault),
            (0x7a, Fault::MissingLength)
        );
        assert_eq!(malformed.name, None);
    }

    #[test]
    fn an_empty_host_name_is_noted_and_ignored() {
        let bytes = message(b"\x35\x01\x01\x0c\x00\x3d\x00\xff");
        let mut notes = Vec::new();
        let options = read(&bytes, &mut notes).unwrap();
        assert_eq!(notes, [Note::EmptyHostName]);
        assert!(!options.contains(OptionId::dhcp(12)));
        assert_eq!(options.get(OptionId::dhcp(61)), Some(b"".as_slice()));
    }

    #[test]
    fn text_loses_the_nuls_at_its_end() {
        let bytes = message(b"\x0c\x04hn\0\0\x3c\x02v\0\x4f\x01\0\x11\x01\0\xff");
        let options = read(&bytes, &mut Vec::new()).unwrap();
        assert_eq!(options.get(OptionId::dhcp(12)), Some(b"hn".as_slice()));
        assert!(options.host_name_ended_in_nul());
        assert_eq!(options.get(OptionId::dhcp(60)), Some(b"v\0".as_slice()));
        assert_eq!(options.get(OptionId::dhcp(79)), Some(b"\0".as_slice()));
        assert_eq!(options.get(OptionId::dhcp(17)), Some(b"".as_slice()));
    }

    #[test]
    fn relay_agent_information_is_opened_and_kept() {
        let bytes = message(b"\x52\x09\x01\x01c\x02\x00\x97\x02xy\xff");
        let options = read(&bytes, &mut Vec::new()).unwrap();
        assert_eq!(options.get(sub(SpaceId::AGENT, 1)), Some(b"c".as_slice()));
        assert_eq!(options.get(sub(SpaceId::AGENT, 2)), Some(b"".as_slice()));
        assert_eq!(
            options.get(sub(SpaceId::AGENT, 151)),
            Some(b"xy".as_slice())
        );
        assert_eq!(options.get(OptionId::dhcp(82)).unwrap().len(), 9);
    }

    #[test]
    fn a_malformed_suboption_is_noted_and_the_message_stays() {
        let bytes = message(b"\x52\x05\x01\x01c\x02\x09\xff");
        let mut notes = Vec::new();
        let options = read(&bytes, &mut notes).unwrap();
        assert_eq!(options.get(sub(SpaceId::AGENT, 1)), Some(b"c".as_slice()));
        let [Note::MalformedSuboption(malformed)] = notes.as_slice() else {
            panic!("{notes:?}");
        };
        assert_eq!(malformed.name.as_deref(), Some("remote-id"));
    }

    #[test]
    fn vendor_options_are_opened_by_enterprise() {
        let bytes = message(b"\x7d\x0b\0\0\x09\xbf\x06\0\x01\0\x02me\xff");
        let options = read(&bytes, &mut Vec::new()).unwrap();
        assert_eq!(options.get(sub(SpaceId::ISC, 1)), Some(b"me".as_slice()));
        assert!(options.contains(sub(SpaceId::VENDOR, 2495)));
    }

    #[test]
    fn a_space_within_itself_is_opened_only_so_deep() {
        let mut registry = Registry::built_in();
        let space = registry.define_space("loop", 1, 1).unwrap();
        let field = crate::options::Field::Encapsulate(Some(space));
        let format = crate::options::Format::single(field);
        registry
            .define(sub(space, 1), "again", format.clone())
            .unwrap();
        registry
            .define(OptionId::dhcp(201), "loop", format)
            .unwrap();
        let mut value = Vec::new();
        for _ in 0..100 {
            let length = u8::try_from(value.len()).unwrap();
            value.splice(0..0, [1, length]);
        }
        value.splice(0..0, [201, 200]);
        let bytes = message(&value);
        let view = View::new(&bytes).unwrap();
        let options = Options::read(&view, &registry, &mut Vec::new()).unwrap();
        assert!(options.contains(sub(space, 1)));
    }
}
