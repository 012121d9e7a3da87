//! A lab that stays until it is cleaned away: networks and nodes of separate commands, remembered in small files.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use nix::fcntl::{Flock, FlockArg};

use super::identity::Identity;
use super::machine::{Acceleration, Console, Firmware, Machine, Nic};
use super::namespace::{Namespace, remove_stale};
use super::scratch::Scratch;
use crate::failure::{Context, Failure, Result};

const DIRECTORY: &str = "/run/rdhcpd-lab";
/// The file in a network's folder that says where its bridge is: a namespace's name, or nothing for the machine's own network.
const PLACE: &str = "place";
/// A bridge has room for this many nodes of one lab: as many as the last byte of their addresses tells apart.
const MOST_NODES: u8 = 250;

/// Where the bridge of a network is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a namespace of its own: nothing on the machine changes.
    Apart,
    /// On the machine itself.
    Host,
}

/// Makes a bridge with an address, and returns the name of the namespace that it is in; empty for the machine's own.
///
/// # Errors
/// If the name is taken or is no interface name, or what `ip` said.
pub fn make_network(name: &str, address: &str, place: Place) -> Result<String> {
    check_name(name)?;
    let folder = folder(name);
    if folder.exists() {
        return Err(Failure::new(format!(
            "network {name} exists already; `tests/lab clean` removes it"
        )));
    }
    let namespace = match place {
        Place::Apart => Namespace::new_lasting(&format!("lab-{name}"))?,
        Place::Host => Namespace::machine(),
    };
    // Written first: what is made after it is found by `clean` even if this fails half-way.
    fs::create_dir_all(&folder).context(format!("cannot make {}", folder.display()))?;
    write(&folder.join(PLACE), namespace.name())?;
    namespace.add_bridge(name, Some(address))?;
    Ok(namespace.name().to_owned())
}

/// Starts a node on a network and stays until it is switched off.
///
/// # Errors
/// If there is no such network, the hardware address is taken, or QEMU cannot be started.
pub fn run_node(
    network: &str,
    nic: Nic,
    firmware: Firmware,
    mac: Option<String>,
) -> Result<ExitStatus> {
    let namespace = open_network(network)?;
    let seat = Seat::take(network, mac)?;
    seat.clear_tap(&namespace);
    namespace.add_tap(&seat.tap, Some(network))?;
    let machine = Machine {
        nic,
        firmware,
        mac: seat.mac.clone(),
        tap: seat.tap.clone(),
        console: Console::Terminal,
    };
    let scratch = Scratch::new("node")?;
    let mut command = machine.command(Acceleration::choose()?, &scratch)?;
    println!("{} on {network}, hardware address {}", seat.tap, seat.mac);
    let mut qemu = namespace
        .enter(|| command.spawn())?
        .context("cannot start QEMU (package qemu-system-x86)")?;
    let recorded = seat.record(Identity::of(qemu.id())?);
    let status = qemu.wait().context("cannot wait for QEMU");
    seat.clear_tap(&namespace);
    seat.leave();
    recorded.and(status)
}

/// Removes every network and node that [`make_network`] and [`run_node`] have made, with what else runs in the networks'
/// namespaces, and returns the networks' names. What tests that were killed have left goes too.
///
/// # Errors
/// If a file of the lab cannot be read, or what `ip` said.
pub fn clean() -> Result<Vec<String>> {
    remove_stale()?;
    let Ok(entries) = fs::read_dir(DIRECTORY) else {
        return Ok(Vec::new());
    };
    let mut removed = Vec::new();
    for entry in entries {
        let entry = entry.context(format!("cannot read {DIRECTORY}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        clean_network(&name)?;
        removed.push(name);
    }
    Ok(removed)
}

fn clean_network(name: &str) -> Result<()> {
    let folder = folder(name);
    let seats = Seat::all(name)?;
    for seat in &seats {
        if let Some(node) = seat.occupant() {
            node.kill();
        }
    }
    match fs::read_to_string(folder.join(PLACE)) {
        Ok(place) if !place.is_empty() => remove_namespace(&place)?,
        Ok(_) => remove_links(name, &seats),
        // Killed before it was written: then nothing was made either.
        Err(_) => {}
    }
    fs::remove_dir_all(&folder).context(format!("cannot remove {}", folder.display()))
}

/// A namespace may have been removed by hand, which is what was wanted.
fn remove_namespace(name: &str) -> Result<()> {
    match Namespace::open(name) {
        Ok(namespace) => namespace.remove(),
        Err(_) => Ok(()),
    }
}

/// Links that are gone already are no failure either.
fn remove_links(bridge: &str, seats: &[Seat]) {
    let machine = Namespace::machine();
    for seat in seats {
        seat.clear_tap(&machine);
    }
    let _ = machine.ip(&format!("link delete {bridge}"));
}

fn open_network(name: &str) -> Result<Namespace> {
    let place = fs::read_to_string(folder(name).join(PLACE)).map_err(|_| {
        Failure::new(format!(
            "no network {name}; `tests/lab network --name {name} --address …` makes it"
        ))
    })?;
    if place.is_empty() {
        return Ok(Namespace::machine());
    }
    Namespace::open(&place)
}

/// A node's place on a bridge: its tap, and a file `tapN` with its hardware address and, while it runs, its process.
#[derive(Debug)]
struct Seat {
    file: PathBuf,
    tap: String,
    mac: String,
}

impl Seat {
    /// Takes the first free seat. A seat whose node has died without leaving is free.
    fn take(network: &str, mac: Option<String>) -> Result<Self> {
        let _alone = lock(network)?;
        let seats = Self::all(network)?;
        let taken: Vec<&Self> = seats.iter().filter(|seat| seat.is_taken()).collect();
        for number in 0..MOST_NODES {
            let mac = mac.clone().unwrap_or_else(|| default_mac(network, number));
            let seat = Self::numbered(network, number, mac);
            if taken.iter().any(|other| other.tap == seat.tap) {
                continue;
            }
            if taken
                .iter()
                .any(|other| other.mac.eq_ignore_ascii_case(&seat.mac))
            {
                let mac = seat.mac;
                return Err(Failure::new(format!("a node with {mac} runs already")));
            }
            seat.record(Identity::own()?)?;
            return Ok(seat);
        }
        Err(Failure::new(format!("network {network} is full")))
    }

    fn all(network: &str) -> Result<Vec<Self>> {
        let folder = folder(network);
        let doing = format!("cannot read {}", folder.display());
        let mut seats = Vec::new();
        for entry in fs::read_dir(&folder).context(&doing)? {
            let entry = entry.context(&doing)?;
            let tap = entry.file_name().to_string_lossy().into_owned();
            let text = fs::read_to_string(entry.path()).context(&doing)?;
            if tap != PLACE {
                let mac = text.split_whitespace().next().unwrap_or_default();
                let mac = mac.to_owned();
                let file = entry.path();
                seats.push(Self { file, tap, mac });
            }
        }
        Ok(seats)
    }

    /// Interfaces of different networks may meet on the machine itself, so a tap carries its network's name as far as it fits.
    fn numbered(network: &str, number: u8, mac: String) -> Self {
        let short: String = network.chars().take(8).collect();
        let tap = format!("{short}tap{number}");
        let file = folder(network).join(&tap);
        Self { file, tap, mac }
    }

    fn record(&self, process: Identity) -> Result<()> {
        write(&self.file, &format!("{} {process}\n", self.mac))
    }

    /// The node's process, or the command's that is about to start it.
    fn occupant(&self) -> Option<Identity> {
        let text = fs::read_to_string(&self.file).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    }

    fn is_taken(&self) -> bool {
        self.occupant().is_some_and(|process| process.is_alive())
    }

    fn clear_tap(&self, namespace: &Namespace) {
        // Usually there is none; only a killed node leaves its tap.
        let _ = namespace.ip(&format!("link delete {}", self.tap));
    }

    fn leave(&self) {
        // `clean` may have removed it meanwhile.
        let _ = fs::remove_file(&self.file);
    }
}

/// QEMU's own range, a byte that the network's name decides, and the number of the node.
fn default_mac(network: &str, number: u8) -> String {
    let mixed = network
        .bytes()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    format!("52:54:00:4c:{mixed:02x}:{:02x}", number + 1)
}

/// The name becomes a path, an interface and part of a namespace's name.
fn check_name(name: &str) -> Result<()> {
    let fits = (1..=15).contains(&name.len());
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if fits && plain {
        return Ok(());
    }
    Err(Failure::new(format!(
        "\"{name}\": a network's name has 1 to 15 letters, digits, - or _"
    )))
}

/// Keeps other commands from taking the same seat, until it is dropped.
fn lock(network: &str) -> Result<Flock<File>> {
    let doing = format!("cannot lock network {network}");
    let file = File::open(folder(network).join(PLACE)).context(&doing)?;
    Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, cause)| cause)
        .context(doing)
}

fn folder(network: &str) -> PathBuf {
    Path::new(DIRECTORY).join(network)
}

fn write(file: &Path, text: &str) -> Result<()> {
    File::create(file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .context(format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_the_folder_is_refused() {
        assert!(check_name("br0").is_ok());
        assert!(check_name("../etc").is_err());
        assert!(check_name("").is_err());
        assert!(check_name("much-too-long-name").is_err());
    }

    #[test]
    fn nodes_get_different_hardware_addresses() {
        assert_ne!(default_mac("br0", 0), default_mac("br0", 1));
        assert_ne!(default_mac("br0", 0), default_mac("br1", 0));
    }

    #[test]
    #[ignore = "needs root"]
    fn a_network_is_made_once_and_cleaned_away_whole() {
        let name = "rdhcpdtest";
        let namespace = make_network(name, "172.31.0.1/16", Place::Apart).unwrap();
        assert!(make_network(name, "172.31.0.1/16", Place::Apart).is_err());
        let first = Seat::take(name, None).unwrap();
        let second = Seat::take(name, None).unwrap();
        assert_ne!((&first.tap, &first.mac), (&second.tap, &second.mac));
        assert!(Seat::take(name, Some(first.mac.to_uppercase())).is_err());
        first.leave();
        second.leave();
        clean_network(name).unwrap();
        assert!(Namespace::open(&namespace).is_err());
        assert!(!folder(name).exists());
    }
}
