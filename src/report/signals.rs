//! Open signals per check.
//!
//! A report goes to more people than a signal does. A sentence that names an allocation points at one person, so such
//! sentences stand in no report, whoever it is for: the municipality finds them with `sluis signals` and in its events.
//! The sentence of a signal is told when it names none of its allocations and is about five allocations or more, about
//! none at all, or about an agreement whose figures may be seen.

use super::budget::Standing;
use super::small::LEAST;
use super::source::Source;
use super::table::{Cell, Column, Part, Row, Section, Table};
use crate::clock::dutch_day;
use crate::contract::check;
use crate::finding::{Severity, Signal};
use crate::ledger::Kept;
use crate::message::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Signals that stand in one row.
#[derive(Debug, Clone, Default)]
struct Tally {
    count: u64,
    severity: Option<Severity>,
    since: Option<Date>,
}

/// The section.
pub(super) fn section(source: Source<'_>, standings: &[Standing<'_>]) -> Section {
    let lang = source.lang();
    let heading = lang.say("Open signalen", "Open signals").to_owned();
    let mut rows: BTreeMap<(&str, &str, String, bool), Tally> = BTreeMap::new();
    for kept in source.snapshot.signals.iter().filter(|kept| is_in_scope(source, kept)) {
        let signal = &kept.signal;
        let told = is_told(signal, standings);
        let sentence = if told { lang.say(&signal.nl, &signal.en).to_owned() } else { general(source, &signal.check) };
        let tally = rows.entry((&signal.check, &signal.gemeente, sentence, told)).or_default();
        tally.count += 1;
        tally.severity = tally.severity.max(Some(signal.severity));
        let day = dutch_day(kept.opened_at);
        tally.since = Some(tally.since.map_or(day, |since| since.min(day)));
    }
    let mut parts = vec![Part::Note(explanation(source))];
    if rows.is_empty() {
        parts = vec![Part::Note(lang.say("Er staat geen signaal open.", "No signal is open.").to_owned())];
    } else {
        parts.push(Part::Table(table(source, rows)));
    }
    Section { id: "signalen", heading, parts }
}

fn is_in_scope(source: Source<'_>, kept: &Kept) -> bool {
    let (signal, scope) = (&kept.signal, source.scope);
    let names = |fact: &str, wanted: &str| {
        let text = signal.facts.get(fact).and_then(serde_json::Value::as_str).unwrap_or_default();
        text.split(", ").any(|each| each == wanted)
    };
    source.is_municipality(&signal.party())
        && scope.segment.as_deref().is_none_or(|segment| names("segment", segment))
        && scope.aanbieder.as_ref().is_none_or(|agb| names("aanbieder", agb.as_str()))
}

/// Whether the sentence itself may stand in a report.
fn is_told(signal: &Signal, standings: &[Standing<'_>]) -> bool {
    let named: BTreeSet<String> = signal.toewijzingen.iter().map(ToString::to_string).collect();
    let names_one = [&signal.nl, &signal.en]
        .into_iter()
        .any(|text| text.split(|letter: char| !letter.is_ascii_digit()).any(|number| named.contains(number)));
    let agreement = signal.facts.get("afspraak").and_then(serde_json::Value::as_str);
    let is_open = |id| standings.iter().any(|standing| standing.agreement.id == id && standing.is_open());
    let is_group = named.is_empty() || u64::try_from(named.len()).unwrap_or(u64::MAX) >= LEAST;
    !names_one && agreement.map_or(is_group, is_open)
}

/// What a check looks for.
fn general(source: Source<'_>, id: &str) -> String {
    check::find(id).map_or_else(String::new, |check| source.lang().say(check.nl, check.en).to_owned())
}

fn table(source: Source<'_>, rows: BTreeMap<(&str, &str, String, bool), Tally>) -> Table {
    let lang = source.lang();
    let rows = rows.into_iter().map(|((check, gemeente, sentence, told), tally)| {
        let is_small = !told && (1..LEAST).contains(&tally.count);
        Row::plain(vec![
            Cell::text(check),
            Cell::text(gemeente),
            Cell::text(source.municipality_name(&gemeente.into())),
            Cell::text(tally.severity.map_or("", |severity| word(lang, severity))),
            if is_small { Cell::Small } else { Cell::Number(tally.count) },
            tally.since.map_or(Cell::Absent, Cell::Date),
            Cell::text(sentence),
        ])
    });
    let caption = lang.say("Open signalen per controle en gemeente", "Open signals per check and municipality");
    let columns = vec![
        Column::text("controle", lang.say("Controle", "Check")),
        Column::file("gemeente"),
        Column::text("naam", lang.say("Gemeente", "Municipality")),
        Column::text("ernst", lang.say("Ernst", "Severity")),
        Column::figure("aantal", lang.say("Aantal", "Number")),
        Column::text("sinds", lang.say("Sinds", "Since")),
        Column::text("zin", lang.say("Wat er is", "What it is")),
    ];
    Table { id: "signalen".to_owned(), caption: caption.to_owned(), columns, rows: rows.collect() }
}

fn word(lang: super::Lang, severity: Severity) -> &'static str {
    match severity {
        Severity::Info => lang.say("ter kennisname", "info"),
        Severity::Warning => lang.say("let op", "warning"),
        Severity::High => lang.say("hoog", "high"),
    }
}

fn explanation(source: Source<'_>) -> String {
    source
        .lang()
        .say(
            "Signalen die nu openstaan, ook van vóór de periode. Een zin die een toewijzing noemt staat hier niet: daarvoor \
             in de plaats staat wat de controle nagaat. De gemeente vindt elk signaal met ‘sluis signals’.",
            "Signals that are open now, also from before the period. A sentence that names an allocation does not stand here: \
             in its place stands what the check looks for. The municipality finds each signal with ‘sluis signals’.",
        )
        .to_owned()
}
