//! One HTTP request over one connection, octet by octet: what goes out is what the test says, and what comes back is all of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Failure;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Response {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a request and reads the answer. Of the headers `Host`, `Content-Length` where there is a body, and nothing else is
/// added.
///
/// # Errors
/// When there is no connection, or what comes back is no answer.
pub fn request(
    server: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Result<Response, Failure> {
    let failed = |error| Failure::because(format_args!("{method} {target}"), error);
    let mut stream = TcpStream::connect(server).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    // The older version has no chunks: the body ends where its length says, or the connection.
    let mut head = format!("{method} {target} HTTP/1.0\r\nHost: {server}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), body.unwrap_or_default()].concat()).map_err(failed)?;
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).map_err(failed)?;
    read(&octets).ok_or_else(|| {
        Failure::new(format!("{method} {target}: no HTTP answer: {:?}", String::from_utf8_lossy(&octets)))
    })
}

fn read(octets: &[u8]) -> Option<Response> {
    let text = std::str::from_utf8(octets).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())));
    let response = Response { status, headers: headers.collect::<Option<_>>()?, body: body.to_owned() };
    let whole = response.header("content-length").is_none_or(|length| length.parse() == Ok(body.len()));
    whole.then_some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let text = "HTTP/1.0 404 Not Found\r\nContent-Type: a/b\r\ncontent-length: 3\r\n\r\nabc";
        let response = read(text.as_bytes()).unwrap();
        assert_eq!((response.status, response.body.as_str()), (404, "abc"));
        assert_eq!((response.header("content-type"), response.header("allow")), (Some("a/b"), None));
        assert_eq!(read(&text.as_bytes()[..text.len() - 1]), None);
        assert_eq!(read(b"garbage"), None);
    }
}
