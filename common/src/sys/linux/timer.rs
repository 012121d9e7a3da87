//! A timer behind a descriptor (timerfd_create(2)).
#![expect(
    unsafe_code,
    reason = "nix has these timers only together with all clocks"
)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;

use crate::sys::watch::Watched;

/// A timer for an event loop that else waits without an end. The loop's own timers are looked at before and after each of its
/// waits; this one costs nothing until it runs out.
#[derive(Debug)]
pub struct Timer(Watched<Descriptor>);

/// The kernel's side of it.
#[derive(Debug)]
pub struct Descriptor(OwnedFd);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Timer {
    /// A timer that does not run.
    ///
    /// # Errors
    /// No descriptor is left.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new() -> io::Result<Self> {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: the call takes numbers only.
        let descriptor = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        let descriptor = Errno::result(descriptor)?;
        // SAFETY: the kernel has just made this descriptor, for us alone.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Self(Watched::new(Descriptor(descriptor))?))
    }

    /// Waits so long. Dropped before, the timer goes on without anybody to wake.
    ///
    /// # Errors
    /// Those of `timerfd_settime(2)`.
    pub async fn sleep(&self, time: Duration) -> io::Result<()> {
        self.0.get_ref().start(time)?;
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(expired) = ready.try_io(|descriptor| descriptor.get_ref().take_expiry()) {
                return expired;
            }
        }
    }
}

impl Descriptor {
    /// Starts anew: what has expired before is forgotten. No time at all would stop the timer, so it is a little.
    fn start(&self, time: Duration) -> io::Result<()> {
        let time = time.max(Duration::from_nanos(1));
        let value = libc::itimerspec {
            it_interval: libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: libc::timespec {
                tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
                tv_nsec: time.subsec_nanos().into(),
            },
        };
        // SAFETY: the kernel only reads the complete value, and is given no place for the old one.
        let status = unsafe {
            libc::timerfd_settime(self.as_raw_fd(), 0, &raw const value, ptr::null_mut())
        };
        Errno::result(status)?;
        Ok(())
    }

    /// [`io::ErrorKind::WouldBlock`] if it still runs.
    fn take_expiry(&self) -> io::Result<()> {
        nix::unistd::read(&self.0, &mut [0; 8])?;
        Ok(())
    }
}
