//! Each lint with a configuration that it is about, and one that is nearly the same and right.

use pretty_assertions::assert_eq;

use super::super::tests::accept_with_remarks;
use super::check;

/// Finding `lint` at these lines is all that is found.
fn finds(lint: &str, lines: &[u32], text: &str) {
    let found = check(&accept_with_remarks(text));
    let found: Vec<_> = found.iter().map(|it| (it.lint, it.place.line)).collect();
    let wanted: Vec<_> = lines.iter().map(|line| (lint, *line)).collect();
    assert_eq!(found, wanted, "{text}");
}

fn finds_nothing(text: &str) {
    finds("", &[], text);
}

/// `body` from line 2 on, in a subnet.
fn in_subnet(body: &str) -> String {
    format!("subnet 10.0.0.0 netmask 255.255.255.0 {{\n{body}\n}}\n")
}

#[test]
fn a_pool_with_allow_and_deny_is_found() {
    let pool = |permits| in_subnet(&format!("pool {{ {permits} range 10.0.0.5; }}"));
    finds(
        "mixed-permits",
        &[2],
        &pool("allow known-clients; deny dynamic bootp clients;"),
    );
    finds_nothing(&pool("allow known-clients; allow dynamic bootp clients;"));
}

#[test]
fn a_fixed_address_in_a_range_is_found() {
    let host = |address| {
        let subnet = in_subnet("range 10.0.0.5 10.0.0.9;\nrange 10.0.0.20 10.0.0.29;");
        format!("{subnet}host a {{ hardware ethernet 2:0:0:0:0:1; fixed-address {address}; }}")
    };
    finds("fixed-address-in-range", &[5], &host("10.0.0.9"));
    finds("fixed-address-in-range", &[5], &host("10.0.0.1, 10.0.0.20"));
    finds_nothing(&host("10.0.0.4, 10.0.0.10, 10.0.0.19, 10.0.0.30"));
}

#[test]
fn a_range_with_the_network_or_broadcast_address_is_found() {
    let lint = "range-with-reserved-address";
    finds(lint, &[2], &in_subnet("range 10.0.0.0 10.0.0.9;"));
    finds(lint, &[2], &in_subnet("range 10.0.0.200 10.0.0.255;"));
    finds_nothing(&in_subnet("range 10.0.0.1 10.0.0.254;"));
    finds_nothing("subnet 10.0.0.0 netmask 255.255.255.254 { range 10.0.0.0 10.0.0.1; }");
}

#[test]
fn ipxe_without_a_test_of_user_class_is_found() {
    let lint = "ipxe-without-user-class";
    for name in [
        "ipxe.efi",
        "pxe/undionly.kpxe",
        "iPXE-x86_64.efi",
        "snponly.efi",
    ] {
        let text = in_subnet(&format!("filename \"{name}\";"));
        finds(lint, &[2], &text);
    }
    for name in [
        "boot.ipxe",
        "pxelinux.0",
        "ipxe/script",
        "ipxe.efi.d/grubx64.efi",
    ] {
        finds_nothing(&in_subnet(&format!("filename \"{name}\";")));
    }
}

#[test]
fn ipxe_with_a_test_of_user_class_around_it_is_right() {
    let test = "if option user-class = \"iPXE\" { filename \"boot.ipxe\"; }";
    let file = "filename \"ipxe.efi\";";
    finds_nothing(&in_subnet(&format!("{file}\n{test}")));
    finds_nothing(&format!("{test}\n{}", in_subnet(file)));
    let class = format!("class \"i\" {{ match if option user-class = \"iPXE\"; {test} }}");
    finds_nothing(&format!("{class}\n{}", in_subnet(file)));
    let elsewhere = format!("group {{ {test} }}\n{}", in_subnet(file));
    finds("ipxe-without-user-class", &[3], &elsewhere);
}

#[test]
fn an_architecture_test_without_9_is_found() {
    let lint = "architecture-without-9";
    let test = |condition| {
        format!(
            "option arch code 93 = unsigned integer 16;\nif {condition} {{ filename \"grub.efi\"; }}"
        )
    };
    finds(lint, &[2], &test("option arch = 00:07"));
    finds(lint, &[2], &test("extract-int(option arch, 16) = 7"));
    finds_nothing(&test("option arch = 00:07 or option arch = 00:09"));
    finds_nothing(&test("option arch = 00:06"));
    finds_nothing(&test("option host-name = 00:07"));
}

#[test]
fn a_class_for_one_64_bit_architecture_is_found() {
    let class = |number| {
        format!(
            "class \"{number}\" {{ match if substring(option vendor-class-identifier, 0, 20) = \"PXEClient:Arch:{number}\"; }}\n"
        )
    };
    finds("architecture-without-9", &[1], &class("00007"));
    finds_nothing(&[class("00007"), class("00009")].concat());
}

#[test]
fn hosts_that_differ_in_case_only_are_found() {
    let host = |name| format!("host {name} {{ }}\n");
    let both = |other| host("builder") + &host(other);
    finds("duplicate-host-name", &[2], &both("Builder"));
    finds_nothing(&both("builder2"));
}

#[test]
fn a_hardware_address_of_two_hosts_is_found() {
    let hosts = |one, other| {
        format!(
            "host a {{ hardware ethernet {one} }}\nhost b {{ hardware ethernet {other} }}\n{}subnet 10.0.1.0 netmask 255.255.255.0 {{ }}\n",
            in_subnet("")
        )
    };
    let lint = "duplicate-hardware";
    finds(lint, &[2], &hosts("2:0:0:0:0:1;", "02:00:00:00:00:01;"));
    let same_network = hosts(
        "2:0:0:0:0:1; fixed-address 10.0.0.1;",
        "2:0:0:0:0:1; fixed-address 10.0.0.2;",
    );
    finds(lint, &[2], &same_network);
    finds_nothing(&hosts("2:0:0:0:0:1;", "2:0:0:0:0:2;"));
    finds(
        "duplicate-identifier",
        &[2],
        "host a { uid 1:2; }\nhost b { uid 1:2; }",
    );
    finds_nothing("host a { uid 1:2; }\nhost b { uid 1:3; }");
    finds_nothing(&hosts(
        "2:0:0:0:0:1; fixed-address 10.0.0.1;",
        "2:0:0:0:0:1; fixed-address 10.0.1.1;",
    ));
}

#[test]
fn a_subnet_declared_twice_is_found() {
    let other = "subnet 10.0.1.0 netmask 255.255.255.0 { }\n";
    finds("shadowed-subnet", &[1], &in_subnet("").repeat(2));
    finds_nothing(&format!("{}{other}", in_subnet("")));
}

#[test]
fn an_option_set_twice_in_one_scope_is_found() {
    let lint = "shadowed-option";
    let first = "option host-name \"a\";\n";
    finds(lint, &[1], &format!("{first}supersede host-name \"b\";"));
    finds(
        lint,
        &[2],
        &in_subnet("default-lease-time 60;\ndefault-lease-time 90;"),
    );
    finds_nothing(&format!("{first}if known {{ option host-name \"b\"; }}"));
    finds_nothing(&format!("{first}append host-name \"b\";"));
    finds_nothing(&format!("{first}{}", in_subnet(first)));
    finds_nothing(&format!(
        "{first}if known {{ break; }}\noption host-name \"b\";"
    ));
    let look = "if config-option host-name = \"a\" { default-lease-time 60; }";
    finds_nothing(&format!("{first}{look}\noption host-name \"b\";"));
    let own = "supersede host-name = concat(config-option host-name, \"b\");";
    finds_nothing(&format!("{first}{own}"));
}

#[test]
fn a_branch_with_an_earlier_condition_is_found() {
    let chain =
        |second| format!("if exists host-name {{ }} elsif {second} {{ option host-name \"b\"; }}");
    finds("unreachable-branch", &[1], &chain("exists host-name"));
    finds_nothing(&chain("exists domain-name"));
}

#[test]
fn a_statement_behind_break_is_found() {
    let text = |inner| format!("if known {{ {inner} }}");
    let lint = "unreachable-statement";
    finds(lint, &[1], &text("break; option host-name \"b\";"));
    finds_nothing(&text("option host-name \"b\"; break;"));
}

#[test]
fn a_hundred_thousand_hosts_are_looked_through_in_order() {
    let mut text = in_subnet("range 10.0.0.5 10.0.0.9;");
    for number in 0..100_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let line = format!("host h{number} {{ hardware ethernet 2:0:0:{a:x}:{b:x}:{c:x}; }}\n");
        text.push_str(&line);
    }
    text.push_str("host last { hardware ethernet 2:0:0:0:0:0; fixed-address 10.0.0.9; }");
    let found = check(&accept_with_remarks(&text));
    let found: Vec<_> = found.iter().map(|it| (it.lint, it.place.line)).collect();
    let line = 100_004;
    let wanted = [
        ("fixed-address-in-range", line),
        ("duplicate-hardware", line),
    ];
    assert_eq!(found, wanted);
}
