//! Any bytes as a DHCPv4 message. What is read of it is no more than it holds, and is found again by its code.
#![no_main]

use std::sync::{Arc, LazyLock};

use dhcpd::config::model::Config;
use dhcpd::options::{Registry, SpaceId};
use dhcpd::wire::{Received, Reject, Request};
use fuzz::configure;
use libfuzzer_sys::fuzz_target;

/// Defines spaces of every width, some of them within each other and in a circle.
static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    configure(include_bytes!("../seeds/packet.conf")).expect("the configuration is sound")
});
/// An octet is read once for each space around it, and a client FQDN in four parts.
const COPIES: usize = 12;

fuzz_target!(|datagram: &[u8]| {
    let registry = &CONFIG.options;
    let mut notes = Vec::new();
    match Request::read(datagram, registry, &mut notes) {
        Ok(request) => check(&request, datagram.len(), registry),
        Err(Reject::Malformed(malformed)) => assert!(!malformed.to_string().contains('\n')),
        Err(_) => {}
    }
    assert!(notes.len() <= datagram.len());
});

fn check(request: &Request<'_>, octets: usize, registry: &Registry) {
    let sizes = || request.options.iter().map(|option| size(option, request));
    assert!(sizes().sum::<usize>() <= octets * COPIES);
    let outer = sizes().zip(request.options.iter());
    let outer = outer.filter(|(_, option)| option.id.space == SpaceId::DHCP);
    assert!(outer.map(|(size, _)| size).sum::<usize>() <= octets);

    let _ = (request.message_type(), request.max_message_size());
    let _ = (request.requested_address(), request.server_identifier());
    let _ = (request.lease_time(), request.has_fqdn());
    for name in ["wide", "wider", "ring", "agent", "vendor", "fqdn"] {
        let space = registry.space_named(name).expect("it is defined");
        let mut notes = Vec::new();
        request.open_vendor_options(space, registry, &mut notes);
        assert!(notes.len() <= octets);
    }
    let information = request.agent_information().unwrap_or_default();
    let mut options = request.options.clone();
    options.adopt_agent_information(information, registry, &mut Vec::new());
    assert!(options.iter().count() >= request.options.iter().count());
}

/// The octets of an option, which its code has to find.
fn size(option: &Received<'_>, request: &Request<'_>) -> usize {
    assert_eq!(request.options.get(option.id), Some(&*option.value));
    option.value.len()
}
