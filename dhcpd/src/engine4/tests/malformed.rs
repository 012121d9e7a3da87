//! Messages that nobody should send: every truncation and every change of one octet of sound ones, every hardware length, options
//! that nest, run over and repeat, up to the longest datagram. Service goes on, and nothing grows.

use pretty_assertions::assert_eq;

use super::*;

const CONFIG: &str = "
    default-lease-time 600; max-lease-time 7200; dynamic-bootp-lease-length 600;
    option space sp; option sp.one code 1 = text; option sp.two code 2 = encapsulate sp;
    option wrapped code 200 = encapsulate sp;
    class \"vendors\" { match if substring(option vendor-class-identifier, 0, 3) = \"PXE\"; vendor-option-space sp; option sp.one \"x\"; }
    class \"ports\" { spawn with option agent.circuit-id; lease limit 2; }
    host known { hardware ethernet 02:00:00:00:00:07; fixed-address 10.9.0.200; option host-name \"known\"; }
    subnet 10.9.0.0 netmask 255.255.255.0 {
      pool { range 10.9.0.10 10.9.0.60; }
      option routers 10.9.0.1; option domain-search \"a.example\", \"b.example\";
      if option user-class = \"iPXE\" { filename \"menu\"; } else { filename \"first\"; }
      log(info, concat(\"arch \", binary-to-ascii(16, 16, \":\", option pxe-system-type)));
      on commit { set client-name = pick(option host-name, option fqdn.hostname, \"none\"); }
    }";

/// Most that one message may make the server write, besides four characters for each of its own octets.
const MOST_WRITTEN: usize = 4_096;
/// Most lines of the log for one message.
const MOST_LINES: usize = 140;

/// Options as real clients send them.
const OPTIONS: &[&[u8]] = &[
    // A PXE client: DISCOVER with architecture, interface, identifier and a long request list.
    &[
        53, 1, 1, 55, 12, 1, 2, 3, 5, 6, 12, 13, 15, 17, 43, 60, 66, 57, 2, 5, 192, 97, 17, 0, 1,
        2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 93, 2, 0, 7, 94, 3, 1, 3, 16, 60, 9,
        b'P', b'X', b'E', b'C', b'l', b'i', b'e', b'n', b't', 255,
    ],
    // A request through a relay agent, with client name and FQDN.
    &[
        53, 1, 3, 50, 4, 10, 9, 0, 10, 12, 4, b'h', b'o', b's', b't', 81, 12, 5, 0, 0, 4, b'h',
        b'o', b's', b't', 2, b'd', b'e', 0, 82, 18, 1, 4, 0, 4, 0, 7, 2, 6, 2, 0, 0, 0, 0, 1, 151,
        2, 0, b'v', 61, 7, 1, 2, 0, 0, 0, 0, 9, 255,
    ],
    // A renewal whose options lie in the file and sname fields as well.
    &[53, 1, 3, 52, 1, 3, 51, 4, 0, 0, 2, 88, 116, 1, 1, 255],
    // A release, a decline, an inform, a lease query.
    &[53, 1, 7, 54, 4, 10, 9, 0, 1, 255],
    &[53, 1, 4, 50, 4, 10, 9, 0, 11, 54, 4, 10, 9, 0, 1, 255],
    &[
        53, 1, 8, 55, 4, 1, 3, 6, 252, 77, 5, 4, b'i', b'P', b'X', b'E', 255,
    ],
    &[53, 1, 10, 61, 7, 1, 2, 0, 0, 0, 0, 9, 255],
    // BOOTP.
    &[],
];

fn sound_messages() -> Vec<Vec<u8>> {
    let message = |(index, options): (usize, &&[u8])| {
        let mut bytes = vec![0; FIXED_LENGTH];
        bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
        bytes[4..8].copy_from_slice(&[1, 2, 3, 4]);
        bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, u8::try_from(index).unwrap() + 1]);
        if index == 1 {
            bytes[24..28].copy_from_slice(&[10, 9, 0, 2]);
        }
        if index > 1 && index < 6 {
            bytes[12..16].copy_from_slice(&[10, 9, 0, 12]);
        }
        bytes[108..112].copy_from_slice(&[12, 2, b'x', b'y']);
        bytes.extend(MAGIC_COOKIE);
        bytes.extend_from_slice(options);
        bytes.resize(bytes.len().max(300), 0);
        bytes
    };
    OPTIONS.iter().enumerate().map(message).collect()
}

/// A server under fire. What it says is counted and thrown away.
struct Target {
    bench: Bench,
    sent: u32,
}

impl Target {
    fn new() -> Self {
        Self {
            bench: Bench::new(CONFIG),
            sent: 0,
        }
    }

    fn hit(&mut self, message: &[u8]) {
        let outbox = self.bench.send(message);
        self.sent += 1;
        let shown = || format!("{:02x?}", message.get(..300).unwrap_or(message));
        assert!(
            outbox.journal.len() <= MOST_WRITTEN + 4 * message.len(),
            "{}",
            shown()
        );
        assert!(
            outbox.lines.len() <= MOST_LINES + message.len() / 255,
            "{:?}",
            texts(&outbox)
        );
        assert!(outbox.replies.len() <= 1, "{}", shown());
        assert!(outbox.commands.is_empty() && !outbox.ended, "{}", shown());
        for reply in &outbox.replies {
            assert!(
                (FIXED_LENGTH..=1500).contains(&reply.bytes.len()),
                "{}",
                shown()
            );
        }
        for line in &outbox.lines {
            assert!(!line.text.contains(char::is_control), "{:?}", line.text);
        }
        // Leases come and go, and what was written is not kept here.
        if self.sent % 64 == 0 {
            self.bench.pass(Duration::from_secs(3600));
            self.bench.file.clear();
        }
    }

    /// A client that behaves gets an address, also now.
    fn still_serves(&mut self) {
        self.bench.pass(Duration::from_secs(2 * 86_400));
        let offer = self.bench.send(&discover(250));
        let offer = match offer.replies.is_empty() {
            true => self.bench.pass(Duration::from_secs(1)),
            false => offer,
        };
        assert_eq!(option_of(&offer.replies[0], 53), Some(vec![2]));
        let offered = yiaddr(&offer.replies[0]).octets()[3];
        let answer = self.bench.send(&request(250, offered));
        assert_eq!(option_of(&answer.replies[0], 53), Some(vec![5]));
    }
}

#[test]
fn every_truncation_and_every_change_of_an_octet_is_survived() {
    let mut target = Target::new();
    for message in sound_messages() {
        target.hit(&message);
        for length in 0..message.len() {
            target.hit(&message[..length]);
        }
        for place in 0..message.len() {
            let mut changed = message.clone();
            for value in changes(place, message[place]) {
                changed[place] = value;
                target.hit(&changed);
            }
        }
    }
    target.still_serves();
}

/// Where the length of something may stand, every value; in the middle of the empty fields a few.
fn changes(place: usize, octet: u8) -> Vec<u8> {
    let is_decisive = !(4..FIXED_LENGTH).contains(&place) || place == 108 || place == 109;
    if is_decisive && (octet != 0 || place < FIXED_LENGTH) {
        return (0..=255).collect();
    }
    vec![octet ^ 1, octet ^ 0x80, 0xFF, 52]
}

#[test]
fn every_hardware_length_and_type_is_survived() {
    let mut target = Target::new();
    for message in sound_messages() {
        let mut changed = message;
        for hlen in 0..=255 {
            for htype in [0, 1, 6, 32, 255] {
                changed[1] = htype;
                changed[2] = hlen;
                target.hit(&changed);
            }
        }
    }
    target.still_serves();
}

#[test]
fn options_that_nest_repeat_and_run_over_are_survived() {
    let mut target = Target::new();
    let head = &sound_messages()[0][..FIXED_LENGTH + 4];
    for code in 0..=255_u8 {
        for length in [0_u8, 1, 2, 3, 127, 254, 255] {
            for given in [0, usize::from(length / 2), usize::from(length)] {
                let mut message = head.to_vec();
                message.extend([53, 1, 1 + code % 8]);
                message.extend([code, length]);
                message.extend(vec![code; given]);
                target.hit(&message);
            }
        }
        target.hit(&nested(head, code, 60));
    }
    target.still_serves();
}

/// An option that holds itself.
fn nested(head: &[u8], code: u8, depth: usize) -> Vec<u8> {
    let mut inner: Vec<u8> = Vec::new();
    for _ in 0..depth {
        let length = u8::try_from(inner.len()).unwrap_or(255);
        let mut outer = vec![code, length];
        outer.extend(inner.iter().take(253));
        inner = outer;
    }
    [head, &[53, 1, 1], &inner].concat()
}

#[test]
fn the_longest_datagrams_are_survived() {
    let mut target = Target::new();
    let head = &sound_messages()[1][..FIXED_LENGTH + 4];
    for code in [0, 12, 43, 52, 55, 61, 77, 81, 82, 200, 255] {
        let mut message = [head, &[53, 1, 1]].concat();
        while message.len() < 65_000 {
            message.extend([code, 255]);
            message.extend([code; 255]);
        }
        target.hit(&message);
        let mut message = [head, &[53, 1, 3]].concat();
        while message.len() < 65_000 {
            message.extend([code, 1, 1]);
        }
        target.hit(&message);
    }
    target.still_serves();
}
