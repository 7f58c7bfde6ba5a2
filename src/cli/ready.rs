//! `sluis ready`: asks a running gateway how it stands, for health checks where there is no other program to ask with.

use super::Exit;
use crate::config::Config;
use clap::Args;
use reqwest::redirect;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

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
    let path = if asked.alive { "healthz" } else { "readyz" };
    let answer = answer(&format!("http://{address}/{path}"), Duration::from_secs(asked.timeout));
    match answer {
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

fn answer(url: &str, patience: Duration) -> anyhow::Result<(u16, Vec<u8>)> {
    crate::delivery::http::install_crypto_provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // A proxy that the environment names is for other machines.
        let client =
            reqwest::Client::builder().timeout(patience).no_proxy().redirect(redirect::Policy::none()).build()?;
        let mut answer = client.get(url).send().await.map_err(reqwest::Error::without_url)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            body.extend_from_slice(&part);
            anyhow::ensure!(body.len() <= LONGEST_ANSWER, "the answer is not that of a gateway");
        }
        Ok((status, body))
    })
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
    fn what_does_not_work_is_named() {
        let body =
            br#"{"ready":false,"components":{"broker":{"ready":false,"reason":"refused"},"ledger":{"ready":true}}}"#;
        assert_eq!(down(body), ["broker (refused)"]);
        assert_eq!(down(b"no JSON"), Vec::<String>::new());
    }
}
