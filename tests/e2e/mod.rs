//! The daemon as a process of its own: traffic for it, ways to disturb it, and an oracle that counts every message.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod broker;
pub mod daemon;
#[path = "../ledgers/mod.rs"]
pub mod ledgers;
pub mod office;
pub mod oracle;
pub mod proxy;
pub mod random;
pub mod traffic;

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for anything in these tests. Machines that build something else at the same time are slow.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for a condition; tells what it waited for, and `state`, when it waited in vain.
pub fn until(what: &str, mut condition: impl FnMut() -> bool, state: impl Fn() -> String) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain: {what}\n{}", state());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An address where nothing listens; something else may take it meanwhile, which a test would then say.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address")
}

/// One HTTP request without a library: status and body.
pub fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let (status, _, body) = exchange(address, request.as_bytes())?;
    Ok((status, body))
}

/// Sends a request that ends its connection: status, head and body of the answer.
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<(u16, String, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, head.to_owned(), body.to_owned()))
}

/// Puts a file into a folder as senders must: written under another name, renamed into place.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let draft = folder.join(format!(".{name}.part"));
    fs::write(&draft, bytes).expect("a draft can be written");
    fs::rename(&draft, folder.join(name)).expect("a draft can be renamed");
}

/// All files below a folder, sorted. A folder that is not there has none.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(sort) if sort.is_dir() => folders.push(entry.path()),
                Ok(_) => found.push(entry.path()),
                // It vanished since it was listed.
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// The last part of a path as text.
pub fn name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}

/// Whether readers of the spool leave a file alone.
pub fn is_hidden(path: &Path) -> bool {
    name(path).starts_with('.')
}

/// Numbers of the test range of BSNs, 9999ddddd, in a text.
pub fn bsns(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 9 && run.starts_with("9999")).collect()
}
