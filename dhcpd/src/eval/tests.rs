//! Expressions and statements against what was measured on the original.

use std::net::Ipv4Addr;

use common::log::Level;
use common::syntax::Place;
use common::time::Time;
use pretty_assertions::assert_eq;

use super::ast::{
    Action, Assignment, Block, Boolean, Call, Connective, Data, Expression, Function, Number,
    Operator, Part, Statement,
};
use super::chain::Chain;
use super::{
    Context, Flag, LeaseFacts, NESTING_LIMIT, ResolvedNames, execute, execute_scope_chain,
};
use crate::config::model::{Config, Scope, ScopeId};
use crate::options::{OptionId, OptionSet, Registry, codes};
use crate::wire::{FIXED_LENGTH, MAGIC_COOKIE, Request};

fn text(value: &str) -> Data {
    Data::Constant(value.as_bytes().into())
}

fn number(value: i64) -> Box<Number> {
    Box::new(Number::Constant(value))
}

fn equal(left: &str, right: &str) -> Boolean {
    Boolean::DataEqual(text(left).into(), text(right).into())
}

fn and(left: Boolean, right: Boolean) -> Boolean {
    let mut chain = Chain::of(left);
    chain.push(Connective::And, right);
    Boolean::Junction(chain.into())
}

fn or(left: Boolean, right: Boolean) -> Boolean {
    let mut chain = Chain::of(left);
    chain.push(Connective::Or, right);
    Boolean::Junction(chain.into())
}

/// A condition that is null.
fn null() -> Boolean {
    // `known` without a packet.
    Boolean::Known
}

fn statement(action: Action) -> Statement {
    Statement {
        place: Place::default(),
        action,
    }
}

fn assign(option: OptionId, how: Assignment, value: Data) -> Statement {
    statement(Action::Assign { option, how, value })
}

fn set(option: OptionId, value: Data) -> Statement {
    assign(option, Assignment::Replace, value)
}

/// Runs `test` in a context without packet and lease, with the options that `block` sets.
fn with_block<T>(block: &Block, test: impl FnOnce(&Context<'_>, &OptionSet<'_>) -> T) -> T {
    let (registry, mut names) = (Registry::built_in(), ResolvedNames::default());
    let addresses = vec![Ipv4Addr::new(10, 9, 0, 1), Ipv4Addr::new(10, 9, 0, 2)];
    names.addresses.insert("gw".into(), addresses);
    names.addresses.insert("nobody".into(), Vec::new());
    let context = Context::new(&registry, &names, Time::from_seconds(1_000));
    let mut options = OptionSet::new();
    execute(block, &context, &mut options);
    test(&context, &options)
}

fn data(expression: &Data) -> Option<Vec<u8>> {
    with_block(&Vec::new(), |context, options| {
        let value = context.over(options).data(expression);
        value.map(|bytes| bytes.to_vec())
    })
}

fn boolean(expression: &Boolean) -> Option<bool> {
    with_block(&Vec::new(), |context, options| {
        context.over(options).boolean(expression)
    })
}

fn value(block: &Block, id: OptionId) -> Option<Vec<u8>> {
    with_block(block, |context, options| {
        let value = context.over(options).value(id);
        value.map(|bytes| bytes.to_vec())
    })
}

fn logged(expression: &Data) -> (Level, String) {
    with_block(&Vec::new(), |context, options| {
        assert_eq!(context.over(options).data(expression), None);
        let line = context.take_lines().remove(0);
        (line.level, line.text)
    })
}

#[test]
fn null_equals_null_only() {
    let null = || Box::new(Data::Null);
    let some = || Box::new(text("x"));
    assert_eq!(boolean(&Boolean::DataEqual(null(), null())), Some(true));
    assert_eq!(boolean(&Boolean::DataEqual(null(), some())), Some(false));
    assert_eq!(boolean(&Boolean::DataUnequal(null(), some())), Some(true));
    assert_eq!(boolean(&equal("a", "A")), Some(false));
}

#[test]
fn and_is_null_where_its_left_side_is_not_true() {
    let (yes, no) = (|| equal("a", "a"), || equal("a", "b"));
    assert_eq!(boolean(&and(yes(), yes())), Some(true));
    assert_eq!(boolean(&and(yes(), no())), Some(false));
    assert_eq!(boolean(&and(no(), yes())), None);
    assert_eq!(boolean(&and(null(), yes())), None);
    let negated = Boolean::Not(and(no(), yes()).into());
    assert_eq!(boolean(&negated), None);
}

#[test]
fn or_is_null_only_where_both_sides_are() {
    let (yes, no) = (|| equal("a", "a"), || equal("a", "b"));
    assert_eq!(boolean(&or(null(), yes())), Some(true));
    assert_eq!(boolean(&or(null(), null())), None);
    assert_eq!(boolean(&or(no(), null())), Some(false));
    assert_eq!(boolean(&or(no(), no())), Some(false));
    let nested = or(no(), and(no(), yes()));
    assert_eq!(boolean(&nested), Some(false));
}

#[test]
fn a_chain_of_any_length_is_evaluated_without_recursion() {
    let mut chain = Chain::of(equal("x", "x"));
    for _ in 0..100_000 {
        let no = Chain::of(equal("a", "b"));
        chain = no.before(Connective::Or, chain);
    }
    for _ in 0..100_000 {
        chain.push(Connective::Or, equal("a", "b"));
    }
    assert_eq!(boolean(&Boolean::Junction(chain.into())), Some(true));
}

#[test]
fn parts_of_data_are_clipped_not_null() {
    let part = |offset, length| {
        data(&Data::Substring(
            text("abcdef").into(),
            number(offset),
            number(length),
        ))
    };
    assert_eq!(part(2, 100).unwrap(), b"cdef");
    assert_eq!(part(9, 1).unwrap(), b"");
    assert_eq!(part(1, 2).unwrap(), b"bc");
    assert_eq!(part(-1, 2).unwrap(), b"");
    let suffix = |length| data(&Data::Suffix(text("abc").into(), number(length)));
    assert_eq!(suffix(2).unwrap(), b"bc");
    assert_eq!(suffix(9).unwrap(), b"abc");
}

#[test]
fn concat_is_null_and_pick_is_not_if_one_part_is_null() {
    assert_eq!(data(&Data::Concat(vec![text("a"), Data::Null])), None);
    assert_eq!(
        data(&Data::Concat(vec![text("a"), text("b")])).unwrap(),
        b"ab"
    );
    let pick = Data::Pick(vec![Data::Null, text(""), text("b")]);
    assert_eq!(data(&pick).unwrap(), b"");
    assert_eq!(data(&Data::Upper(text("aB1").into())).unwrap(), b"AB1");
    assert_eq!(data(&Data::Lower(text("aB1").into())).unwrap(), b"ab1");
}

#[test]
fn reverse_wants_whole_groups() {
    let reverse = |width, value| Data::Reverse(number(width), text(value).into());
    assert_eq!(data(&reverse(2, "abcdef")).unwrap(), b"efcdab");
    assert_eq!(data(&reverse(0, "")), None);
    let line = "reverse: length of buffer 3 not a multiple of width 4!";
    assert_eq!(logged(&reverse(4, "abc")), (Level::Info, line.to_owned()));
}

#[test]
fn numbers_are_printed_in_digits() {
    let ascii = |base, width, value: &[u8]| Data::BinaryToAscii {
        base: number(base),
        width: number(width),
        separator: text(".").into(),
        data: Data::Constant(value.into()).into(),
    };
    assert_eq!(
        data(&ascii(10, 8, &[10, 9, 0, 255])).unwrap(),
        b"10.9.0.255"
    );
    assert_eq!(data(&ascii(16, 8, &[2, 0x11, 0xab])).unwrap(), b"2.11.ab");
    assert_eq!(data(&ascii(10, 16, b"\x3b\x9a")).unwrap(), b"15258");
    assert_eq!(data(&ascii(17, 8, &[1, 2, 255])).unwrap(), b"..");
    let line = "binary_to_ascii: invalid width 7!";
    assert_eq!(
        logged(&ascii(10, 7, b"abc")),
        (Level::Info, line.to_owned())
    );
    let line = "binary-to-ascii: length of buffer 3 not a multiple of width 2!";
    assert_eq!(
        logged(&ascii(10, 16, b"abc")),
        (Level::Info, line.to_owned())
    );
}

#[test]
fn arithmetic_wraps_and_division_by_zero_is_null() {
    let encode = |operator, left, right| {
        let mut chain = Chain::of(*number(left));
        chain.push(operator, *number(right));
        let sum = Number::Arithmetic(chain.into());
        data(&Data::EncodeInt(sum.into(), 16))
    };
    assert_eq!(encode(Operator::Add, 1, 2).unwrap(), [0, 3]);
    assert_eq!(encode(Operator::Add, -3, 1).unwrap(), [0xff, 0xfe]);
    assert_eq!(encode(Operator::Divide, 7, 2).unwrap(), [0, 3]);
    assert_eq!(encode(Operator::Divide, 7, 0), None);
    assert_eq!(encode(Operator::Remainder, 7, 0), None);
    assert_eq!(encode(Operator::And, 6, 3).unwrap(), [0, 2]);
    let extract = |value: &str, width| Box::new(Number::ExtractInt(text(value).into(), width));
    let same = |left, right| boolean(&Boolean::NumberEqual(left, right));
    assert_eq!(same(extract("\x01", 8), number(1)), Some(true));
    assert_eq!(same(extract("", 16), extract("", 32)), Some(true));
}

#[test]
fn host_names_become_all_their_addresses_or_null() {
    let parts = |name: &str| {
        let known = Part::Bytes([1, 1, 1, 1].into());
        Data::Assembled(vec![known, Part::Addresses(name.into())])
    };
    let expected = [1, 1, 1, 1, 10, 9, 0, 1, 10, 9, 0, 2];
    assert_eq!(data(&parts("gw")).unwrap(), expected);
    assert_eq!(data(&parts("nobody")), None);
    assert_eq!(data(&parts("never asked")), None);
}

#[test]
fn without_packet_and_lease_facts_are_null_and_that_is_logged() {
    let error = |line: &str| (Level::Error, line.to_owned());
    let hardware = "data: hardware: no raw packet or lease is available";
    assert_eq!(logged(&Data::Hardware), error(hardware));
    let host = "data: host_decl_name: not available";
    assert_eq!(logged(&Data::HostName), error(host));
    let packet = "data: packet: raw packet not available";
    assert_eq!(logged(&Data::Packet(number(0), number(1))), error(packet));
    assert_eq!(logged(&Data::LeasedAddress).0, Level::Debug);
    assert_eq!(data(&Data::Filename), None);
    assert_eq!(boolean(&Boolean::Static), Some(false));
    assert_eq!(boolean(&Boolean::Exists(codes::HOST_NAME)), Some(false));
}

#[test]
fn a_request_and_a_lease_are_seen() {
    let mut bytes = vec![0; FIXED_LENGTH];
    bytes[0..3].copy_from_slice(&[1, 1, 6]);
    bytes[28..34].copy_from_slice(b"\x02\x11\x11\x11\x11\x01");
    bytes[108..112].copy_from_slice(b"boot");
    bytes.extend(MAGIC_COOKIE);
    bytes.extend(b"\x35\x01\x01\x4d\x04iPXE\x0d\0\xff");
    let (registry, names) = (Registry::built_in(), ResolvedNames::default());
    let request = Request::read(&bytes, &registry, &mut Vec::new()).unwrap();
    let mut context = Context::new(&registry, &names, Time::from_seconds(1_000));
    context.request = Some(&request);
    context.lease = Some(LeaseFacts {
        address: Ipv4Addr::new(10, 9, 0, 10),
        ends: Time::from_seconds(1_120),
        host: Some("h1"),
        hardware: None,
        is_static: true,
    });
    let options = OptionSet::new();
    let values = context.over(&options);
    let user_class = Data::Option(codes::USER_CLASS);
    assert_eq!(values.data(&user_class).unwrap(), b"iPXE".as_slice().into());
    let hardware = values.data(&Data::Hardware).unwrap().to_vec();
    assert_eq!(hardware, b"\x01\x02\x11\x11\x11\x11\x01");
    assert_eq!(
        values.data(&Data::Filename).unwrap(),
        b"boot".as_slice().into()
    );
    assert_eq!(values.data(&Data::ServerName), None);
    let head = Data::Packet(number(0), number(3));
    assert_eq!(values.data(&head).unwrap(), [1, 1, 6].as_slice().into());
    let beyond = Data::Packet(number(9_999), number(3));
    assert_eq!(values.data(&beyond), None);
    assert_eq!(
        values.data(&Data::LeasedAddress).unwrap(),
        [10, 9, 0, 10].as_slice().into()
    );
    assert_eq!(
        values.data(&Data::HostName).unwrap(),
        b"h1".as_slice().into()
    );
    assert_eq!(values.number(&Number::LeaseTime), Some(120));
    assert_eq!(
        values.boolean(&Boolean::Exists(codes::BOOT_SIZE)),
        Some(true)
    );
    assert_eq!(values.boolean(&Boolean::Known), Some(false));
    assert!(values.holds(&Boolean::Static));
}

#[test]
fn values_are_evaluated_when_they_are_read() {
    let refers = Data::Concat(vec![text("x"), Data::ConfigOption(codes::DOMAIN_NAME)]);
    let block = vec![
        set(codes::HOST_NAME, refers),
        set(codes::DOMAIN_NAME, text("dom")),
        assign(codes::HOST_NAME, Assignment::Append, text("-app")),
        assign(codes::HOST_NAME, Assignment::Prepend, text("pre-")),
    ];
    assert_eq!(value(&block, codes::HOST_NAME).unwrap(), b"pre-xdom-app");
}

#[test]
fn values_that_refer_to_each_other_are_null() {
    let block = vec![
        set(codes::HOST_NAME, Data::ConfigOption(codes::DOMAIN_NAME)),
        set(codes::DOMAIN_NAME, Data::ConfigOption(codes::HOST_NAME)),
    ];
    assert_eq!(value(&block, codes::HOST_NAME), None);
}

/// Options 1 to 40, each of which is made of the next by `value`.
fn ladder(value: impl Fn(Data) -> Data) -> Block {
    let step = |code: u8| {
        let next = Data::ConfigOption(OptionId::dhcp(code + 1));
        set(OptionId::dhcp(code), value(next))
    };
    (1..=40).map(step).collect()
}

#[test]
fn the_deepest_values_that_a_configuration_can_hold_do_not_overflow_the_stack() {
    let deep = |data| (0..NESTING_LIMIT).fold(data, |data, _| Data::Lower(Box::new(data)));
    assert_eq!(value(&ladder(deep), OptionId::dhcp(1)), None);
}

#[test]
fn values_that_mention_each_other_often_come_to_an_end() {
    let wide = |data: Data| Data::Pick(vec![data.clone(), data.clone(), data.clone(), data]);
    assert_eq!(value(&ladder(wide), OptionId::dhcp(1)), None);
}

#[test]
fn compressed_lists_are_appended_as_lists() {
    let list = |bytes: &[u8]| Data::Constant(bytes.into());
    let block = vec![
        set(
            codes::DOMAIN_SEARCH,
            list(b"\x01a\x01b\x01c\0\x01x\xc0\x02"),
        ),
        assign(
            codes::DOMAIN_SEARCH,
            Assignment::Append,
            list(b"\x01q\x01b\x01c\0"),
        ),
    ];
    let measured = b"\x01a\x01b\x01c\0\x01x\xc0\x02\x01q\xc0\x02";
    assert_eq!(value(&block, codes::DOMAIN_SEARCH).unwrap(), measured);
}

#[test]
fn the_first_true_branch_is_taken_and_break_ends_its_block_only() {
    let broken = vec![
        set(codes::HOST_NAME, text("first")),
        statement(Action::Break),
        set(codes::HOST_NAME, text("never")),
    ];
    let second = vec![set(codes::HOST_NAME, text("second"))];
    let block = vec![
        statement(Action::If {
            branches: vec![
                (null(), second.clone()),
                (equal("a", "a"), broken),
                (equal("a", "a"), second.clone()),
            ],
            otherwise: second,
        }),
        set(codes::DOMAIN_NAME, text("after")),
    ];
    assert_eq!(value(&block, codes::HOST_NAME).unwrap(), b"first");
    assert_eq!(value(&block, codes::DOMAIN_NAME).unwrap(), b"after");
}

#[test]
fn log_lines_come_back_in_order_and_null_logs_nothing() {
    let log = |level, text| statement(Action::Log { level, text });
    let block = vec![
        log(Level::Info, text("one")),
        log(Level::Info, Data::Null),
        log(Level::Error, text("")),
    ];
    let lines = with_block(&block, |context, _| context.take_lines());
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| (line.level, line.text))
        .collect();
    let expected = [
        (Level::Info, "one".to_owned()),
        (Level::Error, String::new()),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn functions_that_call_themselves_without_end_are_given_up_with_one_line() {
    let again = || {
        statement(Action::Evaluate(Expression::Call(Call {
            name: "again".into(),
            arguments: vec![Expression::Data(text("x"))],
        })))
    };
    let function = Function {
        parameters: vec!["value".into()],
        body: vec![again(), again()],
    };
    let define = statement(Action::Define("again".into(), function.into()));
    let block = vec![define, again(), again()];
    let lines = with_block(&block, |context, _| context.take_lines());
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["again: too many calls within calls."]);
}

#[test]
fn settings_are_read_in_their_types() {
    let constant = |bytes: &[u8]| Data::Constant(bytes.into());
    let block = vec![
        set(codes::ALLOW_BOOTING, constant(&[2])),
        set(codes::ALLOW_BOOTP, Data::Null),
        set(codes::PING_CHECK, constant(&[1])),
        set(codes::DEFAULT_LEASE_TIME, constant(&[0, 0, 2, 88])),
        set(codes::NEXT_SERVER, constant(&[10, 9, 0, 1, 10, 9, 0, 2])),
        set(codes::LOCAL_PORT, constant(&[4, 0x2b])),
        set(codes::MIN_SECS, constant(&[3])),
        set(codes::FILENAME, text("pxelinux.0")),
    ];
    with_block(&block, |context, options| {
        let values = context.over(options);
        assert_eq!(values.flag(codes::ALLOW_BOOTING), Some(Flag::Ignore));
        assert_eq!(values.flag(codes::ALLOW_BOOTP), Some(Flag::Deny));
        assert_eq!(values.flag(codes::DECLINES), None);
        assert!(values.is_on(codes::PING_CHECK, Flag::Deny));
        assert!(values.is_on(codes::DECLINES, Flag::Allow));
        assert_eq!(values.seconds(codes::DEFAULT_LEASE_TIME), Some(600));
        assert_eq!(values.seconds(codes::LOCAL_PORT), None);
        let server = Some(Ipv4Addr::new(10, 9, 0, 1));
        assert_eq!(values.address(codes::NEXT_SERVER), server);
        assert_eq!(values.uint16(codes::LOCAL_PORT), Some(1067));
        assert_eq!(values.uint8(codes::MIN_SECS), Some(3));
        assert_eq!(values.text(codes::FILENAME).as_deref(), Some("pxelinux.0"));
    });
}

/// Root, shared network, subnet and pool, each of which appends its letter; the pool's parent is the network.
fn nested_config() -> Config {
    let scope = |letter: &str, parent: Option<u32>| Scope {
        parent: parent.map(ScopeId),
        authoritative: false,
        statements: vec![assign(codes::HOST_NAME, Assignment::Append, text(letter))],
        place: Place::default(),
    };
    Config {
        scopes: vec![
            scope("r", None),
            scope("n", Some(0)),
            scope("s", Some(1)),
            scope("p", Some(1)),
        ],
        ..Config::default()
    }
}

#[test]
fn scopes_run_from_the_outermost_and_stop_at_what_ran_before() {
    let config = nested_config();
    let run = |scope: u32, until: Option<u32>| {
        let (registry, names) = (Registry::built_in(), ResolvedNames::default());
        let context = Context::new(&registry, &names, Time::default());
        let mut options = OptionSet::new();
        let until = until.map(ScopeId);
        execute_scope_chain(&config, ScopeId(scope), until, &context, &mut options);
        let value = context.over(&options).text(codes::HOST_NAME);
        value.unwrap_or_default()
    };
    assert_eq!(run(2, None), "rns");
    assert_eq!(run(3, Some(1)), "p");
    assert_eq!(run(3, Some(2)), "p");
    assert_eq!(run(2, Some(2)), "");
    assert_eq!(run(99, None), "");
}
