//! Any bytes as a lease file: leases and messages, and what is written of them can be read again.
#![no_main]

use dhcpd::lease::{self, IdFormat, Lease};
use libfuzzer_sys::fuzz_target;

const NOW: u32 = 1_795_176_000;

fuzz_target!(|text: &[u8]| {
    let leases = read(text);
    let mut written = Vec::new();
    for lease in &leases {
        lease::write_lease(&mut written, lease, IdFormat::Octal);
    }
    let again = read(&written);
    assert_eq!(
        again.len(),
        leases.len(),
        "{}",
        String::from_utf8_lossy(&written)
    );
});

fn read(text: &[u8]) -> Vec<Lease> {
    let mut leases = Vec::new();
    lease::read(text, "leases", NOW, |lease| {
        leases.push(lease);
        true
    });
    leases
}
