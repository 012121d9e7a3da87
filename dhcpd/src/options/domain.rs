//! Domain names as DNS labels (RFC 1035, sections 3.1 and 4.1.4), as options carry them.

/// Longest label (RFC 1035, section 2.3.4).
const LABEL_LIMIT: usize = 63;
/// Longest name in octets with its lengths and root (RFC 1035, section 2.3.4).
const NAME_LIMIT: usize = 255;
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
}

/// `name` as labels with the root at the end. A dot at the end of `name` means the same as none.
///
/// # Errors
/// When a label or the whole name has a length that DNS does not allow.
pub fn encode_name(name: &str) -> Result<Vec<u8>, NameError> {
    let mut bytes = Vec::with_capacity(name.len() + 2);
    for label in labels(name) {
        bytes.push(label_length(label)?);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() > NAME_LIMIT {
        return Err(NameError::NameTooLong);
    }
    Ok(bytes)
}

/// `names` as labels, one name after the other.
///
/// # Errors
/// As [`encode_name`].
pub fn encode_list<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Vec<u8>, NameError> {
    let encoded: Result<Vec<_>, _> = names.into_iter().map(encode_name).collect();
    Ok(encoded?.concat())
}

/// `names` as labels, where an ending that came before is a pointer to it.
///
/// # Errors
/// As [`encode_name`].
pub fn encode_compressed<'n>(
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Vec<u8>, NameError> {
    let mut list = Compressor::default();
    for name in names {
        // Only checked here: the compressor needs the text.
        encode_name(name)?;
        list.push(name);
    }
    Ok(list.bytes)
}

/// The names of a list of labels, pointers followed; `None` if it is malformed.
#[must_use]
pub fn decode_list(bytes: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (name, next) = decode_name(bytes, at)?;
        names.push(name);
        at = next;
    }
    Some(names)
}

/// Two or more compressed lists as one; `None` if any is malformed.
#[must_use]
pub fn join_compressed<'l>(lists: impl IntoIterator<Item = &'l [u8]>) -> Option<Vec<u8>> {
    let mut joined = Compressor::default();
    for list in lists {
        for name in decode_list(list)? {
            joined.push(&name);
        }
    }
    Some(joined.bytes)
}

fn labels(name: &str) -> impl Iterator<Item = &str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let count = if name.is_empty() { 0 } else { usize::MAX };
    name.split('.').take(count)
}

fn label_length(label: &str) -> Result<u8, NameError> {
    match u8::try_from(label.len()) {
        Ok(0) => Err(NameError::EmptyLabel),
        Ok(length) if usize::from(length) <= LABEL_LIMIT => Ok(length),
        _ => Err(NameError::LabelTooLong),
    }
}

/// A list of names in progress, with the offset of every ending in it.
#[derive(Default)]
struct Compressor {
    bytes: Vec<u8>,
    endings: Vec<(String, u16)>,
}

impl Compressor {
    /// Adds `name`, whose labels are known to be of legal length.
    fn push(&mut self, name: &str) {
        let mut rest = name.strip_suffix('.').unwrap_or(name);
        while !rest.is_empty() {
            if let Some(offset) = self.offset_of(rest) {
                let [high, low] = offset.to_be_bytes();
                return self.bytes.extend([POINTER | high, low]);
            }
            self.remember(rest);
            let (label, after) = rest.split_once('.').unwrap_or((rest, ""));
            self.bytes.push(u8::try_from(label.len()).unwrap_or(0));
            self.bytes.extend_from_slice(label.as_bytes());
            rest = after;
        }
        self.bytes.push(0);
    }

    fn offset_of(&self, ending: &str) -> Option<u16> {
        let same = |known: &&(String, u16)| known.0.eq_ignore_ascii_case(ending);
        self.endings.iter().find(same).map(|known| known.1)
    }

    /// Pointers have 14 bits: what lies further back cannot be pointed at.
    fn remember(&mut self, ending: &str) {
        if let Ok(offset) = u16::try_from(self.bytes.len()) {
            if offset >> 14 == 0 {
                self.endings.push((ending.to_owned(), offset));
            }
        }
    }
}

/// The name at `start` and the offset behind it. Pointers must lead backwards, so a loop cannot be built.
fn decode_name(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut at = start;
    let mut floor = start;
    let mut next = None;
    loop {
        let length = *bytes.get(at)?;
        if length == 0 {
            return Some((name, next.unwrap_or(at + 1)));
        }
        if length & POINTER == POINTER {
            let low = *bytes.get(at + 1)?;
            let target = usize::from(u16::from_be_bytes([length & !POINTER, low]));
            if target >= floor {
                return None;
            }
            next = next.or(Some(at + 2));
            (at, floor) = (target, target);
            continue;
        }
        let end = at + 1 + usize::from(length);
        append_label(&mut name, bytes.get(at + 1..end)?)?;
        at = end;
    }
}

fn append_label(name: &mut String, label: &[u8]) -> Option<()> {
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(std::str::from_utf8(label).ok()?);
    (name.len() <= NAME_LIMIT).then_some(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn names_become_labels() {
        assert_eq!(encode_name("a.b.c").unwrap(), b"\x01a\x01b\x01c\0");
        assert_eq!(encode_name("a.b.").unwrap(), b"\x01a\x01b\0");
        assert_eq!(encode_name("").unwrap(), b"\0");
        assert_eq!(encode_name("a..b"), Err(NameError::EmptyLabel));
        assert_eq!(encode_name(&"x".repeat(64)), Err(NameError::LabelTooLong));
        let long = ["abcdefg"; 40].join(".");
        assert_eq!(encode_name(&long), Err(NameError::NameTooLong));
    }

    #[test]
    fn lists_are_names_in_a_row() {
        let list = encode_list(["x.y", "z.y"]).unwrap();
        assert_eq!(list, b"\x01x\x01y\0\x01z\x01y\0");
    }

    #[test]
    fn a_compressed_list_points_back_at_endings() {
        let list = encode_compressed(["a.ex.org", "b.ex.org", "c.other.net"]).unwrap();
        assert_eq!(
            list,
            b"\x01a\x02ex\x03org\0\x01b\xc0\x02\x01c\x05other\x03net\0"
        );
        let names = decode_list(&list).unwrap();
        assert_eq!(names, ["a.ex.org", "b.ex.org", "c.other.net"]);
    }

    #[test]
    fn joined_lists_are_compressed_anew() {
        let first = encode_compressed(["a.b.c", "x.b.c"]).unwrap();
        let second = encode_compressed(["q.b.c"]).unwrap();
        let joined = join_compressed([first.as_slice(), second.as_slice()]).unwrap();
        assert_eq!(joined, b"\x01a\x01b\x01c\0\x01x\xc0\x02\x01q\xc0\x02");
    }

    #[test]
    fn pointers_that_do_not_lead_back_are_refused() {
        assert_eq!(decode_list(b"\xc0\x00"), None);
        assert_eq!(decode_list(b"\x01a\xc0\x02"), None);
        assert_eq!(decode_list(b"\x05ab"), None);
    }
}
