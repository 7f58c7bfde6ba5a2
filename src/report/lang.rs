//! The language of a page, and how figures are written in it.

use crate::message::{Cents, Law};

/// Language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

impl Lang {
    /// The code of BCP 47.
    pub fn code(self) -> &'static str {
        self.say("nl", "en")
    }

    /// The text in this language.
    pub fn say<'t>(self, nl: &'t str, en: &'t str) -> &'t str {
        match self {
            Lang::Nl => nl,
            Lang::En => en,
        }
    }

    /// The name of a law.
    pub fn law(self, law: Law) -> &'static str {
        match law {
            Law::Wmo => "Wmo 2015",
            Law::Jeugdwet => "Jeugdwet",
        }
    }

    /// A whole number with its thousands apart.
    pub fn number(self, number: i128) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut text = String::new();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(self.say(".", ","));
            }
            text.push(digit);
        }
        if number < 0 { format!("-{text}") } else { text }
    }

    /// An amount in euros, to the cent.
    pub fn euros(self, cents: Cents) -> String {
        let (whole, part) = (cents.0.unsigned_abs() / 100, cents.0.unsigned_abs() % 100);
        let sign = if cents.0 < 0 { "-" } else { "" };
        format!("{sign}{}{}{part:02}", self.number(i128::from(whole)), self.say(",", "."))
    }

    /// Tenths as a number with one decimal.
    pub fn tenths(self, tenths: i64) -> String {
        let sign = if tenths < 0 { "-" } else { "" };
        let (whole, part) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
        format!("{sign}{}{}{part}", self.number(i128::from(whole)), self.say(",", "."))
    }
}

/// `part` of `whole` in tenths of a percent, rounded half up; `None` without a whole.
pub(super) fn per_mille(part: i128, whole: i128) -> Option<i64> {
    ratio(part.saturating_mul(1000), whole)
}

/// `part / whole`, rounded half up; `None` unless the whole is more than nothing.
pub(super) fn ratio(part: i128, whole: i128) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let doubled = part.saturating_mul(2).saturating_add(whole);
    i64::try_from(doubled.div_euclid(whole.saturating_mul(2))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_language_has_them() {
        let rows = [
            (0, "0,00", "0.00"),
            (5, "0,05", "0.05"),
            (123_456, "1.234,56", "1,234.56"),
            (-100_000_000, "-1.000.000,00", "-1,000,000.00"),
            (99_999, "999,99", "999.99"),
        ];
        for (cents, nl, en) in rows {
            assert_eq!((Lang::Nl.euros(Cents(cents)), Lang::En.euros(Cents(cents))), (nl.to_owned(), en.to_owned()));
        }
        assert_eq!(Lang::Nl.euros(Cents(i64::MIN)), "-92.233.720.368.547.758,08");
        assert_eq!((Lang::Nl.tenths(707), Lang::En.tenths(-12_345)), ("70,7".to_owned(), "-1,234.5".to_owned()));
    }

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(per_mille(1, 3), Some(333));
        assert_eq!(per_mille(2, 3), Some(667));
        assert_eq!(per_mille(1, 2000), Some(1), "half a tenth goes up");
        assert_eq!(per_mille(0, 7), Some(0));
        assert_eq!((per_mille(7, 0), per_mille(7, -7)), (None, None));
        assert_eq!(per_mille(-1, 2000), Some(0), "half up is up below zero too");
    }
}
