//! Tests of the frames.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn envelope() -> Envelope {
    Envelope {
        source_link: [2, 0, 0, 0, 0, 1],
        destination_link: [0xff; 6],
        source: Ipv4Addr::new(10, 9, 0, 1),
        destination: Ipv4Addr::BROADCAST,
        source_port: 67,
        destination_port: 68,
    }
}

fn refresh_ip_checksum(frame: &mut [u8]) {
    frame[24..26].fill(0);
    let checksum = Checksum::default().with(&frame[14..34]).finish();
    frame[24..26].copy_from_slice(&checksum.to_be_bytes());
}

#[test]
fn a_built_frame_has_the_headers_of_the_original() {
    let frame = build(&envelope(), b"hi").unwrap();
    #[rustfmt::skip]
    let expected = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0,
        0x45, 0x10, 0, 30, 0, 0, 0, 0, 128, 17, 0x30, 0xb6, 10, 9, 0, 1, 255, 255, 255, 255,
        0, 67, 0, 68, 0, 10, 0x8c, 0xe0, b'h', b'i',
    ];
    assert_eq!(frame, expected);
}

#[test]
fn what_was_built_is_parsed_back() {
    let frame = build(&envelope(), b"odd payload").unwrap();
    let datagram = parse(&frame, UdpChecksum::Complete).unwrap();
    assert_eq!(datagram.envelope, envelope());
    assert_eq!(datagram.payload, b"odd payload");
}

#[test]
fn padding_of_short_frames_is_not_payload() {
    let mut frame = build(&envelope(), b"x").unwrap();
    frame.resize(60, 0);
    assert_eq!(parse(&frame, UdpChecksum::Complete).unwrap().payload, b"x");
}

#[test]
fn a_wrong_udp_checksum_counts_only_when_it_is_complete() {
    let mut frame = build(&envelope(), b"payload").unwrap();
    frame[40] ^= 0x55;
    assert_eq!(
        parse(&frame, UdpChecksum::Complete),
        Err(Rejection::UdpChecksum)
    );
    assert!(parse(&frame, UdpChecksum::Pending).is_ok());
}

#[test]
fn a_zero_udp_checksum_means_none() {
    let mut frame = build(&envelope(), b"payload").unwrap();
    frame[40..42].fill(0);
    assert!(parse(&frame, UdpChecksum::Complete).is_ok());
}

#[test]
fn fragments_and_tagged_frames_are_refused() {
    let whole = build(&envelope(), b"payload").unwrap();
    let mut fragment = whole.clone();
    fragment[20] = 0x20;
    refresh_ip_checksum(&mut fragment);
    assert_eq!(
        parse(&fragment, UdpChecksum::Complete),
        Err(Rejection::Fragment)
    );
    let mut tagged = whole;
    tagged.splice(12..12, [0x81, 0, 0, 5]);
    assert_eq!(
        parse(&tagged, UdpChecksum::Complete),
        Err(Rejection::NotUdp)
    );
}

#[test]
fn a_damaged_ip_header_is_refused() {
    let mut frame = build(&envelope(), b"payload").unwrap();
    frame[22] ^= 1;
    assert_eq!(
        parse(&frame, UdpChecksum::Complete),
        Err(Rejection::IpChecksum)
    );
}

#[test]
fn a_payload_that_no_datagram_can_hold_is_refused() {
    assert_eq!(build(&envelope(), &vec![0; 65_508]), None);
    assert!(build(&envelope(), &vec![0; 65_507]).is_some());
}

proptest! {
    #[test]
    fn no_frame_makes_the_parser_panic(frame in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = parse(&frame, UdpChecksum::Complete);
    }

    #[test]
    fn no_damage_to_a_good_frame_makes_the_parser_panic(
        payload in proptest::collection::vec(any::<u8>(), 0..60),
        position in 12usize..42,
        value: u8,
        length in 0usize..110,
    ) {
        let mut frame = build(&envelope(), &payload).unwrap();
        frame[position] = value;
        refresh_ip_checksum(&mut frame);
        frame.truncate(length);
        let _ = parse(&frame, UdpChecksum::Complete);
    }

    #[test]
    fn every_payload_survives_the_round_trip(
        payload in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let frame = build(&envelope(), &payload).unwrap();
        prop_assert_eq!(parse(&frame, UdpChecksum::Complete).unwrap().payload, &payload[..]);
    }
}
