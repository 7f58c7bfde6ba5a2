//! How a judged message is shown: one JSON object per message, or text under the offending lines.

use crate::decision::Verdict;
use crate::finding::{Finding, Signal, Skipped};
use crate::pipeline::{Judged, Prepared};
use serde::Serialize;
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

    /// Text for people: a heading, then each finding with the line it is about.
    pub(super) fn text(&self, source: &[u8]) -> String {
        let mut out = String::new();
        let kind = self.kind.as_deref().unwrap_or("unknown kind");
        let identification = self.identification.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{}: {kind} {identification}: {} at level {} ({} finding(s), {} signal(s))",
            self.file,
            self.verdict,
            self.level,
            self.findings.len(),
            self.signals.len(),
        )
        .expect("writing to a string cannot fail");
        for finding in self.findings {
            out.push_str(&finding_text(self.file, finding, source));
        }
        for signal in self.signals {
            writeln!(out, "  signal {} ({}): {}\n    {}", signal.check, signal.outcome, signal.nl, signal.en)
                .expect("writing to a string cannot fail");
        }
        if !self.skipped.is_empty() {
            for need in ["ledger", "contract", "question"] {
                let rules: Vec<&str> =
                    self.skipped.iter().filter(|skip| skip.needs == need).map(|skip| skip.rule.as_str()).collect();
                if !rules.is_empty() {
                    writeln!(out, "  not judged here, needs the {need}: {}", rules.join(" "))
                        .expect("writing to a string cannot fail");
                }
            }
        }
        out
    }
}

/// Elements whose values are personal: their lines are shown without the value.
const PERSONAL: [&str; 20] = [
    "Bsn",
    "Datum",
    "Achternaam",
    "Voorvoegsel",
    "Voornamen",
    "Voorletters",
    "Huisnummer",
    "Huisletter",
    "HuisnummerToevoeging",
    "Postcode",
    "Straatnaam",
    "Plaatsnaam",
    "Telefoonnummer",
    "Landnummer",
    "Emailadres",
    "Organisatie",
    "Commentaar",
    "Taal",
    "Nummer",
    "Naam",
];

fn finding_text(file: &str, finding: &Finding, source: &[u8]) -> String {
    let code = finding.code.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
    let line = source_line(source, finding.line);
    let margin = " ".repeat(finding.line.to_string().len());
    format!(
        "  {}{code} {}\n  {margin} --> {file}:{}:{}\n  {margin} |\n  {} | {line}\n  {margin} | {}\n  {margin} = {}\n  {margin} = {}\n",
        finding.rule,
        finding.path,
        finding.line,
        finding.column,
        finding.line,
        marker(&line),
        finding.nl,
        finding.en,
    )
}

/// A line of the source as it may be shown: without indentation, not longer than a screen, and without the values of
/// personal elements or anything that is not the element itself.
fn source_line(source: &[u8], number: u32) -> String {
    let line = source.split(|&byte| byte == b'\n').nth(number.saturating_sub(1) as usize).unwrap_or_default();
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let name = text.trim_start_matches('<').split(['>', ' ', '/']).next().unwrap_or_default();
    let local = name.rsplit(':').next().unwrap_or_default();
    if holds_citizen_number(name) {
        return "…".to_owned();
    }
    // A message on a single line would show everything at once: then only the first tag is shown.
    let several_elements = text.matches('<').count() > 2;
    if text.starts_with('<') && (PERSONAL.contains(&local) || several_elements || holds_citizen_number(text)) {
        return format!("<{name}>…");
    }
    if !text.starts_with('<') {
        return "…".to_owned();
    }
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Whether any nine digits in a row pass the eleven test of a citizen service number: senders build such numbers into
/// references and codes.
fn holds_citizen_number(text: &str) -> bool {
    text.as_bytes().windows(9).any(is_citizen_number)
}

fn is_citizen_number(nine: &[u8]) -> bool {
    let weight = |(digit, weight): (&u8, i32)| i32::from(digit - b'0') * weight;
    nine.iter().all(u8::is_ascii_digit)
        && nine.iter().zip([9, 8, 7, 6, 5, 4, 3, 2, -1]).map(weight).sum::<i32>() % 11 == 0
}

fn marker(line: &str) -> String {
    "^".repeat(line.chars().count().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_personal_values_are_masked() {
        let source = b"<a:Bericht>\n\t<a:Bsn>999900006</a:Bsn>\n\t<a:Eenheid>04</a:Eenheid>\n999900006\n";
        assert_eq!(source_line(source, 2), "<a:Bsn>\u{2026}");
        assert_eq!(source_line(source, 3), "<a:Eenheid>04</a:Eenheid>");
        assert_eq!(source_line(source, 4), "\u{2026}");
        assert_eq!(source_line(source, 99), "\u{2026}");
    }

    #[test]
    fn citizen_numbers_are_masked_wherever_they_stand() {
        let source =
            b"<a:ReferentieNummer>X9999000061-01</a:ReferentieNummer>\n<a:Begindatum>2026-01-08</a:Begindatum>";
        assert_eq!(source_line(source, 1), "<a:ReferentieNummer>\u{2026}");
        assert_eq!(source_line(source, 2), "<a:Begindatum>2026-01-08</a:Begindatum>");
        assert_eq!(source_line(b"<a:X999900006/>", 1), "\u{2026}");
    }

    #[test]
    fn a_message_on_one_line_shows_its_first_tag_only() {
        let source = b"<Bericht><Client><Bsn>999900006</Bsn></Client></Bericht>";
        assert_eq!(source_line(source, 1), "<Bericht>\u{2026}");
    }
}
