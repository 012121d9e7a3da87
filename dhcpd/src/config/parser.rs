//! What every part of the parser uses: words one at a time, messages, and going on after an error.

use std::rc::Rc;

use common::diag::{Diagnostics, Severity};
use common::syntax::{Cursor, Document, FileId, Kind, Place, StringFlaw, Token, decode_string};

use super::builder::Builder;
use super::expression::Wanted;
use super::keywords::is_hexadecimal_keyword;
use super::{Family, hosts, words};
use crate::eval::NESTING_LIMIT;

/// Why something could not be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is something else; nobody has said so yet.
    Unreported,
    /// There is a message about it, and the rest was skipped where that makes sense.
    Reported,
}

/// What a parsing function returns.
pub(super) type Parsed<T> = Result<T, Failure>;

/// Opens a file that the configuration names: its bytes, or what to say when it cannot be read.
pub type Loader<'a> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a;

/// Blocks, expressions and included files within each other; the original has no limit but its stack.
const DEEPEST: usize = NESTING_LIMIT;

/// Reads one configuration.
pub(super) struct Parser<'a> {
    pub(super) family: Family,
    pub(super) cursor: Cursor,
    pub(super) build: Builder,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) load: &'a mut Loader<'a>,
    /// A message said that nothing more can be done.
    pub(super) stopped: bool,
    pub(super) warned_about_hosts: bool,
    pub(super) host: Option<hosts::Draft>,
    /// The statements being read are those of a block: of an `if`, a function, and so on.
    pub(super) in_block: bool,
    /// The statements being read are those of an `on` block, which the lease file spells as they were written.
    pub(super) in_event: bool,
    /// The text is one that a lease file holds: it leaves out what a `return` gives back.
    pub(super) in_lease_file: bool,
    /// What the cases of the switch being read compare; `None` where no case may stand.
    pub(super) cases: Option<Wanted>,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        family: Family,
        load: &'a mut Loader<'a>,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let nothing = Document::read(FileId(0), "", Vec::new());
        Self {
            family,
            cursor: Cursor::new(Rc::new(nothing)),
            build: Builder::default(),
            diagnostics,
            load,
            stopped: false,
            warned_about_hosts: false,
            host: None,
            in_block: false,
            in_event: false,
            in_lease_file: false,
            cases: None,
            depth: 0,
        }
    }

    pub(super) fn peek(&mut self) -> Token {
        self.report_flaws();
        let token = self.cursor.peek();
        self.as_keyword(token)
    }

    /// The next token, if it follows the last one without a blank.
    pub(super) fn peek_adjacent(&mut self) -> Option<Token> {
        self.report_flaws();
        self.cursor.peek_adjacent()
    }

    pub(super) fn take(&mut self) -> Token {
        self.report_flaws();
        let token = self.cursor.take();
        self.as_keyword(token)
    }

    /// A word of the language is no number, though it may look like one.
    fn as_keyword(&self, token: Token) -> Token {
        let looks_like_one = token.kind == Kind::NumberOrName;
        if !looks_like_one || !is_hexadecimal_keyword(self.cursor.text_of(&token)) {
            return token;
        }
        token.as_name()
    }

    pub(super) fn text(&self, token: &Token) -> String {
        match token.kind {
            Kind::String => latin(&self.bytes(token)),
            _ => self.cursor.text_of(token).to_owned(),
        }
    }

    pub(super) fn bytes(&self, token: &Token) -> Vec<u8> {
        decode_string(self.cursor.document(), token).0
    }

    /// True if the token is this word, in any case.
    pub(super) fn is_word(&self, token: &Token, word: &str) -> bool {
        token.is_identifier() && self.cursor.text_of(token).eq_ignore_ascii_case(word)
    }

    pub(super) fn peek_is_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        self.is_word(&token, word)
    }

    /// Takes the next word if it is this one.
    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.peek_is_word(word);
        if found {
            self.take();
        }
        found
    }

    /// Takes the next token if it is this mark.
    pub(super) fn accept(&mut self, mark: char) -> bool {
        let found = self.peek().is(mark);
        if found {
            self.take();
        }
        found
    }

    pub(super) fn place(&self) -> Place {
        self.cursor.place()
    }

    pub(super) fn error(&mut self, text: impl Into<String>) {
        if !self.stopped {
            self.diagnostics.error(self.cursor.excerpt(), text);
        }
    }

    /// Reports and fails.
    pub(super) fn fail<T>(&mut self, text: impl Into<String>) -> Parsed<T> {
        self.error(text);
        Err(Failure::Reported)
    }

    /// Reports, goes to the end of the statement, and fails.
    pub(super) fn fail_and_skip<T>(&mut self, text: impl Into<String>) -> Parsed<T> {
        self.error(text);
        self.skip_statement();
        Err(Failure::Reported)
    }

    /// The same where `last` was taken already, and may have been the end of the statement.
    pub(super) fn fail_behind<T>(&mut self, last: &Token, text: impl Into<String>) -> Parsed<T> {
        self.error(text);
        if !last.is(';') {
            self.skip_statement();
        }
        Err(Failure::Reported)
    }

    /// A line without a place, right behind the message before.
    pub(super) fn remark(&mut self, severity: Severity, text: impl Into<String>) {
        if !self.stopped {
            self.diagnostics.line(severity, text);
        }
    }

    /// Reports something after which the original ends at once.
    pub(super) fn stop(&mut self, text: impl Into<String>) {
        self.remark(Severity::Error, text);
        self.stopped = true;
        self.cursor.finish();
    }

    /// Goes behind the next `;`, or behind the block that comes before one.
    pub(super) fn skip_statement(&mut self) {
        self.skip_blocks(0);
    }

    /// The same, out of `depth` blocks that are open.
    pub(super) fn skip_blocks(&mut self, mut depth: usize) {
        loop {
            let token = self.peek();
            self.take();
            match token.kind {
                Kind::End => return,
                Kind::Mark('{') => depth = depth.saturating_add(1),
                Kind::Mark('}') if depth <= 1 => return,
                Kind::Mark('}') => depth = depth.saturating_sub(1),
                Kind::Mark(';') if depth == 0 => return,
                _ => {}
            }
        }
    }

    pub(super) fn expect_semicolon(&mut self) -> Parsed<()> {
        if self.take().is(';') {
            return Ok(());
        }
        self.error(words::SEMICOLON);
        if let Some(place) = self.cursor.place_behind() {
            self.help(words::semicolon_at(place));
        }
        self.skip_statement();
        Err(Failure::Reported)
    }

    /// Lets the message before point at `token` in its frame.
    pub(super) fn point_at(&mut self, token: &Token) {
        if !self.stopped {
            self.diagnostics.frame(self.cursor.excerpt_around(token));
        }
    }

    /// Advice about the message before.
    pub(super) fn help(&mut self, text: impl Into<String>) {
        if !self.stopped {
            self.diagnostics.help(text);
        }
    }

    pub(super) fn expect_left_brace(&mut self) -> Parsed<()> {
        if self.take().is('{') {
            return Ok(());
        }
        self.fail_and_skip(words::LEFT_BRACE)
    }

    /// Takes this mark, or reports `text` and skips the statement.
    pub(super) fn expect(&mut self, mark: char, text: &str) -> Parsed<()> {
        if self.take().is(mark) {
            return Ok(());
        }
        self.fail_and_skip(text)
    }

    /// Takes this mark, or reports `text` and skips nothing.
    pub(super) fn require(&mut self, mark: char, text: &str) -> Parsed<()> {
        if self.take().is(mark) {
            return Ok(());
        }
        self.fail(text)
    }

    /// At the end of a block: true when it has been left, by its brace or by the end of the file.
    pub(super) fn leave_block(&mut self) -> bool {
        let token = self.peek();
        if token.is('}') {
            self.take();
            return true;
        }
        if token.kind == Kind::End {
            self.error(words::END_OF_FILE);
            return true;
        }
        false
    }

    /// Runs `inner` one level deeper.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            return self.fail_and_skip(words::TOO_DEEP);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// True when no file can be included any deeper.
    pub(super) fn is_too_deep(&self) -> bool {
        self.depth >= DEEPEST
    }

    /// A name of words and dots; `None` if there is not one word.
    pub(super) fn host_name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let token = self.peek();
            if !token.is_identifier() && token.kind != Kind::Number {
                break;
            }
            self.take();
            name.push_str(self.cursor.text_of(&token));
            if !self.peek().is('.') {
                break;
            }
            self.take();
            name.push('.');
        }
        (!name.is_empty()).then_some(name)
    }

    /// Flaws of a string are reported when it is read, once.
    fn report_flaws(&mut self) {
        let Some(token) = self.cursor.unread_string().copied() else {
            return;
        };
        let document = Rc::clone(self.cursor.document());
        for (flaw, offset) in decode_string(&document, &token).1 {
            let excerpt = self.cursor.excerpt_within(&token, offset);
            self.diagnostics.error(excerpt, flaw_text(flaw));
        }
    }
}

fn flaw_text(flaw: StringFlaw) -> String {
    match flaw {
        StringFlaw::Unterminated => words::END_IN_STRING.to_owned(),
        StringFlaw::HexDigit(byte) => words::hex_digit(byte),
        StringFlaw::OctalDigit(byte) => words::octal_digit(byte),
        StringFlaw::TooLong => words::STRING_TOO_LONG.to_owned(),
    }
}

/// Bytes as the characters that messages and names use.
pub(super) fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
