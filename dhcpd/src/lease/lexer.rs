//! Words of a lease file, straight from its bytes. A lease file is too big for the configuration's parser.

use std::borrow::Cow;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a number: letters, digits, `-` and `_`.
    Word(&'a [u8]),
    /// A string, its escapes resolved.
    Text(Cow<'a, [u8]>),
    /// Any other character.
    Mark(u8),
    /// The end of the file.
    End,
}

/// Where the last token begins, and how far the file was read by then: what a message shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Line, from 1.
    pub(super) line: u32,
    /// Column under which the mark stands, from 0.
    pub(super) column: usize,
    /// The line as far as it was read.
    pub(super) echo: String,
}

/// Cuts a file into tokens, with one of them to look ahead.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    /// Line and offset of the last token taken.
    taken: (u32, usize),
    /// Start of the line and end of the last token seen.
    seen: (usize, usize),
    ahead: Option<(Token<'a>, Start)>,
    /// Whether the end of the bytes was looked at.
    met_end: bool,
    /// The first line of the present record, behind the one on which it begins, that a lease begins.
    lease_line: Option<Position>,
}

/// A place between two tokens, where another lexer can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Offset of the place.
    pub(super) at: usize,
    /// Its line, from 1.
    pub(super) line: u32,
    /// Offset at which that line begins.
    pub(super) line_start: usize,
}

impl Position {
    /// Before everything.
    pub(super) const START: Self = Self {
        at: 0,
        line: 1,
        line_start: 0,
    };

    /// True if no part of its line stands before it.
    pub(super) fn begins_line(self) -> bool {
        self.at == self.line_start
    }
}

/// Where a token begins: its line, its column there, its offset in the file.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    line: u32,
    column: usize,
    offset: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self::resume(bytes, Position::START)
    }

    /// Goes on where another lexer was.
    pub(super) fn resume(bytes: &'a [u8], from: Position) -> Self {
        Self {
            bytes,
            at: from.at,
            line: from.line,
            line_start: from.line_start,
            taken: (from.line, 0),
            seen: (from.line_start, from.at),
            ahead: None,
            met_end: false,
            lease_line: None,
        }
    }

    /// The next token begins a record.
    pub(super) fn begin_record(&mut self) {
        self.peek();
        self.lease_line = None;
    }

    /// A line of the present record that [begins a lease](begins_lease).
    pub(super) fn lease_line(&self) -> Option<Position> {
        self.lease_line
    }

    /// Where the next token is looked for.
    pub(super) fn position(&self) -> Position {
        match &self.ahead {
            Some((_, start)) => Position {
                at: start.offset,
                line: start.line,
                line_start: (start.offset + 1).saturating_sub(start.column),
            },
            None => Position {
                at: self.at,
                line: self.line,
                line_start: self.line_start,
            },
        }
    }

    /// True if more bytes could have changed what was read.
    pub(super) fn has_met_end(&self) -> bool {
        self.met_end
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Token<'a> {
        let (token, start) = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.scan(),
        };
        if token != Token::End {
            self.taken = (start.line, start.column);
        }
        token
    }

    /// Takes `N` octets behind one blank at once, if `read` finds in them what it knows; as [`take_some`](Self::take_some).
    pub(super) fn take_known<const N: usize, T>(
        &mut self,
        read: impl FnOnce(&[u8; N]) -> Option<T>,
    ) -> Option<T> {
        self.take_some(|text| Some((read(text.first_chunk()?)?, N)))
    }

    /// Takes at once as many octets behind one blank as `read` knows, tokens of one line that end in a mark. Nothing may have been
    /// looked at since the last token.
    pub(super) fn take_some<T>(
        &mut self,
        read: impl FnOnce(&[u8]) -> Option<(T, usize)>,
    ) -> Option<T> {
        let behind = self.bytes.get(self.at..).filter(|_| self.ahead.is_none())?;
        let (found, length) = read(behind.strip_prefix(b" ")?)?;
        self.at += 1 + length;
        self.taken = (self.line, self.at - self.line_start);
        self.seen = (self.line_start, self.at);
        Some(found)
    }

    /// Looks at the next token.
    pub(super) fn peek(&mut self) -> &Token<'a> {
        if self.ahead.is_none() {
            self.ahead = Some(self.scan());
        }
        self.ahead.as_ref().map_or(&Token::End, |(token, _)| token)
    }

    /// Offset at which the next token begins.
    pub(super) fn offset(&mut self) -> usize {
        self.peek();
        self.ahead
            .as_ref()
            .map_or(self.at, |(_, start)| start.offset)
    }

    /// Offset behind the last token taken; nothing may have been looked at since.
    pub(super) fn offset_behind(&self) -> usize {
        self.at
    }

    /// What stands between two offsets.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Where the last token taken is. A line that was read to its end is not shown, as in the original.
    pub(super) fn spot(&self) -> Spot {
        let (start, end) = self.seen;
        let line = self.slice(start, end.min(self.bytes.len()));
        let echo = match line.contains(&b'\n') {
            true => String::new(),
            false => String::from_utf8_lossy(line).into_owned(),
        };
        Spot {
            line: self.taken.0,
            column: self.taken.1.min(echo.len()),
            echo,
        }
    }

    fn scan(&mut self) -> (Token<'a>, Start) {
        self.skip_blanks();
        let start = Start {
            line: self.line,
            column: self.at - self.line_start + 1,
            offset: self.at,
        };
        let token = match self.byte() {
            None => Token::End,
            Some(b'"') => self.scan_text(),
            Some(byte) if is_word(byte) => self.scan_word(),
            Some(mark) => {
                self.at += 1;
                Token::Mark(mark)
            }
        };
        let ahead = usize::from(matches!(token, Token::Word(_)));
        self.seen = (self.line_start, self.at + ahead);
        (token, start)
    }

    fn scan_word(&mut self) -> Token<'a> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_word(*byte));
        self.met_end |= length.is_none();
        let word = rest.get(..length.unwrap_or(rest.len()));
        let word = word.unwrap_or_default();
        self.at += word.len();
        Token::Word(word)
    }

    /// A string ends at a quote; at the end of the file if there is none.
    fn scan_text(&mut self) -> Token<'a> {
        self.at += 1;
        let from = self.at;
        let mut escaped = false;
        while let Some(byte) = self.byte().filter(|byte| *byte != b'"') {
            match byte {
                b'\n' => self.advance(),
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                    self.advance();
                }
                _ => self.at += 1,
            }
        }
        let raw = self.slice(from, self.at);
        self.at = (self.at + 1).min(self.bytes.len());
        match escaped {
            false => Token::Text(Cow::Borrowed(raw)),
            true => Token::Text(Cow::Owned(unescape(raw))),
        }
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.byte() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => self.advance(),
                b'#' => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        while self.byte().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// Takes one octet, which may end a line.
    fn advance(&mut self) {
        if self.byte() == Some(b'\n') {
            self.begin_line();
        }
        self.at = (self.at + 1).min(self.bytes.len());
    }

    fn begin_line(&mut self) {
        self.line = self.line.saturating_add(1);
        self.line_start = self.at + 1;
        let line = self.bytes.get(self.line_start..).unwrap_or_default();
        if begins_lease(line) {
            self.lease_line.get_or_insert(Position {
                at: self.line_start,
                line: self.line,
                line_start: self.line_start,
            });
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.met_end |= byte.is_none();
        byte
    }
}

/// True of a line that looks like the first one of a lease: `lease` and a digit. Neither server writes one inside of a record, so
/// that it is taken for the first line of a lease whatever stands before it.
pub(super) fn begins_lease(line: &[u8]) -> bool {
    matches!(line.strip_prefix(b"lease "), Some([b'0'..=b'9', ..]))
}

/// Looked up, which is faster than to compare: nearly every octet of a file is asked about.
fn is_word(byte: u8) -> bool {
    #[expect(
        clippy::indexing_slicing,
        reason = "worked out by the compiler, which refuses an index outside"
    )]
    const WORD: [bool; 256] = {
        let mut word = [false; 256];
        let mut byte: u8 = 0;
        while byte < 128 {
            word[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            byte += 1;
        }
        word
    };
    WORD.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Resolves `\ooo`, `\xhh`, `\n`, `\r`, `\t` and `\b`; any other escaped character stands for itself.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, tail)) = rest.split_first() {
        let (byte, tail) = match byte {
            b'\\' => unescape_one(tail),
            _ => (*byte, tail),
        };
        text.push(byte);
        rest = tail;
    }
    text
}

fn unescape_one(tail: &[u8]) -> (u8, &[u8]) {
    match tail {
        [b'x', digits @ ..] => take_number(digits, 16, 2),
        [b'0'..=b'7', ..] => take_number(tail, 8, 3),
        [b'n', rest @ ..] => (b'\n', rest),
        [b'r', rest @ ..] => (b'\r', rest),
        [b't', rest @ ..] => (b'\t', rest),
        [b'b', rest @ ..] => (0x08, rest),
        [other, rest @ ..] => (*other, rest),
        [] => (b'\\', tail),
    }
}

/// A number of at most `width` digits, modulo 256.
fn take_number(digits: &[u8], base: u32, width: usize) -> (u8, &[u8]) {
    let mut value: u32 = 0;
    let mut rest = digits;
    for _ in 0..width {
        let Some((byte, tail)) = rest.split_first() else {
            break;
        };
        let Some(digit) = char::from(*byte).to_digit(base) else {
            break;
        };
        value = value * base + digit;
        rest = tail;
    }
    (u8::try_from(value & 0xff).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_marks_and_strings_are_told_apart() {
        let mut lexer = Lexer::new(b"uid \"\\001a\\\"\\x41\\q\"; # end\n 7-x");
        assert_eq!(lexer.next(), Token::Word(b"uid"));
        assert_eq!(lexer.next(), Token::Text(Cow::Borrowed(b"\x01a\"Aq")));
        assert_eq!(lexer.next(), Token::Mark(b';'));
        assert_eq!(lexer.peek(), &Token::Word(b"7-x"));
        assert_eq!(lexer.offset(), 28);
        assert_eq!(lexer.next(), Token::Word(b"7-x"));
        assert_eq!((lexer.next(), lexer.next()), (Token::End, Token::End));
    }

    #[test]
    fn what_is_taken_at_once_leaves_the_lexer_as_its_tokens_would() {
        let text = b"a\n  b 1:2; c";
        let mut lexers = [Lexer::new(text), Lexer::new(text)];
        for lexer in &mut lexers {
            lexer.next();
            lexer.next();
        }
        let [by_token, at_once] = &mut lexers;
        assert_eq!(at_once.take_known(|_: &[u8; 4]| None::<()>), None);
        (0..4).for_each(|_| drop(by_token.next()));
        assert_eq!(at_once.take_known(|known| Some(*known)), Some(*b"1:2;"));
        assert_eq!(at_once.spot(), by_token.spot());
        assert_eq!(at_once.position(), by_token.position());
        assert_eq!(at_once.take_known(|_: &[u8; 2]| Some(())), None);
        assert_eq!(at_once.next(), Token::Word(b"c"));
    }

    #[test]
    fn a_string_without_an_end_reaches_to_the_end_of_the_file() {
        let mut lexer = Lexer::new(b"\"abc\\");
        assert_eq!(lexer.next(), Token::Text(Cow::Borrowed(b"abc\\")));
        assert_eq!(lexer.next(), Token::End);
    }

    #[test]
    fn a_spot_shows_the_line_as_far_as_it_was_read() {
        let mut lexer = Lexer::new(b"x\n  foo bar;\n");
        lexer.next();
        lexer.next();
        let spot = lexer.spot();
        assert_eq!((spot.line, spot.column, &*spot.echo), (2, 3, "  foo "));
    }
}
