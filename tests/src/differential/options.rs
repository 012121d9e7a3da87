//! Random values for options, written as their formats want them (reference isc-dhcpd-options.md, section 1).

use super::dice::Dice;
use super::expressions;

/// What every configuration defines besides the built-in options.
pub(super) const DEFINITIONS: [&str; 22] = [
    "option space vend;",
    "option vend.one code 1 = ip-address;",
    "option vend.two code 2 = text;",
    "option vend.three code 3 = array of integer 8;",
    "option vend.many code 200 = string;",
    "option space wide code width 2 length width 2;",
    "option wide.one code 1 = text;",
    "option wide.big code 1000 = string;",
    "option space site;",
    "option site.s224 code 224 = text;",
    "option site.s250 code 250 = ip-address;",
    "option v201 code 201 = string;",
    "option v202 code 202 = array of { ip-address, integer 8 };",
    "option v203 code 203 = { boolean, unsigned integer 16, text };",
    "option v204 code 204 = domain-list compressed;",
    "option v205 code 205 = signed integer 32;",
    "option v206 code 206 = encapsulate vend;",
    "option v207 code 207 = encapsulate wide;",
    "option v208 code 208 = ip6-address;",
    "option v209 code 224 = domain-name;",
    "option rfc3442 code 121 = array of integer 8;",
    "option wpad code 252 = text;",
];

/// How a value is written.
#[derive(Clone, Copy, Default)]
enum Shape {
    #[default]
    Address,
    Addresses,
    Pairs,
    Text,
    Bytes,
    Flag,
    Number(u64),
    Signed,
    Numbers(u64),
    Name,
    Names,
    Fixed(&'static str),
}

const OCTET: u64 = 256;
const SHORT: u64 = 65_536;
const LONG: u64 = 1 << 32;

const KNOWN: [(&str, Shape); 68] = [
    ("subnet-mask", Shape::Fixed("255.255.0.0")),
    ("time-offset", Shape::Signed),
    ("routers", Shape::Addresses),
    ("time-servers", Shape::Addresses),
    ("domain-name-servers", Shape::Addresses),
    ("log-servers", Shape::Addresses),
    ("host-name", Shape::Text),
    ("boot-size", Shape::Number(SHORT)),
    ("domain-name", Shape::Text),
    ("swap-server", Shape::Address),
    ("root-path", Shape::Text),
    ("ip-forwarding", Shape::Flag),
    ("policy-filter", Shape::Pairs),
    ("default-ip-ttl", Shape::Number(OCTET)),
    ("path-mtu-aging-timeout", Shape::Number(LONG)),
    ("path-mtu-plateau-table", Shape::Numbers(SHORT)),
    ("interface-mtu", Shape::Number(SHORT)),
    ("broadcast-address", Shape::Address),
    ("static-routes", Shape::Pairs),
    ("nis-domain", Shape::Text),
    ("ntp-servers", Shape::Addresses),
    ("vendor-encapsulated-options", Shape::Bytes),
    ("netbios-name-servers", Shape::Addresses),
    ("netbios-node-type", Shape::Number(OCTET)),
    ("dhcp-requested-address", Shape::Address),
    ("dhcp-lease-time", Shape::Number(5000)),
    ("dhcp-option-overload", Shape::Number(4)),
    // The original hears its own answers to relays: what a client would send, it takes for a request.
    ("dhcp-message-type", Shape::Fixed("6")),
    ("dhcp-server-identifier", Shape::Fixed("10.9.0.77")),
    (
        "dhcp-parameter-request-list",
        Shape::Fixed("1, 3, 6, 12, 15, 43, 66, 67, 201, 82, 61"),
    ),
    ("dhcp-message", Shape::Text),
    ("dhcp-max-message-size", Shape::Number(1600)),
    ("dhcp-renewal-time", Shape::Number(900)),
    ("dhcp-rebinding-time", Shape::Number(900)),
    ("vendor-class-identifier", Shape::Bytes),
    ("dhcp-client-identifier", Shape::Bytes),
    ("nwip-domain", Shape::Text),
    ("nwip.autoretries", Shape::Number(OCTET)),
    ("tftp-server-name", Shape::Text),
    ("bootfile-name", Shape::Text),
    ("user-class", Shape::Text),
    (
        "slp-directory-agent",
        Shape::Fixed("true 10.1.1.1, 10.1.1.2"),
    ),
    ("slp-service-scope", Shape::Fixed("false \"scope\"")),
    ("subnet-selection", Shape::Address),
    ("domain-search", Shape::Names),
    ("v4-lost", Shape::Name),
    ("tftp-server-address", Shape::Addresses),
    ("loader-configfile", Shape::Text),
    ("option-6rd", Shape::Fixed("1 2 2001:db8:: 1.2.3.4")),
    (
        "rdnss-selection",
        Shape::Fixed("1 10.1.1.1 10.1.1.2 \"a.b\""),
    ),
    ("associated-ip", Shape::Addresses),
    ("vivso", Shape::Bytes),
    ("vendor-class.isc", Shape::Bytes),
    ("isc.media", Shape::Fixed("\"media\"")),
    ("fqdn.fqdn", Shape::Text),
    ("fqdn.server-update", Shape::Flag),
    ("unknown-231", Shape::Bytes),
    ("vend.one", Shape::Address),
    ("vend.two", Shape::Fixed("\"two\"")),
    ("vend.three", Shape::Numbers(128)),
    ("vend.many", Shape::Bytes),
    ("wide.one", Shape::Text),
    ("wide.big", Shape::Bytes),
    ("site.s224", Shape::Text),
    ("site.s250", Shape::Address),
    ("v201", Shape::Bytes),
    ("v202", Shape::Fixed("1.2.3.4 -1, 5.6.7.8 7")),
    ("rfc3442", Shape::Numbers(128)),
];

/// A statement that sets an option.
pub(super) fn statement(dice: &mut Dice) -> String {
    let (name, shape) = dice.pick(&KNOWN);
    let verb = dice.pick(&[
        "option",
        "option",
        "option",
        "option",
        "supersede",
        "default",
        "append",
        "prepend",
        "send",
    ]);
    // The original reads four octets of these however many there are.
    if dice.chance(15) && !matches!(name, "dhcp-renewal-time" | "dhcp-rebinding-time") {
        return format!("{verb} {name} = {};", expressions::data(dice, 2));
    }
    format!("{verb} {name} {};", value(dice, shape))
}

fn value(dice: &mut Dice, shape: Shape) -> String {
    match shape {
        Shape::Address => address(dice),
        Shape::Addresses => list(dice, 4, address),
        Shape::Pairs => list(dice, 3, |dice| {
            format!("{} {}", address(dice), address(dice))
        }),
        Shape::Text => text(dice, 250),
        Shape::Bytes if dice.chance(50) => bytes(dice),
        // What goes into a space with a longer text is a row of differences.md.
        Shape::Bytes => text(dice, 180),
        Shape::Flag => dice
            .pick(&["true", "false", "on", "off", "ignore"])
            .to_owned(),
        Shape::Number(limit) => number(dice, limit),
        Shape::Signed => format!("-{}", dice.below(100_000)),
        Shape::Numbers(limit) => list(dice, 5, |dice| number(dice, limit)),
        Shape::Name => dice.pick(&["a.example.org", "localhost", "x.y"]).to_owned(),
        Shape::Names => list(dice, 4, |dice| {
            dice.pick(&[
                "\"a.example.org\"",
                "\"b.example.org\"",
                "\"example.org\"",
                "\"x\"",
            ])
            .to_owned()
        }),
        Shape::Fixed(value) => value.to_owned(),
    }
}

/// One to `most` values with commas.
fn list(dice: &mut Dice, most: usize, mut one: impl FnMut(&mut Dice) -> String) -> String {
    let count = 1 + dice.below(most);
    let values: Vec<String> = (0..count).map(|_| one(dice)).collect();
    values.join(", ")
}

fn address(dice: &mut Dice) -> String {
    dice.pick(&[
        "10.9.0.1",
        "10.9.0.254",
        "192.0.2.7",
        "255.255.255.255",
        "0.0.0.0",
        "10.7.0.1",
    ])
    .to_owned()
}

fn number(dice: &mut Dice, limit: u64) -> String {
    let most = limit - 1;
    let any = dice.number() % limit;
    dice.pick(&[0, 1, most, any, any]).to_string()
}

/// Mostly short, sometimes longer than an option or a packet.
fn text(dice: &mut Dice, long: usize) -> String {
    let length = match dice.below(12) {
        0 => 0,
        1 => 60 + dice.below(80),
        2 => long + dice.below(60),
        _ => 1 + dice.below(20),
    };
    let letter = dice.pick(&['a', 'x', 'Q', '7', ' ']);
    format!("\"{}\"", String::from(letter).repeat(length))
}

fn bytes(dice: &mut Dice) -> String {
    let count = 1 + dice.below(12);
    let octets: Vec<String> = (0..count).map(|_| format!("{:x}", dice.octet())).collect();
    octets.join(":")
}
