//! TR350: what a request for change leaves as it is, is an actual allocation of the client.
//!
//! Actual as in TR349, on the Dagtekening. The finding does not tell whether the number exists at another provider.

use super::wijziging::wijziging;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR350",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9350",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::OngewijzigdProduct,
    nl: "Een ongewijzigd product verwijst naar een actuele toewijzing van deze gemeente aan deze aanbieder voor de \
         cliënt.",
    en: "An unchanged product names an actual allocation of this municipality to this provider for the client.",
    needs: &[Need::Ledger],
    doubt: "Actual is taken as on the Dagtekening of the request.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    let named = wijziging.verzoek().ongewijzigd.iter().map(|product| product.toewijzing_nummer);
    wijziging.not_actual_among(named, Place::ongewijzigd_product)
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_ongewijzigd, leave_unchanged};
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const FIRST: &str = "/Bericht/Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[1]/ToewijzingNummer";
    const SECOND: &str = "/Bericht/Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[2]/ToewijzingNummer";
    vec![
        accepts("an actual allocation", N, |s| {
            leave_unchanged(s);
            s.today = s.message.header.identificatie.dagtekening;
        }),
        rejects("an unknown number", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.verzoek().ongewijzigd[0].toewijzing_nummer = 1002;
        }),
        rejects("of another provider", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.allocation().aanbieder = "42420002".into();
        }),
        rejects("for another client", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.allocation().person = person(OTHER_BSN);
        }),
        rejects("a client whom nobody resolved", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.facts.persons.clear();
        }),
        rejects("ended the day before signing", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.allocation().einddatum = Some(date(2026, 3, 8));
        }),
        accepts("ends on the day of signing, before the day of judging", N, |s| {
            leave_unchanged(s);
            s.allocation().einddatum = Some(date(2026, 3, 9));
        }),
        accepts("without an end", N, |s| {
            leave_unchanged(s);
            s.allocation().einddatum = None;
        }),
        accepts("begins after signing", N, |s| {
            leave_unchanged(s);
            s.allocation().ingangsdatum = date(2026, 3, 10);
        }),
        rejects("deleted", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.allocation().einddatum = Some(date(2026, 1, 1));
            s.allocation().reden_wijziging = Some("13".into());
        }),
        rejects("deleted before it was to begin", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.allocation().ingangsdatum = date(2026, 6, 1);
            s.allocation().einddatum = Some(date(2026, 6, 1));
            s.allocation().reden_wijziging = Some("13".into());
        }),
        rejects("withdrawn by the lapsed code 01 before it was to begin", N, &[FIRST], |s| {
            leave_unchanged(s);
            s.allocation().ingangsdatum = date(2026, 6, 1);
            s.allocation().einddatum = Some(date(2026, 6, 1));
            s.allocation().reden_wijziging = Some("01".into());
        }),
        accepts("shortened by the lapsed code 01", N, |s| {
            leave_unchanged(s);
            s.allocation().reden_wijziging = Some("01".into());
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            leave_unchanged(s);
            add_ongewijzigd(s, 1002);
        }),
        rejects("each of two wrong ones", N, &[FIRST, SECOND], |s| {
            leave_unchanged(s);
            add_ongewijzigd(s, 1002);
            s.facts.allocations.clear();
        }),
        accepts("nothing left as it is", N, |_| {}),
        accepts("a change of an unknown number is for TR351", N, |s| s.te_wijzigen_product().toewijzing_nummer = 1002),
    ]
}
