//! The server that does nothing but answer: what delivery is compared with.

use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;

use crate::Failure;

/// What a bare server has in memory.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Bodies {
    /// How many bodies it answers with, by turns
    #[arg(long)]
    pub(super) bodies: usize,
    /// How many bytes each of them has
    #[arg(long)]
    pub(super) bytes: usize,
}

/// Answers every GET with one of its bodies and says where, until it is killed.
pub(crate) fn run(bodies: Bodies) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.and_then(|runtime| runtime.block_on(serve(bodies))).map_err(|cause| cause.to_string())
}

async fn serve(Bodies { bodies, bytes }: Bodies) -> std::io::Result<()> {
    let bodies: Arc<[Bytes]> = (0..bodies).map(|_| Bytes::from(vec![b'x'; bytes])).collect();
    let turn = Arc::new(AtomicUsize::new(0));
    let next = move || bodies[turn.fetch_add(1, Ordering::Relaxed) % bodies.len()].clone();
    let router = Router::new().route("/{*path}", get(move || std::future::ready(next())));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}

/// The bare server as a child, killed when this is dropped.
pub(super) struct Bare {
    child: Child,
    url: String,
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bare {
    pub(super) fn start(Bodies { bodies, bytes }: Bodies) -> Result<Self, Failure> {
        let me = std::env::current_exe().map_err(|cause| cause.to_string())?;
        let mut command = Command::new(me);
        command
            .args(["bench-bare", "--bodies", &bodies.to_string(), "--bytes", &bytes.to_string()])
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|cause| cause.to_string())?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("standard output is a pipe")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|cause| cause.to_string())?;
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        Ok(Self { child, url })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}
