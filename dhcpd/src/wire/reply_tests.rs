//! Replies against bytes that were measured on the original.

use std::net::Ipv4Addr;

use common::time::Time;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::{FIXED_LENGTH, MAGIC_COOKIE, Reply, ReplyError, ReplyKind, ReplyNote, Request};
use crate::eval::{Context, ResolvedNames};
use crate::options::{Field, Format, OptionId, OptionSet, Registry, SpaceId, codes};

type Tlv = (u8, Vec<u8>);

/// A server that answers one request.
struct Bench {
    registry: Registry,
    set: OptionSet<'static>,
    kind: ReplyKind,
    file: &'static [u8],
    sname: &'static [u8],
}

impl Bench {
    /// What every OFFER of the measured server had.
    fn offer() -> Self {
        let mut bench = Self::bare(ReplyKind::Lease);
        bench.put(codes::DHCP_MESSAGE_TYPE, b"\x02");
        bench.put(codes::DHCP_SERVER_IDENTIFIER, b"\x0a\x09\0\x01");
        bench.put(codes::DHCP_LEASE_TIME, b"\0\0\xa8\xc0");
        bench.put(codes::SUBNET_MASK, b"\xff\xff\xff\0");
        bench
    }

    fn bare(kind: ReplyKind) -> Self {
        Self {
            registry: Registry::built_in(),
            set: OptionSet::new(),
            kind,
            file: b"",
            sname: b"",
        }
    }

    fn put(&mut self, id: OptionId, value: &'static [u8]) {
        self.set.put(id, value, "test");
    }

    fn put_all(&mut self, codes: &[u8]) {
        for code in codes {
            self.put(OptionId::dhcp(*code), b"x");
        }
    }

    /// Defines option `code` of `space` as text.
    fn define_text(&mut self, space: SpaceId, code: u32) -> OptionId {
        let id = OptionId { space, code };
        let format = Format::single(Field::Text);
        self.registry
            .define(id, &format!("t{code}"), format)
            .unwrap();
        id
    }

    fn answer(&self, options: &[u8]) -> Vec<u8> {
        self.answer_bytes(&message(options)).unwrap().0
    }

    fn answer_bytes(&self, bytes: &[u8]) -> Result<(Vec<u8>, Vec<ReplyNote>), ReplyError> {
        let request = Request::read(bytes, &self.registry, &mut Vec::new()).unwrap();
        let names = ResolvedNames::default();
        let context = Context::new(&self.registry, &names, Time::from_seconds(0));
        let reply = Reply {
            kind: self.kind,
            header: request.view.header(),
            chaddr: *request.view.chaddr(),
            file: self.file,
            sname: self.sname,
        };
        let mut notes = Vec::new();
        let built = reply.build(&request, &context.over(&self.set), &mut notes)?;
        Ok((built, notes))
    }

    /// Codes of the reply's options in order.
    fn codes(&self, options: &[u8]) -> Vec<u8> {
        let reply = self.answer(options);
        tlvs(&reply[240..]).iter().map(|tlv| tlv.0).collect()
    }

    fn value(&self, options: &[u8], code: u8) -> Option<Vec<u8>> {
        let reply = self.answer(options);
        let found = tlvs(&reply[240..]).into_iter().find(|tlv| tlv.0 == code);
        found.map(|tlv| tlv.1)
    }
}

fn message(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; FIXED_LENGTH];
    bytes[0..4].copy_from_slice(&[1, 1, 6, 3]);
    bytes[4..12].copy_from_slice(b"\xde\xad\xbe\xef\0\x07\x80\0");
    bytes[28..34].copy_from_slice(b"\x02\x11\x11\x11\x11\x01");
    bytes.extend(MAGIC_COOKIE);
    bytes.extend(options);
    bytes.push(255);
    bytes.resize(bytes.len().max(300), 0);
    bytes
}

fn tlvs(area: &[u8]) -> Vec<Tlv> {
    let mut found = Vec::new();
    let mut rest = area;
    while let [code @ 1..=254, length, after @ ..] = rest {
        let (value, after) = after.split_at(usize::from(*length));
        found.push((*code, value.to_vec()));
        rest = after;
    }
    found
}

const DISCOVER: &[u8] = b"\x35\x01\x01";

fn discover_with_list(list: &[u8]) -> Vec<u8> {
    let mut options = DISCOVER.to_vec();
    options.extend([55, u8::try_from(list.len()).unwrap()]);
    options.extend(list);
    options
}

#[test]
fn without_a_list_everything_goes_out_in_hash_order() {
    let mut bench = Bench::offer();
    bench.put_all(&[2, 3, 6, 12, 15, 17, 28, 33, 42, 66, 67, 119]);
    let measured = [53, 54, 51, 1, 3, 6, 12, 17, 33, 2, 66, 67, 119, 42, 28, 15];
    assert_eq!(bench.codes(DISCOVER), measured);
}

#[test]
fn with_a_list_its_order_counts_and_the_mask_comes_before_the_routers() {
    let mut bench = Bench::offer();
    bench.put_all(&[3, 6, 12, 15]);
    let list = discover_with_list(&[3, 1, 15, 82, 3, 99, 6]);
    assert_eq!(bench.codes(&list), [53, 54, 51, 1, 3, 15, 6]);
    let maskless = discover_with_list(&[12, 15]);
    assert_eq!(bench.codes(&maskless), [53, 54, 51, 12, 15, 1]);
}

#[test]
fn a_configured_list_replaces_that_of_the_client() {
    let mut bench = Bench::offer();
    bench.put_all(&[3, 6, 12, 15]);
    bench.put(codes::DHCP_PARAMETER_REQUEST_LIST, b"\x0f");
    assert_eq!(bench.codes(&discover_with_list(&[6])), [53, 54, 51, 15, 1]);
    bench.put(codes::DHCP_PARAMETER_REQUEST_LIST, b"");
    let everything = [53, 54, 51, 1, 3, 6, 12, 15];
    assert_eq!(bench.codes(&discover_with_list(&[6])), everything);
}

#[test]
fn the_client_identifier_is_echoed_when_that_is_on() {
    let mut bench = Bench::offer();
    bench.put_all(&[15, 61, 118]);
    assert_eq!(
        bench.codes(&discover_with_list(&[15])),
        [53, 54, 51, 118, 15, 1]
    );
    bench.put(codes::ECHO_CLIENT_ID, &[1]);
    let echoed = [53, 54, 51, 118, 61, 15, 1];
    assert_eq!(bench.codes(&discover_with_list(&[15])), echoed);
}

#[test]
fn fixed_fields_come_from_the_header_and_short_replies_are_padded() {
    let bench = Bench::offer();
    let reply = bench.answer(DISCOVER);
    assert_eq!(reply.len(), 300);
    assert_eq!(
        reply[..12],
        *b"\x02\x01\x06\x03\xde\xad\xbe\xef\0\x07\x80\0"
    );
    assert_eq!(reply[28..34], *b"\x02\x11\x11\x11\x11\x01");
    let options =
        b"\x35\x01\x02\x36\x04\x0a\x09\0\x01\x33\x04\0\0\xa8\xc0\x01\x04\xff\xff\xff\0\xff";
    assert_eq!(reply[240..240 + options.len()], *options);
    assert!(reply[240 + options.len()..].iter().all(|octet| *octet == 0));
}

#[test]
fn names_are_cut_to_their_fields() {
    let mut bench = Bench::offer();
    bench.file = b"pxelinux.0";
    bench.sname = &[b's'; 70];
    let reply = bench.answer(DISCOVER);
    assert_eq!(reply[44..108], [b's'; 64]);
    assert_eq!(reply[108..120], *b"pxelinux.0\0\0");
}

/// The options of the measured overload: 201 to 203 of 110 octets, 204 of 44.
fn bench_with_much(mut bench: Bench) -> Bench {
    bench.put(OptionId::dhcp(201), &[b'1'; 110]);
    bench.put(OptionId::dhcp(202), &[b'2'; 110]);
    bench.put(OptionId::dhcp(203), &[b'3'; 110]);
    bench.put(OptionId::dhcp(204), &[b'4'; 44]);
    bench
}

#[test]
fn what_does_not_fit_goes_into_file() {
    let bench = bench_with_much(Bench::offer());
    let reply = bench.answer(DISCOVER);
    let main = tlvs(&reply[240..]);
    let order: Vec<u8> = main.iter().map(|tlv| tlv.0).collect();
    assert_eq!(reply.len(), 535);
    assert_eq!(order, [53, 54, 51, 1, 203, 204, 201, 52]);
    assert_eq!(main.last().unwrap().1, [1]);
    assert_eq!(tlvs(&reply[108..236]), [(202, vec![b'2'; 110])]);
    assert_eq!(reply[108 + 112], 255);
}

#[test]
fn file_and_sname_are_used_only_where_they_are_free() {
    let mut bench = bench_with_much(Bench::offer());
    bench.put(OptionId::dhcp(205), &[b'5'; 60]);
    bench.file = b"boot";
    let reply = bench.answer(DISCOVER);
    assert_eq!(tlvs(&reply[240..]).last().unwrap(), &(52, vec![2]));
    bench.sname = b"host";
    let reply = bench.answer(DISCOVER);
    assert!(tlvs(&reply[240..]).iter().all(|tlv| tlv.0 != 52));
    assert_eq!(reply[44..49], *b"host\0");
}

#[test]
fn a_client_that_takes_more_gets_more() {
    let bench = bench_with_much(Bench::offer());
    let mut options = DISCOVER.to_vec();
    options.extend(b"\x39\x02\x05\0");
    let reply = bench.answer(&options);
    assert_eq!(reply.len(), 644);
    let order: Vec<u8> = tlvs(&reply[240..]).iter().map(|tlv| tlv.0).collect();
    assert_eq!(order, [53, 54, 51, 1, 203, 204, 201, 202]);
}

#[test]
fn a_huge_client_limit_is_capped_at_the_link() {
    let mut bench = Bench::offer();
    bench.put(OptionId::dhcp(224), &[b'x'; 3000]);
    bench.put(OptionId::dhcp(225), &[b'y'; 1000]);
    let mut options = DISCOVER.to_vec();
    options.extend(b"\x39\x02\xff\0");
    let reply = bench.answer(&options);
    assert!(reply.len() <= 1500 - 28);
    let kept: usize = tlvs(&reply[240..])
        .iter()
        .filter(|tlv| tlv.0 == 225)
        .map(|tlv| tlv.1.len())
        .sum();
    assert_eq!(kept, 1000);
}

#[test]
fn dynamic_bootp_has_a_small_vendor_area_and_overloads() {
    let mut bench = Bench::bare(ReplyKind::DynamicBootp);
    bench.put(codes::SUBNET_MASK, b"\xff\xff\xff\0");
    let reply = bench_with_much(bench).answer(b"");
    assert_eq!(reply.len(), 300);
    let order: Vec<u8> = tlvs(&reply[240..]).iter().map(|tlv| tlv.0).collect();
    assert_eq!(order, [1, 204, 52]);
    assert_eq!(tlvs(&reply[108..236])[0].0, 203);
}

#[test]
fn static_bootp_does_not_overload_and_a_bare_request_gets_its_vendor_area_back() {
    let mut bench = Bench::bare(ReplyKind::StaticBootp);
    bench.put(codes::SUBNET_MASK, b"\xff\xff\xff\0");
    let bench = bench_with_much(bench);
    assert_eq!(bench.codes(b""), [1, 204]);

    let bare = message(b"")[..FIXED_LENGTH].to_vec();
    let mut with_vendor = bare.clone();
    with_vendor.extend(b"vendor text");
    let request = Request::read(&with_vendor, &bench.registry, &mut Vec::new()).unwrap();
    let reply = Reply {
        kind: ReplyKind::StaticBootp,
        header: request.view.header(),
        chaddr: *request.view.chaddr(),
        file: b"",
        sname: b"",
    };
    let bytes = reply.build_with_vendor_area_of(&request);
    assert_eq!(bytes.len(), 300);
    assert_eq!(bytes[236..247], *b"vendor text");
}

#[test]
fn long_values_are_cut_into_pieces() {
    let mut bench = Bench::offer();
    bench.put(codes::ROUTERS, b"\x0a\x09\0\x01");
    bench.put(codes::HOST_NAME, b"hn");
    bench.put(codes::DOMAIN_NAME, b"dd");
    bench.put(OptionId::dhcp(200), &[b'a'; 360]);
    let reply = bench.answer(DISCOVER);
    assert_eq!(reply.len(), 548);
    let main: Vec<(u8, usize)> = tlvs(&reply[240..])
        .iter()
        .map(|tlv| (tlv.0, tlv.1.len()))
        .collect();
    let expected = [
        (53, 1),
        (54, 4),
        (51, 4),
        (1, 4),
        (3, 4),
        (12, 2),
        (200, 255),
        (200, 15),
        (52, 1),
    ];
    assert_eq!(main, expected);
    let file: Vec<(u8, usize)> = tlvs(&reply[108..236])
        .iter()
        .map(|tlv| (tlv.0, tlv.1.len()))
        .collect();
    assert_eq!(file, [(200, 90), (15, 2)]);
}

#[test]
fn text_ends_in_nul_for_clients_that_do_so() {
    let mut bench = Bench::offer();
    bench.put(codes::HOST_NAME, b"hn");
    bench.put(codes::DOMAIN_NAME, b"dd");
    let request = b"\x35\x01\x01\x0c\x03hn\0\x37\x02\x0c\x0f";
    let reply = bench.answer(request);
    let options = tlvs(&reply[240..]);
    assert_eq!(options[3], (12, b"hn\0".to_vec()));
    assert_eq!(options[4], (15, b"dd\0".to_vec()));
    assert_eq!(options[5], (1, vec![255, 255, 255, 0]));
}

#[test]
fn empty_values_are_never_sent() {
    let mut bench = Bench::offer();
    bench.put(codes::HOST_NAME, b"");
    assert_eq!(bench.value(DISCOVER, 12), None);
}

#[test]
fn relay_agent_information_comes_back_last() {
    let mut bench = Bench::offer();
    bench.put_all(&[15]);
    let mut options = discover_with_list(&[82, 15]);
    options.extend(b"\x52\x08\x01\x01c\x97\x03xyz");
    assert_eq!(bench.codes(&options), [53, 54, 51, 15, 1, 82]);
    assert_eq!(bench.value(&options, 82).unwrap(), b"\x01\x01c\x97\x03xyz");
    let mut empty = DISCOVER.to_vec();
    empty.extend(b"\x52\x00");
    assert_eq!(bench.value(&empty, 82), None);
}

#[test]
fn configured_agent_options_go_to_clients_without_a_relay() {
    let mut bench = Bench::offer();
    let sub = |code| OptionId {
        space: SpaceId::AGENT,
        code,
    };
    bench.put(sub(2), b"rem");
    bench.put(sub(1), b"circ");
    assert_eq!(
        bench.value(DISCOVER, 82).unwrap(),
        b"\x02\x03rem\x01\x04circ"
    );
}

#[test]
fn configured_agent_options_are_merged_into_those_of_the_relay() {
    let mut bench = Bench::offer();
    let sub = |code| OptionId {
        space: SpaceId::AGENT,
        code,
    };
    bench.put(sub(2), b"d,V");
    let mut options = DISCOVER.to_vec();
    options.extend(b"\x52\x03\x01\x01\x9a");
    let measured = b"\x01\x01\x9a\x02\x03d,V";
    assert_eq!(bench.value(&options, 82).unwrap(), measured);
    bench.put(sub(1), b"own");
    let replaced = b"\x01\x03own\x02\x03d,V";
    assert_eq!(bench.value(&options, 82).unwrap(), replaced);
}

#[test]
fn a_fixed_bootp_address_comes_without_the_relays_information() {
    let mut bench = Bench::bare(ReplyKind::StaticBootp);
    bench.put(codes::SUBNET_MASK, b"\xff\xff\xff\0");
    assert_eq!(bench.codes(b"\x52\x03\x01\x01c"), [1]);
}

#[test]
fn where_nothing_fits_into_the_vendor_area_nothing_is_sent_at_all() {
    let mut bench = Bench::bare(ReplyKind::DynamicBootp);
    bench.put(OptionId::dhcp(200), &[b'x'; 100]);
    let reply = bench.answer(b"\x37\x01\xc8\x52\x03\x01\x01c");
    assert_eq!(reply.len(), 300);
    assert!(reply[44..].iter().all(|octet| *octet == 0));
}

#[test]
fn the_vendor_option_space_fills_option_43() {
    let mut bench = Bench::offer();
    let space = bench.registry.define_space("vs", 1, 1).unwrap();
    for (code, value) in [(1, "A"), (2, "B"), (17, "Q"), (34, "R")] {
        let id = bench.define_text(space, code);
        bench.put(id, value.as_bytes());
    }
    assert_eq!(bench.value(DISCOVER, 43), None);
    bench.put(codes::VENDOR_OPTION_SPACE, b"vs");
    let measured = b"\x11\x01Q\x01\x01A\x02\x01B\x22\x01R";
    assert_eq!(bench.value(DISCOVER, 43).unwrap(), measured);
    bench.put_all(&[15]);
    let list = discover_with_list(&[43, 15]);
    assert_eq!(bench.codes(&list), [53, 54, 51, 43, 15, 1]);
    bench.put(codes::VENDOR_ENCAPSULATED_OPTIONS, b"own");
    assert_eq!(bench.value(DISCOVER, 43).unwrap(), b"own");
}

#[test]
fn an_unknown_vendor_option_space_is_noted() {
    let mut bench = Bench::offer();
    bench.put(codes::VENDOR_OPTION_SPACE, b"nowhere");
    let (_, notes) = bench.answer_bytes(&message(DISCOVER)).unwrap();
    assert_eq!(notes, [ReplyNote::UnknownOptionSpace("nowhere".to_owned())]);
}

#[test]
fn vendor_options_are_packed_by_enterprise() {
    let mut bench = Bench::offer();
    let inner = bench.registry.define_space("ent", 1, 1).unwrap();
    let holder = OptionId {
        space: SpaceId::VENDOR,
        code: 3561,
    };
    let format = Format::single(Field::Encapsulate(Some(inner)));
    bench.registry.define(holder, "e1", format).unwrap();
    let one = bench.define_text(inner, 1);
    bench.put(one, b"E1");
    bench.put(
        OptionId {
            space: SpaceId::ISC,
            code: 1,
        },
        b"med",
    );
    assert_eq!(
        bench.value(DISCOVER, 125),
        None,
        "nothing is set in the space itself"
    );

    let other = bench.define_text(SpaceId::VENDOR, 9);
    bench.put(other, b"o");
    let measured = b"\0\0\0\x09\x01o\0\0\x09\xbf\x07\0\x01\0\x03med\0\0\x0d\xe9\x04\x01\x02E1";
    assert_eq!(bench.value(DISCOVER, 125).unwrap(), measured);

    bench.put(
        OptionId {
            space: SpaceId::VENDOR_CLASS,
            code: 2495,
        },
        b"vc",
    );
    assert_eq!(bench.value(DISCOVER, 124).unwrap(), b"\0\0\x09\xbf\x02vc");
    let order = bench.codes(DISCOVER);
    assert_eq!(order, [53, 54, 51, 1, 124, 125]);
}

#[test]
fn a_users_own_encapsulation_is_sent_when_its_space_has_options() {
    let mut bench = Bench::offer();
    let space = bench.registry.define_space("own", 1, 1).unwrap();
    let format = Format::single(Field::Encapsulate(Some(space)));
    bench
        .registry
        .define(OptionId::dhcp(201), "own-options", format)
        .unwrap();
    let id = bench.define_text(space, 5);
    assert_eq!(bench.value(DISCOVER, 201), None);
    bench.put(id, b"v");
    assert_eq!(bench.value(DISCOVER, 201).unwrap(), b"\x05\x01v");
    assert_eq!(
        bench.value(&discover_with_list(&[201]), 201).unwrap(),
        b"\x05\x01v"
    );
}

#[test]
fn definitions_in_a_circle_end() {
    let mut bench = Bench::offer();
    let space = bench.registry.define_space("loop", 1, 1).unwrap();
    let format = Format::single(Field::Encapsulate(Some(space)));
    let holder = OptionId { space, code: 2 };
    let text = bench.define_text(space, 1);
    bench
        .registry
        .define(OptionId::dhcp(201), "entry", format.clone())
        .unwrap();
    bench.registry.define(holder, "again", format).unwrap();
    bench.put(text, b"v");
    assert!(bench.value(&discover_with_list(&[201]), 201).is_some());
}

#[test]
fn a_site_option_space_takes_over_the_high_codes() {
    let mut bench = Bench::offer();
    let space = bench.registry.define_space("site", 1, 1).unwrap();
    let id = bench.define_text(space, 230);
    bench.put(id, b"of the site");
    bench.put(OptionId::dhcp(230), b"of dhcp");
    bench.put(codes::DOMAIN_NAME, b"dd");
    assert_eq!(bench.value(DISCOVER, 230).unwrap(), b"of dhcp");
    bench.put(codes::SITE_OPTION_SPACE, b"site");
    assert_eq!(bench.value(DISCOVER, 230).unwrap(), b"of the site");
    assert_eq!(bench.codes(DISCOVER), [53, 54, 51, 1, 15, 230]);
    bench.put(codes::SITE_OPTION_SPACE, b"nowhere");
    let refused = bench.answer_bytes(&message(DISCOVER)).unwrap_err();
    assert_eq!(refused, ReplyError::UnknownSiteSpace("nowhere".to_owned()));
}

#[test]
fn a_client_fqdn_is_packed_from_its_parts() {
    let mut bench = Bench::offer();
    bench.put(super::fqdn_part::FQDN, b"a.ex");
    bench.put(super::fqdn_part::SERVER_UPDATE, &[1]);
    assert_eq!(bench.value(DISCOVER, 81).unwrap(), b"\x01\0\0a.ex");
    let asked = discover_with_list(&[15]);
    assert_eq!(bench.value(&asked, 81), None);
    let mut sent = asked;
    sent.extend(b"\x51\x04\0\0\0h");
    assert_eq!(bench.value(&sent, 81).unwrap(), b"\x01\0\0a.ex");
}

#[test]
fn a_refusal_ignores_the_list_and_the_terminating_nul() {
    let mut bench = Bench::bare(ReplyKind::Nak);
    bench.put(codes::DHCP_MESSAGE_TYPE, b"\x06");
    bench.put(codes::DHCP_MESSAGE, b"wrong address");
    bench.put(codes::DHCP_SERVER_IDENTIFIER, b"\x0a\x09\0\x01");
    let request = b"\x35\x01\x03\x37\x01\x0f\x0c\x02h\0";
    let reply = bench.answer(request);
    let options = tlvs(&reply[240..]);
    assert_eq!(options[2], (56, b"wrong address".to_vec()));
    assert_eq!(Ipv4Addr::new(10, 9, 0, 1).octets().to_vec(), options[1].1);
}

proptest! {
    #[test]
    fn any_values_for_any_request_make_a_legal_reply(
        values in proptest::collection::vec((1..=254_u8, proptest::collection::vec(any::<u8>(), 0..600)), 0..30),
        options in proptest::collection::vec(any::<u8>(), 0..500),
        kind in 0..5_usize,
    ) {
        let kinds = [
            ReplyKind::Lease,
            ReplyKind::Inform,
            ReplyKind::Nak,
            ReplyKind::DynamicBootp,
            ReplyKind::StaticBootp,
        ];
        let bench = Bench::bare(kinds[kind]);
        let mut set = OptionSet::new();
        for (code, value) in &values {
            set.put(OptionId::dhcp(*code), value.as_slice(), "test");
        }
        let bytes = message(&options);
        let Ok(request) = Request::read(&bytes, &bench.registry, &mut Vec::new()) else {
            return Ok(());
        };
        let names = ResolvedNames::default();
        let context = Context::new(&bench.registry, &names, Time::from_seconds(0));
        let reply = Reply {
            kind: bench.kind,
            header: request.view.header(),
            chaddr: *request.view.chaddr(),
            file: b"",
            sname: b"",
        };
        let built = reply.build(&request, &context.over(&set), &mut Vec::new()).unwrap();
        prop_assert!((300..=1500 - 28).contains(&built.len()));
        let again = super::View::new(&built).unwrap();
        let mut notes = Vec::new();
        prop_assert!(super::Options::read(&again, &bench.registry, &mut notes).is_ok());
    }
}
