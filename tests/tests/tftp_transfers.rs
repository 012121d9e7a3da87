//! Many TFTP transfers at once, with the original and with ours. What one transfer does is among the scenarios.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};

use tests::subject::Subject;
use tests::tftp::{PATIENCE, SERVER, TftpLab};

const BURST: usize = 200;
/// Three whole blocks and a bit.
const SIZE: usize = 512 * 3 + 7;
const READ: &[u8] = b"\0\x01file\0octet\0";

#[test]
#[ignore = "needs root"]
fn a_burst_of_machines_is_served_to_the_last() {
    for_each_subject(|lab| {
        let sockets: Vec<UdpSocket> = (0..BURST).map(|_| ask(lab, READ)).collect();
        // No transfer ends before each has begun: its port could serve another one.
        let servers: Vec<SocketAddr> = sockets.iter().map(first_block).collect();
        let ports: BTreeSet<u16> = servers.iter().map(SocketAddr::port).collect();
        assert_eq!(ports.len(), BURST, "two transfers shared a port");
        for (socket, server) in sockets.iter().zip(servers) {
            assert_eq!(read_rest(socket, server), content()[512..]);
        }
    });
}

fn for_each_subject(drive: impl Fn(&TftpLab)) {
    for subject in Subject::chosen() {
        if subject.is_at_hand(Subject::tftpd) {
            println!("subject: {subject}");
            let lab = TftpLab::new().unwrap();
            lab.put("file", &content(), 0o644).unwrap();
            let _server = lab.start(subject, &[]).unwrap();
            drive(&lab);
        }
    }
}

fn content() -> Vec<u8> {
    (0..=250).cycle().take(SIZE).collect()
}

/// The DATA packet of this number, by blocks of 512.
fn block(number: usize) -> Vec<u8> {
    let content = content();
    let end = content.len().min(number * 512);
    let header = [0, 3, 0, u8::try_from(number).unwrap()];
    [header.as_slice(), &content[(number - 1) * 512..end]].concat()
}

fn ask(lab: &TftpLab, request: &[u8]) -> UdpSocket {
    let socket = socket_of(lab);
    socket.send_to(request, (SERVER, 69)).unwrap();
    socket
}

fn socket_of(lab: &TftpLab) -> UdpSocket {
    lab.client_socket(PATIENCE).unwrap()
}

fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2048];
    let (size, server) = socket.recv_from(&mut buffer).expect("nothing comes");
    (buffer[..size].to_vec(), server)
}

/// Takes block 1 and returns where it came from.
fn first_block(socket: &UdpSocket) -> SocketAddr {
    let (first, server) = receive(socket);
    assert_eq!(first, block(1));
    server
}

fn acknowledge(socket: &UdpSocket, number: u16, server: SocketAddr) {
    let [high, low] = number.to_be_bytes();
    socket.send_to(&[0, 4, high, low], server).unwrap();
}

/// Acknowledges block 1 and reads what follows to the end; copies of blocks that were had already are passed over.
fn read_rest(socket: &UdpSocket, server: SocketAddr) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut number = 1;
    loop {
        acknowledge(socket, number, server);
        let (packet, _) = receive(socket);
        if packet[2..4] == (number + 1).to_be_bytes() {
            number += 1;
            rest.extend(&packet[4..]);
            if packet.len() < 516 {
                acknowledge(socket, number, server);
                return rest;
            }
        }
    }
}
