//! What providers' messages were rejected for: the return codes that came up most, and the share of lines granted.
//!
//! Messages of providers (305, 307, 315, 317, 323) count by the Dutch day on which they came in, lines by the
//! Dagtekening of their 323. Messages belong to no segment. What could not be read at all names no provider.

use super::lang::per_mille;
use super::small::LEAST;
use super::source::Source;
use super::table::{Cell, Column, Part, Row, Section, Table};
use crate::clock::dutch_day;
use crate::decision::Verdict;
use crate::message::{Direction, Party};
use crate::rules;
use crate::rules::facts::PersonKey;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many codes are shown of a provider.
const TOP: usize = 5;

/// What came of a provider's messages.
#[derive(Debug, Clone, Default)]
struct Tally<'a> {
    messages: u64,
    rejected: u64,
    /// How often each code and rule came up.
    broken: BTreeMap<(&'a str, &'a str), u64>,
    lines: u64,
    granted: u64,
    persons: BTreeSet<&'a PersonKey>,
}

/// The section.
pub(super) fn section(source: Source<'_>) -> Section {
    let lang = source.lang();
    let tallies = tally(source);
    let mut parts = Vec::new();
    if tallies.is_empty() {
        let none = lang.say(
            "In deze periode kwam geen bericht van een aanbieder binnen.",
            "In this period no message of a provider came in.",
        );
        parts.push(Part::Note(none.to_owned()));
    } else {
        if source.scope.segment.is_some() {
            let note = lang.say(
                "Berichten horen niet bij één segment: deze cijfers zijn van alle segmenten, behalve die van de regels.",
                "Messages belong to no one segment: these figures are of all segments, but for those of the lines.",
            );
            parts.push(Part::Note(note.to_owned()));
        }
        parts.push(Part::Table(messages(source, &tallies)));
        let codes = codes(source, &tallies);
        if codes.rows.is_empty() {
            let none = lang.say("Geen bericht is afgekeurd.", "No message was rejected.");
            parts.push(Part::Note(none.to_owned()));
        } else {
            parts.push(Part::Table(codes));
        }
    }
    let heading = lang.say("Afkeuringen", "Rejections").to_owned();
    Section { id: "afkeuringen", heading, parts }
}

fn tally(source: Source<'_>) -> BTreeMap<&Party, Tally<'_>> {
    let period = source.scope.period;
    let mut tallies: BTreeMap<&Party, Tally<'_>> = BTreeMap::new();
    for judged in &source.snapshot.judged {
        let is_asked = judged.number.direction() == Direction::ToMunicipality && !judged.number.is_return();
        let is_ours = source.is_municipality(&judged.gemeente) && source.is_provider(&judged.aanbieder);
        if !is_asked || !is_ours || !period.holds(dutch_day(judged.received_at)) {
            continue;
        }
        let tally = tallies.entry(&judged.aanbieder).or_default();
        tally.messages += 1;
        tally.rejected += u64::from(matches!(judged.verdict, Verdict::Rejected | Verdict::Partly));
        for (rule, code) in &judged.broken {
            *tally.broken.entry((code.as_deref().unwrap_or_default(), rule)).or_default() += 1;
        }
    }
    for (claimed, _) in source.lines().filter(|(claimed, _)| period.holds(claimed.on)) {
        let tally = tallies.entry(&claimed.aanbieder).or_default();
        tally.lines += 1;
        tally.granted += u64::from(claimed.line.granted);
        tally.persons.insert(&claimed.line.person);
    }
    tallies
}

/// A count as it may be seen: one to four are left out.
fn counted(count: u64) -> Cell {
    if (1..LEAST).contains(&count) { Cell::Small } else { Cell::Number(count) }
}

fn messages(source: Source<'_>, tallies: &BTreeMap<&Party, Tally<'_>>) -> Table {
    let lang = source.lang();
    let rows = tallies.iter().map(|(agb, tally)| {
        let is_small = (1..LEAST).contains(&u64::try_from(tally.persons.len()).unwrap_or(u64::MAX));
        let share = Cell::share(per_mille(i128::from(tally.granted), i128::from(tally.lines)));
        let lines = [Cell::Number(tally.lines), share].map(|cell| match cell {
            Cell::Number(_) | Cell::PerMille(_) if is_small => Cell::Small,
            cell => cell,
        });
        let [lines, share] = lines;
        Row::plain(vec![
            Cell::text(agb.as_str()),
            Cell::text(source.provider_name(agb)),
            counted(tally.messages),
            counted(tally.rejected),
            lines,
            share,
        ])
    });
    let caption = lang.say("Berichten en regels per aanbieder", "Messages and lines per provider").to_owned();
    let columns = vec![
        Column::file("agb"),
        Column::text("aanbieder", lang.say("Aanbieder", "Provider")),
        Column::figure("berichten", lang.say("Berichten", "Messages")),
        Column::figure("afgekeurd", lang.say("Geheel of deels afgekeurd", "Rejected or partly")),
        Column::figure("regels", lang.say("Regels", "Lines")),
        Column::figure("regels_toegekend_procent", lang.say("Regels toegekend (%)", "Lines granted (%)")),
    ];
    Table { id: "berichten".to_owned(), caption, columns, rows: rows.collect() }
}

fn codes(source: Source<'_>, tallies: &BTreeMap<&Party, Tally<'_>>) -> Table {
    let lang = source.lang();
    let sentences: BTreeMap<&str, &str> =
        rules::all().into_iter().map(|rule| (rule.id, lang.say(rule.nl, rule.en))).collect();
    let unknown = lang.say("Het bericht voldoet niet aan het schema.", "The message does not follow the schema.");
    let mut rows = Vec::new();
    for (agb, tally) in tallies {
        let mut broken: Vec<(&(&str, &str), u64)> = tally.broken.iter().map(|(key, count)| (key, *count)).collect();
        broken.sort_by_key(|(key, count)| (Reverse(*count), *key));
        rows.extend(broken.into_iter().take(TOP).map(|((code, rule), count)| {
            // At level 1 the schema is the rule.
            let sentence = sentences.get(rule).copied().unwrap_or(unknown);
            let name = source.provider_name(agb);
            let texts = [agb.as_str(), &name, code, rule, sentence].map(Cell::text);
            let [agb, name, code, rule, sentence] = texts;
            Row::plain(vec![agb, name, code, rule, counted(count), sentence])
        }));
    }
    let caption = match lang {
        super::Lang::Nl => format!("De {TOP} codes die per aanbieder het meest voorkwamen"),
        super::Lang::En => format!("The {TOP} codes that came up most per provider"),
    };
    let columns = vec![
        Column::file("agb"),
        Column::text("aanbieder", lang.say("Aanbieder", "Provider")),
        Column::text("code", lang.say("Code", "Code")),
        Column::text("regel", lang.say("Regel", "Rule")),
        Column::figure("keren", lang.say("Keren", "Times")),
        Column::text("betekenis", lang.say("Wat de regel vraagt", "What the rule asks")),
    ];
    Table { id: "afkeurcodes".to_owned(), caption, columns, rows }
}
