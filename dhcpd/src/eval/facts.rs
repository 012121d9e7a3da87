//! Data that the request and the lease provide.

use std::borrow::Cow;

use common::log::Level;

use super::ast::Number;
use super::context::Evaluator;
use super::data::{Bytes, to_index};
use super::words;
use crate::options::{OptionId, codes};
use crate::wire::{Note, text_of};

impl<'e> Evaluator<'e> {
    pub(super) fn request_option(&self, id: OptionId) -> Option<Bytes<'e>> {
        let request = self.context.request?;
        let sent = request.options.get(id).map(Cow::Borrowed);
        sent.or_else(|| request.vendor_option(id).map(Cow::Owned))
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

    pub(super) fn hardware(&self) -> Option<Bytes<'e>> {
        let of_request = self.context.request.map(|request| request.hardware);
        let of_lease = || self.context.lease.and_then(|lease| lease.hardware);
        let Some(hardware) = of_request.or_else(of_lease) else {
            self.context.log(Level::Error, words::no_hardware());
            return None;
        };
        let mut bytes = vec![hardware.kind()];
        bytes.extend_from_slice(hardware.octets());
        Some(Cow::Owned(bytes))
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
        (!empty).then_some(Cow::Borrowed(wanted))
    }

    pub(super) fn host_name(&self) -> Option<Bytes<'e>> {
        let host = self.context.lease.and_then(|lease| lease.host);
        if host.is_none() {
            self.context.log(Level::Error, words::no_host());
        }
        host.map(|name| Cow::Borrowed(name.as_bytes()))
    }

    pub(super) fn leased_address(&self) -> Option<Bytes<'e>> {
        let lease = self.context.lease;
        if lease.is_none() {
            self.context.log(Level::Debug, words::no_address());
        }
        lease.map(|lease| Cow::Owned(lease.address.octets().to_vec()))
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
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}
