//! Any bytes as dhcpd.conf: a configuration or messages, never a panic, and soon.
#![no_main]

use common::diag::Diagnostics;
use dhcpd::config::{self, Family, Refusal};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    read(text, Family::Dhcpv4);
    read(text, Family::Dhcpv6);
});

fn read(text: &[u8], family: Family) {
    let mut diagnostics = Diagnostics::default();
    let mut load = |name: &str| match name {
        "fuzz.conf" => Ok(text.to_vec()),
        other => Err(format!("Can't open {other}: No such file or directory")),
    };
    let refusal = config::parse("fuzz.conf", family, &mut load, &mut diagnostics).err();
    let is_fatal = refusal == Some(Refusal::Fatal);
    assert_eq!(refusal.is_some(), is_fatal || diagnostics.errors() > 0);
}
