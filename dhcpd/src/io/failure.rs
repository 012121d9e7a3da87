//! Why the server cannot start or go on.

use crate::words;

/// A reason to end with status 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// What to say; may have several lines. `None` if it has been said.
    message: Option<String>,
}

impl Fatal {
    /// Everything has been said already.
    #[must_use]
    pub fn reported() -> Self {
        Self { message: None }
    }

    /// The lines to log, the original's closing paragraph included.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let message = self.message.iter().flat_map(|text| text.split('\n'));
        message.chain(words::TRAILER.split('\n'))
    }
}

impl From<String> for Fatal {
    fn from(text: String) -> Self {
        Self {
            message: Some(text),
        }
    }
}

impl From<&str> for Fatal {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
