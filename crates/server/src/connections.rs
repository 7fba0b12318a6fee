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

/// How large the head of a request may be, in bytes.
const HEAD_BYTES: usize = 32 * 1024;

/// How patient the server is.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// With the head of a request, and with the silence between two.
    pub(crate) head: Duration,
    /// With a new connection until its first request is there, whatever protocol it speaks.
    pub(crate) first_request: Duration,
    /// With open requests when the server ends.
    pub(crate) drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), first_request: Duration::from_secs(30), drain: Duration::from_secs(10) }
    }
}

/// Serves until `end` is there, then lets open requests finish.
pub(crate) async fn serve<S>(listener: TcpListener, service: S, patience: Patience, end: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let (builder, graceful) = (Arc::new(builder(patience.head)), GracefulShutdown::new());
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
        let client = Client { stream, peer, first_request: patience.first_request };
        tokio::spawn(connection(Arc::clone(&builder), client, service.clone(), graceful.watcher()));
    }
    drop(listener);
    let open = graceful.count();
    tracing::info!(connections.open = open, "The server ends and lets open requests finish");
    if tokio::time::timeout(patience.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests did not finish in time and are broken off");
    }
}

fn builder(head: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(200)
        .keep_alive_interval(head)
        .keep_alive_timeout(head);
    builder
}

struct Client {
    stream: TcpStream,
    peer: SocketAddr,
    first_request: Duration,
}

async fn connection<S>(
    builder: Arc<Builder<TokioExecutor>>,
    client: Client,
    service: S,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let Client { stream, peer, first_request } = client;
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
        () = tokio::time::sleep(first_request) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    /// A server that answers with the client's address after 200 ms.
    async fn start() -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = tower::service_fn(|request: Request<Incoming>| async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_string());
            Ok(Response::new(Body::from(peer.unwrap_or_default())))
        });
        let (end, ended) = oneshot::channel();
        let patience = Patience {
            head: Duration::from_millis(500),
            first_request: Duration::from_millis(500),
            drain: Duration::from_secs(2),
        };
        let server = tokio::spawn(serve(listener, service, patience, async move {
            let _ = ended.await;
        }));
        (address, end, server)
    }

    /// What a client gets that sends this and then nothing more, and after how long it is cut off.
    async fn sends(address: SocketAddr, bytes: &[u8]) -> (String, Duration) {
        let started = Instant::now();
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(bytes).await.expect("sent");
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        let _ = read.expect("the server closes the connection");
        (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
    }

    #[tokio::test]
    async fn an_answer_knows_who_asked() {
        let (address, _end, _server) = start().await;
        let (answer, _) = sends(address, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn whoever_keeps_the_server_waiting_is_cut_off() {
        let (address, _end, _server) = start().await;
        // nothing; what could become either protocol; half a head; the preface of HTTP/2 and then silence
        for bytes in [&b""[..], b"P", b"GET / HTTP/1.1\r\nhost:", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let (answer, after) = sends(address, bytes).await;
            assert!(!answer.contains("200"), "{answer}");
            assert!(after < Duration::from_secs(3), "{after:?}");
        }
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let (address, _end, _server) = start().await;
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(HEAD_BYTES));
        let (answer, _) = sends(address, head.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }

    #[tokio::test]
    async fn open_requests_are_answered_and_new_ones_are_not() {
        let (address, end, server) = start().await;
        let open = tokio::spawn(async move { sends(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.0 });
        let idle = TcpStream::connect(address).await.expect("a connection");
        tokio::time::sleep(Duration::from_millis(100)).await;
        end.send(()).expect("the server waits for it");
        let answer = open.await.expect("no panic");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
        server.await.expect("it ends");
        assert!(TcpStream::connect(address).await.is_err());
        drop(idle);
    }
}
