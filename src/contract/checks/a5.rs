//! A5: no care is promised for after the longest end of the contract.
//!
//! A contract period has a last day that no extension can move. A4 tells of care that runs on after the contract as it
//! was decided, which an extension may mend; this tells, beside it, of care that none will cover. Of several periods of a
//! segment the last one counts; a period that is open, and a segment without periods, has no longest end.

use super::cover::{Care, regional, sentence};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use crate::finding::Severity;
use crate::message::{Date, Number};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A5",
    nl: "Een toewijzing loopt niet door na de uiterste einddatum van de contractperiode.",
    en: "No allocation runs on after the longest end of the contract period.",
    default_policy: Policy::Observe,
    parameters: &["region.toml period"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315, Number::N317], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    regional(look)
        .iter()
        .filter_map(|care| {
            let (until, last) = (care.until?, longest_end(look, care)?);
            if until <= last {
                return None;
            }
            let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
            let segments = care.segments();
            let nl = format!(
                "{wat} loopt tot en met {until}; contracten voor {segments} eindigen uiterlijk op {last}, met alle \
                 verlengingen. Laat het einde daarbinnen vallen: voor de tijd erna komt een nieuw contract."
            );
            let en = format!(
                "{what} runs until {until}; contracts for {segments} end on {last} at the latest, with every extension. \
                 Let it end by then: for the time after that there will be a new contract."
            );
            let mut raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            raised.subject.push_str(" uiterste einde");
            raised.severity = Severity::High;
            Some(raised.fact("einddatum", until.to_string()).fact("uiterste_einddatum", last.to_string()))
        })
        .collect()
}

/// The last day on which a contract for the care can hold.
fn longest_end(look: &Look<'_>, care: &Care) -> Option<Date> {
    let periods: Vec<_> = care
        .profiles(look)
        .into_iter()
        .flat_map(|segment| &segment.periods)
        .filter_map(|id| look.register.region.periods.get(id))
        .collect();
    if periods.iter().any(|period| period.longest_end.is_none()) {
        return None;
    }
    periods.iter().filter_map(|period| period.longest_end).max()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    // Three years from 2022 with two extensions of two years.
    vec![
        silent("the last day of the last extension", Number::N301, |s| {
            s.allocation().einddatum = Some(date(2028, 12, 31));
        }),
        raises("the day after it", Number::N301, &["toewijzing 1001 uiterste einde"], |s| {
            s.allocation().einddatum = Some(date(2029, 1, 1));
        }),
        silent("without an end", Number::N301, |s| s.allocation().einddatum = None),
        silent("a segment without a stated period", Number::N301, |s| {
            s.care("01", "01A01");
            s.allocation().einddatum = Some(date(2035, 1, 1));
        }),
        silent("a request until that day", Number::N315, |s| {
            s.asked().toewijzing_einddatum = Some(date(2028, 12, 31));
        }),
        raises("a request for longer", Number::N315, &["verzoek V-2026-1 02A03 uiterste einde"], |s| {
            s.asked().toewijzing_einddatum = Some(date(2029, 1, 1));
        }),
        silent("a change until that day", Number::N317, |s| s.changed().einddatum = Some(date(2028, 12, 31))),
        raises("a change for longer", Number::N317, &["verzoek V-2026-1 op toewijzing 1001 uiterste einde"], |s| {
            s.changed().einddatum = Some(date(2029, 1, 1));
        }),
    ]
}
