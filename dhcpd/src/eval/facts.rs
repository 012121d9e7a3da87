//! Data that the request and the lease provide.

use common::log::Level;

use super::ast::Number;
use super::bytes::Bytes;
use super::context::Evaluator;
use super::data::to_index;
use super::words;
use crate::options::{OptionId, codes};
use crate::wire::{Note, text_of};

impl<'e> Evaluator<'e> {
    pub(super) fn request_option(&self, id: OptionId) -> Option<Bytes<'e>> {
        let request = self.context.request?;
        let sent = request.options.get(id).map(Bytes::from);
        sent.or_else(|| request.vendor_option(id).map(Bytes::from))
    }

    /// `parse-vendor-option;`: opens option 43 of the request as options of the space that `vendor-option-space` names.
    pub(super) fn open_vendor_options(&self) {
        let registry = self.context.registry;
        let name = self.text(codes::VENDOR_OPTION_SPACE);
        let space = name.and_then(|name| registry.space_named(&name));
        let (Some(request), Some(space)) = (self.context.request, space) else {
            return;
        };
        let mut notes = Vec::new();
        request.open_vendor_options(space, registry, &mut notes);
        for note in notes {
            if let Note::MalformedSuboption(malformed) = note {
                self.context.log(Level::Error, malformed.to_string());
            }
        }
    }

    /// Type and address of the client; empty for a lease that nobody has.
    pub(super) fn hardware(&self) -> Option<Bytes<'e>> {
        let of_request = self.context.request.map(|request| Some(request.hardware));
        let of_lease = || self.context.lease.map(|lease| lease.hardware);
        let Some(hardware) = of_request.or_else(of_lease) else {
            self.context.log(Level::Error, words::no_hardware());
            return None;
        };
        let mut bytes = Vec::new();
        if let Some(hardware) = hardware {
            bytes.push(hardware.kind());
            bytes.extend_from_slice(hardware.octets());
        }
        Some(bytes.into())
    }

    pub(super) fn packet(&self, offset: &'e Number, length: &'e Number) -> Option<Bytes<'e>> {
        let Some(request) = self.context.request else {
            self.context.log(Level::Error, words::no_packet());
            return None;
        };
        let (offset, length) = (self.number(offset), self.number(length));
        let behind = request.view.bytes().get(to_index(offset?)..)?;
        let empty = behind.is_empty();
        let wanted = behind.get(..to_index(length?)).unwrap_or(behind);
        (!empty).then(|| wanted.into())
    }

    pub(super) fn host_name(&self) -> Option<Bytes<'e>> {
        let host = self.context.lease.and_then(|lease| lease.host);
        if host.is_none() {
            self.context.log(Level::Error, words::no_host());
        }
        host.map(|name| name.as_bytes().into())
    }

    pub(super) fn leased_address(&self) -> Option<Bytes<'e>> {
        let lease = self.context.lease;
        if lease.is_none() {
            self.context.log(Level::Debug, words::no_address());
        }
        lease.map(|lease| lease.address.octets().to_vec().into())
    }

    pub(super) fn filename(&self) -> Option<Bytes<'e>> {
        let request = self.context.request?;
        field_text(request.view.file())
    }

    pub(super) fn server_name(&self) -> Option<Bytes<'e>> {
        let request = self.context.request?;
        field_text(request.view.sname())
    }
}

/// A field that begins with NUL is null.
fn field_text(field: &[u8]) -> Option<Bytes<'_>> {
    let text = text_of(field);
    (!text.is_empty()).then(|| text.into())
}
