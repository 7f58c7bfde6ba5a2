//! Members and what they claim: who counts as gone and when, and that no two have a claim on the same.

use super::*;
use crate::delivery::class::Class;
use crate::delivery::outbox::{Due, Outcome, Settlement};
use std::time::Duration;
use uuid::Uuid;

const OTHER: &str = "42420002";
const LAPSE: u64 = 10;

fn introduction(name: &str) -> Introduction {
    Introduction {
        id: Uuid::new_v4(),
        name: name.to_owned(),
        host: "host".to_owned(),
        process: 7,
        version: "0.1.0".to_owned(),
        registers: BTreeMap::from([("achterhoek".to_owned(), "v1".to_owned())]),
        settings: "0a0b0c0d".to_owned(),
        lapse: Duration::from_secs(LAPSE),
    }
}

/// A ledger with members that joined at the same moment.
fn joined<const N: usize>() -> (Sut, [Uuid; N]) {
    let sut = Sut::new();
    let ids = std::array::from_fn(|index| {
        let own = introduction(&format!("gateway-{index}"));
        let id = own.id;
        sut.get(move |tx| tx.join(&own, at(0)));
        id
    });
    (sut, ids)
}

fn beat(sut: &Sut, member: Uuid, seconds: i64) -> Beat {
    sut.get(move |tx| tx.beat(member, &BTreeMap::new(), at(seconds)))
}

fn ids(members: &[Member]) -> BTreeSet<Uuid> {
    members.iter().map(|member| member.own.id).collect()
}

fn claimant(member: Uuid) -> Claimant {
    Claimant { member, lease: Duration::from_secs(LAPSE) }
}

fn share(sut: &Sut, member: Uuid, seconds: i64, limit: usize, busy: &[&str]) -> Option<Share> {
    let busy: Vec<Option<String>> = busy.iter().map(|name| Some((*name).to_owned())).collect();
    sut.get(move |tx| tx.due_for(claimant(member), at(seconds), at(seconds), limit, &busy))
}

/// As [`share`] for a member that is there: bodies of the rows, and receivers with the seconds that are left.
fn due(sut: &Sut, member: Uuid, seconds: i64, busy: &[&str]) -> (Vec<String>, Vec<(String, u64)>) {
    let share = share(sut, member, seconds, 100, busy).expect("it is a member");
    let text = |row: &Due| String::from_utf8(row.body.clone()).expect("bodies here are text");
    let left = |(receiver, left): (Option<String>, Duration)| (receiver.unwrap_or_default(), left.as_secs());
    (share.rows.iter().map(text).collect(), share.receivers.into_iter().map(left).collect())
}

fn send(sut: &Sut, id: &str, outgoing: Vec<Outgoing>) {
    sut.store(inbox(id), Decision { outgoing, ..accepted(identity(wmo(Number::N305), id)) });
}

fn settle(sut: &Sut, body: &str, outcome: Outcome) {
    let rows = sut.get(|tx| tx.due(Timestamp::MAX, 100));
    let id = rows.iter().find(|row| row.body == body.as_bytes()).expect("it waits").id;
    sut.get(move |tx| tx.settle(&[Settlement { id, at: at(1), outcome }]));
}

fn nothing() -> (Vec<String>, Vec<(String, u64)>) {
    (Vec::new(), Vec::new())
}

#[test]
fn who_was_not_heard_of_for_the_lapse_is_gone_and_told_once() {
    let (sut, [a, b]) = joined();
    let both = BTreeSet::from([a, b]);
    let seen = beat(&sut, a, 9);
    assert_eq!((seen.known, ids(&seen.members), seen.lapsed.len()), (true, both, 0));
    assert_eq!(seen.schema, known_schema());
    // The border: heard of ten seconds ago is gone, one that was heard of since is not.
    let seen = beat(&sut, a, 10);
    assert_eq!((ids(&seen.members), ids(&seen.lapsed)), (BTreeSet::from([a]), BTreeSet::from([b])));
    assert!(beat(&sut, a, 11).lapsed.is_empty());
    // Whoever is gone learns of it, and joins anew under another id.
    let late = beat(&sut, b, 12);
    assert_eq!((late.known, ids(&late.members)), (false, BTreeSet::from([a])));
    let again = introduction("gateway-1");
    let id = again.id;
    sut.get(move |tx| tx.join(&again, at(12)));
    assert_eq!(ids(&beat(&sut, a, 12).members), BTreeSet::from([a, id]));
    sut.get(move |tx| tx.leave(id));
    sut.get(move |tx| tx.leave(id));
    assert_eq!(ids(&beat(&sut, a, 13).members), BTreeSet::from([a]));
}

#[test]
fn one_that_slept_alone_is_gone_too() {
    let (sut, [a]) = joined();
    assert!(beat(&sut, a, 9).known);
    let late = beat(&sut, a, 19);
    assert!(!late.known && late.members.is_empty());
    assert_eq!(ids(&late.lapsed), BTreeSet::from([a]));
    assert_eq!(share(&sut, a, 19, 10, &[]), None);
    assert!(!sut.get(move |tx| tx.claim_task(claimant(a), "survey", at(19))));
}

#[test]
fn a_clock_that_goes_back_keeps_no_dead_gateway_alive() {
    let (sut, [a, b]) = joined();
    assert!(beat(&sut, a, -9).known, "a little is no matter");
    let seen = beat(&sut, a, -10);
    assert_eq!((seen.known, ids(&seen.lapsed)), (true, BTreeSet::from([b])), "b was last heard of in the future");
}

#[test]
fn what_a_member_tells_is_kept_as_it_tells_it() {
    let (sut, [a]) = joined();
    let told = sut.get(|tx| tx.members());
    let [member] = told.as_slice() else { panic!("one member: {told:?}") };
    let own = Introduction { id: a, ..introduction("gateway-0") };
    assert_eq!((&member.own, member.knows), (&own, known_schema()));
    assert_eq!((member.started_at, member.seen_at), (at(0), at(0)));
    let registers = BTreeMap::from([("achterhoek".to_owned(), "v2".to_owned())]);
    let newer = registers.clone();
    sut.get(move |tx| tx.beat(a, &newer, at(3)));
    let told = sut.get(|tx| tx.members());
    assert_eq!((&told[0].own.registers, told[0].started_at, told[0].seen_at), (&registers, at(0), at(3)));
}

#[test]
fn rows_of_a_receiver_are_given_to_one_member_at_a_time() {
    let (sut, [a, b]) = joined();
    send(&sut, "1", vec![outgoing(Purpose::Reply, AANBIEDER, "a1"), outgoing(Purpose::Reply, AANBIEDER, "a2")]);
    let own = |seconds| vec![(AANBIEDER.to_owned(), seconds)];
    assert_eq!(due(&sut, a, 0, &[]), (vec!["a1".to_owned(), "a2".to_owned()], own(10)));
    assert_eq!(due(&sut, b, 0, &[]), nothing(), "a has them in work");
    send(&sut, "2", vec![outgoing(Purpose::Error, AANBIEDER, "s1"), outgoing(Purpose::Reply, OTHER, "o1")]);
    let other = vec![(OTHER.to_owned(), 10)];
    assert_eq!(
        due(&sut, b, 1, &[]),
        (vec!["o1".to_owned()], other),
        "others are free, error reports to the same are not"
    );
    // While it delivers, the claim stays: untouched at first, prolonged when half of its time is over.
    assert_eq!(due(&sut, a, 4, &[AANBIEDER]), (Vec::new(), own(6)));
    assert_eq!(due(&sut, a, 5, &[AANBIEDER]), (Vec::new(), own(5)), "exactly half is left");
    assert_eq!(due(&sut, a, 6, &[AANBIEDER]), (Vec::new(), own(10)));
    assert!(beat(&sut, a, 9).known && beat(&sut, b, 9).known);
    assert_eq!(due(&sut, b, 9, &[OTHER]), (Vec::new(), vec![(OTHER.to_owned(), 10)]));
    // Also when it has no room for rows.
    let full = share(&sut, a, 12, 0, &[AANBIEDER]).expect("it is a member");
    assert_eq!(full.receivers[&Some(AANBIEDER.to_owned())], Duration::from_secs(10));
    assert!(full.rows.is_empty());
    settle(&sut, "a1", Outcome::Sent);
    settle(&sut, "a2", Outcome::Sent);
    settle(&sut, "s1", Outcome::Sent);
    assert_eq!(due(&sut, a, 13, &[]), nothing(), "nothing is due: it gives up its claim");
    send(&sut, "3", vec![outgoing(Purpose::Reply, AANBIEDER, "a3")]);
    assert_eq!(due(&sut, b, 13, &[OTHER]).0, ["a3"]);
}

#[test]
fn a_receiver_that_waits_for_a_retry_is_free_for_whoever_comes_first() {
    let (sut, [a, b]) = joined();
    send(&sut, "1", vec![outgoing(Purpose::Reply, AANBIEDER, "a1"), outgoing(Purpose::Reply, AANBIEDER, "a2")]);
    assert_eq!(due(&sut, a, 0, &[]).0, ["a1", "a2"]);
    settle(&sut, "a1", Outcome::Retry { at: at(8), class: Class::Temporary, reason: "out of paper".to_owned() });
    assert_eq!(due(&sut, a, 1, &[]), nothing());
    assert_eq!(due(&sut, b, 7, &[]), nothing(), "a2 waits behind a1, whoever asks");
    assert_eq!(due(&sut, b, 8, &[]).0, ["a1", "a2"]);
    assert_eq!(due(&sut, a, 8, &[]), nothing());
}

#[test]
fn a_claim_passes_on_when_its_time_is_over_or_its_member_is_gone_and_is_not_taken_back() {
    let (sut, [a, b, c]) = joined();
    send(&sut, "1", vec![outgoing(Purpose::Reply, AANBIEDER, "a1"), outgoing(Purpose::Reply, AANBIEDER, "a2")]);
    assert_eq!(due(&sut, a, 0, &[]).0, ["a1", "a2"]);
    for member in [a, b, c] {
        assert!(beat(&sut, member, 9).known);
    }
    // It lives, but has not prolonged: its relay hangs.
    assert_eq!(due(&sut, b, 9, &[]), nothing());
    assert_eq!(due(&sut, b, 10, &[]).0, ["a1", "a2"]);
    // It comes back with rows in its hands that it has no claim on any more, and is told so.
    assert_eq!(due(&sut, a, 11, &[AANBIEDER]), nothing());
    settle(&sut, "a1", Outcome::Sent);
    assert_eq!(due(&sut, b, 11, &[AANBIEDER]), (Vec::new(), vec![(AANBIEDER.to_owned(), 9)]));
    // Nor does it get it back behind the back of its lanes once the other is done.
    settle(&sut, "a2", Outcome::Sent);
    assert_eq!(due(&sut, b, 12, &[]), nothing());
    assert_eq!(due(&sut, a, 12, &[AANBIEDER]), nothing());
    // b takes the next, and is not heard of again, although its claim has time left.
    send(&sut, "2", vec![outgoing(Purpose::Reply, AANBIEDER, "a3")]);
    assert_eq!(due(&sut, b, 18, &[]).0, ["a3"]);
    assert!(beat(&sut, c, 18).known);
    assert_eq!(due(&sut, c, 18, &[]), nothing());
    assert_eq!(due(&sut, c, 19, &[]).0, ["a3"], "b was last heard of at 9");
    // And c leaves in order: at once.
    assert!(beat(&sut, a, 18).known);
    sut.get(move |tx| tx.leave(c));
    assert_eq!(due(&sut, a, 19, &[]).0, ["a3"]);
}

#[test]
fn error_reports_without_a_receiver_are_claimed_like_others() {
    let (sut, [a, b]) = joined();
    send(&sut, "1", vec![Outgoing { to: None, ..outgoing(Purpose::Error, AANBIEDER, "e1") }]);
    assert_eq!(due(&sut, a, 0, &[]), (vec!["e1".to_owned()], vec![(String::new(), 10)]));
    assert_eq!(due(&sut, b, 0, &[]), nothing());
    let busy = sut.get(move |tx| tx.due_for(claimant(a), at(1), at(1), 10, &[None])).expect("it is a member");
    assert_eq!(busy.receivers.into_iter().collect::<Vec<_>>(), [(None, Duration::from_secs(9))]);
}

#[test]
fn a_task_stays_with_who_has_it_until_that_one_is_gone_or_forgets_it() {
    let (sut, [a, b]) = joined();
    let claim =
        |member, task: &'static str, seconds| sut.get(move |tx| tx.claim_task(claimant(member), task, at(seconds)));
    assert!(claim(a, "survey", 0));
    assert!(!claim(b, "survey", 1));
    assert!(claim(b, "books", 1), "another task is another's");
    assert!(claim(a, "survey", 5), "prolonged");
    assert!(beat(&sut, a, 9).known && beat(&sut, b, 9).known);
    assert!(!claim(b, "survey", 14));
    assert!(claim(b, "survey", 15), "ten seconds after it was last asked for");
    assert!(!claim(a, "survey", 15));
    let told = sut.get(|tx| tx.members());
    let tasks = |id| told.iter().find(|member| member.own.id == id).expect("it is there").tasks.clone();
    assert!(tasks(a).is_empty());
    assert_eq!(tasks(b), BTreeSet::from(["books".to_owned(), "survey".to_owned()]));
    assert_eq!(due(&sut, a, 15, &[]), nothing(), "a task is no receiver");
    sut.get(move |tx| tx.leave(b));
    assert!(claim(a, "survey", 15) && claim(a, "books", 15));
}

/// Watched on a file, whose other connections see that something was committed.
#[test]
fn looking_without_finding_anything_writes_nothing() {
    let (sut, [a]) = joined();
    send(&sut, "1", vec![outgoing(Purpose::Reply, AANBIEDER, "a1")]);
    assert_eq!(due(&sut, a, 0, &[]).0, ["a1"]);
    let Place::Folder(folder) = &sut.place else { return };
    let watcher = rusqlite::Connection::open(folder.path().join("ledger.db")).expect("the database opens");
    let commits = || watcher.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).expect("it reads");
    let before = commits();
    assert_eq!(due(&sut, a, 4, &[AANBIEDER]).1.len(), 1);
    assert_eq!(commits(), before, "a claim with time left is left as it is");
    settle(&sut, "a1", Outcome::Sent);
    assert_eq!(due(&sut, a, 5, &[]), nothing());
    let before = commits();
    for _ in 0..3 {
        assert_eq!(due(&sut, a, 6, &[]), nothing());
    }
    assert_eq!(commits(), before);
}
