//! A local HTTP server that takes what is posted to it, as webhooks do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;

/// Something that was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Method, target and version.
    pub line: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Post {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A server on 127.0.0.1, until the test program ends.
#[derive(Clone, Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    come: Condvar,
}

#[derive(Debug)]
struct State {
    posts: Vec<Post>,
    answer: &'static str,
}

impl Default for State {
    fn default() -> Self {
        Self { posts: Vec::new(), answer: "200 OK" }
    }
}

impl Receiver {
    /// Starts one that takes everything.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start() -> Result<Self, Failure> {
        let failed = |error| Failure::because("starting a receiver of webhooks", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::default());
        let known = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let known = known.clone();
                thread::spawn(move || known.serve(stream));
            }
        });
        Ok(Self { address, shared })
    }

    /// What it is reached by.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers with this status and reason from now on.
    pub fn answer(&self, answer: &'static str) {
        self.shared.state().answer = answer;
    }

    /// All that was posted until now.
    pub fn posts(&self) -> Vec<Post> {
        self.shared.state().posts.clone()
    }

    /// The first of all posts that is as wanted, waited for.
    ///
    /// # Errors
    /// When none comes within the time.
    pub fn wait_for(&self, what: &str, within: Duration, wanted: impl Fn(&Post) -> bool) -> Result<Post, Failure> {
        let begun = Instant::now();
        let mut state = self.shared.state();
        loop {
            if let Some(post) = state.posts.iter().find(|post| wanted(post)) {
                return Ok(post.clone());
            }
            let Some(left) = within.checked_sub(begun.elapsed()) else {
                return Err(Failure::new(format!("not posted within {within:?}: {what}; but {:#?}", state.posts)));
            };
            let waited = self.shared.come.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        while let Some(post) = read(&mut stream) {
            let answer = {
                let mut state = self.state();
                state.posts.push(post);
                state.answer
            };
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 2\r\n\r\nok");
            stream.get_mut().write_all(answer.as_bytes()).ok()?;
            // Told after it was answered: whoever waits sees what comes of it.
            self.come.notify_all();
        }
        None
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Post> {
    let (mut line, mut headers) = (String::new(), Vec::new());
    stream.read_line(&mut line).ok().filter(|octets| *octets > 0)?;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).ok().filter(|octets| *octets > 0)?;
        match header.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Post { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).ok()? })
}
