//! A client beside the load: how long somebody new waits for the first block.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, Result};

const PATIENCE: Duration = Duration::from_secs(5);
/// The time between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks for a small file again and again, in a thread of its own.
pub struct Probe {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Duration>>>,
}

impl Probe {
    /// Begins to ask. To be called where the clients are.
    #[must_use]
    pub fn start(server: SocketAddr, name: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut times = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                times.push(first_block(server, &name, PATIENCE)?);
                thread::sleep(PAUSE);
            }
            times.sort_unstable();
            Ok(times)
        });
        Self { stop, thread }
    }

    /// How long each first block took, in ascending order.
    ///
    /// # Errors
    /// If one did not come.
    pub fn stop(self) -> Result<Vec<Duration>> {
        self.stop.store(true, Ordering::Relaxed);
        let joined = self.thread.join();
        joined.unwrap_or_else(|_| Err(Failure::new("the probe panicked")))
    }
}

/// How long the first block of a small file takes. Its transfer is complete then.
///
/// # Errors
/// If it does not come within `patience`.
pub fn first_block(server: SocketAddr, name: &str, patience: Duration) -> Result<Duration> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).context("cannot bind")?;
    socket
        .set_read_timeout(Some(patience))
        .context("cannot set a time-out")?;
    let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
    let begun = Instant::now();
    socket.send_to(&request, server).context("cannot ask")?;
    let mut packet = [0; 1024];
    let (length, peer) = socket.recv_from(&mut packet).context("no first block")?;
    let time = begun.elapsed();
    match packet.get(..length) {
        Some([0, 3, 0, 1, ..]) => {}
        other => return Err(Failure::new(format!("no first block but {other:?}"))),
    }
    socket
        .send_to(&[0, 4, 0, 1], peer)
        .context("cannot answer")?;
    Ok(time)
}
