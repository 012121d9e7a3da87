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

/// From now on this process yields to others that want the processor, by so many steps of niceness more than it does. One that
/// was started behind the others must not come forward: only root may.
///
/// # Errors
/// Those of `setpriority(2)`.
pub fn yield_to_others(steps: i32) -> io::Result<()> {
    let niceness = niceness()?.saturating_add(steps);
    // SAFETY: the call takes numbers only; 0 means the calling process. What is beyond 19 counts as 19.
    let status = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness) };
    Errno::result(status)?;
    Ok(())
}

/// -1 is a niceness too: only the error number tells.
fn niceness() -> io::Result<i32> {
    Errno::clear();
    // SAFETY: the call takes numbers only; 0 means the calling process.
    let niceness = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    match Errno::last_raw() {
        0 => Ok(niceness),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// A niceness is a thread's on Linux, and ends with it.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn who_yields_already_yields_more() {
        let yielding = std::thread::spawn(|| {
            let before = niceness().unwrap();
            yield_to_others(3).unwrap();
            yield_to_others(2).unwrap();
            (before, niceness().unwrap())
        });
        let (before, after) = yielding.join().unwrap();
        assert_eq!(after, (before + 5).min(19));
    }
}
