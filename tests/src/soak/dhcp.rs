//! rdhcpd under everything that happens to a DHCP server in years, in minutes.
//!
//! One life of the server follows the other. In each, all episodes are played in passes, in another order each time; the first two warm the
//! server up, and after them neither memory nor descriptors may grow. After each episode everybody has to be served again, and
//! the lease file has to hold what clients were told.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::mangle;
use super::pulse::{self, Pulse};
use super::report::Report;
use super::site::{Life, Site};
use super::traffic::Traffic;
use super::{Plan, WARM_UP};
use crate::client::{Message, Wire};
use crate::dhcp::{BRIDGE, DhcpLab, SERVER_LINK};
use crate::differential::Dice;
use crate::failure::{Context, Failure, Result};

/// How long clients go on between two deeds of an episode.
const WHILE: Duration = Duration::from_millis(300);
/// After so long the server sees that its clock was set.
const UNTIL_SEEN: Duration = Duration::from_millis(1200);
const HOUR: i32 = 3600;
/// Messages damaged in an episode.
const DAMAGED: usize = 500;
/// Requests under way when a server is killed.
const UNDER_WAY: usize = 40;

/// Something that happens while clients go on.
#[derive(Clone, Copy, Debug)]
enum Episode {
    Ordinary,
    Flood,
    Damage,
    Flap,
    ClockSet,
    DiskFull,
    FileRemoved,
    FileReplaced,
    FileReadOnly,
    FileCut,
}

const EPISODES: [Episode; 10] = [
    Episode::Ordinary,
    Episode::Flood,
    Episode::Damage,
    Episode::Flap,
    Episode::ClockSet,
    Episode::DiskFull,
    Episode::FileRemoved,
    Episode::FileReplaced,
    Episode::FileReadOnly,
    Episode::FileCut,
];

/// How the lives end, one after the other.
const ENDS: [Signal; 3] = [Signal::SIGKILL, Signal::SIGHUP, Signal::SIGTERM];

struct Soak<'r> {
    plan: Plan,
    report: &'r Report,
    site: Site<'r>,
    traffic: Traffic,
    /// Where floods and damaged packets come from.
    hostile: Wire,
    dice: Dice,
    invented: u32,
    end: Instant,
}

/// Soaks rdhcpd until the plan's time is over. Faults are in the report.
///
/// # Errors
/// What keeps the soak from going on.
pub(super) fn run(plan: Plan, lab: &DhcpLab, report: &Report) -> Result<()> {
    let site = Site::new(lab)?;
    if !site.set_clock(0)? {
        report.leave_out("clock jumps: libfaketime is not installed");
    }
    let (wire, hostile) = site.wires()?;
    let mut soak = Soak {
        traffic: Traffic::new(wire, Dice::new(plan.seed)),
        dice: Dice::new(!plan.seed),
        end: Instant::now() + plan.span,
        invented: 0,
        plan,
        report,
        site,
        hostile,
    };
    for signal in ENDS.into_iter().cycle() {
        soak.live(signal)?;
        if soak.is_over() {
            break;
        }
    }
    soak.audit()
}

impl Soak<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// One life of the server, ended by a signal in the midst of service.
    fn live(&mut self, signal: Signal) -> Result<()> {
        let mut life = self.site.start()?;
        self.traffic.populate(self.report)?;
        let first = Pulse::of(life.pid())?;
        for _ in 0..WARM_UP {
            self.pass(&mut life)?;
        }
        let warm = self.take_pulse(&life, first)?;
        let (mut passes, mut last) = (WARM_UP, warm);
        let wanted = WARM_UP + self.plan.passes(&mut self.dice);
        while passes < wanted && (passes == WARM_UP || !self.is_over()) {
            self.pass(&mut life)?;
            match warm.expect_again(life.pid()) {
                Ok(pulse) => last = pulse,
                Err(failure) => self.report.fault(&failure),
            }
            passes += 1;
        }
        self.report.count("lives of rdhcpd", 1);
        self.report.say(format!(
            "rdhcpd: {passes} passes, {} clients with leases, {} kB, later {} kB, {} descriptors; ends by {signal}",
            self.traffic.ledger.len(Instant::now()),
            warm.resident,
            last.resident,
            last.descriptors
        ));
        self.end_life(life, signal)
    }

    /// What a warm server takes; it has as many descriptors and processes as at its start.
    fn take_pulse(&self, life: &Life, first: Pulse) -> Result<Pulse> {
        let calm = Pulse {
            resident: u64::MAX / 2,
            ..first
        };
        calm.expect_again(life.pid())
    }

    fn end_life(&mut self, life: Life, signal: Signal) -> Result<()> {
        self.traffic.burst(UNDER_WAY, self.report);
        life.end(signal, &self.site)?;
        self.traffic.drain(self.report)?;
        self.audit()?;
        // The next server believes the clock on the wall.
        self.traffic.ledger.doubt_short();
        Ok(())
    }

    fn pass(&mut self, life: &mut Life) -> Result<()> {
        self.traffic.populate(self.report)?;
        let mut left = EPISODES.to_vec();
        while !left.is_empty() {
            let episode = left.swap_remove(self.dice.below(left.len()));
            self.traffic.go_on(WHILE, self.report)?;
            self.play(episode, life.pid())
                .and_then(|()| self.recover(life))
                .context(format!("{episode:?}"))
                .context(life.last_words())?;
        }
        self.report.count("passes of rdhcpd", 1);
        Ok(())
    }

    /// After an episode the server serves, and what it promised is stored.
    fn recover(&mut self, life: &mut Life) -> Result<()> {
        life.expect_alive()?;
        let time = self.traffic.renewal(self.report)?;
        self.report.took("until rdhcpd served again", time);
        self.audit()
    }

    fn audit(&mut self) -> Result<()> {
        let file = self.site.read_leases()?;
        let compared = self.traffic.ledger.compare(&file)?;
        let compared = u64::try_from(compared).unwrap_or_default();
        self.report.count("promises found in the file", compared);
        Ok(())
    }

    fn play(&mut self, episode: Episode, server: i32) -> Result<()> {
        match episode {
            Episode::Ordinary => self.traffic.go_on(4 * WHILE, self.report),
            Episode::Flood => self.flood(server),
            Episode::Damage => self.damage(),
            Episode::Flap => self.flap(),
            Episode::ClockSet => self.set_clock(),
            Episode::DiskFull => self.fill_disk(),
            Episode::FileRemoved => {
                let removed = fs::remove_file(self.site.lease_file());
                removed.context("cannot remove the lease file")
            }
            Episode::FileReplaced => self.replace_file(),
            Episode::FileReadOnly => self.lock_file(),
            Episode::FileCut => self.cut_file(),
        }
    }

    /// Invented clients ask as fast as they can, and those with a lease renew it meanwhile.
    fn flood(&mut self, server: i32) -> Result<()> {
        let first = self.invented;
        self.invented = first.wrapping_add(self.plan.flood);
        let (hostile, report, count) = (&self.hostile, self.report, self.plan.flood);
        let traffic = &mut self.traffic;
        let mut took = std::thread::scope(|scope| {
            let flood = scope.spawn(|| invent(hostile, first, count, report));
            let mut took = Vec::new();
            while !flood.is_finished() || took.is_empty() {
                let waited = pulse::waited(server);
                let time = traffic.renewal(report)?;
                report.took("longest renewal in a flood", time);
                // While others had the processors nobody could do anything.
                took.push(time.saturating_sub(pulse::waited(server).saturating_sub(waited)));
            }
            Ok::<_, Failure>(took)
        })?;
        took.sort();
        let half = took.get(took.len() / 2).copied().unwrap_or_default();
        report.took("half of the renewals in a flood, at most", half);
        if half > self.plan.soon {
            let what = format!("half of the renewals in a flood take {half:?} and more");
            report.fault(&what);
        }
        Ok(())
    }

    fn damage(&mut self) -> Result<()> {
        for number in 0..DAMAGED {
            let victim = self.traffic.victim();
            let frame = mangle::frame(&mut self.dice, victim);
            // What the link does not take is no harm.
            let _ = self.hostile.send_frame(&frame);
            if number % 10 == 0 {
                self.traffic.go_on(Duration::from_millis(5), self.report)?;
            }
        }
        self.report
            .count("damaged packets", u64::try_from(DAMAGED).unwrap_or(0));
        Ok(())
    }

    fn flap(&mut self) -> Result<()> {
        for link in [BRIDGE, SERVER_LINK] {
            self.site.network().ip(&format!("link set {link} down"))?;
            self.traffic.go_on(WHILE, self.report)?;
            self.site.network().ip(&format!("link set {link} up"))?;
            self.traffic.go_on(WHILE, self.report)?;
            self.report.count("interface flaps", 1);
        }
        Ok(())
    }

    /// An hour ahead, an hour back, and where it stops is left to chance: the next server starts there.
    fn set_clock(&mut self) -> Result<()> {
        let stops = [-HOUR, 0, HOUR];
        for ahead in [HOUR, -HOUR, self.dice.pick(&stops)] {
            if self.site.set_clock(ahead)? {
                self.report.count("clock jumps", 1);
            }
            self.traffic.go_on(UNTIL_SEEN, self.report)?;
        }
        Ok(())
    }

    fn fill_disk(&mut self) -> Result<()> {
        let filler = self.site.fill_disk()?;
        self.traffic.go_on(4 * WHILE, self.report)?;
        drop(filler);
        self.report.count("times that the disk was full", 1);
        Ok(())
    }

    fn replace_file(&mut self) -> Result<()> {
        let foreign = "# somebody else's\nlease 10.9.1.1 {\n  binding state active;\n}\n";
        let new = self.site.lease_file().with_extension("new");
        fs::write(&new, foreign).context("cannot write a file")?;
        fs::rename(&new, self.site.lease_file()).context("cannot replace the lease file")?;
        self.traffic.go_on(WHILE, self.report)
    }

    fn lock_file(&mut self) -> Result<()> {
        let read_only = fs::set_permissions(self.site.lease_file(), Permissions::from_mode(0o444));
        read_only.context("cannot lock the lease file")?;
        self.traffic.go_on(WHILE, self.report)
    }

    fn cut_file(&mut self) -> Result<()> {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.site.lease_file());
        let file = file.context("cannot open the lease file")?;
        let size = file.metadata().context("cannot see the lease file")?.len();
        file.set_len(size / 2)
            .context("cannot cut the lease file")?;
        self.traffic.go_on(WHILE, self.report)
    }
}

/// Sends DHCPDISCOVERs, each from a client that nobody has seen before.
fn invent(wire: &Wire, first: u32, count: u32, report: &Report) {
    let begun = Instant::now();
    for number in first..first.saturating_add(count) {
        let mac = mangle::invented(number);
        let mut message = Message::request();
        message.put(4, &number.to_be_bytes());
        message.put(28, &mac);
        message.push_cookie();
        message.push_option(53, &[1]);
        message.finish(300);
        // What the link does not take is no harm to a flood.
        let _ = wire.send(&mangle::wrap(message.0, mac));
    }
    report.count("invented clients", count.into());
    report.took("a flood, at most", begun.elapsed());
}
