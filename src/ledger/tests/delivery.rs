//! Rows that their receiver refuses, sending them again, and breakers that outlive the process.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::*;
use crate::backoff::Backoff;
use crate::delivery::breaker::{Event, Rules, State, Step};
use crate::delivery::class::Class;
use crate::delivery::outbox::{Due, Outcome, Settlement};
use crate::ledger::{Bound, Resend, RowState};
use std::time::Duration;
use uuid::Uuid;

const RULES: Rules = Rules {
    after: 3,
    retry: Backoff { first: Duration::from_secs(1), max: Duration::from_mins(5) },
    slow: Duration::from_mins(10),
};

fn send(sut: &Sut, id: &str, outgoing: Vec<Outgoing>) {
    sut.store(inbox(id), Decision { outgoing, ..accepted(identity(wmo(Number::N305), id)) });
}

fn due(sut: &Sut) -> Vec<Due> {
    sut.get(|tx| tx.due(at(10), 100))
}

fn settle(sut: &Sut, id: Uuid, second: i64, outcome: Outcome) {
    sut.get(move |tx| tx.settle(&[Settlement { id, at: at(second), outcome }]));
}

fn refused() -> Outcome {
    Outcome::SetAside { class: Class::Data, reason: "it answered 422".to_owned() }
}

fn order() -> Resend {
    Resend { reason: "the other side was mended".to_owned(), by: "anna".to_owned(), at: at(20) }
}

/// Three rows to the municipality and one to the provider, the first of each refused.
fn with_two_refused() -> (Sut, Vec<Due>) {
    let sut = Sut::new();
    let forward = |text| outgoing(Purpose::Forward, GEMEENTE, text);
    send(&sut, "1", vec![forward("f1"), forward("f2"), outgoing(Purpose::Reply, GEMEENTE, "r1")]);
    send(&sut, "2", vec![outgoing(Purpose::Reply, AANBIEDER, "a1")]);
    let rows = due(&sut);
    let again = Outcome::Retry { at: at(2), class: Class::Data, reason: "it answered 422".to_owned() };
    settle(&sut, rows[0].id, 1, again);
    assert_eq!(due(&sut)[0].refusals, 1);
    settle(&sut, rows[0].id, 2, refused());
    settle(&sut, rows[3].id, 2, refused());
    (sut, rows)
}

#[test]
fn what_is_set_aside_stays_and_lets_the_others_pass() {
    let (sut, rows) = with_two_refused();
    let sut = sut.reopen();
    let left: Vec<Uuid> = due(&sut).iter().map(|row| row.id).collect();
    assert_eq!(left, [rows[1].id, rows[2].id], "those behind it go on");
    let counts = sut.get(|tx| tx.count_refused());
    assert_eq!((counts[&Purpose::Forward], counts[&Purpose::Reply], counts[&Purpose::Signal]), (1, 1, 0));
    assert_eq!(sut.get(|tx| tx.counts(at(10))).outbox[&Purpose::Forward].count, 1, "what is refused does not wait");
    let listed = sut.get(|tx| tx.outbox_rows(RowState::Refused, None, 10));
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [rows[0].id, rows[3].id]);
    let first = &listed[0];
    assert_eq!((first.attempts, first.class, first.ended_at), (2, Some(Class::Data), Some(at(2))));
    assert_eq!(first.reason.as_deref(), Some("it answered 422"));
    let attempts: Vec<(i64, Option<String>, Option<i64>)> = sut.get(|tx| {
        let sql = "SELECT attempt, class, retry_at FROM attempts WHERE sequence = 1 ORDER BY attempt";
        tx.all(sql, [], |cells| Ok((cells.get()?, cells.get()?, cells.get()?)))
    });
    let data = Some("data".to_owned());
    assert_eq!(attempts, [(1, data.clone(), Some(at(2).as_microsecond())), (2, data, None)]);
}

#[test]
fn sent_again_means_the_same_row_once_and_in_its_place() {
    let (sut, rows) = with_two_refused();
    settle(&sut, rows[1].id, 3, Outcome::Sent);
    let strange = Uuid::new_v4();
    let ids = [rows[0].id, rows[1].id, rows[2].id, strange];
    let resent = sut.get(move |tx| tx.resend(&ids, &order()));
    assert_eq!((resent.again.as_slice(), resent.sooner), ([rows[0].id].as_slice(), 1));
    assert_eq!((resent.sent.as_slice(), resent.unknown.as_slice()), ([rows[1].id].as_slice(), [strange].as_slice()));
    let left = due(&sut);
    let found: Vec<(Uuid, &[u8], u32)> = left.iter().map(|row| (row.id, row.body.as_slice(), row.refusals)).collect();
    assert_eq!(found, [(rows[0].id, b"f1".as_slice(), 0), (rows[2].id, b"r1".as_slice(), 0)], "before those behind it");
    let again = {
        let id = rows[0].id;
        sut.get(move |tx| tx.resend(&[id], &order()))
    };
    assert!(again.again.is_empty(), "it is waiting by now");
    let trail: Vec<String> = sut
        .get(|tx| tx.all("SELECT content FROM audit WHERE event = 'sent again' ORDER BY id", [], |cells| cells.get()));
    assert!(trail[0].contains(&rows[0].id.to_string()) && trail[0].contains("anna"), "{trail:?}");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    let nothing = sut.get(move |tx| tx.resend(&[strange], &order()));
    assert_eq!(nothing.unknown, [strange]);
    let count: Vec<i64> =
        sut.get(|tx| tx.all("SELECT count(*) FROM audit WHERE event = 'sent again'", [], |cells| cells.get()));
    assert_eq!(count, [2], "what changed nothing leaves no trace");
}

#[test]
fn a_destination_is_sent_again_as_a_whole() {
    let (sut, rows) = with_two_refused();
    let office = Bound::Office(GEMEENTE.to_owned());
    let default = Bound::Default { offices: vec![GEMEENTE.to_owned()] };
    let listed = |bound: &Bound, state| {
        let bound = bound.clone();
        let rows = sut.get(move |tx| tx.outbox_rows(state, Some(&bound), 10));
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&office, RowState::Refused), [rows[0].id]);
    assert_eq!(listed(&office, RowState::Waiting), [rows[1].id]);
    assert_eq!(listed(&default, RowState::Refused), [rows[3].id]);
    assert_eq!(listed(&default, RowState::Waiting), [rows[2].id], "a reply goes by the default");
    let failed = Step { destination: "http 0197".to_owned(), event: contract() };
    sut.get(move |tx| tx.take_steps(&[failed], at(5), RULES));
    let resent = {
        let office = office.clone();
        sut.get(move |tx| tx.resend_all("http 0197", &office, &order()))
    };
    assert_eq!((resent.again.as_slice(), resent.probe), ([rows[0].id].as_slice(), true));
    assert_eq!(sut.get(|tx| tx.breakers()).0["http 0197"].next_try, at(20), "a probe goes at once");
    assert_eq!(listed(&default, RowState::Refused), [rows[3].id], "others are left");
}

fn contract() -> Event {
    Event::Failed {
        class: Class::Contract,
        reason: "it answered 404".to_owned(),
        retry_after: None,
        probe: false,
        spread: 1.0,
    }
}

#[test]
fn breakers_outlive_the_process_and_grant_one_probe() {
    let sut = Sut::new();
    let step = |event| Step { destination: "http 0197".to_owned(), event };
    let failed = step(contract());
    let standing = sut.get(move |tx| tx.take_steps(&[failed], at(0), RULES));
    assert_eq!(standing.breakers.0["http 0197"].state, State::Open);
    let sut = sut.reopen();
    let found = sut.get(|tx| tx.breakers());
    assert_eq!(found, standing.breakers, "as it was");
    let ask = |second| {
        let asked = step(Event::Try { patience: Duration::from_mins(1) });
        sut.get(move |tx| tx.take_steps(&[asked], at(second), RULES)).granted.len()
    };
    assert_eq!([ask(599), ask(600), ask(600), ask(659), ask(660)], [0, 1, 0, 0, 1]);
    let passed = step(Event::Passed { rows: 1, capacity: 4, probe: true });
    let standing = sut.get(move |tx| tx.take_steps(&[passed], at(661), RULES));
    let sut = sut.reopen();
    let found = sut.get(|tx| tx.breakers());
    assert_eq!((&found, found.0["http 0197"].ramp), (&standing.breakers, Some(1)));
}
