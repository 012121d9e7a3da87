//! Access files as administrators write them. The table was measured with in.tftpd and libwrap 7.6.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

const CLOSED: &str = "ALL: ALL\n";

/// `hosts.allow`, `hosts.deny`, the client, and whether it is served. The client's name is localhost.
const MEASURED: &[(&str, &str, &str, bool)] = &[
    ("", "", "127.0.0.1", true),
    ("", CLOSED, "127.0.0.1", false),
    ("in.tftpd: ALL\n", CLOSED, "127.0.0.1", true),
    ("rtftpd: ALL\n", CLOSED, "127.0.0.1", false),
    ("in.tftpd: 127.\n", CLOSED, "127.0.0.1", true),
    ("in.tftpd: 127.0.0.1", CLOSED, "127.0.0.1", false),
    ("in.tftpd: 127.0.0.1\n", "in.tftpd: ALL", "127.0.0.1", true),
    ("IN.TFTPD: 127.0.0.0/255.0.0.0\n", CLOSED, "127.0.0.1", true),
    ("in.tftpd: 127.0.0.0/8\n", CLOSED, "127.0.0.1", true),
    (
        "in.tftpd: 127.0.0.1/255.255.255.255\n",
        CLOSED,
        "127.0.0.1",
        false,
    ),
    ("in.tftpd: 127.0.0.1/32\n", CLOSED, "127.0.0.1", true),
    ("69: ALL\n", CLOSED, "127.0.0.1", false),
    ("6969: ALL\n", CLOSED, "127.0.0.1", false),
    ("ALL EXCEPT in.tftpd: ALL\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL EXCEPT 127.0.0.1\n", CLOSED, "127.0.0.1", false),
    (
        "ALL: ALL EXCEPT 127. EXCEPT 127.0.0.1\n",
        CLOSED,
        "127.0.0.1",
        true,
    ),
    ("in.tftpd@127.0.0.1: ALL\n", CLOSED, "127.0.0.1", false),
    ("in.tftpd@10.: ALL\n", CLOSED, "127.0.0.1", false),
    ("ALL: LOCAL\n", CLOSED, "127.0.0.1", true),
    ("ALL: localhost\n", CLOSED, "127.0.0.1", true),
    ("ALL: KNOWN\n", CLOSED, "127.0.0.1", true),
    ("ALL: UNKNOWN\n", CLOSED, "127.0.0.1", false),
    ("ALL: PARANOID\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL: deny\n", "", "127.0.0.1", false),
    ("ALL: ALL: allow\n", CLOSED, "127.0.0.1", true),
    ("", "ALL: ALL: allow\n", "127.0.0.1", true),
    ("ALL: ALL: severity notice\n", CLOSED, "127.0.0.1", true),
    (
        "ALL: ALL: severity local0.debug: allow\n",
        CLOSED,
        "127.0.0.1",
        true,
    ),
    ("", "ALL:ALL:severity err\n", "127.0.0.1", false),
    ("ALL: ALL: nosuch\n", "", "127.0.0.1", false),
    ("ALL: ALL: keepalive\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: nice 5\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: allow : nice\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL: rfc931 5\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: banners /tmp\n", CLOSED, "127.0.0.1", true),
    ("garbage\n", CLOSED, "127.0.0.1", false),
    ("ALL: 127.0.0.\\\n1\n", CLOSED, "127.0.0.1", true),
    (" # x\nALL\t:\t127.0.0.1 , 10.\n", CLOSED, "127.0.0.1", true),
    ("ALL: 127.*.1\n", CLOSED, "127.0.0.1", true),
    ("ALL: 127.0.0.?\n", CLOSED, "127.0.0.1", true),
    ("ALL: root@127.0.0.1\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL@127.0.0.1\n", CLOSED, "127.0.0.1", true),
    ("ALL: unknown@127.0.0.1\n", CLOSED, "127.0.0.1", true),
    ("ALL: [::]/64\n", CLOSED, "::1", true),
    ("ALL: [::2]/127\n", CLOSED, "::1", false),
    ("ALL: [::1]/128\n", CLOSED, "::1", true),
    ("ALL: 127.0.0.1/0\n", CLOSED, "127.0.0.1", false),
    ("ALL: 10.0.0.0/0\n", CLOSED, "127.0.0.1", false),
    ("ALL:ALL:setenv A b\n", CLOSED, "127.0.0.1", true),
    ("ALL: @group\n", CLOSED, "127.0.0.1", false),
    ("ALL: .localdomain\n", CLOSED, "127.0.0.1", false),
    ("ALL 127.0.0.1\n", CLOSED, "127.0.0.1", false),
    ("ALL: all\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: ALLOW\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: severity nosuch\n", CLOSED, "127.0.0.1", false),
    ("ALL: 127.0.0.1: allow: deny\n", CLOSED, "127.0.0.1", false),
    (
        "ALL: 10.0.0.1, 127.0.0.1 except 127.0.0.1\n",
        CLOSED,
        "127.0.0.1",
        false,
    ),
    ("ALL: 127.0.0.1/16\n", CLOSED, "127.0.0.1", false),
    ("ALL: 127.0.0.0/16\n", CLOSED, "127.0.0.1", true),
    ("ALL: [::ffff:127.0.0.1]\n", CLOSED, "127.0.0.1", false),
    ("ALL: 127.0.0.1/33\n", CLOSED, "127.0.0.1", false),
    ("ALL: localhost/x\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL: linger 5\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: linger\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL: severity\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL: allow x\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL:\n", CLOSED, "127.0.0.1", false),
    ("ALL: ALL: :deny\n", "", "127.0.0.1", false),
    ("ALL: ALL: severity=notice\n", CLOSED, "127.0.0.1", true),
    ("ALL: ALL: severity = notice\n", CLOSED, "127.0.0.1", true),
];

/// Knows one name and one file.
struct Machine {
    asked: u32,
}

impl System for Machine {
    fn name_of(&mut self, address: IpAddr) -> HostName {
        self.asked += 1;
        match address.to_string().as_str() {
            "127.0.0.1" => HostName::Known("localhost".into()),
            "10.0.0.9" => HostName::Known("node9.Boot.example".into()),
            "10.0.0.8" => HostName::Paranoid,
            _ => HostName::Unknown,
        }
    }

    fn pattern_file(&mut self, path: &str) -> Option<String> {
        (path == "/etc/boot.hosts").then(|| "10.0.0.1\n10.0.1. /etc/boot.hosts\n".into())
    }
}

fn decide_for(allow: &str, deny: &str, client: &str) -> Verdict {
    decide_counting(allow, deny, client).0
}

fn decide_counting(allow: &str, deny: &str, client: &str) -> (Verdict, u32) {
    let parties = Parties {
        daemon: "in.tftpd".into(),
        client: client.parse().unwrap(),
        server: "0.0.0.0".parse().unwrap(),
    };
    let file = |path, text| AccessFile { path, text };
    let mut machine = Machine { asked: 0 };
    let verdict = decide(
        file("/etc/hosts.allow", allow),
        file("/etc/hosts.deny", deny),
        &parties,
        &mut machine,
    );
    (verdict, machine.asked)
}

fn is_served(allow: &str, client: &str) -> bool {
    decide_for(allow, CLOSED, client).is_granted
}

#[test]
fn verdicts_are_those_that_were_measured() {
    for (allow, deny, client, served) in MEASURED {
        let verdict = decide_for(allow, deny, client);
        assert_eq!(
            verdict.is_granted, *served,
            "{allow:?} {deny:?} {client}: {verdict:?}"
        );
    }
}

#[test]
fn names_count_for_domains_and_only_then_are_looked_up() {
    assert!(is_served("ALL: .boot.example\n", "10.0.0.9"));
    assert!(is_served("ALL: node?.*\n", "10.0.0.9"));
    assert!(!is_served("ALL: LOCAL\n", "10.0.0.9"));
    assert!(is_served("ALL: PARANOID\n", "10.0.0.8"));
    assert!(is_served("ALL: UNKNOWN\n", "10.0.0.7"));
    assert!(!is_served("ALL: KNOWN\n", "10.0.0.8"));
    let (_, asked) = decide_counting("in.tftpd: 10.1. 10.2.0.0/16 10.3.0.1\n", CLOSED, "10.0.0.9");
    assert_eq!(asked, 0);
}

#[test]
fn files_of_patterns_are_read_and_do_not_go_round_for_ever() {
    assert!(is_served("ALL: /etc/boot.hosts\n", "10.0.0.1"));
    assert!(is_served("ALL: /etc/boot.hosts\n", "10.0.1.77"));
    assert!(!is_served("ALL: /etc/boot.hosts\n", "10.0.2.1"));
    assert!(!is_served("ALL: /etc/absent\n", "10.0.0.1"));
}

#[test]
fn ipv6_addresses_stand_in_brackets() {
    assert!(is_served("ALL: [::1]\n", "::1"));
    assert!(is_served("ALL: [0:0::1] : allow\n", "::1"));
    assert!(is_served("in.tftpd: [fd77::]/16\n", "fd77::2"));
    assert!(!is_served("in.tftpd: [fd78::]/16\n", "fd77::2"));
}

#[test]
fn what_is_wrong_is_said_in_the_originals_words() {
    let said = |allow: &str| decide_for(allow, "", "127.0.0.1").complaints;
    assert_eq!(
        said("garbage\nALL: ALL: nosuch\n"),
        [
            "warning: /etc/hosts.allow, line 1: missing \":\" separator",
            "error: /etc/hosts.allow, line 2: bad option name: \"nosuch\"",
        ]
    );
    assert_eq!(
        said("ALL: 127.0.0.1"),
        [
            "warning: /etc/hosts.allow, line 0: missing newline or line too long",
            "warning: /etc/hosts.allow, line 0: all the subsequent rules will be ignored",
        ]
    );
}

#[test]
fn a_rule_that_would_change_the_process_refuses_and_says_so() {
    for option in ["spawn (true)", "twist echo", "umask 022", "user nobody"] {
        let verdict = decide_for(&format!("ALL: ALL: {option}\n"), "", "127.0.0.1");
        assert!(!verdict.is_granted, "{option}");
        assert!(verdict.complaints[0].ends_with("is not supported"));
    }
}

#[test]
fn severity_is_that_of_the_rule() {
    let verdict = decide_for("ALL: ALL: severity local0.debug\n", "", "127.0.0.1");
    assert_eq!(verdict.severity, Some(Severity::Debug));
}

#[test]
fn files_of_comments_have_no_rules() {
    assert!(is_without_rules("# nothing\n\n \t\n"));
    assert!(!is_without_rules("# x\n ALL: ALL\n"));
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(
        text in "([ALa.*?@/\\[\\]:0-9, \\\\\n#]|EXCEPT |LOCAL|deny|allow|severity){0,60}",
        any in "\\PC{0,80}",
    ) {
        for text in [text, any] {
            decide_for(&text, &text, "127.0.0.1");
            decide_for(&text, "", "::1");
        }
    }
}
