//! `--single-port`: every packet comes from the port that takes requests.

use pretty_assertions::assert_eq;

use super::contents;
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
fn a_request_takes_the_place_of_a_transfer_that_has_begun() {
    let file = contents(2000);
    let server = start(&[("image", &file), ("upload", b"")]);
    server.set_mode("upload", 0o666);
    let mut client = Client::new(&server);
    let upload = request(2, &server.path("upload"), "octet", &[]);
    for _ in 0..2 {
        client.ask(&upload);
        assert_eq!(client.receive().unwrap(), ack(0));
        client.answer(&data(1, &[b'x'; 512]));
        assert_eq!(client.receive().unwrap(), ack(1));
    }
    assert_eq!(client.read("image", "octet", &[]), file);
    assert_eq!(
        Client::new(&server).read("upload", "octet", &[]),
        [b'x'; 512]
    );
}

#[test]
fn a_stopped_service_finishes_its_transfers_and_takes_no_others() {
    let file = contents(2000);
    let server = start(&[("image", &file)]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    let first = client.receive().unwrap();
    server.terminate();
    assert_eq!(client.continue_reading(&first, 512), file);
    assert!(server.ends_soon());
    assert_eq!(server.stop(), Some(0));
}
