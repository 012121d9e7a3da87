//! Clients that ask without pause and never listen.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::server::Server;

/// Long against what any machine needs to stop a server.
const LONGEST: Duration = Duration::from_secs(60);
/// More than one batch of the server's.
const RUNNING: u64 = 1000;

/// Ends when dropped, or by itself.
pub struct Flood {
    state: Arc<State>,
    senders: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    over: AtomicBool,
    sent: AtomicU64,
}

impl Flood {
    /// Lets so many threads send the datagram again and again.
    pub fn start(threads: usize, datagram: Vec<u8>, server: &Server) -> Self {
        let (state, address) = (Arc::new(State::default()), server.address());
        let sender = |_| {
            let (state, datagram) = (Arc::clone(&state), datagram.clone());
            thread::spawn(move || state.send(&datagram, address))
        };
        let senders = (0..threads).map(sender).collect();
        Self { state, senders }
    }

    /// Comes back when the flood has filled the server's hands.
    pub fn wait_until_it_runs(&self) {
        while self.state.sent.load(Ordering::Relaxed) < RUNNING {
            thread::yield_now();
        }
    }

    /// True unless it has ended by itself.
    pub fn is_running(&self) -> bool {
        !self.state.over.load(Ordering::Relaxed)
    }
}

impl State {
    fn send(&self, datagram: &[u8], address: SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let begun = Instant::now();
        while !self.over.load(Ordering::Relaxed) && begun.elapsed() < LONGEST {
            // The server is allowed to close its port.
            let _ = socket.send_to(datagram, address);
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        for sender in self.senders.drain(..) {
            // A sender that panicked has failed the test already.
            let _ = sender.join();
        }
    }
}
