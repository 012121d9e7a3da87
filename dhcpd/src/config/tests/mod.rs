//! Whole configurations: messages against the original's, and what is made of correct ones.

mod frames;
mod manual;
mod meaning;
mod measured;
mod mutations;
mod robust;

use std::collections::HashMap;

use common::diag::Diagnostics;

use super::model::Config;
use super::words;
use super::{Family, Refusal, check_peers, parse};

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
        check_peers(&config, &mut diagnostics)?;
        Ok(config)
    });
    let messages = diagnostics.messages().iter();
    (
        result,
        messages.flat_map(|message| message.lines()).collect(),
    )
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
