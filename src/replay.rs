//! Sending or judging stored messages once more: the words, and what a selection may be chosen by. Pure; the ledger
//! freezes and remembers, the gateway carries out.

use crate::decision::Verdict;
use crate::message::{Kind, Party};
use jiff::Timestamp;
use std::fmt;

/// What a person wants done with the messages of a selection. A selection has one intent, and keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// What left because of them leaves again: the same bytes under the same id. Nothing is judged.
    Resend,
    /// They are judged by the rules, the register and the facts of now. Takes effect only where nobody has an answer
    /// yet; otherwise it tells what would be decided.
    Judge,
}

impl Intent {
    /// The word in the ledger and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Intent::Resend => "resend",
            Intent::Judge => "judge",
        }
    }

    /// The inverse of [`Intent::as_str`].
    pub fn parse(text: &str) -> Option<Intent> {
        [Intent::Resend, Intent::Judge].into_iter().find(|intent| intent.as_str() == text)
    }
}

/// What became of a member of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// What left because of it leaves again.
    Resent,
    /// All that is to leave because of it has yet to leave for the first time: it was left alone.
    Waiting,
    /// Nothing ever left because of it.
    Nothing,
    /// It was judged, and became what it was judged to be.
    Judged,
    /// It was judged, and is still what it was: set aside, or unreadable.
    Unchanged,
    /// It was judged to tell what would be decided now; nothing was changed.
    Told,
    /// The same was done before.
    Repeated,
    /// It left the waiting room by itself before.
    Gone,
    /// The gateway failed on it.
    Failed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 9] = [
        Outcome::Resent,
        Outcome::Waiting,
        Outcome::Nothing,
        Outcome::Judged,
        Outcome::Unchanged,
        Outcome::Told,
        Outcome::Repeated,
        Outcome::Gone,
        Outcome::Failed,
    ];

    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Resent => "resent",
            Outcome::Waiting => "waiting",
            Outcome::Nothing => "nothing",
            Outcome::Judged => "judged",
            Outcome::Unchanged => "unchanged",
            Outcome::Told => "told",
            Outcome::Repeated => "repeated",
            Outcome::Gone => "gone",
            Outcome::Failed => "failed",
        }
    }

    /// The inverse of [`Outcome::as_str`].
    pub fn parse(text: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Whether a person has nothing left to do about it.
    pub fn is_well(self) -> bool {
        match self {
            Outcome::Resent
            | Outcome::Waiting
            | Outcome::Judged
            | Outcome::Told
            | Outcome::Repeated
            | Outcome::Gone => true,
            Outcome::Nothing | Outcome::Unchanged | Outcome::Failed => false,
        }
    }
}

/// Who wants the messages of a selection sent or judged, and why. Names no client: see
/// [`check_words`](crate::hold::check_words).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// What.
    pub intent: Intent,
    /// For [`Intent::Resend`]: also what was sent again before.
    pub again: bool,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// Where a message stands, as selections are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has this verdict.
    Verdict(Verdict),
    /// It is in the waiting room and has none yet.
    Waiting,
}

impl Standing {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Verdict(verdict) => verdict.as_str(),
            Standing::Waiting => "waiting",
        }
    }

    /// The inverse of [`Standing::as_str`].
    pub fn parse(text: &str) -> Option<Standing> {
        let verdicts = Verdict::ALL.into_iter().map(Standing::Verdict);
        verdicts.chain([Standing::Waiting]).find(|standing| standing.as_str() == text)
    }
}

/// Which stored messages a selection is to hold: those that meet all that is said here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only these, by number.
    pub ids: Option<Vec<i64>>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only that stand so.
    pub standing: Option<Standing>,
    /// Only that came in at this moment or later.
    pub since: Option<Timestamp>,
    /// Only that came in before this moment.
    pub until: Option<Timestamp>,
    /// Only of this municipality.
    pub gemeente: Option<Party>,
    /// Only of this provider.
    pub aanbieder: Option<Party>,
    /// Only that broke this rule.
    pub rule: Option<String>,
}

/// Numbers of messages that the text of a choice repeats at most.
const NAMED: usize = 20;

impl Choice {
    /// All that is wrong with it, each with what to do; nothing personal.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if *self == Choice::default() {
            faults.push(
                "nothing says which messages: name at least one of --ids, --kind, --verdict, --since, --until, --gemeente, \
                 --aanbieder and --rule"
                    .to_owned(),
            );
        }
        if let (Some(since), Some(until)) = (self.since, self.until)
            && until <= since
        {
            faults.push(format!(
                "nothing lies between --since {since} and --until {until}: the end is not after the start"
            ));
        }
        let is_code = |party: &Party, length: usize| {
            party.as_str().len() == length && party.as_str().bytes().all(|byte| byte.is_ascii_digit())
        };
        if self.gemeente.as_ref().is_some_and(|gemeente| !is_code(gemeente, 4)) {
            faults.push("--gemeente is no code of a municipality: four digits, such as 0197".to_owned());
        }
        if self.aanbieder.as_ref().is_some_and(|aanbieder| !is_code(aanbieder, 8)) {
            faults.push("--aanbieder is no AGB code of a provider: eight digits, such as 42420001".to_owned());
        }
        if self.rule.as_ref().is_some_and(|rule| {
            rule.is_empty() || rule.len() > 12 || !rule.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }) {
            faults.push("--rule is no rule id, such as TR019; XSD stands for level 1".to_owned());
        }
        if self.standing == Some(Standing::Waiting) {
            if self.rule.is_some() {
                faults.push(
                    "a message that waits has broken no rule yet: leave out --rule or --verdict waiting".to_owned(),
                );
            }
            if self.ids.is_some() {
                faults.push(
                    "--ids are numbers of messages with a verdict, and one that waits has none: leave out --ids or --verdict \
                     waiting"
                        .to_owned(),
                );
            }
        }
        if self.ids.as_ref().is_some_and(Vec::is_empty) {
            faults.push("--ids names no message".to_owned());
        }
        faults
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(ids) = &self.ids {
            let named: Vec<String> = ids.iter().take(NAMED).map(i64::to_string).collect();
            let more = if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
            parts.push(format!("ids {}{more}", named.join(",")));
        }
        parts.extend(self.kind.map(|kind| format!("kind {kind}")));
        parts.extend(self.standing.map(|standing| format!("verdict {}", standing.as_str())));
        parts.extend(self.since.map(|since| format!("since {since}")));
        parts.extend(self.until.map(|until| format!("until {until}")));
        parts.extend(self.gemeente.as_ref().map(|gemeente| format!("gemeente {}", gemeente.as_str())));
        parts.extend(self.aanbieder.as_ref().map(|aanbieder| format!("aanbieder {}", aanbieder.as_str())));
        parts.extend(self.rule.as_ref().map(|rule| format!("rule {rule}")));
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Law, Number};

    #[test]
    fn words_are_their_own_inverses() {
        for intent in [Intent::Resend, Intent::Judge] {
            assert_eq!(Intent::parse(intent.as_str()), Some(intent));
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        for word in ["accepted", "rejected", "partly", "held", "parked", "waiting"] {
            assert_eq!(Standing::parse(word).map(Standing::as_str), Some(word));
        }
        assert_eq!((Intent::parse("send"), Outcome::parse("sent"), Standing::parse("open")), (None, None, None));
    }

    #[test]
    fn a_choice_says_which_messages_and_all_that_is_wrong_with_it() {
        let at = |second| Timestamp::from_second(second).ok();
        let sound = Choice {
            kind: Some(Kind::new(Law::Wmo, Number::N323)),
            standing: Some(Standing::Verdict(Verdict::Rejected)),
            since: at(1_773_100_800),
            until: at(1_773_187_200),
            gemeente: Some("0197".into()),
            aanbieder: Some("42420001".into()),
            rule: Some("TR321".to_owned()),
            ids: None,
        };
        assert_eq!(sound.faults(), Vec::<String>::new());
        assert_eq!(
            sound.to_string(),
            "kind WMO323, verdict rejected, since 2026-03-10T00:00:00Z, until 2026-03-11T00:00:00Z, gemeente 0197, \
             aanbieder 42420001, rule TR321"
        );
        let empty = Choice::default().faults();
        assert!(empty.len() == 1 && empty[0].contains("--kind"), "{empty:?}");
        let broken = Choice {
            until: sound.since,
            gemeente: Some("197".into()),
            aanbieder: Some("4242000x".into()),
            rule: Some("TR%".to_owned()),
            ..sound.clone()
        };
        let faults = broken.faults();
        for (fault, word) in faults.iter().zip(["--until", "--gemeente", "--aanbieder", "--rule"]) {
            assert!(fault.contains(word), "{fault}");
        }
        assert_eq!(faults.len(), 4, "a range of nothing is a fault as well: {faults:?}");
        let waiting = Choice { standing: Some(Standing::Waiting), ids: Some(vec![1]), ..sound };
        assert_eq!(waiting.faults().len(), 2);
        assert_eq!(Choice { ids: Some(Vec::new()), ..Choice::default() }.faults().len(), 1);
    }

    #[test]
    fn a_long_list_of_numbers_is_told_in_short() {
        let choice = Choice { ids: Some((1..=25).collect()), ..Choice::default() };
        assert_eq!(choice.to_string(), "ids 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20 and 5 more");
    }
}
