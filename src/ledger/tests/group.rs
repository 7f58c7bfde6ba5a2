//! Grouping: order, savepoints, panics, and what happens when the database refuses.

use super::*;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// Holds the writing thread until the returned sender is dropped, so that what follows waits together.
fn hold(ledger: &Ledger) -> mpsc::SyncSender<()> {
    let (release, released) = mpsc::sync_channel::<()>(1);
    let (started, running) = mpsc::sync_channel(1);
    drop(ledger.run(move |_| {
        started.send(()).expect("the test waits");
        // Ends when the sender is dropped.
        released.recv().unwrap_or_default();
        Ok(())
    }));
    running.recv().expect("the job starts");
    release
}

fn store_job(id: &str) -> impl FnOnce(&mut Tx<'_>) -> Result<Stored, LedgerError> + Send + 'static {
    let (inbox, decision) = (inbox(id), accepted(identity(wmo(Number::N305), id)));
    move |tx| tx.store(&inbox, &decision)
}

fn stored_ids(sut: &Sut) -> Vec<String> {
    let entries = sut.get(|tx| tx.messages(&Filter::default()));
    entries.into_iter().map(|entry| entry.transport_id).collect()
}

#[test]
fn jobs_run_in_the_order_of_the_calls_without_being_polled() {
    let sut = Sut::new();
    let ids: Vec<String> = (0..100).map(|number| format!("m{number}")).collect();
    for id in &ids {
        drop(sut.ledger.run(store_job(id)));
    }
    assert_eq!(stored_ids(&sut), ids);
}

#[tokio::test]
async fn jobs_that_wait_together_share_a_commit() {
    let sut = Sut::new();
    let held = hold(&sut.ledger);
    let before = sut.ledger.grouping();
    let waiting: Vec<_> = (0..50).map(|number| sut.ledger.run(store_job(&format!("m{number}")))).collect();
    drop(held);
    for stored in waiting {
        stored.await.expect("each is stored");
    }
    let after = sut.ledger.grouping();
    assert_eq!(after.groups - before.groups, 2, "the held job, and all others together");
    assert_eq!(after.jobs - before.jobs, 51);
}

#[tokio::test]
async fn a_group_is_no_larger_than_set() {
    let sut = Sut::new();
    let held = hold(&sut.ledger);
    let before = sut.ledger.grouping();
    let waiting: Vec<_> = (0..130).map(|number| sut.ledger.run(store_job(&format!("m{number}")))).collect();
    drop(held);
    for stored in waiting {
        stored.await.expect("each is stored");
    }
    assert_eq!(sut.ledger.grouping().groups - before.groups, 1 + 3, "130 jobs in groups of at most 64");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_commit_in_groups() {
    let sut = Sut::new();
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let ledger = sut.ledger.clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    ledger.run(store_job(&format!("{task}-{number}"))).await.expect("each is stored");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics");
    }
    let grouping = sut.ledger.grouping();
    assert_eq!(grouping.jobs, 640);
    assert!(grouping.groups < grouping.jobs / 2, "{grouping:?}");
    println!("640 jobs of 64 tasks in {} commits", grouping.groups);
    assert_eq!(stored_ids(&sut).len(), 640);
}

#[tokio::test]
async fn failing_and_panicking_jobs_leave_their_neighbours_alone() {
    let sut = Sut::new();
    let held = hold(&sut.ledger);
    let first = sut.ledger.run(store_job("first"));
    let gives_up = sut.ledger.run(|tx| {
        store_job("gives up")(tx)?;
        Err::<(), _>(LedgerError::Abandoned("a reason"))
    });
    let panics = sut.ledger.run(|tx| {
        store_job("panics")(tx)?;
        panic!("a text of the program");
        #[expect(unreachable_code, reason = "gives the job its type")]
        Ok(())
    });
    let composed = sut.ledger.run(|tx| -> Result<(), LedgerError> {
        store_job("panics with a person")(tx)?;
        std::panic::panic_any(format!("person {BSN}"));
    });
    let breaks = sut.ledger.run(|tx| {
        store_job("breaks a rule of the database")(tx)?;
        tx.sql("INSERT INTO audit (id, at, event, content, hash) VALUES (99, 0, '', '', unhex('00'))")?.execute([])?;
        Ok(())
    });
    let last = sut.ledger.run(store_job("last"));
    drop(held);
    first.await.expect("the first is stored");
    assert!(matches!(gives_up.await, Err(LedgerError::Abandoned("a reason"))));
    assert!(matches!(panics.await, Err(LedgerError::Panicked("a text of the program"))));
    let text = composed.await.expect_err("it panicked").to_string();
    assert!(!text.contains(BSN), "{text}");
    assert!(matches!(breaks.await, Err(LedgerError::Database(_))));
    last.await.expect("the last is stored");
    let sut = sut.reopen();
    assert_eq!(stored_ids(&sut), ["first", "last"]);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[tokio::test]
async fn when_the_commit_fails_every_caller_hears_of_it_and_nothing_stays() {
    let sut = Sut::new();
    sut.get(store_job("before"));
    if sut.place.is_on_server() {
        let deferred = "ALTER TABLE attempts ALTER CONSTRAINT attempts_sequence_fkey DEFERRABLE INITIALLY DEFERRED";
        sut.change(deferred).expect("it can be deferred");
    }
    let held = hold(&sut.ledger);
    let first = sut.ledger.run(store_job("first"));
    let own_fault = sut.ledger.run(|_| Err::<(), _>(LedgerError::Abandoned("its own")));
    let poison = sut.ledger.run(|tx| {
        // A foreign key that is checked at the commit only.
        if !tx.is_on_server() {
            tx.connection().execute_batch("PRAGMA defer_foreign_keys = ON")?;
        }
        tx.sql("INSERT INTO attempts (sequence, attempt, at, outcome) VALUES (999, 1, 0, 'sent')")?.execute([])?;
        Ok(())
    });
    let last = sut.ledger.run(store_job("last"));
    drop(held);
    assert!(matches!(first.await, Err(LedgerError::Lost(_))));
    assert!(matches!(own_fault.await, Err(LedgerError::Abandoned("its own"))));
    assert!(matches!(poison.await, Err(LedgerError::Lost(_))));
    assert!(matches!(last.await, Err(LedgerError::Lost(_))));
    sut.get(store_job("after"));
    assert_eq!(stored_ids(&sut), ["before", "after"]);
}

#[tokio::test]
async fn a_full_disk_is_temporary_and_answers_tell_the_truth() {
    let sut = Sut::new();
    if sut.place.is_on_server() {
        // Its disk is its own: see how the code of a full one is read, in `error`.
        return;
    }
    sut.get(store_job("before"));
    let held = hold(&sut.ledger);
    let small = sut.ledger.run(store_job("small"));
    let large = sut.ledger.run(|tx| {
        let pages: i64 = tx.connection().query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let limit = format!("PRAGMA max_page_count = {}", pages + 4);
        tx.connection().query_row(&limit, [], |_| Ok(()))?;
        // Random bytes do not shrink.
        let body = (0..20_000).flat_map(|_| *uuid::Uuid::new_v4().as_bytes()).collect();
        let inbox = Inbox::new("directory", "large", at(0), body);
        tx.store(&inbox, &accepted(identity(wmo(Number::N305), "large")))
    });
    let swallows = sut.ledger.run(|tx| {
        let body = (0..20_000).flat_map(|_| *uuid::Uuid::new_v4().as_bytes()).collect();
        let inbox = Inbox::new("directory", "swallowed", at(0), body);
        let refused = tx.store(&inbox, &accepted(identity(wmo(Number::N305), "swallowed"))).is_err();
        Ok(refused)
    });
    let after = sut.ledger.run(|tx| {
        tx.connection().query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?;
        store_job("after")(tx)
    });
    drop(held);
    let mut expected = vec!["before"];
    for (id, answer) in [("small", small.await), ("large", large.await), ("after", after.await)] {
        match answer {
            Ok(_) => expected.push(id),
            Err(error) => assert!(error.is_temporary(), "{id}: {error}"),
        }
    }
    assert!(swallows.await.unwrap_or(true), "it does not fit either");
    assert!(!expected.contains(&"large"));
    assert!(expected.contains(&"after"));
    let sut = sut.reopen();
    assert_eq!(stored_ids(&sut), expected);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn a_database_locked_by_another_process_is_temporary() {
    let sut = Sut::new();
    sut.get(|tx| {
        if tx.is_on_server() {
            return tx.first("SELECT set_config('lock_timeout', '20ms', false)", [], |_| Ok(())).map(drop);
        }
        Ok(tx.connection().busy_timeout(Duration::from_millis(20))?)
    });
    let other = Ledger::open_beside(sut.place.location(), sut.keys.clone()).expect("it opens");
    let held = hold(&other);
    let error = sut.run(store_job("locked out")).expect_err("the lock is taken");
    assert!(error.is_temporary(), "{error}");
    drop(held);
    other.close().expect("it closes");
    sut.get(store_job("let in"));
    assert_eq!(stored_ids(&sut), ["let in"]);
}

#[tokio::test]
async fn closing_runs_what_is_queued_and_refuses_what_comes_later() {
    let sut = Sut::new();
    let other = sut.ledger.clone();
    let held = hold(&sut.ledger);
    let queued = sut.ledger.run(store_job("queued"));
    let closing = {
        let ledger = sut.ledger.clone();
        std::thread::spawn(move || ledger.close())
    };
    drop(held);
    queued.await.expect("it is stored");
    closing.join().expect("no panic").expect("the ledger closes");
    assert!(matches!(other.run(store_job("late")).await, Err(LedgerError::Closed)));
    assert!(matches!(other.run_blocking(store_job("late")), Err(LedgerError::Closed)));
    other.close().expect("closing twice is fine");
    if let Location::File(path) = sut.place.location() {
        assert!(!path.with_extension("db-wal").exists(), "the log is folded into the database");
    }
    let ledger = open(&sut.place, &sut.keys);
    let sut = Sut { ledger, ..sut };
    assert_eq!(stored_ids(&sut), ["queued"]);
}

#[test]
fn a_ledger_in_memory_needs_no_file() {
    let ledger =
        Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 64 }).expect("it opens");
    ledger.run_blocking(store_job("one")).expect("it stores");
    assert_eq!(ledger.run_blocking(|tx| tx.messages(&Filter::default())).expect("it lists").len(), 1);
    ledger.close().expect("it closes");
}

/// A group that is lost takes nothing along but what had to come behind it.
#[tokio::test]
async fn nothing_of_a_line_is_recorded_behind_what_was_not() {
    let sut = Sut::new();
    let line = || Arc::new(AtomicBool::new(true));
    let (first, other) = (line(), line());
    let held = hold(&sut.ledger);
    let good = sut.ledger.run_while(Arc::clone(&first), store_job("good"));
    let parked = sut.ledger.run_while(Arc::clone(&first), |_| Err::<(), _>(LedgerError::Abandoned("a reason")));
    let behind_parked = sut.ledger.run_while(Arc::clone(&first), store_job("behind one that we failed on"));
    let lost = sut.ledger.run_while(Arc::clone(&first), |_| Err::<(), _>(LedgerError::Undone));
    let behind = sut.ledger.run_while(Arc::clone(&first), store_job("behind"));
    let beside = sut.ledger.run_while(Arc::clone(&other), store_job("beside"));
    let without = sut.ledger.run(store_job("without"));
    drop(held);
    good.await.expect("it came before");
    assert!(matches!(parked.await, Err(LedgerError::Abandoned(_))));
    behind_parked.await.expect("what we fail on is parked, and holds up nobody");
    assert!(matches!(lost.await, Err(LedgerError::Undone)));
    assert!(matches!(behind.await, Err(LedgerError::Behind)), "in the same group");
    beside.await.expect("another line");
    without.await.expect("no line at all");
    let late = sut.ledger.run_while(first, store_job("late"));
    assert!(matches!(late.await, Err(LedgerError::Behind)), "in a later group");
    sut.ledger.run_while(line(), store_job("behind")).await.expect("its transport begins anew");
    let expected = ["good", "behind one that we failed on", "beside", "without", "behind"];
    assert_eq!(stored_ids(&sut), expected);
}

/// The database gives up in the middle: the job that saw it heard of success until then.
#[tokio::test]
async fn a_line_ends_where_its_group_was_lost() {
    let sut = Sut::new();
    if sut.place.is_on_server() {
        // There the connection is lost: `tests/ledger_server.rs`.
        return;
    }
    let line = Arc::new(AtomicBool::new(true));
    let held = hold(&sut.ledger);
    let first = sut.ledger.run_while(Arc::clone(&line), store_job("first"));
    // Somebody else's job ends the transaction that they share.
    let breaks = sut.ledger.run(|tx| {
        tx.connection().execute_batch("ROLLBACK")?;
        Ok(())
    });
    let second = sut.ledger.run_while(Arc::clone(&line), store_job("second"));
    drop(held);
    assert!(matches!(first.await, Err(LedgerError::Undone)), "it was done, and undone");
    assert!(breaks.await.is_err());
    assert!(matches!(second.await, Err(LedgerError::Behind)), "it must not overtake the first");
    assert_eq!(stored_ids(&sut), [""; 0]);
}
