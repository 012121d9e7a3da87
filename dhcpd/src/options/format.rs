//! The shape of an option's value: fields, and what repeats.

use super::{Enumeration, SpaceId};

/// One field of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `I`: an IPv4 address, four octets.
    Address,
    /// `6`: an IPv6 address, sixteen octets.
    Address6,
    /// `l`: signed, 32 bits, big endian like all numbers.
    Int32,
    /// `L`: unsigned, 32 bits.
    Uint32,
    /// `s`: signed, 16 bits.
    Int16,
    /// `S`: unsigned, 16 bits.
    Uint16,
    /// `b`: signed, 8 bits.
    Int8,
    /// `B`: unsigned, 8 bits.
    Uint8,
    /// `f`: 0 false, 1 true, 2 ignore.
    Flag,
    /// `t`: text without a terminating NUL.
    Text,
    /// `X`: any bytes.
    Opaque,
    /// `d`: one domain name as DNS labels.
    DomainName,
    /// `D`: domain names as DNS labels; `Dc`: with RFC 1035 compression.
    DomainList {
        /// Repeated endings are pointers to the first.
        compressed: bool,
    },
    /// `T`: seconds, 32 bits; all ones is `infinite`.
    Seconds,
    /// `E`: options of another space; `None` is the space that `vendor-option-space` chooses.
    Encapsulate(Option<SpaceId>),
    /// `N`: a word for a number.
    Enumeration(&'static Enumeration),
    /// `Z`: nothing.
    Zero,
    /// `U`: name of an option space.
    SpaceName,
    /// `k`: name of a key.
    KeyName,
}

impl Field {
    /// Octets that a value of this field always has; `None` if that differs from value to value.
    #[must_use]
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Zero => Some(0),
            Self::Int8 | Self::Uint8 | Self::Flag => Some(1),
            Self::Int16 | Self::Uint16 => Some(2),
            Self::Address | Self::Int32 | Self::Uint32 | Self::Seconds => Some(4),
            Self::Address6 => Some(16),
            Self::Enumeration(set) => Some(usize::from(set.width)),
            _ => None,
        }
    }
}

/// How often the fields of a format come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// Once.
    #[default]
    Never,
    /// All of them, any number of times (`A`).
    All,
    /// The last, any number of times (`a`).
    Last,
}

/// The shape of an option's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// The fields in order.
    pub fields: Vec<Field>,
    /// True if the last field may be missing (`o`).
    pub last_optional: bool,
    /// What repeats.
    pub repeat: Repeat,
    /// Places of fields before the last that may come any number of times. Where such a row ends shows only when a value is
    /// written down, not in its bytes.
    pub rows: Vec<usize>,
}

impl Format {
    /// A format of one field.
    #[must_use]
    pub fn single(field: Field) -> Self {
        Self {
            fields: vec![field],
            ..Self::default()
        }
    }

    /// Any number of one field.
    #[must_use]
    pub fn array_of(field: Field) -> Self {
        Self {
            repeat: Repeat::All,
            ..Self::single(field)
        }
    }

    /// Reads format letters (reference isc-dhcpd-options.md, head); `space` finds an option space by name. `None` if a
    /// letter, a space or an enumeration is unknown.
    #[must_use]
    pub fn parse(letters: &str, space: impl Fn(&str) -> Option<SpaceId>) -> Option<Self> {
        let mut format = Self::default();
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            rest = rest.get(letter.len_utf8()..)?;
            match letter {
                'A' => format.repeat = Repeat::All,
                'a' => format.repeat = Repeat::Last,
                'o' => format.last_optional = true,
                _ => {
                    let (field, after) = parse_field(letter, rest, &space)?;
                    format.fields.push(field);
                    rest = after;
                }
            }
        }
        Some(format)
    }

    /// The only field, if the format has just one and nothing repeats.
    #[must_use]
    pub fn only_field(&self) -> Option<Field> {
        match (self.fields.as_slice(), self.repeat) {
            ([field], Repeat::Never) => Some(*field),
            _ => None,
        }
    }

    /// True if the value ends in text, which gets a NUL where the client wants one (reference isc-dhcpd-options.md,
    /// section 4).
    #[must_use]
    pub fn has_text(&self) -> bool {
        let decisive = self.fields.iter().find_map(|field| match field {
            Field::Text | Field::KeyName => Some(true),
            Field::Opaque | Field::DomainName | Field::DomainList { .. } => Some(false),
            _ => None,
        });
        decisive.unwrap_or(false)
    }

    /// Octets that stand before text in every value, if the value ends in text.
    #[must_use]
    pub fn length_before_text(&self) -> usize {
        let before = self
            .fields
            .iter()
            .take_while(|field| **field != Field::Text);
        before.filter_map(|field| field.width()).sum()
    }

    /// True if the value is made of the options of another space.
    #[must_use]
    pub fn is_encapsulation(&self) -> bool {
        matches!(self.fields.first(), Some(Field::Encapsulate(_)))
    }

    /// The space that a value of this format encapsulates, if it does.
    #[must_use]
    pub fn encapsulated(&self) -> Option<SpaceId> {
        match self.fields.first() {
            Some(Field::Encapsulate(space)) => *space,
            _ => None,
        }
    }
}

fn parse_field<'a>(
    letter: char,
    rest: &'a str,
    space: &impl Fn(&str) -> Option<SpaceId>,
) -> Option<(Field, &'a str)> {
    match letter {
        'D' => Some(parse_domain_list(rest)),
        'E' => parse_encapsulation(rest, space),
        'N' => {
            let (name, after) = rest.split_once('.')?;
            Some((Field::Enumeration(Enumeration::named(name)?), after))
        }
        _ => Some((plain_field(letter)?, rest)),
    }
}

fn parse_domain_list(rest: &str) -> (Field, &str) {
    let plain = Field::DomainList { compressed: false };
    let compressed = Field::DomainList { compressed: true };
    rest.strip_prefix('c')
        .map_or((plain, rest), |after| (compressed, after))
}

fn parse_encapsulation<'a>(
    rest: &'a str,
    space: &impl Fn(&str) -> Option<SpaceId>,
) -> Option<(Field, &'a str)> {
    let (name, after) = rest.split_once('.')?;
    if name.is_empty() {
        return Some((Field::Encapsulate(None), after));
    }
    Some((Field::Encapsulate(Some(space(name)?)), after))
}

fn plain_field(letter: char) -> Option<Field> {
    let field = match letter {
        'I' => Field::Address,
        '6' => Field::Address6,
        'l' => Field::Int32,
        'L' => Field::Uint32,
        's' => Field::Int16,
        'S' => Field::Uint16,
        'b' => Field::Int8,
        'B' => Field::Uint8,
        'f' => Field::Flag,
        't' => Field::Text,
        'X' => Field::Opaque,
        'd' => Field::DomainName,
        'T' => Field::Seconds,
        'Z' => Field::Zero,
        'U' => Field::SpaceName,
        'k' => Field::KeyName,
        _ => return None,
    };
    Some(field)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn parse(letters: &str) -> Option<Format> {
        Format::parse(letters, |name| (name == "fqdn").then_some(SpaceId::FQDN))
    }

    #[test]
    fn letters_become_fields() {
        let sixrd = parse("BB6Ia").unwrap();
        let fields = [Field::Uint8, Field::Uint8, Field::Address6, Field::Address];
        assert_eq!(sixrd.fields, fields);
        assert_eq!(sixrd.repeat, Repeat::Last);
        let scope = parse("fto").unwrap();
        assert!(scope.last_optional);
        assert_eq!(parse("IA"), Some(Format::array_of(Field::Address)));
    }

    #[test]
    fn letters_with_names_and_suffixes_are_understood() {
        let compressed = Field::DomainList { compressed: true };
        assert_eq!(parse("Dc").unwrap().only_field(), Some(compressed));
        assert_eq!(parse("Efqdn.").unwrap().encapsulated(), Some(SpaceId::FQDN));
        assert_eq!(parse("E.").unwrap().encapsulated(), None);
        let status = parse("Nstatus-codes.to").unwrap();
        assert_eq!(status.fields.len(), 2);
        assert_eq!(status.fields[0].width(), Some(2));
    }

    #[test]
    fn unknown_letters_and_names_are_refused() {
        assert_eq!(parse("IQ"), None);
        assert_eq!(parse("Enowhere."), None);
        assert_eq!(parse("Nnothing."), None);
        assert_eq!(parse("N"), None);
    }
}
