//! The words after the question mark: each known, each once, each of the form that its description says.

use super::{Fault, Place, Problem};
use crate::message::Date;

/// Longest word that is read.
const LONGEST: usize = 200;

/// What is asked, and what is wrong with it. A fault never repeats the word: somebody may have written the number of a
/// person.
#[derive(Debug)]
pub(super) struct Query {
    words: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Query {
    /// Reads what stands after the question mark, if anything.
    pub(super) fn of(query: Option<&str>) -> Query {
        let words: Vec<(String, String)> =
            serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_else(|_| Vec::new());
        Query { words, faults: Vec::new() }
    }

    /// The words of a request.
    pub(super) fn of_uri(uri: &axum::http::Uri) -> Query {
        Query::of(uri.query())
    }

    /// A word that `fits`, or else is told what it `should` be. Taken: what is left at the end is unknown.
    pub(super) fn word(&mut self, name: &str, should: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        let mut found: Vec<String> =
            self.words.extract_if(.., |(known, _)| known == name).map(|(_, word)| word).collect();
        let word = found.pop()?;
        if !found.is_empty() {
            self.fault(name, "is there more than once".to_owned());
        } else if word.len() > LONGEST || !fits(&word) {
            self.fault(name, format!("should be {should}"));
        } else {
            return Some(word);
        }
        None
    }

    /// One of some words.
    pub(super) fn one_of(&mut self, name: &str, known: &[&str]) -> Option<String> {
        self.word(name, &format!("one of {}", known.join(", ")), |word| known.contains(&word))
    }

    /// A day.
    pub(super) fn day(&mut self, name: &str) -> Option<Date> {
        let word = self.word(name, "a day from 1900 to 2999, such as 2026-03-10", |word| day(word).is_some());
        word.as_deref().and_then(day)
    }

    /// A period: since and until.
    pub(super) fn days(&mut self) -> (Option<Date>, Option<Date>) {
        let (since, until) = (self.day("since"), self.day("until"));
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            self.fault("since", "lies after until: turn them round".to_owned());
        }
        (since, until)
    }

    /// Something is wrong with a word.
    pub(super) fn fault(&mut self, name: &str, detail: String) {
        self.faults.push(Fault { place: Place::Query, name: name.to_owned(), detail });
    }

    /// All was asked for: what is left is not known here.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.words) {
            let is_word = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            // What is no word may be anything.
            let name = if is_word { name } else { "?".to_owned() };
            self.fault(&name, "is no parameter of this".to_owned());
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::fields(self.faults)) }
    }
}

/// A day as it is written here, and in no other way.
fn day(word: &str) -> Option<Date> {
    let plain = word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day: Date = plain.then(|| word.parse().ok()).flatten()?;
    (1900..=2999).contains(&day.year()).then_some(day)
}

/// Whether this is a word of plain letters, digits and signs.
pub(super) fn is_plain(word: &str) -> bool {
    (1..=60).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether this is the name of something in a configuration.
pub(super) fn is_name(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=60).contains(&word.len()) && word.bytes().all(fits)
}

/// A number of the ledger, as it is written and in no other way.
pub(super) fn number(word: &str) -> Option<i64> {
    (is_digits(word, 18) && !word.starts_with('0')).then(|| word.parse().ok()).flatten()
}

/// Whether this is a number of so many digits at most.
pub(super) fn is_digits(word: &str, most: usize) -> bool {
    (1..=most).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether something is a number of exactly so many digits.
pub(super) fn is_code(length: usize) -> impl Fn(&str) -> bool {
    move |word: &str| word.len() == length && is_digits(word, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn faults(query: &str) -> Vec<String> {
        let mut asked = Query::of(Some(query));
        asked.one_of("law", &["wmo", "jeugdwet"]);
        asked.day("since");
        asked.word("identification", "a word", is_plain);
        let Err(problem) = asked.end() else { return Vec::new() };
        assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
        let body = serde_json::to_value(&problem).expect("JSON");
        let errors = body["errors"].as_array().expect("errors").iter();
        errors.map(|error| error["name"].as_str().expect("a name").to_owned()).collect()
    }

    #[test]
    fn every_word_is_known_once_and_of_its_form() {
        assert_eq!(faults(""), Vec::<String>::new());
        assert_eq!(faults("law=wmo&since=2026-02-28&identification=A1"), Vec::<String>::new());
        assert_eq!(faults("law=Wmo&since=2026-02-30&identification="), ["law", "since", "identification"]);
        assert_eq!(faults("law=wmo&law=wmo"), ["law"]);
        assert_eq!(faults("bsn=999900006&999900006=1&a%20b=%FF"), ["bsn", "?", "?"]);
        for day in ["20260310", "2026-3-10", "2026-03-10T00:00", "0999-01-01", "é026-03-10"] {
            assert_eq!(faults(&format!("since={day}")), ["since"], "{day}");
        }
        assert_eq!(faults(&format!("identification={}", "x".repeat(61))), ["identification"]);
    }

    #[test]
    fn nothing_of_what_was_written_is_repeated() {
        let mut asked = Query::of(Some("law=999900006&999900006=999900006"));
        asked.one_of("law", &["wmo"]);
        let text = serde_json::to_string(&asked.end().expect_err("it is wrong")).expect("JSON");
        assert!(!text.contains("999900006"), "{text}");
    }
}
