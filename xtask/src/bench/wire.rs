//! A client that costs next to nothing: it shares the cores with the server that is measured.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

/// One HTTP/1.1 connection that is kept.
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What a load needs of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) etag: String,
    pub(super) body: Vec<u8>,
}

impl Wire {
    /// Connects to a server by its base URL.
    pub(super) async fn open(base: &str) -> Result<Self, Failure> {
        let address = base.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(address).await.map_err(|cause| format!("{base}: {cause}"))?;
        stream.set_nodelay(true).map_err(|cause| cause.to_string())?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a request with a JSON body and waits for the whole answer. `headers` are whole lines.
    pub(super) async fn send(&mut self, line: &str, headers: &[&str], body: &str) -> Result<Answer, Failure> {
        let mut request = format!("{line} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n");
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        let _ = write!(request, "content-length: {}\r\n\r\n{body}", body.len()); // a string takes all
        self.stream.write_all(request.as_bytes()).await.map_err(|cause| cause.to_string())?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        let header = |name: &str| {
            let line = text.lines().find(|line| line.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)));
            line.and_then(|line| line.get(name.len() + 1..)).map(str::trim).unwrap_or_default().to_owned()
        };
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no status")?;
        let length: usize = header("content-length").parse().map_err(|_| format!("no length in:\n{text}"))?;
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        Ok(Answer { status, etag: header("etag"), body: self.buffer[head..].to_vec() })
    }

    async fn more(&mut self) -> Result<(), Failure> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(_) => Ok(()),
            Err(cause) => Err(cause.to_string()),
        }
    }
}

/// The size of an answer, which is in the server's memory afterwards.
pub(super) fn size(base: &str, path: &str) -> Result<usize, Failure> {
    super::runtime()?.block_on(async {
        let answer = Wire::open(base).await?.send(&format!("GET {path}"), &[], "").await?;
        if answer.status == 200 { Ok(answer.body.len()) } else { Err(format!("{path}: {}", answer.status)) }
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
