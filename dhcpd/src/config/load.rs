//! Opens configuration files from disk.

/// The bytes of a file, or the system's words for why it cannot be read. Relative names start at the working directory.
///
/// # Errors
/// When the file cannot be read.
pub fn from_disk(name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(name).map_err(|error| describe(&error))
}

/// Without the number that Rust puts behind the system's words.
fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
