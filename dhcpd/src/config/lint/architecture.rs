//! Tests of the client's architecture (RFC 4578, section 2.1).

use common::syntax::Place;

use super::reads::{Node, nodes, nodes_of, option_read, statements};
use super::{inherited, item, words};
use crate::config::model::{Class, Config, Scope};
use crate::eval::ast::{Action, Boolean, Data, Number, Statement, Subject};
use crate::options::codes;

/// 64-bit UEFI: most firmware sends the first, the rest the second.
const USUAL: u16 = 0x07;
const OTHER: u16 = 0x09;

/// How the vendor class of a PXE client begins; five digits follow.
const VENDOR_CLASS: &[u8] = b"PXEClient:Arch:";

/// What something knows of the two, and where the first test of the usual one is.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    usual: Option<Place>,
    other: bool,
}

impl Known {
    fn add(&mut self, place: Place, architecture: u16) {
        self.other |= architecture == OTHER;
        if architecture == USUAL {
            let first = self.usual.unwrap_or(place);
            self.usual = Some(first.min(place));
        }
    }
}

/// Scopes and classes that know only the usual one, where neither a scope around nor any class knows the other.
pub(super) fn incomplete(config: &Config, say: &mut dyn FnMut(Place, String, &str)) {
    let classes: Vec<Known> = config.classes.iter().map(known_to_class).collect();
    if classes.iter().any(|known| known.other) {
        return;
    }
    let scopes: Vec<Known> = config.scopes.iter().map(known_to_scope).collect();
    let complete = inherited(config, |id| {
        item(&scopes, id.0).is_some_and(|known| known.other)
    });
    let of_scopes = scopes.iter().zip(&complete).filter(|pair| !pair.1);
    let lacking = of_scopes.map(|pair| pair.0).chain(&classes);
    for place in lacking.filter_map(|known| known.usual) {
        let text = words::ARCHITECTURE_MISSING.to_owned();
        say(place, text, words::ADD_ARCHITECTURE);
    }
}

fn known_to_class(class: &Class) -> Known {
    let mut known = Known::default();
    let condition = class.condition.iter().map(Node::Boolean).collect();
    for architecture in compared(nodes(condition)) {
        known.add(class.place, architecture);
    }
    let key: Vec<_> = class.key.iter().map(Node::Data).collect();
    let by_number = reads_architecture(key);
    for value in class.subclasses.keys() {
        if let Some(architecture) = number_of(value, by_number) {
            known.add(class.place, architecture);
        }
    }
    known
}

fn known_to_scope(scope: &Scope) -> Known {
    let mut known = Known::default();
    for statement in statements(&scope.statements) {
        for architecture in compared(nodes_of(&statement.action)) {
            known.add(statement.place, architecture);
        }
        for architecture in cases(statement) {
            known.add(statement.place, architecture);
        }
    }
    known
}

/// What the comparisons among some parts compare an architecture with.
fn compared<'c>(parts: impl Iterator<Item = Node<'c>>) -> impl Iterator<Item = u16> {
    parts.filter(is_comparison).flat_map(|comparison| {
        let by_number = reads_architecture(vec![comparison]);
        constants(vec![comparison], by_number)
    })
}

fn is_comparison(part: &Node<'_>) -> bool {
    matches!(
        part,
        Node::Boolean(
            Boolean::DataEqual(..)
                | Boolean::DataUnequal(..)
                | Boolean::NumberEqual(..)
                | Boolean::NumberUnequal(..)
                | Boolean::Equal(..)
                | Boolean::Unequal(..)
                | Boolean::Matches(_)
        )
    )
}

/// The cases of a switch.
fn cases(statement: &Statement) -> Vec<u16> {
    let Action::Switch(subject, block) = &statement.action else {
        return Vec::new();
    };
    let subject = match subject {
        Subject::Data(data) => Node::Data(data),
        Subject::Number(number) => Node::Number(number),
        Subject::Boolean(_) => return Vec::new(),
    };
    let by_number = reads_architecture(vec![subject]);
    let values = block.iter().filter_map(|inner| match &inner.action {
        Action::Case(value) => Some(Node::Expression(value)),
        _ => None,
    });
    constants(values.collect(), by_number)
}

fn reads_architecture(start: Vec<Node<'_>>) -> bool {
    nodes(start).any(|part| option_read(part) == Some(codes::PXE_SYSTEM_TYPE))
}

/// The architectures among the constants in some expressions, as numbers only where that is what they are for.
fn constants(start: Vec<Node<'_>>, by_number: bool) -> Vec<u16> {
    let value = |part| match part {
        Node::Data(Data::Constant(bytes)) => number_of(bytes, by_number),
        Node::Number(Number::Constant(number)) if by_number => u16::try_from(*number).ok(),
        _ => None,
    };
    nodes(start).filter_map(value).collect()
}

fn number_of(bytes: &[u8], by_number: bool) -> Option<u16> {
    if let Some(rest) = bytes.strip_prefix(VENDOR_CLASS) {
        let digits = rest.get(..5)?;
        return std::str::from_utf8(digits).ok()?.parse().ok();
    }
    match *bytes {
        [low] if by_number => Some(low.into()),
        [high, low] if by_number => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}
