//! Any bytes as a TFTP request or as a packet of a transfer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tftpd::wire::{Answer, Request};

fuzz_target!(|datagram: &[u8]| {
    if let Ok(request) = Request::parse(datagram) {
        assert!(request.options.count() <= datagram.len());
    }
    let _ = Answer::parse(datagram);
});
