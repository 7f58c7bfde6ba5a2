//! Looking for messages and allocations: what is found by what, page by page, on an index each.

use super::*;
use crate::demo::compose::{Allocate, Composer, Person, omvang};
use crate::finding::Finding;
use crate::ledger::view::{AllocationDriver, MessageDriver};
use crate::message::{Eenheid, Frequentie, Product};
use crate::rules::facts::{Allocation, Earlier, PersonKey};
use crate::view::allocations as of_allocations;
use crate::view::messages::{Asked, PAGE, Page, Place as PagePlace, Search};
use rusqlite::StatementStatus;

fn composer() -> Composer {
    Composer { law: Law::Wmo, gemeente: GEMEENTE.into(), aanbieder: AANBIEDER.into(), dagtekening: date(2026, 3, 9) }
}

fn allocate(nummer: Count) -> Allocate {
    Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A03".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    }
}

pub(super) fn finding(rule: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        code: None,
        class: "StartProduct".to_owned(),
        path: "/Bericht".to_owned(),
        line: 1,
        column: 1,
        nl: "Zo niet.".to_owned(),
        en: "Not so.".to_owned(),
        facts: BTreeMap::new(),
    }
}

/// A 305 on an allocation, with a verdict, that came in so many seconds after noon.
fn start(sut: &Sut, identificatie: &str, nummer: Count, verdict: Verdict, seconds: i64) -> i64 {
    let message = composer().start(identificatie, &Person::nth(1), &allocate(nummer), date(2026, 3, 2));
    let inbox = Inbox::new("directory", identificatie, at(seconds), message.write());
    let findings = if verdict == Verdict::Rejected { vec![finding("TR019")] } else { Vec::new() };
    let decision = Decision { verdict, findings, ..accepted(identity(wmo(Number::N305), identificatie)) };
    sut.store(inbox, decision).message_id
}

fn search(asked: &Asked) -> Search {
    Search::parse(asked).expect("it is a search")
}

fn find(sut: &Sut, search: Search) -> Page {
    sut.get(move |tx| tx.find_messages(&search))
}

fn ids(sut: &Sut, asked: &Asked) -> Vec<i64> {
    find(sut, search(asked)).rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn a_message_is_found_by_whatever_it_is_about_also_when_it_was_rejected() {
    let sut = Sut::new();
    let one = start(&sut, "S1", 1001, Verdict::Accepted, 0);
    let two = start(&sut, "S2", 1001, Verdict::Rejected, 1);
    let three = start(&sut, "S3", 1002, Verdict::Accepted, 2);
    let unread = Decision {
        identity: None,
        claimed_sender: Some(AANBIEDER.into()),
        verdict: Verdict::Rejected,
        level: 1,
        findings: vec![finding("XSD"), finding("XSD")],
        ..accepted(identity(wmo(Number::N305), ""))
    };
    let four = sut.store(Inbox::new("http", "x", at(3), b"<x/>".to_vec()), unread).message_id;
    let text = |text: &str| text.to_owned();
    for (asked, expected) in [
        (Asked::default(), vec![four, three, two, one]),
        (Asked { identification: text("S2"), ..Asked::default() }, vec![two]),
        (Asked { identification: text("S%"), ..Asked::default() }, vec![]),
        (Asked { identification: text("' OR 1=1 --"), ..Asked::default() }, vec![]),
        (Asked { allocation: text("1001"), ..Asked::default() }, vec![two, one]),
        (Asked { allocation: text("0001002"), ..Asked::default() }, vec![three]),
        (Asked { sender: text(AANBIEDER), ..Asked::default() }, vec![four, three, two, one]),
        (Asked { receiver: text(AANBIEDER), ..Asked::default() }, vec![]),
        (Asked { receiver: text(GEMEENTE), ..Asked::default() }, vec![three, two, one]),
        (Asked { sender: text(GEMEENTE), ..Asked::default() }, vec![]),
        (Asked { sender: text(AANBIEDER), receiver: text(GEMEENTE), ..Asked::default() }, vec![three, two, one]),
        (Asked { sender: text(GEMEENTE), receiver: text(GEMEENTE), ..Asked::default() }, vec![]),
        (Asked { kind: text("WMO305"), ..Asked::default() }, vec![four, three, two, one]),
        (Asked { kind: text("305"), law: text("jeugdwet"), ..Asked::default() }, vec![]),
        (Asked { verdict: text("rejected"), ..Asked::default() }, vec![four, two]),
        (Asked { verdict: text("accepted"), ..Asked::default() }, vec![three, one]),
        (Asked { rule: text("xsd"), ..Asked::default() }, vec![four]),
        (Asked { rule: text("TR019"), allocation: text("1001"), ..Asked::default() }, vec![two]),
        (Asked { rule: text("TR019"), allocation: text("1002"), ..Asked::default() }, vec![]),
        (Asked { transport: text("http"), ..Asked::default() }, vec![four]),
        (
            Asked { since: text("2026-03-10"), until: text("2026-03-10"), ..Asked::default() },
            vec![four, three, two, one],
        ),
        (Asked { since: text("2026-03-11"), ..Asked::default() }, vec![]),
        (Asked { until: text("2026-03-09"), ..Asked::default() }, vec![]),
    ] {
        assert_eq!(ids(&sut, &asked), expected, "{asked:?}");
    }
    let row = find(&sut, search(&Asked { identification: text("S2"), ..Asked::default() })).rows.remove(0);
    assert_eq!((row.findings, row.signals, row.kind.as_deref()), (1, 0, Some("WMO305")));
    assert_eq!((row.sender.as_deref(), row.receiver.as_deref()), (Some(AANBIEDER), Some(GEMEENTE)));

    let bsn = Person::nth(1).bsn().clone();
    let person = sut.get(move |tx| Ok(tx.person(&bsn)));
    let about = find(&sut, Search { person: Some(person), ..Search::default() });
    assert_eq!(about.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [three, two, one]);
    let other = Person::nth(5).bsn().clone();
    let nobody = sut.get(move |tx| Ok(tx.person(&other)));
    assert_eq!(find(&sut, Search { person: Some(nobody), ..Search::default() }).rows, []);
    assert_eq!(sut.get(|tx| tx.verify(&[])).faults, []);
}

#[test]
fn what_a_message_mentions_follows_the_last_decision_on_it() {
    let sut = Sut::new();
    let message = composer().start("S1", &Person::nth(1), &allocate(7), date(2026, 3, 2));
    let parked = Decision {
        identity: None,
        verdict: Verdict::Parked,
        level: 1,
        findings: vec![finding("XSD")],
        ..accepted(identity(wmo(Number::N305), ""))
    };
    let id = sut.store(Inbox::new("directory", "x", at(0), message.write()), parked).message_id;
    let of = |asked: Asked| ids(&sut, &asked);
    let (allocation, rule) = (
        Asked { allocation: "7".to_owned(), ..Asked::default() },
        Asked { rule: "XSD".to_owned(), ..Asked::default() },
    );
    assert_eq!((of(allocation.clone()), of(rule.clone())), (vec![], vec![id]));
    let anew = accepted(identity(wmo(Number::N305), "S1"));
    sut.get(move |tx| tx.store_again(id, &anew, at(1), "mended"));
    assert_eq!((of(allocation), of(rule)), (vec![id], vec![]));
}

#[test]
fn pages_follow_one_another_both_ways_and_hold_each_message_once() {
    let sut = Sut::new();
    // Ten of them in the same microsecond.
    let all: Vec<i64> =
        (0..120).map(|n| start(&sut, &format!("S{n}"), n, Verdict::Accepted, (n / 10).cast_signed())).collect();
    let mut expected = all.clone();
    expected.reverse();
    let page = |token: Option<&str>| {
        find(&sut, Search { at: token.map(|token| PagePlace::parse(token).expect("a place")), ..Search::default() })
    };
    let of = |page: &Page| page.rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let first = page(None);
    assert_eq!((of(&first), first.newer.clone()), (expected[..PAGE].to_vec(), None));
    assert_eq!((first.total.count, first.total.exact), (120, true));
    let second = page(first.older.as_deref());
    assert_eq!(of(&second), expected[PAGE..2 * PAGE]);
    let third = page(second.older.as_deref());
    assert_eq!((of(&third), third.older.clone()), (expected[2 * PAGE..].to_vec(), None));
    assert_eq!(of(&page(third.newer.as_deref())), of(&second));
    let again = page(second.newer.as_deref());
    assert_eq!((of(&again), again.newer), (of(&first), None));
    // A place that somebody made up is a place like any other; behind the last there is a way back.
    let behind = page(Some("o0-1"));
    assert_eq!((of(&behind), behind.older), (vec![], None));
    assert!(behind.newer.is_some());
}

fn version(nummer: Count, einddatum: Option<crate::message::Date>, reden: Option<&str>) -> Record {
    let allocation = Allocation {
        nummer,
        aanbieder: AANBIEDER.into(),
        person: PersonKey::default(),
        product: Some(Product { categorie: "02".into(), code: Some("02A03".into()) }),
        toewijzingsdatum: date(2026, 1, 1),
        toewijzingstijd: "10:00:00".to_owned(),
        ingangsdatum: date(2026, 1, 1),
        einddatum,
        reden_wijziging: reden.map(Into::into),
        omvang: None,
        budget: None,
        message: Earlier { kind: String::new(), identificatie: String::new(), dagtekening: date(2026, 1, 1) },
    };
    Record::Allocation { bsn: BSN.into(), allocation, referentie: None }
}

#[test]
fn allocations_are_found_as_their_latest_version_has_them() {
    use of_allocations::{Asked, State};
    let sut = Sut::new();
    sut.record(
        identity(wmo(Number::N301), "A1"),
        vec![version(1, None, None), version(2, Some(date(2026, 2, 1)), None)],
    );
    sut.record(
        identity(wmo(Number::N301), "A2"),
        vec![version(1, Some(date(2026, 1, 1)), Some("13")), version(3, None, None)],
    );
    let find = |asked: Asked| {
        let search = of_allocations::Search::parse(&asked).expect("it is a search");
        let found = sut.get(move |tx| tx.find_allocations(&search, at(0)));
        assert!(!found.cut && found.next.is_none() && found.previous.is_none(), "{found:?}");
        found.rows.into_iter().map(|row| (row.nummer, row.state)).collect::<Vec<_>>()
    };
    let text = |text: &str| text.to_owned();
    let all = vec![(3, State::Running), (2, State::Ended), (1, State::Withdrawn)];
    assert_eq!(find(Asked::default()), all);
    assert_eq!(find(Asked { aanbieder: text(AANBIEDER), ..Asked::default() }), all);
    assert_eq!(find(Asked { product: text("02A03"), law: text("wmo"), ..Asked::default() }), all);
    assert_eq!(find(Asked { allocation: text("2"), ..Asked::default() }), all[1..2]);
    assert_eq!(find(Asked { state: text("withdrawn"), ..Asked::default() }), all[2..]);
    assert_eq!(find(Asked { state: text("upcoming"), ..Asked::default() }), []);
    assert_eq!(find(Asked { gemeente: text("0294"), ..Asked::default() }), []);
    let person = sut.get(|tx| Ok(tx.person(&BSN.into())));
    let of_person = of_allocations::Search { person: Some(person), ..of_allocations::Search::default() };
    assert_eq!(sut.get(move |tx| tx.find_allocations(&of_person, at(0))).rows.len(), 3);
}

#[test]
fn a_look_belongs_to_whoever_asked_and_ends() {
    let sut = Sut::new();
    let id = sut.get(|tx| tx.look_up(&BSN.into(), "j.devries", "request of the person", at(0)));
    let look = |by: &'static str, seconds| sut.get(move |tx| tx.look(id, by, at(seconds)));
    let found = look("j.devries", 899).expect("it lasts a quarter of an hour");
    assert_eq!(found.person, sut.get(|tx| Ok(tx.person(&BSN.into()))));
    assert!(!format!("{found:?}").contains(&found.person.0));
    assert_eq!(look("somebody.else", 1), None);
    assert_eq!(look("j.devries", 900), None);
    let trail: Vec<String> = sut.get(|tx| {
        tx.all("SELECT event || ' ' || content FROM audit ORDER BY id", [], |cells| Ok(cells.text()?.to_owned()))
    });
    assert!(
        trail.iter().any(|row| row.contains("person looked up") && row.contains("request of the person")),
        "{trail:?}"
    );
    assert!(!trail.concat().contains(BSN) && !trail.concat().contains(&found.person.0));
    let named = sut.run(|tx| tx.look_up(&BSN.into(), "j.devries", "for 999900006", at(0)));
    assert!(matches!(named, Err(LedgerError::Unfit(_))), "{named:?}");
}

/// Steps of its virtual machine that SQLite takes for a statement, with its rows read to the end.
fn steps(connection: &rusqlite::Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> (usize, i32) {
    let mut statement = connection.prepare(sql).expect("it is SQL");
    let mut count = 0;
    let mut rows = statement.query(values).expect("it runs");
    while rows.next().expect("a row").is_some() {
        count += 1;
    }
    drop(rows);
    (count, statement.get_status(StatementStatus::VmStep))
}

#[test]
fn each_search_goes_along_an_index_and_reads_no_more_than_a_page_needs() {
    let sut = Sut::new();
    if sut.place.is_on_server() {
        return;
    }
    let composer = composer();
    // One job: what is tested is reading.
    sut.get(move |tx| {
        for n in 0..20_000_u32 {
            let identificatie = format!("S{n}");
            let bytes = if n % 100 == 0 {
                composer.start(&identificatie, &Person::nth(n / 100), &allocate(n.into()), date(2026, 3, 2)).write()
            } else {
                format!("<B><ToewijzingNummer>{n}</ToewijzingNummer></B>").into_bytes()
            };
            let inbox = Inbox::new("directory", &*identificatie, at(n.into()), bytes);
            let rejected = n % 20 == 0;
            let verdict = if rejected { Verdict::Rejected } else { Verdict::Accepted };
            let findings = if rejected { vec![finding("TR019")] } else { Vec::new() };
            tx.store(&inbox, &Decision { verdict, findings, ..accepted(identity(wmo(Number::N305), &identificatie)) })?;
        }
        Ok(())
    });
    sut.get(|tx| {
        let connection = tx.connection();
        for driver in MessageDriver::ALL {
            let statements = driver.statements();
            for sql in
                [statements.older, statements.newer, statements.count, statements.count_all, statements.end_older]
            {
                check_plan(connection, sql, &format!("{driver:?}"));
            }
        }
        for driver in AllocationDriver::ALL {
            let statements = driver.statements();
            for sql in [statements.forward, statements.back] {
                check_plan(connection, sql, &format!("{driver:?}"));
            }
        }
        let null = rusqlite::types::Null;
        for (driver, key) in [
            (MessageDriver::Time, None),
            (MessageDriver::Provider, Some(AANBIEDER)),
            (MessageDriver::Number, Some("305")),
            (MessageDriver::Verdict, Some("rejected")),
            (MessageDriver::Mention, Some("rule TR019")),
            (MessageDriver::Identification, Some("S777")),
        ] {
            let (since, before, id, look, limit) = (i64::MIN, i64::MAX, i64::MAX, 128, 51);
            let none: &dyn rusqlite::ToSql = &null;
            let mut values: Vec<&dyn rusqlite::ToSql> = vec![&key, &since, &before, &id, &look];
            values.extend([none; 8]);
            values.push(&"[]");
            values.extend([none; 3]);
            values.push(&limit);
            let (rows, steps) = steps(connection, driver.statements().older, &values);
            assert_eq!(rows, if driver == MessageDriver::Identification { 1 } else { 51 }, "{driver:?}");
            // Of 20,000 rows, 128 are looked at: some 60 steps each, and the sorting of them.
            assert!(steps < 30_000, "{driver:?}: {steps} steps");
        }
        Ok(())
    });
    let page = find(&sut, search(&Asked { verdict: "rejected".to_owned(), ..Asked::default() }));
    assert_eq!((page.rows.len(), page.total.count, page.total.exact), (PAGE, 1_000, true));
    assert!(page.older.is_some() && page.looked_until.is_none());
    // Nothing fits: the look ends after so many rows, and says how far it came.
    let page = find(&sut, search(&Asked { transport: "pigeon".to_owned(), ..Asked::default() }));
    assert!(page.rows.is_empty() && page.looked_until.is_some() && page.older.is_some(), "{page:?}");
    assert_eq!((page.total.count, page.total.exact), (0, false));
    let all = find(&sut, Search::default());
    assert_eq!((all.total.count, all.total.exact), (1_000, false));
}

/// No table is gone through from end to end but what drives the search, and that along an index.
fn check_plan(connection: &rusqlite::Connection, sql: &str, name: &str) {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("it is SQL");
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().expect("a row") {
        let step: String = row.get(3).expect("its text");
        let whole = step.starts_with("SCAN");
        let harmless = ["USING", "VIRTUAL TABLE", "CONSTANT ROW"].iter().any(|word| step.contains(word))
            || ["SCAN d", "SCAN k", "SCAN a", "SCAN b", "SCAN n", "SCAN (subquery"].iter().any(|of| step.starts_with(of))
            // The order of all allocations is that of their table.
            || (name == "All" && step == "SCAN allocations");
        assert!(!whole || harmless, "{name}: {step}\n{sql}");
    }
}
