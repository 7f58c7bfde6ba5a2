//! `sluis ready`: asks a running gateway how it stands, for health checks where there is no other program to ask with.

use super::Exit;
use crate::config::Config;
use clap::Args;
use serde_json::Value;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Ask only whether the process lives, not whether all that it needs works
    #[arg(long)]
    alive: bool,
    /// Longest wait for the answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

/// Prints how the gateway of this configuration stands. 0: it works; 1: a component does not, or nothing answers.
pub(super) fn run(config: &Config, asked: &Asked) -> Exit {
    let address = within_reach(config.http.listen);
    if address.port() == 0 {
        eprintln!("sluis: [http] listen has port 0, which the gateway chooses itself: set a port to ask it");
        return Exit::Usage;
    }
    let path = if asked.alive { "/healthz" } else { "/readyz" };
    match answer(address, path, Duration::from_secs(asked.timeout)) {
        Ok((200, _)) => {
            println!("{}", if asked.alive { "alive" } else { "ready" });
            Exit::Accepted
        }
        Ok((status, body)) => {
            let down = down(&body);
            match down.as_slice() {
                [] => eprintln!("sluis: {address} answers with {status}"),
                down => eprintln!("sluis: not ready: {}", down.join("; ")),
            }
            Exit::Rejected
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            eprintln!("sluis: what answers at {address} is no gateway: is another program on its port?");
            Exit::Rejected
        }
        Err(error) => {
            eprintln!("sluis: nothing answers at {address}: {error}; look whether the gateway runs, and at its log");
            Exit::Rejected
        }
    }
}

/// Where an address that is listened on can be asked from this machine: one that stands for all of them cannot.
fn within_reach(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, listen.port())
}

/// Status and body. Asked without the library that asks other machines: that one wants to know the authorities of the
/// system first, which an image that holds nothing but the program may not have.
fn answer(address: SocketAddr, path: &str, patience: Duration) -> io::Result<(u16, Vec<u8>)> {
    let until = Instant::now() + patience;
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_write_timeout(Some(patience))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => break,
            length => answer.extend_from_slice(&part[..length]),
        }
        if answer.len() > LONGEST_ANSWER {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n").map(|at| answer[at + 4..].to_vec());
    let status = answer.get(..12).and_then(|head| head.strip_prefix(b"HTTP/1.1 "));
    let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    status.zip(body).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Components that do not work, with why.
fn down(body: &[u8]) -> Vec<String> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let components = answer["components"].as_object().into_iter().flatten();
    let down = components.filter(|(_, state)| state["ready"] == false);
    down.map(|(name, state)| match state["reason"].as_str() {
        Some(reason) => format!("{name} ({reason})"),
        None => name.clone(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_address_for_everybody_is_asked_here() {
        for (listen, asked) in [
            ("127.0.0.1:8310", "127.0.0.1:8310"),
            ("0.0.0.0:8310", "127.0.0.1:8310"),
            ("[::]:8310", "[::1]:8310"),
            ("192.0.2.1:8310", "192.0.2.1:8310"),
        ] {
            assert_eq!(within_reach(listen.parse().expect("an address")).to_string(), asked);
        }
    }

    #[test]
    fn who_keeps_silent_or_says_something_else_is_no_gateway() {
        for (said, status) in
            [("HTTP/1.1 503 Gone\r\n\r\n{}", Ok(503)), ("SSH-2.0-x\r\n\r\n", Err(true)), ("", Err(true))]
        {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            let speaker = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a connection");
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(said.as_bytes());
            });
            let heard = answer(address, "/readyz", Duration::from_secs(20));
            let heard = heard.map(|(status, _)| status).map_err(|error| error.kind() == io::ErrorKind::InvalidData);
            assert_eq!(heard, status, "{said}");
            speaker.join().expect("no panic");
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let silent = answer(address, "/readyz", Duration::from_millis(50)).expect_err("no answer");
        assert!(matches!(silent.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{silent}");
    }

    #[test]
    fn what_does_not_work_is_named() {
        let body =
            br#"{"ready":false,"components":{"broker":{"ready":false,"reason":"refused"},"ledger":{"ready":true}}}"#;
        assert_eq!(down(body), ["broker (refused)"]);
        assert_eq!(down(b"no JSON"), Vec::<String>::new());
    }
}
