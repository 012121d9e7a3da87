//! Limits that a process sets to itself before it does work whose cost it cannot foresee.
#![expect(
    unsafe_code,
    reason = "nix wraps neither interval timers nor priorities"
)]

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;

use super::system::memory::limit_address_space;

/// Ends this process by SIGPROF once it has used so much processor time from now on. Zero takes the limit back.
///
/// # Errors
/// Those of `setitimer(2)`.
pub fn limit_processor_time(limit: Duration) -> io::Result<()> {
    let once = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    let timer = libc::itimerval {
        it_interval: once,
        it_value: libc::timeval {
            tv_sec: limit.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_usec: limit.subsec_micros().into(),
        },
    };
    // SAFETY: the new value is complete, and the old one is not asked for.
    let status =
        unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, std::ptr::null_mut()) };
    Errno::result(status)?;
    Ok(())
}

/// From now on this process can have so many bytes of address space; what it asks for beyond fails.
///
/// # Errors
/// Those of `getrlimit(2)` and `setrlimit(2)`.
pub fn limit_memory(bytes: u64) -> io::Result<()> {
    limit_address_space(bytes)
}

/// From now on this process yields to others that want the processor, by so many steps of niceness (at most 19).
///
/// # Errors
/// Those of `setpriority(2)`.
pub fn yield_to_others(steps: i32) -> io::Result<()> {
    // SAFETY: the call takes numbers only; 0 means the calling process.
    let status = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, steps) };
    Errno::result(status)?;
    Ok(())
}
