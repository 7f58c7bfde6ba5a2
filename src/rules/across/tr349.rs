//! TR349: a request for change names all actual allocations of the client.
//!
//! Every allocation of the client with this provider and municipality that is actual on the Dagtekening is listed, as
//! `OngewijzigdProduct` or as `TeWijzigenProduct`: only so does the request tell the whole situation that is wanted.
//! The code stands on the Verzoek, once, whatever the number of allocations that are missing.
//!
//! | allocation | actual |
//! |---|---|
//! | without Einddatum, or with one on or after the Dagtekening | yes |
//! | with an Ingangsdatum after the Dagtekening | yes |
//! | Einddatum equal to Ingangsdatum with `RedenWijziging` 13 or 01 | never |
//!
//! Doubtful: which day counts. This rule speaks of the current date, another one of the Ingangsdatum. Dagtekening is
//! taken, so that the request is judged alike on every day.

use super::wijziging::wijziging;
use crate::message::{Count, Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};
use std::collections::BTreeSet;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR349",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9349",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::Verzoek,
    nl: "Een verzoek om wijziging noemt alle actuele toewijzingen van de cliënt, ongewijzigd of te wijzigen.",
    en: "A request for change names all actual allocations of the client, unchanged or to be changed.",
    needs: &[Need::Ledger],
    doubt: "Actual is taken as on the Dagtekening of the request; the source speaks of the current date.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    let verzoek = wijziging.verzoek();
    let ongewijzigd = verzoek.ongewijzigd.iter().map(|product| product.toewijzing_nummer);
    let te_wijzigen = verzoek.te_wijzigen.iter().map(|product| product.toewijzing_nummer);
    let named: BTreeSet<Count> = ongewijzigd.chain(te_wijzigen).collect();
    let missing: Vec<Count> =
        wijziging.actual_ones().map(|allocation| allocation.nummer).filter(|nummer| !named.contains(nummer)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let numbers: Vec<String> = missing.iter().map(Count::to_string).collect();
    let (numbers, day) = (numbers.join(", "), wijziging.dagtekening());
    let (nl, en) = match missing.len() {
        1 => ("Deze actuele toewijzing van de cliënt ontbreekt", "This actual allocation of the client is missing"),
        _ => ("Deze actuele toewijzingen van de cliënt ontbreken", "These actual allocations of the client are missing"),
    };
    vec![
        Violation::at(
            Place::verzoek(""),
            format!("{nl} in het verzoek van {day}: {numbers}. Noem elke toewijzing als ongewijzigd of te wijzigen."),
            format!("{en} in the request of {day}: {numbers}. Name every allocation as unchanged or to be changed."),
        )
        .fact("ontbrekende_toewijzingen", missing)
        .date("dagtekening", day),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_allocation, add_ongewijzigd, add_te_wijzigen, leave_unchanged};
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const VERZOEK: &[&str] = &["/Bericht/Client/Verzoek"];
    vec![
        accepts("the only allocation is to be changed", N, |_| {}),
        accepts("the only allocation is unchanged", N, |s| {
            leave_unchanged(s);
            s.add_nieuw_product(|_| {});
        }),
        accepts("no allocation at all", N, |s| s.facts.allocations.clear()),
        rejects("a second one without an end", N, VERZOEK, |s| add_allocation(s, 1002, |_| {})),
        rejects("two more", N, VERZOEK, |s| {
            add_allocation(s, 1002, |_| {});
            add_allocation(s, 1003, |_| {});
        }),
        accepts("a second one, unchanged", N, |s| {
            add_allocation(s, 1002, |_| {});
            add_ongewijzigd(s, 1002);
        }),
        accepts("a second one, to be changed too", N, |s| {
            add_allocation(s, 1002, |_| {});
            add_te_wijzigen(s, 1002, |_| {});
        }),
        rejects("that ends on the day of signing", N, VERZOEK, |s| {
            add_allocation(s, 1002, |allocation| allocation.einddatum = Some(date(2026, 3, 9)));
        }),
        accepts("that ended the day before", N, |s| {
            add_allocation(s, 1002, |allocation| allocation.einddatum = Some(date(2026, 3, 8)));
        }),
        rejects("that ends between signing and judging", N, VERZOEK, |s| {
            s.message.header.identificatie.dagtekening = date(2026, 2, 28);
            s.today = date(2026, 3, 10);
            add_allocation(s, 1002, |allocation| allocation.einddatum = Some(date(2026, 3, 1)));
        }),
        rejects("that begins in the future", N, VERZOEK, |s| {
            add_allocation(s, 1002, |allocation| {
                allocation.ingangsdatum = date(2026, 3, 10);
                allocation.einddatum = Some(date(2026, 12, 31));
            });
        }),
        accepts("that was deleted", N, |s| {
            add_allocation(s, 1002, |allocation| {
                allocation.einddatum = Some(allocation.ingangsdatum);
                allocation.reden_wijziging = Some("13".into());
            });
        }),
        accepts("that was to begin and was deleted", N, |s| {
            add_allocation(s, 1002, |allocation| {
                allocation.ingangsdatum = date(2026, 6, 1);
                allocation.einddatum = Some(date(2026, 6, 1));
                allocation.reden_wijziging = Some("13".into());
            });
        }),
        accepts("that was withdrawn by the lapsed code 01", N, |s| {
            add_allocation(s, 1002, |allocation| {
                allocation.ingangsdatum = date(2026, 6, 1);
                allocation.einddatum = Some(date(2026, 6, 1));
                allocation.reden_wijziging = Some("01".into());
            });
        }),
        rejects("one future day that was not deleted", N, VERZOEK, |s| {
            add_allocation(s, 1002, |allocation| {
                allocation.ingangsdatum = date(2026, 6, 1);
                allocation.einddatum = Some(date(2026, 6, 1));
                allocation.reden_wijziging = Some("05".into());
            });
        }),
        accepts("of another client", N, |s| add_allocation(s, 1002, |other| other.person = person(OTHER_BSN))),
        accepts("of another provider", N, |s| add_allocation(s, 1002, |other| other.aanbieder = "42420002".into())),
        accepts("a client whom nobody resolved has none", N, |s| {
            s.facts.persons.clear();
            s.verzoek().te_wijzigen.clear();
        }),
    ]
}
