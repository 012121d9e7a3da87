//! Fields of a lease record.

use std::net::Ipv4Addr;

use common::net::HardwareAddress;

use super::date::{NEVER, seconds_of};
use super::lexer::{Lexer, Spot, Token};
use super::record::{Lease, Value};
use super::states::State;
use super::words;
use super::writer::{AGENT_NAMES, HARDWARE_TYPES};

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
    lexer: &'l mut Lexer<'a>,
    now: u32,
    /// Fields seen, by their place in [`FIELDS`].
    seen: u32,
    next_seen: bool,
    rewind_seen: bool,
    /// What to say about the record, in order.
    pub(super) complaints: Vec<(Spot, String)>,
}

/// A field by the word that it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
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
            Field::Billing => self.keep_billing(lease),
            Field::On => self.keep_event(lease),
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
                .is_some_and(|rare| !rare.events.is_empty());
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

    /// A date and its semicolon; 0 when it makes no sense.
    fn read_date(&mut self) -> u32 {
        let date = self.read_bare_date();
        let ended = self.read_end();
        date.filter(|_| ended).unwrap_or(0)
    }

    fn read_bare_date(&mut self) -> Option<u32> {
        match *self.lexer.peek() {
            Token::Word(word) if word.eq_ignore_ascii_case(b"never") => {
                self.lexer.next();
                Some(NEVER)
            }
            Token::Word(word) if word.eq_ignore_ascii_case(b"epoch") => {
                self.lexer.next();
                let seconds = self.read_number(words::EPOCH)?;
                Some(u32::try_from(seconds.clamp(0, i64::from(NEVER))).unwrap_or(NEVER))
            }
            _ => self.read_calendar_date(),
        }
    }

    fn read_calendar_date(&mut self) -> Option<u32> {
        self.read_number("numeric day of week expected.")?;
        let year = self.read_number("numeric year expected.")?;
        self.read_mark(b'/', "expected slash separating year from month.")?;
        let month = self.read_number("numeric month expected.")?;
        self.read_mark(b'/', "expected slash separating month from day.")?;
        let day = self.read_number("numeric day of month expected.")?;
        let hour = self.read_number("numeric hour expected.")?;
        self.read_mark(b':', "expected colon separating hour from minute.")?;
        let minute = self.read_number("numeric minute expected.")?;
        self.read_mark(b':', "expected colon separating minute from second.")?;
        let second = self.read_number("numeric second expected.")?;
        let zone = match *self.lexer.peek() {
            Token::Mark(b';') => 0,
            _ => self.read_number(words::ZONE)?,
        };
        let clock = (hour.saturating_mul(60).saturating_add(minute)).saturating_mul(60);
        let clock = clock.saturating_add(second).saturating_add(zone);
        Some(seconds_of(year, month, day, clock))
    }

    fn read_uid(&mut self, lease: &mut Lease) -> Result<(), Lost> {
        let Some(uid) = read_id(self.lexer) else {
            self.complain(words::NUMBER);
            skip_field(self.lexer);
            return Err(Lost::Field);
        };
        if uid.is_empty() {
            self.complain(words::EMPTY_UID);
        }
        lease.uid = (!uid.is_empty()).then_some(uid);
        self.read_end();
        Ok(())
    }

    fn read_hardware(&mut self, lease: &mut Lease) {
        let Token::Word(word) = self.lexer.next() else {
            return self.refuse(words::HARDWARE);
        };
        let Some(kind) = hardware_type(word) else {
            return self.refuse(words::HARDWARE);
        };
        let octets = match *self.lexer.peek() {
            Token::Mark(b';') => Some(Box::default()),
            _ => read_octets(self.lexer),
        };
        match octets.and_then(|octets| HardwareAddress::new(kind, &octets)) {
            Some(hardware) => {
                lease.hardware = Some(hardware);
                self.read_end();
            }
            None => self.refuse(words::NUMBER),
        }
    }

    fn read_abandoned(&mut self, lease: &mut Lease) {
        (lease.state, lease.next) = (State::Abandoned, State::Abandoned);
        self.read_end();
    }

    fn read_state(&mut self, field: Field, lease: &mut Lease) -> Result<(), Lost> {
        if field != Field::Binding && !self.read_word(b"binding") {
            self.refuse(words::BINDING);
            return Ok(());
        }
        if !self.read_word(b"state") {
            self.refuse(words::STATE);
            return Ok(());
        }
        let state = self.read_state_name(lease)?;
        match field {
            Field::Next => lease.next = state,
            Field::Rewind => lease.rewind = state,
            _ => self.begin_with(state, lease),
        }
        self.next_seen |= field == Field::Next;
        self.rewind_seen |= field == Field::Rewind;
        self.read_end();
        Ok(())
    }

    /// Until the record says more, the lease stays what it is.
    fn begin_with(&self, state: State, lease: &mut Lease) {
        lease.state = state;
        if !self.next_seen {
            lease.next = state;
        }
        if !self.rewind_seen {
            lease.rewind = state;
        }
    }

    /// Old files have `reserved` and `bootp` as states.
    fn read_state_name(&mut self, lease: &mut Lease) -> Result<State, Lost> {
        let token = self.lexer.next();
        let word = match token {
            Token::Word(word) => word,
            _ => &[],
        };
        let flag = [
            (&b"reserved"[..], &mut lease.reserved),
            (&b"bootp"[..], &mut lease.bootp),
        ];
        for (name, flag) in flag {
            if word.eq_ignore_ascii_case(name) {
                *flag = true;
                return Ok(State::Active);
            }
        }
        State::named(word).ok_or_else(|| {
            self.complain(&words::weird_state(&String::from_utf8_lossy(word)));
            skip_field(self.lexer);
            Lost::Field
        })
    }

    fn read_hostname(&mut self, lease: &mut Lease) -> Result<(), Lost> {
        let name = match self.lexer.next() {
            Token::Text(text) => text.into_owned(),
            Token::Word(word) => self.read_dotted(word),
            _ => {
                self.complain(words::HOSTNAME);
                skip_field(self.lexer);
                return Err(Lost::Field);
            }
        };
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        lease.hostname = Some(name.into());
        self.read_end();
        Ok(())
    }

    fn read_dotted(&mut self, first: &[u8]) -> Vec<u8> {
        let mut name = first.to_vec();
        while *self.lexer.peek() == Token::Mark(b'.') {
            self.lexer.next();
            name.push(b'.');
            if let Token::Word(word) = *self.lexer.peek() {
                name.extend_from_slice(word);
                self.lexer.next();
            }
        }
        name
    }

    fn keep_billing(&mut self, lease: &mut Lease) {
        let from = self.lexer.offset();
        skip_field(self.lexer);
        let text = self.lexer.slice(from, self.lexer.offset_behind());
        lease.rare.get_or_insert_default().billing = Some(text.into());
    }

    fn keep_event(&mut self, lease: &mut Lease) {
        let from = self.lexer.offset();
        skip_statement(self.lexer);
        let body = self.lexer.slice(from, self.lexer.offset_behind());
        let text = [&b"on "[..], body].concat();
        let events = &mut lease.rare.get_or_insert_default().events;
        events.push(text.into_boxed_slice());
    }

    fn read_option(&mut self, lease: &mut Lease) {
        let Some((code, value)) = self.read_agent_option() else {
            return self.refuse(words::AGENT);
        };
        let Ok(length) = u8::try_from(value.len()) else {
            return self.refuse(words::AGENT);
        };
        let mut agent = lease.agent.take().unwrap_or_default().into_vec();
        agent.extend_from_slice(&[code, length]);
        agent.extend_from_slice(&value);
        lease.agent = Some(agent.into_boxed_slice());
        self.read_end();
    }

    fn read_agent_option(&mut self) -> Option<(u8, Box<[u8]>)> {
        let agent = self.read_word(b"agent") && self.lexer.next() == Token::Mark(b'.');
        let (true, Token::Word(name)) = (agent, self.lexer.next()) else {
            return None;
        };
        let code = agent_code(name)?;
        let value = match code {
            3 | 5 => self
                .read_address()
                .map(|address| Box::from(address.octets())),
            4 => {
                let number = self.read_number(words::NUMBER)?;
                u32::try_from(number)
                    .ok()
                    .map(|number| Box::from(number.to_be_bytes()))
            }
            _ => read_id(self.lexer),
        };
        Some((code, value?))
    }

    fn read_set(&mut self, lease: &mut Lease) -> Result<(), Lost> {
        let Token::Word(name) = self.lexer.next() else {
            self.complain(&words::not_a_variable(""));
            skip_field(self.lexer);
            return Err(Lost::Field);
        };
        if self.lexer.next() != Token::Mark(b'=') {
            self.complain(words::EQUALS);
            skip_field(self.lexer);
            return Err(Lost::Field);
        }
        self.read_variable(&String::from_utf8_lossy(name), lease)
    }

    fn read_variable(&mut self, name: &str, lease: &mut Lease) -> Result<(), Lost> {
        let Some(value) = self.read_constant() else {
            skip_field(self.lexer);
            return Err(Lost::Field);
        };
        lease.set_variable(name, value);
        self.read_end();
        Ok(())
    }

    fn read_constant(&mut self) -> Option<Value> {
        match self.lexer.peek().clone() {
            Token::Text(text) => {
                self.lexer.next();
                Some(Value::Data(text.into()))
            }
            Token::Mark(b'%') => {
                self.lexer.next();
                self.read_number(words::DECIMAL).map(Value::Number)
            }
            Token::Word(word) if word.first().is_some_and(u8::is_ascii_alphabetic) => {
                self.lexer.next();
                self.read_truth(word)
            }
            _ => {
                self.complain(words::CONSTANT);
                None
            }
        }
    }

    fn read_truth(&mut self, word: &[u8]) -> Option<Value> {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        if !is(b"true") && !is(b"false") {
            self.complain(words::TRUTH);
            return None;
        }
        Some(Value::Boolean(is(b"true")))
    }

    fn read_address(&mut self) -> Option<Ipv4Addr> {
        let mut octets = [0; 4];
        for (index, octet) in octets.iter_mut().enumerate() {
            if index > 0 {
                self.read_mark(b'.', words::NUMBER)?;
            }
            *octet = u8::try_from(self.read_number(words::NUMBER)?).ok()?;
        }
        Some(octets.into())
    }

    fn read_number(&mut self, otherwise: &str) -> Option<i64> {
        if let Token::Word(word) = *self.lexer.peek() {
            let number = std::str::from_utf8(word)
                .ok()
                .and_then(|text| text.parse().ok());
            if number.is_some() {
                self.lexer.next();
                return number;
            }
        }
        self.miss(otherwise)
    }

    fn read_mark(&mut self, mark: u8, otherwise: &str) -> Option<()> {
        if *self.lexer.peek() == Token::Mark(mark) {
            self.lexer.next();
            return Some(());
        }
        self.miss(otherwise)
    }

    /// Says what was expected. What stands there instead is eaten, unless it ends the field.
    fn miss<T>(&mut self, expected: &str) -> Option<T> {
        if !matches!(self.lexer.peek(), Token::Mark(b';' | b'}') | Token::End) {
            self.lexer.next();
        }
        self.complain(expected);
        None
    }

    fn read_word(&mut self, expected: &[u8]) -> bool {
        matches!(self.lexer.next(), Token::Word(word) if word.eq_ignore_ascii_case(expected))
    }

    /// The semicolon that ends a field; when it is missing, everything up to the next one is lost.
    fn read_end(&mut self) -> bool {
        if *self.lexer.peek() == Token::Mark(b';') {
            self.lexer.next();
            return true;
        }
        if !matches!(self.lexer.peek(), Token::Mark(b'}') | Token::End) {
            self.lexer.next();
        }
        self.refuse(words::SEMICOLON);
        false
    }

    /// Ignores a field and says why.
    fn refuse(&mut self, text: &str) {
        self.complain(text);
        skip_field(self.lexer);
    }

    fn complain(&mut self, text: &str) {
        self.complaints.push((self.lexer.spot(), text.to_owned()));
    }
}

/// A string, or octets in hexadecimal.
pub(super) fn read_id(lexer: &mut Lexer<'_>) -> Option<Box<[u8]>> {
    if let Token::Text(text) = lexer.peek() {
        let id = Box::from(&**text);
        lexer.next();
        return Some(id);
    }
    read_octets(lexer)
}

fn read_octets(lexer: &mut Lexer<'_>) -> Option<Box<[u8]>> {
    let mut octets = Vec::new();
    loop {
        let Token::Word(word) = *lexer.peek() else {
            return None;
        };
        let text = std::str::from_utf8(word).ok()?;
        octets.push(u8::from_str_radix(text, 16).ok()?);
        lexer.next();
        if *lexer.peek() != Token::Mark(b':') {
            return Some(octets.into_boxed_slice());
        }
        lexer.next();
    }
}

/// Skips to behind the semicolon, or behind the block, that ends a statement at this depth.
pub(super) fn skip_statement(lexer: &mut Lexer<'_>) {
    let mut depth = 0_usize;
    loop {
        match lexer.next() {
            Token::End => return,
            Token::Mark(b';') if depth == 0 => return,
            Token::Mark(b'{') => depth += 1,
            Token::Mark(b'}') if depth <= 1 => return,
            Token::Mark(b'}') => depth -= 1,
            _ => {}
        }
    }
}

/// Skips to behind the semicolon that ends a field; the brace that ends the record stays.
pub(super) fn skip_field(lexer: &mut Lexer<'_>) {
    let mut depth = 0_usize;
    loop {
        match lexer.peek() {
            Token::End => return,
            Token::Mark(b'}') if depth == 0 => return,
            Token::Mark(b';') if depth == 0 => {
                lexer.next();
                return;
            }
            Token::Mark(b'{') => depth += 1,
            Token::Mark(b'}') if depth == 1 => {
                lexer.next();
                return;
            }
            Token::Mark(b'}') => depth -= 1,
            _ => {}
        }
        lexer.next();
    }
}

fn hardware_type(word: &[u8]) -> Option<u8> {
    let named = |row: &&(u8, &str)| row.1.as_bytes().eq_ignore_ascii_case(word);
    if let Some((kind, _)) = HARDWARE_TYPES.iter().find(named) {
        return Some(*kind);
    }
    number_behind(b"unknown-", word)
}

fn agent_code(word: &[u8]) -> Option<u8> {
    let named = |row: &&(u8, &str)| row.1.as_bytes().eq_ignore_ascii_case(word);
    if let Some((code, _)) = AGENT_NAMES.iter().find(named) {
        return Some(*code);
    }
    number_behind(b"unknown-", word)
}

fn number_behind(prefix: &[u8], word: &[u8]) -> Option<u8> {
    let digits = word.strip_prefix(prefix)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
