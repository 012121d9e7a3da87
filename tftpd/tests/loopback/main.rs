//! The real binary on a high port of the loopback interface, with clients that are written here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod client;
mod crowd;
mod flood;
mod json;
#[path = "../support/own_address.rs"]
mod own_address;
mod server;
mod single_port;
mod transfer_log;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use client::{Client, ack, data, request};
use pretty_assertions::assert_eq;
use server::Server;

const SILENCE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(60);
const FULL: &[u8] = b"\0\x05\0\0Too many transfers, try again later\0";

fn contents(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| u8::try_from(index * 7 % 251).unwrap())
        .collect()
}

#[test]
fn a_thousand_clients_at_once_get_the_file_and_cost_a_few_kilobytes_each() {
    const CLIENTS: usize = 1000;
    const LARGEST_COST: u64 = 8192;
    let file = contents(100_000);
    let server = Server::start(&[("image", &file)]);
    assert_eq!(
        Client::new(&server).read("image", "octet", &[("blksize", "65464")]),
        file
    );
    let before = server.memory();
    let mut crowd = crowd::Crowd::gather(
        CLIENTS,
        &request(1, &server.path("image"), "octet", &[("blksize", "1432")]),
        server.address(),
    );
    let grown = server.memory().saturating_sub(before);
    println!(
        "{CLIENTS} open transfers: {grown} bytes more, {} each",
        grown / 1000
    );
    assert!(grown < LARGEST_COST * 1000, "{grown} bytes");
    assert!(crowd.fetch().iter().all(|received| *received == file));
}

#[test]
fn files_arrive_whole_in_both_modes_and_with_every_option() {
    let text = b"one\ntwo\r\nthree\rfour\n".repeat(100);
    let file = contents(5 * 512);
    let server = Server::start(&[("text", &text), ("image", &file), ("empty", b"")]);
    for options in [
        &[][..],
        &[("blksize", "8")],
        &[("blksize2", "1000"), ("timeout", "3")],
        &[("tsize", "0")],
    ] {
        assert_eq!(Client::new(&server).read("image", "octet", options), file);
    }
    assert_eq!(Client::new(&server).read("empty", "octet", &[]), b"");
    let netascii = String::from_utf8(text)
        .unwrap()
        .replace('\r', "\r\0")
        .replace('\n', "\r\n");
    assert_eq!(
        Client::new(&server).read("text", "NetASCII", &[]),
        netascii.as_bytes()
    );
}

#[test]
fn windows_carry_files_over_gaps_in_both_directions() {
    let file = contents(200_500);
    let server = Server::start(&[("image", &file), ("upload", b"")]);
    for (window, lost) in [(1, &[][..]), (7, &[3, 100]), (64, &[1, 65, 200])] {
        let received = Client::new(&server).read_windows("image", window, lost);
        assert!(received == file, "window {window}");
    }
    server.set_mode("upload", 0o666);
    let mut writer = Client::new(&server);
    let options = [("blksize", "1000"), ("windowsize", "65535")];
    writer.ask(&request(2, &server.path("upload"), "octet", &options));
    let oack = b"\0\x06blksize\x001000\0windowsize\x0064\0";
    assert_eq!(writer.receive().unwrap(), oack);
    let blocks: Vec<_> = (1..).zip(file.chunks(1000)).collect();
    for (block, payload) in &blocks[..10] {
        writer.answer(&data(*block, payload));
    }
    writer.answer(&data(12, blocks[11].1));
    assert_eq!(writer.receive().unwrap(), ack(10));
    for window in blocks[10..].chunks(64) {
        for (block, payload) in window {
            writer.answer(&data(*block, payload));
        }
        assert_eq!(writer.receive().unwrap(), ack(window.last().unwrap().0));
    }
    assert!(Client::new(&server).read("upload", "octet", &[]) == file);
}

#[test]
fn a_request_beyond_the_limits_is_refused_until_there_is_room() {
    for total in ["2", "100"] {
        let words = ["--max-transfers", total, "--max-transfers-per-client=2"];
        let file = contents(2000);
        let server = Server::start_with(&words, &[("image", &file)]);
        let question = request(1, &server.path("image"), "octet", &[]);
        let mut clients = [Client::new(&server), Client::new(&server)];
        // Questions from before the server answered may still have the places. Who has answered keeps its own.
        let seconds = clients.each_mut().map(|client| {
            until_served(client, &question);
            client.answer(&ack(1));
            client.receive().unwrap()
        });
        let mut third = Client::new(&server);
        third.ask(&question);
        assert_eq!(third.receive().unwrap(), FULL);
        for (client, second) in clients.iter_mut().zip(seconds) {
            assert_eq!(client.read_on(2, &second, 512), file[512..]);
        }
        // The last ACK of the others and this request may be taken in any order.
        let first = until_served(&mut third, &question);
        assert_eq!(third.continue_reading(&first, 512), file);
    }
}

#[test]
fn requests_that_nobody_stands_behind_do_not_keep_others_out() {
    // Without an answer a transfer would keep its place for minutes.
    let words = [
        "-T",
        "200000000",
        "--max-transfers=3",
        "--max-transfers-per-client=3",
    ];
    let file = contents(2000);
    let server = Server::start_with(&words, &[("image", &file)]);
    let question = request(1, &server.path("image"), "octet", &[]);
    let mut slow = Client::new(&server);
    until_served(&mut slow, &question);
    slow.answer(&ack(1));
    let second = slow.receive().unwrap();
    let mut silent = [(); 2].map(|()| Client::new(&server));
    for client in &mut silent {
        until_served(client, &question);
    }
    for _ in 0..3 {
        let mut honest = Client::new(&server);
        let first = until_served(&mut honest, &question);
        assert_eq!(honest.continue_reading(&first, 512), file);
    }
    assert_eq!(slow.read_on(2, &second, 512), file[512..]);
}

/// Asks until the answer is no refusal.
fn until_served(client: &mut Client<'_>, question: &[u8]) -> Vec<u8> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        client.ask_anew(question);
        let answer = client.receive().unwrap();
        if answer != FULL {
            return answer;
        }
    }
    panic!("there is no room")
}

#[test]
fn a_slow_client_does_not_disturb_others() {
    let file = contents(2000);
    let server = Server::start(&[("image", &file)]);
    let mut slow = Client::new(&server);
    slow.ask(&request(1, &server.path("image"), "octet", &[]));
    let first = slow.receive().unwrap();
    assert_eq!(Client::new(&server).read("image", "octet", &[]), file);
    assert_eq!(slow.continue_reading(&first, 512), file);
}

#[test]
fn strangers_do_not_reach_a_transfer() {
    let file = contents(2000);
    let server = Server::start(&[("image", &file)]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    let first = client.receive().unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.send_to(&[0, 5, 0, 0, 0], client.peer()).unwrap();
    stranger.send_to(&ack(1), client.peer()).unwrap();
    assert_eq!(client.continue_reading(&first, 512), file);
}

#[test]
fn a_client_whose_port_is_closed_ends_its_transfer_at_once() {
    let server = Server::start(&[("image", &contents(2000))]);
    let mut client = Client::new(&server);
    client.ask(&request(
        1,
        &server.path("image"),
        "octet",
        &[("timeout", "1")],
    ));
    assert_eq!(client.receive().unwrap()[..2], [0, 6]);
    // What is sent from here on finds the port closed for certain, and that is the OACK again, after a second.
    drop(client);
    // The serving process stays for as long as a transfer runs: to a silent client it would be 63 seconds.
    assert_eq!(server.stop(), Some(0));
    assert!(server.ends_soon());
}

#[test]
fn refusals_carry_the_originals_codes_and_texts() {
    let server = Server::start(&[("image", b"x"), ("secret", b"x")]);
    server.set_mode("secret", 0o440);
    let image = server.path("image");
    let cases: [(Vec<u8>, &[u8]); 7] = [
        (
            request(1, &server.path("absent"), "octet", &[]),
            b"\0\x05\0\x01File not found\0",
        ),
        (
            request(1, "image", "octet", &[]),
            b"\0\x05\0\x02Only absolute filenames allowed\0",
        ),
        (
            request(1, &server.path("../x"), "octet", &[]),
            b"\0\x05\0\x02Reverse path not allowed\0",
        ),
        (
            request(1, "/etc/passwd", "octet", &[]),
            b"\0\x05\0\x02Forbidden directory\0",
        ),
        (
            request(1, &image, "mail", &[]),
            b"\0\x05\0\x04Unknown mode\0",
        ),
        (
            request(1, &image, "octet", &[("blksize", "7")]),
            b"\0\x05\0\x08Unsupported option(s) requested\0",
        ),
        (
            request(1, &server.path(""), "octet", &[]),
            b"\0\x05\0\0Is a directory\0",
        ),
    ];
    for (request, answer) in cases {
        let mut client = Client::new(&server);
        client.ask(&request);
        assert_eq!(
            String::from_utf8(client.receive().unwrap()),
            String::from_utf8(answer.to_vec())
        );
    }
}

#[test]
fn what_is_no_request_gets_no_answer_and_harms_nobody() {
    let server = Server::start(&[("image", b"contents")]);
    for datagram in [
        &b""[..],
        b"\0",
        b"\0\x04\0\x01",
        b"\x01\0image\0octet\0",
        &[0xff; 2000],
    ] {
        let mut client = Client::new(&server);
        client.ask(datagram);
        client.assert_silence(SILENCE);
    }
    assert_eq!(
        Client::new(&server).read("image", "octet", &[]),
        b"contents"
    );
}

#[test]
fn an_upload_replaces_a_world_writable_file_and_nobody_reads_it_meanwhile() {
    let server = Server::start(&[("upload", b"old contents")]);
    server.set_mode("upload", 0o666);
    let mut writer = Client::new(&server);
    writer.ask(&request(
        2,
        &server.path("upload"),
        "octet",
        &[("blksize", "8")],
    ));
    assert_eq!(writer.receive().unwrap(), b"\0\x06blksize\x008\0");
    let mut reader = Client::new(&server);
    reader.ask(&request(1, &server.path("upload"), "octet", &[]));
    reader.assert_silence(SILENCE);
    writer.answer(&data(1, b"12345678"));
    assert_eq!(writer.receive().unwrap(), ack(1));
    writer.answer(&data(2, b"9"));
    assert_eq!(writer.receive().unwrap(), ack(2));
    assert_eq!(
        Client::new(&server).read("upload", "octet", &[]),
        b"123456789"
    );
}

#[test]
fn a_bad_option_leaves_the_old_file_alone() {
    let server = Server::start(&[("upload", b"old contents")]);
    server.set_mode("upload", 0o666);
    let mut writer = Client::new(&server);
    writer.ask(&request(
        2,
        &server.path("upload"),
        "octet",
        &[("timeout", "0")],
    ));
    assert_eq!(writer.receive().unwrap()[..4], [0, 5, 0, 8]);
    assert_eq!(
        Client::new(&server).read("upload", "octet", &[]),
        b"old contents"
    );
}

#[test]
fn a_stopped_service_frees_its_port_and_finishes_its_transfers() {
    let file = contents(2000);
    let server = Server::start(&[("image", &file)]);
    let mut client = Client::new(&server);
    client.ask(&request(1, &server.path("image"), "octet", &[]));
    let first = client.receive().unwrap();
    assert!(server.pid_file().exists());
    assert_eq!(server.stop(), Some(0));
    assert!(!server.pid_file().exists());
    drop(UdpSocket::bind(server.address()).expect("the port is free"));
    assert_eq!(client.continue_reading(&first, 512), file);
}

#[test]
fn a_stopped_service_cuts_off_what_does_not_end() {
    for port_use in [&[][..], &["--single-port"]] {
        let log = transfer_log::File::new("cut-off");
        let words = ["--stop-timeout", "1", "--log-json", log.path()];
        let image = contents(2000);
        let server = Server::start_with(&[&words, port_use].concat(), &[("image", &image)]);
        let mut client = Client::new(&server);
        let question = request(1, &server.path("image"), "octet", &[("timeout", "100")]);
        client.ask(&question);
        assert_eq!(client.receive().unwrap(), b"\0\x06timeout\x00100\0");
        server.terminate();
        // The port of the transfer, or of all, is in use until then.
        client.answer(&ack(0));
        assert_eq!(client.receive().unwrap(), data(1, &image[..512]));
        assert!(server.ends_soon());
        assert_eq!(server.stop(), Some(0));
        assert!(!server.pid_file().exists());
        let lines = log.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(r#""outcome":"abandoned""#), "{lines:?}");
    }
}

#[test]
fn a_flood_of_requests_does_not_keep_the_server_from_stopping() {
    let server = Server::start(&[]);
    let flood = flood::Flood::start(2, request(1, &server.path("absent"), "octet", &[]), &server);
    flood.wait_until_it_runs();
    assert_eq!(server.stop(), Some(0));
    assert!(
        flood.is_running(),
        "the server stopped only after the flood"
    );
}

#[test]
fn the_supervisor_ends_with_the_serving_process_and_says_that_it_failed() {
    let server = Server::start(&[]);
    assert_eq!(server.kill_serving_process(), Some(71));
    assert!(!server.pid_file().exists());
}

#[test]
fn the_serving_process_does_not_outlive_its_supervisor() {
    let server = Server::start(&[]);
    server.kill_supervisor();
    assert!(server.ends_soon());
}
