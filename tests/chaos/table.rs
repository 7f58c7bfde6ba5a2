//! Figures of scenarios, as a table for people and as JSON for the record.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What happened in a scenario, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Times the daemon died without warning.
    pub kills: usize,
    /// Times it was started.
    pub starts: usize,
    /// Connections that were cut, frozen, slowed or half-closed.
    pub cuts: usize,
    /// Outages of what is around it: a broker, a database, a back office, a disk, the clock.
    pub outages: usize,
    /// Failures inside it that a failpoint asked for, without its death.
    pub failures: usize,
    /// Messages that came in, each delivery counted once.
    pub messages: usize,
    /// Messages without a verdict, and deliveries that never arrived.
    pub lost: usize,
    /// Messages with another verdict, other bytes, or more than one of either.
    pub different: usize,
    /// Deliveries that arrived again under the same id.
    pub duplicates: usize,
    /// How long it took.
    pub took: Duration,
}

impl Figures {
    /// Both together.
    pub fn plus(self, other: Figures) -> Figures {
        Figures {
            kills: self.kills + other.kills,
            starts: self.starts + other.starts,
            cuts: self.cuts + other.cuts,
            outages: self.outages + other.outages,
            failures: self.failures + other.failures,
            messages: self.messages + other.messages,
            lost: self.lost + other.lost,
            different: self.different + other.different,
            duplicates: self.duplicates + other.duplicates,
            took: self.took + other.took,
        }
    }

    fn cells(&self) -> [String; 10] {
        let counts = [
            self.kills,
            self.starts,
            self.cuts,
            self.outages,
            self.failures,
            self.messages,
            self.lost,
            self.different,
            self.duplicates,
        ];
        let [kills, starts, cuts, outages, failures, messages, lost, different, duplicates] =
            counts.map(|count| count.to_string());
        let took = format!("{:.1}", self.took.as_secs_f64());
        [kills, starts, cuts, outages, failures, messages, lost, different, duplicates, took]
    }
}

/// What came of a scenario.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What repeats it.
    pub seed: u64,
    /// Its figures.
    pub figures: Figures,
    /// What was not as it must be.
    pub complaints: Vec<String>,
    /// Why it was not played.
    pub skipped: Option<String>,
}

/// Reports as they come in.
#[derive(Default)]
pub struct Table {
    reports: Vec<Report>,
}

const HEADS: [&str; 10] =
    ["kills", "starts", "cuts", "outages", "failures", "messages", "lost", "different", "duplicates", "seconds"];

impl Table {
    /// Adds a report, and tells what it complains of at once.
    pub fn add(&mut self, report: Report) {
        for complaint in &report.complaints {
            println!("{} (seed {}): {complaint}", report.name, report.seed);
        }
        self.reports.push(report);
    }

    /// The table as Markdown.
    pub fn text(&self) -> String {
        const INFALLIBLE: &str = "writing to a string cannot fail";
        let mut text = String::new();
        writeln!(text, "| scenario | {} |", HEADS.join(" | ")).expect(INFALLIBLE);
        writeln!(text, "|---|{}", "---:|".repeat(HEADS.len())).expect(INFALLIBLE);
        for report in &self.reports {
            let name = &report.name;
            match &report.skipped {
                Some(why) => writeln!(text, "| {name} | skipped: {why} |{}", " |".repeat(HEADS.len() - 1)),
                None => writeln!(text, "| {name} | {} |", report.figures.cells().join(" | ")),
            }
            .expect(INFALLIBLE);
        }
        writeln!(text, "| **all** | {} |", self.sum().cells().join(" | ")).expect(INFALLIBLE);
        text
    }

    /// All figures together.
    pub fn sum(&self) -> Figures {
        self.reports.iter().map(|report| report.figures).fold(Figures::default(), Figures::plus)
    }

    /// Writes the table to a file as JSON.
    pub fn write(&self, file: &Path) {
        let line = |report: &Report| {
            let mut line = numbers(&report.figures);
            line["scenario"] = json!(report.name);
            line["seed"] = json!(report.seed);
            line["complaints"] = json!(report.complaints);
            line["skipped"] = json!(report.skipped);
            line
        };
        let all = json!({
            "scenarios": self.reports.iter().map(line).collect::<Vec<_>>(),
            "all": numbers(&self.sum()),
        });
        let text = serde_json::to_string_pretty(&all).expect("numbers and texts are JSON");
        fs::write(file, text).expect("the table can be written");
    }

    /// Fails when anything was not as it must be.
    pub fn assert_fine(&self) {
        let bad: Vec<String> = self
            .reports
            .iter()
            .filter(|report| !report.complaints.is_empty())
            .map(|report| {
                format!("{} (SLUIS_TEST_SEED={}): {}", report.name, report.seed, report.complaints.join("\n  "))
            })
            .collect();
        assert!(bad.is_empty(), "{} scenarios failed:\n{}", bad.len(), bad.join("\n"));
        let sum = self.sum();
        assert_eq!((sum.lost, sum.different), (0, 0), "nothing may be lost and nothing contradicted");
    }
}

fn numbers(figures: &Figures) -> Value {
    json!({
        "kills": figures.kills,
        "starts": figures.starts,
        "cuts": figures.cuts,
        "outages": figures.outages,
        "failures": figures.failures,
        "messages": figures.messages,
        "lost": figures.lost,
        "different": figures.different,
        "duplicates": figures.duplicates,
        "seconds": (figures.took.as_secs_f64() * 10.0).round() / 10.0,
    })
}
