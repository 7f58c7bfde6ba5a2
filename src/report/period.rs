//! The period that a report is about.

use crate::contract::Validity;
use crate::message::Date;

/// A run of days with both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl Period {
    /// Reads `2026`, `2026-Q1`, `2026-03` or `2026-01-01/2026-03-31`.
    ///
    /// # Errors
    /// What is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Period, String> {
        if let Some((from, to)) = text.split_once('/') {
            let day = |part: &str| part.parse::<Date>().ok().filter(|_| part.len() == 10);
            let period = day(from).zip(day(to)).ok_or_else(|| unknown(text))?;
            if period.1 < period.0 {
                return Err(format!("period `{text}` ends before it begins; write the first day before the `/`"));
            }
            return Ok(Period { from: period.0, to: period.1 });
        }
        let (year, part) = text.split_once('-').map_or((text, None), |(year, part)| (year, Some(part)));
        let (first, last) = match part {
            None => (1, 12),
            Some("Q1") => (1, 3),
            Some("Q2") => (4, 6),
            Some("Q3") => (7, 9),
            Some("Q4") => (10, 12),
            Some(month) => {
                let month = digits(month, 2).and_then(|month| i8::try_from(month).ok());
                let month = month.ok_or_else(|| unknown(text))?;
                (month, month)
            }
        };
        let year = digits(year, 4).filter(|year| *year > 0).ok_or_else(|| unknown(text))?;
        let day = |month: i8| Date::new(year, month, 1).map_err(|_| unknown(text));
        Ok(Period { from: day(first)?, to: day(last)?.last_of_month() })
    }

    /// Whether a day lies within.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Whether it shares a day with a run of days that may be open.
    pub fn overlaps(&self, from: Date, to: Option<Date>) -> bool {
        from <= self.to && to.is_none_or(|to| self.from <= to)
    }

    /// As the window of a value.
    pub fn window(&self) -> Validity {
        Validity { from: self.from, to: Some(self.to) }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.from, self.to)
    }
}

fn digits(text: &str, length: usize) -> Option<i16> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn unknown(text: &str) -> String {
    format!(
        "`{text}` is no period; write a year (2026), a quarter (2026-Q1), a month (2026-03) or two days \
         (2026-01-01/2026-03-31)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_four_forms() {
        let rows = [
            ("2026", "2026-01-01/2026-12-31"),
            ("2026-Q1", "2026-01-01/2026-03-31"),
            ("2026-Q2", "2026-04-01/2026-06-30"),
            ("2026-Q3", "2026-07-01/2026-09-30"),
            ("2026-Q4", "2026-10-01/2026-12-31"),
            ("2024-02", "2024-02-01/2024-02-29"),
            ("2026-02", "2026-02-01/2026-02-28"),
            ("2026-12", "2026-12-01/2026-12-31"),
            ("2026-03-31/2026-03-31", "2026-03-31/2026-03-31"),
        ];
        for (text, expected) in rows {
            assert_eq!(Period::parse(text).map(|period| period.to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_told_with_how_to_write_one() {
        let rows = [
            "",
            "26",
            "02026",
            "0000",
            "2026-",
            "2026-Q5",
            "2026-q1",
            "2026-13",
            "2026-00",
            "2026-1",
            "2026-+1",
            "2026-02-30/2026-03-01",
            "2026-01-01/",
            "/",
            "2026-01-01",
            "maart",
        ];
        for text in rows {
            let fault = Period::parse(text).expect_err(text);
            assert!(fault.contains("is no period; write a year (2026)"), "{fault}");
        }
        let fault = Period::parse("2026-03-31/2026-03-30").expect_err("the wrong way round");
        assert!(fault.contains("ends before it begins"), "{fault}");
    }

    #[test]
    fn days_and_runs_at_the_ends_count() {
        let march = Period::parse("2026-03").expect("a period");
        let day = |day| Date::constant(2026, 3, 1).saturating_add(jiff::Span::new().days(day));
        assert!(march.holds(day(0)) && march.holds(day(30)) && !march.holds(day(31)) && !march.holds(day(-1)));
        assert!(march.overlaps(day(-9), Some(day(0))) && march.overlaps(day(30), None));
        assert!(!march.overlaps(day(-9), Some(day(-1))) && !march.overlaps(day(31), None));
    }
}
