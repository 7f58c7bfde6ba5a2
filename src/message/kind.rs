//! Which message this is: the law, the number, the release and what follows from them (standard, messages table).

use std::fmt;

/// The legal domain of a message. iWmo and iJw never share code lists or number spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// Wet maatschappelijke ondersteuning, standard iWmo.
    Wmo,
    /// Jeugdwet, standard iJw.
    Jeugdwet,
}

impl Law {
    /// Both laws, in display order.
    pub const ALL: [Law; 2] = [Law::Wmo, Law::Jeugdwet];

    /// The word used in routing keys, ledger columns, metrics and register files: `wmo` or `jeugdwet`.
    pub fn as_str(self) -> &'static str {
        match self {
            Law::Wmo => "wmo",
            Law::Jeugdwet => "jeugdwet",
        }
    }

    /// The inverse of [`Law::as_str`].
    pub fn parse(text: &str) -> Option<Law> {
        Law::ALL.into_iter().find(|law| law.as_str() == text)
    }

    /// Name of the standard in namespaces and folders: `iwmo` or `ijw`.
    pub fn standard(self) -> &'static str {
        match self {
            Law::Wmo => "iwmo",
            Law::Jeugdwet => "ijw",
        }
    }

    /// Prefix of the message name: `WMO` or `JW`.
    pub fn prefix(self) -> &'static str {
        match self {
            Law::Wmo => "WMO",
            Law::Jeugdwet => "JW",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number of a message, the same in both standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Number {
    /// Allocation (toewijzing), municipality to provider.
    N301,
    /// Return on 301.
    N302,
    /// Start of delivery, provider to municipality.
    N305,
    /// Return on 305.
    N306,
    /// Stop of delivery, provider to municipality.
    N307,
    /// Return on 307.
    N308,
    /// Request for allocation, provider to municipality.
    N315,
    /// Return on 315.
    N316,
    /// Request for change, provider to municipality.
    N317,
    /// Return on 317.
    N318,
    /// Answer to a request, municipality to provider.
    N319,
    /// Return on 319.
    N320,
    /// Declaration (claim), provider to municipality.
    N323,
    /// Declaration answer, municipality to provider.
    N325,
}

/// Who writes a message, seen from the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The municipality is the sending party, a provider receives.
    ToProvider,
    /// A provider is the sending party, the municipality receives.
    ToMunicipality,
}

impl Number {
    /// All fourteen numbers, ascending.
    pub const ALL: [Number; 14] = [
        Number::N301,
        Number::N302,
        Number::N305,
        Number::N306,
        Number::N307,
        Number::N308,
        Number::N315,
        Number::N316,
        Number::N317,
        Number::N318,
        Number::N319,
        Number::N320,
        Number::N323,
        Number::N325,
    ];

    /// The three digits.
    pub fn as_str(self) -> &'static str {
        match self {
            Number::N301 => "301",
            Number::N302 => "302",
            Number::N305 => "305",
            Number::N306 => "306",
            Number::N307 => "307",
            Number::N308 => "308",
            Number::N315 => "315",
            Number::N316 => "316",
            Number::N317 => "317",
            Number::N318 => "318",
            Number::N319 => "319",
            Number::N320 => "320",
            Number::N323 => "323",
            Number::N325 => "325",
        }
    }

    /// The inverse of [`Number::as_str`].
    pub fn parse(text: &str) -> Option<Number> {
        Number::ALL.into_iter().find(|number| number.as_str() == text)
    }

    /// Who travels where. A return message travels back, so a 302 goes to the municipality.
    pub fn direction(self) -> Direction {
        match self {
            Number::N301 | Number::N306 | Number::N308 | Number::N316 | Number::N318 | Number::N319 | Number::N325 => {
                Direction::ToProvider
            }
            Number::N302 | Number::N305 | Number::N307 | Number::N315 | Number::N317 | Number::N320 | Number::N323 => {
                Direction::ToMunicipality
            }
        }
    }

    /// The message that answers this one; `None` for the answers themselves.
    pub fn answered_by(self) -> Option<Number> {
        match self {
            Number::N301 => Some(Number::N302),
            Number::N305 => Some(Number::N306),
            Number::N307 => Some(Number::N308),
            Number::N315 => Some(Number::N316),
            Number::N317 => Some(Number::N318),
            Number::N319 => Some(Number::N320),
            Number::N323 => Some(Number::N325),
            Number::N302 | Number::N306 | Number::N308 | Number::N316 | Number::N318 | Number::N320 | Number::N325 => {
                None
            }
        }
    }

    /// The message that this one answers; `None` for messages that answer nothing.
    pub fn answers(self) -> Option<Number> {
        Number::ALL.into_iter().find(|number| number.answered_by() == Some(self))
    }

    /// Whether the message is a return message: it repeats header and classes of the message that it answers, with
    /// return codes. The 325 answers too, but is a message of its own.
    pub fn is_return(self) -> bool {
        matches!(self, Number::N302 | Number::N306 | Number::N308 | Number::N316 | Number::N318 | Number::N320)
    }
}

/// A release of the standards: both move together. Messages carry it as `BerichtVersie` and `BerichtSubversie`, and in
/// their namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// `BerichtVersie`.
    pub versie: u16,
    /// `BerichtSubversie`.
    pub subversie: u16,
}

impl Release {
    /// Release 3.2, in force since 2023-04-03.
    pub const V3_2: Release = Release { versie: 3, subversie: 2 };

    /// The form in namespaces: `3_2`.
    pub fn segment(self) -> String {
        format!("{}_{}", self.versie, self.subversie)
    }
}

impl fmt::Display for Release {
    /// As people write it, and the folder in `xsd/`: `3.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.versie, self.subversie)
    }
}

/// Law and number together: the kind of a message, `WMO301` … `JW325`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The legal domain.
    pub law: Law,
    /// The number within it.
    pub number: Number,
}

impl Kind {
    /// A kind from its two halves.
    pub const fn new(law: Law, number: Number) -> Kind {
        Kind { law, number }
    }

    /// Every kind of the standard, 28 in all.
    pub fn all() -> impl Iterator<Item = Kind> {
        Law::ALL.into_iter().flat_map(|law| Number::ALL.into_iter().map(move |number| Kind { law, number }))
    }

    /// Parses `WMO301` … `JW325`, in either case.
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::all().find(|kind| kind.to_string().eq_ignore_ascii_case(text))
    }

    /// Lower-case name as used for prefixes and schema files: `wmo301`.
    pub fn slug(self) -> String {
        format!("{}{}", self.law.prefix().to_lowercase(), self.number.as_str())
    }

    /// Namespace of the message's own elements in a release.
    pub fn namespace(self, release: Release) -> String {
        format!("http://www.istandaarden.nl/{}/{}/{}/schema", self.law.standard(), release.segment(), self.slug())
    }

    /// Namespace of the shared types of this law in a release.
    pub fn base_namespace(self, release: Release) -> String {
        format!("http://www.istandaarden.nl/{}/{}/basisschema/schema", self.law.standard(), release.segment())
    }

    /// The `BerichtCode` of the kind (code list COD002).
    pub fn bericht_code(self) -> &'static str {
        match (self.law, self.number) {
            (Law::Wmo, Number::N301) => "414",
            (Law::Wmo, Number::N302) => "415",
            (Law::Wmo, Number::N305) => "418",
            (Law::Wmo, Number::N306) => "419",
            (Law::Wmo, Number::N307) => "420",
            (Law::Wmo, Number::N308) => "421",
            (Law::Wmo, Number::N315) => "444",
            (Law::Wmo, Number::N316) => "445",
            (Law::Wmo, Number::N317) => "480",
            (Law::Wmo, Number::N318) => "481",
            (Law::Wmo, Number::N319) => "482",
            (Law::Wmo, Number::N320) => "483",
            (Law::Wmo, Number::N323) => "484",
            (Law::Wmo, Number::N325) => "485",
            (Law::Jeugdwet, Number::N301) => "436",
            (Law::Jeugdwet, Number::N302) => "437",
            (Law::Jeugdwet, Number::N305) => "438",
            (Law::Jeugdwet, Number::N306) => "439",
            (Law::Jeugdwet, Number::N307) => "440",
            (Law::Jeugdwet, Number::N308) => "441",
            (Law::Jeugdwet, Number::N315) => "446",
            (Law::Jeugdwet, Number::N316) => "447",
            (Law::Jeugdwet, Number::N317) => "486",
            (Law::Jeugdwet, Number::N318) => "487",
            (Law::Jeugdwet, Number::N319) => "488",
            (Law::Jeugdwet, Number::N320) => "489",
            (Law::Jeugdwet, Number::N323) => "490",
            (Law::Jeugdwet, Number::N325) => "491",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.law.prefix(), self.number.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_codes_are_unique_and_parse_back() {
        let kinds: Vec<Kind> = Kind::all().collect();
        assert_eq!(kinds.len(), 28);
        let codes: BTreeSet<&str> = kinds.iter().map(|kind| kind.bericht_code()).collect();
        assert_eq!(codes.len(), 28);
        for kind in kinds {
            assert_eq!(Kind::parse(&kind.to_string()), Some(kind));
            assert_eq!(Number::parse(kind.number.as_str()), Some(kind.number));
        }
    }

    #[test]
    fn an_answer_travels_the_other_way() {
        for number in Number::ALL {
            if let Some(answer) = number.answered_by() {
                assert_ne!(answer.direction(), number.direction(), "{}", number.as_str());
                assert_eq!(answer.answered_by(), None);
                assert_eq!(answer.answers(), Some(number));
                assert_eq!(answer.is_return(), number != Number::N323);
            }
        }
    }
}
