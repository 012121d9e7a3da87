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

/// Parameters that end the original when their values have another number of octets, and what it says. They can have one only
/// if they are set as options of the space `server`.
type Lengths = [(OptionId, usize, &'static str)];

/// Those that it looks at before it names its files,
const EARLY: &Lengths = &[
    (codes::OMAPI_PORT, 2, words::OMAPI_PORT_LENGTH),
    (codes::LOCAL_PORT, 2, words::LOCAL_PORT_LENGTH),
    (codes::REMOTE_PORT, 2, words::REMOTE_PORT_LENGTH),
    (codes::LIMITED_BROADCAST_ADDRESS, 4, words::BROADCAST_LENGTH),
    (codes::LOCAL_ADDRESS, 4, words::LOCAL_ADDRESS_LENGTH),
];
/// and afterwards: before it says which switches are on,
const DELAYS: &Lengths = &[
    (codes::DELAYED_ACK, 2, words::DELAYED_ACK_LENGTH),
    (codes::MAX_ACK_DELAY, 4, words::MAX_ACK_DELAY_LENGTH),
];
/// and after that.
const LATE: &Lengths = &[(
    codes::ABANDON_LEASE_TIME,
    4,
    words::ABANDON_LEASE_TIME_LENGTH,
)];

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
    if let Some(text) = wrong_length(values, EARLY) {
        return Some(text.to_owned());
    }
    if values.uint8(codes::DDNS_UPDATE_STYLE) == Some(AD_HOC) {
        return Some(words::AD_HOC.to_owned());
    }
    let key = values.text(codes::OMAPI_KEY)?;
    let is_known = config.keys.contains(&key.to_ascii_lowercase());
    (!is_known).then(|| words::no_omapi_key(&key))
}

/// As [`refused_parameters`], of what the original looks at when it has named its files: before it says which switches are on,
/// and after that.
#[must_use]
pub fn refused_later(values: &Evaluator<'_>) -> [Option<&'static str>; 2] {
    [wrong_length(values, DELAYS), wrong_length(values, LATE)]
}

fn wrong_length(values: &Evaluator<'_>, lengths: &Lengths) -> Option<&'static str> {
    let is_wrong = |id, length| values.value(id).is_some_and(|value| value.len() != length);
    let wrong = lengths
        .iter()
        .find(|(id, length, _)| is_wrong(*id, *length));
    wrong.map(|(_, _, text)| *text)
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
