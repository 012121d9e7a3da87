//! Tests of the reader; the messages were seen from the original.

use super::*;
use crate::lease::{IdFormat, NEVER, State, Value, write_lease};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

const NOW: u32 = 1_795_167_000;

fn load(text: &str) -> (Vec<Lease>, Reading) {
    load_bytes(text.as_bytes())
}

fn load_bytes(text: &[u8]) -> (Vec<Lease>, Reading) {
    let mut leases = Vec::new();
    let reading = read(text, "F", NOW, |lease| {
        let ours = lease.address.octets()[3] < 90;
        leases.extend(ours.then_some(lease));
        ours
    });
    (leases, reading)
}

fn said(reading: &Reading) -> Vec<&str> {
    reading.lines.iter().map(|line| &*line.text).collect()
}

fn lasts(leases: &[Lease]) -> Vec<u8> {
    leases
        .iter()
        .map(|lease| lease.address.octets()[3])
        .collect()
}

fn record(last: u8, field: &str) -> String {
    format!(
        "lease 10.9.0.{last} {{\n  starts 5 2026/11/20 11:25:32;\n  ends 5 2027/11/20 11:35:32;\n  {field}\n  \
         binding state active;\n  hardware ethernet 02:11:11:11:11:01;\n}}\n"
    )
}

#[test]
fn every_field_of_a_record_is_read_back_as_it_was_written() {
    let text = r#"lease 10.9.0.11 {
  starts 5 2026/11/20 09:31:58;
  ends never;
  tstp 5 2026/11/20 09:41:58;
  tsfp 5 2026/11/20 09:41:59;
  atsfp 5 2026/11/20 09:42:58;
  cltt 5 2026/11/20 09:31:58;
  binding state active;
  next binding state free;
  rewind binding state free;
  reserved;
  dynamic-bootp;
  billing subclass "SP" ff:01;
  hardware ethernet 02:11:11:11:11:02;
  uid "\001\002\021\021abc\"\\\377";
  set b = true;
  set n = %-258;
  set vendor-class-identifier = "PXE \001";
  option agent.circuit-id "circ";
  option agent.remote-id ff:1:2;
  option agent.DOCSIS-device-class 7;
  option agent.link-selection 10.0.0.1;
  option agent.unknown-9 "hi";
  client-hostname "myhost";
  on expiry {
    log (info, "} EXPIRY");
  }
}
"#;
    let (leases, reading) = load(text);
    assert_eq!(said(&reading), [""; 0]);
    let mut reversed = leases[0].clone();
    // The original's variables come out in reverse at every rewrite.
    reversed.rare.as_mut().unwrap().variables.reverse();
    let mut written = Vec::new();
    write_lease(&mut written, &reversed, IdFormat::Octal);
    assert_eq!(String::from_utf8(written).unwrap(), text);
    assert_eq!(leases[0].ends, NEVER);
}

#[test]
fn the_identifier_of_the_server_is_read_in_both_forms() {
    let (_, reading) = load("authoring-byte-order little-endian;\nserver-duid \"\\000\\001x\";\n");
    assert_eq!(reading.duid.as_deref(), Some(&b"\0\x01x"[..]));
    let (_, reading) = load("server-duid 00:01:aa;");
    assert_eq!(reading.duid.as_deref(), Some(&[0, 1, 0xaa][..]));
}

#[test]
fn an_unknown_field_loses_its_lease_and_no_other() {
    let text = record(10, "foo bar;") + &record(11, "") + &record(12, "");
    let (leases, reading) = load(&text);
    assert_eq!(lasts(&leases), [11, 12]);
    let expected = [
        "F line 4: Unexpected configuration directive.",
        "  foo ",
        "   ^",
        "F line 4: possibly corrupt lease file",
        "  foo bar;",
        "          ^",
        "Corrupt lease file - possible data loss!",
        "Corrupt lease file - possible data loss!",
        "Corrupt lease file - possible data loss!",
    ];
    assert_eq!(said(&reading), expected);
}

#[test]
fn a_missing_semicolon_loses_the_field_and_the_next_one() {
    let (leases, reading) = load(&record(10, "cltt 5 2026/11/20 11:25:32"));
    let expected = [
        "F line 5: Time zone offset or semicolon expected.",
        "  binding ",
        "   ^",
        "F line 5: semicolon expected.",
        "  binding state ",
        "           ^",
    ];
    assert_eq!(said(&reading), expected);
    assert_eq!((leases[0].cltt, leases[0].state), (0, State::Active));
    assert!(leases[0].hardware.is_some());
}

#[test]
fn a_bad_date_is_no_date() {
    let (leases, reading) = load(&(record(10, "cltt abc;") + &record(11, "cltt 5 2026-11-20;")));
    let expected = [
        "F line 4: numeric day of week expected.",
        "  cltt abc;",
        "        ^",
        "F line 11: numeric year expected.",
        "  cltt 5 2026-11-20;",
        "          ^",
    ];
    assert_eq!(said(&reading), expected);
    assert_eq!(lasts(&leases), [10, 11]);
}

#[test]
fn a_record_that_the_file_ends_in_does_not_count() {
    let (leases, reading) = load(&(record(10, "") + "lease 10.9.0.12 {\n  starts 5 2026/11"));
    assert_eq!(lasts(&leases), [10]);
    assert_eq!(
        said(&reading)[0],
        "F line 9: expected slash separating month from day."
    );
    assert!(said(&reading).contains(&"F line 9: unexpected end of file"));
}

#[test]
fn a_weird_state_loses_the_lease() {
    let (leases, reading) = load(&(record(10, "binding state wierd;") + &record(11, "")));
    assert_eq!(lasts(&leases), [11]);
    assert_eq!(
        said(&reading)[0],
        "F line 4: wierd: expecting a binding state."
    );
    assert_eq!(reading.lines.len(), 9);
}

#[test]
fn a_second_value_wins_with_a_message() {
    let (leases, reading) = load(&record(10, "ends 5 2026/11/20 11:25:32;"));
    let expected = [
        "F line 4: Too many ends parameters in lease 10.9.0.10",
        "",
        "  ends 5 2026/11/20 11:25:32;",
        "                             ^",
    ];
    assert_eq!(said(&reading), expected);
    assert_eq!(leases[0].ends, seconds("2026/11/20 11:25:32"));
}

fn seconds(date: &str) -> u32 {
    let (leases, _) = load(&format!("lease 10.9.0.1 {{ starts 5 {date}; }}"));
    leases[0].starts
}

#[test]
fn addresses_of_nobody_and_names_that_are_none_are_told() {
    let (leases, reading) = load(
        "lease 10.9.0.99 { }\nlease foo { starts 5; }\nsubnet 1.2.3.4 { foo; }\nlease 10.9.0.1 { }",
    );
    assert_eq!(lasts(&leases), [1]);
    let expected = [
        "lease 10.9.0.99: no subnet.",
        "F line 2: expecting numeric value.",
        "lease foo ",
        "       ^",
        "F line 2: possibly corrupt lease file",
        "lease foo { starts 5; }",
        "                       ^",
        "Corrupt lease file - possible data loss!",
    ];
    assert_eq!(said(&reading), expected);
}

#[test]
fn old_and_odd_forms_are_understood() {
    let (leases, _) = load(
        "lease 10.9.0.1 { ends epoch 1895167000; # local time\n client-hostname foo.bar; uid 01:02:aa; }\n\
         lease 10.9.0.2 { ends 5 2039/01/01 00:00:00; abandoned; }\n\
         lease 10.9.0.3 { ends 5 2026/01/01 00:00:00; }\n\
         lease 10.9.0.4 { binding state bootp; }",
    );
    assert_eq!(leases[0].hostname.as_deref(), Some(&b"foo.bar"[..]));
    assert_eq!(leases[0].uid.as_deref(), Some(&[1, 2, 0xaa][..]));
    assert_eq!(
        (leases[0].ends, leases[0].state),
        (1_895_167_000, State::Active)
    );
    assert_eq!((leases[1].ends, leases[1].state), (NEVER, State::Abandoned));
    assert_eq!(
        (leases[2].state, leases[2].tstp),
        (State::Free, leases[2].ends)
    );
    assert!(leases[3].bootp);
}

#[test]
fn only_constants_are_values_of_variables() {
    let (leases, reading) = load(
        &(record(10, "set x = 01:02;") + &record(11, "set y = foo;") + &record(12, "set z = %7;")),
    );
    assert_eq!(lasts(&leases), [12]);
    assert_eq!(
        said(&reading)[..3],
        [
            "F line 4: expecting a constant value.",
            "  set x = 01:",
            "         ^"
        ]
    );
    assert!(said(&reading).contains(&"F line 11: expecting true or false"));
    assert_eq!(leases[0].variable("z"), Some(&Value::Number(7)));
}

#[test]
fn records_of_other_features_are_kept_as_they_are() {
    let host = "host a {\n  dynamic;\n  hardware ethernet 01:02:03:04:05:06;\n}";
    let peer = "failover peer \"p\" state {\n}";
    let text = format!("{host}\n{}{peer}\n{peer}\n", record(10, ""));
    let (leases, reading) = load(&text);
    assert_eq!(lasts(&leases), [10]);
    assert_eq!(
        reading.foreign,
        format!("{host}\n{peer}\n{peer}\n").into_bytes()
    );
    let complaint = "F line 12: unknown failover peer: p";
    assert_eq!(said(&reading)[..1], [complaint]);
    assert_eq!(said(&reading).len(), 6);
}

#[test]
fn states_of_failover_peers_are_kept_and_unknown_ones_named() {
    let kept = "failover peer known state {\n}\nfailover peer \"other\" {\n}\nfailover peer 7 { }\nfailover;\n";
    let text = format!("{kept}{}", record(10, ""));
    let mut leases = Vec::new();
    let reading = read_pieces(
        Pieces::new(text.as_bytes()),
        "F",
        NOW,
        &["known"],
        |lease| {
            leases.push(lease);
            true
        },
    );
    let reading = reading.unwrap();
    assert_eq!(lasts(&leases), [10]);
    assert_eq!(reading.foreign, kept.as_bytes());
    let expected = [
        "F line 3: unknown failover peer: other",
        "failover peer \"other\"",
        "               ^",
        "F line 5: expecting failover peer name.",
        "failover peer 7 ",
        "               ^",
        "F line 6: expecting \"peer\"",
        "failover;",
        "         ^",
    ];
    assert_eq!(said(&reading), expected);
}

#[test]
fn a_damaged_byte_order_costs_no_lease() {
    for order in [
        "authoring-byte-order",
        "authoring-byte-order;",
        "authoring-byte-order little-endian",
        "authoring-byte-order middle;",
        "authoring-byte-order big-endian other;",
    ] {
        let (leases, reading) = load(&format!("{order}\n{}", record(10, "")));
        assert_eq!(lasts(&leases), [10], "{order}");
        assert!(!reading.lines.is_empty(), "{order}");
    }
}

#[test]
fn declarations_stand_on_their_own_lines_and_are_counted() {
    let records = record(10, "");
    let text = format!(
        "group g {{ dynamic; }}\n{records}class \"x\" {{ dynamic; }}\nhost a {{ deleted; }}\nhost b {{ dynamic; deleted; }}\n"
    );
    let (_, reading) = load(&text);
    let declared = Declared {
        classes: 1,
        groups: 1,
        deleted_hosts: 1,
    };
    assert_eq!(reading.declared, declared);
    let line_of = |text: &str, word: &str| text.lines().position(|line| line.contains(word));
    let declarations = String::from_utf8(reading.declarations).unwrap();
    for word in ["group g", "class", "host a", "host b"] {
        assert_eq!(line_of(&declarations, word), line_of(&text, word), "{word}");
    }
}

#[test]
fn a_file_of_nothing_but_damage_does_not_fill_the_memory() {
    let (_, reading) = load(&"x;".repeat(LINES + 7));
    assert_eq!(reading.lines.len(), LINES + 1);
    assert!(said(&reading)[LINES].starts_with("7 more"));
}

#[test]
fn a_damaged_record_does_not_swallow_those_behind_it() {
    let sound = record(10, "uid \"\\001abc\";");
    for (damaged, with) in [
        ("{", "{ {"),
        ("uid \"", "uid "),
        ("abc\"", "abc"),
        ("}", "\""),
        ("}", ""),
        ("lease 10.9.0.10 {", "host x { {"),
    ] {
        let damaged = sound.replacen(damaged, with, 1);
        let text = damaged.clone() + &record(11, "uid \"x\";") + &record(12, "uid \"y\";");
        let (leases, reading) = load(&text);
        let lasts = lasts(&leases);
        assert!(lasts.ends_with(&[11, 12]), "{damaged}: {lasts:?}");
        assert!(!reading.lines.is_empty(), "{damaged}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        load_bytes(&bytes);
    }

    #[test]
    fn no_damage_to_a_record_makes_the_reader_panic(at in 0..400_usize, with in any::<u8>(), cut in 0..400_usize) {
        let mut text = record(10, "uid \"\\001abc\"; option agent.circuit-id ff:1; set x = %7;").into_bytes();
        if let Some(byte) = text.get_mut(at) {
            *byte = with;
        }
        text.truncate(cut);
        load_bytes(&text);
    }

    #[test]
    fn a_file_is_the_same_in_pieces_of_every_size(
        block in 1..600_usize, ahead in any::<bool>(), at in 0..1300_usize, with in "[{};\"#\n lease]", cut in 0..300_usize,
    ) {
        let mut text = [
            &*record(12, ""),
            &record(13, ""),
            "host h {\n  dynamic; deleted;\n}\nserver-duid \"\\000\\001\";\n",
            &record(10, "uid \"\\001abc\"; on expiry { set x = %7; }"),
            "failover peer x state { };\nclass \"c\" { }  ",
            &record(99, "option agent.circuit-id ff:1;"),
            "# end\nsubclass \"c\" 1;",
            &record(11, "client-hostname \"name\";"),
        ].concat().into_bytes();
        if let (Some(byte), Some(damage)) = (text.get_mut(at), with.bytes().next()) {
            *byte = damage;
        }
        text.truncate(text.len() - cut);
        let mut leases = Vec::new();
        let pieces = Pieces::in_blocks(&*text, block).map(|piece| match ahead {
            true => piece.map(|piece| piece.read(NOW)),
            false => piece,
        });
        let reading = read_pieces(pieces, "F", NOW, &[], |lease| {
            let ours = lease.address.octets()[3] < 90;
            leases.extend(ours.then_some(lease));
            ours
        });
        prop_assert_eq!((leases, reading.unwrap()), load_bytes(&text));
    }
}
