//! Whole configurations: messages against the original's, and what is made of correct ones.

mod frames;
mod manual;
mod meaning;
mod measured;
mod mutations;
mod provenance;
mod robust;

use std::collections::HashMap;

use common::diag::{Diagnostics, Severity};
use common::time::Time;

use super::model::Config;
use super::words;
use super::{Family, Refusal, check_peers, parse, refused_parameters};
use crate::eval::{Context, ResolvedNames, execute};
use crate::options::OptionSet;

/// Reads `text` as file `t.conf` for DHCPv4; `files` can be included.
fn read(text: &[u8], files: &HashMap<&str, &str>) -> (Result<Config, Refusal>, Vec<String>) {
    read_for(Family::Dhcpv4, text, files)
}

fn read_for(
    family: Family,
    text: &[u8],
    files: &HashMap<&str, &str>,
) -> (Result<Config, Refusal>, Vec<String>) {
    let mut diagnostics = Diagnostics::default();
    let mut load = |name: &str| match files.get(name) {
        _ if name == "t.conf" => Ok(text.to_vec()),
        Some(found) => Ok(found.as_bytes().to_vec()),
        None => Err(words::cannot_open(name, "No such file or directory")),
    };
    let parsed = parse("t.conf", family, &mut load, &mut diagnostics);
    let result = parsed.and_then(|config| {
        if let Some(text) = refusal_of_root(&config) {
            diagnostics.line(Severity::Error, text);
            return Err(Refusal::Fatal);
        }
        check_peers(&config, &mut diagnostics)?;
        Ok(config)
    });
    let messages = diagnostics.messages().iter();
    (
        result,
        messages.flat_map(|message| message.lines()).collect(),
    )
}

/// What the original says after it has executed the root scope.
fn refusal_of_root(config: &Config) -> Option<String> {
    let names = ResolvedNames::default();
    let context = Context::new(&config.options, &names, Time::from_seconds(0));
    let mut set = OptionSet::new();
    execute(&config.scopes.first()?.statements, &context, &mut set);
    refused_parameters(config, &context.over(&set))
}

/// A configuration that must be accepted, with whatever warnings.
pub(super) fn accept_with_remarks(text: &str) -> Config {
    let (result, lines) = read(text.as_bytes(), &HashMap::new());
    result.unwrap_or_else(|refusal| panic!("{refusal:?}: {lines:?}"))
}

/// A configuration that must be accepted without a word.
fn accept(text: &str) -> Config {
    let (result, lines) = read(text.as_bytes(), &HashMap::new());
    assert_eq!(lines, Vec::<String>::new());
    result.unwrap()
}
