//! D22: what a region should look at before it trusts a bill: care after a death, and turnover that leaps.
//!
//! Only what messages show; never a verdict on a provider. More units than days or weeks hold are rejected by the
//! standard (9321).

use super::turnover::{Pair, figure, granted, year};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::TURNOVER_GROWTH_PERCENT;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Party};
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D22",
    nl: "Declaraties hebben geen kenmerken die om nader onderzoek vragen.",
    en: "Declarations have no marks that ask for a closer look.",
    default_policy: Policy::Observe,
    parameters: &["norms.turnover_growth_percent"],
    run: Run::OverTime(run),
};

/// `RedenBeeindiging` of a death, in both laws.
const DECEASED: &str = "02";

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut raised = after_death(survey);
    raised.extend(leaps(survey));
    raised
}

/// Granted lines over a period that begins after a stop of that person because of death.
fn after_death(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut deaths: BTreeMap<(Law, &Party, &PersonKey), Date> = BTreeMap::new();
    for each in &survey.history.deliveries {
        if let Some(stop) = each.stop.as_ref().filter(|stop| stop.reden.as_str() == DECEASED) {
            let on = deaths.entry((each.law, &each.gemeente, &each.person)).or_insert(stop.einddatum);
            *on = (*on).min(stop.einddatum);
        }
    }
    let mut found: BTreeMap<Pair, (BTreeSet<Count>, i128)> = BTreeMap::new();
    for each in survey.history.lines.iter().filter(|each| each.line.granted) {
        let line = &each.line;
        let died = deaths.get(&(each.law, &each.gemeente, &line.person));
        if died.is_some_and(|died| *died < line.periode.begindatum) {
            let pair = (each.law, each.gemeente.clone(), each.aanbieder.clone());
            let (numbers, sum) = found.entry(pair).or_default();
            numbers.insert(line.toewijzing_nummer);
            *sum += i128::from(line.bedrag.0);
        }
    }
    let still_paid = found.into_iter().filter(|(_, (_, sum))| *sum > 0);
    still_paid
        .map(|((law, gemeente, aanbieder), (numbers, sum))| {
            let (name, count) = (survey.provider_name(&aanbieder), numbers.len());
            let nl = format!(
                "Aan {name} is op {count} toewijzing(en) zorg toegekend over een periode na het overlijden van de client. \
                 Vraag de aanbieder om een correctie."
            );
            let en = format!(
                "{name} was granted care on {count} allocation(s) over a period after the death of the client. Ask the \
                 provider for a correction."
            );
            let raised = Raised::new(format!("aanbieder {aanbieder} na overlijden"), Severity::High, nl, en)
                .about(numbers)
                .fact("toegekend_cent", figure(sum));
            Surveyed::new(law, &gemeente, raised)
        })
        .collect()
}

/// Providers whose turnover of the last whole year is far above that of the year before.
fn leaps(survey: &Survey<'_>) -> Vec<Surveyed> {
    let Some(norm) = survey.register.region.norms.numbers.of(&TURNOVER_GROWTH_PERCENT) else { return Vec::new() };
    let last = survey.today.year().saturating_sub(1);
    let turnover = |number: i16| {
        let (from, to) = year(number);
        granted(survey, from, to)
    };
    let (now, before) = (turnover(last), turnover(last.saturating_sub(1)));
    let leap = |((law, gemeente, aanbieder), now): (Pair, i128)| {
        let before = *before.get(&(law, gemeente.clone(), aanbieder.clone()))?;
        if before <= 0 || (now - before) * 100 <= before * i128::from(norm) {
            return None;
        }
        let (name, percent) = (survey.provider_name(&aanbieder), (now - before) * 100 / before);
        let nl = format!(
            "De omzet van {name} groeide in {last} met {percent}%, meer dan de norm van {norm}%. Vraag naar de oorzaak."
        );
        let en = format!("The turnover of {name} grew by {percent}% in {last}, above the norm of {norm}%. Ask why.");
        let raised = Raised::new(format!("aanbieder {aanbieder} omzet {last}"), Severity::Info, nl, en)
            .fact("omzet_cent", figure(now))
            .fact("omzet_eerder_cent", figure(before))
            .fact("norm_procent", norm);
        Some(Surveyed::new(law, &gemeente, raised))
    };
    now.into_iter().filter_map(leap).collect()
}

#[cfg(test)]
mod tests {
    use super::super::past::Past;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn care_after_a_death_is_told_until_it_is_taken_back() {
        let mut past = Past::new();
        past.stopped(1, date(2026, 1, 1), DECEASED, date(2026, 3, 1));
        past.claimed(1, "02A03", date(2026, 3, 1), 100, true);
        past.claimed(1, "02A03", date(2026, 4, 1), 100, false);
        past.claimed(2, "02A03", date(2026, 4, 1), 100, true);
        assert_eq!(past.subjects(&CHECK), [""; 0], "the month of the death, a refused line, another client");
        past.claimed(1, "02A03", date(2026, 4, 1), 100, true);
        assert_eq!(past.subjects(&CHECK), ["aanbieder 42420001 na overlijden"]);
        past.claimed(1, "02A03", date(2026, 4, 1), -100, true);
        assert_eq!(past.subjects(&CHECK), [""; 0], "credited");
    }

    #[test]
    fn turnover_that_leaps_is_told() {
        let told = |cents| {
            let mut past = Past::new();
            past.register.region.norms.numbers.set(&TURNOVER_GROWTH_PERCENT, 50.into());
            past.claimed(1, "02A03", date(2024, 12, 1), 1_000, true);
            past.claimed(1, "02A03", date(2025, 1, 1), cents, true);
            past.claimed(1, "02A03", date(2026, 1, 1), 1_000_000, true);
            past.subjects(&CHECK)
        };
        assert_eq!(told(1_500), [""; 0], "at the norm");
        assert_eq!(told(1_501), ["aanbieder 42420001 omzet 2025"]);
    }
}
