//! Netascii (RFC 764): conversion of a stream of blocks, out and in; a pair may be split over two blocks.

const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
const NUL: u8 = 0x00;

/// Converts a file to netascii. A copy of it remembers a place in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoder {
    /// The second byte of a pair whose first one filled the block before.
    held: Option<u8>,
}

/// Converts netascii to the bytes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoder {
    /// The last byte was a CR whose meaning depends on the next one.
    after_cr: bool,
}

impl Encoder {
    /// Appends converted bytes to `output` until `room` bytes are added or `input` is used up. Returns how many bytes
    /// of `input` were used.
    pub fn encode(&mut self, input: &[u8], output: &mut Vec<u8>, room: usize) -> usize {
        let end = output.len().saturating_add(room);
        let mut used = 0;
        while output.len() < end {
            if let Some(byte) = self.held.take() {
                output.push(byte);
            } else if let Some(&byte) = input.get(used) {
                used += 1;
                output.push(self.first_of_pair(byte));
            } else {
                break;
            }
        }
        used
    }

    fn first_of_pair(&mut self, byte: u8) -> u8 {
        let (first, second) = match byte {
            LF => (CR, Some(LF)),
            CR => (CR, Some(NUL)),
            other => (other, None),
        };
        self.held = second;
        first
    }
}

impl Decoder {
    /// Appends the file's bytes to `output`. Only CR LF and CR NUL are pairs; any other CR stays.
    pub fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        for &byte in input {
            self.decode_byte(byte, output);
        }
    }

    /// The stream has ended: appends a CR that waited for its second byte.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) {
            output.push(CR);
        }
    }

    fn decode_byte(&mut self, byte: u8, output: &mut Vec<u8>) {
        match (std::mem::take(&mut self.after_cr), byte) {
            (true, LF) => output.push(LF),
            (true, NUL) => output.push(CR),
            (true, CR) => {
                output.push(CR);
                self.after_cr = true;
            }
            (false, CR) => self.after_cr = true,
            (true, other) => output.extend_from_slice(&[CR, other]),
            (false, other) => output.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn encode_in_blocks(mut file: &[u8], block: usize) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::default();
        let mut blocks = Vec::new();
        loop {
            let mut output = Vec::new();
            let used = encoder.encode(file, &mut output, block);
            file = &file[used..];
            let last = output.len() < block;
            blocks.push(output);
            if last {
                return blocks;
            }
        }
    }

    fn decode_in_pieces(stream: &[u8], piece: usize) -> Vec<u8> {
        let mut decoder = Decoder::default();
        let mut output = Vec::new();
        for bytes in stream.chunks(piece) {
            decoder.decode(bytes, &mut output);
        }
        decoder.finish(&mut output);
        output
    }

    #[test]
    fn line_ends_and_carriage_returns_become_pairs() {
        let blocks = encode_in_blocks(b"a\nb\r\nc\0", 512);
        assert_eq!(blocks, [b"a\r\nb\r\0\r\nc\0"]);
    }

    #[test]
    fn a_pair_is_split_over_two_blocks() {
        assert_eq!(encode_in_blocks(b"abc\nd", 4), [&b"abc\r"[..], b"\nd"]);
    }

    #[test]
    fn a_held_byte_at_the_end_of_the_file_makes_a_block_of_its_own() {
        assert_eq!(encode_in_blocks(b"abc\n", 4), [&b"abc\r"[..], b"\n"]);
        assert_eq!(encode_in_blocks(b"ab\n", 4), [&b"ab\r\n"[..], b""]);
    }

    #[test]
    fn pairs_are_taken_back_and_all_else_stays() {
        assert_eq!(
            decode_in_pieces(b"a\r\nb\r\0c\rd\ne\0f\r\r\n", 1),
            b"a\nb\rc\rd\ne\0f\r\n"
        );
    }

    #[test]
    fn a_lone_carriage_return_at_the_end_stays() {
        assert_eq!(decode_in_pieces(b"a\r", 512), b"a\r");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding_whatever_the_blocks(
            file in proptest::collection::vec(prop_oneof![Just(LF), Just(CR), Just(NUL), any::<u8>()], 0..200),
            block in 1_usize..20,
            piece in 1_usize..20,
        ) {
            let stream = encode_in_blocks(&file, block).concat();
            prop_assert_eq!(decode_in_pieces(&stream, piece), file);
        }
    }
}
