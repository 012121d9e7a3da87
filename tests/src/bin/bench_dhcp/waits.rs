//! How long clients wait while a server does half of what it can, beside what a sync of the disk takes and how late the
//! load itself was.

use tests::failure::Result;

use super::disk::Disk;
use super::load::{Load, Maker};
use super::phases::{Bench, STANDARD, subject};
use super::report::Bound;
use super::server::Kind;

/// A sync of the disks that the target is meant for takes this or more, in milliseconds: those do 400 to 1,000 a second.
const LEAST_SYNC_MS: f64 = 1.0;
/// Most syncs that 99 of 100 waits for a DHCPACK may take.
const MOST_SYNCS: f64 = 3.0;

impl Bench {
    /// What a reply waits for at half of each server's highest rate.
    pub fn compare_waits(&mut self) {
        for maker in [Maker::Perfdhcp, Maker::Own] {
            let halves = self.kinds.iter().filter_map(|kind| {
                let top = self.report.figure(&subject(*kind, maker), "rate")?;
                Some((*kind, top / 2.0))
            });
            let halves: Vec<_> = halves.collect();
            if !halves.is_empty() {
                println!("\nat half of the highest rate under the {}", maker.name());
                self.show_all_waits(maker, &halves);
            }
        }
    }

    /// What a reply waits for at a rate of the caller's choice, under our own load.
    pub fn compare_waits_at(&mut self, rate: f64) {
        let rates: Vec<_> = self.kinds.iter().map(|kind| (*kind, rate)).collect();
        self.show_all_waits(Maker::Own, &rates);
    }

    /// On a disk that is faster than those that the target is meant for, also as if it were one of them.
    fn show_all_waits(&mut self, maker: Maker, rates: &[(Kind, f64)]) {
        let sync = self.report.figure("disk", "sync_ms");
        let is_fast = sync.is_some_and(|sync| sync < LEAST_SYNC_MS);
        let disks: &[Disk] = match maker {
            Maker::Own if is_fast => &[Disk::Real, Disk::Slow],
            _ => &[Disk::Real],
        };
        for disk in disks {
            println!("waits in ms, {}", disk.name());
            Self::head_waits();
            for (kind, rate) in rates {
                self.attempt(*kind, |bench| bench.show_waits(*kind, maker, *rate, *disk));
            }
        }
    }

    fn head_waits() {
        println!(
            "{:14} {:>10} {:>8} {:>8} {:>8} {:>9} {:>8} {:>6} {:>8} {:>8} {:>7} {:>5} {:>5}",
            "",
            "exchange/s",
            "ACK 50 %",
            "ACK 99 %",
            "longest",
            "OFFER 99%",
            "late 99%",
            "sync",
            "its 99%",
            "ACK/sync",
            "CPU us",
            "busy",
            "load"
        );
    }

    fn show_waits(&mut self, kind: Kind, maker: Maker, rate: f64, disk: Disk) -> Result<()> {
        let what = format!("p99 of {}'s DHCPACK in syncs", kind.name());
        if !disk.is_there() {
            self.report
                .not_proven(&format!("{what}, {}: no strace", disk.name()));
            return Ok(());
        }
        let load = Load {
            delays: true,
            ..self.load(maker, rate, STANDARD)
        };
        let probe = self.probe_on(disk, kind, STANDARD, load)?;
        let sync = self.site.sync_time(disk)?;
        let outcome = &probe.outcome;
        let [half, most] = [0.5, 0.99].map(|share| outcome.percentile_ms(share));
        let syncs = most / sync.mean_ms;
        println!(
            "{:14} {:10.0} {half:8.2} {most:8.2} {:8.2} {:9.2} {:8.2} {:6.2} {:8.2} {syncs:8.1} {:7.1} {:4.0}% {:4.0}%",
            kind.name(),
            outcome.rate,
            outcome.longest_ms,
            outcome.offer_p99_ms,
            outcome.late_p99_ms,
            sync.mean_ms,
            sync.p99_ms,
            probe.cpu_us,
            probe.busy * 100.0,
            outcome.load_share * 100.0
        );
        let subject = format!("{}, {}", subject(kind, maker), disk.name());
        for (name, value) in [
            ("wait_rate", outcome.rate),
            ("ack_p50_ms", half),
            ("ack_p99_ms", most),
            ("offer_p99_ms", outcome.offer_p99_ms),
            ("load_late_p99_ms", outcome.late_p99_ms),
            ("sync_ms", sync.mean_ms),
            ("sync_p99_ms", sync.p99_ms),
            ("ack_p99_syncs", syncs),
            ("wait_cpu_us", probe.cpu_us),
        ] {
            self.report.note(&subject, name, value);
        }
        if kind == Kind::Ours {
            self.judge_waits(
                &format!("{what}, {}", disk.name()),
                maker,
                sync.mean_ms,
                syncs,
            );
        }
        Ok(())
    }

    /// perfdhcp's own clock is not the kernel's, and where a sync takes less than a turn of the scheduler the wait is for
    /// a processor: such figures are shown only.
    fn judge_waits(&mut self, what: &str, maker: Maker, sync: f64, syncs: f64) {
        match maker {
            Maker::Perfdhcp => self
                .report
                .show_unjudged(&format!("{what}, as perfdhcp sees it"), Some(syncs)),
            Maker::Own if sync < LEAST_SYNC_MS => self.report.show_unjudged(
                &format!("{what}, which does more than 1,000 a second"),
                Some(syncs),
            ),
            Maker::Own => self
                .report
                .judge(what, Some(syncs), Bound::AtMost(MOST_SYNCS)),
        }
    }
}
