//! Requests that the gateway rejects in the name of a municipality that wants so.

use crate::deliver::{Expect, Lock};
use crate::scenarios::{A, BOTH, anna, bram, given};
use crate::support::{STRANGER, Sample, product};
use jiff::civil::date;
use sluis::demo::compose::Allocate;
use sluis::message::{Law, Message};

const JEUGDWET: &[Law] = &[Law::Jeugdwet];

/// A request for the usual care.
fn request(sample: &Sample, id: &str, referentie: &str) -> Message {
    sample.aanvraag(id, &anna(), &[(referentie, &sample.weekly(A))])
}

/// The 319 that a delivery led to, read back from what was written down.
fn rejection(lock: &Lock) -> Vec<u8> {
    lock.last_answer().expect("the gateway answered")
}

scenarios! {
    // Checks A1: no contract, reason 3. The request is forwarded with what was answered beside it; the return message of
    // the provider closes the question that the answer asks.
    answered_without_contract on BOTH |lock, sample| {
        let stranger = Sample::with(sample.law, STRANGER);
        lock.policy("A1", None, "answer");
        lock.tells_questions();
        lock.deliver("a request without a contract", &request(&stranger, "V1", "R1").write(),
            &Expect::accepted().signals(&["A1"]).answers(&["R1 3 A1"]));
        assert_eq!(lock.open_questions(), [
            format!("return on {} 2026-03-13 by {STRANGER}", identification(lock)),
        ], "the request has its answer, and the answer waits for its return message");
        let retour = retour(lock, sample);
        lock.deliver("its return message", &retour, &Expect::relayed());
        assert_eq!(lock.open_questions(), Vec::<String>::new());
        lock.deliver("another rejection by the municipality itself", &stranger.antwoord("A1", "R1", Some("3")).write(),
            &Expect::rejected(3).finds("TR365 9365 Antwoord").reply("Header 0200; Antwoord 9365"));
        lock.deliver("another request, since nothing is pending", &request(&stranger, "V2", "R2").write(),
            &Expect::accepted().signals(&["A1"]).answers(&["R2 3 A1"]));
    };

    // A 319 holds one answer, and a 315 may ask for several products: each reference has its own.
    answered_by_product on BOTH |lock, sample| {
        lock.policy("A1", None, "answer");
        lock.policy("A4", None, "answer");
        let contracted = sample.weekly(A);
        let too_long = Allocate { product: sample.other(), to: date(2027, 1, 1), ..sample.weekly(A) };
        let (elsewhere, name) = match sample.law {
            Law::Wmo => (product("15", "15A01"), "R3 3 A1"),
            Law::Jeugdwet => (product("44", "44A01"), "R3 3 A1"),
        };
        let elsewhere = Allocate { product: elsewhere, ..sample.weekly(A) };
        let three = sample.aanvraag("V1", &anna(), &[("R1", &contracted), ("R2", &too_long), ("R3", &elsewhere)]);
        lock.deliver("one in order, one too long, one without a contract", &three.write(),
            &Expect::accepted().signals(&["A1", "A4"]).answers(&[name, "R2 4 A4"]));
        lock.deliver("while one is pending", &request(sample, "V2", "R4").write(), &Expect::rejected(3)
            .finds("TR374 9374 Client").reply("Header 0200; Client 9374; AangevraagdProduct 0200"));
    };

    // Two reasons for one request: the first of contract, stacking and budget counts, the others are told.
    answered_for_the_first_reason on BOTH |lock, sample| {
        for check in ["A4", "A5"] {
            lock.policy(check, None, "answer");
        }
        let long = Allocate { to: date(2030, 12, 31), ..sample.weekly(A) };
        let request = sample.aanvraag("V1", &anna(), &[("R1", &long)]);
        lock.deliver("longer than any contract", &request.write(),
            &Expect::accepted().signals(&["A4", "A5"]).answers(&["R1 4 A4"]));
    };

    // A 317 is answered as a whole.
    answered_change on BOTH |lock, sample| {
        lock.policy("A4", None, "answer");
        given(lock, "T1", sample, &anna(), &[sample.weekly(A)]);
        let longer = Allocate { to: date(2027, 1, 1), ..sample.weekly(A) };
        let change = sample.wijziging("W1", &anna(), "R1", (&[], &[longer], &[]));
        lock.deliver("a change past the contract", &change.write(),
            &Expect::accepted().signals(&["A4"]).answers(&["R1 4 A4"]));
    };

    // Policy is of the municipality, `hold` means no more than a signal on a request, and nothing is answered that the
    // standard rejects.
    answered_by_policy on BOTH |lock, sample| {
        let stranger = Sample::with(sample.law, STRANGER);
        lock.policy("A1", Some("0197"), "answer");
        lock.policy("A1", Some("0294"), "observe");
        lock.deliver("Aalten answers", &request(&stranger, "V1", "R1").write(),
            &Expect::accepted().signals(&["A1"]).answers(&["R1 3 A1"]));
        let other = stranger.clone().in_gemeente("0222");
        lock.deliver("Doetinchem holds, so it is told", &request(&other, "V2", "R2").write(),
            &Expect::accepted().signals(&["A1"]));
        let third = stranger.clone().in_gemeente("0294");
        lock.deliver("Winterswijk observes", &request(&third, "V3", "R3").write(), &Expect::accepted());
        lock.deliver("an identification used before", &request(&stranger, "V1", "R4").write(),
            &Expect::rejected(3).finds("TR056 9056 Header").reply("Header 9056"));
    };

    // Crisis care is never refused, beside other care that is.
    crisis_is_not_answered on JEUGDWET |lock, sample| {
        lock.policy("A1", None, "answer");
        let stranger = Sample::with(sample.law, STRANGER);
        let crisis = Allocate { product: product("46", "46A01"), ..sample.weekly(A) };
        let both = stranger.aanvraag("V1", &bram(), &[("R1", &crisis), ("R2", &sample.weekly(A))]);
        lock.deliver("crisis care and other care without a contract", &both.write(), &Expect::accepted().signals(&["A1", "A1"]).answers(&["R2 3 A1"]));
    };
}

fn identification(lock: &Lock) -> String {
    crate::support::Xml::parse(&rejection(lock)).at("Header/BerichtIdentificatie/Identificatie").to_owned()
}

/// The return message of the provider to the latest answer: without codes all is well.
fn retour(lock: &Lock, sample: &Sample) -> Vec<u8> {
    let bytes = rejection(lock);
    let document = sluis::schema::validate(&bytes, &sluis::schema::Limits::default()).expect("it is valid");
    let message = Message::read(document.kind, document.release, &document.tree).expect("it is read");
    sample.composer.retour("RETOUR-1", &message, &[]).write()
}
