//! Log lines as values, and where they go.

/// How severe a line is: the syslog levels that the originals use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `LOG_ERR`
    Error,
    /// `LOG_WARNING`
    Warning,
    /// `LOG_NOTICE`
    Notice,
    /// `LOG_INFO`
    Info,
    /// `LOG_DEBUG`
    Debug,
}

/// One line for the log, without a newline at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its severity.
    pub level: Level,
    /// Its text. May hold bytes of a client's making only after they were made printable.
    pub text: String,
}
