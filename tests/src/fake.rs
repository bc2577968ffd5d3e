//! A primary that sends what a test tells it to.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;

use crate::{Failure, name, wire};

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The message.
    pub octets: Vec<u8>,
    /// Its ID.
    pub id: u16,
    /// The type it asks for.
    pub qtype: u16,
}

/// What is done about a request, one after the other. Over UDP only messages are sent.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends a message.
    Send(Vec<u8>),
    /// Sends a message in segments of one octet.
    Trickle(Vec<u8>),
    /// Sends these octets as they are, be they whole messages or not.
    Octets(Vec<u8>),
    /// Says nothing more until the client gives up.
    Stall,
    /// Closes the connection.
    Close,
}

type Script = dyn Fn(&Asked) -> Vec<Step> + Send + Sync;

/// A primary on 127.0.0.1, over UDP and TCP, until the test program ends.
#[derive(Clone, Copy, Debug)]
pub struct FakePrimary {
    address: SocketAddr,
}

impl FakePrimary {
    /// Starts one that does for each request what `script` says.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Result<Self, Failure> {
        let failed = |error| Failure::because("starting a fake primary", error);
        let script: Arc<Script> = Arc::new(script);
        let (listener, socket) = Self::bind().map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let by_udp = script.clone();
        thread::spawn(move || {
            let mut octets = [0; 65_535];
            while let Ok((length, from)) = socket.recv_from(&mut octets) {
                let Some(asked) = read(&octets[..length]) else { continue };
                for step in by_udp(&asked) {
                    if let Step::Send(message) = step {
                        // The asker may be gone: then nobody misses the answer.
                        let _ = socket.send_to(&message, from);
                    }
                }
            }
        });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = script.clone();
                thread::spawn(move || serve(stream, &script));
            }
        });
        Ok(Self { address })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same port for both.
    fn bind() -> std::io::Result<(TcpListener, UdpSocket)> {
        let mut last = None;
        for _ in 0..100 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            match UdpSocket::bind(listener.local_addr()?) {
                Ok(socket) => return Ok((listener, socket)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into()))
    }
}

/// Answers on one connection until either side closes it.
fn serve(mut stream: TcpStream, script: &Arc<Script>) {
    // Trickled octets must not be gathered.
    let _ = stream.set_nodelay(true);
    while let Ok(request) = wire::read_message(&mut stream) {
        let Some(asked) = read(&request) else { return };
        for step in script(&asked) {
            let sent = match step {
                Step::Send(message) => stream.write_all(&wire::framed(&message)),
                Step::Trickle(message) => {
                    wire::framed(&message).chunks(1).try_for_each(|octet| stream.write_all(octet))
                }
                Step::Octets(octets) => stream.write_all(&octets),
                Step::Stall => stream.read(&mut [0; 512]).map(|_| ()),
                Step::Close => stream.shutdown(Shutdown::Both),
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

fn read(octets: &[u8]) -> Option<Asked> {
    let after = 12 + name::length(octets.get(12..)?).ok()?;
    let qtype = u16::from_be_bytes(octets.get(after..after + 2)?.try_into().ok()?);
    let id = u16::from_be_bytes(octets.get(..2)?.try_into().ok()?);
    Some(Asked { octets: octets.to_vec(), id, qtype })
}
