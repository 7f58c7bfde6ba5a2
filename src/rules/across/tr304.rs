//! TR304: the client of a declaration is a known client, and its lines are on that client's own allocations.
//!
//! Known means that this municipality has sent this provider an allocation for the client. The text of the return code
//! ("claim line does not belong to this client") makes it the fitting code as well when a line names an allocation of
//! this provider that is for somebody else. The code stands on the client; its lines are then not judged (0233).
//!
//! A deleted allocation still tells whom it was for.

use crate::message::{Body, Count, DeclaratieClient, Law, Number};
use crate::rules::facts::Facts;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR304",
    sort: Sort::Technical,
    level: Level::Across,
    code: "8187",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "De cliënt is bekend: de gemeente heeft deze aanbieder voor de cliënt een toewijzing gestuurd.",
    en: "The client is known: the municipality has sent this provider an allocation for the client.",
    needs: &[Need::Ledger],
    doubt: "A line on an allocation of this provider that is for another client rejects the client too, by the text \
            of 8187.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Body::Declaratie(declaratie)) = (case.facts, &case.message.body) else {
        return Vec::new();
    };
    let clients = declaratie.clienten.iter().enumerate();
    clients.filter_map(|(index, client)| judge(case, facts, index, client)).collect()
}

fn judge(case: &Case<'_>, facts: &Facts, index: usize, client: &DeclaratieClient) -> Option<Violation> {
    let place = Place::declaratie_client(index, "Bsn");
    let gemeente = case.message.gemeente();
    if !facts.known_clients.contains(&client.bsn) {
        return Some(Violation::at(
            place,
            format!("Gemeente {gemeente} heeft deze aanbieder voor deze cliënt geen toewijzing gestuurd. Controleer het Bsn."),
            format!("Municipality {gemeente} has sent this provider no allocation for this client. Verify the Bsn."),
        ));
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
    vec![
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
