//! What is remarkable about a request without being a reason to drop it; the engine finds the words.

use super::index::Malformed;

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Option 12 came without a value and is ignored.
    EmptyHostName,
    /// A client identifier of one octet, against RFC 2132, section 9.14.
    ShortClientIdentifier,
    /// Neither a client identifier nor a hardware address.
    NoIdentifier,
    /// Something inside of an option is malformed; the option as a whole stays.
    MalformedSuboption(Malformed),
    /// A label of the client FQDN has more than 63 octets.
    FqdnLabelTooLong,
    /// A label of the client FQDN reaches beyond the option.
    FqdnLabelBeyondOption,
}
