//! The Berkeley packet filter (bpf(4)): whole frames of one interface, filtered in the kernel.
#![expect(unsafe_code, reason = "nix does not wrap bpf")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::libc;
use nix::net::if_::if_indextoname;
use nix::sys::socket::{setsockopt, sockopt};

use crate::sys::batch::{BATCH, ReceiveBatch};
use crate::sys::bpf_records;
use crate::sys::udp_filter::{self, Instruction};

/// The name that the original's log lines give to this kind of socket.
pub const KIND: &str = "BPF";

const DEVICE: &str = "/dev/bpf";

/// Bytes of frames that may wait for us; what the kernel grants may be less (`net.bpf.maxbufsize`).
const RECEIVE_BUFFER: libc::c_uint = 512 * 1024;

/// Ethernet, and what looks like it (`DLT_EN10MB` of net/bpf.h).
const ETHERNET: libc::c_uint = 1;

mod requests {
    use nix::{ioctl_read_bad, ioctl_readwrite_bad, ioctl_write_ptr_bad, libc};

    ioctl_readwrite_bad!(set_buffer_length, libc::BIOCSBLEN, libc::c_uint);
    ioctl_read_bad!(get_statistics, libc::BIOCGSTATS, libc::bpf_stat);
    ioctl_read_bad!(get_link_type, libc::BIOCGDLT, libc::c_uint);
    ioctl_write_ptr_bad!(set_immediate, libc::BIOCIMMEDIATE, libc::c_uint);
    ioctl_write_ptr_bad!(set_header_complete, libc::BIOCSHDRCMPLT, libc::c_uint);
    ioctl_write_ptr_bad!(set_filter, libc::BIOCSETF, libc::bpf_program);
    ioctl_write_ptr_bad!(set_interface, libc::BIOCSETIF, libc::ifreq);
}

/// A non-blocking descriptor that receives the UDP datagrams to one port on one interface as whole frames, and sends
/// frames there. It sees the frames that this machine sends too, as the original's does.
#[derive(Debug)]
pub struct PacketSocket {
    device: File,
    received: Mutex<Received>,
    /// Of the frames that were lost, those that have been told of.
    told: AtomicU32,
}

/// What one read has brought, and how much of it has been taken.
#[derive(Debug)]
struct Received {
    buffer: Box<[u8]>,
    filled: usize,
    taken: usize,
}

impl PacketSocket {
    /// Opens a descriptor for UDP datagrams to `port`. It receives nothing before it is bound.
    ///
    /// # Errors
    /// Those of `open(2)` and `ioctl(2)`.
    pub fn open(port: u16) -> io::Result<Self> {
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(DEVICE)?;
        let descriptor = device.as_raw_fd();
        let mut length = RECEIVE_BUFFER;
        // SAFETY: the kernel reads and writes one integer, which is exclusively borrowed for the call.
        unsafe { requests::set_buffer_length(descriptor, &raw mut length) }?;
        // SAFETY: the kernel reads one integer, which outlives the call.
        unsafe { requests::set_immediate(descriptor, &raw const ON) }?;
        // SAFETY: as above.
        unsafe { requests::set_header_complete(descriptor, &raw const ON) }?;
        attach_filter(descriptor, &udp_filter::udp_to(port))?;
        let buffer = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        Ok(Self {
            device,
            told: AtomicU32::new(0),
            received: Mutex::new(Received {
                buffer: buffer.into_boxed_slice(),
                filled: 0,
                taken: 0,
            }),
        })
    }

    /// Puts the descriptor on the interface with kernel number `index`, also when it was on another one before. Needs no
    /// privileges.
    ///
    /// # Errors
    /// There is no such interface, or it is none that looks like Ethernet; those of `ioctl(2)`.
    pub fn bind(&self, index: u32) -> io::Result<()> {
        let descriptor = self.device.as_raw_fd();
        let request = interface_request(index)?;
        // SAFETY: the kernel reads one request, which outlives the call and whose name ends in a zero byte.
        unsafe { requests::set_interface(descriptor, &raw const request) }?;
        let mut kind = 0;
        // SAFETY: the kernel writes one integer, which is exclusively borrowed for the call.
        unsafe { requests::get_link_type(descriptor, &raw mut kind) }?;
        if kind == ETHERNET {
            return Ok(());
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    /// How many frames were lost since this was asked last, because nobody took those before them.
    ///
    /// # Errors
    /// Those of `ioctl(2)`.
    pub fn lost(&self) -> io::Result<u32> {
        let mut counts = libc::bpf_stat {
            bs_recv: 0,
            bs_drop: 0,
        };
        // SAFETY: the kernel writes one structure, which is exclusively borrowed for the call.
        unsafe { requests::get_statistics(self.device.as_raw_fd(), &raw mut counts) }?;
        let told = self.told.swap(counts.bs_drop, Ordering::Relaxed);
        Ok(counts.bs_drop.wrapping_sub(told))
    }

    /// Takes the frames that wait, without blocking. Returns how many there were.
    ///
    /// # Errors
    /// Those of `read(2)`; [`io::ErrorKind::WouldBlock`] if nothing waits.
    pub fn receive(&self, batch: &mut ReceiveBatch) -> io::Result<usize> {
        // Nothing is half done when a thread that holds the lock panics.
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = received.give(batch);
        if taken > 0 {
            return Ok(taken);
        }
        received.fill(&self.device)?;
        Ok(received.give(batch))
    }

    /// Sends whole frames. Returns how many left; at most [`BATCH`] are tried.
    ///
    /// # Errors
    /// The failure of the first frame.
    pub fn send(&self, frames: &[&[u8]]) -> io::Result<usize> {
        let mut sent = 0;
        for frame in frames.iter().take(BATCH) {
            match (&self.device).write(frame) {
                Err(error) if sent == 0 => return Err(error),
                Err(_) => break,
                Ok(_) => sent += 1,
            }
        }
        Ok(sent)
    }
}

impl Received {
    /// A read must ask for exactly as much as the kernel's buffer holds.
    fn fill(&mut self, mut device: &File) -> io::Result<()> {
        (self.filled, self.taken) = (0, 0);
        self.filled = device.read(&mut self.buffer)?;
        Ok(())
    }

    /// Hands frames over. Returns how many.
    fn give(&mut self, batch: &mut ReceiveBatch) -> usize {
        let mut records = self.buffer.get(self.taken..self.filled).unwrap_or_default();
        let given = batch.fill(|| {
            let (frame, rest) = bpf_records::split_first(records)?;
            records = rest;
            Some(frame)
        });
        self.taken = self.filled.saturating_sub(records.len());
        given
    }
}

/// From now on the kernel keeps next to nothing of what arrives for `socket`, without telling the senders that nobody listens.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn discard_input(socket: &UdpSocket) -> io::Result<()> {
    setsockopt(socket, sockopt::RcvBuf, &1)?;
    Ok(())
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.device.as_raw_fd()
    }
}

static ON: libc::c_uint = 1;

fn interface_request(index: u32) -> io::Result<libc::ifreq> {
    let name = if_indextoname(index)?;
    // SAFETY: the structure holds integers and pointers, for which zero bytes are valid.
    let mut request = unsafe { std::mem::zeroed::<libc::ifreq>() };
    // The last byte stays zero.
    let room = request.ifr_name.len() - 1;
    let name = name.to_bytes().iter();
    let name = name.map(|byte| libc::c_char::from_ne_bytes([*byte]));
    for (into, from) in request.ifr_name.iter_mut().take(room).zip(name) {
        *into = from;
    }
    Ok(request)
}

fn attach_filter(descriptor: RawFd, filter: &[Instruction]) -> io::Result<()> {
    let mut filter: Vec<libc::bpf_insn> = filter.iter().map(in_kernels_form).collect();
    let program = libc::bpf_program {
        bf_len: libc::c_uint::try_from(filter.len()).map_err(io::Error::other)?,
        bf_insns: filter.as_mut_ptr(),
    };
    // SAFETY: the program and its instructions outlive the call, and the length is theirs.
    unsafe { requests::set_filter(descriptor, &raw const program) }?;
    Ok(())
}

fn in_kernels_form(instruction: &Instruction) -> libc::bpf_insn {
    libc::bpf_insn {
        code: instruction.code,
        jt: instruction.if_true,
        jf: instruction.if_false,
        k: instruction.operand,
    }
}
