//! TR019: a start names an allocation of this municipality to this provider for this client.
//!
//! Doubtful, with the choice made:
//! - Under task-based execution there is no allocation and `ToewijzingNummer` stays empty (IV096). A message does not
//!   show which kind of execution holds, so an empty `ToewijzingNummer` is not judged.
//! - An allocation deleted with `RedenWijziging` 13 counts as never sent (OP033x1): no match.
//! - A start that only deletes an earlier one (`StatusAanlevering` 3) is not judged by its content.
//!
//! The finding does not tell whether an allocation with this number exists at another provider.

use super::helpers::starts;
use crate::message::{Law, Number, StatusAanlevering};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR019",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9019",
    numbers: &[Number::N305],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een start verwijst met ToewijzingNummer naar een toewijzing van deze gemeente aan deze aanbieder voor deze \
         cliënt.",
    en: "A start names an allocation of this municipality to this provider for this client.",
    needs: &[Need::Ledger],
    doubt: "An empty ToewijzingNummer is not judged (task-based execution is possible); a deleted allocation is no \
            match.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(starts) = starts(case) else {
        return Vec::new();
    };
    let judged = starts
        .client
        .producten
        .iter()
        .enumerate()
        .filter(|(_, start)| start.status_aanlevering != StatusAanlevering::Verwijderd);
    judged
        .filter_map(|(index, start)| {
            let nummer = start.toewijzing_nummer?;
            let place = Place::start_product(index, "ToewijzingNummer");
            let violation = match case.allocation(nummer) {
                None => Violation::at(
                    place,
                    format!("Er is geen toewijzing {nummer} van deze gemeente aan deze aanbieder. Controleer het ToewijzingNummer."),
                    format!("There is no allocation {nummer} of this municipality to this provider. Verify the ToewijzingNummer."),
                ),
                Some(allocation) if allocation.person != starts.person => Violation::at(
                    place,
                    format!("Toewijzing {nummer} is niet voor deze cliënt. Controleer het ToewijzingNummer en het Bsn."),
                    format!("Allocation {nummer} is not for this client. Verify the ToewijzingNummer and the Bsn."),
                ),
                Some(allocation) if allocation.is_deleted() => {
                    let earlier = figures::earlier(&allocation.message);
                    Violation::at(
                        place,
                        format!("Toewijzing {nummer} is verwijderd met {}. Gebruik een geldige toewijzing.", earlier.nl),
                        format!("Allocation {nummer} was deleted by {}. Use a valid allocation.", earlier.en),
                    )
                    .earlier(&allocation.message)
                }
                Some(_) => return None,
            };
            Some(violation.number("toewijzing_nummer", nummer))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    const N: Number = Number::N305;
    const FIRST: &str = "/Bericht/Client/StartProducten/StartProduct[1]/ToewijzingNummer";
    const SECOND: &str = "/Bericht/Client/StartProducten/StartProduct[2]/ToewijzingNummer";
    vec![
        accepts("an allocation for this client", N, |_| {}),
        rejects("an unknown number", N, &[FIRST], |s| s.start_product().toewijzing_nummer = Some(1002)),
        accepts("no number", N, |s| s.start_product().toewijzing_nummer = None),
        rejects("of another provider", N, &[FIRST], |s| s.allocation().aanbieder = "42420002".into()),
        rejects("for another client", N, &[FIRST], |s| s.allocation().person = person(OTHER_BSN)),
        rejects("a client whom nobody resolved", N, &[FIRST], |s| s.facts.persons.clear()),
        rejects("a deleted allocation", N, &[FIRST], |s| s.allocation().reden_wijziging = Some("13".into())),
        accepts("a withdrawn allocation", N, |s| s.allocation().reden_wijziging = Some("01".into())),
        accepts("a deletion is not judged", N, |s| {
            s.start_product().toewijzing_nummer = Some(1002);
            s.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            let mut second = s.start_product().clone();
            second.toewijzing_nummer = Some(99_999_999);
            s.start().producten.push(second);
        }),
    ]
}
