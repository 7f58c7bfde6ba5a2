//! What people see of the running gateway: log lines, metrics and whether it is ready.
//!
//! Each event is a type in [`events`], whose `emit` writes the log line and the metric together. Nothing here ever
//! takes a message body, a name or a BSN.

pub mod events;
mod health;
mod log;
mod metrics;

pub use health::{Component, ComponentState};
pub use log::start_log;
pub use metrics::{Metric, Sort};

use futures_util::future::BoxFuture;
use health::Health;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A figure that the ledger computes at scrape time: metric (of sort [`Sort::Figure`]), values of its labels, value.
pub type Figure = (Metric, Vec<String>, f64);
/// Computes the figures; `None` when the ledger cannot be read.
pub type Figures = Box<dyn Fn() -> BoxFuture<'static, Option<Vec<Figure>>> + Send + Sync>;

/// Longest wait for the figures: a scrape must not hang on a busy ledger.
const FIGURES_DEADLINE: Duration = Duration::from_secs(5);
/// From a tenth of a millisecond to half a minute.
const BUCKETS: [f64; 12] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0];

/// Metrics and health of one gateway. Clones share them.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    registry: Registry,
    counters: BTreeMap<Metric, IntCounterVec>,
    gauges: BTreeMap<Metric, GaugeVec>,
    histograms: BTreeMap<Metric, HistogramVec>,
    health: Health,
    figures: OnceLock<Figures>,
}

impl Default for Telemetry {
    fn default() -> Telemetry {
        Telemetry::new("sluis")
    }
}

impl Telemetry {
    /// Fresh metrics for the gateway of that name.
    pub fn new(gateway: &str) -> Telemetry {
        let registry = Registry::new();
        let (mut counters, mut gauges, mut histograms) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for metric in Metric::ALL {
            match metric.sort() {
                Sort::Counter => {
                    let counter = IntCounterVec::new(opts(metric), metric.labels()).expect(VALID);
                    registry.register(Box::new(counter.clone())).expect(UNIQUE);
                    counters.insert(metric, counter);
                }
                Sort::Gauge => {
                    let gauge = GaugeVec::new(opts(metric), metric.labels()).expect(VALID);
                    registry.register(Box::new(gauge.clone())).expect(UNIQUE);
                    gauges.insert(metric, gauge);
                }
                Sort::Histogram => {
                    let opts = HistogramOpts::from(opts(metric)).buckets(BUCKETS.to_vec());
                    let histogram = HistogramVec::new(opts, metric.labels()).expect(VALID);
                    registry.register(Box::new(histogram.clone())).expect(UNIQUE);
                    histograms.insert(metric, histogram);
                }
                Sort::Figure => {}
            }
        }
        let health = Health::default();
        let telemetry =
            Telemetry(Arc::new(Inner { registry, counters, gauges, histograms, health, figures: OnceLock::new() }));
        telemetry.set(Metric::BuildInfo, &[env!("CARGO_PKG_VERSION"), gateway], 1.0);
        telemetry
    }

    /// Sets who computes the figures of the ledger. The first call counts.
    pub fn set_figures(&self, figures: Figures) {
        let _ = self.0.figures.set(figures);
    }

    /// A component that must work before the gateway is ready. It is down until it says otherwise.
    pub fn component(&self, name: &str) -> Component {
        Component::new(self.clone(), name)
    }

    /// Whether every component works.
    pub fn is_ready(&self) -> bool {
        self.0.health.states().values().all(|state| state.up)
    }

    /// Every component with its state.
    pub fn components(&self) -> BTreeMap<String, ComponentState> {
        self.0.health.states()
    }

    /// Sets something that `/readyz` shows beside the components; it has no bearing on whether the gateway is ready.
    pub fn set_detail(&self, name: &str, detail: serde_json::Value) {
        self.0.health.details().insert(name.to_owned(), detail);
    }

    /// What `/readyz` shows beside the components.
    pub fn details(&self) -> BTreeMap<String, serde_json::Value> {
        self.0.health.details().clone()
    }

    /// Everything, in the text format of Prometheus. Computes the figures of the ledger.
    pub async fn scrape(&self) -> String {
        let figures = self.figures().await;
        let mut text = String::new();
        let encoder = TextEncoder::new();
        for families in [self.0.registry.gather(), figures.gather()] {
            if let Err(error) = encoder.encode_utf8(&families, &mut text) {
                tracing::error!(%error, "failed to write metrics");
            }
        }
        text
    }

    async fn figures(&self) -> Registry {
        let registry = Registry::new();
        let Some(compute) = self.0.figures.get() else { return registry };
        let figures = tokio::time::timeout(FIGURES_DEADLINE, compute()).await.ok().flatten();
        self.set(Metric::LedgerFigures, &[], f64::from(u8::from(figures.is_some())));
        let mut gauges: BTreeMap<Metric, GaugeVec> = BTreeMap::new();
        for (metric, labels, value) in figures.unwrap_or_default() {
            let gauge = gauges.entry(metric).or_insert_with(|| {
                let gauge = GaugeVec::new(opts(metric), metric.labels()).expect(VALID);
                registry.register(Box::new(gauge.clone())).expect(UNIQUE);
                gauge
            });
            match gauge.get_metric_with_label_values(&labels) {
                Ok(gauge) => gauge.set(value),
                Err(error) => tracing::error!(metric = metric.name(), %error, "a figure with wrong labels"),
            }
        }
        registry
    }

    fn count(&self, metric: Metric, labels: &[&str], by: u64) {
        self.0.counters.get(&metric).expect("a counter").with_label_values(labels).inc_by(by);
    }

    fn set(&self, metric: Metric, labels: &[&str], value: f64) {
        self.0.gauges.get(&metric).expect("a gauge").with_label_values(labels).set(value);
    }

    fn observe(&self, metric: Metric, labels: &[&str], took: Duration) {
        self.0.histograms.get(&metric).expect("a histogram").with_label_values(labels).observe(took.as_secs_f64());
    }
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telemetry")
    }
}

const VALID: &str = "names and labels are constants that a test registers";
const UNIQUE: &str = "names are unique, a test sees to that";

fn opts(metric: Metric) -> Opts {
    Opts::new(metric.name(), metric.help())
}

#[cfg(test)]
mod tests {
    use super::events::{MessageJudged, Stage, StageDone};
    use super::*;
    use crate::decision::Verdict;
    use crate::message::Kind;

    #[tokio::test]
    async fn events_and_figures_show_up_in_a_scrape() {
        let telemetry = Telemetry::new("test");
        MessageJudged {
            id: "42",
            transport: "directory",
            kind: Kind::parse("WMO323"),
            verdict: Verdict::Partly,
            level: 4,
            rules: &["TR321", "TR321", "TR304"],
            checks: &["D2"],
            took: Duration::from_millis(3),
        }
        .emit(&telemetry);
        StageDone { stage: Stage::Commit, took: Duration::from_millis(1) }.emit(&telemetry);
        telemetry.set_figures(Box::new(|| {
            Box::pin(async {
                Some(vec![
                    (Metric::ParkedMessages, vec![], 2.0),
                    (Metric::OutboxRows, vec!["reply".to_owned()], 7.0),
                    (Metric::OutboxRows, vec!["too".to_owned(), "many".to_owned()], 1.0),
                ])
            })
        }));
        let text = telemetry.scrape().await;
        for line in [
            "sluis_messages_total{law=\"wmo\",number=\"323\",verdict=\"partly\"} 1",
            "sluis_findings_total{rule=\"TR321\"} 2",
            "sluis_findings_total{rule=\"TR304\"} 1",
            "sluis_signals_total{check=\"D2\"} 1",
            "sluis_stage_seconds_count{stage=\"commit\"} 1",
            "sluis_parked_messages 2",
            "sluis_outbox_rows{purpose=\"reply\"} 7",
            concat!("sluis_build_info{name=\"test\",version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn the_gateway_is_ready_when_every_component_is() {
        let telemetry = Telemetry::default();
        let (ledger, amqp) = (telemetry.component("ledger"), telemetry.component("amqp"));
        assert!(!telemetry.is_ready());
        ledger.up();
        amqp.up();
        assert!(telemetry.is_ready());
        amqp.down("connection refused");
        assert!(!telemetry.is_ready());
        assert_eq!(telemetry.components()["amqp"].reason.as_deref(), Some("connection refused"));
        assert!(telemetry.scrape().await.contains("sluis_component_up{component=\"amqp\"} 0"));
    }
}
