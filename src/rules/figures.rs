//! How figures read in findings: amounts, volumes and earlier messages, in Dutch and in English.

use super::facts::{ClaimLine, Earlier};
use super::rule::Violation;
use crate::message::{Cents, Date, Eenheid};
use serde_json::Value;

/// A piece of a sentence in both languages of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub(crate) nl: String,
    pub(crate) en: String,
}

impl Phrase {
    pub(crate) fn new(nl: impl Into<String>, en: impl Into<String>) -> Phrase {
        Phrase { nl: nl.into(), en: en.into() }
    }
}

/// An amount in euros, from eurocents: `€ 1234,50`, `EUR 1234.50`.
pub(crate) fn euros(cents: i128) -> Phrase {
    let sign = if cents < 0 { "-" } else { "" };
    let (whole, part) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    Phrase::new(format!("€ {sign}{whole},{part:02}"), format!("EUR {sign}{whole}.{part:02}"))
}

/// [`euros`] of an amount of a message.
pub(crate) fn amount(cents: Cents) -> Phrase {
    euros(i128::from(cents.0))
}

/// A volume with its unit: `15 uur`, `1 half-day part`; volumes in euros read as amounts.
pub(crate) fn quantity(volume: impl Into<i128>, eenheid: Eenheid) -> Phrase {
    let volume = volume.into();
    if eenheid == Eenheid::Euro {
        return euros(volume);
    }
    let (nl, en) = if volume == 1 { one(eenheid) } else { (eenheid.nl(), eenheid.en()) };
    Phrase::new(format!("{volume} {nl}"), format!("{volume} {en}"))
}

fn one(eenheid: Eenheid) -> (&'static str, &'static str) {
    match eenheid {
        Eenheid::Minuut => ("minuut", "minute"),
        Eenheid::Uur => ("uur", "hour"),
        Eenheid::Etmaal => ("etmaal", "24-hour period"),
        Eenheid::Dagdeel => ("dagdeel", "half-day part"),
        Eenheid::StuksOutput | Eenheid::StuksInspanning => ("stuk", "piece"),
        Eenheid::Euro => ("eurocent", "eurocent"),
    }
}

/// A unit with its code, as an administrator finds it in the back office: `uur (04)`.
pub(crate) fn unit(eenheid: Eenheid) -> Phrase {
    let (nl, en) = match eenheid {
        Eenheid::StuksOutput => ("stuks output", "pieces of output"),
        Eenheid::StuksInspanning => ("stuks inspanning", "pieces of effort"),
        Eenheid::Euro => ("euro's", "euros"),
        other => (other.nl(), other.en()),
    };
    let code = eenheid.as_str();
    Phrase::new(format!("{nl} ({code})"), format!("{en} ({code})"))
}

/// An earlier message: `WMO301 B1 van 2026-01-05`.
pub(crate) fn earlier(message: &Earlier) -> Phrase {
    let Earlier { kind, identificatie, dagtekening } = message;
    Phrase::new(format!("{kind} {identificatie} van {dagtekening}"), format!("{kind} {identificatie} of {dagtekening}"))
}

/// A period: `van 2026-01-01 tot en met 2026-01-31`, or `vanaf 2026-01-01` without an end.
pub(crate) fn period(begin: Date, end: Option<Date>) -> Phrase {
    end.map_or_else(
        || Phrase::new(format!("vanaf {begin}"), format!("from {begin} on")),
        |end| Phrase::new(format!("van {begin} tot en met {end}"), format!("from {begin} up to and including {end}")),
    )
}

/// A line of an earlier declaration: `prestatie P1 van declaratie D1`.
pub(crate) fn earlier_line(line: &ClaimLine) -> Phrase {
    Phrase::new(
        format!("prestatie {} van declaratie {}", line.nummer, line.declaratie),
        format!("line {} of declaration {}", line.nummer, line.declaratie),
    )
}

/// A figure as JSON. A sum no ledger can reach is shown at the border of what JSON readers hold.
pub(crate) fn number(value: impl Into<i128>) -> Value {
    let value = value.into();
    Value::from(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
}

impl Violation {
    /// Adds the earlier message that this one conflicts with.
    #[must_use]
    pub(crate) fn earlier(self, message: &Earlier) -> Violation {
        self.fact("eerder_bericht", message.kind.as_str())
            .fact("eerder_identificatie", message.identificatie.as_str())
            .date("eerder_dagtekening", message.dagtekening)
    }

    /// Adds the line of an earlier declaration that this one conflicts with.
    #[must_use]
    pub(crate) fn earlier_line(self, line: &ClaimLine) -> Violation {
        self.fact("eerdere_prestatie", line.nummer.as_str()).fact("eerdere_declaratie", line.declaratie.as_str())
    }

    /// Adds a date as a figure when there is one.
    #[must_use]
    pub(crate) fn maybe_date(self, name: &'static str, value: Option<Date>) -> Violation {
        match value {
            Some(value) => self.date(name, value),
            None => self,
        }
    }

    /// Adds a whole number as a figure, of whatever width.
    #[must_use]
    pub(crate) fn number(self, name: &'static str, value: impl Into<i128>) -> Violation {
        self.fact(name, number(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_in_each_language() {
        assert_eq!(euros(0), Phrase::new("€ 0,00", "EUR 0.00"));
        assert_eq!(euros(123_405), Phrase::new("€ 1234,05", "EUR 1234.05"));
        assert_eq!(euros(-7), Phrase::new("€ -0,07", "EUR -0.07"));
        assert_eq!(euros(i128::MIN).nl, "€ -1701411834604692317316873037158841057,28");
    }

    #[test]
    fn one_of_a_unit_is_singular() {
        assert_eq!(quantity(1, Eenheid::Minuut), Phrase::new("1 minuut", "1 minute"));
        assert_eq!(quantity(0, Eenheid::Minuut), Phrase::new("0 minuten", "0 minutes"));
        assert_eq!(quantity(2, Eenheid::Uur), Phrase::new("2 uur", "2 hours"));
        assert_eq!(quantity(30_000, Eenheid::Euro), Phrase::new("€ 300,00", "EUR 300.00"));
    }

    #[test]
    fn numbers_beyond_json_stay_at_the_border() {
        assert_eq!(number(12), Value::from(12));
        assert_eq!(number(i128::MAX), Value::from(i64::MAX));
        assert_eq!(number(i128::MIN), Value::from(i64::MIN));
    }
}
