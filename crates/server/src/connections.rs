//! Connections: taken in, given to the service, closed when they are slow, let finish when the server ends.

use axum::body::{Body, HttpBody as _};
use axum::http::{Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

/// How large the head of a request may be, in bytes.
const HEAD_BYTES: usize = 32 * 1024;

/// From how many bytes on an answer is not there for the client as soon as it is given to the system.
const LONG: u64 = 64 * 1024;

/// How patient the server is.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// With a connection that asks for nothing, or never comes to an end of asking: cut off after this time, or twice.
    pub(crate) silence: Duration,
    /// With open requests when the server ends.
    pub(crate) drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_secs(30), drain: Duration::from_secs(10) }
    }
}

/// Serves until `end` is there, then lets open requests finish. `service` makes the service of a connection.
pub(crate) async fn serve<S>(
    listener: TcpListener,
    service: impl Fn(SocketAddr) -> S,
    patience: Patience,
    end: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let (builder, graceful) = (Arc::new(builder(patience.silence)), GracefulShutdown::new());
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
        tokio::spawn(connection(Arc::clone(&builder), stream, service(peer), patience.silence, graceful.watcher()));
    }
    drop(listener);
    let open = graceful.count();
    tracing::info!(connections.open = open, "The server ends and lets open requests finish");
    if tokio::time::timeout(patience.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests did not finish in time and are broken off");
    }
}

/// HTTP/1 has no timer of hyper's, which would be set and taken back for each request: [`Progress`] is looked at instead.
fn builder(silence: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(None).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(200)
        .keep_alive_interval(silence)
        .keep_alive_timeout(silence);
    builder
}

async fn connection<S>(
    builder: Arc<Builder<TokioExecutor>>,
    stream: TcpStream,
    service: S,
    silence: Duration,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let _ = stream.set_nodelay(true); // an answer must not wait for the acknowledgement of another
    let progress = Arc::new(Progress::default());
    let watched = Arc::clone(&progress);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let open = progress.begin(request.version());
        // the service of a router is always ready
        let answer = service.clone().call(request);
        async move { Ok::<_, Infallible>(open.until_sent(answer.await?)) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    tokio::select! {
        biased;
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!(error = %error, "A connection broke");
        },
        () = watched.none_within(silence) => {}
    }
}

/// What was asked on a connection, and answered.
#[derive(Default)]
struct Progress {
    begun: AtomicU64,
    ended: AtomicU64,
    /// HTTP/2 asks the client by itself whether it is still there.
    is_http2: AtomicBool,
}

/// A request that is not answered yet.
struct Open(Arc<Progress>);

impl Progress {
    fn begin(self: &Arc<Self>, version: Version) -> Open {
        self.begun.fetch_add(1, Ordering::Relaxed);
        if version == Version::HTTP_2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        Open(Arc::clone(self))
    }

    /// Waits until, for so long, nothing was asked and nothing was open.
    async fn none_within(&self, silence: Duration) {
        let mut before = 0;
        loop {
            tokio::time::sleep(silence).await;
            let (ended, begun) = (self.ended.load(Ordering::Relaxed), self.begun.load(Ordering::Relaxed));
            if begun == before && begun == ended && !self.is_http2.load(Ordering::Relaxed) {
                return;
            }
            before = begun;
        }
    }
}

impl Open {
    /// A long answer, or one of unknown length, is open until the last of it is handed over.
    fn until_sent(self, answer: Response<Body>) -> Response<Body> {
        if answer.body().size_hint().exact().is_some_and(|bytes| bytes < LONG) {
            return answer;
        }
        // of the combinators this one leaves the length as it is
        answer.map(|body| {
            Body::new(body.map_err(move |error| {
                let _ = &self;
                error
            }))
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
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

    /// A server that answers with the client's address after 200 ms; at `/long` with eight letters, one every 150 ms, and at
    /// `/big` with many at once.
    async fn start() -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = |peer: SocketAddr| {
            tower::service_fn(move |request: Request<Incoming>| async move {
                if request.uri().path() == "/big" {
                    return Ok(Response::new(Body::from(vec![b'x'; 2 * usize::try_from(LONG).expect("small")])));
                }
                if request.uri().path() == "/long" {
                    let letters = futures_util::stream::unfold(0, |sent| async move {
                        tokio::time::sleep(Duration::from_millis(150)).await;
                        (sent < 8).then_some((Ok::<_, Infallible>("x"), sent + 1))
                    });
                    return Ok(Response::new(Body::from_stream(letters)));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                Ok(Response::new(Body::from(peer.ip().to_string())))
            })
        };
        let (end, ended) = oneshot::channel();
        let patience = Patience { silence: Duration::from_millis(500), drain: Duration::from_secs(2) };
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
        let beginnings = [&b""[..], b"P", b"GET / HTTP/1.1\r\nhost:", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
        for (answer, after) in futures_util::future::join_all(beginnings.map(|bytes| sends(address, bytes))).await {
            assert!(!answer.contains("200"), "{answer}");
            assert!(after < Duration::from_secs(3), "{after:?}");
        }
    }

    #[tokio::test]
    async fn whoever_falls_silent_is_cut_off() {
        let (address, _end, _server) = start().await;
        let silences = [&b""[..], b"GET / HTTP/1.1\r\nhost:"];
        let all = silences.map(|next| [b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", next].concat());
        for (answer, after) in futures_util::future::join_all(all.iter().map(|bytes| sends(address, bytes))).await {
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
            assert!(after < Duration::from_secs(3), "{after:?}");
        }
    }

    #[tokio::test]
    async fn nobody_is_cut_off_in_the_middle_of_an_answer() {
        let (address, _end, _server) = start().await;
        let (answer, after) = sends(address, b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert_eq!(answer.matches('x').count(), 8, "{answer}");
        assert!(after > Duration::from_secs(1), "{after:?}");
        let (answer, _) = sends(address, b"GET /big HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.contains("content-length: 131072\r\n") && answer.ends_with("xxx"), "{}", &answer[..200]);
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
