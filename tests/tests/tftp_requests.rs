//! The first answer to one TFTP request, good or bad: the same octets from the original and from ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};

use tests::subject::Subject;
use tests::tftp::{PATIENCE, SERVER, TftpLab};

/// A request and its answer. A bar stands for NUL, which ends every string; `|\x01` begins a read request.
struct Case(&'static [u8], Answer);

#[derive(Debug, PartialEq, Eq, Clone)]
enum Answer {
    /// DATA, block 1, with this content.
    Data(&'static [u8]),
    /// An acknowledgement of options: names and values, each ended by a bar that stands for NUL.
    Options(&'static [u8]),
    /// ERROR with this code and text.
    Error(u16, &'static [u8]),
    /// Nothing at all.
    Silence,
}

use Answer::{Data, Error, Options, Silence};

const HELLO: &[u8] = b"hello\nworld\r";

/// With `-s`: the directory is the root of all names.
const LOCKED_IN: [Case; 53] = [
    Case(b"|\x01hello|octet|", Data(HELLO)),
    Case(b"|\x01/hello|octet|", Data(HELLO)),
    Case(b"|\x01//hello|octet|", Data(HELLO)),
    Case(b"|\x01./hello|octet|", Data(HELLO)),
    Case(b"|\x01sub/../hello|octet|", Data(HELLO)),
    Case(b"|\x01../hello|octet|", Data(HELLO)),
    Case(b"|\x01/../../hello|octet|", Data(HELLO)),
    Case(b"|\x01hello|OcTeT|", Data(HELLO)),
    Case(b"|\x01hello|netascii|", Data(b"hello\r\nworld\r\0")),
    Case(b"|\x01hello|octet||||", Data(HELLO)),
    Case(b"|\x01empty|octet|", Data(b"")),
    Case(b"|\x01sp ace\xff|octet|", Data(b"odd name")),
    Case(b"|\x01link|octet|", Data(HELLO)),
    Case(
        b"|\x01../../../etc/passwd|octet|",
        Error(1, b"File not found"),
    ),
    Case(b"|\x01/etc/passwd|octet|", Error(1, b"File not found")),
    Case(b"|\x01absent|octet|", Error(1, b"File not found")),
    Case(b"|\x01hello/below|octet|", Error(1, b"File not found")),
    Case(b"|\x01outward|octet|", Error(1, b"File not found")),
    Case(
        b"|\x01loop|octet|",
        Error(0, b"Too many levels of symbolic links"),
    ),
    Case(b"|\x01secret|octet|", Error(0, b"Permission denied")),
    Case(
        b"|\x01nobodys|octet|",
        Error(2, b"File must have global read permissions"),
    ),
    Case(b"|\x01sub|octet|", Error(0, b"Is a directory")),
    Case(b"|\x01hello|mail|", Error(4, b"Unknown mode")),
    Case(b"|\x01absent|binary|", Error(4, b"Unknown mode")),
    Case(b"|\x01|octet|", Error(4, b"Missing mode")),
    Case(b"|\x01hello|", Error(4, b"Missing mode")),
    Case(b"|\x01hello||", Error(4, b"Missing mode")),
    Case(b"|\x01hello|octet|blksize|1024|", Options(b"blksize|1024|")),
    Case(b"|\x01hello|octet|BlkSize|1024|", Options(b"BlkSize|1024|")),
    Case(
        b"|\x01hello|octet|blksize|65465|",
        Options(b"blksize|65464|"),
    ),
    Case(b"|\x01hello|octet|blksize|8|", Options(b"blksize|8|")),
    Case(
        b"|\x01hello|octet|blksize|7|",
        Error(8, b"Unsupported option(s) requested"),
    ),
    Case(b"|\x01hello|octet|blksize|abc|", Data(HELLO)),
    Case(b"|\x01hello|octet|blksize|+0513|", Options(b"blksize|513|")),
    Case(b"|\x01hello|octet|blksize|-1|", Options(b"blksize|65464|")),
    Case(b"|\x01hello|octet|tsize|0|", Options(b"tsize|12|")),
    Case(b"|\x01hello|octet|tsize|99|", Options(b"tsize|99|")),
    Case(
        b"|\x01hello|netascii|tsize|0|",
        Error(8, b"Unsupported option(s) requested"),
    ),
    Case(b"|\x01hello|octet|timeout|5|", Options(b"timeout|5|")),
    Case(
        b"|\x01hello|octet|timeout|0|",
        Error(8, b"Unsupported option(s) requested"),
    ),
    Case(
        b"|\x01hello|octet|timeout|256|",
        Error(8, b"Unsupported option(s) requested"),
    ),
    Case(b"|\x01hello|octet|multicast|4|", Data(HELLO)),
    Case(b"|\x01hello|octet|multicast||blksize|512|", Data(HELLO)),
    Case(
        b"|\x01hello|octet|blksize|1432|tsize|0|",
        Options(b"blksize|1432|tsize|12|"),
    ),
    Case(
        b"|\x01hello|octet|tsize|0|blksize|1408|",
        Options(b"tsize|12|blksize|1408|"),
    ),
    Case(
        b"|\x01hello|octet|tsize|0|blksize|1468|multicast|4|",
        Options(b"tsize|12|blksize|1468|"),
    ),
    Case(
        b"|\x01hello|octet|timeout|5|tsize|0|blksize|1468|",
        Options(b"timeout|5|tsize|12|blksize|1468|"),
    ),
    Case(
        b"|\x01hello|octet|blksize|512|blksize|1024|",
        Options(b"blksize|512|blksize|1024|"),
    ),
    Case(b"|\x03|\x01data", Silence),
    Case(b"|\x04|\x01", Silence),
    Case(b"|\x05|\x01error|", Silence),
    Case(b"|\x09hello|octet|", Silence),
    Case(b"\x01|hello|octet|", Silence),
];

#[test]
#[ignore = "needs root"]
fn the_original_answers_requests_in_a_locked_directory_as_listed() {
    check(Subject::Original);
}

#[test]
#[ignore = "needs root"]
fn ours_answers_requests_in_a_locked_directory_as_listed() {
    check(Subject::Ours);
}

#[test]
#[ignore = "needs root"]
fn without_a_lock_only_absolute_names_below_the_directories_are_served() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            without_lock(subject);
        }
    }
}

#[test]
#[ignore = "needs root"]
fn requests_and_refusals_are_logged() {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            let lab = stage();
            let server = lab.start(subject, &[]).unwrap();
            ask(&lab, b"\0\x01/absent\0octet\0", true);
            let client = tests::tftp::CLIENT;
            server
                .log
                .wait_for(&format!("RRQ from {client} filename /absent"), PATIENCE)
                .unwrap();
            server
                .log
                .wait_for(
                    &format!("sending NAK (1, File not found) to {client}"),
                    PATIENCE,
                )
                .unwrap();
        }
    }
}

fn without_lock(subject: Subject) {
    let lab = stage();
    let directory = lab.directory().to_string_lossy().into_owned();
    let _server = lab.start(subject, &[&directory]).unwrap();
    let cases = [
        (format!("{directory}/hello"), Data(HELLO)),
        (
            "hello".to_owned(),
            Error(2, b"Only absolute filenames allowed"),
        ),
        (
            format!("{directory}/../hello"),
            Error(2, b"Reverse path not allowed"),
        ),
        ("/etc/passwd".to_owned(), Error(2, b"Forbidden directory")),
        (format!("{directory}/absent"), Error(1, b"File not found")),
    ];
    for (name, answer) in cases {
        let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
        assert_eq!(
            ask(&lab, &request, true),
            encode(&answer),
            "{subject}: {name}"
        );
    }
}

fn check(subject: Subject) {
    if !Subject::chosen().contains(&subject) || !subject.is_at_hand(Subject::tftpd) {
        return;
    }
    let lab = stage();
    let _server = lab.start(subject, &[]).unwrap();
    let failures: Vec<String> = LOCKED_IN
        .iter()
        .filter_map(|Case(request, answer)| {
            let request = with_nul(request);
            let got = ask(&lab, &request, *answer != Silence);
            let wanted = encode(answer);
            (got != wanted).then(|| {
                format!(
                    "{}\n  {}\n  {}",
                    show(&request),
                    show_answer(&wanted),
                    show_answer(&got)
                )
            })
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} requests (then expected, then got):\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn stage() -> TftpLab {
    let lab = TftpLab::new().unwrap();
    lab.put("hello", HELLO, 0o644).unwrap();
    lab.put("empty", b"", 0o644).unwrap();
    lab.put("secret", b"secret", 0o600).unwrap();
    lab.put("nobodys", b"secret", 0o600).unwrap();
    lab.put("sub/file", b"below", 0o644).unwrap();
    let inside = |name: &str| lab.directory().join(name);
    nix::unistd::chown(&inside("nobodys"), Some(65_534.into()), None).unwrap();
    std::fs::write(
        std::ffi::OsString::from(inside("")).join_bytes(b"sp ace\xff"),
        b"odd name",
    )
    .unwrap();
    std::os::unix::fs::symlink("hello", inside("link")).unwrap();
    std::os::unix::fs::symlink("loop", inside("loop")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", inside("outward")).unwrap();
    lab
}

/// A directory's path with a name that is no UTF-8.
trait JoinBytes {
    fn join_bytes(self, name: &[u8]) -> std::path::PathBuf;
}

impl JoinBytes for std::ffi::OsString {
    fn join_bytes(mut self, name: &[u8]) -> std::path::PathBuf {
        use std::os::unix::ffi::OsStrExt;
        self.push(std::ffi::OsStr::from_bytes(name));
        self.into()
    }
}

/// What has come; none if nothing has within the socket's time.
fn receive(socket: &UdpSocket) -> Option<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; 2048];
    loop {
        match socket.recv_from(&mut buffer) {
            Ok((size, peer)) => return Some((buffer[..size].to_vec(), peer)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            // A process that was stopped and goes on finds its wait broken off.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("cannot receive: {error}"),
        }
    }
}

/// Sends one request and returns the first answer. Where silence is expected, a good request after it must be answered first.
fn ask(lab: &TftpLab, request: &[u8], expects_answer: bool) -> Option<Vec<u8>> {
    let socket = socket(lab);
    socket.send_to(request, server()).unwrap();
    if !expects_answer {
        let other = self::socket(lab);
        other.send_to(b"\0\x01hello\0octet\0", server()).unwrap();
        finish(
            &other,
            &receive(&other).expect("the good request is not answered"),
        );
        socket.set_nonblocking(true).unwrap();
    }
    let answer = receive(&socket)?;
    finish(&socket, &answer);
    Some(answer.0)
}

/// Ends the transfer, so that nothing is sent again.
fn finish(socket: &UdpSocket, (_, peer): &(Vec<u8>, SocketAddr)) {
    socket.send_to(b"\0\x05\0\0done\0", peer).unwrap();
}

fn socket(lab: &TftpLab) -> UdpSocket {
    let socket = lab
        .client
        .enter(|| UdpSocket::bind("0.0.0.0:0"))
        .unwrap()
        .unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn server() -> (&'static str, u16) {
    (SERVER, 69)
}

fn with_nul(text: &[u8]) -> Vec<u8> {
    text.iter()
        .map(|octet| if *octet == b'|' { 0 } else { *octet })
        .collect()
}

fn encode(answer: &Answer) -> Option<Vec<u8>> {
    match answer {
        Data(content) => Some([b"\0\x03\0\x01", *content].concat()),
        Options(pairs) => Some([b"\0\x06".to_vec(), with_nul(pairs)].concat()),
        Error(code, text) => {
            let code = code.to_be_bytes();
            Some([b"\0\x05".as_slice(), &code, text, b"\0"].concat())
        }
        Silence => None,
    }
}

fn show(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

fn show_answer(answer: &Option<Vec<u8>>) -> String {
    answer.as_deref().map_or("silence".to_owned(), show)
}
