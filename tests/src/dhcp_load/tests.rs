//! The load against a server that keeps some of its promises.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::client::message::Field;
use crate::lab::Namespace;

const SERVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const RELAY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Of so many clients one gets nothing, and another a refusal.
const EVERY: u32 = 10;

/// Answers until `stop`: silent to client 3, and refusing to client 5, of every ten.
fn serve(socket: &UdpSocket, stop: &AtomicBool) {
    let mut buffer = [0; 1500];
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let mut message = Message(buffer[..length].to_vec());
        let kind = match (message.option(53).unwrap()[0], message.xid() % EVERY) {
            (_, 3) => continue,
            (1, _) => 2,
            (_, 5) => 6,
            _ => 5,
        };
        message.put(0, &[2]);
        message.set_address(Field::Yiaddr, Ipv4Addr::new(10, 0, 0, 1));
        message.0.truncate(236);
        message.push_cookie();
        message.push_option(53, &[kind]);
        message.finish(300);
        socket.send_to(&message.0, peer).unwrap();
    }
}

fn run(pace: Pace) -> Outcome {
    let namespace = Namespace::new("dhcp-load").unwrap();
    namespace.bring_up("lo", None).unwrap();
    let server = namespace.enter(|| UdpSocket::bind((SERVER, 67)).unwrap());
    let server = server.unwrap();
    let timeout = Duration::from_millis(20);
    server.set_read_timeout(Some(timeout)).unwrap();
    let stop = AtomicBool::new(false);
    let plan = Plan {
        server: SERVER,
        origin: Origin::Relay(RELAY),
        pace,
        span: Duration::from_millis(200),
        clients: 100,
        patience: Duration::from_secs(1),
    };
    thread::scope(|scope| {
        scope.spawn(|| serve(&server, &stop));
        let outcome = namespace.enter(|| plan.run()).unwrap();
        stop.store(true, Ordering::Relaxed);
        outcome.unwrap()
    })
}

#[test]
#[ignore = "needs root"]
fn at_a_rate_all_that_were_due_have_begun_and_what_fails_is_not_completed() {
    let outcome = run(Pace::Rate(1000));
    assert_eq!(outcome.begun, 200);
    assert_eq!(outcome.offer_waits.len(), 180);
    assert_eq!((outcome.completed(), outcome.refused), (160, 20));
    assert_eq!(outcome.ack_waits.len(), 160);
}

#[test]
#[ignore = "needs root"]
fn a_closed_loop_begins_no_more_than_may_be_under_way() {
    // One of ten clients gets nothing: three at a time are soon waiting for such.
    let outcome = run(Pace::UnderWay(3));
    assert!(outcome.completed() >= 3, "{outcome:?}");
    assert!(outcome.begun <= 30 + 3, "{outcome:?}");
}
