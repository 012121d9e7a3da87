//! Any messages to a server with leases, hosts, classes and pools, with time passing between them. A message is a length, the
//! seconds before it, and its bytes, which take the place of those of a sound one.
#![no_main]

use std::sync::{Arc, LazyLock};

use common::time::Time;
use dhcpd::config::model::Config;
use dhcpd::engine4::{Engine, Outbox};
use dhcpd::wire::{FIXED_LENGTH, MAGIC_COOKIE};
use fuzz::{ARRIVAL, BEGIN, check, configure, start};
use libfuzzer_sys::fuzz_target;

static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    configure(include_bytes!("../seeds/engine.conf")).expect("the configuration is sound")
});
const LEASES: &[u8] = include_bytes!("../seeds/engine.leases");
/// Far more than a run can make, and little enough to find growth.
const JOURNAL_LIMIT: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let mut engine = start(Arc::clone(&CONFIG), LEASES).expect("the server's subnet is declared");
    let mut now = BEGIN;
    let mut rest = input;
    while let Some((&[length, pause], after)) = rest.split_first_chunk::<2>() {
        let (bytes, after) = after.split_at(after.len().min(usize::from(length)));
        rest = after;
        now = Time::from_seconds(now.seconds() + i64::from(pause));
        play(&mut engine, now, bytes);
    }
});

fn play(engine: &mut Engine, now: Time, bytes: &[u8]) {
    let mut outbox = Outbox::default();
    engine.tick(now, &mut outbox);
    engine.packet(now, &ARRIVAL, &message(bytes), &mut outbox);
    for ping in std::mem::take(&mut outbox.pings) {
        if bytes.first().is_some_and(|byte| byte % 2 == 1) {
            engine.ping_answered(now, ping.address, &mut outbox);
        }
    }
    check(&outbox);
    assert!(outbox.journal.len() < JOURNAL_LIMIT);
    if let Some(next) = engine.next_wakeup() {
        engine.tick(next, &mut outbox);
    }
}

/// The first bytes go into the fixed fields that matter, the others are options.
fn message(bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![0; FIXED_LENGTH];
    message[..4].copy_from_slice(&[1, 1, 6, 0]);
    message[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
    let fields = [33, 2, 10, 15, 14, 27, 26, 25, 24];
    for (place, byte) in fields.into_iter().zip(bytes) {
        message[place] ^= byte;
    }
    message.extend(MAGIC_COOKIE);
    message.extend(bytes.get(fields.len()..).unwrap_or_default());
    message
}
