//! The audit trail: what was decided and done, by whom, when and why. Rows name no person: they are made that way.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// The event of a message that was judged for the first time: by far the most rows.
pub const DECIDED: &str = "decided";

/// Which rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Only what this one did.
    pub by: Option<String>,
    /// Only this event; without one all but the first decision on each message.
    pub event: Option<String>,
    /// Not before this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Only what is older than this place.
    pub after: Option<Place>,
}

/// A place in the trail, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Moment of a row, in microseconds since 1970.
    pub at: i64,
    /// Its number.
    pub id: i64,
}

impl Place {
    /// The word in addresses.
    pub fn word(self) -> String {
        format!("{}-{}", self.at, self.id)
    }

    /// The inverse of [`Place::word`].
    pub fn parse(word: &str) -> Option<Place> {
        let (at, id) = word.split_once('-')?;
        Some(Place { at: at.parse().ok()?, id: id.parse().ok()? })
    }
}

/// A row of the trail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its number.
    pub id: i64,
    /// When it was written.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// What happened.
    pub event: String,
    /// The message it is about.
    pub message_id: Option<i64>,
    /// Who did it; `None` for the gateway itself.
    pub by: Option<String>,
    /// What it was done to.
    pub subject: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What was decided, of a decision.
    pub verdict: Option<String>,
}

impl Row {
    /// A row as the ledger has it; `content` is what its writer noted, as JSON.
    pub fn of(id: i64, at: Timestamp, event: String, message_id: Option<i64>, content: &str) -> Row {
        let content: Value = serde_json::from_str(content).unwrap_or_default();
        let text = |name: &str| content[name].as_str().map(str::to_owned);
        let numbered = |name: &str| content[name].as_i64().map(|number| format!("{name} {number}"));
        let subject = text("subject").or_else(|| text("destination"));
        let subject = subject.or_else(|| numbered("selection")).or_else(|| numbered("refusal"));
        let subject = subject.or_else(|| text("region").map(|region| format!("region {region}")));
        let subject = subject.or_else(|| deliveries(&content["again"]));
        Row { id, at, event, message_id, by: text("by"), subject, reason: text("reason"), verdict: text("verdict") }
    }

    /// Its place in the trail.
    pub fn place(&self) -> Place {
        Place { at: self.at.as_microsecond(), id: self.id }
    }
}

/// What was sent again: the one, or how many.
fn deliveries(again: &Value) -> Option<String> {
    match again.as_array()?.as_slice() {
        [] => None,
        [one] => Some(format!("delivery {}", one.as_str()?)),
        all => Some(format!("{} deliveries", all.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = Place { at: 1_773_144_000_000_000, id: 7 };
        assert_eq!(Place::parse(&place.word()), Some(place));
        for word in ["", "-", "7", "7-x", "1-2-3"] {
            assert_eq!(Place::parse(word), None, "{word}");
        }
    }

    #[test]
    fn a_row_tells_who_did_what_to_what() {
        let row = |content: &str| Row::of(1, Timestamp::UNIX_EPOCH, "x".to_owned(), None, content);
        let noted = row(r#"{"by":"j.devries","subject":"account a","reason":"left"}"#);
        assert_eq!((noted.by.as_deref(), noted.subject.as_deref(), noted.reason.as_deref()), {
            (Some("j.devries"), Some("account a"), Some("left"))
        });
        assert_eq!(
            row(r#"{"again":["1f-2e"],"by":"x","destination":null}"#).subject.as_deref(),
            Some("delivery 1f-2e")
        );
        assert_eq!(row(r#"{"again":["1f","2e"],"by":"x"}"#).subject.as_deref(), Some("2 deliveries"));
        assert_eq!(row(r#"{"again":[],"probe":true}"#).subject, None);
        assert_eq!(row(r#"{"selection":4,"by":"x"}"#).subject.as_deref(), Some("selection 4"));
        assert_eq!(row("no json").by, None);
    }
}
