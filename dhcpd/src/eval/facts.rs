//! Data that the request and the lease provide.

use std::borrow::Cow;

use common::log::Level;

use super::ast::Number;
use super::context::Evaluator;
use super::data::{Bytes, to_index};
use super::words;
use crate::options::OptionId;
use crate::wire::text_of;

impl<'e> Evaluator<'e> {
    pub(super) fn request_option(&self, id: OptionId) -> Option<Bytes<'e>> {
        let request = self.context.request?;
        request.options.get(id).map(Cow::Borrowed)
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
