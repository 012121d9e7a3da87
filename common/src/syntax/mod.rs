//! The configuration language as a tree of statements with the place of every token; no option knowledge.

mod place;

pub use place::{FileId, Place};
