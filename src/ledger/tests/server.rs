//! What only happens on a server: a schema of its own, the lock, and losing the connection.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::suite::{Sut, accepted, account, identity, inbox, wmo};
use super::*;
use crate::decision::{Decision, Posting, PostingSort, Record, Slot};
use crate::message::{Cents, Number};
use std::collections::{BTreeMap, BTreeSet};

/// A message with a posting of a hundred cents.
fn message(id: &str) -> (Inbox, Decision) {
    let posting = Posting {
        slot: Slot { account: Some(account("wonen")), agreements: ["G1".to_owned()].into() },
        sort: PostingSort::Reservation,
        cents: Cents(100),
        toewijzing_nummer: Some(1001),
        referentie: None,
        on: jiff::civil::date(2026, 1, 1),
        late: false,
    };
    let decision = Decision { records: vec![Record::Posting(posting)], ..accepted(identity(wmo(Number::N301), id)) };
    (inbox(id), decision)
}

fn store(ledger: &Ledger, id: &str) -> Result<Stored, LedgerError> {
    let (inbox, decision) = message(id);
    ledger.run_blocking(move |tx| tx.store(&inbox, &decision))
}

#[test]
fn gateways_on_one_ledger_take_turns() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    let other = open_again(&sut);
    let writers: Vec<_> = [sut.ledger.clone(), other.clone()]
        .into_iter()
        .enumerate()
        .flat_map(|(gateway, ledger)| (0..4).map(move |thread| (gateway, thread, ledger.clone())))
        .map(|(gateway, thread, ledger)| {
            std::thread::spawn(move || {
                for number in 0..15 {
                    store(&ledger, &format!("{gateway}-{thread}-{number}")).expect("it is stored");
                    // Both get this one.
                    store(&ledger, &format!("both-{number}")).expect("it is stored, or was");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("no panic");
    }
    let entries = sut.get(|tx| tx.messages(&Filter::default()));
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &entries {
        *times.entry(&entry.transport_id).or_default() += 1;
    }
    assert_eq!(entries.len(), 2 * 4 * 15 + 15);
    assert!(times.values().all(|times| *times == 1), "none is there twice");
    let budgets = sut.get(|tx| tx.budgets());
    assert_eq!(budgets[0].consumption, Cents(100 * 135));
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    assert_eq!(sut.get(|tx| tx.audit_head()).map(|(rows, _)| rows), Some(135));
    other.close().expect("it closes");
}

fn open_again(sut: &Sut) -> Ledger {
    let settings = Settings { location: sut.place.location(), keys: sut.keys.clone(), max_group: 8 };
    Ledger::open(settings).expect("it opens a second time")
}

/// Number of the server's process for the connection of a ledger.
fn process(sut: &Sut) -> i64 {
    sut.get(|tx| tx.first("SELECT pg_backend_pid()", [], |cells| cells.get())).expect("it has a number")
}

fn end(sut: &Sut, process: i64) {
    sut.place.change(&format!("SELECT pg_terminate_backend({process}, 10000)")).expect("an administrator may");
}

#[test]
fn a_connection_lost_between_jobs_is_made_anew_unnoticed() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    store(&sut.ledger, "before").expect("it is stored");
    let before = process(&sut);
    end(&sut, before);
    store(&sut.ledger, "after").expect("it is stored on another connection");
    assert_ne!(process(&sut), before);
    assert_eq!(sut.get(|tx| tx.messages(&Filter::default())).len(), 2);
}

#[test]
fn a_connection_lost_in_a_job_takes_its_group_with_it_and_nothing_else() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    store(&sut.ledger, "before").expect("it is stored");
    let current = process(&sut);
    let Location::Server(server) = sut.place.location() else { panic!("it is on a server") };
    let (wait, waiting) = std::sync::mpsc::sync_channel::<()>(1);
    let (begins, begun) = std::sync::mpsc::sync_channel(1);
    drop(sut.ledger.run(move |_| {
        begins.send(()).expect("the test listens");
        // Lets what follows come together in one group.
        waiting.recv().unwrap_or_default();
        Ok(())
    }));
    // Its own group is gathered: what comes now is of the next.
    begun.recv().expect("it begins");
    let (inbox, decision) = message("with it");
    let with_it = sut.ledger.run(move |tx| tx.store(&inbox, &decision));
    let (inbox, decision) = message("cut");
    let cut = sut.ledger.run(move |tx| {
        tx.store(&inbox, &decision)?;
        let ender = std::thread::spawn(move || {
            let connection = super::db::postgres::Postgres::connect(&server, super::schema::Access::Beside)?;
            connection.batch(&format!("SELECT pg_terminate_backend({current}, 10000)"))
        });
        ender.join().expect("no panic")?;
        tx.store(&message("too late").0, &message("too late").1)
    });
    let (inbox, decision) = message("behind");
    let behind = sut.ledger.run(move |tx| tx.store(&inbox, &decision));
    drop(wait);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    for (name, answer) in [("with it", runtime.block_on(with_it)), ("cut", runtime.block_on(cut))] {
        let error = answer.expect_err(name);
        assert!(error.is_temporary(), "{name}: {error}");
    }
    runtime.block_on(behind).expect("the next transaction has another connection");
    let stored: Vec<String> =
        sut.get(|tx| tx.messages(&Filter::default())).into_iter().map(|entry| entry.transport_id).collect();
    assert_eq!(stored, ["before", "behind"]);
    store(&sut.ledger, "cut").expect("whoever tries again succeeds");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn a_job_that_goes_on_after_a_refusal_leaves_nothing() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    let (inbox, decision) = message("first");
    let swallowed = sut.run(move |tx| {
        tx.store(&inbox, &decision)?;
        let refused =
            tx.sql("INSERT INTO attempts (sequence, attempt, at, outcome) VALUES (9, 1, 0, 'x')")?.execute([]);
        assert!(refused.is_err(), "there is no such outcome");
        Ok(())
    });
    assert!(matches!(swallowed, Err(LedgerError::Unfit(_))), "{swallowed:?}");
    assert_eq!(sut.get(|tx| tx.messages(&Filter::default())).len(), 0);
    store(&sut.ledger, "second").expect("the connection serves on");
}

#[test]
fn an_id_with_a_nul_is_stored_and_found_again() {
    let sut = Sut::new();
    store(&sut.ledger, "a\0b").expect("it is stored");
    assert!(store(&sut.ledger, "a\0b").expect("it is known").sent_before);
}

#[test]
fn a_schema_of_another_program_a_newer_one_and_other_keys_are_refused() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    let refusal = |keys: &Keys| {
        let settings = Settings { location: sut.place.location(), keys: keys.clone(), max_group: 1 };
        let error = Ledger::open(settings).expect_err("it must not open");
        assert!(!error.is_temporary(), "{error}");
        error.to_string()
    };
    assert!(refusal(&Keys::generate()).contains("other keys"));
    sut.place.change("INSERT INTO migrations VALUES (99, 'later', 0)").expect("a row can be added");
    assert!(refusal(&sut.keys).contains("version 99"));
    sut.place.change("DELETE FROM migrations").expect("rows can be deleted");
    assert!(refusal(&sut.keys).contains("another program"));
    let look = Ledger::open_to_read(sut.place.location(), sut.keys.clone()).expect_err("there is no ledger");
    assert!(look.to_string().contains("start the gateway once"), "{look}");
}

#[test]
fn the_connection_waits_for_the_disk_whatever_the_server_says() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    sut.place.change("ALTER ROLE CURRENT_USER SET synchronous_commit = off").expect("it can be set");
    let other = Ledger::open_beside(sut.place.location(), sut.keys.clone()).expect("it opens");
    let setting = other
        .run_blocking(|tx| tx.first("SELECT current_setting('synchronous_commit')", [], |cells| cells.get::<String>()));
    sut.place.change("ALTER ROLE CURRENT_USER RESET synchronous_commit").expect("it can be reset");
    assert_eq!(setting.expect("it can be read").as_deref(), Some("on"));
}

/// What rules read of a message, and what the relay asks for, is found by index from the first message on: when nobody
/// knows yet how many rows there are.
#[test]
fn jobs_look_up_what_they_need_by_index() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    for (explain, index) in [
        (
            "EXPLAIN SELECT l.bedrag FROM json_each('[1]') AS k CROSS JOIN lines AS l
             ON l.law = 'wmo' AND l.gemeente = '0197' AND l.aanbieder = '42420001'
                 AND l.toewijzing_nummer = CAST(k.value AS BIGINT) AND l.granted = 1",
            "lines_granted",
        ),
        (
            "EXPLAIN SELECT d.begindatum FROM json_each('[\"00\"]') AS k CROSS JOIN deliveries AS d
             ON d.law = 'wmo' AND d.gemeente = '0197' AND d.aanbieder = '42420001' AND d.person = unhex(k.value)
                 AND d.deleted_by IS NULL",
            "deliveries_person",
        ),
        (
            "EXPLAIN SELECT lane, receiver FROM outbox
             WHERE sent_at IS NULL AND refused_at IS NULL AND (lane, receiver) > ('message', '')
             ORDER BY lane, receiver LIMIT 1",
            "outbox_open",
        ),
    ] {
        let plan: Vec<String> = sut.get(move |tx| tx.all(explain, [], |cells| cells.get()));
        let plan = plan.join("\n");
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{plan}");
    }
}

/// Table, column, type, and whether it may be empty.
type Column = (String, String, String, bool);

/// Both databases have the same tables, columns and indexes.
#[test]
fn both_databases_have_the_same_schema() {
    let sut = Sut::new();
    if !sut.place.is_on_server() {
        return;
    }
    let memory = Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 });
    let memory = memory.expect("a ledger in memory opens");
    let columns = |ledger: &Ledger, sql: &'static str| -> BTreeSet<Column> {
        let read = ledger.run_blocking(move |tx| {
            tx.all(sql, [], |cells| Ok((cells.get()?, cells.get()?, cells.get()?, cells.get()?)))
        });
        read.expect("the schema can be read").into_iter().collect()
    };
    let here = columns(
        &memory,
        "SELECT t.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'TEXT' THEN 'text' ELSE 'bytea' END,
             c.\"notnull\" = 0 AND c.pk = 0
         FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
    );
    let there = columns(
        &sut.ledger,
        "SELECT CAST(table_name AS text), CAST(column_name AS text), CAST(data_type AS text), is_nullable = 'YES'
         FROM information_schema.columns WHERE table_schema = current_schema()",
    );
    assert!(here.len() > 150, "{}", here.len());
    assert_eq!(here.symmetric_difference(&there).collect::<Vec<_>>(), Vec::<&Column>::new());

    let names = |ledger: &Ledger, sql: &'static str| -> BTreeSet<(String, String, bool)> {
        let read =
            ledger.run_blocking(move |tx| tx.all(sql, [], |cells| Ok((cells.get()?, cells.get()?, cells.get()?))));
        read.expect("the indexes can be read").into_iter().collect()
    };
    // The key of a table without another: by its columns. What was made by name: by that.
    let here = names(
        &memory,
        "SELECT t.name, CASE i.origin WHEN 'c' THEN i.name ELSE
             (SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) END,
             i.\"unique\"
         FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i WHERE t.type = 'table'",
    );
    let there = names(
        &sut.ledger,
        "SELECT CAST(t.relname AS text), CASE WHEN k.oid IS NULL THEN CAST(c.relname AS text) ELSE (
                 SELECT string_agg(a.attname, ' ' ORDER BY p.place)
                 FROM unnest(i.indkey) WITH ORDINALITY AS p (number, place)
                 JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = p.number
             ) END, i.indisunique
         FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
         JOIN pg_namespace AS n ON n.oid = c.relnamespace
         LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u') AND k.conrelid = t.oid
         LEFT JOIN information_schema.columns AS f ON f.table_schema = n.nspname AND f.table_name = t.relname
             AND i.indnatts = 1 AND f.ordinal_position = i.indkey[0]
         WHERE n.nspname = current_schema() AND NOT (coalesce(k.contype = 'p', false) AND i.indnatts = 1
             AND f.data_type IS NOT DISTINCT FROM 'bigint')",
    );
    assert!(here.len() > 30, "{}", here.len());
    assert_eq!(here.symmetric_difference(&there).collect::<Vec<_>>(), Vec::<&(String, String, bool)>::new());
}
