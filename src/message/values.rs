//! The simple values of the standard: codes, numbers, dates, amounts.
//!
//! Personal values ([`Bsn`], [`Personal`]) show nothing of themselves in `Debug`, so that no log line can leak them.

use super::element::{Element, ReadError, Writer};
use super::tree::{Namespace, Node};
use std::fmt;

/// A civil date, as all dates of the standard are.
pub use jiff::civil::Date;

/// Declares a newtype over text whose value is no secret.
macro_rules! text {
    ($( $(#[$meta:meta])* $name:ident; )+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);

        impl $name {
            /// The value as it stands in the message.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Element for $name {
            fn read(node: Node<'_>) -> Result<Self, ReadError> {
                Ok($name(node.text().to_owned()))
            }

            fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str) {
                writer.leaf(namespace, name, &self.0);
            }
        }
    )+ };
}

text! {
    /// A code of a list that the gateway only passes on (Geslacht, LandCode, Soort, NaamGebruik …).
    Code;
    /// ProductCategorie: WMO020 for iWmo, JZ020 for iJw; two digits.
    Categorie;
    /// ProductCode, at most five characters, from the product list in use.
    ProductCode;
    /// Identificatie of a message, unique per sender and BerichtCode; at most twelve characters.
    Identificatie;
    /// ReferentieNummer of a Prestatie; at most twenty characters.
    ReferentieNummer;
    /// DeclaratieNummer; letters and digits, at most twelve.
    DeclaratieNummer;
    /// ReferentieAanbieder of a request; at most 36 characters.
    ReferentieAanbieder;
    /// A party: a municipality (four digits, CBS) or a provider (eight digits, AGB).
    Party;
    /// A schema version, such as `1.0.0`.
    Versie;
    /// A return code of list WJ001.
    RetourCode;
    /// A time of day without zone, as written.
    Tijd;
}

impl Bsn {
    /// Whether a text is nine digits, not all of them 0, that pass the eleven test (CS002): what any BSN does.
    pub fn passes_eleven_test(text: impl AsRef<[u8]>) -> bool {
        const WEIGHTS: [i32; 9] = [9, 8, 7, 6, 5, 4, 3, 2, -1];
        let digits = text.as_ref();
        let is_number = digits.len() == WEIGHTS.len() && digits.iter().all(u8::is_ascii_digit);
        let sum = || digits.iter().zip(WEIGHTS).map(|(digit, weight)| i32::from(digit - b'0') * weight).sum::<i32>();
        is_number && digits.iter().any(|digit| *digit != b'0') && sum() % 11 == 0
    }
}

impl RetourCode {
    /// The class was judged and nothing was remarked.
    pub const NO_REMARKS: &str = "0200";
}

/// Declares a newtype over personal text: `Debug` hides it.
macro_rules! personal {
    ($( $(#[$meta:meta])* $name:ident; )+) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);

        impl $name {
            /// The value itself; for matching and for messages to those who sent it, never for logs.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.to_owned())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }

        impl Element for $name {
            fn read(node: Node<'_>) -> Result<Self, ReadError> {
                Ok($name(node.text().to_owned()))
            }

            fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str) {
                writer.leaf(namespace, name, &self.0);
            }
        }
    )+ };
}

personal! {
    /// Burgerservicenummer, nine digits.
    Bsn;
    /// Names, addresses, telephone numbers, comments: whatever tells who somebody is.
    Personal;
}

/// Declares an enum over a closed code list.
macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $code:literal, )+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl $name {
            /// All values, in the order of the list.
            pub const ALL: &'static [$name] = &[$( $name::$variant, )+];

            /// The code as it stands in a message.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $code, )+ }
            }

            /// The inverse of `as_str`.
            pub fn parse(text: &str) -> Option<$name> {
                match text { $( $code => Some($name::$variant), )+ _ => None }
            }
        }

        impl Element for $name {
            fn read(node: Node<'_>) -> Result<Self, ReadError> {
                $name::parse(node.text())
                    .ok_or_else(|| ReadError::at(node, concat!("not a code of ", stringify!($name))))
            }

            fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str) {
                writer.leaf(namespace, name, self.as_str());
            }
        }
    };
}

codes! {
    /// Unit of a volume (WJ756).
    pub enum Eenheid {
        /// Minute.
        Minuut = "01",
        /// Hour.
        Uur = "04",
        /// Period of 24 hours.
        Etmaal = "14",
        /// Half-day part of four hours.
        Dagdeel = "16",
        /// Pieces, output.
        StuksOutput = "82",
        /// Euros; volumes are then in eurocents.
        Euro = "83",
        /// Pieces, effort.
        StuksInspanning = "84",
    }
}

impl Eenheid {
    /// Whether the unit belongs to output-based execution (82 and 83); the others are effort-based (volumes, section 2).
    pub fn is_output(self) -> bool {
        matches!(self, Eenheid::StuksOutput | Eenheid::Euro)
    }

    /// How people call the unit, in Dutch, for findings.
    pub fn nl(self) -> &'static str {
        match self {
            Eenheid::Minuut => "minuten",
            Eenheid::Uur => "uur",
            Eenheid::Etmaal => "etmalen",
            Eenheid::Dagdeel => "dagdelen",
            Eenheid::StuksOutput | Eenheid::StuksInspanning => "stuks",
            Eenheid::Euro => "eurocent",
        }
    }

    /// How people call the unit, in English, for findings.
    pub fn en(self) -> &'static str {
        match self {
            Eenheid::Minuut => "minutes",
            Eenheid::Uur => "hours",
            Eenheid::Etmaal => "24-hour periods",
            Eenheid::Dagdeel => "half-day parts",
            Eenheid::StuksOutput | Eenheid::StuksInspanning => "pieces",
            Eenheid::Euro => "eurocents",
        }
    }
}

codes! {
    /// How often a volume may be delivered (WMO757).
    pub enum Frequentie {
        /// Per day.
        PerDag = "1",
        /// Per week.
        PerWeek = "2",
        /// Per month.
        PerMaand = "4",
        /// In total within the validity of the allocation.
        Totaal = "6",
    }
}

codes! {
    /// Sign of an amount (COD043).
    pub enum DebetCredit {
        /// Claimed.
        Debet = "D",
        /// Reverses an earlier amount.
        Credit = "C",
    }
}

codes! {
    /// Status of a delivered start or stop (COD467).
    pub enum StatusAanlevering {
        /// First delivery.
        Eerste = "1",
        /// Changed delivery; barred by CS058.
        Gewijzigd = "2",
        /// Deletes an earlier delivery.
        Verwijderd = "3",
        /// Not applicable; barred by CS058.
        Ongewijzigd = "9",
    }
}

codes! {
    /// What a 319 says to a request (WJ760).
    pub enum VerzoekAntwoord {
        /// The request is rejected; nothing follows.
        Afgewezen = "1",
        /// The request is being investigated; an allocation or a rejection follows.
        InOnderzoek = "2",
    }
}

/// An amount in eurocents. Signed, because sums of debits and credits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cents(pub i64);

impl fmt::Display for Cents {
    /// Euros with two decimals and a comma, as Dutch readers write them: `1234,50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{},{:02}", cents / 100, cents % 100)
    }
}

impl Element for Cents {
    fn read(node: Node<'_>) -> Result<Self, ReadError> {
        integer(node).map(Cents)
    }

    fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str) {
        writer.leaf(namespace, name, &self.0.to_string());
    }
}

/// A non-negative whole number: volumes, allocation numbers, counters.
pub type Count = u64;

impl Element for Count {
    fn read(node: Node<'_>) -> Result<Self, ReadError> {
        integer(node).and_then(|value| {
            u64::try_from(value).map_err(|_| ReadError::at(node, "a negative number where none is possible"))
        })
    }

    fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str) {
        writer.leaf(namespace, name, &self.to_string());
    }
}

/// XSD integers may carry a sign and leading zeros.
fn integer(node: Node<'_>) -> Result<i64, ReadError> {
    let text = node.text().trim();
    text.strip_prefix('+')
        .unwrap_or(text)
        .parse()
        .map_err(|_| ReadError::at(node, "a number larger than the gateway can hold"))
}

impl Element for Date {
    fn read(node: Node<'_>) -> Result<Self, ReadError> {
        date(node.text().trim()).ok_or_else(|| ReadError::at(node, "not a date"))
    }

    fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str) {
        writer.leaf(namespace, name, &xsd_date(*self));
    }
}

/// The date behind an `xs:date` without offset; there is one for every such value.
///
/// XSD knows years of any number of digits. No message means them, but it is not for level 1 to say so: a year beyond
/// 9999 reads as the last day there is, one before -9999 as the first, and the rules judge that.
fn date(text: &str) -> Option<Date> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (year, rest) = unsigned.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if ![year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    // A year of more than four digits does not begin with a zero.
    if year.len() > 4 {
        return Some(if sign < 0 { Date::MIN } else { Date::MAX });
    }
    // XSD 1.0 has no year 0. The years before it keep their number, so that they are written as they came.
    let year: i16 = year.parse().ok().filter(|year| *year != 0)?;
    Date::new(sign * year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A date as XSD writes it: negative years with four digits too, where jiff takes six.
fn xsd_date(date: Date) -> String {
    let sign = if date.year() < 0 { "-" } else { "" };
    format!("{sign}{:04}-{:02}-{:02}", date.year().unsigned_abs(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bsn_passes_the_eleven_test() {
        for bsn in ["999900006", "999900018", "000000012"] {
            assert!(Bsn::passes_eleven_test(bsn), "{bsn}");
        }
        for other in ["", "000000000", "999900007", "99990000", "9999000060", "99990000a", "-99900006"] {
            assert!(!Bsn::passes_eleven_test(other), "{other}");
        }
    }

    #[test]
    fn amounts_read_as_dutch_euros() {
        assert_eq!(Cents(0).to_string(), "0,00");
        assert_eq!(Cents(123_405).to_string(), "1234,05");
        assert_eq!(Cents(-7).to_string(), "-0,07");
    }

    #[test]
    fn dates_are_read_as_written_and_written_as_read() {
        for (text, year, month, day) in [
            ("2026-02-28", 2026, 2, 28),
            ("2024-02-29", 2024, 2, 29),
            ("0001-01-01", 1, 1, 1),
            ("9999-12-31", 9999, 12, 31),
            ("-0001-12-31", -1, 12, 31),
            ("-0004-02-29", -4, 2, 29),
            ("-2026-01-01", -2026, 1, 1),
            ("-9999-01-01", -9999, 1, 1),
        ] {
            let read = date(text).expect(text);
            assert_eq!(read, jiff::civil::date(year, month, day), "{text}");
            assert_eq!(xsd_date(read), text);
        }
    }

    #[test]
    fn years_beyond_the_calendar_are_its_ends() {
        for year in ["10000", "12026", "9999999999999999999999"] {
            assert_eq!(date(&format!("{year}-02-28")), Some(Date::MAX), "{year}");
            assert_eq!(date(&format!("-{year}-02-28")), Some(Date::MIN), "-{year}");
        }
        assert_eq!((xsd_date(Date::MAX), xsd_date(Date::MIN)), ("9999-12-31".to_owned(), "-9999-01-01".to_owned()));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "-", "--", "2026", "2026-02", "2026-02-30", "0000-01-01", "2026-x-01", "+2026-01-01", "2026-13-01"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn personal_values_hide_in_debug() {
        assert_eq!(format!("{:?}", Bsn::from("999900006")), "Bsn(***)");
    }

    #[test]
    fn codes_parse_back() {
        for eenheid in Eenheid::ALL {
            assert_eq!(Eenheid::parse(eenheid.as_str()), Some(*eenheid));
        }
        assert_eq!(Eenheid::parse("1"), None);
    }
}
