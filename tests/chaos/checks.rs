//! What must hold after every scenario, whatever was broken. Nothing here stops at the first: all of it is told.

use super::office::Mood;
use super::scenario::{Scenario, Way};
use super::world::{World, is_for_office};
use crate::e2e::broker::{Arrival, Broker};
use crate::e2e::daemon::program;
use crate::e2e::oracle::{Account, account_at, account_of, rows_at, today};
use crate::e2e::{bsns, is_hidden, name};
use serde_json::Value;
use sluis::decision::{Purpose, Verdict};
use sluis::delivery::outbox::Due;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Parts of the diagnosis that say that something is stuck or does not add up. The others are about messages that a
/// person must look at: the traffic has such, and its messages are old.
const STUCK: [&str; 3] = ["integrity", "waiting", "outbox"];

/// What is wrong, and how often.
#[derive(Default)]
struct Wrong {
    lost: usize,
    different: usize,
    duplicates: usize,
    texts: Vec<String>,
}

impl Wrong {
    fn lost(&mut self, text: String) {
        self.lost += 1;
        self.texts.push(text);
    }

    fn different(&mut self, text: String) {
        self.different += 1;
        self.texts.push(text);
    }

    fn holds(&mut self, condition: bool, text: impl FnOnce() -> String) {
        if !condition {
            self.texts.push(text());
        }
    }
}

/// Checks a scenario that is over; all that is not as it must be.
pub fn check(world: &mut World, scenario: &Scenario) -> Vec<String> {
    let mut wrong = Wrong::default();
    doctor(world, &mut wrong);
    let key_file = world.site.path("ledger.key");
    let account = match &world.database {
        None => account_of(&world.site.path("disk/ledger.sqlite"), &key_file),
        Some(database) => {
            let mut account = account_at(database.location(), &key_file);
            database.set_outbox_back();
            account.outbox = rows_at(database.location(), &key_file);
            account
        }
    };
    verdicts(&account, &world.expected, &mut wrong);
    one_reply(&account, &mut wrong);
    if world.day == today() && !scenario.moves_the_day() {
        same_bytes(&account, &world.expected, &mut wrong);
    }
    match &world.broker {
        Some(broker) => queues(broker, &account, &mut wrong),
        None => folders(world, &account, &mut wrong),
    }
    back_office(world, &account, &mut wrong);
    let fresh = account.messages.get(&world.fresh.name).and_then(|judged| judged.first());
    wrong.holds(fresh.is_some_and(|judged| judged.verdict == Verdict::Accepted), || {
        format!("a fresh message must pass: {fresh:?}")
    });
    told(world, &mut wrong);
    let figures = &mut world.figures;
    figures.lost += wrong.lost;
    figures.different += wrong.different;
    figures.duplicates += wrong.duplicates;
    wrong.texts
}

/// Each message has one verdict, which is that of an undisturbed run; so have the budgets.
fn verdicts(account: &Account, expected: &Account, wrong: &mut Wrong) {
    for (id, judged) in &expected.messages {
        match account.messages.get(id).map_or(&[][..], Vec::as_slice) {
            [] => wrong.lost(format!("{id} has no verdict")),
            found if found == judged.as_slice() => {}
            found => {
                let verdicts = |all: &[crate::e2e::oracle::Judged]| -> Vec<String> {
                    all.iter().map(|judged| format!("{} at level {}", judged.verdict, judged.level)).collect()
                };
                wrong.different(format!("{id} is judged {:?} instead of {:?}", verdicts(found), verdicts(judged)));
            }
        }
    }
    for id in account.messages.keys().filter(|id| !expected.messages.contains_key(*id)) {
        wrong.different(format!("nobody sent {id}"));
    }
    wrong.holds(account.budgets == expected.budgets, || "the budgets are not those of an undisturbed run".to_owned());
    wrong.holds(account.unsent == 0, || format!("{} rows have not left", account.unsent));
}

fn one_reply(account: &Account, wrong: &mut Wrong) {
    let mut replies: BTreeMap<&str, usize> = BTreeMap::new();
    for due in account.outbox.iter().filter(|due| due.purpose == Purpose::Reply) {
        *replies.entry(&due.correlation_id).or_default() += 1;
    }
    for (question, count) in replies.into_iter().filter(|(_, count)| *count != 1) {
        wrong.different(format!("{question} has {count} replies"));
    }
}

/// Replies and forwards have the very bytes of an undisturbed run of the same day.
fn same_bytes(account: &Account, expected: &Account, wrong: &mut Wrong) {
    let bodies = |account: &Account| -> BTreeMap<(String, &'static str), Vec<u8>> {
        let rows = account.outbox.iter().filter(|due| matches!(due.purpose, Purpose::Reply | Purpose::Forward));
        rows.map(|due| ((due.correlation_id.clone(), due.purpose.as_str()), due.body.clone())).collect()
    };
    let found = bodies(account);
    for (key, body) in bodies(expected) {
        match found.get(&key) {
            Some(found) if *found == body => {}
            Some(_) => wrong.different(format!("the {} of {} has other bytes than it would have had", key.1, key.0)),
            None => wrong.lost(format!("no {} was made for {}", key.1, key.0)),
        }
    }
}

/// What arrived by the broker: each row at least once, as it stands in the outbox, all copies alike, in its turn.
fn queues(broker: &Broker, account: &Account, wrong: &mut Wrong) {
    wrong.holds(broker.count("in") == 0, || "the queue must be empty".to_owned());
    let arrivals = [broker.collect("collect"), broker.collect("parked")].concat();
    let rows: BTreeMap<String, &Due> =
        account.outbox.iter().filter(|due| !is_for_office(due)).map(|due| (due.id.to_string(), due)).collect();
    let mut first: BTreeMap<&str, &Arrival> = BTreeMap::new();
    let mut turns = Turns::default();
    for arrival in &arrivals {
        let Some(due) = rows.get(&arrival.id) else {
            wrong.different(format!("a delivery {} arrived that no row has", arrival.id));
            continue;
        };
        if arrival.body != due.body {
            wrong.different(format!("{due:?} arrived with other bytes"));
        }
        if let Some(known) = first.insert(&arrival.id, arrival) {
            wrong.duplicates += 1;
            if known != arrival {
                wrong.different(format!("two copies of {due:?} are not the same"));
            }
        } else {
            turns.take(due, wrong);
        }
        for text in [&arrival.id, &arrival.address.0, &arrival.address.1].into_iter().chain(&arrival.about) {
            wrong.holds(bsns(text).is_empty(), || format!("a property of {due:?} names a person"));
        }
    }
    for (id, due) in &rows {
        if !first.contains_key(id.as_str()) {
            wrong.lost(format!("{due:?} never arrived"));
        }
    }
}

/// The order in which rows came to each receiver.
#[derive(Default)]
struct Turns<'a>(BTreeMap<(&'a str, Option<&'a str>), i64>);

impl<'a> Turns<'a> {
    fn take(&mut self, due: &'a Due, wrong: &mut Wrong) {
        let lane = match due.purpose {
            Purpose::Reply | Purpose::Forward => "messages",
            Purpose::Signal => "signals",
            Purpose::Error => "errors",
        };
        let last = self.0.entry((lane, due.to.as_deref())).or_insert(due.sequence);
        wrong.holds(*last <= due.sequence, || format!("{due:?} was overtaken by row {last} to the same receiver"));
        *last = due.sequence;
    }
}

/// What lies in the folders: each row once, as it stands in the outbox, and nothing else.
fn folders(world: &World, account: &Account, wrong: &mut Wrong) {
    wrong.holds(world.way == Way::Directory, || "only folders have files".to_owned());
    wrong.holds(world.site.waiting().is_empty(), || "files wait in the spool".to_owned());
    let mut files: BTreeMap<String, PathBuf> = world.site.left().into_iter().map(|file| (name(&file), file)).collect();
    for due in account.outbox.iter().filter(|due| !is_for_office(due)) {
        let id = due.id.to_string();
        let own: Vec<String> = files.keys().filter(|name| name.contains(&id)).cloned().collect();
        let mut wanted = vec![(false, &due.body)];
        wanted.extend(due.verdict_json.as_ref().map(|verdict| (true, verdict)));
        if own.len() > wanted.len() {
            wrong.different(format!("{due:?} lies there as {own:?}"));
        }
        for (is_verdict, body) in wanted {
            match own.iter().find(|name| name.ends_with(".verdict.json") == is_verdict) {
                None => wrong.lost(format!("a part of {due:?} never arrived")),
                Some(name) => {
                    let file = files.remove(name).expect("it was listed");
                    if fs::read(&file).expect("a file can be read") != *body {
                        wrong.different(format!("{name} has other bytes than the outbox"));
                    }
                }
            }
        }
    }
    for file in files.keys() {
        wrong.different(format!("{file} lies there and no row knows it"));
    }
    let mut drafts = crate::e2e::files(&world.site.path("spool"));
    // A life that was killed while it tried the folders leaves its probe; nobody reads it.
    drafts.retain(|file| is_hidden(file) && ![".probe.tmp", ".ballast", ".lock"].contains(&name(file).as_str()));
    wrong.holds(drafts.is_empty(), || format!("drafts were left behind: {drafts:?}"));
}

/// What the back office saw: under each key one body, that of its row; each row answered with success; in its turn.
fn back_office(world: &World, account: &Account, wrong: &mut Wrong) {
    let rows: BTreeMap<String, &Due> =
        account.outbox.iter().filter(|due| is_for_office(due)).map(|due| (due.id.to_string(), due)).collect();
    let attempts = world.office.attempts();
    let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let mut answered: BTreeSet<&str> = BTreeSet::new();
    let mut turns = Turns::default();
    for attempt in &attempts {
        let Some(due) = rows.get(&attempt.key) else {
            wrong.different(format!("a request came under the key {}, which no row has", attempt.key));
            continue;
        };
        if attempt.about != (due.purpose.as_str().to_owned(), due.subject.clone()) {
            wrong.different(format!("{due:?} was posted as {:?}", attempt.about));
        }
        if *bodies.entry(&attempt.key).or_insert(&attempt.body) != attempt.body.as_slice() {
            wrong.different(format!("{due:?} was posted with two bodies"));
        }
        if !attempt.body.windows(due.body.len()).any(|window| window == due.body) {
            wrong.different(format!("{due:?} was posted with other bytes"));
        }
        if matches!(attempt.mood, Mood::Works | Mood::Slow) {
            if answered.insert(&attempt.key) {
                turns.take(due, wrong);
            } else {
                wrong.duplicates += 1;
            }
        }
    }
    for (key, due) in &rows {
        if !answered.contains(key.as_str()) {
            wrong.lost(format!("{due:?} never arrived at the back office"));
        }
    }
}

/// The daemon's own examination finds nothing that is stuck.
fn doctor(world: &World, wrong: &mut Wrong) {
    let output = program()
        .args(["doctor", "--json", "--only", "backlog", "--config"])
        .arg(world.site.path("sluis.toml"))
        .output();
    let output = output.expect("the program can be started");
    let diagnosis: Value = match serde_json::from_slice(&output.stdout) {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            wrong.texts.push(format!("the ledger cannot be examined: {error}: {said}"));
            return;
        }
    };
    let Some(findings) = diagnosis["findings"].as_array() else {
        wrong.texts.push(format!("the diagnosis has no findings: {diagnosis}"));
        return;
    };
    for finding in findings.iter().filter(|finding| STUCK.iter().any(|check| finding["check"] == *check)) {
        wrong.texts.push(format!("sluis doctor: {finding}"));
    }
}

/// Log and metrics: no panic, no error that was not expected, nobody named.
fn told(world: &World, wrong: &mut Wrong) {
    let log = world.site.log();
    wrong.holds(!log.contains("panicked"), || "the daemon panicked".to_owned());
    for (what, text) in [("log", &log), ("metrics", &world.metrics)] {
        let named = bsns(text);
        wrong.holds(named.is_empty(), || format!("the {what} hold {} numbers of persons", named.len()));
        wrong.holds(!text.contains("Fictief"), || format!("the {what} hold names of persons"));
    }
    wrong.holds(world.metrics.contains("sluis_"), || "the daemon tells no figures".to_owned());
    // A parked message is one that a person must look at, and no fault of the daemon.
    let is_fault = |line: &&str| line.contains("\"level\":\"ERROR\"") && !line.contains("\"parked ");
    for line in log.lines().filter(is_fault) {
        wrong.texts.push(format!("an error nobody expected: {line}"));
    }
}
