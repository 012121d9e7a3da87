//! The leases at the start: read from the file, written back as a whole.

use std::path::Path;
use std::sync::Arc;

use common::log::Logger;
use common::net::HardwareAddress;
use common::time::Time;

use super::clock;
use super::failure::Fatal;
use super::leasefile::{self, Failure, LeaseFile, Successor};
use super::parallel::{do_all, in_order};
use super::programs;
use super::storage::Owner;
use crate::config::model::Config;
use crate::engine4::{Blocks, Listener, Outbox, end_leases};
use crate::eval::ResolvedNames;
use crate::lease::{self, Declared, IdFormat, Load, Pieces, Reading, Table};
use crate::words;

/// Seconds from the Unix epoch to 2000-01-01, where the time of a DUID begins (RFC 8415, section 11.2).
const DUID_EPOCH: i64 = 946_684_800;

/// The leases of a server that is being started, and their file.
pub(super) struct Stock {
    pub(super) table: Table,
    /// What was read besides leases; a rewrite keeps it.
    pub(super) reading: Reading,
    pub(super) file: LeaseFile,
    /// How identifiers are written.
    format: IdFormat,
}

impl Stock {
    /// Reads the lease file at `path` for `config`, logs what is wrong with it, and opens it for appending.
    pub(super) fn load(
        path: &Path,
        owner: Owner,
        (config, names): (&Config, &ResolvedNames),
        now: Time,
        logger: &Arc<Logger>,
    ) -> Result<Self, Fatal> {
        let source = leasefile::open(path)?;
        let file = LeaseFile::open(path, owner)?;
        let mut load = Load::new(config);
        let seconds = u32::try_from(now.seconds()).unwrap_or(u32::MAX);
        let name = path.to_string_lossy();
        let peers: Vec<&str> = config.peers.iter().map(|peer| &*peer.name).collect();
        let reading = in_order(
            Pieces::new(source),
            |piece| piece.map(|piece| piece.read(seconds)),
            |pieces| lease::read_pieces(pieces, &name, seconds, &peers, |it| load.accept(it)),
        );
        let mut reading = reading.map_err(|error| words::cannot_read(path, &error))?;
        reading.lines.drain(..).for_each(|line| logger.log(&line));
        load.lines.drain(..).for_each(|line| logger.log(&line));
        let mut table = load.finish_by(do_all);
        // What ended while no server ran has ended before the file is written.
        let mut outbox = Outbox::default();
        let facts = (config, names);
        let mut blocks = Blocks::of_configuration(config);
        end_leases(&mut table, &mut blocks, facts, now, &mut outbox);
        outbox.lines.iter().for_each(|line| logger.log(line));
        for command in &outbox.commands {
            programs::run(command, logger);
        }
        if outbox.ended {
            return Err(Fatal::reported());
        }
        Ok(Self {
            table,
            reading,
            file,
            format: IdFormat::of(config),
        })
    }

    /// Writes the file anew. If that fails the old one stays in use.
    pub(super) fn rewrite(&mut self, config: &Config, now: Time, logger: &Logger) {
        let replaced = self.write_successor(config, now, logger);
        let replaced = replaced.and_then(|new| match self.file.install(new) {
            Ok(()) => Ok(()),
            Err(Failure::Refused(message) | Failure::Broken(message)) => Err(message),
        });
        if let Err(message) = replaced {
            logger.error(&message);
        }
    }

    /// Tries the rewrite without touching the file itself.
    pub(super) fn test_rewrite(
        &self,
        config: &Config,
        now: Time,
        logger: &Logger,
    ) -> Result<(), Fatal> {
        let tested = self.write_successor(config, now, logger)?;
        logger.info(&words::lease_test_passed(tested.path()));
        self.file.discard(tested);
        Ok(())
    }

    fn write_successor(
        &self,
        config: &Config,
        now: Time,
        logger: &Logger,
    ) -> Result<Successor, String> {
        let mut new = self.file.begin(now.seconds())?;
        let mut count = 0;
        let sections = lease::sections(&self.table, &self.reading);
        let written = in_order(
            sections.inspect(|section| count += section.leases()),
            |section| section.text(self.format),
            |texts| new.append_all(texts),
        );
        match written {
            Ok(()) => {
                report(config, self.reading.declared, count, logger);
                Ok(new)
            }
            Err(error) => {
                self.file.discard(new);
                Err(words::cannot_create_lease_file(&error))
            }
        }
    }

    /// Appends the server's identifier, made from the first link address if the file had none.
    pub(super) fn append_duid(&mut self, listeners: &[Listener], logger: &Logger) {
        if self.reading.duid.is_some() {
            return;
        }
        let Some(hardware) = listeners.iter().find_map(|listener| listener.hardware) else {
            return;
        };
        let duid = new_duid(clock::now(), &hardware);
        let mut record = Vec::new();
        lease::write_duid(&mut record, &duid, self.format);
        self.reading.duid = Some(duid);
        if let Err(Failure::Refused(message) | Failure::Broken(message)) = self.file.append(&record)
        {
            logger.error(&message);
        }
    }
}

/// Says what was written, in the original's categories.
pub(super) fn report(config: &Config, declared: Declared, leases: usize, logger: &Logger) {
    let said = lease::written(config, declared, leases);
    said.iter().for_each(|line| logger.info(line));
}

/// An identifier made of the time and a link address (RFC 8415, section 11.2).
pub(super) fn new_duid(now: Time, hardware: &HardwareAddress) -> Box<[u8]> {
    let seconds = now.seconds().saturating_sub(DUID_EPOCH).rem_euclid(1 << 32);
    let seconds = u32::try_from(seconds).unwrap_or(0);
    let mut duid = vec![0, 1, 0, hardware.kind()];
    duid.extend(seconds.to_be_bytes());
    duid.extend(hardware.octets());
    duid.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duid_holds_type_hardware_type_time_and_link_address() {
        let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap();
        let duid = new_duid(Time::from_seconds(DUID_EPOCH + 0x3292_c8f8), &hardware);
        let expected = [0, 1, 0, 1, 0x32, 0x92, 0xc8, 0xf8, 2, 0, 0, 0, 0, 1];
        assert_eq!(*duid, expected);
    }
}
