//! Values of the fields of a lease record.

use std::net::Ipv4Addr;
use std::sync::Arc;

use common::net::HardwareAddress;

use super::date::{NEVER, parse_written, seconds_of};
use super::fields::{Body, Field, Lost};
use super::lexer::Token;
use super::record::{Account, Lease, OnBlock, Value};
use super::skip::{agent_code, hardware_type, read_id, read_octets, six_octets, skip_field};
use super::states::State;
use super::words;
use super::writer::{Shape, agent_shape};

impl Body<'_, '_> {
    /// A date and its semicolon; 0 when it makes no sense.
    pub(super) fn read_date(&mut self) -> u32 {
        if let Some(date) = self.lexer.take_known(parse_written) {
            return date;
        }
        let date = self.read_bare_date();
        let ended = self.read_end();
        date.filter(|_| ended).unwrap_or(0)
    }

    pub(super) fn read_bare_date(&mut self) -> Option<u32> {
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

    pub(super) fn read_calendar_date(&mut self) -> Option<u32> {
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

    pub(super) fn read_uid(&mut self, lease: &mut Lease) -> Result<(), Lost> {
        let Some(uid) = read_id(self.lexer) else {
            self.complain(words::NUMBER);
            skip_field(self.lexer);
            return Err(Lost::Field);
        };
        if uid.is_empty() {
            self.complain(words::EMPTY_UID);
        }
        lease.uid = (!uid.is_empty()).then(|| (&*uid).into());
        self.read_end();
        Ok(())
    }

    pub(super) fn read_hardware(&mut self, lease: &mut Lease) {
        let Token::Word(word) = self.lexer.next() else {
            return self.refuse(words::HARDWARE);
        };
        let Some(kind) = hardware_type(word) else {
            return self.refuse(words::HARDWARE);
        };
        if let Some(octets) = self.lexer.take_known(six_octets) {
            lease.hardware = HardwareAddress::new(kind, &octets);
            return;
        }
        let octets = match *self.lexer.peek() {
            Token::Mark(b';') => Some(Vec::new()),
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

    pub(super) fn read_abandoned(&mut self, lease: &mut Lease) {
        (lease.state, lease.next) = (State::Abandoned, State::Abandoned);
        lease.rewind = State::Abandoned;
        self.read_end();
    }

    pub(super) fn read_state(&mut self, field: Field, lease: &mut Lease) -> Result<(), Lost> {
        if field != Field::Binding && !self.read_word(b"binding") {
            self.refuse(words::BINDING);
            return Ok(());
        }
        if let Some(state) = self.take_usual_state() {
            self.set_state(field, state, lease);
            return Ok(());
        }
        if !self.read_word(b"state") {
            self.refuse(words::STATE);
            return Ok(());
        }
        let state = self.read_state_name(lease)?;
        self.set_state(field, state, lease);
        self.read_end();
        Ok(())
    }

    /// What nearly all records say, at once.
    fn take_usual_state(&mut self) -> Option<State> {
        let active = |text: &[u8; 13]| (text == b"state active;").then_some(State::Active);
        let free = |text: &[u8; 11]| (text == b"state free;").then_some(State::Free);
        let state = self.lexer.take_known(active);
        state.or_else(|| self.lexer.take_known(free))
    }

    fn set_state(&mut self, field: Field, state: State, lease: &mut Lease) {
        match field {
            Field::Next => lease.next = state,
            Field::Rewind => lease.rewind = state,
            _ => self.begin_with(state, lease),
        }
        self.next_seen |= field == Field::Next;
        self.rewind_seen |= field == Field::Rewind;
    }

    /// Until the record says more, the lease stays what it is.
    pub(super) fn begin_with(&self, state: State, lease: &mut Lease) {
        lease.state = state;
        if !self.next_seen {
            lease.next = state;
        }
        if !self.rewind_seen {
            lease.rewind = state;
        }
    }

    /// Old files have `reserved` and `bootp` as states.
    pub(super) fn read_state_name(&mut self, lease: &mut Lease) -> Result<State, Lost> {
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

    pub(super) fn read_hostname(&mut self, lease: &mut Lease) -> Result<(), Lost> {
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

    pub(super) fn read_dotted(&mut self, first: &[u8]) -> Vec<u8> {
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

    /// `billing class "NAME";`, `billing subclass "NAME" VALUE;`
    pub(super) fn read_billing(&mut self, lease: &mut Lease) {
        let of_subclass = match self.lexer.next() {
            Token::Word(word) if word.eq_ignore_ascii_case(b"class") => false,
            Token::Word(word) if word.eq_ignore_ascii_case(b"subclass") => true,
            _ => return self.refuse(words::BILLING),
        };
        let Token::Text(name) = self.lexer.next() else {
            return self.refuse(words::BILLING_CLASS);
        };
        let class = String::from_utf8_lossy(&name).as_ref().into();
        let value = match of_subclass {
            true => read_id(self.lexer).map(|value| Arc::from(&*value)),
            false => None,
        };
        if of_subclass && value.is_none() {
            return self.refuse(words::NUMBER);
        }
        lease.rare.get_or_insert_default().billing = Some(Account { class, value });
        self.read_end();
    }

    /// `on expiry { … }`, `on expiry or release { … }`
    pub(super) fn read_handler(&mut self, lease: &mut Lease) {
        let (mut expiry, mut release) = (false, false);
        loop {
            match self.lexer.next() {
                Token::Word(word) if word.eq_ignore_ascii_case(b"expiry") => expiry = true,
                Token::Word(word) if word.eq_ignore_ascii_case(b"release") => release = true,
                Token::Word(word) if word.eq_ignore_ascii_case(b"or") => {}
                Token::Mark(b'{') => break,
                _ => return self.refuse(words::LEFT_BRACE),
            }
        }
        let block = OnBlock::Read(self.read_block().into());
        let rare = lease.rare.get_or_insert_default();
        if expiry {
            rare.on_expiry = Some(block.clone());
        }
        if release {
            rare.on_release = Some(block);
        }
    }

    /// The text up to the right brace that ends a block, and that brace. The blank before it does not count.
    fn read_block(&mut self) -> &[u8] {
        let from = self.lexer.offset_behind();
        let mut depth = 0_usize;
        let mut to;
        loop {
            to = self.lexer.offset();
            match self.lexer.next() {
                Token::End => break,
                Token::Mark(b'{') => depth += 1,
                Token::Mark(b'}') if depth == 0 => break,
                Token::Mark(b'}') => depth -= 1,
                _ => {}
            }
        }
        self.lexer.slice(from, to).trim_ascii_end()
    }

    pub(super) fn read_option(&mut self, lease: &mut Lease) {
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

    pub(super) fn read_agent_option(&mut self) -> Option<(u8, Box<[u8]>)> {
        let agent = self.read_word(b"agent") && self.lexer.next() == Token::Mark(b'.');
        let (true, Token::Word(name)) = (agent, self.lexer.next()) else {
            return None;
        };
        let code = agent_code(name)?;
        let value = match agent_shape(code) {
            Shape::Address => self
                .read_address()
                .map(|address| Box::from(address.octets())),
            Shape::Number => {
                let number = self.read_number(words::NUMBER)?;
                u32::try_from(number)
                    .ok()
                    .map(|number| Box::from(number.to_be_bytes()))
            }
            Shape::Opaque => read_id(self.lexer).map(|value| Box::from(&*value)),
            Shape::Flag => Some(Box::default()),
        };
        Some((code, value?))
    }

    pub(super) fn read_set(&mut self, lease: &mut Lease) -> Result<(), Lost> {
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

    pub(super) fn read_variable(&mut self, name: &str, lease: &mut Lease) -> Result<(), Lost> {
        let Some(value) = self.read_constant() else {
            skip_field(self.lexer);
            return Err(Lost::Field);
        };
        lease.set_variable(name, value);
        self.read_end();
        Ok(())
    }

    pub(super) fn read_constant(&mut self) -> Option<Value> {
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

    pub(super) fn read_truth(&mut self, word: &[u8]) -> Option<Value> {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        if !is(b"true") && !is(b"false") {
            self.complain(words::TRUTH);
            return None;
        }
        Some(Value::Boolean(is(b"true")))
    }

    pub(super) fn read_address(&mut self) -> Option<Ipv4Addr> {
        let mut octets = [0; 4];
        for (index, octet) in octets.iter_mut().enumerate() {
            if index > 0 {
                self.read_mark(b'.', words::NUMBER)?;
            }
            *octet = u8::try_from(self.read_number(words::NUMBER)?).ok()?;
        }
        Some(octets.into())
    }

    pub(super) fn read_number(&mut self, otherwise: &str) -> Option<i64> {
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

    pub(super) fn read_mark(&mut self, mark: u8, otherwise: &str) -> Option<()> {
        if *self.lexer.peek() == Token::Mark(mark) {
            self.lexer.next();
            return Some(());
        }
        self.miss(otherwise)
    }

    /// Says what was expected. What stands there instead is eaten, unless it ends the field.
    pub(super) fn miss<T>(&mut self, expected: &str) -> Option<T> {
        if !matches!(self.lexer.peek(), Token::Mark(b';' | b'}') | Token::End) {
            self.lexer.next();
        }
        self.complain(expected);
        None
    }

    pub(super) fn read_word(&mut self, expected: &[u8]) -> bool {
        matches!(self.lexer.next(), Token::Word(word) if word.eq_ignore_ascii_case(expected))
    }

    /// The semicolon that ends a field; when it is missing, everything up to the next one is lost.
    pub(super) fn read_end(&mut self) -> bool {
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
    pub(super) fn refuse(&mut self, text: &str) {
        self.complain(text);
        skip_field(self.lexer);
    }

    pub(super) fn complain(&mut self, text: &str) {
        self.complaints.push((self.lexer.spot(), text.to_owned()));
    }
}
