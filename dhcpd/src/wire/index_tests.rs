//! The option index against single messages.

use pretty_assertions::assert_eq;

use super::index::{Fault, Malformed, Options};
use super::{FIXED_LENGTH, MAGIC_COOKIE, Note, View};
use crate::options::{Field, Format, OptionId, Registry, SpaceId};

fn message(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; FIXED_LENGTH];
    bytes.extend(MAGIC_COOKIE);
    bytes.extend(options);
    bytes
}

fn read<'p>(bytes: &'p [u8], notes: &mut Vec<Note>) -> Result<Options<'p>, Malformed> {
    let view = View::new(bytes).unwrap();
    Options::read(&view, &Registry::built_in(), notes)
}

fn sub(space: SpaceId, code: u32) -> OptionId {
    OptionId { space, code }
}

#[test]
fn options_keep_their_arrival_order_and_pieces_are_joined() {
    let bytes = message(b"\x35\x01\x01\0\x3c\x02ab\x0c\x01h\x3c\x01c\xff\x0c\x01x");
    let options = read(&bytes, &mut Vec::new()).unwrap();
    let codes: Vec<u32> = options.iter().map(|option| option.id.code).collect();
    assert_eq!(codes, [53, 60, 12]);
    assert_eq!(options.get(OptionId::dhcp(60)), Some(b"abc".as_slice()));
    assert_eq!(options.get(OptionId::dhcp(12)), Some(b"h".as_slice()));
    assert!(!options.contains(OptionId::dhcp(55)));
}

#[test]
fn overloaded_fields_are_read_file_first() {
    let mut bytes = message(b"\x34\x01\x03\x3c\x01a\xff");
    bytes[44..48].copy_from_slice(b"\x3c\x01c\xff");
    bytes[108..112].copy_from_slice(b"\x3c\x01b\xff");
    let options = read(&bytes, &mut Vec::new()).unwrap();
    assert_eq!(options.get(OptionId::dhcp(60)), Some(b"abc".as_slice()));
}

#[test]
fn an_option_cut_short_makes_the_message_unreadable() {
    let too_long = message(b"\x35\x01\x01\x0c\x09abc");
    let malformed = read(&too_long, &mut Vec::new()).unwrap_err();
    assert_eq!((malformed.code, malformed.fault), (12, Fault::TooLong));
    assert_eq!(malformed.name.as_deref(), Some("host-name"));
    assert_eq!(malformed.space, "dhcp");
    let no_length = message(b"\x35\x01\x01\x7a");
    let malformed = read(&no_length, &mut Vec::new()).unwrap_err();
    assert_eq!(
        (malformed.code, malformed.fault),
        (0x7a, Fault::MissingLength)
    );
    assert_eq!(malformed.name, None);
}

#[test]
fn an_empty_host_name_is_noted_and_ignored() {
    let bytes = message(b"\x35\x01\x01\x0c\x00\x3d\x00\xff");
    let mut notes = Vec::new();
    let options = read(&bytes, &mut notes).unwrap();
    assert_eq!(notes, [Note::EmptyHostName]);
    assert!(!options.contains(OptionId::dhcp(12)));
    assert_eq!(options.get(OptionId::dhcp(61)), Some(b"".as_slice()));
}

#[test]
fn text_loses_the_nuls_at_its_end() {
    let bytes = message(b"\x0c\x04hn\0\0\x3c\x02v\0\x4f\x01\0\x11\x01\0\xff");
    let options = read(&bytes, &mut Vec::new()).unwrap();
    assert_eq!(options.get(OptionId::dhcp(12)), Some(b"hn".as_slice()));
    assert!(options.host_name_ended_in_nul());
    assert_eq!(options.get(OptionId::dhcp(60)), Some(b"v\0".as_slice()));
    assert_eq!(options.get(OptionId::dhcp(79)), Some(b"\0".as_slice()));
    assert_eq!(options.get(OptionId::dhcp(17)), Some(b"".as_slice()));
}

#[test]
fn relay_agent_information_is_opened_and_kept() {
    let bytes = message(b"\x52\x09\x01\x01c\x02\x00\x97\x02xy\xff");
    let options = read(&bytes, &mut Vec::new()).unwrap();
    assert_eq!(options.get(sub(SpaceId::AGENT, 1)), Some(b"c".as_slice()));
    assert_eq!(options.get(sub(SpaceId::AGENT, 2)), Some(b"".as_slice()));
    assert_eq!(
        options.get(sub(SpaceId::AGENT, 151)),
        Some(b"xy".as_slice())
    );
    assert_eq!(options.get(OptionId::dhcp(82)).unwrap().len(), 9);
}

#[test]
fn a_malformed_suboption_is_noted_and_the_message_stays() {
    let bytes = message(b"\x52\x05\x01\x01c\x02\x09\xff");
    let mut notes = Vec::new();
    let options = read(&bytes, &mut notes).unwrap();
    assert_eq!(options.get(sub(SpaceId::AGENT, 1)), Some(b"c".as_slice()));
    let [Note::MalformedSuboption(malformed)] = notes.as_slice() else {
        panic!("{notes:?}");
    };
    assert_eq!(malformed.name.as_deref(), Some("remote-id"));
}

#[test]
fn vendor_options_are_opened_by_enterprise() {
    let bytes = message(b"\x7d\x0b\0\0\x09\xbf\x06\0\x01\0\x02me\xff");
    let options = read(&bytes, &mut Vec::new()).unwrap();
    assert_eq!(options.get(sub(SpaceId::ISC, 1)), Some(b"me".as_slice()));
    assert!(options.contains(sub(SpaceId::VENDOR, 2495)));
}

#[test]
fn a_space_within_itself_is_opened_only_so_deep() {
    let mut registry = Registry::built_in();
    let space = registry.define_space("loop", 1, 1).unwrap();
    let field = Field::Encapsulate(Some(space));
    let format = Format::single(field);
    registry
        .define(sub(space, 1), "again", format.clone())
        .unwrap();
    registry
        .define(OptionId::dhcp(201), "loop", format)
        .unwrap();
    let mut value = Vec::new();
    for _ in 0..100 {
        let length = u8::try_from(value.len()).unwrap();
        value.splice(0..0, [1, length]);
    }
    value.splice(0..0, [201, 200]);
    let bytes = message(&value);
    let view = View::new(&bytes).unwrap();
    let options = Options::read(&view, &registry, &mut Vec::new()).unwrap();
    assert!(options.contains(sub(space, 1)));
}
