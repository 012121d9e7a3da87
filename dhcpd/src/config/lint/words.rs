//! What the lints say.

use std::net::Ipv4Addr;

use common::syntax::Place;

pub(super) const MIXED_PERMITS: &str =
    "this pool has allow and deny: a client must match one of the former and none of the latter";
pub(super) const ONE_KIND: &str =
    "keep one kind; whoever matches no allow is kept out without any deny";

pub(super) const MOVE_THE_ADDRESS: &str =
    "take the address out of the range, since it may be leased to another client as well";
pub(super) const NETWORK_ADDRESS: &str = "the network address";
pub(super) const BROADCAST_ADDRESS: &str = "the broadcast address";
pub(super) const SHORTEN_THE_RANGE: &str =
    "shorten the range, since no client can use that address";

pub(super) const TEST_USER_CLASS: &str = "give it a script instead: if exists user-class and option user-class = \"iPXE\" { filename \"boot.ipxe\"; }";

pub(super) const ARCHITECTURE_MISSING: &str =
    "architecture 00:07 is tested, but not 00:09, which other 64-bit UEFI firmware sends";
pub(super) const ADD_ARCHITECTURE: &str =
    "test for both: option arch = 00:07 or option arch = 00:09";

pub(super) const RENAME_THE_HOST: &str = "give one of them another name";
pub(super) const JOIN_THE_HOSTS: &str =
    "join the declarations, or give each a fixed-address on a network of its own";

pub(super) const JOIN_THE_SUBNETS: &str = "join the declarations";
pub(super) const SET_ONCE: &str = "drop one of the two";
pub(super) const DROP_THE_BRANCH: &str = "drop the branch, or correct its condition";
pub(super) const BEHIND_BREAK: &str = "this is never executed: a break comes before it";
pub(super) const MOVE_BEFORE_BREAK: &str = "move it before the break, or drop it";

pub(super) fn named(lint: &str, text: &str) -> String {
    format!("{text} [{lint}]")
}

pub(super) fn fixed_in_range(
    host: &str,
    address: Ipv4Addr,
    low: Ipv4Addr,
    high: Ipv4Addr,
) -> String {
    format!("fixed address {address} of host {host} is in the range {low} to {high}")
}

pub(super) fn reserved_in_range(
    low: Ipv4Addr,
    high: Ipv4Addr,
    address: Ipv4Addr,
    what: &str,
) -> String {
    format!("the range {low} to {high} includes {address}, {what} of its subnet")
}

pub(super) fn ipxe_loop(name: &str) -> String {
    format!("iPXE itself gets {name} too and loads iPXE for ever: nothing here tests user-class")
}

pub(super) fn same_name(host: &str, other: &str, place: Place) -> String {
    let line = place.line;
    format!("host {host} differs from host {other} at line {line} in upper and lower case only")
}

pub(super) fn same_hardware(host: &str, other: &str, place: Place) -> String {
    let line = place.line;
    format!("host {host} has the same hardware address as host {other} at line {line}")
}

pub(super) fn same_identifier(host: &str, other: &str, place: Place) -> String {
    let line = place.line;
    format!("host {host} has the same client identifier as host {other} at line {line}")
}

pub(super) fn subnet_again(address: Ipv4Addr, mask: Ipv4Addr, place: Place) -> String {
    let line = place.line;
    format!("subnet {address} netmask {mask} is declared again at line {line}, which counts")
}

pub(super) fn set_again(name: &str, place: Place) -> String {
    let line = place.line;
    format!("{name} has no effect here: line {line} sets it again")
}

pub(super) fn branch_again(number: usize) -> String {
    format!("branch {number} is never taken: it has the condition of an earlier one")
}
