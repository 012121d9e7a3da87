//! The command line in the shape that GNU getopt_long accepts, brought into one that needs no guessing: every option as
//! `--long=value`, then `--`, then the operands (reference tftpd-hpa.md, section 2).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::table::{FLAGS, Flag, Origin};
use crate::words;

/// A word that getopt does not understand. The start goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How many options stand before it.
    pub place: usize,
    /// For standard error, without the program's name: the word stands there octet by octet.
    pub terminal: Vec<u8>,
    /// For the log.
    pub log: String,
}

/// The words in plain shape, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct Plain {
    /// Options as `--long=value`, with an empty value where the flag takes none; then `--` and the operands.
    pub words: Vec<OsString>,
    /// In the order of the command line.
    pub complaints: Vec<Complaint>,
}

/// Goes through the words behind the program's name.
#[must_use]
pub fn normalise(words: impl IntoIterator<Item = OsString>) -> Plain {
    let mut reader = Reader {
        rest: words.into_iter(),
        plain: Plain::default(),
        operands: Vec::new(),
    };
    while let Some(word) = reader.rest.next() {
        match word.as_bytes() {
            b"--" => reader.operands.extend(reader.rest.by_ref()),
            [b'-', b'-', name @ ..] => reader.long(name),
            [b'-', letters @ ..] if !letters.is_empty() => reader.letters(letters),
            _ => reader.operands.push(word),
        }
    }
    reader.plain.words.push("--".into());
    reader.plain.words.extend(reader.operands);
    reader.plain
}

struct Reader<I> {
    rest: I,
    plain: Plain,
    operands: Vec<OsString>,
}

/// What a long name stands for.
enum Match {
    One(&'static Flag),
    Several(Vec<&'static str>),
    None,
}

impl<I: Iterator<Item = OsString>> Reader<I> {
    fn letters(&mut self, mut letters: &[u8]) {
        while let Some((&letter, rest)) = letters.split_first() {
            letters = rest;
            match FLAGS
                .iter()
                .find(|flag| flag.short == Some(char::from(letter)))
            {
                None => self.complain(words::getopt_unknown_letter(letter)),
                Some(flag) if flag.argument.is_none() => self.push(flag, OsStr::new("")),
                Some(flag) if !rest.is_empty() => return self.push(flag, OsStr::from_bytes(rest)),
                Some(flag) => match self.rest.next() {
                    Some(value) => self.push(flag, &value),
                    None => self.complain(words::getopt_letter_needs_argument(letter)),
                },
            }
        }
    }

    fn long(&mut self, word: &[u8]) {
        let mut parts = word.splitn(2, |&byte| byte == b'=');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().map(OsStr::from_bytes);
        match find_long(name) {
            Match::None => self.complain(words::getopt_unknown_name(word)),
            Match::Several(names) => self.complain(words::getopt_ambiguous(word, &names)),
            Match::One(flag) => self.long_with_value(flag, value),
        }
    }

    fn long_with_value(&mut self, flag: &Flag, value: Option<&OsStr>) {
        match (flag.argument, value) {
            (None, None) => self.push(flag, OsStr::new("")),
            (None, Some(_)) => self.complain(words::getopt_takes_no_argument(flag)),
            (Some(_), Some(value)) => self.push(flag, value),
            (Some(_), None) => match self.rest.next() {
                Some(value) => self.push(flag, &value),
                None => self.complain(words::getopt_name_needs_argument(flag)),
            },
        }
    }

    fn push(&mut self, flag: &Flag, value: &OsStr) {
        let word = [b"--", flag.long.as_bytes(), b"=", value.as_bytes()].concat();
        self.plain.words.push(OsString::from_vec(word));
    }

    fn complain(&mut self, mut complaint: Complaint) {
        complaint.place = self.plain.words.len();
        self.plain.complaints.push(complaint);
    }
}

fn find_long(name: &[u8]) -> Match {
    if let Some(flag) = FLAGS.iter().find(|flag| flag.long.as_bytes() == name) {
        return Match::One(flag);
    }
    let candidates: Vec<&'static Flag> = FLAGS
        .iter()
        .filter(|flag| flag.origin == Origin::Original)
        .filter(|flag| flag.long.as_bytes().starts_with(name))
        .collect();
    match candidates.as_slice() {
        [] => Match::None,
        [flag] => Match::One(flag),
        several => Match::Several(several.iter().map(|flag| flag.long).collect()),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn plain(words: &[&str]) -> Plain {
        normalise(words.iter().map(OsString::from))
    }

    fn words(words: &[&str]) -> Vec<String> {
        let plain = plain(words);
        assert_eq!(plain.complaints, []);
        plain
            .words
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect()
    }

    fn complaint(words: &[&str]) -> (String, String) {
        let complaint = plain(words).complaints.remove(0);
        let terminal = String::from_utf8(complaint.terminal).unwrap();
        (terminal, complaint.log)
    }

    #[test]
    fn bundled_letters_come_apart_and_the_last_may_take_a_value() {
        let expected = ["--foreground=", "--secure=", "--address=:69", "--", "/srv"];
        assert_eq!(words(&["-Lsa:69", "/srv"]), expected);
        assert_eq!(words(&["-Lsa", ":69", "/srv"]), expected);
    }

    #[test]
    fn long_names_may_be_abbreviated_and_take_values_both_ways() {
        let expected = [
            "--blocksize=1468",
            "--port-range=5000:5010",
            "--map-file=F",
            "--",
        ];
        assert_eq!(
            words(&["--block", "1468", "--port=5000:5010", "--map", "F"]),
            expected
        );
    }

    #[test]
    fn options_may_follow_operands_until_a_double_dash() {
        assert_eq!(
            words(&["/a", "-v", "-", "--", "-l", "/b"]),
            ["--verbose=", "--", "/a", "-", "-l", "/b"]
        );
    }

    #[test]
    fn an_exact_name_wins_over_longer_ones() {
        assert_eq!(words(&["--verbose"]), ["--verbose=", "--"]);
    }

    #[test]
    fn unknown_options_bring_getopts_words_and_a_log_line() {
        let letter = ("invalid option -- 'z'".into(), "Unknown option: 'z'".into());
        assert_eq!(complaint(&["-z"]), letter);
        let name = (
            "unrecognized option '--help'".into(),
            "Unknown option: '--help'".into(),
        );
        assert_eq!(complaint(&["--help"]), name);
    }

    #[test]
    fn ambiguous_names_list_the_possibilities() {
        for (word, names) in [
            ("--verb", "'--verbose' '--verbosity'"),
            ("--re", "'--refuse' '--retransmit'"),
            ("--p", "'--permissive' '--port-range' '--pidfile'"),
        ] {
            let (terminal, _) = complaint(&[word]);
            let expected = format!("option '{word}' is ambiguous; possibilities: {names}");
            assert_eq!(terminal, expected);
        }
    }

    #[test]
    fn octets_that_are_no_letters_stay_on_the_terminal_and_are_escaped_in_the_log() {
        for (word, terminal) in [
            (&b"-\xe9"[..], &b"invalid option -- '\xe9'"[..]),
            (b"--\xe9", b"unrecognized option '--\xe9'"),
        ] {
            let plain = normalise([OsString::from_vec(word.to_vec())]);
            assert_eq!(plain.complaints[0].terminal, terminal);
            assert!(plain.complaints[0].log.contains("\\351"));
        }
    }

    #[test]
    fn missing_and_superfluous_arguments_are_complained_about() {
        assert_eq!(complaint(&["-a"]).0, "option requires an argument -- 'a'");
        assert_eq!(
            complaint(&["--user"]).0,
            "option '--user' requires an argument"
        );
        assert_eq!(
            complaint(&["--listen=x"]).0,
            "option '--listen' doesn't allow an argument"
        );
    }
}
