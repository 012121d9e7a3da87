//! Every result of an evaluation knows the file and the line of the statement that set it.

use std::collections::HashMap;

use common::time::Time;
use pretty_assertions::assert_eq;

use super::read;
use crate::config::model::Config;
use crate::eval::{Context, ResolvedNames, execute_scope_chain};
use crate::options::{OptionId, OptionSet, Origin, SpaceId};

const MAIN: &str = "\
option domain-name \"root\";
option host-name \"root\";
include \"more.conf\";
subnet 10.9.0.0 netmask 255.255.255.0 {
  option routers 10.9.0.1;
  append domain-name \".subnet\";
  default host-name \"not taken\";
  filename \"subnet\";
}
class \"c\" { option tftp-server-name \"class\"; }
group {
  option root-path \"group\";
  host h {
    if 1 = 1 {
      filename \"host\";
    } else {
      filename \"never\";
    }
    switch (\"a\") {
      case \"a\":
        option log-servers 10.9.0.4;
    }
  }
}
";

const MORE: &str = "\n\noption time-offset 60;\n";

/// `NAME: FILE:LINE` of what the scopes set, in the order of their execution.
fn origins(config: &Config) -> Vec<String> {
    let names = ResolvedNames::default();
    let context = Context::new(&config.options, &names, Time::from_seconds(0));
    let mut set = OptionSet::new();
    let subnet = config.subnets[0].scope;
    execute_scope_chain(config, subnet, None, &context, &mut set);
    for scope in [config.classes[0].scope, config.hosts[0].scope] {
        execute_scope_chain(config, scope, Some(subnet), &context, &mut set);
    }
    let spaces = [SpaceId::DHCP, SpaceId::SERVER];
    let entries = spaces.map(|space| (space, set.in_order(space)));
    let mut found = Vec::new();
    for (space, entries) in &entries {
        for entry in entries {
            let code = entry.code;
            let id = OptionId {
                space: *space,
                code,
            };
            let definition = config.options.definition(id).unwrap();
            let Origin::Statement(place) = entry.origin else {
                panic!("{}: {:?}", definition.name, entry.origin);
            };
            let file = &config.files[usize::from(place.file.0)];
            found.push(format!("{}: {file}:{}", definition.name, place.line));
        }
    }
    found.sort();
    found
}

#[test]
fn every_result_knows_the_line_that_set_it() {
    let files = HashMap::from([("more.conf", MORE)]);
    let (config, lines) = read(MAIN.as_bytes(), &files);
    assert_eq!(lines, Vec::<String>::new());
    assert_eq!(
        origins(&config.unwrap()),
        [
            "domain-name: t.conf:6",
            "filename: t.conf:15",
            "host-name: t.conf:2",
            "log-servers: t.conf:21",
            "root-path: t.conf:12",
            "routers: t.conf:5",
            "tftp-server-name: t.conf:10",
            "time-offset: more.conf:3",
        ]
    );
}
