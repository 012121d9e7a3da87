//! The bytes of a reply: fixed fields, options in the original's order and limits, relay agent information last (reference
//! isc-dhcpd-options.md, sections 3 to 7).

use std::borrow::Cow;

use super::encapsulate::{Packer, SiteSpace};
use super::layout::{Layout, agent_option};
use super::order::Priorities;
use super::request::Request;
use super::view::{BOOTREPLY, FIXED_LENGTH, Header, MAGIC_COOKIE};
use crate::eval::{Evaluator, Flag};
use crate::options::{OptionId, SpaceId, codes};

/// Octets of the `file` field.
pub const FILE_LENGTH: usize = 128;
/// Octets of the `sname` field.
pub const SNAME_LENGTH: usize = 64;
/// Shortest reply (RFC 1542, section 2.1).
const SHORTEST: usize = 300;
/// IP and UDP header and the fixed fields: what a maximum message size counts besides options.
const OVERHEAD: usize = 28 + FIXED_LENGTH;
/// Least and greatest maximum message size that is honoured.
const MESSAGE_SIZES: (u16, u16) = (576, 1500);
/// Options area, cookie included, of a message of the least size.
const DEFAULT_AREA: usize = 576 - OVERHEAD;
/// Options area that is never exceeded.
const GREATEST_AREA: usize = 1500 - OVERHEAD;
/// Vendor area of BOOTP (RFC 951, section 3).
const BOOTP_AREA: usize = 64;
const END: u8 = 255;

/// What is answered, and so which rules of the original hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// DHCPOFFER, or DHCPACK to a DHCPREQUEST.
    Lease,
    /// DHCPACK to a DHCPINFORM.
    Inform,
    /// DHCPNAK.
    Nak,
    /// Any reply to a DHCPLEASEQUERY.
    Query,
    /// BOOTREPLY with an address from a pool.
    DynamicBootp,
    /// BOOTREPLY with a fixed address.
    StaticBootp,
}

/// A reply without its options.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'r> {
    /// What is answered.
    pub kind: ReplyKind,
    /// The fixed fields; `op` is set by [`Reply::build`].
    pub header: Header,
    /// The client's hardware address, zero filled.
    pub chaddr: [u8; 16],
    /// The `file` field: cut to [`FILE_LENGTH`]. If it is empty, options may use the field.
    pub file: &'r [u8],
    /// The `sname` field: cut to [`SNAME_LENGTH`]. If it is empty, options may use the field.
    pub sname: &'r [u8],
}

/// What is settled about a reply before any of its options is looked at.
#[derive(Debug)]
pub struct Plan {
    site: SiteSpace,
    list: Vec<u8>,
    area: usize,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// `site-option-space` names a space that does not exist.
    UnknownSiteSpace(String),
}

/// What is remarkable about a reply; the engine finds the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyNote {
    /// `vendor-option-space` names a space that does not exist.
    UnknownOptionSpace(String),
    /// The site option space has codes below 224 (RFC 3942).
    LowSiteCodes {
        /// The space.
        space: String,
        /// The lowest code in it.
        lowest: u32,
    },
    /// Relay agent information did not fit.
    NoRoomForAgentInformation,
}

impl Reply<'_> {
    /// The reply to `request` with the options that `values` has collected, as a UDP payload of at least 300 octets unless it is one to a query.
    ///
    /// Expected in the set, put there by the engine where they apply: 1, 12, 51, 53, 54, 56, 61, 118. Option 82 of the request
    /// is echoed; 43, 124, 125, 81 and the user's own encapsulations are packed from their spaces.
    ///
    /// # Errors
    /// When the original sends nothing.
    pub fn build(
        &self,
        request: &Request<'_>,
        values: &Evaluator<'_>,
        notes: &mut Vec<ReplyNote>,
    ) -> Result<Vec<u8>, ReplyError> {
        let plan = self.plan(request, values, notes)?;
        Ok(self.build_as(&plan, request, values, notes))
    }

    /// The first half of [`Reply::build`]: evaluates what decides how the reply is made.
    ///
    /// # Errors
    /// As there.
    pub fn plan(
        &self,
        request: &Request<'_>,
        values: &Evaluator<'_>,
        notes: &mut Vec<ReplyNote>,
    ) -> Result<Plan, ReplyError> {
        let area = self.area(request, values);
        let site = match self.kind {
            ReplyKind::StaticBootp => SiteSpace::NONE,
            _ => SiteSpace::of(values, notes)?,
        };
        let list = self.priorities(request, values, site);
        Ok(Plan { site, list, area })
    }

    /// The second half: evaluates the options and makes the octets.
    #[must_use]
    pub fn build_as(
        &self,
        plan: &Plan,
        request: &Request<'_>,
        values: &Evaluator<'_>,
        notes: &mut Vec<ReplyNote>,
    ) -> Vec<u8> {
        let mut packer = Packer {
            values: *values,
            notes,
        };
        let agent = self.agent_information(request, &mut packer);
        let area = (plan.area + agent.len()).min(GREATEST_AREA);
        let room = area.checked_sub(agent.len()).filter(|room| *room > 0);
        let mut layout = self.layout(room.unwrap_or(area));
        self.place(plan, request, &mut packer, &mut layout);

        // Measured: where nothing is in the vendor area, the original sends no cookie either, nor anything else.
        if layout.is_empty() {
            return self.assemble(&field(self.file), &field(self.sname), &[]);
        }
        let (mut vendor, file, sname) = layout.finish();
        vendor.splice(0..0, MAGIC_COOKIE);
        if vendor.len() + agent.len() > area {
            notes.push(ReplyNote::NoRoomForAgentInformation);
        } else {
            vendor.extend(agent);
        }
        if vendor.len() < area {
            vendor.push(END);
        }
        let file = file.unwrap_or_else(|| field(self.file));
        let sname = sname.unwrap_or_else(|| field(self.sname));
        self.assemble(&file, &sname, &vendor)
    }

    /// The reply to a BOOTP request without cookie: its vendor area comes back unchanged.
    #[must_use]
    pub fn build_with_vendor_area_of(&self, request: &Request<'_>) -> Vec<u8> {
        let (file, sname) = (field(self.file), field(self.sname));
        self.assemble(&file, &sname, request.view.vendor())
    }

    /// The codes to place. A configured list comes before the client's; an empty one counts as none.
    fn priorities(
        &self,
        request: &Request<'_>,
        values: &Evaluator<'_>,
        site: SiteSpace,
    ) -> Vec<u8> {
        if !self.honours_list() {
            return Priorities::everything(values, site);
        }
        let id = codes::DHCP_PARAMETER_REQUEST_LIST;
        let configured = values.value(id);
        let list = if values.set.contains(id) || self.kind == ReplyKind::Query {
            configured.as_deref()
        } else {
            request.parameter_request_list()
        };
        match list.filter(|list| !list.is_empty()) {
            Some(list) => {
                let echoes = self.echoes_identifier(values);
                Priorities::requested(list, echoes, request, values)
            }
            None => Priorities::everything(values, site),
        }
    }

    fn layout(&self, area: usize) -> Layout {
        let room = area.saturating_sub(MAGIC_COOKIE.len());
        let overloads = self.overloads();
        Layout::new(
            room,
            overloads && self.file.is_empty(),
            overloads && self.sname.is_empty(),
        )
    }

    fn place(
        &self,
        plan: &Plan,
        request: &Request<'_>,
        packer: &mut Packer<'_, '_>,
        layout: &mut Layout,
    ) {
        let terminate = self.terminates_text() && request.terminates_text();
        for (index, code) in plan.list.iter().enumerate() {
            let id = plan.site.option(*code);
            let Some(mut value) = packer.value(id) else {
                continue;
            };
            if terminate && packer.values.context.registry.format(id).has_text() {
                value.to_mut().push(0);
            }
            layout.place(*code, &value, index + 1 == plan.list.len());
        }
    }

    /// Octets for options, cookie included (reference isc-dhcpd-options.md, section 3.3). The client's limit comes before the
    /// configured one, which INFORM, NAK and static BOOTP do not look at.
    fn area(&self, request: &Request<'_>, values: &Evaluator<'_>) -> usize {
        let configured = || {
            let looked_at = matches!(self.kind, ReplyKind::Lease | ReplyKind::DynamicBootp);
            looked_at.then(|| values.uint16(codes::DHCP_MAX_MESSAGE_SIZE))?
        };
        // Measured: an option that is too short to be a size hides the configured one, too.
        let size = match request.options.contains(codes::DHCP_MAX_MESSAGE_SIZE) {
            true => request.max_message_size(),
            false => configured(),
        };
        match size.filter(|size| *size > 0) {
            Some(size) => {
                let (least, greatest) = MESSAGE_SIZES;
                usize::from(size.clamp(least, greatest)) - OVERHEAD
            }
            None if self.is_bootp() => {
                let sent = request.view.vendor().len();
                sent.max(BOOTP_AREA)
            }
            None => DEFAULT_AREA,
        }
    }

    /// Option 82, ready to append: what the configuration says for the whole option, else the relay's sub-options, of which
    /// the configuration may replace some and to which it may add others.
    fn agent_information(&self, request: &Request<'_>, packer: &mut Packer<'_, '_>) -> Vec<u8> {
        let id = codes::RELAY_AGENT_INFORMATION;
        if packer.values.set.contains(id) {
            let value = packer.value(id).unwrap_or_default();
            return agent_option(&value);
        }
        let mut parts: Vec<(OptionId, Cow<'_, [u8]>)> = Vec::new();
        if self.echoes_relay(request) {
            let received = request.options.iter();
            let of_relay = received.filter(|option| option.id.space == SpaceId::AGENT);
            parts.extend(of_relay.map(|option| (option.id, Cow::Borrowed(&*option.value))));
        }
        for (id, value) in packer.values.all(SpaceId::AGENT) {
            let value = value.unwrap_or_default().into_cow();
            match parts.iter_mut().find(|part| part.0 == id) {
                Some(part) => part.1 = value,
                None => parts.push((id, value)),
            }
        }
        agent_option(&packer.pack_values(&parts))
    }

    fn assemble(
        &self,
        file: &[u8; FILE_LENGTH],
        sname: &[u8; SNAME_LENGTH],
        vendor: &[u8],
    ) -> Vec<u8> {
        let header = &self.header;
        let mut bytes = Vec::with_capacity(SHORTEST.max(FIXED_LENGTH + vendor.len()));
        bytes.extend([BOOTREPLY, header.htype, header.hlen, header.hops]);
        bytes.extend(header.xid.to_be_bytes());
        bytes.extend(header.secs.to_be_bytes());
        bytes.extend(header.flags.to_be_bytes());
        for address in [header.ciaddr, header.yiaddr, header.siaddr, header.giaddr] {
            bytes.extend(address.octets());
        }
        bytes.extend(self.chaddr);
        bytes.extend(sname);
        bytes.extend(file);
        bytes.extend(vendor);
        if bytes.len() < SHORTEST && self.kind != ReplyKind::Query {
            bytes.resize(SHORTEST, 0);
        }
        bytes
    }

    fn overloads(&self) -> bool {
        matches!(self.kind, ReplyKind::Lease | ReplyKind::DynamicBootp)
    }

    fn honours_list(&self) -> bool {
        !matches!(self.kind, ReplyKind::Nak | ReplyKind::StaticBootp)
    }

    fn terminates_text(&self) -> bool {
        matches!(self.kind, ReplyKind::Lease | ReplyKind::Inform)
    }

    /// `echo-client-id`, which only replies with a lease and refusals look at.
    fn echoes_identifier(&self, values: &Evaluator<'_>) -> bool {
        let looks = !matches!(self.kind, ReplyKind::Inform | ReplyKind::Query);
        looks && values.is_on(codes::ECHO_CLIENT_ID, Flag::Deny)
    }

    /// What the relay said before this message comes back in a refusal only.
    fn echoes_relay(&self, request: &Request<'_>) -> bool {
        match self.kind {
            ReplyKind::StaticBootp | ReplyKind::Query => false,
            ReplyKind::Nak => true,
            _ => request.agent_information().is_some(),
        }
    }

    fn is_bootp(&self) -> bool {
        matches!(self.kind, ReplyKind::DynamicBootp | ReplyKind::StaticBootp)
    }
}

/// Text in a fixed field: cut to its length, or filled with zeros.
fn field<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    for (slot, octet) in field.iter_mut().zip(text) {
        *slot = *octet;
    }
    field
}
