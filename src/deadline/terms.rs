//! The terms of the standard, one table: what is owed, how long it may take, from when, and who says so.
//!
//! Terms with a [`Debt`] are watched: the ledger keeps a question for each, with its due date. The others begin with
//! something that no message tells (an intake, the real start of care), so that nobody can count them here.

use super::working_days::working_days_after;
use crate::message::{Date, Law, Number};
use jiff::ToSpan;
use std::fmt::{self, Write as _};

/// What somebody owes because of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Debt {
    /// The return message: 302, 306, 308, 316, 318, 320.
    Return,
    /// The 325 to a 323.
    DeclarationAnswer,
    /// The 301 or 319 to a request, for a 315 per requested product.
    RequestAnswer,
    /// The 301 or rejection after a 319 that said "under investigation".
    FinalAnswer,
    /// The start message on an allocation that began before it was sent.
    Start,
}

impl Debt {
    /// All, in display order.
    pub const ALL: [Debt; 5] =
        [Debt::Return, Debt::DeclarationAnswer, Debt::RequestAnswer, Debt::FinalAnswer, Debt::Start];

    /// The word in the ledger, in metrics and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Debt::Return => "return",
            Debt::DeclarationAnswer => "declaration_answer",
            Debt::RequestAnswer => "request_answer",
            Debt::FinalAnswer => "final_answer",
            Debt::Start => "start",
        }
    }

    /// The inverse of [`Debt::as_str`].
    pub fn parse(text: &str) -> Option<Debt> {
        Debt::ALL.into_iter().find(|debt| debt.as_str() == text)
    }

    /// What is owed, for people.
    pub fn en(self) -> &'static str {
        match self {
            Debt::Return => "return message",
            Debt::DeclarationAnswer => "declaration answer",
            Debt::RequestAnswer => "answer to a request",
            Debt::FinalAnswer => "final answer after an investigation",
            Debt::Start => "start message on a retroactive allocation",
        }
    }

    /// The term that a message of this number sets for the debt.
    pub fn term(self, number: Number) -> &'static Term {
        match self {
            Debt::Return => &RETURN,
            Debt::DeclarationAnswer => &DECLARATION_ANSWER,
            Debt::RequestAnswer if number == Number::N317 => &CHANGE_ANSWER,
            Debt::RequestAnswer => &ALLOCATION_ANSWER,
            Debt::FinalAnswer => &FINAL_ANSWER,
            Debt::Start => &RETROACTIVE_START,
        }
    }
}

impl fmt::Display for Debt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How long a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// That many working days after the day it counts from.
    WorkingDays(u32),
    /// That many times seven days after the day it counts from, on whatever day that falls.
    Weeks(u32),
}

impl Length {
    /// The last day of a term that counts from `from`.
    pub fn after(self, from: Date) -> Date {
        match self {
            Length::WorkingDays(days) => working_days_after(from, days),
            Length::Weeks(weeks) => from.saturating_add(i64::from(weeks).weeks()),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::WorkingDays(days) => write!(f, "{days} working days"),
            Length::Weeks(weeks) => write!(f, "{weeks} weeks"),
        }
    }
}

/// A term of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// What must be there in time.
    pub what: &'static str,
    /// How long it may take.
    pub length: Length,
    /// What it counts from.
    pub from: &'static str,
    /// What is watched by it; `None` when it begins with something that no message tells.
    pub debt: Option<Debt>,
    /// Laws it holds for.
    pub laws: &'static [Law],
    /// Rules of the standard that set it.
    pub sources: &'static [&'static str],
    /// A doubtful reading and the choice made; empty when the source is clear.
    pub doubt: &'static str,
}

impl Term {
    /// The last day on which what is owed is in time.
    pub fn due(&self, from: Date) -> Date {
        self.length.after(from)
    }
}

static RETURN: Term = Term {
    what: "the return message (302, 306, 308, 316, 318, 320)",
    length: Length::WorkingDays(3),
    from: "receipt of the message",
    debt: Some(Debt::Return),
    laws: &Law::ALL,
    sources: &["OP090"],
    doubt: "",
};

static DECLARATION_ANSWER: Term = Term {
    what: "the declaration answer (325)",
    length: Length::WorkingDays(10),
    from: "receipt of the 323",
    debt: Some(Debt::DeclarationAnswer),
    laws: &Law::ALL,
    sources: &["OP090x4"],
    doubt: "A table of questions and answers counts from the 325 itself; the 323 is meant.",
};

static ALLOCATION_ANSWER: Term = Term {
    what: "a 301 or 319 on each product that a 315 requests",
    length: Length::WorkingDays(5),
    from: "receipt of the 315",
    debt: Some(Debt::RequestAnswer),
    laws: &Law::ALL,
    sources: &["OP274"],
    doubt: "Published for iJw; texts of iWmo refer to the same rule.",
};

static CHANGE_ANSWER: Term = Term {
    what: "one 301 or 319 on a 317 as a whole",
    length: Length::WorkingDays(5),
    from: "receipt of the 317",
    debt: Some(Debt::RequestAnswer),
    laws: &Law::ALL,
    sources: &["OP346"],
    doubt: "Published for iJw; texts of iWmo refer to the same rule.",
};

static FINAL_ANSWER: Term = Term {
    what: "the 301 or rejecting 319 after a 319 \"under investigation\"",
    length: Length::Weeks(8),
    from: "Dagtekening of the request",
    debt: Some(Debt::FinalAnswer),
    laws: &Law::ALL,
    sources: &["OP346", "OP274"],
    doubt: "For the 315 only a table of questions and answers says what the weeks count from. A last day in a weekend \
            is left there: the source names weeks, not working days.",
};

static RESIDENCE: Term = Term {
    what: "a 319 that rejects on the residence principle (reason 8)",
    length: Length::Weeks(2),
    from: "receipt of the request",
    debt: None,
    laws: &[Law::Jeugdwet],
    sources: &["OP359"],
    doubt: "Nobody can tell beforehand which request will be rejected for this reason.",
};

static RETROACTIVE_START: Term = Term {
    what: "the start message (305) on a retroactive allocation",
    length: Length::WorkingDays(5),
    from: "receipt of the 301",
    debt: Some(Debt::Start),
    laws: &Law::ALL,
    sources: &["OP271"],
    doubt: "Retroactive is an allocation whose Ingangsdatum lies before the day on which its first 301 is passed on.",
};

pub(crate) static START: Term = Term {
    what: "the start message (305)",
    length: Length::WorkingDays(5),
    from: "the real start of care",
    debt: None,
    laws: &Law::ALL,
    sources: &["OP271"],
    doubt: "",
};

pub(crate) static STOP: Term = Term {
    what: "the stop message (307)",
    length: Length::WorkingDays(5),
    from: "the real end of care; for a definitive stop after a temporary one, the day it is known",
    debt: None,
    laws: &Law::ALL,
    sources: &["OP272"],
    doubt: "",
};

static ALLOCATION_REQUEST: Term = Term {
    what: "the request for allocation (315)",
    length: Length::WorkingDays(5),
    from: "the intake",
    debt: None,
    laws: &Law::ALL,
    sources: &["FAQ"],
    doubt: "Only a table of questions and answers has it.",
};

/// Every term, watched ones first.
pub fn all() -> [&'static Term; 10] {
    [
        &RETURN,
        &DECLARATION_ANSWER,
        &ALLOCATION_ANSWER,
        &CHANGE_ANSWER,
        &FINAL_ANSWER,
        &RETROACTIVE_START,
        &RESIDENCE,
        &START,
        &STOP,
        &ALLOCATION_REQUEST,
    ]
}

/// The table of terms as a page in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Deadlines\n\nThe terms of the standard, from the registry in `src/deadline/terms.rs`; a test keeps this page \
         equal to it.\n\nA working day is Monday to Friday without the public holidays of the Algemene termijnenwet, \
         article 3: Nieuwjaarsdag, Goede Vrijdag,\ntweede Paasdag, Koningsdag, Bevrijdingsdag (5 May, every year), \
         Hemelvaartsdag, tweede Pinksterdag and both Kerstdagen. The day\nfrom which a term counts is not part of it. \
         What is watched is kept in the ledger as an open question, under the word in the last column.\n\n\
         | what | within | of | law | source | watched as |\n|---|---|---|---|---|---|\n",
    );
    for term in all() {
        let laws: Vec<&str> = term.laws.iter().map(|law| law.standard()).collect();
        let watched = term.debt.map_or("", Debt::as_str);
        let (what, length, from, sources) = (term.what, term.length, term.from, term.sources.join(", "));
        writeln!(page, "| {what} | {length} | {from} | {} | {sources} | {watched} |", laws.join(", "))
            .expect("writing to a string cannot fail");
    }
    page.push_str("\n## Doubtful readings\n\n");
    for term in all().into_iter().filter(|term| !term.doubt.is_empty()) {
        writeln!(page, "- {} ({}): {}", term.what, term.sources.join(", "), term.doubt)
            .expect("writing to a string cannot fail");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeSet;

    #[test]
    fn debts_parse_back_and_each_has_its_term() {
        for debt in Debt::ALL {
            assert_eq!(Debt::parse(debt.as_str()), Some(debt));
            for number in Number::ALL {
                assert_eq!(debt.term(number).debt, Some(debt));
            }
        }
        let watched: BTreeSet<Debt> = all().iter().filter_map(|term| term.debt).collect();
        assert_eq!(watched.into_iter().collect::<Vec<_>>(), Debt::ALL);
        assert!(all().iter().all(|term| !term.sources.is_empty()));
    }

    #[test]
    fn due_dates_follow_the_source() {
        let on = date(2026, 3, 11);
        for (debt, number, expected) in [
            (Debt::Return, Number::N301, date(2026, 3, 16)),
            (Debt::DeclarationAnswer, Number::N323, date(2026, 3, 25)),
            (Debt::RequestAnswer, Number::N315, date(2026, 3, 18)),
            (Debt::RequestAnswer, Number::N317, date(2026, 3, 18)),
            (Debt::FinalAnswer, Number::N315, date(2026, 5, 6)),
            (Debt::Start, Number::N301, date(2026, 3, 18)),
        ] {
            assert_eq!(debt.term(number).due(on), expected, "{debt} on {}", number.as_str());
        }
        assert_eq!(FINAL_ANSWER.due(date(2026, 3, 9)), date(2026, 5, 4));
        assert_eq!(FINAL_ANSWER.due(date(2026, 3, 7)), date(2026, 5, 2), "a Saturday stays one");
        assert_eq!(FINAL_ANSWER.due(Date::MAX), Date::MAX);
    }

    #[test]
    fn the_page_is_up_to_date() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deadlines.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, page()).expect("the page can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page(), "docs/deadlines.md is not what the registry says: run this test with UPDATE=1");
    }
}
