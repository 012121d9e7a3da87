//! Frames that are not for a DHCP server, or damaged, though a good request is inside: nobody answers them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::net::Ipv4Addr;
use std::time::Duration;

use tests::client::Datagram;
use tests::client::identity::{granted, mac_of, request_for};
use tests::client::show_octets;
use tests::dhcp::DhcpLab;
use tests::subject::Subject;

const PATIENCE: Duration = Duration::from_secs(20);
const WANTED: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 10);
const CONFIG: &str = "
default-lease-time 600; ping-check false;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
";
/// Behind the two hardware addresses: 802.1Q, priority 0, network 5.
const VLAN_TAG: [u8; 4] = [0x81, 0x00, 0x00, 0x05];
/// The octet of a frame that holds the time to live; only the IP checksum covers it.
const TIME_TO_LIVE: usize = 22;
/// A fragment that begins 8 octets into its packet (RFC 791, section 3.1).
const LATER_FRAGMENT: u16 = 0x0001;

#[test]
#[ignore = "needs root"]
fn a_frame_of_a_virtual_network_is_not_answered() {
    expect_silence(|request| {
        let mut frame = request.to_frame();
        frame.splice(12..12, VLAN_TAG);
        frame
    });
}

#[test]
#[ignore = "needs root"]
fn a_damaged_datagram_is_not_answered() {
    expect_silence(|request| {
        let mut frame = request.to_frame();
        *frame.last_mut().unwrap() ^= 1;
        frame
    });
}

#[test]
#[ignore = "needs root"]
fn a_damaged_ip_header_is_not_answered() {
    expect_silence(|request| {
        let mut frame = request.to_frame();
        frame[TIME_TO_LIVE] ^= 1;
        frame
    });
}

#[test]
#[ignore = "needs root"]
fn a_later_fragment_is_not_answered() {
    expect_silence(|mut request| {
        request.fragment = LATER_FRAGMENT;
        request.to_frame()
    });
}

/// Sends the spoiled request of client 1, then a good one of client 2 for the same address, which gets it at once.
fn expect_silence(spoil: impl Fn(Datagram) -> Vec<u8>) {
    for subject in Subject::chosen() {
        if !subject.is_at_hand(Subject::dhcpd) {
            continue;
        }
        let lab = DhcpLab::new("10.9.0.1/24", "10.9.0.2").unwrap();
        lab.configure(CONFIG).unwrap();
        let server = lab.start(subject).unwrap();
        let wire = lab.wire().unwrap();
        wire.send_frame(&spoil(request_for(1, WANTED))).unwrap();
        wire.send(&request_for(2, WANTED)).unwrap();
        let reply = wire.receive(PATIENCE).unwrap().expect("no answer");
        assert_eq!(granted(&reply), Some((2, WANTED)), "{subject}");
        let spoiled = show_octets(&mac_of(1));
        let lines = server.log.lines();
        assert!(
            !lines.iter().any(|line| line.contains(&spoiled)),
            "{subject}: {lines:?}"
        );
    }
}
