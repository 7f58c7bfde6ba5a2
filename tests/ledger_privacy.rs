//! No BSN and no body stands readable in the files of the ledger.

mod ledgers;

use jiff::Timestamp;
use jiff::civil::date;
use ledgers::Place;
use sluis::decision::{Decision, Identity, Outgoing, Purpose, Record, StartKey, Verdict};
use sluis::ledger::{Inbox, KeySort, Keys, Ledger, Location, Scope, Settings, backup, export};
use sluis::message::{Bsn, Cents, Eenheid, GeslotenPeriode, Kind, Law, Number, Party};
use sluis::rules::facts::{Allocation, ClaimLine, Earlier, PersonKey};
use sluis::waiting::{Awaited, Pair};
use std::path::Path;

const BSN: &str = "999900006";
const NAME: &str = "Voorbeeldnaam";
/// Something that is meant to be readable, to show that looking works.
const IDENTIFICATIE: &str = "IDENT4242";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Looks into every file of the folder, or all that the server would hand out of the schema; gives whether the readable
/// text was found in any.
fn look(place: &Place) -> bool {
    look_at(kept(place))
}

fn look_at(kept: Vec<(String, Vec<u8>)>) -> bool {
    let mut found = false;
    for (name, bytes) in kept {
        for secret in [BSN, NAME] {
            assert!(!contains(&bytes, secret), "{name} shows a person");
        }
        found |= contains(&bytes, IDENTIFICATIE);
    }
    found
}

fn kept(place: &Place) -> Vec<(String, Vec<u8>)> {
    if place.schema() != "-" {
        return ledgers::tables(place.schema());
    }
    files_of(place.folder())
}

fn files_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).expect("the folder can be listed");
    files
        .map(|file| {
            let path = file.expect("an entry can be read").path();
            (path.display().to_string(), std::fs::read(&path).expect("a file can be read"))
        })
        .collect()
}

fn records() -> Vec<Record> {
    let bsn = || Bsn::from(BSN);
    let day = date(2026, 1, 1);
    let allocation = Allocation {
        nummer: 1001,
        aanbieder: Party::from("42420001"),
        person: PersonKey::default(),
        product: None,
        toewijzingsdatum: day,
        toewijzingstijd: "10:00:00".to_owned(),
        ingangsdatum: day,
        einddatum: None,
        reden_wijziging: None,
        omvang: None,
        budget: None,
        message: Earlier { kind: "WMO301".to_owned(), identificatie: IDENTIFICATIE.to_owned(), dagtekening: day },
    };
    let key = StartKey { toewijzing_nummer: Some(1001), product: None, begindatum: day };
    let line = ClaimLine {
        nummer: "P1".into(),
        vorig: None,
        person: PersonKey::default(),
        toewijzing_nummer: 1001,
        categorie: "02".into(),
        code: "02A03".into(),
        periode: GeslotenPeriode { begindatum: day, einddatum: day },
        volume: 1,
        eenheid: Eenheid::Uur,
        tarief: Some(Cents(1)),
        bedrag: Cents(1),
        granted: true,
        declaratie: "D1".into(),
    };
    vec![
        Record::Allocation { bsn: bsn(), allocation, referentie: None },
        Record::Start { bsn: bsn(), key: key.clone() },
        Record::StartDeleted { bsn: bsn(), key },
        Record::Prestatie { bsn: bsn(), line },
    ]
}

#[test]
fn no_person_is_readable_in_the_files() {
    let place = Place::new();
    // The key file lies elsewhere: what is looked at is what a thief of the database has.
    let safe = tempfile::tempdir().expect("a temporary folder can be made");
    let key_file = safe.path().join("keys");
    Keys::create(&key_file).expect("keys can be made");
    Keys::add(&key_file, KeySort::Person).expect("a key can be added");
    let keys = || Keys::load(&key_file).expect("the keys load");
    let open = || {
        let settings = Settings { location: place.location(), keys: keys(), max_group: 64 };
        Ledger::open(settings).expect("the ledger opens")
    };
    let ledger = open();
    let body = format!("<Client><Bsn>{BSN}</Bsn><Naam>{NAME}</Naam></Client>").into_bytes();
    let inbox = Inbox::new("directory", "x.xml", Timestamp::UNIX_EPOCH, body.clone());
    let waits = inbox.clone();
    let decision = Decision {
        kind: Some(Kind::new(Law::Wmo, Number::N301)),
        claimed_sender: None,
        observed: Vec::new(),
        identity: Some(Identity {
            kind: Kind::new(Law::Wmo, Number::N301),
            afzender: Party::from("0197"),
            identificatie: IDENTIFICATIE.to_owned(),
            dagtekening: date(2026, 1, 1),
            gemeente: Party::from("0197"),
            aanbieder: Party::from("42420001"),
        }),
        verdict: Verdict::Accepted,
        level: 4,
        findings: Vec::new(),
        skipped: Vec::new(),
        signals: Vec::new(),
        records: records(),
        outgoing: vec![Outgoing {
            purpose: Purpose::Forward,
            to: Some(Party::from("42420001")),
            subject: "WMO301".to_owned(),
            law: Some(Law::Wmo),
            region: None,
            body: body.clone(),
            verdict_json: Some(body.clone()),
        }],
        register_version: None,
    };
    let shown = (format!("{inbox:?}"), format!("{ledger:?}"));
    assert!(!shown.0.contains(BSN) && !shown.1.contains(BSN));
    let message_id = ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("it is stored").message_id;
    assert!(look(&place), "in the log");
    let due = ledger.run_blocking(|tx| tx.due(Timestamp::UNIX_EPOCH, 10)).expect("it can be read");
    assert_eq!(due[0].body, body, "whoever has the key can read it");
    assert!(!format!("{due:?}").contains(BSN));
    let kept = ledger.run_blocking(move |tx| tx.inbox(message_id)).expect("it can be read");
    assert_eq!(kept.map(|kept| kept.bytes), Some(body));
    // It waits, a municipality tells who lives with whom, and the keys change.
    let bsn = || Bsn::from(BSN);
    let pair = Pair { law: Law::Wmo, gemeente: "0197".to_owned(), aanbieder: "42420001".to_owned() };
    let member = ((Party::from("0197"), bsn()), "H1".to_owned());
    let written = ledger.run_blocking(move |tx| {
        let awaited = [Awaited::Client(tx.person(&bsn()))].into();
        tx.wait(&waits, (Kind::new(Law::Wmo, Number::N305), &pair), Timestamp::MAX, &awaited)?;
        tx.replace_households(&[Party::from("0197")].into(), &[member].into(), Timestamp::UNIX_EPOCH)
    });
    written.expect("it is stored");
    ledger.close().expect("it closes");
    assert!(look(&place), "in the database");
    for sort in KeySort::ALL {
        Keys::add(&key_file, sort).expect("a key can be added");
    }
    let ledger = open();
    let aside = tempfile::tempdir().expect("a temporary folder can be made");
    let (out, copies) = (aside.path().join("export"), aside.path().join("copies"));
    std::fs::create_dir(&copies).expect("a folder can be made");
    if let Location::File(path) = place.location() {
        backup(&path, &keys(), &copies.join("copy.db")).expect("it is copied");
        assert!(look_at(files_of(&copies)), "in the copy");
    }
    let changed = ledger.run_blocking(|tx| {
        let at = Timestamp::UNIX_EPOCH;
        tx.put_body_key_in_force(at)?;
        let mut rotation = tx.begin_rotation(at)?;
        while rotation.finished_at.is_none() {
            rotation = tx.rotate_portion(rotation.id, at)?;
        }
        tx.carry_persons(at)
    });
    assert!(changed.expect("the keys change").is_some_and(|carried| carried.persons == 1));
    let folder = out.clone();
    let exported = ledger.run_blocking(move |tx| Ok(export(tx, &Scope::default(), &folder))).expect("it can be read");
    assert!(exported.expect("it is exported").rows["lines.jsonl"] == 1);
    assert!(look_at(files_of(&out)), "in the export");
    ledger.close().expect("it closes");
    assert!(look(&place), "in the database");
}
