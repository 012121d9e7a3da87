//! Each warning where it belongs, and none where it does not.

use common::diag::Diagnostics;
use pretty_assertions::assert_eq;

use super::super::{Family, parse};
use super::lint;

fn warnings(text: &str) -> Vec<String> {
    let mut diagnostics = Diagnostics::default();
    let mut load = |_: &str| Ok(text.as_bytes().to_vec());
    let config = parse("t.conf", Family::Dhcpv4, &mut load, &mut diagnostics).unwrap();
    lint(&config, &mut diagnostics);
    let shown = diagnostics.lints().iter().map(|lint| {
        let line = lint.excerpt.as_ref().unwrap().line;
        format!("{line}: {}", lint.text)
    });
    shown.collect()
}

const SUBNET: &str = "subnet 10.0.0.0 netmask 255.255.255.0 {\n";

#[test]
fn a_pool_with_allow_and_deny_is_noticed() {
    let pool = "pool { range 10.0.0.5; allow unknown clients; deny dynamic bootp clients; } }";
    let found = warnings(&format!("{SUBNET}{pool}"));
    assert_eq!(found, ["2: the pool has both allow and deny permits"]);
    let pool = "pool { range 10.0.0.5; allow unknown clients; allow known clients; } }";
    assert!(warnings(&format!("{SUBNET}{pool}")).is_empty());
}

#[test]
fn network_and_broadcast_addresses_in_a_range_are_noticed() {
    let found = warnings(&format!("{SUBNET}range 10.0.0.0 10.0.0.255; }}"));
    let expected = [
        "2: the range 10.0.0.0 10.0.0.255 holds the network address 10.0.0.0",
        "2: the range 10.0.0.0 10.0.0.255 holds the broadcast address 10.0.0.255",
    ];
    assert_eq!(found, expected);
    assert!(warnings(&format!("{SUBNET}range 10.0.0.1 10.0.0.254; }}")).is_empty());
}

#[test]
fn a_fixed_address_that_is_leased_to_others_is_noticed() {
    let text = format!(
        "{SUBNET}range 10.0.0.5 10.0.0.9; }}\nhost a {{ fixed-address 10.0.0.9; }}\nhost b {{ fixed-address 10.0.0.10; }}"
    );
    let expected = ["3: host a: fixed-address 10.0.0.9 is in a range that is leased to others"];
    assert_eq!(warnings(&text), expected);
}

#[test]
fn two_hosts_of_one_client_are_noticed_unless_their_addresses_differ() {
    let host = "hardware ethernet 1:2:3:4:5:6;";
    let text = format!("host a {{ {host} }}\nhost b {{ {host} }}");
    let expected = ["2: host b has the hardware address of host a (line 1)"];
    assert_eq!(warnings(&text), expected);
    let text = format!(
        "host a {{ {host} fixed-address 10.0.0.1; }}\nhost b {{ {host} fixed-address 10.1.0.1; }}"
    );
    assert!(warnings(&text).is_empty());
}

#[test]
fn ipxe_that_loads_itself_is_noticed() {
    let expected = ["1: iPXE is handed out without a test whether the client is iPXE already"];
    assert_eq!(warnings("filename \"undionly.kpxe\";"), expected);
    let text = "if exists user-class and option user-class = \"iPXE\" { filename \"boot.ipxe\"; }\nelse { filename \"undionly.kpxe\"; }";
    assert!(warnings(text).is_empty());
}

#[test]
fn uefi_machines_that_are_forgotten_are_noticed() {
    let text = |arch| format!("if option pxe-system-type = {arch} {{ filename \"grub.efi\"; }}");
    let expected = ["1: the test for architecture 00:07 misses machines that send 00:09"];
    assert_eq!(warnings(&text("00:07")), expected);
    let both = format!("{}\n{}", text("00:07"), text("00:09"));
    assert!(warnings(&both).is_empty());
}

#[test]
fn a_value_that_is_set_again_is_noticed() {
    let expected = ["1: max-lease-time has no effect: it is set again at line 2"];
    assert_eq!(warnings("max-lease-time 5;\nmax-lease-time 6;"), expected);
    let text = "max-lease-time 5;\nif known { min-lease-time 3; }\nmax-lease-time 6;";
    assert!(warnings(text).is_empty());
}
