//! The main job: a machine boots from the network, through firmware, boot program and kernel, to a shell that proves where it came from.

mod event;
pub mod initrd;
mod plan;
mod progress;
mod report;
mod rig;
mod terminal;

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, Result};
use crate::lab::{Acceleration, Firmware, Nic};
use event::{Event, What};
pub use plan::{Loader, Menu};
use progress::Progress;
use rig::Rig;

/// From power-on to the proof, on two slow cores without KVM.
const LIMIT: Duration = Duration::from_secs(175);

/// Whose daemons serve the boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemons {
    /// The originals that the system has installed.
    Theirs,
    /// Those of this workspace, from the directory of the running program; `RDHCPD` and `RTFTPD` name others.
    Ours,
}

/// What is asked for on the command line.
#[derive(Clone, Debug)]
pub struct Job {
    /// The machine's network card.
    pub nic: Nic,
    /// The machine's firmware.
    pub firmware: Firmware,
    /// What UEFI firmware loads.
    pub loader: Loader,
    /// Whose daemons.
    pub daemons: Daemons,
    /// Which of the files that PXELINUX looks for exists.
    pub menu: Menu,
    /// One machine, or two that must reach each other.
    pub machines: usize,
    /// Whether the shell of the first machine is handed to the terminal after the proof.
    pub keep: bool,
    /// The project's directory.
    pub root: PathBuf,
    /// Kernel, drivers, busybox, iPXE and GRUB.
    pub stock: PathBuf,
    /// Where our daemons were built.
    pub built: PathBuf,
}

/// Does the whole job and says what happens on standard output.
///
/// # Errors
/// If the boot did not get to its end; what the daemons and the console said last stands on standard error then.
pub fn run(job: &Job) -> Result<()> {
    refuse_impossible(job)?;
    let acceleration = Acceleration::choose()?;
    let (mut rig, events) = Rig::build(job)?;
    report::announce(job, acceleration);
    let start = Instant::now();
    let mut machines = Vec::new();
    for index in 0..job.machines {
        rig.switch_on(job, acceleration)?;
        machines.push(Progress::new(
            plan::mac(index),
            plan::steps(job, index),
            start,
        ));
    }
    let outcome = follow(&mut rig, &events, &mut machines, start)
        .and_then(|()| check_lookups(job, &machines));
    machines.iter().for_each(report::print_table);
    if let Err(failure) = outcome {
        report::print_last_words(&machines, rig.last_lines());
        return Err(failure);
    }
    if job.keep {
        terminal::hand_over(&mut rig, &events)?;
    }
    Ok(())
}

/// Takes events until every machine has taken every step.
fn follow(
    rig: &mut Rig,
    events: &Receiver<Event>,
    machines: &mut [Progress],
    start: Instant,
) -> Result<()> {
    while let Some(deadline) = next_deadline(machines, start + LIMIT) {
        let left = deadline.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).map_err(|_| {
            let what = report::waited_in_vain(machines);
            Failure::new(format!("after {} s: {what}", start.elapsed().as_secs()))
        })?;
        report::show(&event, start);
        rig.note(&event);
        stop_if_over(rig, &event)?;
        for index in 0..machines.len() {
            advance(rig, machines, index, &event)?;
        }
    }
    Ok(())
}

/// When the first of the missing steps is overdue; `None` when none is missing.
fn next_deadline(machines: &[Progress], limit: Instant) -> Option<Instant> {
    let first = machines.iter().filter_map(Progress::deadline).min()?;
    Some(first.min(limit))
}

fn stop_if_over(rig: &mut Rig, event: &Event) -> Result<()> {
    match event.what {
        What::Interrupted => Err(Failure::new("interrupted")),
        What::MachineEnded(index) => Err(Failure::new(format!("machine {} ended", index + 1))),
        What::DaemonSilent(source) => rig.check_alive(source),
        What::Line(..) | What::Console(..) | What::Typed(..) => Ok(()),
    }
}

/// Lets one machine's progress see the event, and types what its step asks for.
fn advance(rig: &mut Rig, machines: &mut [Progress], index: usize, event: &Event) -> Result<()> {
    let next_address = machines
        .get(index + 1)
        .and_then(Progress::address)
        .map(str::to_owned);
    let Some(machine) = machines.get_mut(index) else {
        return Ok(());
    };
    machine.hear(index, event);
    let bytes = rig.bytes_sent(index)?;
    while machine.try_step(event.at, bytes, rig.token()) {}
    if let Some(line) = machine.take_typed(rig.token(), next_address.as_deref()) {
        rig.type_bytes(index, format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

/// Whether PXELINUX has searched in its documented order. The others do not search.
fn check_lookups(job: &Job, machines: &[Progress]) -> Result<()> {
    if job.firmware == Firmware::Uefi {
        return Ok(());
    }
    for (index, machine) in machines.iter().enumerate() {
        let address = machine.address().unwrap_or_default();
        let address = address.parse().context("the leased address")?;
        machine.check_lookups(&plan::lookups(job.menu, index, address))?;
    }
    Ok(())
}

/// Two machines share one search order only up to their own addresses. GRUB is loaded by OVMF's own PXE client.
fn refuse_impossible(job: &Job) -> Result<()> {
    if job.loader == Loader::Grub && (job.firmware, job.nic) != (Firmware::Uefi, Nic::Virtio) {
        return Err(Failure::new(
            "--loader grub needs --firmware uefi and --nic virtio: other cards bring an iPXE",
        ));
    }
    if job.machines > 1 && job.menu == Menu::Address {
        return Err(Failure::new(
            "--pair cannot know which machine gets which address",
        ));
    }
    Ok(())
}

/// Where our daemons are: next to the running program.
///
/// # Errors
/// If the system cannot say where the program is.
pub fn directory_of_program() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find this program")?;
    Ok(program.parent().unwrap_or(Path::new(".")).to_owned())
}
