//! What is measured, one phase after the other; each ends by itself.

use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use tests::client::show_octets;
use tests::dhcp_load;
use tests::failure::{Context, Result};
use tests::lab::Scratch;

use super::disk::Disk;
use super::load::{Load, Maker, Outcome};
use super::report::{Bound, Report};
use super::server::{FAKETIME, Kind, Pool, Programs, Serving, Start};
use super::site::Site;

/// The part of the exchanges that may be lost at a rate that counts as sustained.
const LOSS: f64 = 0.01;
/// A load that begins less than this part of what it was asked for is at its own limit.
const LOAD_REACHED: f64 = 0.97;
/// Steps of the search for a rate: first by this factor, until one rate is kept up and the next is not.
const STRIDE: f64 = 1.5;
/// Most runs of the load in a search.
const PROBES: u32 = 9;

/// Pools that are compared; the second is where rates are searched.
const POOLS: [Pool; 3] = [
    Pool { size: 1_000 },
    Pool { size: 65_536 },
    Pool { size: 1_000_000 },
];
/// A load that makes a server reach so many times another's rate shows that the other was the limit.
const SURPASSES: f64 = 1.1;
pub(super) const STANDARD: Pool = Pool { size: 65_536 };

/// The measurements in progress.
pub struct Bench {
    pub site: Site,
    pub programs: Programs,
    /// The servers that are compared.
    pub kinds: Vec<Kind>,
    pub full: bool,
    pub report: Report,
}

/// A run of the load against a server, with what it cost the server.
pub(super) struct Probe {
    pub(super) outcome: Outcome,
    pub(super) cpu_us: f64,
    pub(super) busy: f64,
    peak: f64,
    ready: f64,
    lines: f64,
}

impl Probe {
    fn is_sustained(&self) -> bool {
        self.outcome.lost() <= LOSS
    }

    /// True if the load could not send what it was asked for.
    fn is_limited_by_load(&self, load: Load) -> bool {
        let asked = f64::from(load.rate) * f64::from(load.seconds);
        self.outcome.begun < LOAD_REACHED * asked
    }
}

impl Bench {
    fn seconds(&self) -> u32 {
        if self.full { 8 } else { 3 }
    }

    /// The disk under the lease files: everything durable is measured against it.
    pub fn measure_disk(&mut self) -> Result<()> {
        let time = self.site.sync_time(Disk::Real)?;
        println!(
            "disk: {:.0} syncs a second ({:.2} ms each, 99 % within {:.2})",
            1e3 / time.mean_ms,
            time.mean_ms,
            time.p99_ms
        );
        self.report.note("disk", "sync_ms", time.mean_ms);
        self.report.note("disk", "sync_p99_ms", time.p99_ms);
        Ok(())
    }

    /// The highest rate of each server with a pool of 65,536 addresses.
    pub fn search_rates(&mut self, maker: Maker) {
        println!(
            "\nload by {}: pool of {} addresses, {} s a run",
            maker.name(),
            STANDARD.size,
            self.seconds()
        );
        println!(
            "{:14} {:>10} {:>9} {:>9} {:>8} {:>8} {:>9} {:>7}",
            "", "exchange/s", "CPU us", "busy", "load", "peak MB", "ready ms", "lines"
        );
        for kind in self.kinds.clone() {
            self.attempt(kind, |bench| bench.search_rate(kind, maker));
        }
    }

    /// A server that cannot be measured proves nothing; the others still can.
    pub(super) fn attempt(&mut self, kind: Kind, work: impl FnOnce(&mut Self) -> Result<()>) {
        if let Err(failure) = work(self) {
            self.report
                .not_proven(&format!("{}: {failure}", kind.name()));
        }
    }

    fn search_rate(&mut self, kind: Kind, maker: Maker) -> Result<()> {
        let mut best: Option<Probe> = None;
        let (mut low, mut high) = (0.0_f64, f64::INFINITY);
        let mut rate = first_guess(kind, maker);
        let mut limited = false;
        for _ in 0..PROBES {
            let load = self.load(maker, rate, STANDARD);
            let probe = self.probe(kind, STANDARD, load)?;
            limited = probe.is_sustained() && probe.is_limited_by_load(load);
            if probe.is_sustained() {
                low = rate;
                best = Some(probe);
            } else {
                high = rate;
            }
            if limited || high / low < 1.1 || rate < 10.0 {
                break;
            }
            rate = match (low > 0.0, high.is_finite()) {
                (true, true) => (low * high).sqrt(),
                (true, false) => low * STRIDE,
                (false, _) => high / STRIDE,
            };
        }
        match best {
            Some(best) => self.note_rate(kind, maker, &best, limited),
            None => {
                let name = kind.name();
                self.report.not_proven(&format!("{name} sustained no rate"));
            }
        }
        Ok(())
    }

    fn note_rate(&mut self, kind: Kind, maker: Maker, best: &Probe, limited: bool) {
        let remark = match limited {
            true => format!("  (the limit of the {})", maker.name()),
            false => String::new(),
        };
        println!(
            "{:14} {:>10.0} {:>9.1} {:>8.0}% {:>7.0}% {:>8.1} {:>9.0} {:>7.1}{remark}",
            kind.name(),
            best.outcome.rate,
            best.cpu_us,
            best.busy * 100.0,
            best.outcome.load_share * 100.0,
            best.peak,
            best.ready,
            best.lines
        );
        for (name, value) in [
            ("rate", best.outcome.rate),
            ("cpu_us", best.cpu_us),
            ("server_busy", best.busy),
            ("load_busy", best.outcome.load_share),
            ("limited_by_load", f64::from(u8::from(limited))),
            ("lost", best.outcome.lost()),
            ("peak_mb", best.peak),
            ("ready_ms", best.ready),
            ("log_lines", best.lines),
        ] {
            self.report.note(&subject(kind, maker), name, value);
        }
    }

    /// Compares the highest rates, and what they cost.
    pub fn judge_rates(&mut self) {
        let limited = self.perfdhcp_is_the_limit();
        if limited {
            self.show_limit();
        }
        for maker in [Maker::Perfdhcp, Maker::Own] {
            self.judge_rates_under(maker, limited && maker == Maker::Perfdhcp);
        }
    }

    /// True if perfdhcp could not send what it was asked for, or if our own load makes more of the same server.
    fn perfdhcp_is_the_limit(&self) -> bool {
        let of = |maker, name| self.report.figure(&subject(Kind::Ours, maker), name);
        let rates = of(Maker::Perfdhcp, "rate").zip(of(Maker::Own, "rate"));
        let surpassed = rates.is_some_and(|(perfdhcp, own)| own > perfdhcp * SURPASSES);
        surpassed || of(Maker::Perfdhcp, "limited_by_load").is_some_and(|flag| flag > 0.0)
    }

    /// Where perfdhcp itself is the limit, both shares of a processor show it.
    fn show_limit(&self) {
        let of = |maker, name| self.report.figure(&subject(Kind::Ours, maker), name);
        let percent = |maker, name| of(maker, name).unwrap_or(f64::NAN) * 100.0;
        println!(
            "\nperfdhcp is the limit of {}: at its highest rate it uses {:.0} % of a processor itself and leaves the server \
             {:.0} % idle",
            Kind::Ours.name(),
            percent(Maker::Perfdhcp, "load_busy"),
            100.0 - percent(Maker::Perfdhcp, "server_busy"),
        );
        let rates = of(Maker::Own, "rate").zip(of(Maker::Perfdhcp, "rate"));
        if let Some((own, perfdhcp)) = rates {
            println!(
                "our own load needs {:.0} % for {:.1} times as much",
                percent(Maker::Own, "load_busy"),
                own / perfdhcp
            );
        }
    }

    /// `limited` if the load was the limit: then the rates compare loads, and are not judged.
    fn judge_rates_under(&mut self, maker: Maker, limited: bool) {
        let of = |kind: Kind, name| self.report.figure(&subject(kind, maker), name);
        if Kind::ALL.iter().all(|kind| of(*kind, "rate").is_none()) {
            return;
        }
        let ratio = |one: Option<f64>, other: Option<f64>| Some(one? / other?);
        let best_of = |name, better: fn(f64, f64) -> f64| {
            let kea = [Kind::Kea(0), Kind::Kea(2)].map(|kind| of(kind, name));
            kea.into_iter().flatten().reduce(better)
        };
        let (rate, cpu) = (of(Kind::Ours, "rate"), of(Kind::Ours, "cpu_us"));
        let rows = [
            (
                "rate / ISC's",
                ratio(rate, of(Kind::Isc, "rate")),
                Bound::AtLeast(20.0),
            ),
            (
                "rate / Kea's best",
                ratio(rate, best_of("rate", f64::max)),
                Bound::AtLeast(2.0),
            ),
            (
                "ISC's CPU / ours",
                ratio(of(Kind::Isc, "cpu_us"), cpu),
                Bound::AtLeast(20.0),
            ),
            (
                "CPU / Kea's least",
                ratio(cpu, best_of("cpu_us", f64::min)),
                Bound::AtMost(0.5),
            ),
        ];
        for (what, value, bound) in rows {
            let what = format!("{what}, {}", maker.name());
            match limited && what.starts_with("rate") {
                true => self
                    .report
                    .show_unjudged(&format!("{what}, the limit of the load"), value),
                false => self.report.judge(&what, value, bound),
            }
        }
    }

    /// Our own highest rate: under our own load, if that was made.
    fn top_rate(&self, kind: Kind) -> Option<f64> {
        let makers = [Maker::Own, Maker::Perfdhcp].into_iter();
        let mut rates =
            makers.filter_map(|maker| self.report.figure(&subject(kind, maker), "rate"));
        rates.next()
    }

    /// The longest wait for a reply while the lease file is written anew, which happens an hour after the last time: the
    /// server's clock is moved.
    pub fn compare_rewrite(&mut self) -> Result<()> {
        const WHAT: &str = "longest wait during a rewrite in ms";
        let top = self.top_rate(Kind::Ours);
        let Some(top) = top.filter(|_| Path::new(FAKETIME).exists()) else {
            self.report.not_proven(WHAT);
            return Ok(());
        };
        let pool = Pool { size: 1_000_000 };
        let stored = if self.full { 900_000 } else { 200_000 };
        let leases = self.lease_file(pool, stored)?;
        let clock = leases.write("clock", "+0")?;
        let file = leases.path().join("leases");
        let start = Start {
            leases: Some(&file),
            clock: Some(&clock),
            ..Start::new(Kind::Ours, pool)
        };
        let serving = self.programs.start(&start, &self.site)?;
        let load = Load {
            seconds: 6,
            ..self.load(Maker::Own, top / 4.0, pool)
        };
        let before = serving.lease_file_number()?;
        let outcome = thread::scope(|scope| {
            let moved = scope.spawn(|| {
                thread::sleep(Duration::from_secs(2));
                fs::write(&clock, "+2h")
            });
            let outcome = load.run(&self.site);
            let moved = moved.join().unwrap_or_else(|panic| resume_unwind(panic));
            moved.context("cannot move the clock").and(outcome)
        })?;
        let rewritten = serving.lease_file_number()? != before;
        serving.end()?;
        let longest = outcome.longest_ms;
        println!(
            "\nrewrite of {stored} leases at {:.0}/s: longest wait for a DHCPACK {longest:.0} ms, {:.1} % lost",
            outcome.rate,
            outcome.lost() * 100.0
        );
        let proven = rewritten.then_some(longest);
        self.report.judge(WHAT, proven, Bound::AtMost(50.0));
        Ok(())
    }

    /// What the size of a pool costs.
    pub fn compare_pools(&mut self) {
        println!("\nCPU us an exchange, and MB with nothing leased, by pool");
        for kind in self.kinds.clone() {
            let top = self.top_rate(kind);
            let rate = top.unwrap_or_else(|| first_guess(kind, Maker::Own)) / 2.0;
            self.attempt(kind, |bench| bench.grow_pool(kind, rate));
        }
        let of = |name| self.report.figure(Kind::Ours.name(), name);
        let growth = of("cpu_us_pool_1000000").zip(of("cpu_us_pool_1000"));
        let growth = growth.map(|(large, small)| large / small);
        let memory = of("mb_pool_1000000");
        self.report
            .judge("CPU at 1M addresses / at 1k", growth, Bound::AtMost(1.2));
        self.report.judge(
            "MB with 1M addresses never leased",
            memory,
            Bound::AtMost(40.0),
        );
    }

    fn grow_pool(&mut self, kind: Kind, rate: f64) -> Result<()> {
        let mut row = format!("{:14}", kind.name());
        for pool in POOLS {
            let probe = self.probe(kind, pool, self.load(Maker::Own, rate, pool))?;
            let empty = self.start(kind, pool, None)?;
            let memory = empty.megabytes_now();
            empty.end()?;
            let (size, cpu) = (pool.size, probe.cpu_us);
            // Writing to a string cannot fail.
            let _ = write!(row, " {size:8}: {cpu:7.1} us {memory:6.1} MB");
            let report = &mut self.report;
            report.note(kind.name(), &format!("cpu_us_pool_{size}"), cpu);
            report.note(kind.name(), &format!("mb_pool_{size}"), memory);
        }
        println!("{row}");
        Ok(())
    }

    /// What stored leases cost at the start.
    pub fn compare_starts(&mut self) -> Result<()> {
        let counts: &[u32] = if self.full {
            &[10_000, 1_000_000]
        } else {
            &[10_000, 200_000]
        };
        println!("\nstart with stored leases, first answer included");
        // One address stays free, for the client that asks until the server answers.
        let pool = Pool { size: 1_000_001 };
        let mut kinds = self.kinds.clone();
        kinds.retain(|kind| kind.reads_isc_leases());
        for count in counts {
            let files = self.lease_file(pool, *count)?;
            for kind in &kinds {
                self.attempt(*kind, |bench| bench.start_with(*kind, pool, &files, *count));
            }
        }
        let most = counts.last().copied().unwrap_or_default();
        let of = |kind: Kind| self.report.figure(kind.name(), &format!("start_s_{most}"));
        let ratio = of(Kind::Ours)
            .zip(of(Kind::Isc))
            .map(|(ours, isc)| ours / isc);
        self.report
            .judge("start time / ISC's", ratio, Bound::AtMost(0.25));
        if self.full {
            let memory = self
                .report
                .figure(Kind::Ours.name(), &format!("start_peak_mb_{most}"));
            self.report.judge(
                "most MB with 1M addresses leased",
                memory,
                Bound::AtMost(250.0),
            );
        } else {
            self.report
                .not_proven("what a million leases cost: --full measures it");
        }
        Ok(())
    }

    fn start_with(&mut self, kind: Kind, pool: Pool, leases: &Scratch, count: u32) -> Result<()> {
        let serving = self.start(kind, pool, Some(leases))?;
        let seconds = serving.ready_after.as_secs_f64();
        let (peak, now) = (serving.peak_megabytes(), serving.megabytes_now());
        let rate = self
            .top_rate(kind)
            .unwrap_or_else(|| first_guess(kind, Maker::Own))
            / 4.0;
        let load = Load {
            clients: count,
            ..self.load(Maker::Own, rate, pool)
        };
        let usage = serving.usage();
        let outcome = load.run(&self.site)?;
        let cpu = (serving.usage().0 - usage.0) * 1e6 / outcome.completed.max(1.0);
        serving.end()?;
        let name = kind.name();
        println!(
            "{name:14} {count:8} leases: {seconds:6.2} s, {peak:6.0} MB at most, {now:6.0} MB afterwards, {cpu:7.1} us an exchange \
             of clients that have one"
        );
        let report = &mut self.report;
        report.note(name, &format!("start_s_{count}"), seconds);
        report.note(name, &format!("start_peak_mb_{count}"), peak);
        report.note(name, &format!("start_mb_{count}"), now);
        report.note(name, &format!("start_cpu_us_{count}"), cpu);
        Ok(())
    }

    pub(super) fn load(&self, maker: Maker, rate: f64, pool: Pool) -> Load {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rates are between 1 and some ten thousand"
        )]
        let rate = rate.max(1.0) as u32;
        Load {
            maker,
            rate,
            seconds: self.seconds(),
            // Some addresses stay free: those offered to whoever asked first, and lost on the way.
            clients: pool.size / 10 * 9,
            delays: false,
        }
    }

    fn start(&self, kind: Kind, pool: Pool, leases: Option<&Scratch>) -> Result<Serving> {
        let leases = leases.map(|files| files.path().join("leases"));
        let start = Start {
            leases: leases.as_deref(),
            ..Start::new(kind, pool)
        };
        self.programs.start(&start, &self.site)
    }

    /// Starts a server without leases and runs the load against it.
    fn probe(&self, kind: Kind, pool: Pool, load: Load) -> Result<Probe> {
        self.probe_on(Disk::Real, kind, pool, load)
    }

    /// As [`probe`](Self::probe), with leases on this disk.
    pub(super) fn probe_on(&self, disk: Disk, kind: Kind, pool: Pool, load: Load) -> Result<Probe> {
        let start = Start {
            disk,
            ..Start::new(kind, pool)
        };
        let serving = self.programs.start(&start, &self.site)?;
        let (usage, lines) = (serving.usage(), self.site.logged());
        let outcome = load.run(&self.site)?;
        let used = serving.usage().0 - usage.0;
        #[expect(clippy::cast_precision_loss, reason = "far fewer lines than 2^52")]
        let lines = (self.site.logged() - lines) as f64;
        let completed = outcome.completed.max(1.0);
        let probe = Probe {
            cpu_us: used * 1e6 / completed,
            busy: used / f64::from(load.seconds),
            peak: serving.peak_megabytes(),
            ready: serving.ready_after.as_secs_f64() * 1e3,
            lines: lines / completed,
            outcome,
        };
        serving.end()?;
        Ok(probe)
    }

    /// A lease file with so many leases that have just begun, of the first clients of our own load.
    fn lease_file(&self, pool: Pool, count: u32) -> Result<Scratch> {
        let files = self.site.files("leases")?;
        let mut text = String::from("authoring-byte-order little-endian;\n\n");
        let (now, end) = (lease_date("now")?, lease_date("tomorrow")?);
        for number in 0..count {
            let mac = dhcp_load::client_mac(number);
            let uid: String = mac.iter().map(|octet| format!("\\{octet:03o}")).collect();
            let (mac, address) = (show_octets(&mac), pool.address(number));
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "lease {address} {{\n  starts {now};\n  ends {end};\n  cltt {now};\n  binding state active;\n  \
                 next binding state free;\n  rewind binding state free;\n  hardware ethernet {mac};\n  uid \"\\001{uid}\";\n}}\n"
            );
        }
        fs::write(files.path().join("leases"), text).context("cannot write leases")?;
        Ok(files)
    }
}

/// A time in the words of date(1), as the servers write it into their lease files.
fn lease_date(words: &str) -> Result<String> {
    let mut command = Command::new("date");
    command.args(["--utc", "--date", words, "+%w %Y/%m/%d %H:%M:%S"]);
    let output = command.output().context("cannot run date")?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

/// Where the search begins: near what was measured elsewhere, so that it is short.
fn first_guess(kind: Kind, maker: Maker) -> f64 {
    match (kind, maker) {
        (Kind::Isc, _) => 800.0,
        (Kind::Ours, Maker::Perfdhcp) => 12_000.0,
        (Kind::Ours, Maker::Own) => 18_000.0,
        (Kind::Kea(_), _) => 6_000.0,
        (Kind::Dnsmasq, _) => 400.0,
    }
}

/// What figures of a server under a load are filed under.
pub(super) fn subject(kind: Kind, maker: Maker) -> String {
    match maker {
        Maker::Perfdhcp => kind.name().to_owned(),
        Maker::Own => format!("{}, {}", kind.name(), maker.name()),
    }
}
