//! Random expressions of the configuration language (reference isc-dhcpd-config.md, section 6).

use super::dice::Dice;

/// Options of requests that expressions look at.
const ASKED: [&str; 17] = [
    "host-name",
    "vendor-class-identifier",
    "user-class",
    "dhcp-client-identifier",
    "dhcp-parameter-request-list",
    "dhcp-requested-address",
    "dhcp-message-type",
    "dhcp-lease-time",
    "agent.circuit-id",
    "agent.remote-id",
    "agent.unknown-9",
    "pxe-system-type",
    "fqdn.hostname",
    "fqdn.fqdn",
    "relay-agent-information",
    "unknown-231",
    "domain-name",
];

/// Options that a configuration of ours sets.
const CONFIGURED: [&str; 5] = [
    "host-name",
    "domain-name",
    "routers",
    "v201",
    "server.filename",
];

/// Variables that may be set or not.
pub(super) const VARIABLES: [&str; 5] = ["vone", "vtwo", "vmany", "vtruth", "vnone"];

const TEXTS: [&str; 9] = [
    "\"\"",
    "\"a\"",
    "\"abc\"",
    "\"ABC\"",
    "\"foo\"",
    "\"PXEClient\"",
    "\"MSFT 5.0\"",
    "\"x\\000y\"",
    "\"\\001\\377\"",
];

const PATTERNS: [&str; 9] = [
    "^a",
    "c$",
    "^.*$",
    "[a-c]+",
    "^(foo|bar)$",
    "PXE",
    "b*",
    "(",
    "^$",
];

/// An expression for bytes, at most `depth` deep.
pub(super) fn data(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return leaf(dice);
    }
    let inner = depth - 1;
    match dice.below(16) {
        0 | 1 => format!(
            "substring({}, {}, {})",
            data(dice, inner),
            number(dice, inner),
            number(dice, inner)
        ),
        2 => format!("suffix({}, {})", data(dice, inner), number(dice, inner)),
        3 | 4 => format!("concat({})", list(dice, inner)),
        5 => format!("pick-first-value({})", list(dice, inner)),
        6 => format!("lcase({})", data(dice, inner)),
        7 => format!("ucase({})", data(dice, inner)),
        8 => format!(
            "reverse({}, {})",
            dice.pick(&[1, 2, 3, 4]),
            data(dice, inner)
        ),
        9..=11 => digits(dice, inner),
        12 => format!(
            "encode-int({}, {})",
            number(dice, inner),
            dice.pick(&[8, 16, 32])
        ),
        13 => format!("packet({}, {})", number(dice, inner), number(dice, inner)),
        14 => format!("pick({})", list(dice, inner)),
        _ => leaf(dice),
    }
}

/// Bytes for a block that is kept in the lease file. Not deeper: the original cannot read back all that it writes of these,
/// or reads it as something else. Of two of them it writes nothing, but ends.
pub(super) fn storable(dice: &mut Dice) -> String {
    let ends = |text: &String| {
        ["filename", "server-name"]
            .iter()
            .any(|name| text.contains(name))
    };
    let mut any = std::iter::repeat_with(|| data(dice, 1));
    any.find(|text| !ends(text)).unwrap_or_default()
}

/// Bytes in hex, so that they can be shown in a log line whatever they are.
pub(super) fn printable(data: &str) -> String {
    format!("binary-to-ascii(16, 8, \":\", {data})")
}

fn list(dice: &mut Dice, depth: usize) -> String {
    let count = 2 + dice.below(2);
    let parts: Vec<String> = (0..count).map(|_| data(dice, depth)).collect();
    parts.join(", ")
}

fn digits(dice: &mut Dice, depth: usize) -> String {
    format!(
        "binary-to-ascii({}, {}, {}, {})",
        dice.pick(&[2, 3, 7, 8, 10, 10, 16, 16, 17]),
        dice.pick(&[8, 8, 16, 32, 7]),
        dice.pick(&["\":\"", "\"\"", "\"-\"", "\", \""]),
        data(dice, depth)
    )
}

fn leaf(dice: &mut Dice) -> String {
    match dice.below(12) {
        0..=3 => format!("option {}", dice.pick(&ASKED)),
        4 => dice.pick(&TEXTS).to_owned(),
        5 => dice
            .pick(&["1:2:3:4", "ff", "0:0", "de:ad:be:ef:0:1"])
            .to_owned(),
        6 => "hardware".to_owned(),
        7 => dice
            .pick(&[
                "leased-address",
                "filename",
                "server-name",
                "host-decl-name",
            ])
            .to_owned(),
        8 => format!("config-option {}", dice.pick(&CONFIGURED)),
        9 => dice.pick(&VARIABLES).to_owned(),
        10 => format!(
            "packet({}, {})",
            dice.pick(&[0, 1, 10, 24, 28, 236, 240, 299, 400]),
            dice.pick(&[0, 1, 2, 4, 300])
        ),
        _ => dice.pick(&["null", "\"end\""]).to_owned(),
    }
}

/// An expression for a number.
pub(super) fn number(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return dice
            .pick(&["0", "1", "2", "3", "4", "6", "8", "16", "255"])
            .to_owned();
    }
    let inner = depth - 1;
    match dice.below(10) {
        0 | 1 => extract(dice, inner),
        2 | 3 => format!(
            "{} {} {}",
            extract(dice, inner),
            dice.pick(&["+", "*", "/", "%", "&", "|", "^"]),
            number(dice, 0)
        ),
        4 => dice.pick(&VARIABLES).to_owned(),
        5 => "lease-time".to_owned(),
        _ => number(dice, 0),
    }
}

/// Eight bits of nothing end the original.
fn extract(dice: &mut Dice, depth: usize) -> String {
    match dice.chance(40) {
        true => format!("extract-int(concat(\"q\", {}), 8)", data(dice, depth)),
        false => format!(
            "extract-int({}, {})",
            data(dice, depth),
            dice.pick(&[16, 32])
        ),
    }
}

/// A condition for a statement; only there may numbers be compared, since the grammar takes what follows one for its operand.
pub(super) fn condition(dice: &mut Dice, depth: usize) -> String {
    if !dice.chance(12) {
        return truth(dice, depth);
    }
    format!(
        "{} {} {}",
        extract(dice, depth.saturating_sub(1)),
        dice.pick(&["=", "!="]),
        number(dice, 0)
    )
}

/// A condition of bytes.
pub(super) fn truth(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return plain_truth(dice);
    }
    let inner = depth - 1;
    match dice.below(8) {
        0 => format!("({} and {})", truth(dice, inner), truth(dice, inner)),
        1 => format!("({} or {})", truth(dice, inner), truth(dice, inner)),
        2 => format!("not ({})", truth(dice, inner)),
        3 => format!(
            "{} {} {} {} {}",
            plain_truth(dice),
            dice.pick(&["and", "or"]),
            plain_truth(dice),
            dice.pick(&["and", "or"]),
            plain_truth(dice)
        ),
        4 => format!(
            "{} {} \"{}\"",
            data(dice, inner),
            dice.pick(&["~=", "~~"]),
            dice.pick(&PATTERNS)
        ),
        _ => comparison(dice, inner),
    }
}

fn comparison(dice: &mut Dice, depth: usize) -> String {
    format!(
        "{} {} {}",
        data(dice, depth),
        dice.pick(&["=", "!="]),
        data(dice, depth)
    )
}

fn plain_truth(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 | 1 => format!("exists {}", dice.pick(&ASKED)),
        2 => "known".to_owned(),
        3 => "static".to_owned(),
        4 => format!("defined({})", dice.pick(&VARIABLES)),
        _ => comparison(dice, 0),
    }
}
