//! Messages about a configuration: collected in order, then printed.

mod json;
mod rich;
mod suggest;
mod three_line;

#[cfg(test)]
mod tests;

pub use suggest::nearest;

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
    /// Where, if that is known.
    pub excerpt: Option<Excerpt>,
    /// The original prints it without a place.
    pub stands_alone: bool,
    /// Advice, which the original does not give.
    pub help: Option<String>,
}

/// The messages of one run in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    messages: Vec<Message>,
    lints: Vec<Message>,
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
            stands_alone: false,
            help: None,
        });
    }

    /// Adds a line without a place.
    pub fn line(&mut self, severity: Severity, text: impl Into<String>) {
        self.push(Message {
            severity,
            text: text.into(),
            excerpt: None,
            stands_alone: true,
            help: None,
        });
    }

    /// Gives advice to the message that was added last.
    pub fn help(&mut self, help: impl Into<String>) {
        if let Some(last) = self.messages.last_mut().filter(|_| self.dropped == 0) {
            last.help = Some(help.into());
        }
    }

    /// Says where the line is about that was added last.
    pub fn place(&mut self, excerpt: Excerpt) {
        if let Some(last) = self.messages.last_mut().filter(|_| self.dropped == 0) {
            last.excerpt = Some(excerpt);
        }
    }

    /// Lets the frame of the message that was added last surround what that of `excerpt` does; the original's lines stay.
    pub fn frame(&mut self, excerpt: Excerpt) {
        let last = self.messages.last_mut().filter(|_| self.dropped == 0);
        if let Some(shown) = last.and_then(|last| last.excerpt.as_mut()) {
            shown.place = excerpt.place;
            shown.source = excerpt.source;
            shown.width = excerpt.width;
        }
    }

    /// Gives advice to the message with this number.
    pub fn help_to(&mut self, number: usize, help: impl Into<String>) {
        if let Some(message) = self.messages.get_mut(number) {
            message.help = Some(help.into());
        }
    }

    /// The messages in order.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds a warning that the original does not know.
    pub fn lint(&mut self, excerpt: Excerpt, text: impl Into<String>, help: Option<String>) {
        if self.lints.len() < MOST_MESSAGES {
            self.lints.push(Message {
                severity: Severity::Warning,
                text: text.into(),
                excerpt: Some(excerpt),
                stands_alone: false,
                help,
            });
        }
    }

    /// Warnings that the original does not know.
    #[must_use]
    pub fn lints(&self) -> &[Message] {
        &self.lints
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
    /// The text beside a severity; some of the original's warnings say theirs themselves.
    fn headline(&self) -> String {
        let own = match self.severity {
            Severity::Error | Severity::Info => "",
            Severity::Warning => "WARNING: ",
        };
        as_written(self.text.strip_prefix(own).unwrap_or(&self.text))
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
