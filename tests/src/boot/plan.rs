//! What is served to the machines, and the steps that a boot has to take.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use super::Job;
use super::initrd::{self, PROMPT, Token};
use crate::failure::{Context, Failure, Result};
use crate::lab::{Firmware, Scratch};

/// The first address that the examples lease.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 24, 32, 0);

/// The last name in PXELINUX's search for its menu that this boot serves; those before it are asked for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// `01-` and the hardware address: the first one.
    Mac,
    /// The whole IP address in hex: the second one.
    Address,
    /// The network's four hex digits, which every machine of the network shares.
    Network,
    /// `default`: the last one.
    Default,
}

impl FromStr for Menu {
    type Err = Failure;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "mac" => Ok(Self::Mac),
            "address" => Ok(Self::Address),
            "network" => Ok(Self::Network),
            "default" => Ok(Self::Default),
            _ => Err(Failure::new(format!(
                "{word}: not one of mac, address, network, default"
            ))),
        }
    }
}

/// What UEFI firmware loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// iPXE, which asks for a script.
    Ipxe,
    /// GRUB, which asks for its menu.
    Grub,
}

impl FromStr for Loader {
    type Err = Failure;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "ipxe" => Ok(Self::Ipxe),
            "grub" => Ok(Self::Grub),
            _ => Err(Failure::new(format!("{word}: not one of ipxe, grub"))),
        }
    }
}

/// One thing that has to be seen.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: &'static str,
    pub sign: Sign,
    pub patience: Duration,
    /// What is typed on the console once it was seen.
    pub typed: Option<Typed>,
}

/// How a step shows.
#[derive(Clone, Debug)]
pub enum Sign {
    /// A line of the DHCP server about this machine that begins so.
    Dhcp(&'static str),
    /// A read request of this machine for this file.
    Tftp(String),
    /// A text on the console that comes after everything recognised so far.
    Console(&'static str),
    /// The answer to the token question on the console.
    Answer,
}

/// A line for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Show the token in other letters.
    Question,
    /// Get an address for the running system.
    Lease,
    /// Reach the machine that comes next.
    Ping,
}

/// The hardware address of a machine, counted from 0.
pub fn mac(machine: usize) -> String {
    format!("52:54:00:24:00:{:02x}", machine + 1)
}

/// The files that PXELINUX asks for, in order, up to the one that is there.
pub fn lookups(menu: Menu, machine: usize, address: Ipv4Addr) -> Vec<String> {
    let mac_name = format!("01-{}", mac(machine).replace(':', "-"));
    let address = format!("{:08X}", address.to_bits());
    let prefixes = (1..=8).rev().filter_map(|digits| address.get(..digits));
    let mut names = vec![mac_name];
    names.extend(prefixes.map(str::to_owned));
    names.push("default".to_owned());
    names.truncate(match menu {
        Menu::Mac => 1,
        Menu::Address => 2,
        Menu::Network => 6,
        Menu::Default => names.len(),
    });
    names
}

/// The name of the one menu that is there. A machine alone gets the first address of the range.
fn menu_file(menu: Menu, machine: usize) -> String {
    let mut names = lookups(menu, machine, FIRST_ADDRESS);
    names.pop().unwrap_or_default()
}

/// The folder with the server's configuration.
pub fn example(job: &Job) -> &'static str {
    match (job.firmware, job.loader) {
        (Firmware::Bios, _) => "conf-examples/pxelinux-linux",
        (Firmware::Uefi, Loader::Ipxe) => "conf-examples/ipxe-chain",
        (Firmware::Uefi, Loader::Grub) => "conf-examples/grub-uefi",
    }
}

/// Fills the directory of the TFTP server.
pub fn provide(job: &Job, token: &Token, served: &Scratch) -> Result<()> {
    match (job.firmware, job.loader) {
        (Firmware::Bios, _) => provide_pxelinux(job, token, served),
        (Firmware::Uefi, Loader::Ipxe) => provide_ipxe(job, token, served),
        (Firmware::Uefi, Loader::Grub) => provide_grub(job, token, served),
    }
}

fn provide_pxelinux(job: &Job, token: &Token, served: &Scratch) -> Result<()> {
    let example = job.root.join(example(job));
    let menu = example.join("pxelinux.cfg/default");
    let menu = fs::read(&menu).context(format!("cannot read {}", menu.display()))?;
    for machine in 0..job.machines {
        let name = menu_file(job.menu, machine);
        served.write(&format!("pxelinux/pxelinux.cfg/{name}"), &menu)?;
    }
    let into = served.path().join("pxelinux");
    copy(
        Path::new("/usr/lib/PXELINUX/pxelinux.0"),
        &into.join("pxelinux.0"),
    )?;
    let module = Path::new("/usr/lib/syslinux/modules/bios/ldlinux.c32");
    copy(module, &into.join("ldlinux.c32"))?;
    copy(&job.stock.join("linux"), &into.join("linux"))?;
    initrd::build(&job.stock, token, &into.join("initrd.img"))
}

fn provide_ipxe(job: &Job, token: &Token, served: &Scratch) -> Result<()> {
    let example = job.root.join(example(job));
    let into = served.path();
    copy(&example.join("boot.ipxe"), &into.join("boot.ipxe"))?;
    copy(&job.stock.join("ipxe.efi"), &into.join("ipxe.efi"))?;
    copy(&job.stock.join("linux"), &into.join("linux"))?;
    initrd::build(&job.stock, token, &into.join("initrd.img"))
}

fn provide_grub(job: &Job, token: &Token, served: &Scratch) -> Result<()> {
    let menu = job.root.join(example(job)).join("grub/grub.cfg");
    let menu = fs::read(&menu).context(format!("cannot read {}", menu.display()))?;
    served.write("grub/grub.cfg", menu)?;
    let into = served.path();
    copy(
        &job.stock.join("grubnetx64.efi"),
        &into.join("grubnetx64.efi"),
    )?;
    copy(&job.stock.join("linux"), &into.join("linux"))?;
    initrd::build(&job.stock, token, &into.join("initrd.img"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).context(format!("cannot copy {}", from.display()))?;
    Ok(())
}

/// The steps of one machine's boot.
pub fn steps(job: &Job, machine: usize) -> Vec<Step> {
    let mut steps = match (job.firmware, job.loader) {
        (Firmware::Bios, _) => pxelinux_steps(job.menu, machine),
        (Firmware::Uefi, Loader::Ipxe) => ipxe_steps(job),
        (Firmware::Uefi, Loader::Grub) => grub_steps(),
    };
    steps.push(step("Linux starts", Sign::Console("Linux version"), 60));
    steps.push(typing("shell", Sign::Console(PROMPT), 90, Typed::Question));
    steps.push(step("token shown", Sign::Answer, 60));
    if job.machines > 1 {
        add_meeting(&mut steps, machine);
    }
    steps
}

fn pxelinux_steps(menu: Menu, machine: usize) -> Vec<Step> {
    let menu = menu_file(menu, machine);
    vec![
        step(
            "firmware asks for an address",
            Sign::Dhcp("DHCPDISCOVER from "),
            40,
        ),
        step("address leased", Sign::Dhcp("DHCPACK on "), 40),
        fetch("PXELINUX", "pxelinux/pxelinux.0", 40),
        fetch("its core module", "pxelinux/ldlinux.c32", 40),
        fetch("menu", &format!("pxelinux/pxelinux.cfg/{menu}"), 40),
        fetch("kernel", "pxelinux/linux", 40),
        fetch("initrd", "pxelinux/initrd.img", 90),
    ]
}

/// A card that OVMF has no driver for brings its own iPXE, which needs no second one.
fn ipxe_steps(job: &Job) -> Vec<Step> {
    let mut steps = vec![
        step(
            "firmware asks for an address",
            Sign::Dhcp("DHCPDISCOVER from "),
            90,
        ),
        step("address leased", Sign::Dhcp("DHCPACK on "), 40),
    ];
    if job.nic == crate::lab::Nic::Virtio {
        steps.push(fetch("iPXE", "ipxe.efi", 40));
        steps.push(step(
            "iPXE asks for an address",
            Sign::Dhcp("DHCPDISCOVER from "),
            40,
        ));
        steps.push(step("address leased", Sign::Dhcp("DHCPACK on "), 40));
    }
    steps.push(fetch("script", "boot.ipxe", 40));
    steps.push(fetch("kernel", "linux", 40));
    steps.push(fetch("initrd", "initrd.img", 90));
    steps
}

fn grub_steps() -> Vec<Step> {
    vec![
        step(
            "firmware asks for an address",
            Sign::Dhcp("DHCPDISCOVER from "),
            90,
        ),
        step("address leased", Sign::Dhcp("DHCPACK on "), 40),
        fetch("GRUB", "grubnetx64.efi", 40),
        fetch("menu", "/grub/grub.cfg", 40),
        fetch("kernel", "/linux", 40),
        fetch("initrd", "/initrd.img", 90),
    ]
}

/// The last machine waits with an address; each other one reaches the machine after it.
fn add_meeting(steps: &mut Vec<Step>, machine: usize) {
    if let Some(last) = steps.last_mut() {
        last.typed = Some(Typed::Lease);
    }
    let sign = Sign::Console("address in use: ");
    if machine == 0 {
        steps.push(typing("system leases its address", sign, 30, Typed::Ping));
        steps.push(step(
            "other machine answers",
            Sign::Console(" 0% packet loss"),
            120,
        ));
    } else {
        steps.push(step("system leases its address", sign, 30));
    }
}

fn step(name: &'static str, sign: Sign, seconds: u64) -> Step {
    Step {
        name,
        sign,
        patience: Duration::from_secs(seconds),
        typed: None,
    }
}

fn typing(name: &'static str, sign: Sign, seconds: u64, typed: Typed) -> Step {
    Step {
        typed: Some(typed),
        ..step(name, sign, seconds)
    }
}

fn fetch(name: &'static str, file: &str, seconds: u64) -> Step {
    step(name, Sign::Tftp(file.to_owned()), seconds)
}

impl Typed {
    /// The line to type; `None` while it needs the address of a machine that has none yet.
    pub fn line(self, token: &Token, next_address: Option<&str>) -> Option<String> {
        match self {
            Self::Question => Some(token.question().to_owned()),
            Self::Lease => Some("ip link set eth0 up && udhcpc -q -n -i eth0 -s /lease".to_owned()),
            Self::Ping => {
                next_address.map(|address| format!("until ping -c 1 -W 1 {address}; do :; done"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pxelinux_looks_for_hardware_address_then_ip_address_then_default() {
        let expected = [
            "01-52-54-00-24-00-01",
            "AC182000",
            "AC18200",
            "AC1820",
            "AC182",
            "AC18",
            "AC1",
            "AC",
            "A",
            "default",
        ];
        assert_eq!(lookups(Menu::Default, 0, FIRST_ADDRESS), expected);
    }

    #[test]
    fn a_search_ends_at_the_file_that_is_there() {
        let address = Ipv4Addr::new(172, 24, 32, 1);
        assert_eq!(lookups(Menu::Mac, 1, address), ["01-52-54-00-24-00-02"]);
        assert_eq!(
            lookups(Menu::Address, 1, address).last().unwrap(),
            "AC182001"
        );
        assert_eq!(lookups(Menu::Network, 1, address).last().unwrap(), "AC18");
    }
}
