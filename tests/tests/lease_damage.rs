//! A lease file after an accident: octets overwritten, pages of NULs, the end torn off. Ours starts from it in bounded time and memory
//! with every lease that is undamaged, which the original need not: a stray quote or brace costs it all that follow.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use tests::dhcp::DhcpLab;
use tests::subject::Subject;

/// Leases of an ordinary run; `LEASES` asks for others, a million for example. The original takes long for many.
const LEASES: usize = 2_000;
/// One place is damaged for so many leases.
const LEASES_PER_DAMAGE: usize = 40;
/// One page is lost for so many leases.
const LEASES_PER_PAGE: usize = 1_000;
const PAGE: usize = 4_096;
const CONFIG: &str = "
ddns-update-style none;
subnet 10.0.0.0 netmask 255.0.0.0 { range 10.16.0.0 10.31.255.255; }
";
/// A start in a debug build on a busy machine, for a million leases.
const PATIENCE: Duration = Duration::from_secs(300);
/// Kilobytes of memory for a server without leases, and octets for each lease, at most. Complaints are bounded.
const MEMORY: (usize, usize) = (40_000, 400);

#[test]
#[ignore = "needs root"]
fn a_damaged_file_costs_ours_only_the_damaged_leases() {
    let subjects = Subject::chosen();
    if !subjects.contains(&Subject::Ours) {
        return;
    }
    let leases = number_in("LEASES").map_or(LEASES, |number| usize::try_from(number).unwrap());
    let seed = number_in("SEED").unwrap_or_else(random);
    println!("SEED={seed} reproduces this");
    let mut accident = Accident::new(leases, seed);
    accident.happen();
    let undamaged = accident.undamaged();
    assert!(undamaged.len() > leases / 2);

    let (kept, kilobytes) = start(Subject::Ours, &accident.file);
    let lost: Vec<_> = undamaged.iter().filter(|it| !kept.contains(**it)).collect();
    assert!(lost.is_empty(), "{} lost, first {}", lost.len(), lost[0]);
    let most = MEMORY.0 + leases * MEMORY.1 / 1024;
    assert!(kilobytes < most, "{kilobytes} kB of memory");
    if subjects.contains(&Subject::Original) && Subject::Original.is_at_hand(Subject::dhcpd) {
        let (theirs, _) = start(Subject::Original, &accident.file);
        let theirs = undamaged.iter().filter(|it| theirs.contains(**it)).count();
        println!(
            "{} undamaged, of which the original kept {theirs}",
            undamaged.len()
        );
    }
}

/// Starts a server from a file; gives the records that it wrote, and how much memory it has used.
fn start(subject: Subject, file: &[u8]) -> (HashSet<String>, usize) {
    let lab = DhcpLab::new("10.0.0.1/8", "10.0.0.2").unwrap();
    lab.configure(CONFIG).unwrap();
    fs::write(lab.lease_file(), file).unwrap();
    let server = lab.start_within(PATIENCE, subject).unwrap();
    let status = format!("/proc/{}/status", server.process.identity().pid());
    let status = fs::read_to_string(status).unwrap();
    let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().trim_end_matches(" kB").parse();
    let written = fs::read(lab.lease_file()).unwrap();
    let written = String::from_utf8_lossy(&written);
    let records = written.split_inclusive("\n}\n").map(str::to_owned);
    (records.collect(), peak.unwrap())
}

/// A file and what happens to it.
struct Accident {
    file: Vec<u8>,
    records: Vec<(String, Range<usize>)>,
    /// What happened to which octets; in order in the end.
    damages: Vec<Range<usize>>,
    chance: u64,
}

impl Accident {
    /// A sound file.
    fn new(leases: usize, seed: u64) -> Self {
        let mut file = b"authoring-byte-order little-endian;\n\n".to_vec();
        let mut records = Vec::with_capacity(leases);
        for number in 0..leases {
            let record = record(u32::try_from(number).unwrap());
            let begin = file.len();
            file.extend_from_slice(record.as_bytes());
            records.push((record, begin..file.len()));
        }
        Self {
            file,
            records,
            damages: Vec::new(),
            chance: seed,
        }
    }

    fn happen(&mut self) {
        for _ in 0..self.records.len() / LEASES_PER_DAMAGE {
            let length = 1 + self.below(8);
            let octets: Vec<u8> = (0..length).map(|_| self.octet()).collect();
            self.overwrite(&octets);
        }
        // What is worst for a reader, and too rare among all octets.
        for mark in ["{", "}", "\"", "\\", "#", "\n", ";"] {
            self.overwrite(mark.as_bytes());
        }
        for _ in 0..self.records.len() / LEASES_PER_PAGE {
            self.overwrite(&[0; PAGE]);
        }
        let torn = self.file.len() - 1 - self.below(200);
        self.damages.push(torn..self.file.len());
        self.file.truncate(torn);
        self.damages.sort_unstable_by_key(|range| range.start);
    }

    fn overwrite(&mut self, octets: &[u8]) {
        let begin = self.below(self.file.len() - octets.len());
        let range = begin..begin + octets.len();
        self.file[range.clone()].copy_from_slice(octets);
        self.damages.push(range);
    }

    /// Records that nothing happened to, nor to the line end before them, and whose addresses no damaged one has now.
    fn undamaged(&self) -> Vec<&str> {
        let named = names(&self.file);
        let is_hit = |record: &Range<usize>| {
            // No damage is longer than a page.
            let far = |it: &Range<usize>| it.start + PAGE < record.start;
            let from = self.damages.partition_point(far);
            let mut near = self.damages[from..]
                .iter()
                .take_while(|it| it.start < record.end);
            near.any(|it| it.end >= record.start)
        };
        let sound = self.records.iter().filter(|(text, range)| {
            !is_hit(range) && named.get(&name_of(text.as_bytes())) == Some(&1)
        });
        sound.map(|(text, _)| &**text).collect()
    }

    /// A number of the sequence that the seed begins (a linear congruential generator), below another.
    fn below(&mut self, limit: usize) -> usize {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005);
        self.chance = self.chance.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.chance >> 33).unwrap() % limit
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// A record as both servers write it.
fn record(number: u32) -> String {
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 16, 0, 0).to_bits() + number);
    let [a, b, c, d] = number.to_be_bytes();
    // Octets that are written in octal, whatever the number.
    let uid: String = format!("{number:08o}")
        .bytes()
        .map(|digit| format!("\\20{}", char::from(digit)))
        .collect();
    format!(
        "lease {address} {{\n  starts 2 2030/01/01 00:00:00;\n  ends 2 2036/01/01 00:00:00;\n  tstp 2 2036/01/01 00:00:00;\n  \
         cltt 2 2030/01/01 00:00:00;\n  binding state active;\n  next binding state free;\n  rewind binding state free;\n  \
         hardware ethernet 02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x};\n  uid \"\\001{uid}\";\n  \
         client-hostname \"host-{number}\";\n}}\n"
    )
}

/// How often the name of each lease stands in a file.
fn names(file: &[u8]) -> HashMap<Vec<u32>, usize> {
    let mut names = HashMap::new();
    for line in file.split(|octet| *octet == b'\n') {
        let begin = line.windows(5).position(|octets| octets == b"lease");
        if let Some(begin) = begin {
            *names.entry(name_of(&line[begin..])).or_default() += 1;
        }
    }
    names
}

/// The name of a lease in the line that begins with it, as numbers: damage can leave the same address in another spelling.
fn name_of(line: &[u8]) -> Vec<u32> {
    let name = line.split(|octet| *octet == b'{').next();
    let numbers = name.unwrap_or_default();
    let numbers = numbers.split(|octet| !octet.is_ascii_digit());
    let texts = numbers.filter_map(|digits| std::str::from_utf8(digits).ok());
    texts.filter_map(|digits| digits.parse().ok()).collect()
}

fn number_in(variable: &str) -> Option<u64> {
    let given = std::env::var(variable).ok();
    given.and_then(|text| text.parse().ok())
}

/// Where the damages are: chosen anew in every run, printed, and repeatable by `SEED`.
fn random() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::from(now.unwrap().subsec_nanos())
}
