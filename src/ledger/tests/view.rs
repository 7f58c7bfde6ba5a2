//! What pages and programs read: pages of fifty in their order, what was ordered, and sums by month.

use super::*;
use crate::config::Config;
use crate::contract::Contracts;
use crate::contract::ending::{Because, Ends, Open, Origin};
use crate::decision::PostingSort::{Realisation, Release, Reservation};
use crate::decision::{Posting, Slot};
use crate::delivery::breaker::Event;
use crate::delivery::breaker::{Rules, Step};
use crate::delivery::class::Class;
use crate::delivery::outbox::{Outcome, Settlement};
use crate::effects::Teller;
use crate::hold::{Action, Order};
use crate::message::{Cents, Date};
use crate::replay::{Choice, Intent, Replay, Standing};
use crate::view::budgets::Posted;
use crate::view::deliveries::Filter as Deliveries;
use crate::view::held::Which;
use crate::view::page::ROWS;
use crate::view::signals::Query;
use std::path::Path;
use std::time::Duration;

fn hold(sut: &Sut, id: &str, number: Count, reasons: Vec<Signal>) -> i64 {
    let record = Record::Hold { toewijzingen: vec![number], reasons, behind: None };
    let decision =
        Decision { verdict: Verdict::Held, records: vec![record], ..accepted(identity(wmo(Number::N301), id)) };
    sut.store(inbox(id), decision).message_id
}

fn order(message_id: i64, action: Action) -> Order {
    Order { message_id, action, reason: "overleg".to_owned(), by: "anna".to_owned() }
}

#[test]
fn holds_come_in_pages_and_an_order_is_given_once() {
    let sut = Sut::new();
    let reason = Signal { nl: "Zonder contract, ref 999900006.".to_owned(), ..signal("s1", 1) };
    let ids: Vec<i64> = (1..=Count::from(ROWS) + 2)
        .map(|number| hold(&sut, &format!("A{number}"), number, vec![reason.clone()]))
        .collect();
    let page = |which, after| sut.get(move |tx| tx.held_page(which, after, at(86_400 * 7), &Contracts::default()));
    let first = page(Which::Waiting, None);
    assert_eq!(
        (first.items.len(), first.items[0].id, first.next.as_deref()),
        (50, ids[0], Some(ids[49].to_string().as_str()))
    );
    let held = &first.items[0];
    // Tuesday noon to the next Tuesday.
    assert_eq!((held.working_days, held.gemeente.as_str(), held.aanbieder.as_str()), (5, GEMEENTE, AANBIEDER));
    assert_eq!(held.reasons[0].nl, "Zonder contract, ref *********.", "no number of a person leaves the ledger");
    let rest = page(Which::Waiting, Some(ids[49]));
    assert_eq!((rest.items.iter().map(|held| held.id).collect::<Vec<_>>(), rest.next), (ids[50..].to_vec(), None));

    let give = |id, action| sut.get(move |tx| tx.order_hold(&order(id, action), at(5)));
    let AboutHold::Given(number) = give(ids[0], Action::Release) else { panic!("it is given") };
    let AboutHold::UnderWay(open) = give(ids[0], Action::Withdraw) else { panic!("one at a time") };
    assert_eq!((open.id, open.action.as_str(), open.by.as_str(), open.at), (number, "release", "anna", at(5)));
    let shown = sut
        .get({
            let id = ids[0];
            move |tx| tx.held_one(id, at(9), &Contracts::default())
        })
        .expect("it is held");
    assert_eq!(shown.under_way(), Some(&open));
    let (id, done) = (ids[0], Done { outcome: crate::hold::Outcome::Released, answer: "it left".to_owned() });
    sut.get(move |tx| {
        tx.end_hold(
            id,
            &Ended { at: at(6), how: "released".to_owned(), by: "anna".to_owned(), reason: "overleg".to_owned() },
        )?;
        tx.finish_order(number, &done, at(6))
    });
    let AboutHold::Ended(ended) = give(ids[0], Action::Withdraw) else { panic!("it is over") };
    assert_eq!((ended.how.as_str(), ended.by.as_str()), ("released", "anna"));
    assert_eq!(give(9_999, Action::Release), AboutHold::Unknown);
    assert_eq!(sut.get(|tx| tx.open_orders()), Vec::<i64>::new(), "nothing was ordered twice");
    let ended = page(Which::Ended, None);
    assert_eq!((ended.items.len(), ended.items[0].id), (1, ids[0]));
    assert_eq!(ended.items[0].orders[0].done.as_ref().map(|done| done.outcome.as_str()), Some("released"));
    assert_eq!(page(Which::Ended, Some(ids[0])).items, []);
}

#[test]
fn what_stands_behind_another_is_not_released_first() {
    let sut = Sut::new();
    let (first, second) = (hold(&sut, "A1", 7, Vec::new()), hold(&sut, "A2", 7, Vec::new()));
    let give = |id, action| sut.get(move |tx| tx.order_hold(&order(id, action), at(5)));
    assert_eq!(give(second, Action::Release), AboutHold::Behind(first));
    assert!(matches!(give(second, Action::Withdraw), AboutHold::Given(_)), "it may be withdrawn");
}

#[test]
fn what_is_set_aside_is_judged_anew_once() {
    let sut = Sut::new();
    let parked = |id: &str| {
        let decision = Decision { verdict: Verdict::Parked, level: 1, ..accepted(identity(wmo(Number::N305), id)) };
        sut.store(inbox(id), decision).message_id
    };
    let (first, second) = (parked("S1"), parked("S2"));
    let other = sut.store(inbox("S3"), accepted(identity(wmo(Number::N305), "S3"))).message_id;
    let page = sut.get(|tx| tx.parked_page(None));
    assert_eq!(page.items.iter().map(|each| each.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(sut.get(move |tx| tx.parked_page(Some(first))).items.len(), 1);
    let replay = || Replay { intent: Intent::Judge, again: false, reason: "opnieuw".to_owned(), by: "anna".to_owned() };
    let give = |id| sut.get(move |tx| tx.order_parked(id, &replay(), at(5)));
    let AboutParked::Given(selection) = give(first) else { panic!("it is ordered") };
    let AboutParked::UnderWay(open) = give(first) else { panic!("one at a time") };
    assert_eq!((open.selection, open.by.as_str(), open.reason.as_str()), (selection, "anna", "opnieuw"));
    assert_eq!(sut.get(|tx| tx.selections()).len(), 1);
    let run = Run {
        message_id: first,
        selection,
        at: at(6),
        previous: Standing::Verdict(Verdict::Parked),
        previous_register: None,
        verdict: Verdict::Accepted,
        level: 4,
        register_version: None,
        findings: Vec::new(),
        took_effect: true,
        by: "anna".to_owned(),
        reason: "opnieuw".to_owned(),
    };
    sut.get(move |tx| {
        tx.store_run(first, &accepted(identity(wmo(Number::N305), "S1")), at(6), &replay())?;
        tx.add_run(&run)?;
        tx.finish_member(selection, 1, crate::replay::Outcome::Judged, "it is accepted now", at(6))
    });
    let AboutParked::Replayed(run) = give(first) else { panic!("it was done") };
    assert_eq!((run.by.as_str(), run.verdict), ("anna", Verdict::Accepted));
    assert_eq!(give(other), AboutParked::Decided(Verdict::Accepted));
    assert_eq!(give(9_999), AboutParked::Unknown);
    let shown = sut.get(move |tx| tx.parked_one(first)).expect("it was set aside");
    assert_eq!((shown.runs.len(), shown.orders.len(), shown.parked.why), (1, 1, None));
    assert_eq!(shown.orders[0].answer.as_deref(), Some("it is accepted now"));
    assert_eq!(sut.get(move |tx| tx.parked_one(other)), None, "never set aside");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

fn config() -> Config {
    let text = "[[back_office]]\ngemeente = \"0197\"\nurl = \"https://office.example/in\"\n";
    crate::config::parse(Path::new("sluis.toml"), text, &BTreeMap::new()).expect("a configuration")
}

#[test]
fn destinations_tell_what_waits_fails_and_was_refused() {
    let sut = Sut::new();
    let rows = vec![
        outgoing(Purpose::Forward, GEMEENTE, "f1"),
        outgoing(Purpose::Forward, GEMEENTE, "f2"),
        outgoing(Purpose::Reply, AANBIEDER, "r1"),
        outgoing(Purpose::Reply, AANBIEDER, "r2"),
        outgoing(Purpose::Reply, AANBIEDER, "r3"),
    ];
    let message =
        sut.store(inbox("1"), Decision { outgoing: rows, ..accepted(identity(wmo(Number::N305), "1")) }).message_id;
    let ids: Vec<_> = sut.get(|tx| tx.due(at(1), 10)).iter().map(|row| row.id).collect();
    let settle =
        |id, second, outcome: Outcome| sut.get(move |tx| tx.settle(&[Settlement { id, at: at(second), outcome }]));
    let retry = Outcome::Retry { at: at(60), class: Class::Temporary, reason: "it answered 503".to_owned() };
    settle(ids[0], 1, retry.clone());
    settle(ids[0], 2, retry);
    settle(ids[2], 3, Outcome::SetAside { class: Class::Data, reason: "it answered 422".to_owned() });
    settle(ids[3], 4, Outcome::Sent);
    let rules = Rules {
        after: 1,
        retry: crate::backoff::Backoff { first: Duration::from_secs(1), max: Duration::from_mins(5) },
        slow: Duration::from_mins(10),
    };
    let event = Event::Failed {
        class: Class::Contract,
        reason: "nothing takes deliveries at that address".to_owned(),
        retry_after: None,
        probe: false,
        spread: 0.5,
    };
    let failed = Step { destination: "http 0197".to_owned(), event };
    sut.get(move |tx| tx.take_steps(&[failed], at(5), rules));

    let config = std::sync::Arc::new(config());
    let own = std::sync::Arc::clone(&config);
    let all = sut.get(move |tx| tx.destinations_now(&own));
    let [default, office] = all.as_slice() else { panic!("two destinations: {all:?}") };
    assert_eq!((default.waiting, default.failing, default.refused, default.state.as_str()), (1, 0, 1, "closed"));
    assert_eq!((office.waiting, office.failing, office.refused, office.state.as_str()), (2, 1, 0, "open"));
    assert_eq!((office.name.as_str(), office.since, office.oldest_at), ("http 0197", Some(at(5)), Some(at(0))));
    assert!(office.next_try.is_some());
    let failure = office.last_failure.as_ref().expect("it fails");
    assert_eq!(
        (failure.at, failure.class.as_deref(), failure.reason.as_str()),
        (Some(at(2)), Some("temporary"), "it answered 503")
    );

    let page = |state, bound, after| {
        let (own, filter) = (std::sync::Arc::clone(&config), Deliveries { state, bound, after });
        sut.get(move |tx| tx.delivery_page(&filter, &own)).items
    };
    let waiting = page(RowState::Waiting, None, None);
    assert_eq!(waiting.iter().map(|row| row.destination.as_str()).collect::<Vec<_>>().len(), 3);
    assert_eq!((waiting[0].message, waiting[0].attempts, waiting[0].due_at), (Some(message), 2, Some(at(60))));
    assert_eq!(page(RowState::Waiting, None, Some(waiting[0].id)).len(), 2);
    let office = crate::view::deliveries::bound(&config, "http 0197");
    assert!(office.is_some() && crate::view::deliveries::bound(&config, "http 0294").is_none());
    assert_eq!(page(RowState::Waiting, office.clone(), None).len(), 2);
    assert_eq!(page(RowState::Refused, office, None).len(), 0);
    assert_eq!(page(RowState::Refused, None, None).len(), 1);
    assert_eq!(page(RowState::Sent, None, None)[0].state, "sent");
    let (own, first) = (std::sync::Arc::clone(&config), waiting[0].id);
    let shown = sut.get(move |tx| tx.delivery_one(first, &own)).expect("it is there");
    let tried: Vec<_> = shown.attempts.iter().map(|each| (each.number, each.at, each.outcome.as_str())).collect();
    assert_eq!(tried, [(1, at(1), "failed"), (2, at(2), "failed")]);
    let own = std::sync::Arc::clone(&config);
    assert_eq!(sut.get(move |tx| tx.delivery_one(9_999, &own)), None);
}

#[test]
fn signals_are_found_by_what_they_are_about() {
    let sut = Sut::new();
    let told = |id: &str, more: fn(&mut Signal)| {
        let mut signal = signal(id, 1001);
        more(&mut signal);
        let identity = identity(wmo(Number::N301), id);
        sut.store(inbox(id), Decision { signals: vec![signal], ..accepted(identity) }).message_id
    };
    let first = told("a1", |_| ());
    told("a2", |signal| signal.severity = Severity::Info);
    told("a3", |signal| signal.gemeente = "0294".to_owned());
    let survey = SurveyRecord {
        region: "achterhoek".to_owned(),
        day: date(2026, 3, 10),
        register_version: "v1".to_owned(),
        told: vec![Signal {
            check: "B1".to_owned(),
            facts: BTreeMap::from([("aanbieder".to_owned(), "42420009".into())]),
            ..signal("b1", 1001)
        }],
        ended: vec![(
            Open { signal: signal("a2", 1001), occurrence: 1, origin: Origin::Survey },
            Because::NotSeenAgain,
        )],
    };
    sut.get(move |tx| tx.record_survey(&survey, Teller { gateway: "test", now: at(100) }));
    let find = |change: fn(&mut Query)| {
        let mut query = Query::default();
        change(&mut query);
        let filter = query.filter().expect("it is understood");
        sut.get(move |tx| tx.signal_page(&filter)).items.into_iter().map(|told| told.id).collect::<Vec<_>>()
    };
    assert_eq!(find(|_| ()), ["b1", "a3", "a1"], "open ones, the latest first");
    assert_eq!(find(|q| q.state = "ended".to_owned()), ["a2"]);
    assert_eq!(find(|q| q.state = "all".to_owned()).len(), 4);
    assert_eq!(find(|q| q.gemeente = "0294".to_owned()), ["a3"]);
    assert_eq!(find(|q| q.check = "B1".to_owned()), ["b1"]);
    assert_eq!(find(|q| (q.severity, q.state) = ("info".to_owned(), "all".to_owned())), ["a2"]);
    assert_eq!(find(|q| q.aanbieder = "42420009".to_owned()), ["b1"], "by its figures");
    assert_eq!(find(|q| q.aanbieder = AANBIEDER.to_owned()), ["a3", "a1"], "by its message");
    assert_eq!(find(|q| q.region = "elders".to_owned()), Vec::<String>::new());
    assert_eq!(find(|q| q.since = "2026-03-11".to_owned()), Vec::<String>::new());
    assert_eq!(find(|q| (q.since, q.until) = ("2026-03-10".to_owned(), "2026-03-10".to_owned())).len(), 3);
    let after = format!("{}-a3", at(0).as_microsecond());
    let filter = Query { after, ..Query::default() }.filter().expect("a cursor");
    let behind = sut.get(move |tx| tx.signal_page(&filter)).items;
    assert_eq!(behind.iter().map(|told| told.id.as_str()).collect::<Vec<_>>(), ["a1"]);

    let shown = sut.get(|tx| tx.signal_one("a1", &Contracts::default())).expect("it is there");
    assert_eq!((shown.ends, shown.told.message), (Some(Ends::AllocationsOver), Some(first)));
    assert_eq!((shown.allocations[0].number, shown.messages[0].id), (1001, first));
    assert_eq!(shown.surveyed_on, Some(date(2026, 3, 10)));
    assert_eq!(shown.check.expect("a check").policy, "observe", "its default, where nothing is set");
    let over = sut.get(|tx| tx.signal_one("a2", &Contracts::default())).expect("it is there");
    assert_eq!((over.ends, over.told.ended_because.as_deref()), (None, Some("not_seen_again")));
    assert_eq!(sut.get(|tx| tx.signal_one("x' OR 1", &Contracts::default())), None);
}

#[test]
fn the_course_of_an_agreement_adds_up_to_its_balance() {
    let sut = Sut::new();
    let posting = |agreements: &[&str], sort, cents, on: Date| {
        let agreements = agreements.iter().map(|id| (*id).to_owned()).collect();
        let slot = Slot { account: Some(account("wmo")), agreements };
        let (toewijzing_nummer, referentie) = (Some(1), None);
        Record::Posting(Posting { slot, sort, cents: Cents(cents), toewijzing_nummer, referentie, on, late: false })
    };
    sut.record(
        identity(wmo(Number::N301), "A1"),
        vec![
            posting(&["POT"], Reservation, 1_000, date(2026, 1, 1)),
            posting(&["EIGEN", "POT"], Reservation, 500, date(2026, 2, 28)),
            posting(&["EIGEN"], Reservation, 9_000, date(2026, 2, 1)),
            posting(&["POT"], Realisation, 300, date(2026, 2, 14)),
            posting(&["POT"], Release, -300, date(2026, 2, 14)),
            posting(&["POTTEN"], Reservation, 77, date(2026, 2, 14)),
            posting(&[], Reservation, 88, date(2026, 2, 14)),
        ],
    );
    let of = |agreement: &'static str| sut.get(move |tx| tx.posted_by_month(agreement));
    let posted = |month, realised_cents, open_cents| Posted { month, realised_cents, open_cents };
    assert_eq!(of("POT"), [posted(date(2026, 1, 1), 0, 1_000), posted(date(2026, 2, 1), 300, 200)]);
    assert_eq!(of("EIGEN"), [posted(date(2026, 2, 1), 0, 9_500)]);
    assert_eq!(of("NIETS"), []);
    for budget in sut.get(|tx| tx.budgets()) {
        let agreement = budget.agreement.clone();
        let months = sut.get(move |tx| tx.posted_by_month(&agreement));
        let realised: i64 = months.iter().map(|month| month.realised_cents).sum();
        let open: i64 = months.iter().map(|month| month.open_cents).sum();
        assert_eq!((realised, realised + open), (budget.realised.0, budget.consumption.0), "{}", budget.agreement);
    }
}

/// A server wants to know the type of each parameter, also of one that is left out.
#[test]
fn a_choice_of_messages_is_understood_by_either_database() {
    let sut = Sut::new();
    let id = sut.store(inbox("S1"), accepted(identity(wmo(Number::N305), "S1"))).message_id;
    let all = Choice {
        kind: Some(wmo(Number::N305)),
        since: Some(at(-10)),
        until: Some(at(10)),
        gemeente: Some(Party::from(GEMEENTE)),
        aanbieder: Some(Party::from(AANBIEDER)),
        standing: Some(Standing::Verdict(Verdict::Accepted)),
        ids: Some(vec![id]),
        ..Choice::default()
    };
    let waiting = Choice { standing: Some(Standing::Waiting), ids: None, ..all.clone() };
    for (choice, chosen) in
        [(Choice::default(), vec![Target::Message(id)]), (all, vec![Target::Message(id)]), (waiting, Vec::new())]
    {
        assert_eq!(sut.get(move |tx| tx.chosen(&choice)), chosen);
    }
}
