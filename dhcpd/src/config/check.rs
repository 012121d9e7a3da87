//! Settings that this server or the original refuses.

use common::syntax::Place;

use super::model::Config;
use super::parser::Parser;
use super::words;
use crate::eval::Evaluator;
use crate::eval::ast::{Action, Data, Statement};
use crate::options::{OptionId, codes};

/// `ddns-update-style` by the numbers of its words.
const NO_UPDATES: &[u8] = &[0];
const AD_HOC: u8 = 1;

impl Parser<'_> {
    /// Notes a parameter that later work will serve.
    pub(super) fn note_unserved(&mut self, statement: &Statement, name: &str) {
        let Action::Assign { option, value, .. } = &statement.action else {
            return;
        };
        self.build.config.names_leases |= *option == codes::GET_LEASE_HOSTNAMES && !is_off(value);
        if is_unserved(*option, value) {
            let text = words::not_served(name);
            self.note_not_served(statement.place, text);
        }
    }

    pub(super) fn note_not_served(&mut self, place: Place, text: String) {
        self.build.config.unsupported.push((place, text));
    }
}

/// What the original says before it ends when the statements of the root scope have set what it cannot do; `values` is
/// what they set.
#[must_use]
pub fn refused_parameters(config: &Config, values: &Evaluator<'_>) -> Option<String> {
    if values.uint8(codes::DDNS_UPDATE_STYLE) == Some(AD_HOC) {
        return Some(words::AD_HOC.to_owned());
    }
    let key = values.text(codes::OMAPI_KEY)?;
    let is_known = config.keys.contains(&key.to_ascii_lowercase());
    (!is_known).then(|| words::no_omapi_key(&key))
}

fn is_unserved(option: OptionId, value: &Data) -> bool {
    match option {
        codes::OMAPI_PORT => true,
        codes::DDNS_UPDATE_STYLE => *value != Data::Constant(NO_UPDATES.into()),
        _ => false,
    }
}

/// `false`, `deny` or `ignore`.
fn is_off(value: &Data) -> bool {
    matches!(value, Data::Constant(octets) if matches!(**octets, [0 | 2]))
}
