//! The exit statuses of the daemon (reference tftpd-hpa.md, section 3; the numbers are those of sysexits.h).

/// The command line makes no sense.
pub const USAGE: u8 = 64;
/// A directory, an address or a port named on the command line is not there.
pub const NO_INPUT: u8 = 66;
/// The user to serve as is unknown.
pub const NO_USER: u8 = 67;
/// Standard input is no socket.
pub const IO_ERROR: u8 = 74;
/// The map file has errors.
pub const CONFIGURATION: u8 = 78;
/// The system refused a socket, a process or the change of the root directory.
pub const SYSTEM: u8 = 71;

/// A start that failed: the status to exit with, and the line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The exit status.
    pub status: u8,
    /// The log line.
    pub text: String,
    /// True if whoever sits at the terminal has seen it, with more besides.
    pub shown: bool,
}

impl StartError {
    /// A failure of this status with this text.
    #[must_use]
    pub fn new(status: u8, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            shown: false,
        }
    }
}
