//! TR357: a change that does not begin in the future begins with the allocation.
//!
//! When `GewensteIngangsdatum` is on or before the Dagtekening, it equals the Ingangsdatum of the allocation: a change
//! in the past or at once is a change over the whole duration. A date in the future is free here; that it should lie
//! within the allocation is an instruction (IV092) without a rule.

use super::wijziging::wijziging;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR357",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9357",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::TeWijzigenProduct,
    nl: "Een GewensteIngangsdatum op of voor de dagtekening is de ingangsdatum van de te wijzigen toewijzing.",
    en: "A GewensteIngangsdatum on or before the date of signing is the first day of the allocation to be changed.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    let day = wijziging.dagtekening();
    wijziging
        .changes()
        .filter_map(|change| {
            let (wanted, begin) = (change.wanted.gewenste_ingangsdatum, change.allocation.ingangsdatum);
            let nummer = change.allocation.nummer;
            (wanted <= day && wanted != begin).then(|| {
                Violation::at(
                    change.place("GewensteIngangsdatum"),
                    format!(
                        "De gewenste ingangsdatum {wanted} ligt niet na de dagtekening ({day}) en is niet de \
                         ingangsdatum van toewijzing {nummer}: {begin}. Wijzig vanaf {begin}, of vanaf een dag na \
                         {day}."
                    ),
                    format!(
                        "The wanted first day {wanted} is not after the date of signing ({day}), and not the first \
                         day of allocation {nummer}: {begin}. Change from {begin} on, or from a day after {day} on."
                    ),
                )
                .number("toewijzing_nummer", nummer)
                .date("gewenste_ingangsdatum", wanted)
                .date("toewijzing_ingangsdatum", begin)
                .date("dagtekening", day)
            })
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_allocation, add_te_wijzigen};
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const FIRST: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]/GewensteIngangsdatum";
    const SECOND: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]/GewensteIngangsdatum";
    fn from(s: &mut crate::rules::sample::Sample, year: i16, month: i8, day: i8) {
        s.te_wijzigen_product().gewenste_ingangsdatum = date(year, month, day);
    }
    vec![
        accepts("from the first day of the allocation", N, |_| {}),
        rejects("a day later, in the past", N, &[FIRST], |s| from(s, 2026, 1, 2)),
        rejects("a day before the allocation", N, &[FIRST], |s| from(s, 2025, 12, 31)),
        rejects("on the day of signing", N, &[FIRST], |s| from(s, 2026, 3, 9)),
        accepts("the day after signing", N, |s| from(s, 2026, 3, 10)),
        accepts("on the day of signing, when the allocation begins then too", N, |s| {
            s.allocation().ingangsdatum = date(2026, 3, 9);
            from(s, 2026, 3, 9);
        }),
        accepts("after the end of the allocation has no rule", N, |s| from(s, 2026, 4, 15)),
        rejects("at once, when the allocation is still to begin", N, &[FIRST], |s| {
            s.allocation().ingangsdatum = date(2026, 3, 20);
            from(s, 2026, 3, 9);
        }),
        accepts("from 29 February, when the allocation begins then", N, |s| {
            s.allocation().ingangsdatum = date(2024, 2, 29);
            from(s, 2024, 2, 29);
        }),
        accepts("an unknown allocation is for TR351", N, |s| {
            from(s, 2026, 1, 2);
            s.te_wijzigen_product().toewijzing_nummer = 1002;
        }),
        accepts("somebody else's allocation is for TR351", N, |s| {
            from(s, 2026, 1, 2);
            s.allocation().person = person(OTHER_BSN);
        }),
        accepts("an ended allocation is for TR351", N, |s| {
            from(s, 2026, 1, 2);
            s.allocation().einddatum = Some(date(2026, 3, 8));
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            add_allocation(s, 1002, |_| {});
            add_te_wijzigen(s, 1002, |wanted| wanted.gewenste_ingangsdatum = date(2026, 2, 1));
        }),
    ]
}
