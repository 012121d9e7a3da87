//! Any map file and any name: reading ends in rules or in problems, and the rules come to an end, whatever they match.
//!
//! Regular expressions are the C library's business: here a pattern is plain text that may stand anywhere in the name.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use tftpd::remap::{DEFAULT_STEPS, Groups, LONGEST_NAME, Outcome, Pattern, Query, evaluate, read};
use tftpd::wire::Direction;

struct Text(Vec<u8>);

impl Pattern for Text {
    fn find(&self, subject: &[u8]) -> Option<Groups> {
        let start = match self.0.len() {
            0 => Some(0),
            length => subject.windows(length).position(|window| window == self.0),
        }?;
        let mut groups = Groups::default();
        groups[0] = Some((start, start + self.0.len()));
        groups[1] = groups[0];
        Some(groups)
    }
}

fuzz_target!(|input: (bool, IpAddr, &[u8], &[u8])| {
    let (is_read, client, name, file) = input;
    let compile = |regex: &[u8], _| match regex.first() {
        Some(b'(') => Err("Unmatched ( or \\(".to_owned()),
        _ => Ok(Text(regex.to_vec())),
    };
    let Ok(map) = read(file, compile) else {
        return;
    };
    let query = Query {
        direction: if is_read { Direction::Read } else { Direction::Write },
        client,
        name,
    };
    let mut can_open = |name: &[u8]| name.len() % 2 == 0;
    let outcome = evaluate(&map, &query, DEFAULT_STEPS, &mut can_open, &mut drop);
    if let Outcome::Name(name) = outcome {
        assert!(name.len() <= LONGEST_NAME);
    }
});
