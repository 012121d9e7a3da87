//! FreeBSD: no-new-privileges, and Capsicum for a process that needs no files.
//!
//! capsicum(4) takes away every name at once. The lease file is rewritten under names, new interfaces are opened as /dev/bpf,
//! and bind(2) itself is refused there; so a server cannot enter it, and only processes that compute do.
#![expect(unsafe_code, reason = "nix wraps neither procctl nor cap_enter")]

use std::io;

use nix::errno::Errno;
use nix::libc;

use crate::sys::sandbox::{Calls, Layer, Needs};

pub(in crate::sys) const LAYERS: &[Layer] = &[Layer::NoNewPrivileges, Layer::Files];

pub(in crate::sys) fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Powers => "privileges",
        Layer::NoNewPrivileges => "no-new-privileges",
        Layer::Files | Layer::Calls => "capsicum",
    }
}

pub(in crate::sys) fn put_on(layer: Layer, needs: &Needs<'_>) -> io::Result<()> {
    match layer {
        Layer::NoNewPrivileges => forbid_new_privileges(),
        Layer::Files if needs.calls == Calls::Computing => enter_capability_mode(),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

pub(in crate::sys) fn offer(layer: Layer) -> io::Result<()> {
    match layer {
        Layer::NoNewPrivileges => ask_about_privileges(),
        // For the processes that apply the rules of a map file.
        Layer::Files => ask_about_capability_mode(),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn forbid_new_privileges() -> io::Result<()> {
    let mut enable = libc::PROC_NO_NEW_PRIVS_ENABLE;
    control(libc::PROC_NO_NEW_PRIVS_CTL, &mut enable)
}

fn ask_about_privileges() -> io::Result<()> {
    control(libc::PROC_NO_NEW_PRIVS_STATUS, &mut 0)
}

/// About this process.
fn control(command: i32, argument: &mut i32) -> io::Result<()> {
    // SAFETY: both commands that are used take a pointer to an int, which outlives the call.
    let status =
        unsafe { libc::procctl(libc::P_PID, 0, command, std::ptr::from_mut(argument).cast()) };
    Errno::result(status)?;
    Ok(())
}

fn enter_capability_mode() -> io::Result<()> {
    // SAFETY: the call takes nothing, and changes what later calls may do, not memory.
    let status = unsafe { libc::cap_enter() };
    Errno::result(status)?;
    Ok(())
}

fn ask_about_capability_mode() -> io::Result<()> {
    let mut mode = 0;
    // SAFETY: the mode goes where there is room for it.
    let status = unsafe { libc::cap_getmode(&raw mut mode) };
    Errno::result(status)?;
    Ok(())
}
