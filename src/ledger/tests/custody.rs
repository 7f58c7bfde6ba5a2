//! Keys that change, and what must be known of the schema for that: where sealed bodies, persons and references stand.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::*;
use crate::ledger::custody::SEALED;
use crate::ledger::custody::rotation::WITH_PERSONS;
use crate::ledger::custody::verify::REFERENCES;
use crate::message::{Bsn, Kind};
use crate::waiting::{Awaited, Pair};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A ledger whose keys stand in a file.
struct Filed {
    ledger: Ledger,
    folder: TempDir,
    place: Place,
}

impl Filed {
    fn new() -> Filed {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Keys::create(&folder.path().join("keys")).expect("keys can be made");
        let place = Place::new();
        Filed { ledger: Filed::open(folder.path(), &place), folder, place }
    }

    fn open(folder: &Path, place: &Place) -> Ledger {
        let keys = Keys::load(&folder.join("keys")).expect("the keys load");
        open(place, &keys)
    }

    fn reopen(self) -> Filed {
        let Filed { ledger, folder, place } = self;
        ledger.close().expect("it closes");
        Filed { ledger: Filed::open(folder.path(), &place), folder, place }
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn get<T: Send + 'static>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static) -> T {
        self.ledger.run_blocking(job).expect("the job succeeds")
    }

    fn store(&self, id: &str) -> Stored {
        let inbox = inbox(id);
        let decision = Decision {
            outgoing: vec![
                outgoing(Purpose::Reply, AANBIEDER, "antwoord"),
                outgoing(Purpose::Forward, GEMEENTE, "door"),
            ],
            ..accepted(identity(wmo(Number::N305), id))
        };
        self.get(move |tx| tx.store(&inbox, &decision))
    }

    fn by_key(&self) -> Vec<(Option<KeyId>, u64)> {
        self.get(|tx| tx.bodies_by_key()).into_iter().collect()
    }

    fn texts(&self, sql: &'static str) -> BTreeSet<String> {
        self.get(move |tx| tx.all(sql, [], |cells| cells.get())).into_iter().collect()
    }
}

fn texts(connection: &Connection, sql: &str) -> BTreeSet<String> {
    let mut statement = connection.prepare(sql).expect("a query");
    statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("rows")
}

#[test]
fn every_column_of_bytes_is_known_and_no_reference_is_forgotten() {
    let sut = Sut::new();
    // Both schemas have the same columns and references; another test compares them.
    let Location::File(path) = sut.place.location() else { return };
    let connection = Connection::open(path).expect("the database opens");
    let tables = "SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
                  WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let sealed =
        SEALED.iter().flat_map(|place| place.columns.iter().map(move |(name, _)| format!("{}.{name}", place.table)));
    let persons = WITH_PERSONS.map(|table| format!("{table}.person"));
    // Digests, hashes, ids and check values: nothing that anybody could read.
    let open = [
        "access_attempts.name_key",
        "access_sessions.token",
        "access_tokens.token",
        "audit.hash",
        "claims.member",
        "keys.check_value",
        "looks.id",
        "members.id",
        "messages.digest",
        "meta.value",
        "outbox.id",
        "refusals.digest",
        "takes.digest",
        "waiting.digest",
    ];
    let carried = ["carried_persons.before", "carried_persons.person"];
    let known: BTreeSet<String> = sealed
        .chain(persons.clone())
        .chain([open.as_slice(), &carried].concat().into_iter().map(str::to_owned))
        .collect();
    let bytes = texts(&connection, &format!("{tables} AND c.type = 'BLOB'"));
    assert_eq!(bytes, known, "say in `custody` whether a new column of bytes is sealed or names a person");
    let named: BTreeSet<String> = persons.into();
    let mut found = texts(&connection, &format!("{tables} AND c.name = 'person'"));
    found.remove("carried_persons.person");
    assert_eq!(found, named);

    let mut of_schema = texts(
        &connection,
        "SELECT m.name || '.' || f.\"from\" || ' ' || f.\"table\" || '.' || coalesce(f.\"to\", 'id')
         FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'",
    );
    // What a gateway holds at the moment is no part of the record.
    assert!(of_schema.remove("claims.member members.id"));
    let checked: BTreeSet<String> =
        REFERENCES.iter().map(|(table, _, column, named, key)| format!("{table}.{column} {named}.{key}")).collect();
    assert_eq!(of_schema, checked, "`verify` follows every reference");
}

#[test]
fn new_bodies_are_sealed_with_the_key_in_force_and_old_ones_sealed_anew() {
    let sut = Filed::new();
    let held_for_long = Keys::load(&sut.key_file()).expect("the keys load");
    sut.store("a");
    assert_eq!(sut.by_key(), [(Some(1), 3)]);
    assert_eq!(Keys::add(&sut.key_file(), KeySort::Body).expect("it is added"), 2);
    sut.store("b");
    assert_eq!(sut.by_key(), [(Some(1), 6)], "a key is not in force because it is in the file");

    // Another process puts it in force; this one reads the file again by itself.
    let keys = Keys::load(&sut.key_file()).expect("the keys load");
    let beside = Ledger::open_beside(sut.place.location(), keys).expect("it opens");
    assert_eq!(beside.run_blocking(|tx| tx.put_body_key_in_force(at(1))).expect("it is put in force"), 2);
    assert_eq!(beside.run_blocking(|tx| tx.put_body_key_in_force(at(2))).expect("again"), 2);
    sut.store("c");
    assert_eq!(sut.by_key(), [(Some(1), 6), (Some(2), 3)]);
    let refused = sut.ledger.run_blocking(|tx| tx.retire_key(2, at(3))).expect_err("it is in force");
    assert!(refused.to_string().contains("in force"), "{refused}");

    let mut rotation = beside.run_blocking(|tx| tx.begin_rotation(at(4))).expect("it begins");
    while rotation.finished_at.is_none() {
        let id = rotation.id;
        rotation = beside.run_blocking(move |tx| tx.rotate_portion(id, at(5))).expect("a portion");
    }
    assert_eq!((rotation.key_id, rotation.looked_at, rotation.resealed, rotation.failed), (2, 9, 6, 0));
    let id = rotation.id;
    let again = beside.run_blocking(move |tx| tx.rotate_portion(id, at(6))).expect("nothing more");
    assert_eq!(again, rotation);
    beside.close().expect("it closes");
    assert_eq!(sut.by_key(), [(Some(2), 9)]);
    assert_eq!(sut.get(|tx| tx.verify(&[])).faults, []);

    let reader = Ledger::open_to_read(sut.place.location(), held_for_long).expect("it looks again");
    reader.close().expect("it closes");
    sut.get(|tx| tx.retire_key(1, at(7)));
    sut.get(|tx| tx.retire_key(1, at(8)));
    let unknown = sut.ledger.run_blocking(|tx| tx.retire_key(9, at(9))).expect_err("there is none");
    assert!(unknown.to_string().contains("never used"), "{unknown}");
    assert!(Keys::remove(&sut.key_file(), 1).expect("it is removed"));
    let sut = sut.reopen();
    assert_eq!(sut.by_key(), [(Some(2), 9)]);
    let events = sut.texts("SELECT event || ' ' || content FROM audit WHERE message_id IS NULL");
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    assert_eq!(
        events,
        [
            r#"bodies sealed anew {"failed":0,"key":2,"looked_at":9,"resealed":6}"#,
            r#"key in force {"before":1,"key":2,"sort":"body"}"#,
            r#"key retired {"key":1,"sort":"body"}"#,
        ]
    );
}

#[test]
fn a_key_that_is_not_in_the_file_stops_everything_and_names_itself() {
    let sut = Filed::new();
    sut.store("a");
    let before = std::fs::read(sut.key_file()).expect("the key file");
    Keys::add(&sut.key_file(), KeySort::Body).expect("it is added");
    let with_two = std::fs::read(sut.key_file()).expect("the key file");
    let beside = Ledger::open_beside(sut.place.location(), Keys::load(&sut.key_file()).expect("the keys load"));
    let beside = beside.expect("it opens");
    // A gateway on another machine, that nobody gave the new file.
    std::fs::write(sut.key_file(), &before).expect("it can be written");
    beside.run_blocking(|tx| tx.put_body_key_in_force(at(1))).expect("it is put in force");
    let inbox = inbox("b");
    let decision = accepted(identity(wmo(Number::N305), "b"));
    let store = move |tx: &mut Tx<'_>| tx.store(&inbox, &decision);
    let error = sut.ledger.run_blocking(store.clone()).expect_err("it may not seal with an old key");
    assert!(error.is_temporary() && error.to_string().contains("body key 2"), "{error}");
    let error = Ledger::open_to_read(sut.place.location(), Keys::load(&sut.key_file()).expect("keys"));
    let error = error.expect_err("a key is missing").to_string();
    assert!(error.contains("uses body key 2, which the key file does not hold"), "{error}");
    std::fs::write(sut.key_file(), &with_two).expect("it can be written");
    sut.ledger.run_blocking(store).expect("the key is there now");
    assert_eq!(sut.by_key(), [(Some(1), 3), (Some(2), 1)]);
    beside.close().expect("it closes");
}

#[test]
fn a_damaged_body_stays_as_it_is_and_is_counted() {
    let sut = Filed::new();
    sut.store("a");
    sut.place.change("UPDATE messages SET body = digest").expect("it can be damaged");
    Keys::add(&sut.key_file(), KeySort::Body).expect("it is added");
    let sut = sut.reopen();
    let mut rotation = sut.get(|tx| {
        tx.put_body_key_in_force(at(1))?;
        tx.begin_rotation(at(1))
    });
    while rotation.finished_at.is_none() {
        let id = rotation.id;
        rotation = sut.get(move |tx| tx.rotate_portion(id, at(2)));
    }
    assert_eq!((rotation.looked_at, rotation.resealed, rotation.failed), (3, 2, 1));
    assert_eq!(sut.by_key(), [(None, 1), (Some(2), 2)]);
    let faults = sut.get(|tx| tx.verify(&[])).faults;
    assert_eq!(faults.iter().map(|fault| (fault.check, &*fault.place)).collect::<Vec<_>>(), [("body", "message 1")]);
}

#[test]
fn persons_are_carried_over_wherever_they_stand() {
    let sut = Filed::new();
    let bsn = Bsn::from(BSN);
    let (gemeente, members) = (Party::from(GEMEENTE), (Party::from(GEMEENTE), bsn.clone()));
    sut.get(move |tx| {
        tx.replace_households(&[gemeente].into(), &[(members, "H1".to_owned())].into(), at(0))?;
        Ok(())
    });
    let pair = Pair { law: Law::Wmo, gemeente: GEMEENTE.to_owned(), aanbieder: AANBIEDER.to_owned() };
    let kind: Kind = wmo(Number::N307);
    let (of_pair, of_bsn) = (pair.clone(), bsn.clone());
    sut.get(move |tx| {
        let awaited = [
            Awaited::Client(tx.person(&of_bsn)),
            Awaited::Delivery(tx.person(&of_bsn)),
            Awaited::Allocation(7),
            Awaited::Question(Number::N301, "client x".to_owned()),
        ];
        tx.wait(&inbox("waits"), (kind, &of_pair), at(600), &awaited.into())
    });
    assert_eq!(sut.get(|tx| tx.carry_persons(at(1))), None, "there is no later key");
    assert_eq!(Keys::add(&sut.key_file(), KeySort::Person).expect("it is added"), 2);
    let sut = sut.reopen();
    let of_bsn = bsn.clone();
    let before = sut.get(move |tx| Ok(tx.person(&of_bsn)));
    let carried = sut.get(|tx| tx.carry_persons(at(2))).expect("there is a later key");
    assert_eq!(carried, Carried { key_id: 2, persons: 1, rows: 3 });
    let of_bsn = bsn.clone();
    let after = sut.get(move |tx| Ok(tx.person(&of_bsn)));
    assert_ne!(before, after);
    let found = sut.texts("SELECT lower(hex(person)) FROM households");
    assert_eq!(found, BTreeSet::from([after.0.clone()]));
    assert_eq!(sut.texts("SELECT hex(before) FROM carried_persons"), BTreeSet::new());
    let woken = sut.get(move |tx| tx.wake(&pair, &[Awaited::Delivery(after)].into()));
    assert_eq!(woken, 1, "the waiting room knows the person by the new key");
    assert_eq!(sut.get(|tx| tx.carry_persons(at(3))), None);
    assert_eq!(sut.get(|tx| tx.verify(&[])).faults, []);
}

/// A job that fails takes the change of keys back with it.
#[test]
fn a_carrying_over_that_fails_changes_nothing() {
    let sut = Filed::new();
    let (gemeente, member) = (Party::from(GEMEENTE), (Party::from(GEMEENTE), Bsn::from(BSN)));
    sut.get(move |tx| tx.replace_households(&[gemeente].into(), &[(member, "H1".to_owned())].into(), at(0)));
    Keys::add(&sut.key_file(), KeySort::Person).expect("it is added");
    let sut = sut.reopen();
    let person = |sut: &Filed| sut.get(|tx| Ok(tx.person(&Bsn::from(BSN))));
    let before = person(&sut);
    let failed = sut.ledger.run_blocking(|tx| {
        tx.carry_persons(at(1))?;
        Err::<(), _>(LedgerError::Abandoned("on purpose"))
    });
    assert!(failed.is_err());
    assert_eq!(person(&sut), before);
    assert_eq!(sut.texts("SELECT lower(hex(person)) FROM households"), BTreeSet::from([before.0]));
    assert_eq!(sut.get(|tx| tx.in_force()).person, 1);
}
