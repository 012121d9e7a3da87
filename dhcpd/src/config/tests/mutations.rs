//! Real configurations with random damage: each is read without harm and within a second of processor time.

use std::collections::HashMap;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use proptest::prelude::*;

use super::read;

const EXAMPLES: &[&str] = &[
    include_str!("../../../../conf-examples/debian-pxe/dhcpd.conf"),
    include_str!("../../../../conf-examples/freebsd-nfs-root/dhcpd.conf"),
    include_str!("../../../../conf-examples/ipxe-chain/dhcpd.conf"),
    include_str!("../../../../conf-examples/pxelinux-linux/dhcpd.conf"),
    include_str!("../../../../conf-examples/two-vms/dhcpd.conf"),
    include_str!("measured.txt"),
];

/// In milliseconds.
const LONGEST: i64 = 1_000;

/// Milliseconds of processor time that this thread has used, also inside of the kernel; those that the machine spends on others do
/// not count.
fn spent() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    (usage.user_time() + usage.system_time()).num_milliseconds()
}

/// A piece of a text is taken out, doubled, moved, or replaced by bytes.
#[derive(Clone, Debug)]
enum Damage {
    Cut(usize, usize),
    Repeat(usize, usize),
    Move(usize, usize, usize),
    Write(usize, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    let length = || 1_usize..40;
    prop_oneof![
        (at(), length()).prop_map(|(at, length)| Damage::Cut(at, length)),
        (at(), length()).prop_map(|(at, length)| Damage::Repeat(at, length)),
        (at(), length(), at()).prop_map(|(at, length, to)| Damage::Move(at, length, to)),
        (at(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Damage::Write(at, bytes)),
    ]
}

fn apply(text: &mut Vec<u8>, damage: &Damage) {
    let piece = |text: &[u8], at: usize, length: usize| {
        let start = at % text.len().max(1);
        start.min(text.len())..start.saturating_add(length).min(text.len())
    };
    match damage {
        Damage::Cut(at, length) => {
            let range = piece(text, *at, *length);
            text.drain(range);
        }
        Damage::Repeat(at, length) => {
            let range = piece(text, *at, *length);
            let copy = text[range.clone()].to_vec();
            text.splice(range.start..range.start, copy);
        }
        Damage::Move(at, length, to) => {
            let range = piece(text, *at, *length);
            let moved: Vec<u8> = text.drain(range).collect();
            let to = to % text.len().max(1);
            text.splice(to.min(text.len())..to.min(text.len()), moved);
        }
        Damage::Write(at, bytes) => {
            let range = piece(text, *at, bytes.len());
            text.splice(range, bytes.iter().copied());
        }
    }
}

proptest! {
    #[test]
    fn damaged_configurations_are_read_without_harm_and_in_time(
        example in prop::sample::select(EXAMPLES),
        damages in prop::collection::vec(damage(), 1..12),
    ) {
        let mut text = example.as_bytes().to_vec();
        for damage in &damages {
            apply(&mut text, damage);
        }
        let begin = spent();
        let _ = read(&text, &HashMap::new());
        prop_assert!(spent() - begin < LONGEST);
    }
}
