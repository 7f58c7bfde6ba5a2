//! Reading the course of care back: what checks over time are given.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::*;
use crate::message::{Bsn, Date, ReferentieAanbieder};
use crate::rules::facts::{Allocation, Earlier};

fn allocation(decided: Date, referentie: Option<&str>) -> Record {
    let allocation = Allocation {
        nummer: 1001,
        aanbieder: AANBIEDER.into(),
        person: crate::rules::facts::PersonKey::default(),
        product: None,
        toewijzingsdatum: decided,
        toewijzingstijd: "10:00:00".to_owned(),
        ingangsdatum: date(2026, 1, 1),
        einddatum: None,
        reden_wijziging: None,
        omvang: None,
        budget: None,
        message: Earlier { kind: "WMO301".to_owned(), identificatie: "T".to_owned(), dagtekening: decided },
    };
    Record::Allocation { bsn: BSN.into(), allocation, referentie: referentie.map(Into::into) }
}

#[test]
fn each_version_of_an_allocation_names_its_own_request() {
    let sut = Sut::new();
    for (id, decided, referentie) in
        [("1", date(2026, 1, 1), Some("V-1")), ("2", date(2026, 2, 1), None), ("3", date(2026, 3, 1), Some("W-1"))]
    {
        sut.record(identity(wmo(Number::N301), id), vec![allocation(decided, referentie)]);
    }
    let history = sut.get(|tx| tx.history(&BTreeSet::from([Party::from(GEMEENTE)])));
    let allocated = &history.allocations[0];
    let references: Vec<Option<&str>> =
        allocated.references.iter().map(|each| each.as_ref().map(ReferentieAanbieder::as_str)).collect();
    assert_eq!((history.allocations.len(), allocated.versions.len()), (1, 3));
    assert_eq!(references, [Some("V-1"), None, Some("W-1")]);
    assert_eq!(allocated.referentie.as_ref().map(ReferentieAanbieder::as_str), Some("V-1"));
}

#[test]
fn households_are_replaced_by_municipality_beside_the_gateway() {
    let sut = Sut::new();
    let beside = Ledger::open_beside(sut.place.location(), sut.keys.clone()).expect("it opens");
    let member =
        |gemeente: &str, bsn: &str, household: &str| ((Party::from(gemeente), Bsn::from(bsn)), household.to_owned());
    let replace = |members: Vec<((Party, Bsn), String)>, gemeenten: &[&str]| {
        let members: BTreeMap<(Party, Bsn), String> = members.into_iter().collect();
        let gemeenten: BTreeSet<Party> = gemeenten.iter().map(|code| Party::from(*code)).collect();
        beside
            .run_blocking(move |tx| tx.replace_households(&gemeenten, &members, at(0)))
            .expect("households can be replaced")
    };
    let known = || {
        let gemeenten = BTreeSet::from([Party::from(GEMEENTE), Party::from("0222")]);
        let households = sut.get(move |tx| tx.history(&gemeenten)).households;
        households.into_iter().map(|((gemeente, _), household)| (gemeente.to_string(), household)).collect::<Vec<_>>()
    };
    let text = |gemeente: &str, household: &str| (gemeente.to_owned(), household.to_owned());

    let all = vec![member(GEMEENTE, BSN, "H1"), member(GEMEENTE, OTHER_BSN, "H1"), member("0222", BSN, "H9")];
    assert_eq!(replace(all, &[GEMEENTE, "0222"]), Replaced { before: 0, members: 3, households: 2 });
    // The gateway writes in between.
    sut.record(identity(wmo(Number::N301), "1"), vec![allocation(date(2026, 1, 1), None)]);
    let one = vec![member(GEMEENTE, BSN, "H2")];
    assert_eq!(replace(one, &[GEMEENTE]), Replaced { before: 2, members: 1, households: 1 });
    assert_eq!(known(), [text(GEMEENTE, "H2"), text("0222", "H9")]);
    assert_eq!(replace(Vec::new(), &["0222"]), Replaced { before: 1, members: 0, households: 0 });
    assert_eq!(known(), [text(GEMEENTE, "H2")]);

    let history = sut.get(|tx| tx.history(&BTreeSet::from([Party::from(GEMEENTE)])));
    let person = history.allocations[0].versions[0].person.clone();
    assert!(history.households.contains_key(&(Party::from(GEMEENTE), person)), "allocations know the same person");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    let trail: Vec<String> = sut.get(|tx| {
        tx.all("SELECT content FROM audit WHERE event = 'households replaced' ORDER BY id", [], |cells| cells.get())
    });
    assert_eq!(trail.len(), 3);
    assert!(trail[1].contains(GEMEENTE) && !trail.iter().any(|content| content.contains("9999000")), "{trail:?}");
}
