//! TR412: a change of an allocation without a product code has no volume.
//!
//! When the allocation has no product code, because it is aspecific or generic, and ends after 31 December 2020 or not
//! at all, the `TeWijzigenProduct` has no Omvang. For a generic one TR375 says the same, so it breaks both.
//!
//! Doubtful: whose Einddatum is meant. That of the allocation is taken, as CD080 does.

use super::wijziging::wijziging;
use crate::message::{Law, Number};
use crate::rules::figures::Phrase;
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR412",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9412",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::TeWijzigenProduct,
    nl: "Bij een te wijzigen toewijzing zonder productcode die eindigt na 31-12-2020 of geen einddatum heeft, is \
         Omvang niet gevuld.",
    en: "A change of an allocation without a product code that ends after 31 December 2020 or has no end date has \
         no Omvang.",
    needs: &[Need::Ledger],
    doubt: "The Einddatum meant is taken to be that of the allocation.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    let because = Phrase::new("de toewijzing heeft geen productcode", "the allocation has no product code");
    wijziging.barred_volumes(|change| !change.has_code(), &because)
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_allocation, add_te_wijzigen, ask_volume, make_budget, signed_in_2020};
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const FIRST: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]/Omvang";
    const SECOND: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]/Omvang";
    vec![
        accepts("an Omvang for a code", N, |_| {}),
        accepts("a Budget for an aspecific allocation", N, make_budget),
        accepts("neither for an aspecific allocation", N, |s| {
            make_budget(s);
            s.te_wijzigen_product().budget = None;
        }),
        rejects("an Omvang for an aspecific allocation", N, &[FIRST], ask_volume),
        rejects("an Omvang for an aspecific allocation without an end", N, &[FIRST], |s| {
            ask_volume(s);
            s.allocation().einddatum = None;
        }),
        rejects("an Omvang until the first day of 2021", N, &[FIRST], |s| {
            ask_volume(s);
            signed_in_2020(s, date(2021, 1, 1));
        }),
        accepts("an Omvang until the last day of 2020", N, |s| {
            ask_volume(s);
            signed_in_2020(s, date(2020, 12, 31));
        }),
        rejects("an Omvang for a generic allocation", N, &[FIRST], |s| {
            ask_volume(s);
            s.allocation().product = None;
        }),
        accepts("an unknown allocation is for TR351", N, |s| {
            ask_volume(s);
            s.te_wijzigen_product().toewijzing_nummer = 1002;
        }),
        accepts("somebody else's allocation is for TR351", N, |s| {
            ask_volume(s);
            s.allocation().person = person(OTHER_BSN);
        }),
        accepts("an ended allocation is for TR351", N, |s| {
            ask_volume(s);
            s.allocation().einddatum = Some(date(2026, 3, 8));
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            add_allocation(s, 1002, |allocation| {
                allocation.product.as_mut().expect("it has one").code = None;
            });
            add_te_wijzigen(s, 1002, |_| {});
        }),
    ]
}
