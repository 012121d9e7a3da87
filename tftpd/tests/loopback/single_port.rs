//! `--single-port`: every packet comes from the port that takes requests.

use pretty_assertions::assert_eq;

use super::{SILENCE, contents, crowd, until_served};
use crate::client::{Client, ack, data, request};
use crate::server::Server;

fn start(files: &[(&str, &[u8])]) -> Server {
    Server::start_with(&["--single-port"], files)
}

#[test]
fn transfers_in_both_directions_share_the_port() {
    let file = contents(100_000);
    let server = start(&[("image", &file), ("upload", b"")]);
    server.set_mode("upload", 0o666);
    let mut writer = Client::new(&server);
    writer.ask(&request(2, &server.path("upload"), "octet", &[]));
    assert_eq!(writer.receive().unwrap(), ack(0));
    let mut reader = Client::new(&server);
    assert_eq!(reader.read("image", "octet", &[("blksize", "1432")]), file);
    assert_eq!(reader.peer(), server.address());
    assert!(Client::new(&server).read_windows("image", 64, &[1, 70]) == file);
    writer.answer(&data(1, b"stored"));
    assert_eq!(writer.receive().unwrap(), ack(1));
    assert_eq!(writer.peer(), server.address());
    assert_eq!(Client::new(&server).read("upload", "octet", &[]), b"stored");
}

#[test]
fn blocks_beyond_the_path_come_in_windows_too() {
    let file = contents(3 * 65464);
    let server = start(&[("image", &file)]);
    let mut client = Client::new(&server);
    let options = [("blksize", "65464"), ("windowsize", "4")];
    client.ask(&request(1, &server.path("image"), "octet", &options));
    assert_eq!(client.receive().unwrap()[1], 6);
    client.answer(&ack(0));
    let mut received = Vec::new();
    for block in 1..=4_u16 {
        let packet = client.receive().unwrap();
        assert_eq!(packet[2..4], block.to_be_bytes());
        received.extend_from_slice(&packet[4..]);
    }
    client.answer(&ack(4));
    assert!(received == file);
}

#[test]
fn a_refusal_comes_from_the_port_and_ends_nothing() {
    let server = start(&[("image", b"contents")]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("absent"), "octet", &[]));
    assert_eq!(client.receive().unwrap()[..4], [0, 5, 0, 1]);
    assert_eq!(client.peer(), server.address());
    assert_eq!(client.read("image", "octet", &[]), b"contents");
}

#[test]
fn a_client_that_declines_the_options_may_ask_again_at_once() {
    let server = start(&[("image", b"contents")]);
    let mut client = Client::new(&server);
    let image = server.path("image");
    client.ask(&request(1, &image, "octet", &[("tsize", "0")]));
    assert_eq!(client.receive().unwrap(), b"\0\x06tsize\x008\0");
    client.answer(b"\0\x05\0\x08declined\0");
    client.ask(&request(1, &image, "octet", &[]));
    assert_eq!(client.receive().unwrap(), b"\0\x03\0\x01contents");
    client.answer(&ack(1));
}

#[test]
fn another_request_takes_the_place_of_a_transfer() {
    let file = contents(2000);
    let server = start(&[("image", &file), ("other", b"other"), ("upload", b"")]);
    server.set_mode("upload", 0o666);
    let mut client = Client::new(&server);
    // Also of one that its client has not answered yet.
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    assert_eq!(client.receive().unwrap(), data(1, &file[..512]));
    client.ask(&request(1, &server.path("other"), "octet", &[]));
    assert_eq!(client.receive().unwrap(), data(1, b"other"));
    client.ask(&request(2, &server.path("upload"), "octet", &[]));
    assert_eq!(client.receive().unwrap(), ack(0));
    client.answer(&data(1, &[b'x'; 512]));
    assert_eq!(client.receive().unwrap(), ack(1));
    assert_eq!(client.read("image", "octet", &[]), file);
    assert_eq!(
        Client::new(&server).read("upload", "octet", &[]),
        [b'x'; 512]
    );
}

/// The network brings a request twice, or late, or its client does not wait long for the answer.
#[test]
fn the_same_request_neither_begins_a_transfer_nor_ends_one() {
    let file = contents(2000);
    let log = crate::transfer_log::File::new("repeated");
    let words = ["--single-port", "--log-json", log.path()];
    let server = Server::start_with(&words, &[("image", &file)]);
    let mut client = Client::new(&server);
    let question = request(1, &server.path("image"), "octet", &[]);
    for _ in 0..3 {
        client.ask(&question);
    }
    for (block, payload) in (1..).zip(file.chunks(512)) {
        assert_eq!(client.receive().unwrap(), data(block, payload));
        client.answer(&ack(block));
        if block < 4 {
            client.ask(&question);
        }
    }
    assert_eq!(server.stop(), Some(0));
    assert!(server.ends_soon());
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(r#""bytes":2000"#), "{lines:?}");
}

/// Whoever forges a request can send it twice.
#[test]
fn neither_a_repeated_request_nor_nonsense_counts_as_an_answer() {
    let words = ["--single-port", "-T", "200000000", "--max-transfers=1"];
    let file = contents(2000);
    let server = Server::start_with(&words, &[("image", &file)]);
    let question = request(1, &server.path("image"), "octet", &[]);
    let mut silent = Client::new(&server);
    until_served(&mut silent, &question);
    for datagram in [&question, &ack(7)[..], b"nonsense"] {
        silent.ask(datagram);
    }
    let mut honest = Client::new(&server);
    let first = until_served(&mut honest, &question);
    assert_eq!(honest.continue_reading(&first, 512), file);
}

#[test]
fn a_client_that_has_forgotten_its_transfer_is_served_anew() {
    let file = contents(2000);
    let server = start(&[("image", &file)]);
    let mut client = Client::new(&server);
    let question = request(1, &server.path("image"), "octet", &[]);
    client.ask(&question);
    assert_eq!(client.receive().unwrap(), data(1, &file[..512]));
    client.answer(&ack(1));
    assert_eq!(client.receive().unwrap(), data(2, &file[512..1024]));
    client.ask(&question);
    client.ask(&question);
    let first = client.receive().unwrap();
    assert_eq!(client.continue_reading(&first, 512), file);
}

#[test]
fn strangers_do_not_disturb_a_transfer() {
    let file = contents(2000);
    let server = start(&[("image", &file)]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    let first = client.receive().unwrap();
    let mut stranger = Client::new(&server);
    for packet in [&ack(1)[..], &data(1, b"x"), b"\0\x05\0\0no\0"] {
        stranger.ask(packet);
    }
    assert_eq!(client.continue_reading(&first, 512), file);
    stranger.assert_silence(SILENCE);
}

#[test]
fn a_crowd_shares_the_port() {
    let file = contents(100_000);
    let server = start(&[("image", &file)]);
    let question = request(1, &server.path("image"), "octet", &[("blksize", "1432")]);
    let mut crowd = crowd::Crowd::gather(300, &question, server.address());
    assert!(crowd.fetch().iter().all(|received| *received == file));
}

#[test]
fn a_stopped_service_finishes_its_transfers_and_takes_no_others() {
    let file = contents(2000);
    let server = start(&[("image", &file)]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    let first = client.receive().unwrap();
    // An impatient user changes nothing.
    server.terminate();
    server.terminate();
    assert!(server.pid_file().exists());
    assert_eq!(client.continue_reading(&first, 512), file);
    assert!(server.ends_soon());
    assert_eq!(server.stop(), Some(0));
    assert!(!server.pid_file().exists());
}
