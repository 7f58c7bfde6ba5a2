//! Which of many spans of days shares a day with another, without looking at pairs: a large message beside a person with
//! as many allocations must not take its time squared.

use crate::message::Date;

/// Spans of days, each with something that it stands for.
pub(super) struct Spans<T> {
    /// By first day.
    spans: Vec<(Date, Date, T)>,
    /// For each, which of it and those before it ends last; the first of equals.
    longest: Vec<usize>,
}

impl<T> Spans<T> {
    /// These spans; one without a last day runs on.
    pub(super) fn of(spans: impl IntoIterator<Item = (Date, Option<Date>, T)>) -> Spans<T> {
        let mut spans: Vec<(Date, Date, T)> =
            spans.into_iter().map(|(from, to, what)| (from, to.unwrap_or(Date::MAX), what)).collect();
        spans.sort_by_key(|(from, ..)| *from);
        let mut longest: Vec<usize> = Vec::with_capacity(spans.len());
        for (at, (_, to, _)) in spans.iter().enumerate() {
            let before = longest.last().copied();
            longest.push(before.filter(|before| spans[*before].1 >= *to).unwrap_or(at));
        }
        Spans { spans, longest }
    }

    /// Of those that share a day with this span, the one that ends last.
    pub(super) fn beside(&self, from: Date, to: Option<Date>) -> Option<&T> {
        let begun = self.spans.partition_point(|(begin, ..)| to.is_none_or(|to| *begin <= to));
        let at = *self.longest.get(begun.checked_sub(1)?)?;
        let (_, end, what) = &self.spans[at];
        (from <= *end).then_some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_same_as_looking_at_every_pair(
            spans in prop::collection::vec((0..30_i64, prop::option::of(0..10_i64)), 0..8),
            from in 0..30_i64, length in prop::option::of(0..10_i64),
        ) {
            let day = |number: i64| date(2026, 1, 1).saturating_add(number.days());
            let spans: Vec<(Date, Option<Date>, usize)> = spans
                .iter()
                .enumerate()
                .map(|(at, (begin, length))| (day(*begin), length.map(|length| day(begin + length)), at))
                .collect();
            let (from, to) = (day(from), length.map(|length| day(from + length)));
            let shares = |(begin, end, _): &&(Date, Option<Date>, usize)| {
                to.is_none_or(|to| *begin <= to) && end.is_none_or(|end| from <= end)
            };
            let end = |at: usize| spans[at].1.unwrap_or(Date::MAX);
            let latest = spans.iter().filter(shares).map(|(_, _, at)| end(*at)).max();
            let found = Spans::of(spans.clone()).beside(from, to).map(|at| end(*at));
            prop_assert_eq!(found, latest);
        }
    }
}
