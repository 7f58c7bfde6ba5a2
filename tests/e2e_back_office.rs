//! A back office over HTTP that fails, hangs and at last works, and a daemon that is killed meanwhile: everything
//! arrives, in order, and every attempt at a delivery has the same key and the same bytes.

mod e2e;

use e2e::daemon::Site;
use e2e::office::{Attempt, Mood, Office};
use e2e::oracle::{Account, account_of, undisturbed};
use e2e::{traffic, until};
use sluis::decision::Purpose;
use sluis::delivery::outbox::Due;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Longest wait of the daemon for an answer.
const TIMEOUT: Duration = Duration::from_secs(1);

fn site(office: &Office) -> Site {
    Site::new(&format!(
        "[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"50ms\"\nmax_retry = \"200ms\"\n\
         [[back_office]]\ngemeente = \"0197\"\nurl = \"http://{}/berichten\"\ntimeout = \"1s\"\n",
        office.address
    ))
}

/// Rows that go to the back office.
fn is_for_office(due: &Due) -> bool {
    due.to.as_deref() == Some("0197") && matches!(due.purpose, Purpose::Forward | Purpose::Signal)
}

/// Files that the rows make in the folders.
fn files(account: &Account, wanted: impl Fn(&Due) -> bool) -> usize {
    let rows = account.outbox.iter().filter(|due| wanted(due));
    rows.map(|due| 1 + usize::from(due.verdict_json.is_some())).sum()
}

#[test]
fn what_fails_hangs_and_dies_on_the_way_arrives_under_one_key_with_one_body() {
    let items = traffic::chains(30);
    let expected = undisturbed("directory", "sluis", &items);
    let promised = expected.outbox.iter().filter(|due| is_for_office(due)).count();
    let elsewhere = files(&expected, |due| !is_for_office(due));
    // Order is kept per receiver: a reply to the municipality itself, into its folder, waits with what stands before it.
    let unaffected = files(&expected, |due| due.to.as_deref() != Some("0197"));
    assert!(promised >= 30 && unaffected >= 30 && unaffected < elsewhere, "{}", expected.describe());

    let office = Office::open(Mood::Fails);
    let site = site(&office);
    site.send(&items);
    let daemon = site.start();
    until("three attempts failed", || office.count(Mood::Fails) >= 3, || site.describe());
    assert_eq!(office.count(Mood::Works), 0);
    office.set(Mood::Hangs);
    until("an attempt hangs", || office.count(Mood::Hangs) >= 1, || site.describe());
    let hung = Instant::now();
    until("it gave up waiting and tried again", || office.count(Mood::Hangs) >= 2, || site.describe());
    assert!(hung.elapsed() > TIMEOUT / 2, "it must wait for an answer");
    daemon.kill();

    // It died while the back office had the request in its hands: nobody knows whether it arrived.
    let daemon = site.start();
    let before = office.count(Mood::Hangs);
    until("it tries again after the kill", || office.count(Mood::Hangs) > before, || site.describe());
    // The others do not wait for this one.
    until(
        "all others have theirs",
        || site.waiting().is_empty() && site.left().len() == unaffected,
        || site.describe(),
    );
    assert_eq!(office.taken().len(), 0);
    office.set(Mood::Works);
    let arrived = || office.taken().len() == promised && site.left().len() == elsewhere;
    until("everything arrived", arrived, || site.describe());
    assert!(daemon.terminate().success());

    let found = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    found.assert_equals(&expected);
    assert_attempts_are_of_one_piece(&found, &office.attempts());
    assert_eq!(site.left().len(), elsewhere, "nothing for the back office lies in a folder");
    let repeats = office.taken().values().filter(|times| **times > 1).count();
    assert_eq!(repeats, 0, "what was answered with success is not sent again by a daemon that stops in order");
    site.assert_log_is_clean();
}

#[test]
fn killed_while_the_back_office_works_it_repeats_at_most_what_was_in_the_air() {
    let items = traffic::chains(30);
    let expected = undisturbed("directory", "sluis", &items);
    let promised = expected.outbox.iter().filter(|due| is_for_office(due)).count();
    let office = Office::open(Mood::Works);
    let site = site(&office);
    site.send(&items);
    let mut kills = 0;
    for share in 1..5 {
        let daemon = site.start();
        until("progress", || office.taken().len() >= promised * share / 6, || site.describe());
        daemon.kill();
        kills += usize::from(office.taken().len() < promised);
    }
    assert!(kills >= 3, "it must be killed at its work");
    let daemon = site.start();
    let elsewhere = files(&expected, |due| !is_for_office(due));
    let arrived = || office.taken().len() == promised && site.left().len() == elsewhere;
    until("everything arrived", arrived, || site.describe());
    assert!(daemon.terminate().success());
    let found = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    found.assert_equals(&expected);
    assert_attempts_are_of_one_piece(&found, &office.attempts());
    let repeats = office.taken().values().map(|times| times - 1).sum::<usize>();
    println!("{promised} deliveries, {kills} kills, {repeats} repeats");
    assert!(repeats <= kills, "one delivery at a time is in the air: {repeats} repeats after {kills} kills");
}

/// Each key has one body, which is that of its row; keys are those of the rows; forwards came in their order, and so
/// did signals, which have a lane of their own.
fn assert_attempts_are_of_one_piece(account: &Account, attempts: &[Attempt]) {
    let rows: BTreeMap<String, &Due> =
        account.outbox.iter().filter(|due| is_for_office(due)).map(|due| (due.id.to_string(), due)).collect();
    let mut first: BTreeMap<&str, &Attempt> = BTreeMap::new();
    let mut order: BTreeMap<Purpose, Vec<i64>> = BTreeMap::new();
    for attempt in attempts {
        let known = first.entry(&attempt.key).or_insert(attempt);
        assert_eq!(known.about, attempt.about, "{} must say the same at every attempt", attempt.key);
        assert!(known.body == attempt.body, "{} must have the same bytes at every attempt", attempt.key);
        let due = rows.get(&attempt.key).unwrap_or_else(|| panic!("no row has the key {}", attempt.key));
        assert_eq!((attempt.about.0.as_str(), attempt.about.1.as_str()), (due.purpose.as_str(), due.subject.as_str()));
        if due.purpose == Purpose::Signal {
            assert!(attempt.body == due.body, "a signal travels as it is");
        } else {
            assert!(contains(&attempt.body, &due.body), "the message itself is in the body");
            let verdict = due.verdict_json.as_deref().expect("a forward has a verdict");
            assert!(contains(&attempt.body, verdict), "its verdict is in the body");
        }
        if attempt.mood == Mood::Works {
            order.entry(due.purpose).or_default().push(due.sequence);
        }
    }
    assert_eq!(first.len(), rows.len(), "every row was attempted");
    for (purpose, order) in order {
        assert!(order.is_sorted(), "each {} comes in its turn: {order:?}", purpose.as_str());
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
