//! The machine's bound: an answer replayed over loopback by threads that do nothing else.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use rustix::time::{ClockId, clock_gettime};

use crate::accounting::Spent;
use crate::failure::{Because, Result};

/// Sends the same octets to whoever asks anything.
pub(crate) struct Loopback {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
    spent: Arc<AtomicU64>,
    accepting: Option<JoinHandle<()>>,
}

impl Loopback {
    /// Starts to answer with these octets.
    pub(crate) fn start(answer: Arc<[u8]>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).because("the replay")?;
        let address = listener.local_addr().because("the replay")?;
        let ending = Arc::new(AtomicBool::new(false));
        let spent = Arc::new(AtomicU64::new(0));
        let (is_ending, total) = (Arc::clone(&ending), Arc::clone(&spent));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(io::Result::ok) {
                if is_ending.load(Ordering::Relaxed) {
                    return;
                }
                let (answer, total) = (Arc::clone(&answer), Arc::clone(&total));
                std::thread::spawn(move || {
                    // A client that goes away ends this one answer; the client says so.
                    let _ = reply(stream, &answer, &total);
                });
            }
        });
        Ok(Self { address, ending, spent, accepting: Some(accepting) })
    }

    /// Where it answers.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What all answers have cost that were given.
    pub(crate) fn spent(&self) -> Spent {
        Spent::of_nanoseconds(self.spent.load(Ordering::Acquire))
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // It waits for somebody.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn reply(mut stream: TcpStream, answer: &[u8], total: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut query = [0; 2048];
    if stream.read(&mut query)? > 0 {
        // The last octet goes when the time that the others took is told, so that whoever has it all knows that, too.
        if let Some((last, others)) = answer.split_last() {
            stream.write_all(others)?;
            let time = clock_gettime(ClockId::ThreadCPUTime);
            total.fetch_add(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64, Ordering::Release);
            stream.write_all(&[*last])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_all_of_it() {
        let answer: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
        let loopback = Loopback::start(answer.as_slice().into()).unwrap();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(loopback.address()).unwrap();
            stream.write_all(b"anything").unwrap();
            let mut octets = Vec::new();
            stream.read_to_end(&mut octets).unwrap();
            assert!(octets == answer);
        }
        assert!(loopback.spent().in_all() > 0.0);
    }
}
