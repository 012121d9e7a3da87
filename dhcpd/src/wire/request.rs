//! What a client's message says, as the server needs it: one pass over the bytes, then facts by name.

use std::cell::RefCell;
use std::net::Ipv4Addr;

use common::net::HardwareAddress;

use super::index::{Malformed, Options, Received};
use super::note::Note;
use super::view::{BOOTREQUEST, View};
use crate::options::{OptionId, Registry, SpaceId, codes};

/// A message type (option 53; RFC 2132, section 9.6; RFC 4388, section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageType(pub u8);

impl MessageType {
    /// A client looks for servers.
    pub const DISCOVER: Self = Self(1);
    /// A server offers.
    pub const OFFER: Self = Self(2);
    /// A client takes an offer, renews, or checks its address.
    pub const REQUEST: Self = Self(3);
    /// A client found its address in use.
    pub const DECLINE: Self = Self(4);
    /// A server grants.
    pub const ACK: Self = Self(5);
    /// A server refuses.
    pub const NAK: Self = Self(6);
    /// A client gives its address back.
    pub const RELEASE: Self = Self(7);
    /// A client with an address asks for options.
    pub const INFORM: Self = Self(8);
    /// A relay asks about a lease.
    pub const LEASEQUERY: Self = Self(10);
    /// The address is not leased.
    pub const LEASEUNASSIGNED: Self = Self(11);
    /// The server knows nothing about it.
    pub const LEASEUNKNOWN: Self = Self(12);
    /// The address is leased.
    pub const LEASEACTIVE: Self = Self(13);
}

/// Why a message is dropped before anything else is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// Shorter than the fixed fields: dropped in silence.
    TooShort,
    /// `hlen` is over 16.
    HardwareLength,
    /// An option is cut short.
    Malformed(Malformed),
    /// Option 61 has no value.
    EmptyClientIdentifier,
    /// `op` says that it is no BOOTP request: dropped in silence. The original does not look at it in a DHCP message.
    NotRequest,
}

/// A message from a client.
#[derive(Clone, Debug)]
pub struct Request<'p> {
    /// Its fixed fields.
    pub view: View<'p>,
    /// Its options.
    pub options: Options<'p>,
    /// The client's hardware address.
    pub hardware: HardwareAddress,
    /// What statements have found in option 43.
    vendor: RefCell<Vec<Received<'static>>>,
}

impl<'p> Request<'p> {
    /// Reads a UDP payload, adding remarks to `notes` in the order in which the original makes them.
    ///
    /// # Errors
    /// When the message must be dropped.
    pub fn read(
        payload: &'p [u8],
        registry: &Registry,
        notes: &mut Vec<Note>,
    ) -> Result<Self, Reject> {
        let view = View::new(payload).ok_or(Reject::TooShort)?;
        let hardware = view.hardware().ok_or(Reject::HardwareLength)?;
        let options = Options::read(&view, registry, notes).map_err(Reject::Malformed)?;
        let request = Self {
            view,
            options,
            hardware,
            vendor: RefCell::default(),
        };
        request.check_identity(notes)?;
        if request.message_type().is_none() && view.header().op != BOOTREQUEST {
            return Err(Reject::NotRequest);
        }
        Ok(request)
    }

    /// The message type; `None` makes it a BOOTP request.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        let first = self.options.get(codes::DHCP_MESSAGE_TYPE)?.first().copied();
        first.filter(|number| *number != 0).map(MessageType)
    }

    /// The client identifier (option 61).
    #[must_use]
    pub fn client_identifier(&self) -> Option<&[u8]> {
        self.options.get(codes::DHCP_CLIENT_IDENTIFIER)
    }

    /// The address that the client would like (option 50), whatever the option's length.
    #[must_use]
    pub fn requested_address(&self) -> Option<Ipv4Addr> {
        self.first_address(codes::DHCP_REQUESTED_ADDRESS)
    }

    /// The server that the client means (option 54), whatever the option's length.
    #[must_use]
    pub fn server_identifier(&self) -> Option<Ipv4Addr> {
        self.first_address(codes::DHCP_SERVER_IDENTIFIER)
    }

    /// The lease time that the client would like, in seconds (option 51).
    #[must_use]
    pub fn lease_time(&self) -> Option<u32> {
        let value = self.options.get(codes::DHCP_LEASE_TIME)?;
        value.try_into().ok().map(u32::from_be_bytes)
    }

    /// The host name (option 12), without a NUL that the client put at its end.
    #[must_use]
    pub fn host_name(&self) -> Option<&[u8]> {
        self.options.get(codes::HOST_NAME)
    }

    /// True if the client ends its host name with NUL, and so expects it of text in the reply (reference
    /// isc-dhcpd-options.md, section 4).
    #[must_use]
    pub fn terminates_text(&self) -> bool {
        self.options.host_name_ended_in_nul()
    }

    /// The codes that the client asks for (option 55).
    #[must_use]
    pub fn parameter_request_list(&self) -> Option<&[u8]> {
        self.options.get(codes::DHCP_PARAMETER_REQUEST_LIST)
    }

    /// The longest message that the client takes, IP and UDP headers included (option 57). Only its first two octets count.
    #[must_use]
    pub fn max_message_size(&self) -> Option<u16> {
        let value = self.options.get(codes::DHCP_MAX_MESSAGE_SIZE)?;
        value.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// The relay agent information (option 82) as it came.
    #[must_use]
    pub fn agent_information(&self) -> Option<&[u8]> {
        self.options.get(codes::RELAY_AGENT_INFORMATION)
    }

    /// The vendor class (option 60).
    #[must_use]
    pub fn vendor_class(&self) -> Option<&[u8]> {
        self.options.get(codes::VENDOR_CLASS_IDENTIFIER)
    }

    /// True if the client sent a readable client FQDN (option 81).
    #[must_use]
    pub fn has_fqdn(&self) -> bool {
        self.options.contains(super::fqdn_part::ENCODED)
    }

    /// The first four octets as an address; octets that are missing are zero.
    fn first_address(&self, id: OptionId) -> Option<Ipv4Addr> {
        let mut octets = [0; 4];
        for (slot, octet) in octets.iter_mut().zip(self.options.get(id)?) {
            *slot = *octet;
        }
        Some(Ipv4Addr::from(octets))
    }

    /// Opens option 43 as options of `space` (`parse-vendor-option;`), which [`vendor_option`](Self::vendor_option) finds then.
    pub fn open_vendor_options(&self, space: SpaceId, registry: &Registry, notes: &mut Vec<Note>) {
        let opened = self.options.open_vendor_options(space, registry, notes);
        self.vendor.borrow_mut().extend(opened);
    }

    /// An option that was found in option 43.
    #[must_use]
    pub fn vendor_option(&self, id: OptionId) -> Option<Vec<u8>> {
        let opened = self.vendor.borrow();
        let found = opened.iter().find(|option| option.id == id)?;
        Some(found.value.to_vec())
    }

    fn check_identity(&self, notes: &mut Vec<Note>) -> Result<(), Reject> {
        match self.client_identifier().map(<[u8]>::len) {
            Some(0) => return Err(Reject::EmptyClientIdentifier),
            Some(1) => notes.push(Note::ShortClientIdentifier),
            None if self.view.header().hlen == 0 => notes.push(Note::NoIdentifier),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{FIXED_LENGTH, MAGIC_COOKIE};

    fn message(options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; FIXED_LENGTH];
        bytes[0..3].copy_from_slice(&[1, 1, 6]);
        bytes.extend(MAGIC_COOKIE);
        bytes.extend(options);
        bytes
    }

    fn reject(bytes: &[u8]) -> Reject {
        Request::read(bytes, &Registry::built_in(), &mut Vec::new()).unwrap_err()
    }

    #[test]
    fn facts_are_read_by_their_length_rules() {
        let bytes = message(
            b"\x35\x01\x03\x32\x04\x0a\x09\0\x05\x36\x03\x0a\x09\0\x33\x04\0\0\x02\x58\x39\x02\x05\xc0\x0c\x03hn\0\xff",
        );
        let mut notes = Vec::new();
        let request = Request::read(&bytes, &Registry::built_in(), &mut notes).unwrap();
        assert_eq!(request.message_type(), Some(MessageType::REQUEST));
        let wanted = Ipv4Addr::new(10, 9, 0, 5);
        assert_eq!(request.requested_address(), Some(wanted));
        assert_eq!(
            request.server_identifier(),
            Some(Ipv4Addr::new(10, 9, 0, 0))
        );
        assert_eq!(request.lease_time(), Some(600));
        assert_eq!(request.max_message_size(), Some(1472));
        assert!(request.terminates_text());
        assert_eq!(notes, []);
    }

    #[test]
    fn a_message_without_cookie_or_type_is_bootp() {
        let registry = Registry::built_in();
        let bytes = message(b"");
        let bare = Request::read(&bytes[..FIXED_LENGTH], &registry, &mut Vec::new()).unwrap();
        assert_eq!(bare.message_type(), None);
        let untyped = Request::read(&bytes, &registry, &mut Vec::new()).unwrap();
        assert_eq!(untyped.message_type(), None);
    }

    #[test]
    fn unusable_messages_are_rejected_for_the_first_reason() {
        assert_eq!(reject(b"short"), Reject::TooShort);
        let mut bogus = message(b"\x3d\0");
        (bogus[0], bogus[2]) = (2, 17);
        assert_eq!(reject(&bogus), Reject::HardwareLength);
        bogus[2] = 6;
        assert_eq!(reject(&bogus), Reject::EmptyClientIdentifier);
        let mut reply = message(b"\xff");
        reply[0] = 2;
        assert_eq!(reject(&reply), Reject::NotRequest);
    }

    #[test]
    fn weak_identities_are_noted() {
        let registry = Registry::built_in();
        let mut notes = Vec::new();
        let short = message(b"\x3d\x01a\xff");
        Request::read(&short, &registry, &mut notes).unwrap();
        let mut nobody = message(b"\xff");
        nobody[2] = 0;
        Request::read(&nobody, &registry, &mut notes).unwrap();
        assert_eq!(notes, [Note::ShortClientIdentifier, Note::NoIdentifier]);
    }

    proptest! {
        #[test]
        fn no_message_makes_the_reader_panic(tail in proptest::collection::vec(any::<u8>(), 0..1300)) {
            let bytes = message(&tail);
            let mut notes = Vec::new();
            if let Ok(request) = Request::read(&bytes, &Registry::built_in(), &mut notes) {
                prop_assert!(request.options.iter().count() <= tail.len());
            }
            let _ = Request::read(&tail, &Registry::built_in(), &mut notes);
        }
    }
}
