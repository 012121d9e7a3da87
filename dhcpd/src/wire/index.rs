//! The options of a request in arrival order: pieces joined (RFC 3396), overload followed, encapsulated spaces opened,
//! and a malformed tail treated as the original treats it (reference isc-dhcpd-behaviour.md, section 3).

use std::borrow::Cow;
use std::fmt;

use super::note::Note;
use super::reader::Reader;
use super::view::View;
use crate::options::{OptionId, Registry, SpaceId, codes};

/// Most options that are kept, of all spaces together: more than a message of 1500 octets can hold.
const OPTION_LIMIT: usize = 2048;
/// Options that nearly every message has room for.
const USUAL: usize = 16;

/// An option as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'p> {
    /// What it is.
    pub id: OptionId,
    /// Its value, pieces joined.
    pub value: Cow<'p, [u8]>,
}

impl Received<'_> {
    /// The same, living longer than the message.
    fn kept(self) -> Received<'static> {
        Received {
            id: self.id,
            value: Cow::Owned(self.value.into_owned()),
        }
    }
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

/// In the original's words. It has not looked the option up yet when it says this, so the option has no name.
impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { space, code, .. } = self;
        let what = match self.fault {
            Fault::MissingLength => "code tag at end of buffer - missing length field",
            Fault::TooLong => "option length exceeds option buffer length",
        };
        write!(
            f,
            "parse_option_buffer: malformed option {space}.<unknown> (code {code}): {what}."
        )
    }
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
    pub(super) host_name_ended_in_nul: bool,
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
        options.received.reserve(USUAL);
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

    /// Option 43 as options of `space`.
    pub(super) fn open_vendor_options(
        &self,
        space: SpaceId,
        registry: &Registry,
        notes: &mut Vec<Note>,
    ) -> Vec<Received<'static>> {
        let value = self.get(codes::VENDOR_ENCAPSULATED_OPTIONS);
        let mut opened = Options::none();
        Reader { registry, notes }.open(&mut opened, space, value.unwrap_or_default(), 0);
        opened.received.into_iter().map(Received::kept).collect()
    }

    /// Values in `bytes` do not live as long as the message: they are copied.
    fn open_owned(&mut self, space: SpaceId, bytes: &[u8], reader: &mut Reader<'_>) {
        let mut opened = Options::none();
        reader.open(&mut opened, space, bytes, 0);
        for option in opened.received.into_iter().map(Received::kept) {
            self.add(option.id, option.value);
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
    pub(super) fn add(&mut self, id: OptionId, value: Cow<'p, [u8]>) {
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
