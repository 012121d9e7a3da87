//! A QEMU machine that boots from the network: the command line, and what executes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use super::scratch::Scratch;
use crate::failure::{Context, Failure, Result};

const QEMU: &str = "qemu-system-x86_64";
const UEFI_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const UEFI_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/// The network card of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nic {
    /// Paravirtual.
    Virtio,
    /// Realtek 8139, Fast Ethernet.
    Rtl8139,
    /// Intel 82540EM.
    E1000,
}

impl Nic {
    /// The words that choose one, and what QEMU calls the device.
    const NAMES: [(&'static str, Self, &'static str); 3] = [
        ("virtio", Self::Virtio, "virtio-net-pci"),
        ("rtl8139", Self::Rtl8139, "rtl8139"),
        ("e1000", Self::E1000, "e1000"),
    ];

    fn device(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, nic, _)| *nic == self)
            .map_or("virtio-net-pci", |(_, _, device)| device)
    }
}

impl FromStr for Nic {
    type Err = Failure;

    fn from_str(word: &str) -> Result<Self> {
        Self::NAMES
            .iter()
            .find(|(name, _, _)| *name == word)
            .map(|(_, nic, _)| *nic)
            .ok_or_else(|| Failure::new(format!("{word}: not one of virtio, rtl8139, e1000")))
    }
}

/// What a machine runs before it has loaded anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS with the iPXE ROM of the network card.
    Bios,
    /// OVMF with its own PXE client where it has a driver for the card, else with the card's iPXE ROM.
    Uefi,
}

impl FromStr for Firmware {
    type Err = Failure;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "bios" => Ok(Self::Bios),
            "uefi" => Ok(Self::Uefi),
            _ => Err(Failure::new(format!("{word}: not one of bios, uefi"))),
        }
    }
}

/// How QEMU executes the machine's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceleration {
    /// By the processor.
    Kvm,
    /// By software, everywhere.
    Tcg,
}

impl Acceleration {
    /// Software, unless `LAB_ACCEL=kvm` asks for the processor.
    ///
    /// KVM is not taken for its mere presence: inside a virtual machine it may open, run half a firmware and
    /// then hang. A boot spends most of its time in the firmware's own pauses, so software costs seconds.
    ///
    /// # Errors
    /// If `LAB_ACCEL` holds another word.
    pub fn choose() -> Result<Self> {
        match std::env::var("LAB_ACCEL").as_deref() {
            Ok("kvm") => Ok(Self::Kvm),
            Ok("tcg") | Err(_) => Ok(Self::Tcg),
            Ok(other) => Err(Failure::new(format!("LAB_ACCEL={other}: not kvm or tcg"))),
        }
    }

    /// QEMU's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

/// Where a machine's serial console goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// To the terminal, shared with QEMU's monitor: Ctrl-A X ends the machine, Ctrl-A H helps.
    Terminal,
    /// To QEMU's standard input and output, nothing else.
    Pipe,
}

/// A machine before it is switched on.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its network card.
    pub nic: Nic,
    /// Its firmware.
    pub firmware: Firmware,
    /// The card's address, six pairs of hex digits with colons.
    pub mac: String,
    /// The tap that the card is plugged into, in the namespace where QEMU is started.
    pub tap: String,
    /// Where the serial console goes.
    pub console: Console,
}

impl Machine {
    /// The command that switches it on. Firmware variables are kept in `scratch`.
    ///
    /// # Errors
    /// If the UEFI firmware is not installed.
    pub fn command(&self, acceleration: Acceleration, scratch: &Scratch) -> Result<Command> {
        let mut command = Command::new(QEMU);
        command
            .args(["-name", &self.tap, "-machine", "pc", "-m", "512"])
            .args(["-accel", acceleration.name()])
            .args(["-nodefaults", "-nographic", "-no-reboot"])
            .args(["-netdev", &self.netdev(), "-device", &self.card()])
            .args(self.console_words());
        if self.firmware == Firmware::Uefi {
            let variables = self.uefi_variables(scratch)?;
            command.arg("-drive").arg(flash(Path::new(UEFI_CODE), true));
            command.arg("-drive").arg(flash(&variables, false));
        }
        Ok(command)
    }

    fn netdev(&self) -> String {
        let tap = &self.tap;
        format!("tap,id=network,ifname={tap},script=no,downscript=no")
    }

    /// OVMF has a virtio driver of its own: without the card's ROM its own PXE client is what boots.
    fn card(&self) -> String {
        let rom = match (self.firmware, self.nic) {
            (Firmware::Uefi, Nic::Virtio) => ",romfile=",
            _ => "",
        };
        let device = self.nic.device();
        let mac = &self.mac;
        format!("{device},netdev=network,mac={mac},bootindex=0{rom}")
    }

    fn console_words(&self) -> [&'static str; 4] {
        match self.console {
            Console::Terminal => ["-serial", "mon:stdio", "-monitor", "none"],
            Console::Pipe => ["-serial", "stdio", "-monitor", "none"],
        }
    }

    fn uefi_variables(&self, scratch: &Scratch) -> Result<PathBuf> {
        let copy = scratch.path().join(format!("{}.variables", self.tap));
        fs::copy(UEFI_VARIABLES, &copy)
            .context(format!("cannot copy {UEFI_VARIABLES} (package ovmf)"))?;
        Ok(copy)
    }
}

fn flash(file: &Path, read_only: bool) -> String {
    let access = if read_only { ",readonly=on" } else { "" };
    format!("if=pflash,format=raw,file={}{access}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(nic: Nic, firmware: Firmware) -> Vec<String> {
        let machine = Machine {
            nic,
            firmware,
            mac: "52:54:00:99:99:99".to_owned(),
            tap: "tap0".to_owned(),
            console: Console::Pipe,
        };
        let scratch = Scratch::new("machine").unwrap();
        let command = machine.command(Acceleration::Tcg, &scratch).unwrap();
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn the_card_is_the_one_asked_for_and_boots_first() {
        let words = words(Nic::Rtl8139, Firmware::Bios);
        let card = "rtl8139,netdev=network,mac=52:54:00:99:99:99,bootindex=0";
        assert!(words.iter().any(|word| word == card), "{words:?}");
    }

    #[test]
    fn a_wrong_word_names_the_right_ones() {
        let failure = "ne2000".parse::<Nic>().unwrap_err().to_string();
        assert_eq!(failure, "ne2000: not one of virtio, rtl8139, e1000");
        assert!("bios".parse::<Firmware>().is_ok());
    }
}
