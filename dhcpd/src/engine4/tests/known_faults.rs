//! Messages that have brought other DHCP servers down (tests/developers/cves.md). What they leave behind is read back, since a
//! lease that cannot be read again keeps a server from starting.

use pretty_assertions::assert_eq;

use super::*;

const CONFIG: &str = "
    default-lease-time 600; max-lease-time 7200; ping-check false;
    host both { hardware ethernet 02:00:00:00:00:07; option dhcp-client-identifier 07:07; fixed-address 10.9.0.200; }
    if option host-name ~= \"^(a|b)*c$\" { option domain-name \"c.example\"; }
    if \"text\" ~= option user-class { option domain-name \"user.example\"; }
    subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.60; allow leasequery; }";

const CLIENT_IDENTIFIER: u8 = 61;
const HOST_NAME: u8 = 12;
const USER_CLASS: u8 = 77;
const FQDN: u8 = 81;
const MAXIMUM_SIZE: u8 = 57;

/// A message of client 1 with one option more.
fn with(kind: u8, code: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = message(kind, 1, None, (kind == REQUEST).then_some(10), None);
    bytes.pop();
    for piece in value.chunks(255) {
        bytes.extend([code, u8::try_from(piece.len()).unwrap()]);
        bytes.extend(piece);
    }
    if value.is_empty() {
        bytes.extend([code, 0]);
    }
    bytes.push(255);
    bytes
}

/// A whole exchange with this option in each message, and a client that behaves gets its address afterwards, also when the
/// lease file has been read again. Returns the last answer to the strange client.
fn exchange(code: u8, value: &[u8]) -> Option<Reply> {
    let mut bench = Bench::new(CONFIG);
    bench.send(&with(DISCOVER, code, value));
    let answer = bench.send(&with(REQUEST, code, value)).replies.pop();
    for kind in [LEASEQUERY, DECLINE, RELEASE] {
        bench.send(&with(kind, code, value));
    }
    bench.restart();
    let offer = bench.send(&discover(2)).replies.remove(0);
    let offered = yiaddr(&offer).octets()[3];
    let granted = bench.send(&request(2, offered));
    assert_eq!(option_of(&granted.replies[0], 53), Some(vec![5]));
    answer
}

#[test]
fn client_identifiers_of_every_length_are_served_and_read_back() {
    assert!(exchange(CLIENT_IDENTIFIER, b"").is_none());
    for length in 1..=255 {
        let identifier: Vec<u8> = (0..length).map(|octet| octet ^ 0x5c).collect();
        let answer = exchange(CLIENT_IDENTIFIER, &identifier).unwrap();
        assert_eq!(option_of(&answer, 53), Some(vec![5]), "length {length}");
    }
}

#[test]
fn a_lease_of_the_strangest_identifier_belongs_to_its_client_after_a_restart() {
    for identifier in [
        &b"\"};\n}\\"[..],
        &[0; 32],
        &[0xff; 255],
        b"lease { }",
        b"\\377\r\n",
    ] {
        let mut bench = Bench::new(CONFIG);
        let ask = with(REQUEST, CLIENT_IDENTIFIER, identifier);
        assert_eq!(bench.send(&ask).replies.len(), 1);
        bench.restart();
        let again = bench.send(&ask).replies.remove(0);
        assert_eq!(option_of(&again, 53), Some(vec![5]));
        // Another client asks for the same address.
        let other = bench.send(&request(2, 10)).replies;
        assert!(
            other
                .iter()
                .all(|reply| option_of(reply, 53) == Some(vec![6]))
        );
    }
}

#[test]
fn a_host_known_by_identifier_and_hardware_is_found_by_either_and_by_both() {
    let mut bench = Bench::new(CONFIG);
    for (mac, identifier) in [
        (7, None),
        (7, Some(&[7, 7][..])),
        (9, Some(&[7, 7])),
        (7, Some(&[8])),
    ] {
        let mut ask = discover(mac);
        if let Some(identifier) = identifier {
            ask.pop();
            ask.extend([CLIENT_IDENTIFIER, u8::try_from(identifier.len()).unwrap()]);
            ask.extend(identifier);
            ask.push(255);
        }
        let offer = bench.send(&ask).replies.remove(0);
        assert_eq!(yiaddr(&offer), address(200));
    }
}

#[test]
fn names_without_a_single_sound_character_are_served_and_read_back() {
    for name in [
        &b""[..],
        b"%s%n%s%n",
        b"$(reboot)",
        b"\0\0\0",
        b"-._-",
        "\u{e4}\u{f6}".as_bytes(),
        &[0x80; 255],
        &[b'x'; 1200],
    ] {
        for code in [HOST_NAME, FQDN, USER_CLASS] {
            exchange(code, name);
        }
    }
}

#[test]
fn log_lines_stay_short_whatever_a_client_is_called() {
    let mut bench = Bench::new(CONFIG);
    for name in [vec![b'A'; 255], vec![b'%'; 2000], vec![0x1b; 2000]] {
        for kind in [DISCOVER, REQUEST, RELEASE, DECLINE] {
            let outbox = bench.send(&with(kind, HOST_NAME, &name));
            assert!(outbox.lines.iter().all(|line| line.text.len() < 10_000));
        }
    }
}

#[test]
fn a_size_below_the_smallest_message_is_not_taken_at_its_word() {
    for size in 0..=576_u16 {
        let answer = exchange(MAXIMUM_SIZE, &size.to_be_bytes()).unwrap();
        assert!(
            (FIXED_LENGTH..=576).contains(&answer.bytes.len()),
            "size {size}"
        );
        assert_eq!(option_of(&answer, 53), Some(vec![5]), "size {size}");
    }
    for value in [&b""[..], &[1], &[0xff; 4]] {
        exchange(MAXIMUM_SIZE, value);
    }
}

#[test]
fn names_with_labels_that_run_over_leave_nothing_behind() {
    let mut bench = Bench::new(CONFIG);
    let label = [0x04, 0, 0, 63, b'a', b'b'];
    let long: Vec<u8> = [&[0x04, 0, 0][..], &[1, b'a'].repeat(126), &[0]].concat();
    for value in [
        &label[..],
        &[0x04, 0, 0, 0xc0, 0x03],
        &[4, 0, 0, 255],
        &[4],
        &long,
    ] {
        for _ in 0..100 {
            bench.send(&with(REQUEST, FQDN, value));
        }
    }
    // A renewal within the first quarter of a lease writes nothing, and what is written is one record a message at most.
    let written = bench
        .file
        .windows(6)
        .filter(|place| place == b"lease ")
        .count();
    assert!(written <= 501, "{written}");
}

#[test]
fn questions_about_leases_change_none() {
    let mut bench = Bench::new(CONFIG);
    bench.send(&request(1, 10));
    let written = bench.file.len();
    for turn in 0..2000_u32 {
        let mut ask = relayed(message(LEASEQUERY, 1, Some(10), None, None), address(2));
        ask[4..8].copy_from_slice(&turn.to_be_bytes());
        bench.send(&ask);
    }
    assert_eq!(bench.file.len(), written);
}

#[test]
fn a_renewal_of_a_lease_that_never_was_is_answered_or_ignored() {
    let mut bench = Bench::new(CONFIG);
    for last in [0, 1, 9, 10, 61, 200, 255] {
        bench.send(&message(REQUEST, 3, Some(last), None, None));
        bench.send(&message(RELEASE, 3, Some(last), None, None));
        bench.send(&message(DECLINE, 3, None, Some(last), None));
    }
    assert_eq!(bench.send(&discover(4)).replies.len(), 1);
}

#[test]
fn messages_that_belong_to_no_subnet_get_no_answer() {
    let mut bench = Bench::new(CONFIG);
    for kind in 1..=13 {
        for code in 0..=255 {
            let mut ask = with(kind, code, &[10, 8, 0, 1]);
            ask = relayed(ask, Ipv4Addr::new(10, 8, 0, 1));
            ask[12..16].copy_from_slice(&[10, 8, 0, 9]);
            let outbox = bench.send(&ask);
            assert!(outbox.journal.is_empty());
        }
    }
    assert_eq!(bench.send(&discover(4)).replies.len(), 1);
}

#[test]
fn a_pattern_that_a_client_sends_takes_neither_memory_nor_time() {
    let nested = [&b"(".repeat(1200)[..], b"x", &b")".repeat(1200)].concat();
    let hostile: [&[u8]; 5] = [
        b"((((x{255}){255}){255}){255})",
        b"(x*)*(x*)*(x*)*\\1\\2\\3",
        b"[[:alpha:",
        b"x{1,32767}{1,32767}",
        &nested,
    ];
    for pattern in hostile {
        let answer = exchange(USER_CLASS, pattern).unwrap();
        assert_eq!(option_of(&answer, 15), None);
    }
    let sound = exchange(USER_CLASS, b"^te[xy]t$").unwrap();
    assert_eq!(option_of(&sound, 15), Some(b"user.example".to_vec()));
}

#[test]
fn a_text_made_for_a_pattern_takes_no_time() {
    exchange(HOST_NAME, &b"ab".repeat(600));
}
