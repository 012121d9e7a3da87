//! The manual pages against the words of the language, both ways.

use std::collections::BTreeSet;

use pretty_assertions::assert_eq;

use super::super::keywords::{is_reserved, keywords};
use crate::manual::{LANGUAGE, marked};
use crate::options::{Registry, SpaceId};

/// The words that the pages set as statements.
fn documented() -> BTreeSet<&'static str> {
    LANGUAGE
        .iter()
        .flat_map(|page| marked(page, "Ic", |line| line.starts_with('.')))
        .collect()
}

/// Every word that begins a statement.
fn statements(registry: &Registry) -> BTreeSet<&str> {
    let mut words: BTreeSet<&str> = keywords().collect();
    let parameters = registry.definitions(SpaceId::SERVER);
    words.extend(parameters.map(|definition| &*definition.name));
    words
}

#[test]
fn every_statement_and_parameter_is_documented() {
    let registry = Registry::built_in();
    let documented = documented();
    let known = statements(&registry);
    let missing: Vec<_> = known.difference(&documented).collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

#[test]
fn nothing_is_documented_that_is_no_word_of_the_language() {
    let registry = Registry::built_in();
    let options = registry.definitions(SpaceId::DHCP);
    let mut known = statements(&registry);
    known.extend(options.map(|definition| &*definition.name));
    let is_known = |word: &str| known.contains(word) || is_reserved(word) || word.contains('.');
    let documented = documented();
    let invented: Vec<_> = documented.iter().filter(|word| !is_known(word)).collect();
    assert_eq!(invented, Vec::<&&str>::new());
}

#[test]
fn every_option_is_documented_with_its_code() {
    let registry = Registry::built_in();
    let [.., page] = LANGUAGE;
    let lines: Vec<_> = page.lines().collect();
    let documented: BTreeSet<(&str, &str)> = lines
        .windows(2)
        .filter_map(|pair| {
            let name = pair[0].strip_prefix(".It Ic option ")?.split(' ').next()?;
            let code = pair[1].strip_prefix("Code ")?.strip_suffix('.')?;
            Some((name, code))
        })
        .collect();
    let spaces = (0..).map_while(|index| Some((index, registry.space(SpaceId(index))?)));
    let mut known = BTreeSet::new();
    for (index, space) in spaces.filter(|(index, _)| SpaceId(*index) != SpaceId::SERVER) {
        for definition in registry.definitions(SpaceId(index)) {
            let name = match SpaceId(index) {
                SpaceId::DHCP => definition.name.to_string(),
                _ => format!("{}.{}", space.name, definition.name),
            };
            known.insert((name, definition.id.code.to_string()));
        }
    }
    let known: BTreeSet<_> = known
        .iter()
        .map(|(name, code)| (&**name, &**code))
        .collect();
    assert_eq!(documented, known);
}
