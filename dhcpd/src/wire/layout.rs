//! Options into the vendor area and, where it is full, into `file` and `sname` (reference isc-dhcpd-options.md, section
//! 3.3; RFC 2132, section 9.3).

use crate::options::{OptionId, codes};

const END: u8 = 255;
/// Most octets of one piece of a value.
const PIECE_LIMIT: usize = 255;
/// Kept free in the vendor area for option 52 and the end.
const RESERVE: usize = 5;
/// Octets of options that nearly every reply has room for.
const USUAL: usize = 128;
/// Room that the original gives relay agent information.
const AGENT_ROOM: usize = 1024;

/// Space for options, of which `room` octets may be used, the end included.
#[derive(Debug)]
struct Area {
    bytes: Vec<u8>,
    room: usize,
}

/// The areas of one message.
#[derive(Debug)]
pub(super) struct Layout {
    main: Area,
    file: Option<Area>,
    sname: Option<Area>,
}

/// Where a piece goes.
#[derive(Clone, Copy)]
enum Target {
    Main,
    File,
    Sname,
}

impl Layout {
    /// Empty areas: `room` octets in the vendor area without the cookie, `file` and `sname` where they are free.
    pub(super) fn new(room: usize, file_is_free: bool, sname_is_free: bool) -> Self {
        let mut main = Area::new(room);
        main.bytes.reserve(USUAL);
        Self {
            main,
            file: file_is_free.then(|| Area::new(128)),
            sname: sname_is_free.then(|| Area::new(64)),
        }
    }

    /// Places an option, in pieces if it must be; leaves it out if it is empty or does not fit at all. `is_last` allows it to take the room
    /// of an option 52 that nothing will need.
    pub(super) fn place(&mut self, code: u8, value: &[u8], is_last: bool) {
        if value.is_empty() {
            return;
        }
        let marks = self.marks();
        let whole = value.len() <= PIECE_LIMIT;
        if let Some(target) = self
            .target_for_whole(value.len(), is_last)
            .filter(|_| whole)
        {
            return self.write(target, code, value);
        }
        let mut rest = value;
        while !rest.is_empty() {
            let Some((target, room)) = self.target_for_piece() else {
                return self.roll_back(marks);
            };
            let length = room.min(PIECE_LIMIT).min(rest.len());
            let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            self.write(target, code, piece);
            rest = after;
        }
    }

    /// True if nothing is in the vendor area.
    pub(super) fn is_empty(&self) -> bool {
        !self.main.is_used()
    }

    /// Ends the overloaded fields and writes option 52 if there are any. Gives back the vendor area without its end, `file` and
    /// `sname`.
    pub(super) fn finish(self) -> (Vec<u8>, Option<[u8; 128]>, Option<[u8; 64]>) {
        let file = self.file.and_then(Area::fill::<128>);
        let sname = self.sname.and_then(Area::fill::<64>);
        let used = u8::from(file.is_some()) | u8::from(sname.is_some()) << 1;
        let mut main = self.main.bytes;
        if used != 0 {
            main.extend([octet(codes::DHCP_OPTION_OVERLOAD), 1, used]);
        }
        (main, file, sname)
    }

    fn target_for_whole(&self, length: usize, is_last: bool) -> Option<Target> {
        let nothing_overloaded = !self.file.is_used() && !self.sname.is_used();
        if is_last && nothing_overloaded && self.main.has_room(2 + length) {
            return Some(Target::Main);
        }
        if self.main.has_room(RESERVE + length) {
            return Some(Target::Main);
        }
        if self.file.has_room(3 + length) {
            return Some(Target::File);
        }
        self.sname.has_room(3 + length).then_some(Target::Sname)
    }

    /// The area for a piece, and the octets of value that it may have.
    fn target_for_piece(&self) -> Option<(Target, usize)> {
        if self.main.has_room(RESERVE + 1) {
            return Some((Target::Main, self.main.left(RESERVE)));
        }
        if self.file.has_room(4) {
            return Some((Target::File, self.file.left(3)));
        }
        let fits = self.sname.has_room(4);
        fits.then(|| (Target::Sname, self.sname.left(3)))
    }

    fn write(&mut self, target: Target, code: u8, piece: &[u8]) {
        let area = match target {
            Target::Main => Some(&mut self.main),
            Target::File => self.file.as_mut(),
            Target::Sname => self.sname.as_mut(),
        };
        if let (Some(area), Ok(length)) = (area, u8::try_from(piece.len())) {
            area.bytes.extend([code, length]);
            area.bytes.extend_from_slice(piece);
        }
    }

    fn marks(&self) -> [usize; 3] {
        let used = |area: &Option<Area>| area.as_ref().map_or(0, |area| area.bytes.len());
        [self.main.bytes.len(), used(&self.file), used(&self.sname)]
    }

    fn roll_back(&mut self, [main, file, sname]: [usize; 3]) {
        self.main.bytes.truncate(main);
        if let Some(area) = &mut self.file {
            area.bytes.truncate(file);
        }
        if let Some(area) = &mut self.sname {
            area.bytes.truncate(sname);
        }
    }
}

/// Relay agent information as option 82, in pieces if it is long; empty if it is too long.
pub(super) fn agent_option(information: &[u8]) -> Vec<u8> {
    let mut layout = Layout::new(AGENT_ROOM, false, false);
    layout.place(octet(codes::RELAY_AGENT_INFORMATION), information, true);
    layout.main.bytes
}

impl Area {
    fn new(room: usize) -> Self {
        Self {
            bytes: Vec::new(),
            room,
        }
    }

    /// Closes a field that has options: end, then padding. `None` if it has none.
    fn fill<const N: usize>(self) -> Option<[u8; N]> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut field = [0; N];
        let closed = self.bytes.iter().chain(&[END]);
        for (slot, octet) in field.iter_mut().zip(closed) {
            *slot = *octet;
        }
        Some(field)
    }
}

/// What is asked of an area that may not be available.
trait Room {
    /// True if something is in it.
    fn is_used(&self) -> bool;
    /// True if `octets` more leave at least one free.
    fn has_room(&self, octets: usize) -> bool;
    /// Free octets without `reserve`.
    fn left(&self, reserve: usize) -> usize;
}

impl Room for Area {
    fn is_used(&self) -> bool {
        !self.bytes.is_empty()
    }

    fn has_room(&self, octets: usize) -> bool {
        self.bytes.len() + octets < self.room
    }

    fn left(&self, reserve: usize) -> usize {
        self.room.saturating_sub(self.bytes.len() + reserve)
    }
}

impl Room for Option<Area> {
    fn is_used(&self) -> bool {
        self.as_ref().is_some_and(Area::is_used)
    }

    fn has_room(&self, octets: usize) -> bool {
        self.as_ref().is_some_and(|area| area.has_room(octets))
    }

    fn left(&self, reserve: usize) -> usize {
        self.as_ref().map_or(0, |area| area.left(reserve))
    }
}

/// The code of a DHCP option as it stands in a message.
fn octet(id: OptionId) -> u8 {
    u8::try_from(id.code).unwrap_or(0)
}
