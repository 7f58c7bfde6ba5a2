//! What the checks of money over time share: who was granted what.

use crate::contract::survey::Survey;
use crate::message::{Date, Law, Party};
use std::collections::BTreeMap;

/// A provider in a municipality under a law.
pub(super) type Pair = (Law, Party, Party);

/// Granted per provider over deliveries from `from` to `to`, in cents.
pub(super) fn granted(survey: &Survey<'_>, from: Date, to: Date) -> BTreeMap<Pair, i128> {
    let mut sums: BTreeMap<Pair, i128> = BTreeMap::new();
    let within = |on: Date| from <= on && on <= to;
    for claimed in survey.history.lines.iter().filter(|each| each.line.granted && within(each.line.periode.begindatum))
    {
        let pair = (claimed.law, claimed.gemeente.clone(), claimed.aanbieder.clone());
        *sums.entry(pair).or_default() += i128::from(claimed.line.bedrag.0);
    }
    sums
}

/// A figure as a signal shows it.
pub(super) fn figure(value: i128) -> i64 {
    crate::contract::value::clamp(value)
}

/// First and last day of a calendar year.
pub(super) fn year(year: i16) -> (Date, Date) {
    let first = Date::new(year, 1, 1).unwrap_or(Date::MIN);
    (first, first.last_of_year())
}
