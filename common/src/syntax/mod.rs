//! The configuration language as words and as a tree of statements, with the place of everything; no option knowledge.

mod cursor;
mod lexer;
pub mod map;
mod place;
mod string;
mod token;

pub use cursor::{Cursor, Excerpt};
pub use lexer::Document;
pub use place::{FileId, Place};
pub use string::{FlawAt, StringFlaw, decode_string};
pub use token::{Kind, Token};

#[cfg(test)]
mod tests;
