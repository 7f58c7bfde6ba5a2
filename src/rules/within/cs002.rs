//! CS002: a Bsn passes the eleven test.
//!
//! 9·d1 + 8·d2 + 7·d3 + 6·d4 + 5·d5 + 4·d6 + 3·d7 + 2·d8 − d9 is divisible by 11. The test numbers 999900006 to
//! 999999990 pass as well. 000000000 passes arithmetically; it is rejected all the same, for it is nobody. The finding
//! shows neither the number nor what it adds up to.

use super::helpers::clienten;
use crate::message::{Bsn, Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS002",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[
        Number::N301,
        Number::N305,
        Number::N307,
        Number::N315,
        Number::N317,
        Number::N323,
        Number::N325,
    ],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "Het Bsn van een cliënt voldoet aan de elfproef.",
    en: "The Bsn of a client passes the eleven test.",
    needs: &[],
    doubt: "000000000 passes the arithmetic; it is rejected because it belongs to nobody, which the source does \
        not state.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    clienten(case)
        .into_iter()
        .filter(|client| !Bsn::passes_eleven_test(client.item.expose()))
        .map(|client| {
            Violation::at(
                client.place("Bsn"),
                "Dit Bsn voldoet niet aan de elfproef. Controleer het Bsn van de cliënt.",
                "This Bsn does not pass the eleven test. Verify the Bsn of the client.",
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::copy_client;
    use crate::message::Body;
    use crate::rules::sample::{Sample, accepts, rejects};
    /// Sets the Bsn of the (first) client.
    fn bsn(s: &mut Sample, bsn: &str) {
        match &mut s.message.body {
            Body::Toewijzing(client) => client.bsn = bsn.into(),
            Body::Start(client) => client.bsn = bsn.into(),
            Body::Stop(client) => client.bsn = bsn.into(),
            Body::Aanvraag(client) => client.bsn = bsn.into(),
            Body::Wijziging(client) => client.bsn = bsn.into(),
            Body::Declaratie(declaratie) => declaratie.clienten[0].bsn = bsn.into(),
            Body::DeclaratieAntwoord(Some(antwoord)) => antwoord.clienten[0].bsn = bsn.into(),
            other => panic!("no client in {other:?}"),
        }
    }
    let mut rows = Vec::new();
    let paths: [(Number, &[&str]); 7] = [
        (Number::N301, &["/Bericht/Client/Bsn"]),
        (Number::N305, &["/Bericht/Client/Bsn"]),
        (Number::N307, &["/Bericht/Client/Bsn"]),
        (Number::N315, &["/Bericht/Client/Bsn"]),
        (Number::N317, &["/Bericht/Client/Bsn"]),
        (Number::N323, &["/Bericht/Declaratie/Clienten/Client[1]/Bsn"]),
        (Number::N325, &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Bsn"]),
    ];
    for (number, path) in paths {
        rows.push(accepts("a sum of 14 times 11", number, |s| bsn(s, "123456782")));
        rows.push(accepts("a leading zero", number, |s| bsn(s, "010000008")));
        rows.push(accepts("the last test number", number, |s| bsn(s, "999999990")));
        rows.push(rejects("the last digit one too high", number, path, |s| bsn(s, "123456783")));
        rows.push(rejects("two digits swapped", number, path, |s| bsn(s, "213456782")));
        rows.push(rejects("the last digit added instead of subtracted", number, path, |s| bsn(s, "123456789")));
        rows.push(rejects("nobody", number, path, |s| bsn(s, "000000000")));
        rows.push(rejects("a letter after digits that add up", number, path, |s| bsn(s, "12345677A")));
        rows.push(rejects("eight digits", number, path, |s| bsn(s, "12345678")));
    }
    let second: [(Number, &[&str]); 2] = [
        (Number::N323, &["/Bericht/Declaratie/Clienten/Client[2]/Bsn"]),
        (Number::N325, &["/Bericht/DeclaratieAntwoord/Clienten/Client[2]/Bsn"]),
    ];
    for (number, path) in second {
        rows.push(rejects("the second client", number, path, |s| {
            copy_client(s, |client| client.bsn = "123456783".into());
        }));
    }
    rows.push(accepts("an answer that lists nobody", Number::N325, |s| s.declaratie_antwoord().clienten.clear()));
    rows
}
