//! What a person should look at in a ledger: whether it adds up, what is late, held, parked or stuck.
//!
//! It reads one moment of the ledger and decides what is worth telling; it changes nothing and names no person.

use super::sort::{Severity, Sort};
use super::{Ailment, Diagnosis};

use crate::clock::dutch_day;
use crate::deadline::{Debt, working_days_after, working_days_late};
use crate::decision::{Purpose, Verdict};
use crate::delivery::breaker::{Breaker, State};
use crate::delivery::class::Class;
use crate::delivery::without_bsn;
use crate::ledger::{Entry, Filter, Hold, LedgerError, Open, OpenQuestion, Refused, Row, RowState, Tx, Waiting};
use crate::message::Date;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// Most rows of one sort that are named one by one.
const LONGEST_LIST: u32 = 200;
/// What a gateway at work may be behind without anything being wrong.
const SLACK: Duration = Duration::from_mins(5);
/// How long a refused message is told: a weekend, and the day after.
const REFUSALS_TOLD: Duration = Duration::from_hours(72);

/// The ledger does not add up.
static DOES_NOT_ADD_UP: Sort = Sort {
    id: "integrity.broken",
    check: "integrity",
    severity: Severity::Fault,
    means: "the audit chain, a message and its audit row, or a balance and its postings do not fit together",
    advice: "somebody or something changed the database past the gateway: stop the gateway, keep a copy of the file as \
             evidence, and restore the latest backup that this command finds nothing in",
};
static OVERDUE: Sort = Sort {
    id: "overdue.answer",
    check: "overdue",
    severity: Severity::Warning,
    means: "somebody owes an answer or a start message and is late, in Dutch working days",
    advice: "remind the party that owes it, outside the message flow; a late answer is passed on as any other",
};
static STUCK_WAITING: Sort = Sort {
    id: "waiting.stuck",
    check: "waiting",
    severity: Severity::Warning,
    means: "messages stay in the waiting room past their time",
    advice: "look whether the gateway runs (`/readyz`) and what its log says: it judges them when their time is over",
};
static HELD_TOO_LONG: Sort = Sort {
    id: "held.long",
    check: "held",
    severity: Severity::Warning,
    means: "outgoing allocations wait for a person for longer than `[holds] remind_after` working days",
    advice: "`sluis held list` says what the contract lacks. Let the municipality decide, and `sluis held release` or \
             `sluis held withdraw` them with its reason",
};
static PARKED: Sort = Sort {
    id: "parked.messages",
    check: "parked",
    severity: Severity::Warning,
    means: "messages are set aside, because the gateway failed on them or nobody can be told about them",
    advice: "`sluis parked show ID` says why, beside the error report of each (in `error/`, or in the parked queue) and \
             the log; `sluis parked replay ID --reason TEXT` judges it anew once the cause is gone: nobody will come back \
             on them by himself",
};
static UNDELIVERED: Sort = Sort {
    id: "outbox.stuck",
    check: "outbox",
    severity: Severity::Warning,
    means: "what is due to leave does not, for longer than the longest wait between two attempts",
    advice: "look whether the gateway runs (`/readyz`) and which destination its log names: a receiver takes nothing, and \
             what stands behind the first row waits with it",
};

static REFUSED: Sort = Sort {
    id: "refused.deliveries",
    check: "refused",
    severity: Severity::Warning,
    means: "deliveries were refused by their receiver for what they are, and set aside",
    advice: "ask the receiver what it cannot take, then `sluis outbox retry --id UUID --reason TEXT`: they leave under the \
             same ids with the same bytes; nobody will come back on them by himself",
};
static LEFT_ALONE: Sort = Sort {
    id: "breaker.open",
    check: "breaker",
    severity: Severity::Warning,
    means: "a destination takes nothing until a person acts, or has not for more than five minutes",
    advice: "mend the destination, or its address and certificates in the configuration; then `sluis outbox retry \
             --destination NAME --reason TEXT` tries it at once, otherwise a probe goes by itself",
};

static REFUSED_SENDERS: Sort = Sort {
    id: "senders.refused",
    check: "senders",
    severity: Severity::Warning,
    means: "messages of the last three days were refused because whoever brought them may not send for the party that \
            they name",
    advice: "`sluis refused show` tells who it was. Either [[sender]] lacks a party or an identity, and they send once more \
             after it was added, or somebody sends in the name of another: ask them, and end the login if need be",
};

/// What [`examine`] can find.
pub(super) static SORTS: [&Sort; 9] = [
    &DOES_NOT_ADD_UP,
    &OVERDUE,
    &STUCK_WAITING,
    &HELD_TOO_LONG,
    &PARKED,
    &UNDELIVERED,
    &REFUSED,
    &LEFT_ALONE,
    &REFUSED_SENDERS,
];

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
    findings.extend(refused_senders(tx, now)?);
    findings.extend(counts.outbox.iter().filter_map(|(purpose, waiting)| undelivered(*purpose, *waiting, patience)));
    findings.extend(refused(tx, now)?);
    findings.extend(left_alone(tx, now)?);
    let outbox = counts.outbox.into_iter().map(|(purpose, waiting)| (purpose.as_str(), queue(waiting))).collect();
    Ok(Diagnosis {
        questions,
        waiting: queue(counts.waiting),
        held: queue(counts.held),
        parked: queue(counts.parked),
        outbox,
        findings,
        ..Diagnosis::at(now)
    })
}

fn integrity(tx: &Tx<'_>) -> Result<Option<Ailment>, LedgerError> {
    let faults = tx.check_integrity()?;
    let cases = faults.iter().take(LONGEST_LIST as usize).map(ToString::to_string).collect();
    let what = format!("the ledger does not add up in {} places", faults.len());
    Ok((!faults.is_empty()).then(|| DOES_NOT_ADD_UP.found_in(what, cases)))
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
        ..OVERDUE.found(format!("{} overdue: {count}", debt.en()))
    }
}

fn stuck_in_the_waiting_room(waiting: Waiting, patience: Patience) -> Option<Ailment> {
    let longest = patience.waiting.unwrap_or_default().saturating_add(SLACK);
    waiting.oldest.filter(|oldest| *oldest > longest).map(|oldest| {
        STUCK_WAITING
            .found(format!("messages stay in the waiting room past their time, the oldest for {}", age(oldest)))
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
    let cases = late.iter().take(LONGEST_LIST as usize).map(case).collect();
    let what = format!("{} outgoing allocations wait for a person of the municipality", late.len());
    Ok(Some(HELD_TOO_LONG.found_in(what, cases)))
}

fn set_aside(tx: &Tx<'_>, waiting: Waiting, now: Timestamp) -> Result<Option<Ailment>, LedgerError> {
    if waiting.count == 0 {
        return Ok(None);
    }
    let filter = Filter { verdict: Some(Verdict::Parked), limit: Some(LONGEST_LIST), ..Filter::default() };
    let cases = tx.messages(&filter)?.iter().map(|entry| case_of(entry, now)).collect();
    Ok(Some(PARKED.found_in(format!("{} messages are set aside", waiting.count), cases)))
}

/// Messages that were refused lately for who brought them.
fn refused_senders(tx: &Tx<'_>, now: Timestamp) -> Result<Option<Ailment>, LedgerError> {
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
    let cases = tx.refusals(since, LONGEST_LIST)?.iter().map(case).collect();
    let what = format!("{count} messages of the last three days were refused for who sent them");
    Ok(Some(REFUSED_SENDERS.found_in(what, cases)))
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
    let (count, purpose) = (waiting.count, purpose.as_str());
    Some(UNDELIVERED.found(format!("{count} of purpose {purpose} do not leave, the oldest for {}", age(oldest))))
}

/// Deliveries that their receiver refuses for what they are.
fn refused(tx: &Tx<'_>, now: Timestamp) -> Result<Option<Ailment>, LedgerError> {
    let count: u64 = tx.count_refused()?.into_values().sum();
    if count == 0 {
        return Ok(None);
    }
    let case = |row: &Row| {
        let since = age(Duration::try_from(now.duration_since(row.ended_at.unwrap_or(now))).unwrap_or_default());
        let (id, purpose, subject, receiver) = (row.id, row.purpose.as_str(), &row.subject, &row.receiver);
        let reason = row.reason.as_deref().unwrap_or("no reason is known");
        format!("{id}: {purpose} {subject} to {receiver}, for {since}: {reason}")
    };
    let cases = tx.outbox_rows(RowState::Refused, None, LONGEST_LIST)?.iter().map(case).collect();
    let what = format!("{count} deliveries were refused by their receiver for what they are");
    Ok(Some(REFUSED.found_in(what, cases)))
}

/// Destinations that are left alone and will be until a person acts, or that have been for long.
fn left_alone(tx: &Tx<'_>, now: Timestamp) -> Result<Option<Ailment>, LedgerError> {
    let since = |breaker: &Breaker| Duration::try_from(now.duration_since(breaker.since)).unwrap_or_default();
    let breakers = tx.breakers()?;
    let cases: Vec<String> = breakers
        .0
        .iter()
        .filter(|(_, breaker)| breaker.state != State::Closed)
        .filter(|(_, breaker)| breaker.class.is_some_and(Class::needs_a_person) || since(breaker) > SLACK)
        .map(|(destination, breaker)| {
            let reason = breaker.reason.as_deref().unwrap_or("no reason is known");
            let class = breaker.class.map_or("unknown", Class::as_str);
            format!("{destination}, for {}: {reason} ({class})", age(since(breaker)))
        })
        .collect();
    let what = format!("{} destinations take nothing", cases.len());
    Ok((!cases.is_empty()).then(|| LEFT_ALONE.found_in(what, cases)))
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
