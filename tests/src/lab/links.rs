//! Bridges, veth pairs and taps inside a namespace. They vanish with it.

use super::namespace::Namespace;
use crate::failure::Result;

impl Namespace {
    /// Makes a bridge that forwards at once (no spanning tree, no delay), brings it up, and gives it `address` (`172.24.0.1/16`) if there is one.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn add_bridge(&self, name: &str, address: Option<&str>) -> Result<()> {
        self.ip(&format!(
            "link add {name} type bridge stp_state 0 forward_delay 0"
        ))?;
        self.bring_up(name, address)
    }

    /// Makes a veth pair: `name` here, `peer_name` in `peer`, both up, without addresses.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn add_veth(&self, name: &str, peer: &Self, peer_name: &str) -> Result<()> {
        let other = peer.name();
        self.ip(&format!(
            "link add {name} type veth peer name {peer_name} netns {other}"
        ))?;
        self.bring_up(name, None)?;
        peer.bring_up(peer_name, None)
    }

    /// Makes a tap, up; on `bridge` if one is named.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn add_tap(&self, name: &str, bridge: Option<&str>) -> Result<()> {
        self.ip(&format!("tuntap add {name} mode tap"))?;
        if let Some(bridge) = bridge {
            self.attach(name, bridge)?;
        }
        self.bring_up(name, None)
    }

    /// Puts a link on a bridge.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn attach(&self, name: &str, bridge: &str) -> Result<()> {
        self.ip(&format!("link set {name} master {bridge}"))
    }

    /// Gives a link an address if one is named, and brings it up.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn bring_up(&self, name: &str, address: Option<&str>) -> Result<()> {
        if let Some(address) = address {
            self.ip(&format!("address add {address} brd + dev {name}"))?;
        }
        self.ip(&format!("link set {name} up"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    #[ignore = "needs root"]
    fn two_namespaces_reach_each_other_over_a_bridge() {
        let middle = Namespace::new("middle").unwrap();
        let left = Namespace::new("left").unwrap();
        middle.add_bridge("br0", Some("172.24.0.1/16")).unwrap();
        middle.add_veth("leg0", &left, "eth0").unwrap();
        middle.attach("leg0", "br0").unwrap();
        left.bring_up("eth0", Some("172.24.0.2/16")).unwrap();
        let ping = left
            .output(Command::new("busybox").args(["ping", "-c", "1", "-w", "5", "172.24.0.1"]))
            .unwrap();
        assert!(ping.status.success(), "{ping:?}");
    }
}
