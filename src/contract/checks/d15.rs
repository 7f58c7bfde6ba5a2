//! D15: declarations are right the first time.

use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{LATE_CLAIM_DAYS, MIN_CASES, RIGHT_FIRST_TIME_PERCENT, days, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D15",
    nl: "Declaraties van een aanbieder zijn in een keer goed.",
    en: "Declarations of a provider are right the first time.",
    default_policy: Policy::Observe,
    parameters: &["norms.right_first_time_percent", "norms.late_claim_days", "norms.min_cases"],
    run: Run::OverTime(run),
};

#[derive(Default)]
struct Lines {
    all: u64,
    granted: u64,
    late: u64,
    credits: u64,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let (Some(fewest), Some(floor)) = (norms.of(&MIN_CASES), norms.of(&RIGHT_FIRST_TIME_PERCENT)) else {
        return Vec::new();
    };
    let late = norms.of(&LATE_CLAIM_DAYS);
    let since = survey.today.saturating_sub(months(12));
    let mut lines: BTreeMap<(Law, &Party, &Party), Lines> = BTreeMap::new();
    for each in survey.history.lines.iter().filter(|each| since < each.on && each.on <= survey.today) {
        let counts = lines.entry((each.law, &each.gemeente, &each.aanbieder)).or_default();
        if each.line.is_credit() {
            counts.credits += 1;
            continue;
        }
        counts.all += 1;
        counts.granted += u64::from(each.line.granted);
        let is_late = late.is_some_and(|late| each.line.periode.einddatum.saturating_add(days(late)) <= each.on);
        counts.late += u64::from(is_late);
    }
    let wrong = |((law, gemeente, aanbieder), Lines { all, granted, late, credits }): (_, Lines)| {
        if all < fewest || granted.saturating_mul(100) >= all.saturating_mul(floor) {
            return None;
        }
        let (name, percent) = (survey.provider_name(aanbieder), granted * 100 / all.max(1));
        let nl = format!(
            "Van {name} is in twaalf maanden {percent}% van {all} gedeclareerde regels toegekend; de norm is {floor}%. \
             Bespreek de meest gegeven retourcodes."
        );
        let en = format!(
            "Of {name} {percent}% of {all} declared lines was granted in twelve months; the norm is {floor}%. Discuss the \
             return codes that were given most."
        );
        let raised = Raised::new(format!("aanbieder {aanbieder}"), Severity::Info, nl, en)
            .fact("regels", all)
            .fact("toegekend", granted)
            .fact("laat", late)
            .fact("credits", credits)
            .fact("norm_procent", floor);
        Some(Surveyed::new(law, gemeente, raised))
    };
    lines.into_iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::super::past::Past;
    use super::*;
    use jiff::civil::date;

    /// Ten lines of which `granted` were.
    fn told(granted: u64, change: impl Fn(&mut Past)) -> Vec<String> {
        let mut past = Past::new();
        past.register.region.norms.numbers.set(&MIN_CASES, 10.into());
        past.register.region.norms.numbers.set(&RIGHT_FIRST_TIME_PERCENT, 90.into());
        for number in 0..10 {
            past.claimed(number, "02A03", date(2026, 5, 1), 100, number < granted);
        }
        change(&mut past);
        past.subjects(&CHECK)
    }

    #[test]
    fn few_granted_lines_are_told() {
        assert_eq!(told(8, |_| ()), ["aanbieder 42420001"]);
        assert_eq!(told(9, |_| ()), [""; 0], "at the norm");
        assert_eq!(told(8, |past| past.today = date(2027, 5, 30)), ["aanbieder 42420001"]);
        assert_eq!(told(8, |past| past.today = date(2027, 5, 31)), [""; 0], "twelve months ago");
        assert_eq!(told(8, |past| drop(past.history.lines.remove(0))), [""; 0], "too few");
        let credit = |past: &mut Past| past.history.lines[9].line.vorig = Some("P1".into());
        assert_eq!(told(8, credit), [""; 0], "a credit is no line of care, so there are too few");
    }
}
