//! The words of a source file.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name: it begins with a letter, or with a digit and holds a character that no number has.
    Name,
    /// Decimal digits, perhaps after a `-`.
    Number,
    /// A word that is a number in base 16 and may be a name as well.
    NumberOrName,
    /// A string in quotes.
    String,
    /// Any other character.
    Mark(char),
    /// The end of the file.
    End,
}

/// A word with its place. Offsets are bytes of [`Document::text`](super::Document::text).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset behind its last byte.
    pub end: u32,
    /// Line of its first character, from 1.
    pub line: u32,
    /// Column of its first character, from 1.
    pub column: u32,
    /// How far the original's lexer has read when it knows this token.
    pub(super) read: ReadPoint,
    /// Column that the original's lexer notes for it: one more where it had to take back a character before.
    pub(super) noted_column: u32,
}

/// A position of the reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ReadPoint {
    /// Offset of the next byte to read.
    pub(super) offset: u32,
    /// The line it is on.
    pub(super) line: u32,
}

impl Token {
    /// True for a word that may be a keyword or a name. The original takes each byte over 0x7F for one.
    #[must_use]
    pub fn is_identifier(&self) -> bool {
        match self.kind {
            Kind::Name | Kind::NumberOrName => true,
            Kind::Mark(mark) => !mark.is_ascii(),
            _ => false,
        }
    }

    /// The same word where it can only be a keyword or a name.
    #[must_use]
    pub fn as_name(self) -> Self {
        let kind = Kind::Name;
        Self { kind, ..self }
    }

    /// True for a word that may be a number in base 16.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(self.kind, Kind::Number | Kind::NumberOrName)
    }

    /// True for this punctuation character.
    #[must_use]
    pub fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}
