//! Any bytes as a lease file: leases and messages, whether it is read as a whole or in pieces, and what is written of them can be
//! read again.
#![no_main]

use dhcpd::lease::{self, IdFormat, Lease, Pieces, Reading};
use libfuzzer_sys::fuzz_target;

const NOW: u32 = 1_795_176_000;

fuzz_target!(|text: &[u8]| {
    let (leases, reading) = read(text);
    assert!((leases.clone(), reading) == read_pieces(text));
    let mut written = Vec::new();
    for lease in &leases {
        lease::write_lease(&mut written, lease, IdFormat::Octal);
    }
    let (again, _) = read(&written);
    assert_eq!(
        again.len(),
        leases.len(),
        "{}",
        String::from_utf8_lossy(&written)
    );
});

fn read(text: &[u8]) -> (Vec<Lease>, Reading) {
    let mut leases = Vec::new();
    let reading = lease::read(text, "leases", NOW, |lease| {
        leases.push(lease);
        true
    });
    (leases, reading)
}

/// In small pieces, each read by itself if it can be.
fn read_pieces(text: &[u8]) -> (Vec<Lease>, Reading) {
    let pieces = Pieces::in_blocks(text, 300).map(|piece| piece.map(|it| it.read(NOW)));
    let mut leases = Vec::new();
    let reading = lease::read_pieces(pieces, "leases", NOW, &[], |lease| {
        leases.push(lease);
        true
    });
    (leases, reading.expect("memory can always be read"))
}
