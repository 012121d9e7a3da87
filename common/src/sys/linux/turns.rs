//! How long a thread may keep a processor while others want it.
#![expect(unsafe_code, reason = "nix does not wrap the scheduler's attributes")]

use std::io;

use nix::errno::Errno;
use nix::libc::{self, SCHED_OTHER, SYS_sched_getattr, SYS_sched_setattr, sched_attr};

/// The shortest turn that the kernel grants, in nanoseconds.
const SHORTEST: u64 = 100_000;

/// From now on this thread, and those that it starts, want the processor for short turns only. A thread that wakes gets it
/// at once from one that wants longer turns, and no thread's share of it changes. Kernels before 6.12 take no notice;
/// a thread that is not under the usual policy stays as it is.
///
/// # Errors
/// Those of `sched_setattr(2)`.
pub fn want_short() -> io::Result<()> {
    let mut wanted = current()?;
    if wanted.sched_policy != SCHED_OTHER.unsigned_abs() {
        return Ok(());
    }
    wanted.sched_runtime = SHORTEST;
    // SAFETY: 0 means the calling thread, and the attributes are complete.
    let status = unsafe { libc::syscall(SYS_sched_setattr, 0, &raw const wanted, 0) };
    Errno::result(status)?;
    Ok(())
}

fn current() -> io::Result<sched_attr> {
    let mut found = sched_attr {
        size: 0,
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: 0,
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    let size = size_of_val(&found);
    // SAFETY: 0 means the calling thread, and the kernel writes no more than `size`.
    let status = unsafe { libc::syscall(SYS_sched_getattr, 0, &raw mut found, size, 0) };
    Errno::result(status)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::limits::yield_to_others;

    #[test]
    fn a_thread_keeps_its_niceness_and_passes_its_wish_on() {
        let yielding = std::thread::spawn(|| {
            yield_to_others(3).unwrap();
            let before = current().unwrap();
            want_short().unwrap();
            let started = std::thread::spawn(|| current().unwrap());
            (before, started.join().unwrap())
        });
        let (before, after) = yielding.join().unwrap();
        assert_eq!(after.sched_nice, before.sched_nice);
        assert_eq!(after.sched_policy, before.sched_policy);
        // A kernel that knows no turns tells none.
        assert!([0, SHORTEST].contains(&after.sched_runtime));
    }
}
