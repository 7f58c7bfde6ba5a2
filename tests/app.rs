//! The daemon on embedded parts: every figure of the catalogue is there when somebody scrapes, and health tells.

use sluis::app::App;
use sluis::clock::FixedClock;
use sluis::config::Config;
use sluis::contract::{Contracts, Policies, load};
use sluis::demo::traffic::DAY;
use sluis::telemetry::Metric;
use std::path::Path;
use std::sync::Arc;

#[tokio::test]
async fn every_figure_is_there_and_no_label_is_wrong() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let register =
        load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek")).expect("it has no faults");
    let contracts = Contracts::new(vec![Arc::new(register)], Policies::default());
    let app = App::start(&Config::embedded(dir.path()), contracts, Arc::new(FixedClock::on(DAY)))
        .await
        .expect("embedded parts can be opened");
    let scraped = app.telemetry.scrape().await;
    // Nothing is told on an empty ledger, the first survey may not have been made yet, and the configuration names neither
    // certificates nor expectations nor terms of retention.
    let later = [
        Metric::OpenSignals,
        Metric::SurveyAgeSeconds,
        Metric::BudgetExpected,
        Metric::LastMessage,
        Metric::CertificateExpiry,
        Metric::Silent,
        Metric::SilenceSeconds,
        Metric::SilenceLimitSeconds,
        Metric::RetentionAgeSeconds,
        Metric::RetentionOverdueSeconds,
    ];
    let figures = Metric::ALL.into_iter().filter(|metric| metric.sort().is_figure() && !later.contains(metric));
    for metric in figures {
        let sample = scraped.lines().find(|line| !line.starts_with('#') && line.starts_with(metric.name()));
        assert!(sample.is_some(), "{} is missing from\n{scraped}", metric.name());
    }
    assert!(scraped.contains("sluis_register_seconds_left{region=\"achterhoek\"} 25574400"), "{scraped}");
    assert!(app.telemetry.components().contains_key("ledger"));
    app.stop().await;
}

#[tokio::test]
async fn a_second_gateway_on_the_same_ledger_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let config = Config::embedded(dir.path());
    let start = || App::start(&config, Contracts::default(), Arc::new(FixedClock::on(DAY)));
    let first = start().await.expect("embedded parts can be opened");
    let refused = start().await.err().expect("the ledger is in use").to_string();
    assert!(refused.contains("in use by another gateway"), "{refused}");
    first.stop().await;
    start().await.expect("the first one let go").stop().await;
}
