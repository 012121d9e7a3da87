//! Maps as administrators write them, with the system's regular expressions.

use common::sys::posix_regex::{LetterCase, Regex};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::examples::{Asked, EXAMPLES, Example, Made, OURS};
use super::*;

fn compile(pattern: &[u8], ignores_case: bool) -> Result<Regex, String> {
    let case = if ignores_case {
        LetterCase::Ignored
    } else {
        LetterCase::Sensitive
    };
    Regex::with_groups(pattern, case)
}

fn map(rules: &[u8]) -> Map<Regex> {
    read(rules, compile).unwrap()
}

fn query(asked: Asked, name: &[u8]) -> Query<'_> {
    let (direction, client) = match asked {
        Asked::Read => (Direction::Read, "10.77.0.2"),
        Asked::Read6 => (Direction::Read, "fd77::2"),
        Asked::Write => (Direction::Write, "10.77.0.2"),
    };
    Query {
        direction,
        client: client.parse().unwrap(),
        name,
    }
}

/// The outcome and the events on the way; only `there` can be opened.
fn run(rules: &[u8], name: &str, there: &str) -> (Outcome, Vec<Event>) {
    let mut events = Vec::new();
    let outcome = evaluate(
        &map(rules),
        &query(Asked::Read, name.as_bytes()),
        DEFAULT_STEPS,
        &mut |name| name == there.as_bytes(),
        &mut |event| events.push(event),
    );
    (outcome, events)
}

fn outcome(rules: &str, name: &str, there: &str) -> Outcome {
    run(rules.as_bytes(), name, there).0
}

fn name(text: &str) -> Outcome {
    Outcome::Name(text.into())
}

fn problems(rules: &str) -> Vec<Problem> {
    read(rules.as_bytes(), compile).unwrap_err()
}

#[test]
fn the_worked_examples_come_out_as_in_the_original() {
    for Example(rules, asked, name, made) in EXAMPLES.iter().chain(OURS) {
        let outcome = evaluate(
            &map(rules),
            &query(*asked, name),
            DEFAULT_STEPS,
            &mut |_| false,
            &mut |_| {},
        );
        let made_of_it = match (&outcome, made) {
            (Outcome::Name(name), Made::Name(wanted)) => name == wanted,
            (Outcome::Refused(Some(text)), Made::Text(wanted)) => text == wanted,
            (Outcome::Refused(None), Made::Denied) | (Outcome::Endless(_), Made::Endless) => true,
            _ => false,
        };
        let rules = String::from_utf8_lossy(rules);
        assert!(
            made_of_it,
            "{rules}\n{}: {outcome:?}, not {made:?}",
            name.escape_ascii()
        );
    }
}

#[test]
fn no_more_rules_are_looked_at_than_allowed() {
    let exactly = "r zz z\n".repeat(1024);
    assert_eq!(outcome(&exactly, "abc", ""), name("abc"));
    let skipped = format!("{exactly}r6 a b\nrP a b\n");
    assert_eq!(outcome(&skipped, "abc", ""), name("abc"));
    let one_more = format!("{exactly}r a b\n");
    assert_eq!(
        outcome(&one_more, "abc", ""),
        Outcome::Endless(b"abc".to_vec())
    );
}

#[test]
fn a_name_that_grows_without_end_is_given_up() {
    let Outcome::Endless(last) = outcome("r x x\nrs ^(.*)$ \\1\\1", "abc", "") else {
        panic!("it ended");
    };
    assert!(last.len() > LONGEST_NAME && last.len() <= 4 * LONGEST_NAME);
    let many = format!("r .* {}", "\\0".repeat(8000));
    let subject = "a".repeat(LONGEST_NAME);
    assert!(matches!(
        outcome(&many, &subject, ""),
        Outcome::Endless(last) if last.len() <= 3 * LONGEST_NAME
    ));
    assert!(matches!(
        outcome("r a b", &format!("{subject}a"), ""),
        Outcome::Endless(_)
    ));
}

#[test]
fn what_happens_is_told_with_the_numbers_of_the_rules() {
    let (_, events) = run(b"rP a b\nr ^A B\nrs ^C A\na ^A", "Cx", "");
    let expected = [
        Event::Input(b"Cx".to_vec()),
        Event::Rewrite(2, b"Ax".to_vec()),
        Event::Restart,
        Event::Rewrite(1, b"Bx".to_vec()),
        Event::Done,
    ];
    assert_eq!(events, expected);
    let (_, events) = run(b"re a b\nr b c", "a", "");
    assert_eq!(events.last(), Some(&Event::Exit(0)));
}

#[test]
fn a_file_that_is_there_ends_the_search_and_a_missing_one_changes_nothing() {
    let rules = "rE ^ first/\nrE ^ second/\nr ^ third/";
    assert_eq!(outcome(rules, "x", "first/x"), name("first/x"));
    assert_eq!(outcome(rules, "x", "second/x"), name("second/x"));
    assert_eq!(outcome(rules, "x", "elsewhere"), name("third/x"));
    assert_eq!(outcome("E ^\nr ^ new/", "x", "x"), name("x"));
}

#[test]
fn jumps_go_to_labels_before_and_behind_them() {
    let rules = "j ^a skip\nr ^ no/\n:skip\nr $ .end";
    assert_eq!(outcome(rules, "a", ""), name("a.end"));
    assert_eq!(outcome(rules, "b", ""), name("no/b.end"));
    let round = ":top\nr ^x y\nj ^ top";
    assert_eq!(outcome(round, "x", ""), Outcome::Endless(b"y".to_vec()));
}

#[test]
fn every_error_is_found_with_its_place() {
    let found = problems("xr a b\n r\nr [\n~r a b\nQ~r\nr a b\nr #x");
    let places: Vec<_> = found
        .iter()
        .map(|problem| (problem.line, problem.column, problem.width))
        .collect();
    assert_eq!(
        places,
        [
            (1, 1, 1),
            (2, 2, 1),
            (3, 3, 1),
            (4, 1, 2),
            (5, 1, 1),
            (7, 1, 1)
        ]
    );
    let kinds: Vec<_> = found.into_iter().map(|problem| problem.kind).collect();
    let expected = [
        ProblemKind::UnknownLetter {
            operation: b"xr".to_vec(),
            letter: b'x',
        },
        ProblemKind::NoPattern(Vec::new()),
        ProblemKind::BadPattern("Invalid regular expression".to_owned()),
        ProblemKind::InvertedRewrite(b" a b\n".to_vec()),
        ProblemKind::UnknownLetter {
            operation: b"Q~r".to_vec(),
            letter: b'Q',
        },
        ProblemKind::NoPattern(b"#x".to_vec()),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn labels_must_be_there_once_and_the_new_letters_stand_alone() {
    let kind = |rules: &str| problems(rules).remove(0).kind;
    assert_eq!(
        kind("j a nowhere"),
        ProblemKind::UnknownLabel(b"nowhere".to_vec())
    );
    assert_eq!(kind(":a\n:a"), ProblemKind::RepeatedLabel(b"a".to_vec()));
    assert_eq!(kind("jr a b"), ProblemKind::Clash(b'j', b'r'));
    assert_eq!(kind("Ee a"), ProblemKind::Clash(b'E', b'e'));
}

#[test]
fn a_line_longer_than_the_originals_buffer_is_two() {
    let long = format!("r a {}\nr z y", "b".repeat(16_400));
    let found = problems(&long);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].line, 2);
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(
        file in proptest::collection::vec(any::<u8>(), 0..300),
        letters in "[rgieEsaj~GP46:x]{0,4}[ \\t]?[ab.*()\\\\#]{0,6} ?[\\\\0-9UiLExab]{0,6}\n",
    ) {
        for rules in [file, letters.into_bytes()] {
            if let Ok(map) = read(&rules, compile) {
                let mut can_open = |name: &[u8]| name.len() % 2 == 0;
                evaluate(&map, &query(Asked::Read, b"abbab"), 64, &mut can_open, &mut |_| {});
            }
        }
    }
}
