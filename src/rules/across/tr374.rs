//! TR374: a provider asks for one thing at a time for a client.
//!
//! A 315 or 317 is refused while another request of this provider for this client to this municipality is pending. It
//! is pending until the municipality allocates with its reference (301) or rejects it (319 with `VerzoekAntwoord` 1); one
//! that is under investigation (2) stays pending. Of a 315 with several products each reference must be settled.
//!
//! Doubtful, with the choices made:
//! - The products of one 315 are one request in this sense and do not block each other.
//! - The municipality is part of the scope, since nobody can judge by requests to others.
//! - The class is not stated: Client in a 315, whose products are all concerned, Verzoek in a 317.
//! - A 301 that is held settles nothing yet: it was not sent to the provider, and may be withdrawn.

use crate::message::{Body, Law, Number, VerzoekAntwoord};
use crate::rules::facts::CareRequest;
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR374",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9374",
    numbers: &[Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "Er loopt geen ander verzoek (315 of 317) van deze aanbieder voor deze cliënt bij deze gemeente.",
    en: "No other request (315 or 317) of this provider for this client is pending at this municipality.",
    needs: &[Need::Ledger],
    doubt: "The products of one 315 do not block each other; requests to other municipalities do not count; the code \
            stands on Client in a 315 and on Verzoek in a 317; a held 301 settles nothing yet.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let place = match &case.message.body {
        Body::Aanvraag(_) => Place::client(""),
        Body::Wijziging(_) => Place::verzoek(""),
        _ => return Vec::new(),
    };
    let earlier = case.facts.map_or(&[][..], |facts| &facts.verzoeken_of_client);
    let pending: Vec<&CareRequest> = earlier.iter().filter(|verzoek| verzoek.is_pending()).collect();
    let Some(oldest) = pending.first() else {
        return Vec::new();
    };
    let (referentie, message, state) = (&oldest.referentie, figures::earlier(&oldest.message), state(oldest));
    vec![
        Violation::at(
            place,
            format!(
                "Voor deze cliënt loopt nog een verzoek bij deze gemeente: referentie {referentie} uit {}, {}. Wacht op \
                 de toewijzing of de afwijzing.",
                message.nl, state.nl
            ),
            format!(
                "A request for this client is still pending at this municipality: reference {referentie} of {}, {}. \
                 Wait for the allocation or the rejection.",
                message.en, state.en
            ),
        )
        .fact("referentie_aanbieder", referentie.as_str())
        .fact("lopende_verzoeken", pending.len())
        .earlier(&oldest.message),
    ]
}

fn state(verzoek: &CareRequest) -> Phrase {
    if verzoek.answers.iter().any(|answer| answer.antwoord == VerzoekAntwoord::InOnderzoek) {
        Phrase::new("in onderzoek", "under investigation")
    } else {
        Phrase::new("nog niet beantwoord", "not answered yet")
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::facts::RequestAnswer;
    use crate::rules::sample::{Row, VERZOEK, accepts, earlier, rejects};
    fn answer(verzoek: &mut CareRequest, antwoord: VerzoekAntwoord) {
        verzoek.answers.push(RequestAnswer { antwoord, message: earlier("319") });
    }
    let rows = |number: Number, path: &'static [&'static str]| -> Vec<Row> {
        vec![
            accepts("the first request", number, |_| {}),
            rejects("one that nobody answered", number, path, |s| s.earlier_request("V0", |_| {})),
            rejects("one under investigation", number, path, |s| {
                s.earlier_request("V0", |verzoek| answer(verzoek, VerzoekAntwoord::InOnderzoek));
            }),
            accepts("one that was rejected", number, |s| {
                s.earlier_request("V0", |verzoek| answer(verzoek, VerzoekAntwoord::Afgewezen));
            }),
            accepts("one that was investigated and rejected", number, |s| {
                s.earlier_request("V0", |verzoek| {
                    answer(verzoek, VerzoekAntwoord::InOnderzoek);
                    answer(verzoek, VerzoekAntwoord::Afgewezen);
                });
            }),
            accepts("one that was granted", number, |s| {
                s.earlier_request("V0", |verzoek| verzoek.honoured_by = Some(earlier("301")));
            }),
            accepts("one that was investigated and granted", number, |s| {
                s.earlier_request("V0", |verzoek| {
                    answer(verzoek, VerzoekAntwoord::InOnderzoek);
                    verzoek.honoured_by = Some(earlier("301"));
                });
            }),
            rejects("one of two products of an earlier 315 is settled, the other is not", number, path, |s| {
                s.earlier_request("V0", |verzoek| verzoek.honoured_by = Some(earlier("301")));
                s.earlier_request("V00", |_| {});
            }),
            accepts("both products of an earlier 315 are settled", number, |s| {
                s.earlier_request("V0", |verzoek| verzoek.honoured_by = Some(earlier("301")));
                s.earlier_request("V00", |verzoek| answer(verzoek, VerzoekAntwoord::Afgewezen));
            }),
            rejects("two that are pending, and one finding", number, path, |s| {
                s.earlier_request("V0", |_| {});
                s.earlier_request("V00", |_| {});
            }),
            rejects("one with the same reference", number, path, |s| s.earlier_request(VERZOEK, |_| {})),
        ]
    };
    let mut cases = rows(Number::N315, &["/Bericht/Client"]);
    cases.extend(rows(Number::N317, &["/Bericht/Client/Verzoek"]));
    cases.push(accepts("two products of one 315", Number::N315, |s| {
        let mut second = s.aangevraagd_product().clone();
        second.referentie_aanbieder = "V-2026-2".into();
        s.aanvraag().producten.push(second);
    }));
    cases.push(accepts("a request to another municipality, known by its reference only", Number::N315, |s| {
        s.earlier_request("V0", |verzoek| verzoek.gemeente = "0294".into());
        s.facts.verzoeken_of_client.clear();
    }));
    cases
}
