//! Reads a lease file: tolerant, in one pass, the messages as data (reference isc-dhcpd-behaviour.md, section 10.5).
//!
//! What is damaged is told and skipped; everything else counts. Of the file no more is in memory than a few pieces and the
//! record that is being read.

use std::io;

use common::log::Line;

use super::fields::{self, Lost};
use super::heads::{Complain, read_byte_order, read_peer};
use super::lexer::{Lexer, Position, Token};
use super::pieces::{Leases, Piece, Pieces};
use super::record::Lease;
use super::skip::{begins_id, read_id, skip_field, skip_statement};
use super::window::Window;
use super::words;
use super::writer::USUAL_LEASE;

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

/// As [`read_pieces`], of a file that is in memory.
pub fn read(bytes: &[u8], name: &str, now: u32, accept: impl FnMut(Lease) -> bool) -> Reading {
    // Memory can always be read.
    read_pieces(Pieces::new(bytes), name, now, &[], accept).unwrap_or_default()
}

/// Reads the file `name`, which comes in `pieces`, some of them [read](Piece::read) already. Hands every lease to `accept`, which says
/// whether its address is one of ours; of several records for an address the last counts. `now` decides about records without a
/// state. `peers` are the failover peers of the configuration, by name.
///
/// # Errors
/// Those of the pieces.
pub fn read_pieces(
    pieces: impl Iterator<Item = io::Result<Piece>>,
    name: &str,
    now: u32,
    peers: &[&str],
    mut accept: impl FnMut(Lease) -> bool,
) -> io::Result<Reading> {
    let mut window = Window::new(pieces);
    let mut findings = Findings::default();
    loop {
        while window.is_done() && !window.is_whole() {
            for lease in window.replace()? {
                findings.hand_over(lease, &mut accept);
            }
        }
        let before = findings.mark();
        let mut reader = Reader {
            lexer: Lexer::resume(window.bytes(), window.position()),
            name,
            now,
            peers,
            findings,
        };
        reader.lexer.begin_record();
        let record = reader.read_record();
        let cut = reader.lexer.has_met_end() && !window.is_whole();
        let behind = reader.lexer.position();
        let swallowed = reader.lexer.lease_line();
        findings = reader.findings;
        // A stray brace or quote must not cost more than the record that it is in.
        if let Some(next) = swallowed.filter(|next| next.at < behind.at) {
            findings.go_back(before);
            findings.push(vec![words::plain(words::CORRUPT)]);
            window.advance(next);
            continue;
        }
        if cut {
            findings.go_back(before);
            match record {
                // There are only blanks, and remarks that end with their lines.
                Record::End if behind.begins_line() => window.advance(behind),
                _ => window.extend()?,
            }
            continue;
        }
        window.advance(behind);
        match record {
            Record::End => return Ok(findings.finish()),
            Record::Lease(lease) => findings.hand_over(*lease, &mut accept),
            Record::Duid(duid) => findings.reading.duid = Some(duid),
            Record::Other => {}
        }
    }
}

/// Reads leases with which nothing is wrong; `None` if the text holds anything else.
pub(super) fn read_leases(text: &[u8], now: u32) -> Option<Leases> {
    let mut reader = Reader {
        lexer: Lexer::new(text),
        name: "",
        now,
        peers: &[],
        findings: Findings::default(),
    };
    let mut leases = Vec::with_capacity(text.len() / USUAL_LEASE);
    loop {
        reader.lexer.begin_record();
        let record = reader.read_record();
        let swallowed = reader.lexer.lease_line();
        if swallowed.is_some() || !reader.findings.reading.lines.is_empty() {
            return None;
        }
        match record {
            Record::Lease(lease) => leases.push(*lease),
            Record::Duid(_) | Record::Other => return None,
            Record::End => {
                let lines = reader.lexer.position().line - Position::START.line;
                return Some(Leases { leases, lines });
            }
        }
    }
}

/// What stands in a file between two records.
enum Record {
    /// Nothing more.
    End,
    Lease(Box<Lease>),
    /// The server's identifier, if it can be read.
    Duid(Box<[u8]>),
    /// What is in the findings already.
    Other,
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    reading: Reading,
    /// Line ends up to which those of the file are those of the declarations.
    declared_to: u32,
    /// Whether the byte order is known.
    has_byte_order: bool,
    unsaid: usize,
}

/// How much was found before a record.
struct Mark {
    lines: usize,
    foreign: usize,
    declarations: usize,
    declared: Declared,
    declared_to: u32,
    has_byte_order: bool,
    unsaid: usize,
}

impl Findings {
    fn mark(&self) -> Mark {
        Mark {
            lines: self.reading.lines.len(),
            foreign: self.reading.foreign.len(),
            declarations: self.reading.declarations.len(),
            declared: self.reading.declared,
            declared_to: self.declared_to,
            has_byte_order: self.has_byte_order,
            unsaid: self.unsaid,
        }
    }

    /// Forgets a record that was not there as a whole.
    fn go_back(&mut self, mark: Mark) {
        self.reading.lines.truncate(mark.lines);
        self.reading.foreign.truncate(mark.foreign);
        self.reading.declarations.truncate(mark.declarations);
        self.reading.declared = mark.declared;
        self.declared_to = mark.declared_to;
        self.has_byte_order = mark.has_byte_order;
        self.unsaid = mark.unsaid;
    }

    fn hand_over(&mut self, lease: Lease, accept: &mut impl FnMut(Lease) -> bool) {
        let address = lease.address;
        if !accept(lease) {
            self.push(vec![words::plain(words::no_subnet(address))]);
        }
    }

    fn push(&mut self, lines: Vec<Line>) {
        if self.reading.lines.len() < LINES {
            self.reading.lines.extend(lines);
        } else {
            self.unsaid += 1;
        }
    }

    fn finish(mut self) -> Reading {
        if self.unsaid > 0 {
            let text = words::more(self.unsaid);
            self.reading.lines.push(words::plain(text));
        }
        self.reading
    }
}

/// Reads one record.
struct Reader<'a, 'n> {
    lexer: Lexer<'a>,
    name: &'n str,
    now: u32,
    peers: &'n [&'n str],
    findings: Findings,
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
    /// Of failover, which is not there yet.
    Failover,
    /// Of DHCPv6, which the original skips silently in a DHCPv4 file.
    Version6,
}

/// Octets of the shortest identifier of a server that the original takes.
const SHORTEST_DUID: usize = 3;

const KINDS: [(&str, Kind); 11] = [
    ("lease", Kind::Lease),
    ("server-duid", Kind::Duid),
    ("authoring-byte-order", Kind::ByteOrder),
    ("host", Kind::Host),
    ("group", Kind::Group),
    ("class", Kind::Class),
    ("subclass", Kind::Class),
    ("failover", Kind::Failover),
    ("ia-na", Kind::Version6),
    ("ia-ta", Kind::Version6),
    ("ia-pd", Kind::Version6),
];

fn row_of(word: &[u8]) -> Option<&'static (&'static str, Kind)> {
    let named = |row: &&(&str, Kind)| row.0.as_bytes().eq_ignore_ascii_case(word);
    KINDS.iter().find(named)
}

/// True of a word that begins a record.
pub(super) fn begins_record(token: &Token<'_>) -> bool {
    matches!(token, Token::Word(word) if row_of(word).is_some())
}

impl Reader<'_, '_> {
    fn read_record(&mut self) -> Record {
        self.lexer.peek();
        let from = self.lexer.position();
        let word = match self.lexer.next() {
            Token::End => return Record::End,
            Token::Word(word) => word,
            _ => &[],
        };
        match row_of(word) {
            Some((_, Kind::Lease)) => return self.read_lease(),
            Some((_, Kind::Duid)) => return self.read_duid(),
            Some((_, Kind::ByteOrder)) => self.read_byte_order(),
            Some((_, Kind::Version6)) => skip_statement(&mut self.lexer),
            Some((_, Kind::Failover)) => self.read_failover(from),
            Some((_, kind)) => self.declare(*kind, from),
            None => {
                self.say(words::CORRUPT);
                skip_statement(&mut self.lexer);
            }
        }
        Record::Other
    }

    fn read_lease(&mut self) -> Record {
        let mut body = fields::Body::new(&mut self.lexer, self.now);
        let outcome = body.read();
        for (spot, text) in std::mem::take(&mut body.complaints) {
            self.complain(&spot, &text);
        }
        match outcome {
            Ok(lease) => return Record::Lease(Box::new(lease)),
            Err(Lost::AtEnd) => {}
            Err(Lost::Name) => self.complain_here(words::POSSIBLY_CORRUPT),
            Err(Lost::Field) => {
                self.complain_here(words::POSSIBLY_CORRUPT);
                self.skip_body();
            }
        }
        Record::Other
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

    /// One that makes no sense is made anew by the server.
    fn read_duid(&mut self) -> Record {
        if !begins_id(self.lexer.peek()) {
            return self.refuse_duid(words::IDENTIFIER);
        }
        let Some(duid) = read_id(&mut self.lexer) else {
            let token = self.lexer.next();
            return match token {
                Token::Word(word) if begins_id(&token) => {
                    self.complain_here(&words::too_large(word));
                    self.refuse_contents()
                }
                _ => self.refuse_duid(words::HEXADECIMAL),
            };
        };
        if duid.len() < SHORTEST_DUID {
            return self.refuse_contents();
        }
        if self.lexer.next() != Token::Mark(b';') {
            self.complain_here(words::SEMICOLON);
            skip_statement(&mut self.lexer);
        }
        Record::Duid(Box::from(&*duid))
    }

    fn refuse_duid(&mut self, text: &str) -> Record {
        self.complain_here(text);
        skip_statement(&mut self.lexer);
        self.complain_here(words::DUID);
        Record::Other
    }

    fn refuse_contents(&mut self) -> Record {
        self.complain_here(words::DUID);
        skip_statement(&mut self.lexer);
        Record::Other
    }

    /// What a lease file holds means the same in any byte order, but the original says so.
    fn read_byte_order(&mut self) {
        if self.findings.has_byte_order {
            self.complain_here(words::BYTE_ORDER_LATE);
            return skip_statement(&mut self.lexer);
        }
        let own = self.complaining(read_byte_order);
        self.findings.has_byte_order = own.is_some();
        if own == Some(false) {
            self.say(words::OTHER_BYTE_ORDER);
        }
    }

    fn read_failover(&mut self, from: Position) {
        let peers = self.peers;
        self.complaining(|lexer, complain| read_peer(lexer, peers, complain));
        self.keep(from.at);
    }

    /// Lets `read` take tokens and complain about them.
    fn complaining<T>(&mut self, read: impl FnOnce(&mut Lexer<'_>, Complain<'_>) -> T) -> T {
        let (name, findings) = (self.name, &mut self.findings);
        read(&mut self.lexer, &mut |lexer, text| {
            findings.push(words::placed(name, &lexer.spot(), text));
        })
    }

    /// Keeps a record as it stands; gives its text.
    fn keep_foreign(&mut self, from: usize) -> Vec<u8> {
        skip_statement(&mut self.lexer);
        self.keep(from)
    }

    /// Keeps what stands from there on.
    fn keep(&mut self, from: usize) -> Vec<u8> {
        let text = self.lexer.slice(from, self.lexer.offset_behind()).to_vec();
        let foreign = &mut self.findings.reading.foreign;
        foreign.extend_from_slice(&text);
        foreign.push(b'\n');
        text
    }

    /// Takes a declaration, which the configuration's own grammar reads later.
    fn declare(&mut self, kind: Kind, from: Position) {
        let text = self.keep_foreign(from.at);
        let Findings {
            reading,
            declared_to,
            ..
        } = &mut self.findings;
        let skipped = from.line.saturating_sub(1).saturating_sub(*declared_to);
        (reading.declarations).extend((0..skipped).map(|_| b'\n'));
        reading.declarations.extend_from_slice(&text);
        *declared_to = self.lexer.position().line.saturating_sub(1);
        let declared = &mut reading.declared;
        match kind {
            Kind::Class => declared.classes += 1,
            Kind::Group => declared.groups += 1,
            _ if removes_host(&text) => declared.deleted_hosts += 1,
            _ => {}
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.findings.push(vec![words::plain(text)]);
    }

    fn complain_here(&mut self, text: &str) {
        let spot = self.lexer.spot();
        self.complain(&spot, text);
    }

    fn complain(&mut self, spot: &super::lexer::Spot, text: &str) {
        let lines = words::placed(self.name, spot, text);
        self.findings.push(lines);
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
