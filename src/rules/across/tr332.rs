//! TR332: each allocation of a municipality has its own `ToewijzingNummer` within the law.
//!
//! Sending an allocation again or changing it keeps its number (IV066), so a number that is known already is an error
//! only when it stands for another allocation: another client, provider, product or Ingangsdatum. That list is inferred
//! from `OP033x1`, which lets only Einddatum, Budget and the volume of frequency 6 change. A deleted allocation still
//! keeps its number from any other use.
//!
//! The finding names the elements that differ, never the other client or provider; values are compared only when the
//! earlier allocation is of the same client and provider.

use super::helpers::product_phrase;
use crate::message::{Body, Law, Number, Product, ToegewezenProduct};
use crate::rules::facts::{Allocation, PersonKey};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR332",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9332",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Elke toewijzing van een gemeente heeft binnen de wet een eigen ToewijzingNummer.",
    en: "Each allocation of a municipality has its own ToewijzingNummer within the law.",
    needs: &[Need::Ledger],
    doubt: "A known number is an error only for another client, provider, product or Ingangsdatum; a deleted \
            allocation keeps its number.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Body::Toewijzing(client)) = (case.facts, &case.message.body) else {
        return Vec::new();
    };
    let person = facts.person(&client.bsn);
    client
        .producten
        .iter()
        .enumerate()
        .filter_map(|(index, product)| {
            let nummer = product.toewijzing_nummer;
            let known = facts.allocations.get(&nummer)?;
            let different = differences(case, product, &person, known);
            if different.is_empty() {
                return None;
            }
            let earlier = figures::earlier(&known.message);
            let elements: Vec<&str> = different.iter().map(|(element, _)| *element).collect();
            let nl = different.iter().map(|(_, phrase)| phrase.nl.as_str()).collect::<Vec<_>>().join(", ");
            let en = different.iter().map(|(_, phrase)| phrase.en.as_str()).collect::<Vec<_>>().join(", ");
            let violation = Violation::at(
                Place::toegewezen_product(index, "ToewijzingNummer"),
                format!("ToewijzingNummer {nummer} is al gebruikt in {}; anders is: {nl}. Geef een andere toewijzing een eigen nummer.", earlier.nl),
                format!("ToewijzingNummer {nummer} was used before, in {}; what differs: {en}. Give another allocation its own number.", earlier.en),
            );
            Some(violation.earlier(&known.message).number("toewijzing_nummer", nummer).fact("anders", elements))
        })
        .collect()
}

fn differences(
    case: &Case<'_>,
    product: &ToegewezenProduct,
    person: &PersonKey,
    known: &Allocation,
) -> Vec<(&'static str, Phrase)> {
    let (of_client, of_provider) = (known.person == *person, known.aanbieder == *case.message.aanbieder());
    let compared = |element: &str, own: String, theirs: String| {
        if of_client && of_provider {
            let nl = format!("{element} ({own} in plaats van {theirs})");
            Phrase::new(nl, format!("{element} ({own} instead of {theirs})"))
        } else {
            Phrase::new(element, element)
        }
    };
    let code = |product: Option<&Product>| product.map_or_else(|| "-".to_owned(), product_phrase);
    let (own, theirs) = (product.product.as_ref(), known.product.as_ref());
    let (begin, earlier_begin) = (product.ingangsdatum, known.ingangsdatum);
    [
        ("cliënt", Phrase::new("cliënt", "client"), of_client),
        ("aanbieder", Phrase::new("aanbieder", "provider"), of_provider),
        ("product", compared("product", code(own), code(theirs)), own == theirs),
        (
            "Ingangsdatum",
            compared("Ingangsdatum", begin.to_string(), earlier_begin.to_string()),
            begin == earlier_begin,
        ),
    ]
    .into_iter()
    .filter_map(|(element, phrase, equal)| (!equal).then_some((element, phrase)))
    .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, Kind};
    use crate::rules::sample::{OTHER_BSN, Sample, TOEWIJZING, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N301;
    const PATH: &[&str] = &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/ToewijzingNummer"];
    /// Puts the allocation of the sample into the ledger, changed.
    fn known(sample: &mut Sample, change: impl FnOnce(&mut Allocation)) {
        let mut start = Sample::of(Kind::new(sample.message.kind.law, Number::N305));
        change(start.allocation());
        sample.facts.allocations.insert(TOEWIJZING, start.allocation().clone());
    }
    vec![
        accepts("a new number", N, |_| {}),
        accepts("sent again", N, |s| known(s, |_| {})),
        accepts("another end, budget and volume", N, |s| {
            known(s, |allocation| {
                allocation.einddatum = None;
                allocation.budget = Some(Cents(1));
                allocation.omvang = None;
            });
        }),
        rejects("another client", N, PATH, |s| known(s, |a| a.person = person(OTHER_BSN))),
        rejects("another provider", N, PATH, |s| known(s, |a| a.aanbieder = "42420002".into())),
        rejects("another code", N, PATH, |s| {
            known(s, |a| a.product.as_mut().expect("it has a product").code = Some("02A05".into()));
        }),
        rejects("a generic allocation before", N, PATH, |s| known(s, |a| a.product = None)),
        rejects("another first day", N, PATH, |s| known(s, |a| a.ingangsdatum = date(2025, 12, 31))),
        accepts("a deleted one sent again", N, |s| known(s, |a| a.reden_wijziging = Some("13".into()))),
        rejects("a deleted one keeps its number", N, PATH, |s| {
            known(s, |a| {
                a.reden_wijziging = Some("13".into());
                a.person = person(OTHER_BSN);
            });
        }),
    ]
}
