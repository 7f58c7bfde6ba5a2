//! Waiting times: from the later of decision and first day of an allocation to the start of the care.
//!
//! A wait counts in the period in which it ends by a start (305). Care that began on or before that day has waited no
//! days. A wait is open at the end of the period, or on the day of the report when that is earlier, while there is
//! neither a start nor a granted line; a line without a start ends a wait whose length nobody knows (OP364). The decision
//! is that of the first version; a later version moves the first day. Allocations that begin before they are decided are
//! counted apart: their wait began earlier than the messages tell.

use super::chart::{Chart, Days, Drawing};
use super::lang::{per_mille, ratio};
use super::small::{Cells, Seen};
use super::source::Source;
use super::table::{Cell, Column, Part, Rank, Row, Section, Table};
use crate::contract::norms::WAIT_DAYS;
use crate::message::{Count, Date, Law, Party};
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

/// Waits of a provider in a segment, or of many.
#[derive(Debug, Clone, Default)]
struct Waits<'a> {
    /// Days of each that ended in the period.
    days: Vec<u64>,
    served: BTreeSet<&'a PersonKey>,
    /// How many of them ended within the norm; `None` without a norm.
    within: Option<u64>,
    /// Decided after the first day.
    late: u64,
    late_persons: BTreeSet<&'a PersonKey>,
    /// Waits that are open.
    open: u64,
    waiting: BTreeSet<&'a PersonKey>,
}

impl<'a> Waits<'a> {
    fn add(&mut self, other: &Waits<'a>) {
        self.days.extend(&other.days);
        self.served.extend(&other.served);
        self.within = match (self.within, other.within) {
            (Some(own), Some(more)) => Some(own + more),
            (own, more) => own.or(more),
        };
        self.late += other.late;
        self.late_persons.extend(&other.late_persons);
        self.open += other.open;
        self.waiting.extend(&other.waiting);
    }

    /// Median and ninetieth percentile (nearest rank) in tenths of days.
    fn spread(&self) -> Option<(i64, i64)> {
        let mut days = self.days.clone();
        days.sort_unstable();
        let count = days.len();
        let (low, high) = (*days.get(count.checked_sub(1)? / 2)?, *days.get(count / 2)?);
        let ninetieth = *days.get((count * 9).div_ceil(10) - 1)?;
        let tenths = |days: i128| i64::try_from(days * 10).unwrap_or(i64::MAX);
        let median = ratio((i128::from(low) + i128::from(high)) * 10, 2).unwrap_or(i64::MAX);
        Some((median, tenths(i128::from(ninetieth))))
    }
}

type Segments<'a> = BTreeMap<Option<&'a str>, BTreeMap<&'a Party, Waits<'a>>>;

/// The section.
pub(super) fn section(source: Source<'_>) -> Section {
    let lang = source.lang();
    let heading = lang.say("Wachttijden", "Waiting times").to_owned();
    let segments = waits(source);
    if segments.is_empty() {
        let none = lang.say(
            "In deze periode begon geen zorg en wachtte niemand.",
            "In this period no care began and nobody waited.",
        );
        return Section { id: "wachttijden", heading, parts: vec![Part::Note(none.to_owned())] };
    }
    let mut parts = vec![Part::Note(explanation(source))];
    let (table, chart) = table(source, &segments);
    parts.extend(chart.map(Part::Chart));
    parts.push(Part::Table(table));
    Section { id: "wachttijden", heading, parts }
}

fn waits(source: Source<'_>) -> Segments<'_> {
    let (scope, history) = (source.scope, &source.snapshot.history);
    let until = scope.period.to.min(scope.today);
    let mut starts: BTreeMap<(Law, &Party, Count), Date> = BTreeMap::new();
    for delivered in &history.deliveries {
        if let Some(nummer) = delivered.key.toewijzing_nummer {
            let first = starts.entry((delivered.law, &delivered.gemeente, nummer)).or_insert(delivered.key.begindatum);
            *first = (*first).min(delivered.key.begindatum);
        }
    }
    let granted = history.lines.iter().filter(|claimed| claimed.line.granted);
    let used: BTreeSet<(Law, &Party, Count)> = granted
        .filter(|claimed| claimed.line.periode.begindatum <= until)
        .map(|claimed| (claimed.law, &claimed.gemeente, claimed.line.toewijzing_nummer))
        .collect();
    let mut segments = Segments::new();
    for each in source.allocations() {
        let (allocated, allocation) = (each.allocated, each.allocation);
        let Some(first) = allocated.first() else { continue };
        let key = (allocated.law, &allocated.gemeente, allocation.nummer);
        let since = allocation.ingangsdatum.max(first.toewijzingsdatum);
        let start = starts.get(&key).copied();
        let is_open = start.is_none_or(|start| until < start)
            && !used.contains(&key)
            && since <= until
            && allocation.einddatum.is_none_or(|end| until <= end);
        let ended = start.filter(|start| scope.period.holds(*start));
        if !is_open && ended.is_none() {
            continue;
        }
        let waits = segments.entry(each.segment).or_default().entry(&allocation.aanbieder).or_default();
        if is_open {
            waits.open += 1;
            waits.waiting.insert(&allocation.person);
        }
        if let Some(start) = ended {
            let days = u64::try_from(since.duration_until(start).as_hours() / 24).unwrap_or(0);
            waits.days.push(days);
            waits.served.insert(&allocation.person);
            if let Some(norm) = norm(source, each.segment) {
                *waits.within.get_or_insert(0) += u64::from(days <= norm);
            }
            if allocation.ingangsdatum < first.toewijzingsdatum {
                waits.late += 1;
                waits.late_persons.insert(&allocation.person);
            }
        }
    }
    segments
}

fn norm(source: Source<'_>, segment: Option<&str>) -> Option<u64> {
    let norms = &source.register.region.norms.numbers;
    segment.map_or_else(|| norms.of(&WAIT_DAYS), |segment| norms.of_segment(&WAIT_DAYS, segment))
}

/// Cells of three sorts of figures, each with sums of its own.
#[derive(Default)]
struct Figures {
    served: Cells,
    late: Cells,
    open: Cells,
}

impl Figures {
    /// All three have a cell at the same place.
    fn add(&mut self, waits: &Waits<'_>) -> usize {
        self.late.add(waits.late_persons.len());
        self.open.add(waits.waiting.len());
        self.served.add(waits.served.len())
    }

    fn sum(&mut self, total: usize, parts: &[usize]) {
        for cells in [&mut self.served, &mut self.late, &mut self.open] {
            cells.sum(total, parts.to_vec());
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy)]
enum About<'a> {
    Segment(Option<&'a str>),
    Provider(Option<&'a str>, &'a Party),
    All,
}

impl<'a> About<'a> {
    fn segment(self) -> Option<&'a str> {
        match self {
            About::Segment(segment) | About::Provider(segment, _) => segment,
            About::All => None,
        }
    }

    /// Norms of segments differ, so all together have none.
    fn norm(self, source: Source<'_>) -> Option<u64> {
        match self {
            About::Segment(segment) | About::Provider(segment, _) => norm(source, segment),
            About::All => None,
        }
    }

    fn rank(self) -> Rank {
        match self {
            About::Segment(_) => Rank::Head,
            About::Provider(..) => Rank::Plain,
            About::All => Rank::Total,
        }
    }

    /// Segment, AGB code, name.
    fn cells(self, source: Source<'_>) -> Vec<Cell> {
        let (agb, name) = match self {
            About::Segment(segment) => ("", source.segment_name(segment)),
            About::Provider(_, agb) => (agb.as_str(), source.provider_name(agb)),
            About::All => ("", source.lang().say("Totaal", "Total").to_owned()),
        };
        [self.segment().unwrap_or_default(), agb, &name].map(Cell::text).into()
    }
}

fn table(source: Source<'_>, segments: &Segments<'_>) -> (Table, Option<Chart>) {
    let lang = source.lang();
    let mut figures = Figures::default();
    let mut rows: Vec<(About<'_>, Waits<'_>, usize)> = Vec::new();
    let mut all = Waits::default();
    let mut of_segments = Vec::new();
    for (segment, providers) in segments {
        let mut total = Waits::default();
        for waits in providers.values() {
            total.add(waits);
        }
        let parts: Vec<usize> = providers.values().map(|waits| figures.add(waits)).collect();
        let place = figures.add(&total);
        figures.sum(place, &parts);
        of_segments.push(place);
        all.add(&total);
        rows.push((About::Segment(*segment), total, place));
        let providers = providers.iter().zip(parts);
        rows.extend(providers.map(|((agb, waits), part)| (About::Provider(*segment, agb), waits.clone(), part)));
    }
    let place = figures.add(&all);
    figures.sum(place, &of_segments);
    // As there is no norm for all, nothing is within it.
    all.within = None;
    rows.push((About::All, all, place));
    let (served, late, open) = (figures.served.protect(), figures.late.protect(), figures.open.protect());
    let bars = rows.iter().filter(|(.., place)| served[*place] == Seen::Shown).filter_map(|(about, waits, _)| {
        let About::Segment(segment) = about else { return None };
        let (median, ninetieth) = waits.spread()?;
        Some((source.segment_name(*segment), median, ninetieth, norm(source, *segment)))
    });
    let chart = chart(source, bars.collect());
    let rows = rows.into_iter().map(|(about, waits, place)| {
        let spread = waits.spread();
        let count = waits.days.len();
        let within = waits.within.and_then(|within| per_mille(i128::from(within), i128::try_from(count).unwrap_or(0)));
        let norm = about.norm(source);
        let figures = [
            Cell::count(count).seen(served[place]),
            spread.map_or(Cell::Absent, |(median, _)| Cell::Tenths(median)).seen(served[place]),
            spread.map_or(Cell::Absent, |(_, ninetieth)| Cell::Tenths(ninetieth)).seen(served[place]),
            norm.map_or(Cell::Absent, Cell::Number),
            Cell::share(within).seen(served[place]),
            Cell::Number(waits.late).seen(late[place]),
            Cell::Number(waits.open).seen(open[place]),
        ];
        let cells = about.cells(source).into_iter().chain(figures).collect();
        Row { opens: None, rank: about.rank(), cells }
    });
    let caption = lang.say("Wachttijden per segment en aanbieder", "Waiting times per segment and provider").to_owned();
    let table = Table { id: "wachttijden".to_owned(), caption, columns: columns(source), rows: rows.collect() };
    (table, chart)
}

fn columns(source: Source<'_>) -> Vec<Column> {
    let lang = source.lang();
    vec![
        Column::file("segment"),
        Column::file("agb"),
        Column::text("naam", lang.say("Segment, aanbieder", "Segment, provider")),
        Column::figure("begonnen", lang.say("Begonnen", "Begun")),
        Column::figure("mediaan_dagen", lang.say("Mediaan (dagen)", "Median (days)")),
        Column::figure("p90_dagen", lang.say("P90 (dagen)", "P90 (days)")),
        Column::figure("norm_dagen", lang.say("Norm (dagen)", "Norm (days)")),
        Column::figure("binnen_norm_procent", lang.say("Binnen norm (%)", "Within norm (%)")),
        Column::figure("later_toegewezen", lang.say("Waarvan achteraf toegewezen", "Of which allocated afterwards")),
        Column::figure("wacht_nog", lang.say("Wacht nog", "Still waiting")),
    ]
}

fn chart(source: Source<'_>, bars: Vec<(String, i64, i64, Option<u64>)>) -> Option<Chart> {
    let lang = source.lang();
    if bars.is_empty() {
        return None;
    }
    let each: Vec<String> = bars
        .iter()
        .map(|(name, median, ninetieth, _)| {
            let (median, ninetieth) = (lang.tenths(*median), lang.tenths(*ninetieth));
            match lang {
                super::Lang::Nl => format!("{name}: mediaan {median}, P90 {ninetieth} dagen"),
                super::Lang::En => format!("{name}: median {median}, P90 {ninetieth} days"),
            }
        })
        .collect();
    let drawing = Days {
        bars,
        axis: lang.say("dagen tussen toewijzing en start", "days between allocation and start").to_owned(),
        names: [lang.say("mediaan", "median").to_owned(), "P90".to_owned(), lang.say("norm", "norm").to_owned()],
    };
    Some(Chart {
        id: "wachttijd".to_owned(),
        title: lang.say("Wachttijd per segment", "Waiting time per segment").to_owned(),
        description: format!("{}.", each.join("; ")),
        drawing: Drawing::Days(drawing),
    })
}

fn explanation(source: Source<'_>) -> String {
    let has_norm = source.register.region.norms.numbers.of(&WAIT_DAYS).is_some()
        || source.register.region.segments.keys().any(|segment| norm(source, Some(segment)).is_some());
    let lang = source.lang();
    let text = lang.say(
        "De wachttijd loopt van de latere van toewijzingsdatum en ingangsdatum tot de gemelde start. Wie aan het einde van \
         de periode (of op de dag van het rapport, als die eerder valt) geen start en geen toegekende declaratie heeft, \
         wacht nog. De P90 is de wachttijd waarbinnen negen op de tien zijn begonnen.",
        "The wait runs from the later of the day of the decision and the first day to the start reported. Whoever has neither \
         a start nor a granted line at the end of the period (or on the day of the report, when that is earlier) still waits. \
         The P90 is the wait within which nine in ten have begun.",
    );
    let without = lang
        .say(" De regio heeft geen norm vastgelegd (wait_days).", " The region has not laid down a norm (wait_days).");
    format!("{text}{}", if has_norm { "" } else { without })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_ninetieth_percentile() {
        let spread = |days: &[u64]| Waits { days: days.to_vec(), ..Waits::default() }.spread();
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7]), Some((70, 70)));
        assert_eq!(spread(&[10, 3]), Some((65, 100)), "half a day between two");
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 30]), Some((55, 90)), "nine in ten are within nine days");
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30]), Some((60, 100)));
    }
}
