//! What goes that belongs to no message.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::*;
use crate::retention::{Retention, Term, Terms};

/// Rows of the sorts that go in portions: takes, attempts, events.
fn left(sut: &Sut) -> [i64; 3] {
    sut.get(|tx| {
        let counted = [
            tx.first("SELECT count(*) FROM takes", [], |cells| cells.get())?,
            tx.first("SELECT count(*) FROM attempts", [], |cells| cells.get())?,
            tx.first("SELECT count(*) FROM outbox", [], |cells| cells.get())?,
        ];
        Ok(counted.map(Option::unwrap_or_default))
    })
}

#[test]
fn what_belongs_to_no_message_goes_in_portions_that_are_never_larger_than_asked() {
    let sut = Sut::new();
    sut.get(|tx| {
        for take in 0..5_u8 {
            tx.count_take("amqp", &take.to_string(), &[take; 32], at(0))?;
        }
        for _ in 0..3 {
            tx.insert_outgoing_of_none("survey", at(0), &outgoing(Purpose::Signal, GEMEENTE, "an event"))?;
        }
        for attempt in 1..=4_i64 {
            tx.sql(
                "INSERT INTO attempts (sequence, attempt, at, outcome, reason)
                 SELECT sequence, ?1, ?2, 'retry', 'away' FROM outbox",
            )?
            .execute(super::super::db::params![attempt, at(1).as_microsecond()])?;
        }
        tx.sql("UPDATE outbox SET sent_at = ?1")?.execute([at(2).as_microsecond()])?;
        Ok(())
    });
    let terms = Terms { bodies: Some(Term::Days(60)), details: Some(Term::Days(60)), records: Some(Term::Years(2)) };
    let (retention, today) = (Retention { general: terms, ..Retention::default() }, date(2030, 1, 1));
    let run = sut.get(move |tx| tx.begin_retention(today, None, at(3)));
    let mut before = left(&sut);
    assert_eq!(before, [5, 12, 3]);
    let (mut jobs, mut went) = (0, 0);
    loop {
        let settings = retention.clone();
        let others = sut.get(move |tx| tx.take_others_away(&settings, run, today, 2, at(4)));
        if others.count() == 0 {
            break;
        }
        let after = left(&sut);
        for (before, after) in before.iter().zip(after) {
            assert!(before - after <= 2, "more than two rows of a sort went in one job");
        }
        (before, jobs, went) = (after, jobs + 1, went + others.count());
    }
    assert_eq!(before, [0, 0, 0], "all of it is old enough");
    assert!(jobs >= 6, "twelve attempts, two by two: {jobs} jobs");
    // Three bodies went before their rows did.
    assert_eq!(went, 5 + 12 + 3 + 3);
    assert_eq!(sut.get(|tx| tx.verify(&[])).faults, []);
}
