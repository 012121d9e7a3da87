//! The filter of the packet sockets, in the language that Linux and the BSDs share (bpf(4)).

/// An instruction, in the order of the fields that both systems have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip if a comparison holds.
    pub if_true: u8,
    /// How many if it does not.
    pub if_false: u8,
    /// An offset or a value.
    pub operand: u32,
}

const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF_INDEXED: u16 = 0x48;
const LOAD_HEADER_LENGTH: u16 = 0xb1;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_BITS: u16 = 0x45;
/// Ends with the number of bytes to keep; 0 drops the frame.
const RETURN: u16 = 0x06;

/// Accepts untagged IPv4 frames that carry an unfragmented UDP datagram to `port`.
pub fn udp_to(port: u16) -> [Instruction; 11] {
    [
        instruction(LOAD_HALF, 0, 0, 12),
        instruction(JUMP_EQUAL, 0, 8, 0x0800),
        instruction(LOAD_BYTE, 0, 0, 23),
        instruction(JUMP_EQUAL, 0, 6, 17),
        instruction(LOAD_HALF, 0, 0, 20),
        // The flag "more fragments" or any offset.
        instruction(JUMP_BITS, 4, 0, 0x3fff),
        instruction(LOAD_HEADER_LENGTH, 0, 0, 14),
        instruction(LOAD_HALF_INDEXED, 0, 0, 16),
        instruction(JUMP_EQUAL, 0, 1, u32::from(port)),
        instruction(RETURN, 0, 0, u32::MAX),
        instruction(RETURN, 0, 0, 0),
    ]
}

/// Drops everything.
#[cfg(target_os = "linux")]
pub fn nothing() -> [Instruction; 1] {
    [instruction(RETURN, 0, 0, 0)]
}

fn instruction(code: u16, if_true: u8, if_false: u8, operand: u32) -> Instruction {
    Instruction {
        code,
        if_true,
        if_false,
        operand,
    }
}
