//! The value that an option has in a reply: its own, or the options of the space that it encapsulates (reference
//! isc-dhcpd-options.md, section 7).

use std::borrow::Cow;

use super::fqdn;
use super::reply::{ReplyError, ReplyNote};
use crate::eval::{Bytes, Evaluator};
use crate::options::{Field, OptionId, SpaceId, codes};

/// Spaces within spaces are packed this deep: definitions may form a circle.
const DEPTH_LIMIT: u8 = 8;
/// Longest packed space: many times what a message can carry.
const LENGTH_LIMIT: usize = 65_536;
/// Where site-local codes begin at the latest (RFC 3942).
const SITE_CODES: u32 = 224;

/// The space in which codes from `first_code` on are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SiteSpace {
    pub(super) space: SpaceId,
    pub(super) first_code: u32,
}

impl SiteSpace {
    /// All of the DHCP space.
    pub(super) const NONE: Self = Self {
        space: SpaceId::DHCP,
        first_code: 0,
    };

    /// What `site-option-space` says; all of the DHCP space where it says nothing.
    pub(super) fn of(
        values: &Evaluator<'_>,
        notes: &mut Vec<ReplyNote>,
    ) -> Result<Self, ReplyError> {
        let Some(name) = values.text(codes::SITE_OPTION_SPACE) else {
            return Ok(Self::NONE);
        };
        let registry = values.context.registry;
        let Some(space) = registry.space_named(&name) else {
            return Err(ReplyError::UnknownSiteSpace(name));
        };
        let lowest = registry.space(space).and_then(|space| space.lowest_code());
        let first_code = lowest.unwrap_or(SITE_CODES).min(SITE_CODES);
        if first_code < SITE_CODES {
            notes.push(ReplyNote::LowSiteCodes {
                space: name,
                lowest: first_code,
            });
        }
        Ok(Self { space, first_code })
    }

    /// The option that `code` means.
    pub(super) fn option(self, code: u8) -> OptionId {
        let code = u32::from(code);
        let in_site = code >= self.first_code;
        let space = if in_site { self.space } else { SpaceId::DHCP };
        OptionId { space, code }
    }
}

/// Finds values and packs spaces.
pub(super) struct Packer<'e, 'n> {
    pub(super) values: Evaluator<'e>,
    pub(super) notes: &'n mut Vec<ReplyNote>,
}

impl<'e> Packer<'e, '_> {
    /// The value of `id` as it goes on the wire; `None` where there is none or it is empty. A value of its own comes before the
    /// options of a space.
    pub(super) fn value(&mut self, id: OptionId) -> Option<Cow<'e, [u8]>> {
        let value = if self.values.set.contains(id) {
            self.values.value(id).map(Bytes::into_cow)
        } else {
            self.encapsulation(id).map(Cow::Owned)
        };
        value.filter(|value| !value.is_empty())
    }

    /// Values as codes, lengths and values in the widths of their space.
    pub(super) fn pack_values(&self, values: &[(OptionId, Cow<'_, [u8]>)]) -> Vec<u8> {
        let mut packed = Vec::new();
        for (id, value) in values {
            self.push(&mut packed, *id, value);
        }
        packed
    }

    fn encapsulation(&mut self, id: OptionId) -> Option<Vec<u8>> {
        let format = self.values.context.registry.format(id);
        match format.fields.first()? {
            Field::Encapsulate(Some(space)) => self.pack(*space, 0),
            Field::Encapsulate(None) => {
                let space = self.vendor_space()?;
                self.pack(space, 0)
            }
            _ => None,
        }
    }

    fn vendor_space(&mut self) -> Option<SpaceId> {
        let name = self.values.text(codes::VENDOR_OPTION_SPACE)?;
        let space = self.values.context.registry.space_named(&name);
        if space.is_none() {
            self.notes.push(ReplyNote::UnknownOptionSpace(name));
        }
        space
    }

    /// The options of `space`, one behind the other; `None` if it has none to send.
    fn pack(&self, space: SpaceId, depth: u8) -> Option<Vec<u8>> {
        match space {
            SpaceId::NWIP => self.no_netware(),
            SpaceId::FQDN => {
                let set = self.values.set;
                set.has_space(space)
                    .then(|| fqdn::pack(|id| self.values.value(id).map(Bytes::into_cow)))
            }
            _ => self.pack_options(space, depth),
        }
    }

    /// Measured: the original never sends these options; if some are set and all of them are null or empty, it says that there
    /// are none.
    fn no_netware(&self) -> Option<Vec<u8>> {
        let mut all = self.values.all(SpaceId::NWIP).peekable();
        let nothing = all.peek().is_some()
            && all.all(|(_, value)| value.is_none_or(|value| value.is_empty()));
        nothing.then(|| vec![1, 2, 1, 0])
    }

    fn pack_options(&self, space: SpaceId, depth: u8) -> Option<Vec<u8>> {
        let set = self.values.set;
        // Measured: a space in which nothing is set is not looked into, even if a space within it has options.
        if depth > DEPTH_LIMIT || !set.has_space(space) {
            return None;
        }
        let mut packed = Vec::new();
        for (id, value) in self.values.all(space) {
            if let Some(value) = value {
                self.push(&mut packed, id, &value);
            }
        }
        for (inner, holder) in self.values.context.registry.enclosed_in(space) {
            let simple = self
                .values
                .context
                .registry
                .format(holder)
                .is_encapsulation();
            if simple && !set.contains(holder) {
                if let Some(value) = self.pack(inner, depth + 1) {
                    self.push(&mut packed, holder, &value);
                }
            }
        }
        (!packed.is_empty()).then_some(packed)
    }

    /// Appends code, length and value in the widths of the space. A value that is empty or longer than the length can say
    /// is left out.
    fn push(&self, packed: &mut Vec<u8>, id: OptionId, value: &[u8]) {
        let Some(space) = self.values.context.registry.space(id.space) else {
            return;
        };
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let fits = length <= largest(space.length_width);
        let room = packed.len() + value.len() <= LENGTH_LIMIT;
        let sendable = !value.is_empty() || self.is_empty_by_format(id);
        if fits && room && sendable {
            push_number(packed, id.code, space.code_width);
            push_number(packed, length, space.length_width);
            packed.extend_from_slice(value);
        }
    }

    fn is_empty_by_format(&self, id: OptionId) -> bool {
        let format = self.values.context.registry.format(id);
        format.fields.first() == Some(&Field::Zero)
    }
}

fn largest(width: u8) -> u32 {
    match width {
        1 => 0xff,
        2 => 0xffff,
        _ => u32::MAX,
    }
}

/// The low octets of `number`, big endian.
fn push_number(packed: &mut Vec<u8>, number: u32, width: u8) {
    let bytes = number.to_be_bytes();
    let skipped = bytes.len().saturating_sub(usize::from(width));
    packed.extend(bytes.iter().skip(skipped));
}
