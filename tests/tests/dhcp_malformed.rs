//! Whatever a link can carry, sent to a running server: damaged and cut messages, frames that lie about themselves, datagrams as
//! long as there are. Good clients are served in between, and at the end the server is as large as it was.
//!
//! `MALFORMED=all` gives every octet every value, which takes minutes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Instant;

use tests::client::identity::{granted, mac_of, request_for};
use tests::client::{Datagram, Wire, message};
use tests::dhcp::{CLIENT_LINK, DhcpLab, DhcpServer, PATIENCE, SERVER_LINK};
use tests::subject::Subject;

const CONFIG: &str = "
default-lease-time 600; ping-check false; dont-use-fsync true; dynamic-bootp-lease-length 600;
option space outer; option space inner; option inner.words code 1 = text;
option outer.inner code 200 = encapsulate inner; option wrapped code 200 = encapsulate outer;
class \"ports\" { spawn with option agent.circuit-id; lease limit 4; }
host witness { hardware ethernet 02:00:00:01:ea:60; fixed-address 10.9.0.9; }
subnet 10.9.0.0 netmask 255.255.255.0 {
  range dynamic-bootp 10.9.0.10 10.9.0.250; option routers 10.9.0.1; option domain-search \"a.example\";
  on commit { set client-name = pick(option host-name, option fqdn.hostname, \"none\"); }
}
";
/// The client that is served in between: its address is nobody else's, whatever the others say.
const WITNESS: u16 = 60_000;
const WITNESS_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 9);
/// Frames between two looks at whether it serves: so many fit into its socket's buffer.
const VOLLEY: usize = 32;
/// How much a server may grow, in kilobytes, when everything is sent once more: less than 40 octets for each of the frames.
const GROWTH: u64 = 512;
/// Octets of the Ethernet, IP and UDP headers before the message.
const HEADERS: usize = 42;
const UDP_CHECKSUM: usize = 40;
/// The longest packet of IPv4, and the length of what one of UDP may carry.
const LONGEST_PACKET: &str = "65535";
const LONGEST_PAYLOAD: usize = 65_507;

/// Options as clients send them: dhclient, Windows, iPXE, a relayed request with client FQDN, a release, BOOTP.
const OPTIONS: [&[u8]; 6] = [
    b"\x35\x01\x01\x32\x04\x0a\x09\0\x0a\x0c\x04host\x37\x0d\x01\x1c\x02\x03\x0f\x06\x77\x0c\x2c\x2f\x1a\x79\x2a\xff",
    b"\x35\x01\x01\x3d\x07\x01\x02\0\0\0\0\x05\x32\x04\x0a\x09\0\x0b\x0c\x02PC\x3c\x08MSFT 5.0\x37\x0e\x01\x03\x06\x0f\x1f\x21\x2b\x2c\x2e\x2f\x77\x79\xf9\xfc\xff",
    b"\x35\x01\x01\x39\x02\x05\xc0\x5d\x02\0\0\x5e\x03\x01\x02\x01\x3c\x20PXEClient:Arch:00000:UNDI:002001\x4d\x04iPXE\xaf\x06\xb1\x04\x01\x80\x86\x10\x61\x11\0abcdefghijklmnop\xff",
    b"\x35\x01\x03\x32\x04\x0a\x09\0\x0c\x51\x0c\x05\0\0\x04host\x02de\0\x52\x0e\x01\x04\0\x04\0\x07\x02\x06\x02\0\0\0\0\x01\x34\x01\x03\xff",
    b"\x35\x01\x07\x36\x04\x0a\x09\0\x01\xff",
    b"",
];

#[test]
#[ignore = "needs root"]
fn damaged_messages_disturb_nobody() {
    for_each_subject(|target| {
        let messages: Vec<_> = (1_u16..).zip(OPTIONS).map(sound_message).collect();
        for message in &messages {
            target.fire((0..message.len()).map(|length| in_frame(&message[..length])));
            target.fire((0..message.len()).flat_map(|place| changed(message, place)));
            target.fire((0..=255).map(|length| {
                let mut message = message.clone();
                message[2] = length;
                in_frame(&message)
            }));
        }
        target.fire(odd_options(&messages[0][..message::FIXED_SIZE + 4]));
    });
}

#[test]
#[ignore = "needs root"]
fn frames_that_lie_disturb_nobody() {
    for_each_subject(|target| {
        let sound = in_frame(&sound_message((1, OPTIONS[0])));
        target.fire((HEADERS / 3..sound.len()).map(|length| sound[..length].to_vec()));
        let lies = |place: usize| (0..=255).map(move |octet| (place, octet));
        let lies = || (12..HEADERS).flat_map(lies);
        target.fire(lies().map(|lie| with_octet(&sound, lie)));
        // With checksums that fit the lie, none of them gives it away.
        target.fire(lies().map(|lie| with_sound_header(with_octet(&sound, lie))));
    });
}

#[test]
#[ignore = "needs root"]
fn datagrams_as_long_as_there_are_disturb_nobody() {
    for_each_subject(|target| {
        let kernel = target
            .lab
            .client
            .enter(|| UdpSocket::bind("10.9.0.3:68").unwrap());
        let kernel = kernel.unwrap();
        for code in [0, 12, 43, 52, 61, 77, 81, 82, 200, 255] {
            let mut message = sound_message((1, &OPTIONS[3][..3]));
            message.truncate(message::FIXED_SIZE + 7);
            while message.len() + 257 <= LONGEST_PAYLOAD {
                message.extend([code, 255]);
                message.extend([code; 255]);
            }
            // As one frame, and in fragments that the server's kernel puts together.
            target.fire([in_frame(&message)]);
            kernel.send_to(&message, ("10.9.0.1", 67)).unwrap();
        }
        target.expect_service();
    });
}

fn for_each_subject(attack: impl Fn(&Target)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::dhcpd) {
            let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
            lab.configure(CONFIG).unwrap();
            let widen = format!("link set {SERVER_LINK} mtu {LONGEST_PACKET}");
            lab.server.ip(&widen).unwrap();
            let widen = format!("link set {CLIENT_LINK} mtu {LONGEST_PACKET}");
            lab.client.ip(&widen).unwrap();
            let address = format!("address add 10.9.0.3/24 dev {CLIENT_LINK}");
            lab.client.ip(&address).unwrap();
            let target = Target {
                server: lab.start(subject).unwrap(),
                wire: lab.wire().unwrap(),
                lab,
            };
            attack(&target);
            let before = target.kilobytes();
            attack(&target);
            let after = target.kilobytes();
            assert!(
                after <= before + GROWTH,
                "{subject}: {before} kB became {after} kB"
            );
        }
    }
}

/// A server under fire.
struct Target {
    server: DhcpServer,
    wire: Wire,
    lab: DhcpLab,
}

impl Target {
    /// Sends frames, and looks after each few whether a good client is still served.
    fn fire(&self, frames: impl IntoIterator<Item = Vec<u8>>) {
        let mut sent = 0;
        for frame in frames {
            self.wire.send_frame(&frame).unwrap();
            sent += 1;
            if sent % VOLLEY == 0 {
                self.expect_service();
            }
        }
        self.expect_service();
    }

    fn expect_service(&self) {
        self.wire
            .send(&request_for(WITNESS, WITNESS_ADDRESS))
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let reply = self.wire.receive(left).unwrap().expect("it is silent");
            if granted(&reply) == Some((WITNESS, WITNESS_ADDRESS)) {
                return;
            }
        }
    }

    /// What of it is in memory now.
    fn kilobytes(&self) -> u64 {
        let pid = self.server.process.identity().pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let (_, size) = status.split_once("VmRSS:").unwrap();
        size.split_whitespace().next().unwrap().parse().unwrap()
    }
}

/// A message of the client with this number, with these options; the fourth comes through a relay and overloads both fields.
fn sound_message((number, options): (u16, &[u8])) -> Vec<u8> {
    let mut message = request_for(number, WITNESS_ADDRESS).payload;
    message.truncate(message::FIXED_SIZE);
    if number == 4 {
        message[24..28].copy_from_slice(&[10, 9, 0, 3]);
        message[44..48].copy_from_slice(b"\x0c\x01h\xff");
        message[108..113].copy_from_slice(b"\x3c\x02vc\xff");
    }
    if number == 5 {
        message[12..16].copy_from_slice(&[10, 9, 0, 10]);
    }
    message.extend(message::COOKIE);
    message.extend(options);
    message.resize(message.len().max(300), 0);
    message
}

fn in_frame(payload: &[u8]) -> Vec<u8> {
    let datagram = Datagram {
        payload: payload.to_vec(),
        ..request_for(1, WITNESS_ADDRESS)
    };
    datagram.to_frame()
}

/// The message with other values of one octet: some, or all where that is asked for.
fn changed(message: &[u8], place: usize) -> impl Iterator<Item = Vec<u8>> {
    let octet = message[place];
    let values = match std::env::var("MALFORMED").as_deref() {
        Ok("all") => (0..=255).collect(),
        _ => vec![octet ^ 1, octet.wrapping_add(2), octet ^ 0x80, 0, 255],
    };
    let message = message.to_vec();
    values
        .into_iter()
        .map(move |value| in_frame(&with_octet(&message, (place, value))))
}

fn with_octet(bytes: &[u8], (place, octet): (usize, u8)) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] = octet;
    bytes
}

/// Every option empty, too long, cut, full, and within itself.
fn odd_options(head: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let each = (0..=255_u8).flat_map(|code| {
        let mut nested = vec![code, 0];
        while nested.len() < 250 {
            nested.splice(0..0, [code, u8::try_from(nested.len()).unwrap()]);
        }
        [
            vec![code, 0, 255],
            vec![code],
            vec![code, 255, 1, 2],
            [&[code, 255][..], &[code; 255]].concat(),
            [code, 1, 1].repeat(400),
            nested,
        ]
    });
    each.map(move |options| in_frame(&[head, b"\x35\x01\x01", &options].concat()))
}

/// Makes the sum of the IP header right, and has the one of UDP left out.
fn with_sound_header(mut frame: Vec<u8>) -> Vec<u8> {
    frame[UDP_CHECKSUM..HEADERS].fill(0);
    let end = (14 + usize::from(frame[14] & 15) * 4).clamp(34, frame.len());
    frame[24..26].fill(0);
    let words = frame[14..end].chunks(2);
    let sum: u32 = words
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame
}

#[test]
fn the_witness_has_the_hardware_that_the_configuration_names() {
    assert_eq!(mac_of(WITNESS), [2, 0, 0, 1, 0xea, 0x60]);
}

#[test]
fn a_mended_header_is_the_one_that_a_sound_frame_has() {
    let sound = in_frame(&sound_message((1, OPTIONS[0])));
    let mut expected = sound.clone();
    expected[UDP_CHECKSUM..HEADERS].fill(0);
    assert_eq!(with_sound_header(sound), expected);
}
