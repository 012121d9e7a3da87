//! TFTP packets (RFC 1350, RFC 2347): requests and answers read in place, packets built into a buffer.

/// The largest packet there is: a four-byte header and the largest block.
pub const MAX_PACKET: usize = HEADER + MAX_BLOCK;
/// The largest block size that can be negotiated (RFC 2348).
pub const MAX_BLOCK: usize = 65464;
/// The block size of a transfer without options (RFC 1350).
pub const DEFAULT_BLOCK: usize = 512;
/// The bytes before the payload of a DATA packet.
pub const HEADER: usize = 4;

const RRQ: u16 = 0x01;
const WRQ: u16 = 0x02;
const DATA: u16 = 0x03;
const ACK: u16 = 0x04;
const ERROR: u16 = 0x05;
const OACK: u16 = 0x06;

/// Which way the file travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// RRQ: to the client.
    Read,
    /// WRQ: from the client.
    Write,
}

/// How the bytes of the file travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Line ends and carriage returns are converted (RFC 764).
    Netascii,
    /// As they are.
    Octet,
}

/// The error codes that this server sends (RFC 1350, section 5; RFC 2347).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ErrorCode {
    /// Not defined; the text says what happened.
    Undefined = 0,
    /// The file does not exist.
    NotFound = 1,
    /// The rules refuse access.
    AccessViolation = 2,
    /// No space left for the upload.
    DiskFull = 3,
    /// The packet makes no sense.
    IllegalOperation = 4,
    /// The file exists already.
    FileExists = 6,
    /// An option has a value that cannot be served.
    OptionRefused = 8,
}

/// What an ERROR packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// The text behind it, without a NUL: a map file's text is in the administrator's encoding.
    pub text: Vec<u8>,
}

/// A read or write request, borrowed from the datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Which way the file shall travel.
    pub direction: Direction,
    /// The name as the client wrote it: any bytes but NUL, at least one.
    pub name: &'a [u8],
    /// How the bytes shall travel.
    pub mode: Mode,
    /// The options, in the client's order.
    pub options: OptionPairs<'a>,
}

/// Why a datagram is not a request that can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// Neither RRQ nor WRQ: dropped in silence.
    NotRequest,
    /// The name or the mode is absent or empty.
    MissingMode,
    /// The mode is neither netascii nor octet.
    UnknownMode,
}

/// Option names and values in the order they came, up to the first empty string or a name without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionPairs<'a> {
    rest: &'a [u8],
}

/// What a client may send to a running transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A block of an upload.
    Data {
        /// Its number.
        block: u16,
        /// Its bytes.
        payload: &'a [u8],
    },
    /// A block arrived.
    Ack(u16),
    /// The client gives up. The packet may be cut after its opcode, as the original accepts.
    Error,
}

impl<'a> Request<'a> {
    /// Reads a request. The last string may lack its NUL (reference tftpd-hpa.md, sections 5 and 15).
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RequestError> {
        let datagram = datagram.get(..MAX_PACKET).unwrap_or(datagram);
        let (opcode, rest) = split_word(datagram).ok_or(RequestError::NotRequest)?;
        let direction = Direction::of(opcode).ok_or(RequestError::NotRequest)?;
        let (name, rest) = split_string(rest).ok_or(RequestError::MissingMode)?;
        let (mode, rest) = split_string(rest).ok_or(RequestError::MissingMode)?;
        let mode = Mode::parse(mode).ok_or(RequestError::UnknownMode)?;
        Ok(Self {
            direction,
            name,
            mode,
            options: OptionPairs { rest },
        })
    }
}

/// What a request wants, as far as it can be told: it may be a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent<'a> {
    /// Which way the file shall travel.
    pub direction: Direction,
    /// The file's name; empty if there is none.
    pub name: &'a [u8],
    /// How its bytes shall travel; `None` if that is not said, or not known.
    pub mode: Option<Mode>,
}

impl<'a> Intent<'a> {
    /// Looks at a datagram; `None` if it is no request.
    #[must_use]
    pub fn of(datagram: &'a [u8]) -> Option<Self> {
        let (opcode, rest) = split_word(datagram)?;
        let direction = Direction::of(opcode)?;
        let (name, rest) = split_string(rest).unwrap_or_default();
        let mode = split_string(rest).and_then(|(mode, _)| Mode::parse(mode));
        Some(Self {
            direction,
            name,
            mode,
        })
    }
}

/// True for a datagram that asks for a transfer, well or badly.
#[must_use]
pub fn is_request(datagram: &[u8]) -> bool {
    matches!(split_word(datagram), Some((RRQ | WRQ, _)))
}

impl Direction {
    fn of(opcode: u16) -> Option<Self> {
        match opcode {
            RRQ => Some(Self::Read),
            WRQ => Some(Self::Write),
            _ => None,
        }
    }
}

impl Mode {
    fn parse(word: &[u8]) -> Option<Self> {
        if word.eq_ignore_ascii_case(b"netascii") {
            Some(Self::Netascii)
        } else if word.eq_ignore_ascii_case(b"octet") {
            Some(Self::Octet)
        } else {
            None
        }
    }
}

impl<'a> Iterator for OptionPairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = split_string(self.rest)?;
        let (value, rest) = split_string(rest)?;
        self.rest = rest;
        Some((name, value))
    }
}

impl<'a> Answer<'a> {
    /// Reads a packet of a running transfer; `None` if it is of no use to one.
    #[must_use]
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let (opcode, rest) = split_word(datagram)?;
        if opcode == ERROR {
            return Some(Self::Error);
        }
        let (block, payload) = split_word(rest)?;
        match opcode {
            DATA => Some(Self::Data { block, payload }),
            ACK => Some(Self::Ack(block)),
            _ => None,
        }
    }
}

/// Adds the header of a DATA packet to `packets`; the caller adds the payload.
pub fn append_data_header(packets: &mut Vec<u8>, block: u16) {
    packets.extend_from_slice(&DATA.to_be_bytes());
    packets.extend_from_slice(&block.to_be_bytes());
}

/// Writes the header of a DATA packet over the first bytes of `packet`, whose payload is there already.
pub fn write_data_header(packet: &mut [u8], block: u16) {
    let header = DATA.to_be_bytes().into_iter().chain(block.to_be_bytes());
    for (to, from) in packet.iter_mut().zip(header) {
        *to = from;
    }
}

/// Makes `packet` an ACK.
pub fn write_ack(packet: &mut Vec<u8>, block: u16) {
    start(packet, ACK);
    packet.extend_from_slice(&block.to_be_bytes());
}

/// Makes `packet` an OACK that carries `pairs`, NUL-terminated names and values (RFC 2347).
pub fn write_oack(packet: &mut Vec<u8>, pairs: &[u8]) {
    start(packet, OACK);
    packet.extend_from_slice(pairs);
}

/// Makes `packet` an ERROR.
pub fn write_error(packet: &mut Vec<u8>, refusal: &Refusal) {
    start(packet, ERROR);
    packet.extend_from_slice(&(refusal.code as u16).to_be_bytes());
    packet.extend(refusal.text.iter().filter(|&&byte| byte != 0));
    packet.push(0);
}

fn start(packet: &mut Vec<u8>, opcode: u16) {
    packet.clear();
    packet.extend_from_slice(&opcode.to_be_bytes());
}

fn split_word(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (word, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*word), rest))
}

/// The first string and what follows its NUL; `None` if it is absent or empty.
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let string = parts.next().filter(|string| !string.is_empty())?;
    Some((string, parts.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn options(datagram: &[u8]) -> Vec<(&[u8], &[u8])> {
        Request::parse(datagram).unwrap().options.collect()
    }

    #[test]
    fn a_read_request_is_borrowed_from_the_datagram() {
        let request =
            Request::parse(b"\0\x01boot/f\0OcTeT\0blksize\x001432\0tsize\x000\0").unwrap();
        assert_eq!(request.direction, Direction::Read);
        assert_eq!(request.name, b"boot/f");
        assert_eq!(request.mode, Mode::Octet);
        let pairs: Vec<_> = request.options.collect();
        assert_eq!(pairs, [(&b"blksize"[..], &b"1432"[..]), (b"tsize", b"0")]);
    }

    #[test]
    fn a_write_request_is_told_from_a_read_request() {
        let request = Request::parse(b"\0\x02f\0netascii\0").unwrap();
        assert_eq!(request.direction, Direction::Write);
        assert_eq!(request.mode, Mode::Netascii);
    }

    #[test]
    fn what_is_no_request_is_ignored() {
        for datagram in [
            &b""[..],
            b"\0",
            b"\0\x03\0\x01x",
            b"\0\x04\0\x01",
            b"\x01\0f\0octet\0",
        ] {
            assert_eq!(Request::parse(datagram), Err(RequestError::NotRequest));
        }
    }

    #[test]
    fn an_absent_or_empty_name_or_mode_is_a_missing_mode() {
        for datagram in [
            &b"\0\x01"[..],
            b"\0\x01\0octet\0",
            b"\0\x01f",
            b"\0\x01f\0",
            b"\0\x01f\0\0",
        ] {
            assert_eq!(Request::parse(datagram), Err(RequestError::MissingMode));
        }
    }

    #[test]
    fn other_modes_are_unknown() {
        for datagram in [
            &b"\0\x01f\0mail\0"[..],
            b"\0\x01f\0octet \0",
            b"\0\x01f\0binary",
        ] {
            assert_eq!(Request::parse(datagram), Err(RequestError::UnknownMode));
        }
    }

    #[test]
    fn the_last_nul_may_be_missing() {
        assert_eq!(Request::parse(b"\0\x01f\0octet").unwrap().mode, Mode::Octet);
        assert_eq!(
            options(b"\0\x01f\0octet\0tsize\x000"),
            [(&b"tsize"[..], &b"0"[..])]
        );
    }

    #[test]
    fn the_walk_over_options_stops_at_the_first_empty_string() {
        assert_eq!(options(b"\0\x01f\0octet\0\0\0\0\0").len(), 0);
        assert_eq!(
            options(b"\0\x01f\0octet\0tsize\0\0blksize\x00512\0").len(),
            0
        );
        assert_eq!(options(b"\0\x01f\0octet\0tsize\x000\0blksize\0").len(), 1);
    }

    #[test]
    fn a_request_longer_than_the_largest_packet_is_cut() {
        let mut datagram = b"\0\x01".to_vec();
        datagram.resize(65480, b'a');
        datagram.extend_from_slice(b"\0octet\0");
        assert_eq!(Request::parse(&datagram), Err(RequestError::MissingMode));
    }

    #[test]
    fn answers_are_read_and_bytes_behind_an_ack_are_ignored() {
        assert_eq!(
            Answer::parse(b"\0\x04\x12\x34more"),
            Some(Answer::Ack(0x1234))
        );
        assert_eq!(Answer::parse(b"\0\x05"), Some(Answer::Error));
        assert_eq!(Answer::parse(b"\0\x04\x12"), None);
        assert_eq!(Answer::parse(b"\0\x06\0\0"), None);
        let data = Answer::Data {
            block: 1,
            payload: b"xy",
        };
        assert_eq!(Answer::parse(b"\0\x03\0\x01xy"), Some(data));
    }

    #[test]
    fn packets_are_built_byte_for_byte() {
        let mut packet = b"old".to_vec();
        append_data_header(&mut packet, 0x0102);
        assert_eq!(packet, b"old\0\x03\x01\x02");
        write_data_header(&mut packet, 0x0405);
        assert_eq!(packet, b"\0\x03\x04\x05\x03\x01\x02");
        write_ack(&mut packet, 65535);
        assert_eq!(packet, b"\0\x04\xff\xff");
        write_oack(&mut packet, b"tsize\x009\0");
        assert_eq!(packet, b"\0\x06tsize\x009\0");
        let refusal = Refusal {
            code: ErrorCode::NotFound,
            text: "File not found".into(),
        };
        write_error(&mut packet, &refusal);
        assert_eq!(packet, b"\0\x05\0\x01File not found\0");
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_parsers_panic(datagram in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(request) = Request::parse(&datagram) {
                prop_assert!(!request.name.is_empty());
                prop_assert!(request.options.count() <= datagram.len());
            }
            let _ = Answer::parse(&datagram);
        }

        #[test]
        fn no_string_list_makes_the_request_parser_panic(strings in "[a-z0-9\\x00]{0,300}") {
            let datagram = [b"\0\x01", strings.as_bytes()].concat();
            if let Ok(request) = Request::parse(&datagram) {
                for (name, value) in request.options {
                    prop_assert!(!name.is_empty() && !value.is_empty());
                }
            }
        }
    }
}
