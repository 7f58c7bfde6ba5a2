//! TR347: every request of a provider has a reference of its own.
//!
//! `ReferentieAanbieder` is unique over all 315s and 317s of the provider in one law, to whichever municipality. In a 315
//! each `AangevraagdProduct` is a request, in a 317 the Verzoek as a whole. What became of the earlier request does not
//! matter: a reference is used up by a rejected or granted request too, but not by a message that was refused itself
//! (OP286).
//!
//! Inside a 315 the second and later product with a reference is refused; TR383 (level 2) sees that first. The finding
//! does not tell to which other municipality a request went.

use crate::message::{Body, Law, Number, ReferentieAanbieder};
use crate::rules::facts::CareRequest;
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};
use std::collections::BTreeMap;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR347",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9347",
    numbers: &[Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "ReferentieAanbieder is niet eerder gebruikt in een aanvraag (315) of verzoek om wijziging (317) van deze \
         aanbieder.",
    en: "ReferentieAanbieder was not used before in a request (315 or 317) of this provider.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(facts) = case.facts else {
        return Vec::new();
    };
    let references: Vec<(Place, &ReferentieAanbieder)> = match &case.message.body {
        Body::Aanvraag(client) => client
            .producten
            .iter()
            .enumerate()
            .map(|(index, product)| {
                (Place::aangevraagd_product(index, "ReferentieAanbieder"), &product.referentie_aanbieder)
            })
            .collect(),
        Body::Wijziging(client) => vec![(Place::verzoek("ReferentieAanbieder"), &client.verzoek.referentie_aanbieder)],
        _ => return Vec::new(),
    };
    let mut first = BTreeMap::new();
    references
        .into_iter()
        .enumerate()
        .filter_map(|(index, (place, referentie))| {
            let first = *first.entry(referentie).or_insert(index);
            match facts.verzoeken.get(referentie) {
                Some(verzoek) => Some(used(case, place, verzoek)),
                None => (first < index).then(|| repeated(place, referentie, first + 1)),
            }
        })
        .collect()
}

fn used(case: &Case<'_>, place: Place, verzoek: &CareRequest) -> Violation {
    let referentie = &verzoek.referentie;
    // The number of a message to another municipality is the provider's own, so it may be told.
    let earlier = figures::earlier(&verzoek.message);
    let elsewhere = verzoek.gemeente != *case.message.gemeente();
    let (nl, en) = if elsewhere { (" aan een andere gemeente", " to another municipality") } else { ("", "") };
    Violation::at(
        place,
        format!(
            "Referentie {referentie} is al gebruikt in {}{nl}. Geef elk verzoek een eigen referentie.",
            earlier.nl
        ),
        format!("Reference {referentie} was used before, in {}{en}. Give each request its own reference.", earlier.en),
    )
    .fact("referentie_aanbieder", referentie.as_str())
    .earlier(&verzoek.message)
}

fn repeated(place: Place, referentie: &ReferentieAanbieder, ordinal: usize) -> Violation {
    Violation::at(
        place,
        format!("Referentie {referentie} staat ook bij aangevraagd product {ordinal}. Geef elk product een eigen referentie."),
        format!("Reference {referentie} also stands on requested product {ordinal}. Give each product its own reference."),
    )
    .fact("referentie_aanbieder", referentie.as_str())
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::VerzoekAntwoord;
    use crate::rules::facts::RequestAnswer;
    use crate::rules::sample::{OTHER_BSN, Row, Sample, VERZOEK, accepts, earlier, person, rejects};
    const PRODUCT: &[&str] = &["/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/ReferentieAanbieder"];
    const SECOND: &[&str] = &["/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/ReferentieAanbieder"];
    const VERZOEK_PLACE: &[&str] = &["/Bericht/Client/Verzoek/ReferentieAanbieder"];
    fn second(sample: &mut Sample, referentie: &str) {
        let mut product = sample.aangevraagd_product().clone();
        product.referentie_aanbieder = referentie.into();
        sample.aanvraag().producten.push(product);
    }
    let rows = |number: Number, path: &'static [&'static str]| -> Vec<Row> {
        vec![
            accepts("a new reference", number, |_| {}),
            rejects("used by a 315 or 317 that is pending", number, path, |s| s.earlier_request(VERZOEK, |_| {})),
            rejects("used by a request that was rejected", number, path, |s| {
                s.earlier_request(VERZOEK, |verzoek| {
                    verzoek
                        .answers
                        .push(RequestAnswer { antwoord: VerzoekAntwoord::Afgewezen, message: earlier("319") });
                });
            }),
            rejects("used by a request that was granted", number, path, |s| {
                s.earlier_request(VERZOEK, |verzoek| verzoek.honoured_by = Some(earlier("301")));
            }),
            rejects("used for another client", number, path, |s| {
                s.earlier_request(VERZOEK, |verzoek| verzoek.person = person(OTHER_BSN));
            }),
            rejects("used to another municipality", number, path, |s| {
                s.earlier_request(VERZOEK, |verzoek| verzoek.gemeente = "0294".into());
            }),
            accepts("another reference is used", number, |s| s.earlier_request("V-2026-2", |_| {})),
            accepts("a reference that differs in its last letter", number, |s| s.earlier_request("V-2026-1a", |_| {})),
        ]
    };
    let mut cases = rows(Number::N315, PRODUCT);
    cases.extend(rows(Number::N317, VERZOEK_PLACE));
    cases.extend([
        accepts("two products, each with its own", Number::N315, |s| second(s, "V-2026-2")),
        rejects("only the wrong one of two", Number::N315, SECOND, |s| {
            second(s, "V-2026-2");
            s.earlier_request("V-2026-2", |_| {});
        }),
        rejects("twice in one message", Number::N315, SECOND, |s| second(s, VERZOEK)),
    ]);
    cases
}
