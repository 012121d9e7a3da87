//! A random configuration that both servers accept.

use super::dice::Dice;
use super::page::Page;
use super::{expressions, options};

/// Where a statement may stand.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Global,
    Network,
    Pool,
    Host,
    Class,
}

/// A whole configuration, each statement on a line of its own.
pub(super) fn configuration(dice: &mut Dice) -> String {
    let mut site = Site {
        dice,
        page: Page::new(),
    };
    site.page.line("ping-check false;");
    for line in options::DEFINITIONS {
        site.page.line(line);
    }
    site.globals();
    site.classes();
    site.networks();
    site.hosts();
    site.page.finish()
}

struct Site<'d> {
    dice: &'d mut Dice,
    page: Page,
}

impl Site<'_> {
    fn globals(&mut self) {
        if self.dice.chance(50) {
            self.page.line("authoritative;");
        }
        if self.dice.chance(40) {
            self.page.line("default-lease-time 600;");
        }
        self.statements(Scope::Global, 9);
    }

    fn classes(&mut self) {
        for name in ["ca", "cb", "cc"] {
            self.page.open(format!("class \"{name}\""));
            self.matching();
            if self.dice.chance(25) {
                let limit = 1 + self.dice.below(3);
                self.page.line(format!("lease limit {limit};"));
            }
            self.statements(Scope::Class, 2);
            self.page.close();
            self.subclasses(name);
        }
    }

    fn matching(&mut self) {
        let key = self.dice.pick(&[
            "option vendor-class-identifier",
            "substring(option vendor-class-identifier, 0, 3)",
            "hardware",
            "option agent.circuit-id",
            "option host-name",
            "suffix(hardware, 1)",
        ]);
        match self.dice.below(5) {
            0 | 1 => {
                let truth = expressions::truth(self.dice, 1);
                self.page.line(format!("match if {truth};"));
            }
            2 | 3 => self.page.line(format!("match {key};")),
            _ => self.page.line(format!("spawn with {key};")),
        }
    }

    fn subclasses(&mut self, name: &str) {
        for _ in 0..self.dice.below(3) {
            let key = self.dice.pick(&[
                "\"foo\"",
                "\"PXE\"",
                "\"PXEClient\"",
                "1:2:0:0:0:0:1",
                "1:2:0:0:0:0:2",
                "\"circ\"",
                "\"host1\"",
                "3",
                "\"MSF\"",
            ]);
            match self.dice.chance(50) {
                true => self.page.line(format!("subclass \"{name}\" {key};")),
                false => {
                    self.page.open(format!("subclass \"{name}\" {key}"));
                    if self.dice.chance(30) {
                        self.page.line("lease limit 1;");
                    }
                    self.statements(Scope::Class, 2);
                    self.page.close();
                }
            }
        }
    }

    fn networks(&mut self) {
        self.network("home", &[(9, 24), (8, 24)]);
        self.network("away", &[(7, 24), (6, 24)]);
        if self.dice.chance(30) {
            self.page.open("subnet 10.5.0.0 netmask 255.255.255.248");
            self.statements(Scope::Network, 2);
            self.page.close();
        }
    }

    /// Two subnets, in a shared network or each by itself; the second may be missing.
    fn network(&mut self, name: &str, subnets: &[(u8, u8)]) {
        let shared = self.dice.chance(50);
        if shared {
            self.page.open(format!("shared-network {name}"));
            self.statements(Scope::Network, 2);
        }
        for (place, (octet, _)) in subnets.iter().enumerate() {
            if place == 0 || self.dice.chance(60) {
                self.subnet(*octet);
            }
        }
        if shared {
            self.page.close();
        }
    }

    fn subnet(&mut self, octet: u8) {
        self.page
            .open(format!("subnet 10.{octet}.0.0 netmask 255.255.255.0"));
        if self.dice.chance(30) {
            let not = self.dice.pick(&["", "not "]);
            self.page.line(format!("{not}authoritative;"));
        }
        self.statements(Scope::Network, 4);
        match self.dice.below(4) {
            0 => self
                .page
                .line(format!("range 10.{octet}.0.10 10.{octet}.0.13;")),
            1 => self.page.line(format!(
                "range dynamic-bootp 10.{octet}.0.10 10.{octet}.0.12;"
            )),
            _ => self.pools(octet),
        }
        self.page.close();
    }

    fn pools(&mut self, octet: u8) {
        let mut from = 10;
        for _ in 0..1 + self.dice.below(2) {
            let to = from + self.dice.below(3);
            self.page.open("pool");
            self.permits();
            self.statements(Scope::Pool, 2);
            self.page
                .line(format!("range 10.{octet}.0.{from} 10.{octet}.0.{to};"));
            self.page.close();
            from = to + 1;
        }
    }

    fn permits(&mut self) {
        let mut permits = Vec::new();
        for _ in 0..self.dice.below(3) {
            let verb = self.dice.pick(&["allow", "deny"]);
            let who = self.dice.pick(&[
                "members of \"ca\"",
                "members of \"cb\"",
                "members of \"cc\"",
                "known-clients",
                "unknown-clients",
                "dynamic bootp clients",
                "all clients",
                "unauthenticated clients",
            ]);
            permits.push(format!("{verb} {who};"));
        }
        // Such a pool is taken for that of ranges outside of pools, which is a row of differences.md.
        let alone = ["allow all clients;", "deny dynamic bootp clients;"];
        if permits.len() == 1
            && permits
                .iter()
                .any(|permit| alone.contains(&permit.as_str()))
        {
            permits.push("allow unauthenticated clients;".to_owned());
        }
        for permit in permits {
            self.page.line(permit);
        }
    }

    fn hosts(&mut self) {
        for number in 1..=self.dice.below(5) {
            let group = self.dice.chance(25);
            if group {
                self.page.open("group");
                self.statements(Scope::Host, 2);
            }
            self.host(number);
            if group {
                self.page.close();
            }
        }
    }

    fn host(&mut self, number: usize) {
        self.page.open(format!("host host{number}"));
        let identity = match self.dice.below(5) {
            0 => format!("option dhcp-client-identifier \"client{number}\";"),
            1 => "host-identifier option agent.remote-id \"rem\";".to_owned(),
            2 => format!("uid \"client{number}\";"),
            _ => format!("hardware ethernet 2:0:0:0:0:{number};"),
        };
        self.page.line(identity);
        if self.dice.chance(60) {
            let address = self.dice.pick(&[
                "10.9.0.40",
                "10.7.0.40",
                "10.9.0.11",
                "10.9.0.41, 10.7.0.41",
                "10.8.0.40",
            ]);
            self.page.line(format!("fixed-address {address};"));
        }
        self.statements(Scope::Host, 3);
        self.page.close();
    }

    /// None to one below `limit` statements of any kind.
    fn statements(&mut self, scope: Scope, limit: usize) {
        for _ in 0..self.dice.below(limit) {
            self.statement(scope, 2);
        }
    }

    fn statement(&mut self, scope: Scope, depth: usize) {
        match self.dice.below(20) {
            0..=6 => self.page.line(options::statement(self.dice)),
            7..=10 => self.parameter(scope, depth),
            11 | 12 if depth > 0 => self.condition(scope, depth),
            13 if depth > 0 => self.switch(scope, depth),
            14 => self.set(),
            15 if depth == 2 && scope != Scope::Class => self.event(),
            _ if scope == Scope::Global => self.page.line(options::statement(self.dice)),
            _ => self.log(),
        }
    }

    fn log(&mut self) {
        let level = self.dice.pick(&["", "info, ", "debug, ", "error, "]);
        let text = expressions::printable(&expressions::data(self.dice, 3));
        self.page.line(format!("log({level}{text});"));
    }

    fn set(&mut self) {
        let name = self.dice.pick(&expressions::VARIABLES);
        let line = match self.dice.below(5) {
            0 => format!("unset {name};"),
            1 => format!("set {name} = {};", expressions::truth(self.dice, 1)),
            2 => format!(
                "set {name} = extract-int({}, 16);",
                expressions::data(self.dice, 1)
            ),
            _ => format!("set {name} = {};", expressions::data(self.dice, 2)),
        };
        self.page.line(line);
    }

    fn condition(&mut self, scope: Scope, depth: usize) {
        let truth = expressions::condition(self.dice, 2);
        self.page.open(format!("if {truth}"));
        self.statement(scope, depth - 1);
        self.page.close();
        if self.dice.chance(50) {
            let head = match self.dice.chance(50) {
                true => format!("elsif {}", expressions::condition(self.dice, 1)),
                false => "else".to_owned(),
            };
            self.page.open(head);
            self.statement(scope, depth - 1);
            self.page.close();
        }
    }

    fn switch(&mut self, scope: Scope, depth: usize) {
        let subject = expressions::data(self.dice, 1);
        self.page.open(format!("switch ({subject})"));
        for _ in 0..1 + self.dice.below(3) {
            let key = self
                .dice
                .pick(&["\"foo\"", "\"abc\"", "\"PXEClient\"", "\"\"", "\"host1\""]);
            self.page.line(format!("case {key}:"));
            self.statement(scope, depth - 1);
            if self.dice.chance(40) {
                self.page.line("break;");
            }
        }
        if self.dice.chance(60) {
            self.page.line("default:");
            self.statement(scope, depth - 1);
        }
        self.page.close();
    }

    fn event(&mut self) {
        let event = self.dice.pick(&[
            "commit",
            "release",
            "expiry",
            "expiry or release",
            "commit or release",
            "transmission",
        ]);
        self.page.open(format!("on {event}"));
        let text = expressions::printable(&expressions::storable(self.dice));
        self.page.line(format!("log(info, {text});"));
        if self.dice.chance(50) {
            let name = self.dice.pick(&expressions::VARIABLES);
            let value = expressions::storable(self.dice);
            self.page.line(format!("set {name} = {value};"));
        }
        self.page.close();
    }

    fn parameter(&mut self, scope: Scope, depth: usize) {
        let flag = self.dice.pick(&["true", "false"]);
        let line = match self.dice.below(12) {
            0..=3 => {
                let name = self.dice.pick(&[
                    "always-broadcast",
                    "always-reply-rfc1048",
                    "use-host-decl-names",
                    "use-lease-addr-for-default-route",
                    "one-lease-per-client",
                    "echo-client-id",
                    "ignore-client-uids",
                    "stash-agent-options",
                    "infinite-is-reserved",
                    "check-secs-byte-order",
                    "update-static-leases",
                    "do-forward-updates",
                    "boot-unknown-clients",
                ]);
                format!("{name} {flag};")
            }
            4..=6 => self.number_parameter(),
            7 | 8 if scope != Scope::Pool => {
                let verb = self.dice.pick(&["allow", "deny", "ignore"]);
                let what = self.dice.pick(&[
                    "unknown-clients",
                    "bootp",
                    "booting",
                    "duplicates",
                    "declines",
                    "leasequery",
                    "client-updates",
                    "dynamic-bootp",
                ]);
                let verb = if what == "booting" && self.dice.chance(70) {
                    "allow"
                } else {
                    verb
                };
                format!("{verb} {what};")
            }
            9 if depth < 2 => "break;".to_owned(),
            9 => self
                .dice
                .pick(&[
                    "vendor-option-space vend;",
                    "vendor-option-space isc;",
                    "vendor-option-space wide;",
                    "site-option-space \"site\";",
                    "parse-vendor-option;",
                ])
                .to_owned(),
            _ => self
                .dice
                .pick(&[
                    "next-server 10.9.0.3;",
                    "next-server 0.0.0.0;",
                    "filename \"pxelinux.0\";",
                    "filename \"\";",
                    "server-name \"boot.example\";",
                    "filename = concat(\"boot-\", option host-name);",
                    "server-name = option vendor-class-identifier;",
                    "option dhcp-server-identifier 10.9.0.1;",
                    "filename = substring(option host-name, 0, 300);",
                ])
                .to_owned(),
        };
        self.page.line(line);
    }

    fn number_parameter(&mut self) -> String {
        let name = self.dice.pick(&[
            "default-lease-time",
            "max-lease-time",
            "min-lease-time",
            "min-secs",
            "dhcp-cache-threshold",
            "adaptive-lease-time-threshold",
            "log-threshold-high",
            "log-threshold-low",
            "dynamic-bootp-lease-length",
            "abandon-lease-time",
        ]);
        let value = match name {
            "default-lease-time" | "max-lease-time" | "min-lease-time" => {
                self.dice
                    .pick(&[1, 2, 60, 300, 900, 7200, 4_294_967_295_u64])
            }
            "min-secs" => self.dice.pick(&[0, 1, 5]),
            "dynamic-bootp-lease-length" | "abandon-lease-time" => {
                self.dice.pick(&[3, 600, 2_400_000_000])
            }
            _ => self.dice.pick(&[0, 1, 25, 50, 99, 100, 200]),
        };
        format!("{name} {value};")
    }
}
