//! Log lines: text for people, JSON for collectors, always on the error stream.
//!
//! Libraries only warn, whatever level is set, and the AMQP client says nothing at all: it logs messages that the broker
//! returns with their bodies, and no line may hold one.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Starts writing log lines. The first call counts: `false` when lines were written already.
pub fn start_log(log: &Log) -> bool {
    let filter: Targets = log.level.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => {
            Box::new(fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()))
        }
        LogFormat::Json => Box::new(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)),
    };
    let layer = layer.with_filter(filter).with_filter(filter_fn(|line| may_be_written(line.target(), *line.level())));
    tracing_subscriber::registry().with(layer).try_init().is_ok()
}

fn may_be_written(target: &str, level: Level) -> bool {
    let crate_name = target.split("::").next().unwrap_or_default();
    match crate_name {
        "sluis" => true,
        "lapin" => false,
        _ => level <= Level::WARN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_only_warn_and_the_amqp_client_says_nothing() {
        assert!(may_be_written("sluis::delivery::relay", Level::TRACE));
        assert!(may_be_written("hyper_util::client", Level::WARN));
        assert!(!may_be_written("hyper_util::client", Level::DEBUG));
        assert!(!may_be_written("lapin::returned_messages", Level::WARN));
        assert!(!may_be_written("lapin", Level::ERROR));
    }
}
