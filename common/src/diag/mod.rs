//! Messages about a configuration: collected in order, then printed.

use crate::syntax::Excerpt;

/// How bad a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can.
    Warning,
    /// A remark.
    Info,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, without a newline at its end. Parts of the file are in it with one character for each byte.
    pub text: String,
    /// Where; `None` for a line that stands alone.
    pub excerpt: Option<Excerpt>,
}

/// The messages of one run in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    messages: Vec<Message>,
    errors: usize,
    dropped: usize,
}

/// Messages kept; a file that is no configuration at all has one for each line.
const MOST_MESSAGES: usize = 10_000;

impl Diagnostics {
    /// Adds a message.
    pub fn push(&mut self, message: Message) {
        if message.severity == Severity::Error {
            self.errors = self.errors.saturating_add(1);
        }
        if self.messages.len() < MOST_MESSAGES {
            self.messages.push(message);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Adds an error at a place.
    pub fn error(&mut self, excerpt: Excerpt, text: impl Into<String>) {
        self.push(Message {
            severity: Severity::Error,
            text: text.into(),
            excerpt: Some(excerpt),
        });
    }

    /// Adds a line without a place.
    pub fn line(&mut self, severity: Severity, text: impl Into<String>) {
        self.push(Message {
            severity,
            text: text.into(),
            excerpt: None,
        });
    }

    /// The messages in order.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// How many errors there are.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many messages were left out because there were too many.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }
}

impl Message {
    /// The lines that the original prints for it: the message with file and line, the line it is about as far as it was
    /// read, and a caret (reference isc-dhcpd-config.md, section 10).
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let text = as_written(&self.text);
        let Some(excerpt) = &self.excerpt else {
            return vec![text];
        };
        let first = format!("{} line {}: {text}", excerpt.file, excerpt.line);
        vec![first, as_written(&excerpt.text), caret_line(excerpt)]
    }
}

/// The parser takes each byte of a file for a character; here they become UTF-8 again where they were.
fn as_written(text: &str) -> String {
    let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
    match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => text.to_owned(),
    }
}

/// Tabs move the caret to the next multiple of eight; over column 80 it stays at the left.
fn caret_line(excerpt: &Excerpt) -> String {
    let mut indent = 0_usize;
    let before = usize::try_from(excerpt.column.saturating_sub(1)).unwrap_or(usize::MAX);
    for character in excerpt.text.chars().take(before) {
        indent = indent.saturating_add(1);
        if character == '\t' {
            indent = indent.next_multiple_of(8);
        }
    }
    if excerpt.column > 80 {
        indent = 0;
    }
    format!("{}^", " ".repeat(indent))
}
