//! What expressions can look at.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use common::log::{Level, Line};
use common::net::HardwareAddress;
use common::syntax::Place;
use common::time::Time;

use super::ast::{Assignment, Data, Handler};
use super::variables::{Frames, Variables};
use crate::config::model::ClassId;
use crate::options::{OptionId, OptionSet, Registry};
use crate::wire::Request;

/// `config-option` may lead to a value that holds another `config-option` only so often; beyond that it is null.
const REFERENCE_LIMIT: u8 = 16;
/// `config-option`s that are followed in one context; those beyond are null. Values that each mention the next one twice
/// would otherwise be evaluated without end.
const FOLLOW_LIMIT: u32 = 10_000;

/// Names of hosts as the system knows them, asked outside of the core.
#[derive(Clone, Debug, Default)]
pub struct ResolvedNames {
    /// Addresses of the host names that the configuration mentions.
    pub addresses: HashMap<Box<str>, Vec<Ipv4Addr>>,
    /// Names of hosts with leased addresses, as far as they were asked for; `None` where there is none.
    pub hosts: HashMap<Ipv4Addr, Option<Box<str>>>,
    /// The name of this machine.
    pub own: Box<str>,
}

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name, then its arguments. None holds a NUL.
    pub arguments: Vec<Vec<u8>>,
    /// How many lines were logged before it.
    pub behind_lines: usize,
}

/// What `on` statements asked for; an outer `None` where no statement did, an inner one where nothing shall happen.
#[derive(Clone, Debug, Default)]
pub struct Handlers {
    /// When a client is told that it has the lease.
    pub commit: Option<Option<Arc<Handler>>>,
    /// When the lease ends by itself.
    pub expiry: Option<Option<Arc<Handler>>>,
    /// When its client gives it back.
    pub release: Option<Option<Arc<Handler>>>,
}

/// An option that a function set while an expression was evaluated.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) option: OptionId,
    pub(super) how: Assignment,
    pub(super) value: Data,
    pub(super) place: Place,
}

/// As much of a line as the original has room for, in octets.
const LONGEST_LINE: usize = 1023;

/// What is known about the lease that a reply is about.
#[derive(Clone, Copy, Debug)]
pub struct LeaseFacts<'e> {
    /// Its address.
    pub address: Ipv4Addr,
    /// When it ends; a lease that was never given ended at the epoch.
    pub ends: Time,
    /// Name of the host declaration that it belongs to.
    pub host: Option<&'e str>,
    /// Hardware address in the lease, for `hardware` where there is no packet.
    pub hardware: Option<HardwareAddress>,
    /// True for a `fixed-address`.
    pub is_static: bool,
}

/// Facts for expressions, and a sink for what they log.
#[derive(Debug)]
pub struct Context<'e> {
    /// Spaces and definitions.
    pub registry: &'e Registry,
    /// The request, if there is one.
    pub request: Option<&'e Request<'e>>,
    /// The lease, if there is one.
    pub lease: Option<LeaseFacts<'e>>,
    /// True if a host declaration matched the client.
    pub known: bool,
    /// The time of the decision.
    pub now: Time,
    /// Addresses of host names.
    pub names: &'e ResolvedNames,
    /// True if the client is in any class.
    pub classified: bool,
    pub(super) frames: RefCell<Frames>,
    pub(super) effects: RefCell<Vec<Effect>>,
    pub(super) handlers: RefCell<Handlers>,
    pub(super) added: RefCell<Vec<ClassId>>,
    pub(super) ended: Cell<bool>,
    /// Statements that functions have executed.
    pub(super) steps: Cell<u32>,
    commands: RefCell<Vec<Command>>,
    lines: RefCell<Vec<Line>>,
    followed: Cell<u32>,
}

impl<'e> Context<'e> {
    /// A context without request and lease.
    #[must_use]
    pub fn new(registry: &'e Registry, names: &'e ResolvedNames, now: Time) -> Self {
        Self {
            registry,
            request: None,
            lease: None,
            known: false,
            now,
            names,
            classified: false,
            frames: RefCell::default(),
            effects: RefCell::default(),
            handlers: RefCell::default(),
            added: RefCell::default(),
            ended: Cell::new(false),
            steps: Cell::new(0),
            commands: RefCell::default(),
            lines: RefCell::default(),
            followed: Cell::new(0),
        }
    }

    /// Evaluates expressions with `set` as what has been collected for the reply.
    #[must_use]
    pub fn over(&'e self, set: &'e OptionSet<'e>) -> Evaluator<'e> {
        Evaluator {
            context: self,
            set,
            references: 0,
        }
    }

    /// The lines that were logged since the last call, oldest first.
    #[must_use]
    pub fn take_lines(&self) -> Vec<Line> {
        self.lines.take()
    }

    /// The programs that shall be run, oldest first.
    #[must_use]
    pub fn take_commands(&self) -> Vec<Command> {
        self.commands.take()
    }

    /// Replaces all variables.
    pub fn put_variables(&self, variables: Variables) {
        self.frames.borrow_mut().outermost = variables;
    }

    /// Takes all variables.
    #[must_use]
    pub fn take_variables(&self) -> Variables {
        std::mem::take(&mut self.frames.borrow_mut().outermost)
    }

    /// All variables.
    #[must_use]
    pub fn variables(&self) -> Variables {
        self.frames.borrow().outermost.clone()
    }

    /// What `on` statements asked for so far.
    #[must_use]
    pub fn handlers(&self) -> Handlers {
        self.handlers.borrow().clone()
    }

    /// Classes that `add` statements put the client into.
    #[must_use]
    pub fn take_added_classes(&self) -> Vec<ClassId> {
        self.added.take()
    }

    /// True if `log(fatal, …)` has ended the server.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Logs an error.
    pub fn report(&self, text: String) {
        self.log(Level::Error, text);
    }

    pub(super) fn run(&self, arguments: Vec<Vec<u8>>) {
        self.commands.borrow_mut().push(Command {
            arguments,
            behind_lines: self.lines.borrow().len(),
        });
    }

    pub(super) fn log(&self, level: Level, mut text: String) {
        let mut ends = (0..=LONGEST_LINE.min(text.len())).rev();
        let end = ends.find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        self.lines.borrow_mut().push(Line { level, text });
    }
}

/// Evaluates expressions in a context. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Evaluator<'e> {
    /// What can be looked at.
    pub context: &'e Context<'e>,
    /// What has been collected for the reply.
    pub set: &'e OptionSet<'e>,
    references: u8,
}

impl Evaluator<'_> {
    /// For a value that a `config-option` leads to; `None` when it led too far or too often.
    pub(super) fn referred(self) -> Option<Self> {
        let followed = &self.context.followed;
        followed.set(followed.get().saturating_add(1));
        let references = self.references + 1;
        let allowed = references <= REFERENCE_LIMIT && followed.get() <= FOLLOW_LIMIT;
        allowed.then_some(Self { references, ..self })
    }
}
