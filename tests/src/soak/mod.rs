//! The soak: both daemons under mixed traffic and everything that goes wrong around a server, for as long as one likes.
//!
//! The same seed plays the same episodes in the same order; which message meets which moment is up to the machine.

mod dhcp;
mod disk;
mod ledger;
mod mangle;
mod pulse;
mod report;
mod site;
mod tftp;
mod traffic;

use std::thread;
use std::time::Duration;

use crate::dhcp::DhcpLab;
use crate::differential::Dice;
use crate::failure::Result;
use crate::tftp::TftpLab;
use disk::Disks;
pub use report::Report;

/// What is to be played.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Chooses everything that is left to chance.
    pub seed: u64,
    /// After this time no pass begins any more.
    pub span: Duration,
    /// Invented DHCP clients in each flood.
    pub flood: u32,
    /// Half of the renewals during a flood may take no longer.
    pub soon: Duration,
}

/// Passes in which a server takes the memory and the descriptors that it needs.
const WARM_UP: usize = 2;

impl Plan {
    /// How many passes there are in a life of a server after it is warm: some lives are short, and in a long soak some are long.
    fn passes(&self, dice: &mut Dice) -> usize {
        let minutes = usize::try_from(self.span.as_secs() / 60).unwrap_or(usize::MAX);
        1 + dice.below(minutes.clamp(2, 20))
    }

    /// Plays it, and tells what happened. To be called before this process has other threads: it mounts disks for itself alone.
    ///
    /// # Errors
    /// If the sites cannot be made.
    pub fn run(self) -> Result<Report> {
        let report = Report::new();
        let (dhcp, tftp) = (DhcpLab::bridged("10.9.0.1/16")?, TftpLab::new()?);
        // Unmounted before the labs remove the directories.
        let _disks = Disks::mount(&[dhcp.directory(), tftp.directory()])?;
        thread::scope(|scope| {
            scope.spawn(|| report.check(tftp::run(self, &tftp, &report)));
            report.check(dhcp::run(self, &dhcp, &report));
        });
        Ok(report)
    }
}
