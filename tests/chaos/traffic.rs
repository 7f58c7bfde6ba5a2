//! Traffic with something of everything that senders send: per client an allocation, the provider's answer, a start, a
//! request with its answer, a change, a declaration, its credit and a stop; good, wrong in ways that each decide
//! differently, unreadable, and some of it twice. Verdicts depend on earlier messages and on a budget that runs out,
//! so a message that is lost, judged twice or judged out of turn changes the verdicts of others.

use crate::e2e::oracle::Account;
use crate::e2e::traffic::{Item, Lane, claim};
use jiff::civil::date;
use sluis::decision::{Purpose, Verdict};
use sluis::demo::compose::{Allocate, Claim, Person, omvang};
use sluis::message::{Body, Cents, Count, Date, DebetCredit, Eenheid, Frequentie, Message, TotaalBedragMetDC};
use std::collections::BTreeSet;

const FEBRUARY: (Date, Date) = (date(2025, 2, 1), date(2025, 2, 28));
const JANUARY: (Date, Date) = (date(2025, 1, 1), date(2025, 1, 31));
/// Clients for whom all of it occurs.
pub const ALL_SORTS: u32 = 20;

/// All messages of that many clients, in the order in which they must be judged, client by client. The three lanes of
/// [`Lane::of`] take turns.
pub fn clients(count: u32) -> Vec<Vec<Item>> {
    (0..count).map(|nth| client(nth, nth % 3 * 34 + nth / 3 % 34 + nth / 102 * 102)).collect()
}

/// An allocation on its own for a client whom nobody else has.
pub fn fresh() -> Item {
    let Some(mut first) = client(7_000, 7_038).into_iter().next() else { unreachable!("a client has messages") };
    "9999-fresh.xml".clone_into(&mut first.name);
    first
}

/// What one client is the cause of; `nth` decides what is wrong with it, `number` who it is and where.
fn client(nth: u32, number: u32) -> Vec<Item> {
    let lane = Lane::of(number);
    let (composer, person) = (&lane.composer, Person::nth(number));
    let nummer = 100_000 + Count::from(number);
    // One allocation of the third lane is so large that the budget is gone, and those after it wait for a person.
    let hours = if nth % 3 == 2 && nth / 3 == 2 { 160 } else { 4 };
    let allocate = Allocate {
        nummer,
        product: lane.product.clone(),
        from: date(2025, 1, 1),
        to: date(2025, 12, 28),
        omvang: omvang(hours, Eenheid::Uur, Frequentie::PerWeek),
    };
    let mut items = Vec::new();
    let mut say = |sort: &str, bytes: Vec<u8>| {
        let step = items.len();
        items.push(Item { name: format!("{nth:04}-{step:02}-{sort}.xml"), bytes });
    };

    let mut toewijzing = composer.toewijzing(&format!("T{number:05}"), &person, &allocate);
    if nth % 10 == 3 {
        // CD076: a weekly volume has an end date.
        leave_out_end(&mut toewijzing);
    }
    if nth % 10 == 9 {
        say("tekst", format!("Hierbij de toewijzing van client {nth}, zie de bijlage.").into_bytes());
    } else {
        say("toewijzing", toewijzing.write());
        // To an allocation that the gateway rejected or that waits for a person, the provider has nothing to answer.
        say("retour", composer.retour(&format!("R{number:05}"), &toewijzing, &[]).write());
    }

    // TR019: an allocation that nobody gave.
    let on = if nth % 10 == 6 { Allocate { nummer: nummer + 500_000, ..allocate.clone() } } else { allocate.clone() };
    let start = composer.start(&format!("S{number:05}"), &person, &on, date(2025, 1, 6)).write();
    say("start", if nth % 10 == 5 { with_unknown_gender(start) } else { start });

    if nth.is_multiple_of(2) {
        let referentie = format!("V{number:05}");
        let wanted = Allocate { nummer: 0, ..allocate.clone() };
        say("aanvraag", composer.aanvraag(&format!("A{number:05}"), &person, &referentie, &wanted).write());
        let reden = nth.is_multiple_of(4).then_some("2");
        say("antwoord", composer.antwoord(&format!("B{number:05}"), &referentie, reden).write());
    } else {
        let wanted = Allocate { omvang: omvang(5, Eenheid::Uur, Frequentie::PerWeek), ..allocate.clone() };
        let referentie = format!("W{number:05}");
        say("wijziging", composer.wijziging(&format!("W{number:05}"), &person, &referentie, &wanted).write());
    }

    let mut lines = vec![claim(number, 1, &lane, nummer, FEBRUARY, 12)];
    match nth % 10 {
        // TR381: a tariff that was not agreed.
        7 => lines[0].tarief = Cents(lane.tarief + 100),
        // TR321: more than was allocated.
        8 => lines.push(claim(number, 2, &lane, nummer, JANUARY, 40)),
        _ => {}
    }
    let identificatie = format!("D{number:05}");
    let claims: [(&Person, Vec<Claim>); 1] = [(&person, lines)];
    let declaratie = composer.declaratie(&identificatie, &format!("DN{number:05}"), FEBRUARY, &claims);
    say("declaratie", declaratie.write());
    if nth.is_multiple_of(4) {
        // TR056: the same once more, as another message.
        say("dubbel", declaratie.write());
    } else {
        let credited = [(&person, vec![claim(number, 3, &lane, nummer, FEBRUARY, 12)])];
        let mut credit = composer.declaratie(&format!("C{number:05}"), &format!("CN{number:05}"), FEBRUARY, &credited);
        credit_of(&mut credit, &format!("R{number:05}-1"));
        say("credit", credit.write());
    }
    if !nth.is_multiple_of(3) {
        let end = ("19", date(2025, 3, 3));
        say("stop", composer.stop(&format!("E{number:05}"), &person, &allocate, date(2025, 1, 6), end).write());
    }
    // The very same delivery again, as brokers and careful senders do.
    if nth % 5 == 1 {
        let again = items[items.len() / 2].clone();
        items.push(again);
    }
    items
}

fn with_unknown_gender(message: Vec<u8>) -> Vec<u8> {
    String::from_utf8(message).expect("messages are UTF-8").replace("Geslacht>0<", "Geslacht>X<").into_bytes()
}

fn leave_out_end(message: &mut Message) {
    let Body::Toewijzing(client) = &mut message.body else { return };
    for product in &mut client.producten {
        product.einddatum = None;
    }
}

/// Makes a declaration the credit of an earlier line.
fn credit_of(message: &mut Message, vorig: &str) {
    let Body::Declaratie(declaratie) = &mut message.body else { return };
    let mut sum = 0;
    for line in declaratie.clienten.iter_mut().flat_map(|client| &mut client.prestaties) {
        line.referentie.vorig = Some(vorig.into());
        line.bedrag.debet_credit = DebetCredit::Credit;
        sum += line.bedrag.signed().0;
    }
    declaratie.totaal = TotaalBedragMetDC::from_signed(Cents(sum));
}

/// The traffic decides in all ways, or the scenarios would prove nothing: what of it never occurs.
pub fn missing(expected: &Account) -> Vec<String> {
    let mut missing = Vec::new();
    for verdict in Verdict::ALL {
        if expected.count(verdict) == 0 {
            missing.push(format!("nothing is {verdict}"));
        }
    }
    for purpose in [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal] {
        if expected.count_leaving(purpose) == 0 {
            missing.push(format!("no {} leaves", purpose.as_str()));
        }
    }
    let accepted = |sort: &str| {
        let good = |(name, judged): (&String, &Vec<_>)| name.contains(sort) && judged.iter().any(is_accepted);
        expected.messages.iter().any(good)
    };
    for sort in ["toewijzing", "retour", "start", "aanvraag", "antwoord", "wijziging", "declaratie", "credit", "stop"] {
        if !accepted(sort) {
            missing.push(format!("no {sort} is accepted"));
        }
    }
    let subjects: BTreeSet<&str> = expected.outbox.iter().map(|due| due.subject.as_str()).collect();
    for subject in ["WMO325", "JW325", "WMO302", "JW301", "WMO306", "WMO308", "WMO316", "WMO318"] {
        if !subjects.contains(subject) {
            missing.push(format!("no {subject} leaves"));
        }
    }
    missing
}

fn is_accepted(judged: &crate::e2e::oracle::Judged) -> bool {
    judged.verdict == Verdict::Accepted
}
