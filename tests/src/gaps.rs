//! Known gaps: what ours does not do yet, listed with a reason, so that nothing fails or passes unseen.

use std::collections::BTreeMap;

use crate::subject::Subject;

const LIST: &str = include_str!("../known-gaps.txt");

/// The scenarios that are expected to fail for this subject, with the reason. The original has none: it is the specification.
#[must_use]
pub fn of_scenarios(subject: Subject) -> BTreeMap<String, String> {
    match subject {
        Subject::Original => BTreeMap::new(),
        Subject::Ours => read(LIST),
    }
}

/// Lines `NAME: REASON`; empty ones and comments (`#`) say nothing.
fn read(list: &str) -> BTreeMap<String, String> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, reason)| (name.to_owned(), reason.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_names_and_reasons() {
        let gaps = read("# comment: none\n\nping-check: not built yet\n");
        assert_eq!(
            gaps.into_iter().collect::<Vec<_>>(),
            [("ping-check".to_owned(), "not built yet".to_owned())]
        );
    }

    #[test]
    fn every_line_of_the_list_is_a_gap_or_a_comment() {
        for line in LIST.lines() {
            assert!(
                line.is_empty() || line.starts_with('#') || line.contains(": "),
                "{line}"
            );
        }
    }
}
