//! What a person should look at in a ledger, and what to do about it: the examination behind `sluis doctor`.
//!
//! It reads one moment of the ledger and decides what is worth telling; it changes nothing and names no person.

use crate::clock::dutch_day;
use crate::contract::register::source::Source;
use crate::deadline::{Debt, working_days_after, working_days_late};
use crate::decision::{Purpose, Verdict};
use crate::delivery::without_bsn;
use crate::ledger::{Entry, Filter, Hold, LedgerError, Open, OpenQuestion, Refused, Tx, Waiting};
use crate::message::Date;
use crate::registers::{Read, TOLD};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most rows of one sort that are named one by one.
const LONGEST_LIST: u32 = 200;
/// What a gateway at work may be behind without anything being wrong.
const SLACK: Duration = Duration::from_mins(5);
/// How long a refused message is told: a weekend, and the day after.
const REFUSALS_TOLD: Duration = Duration::from_hours(72);

/// How long things may take by the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Longest wait between two attempts to deliver.
    pub retry: Duration,
    /// Longest stay in the waiting room; `None`: nothing waits.
    pub waiting: Option<Duration>,
    /// Working days that a message may be held before a person is reminded.
    pub held: u32,
}

/// The state of a ledger, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// When it was examined.
    pub at: String,
    /// The Dutch civil date of that moment, by which answers are late.
    pub today: String,
    /// Open questions by what is owed, all sorts.
    pub questions: Vec<Questions>,
    /// Messages that wait for one that they refer to.
    pub waiting: Queue,
    /// Outgoing allocations that wait for a person.
    pub held: Queue,
    /// Messages that are set aside.
    pub parked: Queue,
    /// What has not left yet, by purpose.
    pub outbox: BTreeMap<&'static str, Queue>,
    /// Transports on which what a message says of its sender is believed; none when all senders are bound.
    pub open_transports: Vec<&'static str>,
    /// The contract registers that a gateway would start with now, by region.
    pub registers: Vec<RegisterLine>,
    /// What a person should act on, in the order of the parts above; empty when all is well.
    pub findings: Vec<Ailment>,
}

/// Open questions of one sort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Questions {
    /// What is owed.
    pub debt: &'static str,
    /// The same for people.
    pub what: &'static str,
    /// Due later.
    pub later: u64,
    /// Due today.
    pub today: u64,
    /// Due before today.
    pub overdue: u64,
    /// Age of the oldest, in seconds.
    pub oldest_seconds: Option<u64>,
    /// The one that is due first.
    pub first: Option<Owed>,
}

/// One open question. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// Kind of the message that asks.
    pub kind: String,
    /// Its Identificatie; a number that could be a person's shows as stars.
    pub identification: String,
    /// Municipality.
    pub gemeente: String,
    /// Provider.
    pub aanbieder: String,
    /// Who owes the answer.
    pub owed_by: String,
    /// Day on which it was asked.
    pub asked_on: String,
    /// Last day on which the answer is in time.
    pub due_on: String,
    /// Working days since then; 0 when it is not late.
    pub working_days_late: u32,
}

/// A contract register without faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterLine {
    /// Region.
    pub region: String,
    /// Version.
    pub version: String,
    /// Since when it lies in its place.
    pub since: Option<String>,
}

/// How much waits somewhere, and how long the oldest has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// How many.
    pub count: u64,
    /// Age of the oldest, in seconds.
    pub oldest_seconds: Option<u64>,
}

/// Something that a person should act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// Which part it is about: `integrity`, `overdue`, `waiting`, `held`, `parked`, `refused`, `outbox`, `register`.
    pub check: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: &'static str,
    /// The cases, one text each; not all of them when there are very many.
    pub cases: Vec<String>,
    /// For `overdue`, the same cases in their parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<Owed>,
}

/// Examines a ledger as it stands at `now`.
pub fn examine(tx: &Tx<'_>, now: Timestamp, patience: Patience) -> Result<Diagnosis, LedgerError> {
    let today = dutch_day(now);
    let counts = tx.counts(now)?;
    let mut findings = Vec::new();
    findings.extend(integrity(tx)?);
    let mut questions = Vec::new();
    for (debt, open) in counts.questions {
        let first = tx.open_questions(debt, None, 1)?;
        questions.push(of_one_sort(debt, open, first.first(), today));
        if open.overdue > 0 {
            findings.push(overdue(debt, open.overdue, &tx.open_questions(debt, Some(today), LONGEST_LIST)?, today));
        }
    }
    findings.extend(stuck_in_the_waiting_room(counts.waiting, patience));
    findings.extend(held_too_long(tx, now, patience.held)?);
    findings.extend(set_aside(tx, counts.parked, now)?);
    findings.extend(refused(tx, now)?);
    findings.extend(counts.outbox.iter().filter_map(|(purpose, waiting)| undelivered(*purpose, *waiting, patience)));
    let outbox = counts.outbox.into_iter().map(|(purpose, waiting)| (purpose.as_str(), queue(waiting))).collect();
    Ok(Diagnosis {
        at: now.to_string(),
        today: today.to_string(),
        questions,
        waiting: queue(counts.waiting),
        held: queue(counts.held),
        parked: queue(counts.parked),
        outbox,
        open_transports: Vec::new(),
        registers: Vec::new(),
        findings,
    })
}

impl Diagnosis {
    /// Adds the contract registers: what is wrong with the places that the configuration names, and what was read there.
    pub fn add_registers(&mut self, wrong: Vec<String>, read: Vec<(Source, Read)>) {
        let advice =
            "set [contract] right: a gateway that runs goes on with the registers it has, and does not start anew";
        if !wrong.is_empty() {
            let what = "the contract registers cannot be found".to_owned();
            self.findings.push(Ailment { check: "register", what, advice, cases: wrong, owed: Vec::new() });
        }
        for (source, read) in read {
            match read {
                Ok((register, since)) => self.registers.push(RegisterLine {
                    region: register.region.id,
                    version: register.version,
                    since: since.map(|since| since.to_string()),
                }),
                Err(faults) => {
                    let what = format!("the register in {} has {} fault(s)", source.place().display(), faults.len());
                    self.findings.push(Ailment {
                        check: "register",
                        what,
                        advice: "mend it, or return to an earlier version (`sluis contract import --back-to`): a gateway \
                                 that runs goes on with the last good one, and does not start anew",
                        cases: faults.iter().take(TOLD).map(|fault| without_bsn(&fault.to_string())).collect(),
                        owed: Vec::new(),
                    });
                }
            }
        }
        self.registers.sort_by(|a, b| a.region.cmp(&b.region));
    }
}

fn integrity(tx: &Tx<'_>) -> Result<Option<Ailment>, LedgerError> {
    let faults = tx.check_integrity()?;
    Ok((!faults.is_empty()).then(|| Ailment {
        check: "integrity",
        what: format!("the ledger does not add up in {} places", faults.len()),
        advice: "somebody or something changed the database past the gateway: stop the gateway, keep a copy of the file \
                 as evidence, and restore the latest backup that this command finds nothing in",
        cases: faults.iter().take(LONGEST_LIST as usize).map(ToString::to_string).collect(),
        owed: Vec::new(),
    }))
}

fn of_one_sort(debt: Debt, open: Open, first: Option<&OpenQuestion>, today: Date) -> Questions {
    Questions {
        debt: debt.as_str(),
        what: debt.en(),
        later: open.not_due,
        today: open.due_today,
        overdue: open.overdue,
        oldest_seconds: open.oldest.map(|age| age.as_secs()),
        first: first.map(|question| owed(question, today)),
    }
}

fn owed(question: &OpenQuestion, today: Date) -> Owed {
    Owed {
        kind: question.kind.to_string(),
        identification: without_bsn(&question.identificatie),
        gemeente: question.gemeente.clone(),
        aanbieder: question.aanbieder.clone(),
        owed_by: question.owed_by.clone(),
        asked_on: question.asked_on.to_string(),
        due_on: question.due_on.to_string(),
        working_days_late: working_days_late(question.due_on, today),
    }
}

fn overdue(debt: Debt, count: u64, questions: &[OpenQuestion], today: Date) -> Ailment {
    let owed: Vec<Owed> = questions.iter().map(|question| owed(question, today)).collect();
    let case = |owed: &Owed| {
        let Owed { kind, identification, gemeente, aanbieder, owed_by, due_on, working_days_late: late, .. } = owed;
        let days = if *late == 1 { "day" } else { "days" };
        format!(
            "{kind} {identification} between {gemeente} and {aanbieder}: {owed_by} owed it by {due_on}, {late} working {days} late"
        )
    };
    Ailment {
        check: "overdue",
        what: format!("{} overdue: {count}", debt.en()),
        advice: match debt {
            Debt::Return => {
                "ask the party that owes it, outside the message flow, whether it received the message; an answer that \
                 comes late is passed on all the same (OP090)"
            }
            Debt::DeclarationAnswer => {
                "let municipality and provider settle it outside the message flow: that is what the standard asks for \
                 once a declaration answer is late (OP090x4)"
            }
            Debt::RequestAnswer => {
                "let the municipality send its 301 or 319; a 319 that says `under investigation` gives it eight weeks \
                 from the date of the request (OP274, OP346)"
            }
            Debt::FinalAnswer => {
                "let the municipality send the 301, or a 319 that rejects: eight weeks after the request the \
                 investigation must be over (OP346)"
            }
            Debt::Start => {
                "ask the provider whether care began: it reports that with a 305, and the municipality withdraws an \
                 allocation that nobody uses (OP271)"
            }
        },
        cases: owed.iter().map(case).collect(),
        owed,
    }
}

fn stuck_in_the_waiting_room(waiting: Waiting, patience: Patience) -> Option<Ailment> {
    let longest = patience.waiting.unwrap_or_default().saturating_add(SLACK);
    waiting.oldest.filter(|oldest| *oldest > longest).map(|oldest| Ailment {
        check: "waiting",
        what: format!("messages stay in the waiting room past their time, the oldest for {}", age(oldest)),
        advice: "look whether the gateway runs (`/readyz`) and what its log says: it judges them when their time is over",
        cases: Vec::new(),
        owed: Vec::new(),
    })
}

/// Messages that are held for more working days than a person is given.
fn held_too_long(tx: &Tx<'_>, now: Timestamp, limit: u32) -> Result<Option<Ailment>, LedgerError> {
    let today = dutch_day(now);
    let is_late = |hold: &Hold| working_days_late(working_days_after(dutch_day(hold.held_at), limit), today) > 0;
    let late: Vec<Hold> = tx.holds()?.into_iter().filter(is_late).collect();
    if late.is_empty() {
        return Ok(None);
    }
    let case = |hold: &Hold| {
        let checks: Vec<&str> = hold.reasons.iter().map(|reason| reason.check.as_str()).collect();
        let checks = if checks.is_empty() { String::new() } else { format!(" ({})", checks.join(" ")) };
        let since = Duration::try_from(now.duration_since(hold.held_at)).unwrap_or_default();
        let name = format!("{} {}", hold.kind, without_bsn(&hold.identificatie));
        let (gemeente, aanbieder) = (&hold.gemeente, &hold.aanbieder);
        format!("message {}: {name} between {gemeente} and {aanbieder}, for {}{checks}", hold.message_id, age(since))
    };
    Ok(Some(Ailment {
        check: "held",
        what: format!("{} outgoing allocations wait for a person of the municipality", late.len()),
        advice: "`sluis held list` says what the contract lacks. Let the municipality decide, and `sluis held release` or \
                 `sluis held withdraw` them with its reason",
        cases: late.iter().take(LONGEST_LIST as usize).map(case).collect(),
        owed: Vec::new(),
    }))
}

fn set_aside(tx: &Tx<'_>, waiting: Waiting, now: Timestamp) -> Result<Option<Ailment>, LedgerError> {
    if waiting.count == 0 {
        return Ok(None);
    }
    let filter = Filter { verdict: Some(Verdict::Parked), limit: Some(LONGEST_LIST), ..Filter::default() };
    let cases = tx.messages(&filter)?.iter().map(|entry| case_of(entry, now)).collect();
    Ok(Some(Ailment {
        check: "parked",
        what: format!("{} messages are set aside", waiting.count),
        advice: "look at the error report of each (in `error/`, or in the parked queue) and at the log: the bytes are in \
                 the ledger, and nobody will come back on them by himself",
        cases,
        owed: Vec::new(),
    }))
}

/// Messages that were refused lately for who brought them.
fn refused(tx: &Tx<'_>, now: Timestamp) -> Result<Option<Ailment>, LedgerError> {
    let since = now.checked_sub(REFUSALS_TOLD).unwrap_or(Timestamp::MIN);
    let count = tx.count_refusals(since)?;
    if count == 0 {
        return Ok(None);
    }
    let case = |refused: &Refused| {
        let refusal = &refused.refusal;
        let kind = refusal.kind.map_or_else(|| "a message".to_owned(), |kind| kind.to_string());
        let (who, claimed) =
            (refusal.sender.as_deref().unwrap_or("somebody unknown"), refusal.claimed.as_deref().unwrap_or("nobody"));
        let since = Duration::try_from(now.duration_since(refused.refused_at)).unwrap_or_default();
        let (id, transport, since) = (refused.refusal_id, &refused.transport, age(since));
        format!("refusal {id}: {kind} of {who} by {transport} in the name of {claimed}, {since} ago")
    };
    Ok(Some(Ailment {
        check: "refused",
        what: format!("{count} messages of the last three days were refused for who sent them"),
        advice: "`sluis refused show` tells who it was. Either [[sender]] lacks a party or an identity, and they send once \
                 more after it was added, or somebody sends in the name of another: ask them, and end the login if need be",
        cases: tx.refusals(since, LONGEST_LIST)?.iter().map(case).collect(),
        owed: Vec::new(),
    }))
}

fn case_of(entry: &Entry, now: Timestamp) -> String {
    let kind = entry.kind.map_or_else(|| "unread".to_owned(), |kind| kind.to_string());
    let identification = entry.identificatie.as_deref().map(without_bsn).unwrap_or_default();
    let parties = match (&entry.gemeente, &entry.aanbieder) {
        (Some(gemeente), Some(aanbieder)) => format!(" between {gemeente} and {aanbieder}"),
        _ => String::new(),
    };
    let since = Duration::try_from(now.duration_since(entry.received_at)).unwrap_or_default();
    let name = format!("{kind} {identification}");
    format!("message {}: {}{parties}, for {}", entry.message_id, name.trim_end(), age(since))
}

fn undelivered(purpose: Purpose, waiting: Waiting, patience: Patience) -> Option<Ailment> {
    let longest = patience.retry.saturating_add(SLACK);
    let oldest = waiting.oldest.filter(|oldest| *oldest > longest)?;
    Some(Ailment {
        check: "outbox",
        what: format!("{} of purpose {} do not leave, the oldest for {}", waiting.count, purpose.as_str(), age(oldest)),
        advice: "look whether the gateway runs (`/readyz`) and which destination its log names: a receiver takes \
                 nothing, and what stands behind the first row waits with it",
        cases: Vec::new(),
        owed: Vec::new(),
    })
}

fn queue(waiting: Waiting) -> Queue {
    Queue { count: waiting.count, oldest_seconds: waiting.oldest.map(|age| age.as_secs()) }
}

/// An age as people say it: its two largest units.
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_people_say_them() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h 0 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d 0 h"),
            (8 * 86_400 + 7_200, "8 d 2 h"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
