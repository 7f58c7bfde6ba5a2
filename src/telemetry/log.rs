//! Log lines: text for people, JSON for collectors, always on the error stream.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::filter::Targets;
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
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().is_ok()
}
