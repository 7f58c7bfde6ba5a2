//! TR304: the client of a declaration, of its answer or of a request for change is a known client, and lines of a
//! declaration are on that client's own allocations.
//!
//! Known means that this municipality has sent this provider an allocation for the client; a deleted one still tells
//! whom it was for.
//!
//! | number | judged |
//! |---|---|
//! | 317 | the client |
//! | 323 | each client, and the allocations of its lines; these are then not judged themselves (0233) |
//! | 325 | each client but those that the answer itself calls unknown |
//!
//! Doubtful, with the choice made:
//! - The text of the return code ("claim line does not belong to this client") makes it the fitting code as well when a
//!   line of a 323 names an allocation of this provider that is for somebody else. A 317 that names such an allocation
//!   breaks TR350 or TR351 instead.
//! - A 325 repeats the clients that it rejects, also one with 8187 because nobody knows it. Refusing the answer for
//!   saying so would make it impossible to give.

use crate::message::{Body, Bsn, Count, DeclaratieClient, Law, Number, RetourCode};
use crate::rules::facts::Facts;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR304",
    sort: Sort::Technical,
    level: Level::Across,
    code: "8187",
    numbers: &[Number::N317, Number::N323, Number::N325],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "De cliënt is bekend: de gemeente heeft deze aanbieder voor de cliënt een toewijzing gestuurd.",
    en: "The client is known: the municipality has sent this provider an allocation for the client.",
    needs: &[Need::Ledger],
    doubt: "A line of a declaration on an allocation of this provider that is for another client rejects the client \
            too, by the text of 8187. In a 325 a client that the answer itself rejects with 8187 is not judged.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(facts) = case.facts else {
        return Vec::new();
    };
    match &case.message.body {
        Body::Wijziging(client) => unknown(case, facts, &client.bsn, Place::client("Bsn")).into_iter().collect(),
        Body::Declaratie(declaratie) => {
            let clients = declaratie.clienten.iter().enumerate();
            clients.filter_map(|(index, client)| claimant(case, facts, index, client)).collect()
        }
        Body::DeclaratieAntwoord(Some(antwoord)) => {
            let clients = antwoord.clienten.iter().enumerate().filter(|(_, client)| !is_called_unknown(client));
            clients
                .filter_map(|(index, client)| unknown(case, facts, &client.bsn, Place::antwoord_client(index, "Bsn")))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn is_called_unknown(client: &DeclaratieClient) -> bool {
    client.retour_codes.iter().map(RetourCode::as_str).any(|code| code == RULE.code)
}

fn unknown(case: &Case<'_>, facts: &Facts, bsn: &Bsn, place: Place) -> Option<Violation> {
    let gemeente = case.message.gemeente();
    (!facts.known_clients.contains(bsn)).then(|| {
        Violation::at(
            place,
            format!("Gemeente {gemeente} heeft deze aanbieder voor deze cliënt geen toewijzing gestuurd. Controleer het Bsn."),
            format!("Municipality {gemeente} has sent this provider no allocation for this client. Verify the Bsn."),
        )
    })
}

/// A client of a 323.
fn claimant(case: &Case<'_>, facts: &Facts, index: usize, client: &DeclaratieClient) -> Option<Violation> {
    let place = Place::declaratie_client(index, "Bsn");
    if let Some(unknown) = unknown(case, facts, &client.bsn, place.clone()) {
        return Some(unknown);
    }
    let (line, nummer) = foreign_line(case, facts, client)?;
    let ordinal = line + 1;
    let violation = Violation::at(
        place,
        format!("Toewijzing {nummer} van prestatie {ordinal} is niet voor deze cliënt. Controleer het ToewijzingNummer en het Bsn."),
        format!("Allocation {nummer} of line {ordinal} is not for this client. Verify the ToewijzingNummer and the Bsn."),
    );
    Some(violation.number("toewijzing_nummer", nummer).fact("prestatie", Place::prestatie(index, line, "ToewijzingNummer").path()))
}

/// The first line on an allocation that is for somebody else, with the number of the allocation.
fn foreign_line(case: &Case<'_>, facts: &Facts, client: &DeclaratieClient) -> Option<(usize, Count)> {
    let person = facts.person(&client.bsn);
    client.prestaties.iter().enumerate().find_map(|(index, prestatie)| {
        let allocation = case.allocation(prestatie.toewijzing_nummer)?;
        (allocation.person != person).then_some((index, allocation.nummer))
    })
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    const N: Number = Number::N323;
    const FIRST: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Bsn"];
    const SECOND: &[&str] = &["/Bericht/Declaratie/Clienten/Client[2]/Bsn"];
    const CLIENT: &[&str] = &["/Bericht/Client/Bsn"];
    const ANSWERED: &[&str] = &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Bsn"];
    const ANSWERED_SECOND: &[&str] = &["/Bericht/DeclaratieAntwoord/Clienten/Client[2]/Bsn"];
    vec![
        accepts("a known client asks for change", Number::N317, |_| {}),
        rejects("an unknown client asks for change", Number::N317, CLIENT, |s| s.facts.known_clients.clear()),
        accepts("known by a deleted allocation", Number::N317, |s| {
            s.allocation().reden_wijziging = Some("13".into());
            s.allocation().einddatum = Some(s.allocation().ingangsdatum);
        }),
        accepts("a change of somebody else's allocation is for TR351", Number::N317, |s| {
            s.allocation().person = person(OTHER_BSN);
        }),
        accepts("a known client in the answer", Number::N325, |_| {}),
        accepts("an answer that lists nobody", Number::N325, |s| s.declaratie_antwoord().clienten.clear()),
        rejects("an unknown client in the answer", Number::N325, ANSWERED, |s| s.facts.known_clients.clear()),
        accepts("an unknown client whom the answer calls unknown", Number::N325, |s| {
            s.facts.known_clients.clear();
            s.declaratie_antwoord().clienten[0].retour_codes = vec!["8187".into()];
        }),
        rejects("the second of two clients in the answer is unknown", Number::N325, ANSWERED_SECOND, |s| {
            let mut second = s.declaratie_antwoord().clienten[0].clone();
            second.bsn = OTHER_BSN.into();
            s.declaratie_antwoord().clienten.push(second);
        }),
        accepts("a known client", N, |_| {}),
        rejects("an unknown client", N, FIRST, |s| s.facts.known_clients.clear()),
        rejects("an allocation for somebody else", N, FIRST, |s| s.allocation().person = person(OTHER_BSN)),
        rejects("a deleted allocation for somebody else", N, FIRST, |s| {
            s.allocation().person = person(OTHER_BSN);
            s.allocation().reden_wijziging = Some("13".into());
        }),
        accepts("an allocation of another provider is for TR338", N, |s| {
            s.allocation().person = person(OTHER_BSN);
            s.allocation().aanbieder = "42420002".into();
        }),
        accepts("an unknown allocation is for TR338", N, |s| s.line().toewijzing_nummer = 1002),
        rejects("the second of two clients is unknown", N, SECOND, |s| {
            let mut second = s.declaratie().clienten[0].clone();
            second.bsn = OTHER_BSN.into();
            second.prestaties[0].toewijzing_nummer = 1002;
            s.declaratie().clienten.push(second);
        }),
        rejects("the second of two clients claims on the first one's allocation", N, SECOND, |s| {
            let mut second = s.declaratie().clienten[0].clone();
            second.bsn = OTHER_BSN.into();
            s.facts.known_clients.insert(OTHER_BSN.into());
            s.declaratie().clienten.push(second);
        }),
    ]
}
