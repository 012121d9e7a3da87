//! From the statement tree to the resolved configuration.

mod index;
pub mod model;

pub use index::Index;
