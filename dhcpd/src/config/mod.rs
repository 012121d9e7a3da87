//! From the statement tree to the resolved configuration.

pub mod model;
