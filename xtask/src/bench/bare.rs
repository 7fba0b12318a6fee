//! The server that does nothing but answer: what delivery is compared with.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;

use crate::Failure;

/// Answers every GET of `/` with the same bytes and says where, until it is killed.
pub(crate) fn run(bytes: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.and_then(|runtime| runtime.block_on(serve(bytes))).map_err(|cause| cause.to_string())
}

async fn serve(bytes: usize) -> std::io::Result<()> {
    let body = Bytes::from(vec![b'x'; bytes]);
    let router = Router::new().route("/", get(move || std::future::ready(body.clone())));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}
