//! What must not be changed cannot be, and what was changed all the same shows.

use super::*;
use crate::decision::{Posting, PostingSort, Slot};
use crate::message::Cents;

/// A ledger with three accepted messages and a posting each.
fn filled() -> Sut {
    let sut = Sut::new();
    for id in ["1", "2", "3"] {
        let posting = Posting {
            slot: Slot { account: Some(account("wonen")), agreements: ["G1".to_owned()].into() },
            sort: PostingSort::Reservation,
            cents: Cents(100),
            toewijzing_nummer: Some(1001),
            referentie: None,
            on: date(2026, 1, 1),
            late: false,
        };
        sut.record(identity(wmo(Number::N301), id), vec![Record::Posting(posting)]);
    }
    sut
}

/// Changes the database past the ledger and its triggers; gives what the check then finds.
fn tamper(sql: &str) -> Vec<Fault> {
    let sut = filled();
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    sut.place.tamper(sql).expect("the database can be tampered with");
    sut.get(|tx| tx.check_integrity())
}

#[test]
fn postings_and_audit_rows_cannot_be_changed_or_deleted() {
    let sut = filled();
    for sql in [
        "UPDATE postings SET cents = 1",
        "DELETE FROM postings WHERE id = 1",
        "UPDATE audit SET content = '{}' WHERE id = 1",
        "DELETE FROM audit",
    ] {
        let refused = sut.change(sql).expect_err(sql).to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}

#[test]
fn a_changed_or_missing_audit_row_breaks_the_chain() {
    for (sql, audit_id) in [
        ("UPDATE audit SET at = at + 1 WHERE id = 2", 2),
        ("UPDATE audit SET event = 'Decided' WHERE id = 3", 3),
        ("UPDATE audit SET hash = zeroblob(32) WHERE id = 1", 1),
    ] {
        assert_eq!(tamper(sql), [Fault::Chain { audit_id }], "{sql}");
    }
    let content = "UPDATE audit SET content = replace(content, 'accepted', 'rejected') WHERE id = 2";
    assert_eq!(tamper(content), [Fault::Chain { audit_id: 2 }, Fault::Message { message_id: 2 }]);
    let missing = "DELETE FROM audit WHERE id = 1";
    assert_eq!(tamper(missing), [Fault::Chain { audit_id: 2 }, Fault::Message { message_id: 1 }]);
    let renumbered = "DELETE FROM audit WHERE id = 1; UPDATE audit SET id = id - 1 WHERE id = 2;
                      UPDATE audit SET id = id - 1 WHERE id = 3;";
    assert!(tamper(renumbered).contains(&Fault::Chain { audit_id: 1 }));
}

/// Recounts the chain as the console does.
fn recount(sut: &Sut) -> Recounted {
    walked(sut, sut.get(|tx| Ok(ChainWalk::new(tx.last_recount()?.as_ref()))))
}

fn walked(sut: &Sut, mut walk: ChainWalk) -> Recounted {
    while !walk.is_done() {
        walk = sut.get(move |tx| tx.walk_chain(walk));
    }
    walk.found()
}

#[test]
fn a_recount_in_portions_finds_what_was_changed_and_what_was_written_anew() {
    let empty = recount(&Sut::new());
    assert_eq!((empty.rows, empty.head, empty.faults), (0, None, 0));

    let long = || {
        let sut = filled();
        sut.get(|tx| (0..2_100).try_for_each(|row| tx.note_action(at(row), "a", "looked", "message 1", None)));
        sut
    };
    let sut = long();
    let sound = recount(&sut);
    assert_eq!((sound.rows, sound.faults, sound.first_fault), (2_103, 0, None));
    let kept = sound.clone();
    sut.get(move |tx| tx.keep_recount(at(5_000), "p.privacy", &kept));
    let last = sut.get(|tx| tx.last_recount()).expect("it is kept");
    assert_eq!((last.at, last.by.as_str(), &last.found), (at(5_000), "p.privacy", &sound));
    assert_eq!(recount(&sut).rows, 2_104, "what it leaves is a row of the trail as well");
    let changes = "UPDATE audit SET at = at + 1 WHERE id = 1500; DELETE FROM audit WHERE id = 2050";
    sut.place.tamper(changes).expect("the database can be tampered with");
    let found = recount(&sut);
    assert_eq!((found.faults, found.first_fault), (2, Some(1_500)));
    sut.get(move |tx| tx.keep_recount(at(5_001), "p.privacy", &found));
    assert_eq!(sut.get(|tx| tx.last_recount()).map(|last| last.found.faults), Some(2));

    // The row up to which it was sound is gone, and what is left hangs together.
    let cut = long();
    cut.place.tamper("DELETE FROM audit WHERE id > 2000").expect("the database can be tampered with");
    let found = walked(&cut, ChainWalk::new(Some(&last)));
    assert_eq!((found.rows, found.faults, found.first_fault), (2_000, 1, Some(2_103)));
}

#[test]
fn the_head_of_the_chain_shows_a_cut_end() {
    let sut = filled();
    let (rows, _) = sut.get(|tx| tx.audit_head()).expect("there are rows");
    assert_eq!(rows, 3);
    assert_eq!(tamper("DELETE FROM audit WHERE id = 3"), [Fault::Message { message_id: 3 }]);
}

#[test]
fn a_changed_message_differs_from_its_audit_row() {
    for sql in [
        "UPDATE messages SET verdict = 'rejected', counts_as_sent = 0 WHERE id = 2",
        "UPDATE messages SET digest = zeroblob(32) WHERE id = 2",
        "DELETE FROM messages WHERE id = 2",
    ] {
        assert_eq!(tamper(sql), [Fault::Message { message_id: 2 }], "{sql}");
    }
}

#[test]
fn balances_that_differ_from_their_postings_show() {
    let agreement = || Fault::Balance { agreement: "G1".to_owned() };
    let account = || Fault::Account { account_id: 1 };
    for (sql, expected) in [
        ("UPDATE postings SET cents = 1 WHERE id = 1", vec![agreement(), account()]),
        ("DELETE FROM postings", vec![agreement(), account()]),
        ("UPDATE balances SET consumption = 0", vec![agreement()]),
        ("UPDATE allocation_balances SET reserved = 0", vec![account()]),
        ("UPDATE accounts SET realised = 1", vec![account()]),
        ("UPDATE postings SET agreements = '[]' WHERE id = 1", vec![agreement(), account()]),
        ("DELETE FROM balances", vec![agreement()]),
    ] {
        assert_eq!(tamper(sql), expected, "{sql}");
    }
}
