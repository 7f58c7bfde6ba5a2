//! The mix of levels: how heavy the care of each provider is, beside that of all providers of the segment.
//!
//! An allocation counts when it shares a day with the period and its product has a level. Providers with fewer cases
//! than the norm `min_cases`, or fewer than five persons, are taken together: their shares would be chance. When they are
//! fewer than five persons together, the smallest of the other providers stands among them. The mix to expect is that of all providers of the segment together, also in a report on one provider.

use super::chart::{Chart, Drawing, Funnel, Z_95, Z_998};
use super::lang::{per_mille, ratio};
use super::small::{Cells, LEAST, Seen};
use super::source::Source;
use super::table::{Cell, Column, Part, Rank, Row, Section, Table};
use crate::contract::norms::{HIGH_LEVEL, MIN_CASES};
use crate::message::Party;
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

/// Cases of one level.
#[derive(Debug, Clone, Default)]
struct Cases<'a> {
    count: u64,
    persons: BTreeSet<&'a PersonKey>,
}

/// Cases by level.
type Mix<'a> = BTreeMap<u32, Cases<'a>>;

/// The section.
pub(super) fn section(source: Source<'_>) -> Section {
    let lang = source.lang();
    let mut parts = Vec::new();
    let segments = mixes(source);
    if segments.is_empty() {
        let none = lang.say(
            "In deze periode loopt geen toewijzing van een product met een niveau.",
            "In this period there is no allocation of a product with a level.",
        );
        parts.push(Part::Note(none.to_owned()));
    } else {
        parts.push(Part::Note(threshold(source)));
    }
    for (segment, providers) in segments {
        if let Some(mix) = SegmentMix::of(source, segment, &providers) {
            parts.extend(mix.parts(source));
        }
    }
    let heading = lang.say("Niveaus van zorg", "Levels of care").to_owned();
    Section { id: "niveaus", heading, parts }
}

/// By segment and provider, of all providers.
fn mixes(source: Source<'_>) -> BTreeMap<&str, BTreeMap<&Party, Mix<'_>>> {
    let period = source.scope.period;
    let mut segments: BTreeMap<&str, BTreeMap<&Party, Mix<'_>>> = BTreeMap::new();
    for each in source.allocations_of_all() {
        let allocation = each.allocation;
        let code = allocation.product.as_ref().and_then(|product| product.code.as_ref());
        let product = code.and_then(|code| source.register.product(each.allocated.law, code, allocation.ingangsdatum));
        let level = product.and_then(|product| product.level);
        let (Some(segment), Some(level)) = (each.segment, level) else { continue };
        if period.overlaps(allocation.ingangsdatum, allocation.einddatum) {
            let mix = segments.entry(segment).or_default().entry(&allocation.aanbieder).or_default();
            let cases = mix.entry(level).or_default();
            cases.count += 1;
            cases.persons.insert(&allocation.person);
        }
    }
    if let Some(only) = &source.scope.aanbieder {
        segments.retain(|_, providers| providers.contains_key(only));
    }
    segments
}

/// Who a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who<'a> {
    One(&'a Party),
    Others,
    All,
}

/// A row: who, cases by level, persons, and what may be seen of all and of each level.
struct Line<'a> {
    who: Who<'a>,
    counts: Vec<u64>,
    seen: Vec<Seen>,
    seen_all: Seen,
}

impl Line<'_> {
    fn cases(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether every figure of the row may be seen.
    fn is_open(&self) -> bool {
        self.seen_all == Seen::Shown && self.seen.iter().all(|seen| *seen == Seen::Shown)
    }
}

struct SegmentMix<'a> {
    segment: &'a str,
    levels: Vec<u32>,
    /// The last is of all together.
    lines: Vec<Line<'a>>,
}

impl<'a> SegmentMix<'a> {
    fn of(source: Source<'_>, segment: &'a str, providers: &BTreeMap<&'a Party, Mix<'a>>) -> Option<SegmentMix<'a>> {
        let least = least(source, segment);
        let levels: BTreeSet<u32> = providers.values().flat_map(|mix| mix.keys().copied()).collect();
        let levels: Vec<u32> = levels.into_iter().collect();
        let mut rows: Vec<(Who<'a>, Mix<'a>)> = Vec::new();
        let (mut others, mut all) = (Mix::new(), Mix::new());
        for (agb, mix) in providers {
            merge(&mut all, mix);
            if source.is_provider(agb) && cases(mix) >= least && persons(mix) >= LEAST {
                rows.push((Who::One(agb), mix.clone()));
            } else {
                merge(&mut others, mix);
            }
        }
        // A rest of few persons would take figures of others along: rather one more provider stands among it. In a report
        // on one provider there is none to spare.
        while (1..LEAST).contains(&persons(&others)) && source.scope.aanbieder.is_none() {
            let smallest = (0..rows.len()).min_by_key(|at| (cases(&rows[*at].1), *at));
            let Some(smallest) = smallest else { break };
            merge(&mut others, &rows.remove(smallest).1);
        }
        if !others.is_empty() {
            rows.push((Who::Others, others));
        }
        rows.push((Who::All, all));
        let lines = protect(&levels, &rows);
        (!levels.is_empty()).then_some(SegmentMix { segment, levels, lines })
    }

    fn parts(&self, source: Source<'_>) -> Vec<Part> {
        let mut parts = vec![Part::Table(self.table(source))];
        let norms = &source.register.region.norms.numbers;
        let high = norms.of_segment(&HIGH_LEVEL, self.segment).and_then(|level| u32::try_from(level).ok());
        match high.and_then(|high| Some((high, self.funnel(source, high)?))) {
            Some((high, funnel)) => parts.extend(self.funnel_parts(source, high, funnel)),
            None => parts.push(Part::Note(self.no_funnel(source, high))),
        }
        parts
    }

    fn table(&self, source: Source<'_>) -> Table {
        let lang = source.lang();
        let mut columns = vec![
            Column::file("segment"),
            Column::file("agb"),
            Column::text("aanbieder", lang.say("Aanbieder", "Provider")),
            Column::figure("toewijzingen", lang.say("Toewijzingen", "Allocations")),
        ];
        let level = lang.say("Niveau", "Level");
        // Columns of the file need fixed names; levels are few and low, and a higher one shares the last name.
        columns.extend(self.levels.iter().map(|rank| Column::figure(level_key(*rank), format!("{level} {rank} (%)"))));
        columns.push(Column::figure("gemiddeld_niveau", lang.say("Gemiddeld niveau", "Mean level")));
        let rows = self.lines.iter().map(|line| self.row(source, line)).collect();
        let name = source.segment_name(Some(self.segment));
        let caption = match lang {
            super::Lang::Nl => format!("{name}: toewijzingen naar niveau, per aanbieder"),
            super::Lang::En => format!("{name}: allocations by level, per provider"),
        };
        Table { id: format!("niveaus-{}", self.segment), caption, columns, rows }
    }

    fn row(&self, source: Source<'_>, line: &Line<'_>) -> Row {
        let (agb, name) = named(source, line.who);
        let cases = line.cases();
        let mut cells = vec![Cell::text(self.segment), Cell::text(agb), Cell::text(name)];
        cells.push(Cell::Number(cases).seen(line.seen_all));
        let all = i128::from(cases);
        cells.extend(line.counts.iter().zip(&line.seen).map(|(count, seen)| {
            // Shares of a total that is left out are left out as well.
            let seen = if line.seen_all == Seen::Shown { *seen } else { line.seen_all };
            Cell::share(per_mille(i128::from(*count), all)).seen(seen)
        }));
        let sum: i128 =
            self.levels.iter().zip(&line.counts).map(|(rank, count)| i128::from(*rank) * i128::from(*count)).sum();
        let mean = ratio(sum * 10, all).map_or(Cell::Absent, Cell::Tenths);
        // With some levels known, the mean would give away those left out.
        cells.push(if line.is_open() { mean } else { mean.seen(Seen::Withheld) });
        let rank = if line.who == Who::All { Rank::Total } else { Rank::Plain };
        Row { opens: None, rank, cells }
    }

    fn hits(&self, line: &Line<'_>, high: u32) -> u64 {
        self.levels.iter().zip(&line.counts).filter(|(rank, _)| **rank >= high).map(|(_, count)| count).sum()
    }

    /// The providers that may be seen with all of their levels, around the share of all; `None` when there are none, or
    /// nothing to compare them with.
    fn funnel(&self, source: Source<'_>, high: u32) -> Option<Funnel> {
        let lang = source.lang();
        let all = self.lines.last().filter(|line| line.is_open())?;
        let mut funnel = Funnel {
            cases: all.cases(),
            hits: self.hits(all, high),
            points: Vec::new(),
            axes: [
                lang.say("toewijzingen van de aanbieder", "allocations of the provider").to_owned(),
                lang.say("deel zwaar (%)", "share heavy (%)").to_owned(),
            ],
            names: [
                lang.say("alle aanbieders", "all providers").to_owned(),
                lang.say("95 %-grenzen", "95 % limits").to_owned(),
                lang.say("99,8 %-grenzen", "99.8 % limits").to_owned(),
            ],
        };
        for (line, agb) in self.providers() {
            let share = share(self.hits(line, high), line.cases());
            let (low, top) = funnel.limits(line.cases(), Z_95);
            let stands_out = share < low || top < share;
            funnel.points.push((line.cases(), share, stands_out.then(|| agb.to_string())));
        }
        let own = funnel.points.iter().map(|(cases, ..)| *cases).max()?;
        let is_comparison = own < funnel.cases && (1..funnel.cases).contains(&funnel.hits);
        is_comparison.then_some(funnel)
    }

    fn providers(&self) -> impl Iterator<Item = (&Line<'a>, &'a Party)> {
        self.lines.iter().filter(|line| line.is_open()).filter_map(|line| match line.who {
            Who::One(agb) => Some((line, agb)),
            Who::Others | Who::All => None,
        })
    }

    fn funnel_parts(&self, source: Source<'_>, high: u32, funnel: Funnel) -> Vec<Part> {
        let lang = source.lang();
        let name = source.segment_name(Some(self.segment));
        let title = match lang {
            super::Lang::Nl => format!("{name}: deel niveau {high} en hoger, per aanbieder"),
            super::Lang::En => format!("{name}: share of level {high} and above, per provider"),
        };
        let rows: Vec<Row> = self
            .providers()
            .map(|(line, agb)| {
                let (cases, hits) = (line.cases(), self.hits(line, high));
                let own = share(hits, cases);
                let ((low, top), (lowest, highest)) = (funnel.limits(cases, Z_95), funnel.limits(cases, Z_998));
                let tenths = |thousandths: i64| Cell::share(ratio(i128::from(thousandths), 100));
                let (agb, name) = named(source, Who::One(agb));
                let place = place(lang, own, (low, top), (lowest, highest));
                let bounds = [low, top, lowest, highest].map(tenths);
                let mut cells = vec![Cell::text(self.segment), Cell::text(agb), Cell::text(name), Cell::Number(cases)];
                cells.extend([tenths(own), tenths(funnel.centre())]);
                cells.extend(bounds);
                cells.push(Cell::text(place));
                Row::plain(cells)
            })
            .collect();
        let outside = funnel.points.iter().filter(|(.., name)| name.is_some()).count();
        let description = match lang {
            super::Lang::Nl => format!(
                "Elke stip is een aanbieder: hoe verder naar rechts, hoe meer toewijzingen; hoe hoger, hoe groter het deel \
                 niveau {high} en hoger. {outside} van {} aanbieders liggen buiten de 95 %-grenzen rond het deel van alle \
                 aanbieders samen. De cijfers staan in de tabel eronder.",
                funnel.points.len()
            ),
            super::Lang::En => format!(
                "Each dot is a provider: the further right, the more allocations; the higher, the larger the share of level \
                 {high} and above. {outside} of {} providers lie outside the 95 % limits around the share of all providers \
                 together. The figures stand in the table below.",
                funnel.points.len()
            ),
        };
        let id = format!("trechter-{}", self.segment);
        let columns = vec![
            Column::file("segment"),
            Column::file("agb"),
            Column::text("aanbieder", lang.say("Aanbieder", "Provider")),
            Column::figure("toewijzingen", lang.say("Toewijzingen", "Allocations")),
            Column::figure("zwaar_procent", lang.say("Deel zwaar (%)", "Share heavy (%)")),
            Column::figure("verwacht_procent", lang.say("Verwacht (%)", "Expected (%)")),
            Column::figure("grens95_laag", lang.say("95 % laag", "95 % low")),
            Column::figure("grens95_hoog", lang.say("95 % hoog", "95 % high")),
            Column::figure("grens998_laag", lang.say("99,8 % laag", "99.8 % low")),
            Column::figure("grens998_hoog", lang.say("99,8 % hoog", "99.8 % high")),
            Column::text("plaats", lang.say("Plaats", "Place")),
        ];
        let chart = Chart { id: id.clone(), title: title.clone(), description, drawing: Drawing::Funnel(funnel) };
        vec![Part::Chart(chart), Part::Table(Table { id, caption: title, columns, rows })]
    }

    fn no_funnel(&self, source: Source<'_>, high: Option<u32>) -> String {
        let name = source.segment_name(Some(self.segment));
        match (high, source.lang()) {
            (None, super::Lang::Nl) => format!(
                "{name}: vanaf welk niveau zorg als zwaar geldt, heeft de regio niet vastgelegd (norm high_level); daarom \
                 geen trechtergrafiek."
            ),
            (None, super::Lang::En) => format!(
                "{name}: the region has not laid down from which level care counts as heavy (norm high_level); hence no \
                 funnel plot."
            ),
            (Some(_), super::Lang::Nl) => {
                format!(
                    "{name}: geen trechtergrafiek, want er zijn geen aanbieders met genoeg toewijzingen om te vergelijken, of \
                     geen verschillen in zwaarte."
                )
            }
            (Some(_), super::Lang::En) => format!(
                "{name}: no funnel plot, for there are no providers with enough allocations to compare, or no differences in \
                 weight."
            ),
        }
    }
}

/// Names of the columns of levels in the file.
fn level_key(rank: u32) -> &'static str {
    const KEYS: [&str; 13] = [
        "niveau_0_procent",
        "niveau_1_procent",
        "niveau_2_procent",
        "niveau_3_procent",
        "niveau_4_procent",
        "niveau_5_procent",
        "niveau_6_procent",
        "niveau_7_procent",
        "niveau_8_procent",
        "niveau_9_procent",
        "niveau_10_procent",
        "niveau_11_procent",
        "niveau_12_procent",
    ];
    usize::try_from(rank).ok().and_then(|rank| KEYS.get(rank)).copied().unwrap_or("niveau_hoger_procent")
}

fn cases(mix: &Mix<'_>) -> u64 {
    mix.values().map(|cases| cases.count).sum()
}

fn persons(mix: &Mix<'_>) -> u64 {
    let persons: BTreeSet<&PersonKey> = mix.values().flat_map(|cases| &cases.persons).copied().collect();
    u64::try_from(persons.len()).unwrap_or(u64::MAX)
}

fn merge<'a>(into: &mut Mix<'a>, mix: &Mix<'a>) {
    for (level, cases) in mix {
        let known = into.entry(*level).or_default();
        known.count += cases.count;
        known.persons.extend(&cases.persons);
    }
}

/// The rows as far as they may be seen: levels add up to their row, and rows to the last one.
fn protect<'a>(levels: &[u32], rows: &[(Who<'a>, Mix<'a>)]) -> Vec<Line<'a>> {
    let mut cells = Cells::default();
    let places: Vec<(usize, Vec<usize>)> = rows
        .iter()
        .map(|(_, mix)| {
            let of_level = |level| mix.get(level).map_or(0, |cases: &Cases<'_>| cases.persons.len());
            let parts: Vec<usize> = levels.iter().map(|level| cells.add(of_level(level))).collect();
            let total = cells.add(usize::try_from(persons(mix)).unwrap_or(usize::MAX));
            cells.sum(total, parts.clone());
            (total, parts)
        })
        .collect();
    if let Some(((total, of_levels), single)) = places.split_last() {
        for (at, of_level) in of_levels.iter().enumerate() {
            cells.sum(*of_level, single.iter().map(|(_, parts)| parts[at]).collect());
        }
        cells.sum(*total, single.iter().map(|(total, _)| *total).collect());
    }
    let seen = cells.protect();
    let lines = rows.iter().zip(places).map(|((who, mix), (total, parts))| Line {
        who: *who,
        counts: levels.iter().map(|level| mix.get(level).map_or(0, |cases| cases.count)).collect(),
        seen: parts.into_iter().map(|part| seen[part]).collect(),
        seen_all: seen[total],
    });
    lines.collect()
}

/// AGB code and name of whom a row is about.
fn named(source: Source<'_>, who: Who<'_>) -> (String, String) {
    let lang = source.lang();
    match who {
        Who::One(agb) => (agb.to_string(), source.provider_name(agb)),
        Who::Others => (String::new(), lang.say("Overige aanbieders", "Other providers").to_owned()),
        Who::All => (String::new(), lang.say("Alle aanbieders (verwacht)", "All providers (expected)").to_owned()),
    }
}

/// Thousandths of a percent.
fn share(part: u64, whole: u64) -> i64 {
    ratio(i128::from(part) * 100_000, i128::from(whole)).unwrap_or(0)
}

fn place(lang: super::Lang, own: i64, (low, top): (i64, i64), (lowest, highest): (i64, i64)) -> &'static str {
    if own > highest {
        lang.say("boven 99,8 %", "above 99.8 %")
    } else if own > top {
        lang.say("boven 95 %", "above 95 %")
    } else if own < lowest {
        lang.say("onder 99,8 %", "below 99.8 %")
    } else if own < low {
        lang.say("onder 95 %", "below 95 %")
    } else {
        lang.say("binnen", "within")
    }
}

fn least(source: Source<'_>, segment: &str) -> u64 {
    source.register.region.norms.numbers.of_segment(&MIN_CASES, segment).unwrap_or(0).max(LEAST)
}

fn threshold(source: Source<'_>) -> String {
    let norm = source.register.region.norms.numbers.of(&MIN_CASES);
    match (norm, source.lang()) {
        (Some(norm), super::Lang::Nl) => format!(
            "Aanbieders met minder dan {} toewijzingen of minder dan vijf cliënten staan samen onder ‘overige’ (norm \
             min_cases). Verwacht is de verdeling van alle aanbieders van het segment samen. De grenzen in de grafiek zeggen \
             wat toeval alleen al geeft; wie erbuiten ligt, verdient een gesprek, geen oordeel.",
            norm.max(LEAST)
        ),
        (Some(norm), super::Lang::En) => format!(
            "Providers with fewer than {} allocations or fewer than five clients stand together under ‘other’ (norm \
             min_cases). What is expected is the mix of all providers of the segment together. The limits in the chart tell \
             what chance alone would bring; whoever lies outside deserves a talk, not a verdict.",
            norm.max(LEAST)
        ),
        (None, super::Lang::Nl) => "Aanbieders met minder dan vijf toewijzingen of cliënten staan samen onder ‘overige’; een \
             eigen ondergrens heeft de regio niet vastgelegd (norm min_cases). Verwacht is de verdeling van alle aanbieders \
             van het segment samen. De grenzen in de grafiek zeggen wat toeval alleen al geeft; wie erbuiten ligt, verdient \
             een gesprek, geen oordeel."
            .to_owned(),
        (None, super::Lang::En) => "Providers with fewer than five allocations or clients stand together under ‘other’; the \
             region has not laid down a limit of its own (norm min_cases). What is expected is the mix of all providers of \
             the segment together. The limits in the chart tell what chance alone would bring; whoever lies outside deserves \
             a talk, not a verdict."
            .to_owned(),
    }
}
