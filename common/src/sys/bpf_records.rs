//! The records that one read of /dev/bpf brings (bpf(4)): a header, a frame, and room up to a boundary, again and again.

/// Where the length of the captured part stands in a record's header, behind a time of 16 bytes.
const CAPTURED_LENGTH: usize = 16;
/// Where the header's own length stands, behind the length of the whole frame.
const HEADER_LENGTH: usize = 24;
/// The shortest header: up to the end of its length, which is not the size of `struct bpf_hdr`.
const SHORTEST_HEADER: usize = 26;
/// Records begin at multiples of this (`BPF_ALIGNMENT`).
const ALIGNMENT: usize = 8;

/// The frame of the record at the head of `records`, and what stands behind that record. `None` at the end, and where a length
/// points beyond it.
pub fn split_first(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let captured = u32::from_ne_bytes(*records.get(CAPTURED_LENGTH..)?.first_chunk()?);
    let header = u16::from_ne_bytes(*records.get(HEADER_LENGTH..)?.first_chunk()?);
    let (captured, header) = (usize::try_from(captured).ok()?, usize::from(header));
    if header < SHORTEST_HEADER {
        return None;
    }
    let end = header.checked_add(captured)?;
    let frame = records.get(header..end)?;
    // The last record may come without the room behind it.
    let rest = end.checked_next_multiple_of(ALIGNMENT)?;
    Some((frame, records.get(rest..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(header: u16, captured: u32, frame: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(header)];
        bytes[16..20].copy_from_slice(&captured.to_ne_bytes());
        bytes[20..24].copy_from_slice(&1514_u32.to_ne_bytes());
        bytes[24..26].copy_from_slice(&header.to_ne_bytes());
        bytes.extend(frame);
        bytes
    }

    fn frames(mut records: &[u8]) -> Vec<&[u8]> {
        let mut frames = Vec::new();
        while let Some((frame, rest)) = split_first(records) {
            frames.push(frame);
            records = rest;
        }
        frames
    }

    #[test]
    fn one_read_brings_several_frames() {
        // What FreeBSD puts before an Ethernet frame: 26 bytes, so that the IP header stands at a boundary.
        let mut bytes = record(26, 3, b"one");
        bytes.resize(32, 0);
        bytes.extend(record(26, 5, b"three"));
        assert_eq!(frames(&bytes), [&b"one"[..], b"three"]);
        bytes.resize(64, 0);
        assert_eq!(frames(&bytes), [&b"one"[..], b"three"]);
    }

    #[test]
    fn an_empty_frame_is_one() {
        assert_eq!(frames(&record(26, 0, b"")), [b""]);
    }

    #[test]
    fn lengths_that_cannot_be_end_the_records() {
        assert!(frames(&record(26, 4, b"one")).is_empty());
        assert!(frames(&record(26, u32::MAX, b"one")).is_empty());
        assert!(frames(&record(26, 3, b"one")[..25]).is_empty());
        let mut short = record(26, 3, b"one");
        short[24..26].copy_from_slice(&25_u16.to_ne_bytes());
        assert!(frames(&short).is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let all: usize = frames(&bytes).iter().map(|frame| frame.len()).sum();
            prop_assert!(all <= bytes.len());
        }
    }
}
