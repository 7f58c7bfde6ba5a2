//! Holds: an outgoing allocation waits until a person releases or withdraws it, and says why. Pure: the words, and what
//! a reason may say.

use crate::message::Bsn;

/// What a person wants done with a held message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is judged anew and goes to its provider.
    Release,
    /// It counts as not sent.
    Withdraw,
}

impl Action {
    /// The word in the ledger and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Release => "release",
            Action::Withdraw => "withdraw",
        }
    }

    /// The inverse of [`Action::as_str`].
    pub fn parse(text: &str) -> Option<Action> {
        [Action::Release, Action::Withdraw].into_iter().find(|action| action.as_str() == text)
    }
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The message went to its provider.
    Released,
    /// It was released, and rejected by the standard as it stands now: its municipality has the return message.
    Rejected,
    /// It counts as not sent.
    Withdrawn,
    /// The same was done before.
    Repeated,
    /// It was not carried out.
    Refused,
}

impl Outcome {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Released => "released",
            Outcome::Rejected => "rejected",
            Outcome::Withdrawn => "withdrawn",
            Outcome::Repeated => "repeated",
            Outcome::Refused => "refused",
        }
    }

    /// The inverse of [`Outcome::as_str`].
    pub fn parse(text: &str) -> Option<Outcome> {
        [Outcome::Released, Outcome::Rejected, Outcome::Withdrawn, Outcome::Repeated, Outcome::Refused]
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// Who wants what done with which message, and why. Names no client: see [`check_words`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Number of the message in the ledger.
    pub message_id: i64,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// Longest reason or name.
const LONGEST: usize = 500;

/// Why a reason or a name cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It says nothing.
    Empty,
    /// It is longer than 500 characters.
    Long,
    /// It holds a line end or another control character.
    Control,
    /// It holds a number that could be of a person.
    Person,
}

/// Why a reason or a name cannot be kept; `None` when it can: it says something, on one line, and names no person by
/// number. What it says stays in the audit trail for good.
pub fn unfit(text: &str) -> Option<Unfit> {
    if text.trim().is_empty() {
        return Some(Unfit::Empty);
    }
    if text.chars().count() > LONGEST {
        return Some(Unfit::Long);
    }
    if text.chars().any(char::is_control) {
        return Some(Unfit::Control);
    }
    names_a_person(text).then_some(Unfit::Person)
}

/// As [`unfit`], in words.
///
/// # Errors
/// A sentence on what is wrong and what to do.
pub fn check_words(what: &str, text: &str) -> Result<(), String> {
    match unfit(text) {
        None => Ok(()),
        Some(Unfit::Empty) => Err(format!("the {what} is empty: say it in a few words")),
        Some(Unfit::Long) => Err(format!("the {what} is longer than {LONGEST} characters: say it in fewer words")),
        Some(Unfit::Control) => {
            Err(format!("the {what} holds a line end or another control character: write it on one line"))
        }
        Some(Unfit::Person) => Err(format!(
            "the {what} holds a number that could be of a person (a BSN): leave it out, it would stay in the audit trail \
             for good. Name the allocation instead"
        )),
    }
}

/// Whether nine digits that pass the eleven test stand in a text, alone or parted by single spaces, dots or dashes.
fn names_a_person(text: &str) -> bool {
    let mut digits: Vec<u8> = Vec::new();
    let mut parted = false;
    let mut runs: Vec<Vec<u8>> = Vec::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                digits.push(byte);
                parted = false;
            }
            b' ' | b'.' | b'-' if !digits.is_empty() && !parted => parted = true,
            _ => {
                runs.push(std::mem::take(&mut digits));
                parted = false;
            }
        }
    }
    runs.push(digits);
    let plain = text.as_bytes().split(|byte| !byte.is_ascii_digit());
    plain.chain(runs.iter().map(Vec::as_slice)).any(Bsn::passes_eleven_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_names_nobody() {
        for good in
            ["court order C/05/123456", "crisis", "geen alternatief in 0197, zie overleg 2026-03-10", "42420001"]
        {
            assert_eq!(check_words("reason", good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "empty"),
            ("  \t", "empty"),
            ("one\ntwo", "control"),
            ("for 999900006", "BSN"),
            ("for 9999.00.006", "BSN"),
            ("999 900 006", "BSN"),
            ("999-900-006, urgent", "BSN"),
            ("client999900006x", "BSN"),
        ] {
            assert!(check_words("reason", bad).is_err_and(|error| error.contains(why)), "{bad:?}");
        }
        assert_eq!(check_words("reason", &"e".repeat(500)), Ok(()));
        assert!(check_words("reason", &"e".repeat(501)).is_err_and(|error| error.contains("500")));
        assert_eq!(check_words("reason", "999900007"), Ok(()), "no number of a person");
        assert_eq!(check_words("reason", "9999000061"), Ok(()), "ten digits are none");
    }

    #[test]
    fn words_are_their_own_inverses() {
        for action in [Action::Release, Action::Withdraw] {
            assert_eq!(Action::parse(action.as_str()), Some(action));
        }
        for word in ["released", "rejected", "withdrawn", "repeated", "refused"] {
            assert_eq!(Outcome::parse(word).map(Outcome::as_str), Some(word));
        }
        assert_eq!((Action::parse("hold"), Outcome::parse("held")), (None, None));
    }
}
