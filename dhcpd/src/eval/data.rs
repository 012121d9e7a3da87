//! Bytes, or null.

use common::log::Level;

use super::ast::{Data, Number, Part};
use super::bytes::Bytes;
use super::context::Evaluator;
use super::digits::push_digits;
use super::words;
use crate::options::domain::{self, JoinError};
use crate::options::{Entry, Field, OptionId, SpaceId, Value};

/// Longest value that an expression may build: many times what a packet can carry.
const LENGTH_LIMIT: usize = 65_536;

impl<'e> Evaluator<'e> {
    /// The value of `expression`, or null. Constants and parts of the request are borrowed.
    #[must_use]
    pub fn data(&self, expression: &'e Data) -> Option<Bytes<'e>> {
        match expression {
            Data::Constant(bytes) => Some(Bytes::constant(bytes)),
            Data::Assembled(parts) => self.assemble(parts),
            Data::Null => None,
            Data::Option(id) => self.request_option(*id),
            Data::ConfigOption(id) => self.referred()?.value(*id),
            Data::Hardware => self.hardware(),
            Data::Packet(offset, length) => self.packet(offset, length),
            Data::Substring(data, offset, length) => self.substring(data, offset, length),
            Data::Suffix(data, length) => self.suffix(data, length),
            Data::Concat(parts) => self.concat(parts),
            Data::Pick(parts) => parts.iter().find_map(|part| self.data(part)),
            Data::Lower(data) => Some(self.data(data)?.to_ascii_lowercase().into()),
            Data::Upper(data) => Some(self.data(data)?.to_ascii_uppercase().into()),
            Data::Reverse(width, data) => self.reverse(width, data),
            Data::BinaryToAscii {
                base,
                width,
                separator,
                data,
            } => self.binary_to_ascii([base, width], [separator, data]),
            Data::EncodeInt(number, width) => self.encode(number, *width),
            Data::Relay(number, data) => self.relay(number, data),
            Data::HostName => self.host_name(),
            Data::LeasedAddress => self.leased_address(),
            Data::Filename => self.filename(),
            Data::ServerName => self.server_name(),
            Data::OwnName => Some(self.context.names.own.as_bytes().into()),
            Data::HostAddresses(name) => self.host_addresses(name),
            Data::Variable(name) => self.data_of(name),
            Data::Call(call) => {
                self.call_for_data(call);
                None
            }
        }
    }

    /// The value that was collected for `id`, or null.
    #[must_use]
    pub fn value(&self, id: OptionId) -> Option<Bytes<'e>> {
        self.entry_value(id, self.set.entry(id)?)
    }

    /// What was collected in `space`, in the order in which the original walks it.
    pub fn all(&self, space: SpaceId) -> impl Iterator<Item = (OptionId, Option<Bytes<'e>>)> {
        let evaluator = *self;
        self.set.in_order(space).into_iter().map(move |entry| {
            let id = OptionId {
                space,
                code: entry.code,
            };
            (id, evaluator.entry_value(id, entry))
        })
    }

    fn entry_value(&self, id: OptionId, entry: &'e Entry<'e>) -> Option<Bytes<'e>> {
        match &entry.value {
            Value::Joined(parts) => self.join(id, parts),
            single => self.single(single),
        }
    }

    fn single(&self, value: &'e Value<'e>) -> Option<Bytes<'e>> {
        match value {
            Value::Bytes(bytes) => Some(Bytes::constant(bytes)),
            Value::Expression(expression) => self.data(expression),
            // A joined value holds no joined values.
            Value::Joined(_) => None,
        }
    }

    fn join(&self, id: OptionId, parts: &'e [Value<'e>]) -> Option<Bytes<'e>> {
        let parts: Option<Vec<Bytes<'e>>> = parts.iter().map(|part| self.single(part)).collect();
        let parts = parts?;
        let field = self.context.registry.format(id).fields.first();
        if field == Some(&Field::DomainList { compressed: true }) {
            let joined = domain::join_compressed(parts.iter().map(|part| &**part));
            return self.joined_names(joined);
        }
        limited(joined(&parts))
    }

    fn joined_names(&self, joined: Result<Vec<u8>, JoinError>) -> Option<Bytes<'e>> {
        match joined {
            Ok(list) => Some(Bytes::from(list)),
            Err(error) => {
                self.context.log(Level::Error, words::not_joined(error));
                self.context.log(Level::Error, words::NOT_JOINED.to_owned());
                None
            }
        }
    }

    fn assemble(&self, parts: &'e [Part]) -> Option<Bytes<'e>> {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Bytes(known) => bytes.extend_from_slice(known),
                Part::Addresses(name) => {
                    let addresses = self.addresses(name)?;
                    bytes.extend(addresses.iter().flat_map(|address| address.octets()));
                }
                Part::FirstAddress(name) => {
                    let first = self.addresses(name)?.first()?;
                    bytes.extend(first.octets());
                }
            }
        }
        limited(bytes)
    }

    /// What a host name was resolved to; `None` if to nothing.
    fn addresses(&self, name: &str) -> Option<&[std::net::Ipv4Addr]> {
        let found = self.context.names.addresses.get(name)?;
        (!found.is_empty()).then_some(found)
    }

    fn host_addresses(&self, name: &str) -> Option<Bytes<'e>> {
        let Some(addresses) = self.addresses(name) else {
            self.context.log(Level::Error, words::host_unknown(name));
            return None;
        };
        let octets = addresses.iter().flat_map(|address| address.octets());
        limited(octets.collect())
    }

    /// What lies beyond the end is cut off, not null; if all of it does, the rest is hollow.
    fn substring(
        &self,
        data: &'e Data,
        offset: &'e Number,
        length: &'e Number,
    ) -> Option<Bytes<'e>> {
        let data = self.data(data);
        let (offset, length) = (self.number(offset), self.number(length));
        let (data, start, length) = (data?, to_index(offset?), to_index(length?));
        let end = start.saturating_add(length).min(data.len());
        Some(match start < data.len() {
            true => data.part(start, end),
            false => Bytes::HOLLOW,
        })
    }

    fn suffix(&self, data: &'e Data, length: &'e Number) -> Option<Bytes<'e>> {
        let data = self.data(data);
        let length = self.number(length);
        let data = data?;
        let start = data.len().saturating_sub(to_index(length?));
        let end = data.len();
        Some(data.part(start, end))
    }

    /// Every part is evaluated, also behind one that is null.
    fn concat(&self, parts: &'e [Data]) -> Option<Bytes<'e>> {
        let parts: Vec<Option<Bytes<'e>>> = parts.iter().map(|part| self.data(part)).collect();
        let parts: Option<Vec<Bytes<'e>>> = parts.into_iter().collect();
        limited(joined(&parts?))
    }

    /// The relays of DHCPv6 are not there: only number 0, the client itself, has options.
    fn relay(&self, number: &'e Number, data: &'e Data) -> Option<Bytes<'e>> {
        match self.number(number)? {
            0 => self.data(data),
            _ => None,
        }
    }

    fn reverse(&self, width: &'e Number, data: &'e Data) -> Option<Bytes<'e>> {
        let width = self.number(width);
        let data = self.data(data);
        let (width, data) = (width?, data?);
        let group = to_index(width);
        // The original divides by a width of zero.
        if group == 0 {
            return None;
        }
        if data.len() % group != 0 {
            let text = words::reverse_length(data.len(), width);
            self.context.log(Level::Info, text);
            return None;
        }
        let groups: Vec<&[u8]> = data.chunks(group).rev().collect();
        Some(groups.concat().into())
    }

    fn binary_to_ascii(
        &self,
        [base, width]: [&'e Number; 2],
        [separator, data]: [&'e Data; 2],
    ) -> Option<Bytes<'e>> {
        let (base, width) = (self.number(base), self.number(width));
        let (separator, data) = (self.data(separator), self.data(data));
        let (base, width, separator, data) = (base?, width?, separator?, data?);
        let Some(octets) = octets_of(width) else {
            let text = words::digits_width(width);
            self.context.log(Level::Info, text);
            return None;
        };
        if data.len() % octets != 0 {
            let text = words::digits_length(data.len(), octets);
            self.context.log(Level::Info, text);
            return None;
        }
        let mut text = Vec::new();
        for (index, number) in data.chunks(octets).enumerate() {
            if index > 0 {
                text.extend_from_slice(&separator);
            }
            let add = |sum: u32, octet: &u8| sum << 8 | u32::from(*octet);
            push_digits(&mut text, number.iter().fold(0, add), base);
            if text.len() > LENGTH_LIMIT {
                return None;
            }
        }
        Some(text.into())
    }

    fn encode(&self, number: &'e Number, width: u8) -> Option<Bytes<'e>> {
        let bytes = self.number(number)?.to_be_bytes();
        let octets = octets_of(width.into()).unwrap_or(4);
        Some(bytes.get(bytes.len() - octets..)?.to_vec().into())
    }
}

fn limited<'e>(bytes: Vec<u8>) -> Option<Bytes<'e>> {
    (bytes.len() <= LENGTH_LIMIT).then(|| bytes.into())
}

fn joined(parts: &[Bytes<'_>]) -> Vec<u8> {
    let slices: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
    slices.concat()
}

pub(super) fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn octets_of(width: u64) -> Option<usize> {
    match width {
        8 => Some(1),
        16 => Some(2),
        32 => Some(4),
        _ => None,
    }
}
