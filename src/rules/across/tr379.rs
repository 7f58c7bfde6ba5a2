//! TR379: an allocation names a request only to grant it.
//!
//! `ReferentieAanbieder` of a `ToegewezenProduct` is that of a request (315 or 317) of this provider to this municipality
//! for this client. From a 315 each allocation takes the reference of its own `AangevraagdProduct`, from a 317 every
//! allocation of the message the one of the Verzoek; any other allocation has none (IV093, IV094, IV097).
//!
//! What a receiver can tell is judged: whether there is such a request.
//!
//! Doubtful, with the choices made:
//! - A request for another client cannot be granted to this one, and one to another municipality not by this one. The
//!   finding does not tell whether there is one.
//! - A reference may come again after the request was granted or rejected. The provider may have returned the first 301
//!   with a 302, and the same allocation is then sent once more; a municipality may grant after all what it rejected.
//! - An absent reference is not judged: nobody can tell from the message that it grants something.

use super::helpers::care_request;
use crate::message::{Body, Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR379",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9379",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "ReferentieAanbieder is alleen gevuld met de referentie van een verzoek (315 of 317) dat met deze toewijzing wordt \
         gehonoreerd.",
    en: "ReferentieAanbieder is only filled, with the reference of a request (315 or 317) that this allocation grants.",
    needs: &[Need::Ledger],
    doubt: "The request must be for this client and to this municipality; a reference may come again after the request \
            was granted or rejected; an absent reference is not judged.",
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
            let referentie = product.referentie_aanbieder.as_ref()?;
            if care_request(case, referentie).is_some_and(|verzoek| verzoek.person == person) {
                return None;
            }
            let violation = Violation::at(
                Place::toegewezen_product(index, "ReferentieAanbieder"),
                format!(
                    "Er is voor deze cliënt geen verzoek van deze aanbieder aan deze gemeente met referentie {referentie}. \
                     Laat ReferentieAanbieder leeg als de toewijzing geen verzoek honoreert."
                ),
                format!(
                    "This provider sent this municipality no request for this client with reference {referentie}. Leave \
                     ReferentieAanbieder empty when the allocation grants no request."
                ),
            );
            Some(
                violation
                    .fact("referentie_aanbieder", referentie.as_str())
                    .number("toewijzing_nummer", product.toewijzing_nummer),
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::VerzoekAntwoord;
    use crate::rules::facts::{CareRequest, RequestAnswer};
    use crate::rules::sample::{OTHER_BSN, Sample, VERZOEK, accepts, earlier, person, rejects};
    const N: Number = Number::N301;
    const FIRST: &[&str] = &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/ReferentieAanbieder"];
    const SECOND: &[&str] = &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/ReferentieAanbieder"];
    const BOTH: &[&str] = &[FIRST[0], SECOND[0]];
    fn granting(sample: &mut Sample) {
        sample.product().referentie_aanbieder = Some(VERZOEK.into());
    }
    fn requested(sample: &mut Sample, change: impl FnOnce(&mut CareRequest)) {
        granting(sample);
        sample.earlier_request(VERZOEK, change);
    }
    fn second(sample: &mut Sample, referentie: Option<&str>) {
        let mut other = sample.product().clone();
        (other.toewijzing_nummer, other.referentie_aanbieder) = (1002, referentie.map(Into::into));
        sample.toewijzing().producten.push(other);
    }
    vec![
        accepts("no reference", N, |_| {}),
        accepts("no reference while a request is pending", N, |s| s.earlier_request(VERZOEK, |_| {})),
        accepts("the reference of a 315", N, |s| requested(s, |_| {})),
        accepts("the reference of a 317", N, |s| requested(s, |verzoek| verzoek.message = earlier("317"))),
        rejects("the reference of no request", N, FIRST, granting),
        rejects("the reference of another request", N, FIRST, |s| {
            granting(s);
            s.earlier_request("V-2026-2", |_| {});
        }),
        rejects("a request for another client", N, FIRST, |s| {
            requested(s, |verzoek| verzoek.person = person(OTHER_BSN));
        }),
        rejects("a request to another municipality", N, FIRST, |s| {
            requested(s, |verzoek| verzoek.gemeente = "0294".into());
        }),
        accepts("under investigation", N, |s| {
            requested(s, |verzoek| {
                verzoek
                    .answers
                    .push(RequestAnswer { antwoord: VerzoekAntwoord::InOnderzoek, message: earlier("319") });
            });
        }),
        accepts("rejected before", N, |s| {
            requested(s, |verzoek| {
                verzoek.answers.push(RequestAnswer { antwoord: VerzoekAntwoord::Afgewezen, message: earlier("319") });
            });
        }),
        accepts("granted before, sent once more", N, |s| {
            requested(s, |verzoek| verzoek.honoured_by = Some(earlier("301")));
        }),
        accepts("all allocations with the reference of a 317", N, |s| {
            requested(s, |verzoek| verzoek.message = earlier("317"));
            second(s, Some(VERZOEK));
        }),
        accepts("another allocation that travels along", N, |s| {
            requested(s, |_| {});
            second(s, None);
        }),
        rejects("only the wrong one of two", N, SECOND, |s| {
            requested(s, |_| {});
            second(s, Some("V-2026-2"));
        }),
        rejects("the same unknown reference twice", N, BOTH, |s| {
            granting(s);
            second(s, Some(VERZOEK));
        }),
    ]
}
