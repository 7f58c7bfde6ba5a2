//! C6: what is owed is answered within the terms of the standard.
//!
//! The terms and what is open stand in the ledger as questions (`docs/deadlines.md` has terms, sources and doubtful
//! readings). Raised is, per municipality, law, kind of debt and party that owes it: how many are over their term
//! today, and how many end today or on the next working day, so that there is still time to answer. Once a day; the
//! gauges of the gateway and `sluis doctor` tell the same at any moment. A stable case per party: it ends when nothing
//! is late.

use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::policy::Policy;
use crate::contract::survey::{Owed, Survey, Surveyed};
use crate::deadline::{Debt, working_days_after};
use crate::finding::Severity;
use crate::message::{Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C6",
    nl: "Verzoeken, berichten en declaraties worden binnen de termijn beantwoord.",
    en: "Requests, messages and claims are answered in time.",
    default_policy: Policy::Signal,
    parameters: &["docs/deadlines.md"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let soon = working_days_after(survey.today, 1);
    let mut groups: BTreeMap<(Law, &Party, Debt, &Party), Vec<&Owed>> = BTreeMap::new();
    for owed in survey.history.owed.iter().filter(|owed| owed.due <= soon) {
        groups.entry((owed.law, &owed.gemeente, owed.debt, &owed.owed_by)).or_default().push(owed);
    }
    groups
        .into_iter()
        .map(|((law, gemeente, debt, by), owed)| Surveyed::new(law, gemeente, raise(survey, debt, by, &owed)))
        .collect()
}

fn raise(survey: &Survey<'_>, debt: Debt, by: &Party, owed: &[&Owed]) -> Raised {
    let late = owed.iter().filter(|owed| owed.due < survey.today).count();
    let soon = owed.len() - late;
    let oldest = owed.iter().map(|owed| owed.due).min().unwrap_or(survey.today);
    let (what_nl, what_en) = words(debt);
    let (who_nl, who_en) = match survey.register.provider(by) {
        Some(provider) => (provider.name.clone(), provider.name.clone()),
        None if survey.register.region.has(by) => (format!("gemeente {by}"), format!("municipality {by}")),
        None => (format!("partij {by}"), format!("party {by}")),
    };
    let nl = format!(
        "Open bij {who_nl}: {late} keer {what_nl} over de termijn en {soon} keer met een termijn tot en met de \
         volgende werkdag; oudste termijn: {oldest}. Beantwoord eerst wat het langst openstaat."
    );
    let en = format!(
        "Open at {who_en}: {what_en}, {late} over their term and {soon} with a term until the next working day; \
         oldest term: {oldest}. Answer first what has been open longest."
    );
    let severity = if late > 0 { Severity::Warning } else { Severity::Info };
    let step = if late > 0 { "te laat" } else { "bijna" };
    Raised::new(format!("termijn {debt} {by} {step}"), severity, nl, en)
        .about(owed.iter().filter(|_| debt == Debt::Start).filter_map(|owed| owed.about.parse().ok()))
        .fact("partij", by.as_str())
        .fact("soort", debt.as_str())
        .fact("te_laat", late)
        .fact("bijna", soon)
        .fact("oudste_termijn", oldest.to_string())
}

fn words(debt: Debt) -> (&'static str, &'static str) {
    let nl = match debt {
        Debt::Return => "een retourbericht",
        Debt::DeclarationAnswer => "een declaratieantwoord",
        Debt::RequestAnswer => "een antwoord op een verzoek",
        Debt::FinalAnswer => "een definitief antwoord na onderzoek",
        Debt::Start => "een startbericht bij een toewijzing met terugwerkende kracht",
    };
    (nl, debt.en())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::message::Date;
    use crate::rules::sample::{AANBIEDER, GEMEENTE};
    use jiff::civil::date;

    fn owes(t: &mut Timeline, debt: Debt, by: &str, due: Date) {
        let (gemeente, aanbieder) = (GEMEENTE.into(), AANBIEDER.into());
        let about = if debt == Debt::Start { "7".to_owned() } else { String::new() };
        t.history.owed.push(Owed { law: Law::Wmo, gemeente, aanbieder, owed_by: by.into(), debt, about, due });
    }

    // The survey is on Wednesday 1 July 2026.
    vec![
        silent("nothing is owed", |_| ()),
        silent("due after the next working day", |t| owes(t, Debt::Return, GEMEENTE, date(2026, 7, 3))),
        raises("due on the next working day", &[("0197", "termijn return 0197 bijna")], |t| {
            owes(t, Debt::Return, GEMEENTE, date(2026, 7, 2));
        }),
        raises("due today", &[("0197", "termijn return 0197 bijna")], |t| {
            owes(t, Debt::Return, GEMEENTE, date(2026, 7, 1));
        }),
        raises("due yesterday", &[("0197", "termijn request_answer 0197 te laat")], |t| {
            owes(t, Debt::RequestAnswer, GEMEENTE, date(2026, 6, 30));
        }),
        raises("many of one party are one case", &[("0197", "termijn start 42420001 te laat")], |t| {
            owes(t, Debt::Start, AANBIEDER, date(2026, 6, 1));
            owes(t, Debt::Start, AANBIEDER, date(2026, 7, 1));
        }),
        raises(
            "each debt and party apart",
            &[("0197", "termijn return 0197 te laat"), ("0197", "termijn return 42420001 te laat")],
            |t| {
                owes(t, Debt::Return, GEMEENTE, date(2026, 6, 1));
                owes(t, Debt::Return, AANBIEDER, date(2026, 6, 1));
            },
        ),
        raises("on Friday, due on Monday", &[("0197", "termijn return 0197 bijna")], |t| {
            t.today = date(2026, 7, 3);
            owes(t, Debt::Return, GEMEENTE, date(2026, 7, 6));
        }),
    ]
}
