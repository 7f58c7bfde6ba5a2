//! What is asked stays open until it is answered, once.

use super::*;
use crate::deadline::Debt;
use crate::decision::{About, Asked, Settled, Settles};
use crate::demo::compose::{Allocate, Claim, Composer, Person, omvang};
use crate::ledger::Open;
use crate::message::{Cents, Date, Eenheid, Frequentie, Product};
use crate::rules::facts::{GivenReply, Question, QuestionKey, QuestionState};
use std::time::Duration;

const TODAY: Date = date(2026, 3, 10);

fn asked(debt: Debt, about: About, due_on: Date) -> Record {
    let owed_by = if matches!(debt, Debt::Return | Debt::Start) { AANBIEDER } else { GEMEENTE };
    Record::Asked(Asked { debt, about, owed_by: owed_by.into(), asked_on: TODAY, due_on, answered: false })
}

fn retour(due_on: Date) -> Record {
    asked(Debt::Return, About::Message, due_on)
}

fn answered_at_once(debt: Debt) -> Record {
    let owed_by = GEMEENTE.into();
    let (about, due_on) = (About::Message, date(2026, 3, 13));
    Record::Asked(Asked { debt, about, owed_by, asked_on: TODAY, due_on, answered: true })
}

fn settles(what: Settles) -> Record {
    Record::Settled(Settled { what, on: date(2026, 3, 12) })
}

/// What a reply of this number to `identificatie` finds.
fn question_of(sut: &Sut, reply: Kind, identificatie: &str, dagtekening: Date) -> Option<Question> {
    let number = reply.number.answers().expect("it is a reply");
    let afzender = identity(Kind::new(reply.law, number), "").afzender;
    let key = QuestionKey { number, afzender, identificatie: identificatie.into(), dagtekening };
    sut.facts(Request { question: Some(key), ..request(reply) }).question
}

fn state_of(sut: &Sut, reply: Kind, identificatie: &str) -> Option<QuestionState> {
    question_of(sut, reply, identificatie, date(2026, 3, 9)).map(|question| question.state)
}

fn open(sut: &Sut, debt: Debt) -> Vec<(String, Date)> {
    let found = sut.get(move |tx| tx.open_questions(debt, None, 100));
    found.into_iter().map(|question| (question.identificatie, question.due_on)).collect()
}

#[test]
fn a_question_is_open_until_its_reply_and_has_only_one() {
    let sut = Sut::new();
    let stored = sut.record(identity(wmo(Number::N301), "A1"), vec![retour(date(2026, 3, 13))]);
    let question = question_of(&sut, wmo(Number::N302), "A1", date(2026, 3, 9)).expect("it is known");
    assert_eq!((question.id, question.owed_by.as_str()), (stored.message_id, AANBIEDER));
    assert_eq!((question.message.kind.as_str(), question.state.clone()), ("WMO301", QuestionState::Open));
    assert_eq!(open(&sut, Debt::Return), [("A1".to_owned(), date(2026, 3, 13))]);

    let close = settles(Settles::Message(stored.message_id));
    sut.record(identity(wmo(Number::N302), "A1"), vec![close.clone()]);
    let reply = GivenReply { kind: "WMO302".to_owned(), on: Some(date(2026, 3, 12)), by_gateway: false };
    assert_eq!(state_of(&sut, wmo(Number::N302), "A1"), Some(QuestionState::Answered(reply)));
    assert_eq!(open(&sut, Debt::Return), []);

    let second = Decision { records: vec![close], ..accepted(identity(wmo(Number::N302), "A1")) };
    let refused = sut.run(move |tx| tx.store(&inbox("second"), &second));
    assert!(matches!(refused, Err(LedgerError::Conflict(_))), "{refused:?}");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn what_is_open_is_part_of_the_course_of_care() {
    let sut = Sut::new();
    let request = asked(Debt::RequestAnswer, About::Request("V1".into()), date(2026, 3, 16));
    sut.record(identity(wmo(Number::N315), "R1"), vec![request, answered_at_once(Debt::Return)]);
    sut.record(identity(wmo(Number::N301), "A1"), vec![retour(date(2026, 3, 13))]);
    let owed = |gemeente: &str| {
        let gemeenten = [Party::from(gemeente)].into();
        let found = sut.get(move |tx| tx.history(&gemeenten)).owed.into_iter();
        found.map(|owed| (owed.debt, owed.about, owed.owed_by, owed.due)).collect::<Vec<_>>()
    };
    let expected = [
        (Debt::Return, String::new(), AANBIEDER.into(), date(2026, 3, 13)),
        (Debt::RequestAnswer, "V1".to_owned(), GEMEENTE.into(), date(2026, 3, 16)),
    ];
    assert_eq!(owed(GEMEENTE), expected);
    assert_eq!(owed("9999"), []);
}

#[test]
fn what_the_gateway_answers_at_once_is_never_open() {
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N305), "S1"), vec![answered_at_once(Debt::Return)]);
    let reply = GivenReply { kind: "WMO306".to_owned(), on: Some(TODAY), by_gateway: true };
    assert_eq!(state_of(&sut, wmo(Number::N306), "S1"), Some(QuestionState::Answered(reply)));
    assert_eq!(sut.get(|tx| tx.counts(at(0))).questions[&Debt::Return], Open::default());
}

#[test]
fn a_question_is_known_within_its_law_by_sender_and_number() {
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N301), "A1"), vec![retour(date(2026, 3, 13))]);
    assert_eq!(state_of(&sut, wmo(Number::N302), "A2"), None, "another identification");
    assert_eq!(state_of(&sut, Kind::new(Law::Jeugdwet, Number::N302), "A1"), None, "another law");
    assert_eq!(state_of(&sut, wmo(Number::N320), "A1"), None, "another number");
    let other_day = question_of(&sut, wmo(Number::N302), "A1", date(2026, 3, 8)).expect("found all the same");
    assert_eq!(other_day.message.dagtekening, date(2026, 3, 9), "whoever asks compares the day");
    assert_eq!(sut.facts(request(wmo(Number::N305))).question, None, "a start answers nothing");
}

#[test]
fn a_rejected_message_has_its_answer_and_a_held_one_has_none() {
    let sut = Sut::new();
    let decide = |identificatie: &str, dagtekening, verdict| {
        let identity = Identity { dagtekening, ..identity(wmo(Number::N301), identificatie) };
        Decision { verdict, ..accepted(identity) }
    };
    sut.store(inbox("1"), decide("A1", date(2026, 3, 9), Verdict::Rejected));
    let given = || QuestionState::Answered(GivenReply { kind: "WMO302".to_owned(), on: None, by_gateway: true });
    assert_eq!(state_of(&sut, wmo(Number::N302), "A1"), Some(given()));

    // Sent again on another day, and accepted: each reply finds the message it names.
    let again = Decision { records: vec![retour(date(2026, 3, 13))], ..decide("A1", TODAY, Verdict::Accepted) };
    sut.store(inbox("2"), again);
    let state = |dagtekening| question_of(&sut, wmo(Number::N302), "A1", dagtekening).map(|question| question.state);
    assert_eq!(state(date(2026, 3, 9)), Some(given()));
    assert_eq!(state(TODAY), Some(QuestionState::Open));

    let held = sut.store(inbox("3"), decide("A3", date(2026, 3, 9), Verdict::Held)).message_id;
    assert_eq!(state_of(&sut, wmo(Number::N302), "A3"), Some(QuestionState::Held));
    assert_eq!(open(&sut, Debt::Return).len(), 1, "a held message asks nothing");
    let release = decide("A3", date(2026, 3, 9), Verdict::Accepted);
    let release = Decision { records: vec![retour(date(2026, 3, 18))], ..release };
    sut.get(move |tx| tx.store_again(held, &release, at(1), "court order"));
    assert_eq!(state_of(&sut, wmo(Number::N302), "A3"), Some(QuestionState::Open));
    assert_eq!(open(&sut, Debt::Return)[1], ("A3".to_owned(), date(2026, 3, 18)));

    let parked = Decision { identity: None, level: 1, ..decide("A4", TODAY, Verdict::Parked) };
    sut.store(inbox("4"), parked);
    assert_eq!(state_of(&sut, wmo(Number::N302), "A4"), None);
}

#[test]
fn the_declaration_that_a_325_answers_is_read_again() {
    let sut = Sut::new();
    let composer = Composer {
        law: Law::Wmo,
        gemeente: GEMEENTE.into(),
        aanbieder: AANBIEDER.into(),
        dagtekening: date(2026, 3, 9),
    };
    let product = Product { categorie: "02".into(), code: Some("02A03".into()) };
    let person = Person::nth(1);
    let allocate = Allocate {
        nummer: 1001,
        product: product.clone(),
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    };
    let february = (date(2026, 2, 1), date(2026, 2, 28));
    let claim = Claim {
        nummer: "P1".to_owned(),
        toewijzing: allocate.nummer,
        product,
        periode: february,
        volume: 12,
        eenheid: Eenheid::Uur,
        tarief: Cents(6000),
    };
    let message = composer.declaratie("D1", "N1", february, &[(&person, vec![claim])]);
    let stored = Inbox::new("directory", "D1", at(0), message.write());
    let decision = Decision {
        records: vec![answered_at_once(Debt::DeclarationAnswer)],
        ..accepted(identity(wmo(Number::N323), "D1"))
    };
    sut.store(stored, decision);
    let sut = sut.reopen();
    let question = question_of(&sut, wmo(Number::N325), "D1", date(2026, 3, 9)).expect("it is known");
    assert_eq!(question.declaratie.as_deref(), Some(&message), "as it was sent");
    assert_eq!(question.owed_by.as_str(), GEMEENTE);
    // A rejected one was received as well.
    let rejected = Decision { verdict: Verdict::Rejected, ..accepted(identity(wmo(Number::N323), "D2")) };
    sut.store(Inbox::new("directory", "D2", at(0), message.write()), rejected);
    let question = question_of(&sut, wmo(Number::N325), "D2", date(2026, 3, 9)).expect("it is known");
    assert!(question.declaratie.is_some() && matches!(question.state, QuestionState::Answered(_)), "{question:?}");
    // What cannot be read any more is no reason to let a reply through unseen.
    let spoilt = Decision {
        records: vec![answered_at_once(Debt::DeclarationAnswer)],
        ..accepted(identity(wmo(Number::N323), "D3"))
    };
    sut.store(inbox("D3"), spoilt);
    let key = QuestionKey {
        number: Number::N323,
        afzender: AANBIEDER.into(),
        identificatie: "D3".into(),
        dagtekening: date(2026, 3, 9),
    };
    let ask = Request { question: Some(key), ..request(wmo(Number::N325)) };
    assert!(matches!(sut.run(move |tx| tx.facts(&ask)), Err(LedgerError::Damaged(_))));
}

#[test]
fn requests_are_answered_by_reference_and_investigated_ones_twice() {
    let sut = Sut::new();
    let about = |referentie: &str| About::Request(referentie.into());
    let request = |identificatie: &str, referenties: &[&str]| {
        let asks = referenties.iter().map(|name| asked(Debt::RequestAnswer, about(name), date(2026, 3, 17)));
        let records = [answered_at_once(Debt::Return)].into_iter().chain(asks).collect();
        sut.record(identity(wmo(Number::N315), identificatie), records);
    };
    request("V1", &["R1", "R2"]);
    let elsewhere = Identity { gemeente: "0294".into(), ..identity(wmo(Number::N315), "V2") };
    sut.record(elsewhere, vec![asked(Debt::RequestAnswer, about("R1"), date(2026, 3, 17))]);
    let other_provider =
        Identity { aanbieder: "42420002".into(), afzender: "42420002".into(), ..identity(wmo(Number::N315), "V3") };
    sut.record(other_provider, vec![asked(Debt::RequestAnswer, about("R1"), date(2026, 3, 17))]);
    assert_eq!(open(&sut, Debt::RequestAnswer).len(), 4);

    let answer = |id: &str, records: Vec<Record>| {
        let identity = Identity { afzender: GEMEENTE.into(), ..identity(wmo(Number::N319), id) };
        sut.record(identity, [vec![retour(date(2026, 3, 13))], records].concat());
    };
    answer("B1", vec![settles(Settles::Request("R1".into())), asked(Debt::FinalAnswer, about("R1"), date(2026, 5, 4))]);
    let waits: Vec<_> = open(&sut, Debt::RequestAnswer).into_iter().map(|(id, _)| id).collect();
    assert_eq!(waits, ["V1", "V2", "V3"], "the second product, another municipality, another provider");
    assert_eq!(open(&sut, Debt::FinalAnswer), [("B1".to_owned(), date(2026, 5, 4))]);

    sut.record(
        identity(wmo(Number::N301), "A1"),
        ["R1", "R2"].map(|name| settles(Settles::Request(name.into()))).to_vec(),
    );
    assert_eq!(open(&sut, Debt::FinalAnswer), []);
    assert_eq!(open(&sut, Debt::RequestAnswer).len(), 2, "those of others stay");
    sut.record(identity(wmo(Number::N301), "A2"), vec![settles(Settles::Request("R9".into()))]);
}

#[test]
fn starts_are_owed_until_they_come_or_nobody_wants_them() {
    let sut = Sut::new();
    let start = |nummer| asked(Debt::Start, About::Allocation(nummer), date(2026, 3, 17));
    let stored = sut.record(
        identity(wmo(Number::N301), "A1"),
        vec![retour(date(2026, 3, 13)), start(1001), start(1002), start(1003)],
    );
    sut.record(identity(Kind::new(Law::Jeugdwet, Number::N301), "A1"), vec![start(1001)]);
    sut.record(identity(wmo(Number::N305), "S1"), vec![settles(Settles::Start(1001)), settles(Settles::Start(7))]);
    assert_eq!(open(&sut, Debt::Start).len(), 3, "1002, 1003 and the one of the other law");
    let refusal = [Settles::Message(stored.message_id), Settles::StartsOf(stored.message_id)].map(settles);
    sut.record(identity(wmo(Number::N302), "A1"), refusal.to_vec());
    assert_eq!(open(&sut, Debt::Start).len(), 1);
    assert_eq!(open(&sut, Debt::Return), []);
}

#[test]
fn counts_tell_what_is_due_when_and_lists_name_the_most_pressing_first() {
    let sut = Sut::new();
    // Noon of 10 March 2026.
    for (name, due_on) in [
        ("A1", date(2026, 3, 13)),
        ("A2", date(2026, 3, 9)),
        ("A3", date(2026, 3, 10)),
        ("A4", date(2026, 3, 11)),
        ("A5", date(2025, 12, 31)),
    ] {
        sut.record(identity(wmo(Number::N301), name), vec![retour(due_on)]);
    }
    let expected = Open { not_due: 2, due_today: 1, overdue: 2, oldest: Some(Duration::from_secs(100)) };
    let counts = sut.get(|tx| tx.counts(at(100)));
    assert_eq!(counts.questions[&Debt::Return], expected);
    assert_eq!(counts.questions.keys().copied().collect::<Vec<_>>(), Debt::ALL, "all sorts are there");
    // A second before and after midnight in the Netherlands, eleven hours later.
    let due = |seconds| {
        let open = sut.get(move |tx| tx.counts(at(seconds))).questions[&Debt::Return];
        (open.overdue, open.due_today, open.not_due)
    };
    assert_eq!((due(11 * 3600 - 1), due(11 * 3600)), ((2, 1, 2), (3, 1, 1)));

    let names = |before, limit| -> Vec<String> {
        let found = sut.get(move |tx| tx.open_questions(Debt::Return, before, limit));
        found.into_iter().map(|question| question.identificatie).collect()
    };
    assert_eq!(names(None, 100), ["A5", "A2", "A3", "A4", "A1"]);
    assert_eq!(names(None, 2), ["A5", "A2"]);
    assert_eq!(names(Some(TODAY), 100), ["A5", "A2"]);
}

#[test]
fn a_message_that_asks_the_same_twice_is_refused_as_a_whole() {
    let sut = Sut::new();
    let records = vec![retour(date(2026, 3, 13)), retour(date(2026, 3, 13))];
    let decision = Decision { records, ..accepted(identity(wmo(Number::N301), "A1")) };
    let refused = sut.run(move |tx| tx.store(&inbox("x"), &decision));
    assert!(matches!(refused, Err(LedgerError::Conflict(_))), "{refused:?}");
    assert!(sut.get(|tx| tx.messages(&Filter::default())).is_empty());
}
