//! Option spaces and tables; the options of a reply in progress.

pub mod codes;
pub mod domain;
mod enumeration;
mod format;
mod id;
mod registry;
mod set;
mod tables;

pub use enumeration::Enumeration;
pub use format::{Field, Format, Repeat};
pub use id::{OptionId, SpaceId};
pub use registry::{DefineError, Definition, Registry, Space};
pub use set::{Entry, OptionSet, Origin, Value};
