//! Power cuts and failing disks: whatever was released is on disk, at every moment, whatever else was lost.
//!
//! Clients lease addresses one after the other, some renew, the file is rewritten in between. Every prefix of what the disk
//! was asked is then cut off, with each fate of what was not safe, and the file is read as a start reads it.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::path::Path;

use common::log::Facility;
use nix::libc::{EIO, ENOSPC};

use super::super::leasefile::Sync;
use super::super::storage::Owner;
use super::super::storage_model::{Fault, Model, Operation, PowerCut};
use super::*;
use crate::config::model::{Config, NetworkId, Pool, ScopeId};
use crate::engine4::Route;
use crate::lease::{
    IdFormat, Lease, Reading, Snapshot, State as Binding, Table, read, write_lease,
};

const PATH: &str = "/var/lib/leases";
const CLIENTS: u8 = 8;
/// The rewrite begins after this client, and ends after this one.
const REWRITE: (u8, u8) = (3, 6);

type Release = Box<dyn FnMut(&[Reply])>;

/// Half a server: leases, and the commit thread's work done in place.
struct Rig {
    disk: Model,
    table: Table,
    committer: Committer<Model, Release>,
    news: UnboundedReceiver<News>,
    snapshot: Option<Snapshot>,
}

impl Rig {
    fn new(disk: &Model, sync: Sync) -> Self {
        let mut file = LeaseFile::open_in(disk.clone(), Path::new(PATH), Owner::default()).unwrap();
        file.set_sync(sync);
        let released_by = disk.clone();
        let release: Release = Box::new(move |replies: &[Reply]| {
            replies
                .iter()
                .for_each(|reply| released_by.release(reply.bytes[0]));
        });
        let logger = Arc::new(Logger::open("test", Facility::LOG_USER));
        let (committer, news) = Committer::new(file, logger, release);
        Self {
            disk: disk.clone(),
            table: table(),
            committer,
            news,
            snapshot: None,
        }
    }

    /// A client gets its lease, or renews it; the reply carries its number.
    fn lease(&mut self, client: u8, ends: u32) {
        let mut lease = Lease::fresh(address(client));
        (lease.state, lease.next, lease.ends) = (Binding::Active, Binding::Active, ends);
        let stored = self.table.store(lease).unwrap();
        let mut batch = Batch::default();
        write_lease(&mut batch.journal, stored, IdFormat::Octal);
        batch.replies.push(reply(client));
        self.committer.commit(batch);
    }

    fn begin_rewrite(&mut self) {
        self.snapshot = Some(Snapshot::default());
        self.committer.renew(Order::Begin { now: 7 });
    }

    /// What the receive loop does with the news; the next slice, or the end, if the file is waiting for it.
    fn go_on(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            match news {
                News::Ready => self.write_slice(),
                News::GivenUp => self.snapshot = None,
                News::Broken => self.begin_rewrite(),
                News::Installed => {}
            }
        }
    }

    fn write_slice(&mut self) {
        let Some(snapshot) = &mut self.snapshot else {
            return;
        };
        let mut text = Vec::new();
        let reading = Reading::default();
        let more = snapshot.write_slice(&self.table, &reading, IdFormat::Octal, &mut text);
        self.committer.renew(match more {
            true => Order::Slice(text),
            false => {
                self.snapshot = None;
                Order::Install
            }
        });
    }

    /// A day's work.
    fn work(&mut self) {
        for client in 1..=CLIENTS {
            if client == REWRITE.0 {
                self.begin_rewrite();
            }
            self.lease(client, ends_of(client));
            if client == 2 || client >= REWRITE.1 {
                self.go_on();
            }
            if client > REWRITE.0 {
                // An earlier client renews.
                self.lease(client - 2, ends_of(client - 2) + 100);
            }
        }
        self.go_on();
    }
}

fn ends_of(client: u8) -> u32 {
    1_795_167_000 + u32::from(client)
}

fn address(client: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, 0, client)
}

fn reply(client: u8) -> Reply {
    Reply {
        bytes: vec![client],
        route: Route::Datagram {
            destination: Ipv4Addr::LOCALHOST,
            port: 68,
        },
        needs_durable: true,
    }
}

fn table() -> Table {
    let pool = Pool {
        network: NetworkId(0),
        scope: ScopeId(0),
        permits: Vec::new(),
        prohibits: Vec::new(),
        ranges: vec![(address(1), address(CLIENTS))],
        place: common::syntax::Place::default(),
    };
    Table::new(&Config {
        pools: vec![pool],
        ..Config::default()
    })
}

/// What a start finds: when each lease ends.
fn ends_in(content: &[u8]) -> HashMap<Ipv4Addr, u32> {
    let mut found = HashMap::new();
    read(content, PATH, 0, |lease| {
        found.insert(lease.address, lease.ends);
        true
    });
    found
}

/// What every released reply promised until now: the latest end of each client.
#[derive(Default)]
struct Promises(HashMap<u8, u32>);

impl Promises {
    /// A client's second reply is about its renewal.
    fn note(&mut self, client: u8) {
        let renewed = self.0.get(&client).map(|ends| ends + 100);
        self.0
            .insert(client, renewed.unwrap_or_else(|| ends_of(client)));
    }

    fn broken_by(&self, content: &[u8]) -> Option<String> {
        let found = ends_in(content);
        let lost = self.0.iter().find(|(client, ends)| {
            found
                .get(&address(**client))
                .is_none_or(|found| found < ends)
        });
        lost.map(|(client, ends)| format!("client {client} was promised {ends}, but: {found:?}"))
    }
}

/// The first promise that a power cut would break.
fn first_breach(operations: &[Operation]) -> Option<String> {
    let mut promises = Promises::default();
    let mut power_cut = PowerCut::default();
    let mut held = HashSet::new();
    for (index, operation) in operations.iter().enumerate() {
        if let Operation::Released(client) = operation {
            promises.note(*client);
            held.clear();
        }
        power_cut.note(operation);
        for content in power_cut.outcomes(Path::new(PATH)) {
            if held.contains(&content) {
                continue;
            }
            if let Some(breach) = promises.broken_by(&content) {
                return Some(format!("cut behind operation {index}: {breach}"));
            }
            held.insert(content);
        }
    }
    None
}

fn released(operations: &[Operation]) -> usize {
    let is_release = |operation: &&Operation| matches!(operation, Operation::Released(_));
    operations.iter().filter(is_release).count()
}

fn worked(sync: Sync, prepare: impl FnOnce(&Model)) -> Model {
    let disk = Model::with_file(Path::new(PATH));
    prepare(&disk);
    Rig::new(&disk, sync).work();
    disk
}

const ALL: usize = CLIENTS as usize + (CLIENTS - REWRITE.0) as usize;

#[test]
fn no_power_cut_takes_what_a_client_was_told() {
    let disk = worked(Sync::Always, |_| {});
    let operations = disk.operations();
    assert_eq!(released(&operations), ALL);
    assert_eq!(first_breach(&operations), None);
    let names = disk.names();
    let backup = Path::new("/var/lib/leases~");
    assert_eq!(names, [Path::new(PATH), backup], "the rewrite took place");
}

#[test]
fn without_the_sync_of_records_a_power_cut_breaks_promises() {
    let operations = worked(Sync::Never, |_| {}).operations();
    assert_eq!(released(&operations), ALL);
    assert!(first_breach(&operations).is_some());
}

#[test]
fn without_any_sync_a_power_cut_breaks_promises() {
    let operations = worked(Sync::Always, Model::leave_out_syncs).operations();
    assert_eq!(released(&operations), ALL);
    assert!(first_breach(&operations).is_some());
}

#[test]
fn a_rewrite_without_its_own_syncs_would_be_noticed() {
    let disk = worked(Sync::Always, |_| {});
    // The sync of the directory behind the rename, and all of the new file before it.
    for spared in [
        |operation: &Operation| matches!(operation, Operation::SyncNames),
        |operation: &Operation| matches!(operation, Operation::Sync(1)),
    ] {
        let mut operations = disk.operations();
        let first = operations.split_off(2);
        operations.extend(first.into_iter().filter(|operation| !spared(operation)));
        assert!(first_breach(&operations).is_some());
    }
}

#[test]
fn whatever_fails_nothing_is_released_that_is_not_on_disk() {
    let calls = worked(Sync::Always, |_| {}).calls();
    for error in [ENOSPC, EIO] {
        for (first, count) in (0..calls).flat_map(|first| [(first, 1), (first, 9)]) {
            let fault = Fault {
                first,
                count,
                error,
            };
            let disk = worked(Sync::Always, |disk| disk.fail(fault));
            let operations = disk.operations();
            assert_eq!(first_breach(&operations), None, "{fault:?}");
            let mut promises = Promises::default();
            for operation in &operations {
                if let Operation::Released(client) = operation {
                    promises.note(*client);
                }
            }
            let content = disk.content(Path::new(PATH)).unwrap_or_default();
            assert_eq!(promises.broken_by(&content), None, "{fault:?}");
        }
    }
}

#[test]
fn when_the_disk_works_again_so_does_the_service() {
    let calls = worked(Sync::Always, |_| {}).calls();
    for (first, error) in (0..calls).flat_map(|first| [(first, ENOSPC), (first, EIO)]) {
        let fault = Fault {
            first,
            count: 3,
            error,
        };
        let disk = Model::with_file(Path::new(PATH));
        disk.fail(fault);
        let mut rig = Rig::new(&disk, Sync::Always);
        rig.work();
        // The loop tries again for as long as the file is broken.
        for _ in 0..3 {
            if matches!(rig.committer.state, State::Broken) && rig.snapshot.is_none() {
                rig.begin_rewrite();
            }
            rig.go_on();
        }
        let before = released(&disk.operations());
        rig.lease(CLIENTS, ends_of(CLIENTS) + 500);
        assert_eq!(released(&disk.operations()), before + 1, "{fault:?}");
        let content = rig.disk.content(Path::new(PATH)).unwrap_or_default();
        let found = ends_in(&content);
        for lease in rig.table.kept() {
            assert_eq!(found.get(&lease.address), Some(&lease.ends), "{fault:?}");
        }
    }
}
