//! Leases: record, table, allocation, expiry, and their file.

mod clients;
mod date;
mod fields;
mod fresh;
mod heads;
mod lexer;
mod load;
mod octets;
mod pieces;
mod reader;
mod record;
mod records;
mod sections;
mod skip;
mod snapshot;
mod states;
mod table;
mod values;
mod window;
mod words;
mod writer;

pub use date::NEVER;
pub use load::{Job, Load};
pub use octets::Octets;
pub use pieces::{Piece, Pieces};
pub use reader::{Declared, Reading, read, read_pieces};
pub use record::{Account, Lease, OnBlock, Rare, Value, Variable};
pub use sections::{Section, sections};
pub use snapshot::Snapshot;
pub use states::State;
pub use table::{Found, Table, Tally};
pub use words::written;
pub(crate) use writer::is_plain;
pub use writer::{IdFormat, write_duid, write_header, write_lease};
