//! TR385: an allocation cannot be deleted while granted lines stand on it.
//!
//! A granted debit stands until a granted credit names it in `VorigReferentieNummer`. Deleting is `RedenWijziging` 13.

use crate::message::{Body, Law, Number};
use crate::rules::facts::ClaimLine;
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};
use std::collections::BTreeSet;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR385",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9385",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Een toewijzing kan niet worden verwijderd zolang er goedgekeurde, niet gecrediteerde prestaties op staan.",
    en: "An allocation cannot be deleted while granted lines stand on it that were not credited.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Body::Toewijzing(client)) = (case.facts, &case.message.body) else {
        return Vec::new();
    };
    client
        .producten
        .iter()
        .enumerate()
        .filter(|(_, product)| product.reden_wijziging.as_ref().is_some_and(|reden| reden.as_str() == "13"))
        .filter_map(|(index, product)| {
            let nummer = product.toewijzing_nummer;
            let standing = standing(facts.granted_on(nummer));
            let first = standing.first()?;
            let count = standing.len();
            let sum = standing.iter().fold(0_i128, |sum, line| sum.saturating_add(i128::from(line.bedrag.0)));
            let (amount, line) = (figures::euros(sum), figures::earlier_line(first));
            let violation = Violation::at(
                Place::toegewezen_product(index, "RedenWijziging"),
                format!(
                    "Toewijzing {nummer} kan niet worden verwijderd: er staan nog goedgekeurde, niet gecrediteerde \
                     prestaties op (aantal {count}, samen {}); de eerste is {}. Laat ze \
                     eerst crediteren.",
                    amount.nl, line.nl
                ),
                format!(
                    "Allocation {nummer} cannot be deleted: granted lines that were not credited stand on it \
                     (count {count}, together {}); the first is {}. Have them credited first.",
                    amount.en, line.en
                ),
            );
            Some(
                violation
                    .earlier_line(first)
                    .number("toewijzing_nummer", nummer)
                    .fact("prestaties", count)
                    .number("bedrag_cent", sum),
            )
        })
        .collect()
}

/// Debits that no credit took back.
fn standing(granted: &[ClaimLine]) -> Vec<&ClaimLine> {
    let credited: BTreeSet<_> = granted.iter().filter_map(|line| line.vorig.as_ref()).collect();
    granted.iter().filter(|line| !line.is_credit() && !credited.contains(&line.nummer)).collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, Kind};
    use crate::rules::sample::{Sample, TOEWIJZING, accepts, rejects};
    const N: Number = Number::N301;
    const PATH: &[&str] = &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/RedenWijziging"];
    /// Deletes the allocation of the sample, with these debits and credits of them on it.
    fn delete(sample: &mut Sample, debits: &[&str], credits: &[(&str, &str)]) {
        let mut claims = Sample::of(Kind::new(sample.message.kind.law, Number::N323));
        for nummer in debits {
            claims.earlier_line(nummer, |_| {});
        }
        for (nummer, vorig) in credits {
            claims.earlier_line(nummer, |line| {
                line.vorig = Some((*vorig).into());
                line.bedrag = Cents(-line.bedrag.0);
            });
        }
        sample.facts.granted = claims.facts.granted;
        sample.product().reden_wijziging = Some("13".into());
    }
    vec![
        accepts("nothing claimed", N, |s| delete(s, &[], &[])),
        rejects("one debit", N, PATH, |s| delete(s, &["P1"], &[])),
        accepts("one debit, credited", N, |s| delete(s, &["P1"], &[("P2", "P1")])),
        rejects("two debits, one credited", N, PATH, |s| delete(s, &["P1", "P2"], &[("P3", "P1")])),
        accepts("two debits, both credited", N, |s| delete(s, &["P1", "P2"], &[("P3", "P1"), ("P4", "P2")])),
        accepts("claims on another allocation", N, |s| {
            delete(s, &["P1"], &[]);
            let lines = s.facts.granted.remove(&TOEWIJZING).expect("there are claims");
            s.facts.granted.insert(1002, lines);
        }),
        accepts("another reason", N, |s| {
            delete(s, &["P1"], &[]);
            s.product().reden_wijziging = Some("01".into());
        }),
        accepts("no reason", N, |s| {
            delete(s, &["P1"], &[]);
            s.product().reden_wijziging = None;
        }),
    ]
}
