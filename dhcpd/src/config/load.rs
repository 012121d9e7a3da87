//! Opens configuration files from disk.

use std::fs::File;
use std::io::Read;

use super::words;

/// The bytes of a file, or what to say when it cannot be read. Relative names start at the working directory.
///
/// # Errors
/// When the file cannot be read.
pub fn from_disk(name: &str) -> Result<Vec<u8>, String> {
    let mut file = File::open(name).map_err(|error| words::cannot_open(name, &describe(&error)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| words::cannot_read(name, &describe(&error)))?;
    Ok(bytes)
}

/// Without the number that Rust puts behind the system's words.
fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
