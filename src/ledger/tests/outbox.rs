//! What is due, in which order, and what becomes of it.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::*;
use crate::delivery::class::Class;
use crate::delivery::outbox::{Due, Outbox, Outcome, Settlement};
use std::time::Duration;
use uuid::Uuid;

const OTHER: &str = "42420002";

/// Stores one message with these outgoing rows.
fn send(sut: &Sut, id: &str, outgoing: Vec<Outgoing>) {
    sut.store(inbox(id), Decision { outgoing, ..accepted(identity(wmo(Number::N305), id)) });
}

fn due(sut: &Sut, now: Timestamp) -> Vec<Due> {
    sut.get(move |tx| tx.due(now, 100))
}

fn bodies(due: &[Due]) -> Vec<&str> {
    due.iter().map(|row| std::str::from_utf8(&row.body).expect("bodies here are text")).collect()
}

fn settle(sut: &Sut, id: Uuid, at: Timestamp, outcome: Outcome) {
    sut.get(move |tx| tx.settle(&[Settlement { id, at, outcome }]));
}

fn retry(at: Timestamp) -> Outcome {
    Outcome::Retry { at, class: Class::Temporary, reason: "connection refused".to_owned() }
}

#[test]
fn a_row_comes_back_as_it_was_stored() {
    let sut = Sut::new();
    let forward = Outgoing {
        region: Some("achterhoek".to_owned()),
        verdict_json: Some(b"{}".to_vec()),
        ..outgoing(Purpose::Forward, GEMEENTE, "forward")
    };
    let error = Outgoing { to: None, law: None, subject: "error".to_owned(), ..outgoing(Purpose::Error, "", "{}") };
    send(&sut, "x", vec![forward, error]);
    let sut = sut.reopen();
    let due = due(&sut, at(0));
    let [forward, error] = due.as_slice() else { panic!("two rows: {due:?}") };
    assert_eq!(forward.id.get_version_num(), 4);
    assert!(forward.sequence < error.sequence);
    let expected = Due {
        id: forward.id,
        sequence: forward.sequence,
        purpose: Purpose::Forward,
        subject: "WMO306".to_owned(),
        law: Some(Law::Wmo),
        to: Some(GEMEENTE.to_owned()),
        region: Some("achterhoek".to_owned()),
        correlation_id: "x".to_owned(),
        body: b"forward".to_vec(),
        verdict_json: Some(b"{}".to_vec()),
        attempts: 0,
        refusals: 0,
        taken_in_at: forward.taken_in_at,
    };
    assert_eq!(*forward, expected);
    assert_eq!((error.to.as_deref(), error.law, error.verdict_json.as_deref()), (None, None, None));
}

#[test]
fn rows_of_one_receiver_wait_behind_the_one_that_waits() {
    let sut = Sut::new();
    send(&sut, "1", vec![outgoing(Purpose::Reply, AANBIEDER, "a1"), outgoing(Purpose::Forward, GEMEENTE, "g1")]);
    send(&sut, "2", vec![outgoing(Purpose::Reply, OTHER, "b1"), outgoing(Purpose::Reply, AANBIEDER, "a2")]);
    send(&sut, "3", vec![outgoing(Purpose::Forward, AANBIEDER, "a3"), outgoing(Purpose::Error, AANBIEDER, "e1")]);
    let all = due(&sut, at(0));
    assert_eq!(bodies(&all), ["a1", "g1", "b1", "a2", "a3", "e1"], "oldest first");
    settle(&sut, all[0].id, at(1), retry(at(60)));
    assert_eq!(bodies(&due(&sut, at(59))), ["g1", "b1", "e1"], "a1 waits, and a2 and a3 with it; errors go elsewhere");
    let again = due(&sut, at(60));
    assert_eq!(bodies(&again), ["a1", "g1", "b1", "a2", "a3", "e1"]);
    assert_eq!((again[0].id, again[0].attempts), (all[0].id, 1), "under the same id");
    settle(&sut, again[0].id, at(61), Outcome::Sent);
    assert_eq!(bodies(&due(&sut, at(61))), ["g1", "b1", "a2", "a3", "e1"]);
    // A later row of the receiver that was tried already holds back only what follows it.
    settle(&sut, all[3].id, at(62), retry(at(90)));
    assert_eq!(bodies(&due(&sut, at(62))), ["g1", "b1", "e1"]);
    assert_eq!(bodies(&sut.get(|tx| tx.due(at(90), 2))), ["g1", "b1"], "no more than asked for");
}

/// A clock that ran ahead and is set right leaves rows behind whose next attempt is far away by the right time.
#[test]
fn a_row_that_was_tried_in_the_future_waits_for_nothing() {
    let sut = Sut::new();
    send(&sut, "x", vec![outgoing(Purpose::Reply, AANBIEDER, "a1"), outgoing(Purpose::Reply, AANBIEDER, "a2")]);
    let first = due(&sut, at(0)).swap_remove(0);
    settle(&sut, first.id, at(86_400), retry(at(86_460)));
    assert_eq!(bodies(&due(&sut, at(86_459))), [""; 0], "it waits as long as the clock goes on");
    assert_eq!(bodies(&due(&sut, at(86_399))), ["a1", "a2"], "the clock was put back");
    settle(&sut, first.id, at(86_399), retry(at(86_459)));
    assert_eq!(bodies(&due(&sut, at(86_399))), [""; 0], "its wait is one by the right clock again");
    assert_eq!(bodies(&due(&sut, at(86_459))), ["a1", "a2"]);
}

#[test]
fn attempts_are_rows_and_what_was_sent_stays_sent() {
    let sut = Sut::new();
    send(&sut, "x", vec![outgoing(Purpose::Reply, AANBIEDER, "a1")]);
    let id = due(&sut, at(0))[0].id;
    settle(&sut, id, at(1), retry(at(10)));
    settle(&sut, id, at(10), Outcome::Sent);
    settle(&sut, id, at(11), retry(at(12)));
    settle(&sut, Uuid::new_v4(), at(11), Outcome::Sent);
    assert!(due(&sut, at(100)).is_empty());
    let rows: Vec<(i64, String, Option<String>)> = sut.get(|tx| {
        tx.all("SELECT attempt, outcome, reason FROM attempts ORDER BY attempt", [], |cells| {
            Ok((cells.get()?, cells.get()?, cells.get()?))
        })
    });
    let reason = Some("connection refused".to_owned());
    assert_eq!(rows, [(1, "retry".to_owned(), reason), (2, "sent".to_owned(), None)]);
}

#[test]
fn a_signal_is_stored_and_sent_once() {
    let sut = Sut::new();
    let decide = |id: &str, signals: &[&str]| Decision {
        signals: signals.iter().map(|id| signal(id, 1001)).collect(),
        outgoing: std::iter::once(outgoing(Purpose::Reply, AANBIEDER, &format!("reply {id}")))
            .chain(signals.iter().map(|id| outgoing(Purpose::Signal, GEMEENTE, id)))
            .collect(),
        ..accepted(identity(wmo(Number::N305), id))
    };
    sut.store(inbox("1"), decide("1", &["s1", "s2"]));
    sut.store(inbox("2"), decide("2", &["s3", "s1", "s4", "s4"]));
    let rows = due(&sut, at(0));
    assert_eq!(bodies(&rows), ["reply 1", "s1", "s2", "reply 2", "s3", "s4"]);
    // Also when the first has been sent long since.
    settle(&sut, rows[1].id, at(1), Outcome::Sent);
    sut.store(inbox("3"), decide("3", &["s1"]));
    assert_eq!(bodies(&due(&sut, at(1))), ["reply 1", "s2", "reply 2", "s3", "s4", "reply 3"]);
    let count: Option<i64> = sut.get(|tx| tx.first("SELECT count(*) FROM signals", [], |cells| cells.get()));
    assert_eq!(count, Some(4));
}

#[test]
fn large_bodies_end_a_batch_early() {
    let sut = Sut::new();
    let large = "x".repeat(25 << 20);
    for id in ["1", "2", "3", "4"] {
        send(&sut, id, vec![outgoing(Purpose::Reply, AANBIEDER, &large)]);
    }
    assert_eq!(due(&sut, at(0)).len(), 3, "75 MB in one batch, and no more");
}

#[test]
fn a_damaged_row_stops_its_own_receiver_only() {
    let sut = Sut::new();
    send(&sut, "1", vec![outgoing(Purpose::Reply, AANBIEDER, "a1"), outgoing(Purpose::Reply, AANBIEDER, "a2")]);
    send(&sut, "2", vec![outgoing(Purpose::Reply, OTHER, "b1")]);
    sut.change("UPDATE outbox SET body = zeroblob(100) WHERE sequence = 1").expect("it changes");
    assert_eq!(bodies(&due(&sut, at(0))), ["b1"]);
}

#[tokio::test]
async fn the_outbox_trait_works_on_the_ledger() {
    let sut = Sut::new();
    let outbox: &dyn Outbox = &sut.ledger;
    outbox.changed().await;
    let mut changes = sut.ledger.notify_outbox();
    let quiet = tokio::time::timeout(Duration::from_millis(50), outbox.changed());
    assert!(quiet.await.is_err(), "nothing was added");
    sut.store(inbox("0"), accepted(identity(wmo(Number::N305), "0")));
    let quiet = tokio::time::timeout(Duration::from_millis(50), outbox.changed());
    assert!(quiet.await.is_err(), "a message without outgoing rows is no change of the outbox");
    let abandoned = sut.run(|tx| {
        let outgoing = vec![outgoing(Purpose::Reply, AANBIEDER, "a1")];
        tx.store(&inbox("1"), &Decision { outgoing, ..accepted(identity(wmo(Number::N305), "1")) })?;
        Err::<(), _>(LedgerError::Abandoned("undone"))
    });
    assert!(abandoned.is_err());
    let quiet = tokio::time::timeout(Duration::from_millis(50), outbox.changed());
    assert!(quiet.await.is_err(), "what was undone is no change either");
    send(&sut, "2", vec![outgoing(Purpose::Reply, AANBIEDER, "a1")]);
    outbox.changed().await;
    assert!(changes.has_changed().expect("the ledger is open"));
    changes.mark_unchanged();
    let rows = outbox.due(at(0), 10).await.expect("it reads");
    let sent = Settlement { id: rows[0].id, at: at(1), outcome: Outcome::Sent };
    outbox.settle(vec![sent]).await.expect("it settles");
    assert!(outbox.due(at(2), 10).await.expect("it reads").is_empty());
}

#[test]
fn counts_say_what_waits_and_for_how_long() {
    let sut = Sut::new();
    let later = |id: &str, seconds| Inbox { received_at: at(seconds), ..inbox(id) };
    let decide = |verdict, id: &str| Decision { verdict, ..accepted(identity(wmo(Number::N305), id)) };
    sut.store(later("1", 0), decide(Verdict::Parked, "1"));
    sut.store(later("2", 10), decide(Verdict::Held, "2"));
    sut.store(later("3", 20), decide(Verdict::Held, "3"));
    sut.store(later("4", 25), Decision { kind: None, identity: None, level: 1, ..decide(Verdict::Rejected, "4") });
    let reply = |id: &str, seconds| {
        let outgoing = vec![outgoing(Purpose::Reply, AANBIEDER, "r"), outgoing(Purpose::Forward, GEMEENTE, "f")];
        sut.store(later(id, seconds), Decision { outgoing, ..decide(Verdict::Accepted, id) });
    };
    reply("5", 30);
    reply("6", 40);
    let first = due(&sut, at(50))[0].id;
    settle(&sut, first, at(50), Outcome::Sent);
    let counts = sut.get(|tx| tx.counts(at(60)));
    let waiting = |count, seconds| Waiting { count, oldest: Some(Duration::from_secs(seconds)) };
    assert_eq!(counts.parked, waiting(1, 60));
    assert_eq!(counts.held, waiting(2, 50));
    assert_eq!(
        counts.outbox,
        BTreeMap::from([
            (Purpose::Reply, waiting(1, 20)),
            (Purpose::Forward, waiting(2, 30)),
            (Purpose::Error, Waiting::default()),
            (Purpose::Signal, Waiting::default()),
        ])
    );
    let kind = Some(wmo(Number::N305));
    assert_eq!(
        counts.messages,
        BTreeMap::from([
            ((kind, Verdict::Parked), 1),
            ((kind, Verdict::Held), 2),
            ((kind, Verdict::Accepted), 2),
            ((None, Verdict::Rejected), 1),
        ])
    );
    assert_eq!(sut.get(|tx| tx.counts(at(-60))).parked, waiting(1, 0), "a clock that went back");
}

#[test]
fn a_long_queue_to_one_receiver_does_not_slow_the_others() {
    let sut = Sut::new();
    let rows: Vec<Outgoing> = (0..20_000).map(|_| outgoing(Purpose::Reply, AANBIEDER, "a")).collect();
    send(&sut, "1", rows);
    send(&sut, "2", vec![outgoing(Purpose::Reply, OTHER, "b1")]);
    let head = sut.get(|tx| tx.due(at(0), 1))[0].id;
    settle(&sut, head, at(1), retry(at(600)));
    let started = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(bodies(&due(&sut, at(2))), ["b1"]);
    }
    println!("50 looks past 20,000 waiting rows took {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[test]
fn a_receiver_that_is_being_served_does_not_hide_the_others() {
    let sut = Sut::new();
    for id in 0..5 {
        let outgoing = vec![outgoing(Purpose::Reply, AANBIEDER, "r")];
        let id = format!("busy-{id}");
        sut.store(inbox(&id), Decision { outgoing, ..accepted(identity(wmo(Number::N305), &id)) });
    }
    let forward = vec![outgoing(Purpose::Forward, GEMEENTE, "f")];
    sut.store(inbox("other"), Decision { outgoing: forward, ..accepted(identity(wmo(Number::N305), "other")) });
    let rows = sut.get(|tx| tx.due_except(at(60), 2, &[Some(AANBIEDER.to_owned())]));
    let receivers: Vec<Option<&str>> = rows.iter().map(|row| row.to.as_deref()).collect();
    assert_eq!(receivers, [Some(GEMEENTE)]);
}
