//! Bounds on the number of series: of what is counted as it happens, and of what is computed at a scrape.

use super::metrics::{Entry, MOST_SERIES, Metric, OTHER, Sort};
use super::{Figure, UNIQUE, VALID, opts};
use prometheus::{CounterVec, GaugeVec, Registry};
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// The series that were seen so far.
#[derive(Debug, Default)]
pub(super) struct Series(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen(BTreeMap<Metric, HashSet<u64>>);

impl Series {
    /// The labels to count under: the same, as long as the metric has few series.
    pub(super) fn bounded<'l>(&self, metric: Metric, labels: &[&'l str]) -> Vec<&'l str> {
        if metric.labels_from_outside().next().is_none() {
            return labels.to_vec();
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bounded(metric, labels)
    }
}

impl Seen {
    /// Beyond the most series every label from outside becomes [`OTHER`], so what was counted stays in the sum.
    fn bounded<'l>(&mut self, metric: Metric, labels: &[&'l str]) -> Vec<&'l str> {
        let mut hasher = DefaultHasher::new();
        labels.hash(&mut hasher);
        let (series, seen) = (hasher.finish(), self.0.entry(metric).or_default());
        if seen.contains(&series) || seen.len() < MOST_SERIES {
            seen.insert(series);
            return labels.to_vec();
        }
        let outside: Vec<&str> = metric.labels_from_outside().collect();
        let named = metric.labels().iter().zip(labels);
        named.map(|(name, value)| if outside.contains(name) { OTHER } else { *value }).collect()
    }
}

/// The figures of one scrape.
#[derive(Default)]
pub(super) struct Scraped {
    registry: Registry,
    seen: Seen,
    gauges: BTreeMap<Metric, GaugeVec>,
    totals: BTreeMap<Metric, CounterVec>,
}

impl Scraped {
    pub(super) fn add(&mut self, figures: impl IntoIterator<Item = Figure>) {
        for (metric, labels, value) in figures {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let bounded = self.seen.bounded(metric, &labels);
            let added = match metric.sort() {
                Sort::Total => self.add_total(metric, &bounded, value),
                Sort::Counter | Sort::Gauge | Sort::Histogram | Sort::Figure => {
                    self.add_gauge(metric, &bounded, value, bounded != labels)
                }
            };
            if let Err(error) = added {
                tracing::error!(metric = metric.name(), %error, "a figure with wrong labels");
            }
        }
    }

    pub(super) fn registry(self) -> Registry {
        self.registry
    }

    /// What falls together under [`OTHER`] is added up; of times the longest is told, for an alarm goes by that.
    fn add_gauge(
        &mut self,
        metric: Metric,
        labels: &[&str],
        value: f64,
        others: bool,
    ) -> Result<(), prometheus::Error> {
        let Entry { labels: names, unit, .. } = metric.entry();
        let registry = &self.registry;
        let gauges = self.gauges.entry(metric).or_insert_with(|| {
            let gauge = GaugeVec::new(opts(metric), names).expect(VALID);
            registry.register(Box::new(gauge.clone())).expect(UNIQUE);
            gauge
        });
        let gauge = gauges.get_metric_with_label_values(labels)?;
        match (others, unit.starts_with("seconds")) {
            (false, _) => gauge.set(value),
            (true, false) => gauge.add(value),
            (true, true) => gauge.set(gauge.get().max(value)),
        }
        Ok(())
    }

    fn add_total(&mut self, metric: Metric, labels: &[&str], value: f64) -> Result<(), prometheus::Error> {
        let registry = &self.registry;
        let totals = self.totals.entry(metric).or_insert_with(|| {
            let total = CounterVec::new(opts(metric), metric.labels()).expect(VALID);
            registry.register(Box::new(total.clone())).expect(UNIQUE);
            total
        });
        totals.get_metric_with_label_values(labels)?.inc_by(value.max(0.0));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_from_outside_makes_no_more_than_so_many_series() {
        let series = Series::default();
        for number in 0..MOST_SERIES {
            let rule = format!("TR{number}");
            assert_eq!(series.bounded(Metric::Findings, &[&rule]), [rule.as_str()]);
        }
        assert_eq!(series.bounded(Metric::Findings, &["TR9999"]), [OTHER], "one too many");
        assert_eq!(series.bounded(Metric::Findings, &["TR0"]), ["TR0"], "who was there stays");
        assert_eq!(series.bounded(Metric::Deliveries, &["amqp", "reply", "sent"]), ["amqp", "reply", "sent"]);
    }

    #[test]
    fn figures_beyond_the_bound_are_told_as_one() {
        let mut scraped = Scraped::default();
        let labels = |number: usize| vec!["achterhoek".to_owned(), "A".to_owned(), format!("agreement {number}")];
        let all = MOST_SERIES + 3;
        scraped.add((0..all).map(|number| (Metric::BudgetAgreed, labels(number), 2.0)));
        let expectation = |number: usize| (Metric::SilenceSeconds, vec![number.to_string()], 5.0);
        scraped.add((0..all).map(expectation));
        scraped.add([
            (Metric::ProcessCpu, Vec::new(), 1.5),
            (Metric::ParkedMessages, vec!["one too many".to_owned()], 1.0),
        ]);
        let families = scraped.registry().gather();
        let found = |metric: Metric| {
            let family = families.iter().find(|family| family.name() == metric.name()).expect("it was told");
            let is_other =
                |series: &&prometheus::proto::Metric| series.get_label().iter().all(|label| label.value() == OTHER);
            let other =
                family.get_metric().iter().find(is_other).map(|series| format!("{}", series.get_gauge().get_value()));
            (family.get_metric().len(), other)
        };
        assert_eq!(found(Metric::BudgetAgreed), (MOST_SERIES + 1, Some("6".to_owned())), "amounts add up");
        assert_eq!(found(Metric::SilenceSeconds), (MOST_SERIES + 1, Some("5".to_owned())), "of times the longest");
        assert!(
            !families
                .iter()
                .any(|family| family.name() == Metric::ParkedMessages.name() && !family.get_metric().is_empty())
        );
    }
}
