//! rtftpd under loss, damaged packets, links that fail, a full disk, reloads, and ends of every kind.
//!
//! As for rdhcpd, one life follows the other, and after the first passes of a life neither memory nor descriptors may grow. A
//! transfer may fail only if the server was ended or had no room; what arrives is compared octet by octet.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::disk::Filler;
use super::mangle;
use super::pulse::Pulse;
use super::report::Report;
use super::{Plan, WARM_UP};
use crate::differential::Dice;
use crate::failure::{Context, Failure, Result};
use crate::load::{self, Direction, Files, Outcome, content};
use crate::subject::Subject;
use crate::tftp::{SERVER, TftpLab, TftpServer};

/// Transfers that go on when their server is told to end may need this long.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The files that are read.
const BOOT: &str = "boot";
const IMAGE: &str = "image";
/// Octets of a boot file, and of an image, which is still on its way when something happens.
const SIZE: usize = 200_000;
const LARGE: usize = 20 * SIZE;
const CLIENTS: usize = 8;
/// Packets damaged in an episode.
const DAMAGED: usize = 300;
/// How long transfers run before something happens to them.
const WHILE: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug)]
enum Episode {
    Downloads,
    Uploads,
    Damage,
    Flap,
    Reload,
    DiskFull,
}

const EPISODES: [Episode; 6] = [
    Episode::Downloads,
    Episode::Uploads,
    Episode::Damage,
    Episode::Flap,
    Episode::Reload,
    Episode::DiskFull,
];

const ENDS: [Signal; 2] = [Signal::SIGTERM, Signal::SIGKILL];

struct Soak<'s> {
    plan: Plan,
    lab: &'s TftpLab,
    report: &'s Report,
    dice: Dice,
    end: Instant,
}

/// Soaks rtftpd until the plan's time is over. Faults are in the report.
///
/// # Errors
/// What keeps the soak from going on.
pub(super) fn run(plan: Plan, lab: &TftpLab, report: &Report) -> Result<()> {
    for (name, size) in [(BOOT, SIZE), (IMAGE, LARGE)] {
        lab.put(name, &octets(size), 0o644)?;
    }
    lab.put("map", b"r ^virtual/ \nri ^BOOT$ boot\n", 0o644)?;
    for client in 0..CLIENTS {
        lab.put(&format!("upload-{client}"), b"", 0o666)?;
    }
    let mut soak = Soak {
        dice: Dice::new(plan.seed.rotate_left(32)),
        end: Instant::now() + plan.span,
        plan,
        lab,
        report,
    };
    for signal in ENDS.into_iter().cycle() {
        soak.live(signal)?;
        if soak.is_over() {
            break;
        }
    }
    Ok(())
}

impl Soak<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    fn live(&mut self, signal: Signal) -> Result<()> {
        let mut server = self.start()?;
        let pid = server.process.identity().pid();
        self.download(self.transfers(Direction::Read, SIZE, 0))?;
        let first = Pulse::of(pid)?;
        for _ in 0..WARM_UP {
            self.pass(&mut server)?;
        }
        let calm = Pulse {
            resident: u64::MAX / 2,
            ..first
        };
        let warm = calm.expect_again(pid)?;
        let (mut passes, mut last) = (WARM_UP, warm);
        let wanted = WARM_UP + self.plan.passes(&mut self.dice);
        while passes < wanted && (passes == WARM_UP || !self.is_over()) {
            self.pass(&mut server)?;
            match warm.expect_again(pid) {
                Ok(pulse) => last = pulse,
                Err(failure) => self.report.fault(&failure),
            }
            passes += 1;
        }
        self.report.count("lives of rtftpd", 1);
        self.report.say(format!(
            "rtftpd: {passes} passes, {} kB, later {} kB, {} descriptors; ends by {signal}",
            warm.resident, last.resident, last.descriptors
        ));
        self.end_life(server, signal)
    }

    fn start(&self) -> Result<TftpServer> {
        let folder = self.lab.directory().display().to_string();
        let map = format!("{folder}/map");
        self.lab.start(Subject::Ours, &["-s", &folder, "-m", &map])
    }

    /// Ends it in the midst of transfers, which may fail then, and waits until nothing of it is left.
    fn end_life(&self, mut server: TftpServer, signal: Signal) -> Result<()> {
        let downloads = self.transfers(Direction::Read, LARGE, 0);
        thread::scope(|scope| {
            let downloads = scope.spawn(|| self.run(downloads));
            thread::sleep(WHILE);
            server.process.signal(signal)?;
            if signal == Signal::SIGKILL {
                self.lab.server.evict();
            }
            server.process.wait()?;
            let ended = downloads.join();
            let outcome = ended.map_err(|_| Failure::new("the clients have a fault"))??;
            let broken = u64::try_from(outcome.failures.len()).unwrap_or_default();
            self.report
                .count("transfers that ended with the server", broken);
            let deadline = Instant::now() + PATIENCE;
            while !self.lab.server.inhabitants().is_empty() {
                if Instant::now() > deadline {
                    return Err(Failure::new(format!("{signal} does not end rtftpd")));
                }
                thread::sleep(LOOK_AGAIN);
            }
            Ok(())
        })
    }

    fn pass(&mut self, server: &mut TftpServer) -> Result<()> {
        let mut left = EPISODES.to_vec();
        while !left.is_empty() {
            let episode = left.swap_remove(self.dice.below(left.len()));
            self.play(episode, server)
                .and_then(|()| self.recover(server))
                .context(format!("{episode:?}"))
                .context(last_words(server))?;
        }
        self.report.count("passes of rtftpd", 1);
        Ok(())
    }

    fn recover(&mut self, server: &mut TftpServer) -> Result<()> {
        let ended = server.process.child().try_wait();
        if let Some(status) = ended.context("cannot wait for the server")? {
            return Err(Failure::new(format!("the server ended: {status}")));
        }
        let begin = Instant::now();
        self.download(self.transfers(Direction::Read, SIZE, 0))?;
        self.report
            .took("eight downloads after an episode", begin.elapsed());
        Ok(())
    }

    fn play(&mut self, episode: Episode, server: &TftpServer) -> Result<()> {
        match episode {
            Episode::Downloads => {
                let plan = self.any_transfers(Direction::Read);
                self.download(plan)
            }
            Episode::Uploads => {
                let plan = self.any_transfers(Direction::Write);
                self.upload(plan)
            }
            Episode::Damage => self.damage(),
            Episode::Flap => self.meanwhile(Self::pull_the_cable),
            Episode::Reload => self.meanwhile(|soak| {
                soak.report.count("reloads of rtftpd", 1);
                server.process.signal(Signal::SIGHUP)
            }),
            Episode::DiskFull => self.fill_disk(),
        }
    }

    /// For much less time than client and server wait for each other.
    fn pull_the_cable(&self) -> Result<()> {
        self.report.count("interface flaps", 1);
        self.lab.client.ip("link set cli0 down")?;
        thread::sleep(WHILE);
        self.lab.client.ip("link set cli0 up")
    }

    /// Something happens during downloads, which must not mind.
    fn meanwhile(&self, deed: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        let downloads = self.transfers(Direction::Read, LARGE, 0);
        thread::scope(|scope| {
            let downloads = scope.spawn(|| self.download(downloads));
            thread::sleep(WHILE);
            let done = deed(self);
            let ended = downloads.join();
            ended.map_err(|_| Failure::new("the clients have a fault"))??;
            done
        })
    }

    fn damage(&mut self) -> Result<()> {
        let socket = self.lab.client_socket(WHILE)?;
        for _ in 0..DAMAGED {
            let packet = mangle::tftp_packet(&mut self.dice);
            let server: Ipv4Addr = SERVER.parse().context("not an address")?;
            // What the link does not take is no harm.
            let _ = socket.send_to(&packet, (server, 69));
        }
        let count = u64::try_from(DAMAGED).unwrap_or_default();
        self.report.count("damaged TFTP packets", count);
        Ok(())
    }

    fn fill_disk(&self) -> Result<()> {
        let filler = Filler::new(self.lab.directory())?;
        // More than the files that are replaced give back.
        let outcome = self.run(self.transfers(Direction::Write, LARGE, 0))?;
        drop(filler);
        self.report.count("times that the disk was full", 1);
        if outcome.failures.is_empty() {
            return Err(Failure::new("a full disk has taken all uploads"));
        }
        self.upload(self.transfers(Direction::Write, SIZE, 0))
    }

    /// Uploads a file of each client. The last acknowledgement may be lost, and who then asks too late does not hear that all is stored.
    fn upload(&self, plan: load::Plan) -> Result<()> {
        let (size, loss) = (plan.size, plan.loss);
        let outcome = self.run(plan)?;
        if loss == 0 {
            expect_all(&outcome)?;
        }
        for client in 0..CLIENTS {
            let path = self.lab.directory().join(format!("upload-{client}"));
            let stored = std::fs::read(path).context("cannot read an upload")?;
            if stored != octets(size) {
                let what = format!("upload-{client} has {} octets, or others", stored.len());
                return Err(Failure::new(what));
            }
        }
        Ok(())
    }

    fn any_transfers(&mut self, direction: Direction) -> load::Plan {
        let mut plan = self.transfers(direction, SIZE, 0);
        plan.block = self.dice.pick(&[512, 1024, 1428]);
        plan.window = self.dice.pick(&[1, 4, 16]);
        plan.loss = self.dice.pick(&[0, 5, 20]);
        plan
    }

    fn transfers(&self, direction: Direction, size: usize, loss: u32) -> load::Plan {
        let server: Ipv4Addr = SERVER.parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
        load::Plan {
            server: (server, 69).into(),
            direction,
            files: Files::One(if size == LARGE { IMAGE } else { BOOT }),
            size,
            clients: CLIENTS,
            transfers: CLIENTS,
            span: PATIENCE,
            block: 1428,
            window: 1,
            delay: Duration::ZERO,
            loss,
        }
    }

    fn run(&self, plan: load::Plan) -> Result<Outcome> {
        let outcome = self.lab.client.enter(|| plan.run())??;
        let whole = u64::try_from(outcome.times.len()).unwrap_or_default();
        self.report.count("whole TFTP transfers", whole);
        Ok(outcome)
    }

    fn download(&self, plan: load::Plan) -> Result<()> {
        expect_all(&self.run(plan)?)
    }
}

/// What a server said last, for a report.
fn last_words(server: &TftpServer) -> String {
    const LINES: usize = 20;
    let lines = server.log.lines();
    let last = lines.iter().rev().take(LINES).rev();
    last.map(|line| format!("\n    {line}")).collect()
}

fn expect_all(outcome: &Outcome) -> Result<()> {
    match outcome.failures.first() {
        Some(failure) => Err(Failure::new(format!("a transfer failed: {failure}"))),
        None => Ok(()),
    }
}

/// What a file of this size holds.
fn octets(size: usize) -> Vec<u8> {
    const PIECE: usize = 1 << 15;
    let pieces = (0..size).step_by(PIECE);
    let piece = |offset| content(offset, PIECE.min(size - offset));
    pieces.flat_map(piece).copied().collect()
}
