//! Host declarations.

use common::diag::Severity;
use common::net::HardwareAddress;
use common::syntax::{Kind, Place};
use common::time::Time;

use super::builder::{Context, Enclosing};
use super::model::{FixedAddress, Host, RareOfHost, ScopeId};
use super::numbers::leading_decimal;
use super::parser::{Failure, Parsed, Parser, latin};
use super::statement::After;
use super::words;
use crate::eval::ast::{Action, Assignment, Block, Data};
use crate::eval::{self, ResolvedNames};
use crate::options::{OptionSet, codes};

/// A host while its block is read.
#[derive(Debug)]
pub(super) struct Draft {
    name: String,
    scope: ScopeId,
    hardware: Option<Hardware>,
    uid: Option<Box<[u8]>>,
    fixed: Option<Vec<FixedAddress>>,
    pub(super) rare: Option<Box<RareOfHost>>,
    /// It says that the host of its name shall not be.
    is_deleted: bool,
    place: Place,
}

impl Draft {
    /// True behind `fixed-address` and behind `fixed-address6`.
    pub(super) fn has_address(&self) -> bool {
        let rare = self.rare.as_ref();
        self.fixed.is_some() || rare.is_some_and(|rare| !rare.addresses6.is_empty())
    }
}

/// A hardware address; of one that is too long for a packet only that there was one.
#[derive(Clone, Copy, Debug)]
struct Hardware(Option<HardwareAddress>);

/// Most octets of a hardware address that are accepted; a packet can carry 16.
const LONGEST_HARDWARE: usize = 20;

const HARDWARE_TYPES: &[(&str, u8)] = &[
    ("ethernet", 1),
    ("token-ring", 6),
    ("fddi", 8),
    ("infiniband", 32),
];

impl Parser<'_> {
    /// `host NAME { … }`, its keyword taken.
    pub(super) fn host(&mut self, context: Context) {
        let place = self.place();
        let Some(name) = self.host_name() else {
            self.error(words::HOST_NAME);
            return self.skip_statement();
        };
        let scope = self.build.open_scope(context.scope, place);
        if self.expect_left_brace().is_err() {
            return;
        }
        let draft = Draft {
            name,
            scope,
            hardware: None,
            uid: None,
            fixed: None,
            rare: None,
            is_deleted: false,
            place,
        };
        let outer = self.host.replace(draft);
        let inside = Context {
            enclosing: Enclosing::Host,
            scope,
            in_host: true,
            ..context
        };
        // Whatever fails in the block has been reported.
        let _ = self.nested(|parser| {
            parser.host_body(inside);
            Ok(())
        });
        if let Some(draft) = std::mem::replace(&mut self.host, outer) {
            self.finish_host(draft);
        }
    }

    fn host_body(&mut self, context: Context) {
        let mut after_declaration = false;
        while !self.leave_block() {
            let item = if self.accept_word("group") {
                self.host_group()
            } else if self.accept_word("uid") {
                self.host_uid()
            } else if self.accept_word("dynamic") {
                self.expect_semicolon()
            } else if self.accept_word("deleted") {
                self.host_deleted()
            } else if self.peek_is_word("host-identifier") {
                self.host_identifier_statement()
            } else {
                after_declaration = self.statement(context, after_declaration);
                Ok(())
            };
            if item.is_err() {
                return;
            }
        }
    }

    fn host_deleted(&mut self) -> Parsed<()> {
        if let Some(host) = &mut self.host {
            host.is_deleted = true;
        }
        self.expect_semicolon()
    }

    /// `group NAME;`: the statements of a named group come before the host's own.
    fn host_group(&mut self) -> Parsed<()> {
        let token = self.take();
        if token.kind != Kind::String && !token.is_identifier() {
            self.error(words::STRING_OR_IDENTIFIER);
            self.skip_blocks(1);
            return Err(Failure::Reported);
        }
        let name = self.text(&token);
        match self.build.groups.get(name.as_str()).copied() {
            Some(group) => self.put_host_into(group),
            None => {
                let host = self.host_being_read();
                self.error(words::unknown_group(&name, &host));
            }
        }
        self.expect_semicolon()
    }

    fn put_host_into(&mut self, group: ScopeId) {
        if let Some(draft) = &self.host {
            self.build.set_parent(draft.scope, group);
        }
    }

    fn host_being_read(&self) -> String {
        self.host
            .as_ref()
            .map_or(String::new(), |host| host.name.clone())
    }

    fn host_uid(&mut self) -> Parsed<()> {
        let present = self.host.as_ref().and_then(|host| host.uid.clone());
        if let Some(uid) = present {
            let host = self.host_being_read();
            self.error(words::host_has_uid(&host, &show_uid(&uid)));
            self.skip_blocks(1);
            return Err(Failure::Reported);
        }
        let uid = self.uid_value();
        if let (Some(uid), Some(host)) = (uid, &mut self.host) {
            host.uid = Some(uid.into());
        }
        self.expect_semicolon()
    }

    fn uid_value(&mut self) -> Option<Vec<u8>> {
        let token = self.peek();
        if token.kind == Kind::String {
            self.take();
            return Some(self.bytes(&token));
        }
        let octets = self.octet_list();
        if octets.is_err() {
            self.error(words::HEX_LIST);
            self.skip_statement();
        }
        octets.ok()
    }

    /// `hardware TYPE ADDRESS;`
    pub(super) fn hardware(&mut self, context: Context) -> After {
        self.take();
        let of_host = self.host.as_ref().filter(|_| context.in_host);
        if of_host.is_some_and(|host| host.hardware.is_some()) {
            let host = self.host_being_read();
            self.error(words::host_has_hardware(&host));
            return After::Parameter;
        }
        let parsed = self.hardware_value();
        match self.host.as_mut().filter(|_| context.in_host) {
            Some(host) => host.hardware = parsed.ok().flatten(),
            None => self.error(words::HARDWARE_NOT_HERE),
        }
        After::Parameter
    }

    fn hardware_value(&mut self) -> Parsed<Option<Hardware>> {
        let token = self.take();
        let word = self.text(&token).to_ascii_lowercase();
        let Some(kind) = hardware_type(&word) else {
            return self.fail_and_skip(words::HARDWARE_TYPE);
        };
        let mut hardware = None;
        if !self.peek().is(';') {
            let octets = self.octet_list()?;
            if octets.len() > LONGEST_HARDWARE {
                self.error(words::HARDWARE_TOO_LONG);
            }
            hardware = Some(Hardware(HardwareAddress::new(kind, &octets)));
        }
        self.expect(';', words::EXPECTING_SEMICOLON)?;
        Ok(hardware)
    }

    /// `fixed-address ADDRESS, …;`
    pub(super) fn fixed_address(&mut self, context: Context) -> After {
        self.take();
        let parsed = self.fixed_address_list();
        let Ok(addresses) = parsed else {
            return After::Parameter;
        };
        match self.host.as_mut().filter(|_| context.in_host) {
            None => self.error(words::FIXED_ADDRESS_NOT_HERE),
            Some(host) if host.has_address() => self.error(words::ONE_FIXED_ADDRESS),
            Some(host) => host.fixed = Some(addresses),
        }
        After::Parameter
    }

    fn fixed_address_list(&mut self) -> Parsed<Vec<FixedAddress>> {
        let mut list = Vec::new();
        loop {
            list.push(self.address_or_name()?);
            if !self.accept(',') {
                break;
            }
        }
        self.expect_semicolon()?;
        Ok(list)
    }

    fn finish_host(&mut self, draft: Draft) {
        if draft.is_deleted {
            self.build.close_scope(draft.scope);
            return self.build.delete_host(&draft.name);
        }
        let uid = self.host_identifier(&draft);
        self.build.close_scope(draft.scope);
        if self.build.host_names.contains(draft.name.as_str()) {
            return self.error(words::host_exists(&draft.name));
        }
        self.build.add_host(Host {
            name: draft.name.into(),
            hardware: draft.hardware.and_then(|hardware| hardware.0),
            uid,
            fixed_addresses: draft.fixed.unwrap_or_default().into(),
            rare: draft.rare,
            scope: draft.scope,
            place: draft.place,
        });
    }

    /// The value of an expression that is needed while no message is there; what evaluating it logs is said.
    fn value_without_message(&mut self, value: &Data) -> Option<Box<[u8]>> {
        let names = ResolvedNames::default();
        let context = eval::Context::new(&self.build.config.options, &names, Time::from_seconds(0));
        let nothing = OptionSet::new();
        let computed = context.over(&nothing).data(value);
        let computed = computed.map(|bytes| Box::from(&*bytes));
        for line in context.take_lines() {
            self.remark(Severity::Warning, &line.text);
        }
        computed
    }

    /// `uid`, or else `option dhcp-client-identifier` among the host's own statements.
    fn host_identifier(&mut self, draft: &Draft) -> Option<Box<[u8]>> {
        let statements = self.build.scope(draft.scope).map(|scope| &scope.statements);
        let mut found = Identifiers::default();
        found.collect(statements?, false);
        for text in found.refused {
            self.remark(Severity::Warning, text);
        }
        let Some(value) = found.plain else {
            return draft.uid.clone();
        };
        // Measured: one that is null takes the place of `uid`, too.
        let computed = self.value_without_message(&value)?;
        let Some(uid) = &draft.uid else {
            return Some(computed);
        };
        let (shown, ignored) = (show_uid(uid), show_uid(&computed));
        let text = words::ignoring_client_identifier(&draft.name, &shown, &ignored);
        self.remark(Severity::Warning, text);
        draft.uid.clone()
    }
}

/// Client identifiers that the statements of a host set.
#[derive(Default)]
struct Identifiers {
    plain: Option<Data>,
    /// What to say about those that do not count.
    refused: Vec<&'static str>,
}

impl Identifiers {
    fn collect(&mut self, block: &Block, is_conditional: bool) {
        for statement in block {
            match &statement.action {
                Action::Assign {
                    option: codes::DHCP_CLIENT_IDENTIFIER,
                    how: Assignment::Replace,
                    value,
                } => self.note(value, is_conditional),
                Action::If {
                    branches,
                    otherwise,
                } => {
                    for (_, block) in branches {
                        self.collect(block, true);
                    }
                    self.collect(otherwise, true);
                }
                Action::Switch(_, block) => self.collect(block, true),
                Action::On(_, Some(handler)) => self.collect(&handler.body, true),
                _ => {}
            }
        }
    }

    fn note(&mut self, value: &Data, is_conditional: bool) {
        if is_conditional {
            self.refused.push(words::CLIENT_IDENTIFIER_CONDITIONAL);
        } else if self.plain.is_some() {
            self.refused.push(words::ONE_CLIENT_IDENTIFIER);
        } else {
            self.plain = Some(value.clone());
        }
    }
}

fn hardware_type(word: &str) -> Option<u8> {
    if let Some(number) = word.strip_prefix("unknown-") {
        let [.., low] = leading_decimal(number).to_be_bytes();
        return Some(low);
    }
    let found = HARDWARE_TYPES.iter().find(|row| row.0 == word);
    found.map(|row| row.1)
}

/// Quoted if it is text, else as a hex list.
fn show_uid(uid: &[u8]) -> String {
    if uid.iter().all(|c| c.is_ascii_graphic() || *c == b' ') {
        return format!("\"{}\"", latin(uid));
    }
    let octets: Vec<String> = uid.iter().map(|c| format!("{c:x}")).collect();
    octets.join(":")
}
