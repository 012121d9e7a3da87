//! `--log-json`: one line for each transfer and each refused request.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use pretty_assertions::assert_eq;

use super::contents;
use crate::client::{Client, ack, data, request};
use crate::json::{Value, object};
use crate::server::Server;

/// A log file, gone when dropped.
pub struct File(PathBuf);

impl File {
    pub fn new(label: &str) -> Self {
        let name = format!("transfers-{label}-{}.json", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.0).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        // The question whether the server is there is a request, too, and a bad one.
        let lines = text
            .lines()
            .filter(|line| !line.contains(r#""asked":"/","#));
        lines.map(str::to_owned).collect()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // A test that has failed may have none.
        let _ = fs::remove_file(&self.0);
    }
}

/// The lines by the port of their client, once the server is stopped.
type Lines = BTreeMap<u16, BTreeMap<String, Value>>;

fn stop(server: &Server, log: &File) -> Lines {
    assert_eq!(server.stop(), Some(0));
    assert!(server.ends_soon());
    let lines = log.lines().into_iter().map(|line| {
        let members = object(&line);
        let Value::Number(port) = members["port"] else {
            panic!("no port in {line}");
        };
        (port.to_string().parse().unwrap(), members)
    });
    let count = log.lines().len();
    let lines: Lines = lines.collect();
    assert_eq!(lines.len(), count, "two lines of one client");
    lines
}

/// What is expected of a line; of the members that are not named here the test knows them.
struct Expected<'a> {
    direction: &'a str,
    mode: &'a str,
    asked: &'a str,
    bytes: u32,
    options: &'a [(&'a str, u32)],
    outcome: &'a str,
    refusal: Option<(u32, &'a str)>,
}

const READ: Expected<'_> = Expected {
    direction: "read",
    mode: "octet",
    asked: "",
    bytes: 0,
    options: &[],
    outcome: "complete",
    refusal: None,
};

fn check(lines: &mut Lines, client: &Client<'_>, expected: &Expected<'_>) {
    let mut line = lines.remove(&client.port()).expect(expected.outcome);
    let text = |text: &str| Value::Text(text.to_owned());
    let number = |value: u32| Value::Number(value.into());
    let mode = match expected.mode {
        "" => Value::Null,
        known => text(known),
    };
    let options = expected.options.iter();
    let options = options.map(|&(name, value)| (name.to_owned(), number(value)));
    let mut members = vec![
        ("client", text(&client.address().ip().to_string())),
        ("port", number(client.port().into())),
        ("direction", text(expected.direction)),
        ("mode", mode),
        ("asked", text(expected.asked)),
        ("served", text(expected.asked)),
        ("bytes", number(expected.bytes)),
        ("options", Value::Object(options.collect())),
        ("outcome", text(expected.outcome)),
    ];
    if let Some((code, reason)) = expected.refusal {
        members.extend([("code", number(code)), ("text", text(reason))]);
    }
    for (name, value) in members {
        assert_eq!(
            line.remove(name),
            Some(value),
            "{name} of {}",
            expected.outcome
        );
    }
    let Some(Value::Text(time)) = line.remove("time") else {
        panic!("no time");
    };
    assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    let Some(Value::Number(seconds)) = line.remove("seconds") else {
        panic!("no seconds");
    };
    assert!((0.0..600.0).contains(&seconds), "{seconds}");
    // A busy machine brings retransmissions about.
    assert!(matches!(
        line.remove("retransmissions"),
        Some(Value::Number(_))
    ));
    line.remove("text").filter(|_| expected.outcome == "broken");
    assert!(line.is_empty(), "{line:?}");
}

#[test]
fn whole_transfers_have_lines_with_all_their_facts() {
    let log = File::new("whole");
    let words = ["--log-json", log.path()];
    let image = contents(200_500);
    let files: [(&str, &[u8]); 4] = [
        ("image", &image),
        ("text", b"a\nb\n"),
        ("up", b""),
        ("notes", b""),
    ];
    for single_port in [false, true] {
        let words = if single_port {
            &["--single-port", words[0], words[1]][..]
        } else {
            &words
        };
        for start in [Server::start_with, Server::start_on_ipv6] {
            let server = start(words, &files);
            let path = |name: &str| server.path(name);
            server.set_mode("up", 0o666);
            server.set_mode("notes", 0o666);
            let clients = [0; 5].map(|_| Client::new(&server));
            let [mut windows, mut options, mut text, mut up, mut notes] = clients;
            windows.read_windows("image", 7, &[3]);
            let asked = [
                ("TSIZE", "0"),
                ("blksize", "1400"),
                ("timeout", "9"),
                ("utimeout", "9000000"),
                ("rollover", "1"),
            ];
            options.read("image", "octet", &asked);
            text.read("text", "netascii", &[]);
            up.ask(&request(
                2,
                &path("up"),
                "octet",
                &[("tsize", "4"), ("blksize2", "600")],
            ));
            up.receive().unwrap();
            up.answer(&data(1, b"some"));
            assert_eq!(up.receive().unwrap(), ack(1));
            notes.ask(&request(2, &path("notes"), "netascii", &[]));
            notes.receive().unwrap();
            notes.answer(&data(1, b"a\r\nb\r\n"));
            assert_eq!(notes.receive().unwrap(), ack(1));
            let mut lines = stop(&server, &log);
            let (image, upload) = (
                path("image"),
                Expected {
                    direction: "write",
                    ..READ
                },
            );
            for (client, expected) in [
                (
                    &windows,
                    Expected {
                        asked: &image,
                        bytes: 200_500,
                        options: &[("blksize", 1000), ("windowsize", 7)],
                        ..READ
                    },
                ),
                (
                    &options,
                    Expected {
                        asked: &image,
                        bytes: 200_500,
                        options: &[
                            ("tsize", 200_500),
                            ("blksize", 1400),
                            ("timeout", 9),
                            ("utimeout", 9_000_000),
                            ("rollover", 1),
                        ],
                        ..READ
                    },
                ),
                (
                    &text,
                    Expected {
                        asked: &path("text"),
                        mode: "netascii",
                        bytes: 4,
                        ..READ
                    },
                ),
                (
                    &up,
                    Expected {
                        asked: &path("up"),
                        bytes: 4,
                        options: &[("tsize", 4), ("blksize2", 512)],
                        ..upload
                    },
                ),
                (
                    &notes,
                    Expected {
                        asked: &path("notes"),
                        mode: "netascii",
                        bytes: 4,
                        ..upload
                    },
                ),
            ] {
                check(&mut lines, client, &expected);
            }
            assert!(lines.is_empty(), "{lines:?}");
            fs::remove_file(log.path()).unwrap();
        }
    }
}

#[test]
fn what_does_not_become_a_whole_transfer_has_a_line_too() {
    let log = File::new("ends");
    let words = [
        "--log-json",
        log.path(),
        "--max-transfers=4",
        "--max-transfers-per-client=4",
    ];
    let image = contents(2000);
    let server = Server::start_with(&words, &[("image", &image), ("up", b"")]);
    server.set_mode("up", 0o666);
    let path = |name: &str| server.path(name);
    let image = path("image");
    let ask = |opcode, name: &str, mode, options: &[(&str, &str)]| {
        let mut client = Client::new(&server);
        client.ask(&request(opcode, name, mode, options));
        client.receive().unwrap();
        client
    };
    let absent = ask(1, &path("a\"b\\c\u{e9}"), "octet", &[]);
    let bad_option = ask(1, &image, "octet", &[("blksize", "7")]);
    let no_size = ask(1, &image, "netascii", &[("tsize", "0")]);
    let no_mode = ask(2, "name", "", &[]);
    let unknown_mode = ask(1, "name", "mail", &[]);
    let outside = ask(1, "/etc/passwd", "octet", &[]);
    let declined = ask(1, &image, "octet", &[("tsize", "0")]);
    declined.answer(b"\0\x05\0\x08no\0");
    let mut failed = ask(1, &image, "octet", &[]);
    failed.answer(&ack(1));
    failed.receive().unwrap();
    failed.answer(b"\0\x05\0\x03full\0");
    let mut octets = Client::new(&server);
    let name = [path("x").as_bytes(), b"\n\x1b\xff"].concat();
    octets.ask(&[b"\0\x01", &name[..], b"\0octet\0"].concat());
    octets.receive().unwrap();
    // Who has answered keeps its place.
    let mut open = ask(2, &path("up"), "octet", &[]);
    open.answer(&data(1, &[0; 512]));
    open.receive().unwrap();
    let mut locked = Client::new(&server);
    locked.ask(&request(1, &path("up"), "octet", &[]));
    locked.assert_silence(super::SILENCE);
    let mut reading: Vec<_> = (0..3).map(|_| ask(1, &image, "octet", &[])).collect();
    for client in &mut reading {
        client.answer(&ack(1));
        client.receive().unwrap();
    }
    let full = ask(1, &image, "octet", &[]);
    open.answer(b"\0\x05\0\0enough\0");
    for client in &mut reading {
        client.answer(b"\0\x05\0\0enough\0");
    }
    let mut lines = stop(&server, &log);
    let refused = |asked, code, text| Expected {
        asked,
        outcome: "refused",
        refusal: Some((code, text)),
        ..READ
    };
    let ended = |outcome| Expected {
        asked: &image,
        outcome,
        ..READ
    };
    for (client, expected) in [
        (
            &absent,
            refused(&path("a\"b\\c\u{e9}"), 1, "File not found"),
        ),
        (
            &octets,
            refused(&path("x\\012\\033\\377"), 1, "File not found"),
        ),
        (
            &bad_option,
            refused(&image, 8, "Unsupported option(s) requested"),
        ),
        (
            &no_size,
            Expected {
                mode: "netascii",
                ..refused(&image, 8, "Unsupported option(s) requested")
            },
        ),
        (
            &no_mode,
            Expected {
                direction: "write",
                mode: "",
                ..refused("name", 4, "Missing mode")
            },
        ),
        (
            &unknown_mode,
            Expected {
                mode: "",
                ..refused("name", 4, "Unknown mode")
            },
        ),
        (&outside, refused("/etc/passwd", 2, "Forbidden directory")),
        (
            &full,
            refused(&image, 0, "Too many transfers, try again later"),
        ),
        (
            &declined,
            Expected {
                options: &[("tsize", 2000)],
                ..ended("options declined")
            },
        ),
        (
            &failed,
            Expected {
                bytes: 512,
                ..ended("client error")
            },
        ),
        (
            &locked,
            Expected {
                asked: &path("up"),
                ..ended("locked")
            },
        ),
        (
            &open,
            Expected {
                asked: &path("up"),
                direction: "write",
                bytes: 512,
                ..ended("client error")
            },
        ),
    ] {
        check(&mut lines, client, &expected);
    }
    for client in &reading {
        let expected = Expected {
            bytes: 512,
            ..ended("client error")
        };
        check(&mut lines, client, &expected);
    }
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn silence_and_a_closed_client_have_their_outcomes() {
    let log = File::new("silent");
    let words = ["--log-json", log.path(), "-T", "10000"];
    let server = Server::start_with(&words, &[("image", &contents(2000))]);
    let question = request(1, &server.path("image"), "octet", &[("timeout", "200")]);
    let mut silent = Client::new(&server);
    silent.ask(&request(1, &server.path("image"), "octet", &[]));
    silent.receive().unwrap();
    let closed = {
        let mut client = Client::new(&server);
        client.ask(&question);
        client.receive().unwrap();
        let port = client.port();
        client.answer(&ack(0));
        drop(client);
        port
    };
    let mut lines = stop(&server, &log);
    let expected = Expected {
        asked: &server.path("image"),
        outcome: "timed out",
        ..READ
    };
    check(&mut lines, &silent, &expected);
    let line = lines.remove(&closed).unwrap();
    assert_eq!(line["outcome"], Value::Text("broken".to_owned()));
    let Value::Text(reason) = &line["text"] else {
        panic!("no reason");
    };
    assert!(reason.ends_with(": Connection refused"), "{reason}");
    assert!(lines.is_empty(), "{lines:?}");
}

/// Through a single port, one client may have several transfers one after the other.
#[test]
fn a_replaced_transfer_and_one_that_was_complete_have_different_outcomes() {
    let log = File::new("replaced");
    let words = ["--single-port", "--log-json", log.path(), "-T", "200000000"];
    let server = Server::start_with(&words, &[("image", &contents(2000)), ("up", b"")]);
    server.set_mode("up", 0o666);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    client.receive().unwrap();
    client.ask(&request(2, &server.path("up"), "octet", &[]));
    assert_eq!(client.receive().unwrap(), ack(0));
    client.answer(&data(1, b"some"));
    assert_eq!(client.receive().unwrap(), ack(1));
    client.ask(&request(1, &server.path("absent"), "octet", &[]));
    client.receive().unwrap();
    assert_eq!(server.stop(), Some(0));
    assert!(server.ends_soon());
    let outcomes = log.lines().into_iter().map(|line| {
        let line = object(&line);
        (line["outcome"].clone(), line["bytes"].clone())
    });
    let expected = [("abandoned", 0.0), ("complete", 4.0), ("refused", 0.0)];
    let expected =
        expected.map(|(outcome, bytes)| (Value::Text(outcome.to_owned()), Value::Number(bytes)));
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
}
