//! A walk over the words of a file that always knows what the original's parser would print as its position.

use std::collections::VecDeque;
use std::rc::Rc;

use super::lexer::Lexer;
use super::token::ReadPoint;
use super::{Document, Kind, Place, Token};

/// Longest part of a line that a message shows.
const SHOWN: usize = 80;

/// Longest part of a line in a frame.
const SHOWN_IN_FRAMES: usize = 200;

/// Words that are known ahead of time.
const AHEAD: usize = 4;

/// A position in a file with one word of look-ahead.
///
/// The original names in its messages the line of the token it took last, and shows the line up to the point it has
/// read. Both follow from the order of peeks and takes, so the cursor keeps the same books (reference
/// isc-dhcpd-config.md, section 10).
#[derive(Clone, Debug)]
pub struct Cursor {
    document: Rc<Document>,
    lexer: Lexer,
    /// Words to come; the last of the file stays.
    words: VecDeque<Token>,
    taken: Option<Token>,
    /// The one taken before that.
    before: Option<Token>,
    peeked: bool,
    read: ReadPoint,
    noted: Noted,
    /// Of the word that was peeked at.
    ahead: Noted,
    /// The lines alternate between two buffers; messages show this one.
    shows_odd_line: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    line: u32,
    column: u32,
}

/// Where a message points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Name of the file.
    pub file: Box<str>,
    /// The place of the word taken last.
    pub place: Place,
    /// Number of the line to print.
    pub line: u32,
    /// The line as far as it has been read: one character a byte, at most 80.
    pub text: String,
    /// Column of the caret, from 1; no caret over 80.
    pub column: u32,
    /// The whole line of the place, at most 200 characters.
    pub source: String,
    /// Characters of the word at the place.
    pub width: u32,
}

impl Cursor {
    /// At the start of a document.
    #[must_use]
    pub fn new(document: Rc<Document>) -> Self {
        let read = ReadPoint { offset: 0, line: 1 };
        let mut cursor = Self {
            document,
            lexer: Lexer::new(),
            words: VecDeque::new(),
            taken: None,
            before: None,
            peeked: false,
            read,
            noted: Noted::default(),
            ahead: Noted::default(),
            shows_odd_line: true,
        };
        cursor.read_ahead();
        cursor
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Rc<Document> {
        &self.document
    }

    /// The next word; at the end [`Kind::End`], again and again.
    pub fn peek(&mut self) -> Token {
        let token = self.upcoming();
        if !self.peeked {
            let before = self.noted;
            self.read_in(&token);
            self.ahead = self.noted;
            self.noted = before;
            self.peeked = true;
            if self.ahead.line != before.line {
                self.shows_odd_line = !is_odd(self.read.line);
            }
        }
        token
    }

    /// The next word, if nothing is between it and the word taken last. If there is, only that has been read.
    pub fn peek_adjacent(&mut self) -> Option<Token> {
        let token = self.upcoming();
        let last = self.taken?;
        if self.peeked || last.end == token.start {
            return Some(self.peek());
        }
        let gap = self.document.read_past_blank(&last);
        if gap.line != self.read.line {
            self.shows_odd_line = !is_odd(gap.line);
        }
        self.read = gap;
        None
    }

    /// Takes the next word.
    pub fn take(&mut self) -> Token {
        let token = self.upcoming();
        if self.peeked {
            if self.noted.line != self.ahead.line {
                self.shows_odd_line = is_odd(self.read.line);
            }
            self.noted = self.ahead;
            self.peeked = false;
        } else {
            self.read_in(&token);
            self.shows_odd_line = is_odd(self.read.line);
        }
        if token.kind != Kind::End {
            self.before = self.taken;
            self.taken = self.words.pop_front();
            self.read_ahead();
        }
        token
    }

    /// The next word, if it is a string and has not been looked at before.
    #[must_use]
    pub fn unread_string(&self) -> Option<&Token> {
        let next = self.words.front().filter(|_| !self.peeked);
        next.filter(|token| token.kind == Kind::String)
    }

    /// The word `distance` words behind the next one; at the end [`Kind::End`].
    #[must_use]
    pub fn ahead(&self, distance: usize) -> Token {
        self.token_at(distance)
    }

    /// The place of the next word, without looking at it as the original would.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place_of(&self.upcoming())
    }

    /// The place of a word.
    #[must_use]
    pub fn place_of(&self, token: &Token) -> Place {
        Place {
            file: self.document.file,
            line: token.line,
            column: u16::try_from(token.column).unwrap_or(u16::MAX),
        }
    }

    /// The text of a word as written.
    #[must_use]
    pub fn text_of(&self, token: &Token) -> &str {
        self.document.text_of(token)
    }

    /// What a message would show now.
    #[must_use]
    pub fn excerpt(&self) -> Excerpt {
        self.excerpt_at(self.read, self.noted)
    }

    /// The same with a frame around what stands from `first` up to the word taken last.
    #[must_use]
    pub fn excerpt_from(&self, first: &Token) -> Excerpt {
        let end = self.taken.map_or(first.end, |token| token.start);
        Excerpt {
            place: self.place_of(first),
            source: self.source_line(first),
            width: end.max(first.end).saturating_sub(first.start),
            ..self.excerpt()
        }
    }

    /// The same with a frame around `token` alone.
    #[must_use]
    pub fn excerpt_around(&self, token: &Token) -> Excerpt {
        Excerpt {
            place: self.place_of(token),
            source: self.source_line(token),
            width: token.end.saturating_sub(token.start),
            ..self.excerpt()
        }
    }

    /// What a message about the inside of the next word would show, when the original has read to `offset`.
    #[must_use]
    pub fn excerpt_within(&self, token: &Token, offset: u32) -> Excerpt {
        let inside = self.document.between(token.start, offset);
        let breaks = inside.bytes().filter(|c| *c == b'\n').count();
        let line = token
            .line
            .saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        let noted = Noted {
            line: token.line,
            column: token.noted_column,
        };
        self.excerpt_at(ReadPoint { offset, line }, noted)
    }

    fn excerpt_at(&self, read: ReadPoint, noted: Noted) -> Excerpt {
        Excerpt {
            file: self.document.name.clone(),
            place: self
                .taken
                .map_or_else(Place::default, |token| self.place_of(&token)),
            line: noted.line,
            source: self
                .taken
                .map_or_else(String::new, |token| self.source_line(&token)),
            width: self
                .taken
                .map_or(1, |token| token.end.saturating_sub(token.start)),
            text: self.shown_line(read),
            column: noted.column,
        }
    }

    fn source_line(&self, token: &Token) -> String {
        let line = self.document.line(token.line);
        line.chars().take(SHOWN_IN_FRAMES).collect()
    }

    /// The place right behind the word before the one taken last.
    #[must_use]
    pub fn place_behind(&self) -> Option<Place> {
        let token = self.before?;
        let width = token.end.saturating_sub(token.start);
        let place = self.place_of(&token);
        let column = u16::try_from(width).ok()?.checked_add(place.column)?;
        Some(Place { column, ..place })
    }

    /// The buffer that messages show holds the line being read, or the one before it.
    fn shown_line(&self, read: ReadPoint) -> String {
        let start = self.document.line_start(read.line);
        if is_odd(read.line) == self.shows_odd_line {
            return shorten(self.document.between(start, read.offset));
        }
        let before = self.document.line_start(read.line.saturating_sub(1));
        shorten(self.document.between(before, start.saturating_sub(1)))
    }

    /// The next word, without the look at it that the original's books would show.
    #[must_use]
    pub fn upcoming(&self) -> Token {
        self.token_at(0)
    }

    fn token_at(&self, index: usize) -> Token {
        let end = Token {
            kind: Kind::End,
            start: 0,
            end: 0,
            line: 1,
            column: 1,
            read: ReadPoint::default(),
            noted_column: 1,
        };
        let found = self.words.get(index).or(self.words.back());
        found.copied().unwrap_or(end)
    }

    fn read_in(&mut self, token: &Token) {
        self.read = token.read;
        if token.kind != Kind::End {
            self.noted = Noted {
                line: token.line,
                column: token.noted_column,
            };
        }
    }

    /// Moves to the end: nothing more shall be read.
    pub fn finish(&mut self) {
        while self.upcoming().kind != Kind::End {
            self.words.pop_front();
            self.read_ahead();
        }
        self.peeked = false;
    }

    fn read_ahead(&mut self) {
        if self.words.len() < AHEAD {
            self.lexer.read_on(self.document.text(), &mut self.words);
        }
    }
}

fn shorten(line: &str) -> String {
    line.chars().take(SHOWN).collect()
}

fn is_odd(line: u32) -> bool {
    line & 1 == 1
}
