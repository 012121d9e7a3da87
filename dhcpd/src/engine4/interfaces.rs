//! Which interfaces to serve, and which shared network each of them is on (reference isc-dhcpd-behaviour.md, section 2,
//! end).

use std::net::Ipv4Addr;

use common::log::{Level, Line};
use common::net::HardwareAddress;
use common::net::interfaces::Interface;

use crate::config::model::{Config, NetworkId, SubnetId};

/// An interface to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// The kernel's number.
    pub index: u32,
    /// Its link address; `None` if DHCP cannot carry it.
    pub hardware: Option<HardwareAddress>,
    /// The kernel's hardware type, for the complaint about a type that cannot be served.
    pub hardware_type: u16,
    /// Its first address: the server identifier and the source of replies.
    pub address: Ipv4Addr,
    /// The shared network that it is on.
    pub network: NetworkId,
}

/// What to do about one interface, in the order in which the original goes through them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open a socket on it.
    Listen(Listener),
    /// Leave it alone and say why.
    Ignore(Vec<Line>),
}

/// What to do about all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Said before the first step.
    pub warnings: Vec<Line>,
    /// One for each interface asked for.
    pub steps: Vec<Step>,
}

/// Decides about `interfaces`, given in the kernel's order. With `named` empty every broadcast interface that is up is asked
/// for, else those named, in whatever state.
///
/// # Errors
/// The text of a fatal message: the addresses of one interface belong to different shared networks.
pub fn plan_interfaces(
    config: &Config,
    interfaces: &[Interface],
    named: &[String],
) -> Result<Plan, String> {
    let mut candidates = candidates(interfaces, named);
    let mut plan = Plan::default();
    let mut taken = Taken::default();
    // The original matches subnets in the kernel's order, also for interfaces that were not asked for.
    for candidate in &mut candidates {
        candidate.network = taken.match_subnets(config, candidate.interface, &mut plan.warnings)?;
    }
    plan.steps = if named.is_empty() {
        candidates.iter().rev().map(Candidate::step).collect()
    } else {
        named_steps(&candidates, named)
    };
    Ok(plan)
}

/// An interface that could be served.
struct Candidate<'i> {
    interface: &'i Interface,
    network: Option<NetworkId>,
}

impl Candidate<'_> {
    fn step(&self) -> Step {
        let address = self.interface.addresses.first();
        match (address, self.network) {
            (Some(first), Some(network)) => Step::Listen(Listener {
                name: self.interface.name.clone(),
                index: self.interface.index,
                hardware: self.interface.hardware,
                hardware_type: self.interface.hardware_type,
                address: first.address,
                network,
            }),
            (address, _) => ignore(&self.interface.name, address.map(|first| first.address)),
        }
    }
}

fn candidates<'i>(interfaces: &'i [Interface], named: &[String]) -> Vec<Candidate<'i>> {
    let eligible = |interface: &&Interface| {
        let usable = interface.is_broadcast() && !interface.is_loopback();
        interface.is_up() && (usable || named.contains(&interface.name))
    };
    let candidate = |interface| Candidate {
        interface,
        network: None,
    };
    interfaces.iter().filter(eligible).map(candidate).collect()
}

/// The last one named comes first. A name given twice meets its interface once.
fn named_steps(candidates: &[Candidate<'_>], named: &[String]) -> Vec<Step> {
    let mut unmet: Vec<&Candidate<'_>> = candidates.iter().collect();
    let mut steps = Vec::with_capacity(named.len());
    for name in named.iter().rev() {
        let met = unmet.iter().position(|known| known.interface.name == *name);
        steps.push(match met {
            Some(position) => unmet.remove(position).step(),
            None => ignore(name, None),
        });
    }
    steps
}

/// Which interface a subnet or a shared network was matched with first.
#[derive(Default)]
struct Taken<'i> {
    subnets: Vec<(SubnetId, &'i str)>,
    networks: Vec<(NetworkId, &'i str)>,
}

impl<'i> Taken<'i> {
    fn match_subnets(
        &mut self,
        config: &Config,
        interface: &'i Interface,
        warnings: &mut Vec<Line>,
    ) -> Result<Option<NetworkId>, String> {
        let name = interface.name.as_str();
        let mut network = None;
        for address in &interface.addresses {
            let Some(subnet) = config.subnet_of(address.address) else {
                continue;
            };
            let found = config.network_of(subnet);
            if network.is_some() && network != found {
                return Err(format!("Interface {name} matches multiple shared networks"));
            }
            network = found;
            let first = first_taker(&mut self.subnets, subnet, name);
            warnings.extend(shared(first, name, "subnet"));
        }
        if let Some(network) = network {
            let first = first_taker(&mut self.networks, network, name);
            warnings.extend(shared(first, name, "shared network"));
        }
        Ok(network)
    }
}

fn first_taker<'i, T: PartialEq>(
    takers: &mut Vec<(T, &'i str)>,
    what: T,
    name: &'i str,
) -> &'i str {
    let known = takers.iter().find(|(taken, _)| *taken == what);
    let first = known.map(|(_, first)| *first);
    first.unwrap_or_else(|| {
        takers.push((what, name));
        name
    })
}

fn shared(first: &str, name: &str, what: &str) -> Option<Line> {
    let text = format!("Multiple interfaces match the same {what}: {first} {name}");
    (first != name).then(|| error(text))
}

fn ignore(name: &str, address: Option<Ipv4Addr>) -> Step {
    let address = address.map_or_else(|| "no IPv4 addresses".to_owned(), |found| found.to_string());
    let lines = [
        String::new(),
        format!("No subnet declaration for {name} ({address})."),
        format!("** Ignoring requests on {name}.  If this is not what"),
        "   you want, please write a subnet declaration".to_owned(),
        "   in your dhcpd.conf file for the network segment".to_owned(),
        format!("   to which interface {name} is attached. **"),
        String::new(),
    ];
    Step::Ignore(lines.map(error).into())
}

fn error(text: String) -> Line {
    Line {
        level: Level::Error,
        text,
    }
}

#[cfg(test)]
mod tests {
    use common::net::interfaces::{ARPHRD_ETHERNET, Ipv4Address};
    use common::syntax::Place;
    use nix::net::if_::InterfaceFlags;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::config::model::{ScopeId, Subnet};

    const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

    /// Subnets 10.9.N.0/24, each given as N and its network.
    fn config(subnets: &[(u8, u32)]) -> Config {
        let subnet = |(third, network): &(u8, u32)| Subnet {
            address: Ipv4Addr::new(10, 9, *third, 0),
            mask: MASK,
            network: NetworkId(*network),
            scope: ScopeId(0),
            place: Place::default(),
        };
        let mut config = Config {
            subnets: subnets.iter().map(subnet).collect(),
            ..Config::default()
        };
        config.rebuild_index();
        config
    }

    /// An interface that is up, with an address in each 10.9.N.0/24 of `thirds`.
    fn interface(name: &str, thirds: &[u8]) -> Interface {
        let address = |third: &u8| Ipv4Address {
            address: Ipv4Addr::new(10, 9, *third, 1),
            mask: MASK,
        };
        Interface {
            name: name.to_owned(),
            index: 1,
            flags: InterfaceFlags::IFF_UP | InterfaceFlags::IFF_BROADCAST,
            hardware_type: ARPHRD_ETHERNET,
            hardware: None,
            addresses: thirds.iter().map(address).collect(),
        }
    }

    fn word(step: &Step) -> &str {
        match step {
            Step::Listen(listener) => &listener.name,
            Step::Ignore(_) => "-",
        }
    }

    /// One word a step: the name of what is listened on, or `-`.
    fn outline(plan: &Plan) -> Vec<&str> {
        plan.steps.iter().map(word).collect()
    }

    fn plan(config: &Config, interfaces: &[Interface], named: &[&str]) -> Plan {
        let named: Vec<String> = named.iter().map(ToString::to_string).collect();
        plan_interfaces(config, interfaces, &named).unwrap()
    }

    #[test]
    fn without_names_all_that_are_up_are_tried_the_last_first() {
        let mut down = interface("down", &[0]);
        down.flags.remove(InterfaceFlags::IFF_UP);
        let mut loopback = interface("lo", &[0]);
        loopback.flags |= InterfaceFlags::IFF_LOOPBACK;
        let all = [
            loopback,
            interface("a", &[0]),
            interface("b", &[]),
            down,
            interface("c", &[1]),
        ];
        let plan = plan(&config(&[(0, 0), (1, 1)]), &all, &[]);
        assert_eq!(outline(&plan), ["c", "-", "a"]);
        assert_eq!(plan.warnings, []);
    }

    #[test]
    fn a_name_without_interface_or_given_twice_is_told_and_the_rest_is_served() {
        let all = [interface("a", &[0])];
        let plan = plan(&config(&[(0, 0)]), &all, &["a", "a", "none"]);
        assert_eq!(outline(&plan), ["-", "a", "-"]);
        let Step::Ignore(lines) = &plan.steps[0] else {
            panic!("{plan:?}");
        };
        assert_eq!(
            lines[1].text,
            "No subnet declaration for none (no IPv4 addresses)."
        );
    }

    #[test]
    fn an_address_outside_of_every_subnet_is_named() {
        let plan = plan(&config(&[(0, 0)]), &[interface("a", &[7])], &["a"]);
        let [Step::Ignore(lines)] = plan.steps.as_slice() else {
            panic!("{plan:?}");
        };
        assert_eq!(lines[1].text, "No subnet declaration for a (10.9.7.1).");
    }

    #[test]
    fn two_interfaces_on_one_network_are_a_warning_whoever_was_named() {
        let all = [
            interface("a", &[0]),
            interface("b", &[0]),
            interface("c", &[1]),
        ];
        let plan = plan(&config(&[(0, 0), (1, 0)]), &all, &["a"]);
        let texts: Vec<&str> = plan.warnings.iter().map(|line| &*line.text).collect();
        let expected = [
            "Multiple interfaces match the same subnet: a b",
            "Multiple interfaces match the same shared network: a b",
            "Multiple interfaces match the same shared network: a c",
        ];
        assert_eq!(texts, expected);
        assert_eq!(outline(&plan), ["a"]);
    }

    #[test]
    fn an_interface_on_two_networks_is_fatal() {
        let all = [interface("a", &[0, 1])];
        let fatal = plan_interfaces(&config(&[(0, 0), (1, 1)]), &all, &[]).unwrap_err();
        assert_eq!(fatal, "Interface a matches multiple shared networks");
    }
}
