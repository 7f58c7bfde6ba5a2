//! When somebody last sent a message of a kind.

use super::*;
use crate::message::Party;

/// Kind, party and moment of all that is noted, in order.
fn noted(sut: &Sut) -> Vec<(String, Party, Timestamp)> {
    let last = sut.get(|tx| tx.last_messages());
    last.into_iter().map(|last| (last.kind.to_string(), last.party, last.at)).collect()
}

#[test]
fn who_sends_is_noted_and_what_we_make_ourselves_is_not() {
    let sut = Sut::new();
    let of = |number: Number, name: &str| accepted(identity(wmo(number), name));
    let later = |id: &str, seconds| Inbox { received_at: at(seconds), ..inbox(id) };
    assert_eq!(sut.get(|tx| tx.first_message_at()), None);
    sut.store(later("a", 10), of(Number::N301, "A"));
    sut.store(later("b", 20), of(Number::N302, "A"));
    sut.store(later("c", 30), Decision { verdict: Verdict::Rejected, ..of(Number::N305, "C") });
    sut.store(later("d", 25), of(Number::N305, "D"));
    sut.store(Inbox { transport: "gateway".to_owned(), ..later("e", 40) }, of(Number::N319, "E"));
    sut.store(
        later("f", 50),
        Decision { identity: None, verdict: Verdict::Rejected, level: 1, ..of(Number::N307, "F") },
    );
    let (gemeente, aanbieder) = (Party::from(GEMEENTE), Party::from(AANBIEDER));
    let expected = [
        ("WMO301".to_owned(), gemeente, at(10)),
        ("WMO302".to_owned(), aanbieder.clone(), at(20)),
        // Who is rejected is not silent, and what comes later in the ledger may have come in earlier.
        ("WMO305".to_owned(), aanbieder, at(30)),
    ];
    assert_eq!(noted(&sut), expected);
    assert_eq!(sut.get(|tx| tx.first_message_at()), Some(at(10)));

    // The step of the schema finds the same in the messages that are there.
    let step = include_str!("../migrations/0021_last_messages.sql");
    let fill = &step[step.find("INSERT INTO").expect("it fills the table")..];
    sut.change("DELETE FROM last_messages").expect("rows can be deleted");
    assert_eq!(noted(&sut), []);
    sut.change(fill).expect("the table can be filled");
    assert_eq!(noted(&sut), expected);
}

#[test]
fn who_is_read_at_last_is_noted_as_of_when_it_came_in() {
    let sut = Sut::new();
    let parked =
        Decision { identity: None, verdict: Verdict::Parked, level: 1, ..accepted(identity(wmo(Number::N305), "")) };
    let came_in = |id: &str, seconds| Inbox { received_at: at(seconds), ..inbox(id) };
    let first = sut.store(came_in("a", 10), parked.clone()).message_id;
    let second = sut.store(came_in("b", 20), parked).message_id;
    assert_eq!(noted(&sut), [], "nobody knows who wrote them");
    let anew = |name: &str| accepted(identity(wmo(Number::N305), name));
    let (one, two) = (anew("A"), anew("B"));
    sut.get(move |tx| tx.store_again(second, &two, at(1000), "mended"));
    let aanbieder = Party::from(AANBIEDER);
    assert_eq!(noted(&sut), [("WMO305".to_owned(), aanbieder.clone(), at(20))]);
    sut.get(move |tx| tx.store_again(first, &one, at(2000), "mended"));
    assert_eq!(noted(&sut), [("WMO305".to_owned(), aanbieder, at(20))], "an earlier one is not the last");
}

#[test]
fn each_group_of_jobs_is_told() {
    let sut = Sut::new();
    let (sender, groups) = std::sync::mpsc::sync_channel(16);
    sut.ledger.watch_groups(move |group| sender.try_send(group).unwrap_or_default());
    sut.record(identity(wmo(Number::N305), "A"), Vec::new());
    let group: Group = groups.recv().expect("it is told before the caller hears of it, or just then");
    assert!(group.committed && group.jobs == 1, "{group:?}");
}
