//! Class and subclass declarations.

use std::collections::HashMap;

use common::syntax::{Kind, Place};

use super::builder::{Context, Enclosing};
use super::model::{Class, ClassId, ScopeId, Subclass};
use super::parser::{Failure, Parsed, Parser};
use super::words;

/// Whose block is being read.
enum Owner {
    Class(ClassId),
    /// By its value.
    Subclass(ClassId, Box<[u8]>),
    /// `user-class`, `vendor-class`: what is in it has no effect.
    Nobody,
}

/// Which clauses a block has had: each may stand there once.
#[derive(Default)]
struct Clauses {
    condition: bool,
    /// `match` or `spawn with`
    key: bool,
}

impl Parser<'_> {
    /// `class "NAME" { … }`, its keyword taken.
    pub(super) fn class(&mut self, context: Context) {
        let place = self.place();
        let Ok(name) = self.class_name() else {
            return;
        };
        let class = self.class_to_open(&name, context, place);
        let scope = self
            .build
            .class(class)
            .map_or(context.scope, |found| found.scope);
        // A block that does not begin has been reported, and leaves the name free. Within the block it is not known yet.
        if self
            .class_block(&Owner::Class(class), scope, context)
            .is_ok()
        {
            self.build.name_class(class);
        }
    }

    fn class_name(&mut self) -> Parsed<String> {
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::CLASS_NAME_STRING);
        }
        Ok(self.text(&token))
    }

    /// The class of that name, which may be declared in pieces, or a new one.
    fn class_to_open(&mut self, name: &str, context: Context, place: Place) -> ClassId {
        if let Some(known) = self.build.classes.get(name) {
            return *known;
        }
        let scope = self.build.open_scope(context.scope, place);
        self.build.add_class(Class {
            name: name.into(),
            condition: None,
            key: None,
            spawns: false,
            limit: 0,
            subclasses: HashMap::new(),
            scope,
            place,
        })
    }

    /// `subclass "NAME" VALUE;` or with a block, its keyword taken.
    pub(super) fn subclass(&mut self, context: Context) {
        let place = self.place();
        // Whatever fails has been reported.
        let _ = self.subclass_parts(context, place);
    }

    fn subclass_parts(&mut self, context: Context, place: Place) -> Parsed<()> {
        let name = self.class_name()?;
        let Some(class) = self.build.classes.get(name.as_str()).copied() else {
            return self.fail_and_skip(words::no_class(&name));
        };
        let value = self.subclass_value()?;
        let scope = self.subclass_scope(class, &value, place);
        if self.accept(';') {
            return Ok(());
        }
        let owner = Owner::Subclass(class, value.into());
        self.class_block(&owner, scope, context)
    }

    fn subclass_value(&mut self) -> Parsed<Vec<u8>> {
        let token = self.peek();
        if token.kind == Kind::String {
            self.take();
            return Ok(self.bytes(&token));
        }
        if token.is_numeric() {
            return self.hex_list();
        }
        self.fail(words::SUBCLASS_VALUE)
    }

    /// A subclass that exists is opened again. A new one has the limit that its class has by now.
    fn subclass_scope(&mut self, class: ClassId, value: &[u8], place: Place) -> ScopeId {
        let found = self.build.class(class);
        let parent = found.map_or(ScopeId(0), |found| found.scope);
        let known = found.and_then(|found| found.subclasses.get(value));
        if let Some(known) = known {
            return known.scope;
        }
        let scope = self.build.open_scope(parent, place);
        if let Some(class) = self.build.class_mut(class) {
            let limit = class.limit;
            let subclass = Subclass { scope, limit };
            class.subclasses.insert(value.into(), subclass);
        }
        scope
    }

    /// `user-class "NAME" { … }`, `vendor-class "NAME" { … }`, the keyword taken: a class of that name must exist, but gets
    /// nothing from it.
    pub(super) fn nameless_class(&mut self, context: Context) {
        let place = self.place();
        // Whatever fails has been reported.
        let _ = self.nameless_class_parts(context, place);
    }

    fn nameless_class_parts(&mut self, context: Context, place: Place) -> Parsed<()> {
        let name = self.class_name()?;
        if !self.build.classes.contains_key(name.as_str()) {
            return self.fail_and_skip(words::no_class(&name));
        }
        let scope = self.build.open_scope(context.scope, place);
        self.class_block(&Owner::Nobody, scope, context)
    }

    fn class_block(&mut self, owner: &Owner, scope: ScopeId, context: Context) -> Parsed<()> {
        let inside = Context {
            enclosing: Enclosing::Class,
            scope,
            in_host: false,
            ..context
        };
        self.expect_left_brace()?;
        self.nested(|parser| {
            parser.class_body(owner, inside);
            Ok(())
        })
    }

    fn class_body(&mut self, owner: &Owner, context: Context) {
        let mut after_declaration = false;
        let mut clauses = Clauses::default();
        while !self.leave_block() {
            let item = if self.peek_is_word("match") {
                self.class_match(owner, &mut clauses)
            } else if self.peek_is_word("spawn") {
                self.class_spawn(owner, &mut clauses)
            } else if self.peek_is_word("lease") {
                self.lease_limit(owner)
            } else if self.peek_is_word("dynamic") || self.peek_is_word("deleted") {
                self.take();
                self.expect_semicolon()
            } else {
                after_declaration = self.statement(context, after_declaration);
                Ok(())
            };
            if item.is_err() {
                return;
            }
        }
    }

    /// An error here ends the class, except in the expression itself.
    fn class_match(&mut self, owner: &Owner, clauses: &mut Clauses) -> Parsed<()> {
        let Owner::Class(class) = owner else {
            return self.fail_and_skip(words::MATCH_IN_SUBCLASS);
        };
        self.take();
        if self.accept_word("if") {
            self.class_condition(*class, clauses)
        } else {
            // The first word of the expression belongs to what is shown if it is refused.
            self.peek();
            self.class_key(*class, clauses)
        }
    }

    /// One of an earlier piece of the class is replaced.
    fn class_condition(&mut self, class: ClassId, clauses: &mut Clauses) -> Parsed<()> {
        if std::mem::replace(&mut clauses.condition, true) {
            return self.fail_and_skip(words::ONE_MATCH);
        }
        let condition = self.boolean_expression();
        let condition = self.end_of_match(condition, words::BOOLEAN_EXPR);
        if let Some(class) = self.build.class_mut(class) {
            class.condition = condition;
        }
        Ok(())
    }

    fn class_key(&mut self, class: ClassId, clauses: &mut Clauses) -> Parsed<()> {
        if std::mem::replace(&mut clauses.key, true) {
            return self.fail_and_skip(words::ONE_SUBMATCH);
        }
        let key = self.data_expression();
        let key = self.end_of_match(key, words::DATA_EXPR);
        if let Some(class) = self.build.class_mut(class) {
            class.key = key;
        }
        Ok(())
    }

    fn end_of_match<T>(&mut self, parsed: Parsed<T>, missing: &str) -> Option<T> {
        match parsed {
            Ok(found) => {
                // A missing semicolon has been reported.
                let _ = self.expect_semicolon();
                Some(found)
            }
            Err(Failure::Unreported) => {
                self.error(missing);
                self.skip_statement();
                None
            }
            Err(Failure::Reported) => None,
        }
    }

    fn class_spawn(&mut self, owner: &Owner, clauses: &mut Clauses) -> Parsed<()> {
        self.take();
        let Owner::Class(class) = owner else {
            return self.fail_and_skip(words::SPAWN_IN_SUBCLASS);
        };
        if let Some(class) = self.build.class_mut(*class) {
            class.spawns = true;
        }
        if !self.accept_word("with") {
            self.take();
            return self.fail_and_skip(words::WITH);
        }
        self.class_key(*class, clauses)
    }

    /// `lease limit N;`
    fn lease_limit(&mut self, owner: &Owner) -> Parsed<()> {
        self.take();
        let token = self.take();
        if !self.is_word(&token, "limit") {
            return self.fail_behind(&token, words::LIMIT);
        }
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_behind(&token, words::LIMIT_NUMBER);
        }
        let number: i64 = self.cursor.text_of(&token).parse().unwrap_or(0);
        let Ok(limit) = u32::try_from(number) else {
            self.stop(words::LIMIT_TOO_BIG);
            return Err(Failure::Reported);
        };
        self.set_limit(owner, limit);
        // A missing semicolon has been reported.
        let _ = self.expect_semicolon();
        Ok(())
    }

    fn set_limit(&mut self, owner: &Owner, limit: u32) {
        match owner {
            Owner::Class(class) => {
                if let Some(class) = self.build.class_mut(*class) {
                    class.limit = limit;
                }
            }
            Owner::Subclass(class, value) => {
                let class = self.build.class_mut(*class);
                if let Some(subclass) = class.and_then(|it| it.subclasses.get_mut(value)) {
                    subclass.limit = limit;
                }
            }
            Owner::Nobody => {}
        }
    }
}
