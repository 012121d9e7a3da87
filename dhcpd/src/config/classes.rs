//! Class and subclass declarations.

use std::collections::HashMap;

use common::syntax::{Kind, Place};

use super::builder::{Context, Enclosing};
use super::model::{Class, ClassId, ScopeId};
use super::parser::{Failure, Parsed, Parser};
use super::words;

/// Whose block is being read.
#[derive(Clone, Copy)]
enum Owner {
    Class(ClassId),
    Subclass,
}

impl Parser<'_> {
    /// `class "NAME" { … }`, its keyword taken. A class that exists is opened again.
    pub(super) fn class(&mut self, context: Context) {
        let place = self.place();
        let Ok(name) = self.class_name() else {
            return;
        };
        let class = self.class_by_name(&name, context, place);
        let scope = self
            .build
            .class(class)
            .map_or(context.scope, |found| found.scope);
        // Whatever fails has been reported.
        let _ = self.class_block(Owner::Class(class), scope, context);
    }

    fn class_name(&mut self) -> Parsed<String> {
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::CLASS_NAME_STRING);
        }
        Ok(self.text(&token))
    }

    fn class_by_name(&mut self, name: &str, context: Context, place: Place) -> ClassId {
        if let Some(found) = self.build.classes.get(name) {
            return *found;
        }
        let scope = self.build.open_scope(context.scope, place);
        self.build.add_class(Class {
            name: name.into(),
            condition: None,
            key: None,
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
        let scope = self.subclass_scope(class, value, place);
        if self.accept(';') {
            return Ok(());
        }
        self.class_block(Owner::Subclass, scope, context)
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
        self.fail_and_skip(words::SUBCLASS_VALUE)
    }

    /// A subclass that exists is opened again.
    fn subclass_scope(&mut self, class: ClassId, value: Vec<u8>, place: Place) -> ScopeId {
        let found = self.build.class(class);
        let parent = found.map_or(ScopeId(0), |found| found.scope);
        let known = found.and_then(|found| found.subclasses.get(value.as_slice()));
        if let Some(scope) = known {
            return *scope;
        }
        let scope = self.build.open_scope(parent, place);
        if let Some(class) = self.build.class_mut(class) {
            class.subclasses.insert(value.into(), scope);
        }
        scope
    }

    fn class_block(&mut self, owner: Owner, scope: ScopeId, context: Context) -> Parsed<()> {
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

    fn class_body(&mut self, owner: Owner, context: Context) {
        let mut after_declaration = false;
        while !self.leave_block() {
            let item = if self.peek_is_word("match") {
                self.class_match(owner)
            } else if self.peek_is_word("spawn") {
                self.class_spawn(owner)
            } else if self.peek_is_word("lease") {
                self.go_on_after_refusal()
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
    fn class_match(&mut self, owner: Owner) -> Parsed<()> {
        let Owner::Class(class) = owner else {
            return self.fail_and_skip(words::MATCH_IN_SUBCLASS);
        };
        self.take();
        if self.accept_word("if") {
            self.class_condition(class)
        } else {
            self.class_key(class)
        }
    }

    fn class_condition(&mut self, class: ClassId) -> Parsed<()> {
        if self
            .build
            .class(class)
            .is_some_and(|found| found.condition.is_some())
        {
            return self.fail_and_skip(words::ONE_MATCH);
        }
        let condition = self.boolean_expression();
        let condition = self.end_of_match(condition, words::BOOLEAN_EXPR);
        if let (Some(condition), Some(class)) = (condition, self.build.class_mut(class)) {
            class.condition = Some(condition);
        }
        Ok(())
    }

    fn class_key(&mut self, class: ClassId) -> Parsed<()> {
        if self
            .build
            .class(class)
            .is_some_and(|found| found.key.is_some())
        {
            // The first word of the expression belongs to what is shown.
            self.peek();
            return self.fail_and_skip(words::ONE_SUBMATCH);
        }
        let key = self.data_expression();
        let key = self.end_of_match(key, words::DATA_EXPR);
        if let (Some(key), Some(class)) = (key, self.build.class_mut(class)) {
            class.key = Some(key);
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

    fn class_spawn(&mut self, owner: Owner) -> Parsed<()> {
        match owner {
            Owner::Class(_) => self.go_on_after_refusal(),
            Owner::Subclass => self.fail_and_skip(words::SPAWN_IN_SUBCLASS),
        }
    }

    fn go_on_after_refusal(&mut self) -> Parsed<()> {
        // The refusal has been reported.
        let _ = self.refuse_later::<()>();
        Ok(())
    }
}
