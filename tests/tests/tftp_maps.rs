//! File name maps: the worked examples, what is wrong in a file, reading it again, and rules that explode.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../../tftpd/src/remap/examples.rs"]
mod examples;

use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use examples::{Asked, EXAMPLES, Example, Made, OURS};
use nix::sys::signal::Signal;
use tests::lab::{Log, Scratch, Syslog, View};
use tests::subject::Subject;
use tests::tftp::{PATIENCE, SERVER, TftpLab, TftpServer};

/// How long an answer is waited for before the question is put again.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// A name that keeps the C library busy for minutes, with [`EXPLOSIVE`].
const BOMB: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const EXPLOSIVE: &str = "r (a*)(a*)(a*)(a*)\\1\\2\\3\\4b$ x\n";

/// Map files with errors, and what the log says about them, line by line.
const WRONG: [(&str, &[&str]); 4] = [
    (
        "xr a b\nr\nr [\n~r a b\nr~ c d\n",
        &[
            "Remap command \"xr\" on line 1 contains invalid char \"x\"",
            "No regex on remap line 2: ",
            "Bad regex in remap line 3: Invalid regular expression",
            "r rules cannot be inverted, line 4:  a b",
            "r rules cannot be inverted, line 5:  c d",
        ],
    ),
    (
        "r a b\n\nQ~r\nr #x\n",
        &[
            "Remap command \"Q~r\" on line 3 contains invalid char \"Q\"",
            "No regex on remap line 4: #x",
        ],
    ),
    (
        "r a{99999}",
        &["Bad regex in remap line 1: Regular expression too big"],
    ),
    ("r a\\", &["Bad regex in remap line 1: Trailing backslash"]),
];

struct Stage {
    lab: TftpLab,
    _outside: Scratch,
    map: PathBuf,
}

#[test]
#[ignore = "needs root"]
fn the_worked_examples_come_out_on_the_wire() {
    for_each_subject(|subject, stage| {
        for example in EXAMPLES {
            check(subject, stage, example);
        }
        if subject == Subject::Ours {
            for example in OURS {
                check(subject, stage, example);
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn every_error_in_a_file_is_logged_and_the_start_ends_with_78() {
    for_each_subject(|subject, stage| {
        for (rules, said) in WRONG {
            fs::write(&stage.map, rules).unwrap();
            let (status, log) = wrong_start(subject, stage);
            assert_eq!(status, Some(78), "{subject}: {rules}");
            for line in said {
                let found = log.wait_for(line, PATIENCE);
                assert!(found.is_ok(), "{subject}: {rules}: {found:?}");
            }
        }
        fs::remove_file(&stage.map).unwrap();
        let (status, log) = wrong_start(subject, stage);
        assert_eq!(status, Some(66), "{subject}");
        let line = format!(
            "Cannot open map file: {}: No such file or directory",
            stage.map.display()
        );
        log.wait_for(&line, PATIENCE).unwrap();
    });
}

#[test]
#[ignore = "needs root"]
fn sighup_reads_a_file_outside_of_the_root_directory_again() {
    for_each_subject(|subject, stage| {
        fs::write(&stage.map, "a ^ old\n").unwrap();
        let server = start(subject, stage);
        assert_eq!(ask_patiently(stage, "x"), refusal("oldx"));
        fs::write(&stage.map, "a ^ new\n").unwrap();
        server.process.signal(Signal::SIGHUP).unwrap();
        wait_for_answer(stage, "x", &refusal("newx"));
    });
}

/// The original ends here.
#[test]
#[ignore = "needs root"]
fn a_file_that_became_wrong_or_went_away_leaves_the_old_rules() {
    for_ours(|stage| {
        fs::write(&stage.map, "a ^ old\n").unwrap();
        let server = start(Subject::Ours, stage);
        assert_eq!(ask_patiently(stage, "x"), refusal("oldx"));
        for rules in ["a [\n", "a ((((a{100}){100}){100}){100})b\n", ""] {
            if rules.is_empty() {
                fs::remove_file(&stage.map).unwrap();
            } else {
                fs::write(&stage.map, rules).unwrap();
            }
            let before = server.log.lines().len();
            server.process.signal(Signal::SIGHUP).unwrap();
            server
                .log
                .wait_after(before, "the old rules stay", PATIENCE)
                .unwrap();
            assert_eq!(ask_patiently(stage, "x"), refusal("oldx"));
        }
    });
}

/// The original burns a processor for each of these for as long as it takes.
#[test]
#[ignore = "needs root"]
fn a_rule_that_explodes_fails_its_request_and_holds_up_nobody() {
    for_ours(|stage| {
        fs::write(&stage.map, format!("{EXPLOSIVE}a ^plain fine\n")).unwrap();
        let server = start(Subject::Ours, stage);
        let bombs: Vec<UdpSocket> = (0..2).map(|_| send(stage, 1, BOMB.as_bytes())).collect();
        let begun = Instant::now();
        assert_eq!(ask_patiently(stage, "plain"), refusal("fine"));
        let waited = begun.elapsed();
        for bomb in bombs {
            assert_eq!(receive(&bomb), Some(refusal("Remap table failure")));
        }
        assert!(waited < PATIENCE / 4, "{waited:?}");
        server
            .log
            .wait_for("remap: the rules took too much time or memory", PATIENCE)
            .unwrap();
        assert_eq!(ask_patiently(stage, "plain"), refusal("fine"));
    });
}

#[test]
#[ignore = "needs root"]
fn a_file_whose_rules_explode_when_compiled_is_refused_at_the_start() {
    for_ours(|stage| {
        fs::write(&stage.map, "r ((((a{100}){100}){100}){100})b x\n").unwrap();
        let (status, log) = wrong_start(Subject::Ours, stage);
        assert_eq!(status, Some(78), "{:?}", log.lines());
    });
}

#[test]
#[ignore = "needs root"]
fn the_first_file_that_is_there_can_be_found_by_a_rule() {
    for_ours(|stage| {
        stage.lab.put("second/name", b"found", 0o644).unwrap();
        stage.lab.put("first/secret", b"no", 0o600).unwrap();
        fs::write(&stage.map, "rE ^ first/\nrE ^ second/\na ^ none:\n").unwrap();
        let _server = start(Subject::Ours, stage);
        assert_eq!(ask_patiently(stage, "name"), b"\0\x03\0\x01found");
        assert_eq!(ask_patiently(stage, "secret"), refusal("none:secret"));
    });
}

fn for_each_subject(drive: impl Fn(Subject, &Stage)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            drive(subject, &stage());
        }
    }
}

fn for_ours(drive: impl Fn(&Stage)) {
    if Subject::chosen().contains(&Subject::Ours) {
        drive(&stage());
    }
}

fn stage() -> Stage {
    let outside = Scratch::new("maps").unwrap();
    Stage {
        lab: TftpLab::new().unwrap(),
        map: outside.path().join("tftpd.map"),
        _outside: outside,
    }
}

fn start(subject: Subject, stage: &Stage) -> TftpServer {
    let directory = stage.lab.directory().to_string_lossy().into_owned();
    let map = stage.map.to_string_lossy().into_owned();
    let words = ["-4", "-c", "-s", "-m", &map, &directory];
    stage.lab.start(subject, &words).unwrap()
}

fn wrong_start(subject: Subject, stage: &Stage) -> (Option<i32>, Log) {
    let log = Log::default();
    let sink = log.clone();
    let syslog = Syslog::start(move |line| sink.push(line)).unwrap();
    let mut command = Command::new("/usr/bin/timeout");
    command
        .args(["--foreground", "20"])
        .arg(subject.tftpd().unwrap())
        .args(["-L", "-s", "-m"])
        .args([&stage.map, stage.lab.directory()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let view = View::default().log_to(syslog.socket());
    let mut process = stage.lab.server.spawn_with(&view, &mut command).unwrap();
    (process.wait().unwrap().code(), log)
}

/// The name becomes visible by one more rule that refuses it; where a rule has ended the way before, the log has it.
fn check(subject: Subject, stage: &Stage, Example(rules, asked, name, made): &Example) {
    let opcode = match asked {
        Asked::Read => 1,
        Asked::Write => 2,
        // The lab speaks IPv4; the unit tests have these.
        Asked::Read6 => return,
    };
    let mut file = rules.to_vec();
    let is_open = rules.ends_with(b"\\");
    if !is_open {
        file.extend_from_slice(b"\na ^.*$ [\\0]\n");
    }
    fs::write(&stage.map, file).unwrap();
    let server = start(subject, stage);
    let answer = receive(&send(stage, opcode, name)).unwrap_or_default();
    let shown = format!(
        "{subject}: {}\n{}: {}",
        rules.escape_ascii(),
        name.escape_ascii(),
        answer.escape_ascii()
    );
    match made {
        Made::Name(name) if answer == refusal("File not found").with_code(1) => {
            let line = format!(" {}", String::from_utf8_lossy(name));
            let heard = server.log.wait_for(&line, PATIENCE);
            assert!(heard.is_ok_and(|line| line.contains("RRQ")), "{shown}");
        }
        Made::Name(name) => {
            let text = [b"[", *name, b"]"].concat();
            assert_eq!(answer, error(2, &text), "{shown}");
        }
        Made::Text(text) => assert_eq!(answer, error(2, text), "{shown}"),
        Made::Denied => assert_eq!(answer, refusal("Access denied"), "{shown}"),
        Made::Endless => assert_eq!(answer, refusal("Remap table failure"), "{shown}"),
    }
}

trait WithCode {
    fn with_code(self, code: u8) -> Self;
}

impl WithCode for Vec<u8> {
    fn with_code(mut self, code: u8) -> Self {
        self[3] = code;
        self
    }
}

fn error(code: u8, text: &[u8]) -> Vec<u8> {
    [b"\0\x05\0", &[code][..], text, b"\0"].concat()
}

fn refusal(text: &str) -> Vec<u8> {
    error(2, text.as_bytes())
}

fn send(stage: &Stage, opcode: u8, name: &[u8]) -> UdpSocket {
    let socket = stage.lab.client_socket(PATIENCE).unwrap();
    let request = [b"\0", &[opcode][..], name, b"\0octet\0"].concat();
    socket.send_to(&request, (SERVER, 69)).unwrap();
    socket
}

fn receive(socket: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = [0; 2000];
    let size = socket.recv(&mut buffer).ok()?;
    Some(buffer[..size].to_vec())
}

fn ask_patiently(stage: &Stage, name: &str) -> Vec<u8> {
    receive(&send(stage, 1, name.as_bytes())).unwrap()
}

/// Asks until the answer is this one: a signal takes effect some time after it was sent.
fn wait_for_answer(stage: &Stage, name: &str, wanted: &[u8]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let socket = send(stage, 1, name.as_bytes());
        socket.set_read_timeout(Some(ASK_AGAIN)).unwrap();
        let answer = receive(&socket);
        if answer.as_deref() == Some(wanted) {
            return;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
    }
}
