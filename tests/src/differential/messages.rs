//! Random messages of a handful of clients, and what else happens to the server.

use super::dice::Dice;

const HOST_NAMES: [&str; 9] = [
    "\"host1\"",
    "\"foo\"",
    "\"abc\"",
    "\"a b\"",
    "666f6f00",
    "00",
    "\"\"",
    "61*70",
    "61ff62",
];
const VENDORS: [&str; 6] = [
    "\"foo\"",
    "\"PXEClient\"",
    "\"MSFT 5.0\"",
    "\"abc\"",
    "\"PXE\"",
    "\"\"",
];
const AGENTS: [&str; 9] = [
    "010463697263",
    "010463697263020372656d",
    "020372656d",
    "01020304",
    "090161",
    "05040a070000",
    "05040a060000",
    "0504ac1f0000",
    "\"\"",
];
const LISTS: [&str; 8] = [
    "0103060f0c",
    "03010c0f06",
    "2b",
    "c9cacbcccdcecfd0",
    "52363d33",
    "0142430c2b77797dfc",
    "ff00",
    "3a3b3336015079e0fa",
];

/// Thirty steps or so, with a look at the lease file at the end.
pub(super) fn steps(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..20 + dice.below(30) {
        let step = match dice.below(60) {
            0 => "leases".to_owned(),
            1 => "pass 1".to_owned(),
            2 if dice.chance(30) => "pass 2".to_owned(),
            3 if dice.chance(30) => "start".to_owned(),
            _ => message(dice),
        };
        text.push_str(&format!("> {step}\n"));
    }
    text.push_str("> leases\n> start\n> leases\n");
    text
}

fn message(dice: &mut Dice) -> String {
    let client = 1 + dice.below(6);
    let kind = dice.pick(&[
        "discover",
        "discover",
        "discover",
        "discover",
        "request",
        "request",
        "request",
        "request",
        "request",
        "decline",
        "release",
        "release",
        "inform",
        "inform",
        "bootp",
        "bootp-cookie",
        "leasequery",
        "dhcp",
        "type-9",
    ]);
    let mut words = vec![kind.to_owned(), format!("mac=02:00:00:00:00:{client:02x}")];
    way(dice, &mut words);
    fields(dice, &mut words);
    if kind != "bootp" {
        identity(dice, client, &mut words);
        wishes(dice, kind, &mut words);
        extras(dice, kind, &mut words);
    }
    words.join(" ")
}

fn way(dice: &mut Dice, words: &mut Vec<String>) {
    if dice.chance(30) {
        let relay = dice.pick(&[
            "10.7.0.1",
            "10.7.0.1",
            "10.6.0.1",
            "10.9.0.9",
            "10.8.0.1",
            "10.5.0.1",
            "172.31.0.1",
        ]);
        words.push(format!("giaddr={relay}"));
    }
    if dice.chance(25) {
        let address = lease(dice);
        words.push(format!("ciaddr={address}"));
        if dice.chance(50) {
            words.push(format!("from={address}"));
        }
    }
}

fn fields(dice: &mut Dice, words: &mut Vec<String>) {
    for (word, percent) in [
        ("flags=8000", 15),
        ("flags=1234", 3),
        ("secs=7", 15),
        ("secs=1024", 3),
        ("hops=3", 10),
    ] {
        if dice.chance(percent) {
            words.push(word.to_owned());
        }
    }
    for (word, percent) in [
        ("htype=6", 2),
        ("hlen=0", 2),
        ("hlen=16", 2),
        ("hlen=17", 1),
        ("siaddr=10.9.0.1", 3),
        ("yiaddr=10.9.0.10", 2),
        ("file=\"old.0\"", 4),
        ("sname=\"old\"", 4),
    ] {
        if dice.chance(percent) {
            words.push(word.to_owned());
        }
    }
}

fn identity(dice: &mut Dice, client: usize, words: &mut Vec<String>) {
    if dice.chance(40) {
        let id = match dice.below(8) {
            0 => "\"client1\"".to_owned(),
            1 => "01".to_owned(),
            2 => format!("0102000000000{client}"),
            3 => "\"\"".to_owned(),
            _ => format!("\"client{client}\""),
        };
        words.push(format!("61={id}"));
    }
}

fn wishes(dice: &mut Dice, kind: &str, words: &mut Vec<String>) {
    let wants = match kind {
        "request" | "decline" => 80,
        "discover" => 25,
        _ => 8,
    };
    if dice.chance(wants) {
        words.push(format!("50={}", lease(dice)));
    }
    if dice.chance(20) {
        words.push(format!(
            "54={}",
            dice.pick(&["10.9.0.1", "10.9.0.1", "10.9.0.77", "192.0.2.1"])
        ));
    }
    if dice.chance(20) {
        words.push(format!(
            "51={}",
            dice.pick(&[
                "00000258", "00000003", "ffffffff", "0000", "00015180", "7fffffff"
            ])
        ));
    }
    if dice.chance(60) {
        words.push(format!("55={}", dice.pick(&LISTS)));
    }
    if dice.chance(12) {
        words.push(format!(
            "57={}",
            dice.pick(&["0240", "05dc", "0000", "ffff", "40", "0400"])
        ));
    }
}

fn extras(dice: &mut Dice, kind: &str, words: &mut Vec<String>) {
    if dice.chance(35) {
        words.push(format!("12={}", dice.pick(&HOST_NAMES)));
    }
    if dice.chance(35) {
        words.push(format!("60={}", dice.pick(&VENDORS)));
    }
    for (percent, values) in [
        (8, &["77=\"iPXE\"", "77=046970786504", "77=\"\""]),
        (4, &["118=10.7.0.0", "118=10.9.0.0", "118=172.31.0.0"]),
        (5, &["93=0007", "93=0000", "93=00"]),
        (
            5,
            &[
                "43=0102abcd",
                "43=0104c0a80101020361626303ff",
                "43=c803aabbcc",
            ],
        ),
        (
            5,
            &["81=010000666f6f", "81=05000003666f6f03626172", "81=00"],
        ),
        (
            3,
            &["125=000009bf0401026162", "124=000009bf027663", "125=00"],
        ),
        (3, &["231=616263", "231=00", "15=\"dom\""]),
        (3, &["52=01", "52=03", "52=02"]),
        (2, &["raw=0c", "raw=0c05616263", "raw=ff0c0161"]),
        (2, &["size=548", "size=244", "size=1000"]),
        (1, &["cut=239", "cut=236", "cut=270"]),
    ] {
        if dice.chance(percent) {
            words.push(dice.pick(values).to_owned());
        }
    }
    // A link selection in a DHCPINFORM is a row of differences.md.
    let agent = dice.pick(&AGENTS);
    if dice.chance(25) && !(kind == "inform" && agent.starts_with("05")) {
        words.push(format!("82={agent}"));
    }
    if dice.chance(2) {
        let code = 1 + dice.below(254);
        let value = dice.hex(30);
        words.push(match value.is_empty() {
            true => format!("{code}=\"\""),
            false => format!("{code}={value}"),
        });
    }
}

fn lease(dice: &mut Dice) -> String {
    let network = dice.pick(&[9, 9, 9, 7, 7, 8, 6]);
    let last = dice.pick(&[10, 10, 11, 11, 12, 13, 14, 40, 41, 99]);
    format!("10.{network}.0.{last}")
}
