//! Tests of what follows from a look at the interfaces.

use std::net::Ipv4Addr;
use std::slice;

use common::net::interfaces::ARPHRD_ETHERNET;
use nix::net::if_::InterfaceFlags;
use pretty_assertions::assert_eq;

use super::*;
use crate::config::model::NetworkId;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

fn listener(name: &str, index: u32, address: Ipv4Addr) -> Listener {
    Listener {
        name: name.to_owned(),
        index,
        hardware: None,
        hardware_type: ARPHRD_ETHERNET,
        address,
        network: NetworkId(0),
    }
}

fn slot(name: &str, condition: Condition) -> Slot {
    Slot {
        listener: listener(name, 1, ADDRESS),
        condition,
    }
}

fn interface(name: &str, flags: InterfaceFlags) -> Interface {
    Interface {
        name: name.to_owned(),
        index: 1,
        flags,
        hardware_type: ARPHRD_ETHERNET,
        hardware: None,
        addresses: Vec::new(),
    }
}

fn listen(listeners: &[Listener]) -> Vec<Step> {
    listeners.iter().cloned().map(Step::Listen).collect()
}

#[test]
fn what_is_as_it_was_is_left_alone() {
    let steps = listen(&[listener("a", 1, ADDRESS)]);
    assert_eq!(changes(&[slot("a", Condition::Served)], &steps, &[]), []);
}

#[test]
fn a_new_name_is_added_behind_the_others() {
    let new = listener("b", 2, OTHER);
    let steps = listen(&[new.clone(), listener("a", 1, ADDRESS)]);
    let found = changes(&[slot("a", Condition::Served)], &steps, &[]);
    assert_eq!(found, [Change::New(new)]);
}

#[test]
fn another_number_or_address_is_told_apart() {
    let served = [slot("a", Condition::Served)];
    let remade = listener("a", 7, ADDRESS);
    let found = changes(&served, &listen(slice::from_ref(&remade)), &[]);
    assert_eq!(found, [Change::Remade(0, remade)]);
    let moved = listener("a", 1, OTHER);
    let found = changes(&served, &listen(slice::from_ref(&moved)), &[]);
    assert_eq!(found, [Change::Moved(0, moved)]);
}

#[test]
fn what_is_amiss_is_told_once_and_its_end_too() {
    let up = InterfaceFlags::IFF_UP;
    let cases = [
        (Condition::Gone, vec![]),
        (
            Condition::Down,
            vec![interface("a", InterfaceFlags::empty())],
        ),
        (Condition::Addressless, vec![interface("a", up)]),
    ];
    for (condition, found) in cases {
        let worse = changes(&[slot("a", Condition::Served)], &[], &found);
        assert_eq!(worse, [Change::Worse(0, condition)]);
        assert_eq!(changes(&[slot("a", condition)], &[], &found), []);
        let steps = listen(&[listener("a", 1, ADDRESS)]);
        let back = changes(&[slot("a", condition)], &steps, &found);
        assert_eq!(back, [Change::Back(0, listener("a", 1, ADDRESS))]);
    }
}
