//! The whole lease file of a moment, in sections whose texts can be made one beside the other.

use std::iter;

use super::reader::Reading;
use super::record::Lease;
use super::table::Table;
use super::writer::{IdFormat, USUAL_LEASE, write_duid, write_header, write_lease};

/// Leases of a section.
const LEASES: usize = 256;

/// Part of a lease file.
#[derive(Debug)]
pub enum Section<'t> {
    /// What stands before the leases.
    Head(&'t Reading),
    /// Some leases.
    Leases(Vec<&'t Lease>),
    /// What stands behind the leases.
    Tail(&'t Reading),
}

/// The sections of a file: what is known of `table`, and of `reading` what was read besides leases.
pub fn sections<'t>(
    table: &'t Table,
    reading: &'t Reading,
) -> impl Iterator<Item = Section<'t>> + use<'t> {
    let mut kept = table.kept();
    let leases = iter::from_fn(move || {
        let some: Vec<&Lease> = kept.by_ref().take(LEASES).collect();
        (!some.is_empty()).then_some(Section::Leases(some))
    });
    let (head, tail) = (Section::Head(reading), Section::Tail(reading));
    iter::once(head).chain(leases).chain([tail])
}

impl Section<'_> {
    /// How many leases are in it.
    #[must_use]
    pub fn leases(&self) -> usize {
        match self {
            Self::Leases(leases) => leases.len(),
            Self::Head(_) | Self::Tail(_) => 0,
        }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self, format: IdFormat) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.leases() * USUAL_LEASE);
        match self {
            Self::Head(reading) => {
                write_header(&mut text);
                text.extend_from_slice(&reading.foreign);
            }
            Self::Leases(leases) => leases
                .iter()
                .for_each(|lease| write_lease(&mut text, lease, format)),
            Self::Tail(reading) => {
                if let Some(duid) = &reading.duid {
                    write_duid(&mut text, duid, format);
                }
            }
        }
        text
    }
}
