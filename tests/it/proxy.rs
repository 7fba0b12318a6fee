//! Between a server and its PostgreSQL: what goes through can be disturbed.

use bonafide_test_support::Installation;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::watch::{Receiver, Sender, channel};

/// What goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything.
    Open,
    /// Everything but notifications.
    WithoutNotifications,
    /// Nothing, and no connection ends.
    Frozen,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A socket like that of the database of an installation.
pub(crate) struct Proxy {
    folder: PathBuf,
    way: Sender<Way>,
    /// The URL of the database past it.
    direct: String,
}

impl Proxy {
    /// Opens it.
    pub(crate) fn open(home: &Installation) -> Self {
        let url = home.database().expect("on PostgreSQL").url().to_owned();
        let folder = home.root().join("proxy");
        std::fs::create_dir(&folder).expect("a directory");
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).expect("a socket");
        let (way, seen) = channel(Way::Open);
        let direct = url.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, seen) = (connect(&url).await, Arc::new(seen.clone()));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = tokio::io::split(server);
                tokio::spawn(asked(from_client, to_server, Arc::clone(&seen)));
                tokio::spawn(answered(from_server, to_client, seen));
            }
        });
        Self { folder, way, direct }
    }

    /// The URL of the database through it.
    pub(crate) fn url(&self) -> String {
        let address = self.direct.split('?').next().unwrap_or_default();
        let (authority, database) = address.rsplit_once('/').expect("a database");
        let (user, _) = authority.rsplit_once('@').expect("a user");
        format!("{user}@localhost/{database}?host={}&sslmode=disable", self.folder.display())
    }

    /// Lets so much through from now on.
    pub(crate) fn lets(&self, way: Way) {
        self.way.send_replace(way);
    }
}

/// A connection to the server of a URL: `…?host=DIRECTORY`, or `…@HOST:PORT/…`.
async fn connect(url: &str) -> Box<dyn Stream> {
    if let Some((_, folder)) = url.split_once("host=") {
        let socket = Path::new(folder.split('&').next().unwrap_or_default()).join(".s.PGSQL.5432");
        return Box::new(UnixStream::connect(socket).await.expect("PostgreSQL is there"));
    }
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
    Box::new(TcpStream::connect(address).await.expect("PostgreSQL is there"))
}

async fn thawed(way: &Receiver<Way>) -> Way {
    while *way.borrow() == Way::Frozen {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    *way.borrow()
}

/// What the server of ours sends.
async fn asked(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, way: Arc<Receiver<Way>>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        thawed(&way).await;
        if to.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// What PostgreSQL sends: a letter, a length that counts itself, and so many bytes. `A` is a notification.
async fn answered(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, way: Arc<Receiver<Way>>) {
    let mut head = [0; 5];
    while from.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut message = head.to_vec();
        message.resize(1 + usize::try_from(length).expect("a short message"), 0);
        if from.read_exact(&mut message[5..]).await.is_err() {
            break;
        }
        let is_notification = head[0] == b'A';
        if is_notification && thawed(&way).await == Way::WithoutNotifications {
            continue;
        }
        thawed(&way).await;
        if to.write_all(&message).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
