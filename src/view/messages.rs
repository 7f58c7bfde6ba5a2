//! Looking for messages: what may be asked, read from words with all its faults at once, and what is found.
//!
//! Results come newest first, a page at a time. A page begins behind a place in that order, not behind a number of rows:
//! what comes in meanwhile moves nothing, and the last page costs no more than the first.

use crate::clock::start_of_dutch_day;
use crate::config::nearest;
use crate::decision::Verdict;
use crate::message::{Count, Date, Direction, Kind, Law, Number, Party};
use crate::rules;
use crate::rules::facts::PersonKey;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rows of a page.
pub const PAGE: usize = 50;
/// A search counts up to this and then says "or more".
pub const COUNTED: u64 = 1_000;
/// Rows that one look at the ledger goes through at most for a page. When fewer than a page of them fit, the page says how
/// far it came, and the next one goes on from there.
pub const LOOKED_AT: u32 = 5_000;
/// Longest word of a search. Nothing that is looked for is longer.
const LONGEST: usize = 60;

/// What is looked for, as somebody wrote it. Empty words ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Identificatie of the header.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub identification: String,
    /// ToewijzingNummer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub allocation: String,
    /// DeclaratieNummer, or ReferentieNummer of a line that was processed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub declaration: String,
    /// ReferentieAanbieder of a request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// Party that sends the message: four digits (municipality) or eight (provider).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sender: String,
    /// Party that receives it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub receiver: String,
    /// `wmo` or `jeugdwet`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub law: String,
    /// `WMO305`, or `305` for both laws.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `accepted`, `rejected`, `partly`, `held` or `parked`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub verdict: String,
    /// Rule that it broke: `TR019`, or `XSD`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Name of the transport that brought it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub transport: String,
    /// Received on this Dutch day or later, YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// Received on this Dutch day or before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// Where a page begins, as another page gave it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
}

/// A word that cannot be looked for: which one, what is wrong with it, and what to write instead. Never repeats the word:
/// somebody may have typed the number of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Name of the field in [`Asked`].
    pub field: &'static str,
    /// The sentence in Dutch.
    pub nl: String,
    /// The sentence in English.
    pub en: String,
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Identificatie of the header.
    pub identification: Option<String>,
    /// ToewijzingNummer.
    pub allocation: Option<Count>,
    /// DeclaratieNummer or ReferentieNummer.
    pub declaration: Option<String>,
    /// ReferentieAanbieder.
    pub request: Option<String>,
    /// Sending party.
    pub sender: Option<Party>,
    /// Receiving party.
    pub receiver: Option<Party>,
    /// Law.
    pub law: Option<Law>,
    /// Number.
    pub number: Option<Number>,
    /// Verdict.
    pub verdict: Option<Verdict>,
    /// Rule that it broke.
    pub rule: Option<String>,
    /// Transport.
    pub transport: Option<String>,
    /// Received at this moment or later.
    pub since: Option<Timestamp>,
    /// Received before this moment.
    pub before: Option<Timestamp>,
    /// Whom it is about, by the key of the ledger; never from words.
    pub person: Option<PersonKey>,
    /// Where the page begins.
    pub at: Option<Place>,
}

/// A place in the order of messages, and the way a page goes from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Way.
    pub way: Way,
    /// Moment of receipt, in microseconds.
    pub received_at: i64,
    /// Number of the message.
    pub id: i64,
}

/// Where a page goes from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To what came before.
    Older,
    /// To what came after.
    Newer,
}

impl Place {
    /// The place as a page carries it. It holds a moment and a number, no secret: whoever changes it begins elsewhere.
    pub fn token(self) -> String {
        let way = match self.way {
            Way::Older => 'o',
            Way::Newer => 'n',
        };
        format!("{way}{}-{}", self.received_at, self.id)
    }

    /// The inverse of [`Place::token`].
    pub fn parse(token: &str) -> Option<Place> {
        let way = match token.chars().next()? {
            'o' => Way::Older,
            'n' => Way::Newer,
            _ => return None,
        };
        let (received_at, id) = token.get(1..)?.split_once('-')?;
        let digits = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<i64>().ok()).flatten()
        };
        let place = Place { way, received_at: digits(received_at)?, id: digits(id)? };
        (place.token() == token).then_some(place)
    }
}

/// A party and whether it sends or receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Sends,
    Receives,
}

/// Numbers of messages that a party of this sort sends or receives.
pub(crate) fn numbers_of(party: &Party, side: Side) -> Vec<&'static str> {
    let to_provider = is_provider(party) == (side == Side::Receives);
    let direction = if to_provider { Direction::ToProvider } else { Direction::ToMunicipality };
    Number::ALL.into_iter().filter(|number| number.direction() == direction).map(Number::as_str).collect()
}

pub(crate) fn is_provider(party: &Party) -> bool {
    party.as_str().len() == 8
}

impl Search {
    /// Reads what somebody wrote.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(asked: &Asked) -> Result<Search, Vec<Fault>> {
        let mut reader = Reader { faults: Vec::new() };
        let (kind_law, number) = reader.kind(&asked.kind);
        let law = reader.law(&asked.law);
        if let (Some(law), Some(of_kind)) = (law, kind_law)
            && law != of_kind
        {
            reader.fault(
                "kind",
                "Deze berichtsoort hoort bij de andere wet. Laat de wet leeg, of kies een soort van die wet.",
                "This kind belongs to the other law. Leave the law empty, or choose a kind of that law.",
            );
        }
        let (since, until) = (reader.day("since", &asked.since), reader.day("until", &asked.until));
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            reader.fault(
                "since",
                "De eerste dag ligt na de laatste. Draai ze om.",
                "The first day lies after the last. Turn them round.",
            );
        }
        let search = Search {
            identification: reader.words("identification", &asked.identification),
            allocation: reader.allocation(&asked.allocation),
            declaration: reader.words("declaration", &asked.declaration),
            request: reader.words("request", &asked.request),
            sender: reader.party("sender", &asked.sender),
            receiver: reader.party("receiver", &asked.receiver),
            law: law.or(kind_law),
            number,
            verdict: reader.verdict(&asked.verdict),
            rule: reader.rule(&asked.rule),
            transport: reader.words("transport", &asked.transport),
            since: since.and_then(start_of_dutch_day),
            before: until.and_then(|until| until.checked_add(1.day()).ok()).and_then(start_of_dutch_day),
            person: None,
            at: reader.place(&asked.page),
        };
        if reader.faults.is_empty() { Ok(search) } else { Err(reader.faults) }
    }
}

/// Reads words and keeps what is wrong with them.
struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, field: &'static str, nl: impl Into<String>, en: impl Into<String>) {
        self.faults.push(Fault { field, nl: nl.into(), en: en.into() });
    }

    /// A word that may stand for something; `None` when nothing was written, or too much.
    fn word<'t>(&mut self, field: &'static str, text: &'t str) -> Option<&'t str> {
        let word = text.trim();
        if word.chars().count() > LONGEST || word.chars().any(char::is_control) {
            self.fault(
                field,
                format!("Dit is langer dan {LONGEST} tekens of bevat een stuurteken. Schrijf alleen wat u zoekt."),
                format!("This is longer than {LONGEST} characters or holds a control character. Write only what you look for."),
            );
            return None;
        }
        (!word.is_empty()).then_some(word)
    }

    fn words(&mut self, field: &'static str, text: &str) -> Option<String> {
        self.word(field, text).map(str::to_owned)
    }

    fn allocation(&mut self, text: &str) -> Option<Count> {
        let word = self.word("allocation", text)?;
        let plain = word.len() <= 12 && word.bytes().all(|byte| byte.is_ascii_digit());
        let number = plain.then(|| word.parse().ok()).flatten();
        if number.is_none() {
            self.fault(
                "allocation",
                "Een ToewijzingNummer bestaat uit cijfers, hoogstens twaalf. Schrijf alleen de cijfers.",
                "A ToewijzingNummer is made of digits, twelve at most. Write the digits only.",
            );
        }
        number
    }

    fn party(&mut self, field: &'static str, text: &str) -> Option<Party> {
        let word = self.word(field, text)?;
        if matches!(word.len(), 4 | 8) && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Party::from(word));
        }
        self.fault(
            field,
            "Een partij is een gemeentecode van vier cijfers of een AGB-code van acht.",
            "A party is a municipality code of four digits or an AGB code of eight.",
        );
        None
    }

    fn law(&mut self, text: &str) -> Option<Law> {
        let word = self.word("law", text)?.to_lowercase();
        let law = Law::parse(&word);
        if law.is_none() {
            self.fault("law", "Schrijf wmo of jeugdwet.", "Write wmo or jeugdwet.");
        }
        law
    }

    /// Law and number of a kind, or the number alone.
    fn kind(&mut self, text: &str) -> (Option<Law>, Option<Number>) {
        let Some(word) = self.word("kind", text) else { return (None, None) };
        if let Some(kind) = Kind::parse(word) {
            return (Some(kind.law), Some(kind.number));
        }
        if let Some(number) = Number::parse(word) {
            return (None, Some(number));
        }
        let known: Vec<String> = Kind::all().map(|kind| kind.to_string()).collect();
        let meant = nearest(&word.to_uppercase(), known.iter().map(String::as_str)).unwrap_or("WMO301");
        self.fault(
            "kind",
            format!("Deze berichtsoort bestaat niet. Schrijf bijvoorbeeld {meant}, of een nummer: 305."),
            format!("There is no such kind of message. Write {meant}, for example, or a number: 305."),
        );
        (None, None)
    }

    fn verdict(&mut self, text: &str) -> Option<Verdict> {
        let word = self.word("verdict", text)?.to_lowercase();
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word);
        if verdict.is_none() {
            let known = Verdict::ALL.map(Verdict::as_str).join(", ");
            self.fault("verdict", format!("Kies een van: {known}."), format!("Choose one of: {known}."));
        }
        verdict
    }

    fn rule(&mut self, text: &str) -> Option<String> {
        let word = self.word("rule", text)?.to_uppercase();
        let mut known: Vec<&str> = rules::all().iter().map(|rule| rule.id).collect();
        known.push(SCHEMA_RULE);
        if let Some(rule) = known.iter().find(|id| id.eq_ignore_ascii_case(&word)) {
            return Some((*rule).to_owned());
        }
        let meant = nearest(&word, known).unwrap_or("TR019");
        self.fault(
            "rule",
            format!("Deze regel bestaat niet. Bedoelt u {meant}? Alle regels staan in `sluis rules`."),
            format!("There is no such rule. Do you mean {meant}? `sluis rules` lists all."),
        );
        None
    }

    fn day(&mut self, field: &'static str, text: &str) -> Option<Date> {
        let word = self.word(field, text)?;
        // The parser takes times and short forms as well; a day is written in one way.
        let day = (word.len() == 10).then(|| word.parse::<Date>().ok()).flatten();
        let day = day.filter(|day| (1900..=2999).contains(&day.year()));
        if day.is_none() {
            self.fault(
                field,
                "Dit is geen dag. Schrijf jaar-maand-dag: 2026-03-10.",
                "This is no day. Write year-month-day: 2026-03-10.",
            );
        }
        day
    }

    fn place(&mut self, text: &str) -> Option<Place> {
        let word = self.word("page", text)?;
        let place = Place::parse(word);
        if place.is_none() {
            self.fault(
                "page",
                "Deze bladzijde bestaat niet. Begin opnieuw bij de eerste.",
                "There is no such page. Begin again with the first.",
            );
        }
        place
    }
}

/// Rule id of findings at level 1.
const SCHEMA_RULE: &str = "XSD";

/// A message in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageListed)]
pub struct Listed {
    /// Number in the ledger.
    pub id: i64,
    /// When it came in.
    #[serde(serialize_with = "super::as_text")]
    pub received_at: Timestamp,
    /// Law; `None` when the kind could not be read.
    pub law: Option<&'static str>,
    /// Kind, `WMO305`; `None` when it could not be read.
    pub kind: Option<String>,
    /// Identificatie of the header; `None` when it failed at level 1.
    pub identification: Option<String>,
    /// Party that sends it; of a message that failed at level 1 the one that it names.
    pub sender: Option<String>,
    /// Party that receives it.
    pub receiver: Option<String>,
    /// Municipality of the two.
    pub gemeente: Option<String>,
    /// Provider of the two.
    pub aanbieder: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
    /// Level at which judging ended, 1 to 4.
    pub level: u8,
    /// How many findings it has.
    pub findings: u64,
    /// How many signals it raised.
    pub signals: u64,
    /// Transport that brought it.
    pub transport: String,
}

/// How many messages were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Total {
    /// At least this many.
    pub count: u64,
    /// Whether it is exactly this many.
    pub exact: bool,
}

/// A page of messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The messages.
    pub rows: Vec<Listed>,
    /// How many there are on all pages.
    pub total: Total,
    /// Where the page with older ones begins; `None` when there are none.
    pub older: Option<String>,
    /// Where the page with newer ones begins.
    pub newer: Option<String>,
    /// Set when the look went through as many rows as one look may before the page was full: what lies on the other side
    /// of this moment was not looked at yet, and `older` or `newer` goes on with it.
    #[serde(serialize_with = "super::as_optional_text")]
    pub looked_until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(asked: &Asked) -> Vec<&'static str> {
        Search::parse(asked).expect_err("it is wrong").into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn words_become_a_search() {
        let asked = Asked {
            identification: " A1 ".to_owned(),
            allocation: "0001001".to_owned(),
            sender: "42420001".to_owned(),
            receiver: "0197".to_owned(),
            kind: "wmo305".to_owned(),
            verdict: "Rejected".to_owned(),
            rule: "tr019".to_owned(),
            since: "2026-03-01".to_owned(),
            until: "2026-03-31".to_owned(),
            ..Asked::default()
        };
        let search = Search::parse(&asked).expect("nothing is wrong");
        assert_eq!(search.identification.as_deref(), Some("A1"));
        assert_eq!((search.allocation, search.law, search.number), (Some(1001), Some(Law::Wmo), Some(Number::N305)));
        assert_eq!((search.verdict, search.rule.as_deref()), (Some(Verdict::Rejected), Some("TR019")));
        // Dutch days: from winter time to summer time.
        assert_eq!(search.since.map(|at| at.to_string()).as_deref(), Some("2026-02-28T23:00:00Z"));
        assert_eq!(search.before.map(|at| at.to_string()).as_deref(), Some("2026-03-31T22:00:00Z"));
        let open = Search::parse(&Asked { page: "o1-2".to_owned(), ..Asked::default() }).expect("nothing is wrong");
        assert!(open.at.is_some());
        assert_eq!(Search { at: None, ..open }, Search::default());
        let both = Search::parse(&Asked { kind: "305".to_owned(), ..Asked::default() }).expect("nothing is wrong");
        assert_eq!((both.law, both.number), (None, Some(Number::N305)));
    }

    #[test]
    fn all_faults_are_told_at_once_and_none_repeats_what_was_written() {
        let bsn = "999900006";
        let asked = Asked {
            identification: "x".repeat(5_000),
            allocation: "12%".to_owned(),
            declaration: "a\u{0}b".to_owned(),
            sender: bsn.to_owned(),
            receiver: "'; DROP TABLE messages; --".to_owned(),
            law: "awbz".to_owned(),
            kind: "WMO306B".to_owned(),
            verdict: bsn.to_owned(),
            rule: "TR01".to_owned(),
            since: "2026-02-30".to_owned(),
            until: "gisteren".to_owned(),
            page: "o1-2 OR 1=1".to_owned(),
            ..Asked::default()
        };
        let mut found = faults(&asked);
        found.sort_unstable();
        let all = [
            "allocation",
            "declaration",
            "identification",
            "kind",
            "law",
            "page",
            "receiver",
            "rule",
            "sender",
            "since",
            "until",
            "verdict",
        ];
        assert_eq!(found, all);
        for fault in Search::parse(&asked).expect_err("it is wrong") {
            assert!(!fault.nl.contains(bsn) && !fault.en.contains(bsn) && !fault.nl.is_empty(), "{fault:?}");
        }
    }

    #[test]
    fn what_was_meant_is_suggested() {
        let wrong = |asked: Asked| Search::parse(&asked).expect_err("it is wrong")[0].en.clone();
        assert!(wrong(Asked { kind: "WMO3O5".to_owned(), ..Asked::default() }).contains("WMO305"));
        assert!(wrong(Asked { rule: "TR19".to_owned(), ..Asked::default() }).contains("TR"));
    }

    #[test]
    fn a_period_ends_after_it_begins_and_a_kind_belongs_to_its_law() {
        let asked = Asked { since: "2026-03-02".to_owned(), until: "2026-03-01".to_owned(), ..Asked::default() };
        assert_eq!(faults(&asked), ["since"]);
        let asked = Asked { law: "jeugdwet".to_owned(), kind: "WMO305".to_owned(), ..Asked::default() };
        assert_eq!(faults(&asked), ["kind"]);
        for day in ["2026-3-1", "20260301", "2026-03-01T10:00", "0000-01-01", "9999-12-31", "-9999-01-01"] {
            assert_eq!(faults(&Asked { since: day.to_owned(), ..Asked::default() }), ["since"], "{day}");
        }
    }

    #[test]
    fn places_are_read_as_they_are_written_and_in_no_other_way() {
        for place in [
            Place { way: Way::Older, received_at: 1_773_144_000_000_000, id: 17 },
            Place { way: Way::Newer, received_at: 0, id: 1 },
        ] {
            assert_eq!(Place::parse(&place.token()), Some(place));
        }
        for token in
            ["", "o", "o1", "o-1", "1-1", "x1-1", "o1-1-1", "o01-1", "o1-+1", "o1-99999999999999999999", "é1-1"]
        {
            assert_eq!(Place::parse(token), None, "{token}");
        }
    }

    #[test]
    fn a_party_sends_and_receives_what_goes_its_way() {
        assert!(numbers_of(&"42420001".into(), Side::Sends).contains(&"305"));
        assert!(numbers_of(&"0197".into(), Side::Receives).contains(&"305"));
        assert!(numbers_of(&"0197".into(), Side::Sends).contains(&"301"));
        assert!(numbers_of(&"42420001".into(), Side::Receives).contains(&"301"));
    }
}
