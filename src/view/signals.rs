//! Signals: what a municipality was told, the figures behind it, and when it ends.

use crate::clock::start_of_dutch_day;
use crate::contract::ending::Ends;
use crate::contract::{Contracts, check};
use crate::delivery::without_bsn;
use crate::finding::{Severity, Signal};
use crate::message::{Count, Date, Party};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a check says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Concern {
    /// Check: `A1`.
    pub check: String,
    /// `info`, `warning` or `high`.
    pub severity: String,
    /// What the policy made of it: `signal` or `hold`.
    pub outcome: String,
    /// Id of the signal.
    pub signal: String,
    /// The sentence in Dutch.
    pub nl: String,
    /// The sentence in English.
    pub en: String,
    /// The figures compared.
    pub facts: BTreeMap<String, Value>,
}

impl Concern {
    /// What a signal says. Its texts name no person; a number that could be one's is starred out all the same.
    pub fn of(signal: &Signal) -> Concern {
        Concern {
            check: signal.check.clone(),
            severity: signal.severity.as_str().to_owned(),
            outcome: signal.outcome.clone(),
            signal: signal.id.clone(),
            nl: without_bsn(&signal.nl),
            en: without_bsn(&signal.en),
            facts: signal.facts.iter().map(|(name, value)| (name.clone(), masked(value))).collect(),
        }
    }
}

fn masked(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_bsn(text)),
        Value::Array(all) => Value::Array(all.iter().map(masked).collect()),
        Value::Object(all) => all.iter().map(|(name, value)| (name.clone(), masked(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A signal in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Signalled)]
pub struct Told {
    /// Its id: the same case has the same one.
    pub id: String,
    /// What it says.
    pub concern: Concern,
    /// Region profile.
    pub region: String,
    /// Municipality, four digits.
    pub gemeente: String,
    /// Provider that it is about, as far as the message or its figures name one.
    pub aanbieder: Option<String>,
    /// Allocations concerned, by number.
    pub allocations: Vec<Count>,
    /// The message that told it last; `None` when a survey did.
    pub message: Option<i64>,
    /// When it opened, the last time.
    pub opened_at: Timestamp,
    /// When it was last told.
    pub seen_at: Timestamp,
    /// How often it has opened.
    pub occurrence: u32,
    /// When it ended; `None` while it is open.
    pub ended_at: Option<Timestamp>,
    /// Why it ended: `not_seen_again`, `allocations_over`, `agreement_over` or `below_threshold`.
    pub ended_because: Option<String>,
}

/// One signal with all that stands behind it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = SignalInFull)]
pub struct Shown {
    /// The signal.
    pub told: Told,
    /// What its check looks for.
    pub check: Option<Check>,
    /// What ends it; `None` once it has ended.
    pub ends: Option<Ends>,
    /// The Dutch day on which its region was last looked over.
    pub surveyed_on: Option<Date>,
    /// The allocations that it is about.
    pub allocations: Vec<AllocationRef>,
    /// The messages behind it: the one that told it, and those that brought its allocations; the latest first.
    pub messages: Vec<MessageRef>,
}

/// A check of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// What it looks for, in Dutch.
    pub nl: String,
    /// What it looks for, in English.
    pub en: String,
    /// What the policy of the municipality does with it now: `observe`, `signal`, `hold` or `answer`.
    pub policy: String,
}

impl Check {
    /// A check, and what a municipality has done with it now.
    pub fn of(id: &str, gemeente: &str, contracts: &Contracts) -> Option<Check> {
        let check = check::find(id)?;
        let policy = contracts.policies.of(check, &Party::from(gemeente)).as_str().to_owned();
        Some(Check { nl: check.nl.to_owned(), en: check.en.to_owned(), policy })
    }
}

/// An allocation to be looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct AllocationRef {
    /// Law: `wmo` or `jeugdwet`.
    pub law: String,
    /// Municipality.
    pub gemeente: String,
    /// Provider.
    pub aanbieder: String,
    /// ToewijzingNummer.
    pub number: Count,
}

/// A message to be looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageRef {
    /// Number in the ledger.
    pub id: i64,
    /// Kind: `WMO301`.
    pub kind: String,
    /// Its Identificatie.
    pub identification: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// What was decided.
    pub verdict: String,
}

/// Which signals a list shows, as it stands in a query. What is empty does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Query {
    /// `open` (also when empty), `ended` or `all`.
    pub state: String,
    /// Region profile.
    pub region: String,
    /// Check.
    pub check: String,
    /// `info`, `warning` or `high`.
    pub severity: String,
    /// Municipality, four digits.
    pub gemeente: String,
    /// Provider, eight digits.
    pub aanbieder: String,
    /// First Dutch day on which it may have opened.
    pub since: String,
    /// Last Dutch day on which it may have opened.
    pub until: String,
    /// Where the page begins, as the one before it says.
    pub after: String,
}

/// The same, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only open ones, only ended ones, or all.
    pub is_open: Option<bool>,
    /// Region profile.
    pub region: Option<String>,
    /// Check.
    pub check: Option<String>,
    /// Severity.
    pub severity: Option<Severity>,
    /// Municipality.
    pub gemeente: Option<String>,
    /// Provider.
    pub aanbieder: Option<String>,
    /// First moment of opening.
    pub since: Timestamp,
    /// Moment of opening before which it lies.
    pub until: Timestamp,
    /// Opening and id of the last one that was seen.
    pub after: Option<(Timestamp, String)>,
}

/// The severities, by word.
pub const SEVERITIES: [Severity; 3] = [Severity::High, Severity::Warning, Severity::Info];

impl Query {
    /// What is asked for.
    ///
    /// # Errors
    /// The name of the first field that cannot be understood.
    pub fn filter(&self) -> Result<Filter, &'static str> {
        let set = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let digits = |text: &str, count: usize, name| match set(text) {
            Some(text) if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(text)),
            Some(_) => Err(name),
            None => Ok(None),
        };
        let day = |text: &str, name| set(text).map(|text| text.parse::<Date>().map_err(|_| name)).transpose();
        let is_open = match self.state.as_str() {
            "" | "open" => Some(true),
            "ended" => Some(false),
            "all" => None,
            _ => return Err("state"),
        };
        let check = set(&self.check).map(|id| check::find(&id).map(|check| check.id.to_owned()).ok_or("check"));
        let severity = set(&self.severity)
            .map(|word| SEVERITIES.into_iter().find(|severity| severity.as_str() == word).ok_or("severity"));
        let since = day(&self.since, "since")?.map(|day| start_of_dutch_day(day).ok_or("since")).transpose()?;
        let until = day(&self.until, "until")?
            .map(|day| day.tomorrow().ok().and_then(start_of_dutch_day).ok_or("until"))
            .transpose()?;
        let (since, until) = (since.unwrap_or(Timestamp::MIN), until.unwrap_or(Timestamp::MAX));
        if until <= since {
            return Err("until");
        }
        Ok(Filter {
            is_open,
            region: set(&self.region),
            check: check.transpose()?,
            severity: severity.transpose()?,
            gemeente: digits(&self.gemeente, 4, "gemeente")?,
            aanbieder: digits(&self.aanbieder, 8, "aanbieder")?,
            since,
            until,
            after: set(&self.after).map(|after| parse_cursor(&after).ok_or("after")).transpose()?,
        })
    }

    /// Whether anything but the state is asked for.
    pub fn is_narrowed(&self) -> bool {
        [&self.region, &self.check, &self.severity, &self.gemeente, &self.aanbieder, &self.since, &self.until]
            .iter()
            .any(|text| !text.trim().is_empty())
    }
}

/// Where the page behind a signal begins.
pub fn cursor(told: &Told) -> String {
    format!("{}-{}", told.opened_at.as_microsecond(), told.id)
}

fn parse_cursor(text: &str) -> Option<(Timestamp, String)> {
    let (at, id) = text.split_once('-')?;
    let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
    (!id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then(|| (at, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_understood_or_its_field_is_named() {
        let filter = Query::default().filter().expect("the empty one is fine");
        assert_eq!((filter.is_open, filter.since, filter.until), (Some(true), Timestamp::MIN, Timestamp::MAX));
        let of = |change: fn(&mut Query)| {
            let mut query = Query::default();
            change(&mut query);
            query.filter()
        };
        for (name, change) in [
            ("state", (|q: &mut Query| q.state = "closed".to_owned()) as fn(&mut Query)),
            ("check", |q| q.check = "Z9".to_owned()),
            ("severity", |q| q.severity = "HIGH".to_owned()),
            ("gemeente", |q| q.gemeente = "197".to_owned()),
            ("aanbieder", |q| q.aanbieder = "4242000a".to_owned()),
            ("since", |q| q.since = "2026-02-30".to_owned()),
            ("until", |q| q.until = "gisteren".to_owned()),
            ("until", |q| (q.since, q.until) = ("2026-03-10".to_owned(), "2026-03-09".to_owned())),
            ("after", |q| q.after = "12".to_owned()),
            ("after", |q| q.after = "99999999999999999999-a".to_owned()),
            ("after", |q| q.after = "12-a'b".to_owned()),
        ] {
            assert_eq!(of(change).expect_err("it cannot be understood"), name);
        }
        let day = of(|q| (q.since, q.until) = ("2026-03-10".to_owned(), "2026-03-10".to_owned())).expect("one day");
        assert_eq!(
            (day.since.to_string(), day.until.to_string()),
            ("2026-03-09T23:00:00Z".into(), "2026-03-10T23:00:00Z".into())
        );
        assert_eq!(of(|q| q.check = "A1".to_owned()).expect("a check").check.as_deref(), Some("A1"));
    }

    #[test]
    fn figures_are_shown_without_numbers_of_persons() {
        let value = serde_json::json!({ "a": ["999900006", 3], "b": "ref 999900006-1" });
        assert_eq!(masked(&value), serde_json::json!({ "a": ["*********", 3], "b": "ref *********-1" }));
    }
}
