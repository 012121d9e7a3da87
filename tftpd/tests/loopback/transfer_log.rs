//! `--log-json`: one line for each transfer.

use std::fs;

use pretty_assertions::assert_eq;

use super::contents;
use crate::client::{Client, request};
use crate::server::Server;

/// A line without what differs from run to run.
fn stable(line: &str) -> String {
    let parts = line.split(',').filter(|part| {
        let varying = ["{\"time\":", "\"port\":", "\"seconds\":"];
        !varying.iter().any(|name| part.starts_with(name))
    });
    parts.collect::<Vec<_>>().join(",")
}

#[test]
fn each_transfer_and_each_refusal_has_its_line() {
    let log = std::env::temp_dir().join(format!("transfers-{}.json", std::process::id()));
    let server = Server::start_with(
        &["--log-json", log.to_str().unwrap()],
        &[("image", &contents(200_500))],
    );
    Client::new(&server).read_windows("image", 7, &[3]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("a\"b"), "octet", &[]));
    assert_eq!(client.receive().unwrap()[..4], [0, 5, 0, 1]);
    let mut declining = Client::new(&server);
    declining.ask(&request(
        1,
        &server.path("image"),
        "octet",
        &[("tsize", "0")],
    ));
    declining.receive().unwrap();
    declining.answer(b"\0\x05\0\x08no\0");
    assert_eq!(server.stop(), Some(0));
    assert!(server.ends_soon());
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    let mut lines: Vec<String> = text.lines().map(stable).collect();
    lines.sort_by_key(|line| line.split("\"bytes\"").nth(1).map(str::len));
    let image = server.path("image");
    let head = |name: &str| {
        format!(
            r#""client":"127.0.0.1","direction":"read","mode":"octet","asked":"{name}","served":"{name}""#
        )
    };
    let absent = server.path("a\\\"b");
    assert_eq!(
        lines,
        [
            format!(
                r#"{},"bytes":0,"options":{{"tsize":200500}},"retransmissions":0,"outcome":"options declined"}}"#,
                head(&image)
            ),
            format!(
                r#"{},"bytes":0,"options":{{}},"retransmissions":0,"outcome":"refused","code":1,"text":"File not found"}}"#,
                head(&absent)
            ),
            format!(
                r#"{},"bytes":200500,"options":{{"blksize":1000,"windowsize":7}},"retransmissions":1,"outcome":"complete"}}"#,
                head(&image)
            ),
        ]
    );
}
