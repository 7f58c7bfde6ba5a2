//! `[[silence]]`: who is expected to send what, and how soon nothing is too long.

use super::read::{Raw, Reader, Section, Wrong, wrong};
use super::required;
use super::senders::{plain_name, read_codes};
use crate::message::Kind;
use crate::silence::{Expectation, Hours};
use std::collections::BTreeSet;
use std::time::Duration;

/// Working days beyond which nobody waits for an alarm.
const MOST_DAYS: u32 = 260;

pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Expectation> {
    let mut all: Vec<Expectation> = Vec::new();
    for section in reader.repeated("silence") {
        let Some(expectation) = read_one(reader, &section) else { continue };
        if all.iter().any(|other| other.name == expectation.name) {
            let at = reader.place(&section, "name");
            reader.fault(&at, format!("there is {} already", expectation.name), "give each a name of its own");
            continue;
        }
        all.push(expectation);
    }
    all
}

fn read_one<'t>(reader: &mut Reader<'t>, section: &Section<'t>) -> Option<Expectation> {
    let name = required(reader, section, "name", "a name, as the alarm shall tell it", plain_name);
    let parties = required(reader, section, "parties", "the codes of those who are expected to send", read_codes);
    let kinds = reader.value(section, "kinds", BTreeSet::new(), kinds);
    let after = required(reader, section, "after", "the working time after which somebody is told", after);
    let hours = reader.value(section, "hours", Hours::OFFICE, hours);
    reader.unknown_keys(section);
    let (name, parties, after) = (name?, parties?, after?);
    let limit = match after {
        After::Days(days) => hours.length().saturating_mul(days),
        After::Hours(hours) => Duration::from_hours(u64::from(hours)),
    };
    Some(Expectation { name, parties, kinds, limit, hours })
}

fn kinds(raw: &Raw) -> Result<BTreeSet<Kind>, Wrong> {
    let kind = |name: &String| match Kind::parse(name) {
        Some(kind) => Ok(kind),
        None => wrong(format!("\"{name}\" is no kind of message"), "write WMO301 … WMO325 or JW301 … JW325"),
    };
    raw.one_or_more()?.iter().map(kind).collect()
}

enum After {
    Days(u32),
    Hours(u32),
}

fn after(raw: &Raw) -> Result<After, Wrong> {
    let text = raw.text()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let parsed = match words.as_slice() {
        [count, "working", unit] => count.parse::<u32>().ok().zip(Some(*unit)),
        _ => None,
    };
    match parsed {
        Some((days @ 1..=MOST_DAYS, "day" | "days")) => Ok(After::Days(days)),
        Some((hours @ 1..=1_000, "hour" | "hours")) => Ok(After::Hours(hours)),
        _ => wrong(
            format!("\"{text}\" is no working time"),
            format!("write \"4 working hours\" or \"3 working days\", up to {MOST_DAYS} days or 1000 hours"),
        ),
    }
}

fn hours(raw: &Raw) -> Result<Hours, Wrong> {
    let text = raw.text()?;
    let found = text.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
    match found {
        Some((from, to)) if from < to => Ok(Hours { from, to }),
        _ => wrong(
            format!("\"{text}\" are no hours of a day"),
            "write when work begins and ends, such as \"08:00-18:00\"; \"00:00-24:00\" is round the clock",
        ),
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= 1_440).then_some(all)
}

/// As the configuration would be written.
pub(super) fn show_after(expectation: &Expectation) -> String {
    let (limit, day) = (expectation.limit.as_secs(), expectation.hours.length().as_secs().max(1));
    let (count, unit) = if limit.is_multiple_of(day) { (limit / day, "day") } else { (limit / 3_600, "hour") };
    format!("{count} working {unit}{}", if count == 1 { "" } else { "s" })
}

/// As the configuration would be written.
pub(super) fn show_hours(hours: Hours) -> String {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!("{}-{}", clock(hours.from), clock(hours.to))
}
