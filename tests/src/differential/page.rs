//! Text in blocks, each statement on a line of its own, so that what is superfluous can be taken out by lines.

/// A text that grows by lines.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    depth: usize,
}

impl Page {
    /// An empty page; its lines begin with one indentation.
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            depth: 1,
        }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// Begins a block: `head {`.
    pub(super) fn open(&mut self, head: impl AsRef<str>) {
        self.line(format!("{} {{", head.as_ref()));
        self.depth += 1;
    }

    /// Ends it.
    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
