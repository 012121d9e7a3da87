//! Any statements, executed for any message: the input is text up to a NUL, then the message's options.
#![no_main]

use common::time::Time;
use dhcpd::engine4::Outbox;
use dhcpd::wire::{FIXED_LENGTH, MAGIC_COOKIE};
use fuzz::{ARRIVAL, BEGIN, check, configure, start};
use libfuzzer_sys::fuzz_target;

const SUBNET: &[u8] =
    b"\nsubnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; ping-check false; }\n";

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let statements = parts.next().unwrap_or_default();
    let options = parts.next().unwrap_or_default();
    let Some(config) = configure(&[statements, SUBNET].concat()) else {
        return;
    };
    let Some(mut engine) = start(config, b"") else {
        return;
    };
    for kind in [1, 3, 7, 8] {
        let mut outbox = Outbox::default();
        engine.packet(BEGIN, &ARRIVAL, &message(kind, options), &mut outbox);
        engine.tick(Time::from_seconds(BEGIN.seconds() + 1), &mut outbox);
        check(&outbox);
    }
});

/// A message of this type from a client whose address is 10.9.0.10 at RELEASE and INFORM.
fn message(kind: u8, options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; FIXED_LENGTH];
    bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
    bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
    if kind > 3 {
        bytes[12..16].copy_from_slice(&[10, 9, 0, 10]);
    }
    bytes.extend(MAGIC_COOKIE);
    bytes.extend([53, 1, kind, 50, 4, 10, 9, 0, 10]);
    bytes.extend(options);
    bytes
}
