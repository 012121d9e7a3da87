//! The client FQDN option (81, RFC 4702): not a list of options, but flags, two result codes and a name.

use std::borrow::Cow;

use super::note::Note;
use crate::options::{OptionId, SpaceId};

/// Flag S: the server updates the A record.
const SERVER_UPDATE: u8 = 0x01;
/// Flag O in a reply; N in the original's reading of a request: no update by the client.
const NO_CLIENT_UPDATE: u8 = 0x02;
/// Flag E: the name is in DNS labels.
const ENCODED: u8 = 0x04;

/// Parts of the option, as codes of the space `fqdn`.
pub mod part {
    use super::{OptionId, fqdn};

    /// The client asks that nobody updates.
    pub const NO_CLIENT_UPDATE: OptionId = fqdn(1);
    /// The server updates the A record.
    pub const SERVER_UPDATE: OptionId = fqdn(2);
    /// The name is in DNS labels.
    pub const ENCODED: OptionId = fqdn(3);
    /// First result code.
    pub const RCODE1: OptionId = fqdn(4);
    /// Second result code.
    pub const RCODE2: OptionId = fqdn(5);
    /// The first label.
    pub const HOSTNAME: OptionId = fqdn(6);
    /// What follows the first label.
    pub const DOMAINNAME: OptionId = fqdn(7);
    /// The whole name, with dots.
    pub const FQDN: OptionId = fqdn(8);
}

/// The parts of option 81 as the original takes it apart. None if it is too short to have any.
pub(super) fn open<'p>(value: &'p [u8], notes: &mut Vec<Note>) -> Vec<Part<'p>> {
    let Some((fixed, name)) = value.split_first_chunk::<3>() else {
        return Vec::new();
    };
    let [flags, rcode1, rcode2] = *fixed;
    let encoded = flags & ENCODED != 0;
    let mut parts = vec![octet(part::ENCODED, u8::from(encoded))];
    let names = if encoded {
        open_labels(name)
    } else {
        Ok(open_text(name))
    };
    match names {
        Ok(names) => parts.extend(names),
        Err(note) => {
            notes.push(note);
            return parts;
        }
    }
    // The original sets the flag for a name that ends in NUL, too; an empty name takes rcode2 for its end.
    let ends_in_nul = !encoded && value.last() == Some(&0);
    let no_client_update = flags & NO_CLIENT_UPDATE != 0 || ends_in_nul;
    let server_update = flags & SERVER_UPDATE != 0;
    parts.push(octet(part::NO_CLIENT_UPDATE, u8::from(no_client_update)));
    parts.push(octet(part::SERVER_UPDATE, u8::from(server_update)));
    parts.push(octet(part::RCODE1, rcode1));
    parts.push(octet(part::RCODE2, rcode2));
    parts
}

/// Option 81 from its parts; a missing part is zero or empty.
pub(super) fn pack<'v>(value_of: impl Fn(OptionId) -> Option<Cow<'v, [u8]>>) -> Vec<u8> {
    let first = |id| value_of(id).and_then(|value| value.first().copied());
    let is_set = |id| first(id).is_some_and(|octet| octet != 0);
    let mut flags = 0;
    for (id, flag) in [
        (part::SERVER_UPDATE, SERVER_UPDATE),
        (part::NO_CLIENT_UPDATE, NO_CLIENT_UPDATE),
        (part::ENCODED, ENCODED),
    ] {
        flags |= if is_set(id) { flag } else { 0 };
    }
    let rcodes = [part::RCODE1, part::RCODE2].map(|id| first(id).unwrap_or(0));
    let mut packed = vec![flags];
    packed.extend(rcodes);
    let name = value_of(part::FQDN).unwrap_or_default();
    if flags & ENCODED == 0 {
        packed.extend_from_slice(&name);
    } else if !name.is_empty() {
        push_labels(&mut packed, &name);
    }
    packed
}

/// A part of option 81.
type Part<'p> = (OptionId, Cow<'p, [u8]>);

const fn fqdn(code: u32) -> OptionId {
    OptionId {
        space: SpaceId::FQDN,
        code,
    }
}

fn octet<'p>(id: OptionId, octet: u8) -> Part<'p> {
    (id, Cow::Owned(vec![octet]))
}

/// A name as text, without the NULs that some clients put at its end.
fn open_text(name: &[u8]) -> Vec<Part<'_>> {
    let last = name.iter().rposition(|octet| *octet != 0);
    let name = last.and_then(|last| name.get(..=last)).unwrap_or_default();
    let dot = name.iter().position(|octet| *octet == b'.');
    let (host, domain) = name
        .split_at_checked(dot.unwrap_or(name.len()))
        .unwrap_or((name, b""));
    let domain = domain.get(1..).unwrap_or_default();
    let parts = [
        (part::HOSTNAME, host),
        (part::DOMAINNAME, domain),
        (part::FQDN, name),
    ];
    let present = parts.into_iter().filter(|(_, text)| !text.is_empty());
    present
        .map(|(id, text)| (id, Cow::Borrowed(text)))
        .collect()
}

/// A name as DNS labels. Without a root at its end all of it counts as host name; the domain name begins with its dot.
fn open_labels(name: &[u8]) -> Result<Vec<Part<'_>>, Note> {
    let (text, first, terminated) = read_labels(name)?;
    let host = if terminated { first } else { text.len() };
    let (host, domain) = text.split_at_checked(host).unwrap_or((&text, b""));
    let parts = [
        (part::HOSTNAME, host),
        (part::DOMAINNAME, domain),
        (part::FQDN, &text),
    ];
    let present = parts.into_iter().filter(|(_, text)| !text.is_empty());
    Ok(present
        .map(|(id, text)| (id, Cow::Owned(text.to_vec())))
        .collect())
}

/// Labels with dots between them, the length of the first, and whether a root ends them.
fn read_labels(mut rest: &[u8]) -> Result<(Vec<u8>, usize, bool), Note> {
    let mut text = Vec::with_capacity(rest.len());
    let mut first = 0;
    while let Some((length, after)) = rest.split_first() {
        let length = usize::from(*length);
        if length > 63 {
            return Err(Note::FqdnLabelTooLong);
        }
        if length == 0 {
            return Ok((text, first, true));
        }
        let Some((label, after)) = after.split_at_checked(length) else {
            return Err(Note::FqdnLabelBeyondOption);
        };
        if text.is_empty() {
            first = length;
        } else {
            text.push(b'.');
        }
        text.extend_from_slice(label);
        rest = after;
    }
    Ok((text, first, false))
}

/// `name` as labels up to its first empty label, which is the root. The original does not check the length of a label;
/// one of more than 255 octets has no encoding and ends the name here.
fn push_labels(packed: &mut Vec<u8>, name: &[u8]) {
    for label in name.split(|octet| *octet == b'.' || *octet == 0) {
        let Ok(length @ 1..) = u8::try_from(label.len()) else {
            break;
        };
        packed.push(length);
        packed.extend_from_slice(label);
    }
    packed.push(0);
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn opened(value: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let mut notes = Vec::new();
        let parts = open(value, &mut notes);
        assert_eq!(notes, []);
        let owned = parts.into_iter().map(|(id, v)| (id.code, v.into_owned()));
        owned.collect()
    }

    fn value(parts: &[(u32, Vec<u8>)], id: OptionId) -> Option<String> {
        let found = parts.iter().find(|part| part.0 == id.code)?;
        Some(String::from_utf8(found.1.clone()).unwrap())
    }

    #[test]
    fn a_name_in_text_is_split_at_its_first_dot() {
        let parts = opened(b"\x01\xff\xffhost.example.org");
        assert_eq!(value(&parts, part::HOSTNAME).unwrap(), "host");
        assert_eq!(value(&parts, part::DOMAINNAME).unwrap(), "example.org");
        assert_eq!(value(&parts, part::FQDN).unwrap(), "host.example.org");
        assert_eq!(value(&parts, part::SERVER_UPDATE).unwrap(), "\x01");
        assert_eq!(value(&parts, part::NO_CLIENT_UPDATE).unwrap(), "\0");
    }

    #[test]
    fn a_name_in_labels_has_a_domain_that_begins_with_its_dot() {
        let parts = opened(b"\x04\0\0\x04host\x02ex\x03org\0");
        assert_eq!(value(&parts, part::HOSTNAME).unwrap(), "host");
        assert_eq!(value(&parts, part::DOMAINNAME).unwrap(), ".ex.org");
        assert_eq!(value(&parts, part::FQDN).unwrap(), "host.ex.org");
    }

    #[test]
    fn a_partial_name_in_labels_is_a_host_name() {
        let parts = opened(b"\x04\0\0\x04host");
        assert_eq!(value(&parts, part::HOSTNAME).unwrap(), "host");
        assert_eq!(value(&parts, part::DOMAINNAME), None);
    }

    #[test]
    fn bad_labels_leave_only_the_encoding() {
        let mut notes = Vec::new();
        assert_eq!(open(b"\x04\0\0\x40abc", &mut notes).len(), 1);
        assert_eq!(open(b"\x04\0\0\x09abc", &mut notes).len(), 1);
        let expected = [Note::FqdnLabelTooLong, Note::FqdnLabelBeyondOption];
        assert_eq!(notes, expected);
        assert_eq!(open(b"\x04\0", &mut notes), []);
    }

    #[test]
    fn parts_are_packed_back() {
        let parts = |encoded: u8| {
            move |id: OptionId| match id {
                part::FQDN => Some(Cow::Borrowed(b"a.bc".as_slice())),
                part::SERVER_UPDATE => Some(Cow::Borrowed([1].as_slice())),
                part::ENCODED => Some(Cow::Owned(vec![encoded])),
                part::RCODE1 | part::RCODE2 => Some(Cow::Owned(vec![255])),
                _ => None,
            }
        };
        assert_eq!(pack(parts(0)), b"\x01\xff\xffa.bc");
        assert_eq!(pack(parts(1)), b"\x05\xff\xff\x01a\x02bc\0");
    }
}
