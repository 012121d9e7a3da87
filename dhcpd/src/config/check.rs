//! What can be said only when all has been read: settings that this server or the original refuses.

use common::syntax::Place;

use super::parser::Parser;
use super::words;
use crate::eval::ast::{Action, Data, Statement};
use crate::options::{OptionId, codes};

/// `ddns-update-style` by the numbers of its words.
const NO_UPDATES: &[u8] = &[0];
const AD_HOC: &[u8] = &[1];

impl Parser<'_> {
    /// Notes a parameter that later work will serve.
    pub(super) fn note_unserved(&mut self, statement: &Statement, name: &str) {
        let Action::Assign { option, value, .. } = &statement.action else {
            return;
        };
        if is_unserved(*option, value) {
            let text = words::not_served(name);
            self.note_not_served(statement.place, text);
        }
    }

    pub(super) fn note_not_served(&mut self, place: Place, text: String) {
        self.build.config.unsupported.push((place, text));
    }

    /// Looks at what only all files together can show.
    pub(super) fn check(&mut self) {
        let root = self.build.config.scopes.first();
        let statements = root.map(|scope| scope.statements.as_slice());
        let constants: Vec<_> = statements
            .unwrap_or_default()
            .iter()
            .filter_map(constant)
            .collect();
        let last = |wanted| {
            let mut found = constants.iter().rev().filter(|row| row.0 == wanted);
            found.next().map(|row| row.1.clone())
        };
        if last(codes::DDNS_UPDATE_STYLE).as_deref() == Some(AD_HOC) {
            return self.stop(words::AD_HOC);
        }
        if let Some(name) = last(codes::OMAPI_KEY) {
            let name = String::from_utf8_lossy(&name).into_owned();
            if !self.build.keys.contains(&name.to_ascii_lowercase()) {
                self.stop(words::no_omapi_key(&name));
            }
        }
    }
}

fn constant(statement: &Statement) -> Option<(OptionId, Box<[u8]>)> {
    match &statement.action {
        Action::Assign {
            option,
            value: Data::Constant(bytes),
            ..
        } => Some((*option, bytes.clone())),
        _ => None,
    }
}

fn is_unserved(option: OptionId, value: &Data) -> bool {
    match option {
        codes::OMAPI_PORT => true,
        codes::DDNS_UPDATE_STYLE => *value != Data::Constant(NO_UPDATES.into()),
        codes::GET_LEASE_HOSTNAMES => !is_off(value),
        _ => false,
    }
}

/// `false`, `deny` or `ignore`.
fn is_off(value: &Data) -> bool {
    matches!(value, Data::Constant(octets) if matches!(**octets, [0 | 2]))
}
