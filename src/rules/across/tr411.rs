//! TR411: a change of a specific allocation says how much is wanted.
//!
//! When the allocation has a product code, the `TeWijzigenProduct` has an Omvang, also when only the end is to change:
//! it is then repeated.

use super::wijziging::wijziging;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR411",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9411",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::TeWijzigenProduct,
    nl: "Bij een te wijzigen toewijzing met productcode is Omvang gevuld.",
    en: "A change of an allocation with a product code has an Omvang.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    wijziging
        .changes()
        .filter(|change| change.wanted.omvang.is_none() && change.has_code())
        .map(|change| {
            let allocation = change.phrase();
            let violation = Violation::at(
                change.place("Omvang"),
                format!(
                    "De wijziging van {} heeft geen omvang, en de toewijzing heeft een productcode. Vul volume, eenheid \
                     en frequentie in, ook als zij gelijk blijven.",
                    allocation.nl
                ),
                format!(
                    "The change of {} has no Omvang, and the allocation has a product code. Fill in volume, unit and \
                     frequency, also when they stay the same.",
                    allocation.en
                ),
            );
            change.figures(violation)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_allocation, add_te_wijzigen, make_budget};
    use crate::message::Cents;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const FIRST: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]/Omvang";
    const SECOND: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]/Omvang";
    vec![
        accepts("a code and an Omvang", N, |_| {}),
        rejects("a code and neither Omvang nor Budget", N, &[FIRST], |s| s.te_wijzigen_product().omvang = None),
        rejects("a code and a Budget", N, &[FIRST], |s| {
            s.te_wijzigen_product().omvang = None;
            s.te_wijzigen_product().budget = Some(Cents(100_000));
        }),
        rejects("a code without an end", N, &[FIRST], |s| {
            s.allocation().einddatum = None;
            s.te_wijzigen_product().omvang = None;
        }),
        accepts("aspecific with a budget", N, make_budget),
        accepts("aspecific without anything but an end", N, |s| {
            make_budget(s);
            s.te_wijzigen_product().budget = None;
        }),
        accepts("generic", N, |s| {
            make_budget(s);
            s.allocation().product = None;
        }),
        accepts("an unknown allocation is for TR351", N, |s| {
            s.te_wijzigen_product().omvang = None;
            s.te_wijzigen_product().toewijzing_nummer = 1002;
        }),
        accepts("somebody else's allocation is for TR351", N, |s| {
            s.te_wijzigen_product().omvang = None;
            s.allocation().person = person(OTHER_BSN);
        }),
        accepts("an ended allocation is for TR351", N, |s| {
            s.te_wijzigen_product().omvang = None;
            s.allocation().einddatum = Some(date(2026, 3, 8));
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            add_allocation(s, 1002, |_| {});
            add_te_wijzigen(s, 1002, |wanted| wanted.omvang = None);
        }),
    ]
}
