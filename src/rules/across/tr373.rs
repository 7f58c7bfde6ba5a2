//! TR373: another budget or another total is a change over the whole duration of the allocation.
//!
//! | asked | judged |
//! |---|---|
//! | a Budget that differs from that of the allocation, also where it has none | yes |
//! | another Volume, when the Omvang of the allocation or of the request is a total (Frequentie 6) | yes |
//! | another Einddatum, or another Volume per day, week or month | no |
//!
//! Such a change begins on the Ingangsdatum of the allocation, also when the Dagtekening lies before it.
//!
//! Doubtful, with the choice made:
//! - A request without Budget asks for no other budget; one without Omvang asks for no other volume (TR411 refuses it
//!   where it is needed).
//! - Volumes are compared as numbers. Another Eenheid alone is no trigger: the source names the Volume.

use super::wijziging::{Change, wijziging};
use crate::message::{Frequentie, Law, Number};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR373",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9373",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::TeWijzigenProduct,
    nl: "Een wijziging van het budget, of van het totaal bij frequentie 6, gaat in op de ingangsdatum van de \
         toewijzing.",
    en: "A change of the budget, or of the total under frequency 6, begins on the first day of the allocation.",
    needs: &[Need::Ledger],
    doubt: "A request without Budget asks for no other budget. Volumes are compared as numbers, whatever the unit.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    wijziging
        .changes()
        .filter(|change| change.wanted.gewenste_ingangsdatum != change.allocation.ingangsdatum)
        .filter_map(|change| {
            let trigger = other_budget(&change).or_else(|| other_total(&change))?;
            let (wanted, begin) = (change.wanted.gewenste_ingangsdatum, change.allocation.ingangsdatum);
            let nummer = change.allocation.nummer;
            let violation = Violation::at(
                change.place("GewensteIngangsdatum"),
                format!(
                    "Toewijzing {nummer} krijgt {} vanaf {wanted}. Zo'n wijziging geldt voor de hele toewijzing en gaat \
                     in op {begin}.",
                    trigger.phrase.nl
                ),
                format!(
                    "Allocation {nummer} would get {} from {wanted} on. Such a change holds for the whole allocation \
                     and begins on {begin}.",
                    trigger.phrase.en
                ),
            );
            let violation = match trigger.was {
                Some(was) => violation.number("was", was),
                None => violation,
            };
            Some(
                violation
                    .number("toewijzing_nummer", nummer)
                    .fact("gewijzigd", trigger.element)
                    .number("gevraagd", trigger.wanted)
                    .date("gewenste_ingangsdatum", wanted)
                    .date("toewijzing_ingangsdatum", begin),
            )
        })
        .collect()
}

/// What makes a change one over the whole duration.
struct Trigger {
    element: &'static str,
    phrase: Phrase,
    was: Option<i128>,
    wanted: i128,
}

fn other_budget(change: &Change<'_>) -> Option<Trigger> {
    let (was, wanted) = (change.allocation.budget, change.wanted.budget?);
    if was == Some(wanted) {
        return None;
    }
    let amount = figures::amount(wanted);
    let phrase = match was.map(figures::amount) {
        Some(was) => Phrase::new(
            format!("een ander budget ({} in plaats van {})", amount.nl, was.nl),
            format!("another budget ({} instead of {})", amount.en, was.en),
        ),
        None => Phrase::new(
            format!("een budget ({}), dat zij niet had", amount.nl),
            format!("a budget ({}), which it did not have", amount.en),
        ),
    };
    Some(Trigger { element: "Budget", phrase, was: was.map(|was| was.0.into()), wanted: wanted.0.into() })
}

fn other_total(change: &Change<'_>) -> Option<Trigger> {
    let (was, wanted) = (change.allocation.omvang.as_ref(), change.wanted.omvang.as_ref()?);
    let is_total = [was, Some(wanted)].into_iter().flatten().any(|omvang| omvang.frequentie == Frequentie::Totaal);
    if !is_total || was.is_some_and(|was| was.volume == wanted.volume) {
        return None;
    }
    let quantity = figures::quantity(wanted.volume, wanted.eenheid);
    let phrase = match was.map(|was| figures::quantity(was.volume, was.eenheid)) {
        Some(was) => Phrase::new(
            format!("een ander totaal ({} in plaats van {})", quantity.nl, was.nl),
            format!("another total ({} instead of {})", quantity.en, was.en),
        ),
        None => Phrase::new(
            format!("een totaal ({}), dat zij niet had", quantity.nl),
            format!("a total ({}), which it did not have", quantity.en),
        ),
    };
    Some(Trigger {
        element: "Volume",
        phrase,
        was: was.map(|was| was.volume.into()),
        wanted: wanted.volume.into(),
    })
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_allocation, add_te_wijzigen, make_budget};
    use crate::message::{Cents, Count, Eenheid, Omvang};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const FIRST: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]/GewensteIngangsdatum";
    const SECOND: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]/GewensteIngangsdatum";
    fn later(s: &mut Sample) {
        s.te_wijzigen_product().gewenste_ingangsdatum = date(2026, 3, 15);
    }
    fn hours((volume, frequentie): (Count, Frequentie)) -> Omvang {
        Omvang { volume, eenheid: Eenheid::Uur, frequentie }
    }
    fn set(s: &mut Sample, was: (Count, Frequentie), wanted: (Count, Frequentie)) {
        s.allocation().omvang = Some(hours(was));
        s.te_wijzigen_product().omvang = Some(hours(wanted));
        later(s);
    }
    vec![
        accepts("only another end", N, |_| {}),
        accepts("only another end, from a day in the future", N, later),
        accepts("another budget over the whole duration", N, make_budget),
        rejects("another budget from a day in the future", N, &[FIRST], |s| {
            make_budget(s);
            later(s);
        }),
        rejects("another budget from a day of the past", N, &[FIRST], |s| {
            make_budget(s);
            s.te_wijzigen_product().gewenste_ingangsdatum = date(2026, 1, 2);
        }),
        rejects("a cent more from the day before the allocation", N, &[FIRST], |s| {
            make_budget(s);
            s.te_wijzigen_product().budget = Some(Cents(100_001));
            s.te_wijzigen_product().gewenste_ingangsdatum = date(2025, 12, 31);
        }),
        accepts("the same budget and another end from a day in the future", N, |s| {
            make_budget(s);
            later(s);
            s.te_wijzigen_product().budget = Some(Cents(100_000));
        }),
        accepts("no budget asked for", N, |s| {
            make_budget(s);
            later(s);
            s.te_wijzigen_product().budget = None;
        }),
        rejects("nothing instead of a budget", N, &[FIRST], |s| {
            make_budget(s);
            later(s);
            s.te_wijzigen_product().budget = Some(Cents(0));
        }),
        rejects("a budget where there was none", N, &[FIRST], |s| {
            later(s);
            s.te_wijzigen_product().omvang = None;
            s.te_wijzigen_product().budget = Some(Cents(1));
        }),
        rejects("another total from a day in the future", N, &[FIRST], |s| {
            set(s, (20, Frequentie::Totaal), (21, Frequentie::Totaal));
        }),
        accepts("another total over the whole duration", N, |s| {
            set(s, (20, Frequentie::Totaal), (21, Frequentie::Totaal));
            s.te_wijzigen_product().gewenste_ingangsdatum = date(2026, 1, 1);
        }),
        accepts("the same total", N, |s| set(s, (20, Frequentie::Totaal), (20, Frequentie::Totaal))),
        accepts("another volume a week", N, |s| set(s, (4, Frequentie::PerWeek), (5, Frequentie::PerWeek))),
        accepts("another volume a month", N, |s| {
            set(s, (4, Frequentie::PerMaand), (5, Frequentie::PerMaand));
        }),
        rejects("another volume, a total before", N, &[FIRST], |s| {
            set(s, (20, Frequentie::Totaal), (4, Frequentie::PerWeek));
        }),
        rejects("another volume, a total from then on", N, &[FIRST], |s| {
            set(s, (4, Frequentie::PerWeek), (20, Frequentie::Totaal));
        }),
        accepts("the same number, a total from then on", N, |s| {
            set(s, (4, Frequentie::PerWeek), (4, Frequentie::Totaal));
        }),
        rejects("a total where there was no volume", N, &[FIRST], |s| {
            set(s, (4, Frequentie::Totaal), (4, Frequentie::Totaal));
            s.allocation().omvang = None;
        }),
        accepts("no volume asked for", N, |s| {
            set(s, (20, Frequentie::Totaal), (20, Frequentie::Totaal));
            s.te_wijzigen_product().omvang = None;
        }),
        rejects("before the first day of an allocation that is still to begin", N, &[FIRST], |s| {
            s.allocation().ingangsdatum = date(2026, 3, 20);
            make_budget(s);
            later(s);
        }),
        accepts("an unknown allocation is for TR351", N, |s| {
            make_budget(s);
            later(s);
            s.te_wijzigen_product().toewijzing_nummer = 1002;
        }),
        accepts("an ended allocation is for TR351", N, |s| {
            make_budget(s);
            later(s);
            s.allocation().einddatum = Some(date(2026, 3, 8));
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            add_allocation(s, 1002, |allocation| allocation.omvang = Some(hours((20, Frequentie::Totaal))));
            add_te_wijzigen(s, 1002, |wanted| {
                wanted.gewenste_ingangsdatum = date(2026, 4, 1);
                wanted.omvang = Some(hours((30, Frequentie::Totaal)));
            });
        }),
    ]
}
