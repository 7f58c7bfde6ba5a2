//! Simple types: built-in base, merged facets, and the judgement of one value.
//!
//! Lengths count characters, not bytes. `string` keeps its white space; `integer`, `date` and `time` collapse it.

use std::sync::Arc;

use super::fault::Words;
use super::pattern::Pattern;
use super::wellformed::is_space;

/// The built-in types that the schemas restrict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// `xs:string`; white space is part of the value.
    String,
    /// `xs:integer`, of any length.
    Integer,
    /// `xs:date`, by the calendar; an offset from UTC is part of the type.
    Date,
    /// `xs:time`; an offset from UTC is part of the type.
    Time,
}

/// A simple type with the facets of its whole restriction chain.
#[derive(Debug, Clone)]
pub struct SimpleType {
    /// Name in the schema without prefix; the name of the restricted type when it is anonymous.
    pub name: Box<str>,
    /// The built-in type at the bottom of the chain.
    pub base: Base,
    /// Name of the code list behind an enumeration, when the schema tells (`COD046`).
    pub code_list: Option<Box<str>>,
    /// Values allowed, sorted; `None` when the type does not enumerate.
    pub enumeration: Option<Vec<Box<str>>>,
    /// Fewest characters.
    pub min_length: Option<u32>,
    /// Most characters.
    pub max_length: Option<u32>,
    /// Smallest integer.
    pub min: Option<i64>,
    /// Largest integer.
    pub max: Option<i64>,
    /// Patterns that must all match.
    pub patterns: Vec<Arc<Pattern>>,
}

/// What a value breaks. One value gives one breach: the one that tells most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    NotAnInteger,
    NotADate,
    NotATime,
    UnknownCode,
    TooLong,
    TooShort,
    Pattern,
    BelowMin,
    AboveMax,
}

impl SimpleType {
    /// A built-in type without facets.
    pub(super) fn unrestricted(base: Base) -> SimpleType {
        SimpleType {
            name: "".into(),
            base,
            code_list: None,
            enumeration: None,
            min_length: None,
            max_length: None,
            min: None,
            max: None,
            patterns: Vec::new(),
        }
    }

    /// Whether a value, as it stands in a document, belongs to the type.
    pub fn accepts(&self, value: &str) -> bool {
        let mut value = value.to_owned();
        self.normalise(&mut value);
        self.check(&value).is_ok()
    }

    /// Collapses white space where the base type asks for it.
    pub(super) fn normalise(&self, value: &mut String) {
        if self.base == Base::String || !value.bytes().any(is_space) {
            return;
        }
        let words: Vec<&str> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
        *value = words.join(" ");
    }

    /// Judges a normalised value.
    pub(super) fn check(&self, value: &str) -> Result<(), Breach> {
        match self.base {
            Base::Integer if integer(value).is_none() => return Err(Breach::NotAnInteger),
            Base::Date if !is_date(value) => return Err(Breach::NotADate),
            Base::Time if !is_time(value) => return Err(Breach::NotATime),
            Base::String | Base::Integer | Base::Date | Base::Time => {}
        }
        if self.enumeration.as_ref().is_some_and(|codes| codes.binary_search_by(|code| (**code).cmp(value)).is_err()) {
            return Err(Breach::UnknownCode);
        }
        self.check_length(value)?;
        if self.patterns.iter().any(|pattern| !pattern.matches(value)) {
            return Err(Breach::Pattern);
        }
        if self.base == Base::Integer {
            let number = integer(value).unwrap_or(0);
            if self.min.is_some_and(|min| number < min) {
                return Err(Breach::BelowMin);
            }
            if self.max.is_some_and(|max| number > max) {
                return Err(Breach::AboveMax);
            }
        }
        Ok(())
    }

    fn check_length(&self, value: &str) -> Result<(), Breach> {
        if self.min_length.is_none() && self.max_length.is_none() {
            return Ok(());
        }
        let length = if value.is_ascii() { value.len() } else { value.chars().count() };
        if self.max_length.is_some_and(|max| length > max as usize) {
            return Err(Breach::TooLong);
        }
        if self.min_length.is_some_and(|min| length < min as usize) {
            return Err(Breach::TooShort);
        }
        Ok(())
    }

    /// What the type expects, in words for a reader without the schema.
    pub(super) fn describe(&self) -> Words {
        if let Some(codes) = &self.enumeration {
            return describe_codes(codes, self.code_list.as_deref());
        }
        match self.base {
            Base::Date => Words::new(
                "een bestaande datum JJJJ-MM-DD zonder tijdzone",
                "an existing date YYYY-MM-DD without time zone",
            ),
            Base::Time => Words::new("een tijd UU:MM:SS zonder tijdzone", "a time HH:MM:SS without time zone"),
            Base::Integer => self.describe_integer(),
            Base::String => self.describe_string(),
        }
    }

    fn describe_integer(&self) -> Words {
        if let Some(exact) = self.patterns.iter().find(|pattern| pattern.source().bytes().all(|b| b.is_ascii_digit())) {
            return Words::new(format!("precies {}", exact.source()), format!("exactly {}", exact.source()));
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) => Words::new(
                format!("een geheel getal van {min} tot en met {max}"),
                format!("an integer from {min} to {max}"),
            ),
            (Some(min), None) => Words::new(format!("een geheel getal vanaf {min}"), format!("an integer from {min}")),
            (None, Some(max)) => {
                Words::new(format!("een geheel getal tot en met {max}"), format!("an integer up to {max}"))
            }
            (None, None) => Words::new("een geheel getal", "an integer"),
        }
    }

    fn describe_string(&self) -> Words {
        let patterns: Vec<Shape> = self.patterns.iter().map(|pattern| shape(pattern.source())).collect();
        if let Some(Shape::Exact(words)) = patterns.iter().find(|shape| matches!(shape, Shape::Exact(_))) {
            return words.clone();
        }
        let length = match (self.min_length, self.max_length) {
            (Some(min), Some(max)) if min == max => Some(Words::new(characters_nl(max), characters_en(max))),
            (Some(min), Some(max)) => Some(Words::new(
                format!("{min} tot en met {}", characters_nl(max)),
                format!("{min} to {}", characters_en(max)),
            )),
            (None, Some(max)) => Some(Words::new(
                format!("ten hoogste {}", characters_nl(max)),
                format!("at most {}", characters_en(max)),
            )),
            // The one length that every filled value has says nothing.
            (Some(min), None) if min > 1 => {
                Some(Words::new(format!("minstens {}", characters_nl(min)), format!("at least {}", characters_en(min))))
            }
            (Some(_) | None, None) => None,
        };
        let parts =
            length.into_iter().chain(patterns.into_iter().map(|(Shape::Exact(words) | Shape::Within(words))| words));
        let joined = parts
            .reduce(|all, part| Words::new(format!("{}, {}", all.nl, part.nl), format!("{}, {}", all.en, part.en)));
        joined.unwrap_or_else(|| Words::new("een gevulde waarde", "a value that is not empty"))
    }
}

fn characters_nl(count: u32) -> String {
    if count == 1 { "1 teken".to_owned() } else { format!("{count} tekens") }
}

fn characters_en(count: u32) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

/// Longer code lists are named instead of spelled out.
const SPELLED_OUT: usize = 15;

fn describe_codes(codes: &[Box<str>], list: Option<&str>) -> Words {
    let (list_nl, list_en) = list.map_or((String::new(), String::new()), |list| {
        (format!(" (codelijst {list})"), format!(" (code list {list})"))
    });
    if codes.len() > SPELLED_OUT {
        let count = codes.len();
        return Words::new(format!("een van de {count} codes{list_nl}"), format!("one of the {count} codes{list_en}"));
    }
    let all = codes.join(", ");
    Words::new(format!("een van {all}{list_nl}"), format!("one of {all}{list_en}"))
}

/// A pattern in words: alone sufficient, or an addition to the length.
enum Shape {
    Exact(Words),
    Within(Words),
}

fn shape(pattern: &str) -> Shape {
    if let Some(count) = pattern.strip_prefix("[0-9]{").and_then(|rest| rest.strip_suffix('}')) {
        return Shape::Exact(Words::new(format!("{count} cijfers"), format!("{count} digits")));
    }
    if !pattern.is_empty() && pattern.bytes().all(|byte| byte.is_ascii_digit()) {
        return Shape::Exact(Words::new(format!("precies {pattern}"), format!("exactly {pattern}")));
    }
    Shape::Within(match pattern {
        "[0-9]*" => Words::new("alleen cijfers", "digits only"),
        "([a-zA-Z0-9])+" => {
            Words::new("alleen letters zonder accent en cijfers", "letters without accents and digits only")
        }
        "([a-zA-ZÀ-ỳ])+" => {
            Words::new("alleen letters, zonder punten of spaties", "letters only, without dots or spaces")
        }
        ".*[^\\s].*" => Words::new("niet alleen spaties, op één regel", "not only spaces, on one line"),
        "([.\\s]*\\S+[.\\s]*)+" => Words::new("niet alleen spaties", "not only spaces"),
        "(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)" => Words::new(
            "een versie zoals 1.0.0, zonder voorloopnullen",
            "a version such as 1.0.0, without leading zeros",
        ),
        _ => Words::new(format!("volgens het patroon {pattern}"), format!("matching the pattern {pattern}")),
    })
}

/// An `xs:integer`. Numbers beyond eighteen digits become the largest or smallest `i64`: facets stay below that.
fn integer(value: &str) -> Option<i64> {
    let (negative, digits) = match value.as_bytes().first()? {
        b'-' => (true, &value[1..]),
        b'+' => (false, &value[1..]),
        _ => (false, value),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let size = if significant.len() > 18 { i64::MAX } else { significant.parse().unwrap_or(0) };
    Some(if negative { -size } else { size })
}

fn two_digits(text: &str) -> Option<u32> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// An `xs:date` of XSD 1.0: year of four digits or more, not 0000, an existing day, optional offset. XSD sets no end to
/// the years; libxml2 takes those that fit 64 bits, and its verdict is the measure.
fn is_date(value: &str) -> bool {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let Some(year_length) = unsigned.find('-') else {
        return false;
    };
    let (year, rest) = unsigned.split_at(year_length);
    let year_fits = year.len() >= 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && (year.len() == 4 || !year.starts_with('0'))
        && year.parse::<i64>().is_ok_and(|year| year > 0);
    let (Some(month), Some(day)) = (rest.get(1..3).and_then(two_digits), rest.get(4..6).and_then(two_digits)) else {
        return false;
    };
    year_fits
        && rest.as_bytes()[3] == b'-'
        && (1..=12).contains(&month)
        && (1..=days_in(month, is_leap(year))).contains(&day)
        && is_offset(&rest[6..])
}

/// By the last four digits: 10,000 is a multiple of 400, so longer years follow the same cycle.
fn is_leap(year: &str) -> bool {
    let cycle: u32 = year[year.len() - 4..].parse().unwrap_or(0);
    cycle.is_multiple_of(4) && (!cycle.is_multiple_of(100) || cycle.is_multiple_of(400))
}

fn days_in(month: u32, leap: bool) -> u32 {
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// An `xs:time`: seconds may have a fraction; 24:00:00 is the end of the day.
fn is_time(value: &str) -> bool {
    let bytes = value.as_bytes();
    let field = |at: usize| value.get(at..at + 2).and_then(two_digits);
    let (Some(hour), Some(minute), Some(second)) = (field(0), field(3), field(6)) else {
        return false;
    };
    if bytes[2] != b':' || bytes[5] != b':' || minute > 59 || second > 59 {
        return false;
    }
    let mut rest = &value[8..];
    let mut whole_second = true;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return false;
        }
        whole_second = fraction[..length].bytes().all(|digit| digit == b'0');
        rest = &fraction[length..];
    }
    let end_of_day = hour == 24 && minute == 0 && second == 0 && whole_second;
    (hour < 24 || end_of_day) && is_offset(rest)
}

/// Nothing, `Z`, or `+hh:mm` / `-hh:mm` up to fourteen hours.
fn is_offset(text: &str) -> bool {
    if text.is_empty() || text == "Z" {
        return true;
    }
    let (Some(hours), Some(minutes)) = (text.get(1..3).and_then(two_digits), text.get(4..6).and_then(two_digits))
    else {
        return false;
    };
    text.len() == 6
        && matches!(text.as_bytes()[0], b'+' | b'-')
        && text.as_bytes()[3] == b':'
        && (hours < 14 || (hours == 14 && minutes == 0))
        && minutes < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        for value in [
            "2026-02-28",
            "2024-02-29",
            "2000-02-29",
            "-0001-01-01",
            "-0004-02-29",
            "12000-02-29",
            "2026-01-01Z",
            "2026-01-01+14:00",
            "9223372036854775807-12-31",
            "-9223372036854775807-12-31",
        ] {
            assert!(is_date(value), "{value}");
        }
        for value in [
            "2026-02-29",
            "1900-02-29",
            "0000-01-01",
            "-0000-01-01",
            "-0001-02-29",
            "9223372036854775808-01-01",
            "-9223372036854775808-01-01",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-06-31",
            "26-01-01",
            "02026-01-01",
            "2026-1-1",
            "20260101",
            "2026/01/01",
            "2026-01-01T00:00:00",
            "+2026-01-01",
            "",
            "-",
            "2026-01-01+14:01",
            "2026-01-0\u{661}",
            "2026-0é-01",
        ] {
            assert!(!is_date(value), "{value}");
        }
    }

    #[test]
    fn times_follow_the_clock() {
        for value in ["00:00:00", "23:59:59", "12:00:00.123", "24:00:00", "24:00:00.0", "12:00:00Z"] {
            assert!(is_time(value), "{value}");
        }
        for value in ["24:00:01", "12:60:00", "12:00:60", "12:00", "12:00:00.", "1:00:00", "", "12-00-00", "24:00:00.1"]
        {
            assert!(!is_time(value), "{value}");
        }
    }

    #[test]
    fn integers_of_any_length() {
        assert_eq!(integer("-0"), Some(0));
        assert_eq!(integer("+007"), Some(7));
        assert_eq!(integer(&"9".repeat(1000)), Some(i64::MAX));
        assert_eq!(integer(&format!("{}5", "0".repeat(1000))), Some(5));
        for value in ["", "-", "+", "1_0", "1.0", "--1", "\u{661}", "1 0", "0x1"] {
            assert_eq!(integer(value), None, "{value:?}");
        }
    }

    #[test]
    fn white_space_collapses_outside_strings() {
        let mut value = " \t1\r\n".to_owned();
        SimpleType::unrestricted(Base::Integer).normalise(&mut value);
        assert_eq!(value, "1");
        let mut value = "\u{A0}1".to_owned();
        SimpleType::unrestricted(Base::Integer).normalise(&mut value);
        assert_eq!(SimpleType::unrestricted(Base::Integer).check(&value), Err(Breach::NotAnInteger));
        let mut value = " a ".to_owned();
        SimpleType::unrestricted(Base::String).normalise(&mut value);
        assert_eq!(value, " a ");
    }

    #[test]
    fn lengths_count_characters() {
        let three = SimpleType { min_length: Some(2), max_length: Some(3), ..SimpleType::unrestricted(Base::String) };
        assert_eq!(three.check("é\u{1F600}a"), Ok(()));
        assert_eq!(three.check("éééé"), Err(Breach::TooLong));
        assert_eq!(three.check("é"), Err(Breach::TooShort));
    }

    #[test]
    fn bounds_are_inclusive() {
        let small = SimpleType { min: Some(0), max: Some(99), ..SimpleType::unrestricted(Base::Integer) };
        for (value, outcome) in [
            ("0", Ok(())),
            ("-0", Ok(())),
            ("099", Ok(())),
            ("-1", Err(Breach::BelowMin)),
            ("100", Err(Breach::AboveMax)),
            ("18446744073709551617", Err(Breach::AboveMax)),
            ("-18446744073709551617", Err(Breach::BelowMin)),
        ] {
            assert_eq!(small.check(value), outcome, "{value}");
        }
    }
}
