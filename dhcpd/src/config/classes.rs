//! Class declarations.

use common::syntax::{Kind, Place};

use super::builder::{Context, Enclosing};
use super::model::{Class, ClassId};
use super::parser::{Failure, Parsed, Parser};
use super::words;

impl Parser<'_> {
    /// `class "NAME" { … }`, its keyword taken. A class that exists is opened again.
    pub(super) fn class(&mut self, context: Context) {
        let place = self.place();
        let token = self.take();
        if token.kind != Kind::String {
            self.error(words::CLASS_NAME_STRING);
            return self.skip_statement();
        }
        let name = self.text(&token);
        let class = self.class_by_name(&name, context, place);
        // Whatever fails has been reported.
        let _ = self.class_block(class, context);
    }

    fn class_by_name(&mut self, name: &str, context: Context, place: Place) -> ClassId {
        if let Some(found) = self.build.classes.get(name) {
            return *found;
        }
        let scope = self.build.open_scope(context.scope, place);
        self.build.add_class(Class {
            name: name.into(),
            condition: None,
            scope,
            place,
        })
    }

    fn class_block(&mut self, class: ClassId, context: Context) -> Parsed<()> {
        let scope = self.build.class(class).map_or(context.scope, |c| c.scope);
        let inside = Context {
            enclosing: Enclosing::Class,
            scope,
            in_host: false,
            ..context
        };
        self.expect_left_brace()?;
        self.nested(|parser| {
            parser.class_body(class, inside);
            Ok(())
        })
    }

    fn class_body(&mut self, class: ClassId, context: Context) {
        let mut after_declaration = false;
        while !self.leave_block() {
            let item = if self.accept_word("match") {
                self.class_match(class)
            } else if self.peek_is_word("spawn") || self.peek_is_word("lease") {
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

    /// An error here ends the class, except in the condition itself.
    fn class_match(&mut self, class: ClassId) -> Parsed<()> {
        if !self.accept_word("if") {
            return self.go_on_after_refusal();
        }
        let present = self
            .build
            .class(class)
            .is_some_and(|c| c.condition.is_some());
        if present {
            return self.fail_and_skip(words::ONE_MATCH);
        }
        match self.boolean_expression() {
            Ok(condition) => {
                if let Some(class) = self.build.class_mut(class) {
                    class.condition = Some(condition);
                }
                // A missing semicolon has been reported.
                let _ = self.expect_semicolon();
            }
            Err(Failure::Unreported) => {
                self.error(words::BOOLEAN_EXPR);
                self.skip_statement();
            }
            Err(Failure::Reported) => {}
        }
        Ok(())
    }

    fn go_on_after_refusal(&mut self) -> Parsed<()> {
        // The refusal has been reported.
        let _ = self.refuse_later::<()>();
        Ok(())
    }
}
