//! B17: what is allocated is used.
//!
//! Compared is the volume granted on an allocation with its allocated volume over the same `low_use_months` whole calendar
//! months: the latest up to the last month that its provider declared anything of in that law and municipality, so that
//! a provider that declares late is not taken for one that delivers little. The volume of a day is the volume of a week
//! over 7, of a month times 12 over 365, of the whole over its days; minutes and hours are one unit. Looked at are
//! allocations that run today, ran through all of those months, and whose care began and does not stand still. Told is
//! each whose use lies below `low_use_percent`, and a provider with more of those than its segments lead to expect in its
//! municipality (99.8 % limit).
//!
//! Source: checks B17 (Hart van Brabant, Gooi en Vechtstreek). Doubtful: where claims carry no real volume (a price per
//! period) nothing can be said; an allocation in euros is compared in euros, and one of a piece at once with pieces.

use super::chains::{Span, courses};
use super::rates::{Case, Side, Words, daily, decimals, minutes, outliers, same_unit};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{LOW_USE_MONTHS, LOW_USE_PERCENT, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Claimed, Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B17",
    nl: "Wat is toegewezen wordt gebruikt.",
    en: "What is allocated is used.",
    default_policy: Policy::Signal,
    parameters: &["norms.low_use_percent", "norms.low_use_months", "norms.min_cases"],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: ["lopende toewijzingen", "running allocations"],
    hits: ["worden weinig gebruikt", "are little used"],
    todo: [
        "Bespreek met de aanbieder of de toegewezen omvang of trede te hoog is.",
        "Ask the provider whether the allocated volume or step is too high.",
    ],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let mut lines: BTreeMap<(Law, &Party, Count), Vec<&Claimed>> = BTreeMap::new();
    let mut declared: BTreeMap<(Law, &Party, &Party), Date> = BTreeMap::new();
    for claimed in survey.history.lines.iter().filter(|claimed| claimed.line.granted) {
        let nummer = claimed.line.toewijzing_nummer;
        lines.entry((claimed.law, &claimed.gemeente, nummer)).or_default().push(claimed);
        let month = claimed.line.periode.begindatum.last_of_month();
        if month < survey.today {
            let last = declared.entry((claimed.law, &claimed.gemeente, &claimed.aanbieder)).or_insert(month);
            *last = month.max(*last);
        }
    }
    let mut told = Vec::new();
    let mut cases = Vec::new();
    for course in courses(survey) {
        for span in course.spans.iter().filter(|span| span.has_begun && !span.is_paused && span.to >= survey.today) {
            let segment = span.segment().unwrap_or_default();
            let (low, number) =
                (norms.of_segment(&LOW_USE_PERCENT, segment), norms.of_segment(&LOW_USE_MONTHS, segment));
            let (Some(low), Some(number)) = (low, number.filter(|number| *number > 0)) else { continue };
            let provided = (course.law, course.gemeente, &span.allocation.aanbieder);
            let Some(until) = declared.get(&provided).copied() else { continue };
            let since = until.first_of_month().saturating_sub(months(number - 1));
            let granted = lines.get(&(course.law, course.gemeente, span.nummer())).map_or(&[][..], Vec::as_slice);
            let Some(used) = used(span, granted, since, until) else { continue };
            let is_low = used.granted * 100 < used.allocated * i128::from(low);
            cases.push(Case { provided, stratum: (segment, 0), nummer: span.nummer(), is_hit: is_low });
            if is_low {
                let raised = little(survey, span, &used, (since, until, low));
                told.push(Surveyed::new(course.law, course.gemeente, raised));
            }
        }
    }
    told.extend(outliers(survey, &cases, Side::Above, &WORDS));
    told
}

/// Granted and allocated volume over the same days, in parts of one denominator.
struct Used {
    granted: i128,
    allocated: i128,
}

/// What was used of an allocation; `None` when it does not run through those months, or volumes cannot be compared.
fn used(span: &Span<'_>, granted: &[&Claimed], since: Date, until: Date) -> Option<Used> {
    let omvang = span.allocation.omvang.as_ref().filter(|_| span.from <= since && until <= span.to)?;
    let (volume, per) = daily(span.allocation, omvang)?;
    let days = i128::from(super::chains::days_between(since, until)) + 1;
    let mut sum = 0;
    for claimed in granted {
        let line = &claimed.line;
        if !same_unit(line.eenheid, omvang.eenheid) {
            return None;
        }
        if since <= line.periode.begindatum && line.periode.begindatum <= until {
            let volume = i128::from(line.volume) * minutes(line.eenheid);
            sum += if line.is_credit() { -volume } else { volume };
        }
    }
    Some(Used { granted: sum.max(0) * per, allocated: volume * days }).filter(|used| used.allocated > 0)
}

fn little(survey: &Survey<'_>, span: &Span<'_>, used: &Used, (since, until, low): (Date, Date, u64)) -> Raised {
    // Rounded down: what is told as too little never reads as enough.
    let use_ = u64::try_from(used.granted * 1_000 / used.allocated).unwrap_or(u64::MAX);
    let (nummer, code, name) = (span.nummer(), span.product_name(), survey.provider_name(&span.allocation.aanbieder));
    let nl = format!(
        "Van toewijzing {nummer} (product {code}) bij {name} is van {since} tot en met {until} {} % gebruikt, minder dan \
         {low} %. Ga na of de inwoner de zorg krijgt die nodig is, en of omvang of trede lager kan; verlagen gaat in \
         overleg met de aanbieder.",
        decimals(use_, 1, ','),
    );
    let en = format!(
        "Of allocation {nummer} (product {code}) at {name} {} % was used from {since} until {until}, less than {low} %. See \
         whether the person gets the care that is needed, and whether volume or step can be lower; lowering is done in \
         consultation with the provider.",
        decimals(use_, 1, '.'),
    );
    Raised::new(format!("toewijzing {nummer}"), Severity::Info, nl, en)
        .about([nummer])
        .fact("aanbieder", span.allocation.aanbieder.as_str())
        .fact("product", code)
        .fact("van", since.to_string())
        .fact("tot_en_met", until.to_string())
        .fact("gebruik_promille", use_)
        .fact("norm_procent", low)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::{Eenheid, Frequentie, Omvang};
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "toewijzing 1")];

    /// Seven hours a week from April to June 2026 is 91 hours; half of it is 45 and a half.
    fn seven(t: &mut Timeline, april: Count, june: Count) {
        t.norm(&LOW_USE_PERCENT, 50);
        t.norm(&LOW_USE_MONTHS, 3);
        let omvang = Omvang { volume: 7, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek };
        t.allocation(1, "a", "02A02", date(2026, 4, 1), None).versions[0].omvang = Some(omvang);
        t.claim(1, date(2026, 4, 1), april, 1);
        t.claim(1, date(2026, 6, 1), june, 1);
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&LOW_USE_PERCENT, 50)),
        silent("more than half is used", |t| seven(t, 40, 6)),
        raises("less than half is used", TOLD, |t| seven(t, 40, 5)),
        silent("the half hour that it lacks, in minutes", |t| {
            seven(t, 40, 5);
            t.claim(1, date(2026, 5, 1), 30, 1).line.eenheid = Eenheid::Minuut;
        }),
        raises("a minute less than that", TOLD, |t| {
            seven(t, 40, 5);
            t.claim(1, date(2026, 5, 1), 29, 1).line.eenheid = Eenheid::Minuut;
        }),
        raises("a credit takes it back", TOLD, |t| {
            seven(t, 40, 6);
            t.claim(1, date(2026, 6, 1), 1, -1).line.vorig = Some("R1".into());
        }),
        raises("what was not granted was not used", TOLD, |t| {
            seven(t, 40, 5);
            t.claim(1, date(2026, 5, 1), 20, 1).line.granted = false;
        }),
        silent("it began a day after the months", |t| {
            seven(t, 40, 5);
            t.history.allocations[0].versions[0].ingangsdatum = date(2026, 4, 2);
        }),
        silent("it does not run any more", |t| {
            seven(t, 40, 5);
            t.history.allocations[0].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        silent("the care stands still", |t| {
            seven(t, 40, 5);
            t.start(1, date(2026, 4, 1));
            t.stop(1, "20", date(2026, 6, 15));
        }),
        silent("claims of another unit", |t| {
            seven(t, 40, 5);
            t.history.lines[0].line.eenheid = Eenheid::Etmaal;
        }),
        silent("the provider has declared no month later than May", |t| {
            seven(t, 40, 5);
            t.history.lines[1].line.periode.begindatum = date(2026, 5, 1);
        }),
        silent("it never began, which C2 tells", |t| {
            seven(t, 40, 5);
            t.allocation(2, "b", "02A02", date(2026, 1, 1), None);
            t.history.lines.iter_mut().for_each(|claimed| claimed.line.toewijzing_nummer = 2);
            let omvang = Omvang { volume: 1, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek };
            t.history.allocations[1].versions[0].omvang = Some(omvang);
        }),
        silent("an allocation with a budget only", |t| {
            seven(t, 40, 5);
            t.history.allocations[0].versions[0].omvang = None;
        }),
        silent("nobody stated what is low", |t| {
            seven(t, 40, 5);
            t.no_norm(&LOW_USE_PERCENT);
        }),
        silent("a number of cases does not change that", |t| {
            seven(t, 40, 6);
            t.norm(&MIN_CASES, 5);
        }),
    ]
}
