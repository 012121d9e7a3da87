//! Statements of declarations: which there are, and where each may stand.

use std::rc::Rc;

use common::diag::Severity;
use common::syntax::{Cursor, Document, FileId, Kind, Token};

use super::builder::{Context, Enclosing};
use super::keywords::{Keyword, keyword};
use super::parser::{Failure, Parser};
use super::words;
use crate::eval::ast::Assignment;
use crate::options::codes;

/// Most files of a configuration, each counted as often as it is included.
const MOST_FILES: usize = 10_000;

/// What a message about the next statement shall say was expected, if that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// "a declaration"
    Declaration,
    /// "a parameter or declaration"
    Parameter,
    /// The same as before this statement.
    AsBefore,
}

impl Parser<'_> {
    /// Statements up to the end of the file.
    pub(super) fn statements_to_end(&mut self, context: Context) {
        let mut after_declaration = false;
        while self.peek().kind != Kind::End {
            after_declaration = self.statement(context, after_declaration);
        }
    }

    /// One statement. True if a message about the next one shall say "declaration".
    pub(super) fn statement(&mut self, context: Context, after_declaration: bool) -> bool {
        let token = self.peek();
        if token.is('%') {
            self.skip_statement();
            return false;
        }
        let found = self.keyword_of(&token);
        match self.dispatch(found, context) {
            Some(After::Declaration) => true,
            Some(After::Parameter) => false,
            Some(After::AsBefore) => after_declaration,
            None => {
                self.executable_in_scope(context, after_declaration);
                after_declaration
            }
        }
    }

    pub(super) fn keyword_of(&self, token: &Token) -> Option<Keyword> {
        if !token.is_identifier() {
            return None;
        }
        keyword(self.cursor.text_of(token))
    }

    /// `None`: not a declaration.
    fn dispatch(&mut self, found: Option<Keyword>, context: Context) -> Option<After> {
        match found? {
            Keyword::Include => self.include(context),
            Keyword::Host => self.allowed_host(context),
            Keyword::Group => self.allowed_group(context),
            Keyword::SharedNetwork => return Some(self.allowed_network(context)),
            Keyword::Subnet => return Some(self.allowed_subnet(context, Self::subnet)),
            Keyword::Subnet6 => return Some(self.allowed_subnet(context, Self::subnet6)),
            Keyword::Class => return Some(self.allowed_class(context, Self::class)),
            Keyword::Subclass => return Some(self.allowed_class(context, Self::subclass)),
            Keyword::UserClass | Keyword::VendorClass => {
                return Some(self.allowed_class(context, Self::nameless_class));
            }
            Keyword::Add if context.enclosing == Enclosing::Root => self.refuse_to_add(),
            Keyword::Failover => return Some(self.failover(context)),
            Keyword::Pool => return Some(self.allowed_pool(context)),
            Keyword::Range => return Some(self.allowed_range(context)),
            Keyword::Pool6 => return Some(self.allowed_pool6(context)),
            Keyword::Range6 => return Some(self.allowed_range6(context)),
            Keyword::Prefix6 => return Some(self.allowed_prefix6(context)),
            Keyword::FixedAddress6 => return Some(self.fixed_address6(context)),
            Keyword::FixedPrefix6 => return Some(self.fixed_prefix6(context)),
            Keyword::ServerDuid => return Some(self.server_duid()),
            Keyword::Option => return Some(self.option_or_definition(context)),
            Keyword::Hardware => return Some(self.hardware(context)),
            Keyword::FixedAddress => return Some(self.fixed_address(context)),
            Keyword::Not | Keyword::Authoritative => return Some(self.authority(context)),
            Keyword::ServerIdentifier => return Some(self.server_identifier(context)),
            Keyword::LeaseIdFormat => return Some(self.lease_id_format()),
            _ => return None,
        }
        Some(After::Declaration)
    }

    /// A statement of space `server`, an action, or nothing that is known.
    fn executable_in_scope(&mut self, context: Context, after_declaration: bool) {
        match self.executable() {
            Ok(Some(statement)) => self.build.add_statement(context.scope, statement),
            Ok(None) | Err(Failure::Reported) => {}
            Err(Failure::Unreported) => {
                self.error(if after_declaration {
                    words::DECLARATION
                } else {
                    words::PARAMETER_OR_DECLARATION
                });
                self.skip_statement();
            }
        }
    }

    fn include(&mut self, context: Context) {
        self.take();
        let token = self.take();
        if token.kind != Kind::String {
            self.error(words::FILE_NAME);
            return self.skip_statement();
        }
        let name = self.text(&token);
        let errors = self.diagnostics.errors();
        self.include_file(&name, context);
        if self.diagnostics.errors() > errors {
            self.error(words::bad_parse(&name));
        }
        // A missing semicolon has been reported.
        let _ = self.expect_semicolon();
    }

    fn include_file(&mut self, name: &str, context: Context) {
        // Files that include each other more than once are many long before they are deep.
        if self.is_too_deep() || self.build.config.files.len() >= MOST_FILES {
            return self.stop(words::INCLUDED_TOO_DEEPLY);
        }
        let context = Context {
            in_host: false,
            ..context
        };
        // Nothing can fail here: the depth was checked.
        let _ = self.nested(|parser| {
            parser.read_file(name, context);
            Ok(())
        });
    }

    /// Reads a file as statements of `context`.
    pub(super) fn read_file(&mut self, name: &str, context: Context) {
        let bytes = match (self.load)(name) {
            Ok(bytes) => bytes,
            Err(message) => return self.stop(message),
        };
        let files = &mut self.build.config.files;
        let file = FileId(u16::try_from(files.len()).unwrap_or(u16::MAX));
        files.push(name.to_owned());
        let document = Document::read(file, name, bytes);
        let outer = std::mem::replace(&mut self.cursor, Cursor::new(Rc::new(document)));
        self.statements_to_end(context);
        self.cursor = outer;
        if self.stopped {
            self.cursor.finish();
        }
    }

    fn allowed_host(&mut self, context: Context) {
        self.take();
        match context.enclosing {
            Enclosing::Host | Enclosing::Class => self.refuse(words::HOST_NOT_HERE),
            Enclosing::Subnet | Enclosing::Network => {
                self.warn_about_hosts();
                self.host(context);
            }
            _ => self.host(context),
        }
    }

    fn warn_about_hosts(&mut self) {
        if !self.warned_about_hosts {
            self.warned_about_hosts = true;
            self.remark(Severity::Warning, words::HOSTS_ARE_GLOBAL);
        }
    }

    fn allowed_group(&mut self, context: Context) {
        self.take();
        match context.enclosing {
            Enclosing::Host | Enclosing::Class => self.refuse(words::GROUP_NOT_HERE),
            _ => self.group(context),
        }
    }

    fn allowed_network(&mut self, context: Context) -> After {
        self.take();
        match context.enclosing {
            Enclosing::Root | Enclosing::Group | Enclosing::Pool => self.shared_network(context),
            _ => {
                self.refuse(words::NETWORK_NOT_HERE);
                return After::Parameter;
            }
        }
        After::Declaration
    }

    fn allowed_subnet(&mut self, context: Context, parse: fn(&mut Self, Context)) -> After {
        self.take();
        match context.enclosing {
            Enclosing::Host | Enclosing::Subnet | Enclosing::Class => {
                self.refuse(words::SUBNET_NOT_HERE);
                return After::Declaration;
            }
            _ => parse(self, context),
        }
        match context.network {
            Some(_) => After::Parameter,
            None => After::Declaration,
        }
    }

    fn allowed_class(&mut self, context: Context, parse: fn(&mut Self, Context)) -> After {
        self.take();
        if context.enclosing == Enclosing::Class {
            self.refuse(words::CLASS_NOT_HERE);
            return After::Parameter;
        }
        parse(self, context);
        After::Declaration
    }

    fn allowed_pool(&mut self, context: Context) -> After {
        self.take();
        match context.enclosing {
            Enclosing::Pool => self.refuse(words::POOL_IN_POOL),
            Enclosing::Subnet | Enclosing::Network => self.pool(context),
            _ => self.refuse(words::POOL_OUTSIDE),
        }
        After::AsBefore
    }

    fn allowed_range(&mut self, context: Context) -> After {
        self.take();
        if context.enclosing == Enclosing::Subnet {
            self.range(context, None);
        } else {
            self.refuse(words::RANGE_NOT_HERE);
        }
        After::AsBefore
    }

    fn allowed_pool6(&mut self, context: Context) -> After {
        self.take();
        match context.enclosing {
            Enclosing::Pool => self.refuse(words::POOL6_IN_POOL),
            Enclosing::Subnet => self.pool6(context),
            _ => self.refuse(words::POOL6_OUTSIDE),
        }
        After::AsBefore
    }

    fn allowed_range6(&mut self, context: Context) -> After {
        self.take();
        match context.enclosing {
            Enclosing::Subnet => self.range6(context),
            _ => self.refuse(words::RANGE6_NOT_HERE),
        }
        After::AsBefore
    }

    fn allowed_prefix6(&mut self, context: Context) -> After {
        self.take();
        match context.enclosing {
            Enclosing::Subnet => self.prefix6(context),
            _ => self.refuse(words::PREFIX6_NOT_HERE),
        }
        After::AsBefore
    }

    /// The original ends in a fault here, for want of a client.
    fn refuse_to_add(&mut self) {
        let errors = self.diagnostics.errors();
        // What is wrong with the statement has been reported.
        let _ = self.add_action();
        if self.diagnostics.errors() == errors {
            self.error(words::ADD_WITHOUT_CLIENT);
        }
    }

    pub(super) fn refuse(&mut self, text: &str) {
        self.error(text);
        self.skip_statement();
    }

    fn authority(&mut self, context: Context) -> After {
        let negated = self.accept_word("not");
        let token = self.take();
        if !self.is_word(&token, "authoritative") {
            self.refuse(words::ASSERTION);
            return After::Parameter;
        }
        if context.enclosing == Enclosing::Host {
            self.error(words::AUTHORITY);
        }
        self.build.set_authoritative(context.scope, !negated);
        // A missing semicolon has been reported.
        let _ = self.expect_semicolon();
        After::Parameter
    }

    fn server_identifier(&mut self, context: Context) -> After {
        let place = self.place();
        self.take();
        let id = codes::DHCP_SERVER_IDENTIFIER;
        if let Ok(statement) = self.assignment(id, Assignment::Replace, place) {
            self.build.add_statement(context.scope, statement);
        }
        After::AsBefore
    }

    fn lease_id_format(&mut self) -> After {
        self.take();
        let token = self.take();
        let known = ["octal", "hex"].into_iter();
        let found = known.into_iter().find(|word| self.is_word(&token, word));
        let Some(word) = found else {
            self.refuse(words::ID_FORMAT);
            return After::Parameter;
        };
        self.build.config.lease_ids_in_hex = word == "hex";
        self.remark(Severity::Info, words::id_format(word));
        // A missing semicolon has been reported.
        let _ = self.expect(';', words::ID_FORMAT_SEMICOLON);
        After::Parameter
    }
}
