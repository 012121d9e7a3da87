//! Tests of the commit thread: what is released is on disk.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::mpsc as channel;

use common::log::Facility;
use pretty_assertions::assert_eq;

use super::super::leasefile::Owner;
use super::super::test_directory::TestDirectory;
use super::*;
use crate::engine4::Route;

fn reply(number: u8) -> Reply {
    Reply {
        bytes: vec![number],
        route: Route::Datagram {
            destination: Ipv4Addr::LOCALHOST,
            port: 68,
        },
        needs_durable: true,
    }
}

fn append(text: &str, number: u8) -> Order {
    Order::Append {
        journal: text.as_bytes().to_vec(),
        replies: vec![reply(number)],
    }
}

struct Fixture {
    _directory: TestDirectory,
    path: PathBuf,
    file: LeaseFile,
}

fn fixture() -> Fixture {
    let directory = TestDirectory::new();
    let path = directory.path().join("leases");
    fs::write(&path, "").unwrap();
    let file = LeaseFile::open(&path, Owner::default()).unwrap();
    Fixture {
        _directory: directory,
        path,
        file,
    }
}

/// Runs `orders` and returns what the file held when each reply was released.
fn run(fixture: Fixture, orders: Vec<Order>) -> Vec<(u8, String)> {
    let (sender, receiver) = channel::channel();
    let path = fixture.path.clone();
    let release = move |replies: &[Reply]| {
        for reply in replies {
            let on_disk = fs::read_to_string(&path).unwrap();
            sender.send((reply.bytes[0], on_disk)).unwrap();
        }
    };
    let committer = Committer {
        file: fixture.file,
        logger: Arc::new(Logger::open("test", Facility::LOG_USER)),
        release,
        incomplete: Arc::default(),
    };
    let (queue, waiting) = mpsc::channel(QUEUE);
    for order in orders {
        queue.try_send(order).unwrap();
    }
    drop(queue);
    committer.serve(waiting);
    receiver.into_iter().collect()
}

#[test]
fn a_reply_leaves_after_its_record_is_in_the_file() {
    let released = run(fixture(), vec![append("one\n", 1), append("two\n", 2)]);
    assert_eq!(released.len(), 2);
    assert_eq!(released[0].0, 1);
    assert!(released[0].1.contains("one\n"));
    assert!(released[1].1.contains("two\n"));
}

#[test]
fn a_rewrite_keeps_its_place_among_the_records() {
    let rewrite = Order::Rewrite {
        content: b"whole\n".to_vec(),
        now: 1,
    };
    let orders = vec![append("before\n", 1), rewrite, append("after\n", 2)];
    let released = run(fixture(), orders);
    assert_eq!(released[0].1, "before\n");
    assert_eq!(released[1].1, "whole\nafter\n");
}

#[test]
fn a_record_that_cannot_be_written_releases_nothing() {
    let mut full = fixture();
    full.file = LeaseFile::open("/dev/full".as_ref(), Owner::default()).unwrap();
    assert_eq!(run(full, vec![append("lost\n", 1)]), []);
}

#[test]
fn after_a_failure_only_the_whole_file_lets_replies_go() {
    let mut fixture = fixture();
    let reader = LeaseFile::read_only(&fixture.path);
    fixture.file = reader;
    let nothing = || Order::Append {
        journal: Vec::new(),
        replies: vec![reply(2)],
    };
    let rewrite = Order::Rewrite {
        content: b"whole\n".to_vec(),
        now: 1,
    };
    let orders = vec![append("lost\n", 1), rewrite, append("kept\n", 3), nothing()];
    let released = run(fixture, orders);
    let numbers: Vec<u8> = released.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [3, 2]);
    assert_eq!(released[0].1, "whole\nkept\n");
}

#[test]
fn everything_ordered_is_done_when_the_loop_has_finished() {
    let fixture = fixture();
    let path = fixture.path.clone();
    let committer = Committer {
        file: fixture.file,
        logger: Arc::new(Logger::open("test", Facility::LOG_USER)),
        release: |_: &[Reply]| {},
        incomplete: Arc::default(),
    };
    let commits = Commits::start(committer).unwrap();
    for number in 0..10 {
        let order = append(&format!("{number}\n"), number);
        commits.orders.blocking_send(order).unwrap();
    }
    commits.finish();
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}
