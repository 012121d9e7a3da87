//! Reads a lease file: tolerant, in one pass, the messages as data (reference isc-dhcpd-behaviour.md, section 10.5).
//!
//! What is damaged is told and skipped; everything else counts.

use common::log::Line;

use super::fields::{self, Lost};
use super::lexer::{Lexer, Token};
use super::record::Lease;
use super::skip::{read_id, skip_field, skip_statement};
use super::words;

/// What a lease file says besides leases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The server's identifier.
    pub duid: Option<Box<[u8]>>,
    /// Records of other kinds, as they stand in the file: a rewrite keeps them.
    pub foreign: Vec<u8>,
    /// Those of them that declare hosts, groups and classes, on the lines on which they stand in the file.
    pub declarations: Vec<u8>,
    /// How many of those there are.
    pub declared: Declared,
    /// What to log.
    pub lines: Vec<Line>,
}

/// Numbers of declarations in a lease file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Classes and subclasses.
    pub classes: usize,
    /// Groups.
    pub groups: usize,
    /// Hosts of the configuration that were removed.
    pub deleted_hosts: usize,
}

/// More messages than anybody reads; a damaged file can yield one for every few bytes.
const LINES: usize = 10_000;

/// Reads the file `name`, whose content is `bytes`. Hands every lease to `accept`, which says whether its address is one
/// of ours; of several records for an address the last counts. `now` decides about records without a state.
pub fn read(bytes: &[u8], name: &str, now: u32, accept: impl FnMut(Lease) -> bool) -> Reading {
    let mut reader = Reader {
        lexer: Lexer::new(bytes),
        name,
        now,
        accept,
        reading: Reading::default(),
        declared_to: 0,
        told_of_foreign: false,
        unsaid: 0,
    };
    while reader.read_record() {}
    if reader.unsaid > 0 {
        let text = words::more(reader.unsaid);
        reader.reading.lines.push(words::plain(text));
    }
    reader.reading
}

struct Reader<'a, 'n, Accept> {
    lexer: Lexer<'a>,
    name: &'n str,
    now: u32,
    accept: Accept,
    reading: Reading,
    /// Up to where the lines of the file are those of the declarations.
    declared_to: usize,
    /// Whether it was said that such records have no effect.
    told_of_foreign: bool,
    unsaid: usize,
}

/// What a record of a file is.
#[derive(Clone, Copy)]
enum Kind {
    Lease,
    Duid,
    ByteOrder,
    Host,
    Group,
    Class,
    /// Of a feature that is not there yet.
    Foreign,
    /// Of DHCPv6, which the original skips silently in a DHCPv4 file.
    Version6,
}

const KINDS: [(&str, Kind); 11] = [
    ("lease", Kind::Lease),
    ("server-duid", Kind::Duid),
    ("authoring-byte-order", Kind::ByteOrder),
    ("host", Kind::Host),
    ("group", Kind::Group),
    ("class", Kind::Class),
    ("subclass", Kind::Class),
    ("failover", Kind::Foreign),
    ("ia-na", Kind::Version6),
    ("ia-ta", Kind::Version6),
    ("ia-pd", Kind::Version6),
];

impl<Accept: FnMut(Lease) -> bool> Reader<'_, '_, Accept> {
    /// Reads one record; false at the end of the file.
    fn read_record(&mut self) -> bool {
        let from = self.lexer.offset();
        let word = match self.lexer.next() {
            Token::End => return false,
            Token::Word(word) => word,
            _ => &[],
        };
        let named = |row: &&(&str, Kind)| row.0.as_bytes().eq_ignore_ascii_case(word);
        match KINDS.iter().find(named) {
            Some((_, Kind::Lease)) => self.read_lease(),
            Some((_, Kind::Duid)) => self.read_duid(),
            Some((_, Kind::ByteOrder | Kind::Version6)) => skip_statement(&mut self.lexer),
            Some((name, Kind::Foreign)) => {
                self.keep_foreign(from);
                if !std::mem::replace(&mut self.told_of_foreign, true) {
                    self.say(words::foreign(name));
                }
            }
            Some((_, kind)) => self.declare(*kind, from),
            None => {
                self.say(words::CORRUPT);
                skip_statement(&mut self.lexer);
            }
        }
        true
    }

    fn read_lease(&mut self) {
        let mut body = fields::Body::new(&mut self.lexer, self.now);
        let outcome = body.read();
        for (spot, text) in std::mem::take(&mut body.complaints) {
            self.complain(&spot, &text);
        }
        match outcome {
            Ok(lease) => self.hand_over(lease),
            Err(Lost::AtEnd) => {}
            Err(Lost::Name) => self.complain_here(words::POSSIBLY_CORRUPT),
            Err(Lost::Field) => {
                self.complain_here(words::POSSIBLY_CORRUPT);
                self.skip_body();
            }
        }
    }

    fn hand_over(&mut self, lease: Lease) {
        let address = lease.address;
        if !(self.accept)(lease) {
            self.say(words::no_subnet(address));
        }
    }

    /// Skips the rest of a damaged lease, a message for every field and one for the brace, as the original gives them; but
    /// the lease behind it is not lost.
    fn skip_body(&mut self) {
        loop {
            match self.lexer.next() {
                Token::End => return,
                Token::Mark(b'}') => return self.say(words::CORRUPT),
                _ => {
                    self.say(words::CORRUPT);
                    skip_field(&mut self.lexer);
                }
            }
        }
    }

    fn read_duid(&mut self) {
        let duid = read_id(&mut self.lexer);
        skip_statement(&mut self.lexer);
        self.reading.duid = duid.or(self.reading.duid.take());
    }

    /// Keeps a record as it stands; gives its text.
    fn keep_foreign(&mut self, from: usize) -> Vec<u8> {
        skip_statement(&mut self.lexer);
        let text = self.lexer.slice(from, self.lexer.offset_behind()).to_vec();
        self.reading.foreign.extend_from_slice(&text);
        self.reading.foreign.push(b'\n');
        text
    }

    /// Takes a declaration, which the configuration's own grammar reads later.
    fn declare(&mut self, kind: Kind, from: usize) {
        let text = self.keep_foreign(from);
        let skipped = self.lexer.slice(self.declared_to, from);
        let lines = skipped.iter().filter(|byte| **byte == b'\n');
        self.reading.declarations.extend(lines);
        self.reading.declarations.extend_from_slice(&text);
        self.declared_to = self.lexer.offset_behind();
        let declared = &mut self.reading.declared;
        match kind {
            Kind::Class => declared.classes += 1,
            Kind::Group => declared.groups += 1,
            _ if removes_host(&text) => declared.deleted_hosts += 1,
            _ => {}
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.push(vec![words::plain(text)]);
    }

    fn complain_here(&mut self, text: &str) {
        let spot = self.lexer.spot();
        self.complain(&spot, text);
    }

    fn complain(&mut self, spot: &super::lexer::Spot, text: &str) {
        let lines = words::placed(self.name, spot, text);
        self.push(lines);
    }

    fn push(&mut self, lines: Vec<Line>) {
        if self.reading.lines.len() < LINES {
            self.reading.lines.extend(lines);
        } else {
            self.unsaid += 1;
        }
    }
}

/// True of `host NAME { deleted; }`, where the host is none that tools have made.
fn removes_host(text: &[u8]) -> bool {
    let mut lexer = Lexer::new(text);
    let (mut deleted, mut dynamic) = (false, false);
    loop {
        match lexer.next() {
            Token::End => return deleted && !dynamic,
            Token::Word(word) if word.eq_ignore_ascii_case(b"deleted") => deleted = true,
            Token::Word(word) if word.eq_ignore_ascii_case(b"dynamic") => dynamic = true,
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
