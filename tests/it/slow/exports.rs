//! Everything of one person while it is sent: no more of it in memory than one letter, and nothing once nobody takes it.

use crate::inventory::data;
use crate::site::{Site, make_owner, patience, text};
use bonafide_test_support::{Installation, Server, slow_on_both};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use tokio::net::TcpSocket;

const EXPORT: &str = "/admin/v1/subjects/export";
const LETTERS: usize = 100;
/// How many characters a field takes at most.
const FIELD: usize = 20_000;
/// How many bytes a letter has: two fields of characters of three bytes. All together are several times what a system keeps for a
/// connection that nobody reads (Linux: 4 MiB, `tcp_wmem`), so that a server that goes on by itself would be found out.
const LETTER: usize = 2 * FIELD * 3;

/// A site with long letters of one person.
async fn corresponding(home: &Installation, letters: usize) -> Site {
    make_owner(home).await;
    let mut command = home.command();
    command.arg("serve").env("BONAFIDE_SUBMISSIONS_PER_MINUTE", "100000");
    let site = Site::on(Server::start_command(home, command)).await;
    let fields = json!([
        {"key": "email", "kind": "email", "required": true, "label": {"en": "Your e-mail address", "de": "Ihre E-Mail-Adresse"}},
        {"key": "message", "kind": "free_text", "max_length": FIELD, "label": {"en": "Your message", "de": "Ihre Nachricht"}},
        {"key": "more", "kind": "free_text", "max_length": FIELD, "label": {"en": "More of it", "de": "Mehr davon"}},
    ]);
    site.form("contact", json!({"fields": fields})).await;
    let mut tokens = Vec::new();
    for _ in 0..letters {
        tokens.push(text(&site.anonymous.get("/v1/forms/contact").await.is(200).json()["token"]).to_owned());
    }
    patience().await;
    for token in tokens {
        let long = "€".repeat(FIELD);
        let fields = json!({"email": "ada@example.org", "message": long, "more": long});
        site.anonymous.post("/v1/forms/contact/submissions", json!({"token": token, "fields": fields})).await.is(201);
    }
    site
}

fn body() -> Value {
    json!({"email": "ada@example.org"})
}

/// How much memory the process had at most so far, in KiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Makes the present the peak, and gives it.
fn forget_peak(server: &Server) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", server.pid()), "5").expect("Linux has it (proc_pid_clear_refs(5))");
    peak(server)
}

fn address(site: &Site) -> &str {
    site.server.base_url().trim_start_matches("http://")
}

/// Asks for the export over a connection of its own.
fn ask(site: &Site) -> TcpStream {
    ask_over(TcpStream::connect(address(site)).expect("a connection"), site)
}

/// Asks for it over a connection that takes in little before it is read.
async fn ask_for_little(site: &Site) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(16 << 10).expect("a small one");
    let stream = socket.connect(address(site).parse().expect("an address")).await.expect("a connection");
    let stream = stream.into_std().expect("a connection");
    stream.set_nonblocking(false).expect("one as the others");
    ask_over(stream, site)
}

fn ask_over(mut stream: TcpStream, site: &Site) -> TcpStream {
    stream.set_read_timeout(Some(Duration::from_mins(2))).expect("a limit");
    let (address, token, body) = (address(site), site.owner.token(), body().to_string());
    let request = format!(
        "POST {EXPORT} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
    );
    stream.write_all(request.as_bytes()).expect("sent");
    stream
}

/// Takes all of it, however long that is.
fn taken(site: &Site) -> Vec<u8> {
    let mut answer = Vec::new();
    ask(site).read_to_end(&mut answer).expect("complete");
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"0\r\n\r\n"), "the last chunk");
    answer
}

/// How many readings a complete export tells of.
fn readings(site: &Site) -> usize {
    let archive = taken(site);
    // they are its last file
    let last = &archive[archive.len().saturating_sub(1 << 20)..];
    last.windows(21).filter(|window| window == b",subject_rights,staff").count()
}

slow_on_both! {
    async fn an_export_takes_no_memory_and_ends_with_its_client(home: &Installation) {
        let site = corresponding(home, LETTERS).await;
        let size = taken(&site).len();
        // three files with every letter in them
        assert!(size > 3 * LETTERS * LETTER, "{size}");
        // what the database remembers of it is there now
        let before = forget_peak(&site.server);
        taken(&site);
        let grown = peak(&site.server).saturating_sub(before);
        assert!(grown < size as u64 / 2048, "{grown} KiB for an archive of {size} bytes");
        // somebody who goes away after the first letters
        let mut stream = ask_for_little(&site).await;
        stream.read_exact(&mut vec![0; 50_000]).expect("the first letters");
        drop(stream);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let made = readings(&site) - 3 * LETTERS;
        assert!((32..LETTERS).contains(&made), "{made} readings for somebody who went away");
        site.server.stop();
    }

    /// A part of an archive is nothing that could be taken for the whole.
    async fn an_export_that_fails_breaks_off(home: &Installation) {
        let site = corresponding(home, 3).await;
        let altered = "UPDATE submission_sealed SET message = contact
            WHERE submission_id = (SELECT submission_id FROM submission_sealed ORDER BY submission_id DESC LIMIT 1)";
        if !data(home, altered) {
            return;
        }
        let mut answer = Vec::new();
        let _ = ask(&site).read_to_end(&mut answer);
        assert!(!answer.ends_with(b"0\r\n\r\n"), "the last chunk");
        assert!(!answer.windows(4).any(|window| window == b"PK\x05\x06"), "the end of an archive");
        let request = site.server.client().post(site.server.url(EXPORT)).bearer_auth(site.owner.token());
        let sent = request.header("content-type", "application/json").body(body().to_string()).send().await;
        let complete = match sent {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!complete);
        let log = site.server.stop();
        assert!(log.contains("An export broke off") && !log.contains("ada@"), "{log}");
    }
}
