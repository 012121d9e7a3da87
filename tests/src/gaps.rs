//! Known gaps: what ours does not do yet, listed with a reason, so that nothing fails or passes unseen.

use std::collections::BTreeMap;

use crate::subject::Subject;

const LIST: &str = include_str!("../known-gaps.txt");

/// What is expected to fail with this subject, and why. The original has no gaps: it is the specification.
#[must_use]
pub fn of(subject: Subject) -> BTreeMap<String, String> {
    match subject {
        Subject::Original => BTreeMap::new(),
        Subject::Ours => read(LIST),
    }
}

/// What is to be said about one scenario or case: a failure must be listed as a gap, and a listed gap must fail,
/// otherwise the list is out of date.
#[must_use]
pub fn judge(name: &str, failure: Option<&str>, gap: Option<&String>) -> Option<String> {
    match (failure, gap) {
        (Some(failure), None) => Some(format!("--- {name}\n{failure}")),
        (None, Some(gap)) => Some(format!(
            "--- {name} passes, but known-gaps.txt lists it: {gap}"
        )),
        _ => None,
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
    fn a_gap_must_be_listed_and_a_listed_gap_must_fail() {
        let gap = "why".to_owned();
        assert_eq!(judge("x", Some("bad"), Some(&gap)), None);
        assert_eq!(judge("x", None, None), None);
        assert!(judge("x", Some("bad"), None).is_some());
        assert!(judge("x", None, Some(&gap)).is_some());
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
