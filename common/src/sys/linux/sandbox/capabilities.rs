//! capabilities(7): root's powers, one by one.
#![expect(unsafe_code, reason = "nix has neither capget nor capset")]

use std::io;

use nix::errno::Errno;
use nix::libc;

use crate::sys::sandbox::Power;

/// The version of the interface that has 64 capabilities, in two words (`_LINUX_CAPABILITY_VERSION_3`).
const VERSION: u32 = 0x2008_0522;

/// Numbers of `<linux/capability.h>`.
const DAC_OVERRIDE: u8 = 1;
const DAC_READ_SEARCH: u8 = 2;
const FOWNER: u8 = 3;
const NET_BIND_SERVICE: u8 = 10;
const NET_RAW: u8 = 13;

#[repr(C)]
struct Header {
    version: u32,
    /// 0 is the calling thread.
    pid: i32,
}

const HEADER: Header = Header {
    version: VERSION,
    pid: 0,
};

/// Half of each set.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Half {
    pub(super) effective: u32,
    pub(super) permitted: u32,
    pub(super) inheritable: u32,
}

fn numbers(power: Power) -> &'static [u8] {
    match power {
        Power::RawSockets => &[NET_RAW],
        Power::LowPorts => &[NET_BIND_SERVICE],
        Power::ForeignFiles => &[DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER],
    }
}

/// Keeps only these, as far as they are there.
pub(super) fn keep(powers: &[Power]) -> io::Result<()> {
    let wanted = powers.iter().flat_map(|power| numbers(*power));
    // All of them are in the lower half.
    let wanted = wanted.fold(0, |mask, number| mask | 1_u32 << number);
    let [lower, _] = held()?;
    let kept = lower.permitted & wanted;
    set(&[
        Half {
            effective: kept,
            permitted: kept,
            inheritable: 0,
        },
        Half::default(),
    ])
}

/// What the calling thread has.
pub(super) fn held() -> io::Result<[Half; 2]> {
    let mut halves = [Half::default(); 2];
    let header = HEADER;
    // SAFETY: the header is complete, and with its version the kernel fills in two halves, for which there is room.
    let status = unsafe { libc::syscall(libc::SYS_capget, &raw const header, halves.as_mut_ptr()) };
    Errno::result(status)?;
    Ok(halves)
}

fn set(halves: &[Half; 2]) -> io::Result<()> {
    let header = HEADER;
    // SAFETY: header and both halves are complete, and the kernel only reads them.
    let status = unsafe { libc::syscall(libc::SYS_capset, &raw const header, halves.as_ptr()) };
    Errno::result(status)?;
    Ok(())
}
