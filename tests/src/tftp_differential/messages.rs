//! Random steps: requests of all kinds, answers to what the server sends, changes of files.

use super::dice::Dice;
use super::server::FILES;

const PLACES: [&str; 26] = [
    "",
    "nothere",
    "sub",
    "sub/",
    "empty",
    "closed/x",
    "dark/x",
    "drop/new",
    "empty/new",
    "new",
    "sub/new",
    "link",
    "rooted",
    "hosted",
    "dangling",
    "loop",
    "loop/x",
    "dirlink/a",
    "out",
    "null",
    "a/",
    "a/b",
    "A",
    "\"\"",
    ".",
    "..",
];
const PREFIXES: [&str; 16] = [
    "",
    "",
    "",
    "",
    "/",
    "//",
    "./",
    "../",
    "/../",
    "sub/../",
    "/srv/tftp/",
    "/srv/tftp/",
    "/srv/tftp//",
    "/srv/tftp/./",
    "/srv/tftp/sub/../",
    "/srv/outside/../tftp/",
];
const ELSEWHERE: [&str; 8] = [
    "/srv/outside/secret",
    "/etc/passwd",
    "../outside/secret",
    "/srv/tftp/../outside/secret",
    "/srv/tftp/..",
    "/srv/tftp/sub/../",
    "/srv/tftp2",
    "C:\\\\a",
];
const MODES: [&str; 16] = [
    "octet",
    "octet",
    "octet",
    "octet",
    "octet",
    "netascii",
    "netascii",
    "NETASCII",
    "OcTeT",
    "mail",
    "binary",
    "image",
    "octet\\x20",
    "\"\"",
    "oct",
    "netascii\\x00",
];
const OPTIONS: [&str; 16] = [
    "blksize",
    "blksize",
    "BLKSIZE",
    "blksize2",
    "tsize",
    "tsize",
    "TSize",
    "timeout",
    "TimeOut",
    "utimeout",
    "rollover",
    "RollOver",
    "foo",
    "multicast",
    "blksize\\x20",
    "\\x20tsize",
];
const VALUES: [&str; 50] = [
    "0",
    "0",
    "1",
    "7",
    "8",
    "9",
    "16",
    "511",
    "512",
    "513",
    "1024",
    "1428",
    "1468",
    "2000",
    "65463",
    "65464",
    "65465",
    "65535",
    "65536",
    "255",
    "256",
    "9999",
    "254000000",
    "255000000",
    "255000001",
    "4294967295",
    "4294967296",
    "4294967304",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999",
    "-1",
    "-0",
    "-512",
    "-18446744073709551104",
    "-18446744073709551616",
    "+512",
    "+0512",
    "00000000000000000000000000000600",
    "\\x20512",
    "\\x09\\x0b\\x0c\\x0d\\x0a512",
    "512\\x20",
    "0x200",
    "1.5",
    "5e2",
    "abc",
    "--5",
    "+-5",
    "\"\"",
];
const RAW: [&str; 24] = [
    "00",
    "0001",
    "000100",
    "0001 \"a\"",
    "0001 \"a\" 00",
    "0001 \"a\" 0000",
    "0001 \"a\" 00 \"octet\"",
    "0001 00 \"octet\" 00",
    "0001 \"a\" 00 \"octet\" 00 \"blksize\"",
    "0001 \"a\" 00 \"octet\" 00 \"blksize\" 00",
    "0001 \"a\" 00 \"octet\" 00 \"blksize\" 00 \"512\"",
    "0001 \"a\" 00 \"octet\" 00 \"tsize\" 0000 \"blksize\" 00 \"512\" 00",
    "0001 \"a\" 00 \"octet\" 0000 \"tsize\" 00 \"0\" 00",
    "0001 \"a\" 00 \"octet\" 00000000",
    "0100 \"a\" 00 \"octet\" 00",
    "0101 \"a\" 00 \"octet\" 00",
    "0000 \"a\" 00 \"octet\" 00",
    "0003 0001 \"x\"",
    "0004 0000",
    "0005 0000 \"x\" 00",
    "0006 \"blksize\" 00 \"512\" 00",
    "0007 \"a\" 00 \"octet\" 00",
    "0001 300*\"n\" 00 \"octet\" 00",
    "0001 5000*\"n/\" 00 \"octet\" 00",
];
const READER: [&str; 9] = [
    "ack 0",
    "ack 0",
    "ack 1",
    "ack 1",
    "ack 2",
    "ack 3",
    "error 0 \"stop\"",
    "error 8 \"\"",
    "raw 0009 0001",
];
const WRITER: [&str; 13] = [
    "data 1 \"abc\"",
    "data 1 512*\"x\"",
    "data 1 512*\"y\"",
    "data 1 511*\"z\" \"\\r\"",
    "data 2 \"\\nend\\r\\0\\r\"",
    "data 2 \"end\"",
    "data 2 512*\"2\"",
    "data 3 \"\"",
    "data 0 \"zero\"",
    "data 1 \"\"",
    "data 65535 \"far\"",
    "error 0 \"stop\"",
    "ack 0",
];

/// Ten to twenty steps.
pub(super) fn steps(dice: &mut Dice) -> Vec<String> {
    let count = 10 + dice.below(10);
    let mut steps = Vec::new();
    while steps.len() < count {
        match dice.below(20) {
            0..=8 => read(dice, &mut steps),
            9..=13 => write(dice, &mut steps),
            14..=16 => steps.push(format!("{}raw {}", speaker(dice), dice.pick(&RAW))),
            17 => steps.push(format!("show {}", dice.pick(&FILES))),
            _ => steps.push(change(dice)),
        }
    }
    steps
}

/// Who speaks, as a step begins.
fn speaker(dice: &mut Dice) -> &'static str {
    dice.pick(&["", "", "", "b: ", "c: "])
}

fn read(dice: &mut Dice, steps: &mut Vec<String>) {
    let client = speaker(dice);
    steps.push(format!("{client}rrq {}{}", name(dice), terms(dice)));
    for _ in 0..dice.below(4) {
        steps.push(format!("{client}{}", dice.pick(&READER)));
    }
}

fn write(dice: &mut Dice, steps: &mut Vec<String>) {
    let client = speaker(dice);
    let name = name(dice);
    steps.push(format!("{client}wrq {name}{}", terms(dice)));
    for _ in 0..dice.below(4) {
        steps.push(format!("{client}{}", dice.pick(&WRITER)));
    }
    if !name.contains("\"\"") && !name.contains("..") && dice.chance(70) {
        let path = if name.starts_with("/srv/") {
            &name
        } else {
            name.trim_start_matches('/')
        };
        steps.push(format!("show {path}"));
    }
}

fn name(dice: &mut Dice) -> String {
    match dice.below(10) {
        0..=5 => format!("{}{}", dice.pick(&PREFIXES), dice.pick(&FILES)),
        6..=8 => {
            let place = dice.pick(&PLACES);
            let prefix = if place == "\"\"" {
                ""
            } else {
                dice.pick(&PREFIXES)
            };
            match format!("{prefix}{place}") {
                empty if empty.is_empty() => "\"\"".to_owned(),
                name => name,
            }
        }
        _ => dice.pick(&ELSEWHERE).to_owned(),
    }
}

/// Mode and options.
fn terms(dice: &mut Dice) -> String {
    let mut text = format!(" mode={}", dice.pick(&MODES));
    let count = dice.below(5) * usize::from(dice.chance(60));
    for _ in 0..count {
        let (option, value) = (dice.pick(&OPTIONS), dice.pick(&VALUES));
        if !is_short_wait(option, value) {
            text.push_str(&format!(" {option}={value}"));
        }
    }
    text
}

/// Whether a server that takes this would send something again while the scenario is played.
fn is_short_wait(option: &str, value: &str) -> bool {
    let seconds: u64 = match value.trim_start_matches("\\x20").parse() {
        Ok(number) if option.eq_ignore_ascii_case("timeout") => number,
        Ok(number) if option == "utimeout" => number / 1_000_000,
        _ => return false,
    };
    seconds < 200
}

fn change(dice: &mut Dice) -> String {
    let name = dice.pick(&FILES);
    match dice.below(3) {
        0 => format!("mode {name} {}", dice.pick(&["666", "600", "604", "444"])),
        1 => format!("file {name} = \"changed\""),
        _ => format!("show {name} sub/new new"),
    }
}
