//! Domain names as DNS labels (RFC 1035, sections 3.1 and 4.1.4), as options carry them.

/// Longest label (RFC 1035, section 2.3.4).
const LABEL_LIMIT: usize = 63;
/// Longest name in octets with its lengths and root (RFC 1035, section 2.3.4).
const NAME_LIMIT: usize = 255;
/// So many octets of text the original has room for when it joins lists, a comma or the end behind each name included.
const TEXT_LIMIT: usize = 8160;
/// So many endings the original remembers, to point at.
const ENDINGS_LIMIT: usize = 253;
/// The two high bits that make a length octet a pointer.
const POINTER: u8 = 0xc0;

/// Why text is no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// A label has no characters.
    EmptyLabel,
    /// A label has more than 63 octets.
    LabelTooLong,
    /// The name has more than 255 octets.
    NameTooLong,
    /// A digit behind a backslash is not the first of three that make an octet.
    BadEscape,
}

/// Why lists of names could not be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// This list, the first being 0, holds something that is no name.
    Malformed(usize),
    /// What the names are as text is no list of names: one holds a comma in an unlucky place.
    Ambiguous,
}

/// `name` as labels with the root at the end. A dot at the end of `name` means the same as none, and what stands behind a
/// backslash is part of a label: a character, or the three decimal digits of one (RFC 1035, section 5.1).
///
/// # Errors
/// When a label or the whole name has a length that DNS does not allow, or an escape is none.
pub fn encode_name(name: &[u8]) -> Result<Vec<u8>, NameError> {
    let mut bytes = Vec::with_capacity(name.len() + 2);
    let mut rest = match name {
        b"." => b"",
        name => name,
    };
    while !rest.is_empty() {
        let (label, after) = split_label(rest)?;
        bytes.push(label_length(&label)?);
        bytes.extend_from_slice(&label);
        rest = after;
    }
    bytes.push(0);
    if bytes.len() > NAME_LIMIT {
        return Err(NameError::NameTooLong);
    }
    Ok(bytes)
}

/// The first label of a name, and what follows its dot.
fn split_label(name: &[u8]) -> Result<(Vec<u8>, &[u8]), NameError> {
    let mut label = Vec::new();
    let mut rest = name;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'.' => break,
            b'\\' => {
                let (escaped, after) = unescape(rest)?;
                label.extend(escaped);
                rest = after;
            }
            octet => label.push(octet),
        }
    }
    Ok((label, rest))
}

/// What stands behind a backslash, and the rest. A backslash at the end is nothing.
fn unescape(text: &[u8]) -> Result<(Option<u8>, &[u8]), NameError> {
    let Some((&first, rest)) = text.split_first() else {
        return Ok((None, text));
    };
    if !first.is_ascii_digit() {
        return Ok((Some(first), rest));
    }
    let (digits, rest) = text.split_at_checked(3).ok_or(NameError::BadEscape)?;
    let value = std::str::from_utf8(digits).ok();
    let value = value.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let octet = value.and_then(|digits| digits.parse().ok());
    Ok((Some(octet.ok_or(NameError::BadEscape)?), rest))
}

fn label_length(label: &[u8]) -> Result<u8, NameError> {
    match u8::try_from(label.len()) {
        Ok(0) => Err(NameError::EmptyLabel),
        Ok(length) if usize::from(length) <= LABEL_LIMIT => Ok(length),
        _ => Err(NameError::LabelTooLong),
    }
}

/// `names` as labels, one name after the other.
///
/// # Errors
/// As [`encode_name`].
pub fn encode_list<'n>(names: impl IntoIterator<Item = &'n [u8]>) -> Result<Vec<u8>, NameError> {
    let encoded: Result<Vec<_>, _> = names.into_iter().map(encode_name).collect();
    Ok(encoded?.concat())
}

/// `names` as labels, where an ending that came before is a pointer to it.
///
/// # Errors
/// As [`encode_name`].
pub fn encode_compressed<'n>(
    names: impl IntoIterator<Item = &'n [u8]>,
) -> Result<Vec<u8>, NameError> {
    let mut list = Compressor::default();
    for name in names {
        list.push(&encode_name(name)?);
    }
    Ok(list.bytes)
}

/// Compressed lists as one. As in the original they become text on the way, so that a comma inside of a name ends it, and a
/// list that begins with the root is empty.
///
/// # Errors
/// When a list is malformed, or the text is no list.
pub fn join_compressed<'l>(
    lists: impl IntoIterator<Item = &'l [u8]>,
) -> Result<Vec<u8>, JoinError> {
    let mut names = Vec::new();
    for (number, list) in lists.into_iter().enumerate() {
        decode_list(list, &mut names).ok_or(JoinError::Malformed(number))?;
    }
    if names.is_empty() {
        return Ok(vec![0]);
    }
    let names = names.iter().flat_map(|name| name.split(','));
    encode_compressed(names.map(str::as_bytes)).map_err(|_| JoinError::Ambiguous)
}

/// Adds the names of a list of labels as text, pointers followed; `None` if the list is malformed, or the text too long for
/// the original.
fn decode_list(bytes: &[u8], names: &mut Vec<String>) -> Option<()> {
    if bytes.first() == Some(&0) {
        return Some(());
    }
    let mut length: usize = names.iter().map(|name| name.len() + 1).sum();
    let mut at = 0;
    while at < bytes.len() {
        let (name, next) = decode_name(bytes, at)?;
        length += name.len() + 1;
        if length > TEXT_LIMIT {
            return None;
        }
        names.push(name);
        at = next;
    }
    Some(())
}

/// The name at `start` and the offset behind it. As in the original, pointers may lead anywhere; who has looked at as many
/// octets as there are is in a loop.
fn decode_name(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let (mut at, mut next) = (start, None);
    let (mut looked_at, mut length) = (0, 1);
    loop {
        let octet = *bytes.get(at)?;
        if octet == 0 {
            if name.is_empty() {
                name.push('.');
            }
            return Some((name, next.unwrap_or(at + 1)));
        }
        if octet & POINTER == POINTER {
            let low = *bytes.get(at + 1)?;
            next = next.or(Some(at + 2));
            at = usize::from(u16::from_be_bytes([octet & !POINTER, low]));
            looked_at += 2;
            if looked_at >= bytes.len() {
                return None;
            }
            continue;
        }
        let label = bytes.get(at + 1..)?.get(..usize::from(octet))?;
        length += label.len() + 1;
        if octet & POINTER != 0 || length > NAME_LIMIT {
            return None;
        }
        append_label(&mut name, label);
        looked_at += label.len() + 1;
        at += label.len() + 1;
    }
}

/// Octets that would mean something else, or nothing, in text are escaped.
fn append_label(name: &mut String, label: &[u8]) {
    if !name.is_empty() {
        name.push('.');
    }
    for &octet in label {
        match octet {
            b'"' | b'.' | b';' | b'\\' | b'@' | b'$' => name.extend(['\\', char::from(octet)]),
            0x21..=0x7e => name.push(char::from(octet)),
            octet => name.push_str(&format!("\\{octet:03}")),
        }
    }
}

/// A list of names in progress, with the offset of the endings in it.
#[derive(Default)]
struct Compressor {
    bytes: Vec<u8>,
    endings: Vec<(Vec<u8>, u16)>,
}

impl Compressor {
    /// Adds a name as labels.
    fn push(&mut self, name: &[u8]) {
        let mut rest = name;
        while let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length != 0) {
            if let Some(offset) = self.offset_of(rest) {
                let [high, low] = offset.to_be_bytes();
                return self.bytes.extend([POINTER | high, low]);
            }
            self.remember(rest);
            let (label, after) = after.split_at_checked(length.into()).unwrap_or_default();
            self.bytes.push(length);
            self.bytes.extend_from_slice(label);
            rest = after;
        }
        self.bytes.push(0);
    }

    fn offset_of(&self, ending: &[u8]) -> Option<u16> {
        let same = |known: &&(Vec<u8>, u16)| known.0.eq_ignore_ascii_case(ending);
        self.endings.iter().find(same).map(|known| known.1)
    }

    /// Pointers have 14 bits: what lies further back cannot be pointed at.
    fn remember(&mut self, ending: &[u8]) {
        let offset = u16::try_from(self.bytes.len()).ok();
        let offset = offset.filter(|offset| offset >> 14 == 0);
        if let Some(offset) = offset.filter(|_| self.endings.len() < ENDINGS_LIMIT) {
            self.endings.push((ending.to_owned(), offset));
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn decoded(list: &[u8]) -> Option<Vec<String>> {
        let mut names = Vec::new();
        decode_list(list, &mut names)?;
        Some(names)
    }

    #[test]
    fn names_become_labels() {
        assert_eq!(encode_name(b"a.b.c").unwrap(), b"\x01a\x01b\x01c\0");
        assert_eq!(encode_name(b"a.b.").unwrap(), b"\x01a\x01b\0");
        assert_eq!(encode_name(b"").unwrap(), b"\0");
        assert_eq!(encode_name(b".").unwrap(), b"\0");
        for empty in ["a..b", ".a", "a..", ".."] {
            assert_eq!(encode_name(empty.as_bytes()), Err(NameError::EmptyLabel));
        }
    }

    #[test]
    fn labels_and_names_have_a_longest() {
        assert_eq!(encode_name(&[b'x'; 63]).unwrap().len(), 65);
        assert_eq!(encode_name(&[b'x'; 64]), Err(NameError::LabelTooLong));
        let longest = ["abcdefghijklm"; 18].join(".") + ".x";
        assert_eq!(encode_name(longest.as_bytes()).unwrap().len(), 255);
        let longer = longest + "y";
        assert_eq!(encode_name(longer.as_bytes()), Err(NameError::NameTooLong));
    }

    #[test]
    fn a_backslash_makes_the_next_character_part_of_the_label() {
        assert_eq!(encode_name(b"a\\.b.c").unwrap(), b"\x03a.b\x01c\0");
        assert_eq!(encode_name(b"a\\\\b").unwrap(), b"\x03a\\b\0");
        assert_eq!(encode_name(b"a\\065").unwrap(), b"\x02aA\0");
        assert_eq!(encode_name(b"a\\").unwrap(), b"\x01a\0");
        for bad in ["a\\2", "a\\25", "a\\2x5", "a\\256"] {
            assert_eq!(encode_name(bad.as_bytes()), Err(NameError::BadEscape));
        }
    }

    #[test]
    fn lists_are_names_in_a_row() {
        let list = encode_list([&b"x.y"[..], b"z.y"]).unwrap();
        assert_eq!(list, b"\x01x\x01y\0\x01z\x01y\0");
    }

    #[test]
    fn a_compressed_list_points_back_at_endings() {
        let list = encode_compressed([&b"a.ex.org"[..], b"b.EX.org", b"c.other.net"]).unwrap();
        assert_eq!(
            list,
            b"\x01a\x02ex\x03org\0\x01b\xc0\x02\x01c\x05other\x03net\0"
        );
        let names = decoded(&list).unwrap();
        assert_eq!(names, ["a.ex.org", "b.ex.org", "c.other.net"]);
    }

    #[test]
    fn joined_lists_are_compressed_anew() {
        let first = encode_compressed([&b"a.b.c"[..], b"x.b.c"]).unwrap();
        let second = encode_compressed([&b"q.b.c"[..]]).unwrap();
        let joined = join_compressed([first.as_slice(), second.as_slice()]).unwrap();
        assert_eq!(joined, b"\x01a\x01b\x01c\0\x01x\xc0\x02\x01q\xc0\x02");
        let twice = join_compressed([&b"\x04lamp\0"[..]; 2]).unwrap();
        assert_eq!(twice, b"\x04lamp\0\xc0\0");
    }

    #[test]
    fn a_list_that_begins_with_the_root_adds_nothing() {
        let list: &[u8] = b"\x04lamp\x03lan\0";
        for empty in [&b""[..], b"\0", b"\0\x01x\0"] {
            assert_eq!(join_compressed([empty, list]).unwrap(), list);
            assert_eq!(join_compressed([list, empty]).unwrap(), list);
            assert_eq!(join_compressed([empty, empty]).unwrap(), b"\0");
        }
        let rooted: &[u8] = b"\x01x\0\0";
        assert_eq!(join_compressed([rooted, b""]).unwrap(), rooted);
    }

    #[test]
    fn labels_of_any_octets_survive_a_join() {
        let list: &[u8] = b"\x06a.b\\\xfc \x02@$\0";
        assert_eq!(join_compressed([list, b""]).unwrap(), list);
        assert_eq!(decoded(list).unwrap(), ["a\\.b\\\\\\252\\032.\\@\\$"]);
    }

    #[test]
    fn a_comma_in_a_label_ends_the_name() {
        let joined = join_compressed([&b"\x03a,b\x03lan\0"[..], b""]).unwrap();
        assert_eq!(joined, b"\x01a\0\x01b\x03lan\0");
        let unlucky: &[u8] = b"\x02a,\x03lan\0";
        assert_eq!(join_compressed([unlucky, b""]), Err(JoinError::Ambiguous));
    }

    #[test]
    fn lists_too_long_for_the_original_are_not_joined() {
        let name = [&[63][..], &[b'x'; 63]].concat().repeat(3);
        let list = [&name[..], b"\0"].concat().repeat(42);
        assert!(join_compressed([list.as_slice()]).is_ok());
        let second = join_compressed([list.as_slice(), b"\x3fx"]);
        assert_eq!(second, Err(JoinError::Malformed(1)));
        let second = join_compressed([list.as_slice(), &list]);
        assert_eq!(second, Err(JoinError::Malformed(1)));
    }

    #[test]
    fn only_so_many_endings_are_pointed_at() {
        let names: Vec<_> = (0..254).map(|n| format!("n{n}").into_bytes()).collect();
        let once = encode_compressed(names.iter().map(Vec::as_slice)).unwrap();
        let twice = names.iter().chain(&names).map(Vec::as_slice);
        let twice = encode_compressed(twice).unwrap();
        assert_eq!(twice.len(), once.len() + 253 * 2 + b"\x04n253\0".len());
        assert!(twice.ends_with(b"\x04n253\0"));
    }

    #[test]
    fn what_is_no_list_of_names_is_refused() {
        let malformed: [&[u8]; 7] = [
            b"\xc0\x00",
            b"\x01a\xc0\x02",
            b"\x05ab",
            b"\x01a",
            b"\xc0",
            b"\x40x\0",
            b"\x01a\xc0\x00\x01b\xc0\x00",
        ];
        for list in malformed {
            assert_eq!(decoded(list), None, "{list:?}");
        }
    }
}
