//! Connections: taken in, given to the service, closed when they are slow, let finish when the server ends.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

/// How long a client may take for the head of a request, or be silent between two.
const HEAD: Duration = Duration::from_secs(30);
/// How long a new connection may take until its first request is there, whatever protocol it speaks.
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// How large the head of a request may be, in bytes.
const HEAD_BYTES: usize = 32 * 1024;
/// How long open requests may take when the server ends.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `end` is there, then lets open requests finish.
pub(crate) async fn serve<S>(listener: TcpListener, service: S, end: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let (builder, graceful) = (Arc::new(builder()), GracefulShutdown::new());
    tokio::pin!(end);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    rest_after(&error).await;
                    continue;
                }
            },
            () = &mut end => break,
        };
        tokio::spawn(connection(Arc::clone(&builder), stream, peer, service.clone(), graceful.watcher()));
    }
    drop(listener);
    let open = graceful.count();
    tracing::info!(connections.open = open, "The server ends and lets open requests finish");
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests did not finish in time and are broken off");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(200)
        .keep_alive_interval(HEAD)
        .keep_alive_timeout(HEAD);
    builder
}

async fn connection<S>(
    builder: Arc<Builder<TokioExecutor>>,
    stream: TcpStream,
    peer: SocketAddr,
    service: S,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let _ = stream.set_nodelay(true); // an answer must not wait for the acknowledgement of another
    let asked = Arc::new(AtomicBool::new(false));
    let asks = Arc::clone(&asked);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        asks.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        // the service of a router is always ready
        service.clone().call(request)
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = watcher.watch(connection);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = tokio::time::sleep(FIRST_REQUEST) => {
            if !asked.load(Ordering::Relaxed) {
                return;
            }
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "A connection broke");
    }
}

/// A client that has gone away is no reason to wait; a shortage of file descriptors is.
async fn rest_after(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(error = %error, "No connection can be accepted, trying again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
