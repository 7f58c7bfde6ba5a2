//! What people see of the running gateway: log lines, metrics and whether it is ready.
//!
//! Each event is a type in [`events`], whose `emit` writes the log line and the metric together. Nothing here ever
//! takes a message body, a name or a BSN.

pub mod events;
mod health;
mod log;
mod metrics;
mod process;
mod series;

pub use health::{Component, ComponentState};
pub use log::start_log;
pub use metrics::{Entry, MOST_SERIES, Metric, OTHER, Sort, page};

use crate::message::Cents;
use futures_util::future::BoxFuture;
use health::Health;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use series::{Scraped, Series};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// A figure that is computed at scrape time: metric (one whose sort [is a figure](Sort::is_figure)), values of its labels,
/// value.
pub type Figure = (Metric, Vec<String>, f64);
/// Computes the figures; `None` when the ledger cannot be read.
pub type Figures = Box<dyn Fn() -> BoxFuture<'static, Option<Vec<Figure>>> + Send + Sync>;

/// Longest wait for the figures: a scrape must not hang on a busy ledger.
const FIGURES_DEADLINE: Duration = Duration::from_secs(5);

/// Metrics and health of one gateway. Clones share them.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    registry: Registry,
    counters: BTreeMap<Metric, IntCounterVec>,
    gauges: BTreeMap<Metric, GaugeVec>,
    histograms: BTreeMap<Metric, HistogramVec>,
    series: Series,
    health: Health,
    figures: OnceLock<Figures>,
    surroundings: OnceLock<Figures>,
    /// Figures that somebody told and that count until the same tells others.
    kept: Mutex<BTreeMap<String, Vec<Figure>>>,
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
            let Entry { sort, labels, buckets, .. } = metric.entry();
            match sort {
                Sort::Counter => {
                    let counter = IntCounterVec::new(opts(metric), labels).expect(VALID);
                    registry.register(Box::new(counter.clone())).expect(UNIQUE);
                    counters.insert(metric, counter);
                }
                Sort::Gauge => {
                    let gauge = GaugeVec::new(opts(metric), labels).expect(VALID);
                    registry.register(Box::new(gauge.clone())).expect(UNIQUE);
                    gauges.insert(metric, gauge);
                }
                Sort::Histogram => {
                    let opts = HistogramOpts::from(opts(metric)).buckets(buckets.to_vec());
                    let histogram = HistogramVec::new(opts, labels).expect(VALID);
                    registry.register(Box::new(histogram.clone())).expect(UNIQUE);
                    histograms.insert(metric, histogram);
                }
                Sort::Figure | Sort::Total => {}
            }
        }
        let telemetry = Telemetry(Arc::new(Inner {
            registry,
            counters,
            gauges,
            histograms,
            series: Series::default(),
            health: Health::default(),
            figures: OnceLock::new(),
            surroundings: OnceLock::new(),
            kept: Mutex::default(),
        }));
        telemetry.begin_at_zero();
        telemetry.set(Metric::BuildInfo, &[env!("CARGO_PKG_VERSION"), gateway], 1.0);
        telemetry
    }

    /// Counters that alarms go by are there from the start: of one that begins with its first event nobody sees the rise.
    fn begin_at_zero(&self) {
        let failures = [("directory", &["ledger", "broke", "unreadable"][..]), ("amqp", &["ledger", "broke", "takes"])];
        for (transport, reasons) in failures {
            for reason in reasons {
                self.count(Metric::IntakeFailures, &[transport, reason], 0);
            }
        }
        for transport in ["directory", "amqp", "http"] {
            self.count(Metric::RefusedSenders, &[transport], 0);
        }
        for outcome in ["committed", "failed"] {
            self.count(Metric::LedgerCommits, &[outcome], 0);
        }
    }

    /// Sets who computes the figures of the ledger. The first call counts.
    pub fn set_figures(&self, figures: Figures) {
        let _ = self.0.figures.set(figures);
    }

    /// Sets who computes the figures that need no ledger: what lies on disks and in folders. The first call counts.
    pub fn set_surroundings(&self, figures: Figures) {
        let _ = self.0.surroundings.set(figures);
    }

    /// Keeps figures for the next scrapes, in the place of those that `owner` told before.
    pub(crate) fn keep(&self, owner: &str, figures: Vec<Figure>) {
        self.kept().insert(owner.to_owned(), figures);
    }

    /// Keeps nothing any more of what `owner` told.
    pub(crate) fn drop_kept(&self, owner: &str) {
        self.kept().remove(owner);
    }

    /// Whether `owner` has told figures.
    pub(crate) fn has_kept(&self, owner: &str) -> bool {
        self.kept().contains_key(owner)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Figure>>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Everything, in the text format of Prometheus. Computes the figures.
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
        let mut scraped = Scraped::default();
        scraped.add(process::figures());
        scraped.add(self.kept().values().flatten().cloned());
        if let Some(compute) = self.0.surroundings.get() {
            scraped.add(tokio::time::timeout(FIGURES_DEADLINE, compute()).await.ok().flatten().unwrap_or_default());
        }
        if let Some(compute) = self.0.figures.get() {
            let figures = tokio::time::timeout(FIGURES_DEADLINE, compute()).await.ok().flatten();
            self.set(Metric::LedgerFigures, &[], f64::from(u8::from(figures.is_some())));
            scraped.add(figures.unwrap_or_default());
        }
        scraped.registry()
    }

    fn count(&self, metric: Metric, labels: &[&str], by: u64) {
        let labels = self.0.series.bounded(metric, labels);
        self.0.counters.get(&metric).expect("a counter").with_label_values(&labels).inc_by(by);
    }

    fn set(&self, metric: Metric, labels: &[&str], value: f64) {
        let labels = self.0.series.bounded(metric, labels);
        self.0.gauges.get(&metric).expect("a gauge").with_label_values(&labels).set(value);
    }

    fn observe(&self, metric: Metric, labels: &[&str], took: Duration) {
        self.observe_value(metric, labels, took.as_secs_f64());
    }

    fn observe_value(&self, metric: Metric, labels: &[&str], value: f64) {
        let labels = self.0.series.bounded(metric, labels);
        self.0.histograms.get(&metric).expect("a histogram").with_label_values(&labels).observe(value);
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

/// An amount for a gauge, which holds floats: exact up to ninety billion euros.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and amounts stay below 2^53 eurocents")]
pub(crate) fn eurocents(amount: Cents) -> f64 {
    amount.0 as f64
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
            checks: &[("D2", "achterhoek")],
            provider: Some("42420001"),
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
            "sluis_signals_total{check=\"D2\",region=\"achterhoek\"} 1",
            "sluis_provider_messages_total{provider=\"42420001\",verdict=\"partly\"} 1",
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
