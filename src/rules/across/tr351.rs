//! TR351: what a request for change wants changed is an actual allocation of the client.
//!
//! Actual as in TR349, on the Dagtekening. When it is not, the other rules on the same `TeWijzigenProduct` stay silent:
//! there is nothing to compare it with. The finding does not tell whether the number exists at another provider.

use super::wijziging::wijziging;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR351",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9351",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::TeWijzigenProduct,
    nl: "Een te wijzigen product verwijst naar een actuele toewijzing van deze gemeente aan deze aanbieder voor de \
         cliënt.",
    en: "A product to be changed names an actual allocation of this municipality to this provider for the client.",
    needs: &[Need::Ledger],
    doubt: "Actual is taken as on the Dagtekening of the request.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    let named = wijziging.verzoek().te_wijzigen.iter().map(|product| product.toewijzing_nummer);
    wijziging.not_actual_among(named, Place::te_wijzigen_product)
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_ongewijzigd, add_te_wijzigen};
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const FIRST: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]/ToewijzingNummer";
    const SECOND: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]/ToewijzingNummer";
    vec![
        accepts("an actual allocation", N, |_| {}),
        rejects("an unknown number", N, &[FIRST], |s| {
            s.te_wijzigen_product().toewijzing_nummer = 1002;
        }),
        rejects("of another provider", N, &[FIRST], |s| {
            s.allocation().aanbieder = "42420002".into();
        }),
        rejects("for another client", N, &[FIRST], |s| {
            s.allocation().person = person(OTHER_BSN);
        }),
        rejects("a client whom nobody resolved", N, &[FIRST], |s| {
            s.facts.persons.clear();
        }),
        rejects("ended the day before signing", N, &[FIRST], |s| {
            s.allocation().einddatum = Some(date(2026, 3, 8));
        }),
        accepts("ends on the day of signing, before the day of judging", N, |s| {
            s.allocation().einddatum = Some(date(2026, 3, 9));
        }),
        accepts("without an end", N, |s| {
            s.allocation().einddatum = None;
        }),
        accepts("begins after signing", N, |s| {
            s.allocation().ingangsdatum = date(2026, 3, 10);
        }),
        rejects("deleted", N, &[FIRST], |s| {
            s.allocation().einddatum = Some(date(2026, 1, 1));
            s.allocation().reden_wijziging = Some("13".into());
        }),
        rejects("deleted before it was to begin", N, &[FIRST], |s| {
            s.allocation().ingangsdatum = date(2026, 6, 1);
            s.allocation().einddatum = Some(date(2026, 6, 1));
            s.allocation().reden_wijziging = Some("13".into());
        }),
        rejects("withdrawn by the lapsed code 01 before it was to begin", N, &[FIRST], |s| {
            s.allocation().ingangsdatum = date(2026, 6, 1);
            s.allocation().einddatum = Some(date(2026, 6, 1));
            s.allocation().reden_wijziging = Some("01".into());
        }),
        accepts("shortened by the lapsed code 01", N, |s| {
            s.allocation().reden_wijziging = Some("01".into());
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            add_te_wijzigen(s, 1002, |_| {});
        }),
        rejects("each of two wrong ones", N, &[FIRST, SECOND], |s| {
            add_te_wijzigen(s, 1002, |_| {});
            s.facts.allocations.clear();
        }),
        accepts("nothing to change", N, |s| s.verzoek().te_wijzigen.clear()),
        accepts("an unknown number that is left as it is, is for TR350", N, |s| add_ongewijzigd(s, 1002)),
    ]
}
