//! How a judged message is shown: one JSON object per message, or text under the offending lines.

use super::explain::{Explainer, clean};
use crate::decision::Verdict;
use crate::finding::{Finding, Signal, Skipped};
use crate::pipeline::{Judged, Prepared};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One judged message, in the form of the command line's JSON (design, section 5).
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    file: &'a str,
    kind: Option<String>,
    identification: Option<String>,
    level: u8,
    verdict: Verdict,
    findings: &'a [Finding],
    /// Kind of the reply that the receiving party owes.
    reply: Option<String>,
    signals: &'a [Signal],
    /// Rules that apply but could not run here.
    skipped: &'a [Skipped],
}

impl<'a> Report<'a> {
    /// A report on `judged`, which came from `file`.
    pub(super) fn of(file: &'a str, prepared: &Prepared, judged: &'a Judged) -> Report<'a> {
        let decision = &judged.decision;
        let kind = decision.kind.map(|kind| kind.to_string());
        let identification = match (&decision.identity, &prepared.reading) {
            (Some(identity), _) => Some(identity.identificatie.clone()),
            (None, Err(unreadable)) => unreadable.identificatie.clone(),
            (None, Ok(_)) => None,
        };
        Report {
            file,
            kind,
            identification,
            level: decision.level,
            verdict: decision.verdict,
            findings: &decision.findings,
            reply: judged.owed_reply.as_ref().map(|reply| reply.kind.to_string()),
            signals: &decision.signals,
            skipped: &decision.skipped,
        }
    }

    /// The JSON object, on one line.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("a report is made of strings and numbers")
    }

    /// Text for people: what happened, then each finding under the line it is about, then what was not judged.
    pub(super) fn text(&self, prepared: &Prepared, colours: bool) -> String {
        let mut out = self.heading();
        if !(self.findings.is_empty() && self.signals.is_empty()) {
            let explainer = Explainer::new(self.file, prepared, colours);
            for finding in self.findings {
                out.push_str(&explainer.finding(finding));
                out.push('\n');
            }
            for signal in self.signals {
                out.push_str(&explainer.signal(signal));
                out.push('\n');
            }
            out.push('\n');
        }
        for need in ["ledger", "contract", "question"] {
            let rules: Vec<&str> =
                self.skipped.iter().filter(|skip| skip.needs == need).map(|skip| skip.rule.as_str()).collect();
            if !rules.is_empty() {
                writeln!(out, "  not judged here, needs the {need}: {}", rules.join(" "))
                    .expect("writing to a string cannot fail");
            }
        }
        let rules: BTreeSet<&str> = self.findings.iter().map(|finding| finding.rule.as_str()).collect();
        if self.level > 1 && !rules.is_empty() {
            let rules: Vec<&str> = rules.into_iter().collect();
            writeln!(out, "  help: sluis rules {}", rules.join(" ")).expect("writing to a string cannot fail");
        }
        out
    }

    fn heading(&self) -> String {
        let kind = self.kind.as_deref().unwrap_or("unknown kind");
        let identification = self.identification.as_deref().unwrap_or("-");
        let mut parts =
            vec![format!("{} at level {}", self.verdict, self.level), count(self.findings.len(), "finding")];
        if !self.signals.is_empty() {
            parts.push(count(self.signals.len(), "signal"));
        }
        parts.extend(self.reply.as_ref().map(|reply| format!("reply {reply}")));
        clean(&format!("{}: {kind} {identification}: {}", self.file, parts.join(", "))) + "\n"
    }
}

fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
