//! What is made of correct configurations.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use common::net::HardwareAddress;
use pretty_assertions::assert_eq;

use super::{accept, read};
use crate::config::model::{Config, FixedAddress, NetworkId, Permit, ScopeId, SubnetId};
use crate::config::parse_block;
use crate::eval::ast::{Action, Boolean, Connective, Data, Part};
use crate::eval::chain::Chain;
use crate::eval::print_block;
use crate::options::{OptionId, SpaceId};

fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

/// The bytes that a configuration's root scope sets an option to.
fn root_value(text: &str, option: &str) -> Vec<u8> {
    let config = accept(text);
    let (space, name) = option.split_once('.').unwrap();
    let space = config.options.space_named(space).unwrap();
    let id = config.options.option(space, name).unwrap();
    let mut statements = config.scopes[0].statements.iter().rev();
    statements
        .find_map(|statement| match &statement.action {
            Action::Assign {
                option,
                value: Data::Constant(bytes),
                ..
            } if *option == id => Some(bytes.to_vec()),
            _ => None,
        })
        .unwrap()
}

#[test]
fn values_are_encoded_by_the_type_of_their_option() {
    let cases: &[(&str, &str, &[u8])] = &[
        (
            "option routers 10.0.0.1, 10.0.0.2;",
            "dhcp.routers",
            &[10, 0, 0, 1, 10, 0, 0, 2],
        ),
        (
            "option domain-name \"a\\x41\\102\";",
            "dhcp.domain-name",
            b"aAB",
        ),
        (
            "option interface-mtu 0x5dc;",
            "dhcp.interface-mtu",
            &[5, 0xDC],
        ),
        (
            "option time-offset -3600;",
            "dhcp.time-offset",
            &[0xFF, 0xFF, 0xF1, 0xF0],
        ),
        ("option ip-forwarding on;", "dhcp.ip-forwarding", &[1]),
        (
            "option dhcp-client-identifier 1:a:ff;",
            "dhcp.dhcp-client-identifier",
            &[1, 10, 255],
        ),
        (
            "option domain-search \"b.c\", \"a.b.c\";",
            "dhcp.domain-search",
            b"\x01b\x01c\0\x01a\xC0\0",
        ),
        (
            "option slp-directory-agent true 10.0.0.1, 10.0.0.2;",
            "dhcp.slp-directory-agent",
            &[1, 10, 0, 0, 1, 10, 0, 0, 2],
        ),
        (
            "default-lease-time 600;",
            "server.default-lease-time",
            &[0, 0, 2, 0x58],
        ),
        (
            "max-lease-time infinite;",
            "server.max-lease-time",
            &[0xFF; 4],
        ),
        ("ignore bootp;", "server.allow-bootp", &[2]),
        ("filename pxeboot;", "server.filename", b"pxeboot"),
        ("log-facility local7;", "server.log-facility", &[184]),
        (
            "option x code 222 = array of { ip-address, integer 8 };\noption x 1.2.3.4 5, 6.7.8.9 -1;",
            "dhcp.x",
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 255],
        ),
        (
            "option space pxe;\noption pxe.menu code 9 = text;\noption pxe.menu \"m\";",
            "pxe.menu",
            b"m",
        ),
        ("option unknown-222 \"abc\";", "dhcp.unknown-222", b"abc"),
    ];
    for (text, option, expected) in cases {
        assert_eq!(root_value(text, option), *expected, "{text}");
    }
}

#[test]
fn host_names_in_values_are_kept_for_the_resolver() {
    let config = accept("option routers gw.example.org, 10.0.0.1;\nnext-server boot;\n");
    let names: Vec<&str> = config.names.iter().map(|name| &**name).collect();
    assert_eq!(names, ["gw.example.org", "boot"]);
    let values: Vec<&Data> = config.scopes[0]
        .statements
        .iter()
        .map(|statement| match &statement.action {
            Action::Assign { value, .. } => value,
            other => panic!("{other:?}"),
        })
        .collect();
    let routers = vec![
        Part::Addresses("gw.example.org".into()),
        Part::Bytes([10, 0, 0, 1].into()),
    ];
    assert_eq!(*values[0], Data::Assembled(routers));
    let server = vec![Part::FirstAddress("boot".into())];
    assert_eq!(*values[1], Data::Assembled(server));
}

/// The text of the last `on` block of a configuration's root scope.
fn handler_text(text: &str) -> String {
    text_of_handler(&accept(text))
}

fn text_of_handler(config: &Config) -> String {
    let Action::On(_, Some(handler)) = &config.scopes[0].statements.last().unwrap().action else {
        panic!("no block at the end");
    };
    String::from_utf8(handler.text.to_vec()).unwrap()
}

#[test]
fn blocks_are_written_so_that_they_can_be_read_also_where_the_original_cannot() {
    let cases = [
        (r#"eval "q\"uo\\te";"#, r#"eval "q\"uo\\te";"#),
        (r#"add "some";"#, r#"add "some";"#),
        (
            "define twice(value, more) { return value; }",
            "define twice (value, more) {\n      return;\n    }",
        ),
        (
            "eval concat(filename, server-name, gethostname());",
            "eval concat (concat (filename, server-name), gethostname());",
        ),
    ];
    for (statement, expected) in cases {
        let text = format!("class \"some\" {{ }}\non expiry {{ {statement} }}\n");
        let config = accept(&text);
        let written = text_of_handler(&config);
        assert_eq!(written, format!("\n    {expected}"));
        let read = parse_block(written.as_bytes(), &config).unwrap();
        assert_eq!(print_block(&read, &config.options, 4), written);
    }
}

#[test]
fn what_the_configuration_does_not_have_cannot_be_read_in_a_block() {
    let config = accept("");
    for text in ["add \"some\";", "option own.none 1;", "return", "}"] {
        assert_eq!(parse_block(text.as_bytes(), &config), None, "{text}");
    }
}

#[test]
fn lists_are_written_value_by_value_in_blocks_only() {
    let list = "option domain-name-servers 10.0.0.1, 10.0.0.2;";
    let expected = "\n    supersede domain-name-servers = concat (0a:00:00:01, 0a:00:00:02);";
    assert_eq!(handler_text(&format!("on expiry {{ {list} }}\n")), expected);
    let octets = [10, 0, 0, 1, 10, 0, 0, 2];
    assert_eq!(root_value(list, "dhcp.domain-name-servers"), octets);
}

#[test]
fn a_block_may_hold_a_list_of_any_length() {
    let parts = vec!["\"a\""; 20_000].join(",");
    let written = handler_text(&format!("on expiry {{ set joined = concat({parts}); }}\n"));
    assert_eq!(written.matches("\"a\"").count(), 20_000);
    assert_eq!(written.matches("concat").count(), 19_999);
}

#[test]
fn a_lone_subnet_is_a_network_of_its_own_with_the_same_scope() {
    let config = accept("subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.20 10.9.0.10; }\n");
    assert_eq!(&*config.networks[0].name, "10.9.0.0/24");
    assert_eq!(config.networks[0].scope, config.subnets[0].scope);
    assert_eq!(config.pools[0].prohibits, [Permit::DynamicBootpClients]);
    assert_eq!(
        config.pools[0].ranges,
        [(address("10.9.0.10"), address("10.9.0.20"))]
    );
    assert_eq!(config.subnet_of(address("10.9.0.77")), Some(SubnetId(0)));
    assert_eq!(config.subnets_of(NetworkId(0)), [SubnetId(0)]);
}

#[test]
fn loose_ranges_share_one_pool_even_behind_another() {
    let config = accept(
        "subnet 10.0.0.0 netmask 255.255.255.0 {\n pool { deny unknown-clients; range 10.0.0.20 10.0.0.21; }\n \
         range 10.0.0.10;\n range 10.0.0.12;\n range dynamic-bootp 10.0.0.14;\n}\n",
    );
    let ranges: Vec<usize> = config.pools.iter().map(|pool| pool.ranges.len()).collect();
    assert_eq!(ranges, [1, 2, 1]);
    assert_eq!(config.pools[0].prohibits, [Permit::UnknownClients]);
    assert_eq!(config.pools[2].permits, [Permit::AllClients]);
}

#[test]
fn pools_without_statements_join_when_they_admit_the_same_clients() {
    let config = accept(
        "subnet 10.0.0.0 netmask 255.255.255.0 {\n pool { range 10.0.0.1 10.0.0.3; }\n pool { range 10.0.0.5 10.0.0.9; }\n \
         pool { default-lease-time 60; range 10.0.0.11; }\n pool { allow known-clients; range 10.0.0.12; }\n}\n",
    );
    let ranges: Vec<usize> = config.pools.iter().map(|pool| pool.ranges.len()).collect();
    assert_eq!(ranges, [2, 1, 1]);
}

#[test]
fn the_parent_of_a_pool_is_its_shared_network() {
    let config = accept(
        "shared-network x {\n subnet 10.0.0.0 netmask 255.255.255.0 {\n  pool { option host-name \"p\"; range 10.0.0.1; }\n }\n}\n",
    );
    let pool = config.scopes[config.pools[0].scope.0 as usize].parent;
    assert_eq!(pool, Some(config.networks[0].scope));
}

#[test]
fn authoritative_holds_for_what_is_opened_behind_it() {
    let config = accept(
        "subnet 10.0.0.0 netmask 255.255.255.0 { }\nauthoritative;\nsubnet 10.0.1.0 netmask 255.255.255.0 { not authoritative; }\n\
         subnet 10.0.2.0 netmask 255.255.255.0 { }\n",
    );
    let flags: Vec<bool> = config
        .scopes
        .iter()
        .map(|scope| scope.authoritative)
        .collect();
    assert_eq!(flags, [true, false, false, true]);
}

#[test]
fn a_host_found_by_an_option_of_clients_is_served() {
    let config = accept(
        "subnet 10.0.0.0 netmask 255.255.255.0 { }\n\
         host a { host-identifier option agent.circuit-id \"port-7\"; fixed-address 10.0.0.7; }\n",
    );
    assert_eq!(config.unsupported, []);
    let [option] = config.identifying_options() else {
        panic!("{:?}", config.identifying_options());
    };
    let found = config.hosts_by_option(*option, b"port-7");
    assert_eq!(config.hosts[found[0].0 as usize].name.as_ref(), "a");
    assert_eq!(config.hosts_by_option(*option, b"port-8"), []);
}

#[test]
fn eight_bits_of_nothing_are_refused_where_they_stand() {
    let text = "log(info, encode-int(extract-int(\"\", 8), 8));\nmax-lease-time x;\n";
    let (result, lines) = read(text.as_bytes(), &HashMap::new());
    assert!(result.is_err());
    assert_eq!(
        lines[..3],
        [
            "t.conf line 1: extract-int of 8 bits needs data that is not empty",
            "log(info, encode-int(extract-int(\"\", 8)",
            "                                       ^",
        ]
    );
    assert!(lines[3].starts_with("t.conf line 2: "), "{lines:?}");
    accept(
        "log(info, encode-int(extract-int(\"a\", 8), 8));\nlog(info, encode-int(extract-int(\"\", 16), 8));\n",
    );
}

#[test]
fn hosts_are_found_by_what_identifies_them_the_first_declared_first() {
    let config = accept(
        "group {\n next-server 10.0.0.1;\n host a { hardware ethernet 0:1:2:3:4:5; fixed-address 10.0.0.5, a.example.org; }\n}\n\
         host b { hardware ethernet 00:01:02:03:04:05; option dhcp-client-identifier \"me\"; }\nhost c { uid 6d:65; }\n",
    );
    let hardware = HardwareAddress::new(1, &[0, 1, 2, 3, 4, 5]).unwrap();
    let names = |ids: &[crate::config::model::HostId]| -> Vec<String> {
        let host = |id: &crate::config::model::HostId| config.hosts[id.0 as usize].name.to_string();
        ids.iter().map(host).collect()
    };
    assert_eq!(names(config.hosts_by_hardware(&hardware)), ["a", "b"]);
    assert_eq!(names(config.hosts_by_uid(b"me")), ["b", "c"]);
    let fixed = [
        FixedAddress::Address(address("10.0.0.5")),
        FixedAddress::Name("a.example.org".into()),
    ];
    assert_eq!(*config.hosts[0].fixed_addresses, fixed);
    let group = config.scopes[config.hosts[0].scope.0 as usize]
        .parent
        .unwrap();
    assert_eq!(config.scopes[group.0 as usize].parent, Some(ScopeId(0)));
}

#[test]
fn a_comparison_takes_the_rest_of_a_condition_to_its_right() {
    let config =
        accept("class \"c\" { match if option host-name = \"a\" and exists routers or known; }\n");
    let host_name = Data::Option(OptionId::dhcp(12));
    let equal = Boolean::DataEqual(host_name.into(), Data::Constant((*b"a").into()).into());
    let exists = Boolean::Exists(OptionId {
        space: SpaceId::DHCP,
        code: 3,
    });
    let mut expected = Chain::of(equal);
    expected.push(Connective::And, exists);
    expected.push(Connective::Or, Boolean::Known);
    let expected = Boolean::Junction(expected.into());
    assert_eq!(config.classes[0].condition, Some(expected));
    assert!(config.class_named("c").is_some());
}

#[test]
fn what_needs_later_work_is_accepted_and_keeps_the_server_from_starting() {
    let config = accept("omapi-port 7911;\nddns-update-style none;\nddns-update-style interim;\n");
    let unsupported: Vec<&str> = config.unsupported.iter().map(|entry| &*entry.1).collect();
    assert_eq!(unsupported.len(), 2);
    assert!(unsupported[0].starts_with("omapi-port"));
    assert!(unsupported[1].starts_with("ddns-update-style"));
}

#[test]
fn included_statements_belong_to_the_scope_around_them() {
    let files = HashMap::from([("inc", "range 10.0.0.1;\noption routers 10.0.0.254;\n")]);
    let text = b"subnet 10.0.0.0 netmask 255.255.255.0 { include \"inc\"; }\n";
    let config = read(text, &files).0.unwrap();
    assert_eq!(config.files, ["t.conf", "inc"]);
    assert_eq!(config.pools.len(), 1);
    let statement = &config.scopes[config.subnets[0].scope.0 as usize].statements[0];
    assert_eq!((statement.place.file.0, statement.place.line), (1, 2));
}

#[test]
fn subclasses_lie_within_their_class_and_are_found_by_their_value() {
    let config = accept(
        "class \"c\" { match hardware; option host-name \"all\"; }\nsubclass \"c\" 1:0:1:2:3:4:5;\n\
         subclass \"c\" \"ab\" { option host-name \"one\"; }\n",
    );
    let class = &config.classes[0];
    assert_eq!(class.key, Some(Data::Hardware));
    assert!(
        class
            .subclasses
            .contains_key([1, 0, 1, 2, 3, 4, 5].as_slice())
    );
    let scope = class.subclasses[b"ab".as_slice()];
    let scope = &config.scopes[scope.scope.0 as usize];
    assert_eq!(scope.parent, Some(class.scope));
    assert_eq!(scope.statements.len(), 1);
}

#[test]
fn a_condition_may_have_any_number_of_terms() {
    let terms = vec!["option host-name = \"a\" or exists routers"; 3_000].join(" and ");
    let config = accept(&format!("class \"c\" {{ match if {terms}; }}\n"));
    let Some(Boolean::Junction(chain)) = &config.classes[0].condition else {
        panic!("no chain of conditions");
    };
    assert_eq!(chain.rest.len(), 5_999);
}

#[test]
fn a_class_that_is_declared_again_has_the_last_condition_and_all_statements() {
    let config = accept(
        "class \"a\" { match if known; option host-name \"x\"; }\n\
         class \"a\" { match if not known; option domain-name \"y\"; }\n",
    );
    let [class] = config.classes.as_slice() else {
        panic!("{:?}", config.classes);
    };
    assert!(matches!(class.condition, Some(Boolean::Not(_))));
    let scope = &config.scopes[class.scope.0 as usize];
    assert_eq!(scope.statements.len(), 2);
}

#[test]
fn what_is_said_to_be_deleted_is_not_there() {
    let config = accept(
        "host a { hardware ethernet 0:1:2:3:4:5; }\nhost a { deleted; }\nhost b { deleted; }\nhost b { }\n",
    );
    let names: Vec<&str> = config.hosts.iter().map(|host| &*host.name).collect();
    assert_eq!(names, ["b"]);
}
