//! Fields of a lease record.

use std::net::Ipv4Addr;

use super::lexer::{Lexer, Spot, Token};
use super::record::Lease;
use super::skip::{address_and_brace, skip_field, skip_statement};
use super::states::State;
use super::words;

/// Why a record does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Its name is no address; it is skipped already.
    Name,
    /// One of its fields makes no sense; the rest of it has still to be skipped.
    Field,
    /// The file ends inside of it: it was never on disk as a whole, so no client was told.
    AtEnd,
}

/// Reads the record behind the word `lease`.
pub(super) struct Body<'l, 'a> {
    pub(super) lexer: &'l mut Lexer<'a>,
    now: u32,
    /// Fields seen, by their place in [`FIELDS`].
    seen: u32,
    pub(super) next_seen: bool,
    pub(super) rewind_seen: bool,
    /// What to say about the record, in order.
    pub(super) complaints: Vec<(Spot, String)>,
}

/// A field by the word that it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Starts,
    Ends,
    Tstp,
    Tsfp,
    Atsfp,
    Cltt,
    Ignored,
    Uid,
    Class,
    Hardware,
    Reserved,
    Bootp,
    Abandoned,
    Binding,
    Next,
    Rewind,
    Hostname,
    Billing,
    On,
    Option,
    Set,
    Variable,
}

/// The third column says whether the original complains about a second one.
const FIELDS: [(&[u8], Field, bool); 24] = [
    (b"starts", Field::Starts, true),
    (b"ends", Field::Ends, true),
    (b"cltt", Field::Cltt, true),
    (b"binding", Field::Binding, true),
    (b"next", Field::Next, true),
    (b"rewind", Field::Rewind, true),
    (b"hardware", Field::Hardware, true),
    (b"uid", Field::Uid, true),
    (b"set", Field::Set, false),
    (b"option", Field::Option, false),
    (b"client-hostname", Field::Hostname, true),
    (b"tstp", Field::Tstp, true),
    (b"tsfp", Field::Tsfp, true),
    (b"atsfp", Field::Atsfp, true),
    (b"dynamic-bootp", Field::Bootp, false),
    (b"reserved", Field::Reserved, false),
    (b"abandoned", Field::Abandoned, true),
    (b"billing", Field::Billing, true),
    (b"on", Field::On, false),
    (b"supersede", Field::Option, false),
    (b"timestamp", Field::Ignored, false),
    (b"class", Field::Class, true),
    (b"ddns-fwd-name", Field::Variable, true),
    (b"ddns-rev-name", Field::Variable, true),
];

impl<'l, 'a> Body<'l, 'a> {
    pub(super) fn new(lexer: &'l mut Lexer<'a>, now: u32) -> Self {
        Self {
            lexer,
            now,
            seen: 0,
            next_seen: false,
            rewind_seen: false,
            complaints: Vec::new(),
        }
    }

    /// Reads the record to its closing brace.
    pub(super) fn read(&mut self) -> Result<Lease, Lost> {
        let mut lease = Lease::fresh(self.read_name()?);
        loop {
            let word = match self.lexer.next() {
                Token::Mark(b'}') => break,
                Token::End => {
                    self.complain(words::END_OF_FILE);
                    return Err(Lost::AtEnd);
                }
                Token::Word(word) => word,
                _ => &[],
            };
            self.read_field(word, &mut lease)?;
        }
        self.complete(&mut lease);
        Ok(lease)
    }

    fn read_name(&mut self) -> Result<Ipv4Addr, Lost> {
        if let Some(address) = self.lexer.take_some(address_and_brace) {
            return Ok(address);
        }
        let Some(address) = self.read_address() else {
            skip_statement(self.lexer);
            return Err(Lost::Name);
        };
        if *self.lexer.peek() != Token::Mark(b'{') {
            self.lexer.next();
            self.complain(words::LEFT_BRACE);
            skip_statement(self.lexer);
            return Err(Lost::Name);
        }
        self.lexer.next();
        Ok(address)
    }

    fn read_field(&mut self, word: &[u8], lease: &mut Lease) -> Result<(), Lost> {
        let named = |row: &(&[u8], Field, bool)| row.0 == word || row.0.eq_ignore_ascii_case(word);
        let Some(index) = FIELDS.iter().position(named) else {
            self.complain(words::DIRECTIVE);
            skip_field(self.lexer);
            return Err(Lost::Field);
        };
        let Some((name, field, once)) = FIELDS.get(index) else {
            return Err(Lost::Field);
        };
        self.read_value(*field, name, lease)?;
        let bit = 1 << index;
        if *once && self.seen & bit != 0 {
            let name = String::from_utf8_lossy(word);
            self.complain(&words::too_many(&name, lease.address));
        }
        self.seen |= bit;
        Ok(())
    }

    fn read_value(&mut self, field: Field, name: &[u8], lease: &mut Lease) -> Result<(), Lost> {
        match field {
            Field::Starts => lease.starts = self.read_date(),
            Field::Ends => lease.ends = self.read_date(),
            Field::Tstp => lease.tstp = self.read_date(),
            Field::Tsfp => lease.rare.get_or_insert_default().tsfp = self.read_date(),
            Field::Atsfp => lease.rare.get_or_insert_default().atsfp = self.read_date(),
            Field::Cltt => lease.cltt = self.read_date(),
            Field::Ignored => drop(self.read_date()),
            Field::Uid => return self.read_uid(lease),
            Field::Class => skip_field(self.lexer),
            Field::Hardware => self.read_hardware(lease),
            Field::Reserved => lease.reserved = self.read_end(),
            Field::Bootp => lease.bootp = self.read_end(),
            Field::Abandoned => self.read_abandoned(lease),
            Field::Binding | Field::Next | Field::Rewind => return self.read_state(field, lease),
            Field::Hostname => return self.read_hostname(lease),
            Field::Billing => self.read_billing(lease),
            Field::On => self.read_handler(lease),
            Field::Option => self.read_option(lease),
            Field::Set => return self.read_set(lease),
            Field::Variable => return self.read_variable(&String::from_utf8_lossy(name), lease),
        }
        Ok(())
    }

    /// Makes up what the record does not say.
    fn complete(&self, lease: &mut Lease) {
        let has_state = self.has_seen(Field::Binding) || self.has_seen(Field::Abandoned);
        if !has_state {
            let events = lease
                .rare
                .as_ref()
                .is_some_and(|rare| rare.on_expiry.is_some() || rare.on_release.is_some());
            let active = lease.ends > self.now || events;
            lease.state = if active { State::Active } else { State::Free };
            lease.next = lease.state.successor();
            lease.rewind = lease.state;
        }
        if !self.has_seen(Field::Tstp) {
            lease.tstp = lease.ends;
        }
    }

    fn has_seen(&self, field: Field) -> bool {
        let index = FIELDS.iter().position(|row| row.1 == field);
        index.is_some_and(|index| self.seen & (1 << index) != 0)
    }
}
