//! What expressions can look at.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::Ipv4Addr;

use common::log::{Level, Line};
use common::net::HardwareAddress;
use common::time::Time;

use crate::options::{OptionSet, Registry};
use crate::wire::Request;

/// `config-option` may lead to a value that holds another `config-option` only so often; beyond that it is null.
const REFERENCE_LIMIT: u8 = 16;
/// `config-option`s that are followed in one context; those beyond are null. Values that each mention the next one twice
/// would otherwise be evaluated without end.
const FOLLOW_LIMIT: u32 = 10_000;

/// Addresses of the host names that the configuration mentions, as they were resolved outside of the core.
pub type ResolvedNames = HashMap<Box<str>, Vec<Ipv4Addr>>;

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

    pub(super) fn log(&self, level: Level, text: String) {
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
