//! A random server: its words, its files, its rules.

use super::dice::Dice;

/// Files that requests ask for, besides names that lead nowhere.
pub(super) const FILES: [&str; 17] = [
    "a",
    "b.bin",
    "sub/a",
    "sub/deep/f",
    "Mixed.Case",
    "sp\\x20ace",
    "tab\\x09x",
    "new\\x0aline",
    "caf\\xc3\\xa9",
    "lat\\xe9",
    "%41",
    ".hidden",
    "..x",
    "#h",
    "back\\\\slash",
    "x.pvt",
    "10.77.0.2",
];
const MODES: [&str; 12] = [
    "644", "666", "666", "666", "600", "604", "006", "002", "004", "640", "000", "4777",
];
const OWNERS: [&str; 4] = [
    "root:root",
    "nobody:nogroup",
    "root:nogroup",
    "daemon:daemon",
];
const CONTENTS: [&str; 9] = [
    "\"\"",
    "\"hello\"",
    "counted 0..511",
    "counted 0..512",
    "counted 0..513",
    "counted 0..1024",
    "\"a\\nb\\rc\\r\\nd\\n\\r\\0\"",
    "511*\"x\" \"\\n\\n\"",
    "300*\"\\n\"",
];
/// Other things than files.
const FURNITURE: [&str; 12] = [
    "directory empty",
    "directory closed mode=700",
    "directory dark mode=744",
    "directory drop mode=733",
    "link link -> a",
    "link rooted -> /sub/a",
    "link hosted -> /srv/tftp/a",
    "link dangling -> nothere",
    "link loop -> loop",
    "link dirlink -> sub",
    "link out -> ../outside/secret",
    "null null",
];
const DIRECTORIES: [&str; 9] = [
    "/srv/tftp",
    "/srv/tftp",
    "/srv/tftp/sub",
    "/srv/tftp/",
    "/srv/tf",
    "/srv/outside /srv/tftp",
    "/srv/tftp/b",
    "srv/tftp",
    "/",
];
const MASKS: [&str; 7] = ["0", "022", "027", "077", "040", "007", "\"\""];
const BLOCKS: [&str; 7] = ["512", "513", "1000", "1024", "1428", "1468", "65464"];
const REFUSED: [&str; 7] = [
    "blksize", "BlkSize", "blksize2", "tsize", "timeout", "utimeout", "rollover",
];
const OPERATIONS: [&str; 22] = [
    "r", "r", "r", "ri", "e", "re", "~e", "a", "~a", "ai", "s", "rs", "rG", "rP", "aG", "aP", "r4",
    "r6", "reG", "ir", "ri~", "rx",
];
const PATTERNS: [&str; 24] = [
    "a",
    "^a",
    "^",
    "$",
    ".*",
    "^.*$",
    "x*",
    "b.b",
    "[[:digit:]]+",
    "\\.pvt$",
    "^/",
    "/",
    "^(.)(.)",
    "(s)(u)(b)",
    "^[^/]",
    "(a|b)c?",
    "\\bsub\\b",
    "[",
    "(",
    "a{2",
    "*",
    "\\xe9",
    "^[a-z]:",
    "(.)\\1",
];
const REPLACEMENTS: [&str; 17] = [
    "",
    "x",
    "a",
    "sub/\\0",
    "\\0\\0",
    "\\1\\2",
    "[\\1]",
    "\\i",
    "\\U\\0",
    "\\L\\0\\Ex",
    "/srv/tftp/\\0",
    "../",
    "no\\ way",
    "\\9",
    "\\",
    "\\#",
    "b.bin # why",
];
/// Repetition may never end, so that what it makes must not match.
const REPEATED: [&str; 6] = [
    "rg a b",
    "rg // /",
    "gri B x",
    "rg \\\\ /",
    "rg [0-9] N",
    "rgG / _",
];

/// The lines of the head.
pub(super) fn head(dice: &mut Dice) -> String {
    let mut lines = vec![format!("serve {}", words(dice))];
    lines.push("client b 10.77.0.4".to_owned());
    lines.push("client c fd77::2".to_owned());
    lines.extend(FILES.iter().map(|name| file(dice, name)));
    lines.push(file(dice, "/srv/outside/secret"));
    lines.extend(FURNITURE.iter().map(|line| (*line).to_owned()));
    lines.join("\n")
}

fn file(dice: &mut Dice, name: &str) -> String {
    let (mode, owner) = (dice.pick(&MODES), dice.pick(&OWNERS));
    format!(
        "file {name} mode={mode} owner={owner} = {}",
        dice.pick(&CONTENTS)
    )
}

fn words(dice: &mut Dice) -> String {
    let mut words = vec![dice.pick(&["", "-v", "-vv", "-vvv", "-vvvv"]).to_owned()];
    for (flag, percent) in [("-c", 45), ("-p", 30), ("-4", 5)] {
        words.extend(dice.chance(percent).then(|| flag.to_owned()));
    }
    for (flag, percent, values) in [
        ("-U", 20, MASKS.as_slice()),
        ("-B", 20, BLOCKS.as_slice()),
        ("-r", 20, REFUSED.as_slice()),
        ("-r", 5, REFUSED.as_slice()),
        ("-u", 10, ["daemon", "nobody"].as_slice()),
    ] {
        if dice.chance(percent) {
            words.push(format!("{flag} {}", dice.pick(values)));
        }
    }
    words.push(match dice.below(10) {
        0..=6 => "-s /srv/tftp".to_owned(),
        7 => String::new(),
        _ => dice.pick(&DIRECTORIES).to_owned(),
    });
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// Rules as a step has them, or none.
pub(super) fn rules(dice: &mut Dice) -> Option<String> {
    let count = dice.below(6);
    let rules: Vec<String> = (0..count).map(|_| rule(dice)).collect();
    let mut text = format!("map {}", rules.join(" ⏎ "));
    // A name that doubles each time around fills the original's memory.
    if rules.iter().any(|rule| starts_over(rule)) {
        text = text.replace("\\0\\0", "\\0");
    }
    (dice.chance(40) && !rules.is_empty()).then_some(text)
}

fn starts_over(rule: &str) -> bool {
    rule.starts_with("s ") || rule.starts_with("rs ")
}

fn rule(dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => dice.pick(&REPEATED).to_owned(),
        1 => dice
            .pick(&["# nothing", "", "r", "a", "q x", "r #x"])
            .to_owned(),
        _ => applied(dice),
    }
}

fn applied(dice: &mut Dice) -> String {
    let operation = dice.pick(&OPERATIONS);
    let pattern = dice.pick(&PATTERNS);
    // What `~a` says loses its first letter in the original.
    let is_silent = operation.contains('~') || dice.chance(30);
    let replacement = if is_silent {
        ""
    } else {
        dice.pick(&REPLACEMENTS)
    };
    format!("{operation} {pattern} {replacement}")
        .trim_end()
        .to_owned()
}
