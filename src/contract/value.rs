//! What one allocation may cost at most within a period, in eurocents (funding, section 2).
//!
//! The reckoning is exact: amounts are spread over days as fractions and rounded half up where the days of a week, month
//! or allocation are cut. Rounding runs from the first day on, so the parts of an allocation on both sides of a cut
//! always add up to the whole. Nothing here can overflow or panic: what no contract can mean becomes a very large amount.

use super::register::{Register, TariffRun};
use super::table::Validity;
use super::words::BrokenPeriods;
use crate::message::{Cents, Count, Date, Eenheid, Frequentie, Law, Omvang, Product, ProductCode, ToegewezenProduct};
use crate::rules::Parties;
use crate::rules::facts::Allocation;

/// What an allocation entitles to, as far as money goes.
#[derive(Debug, Clone, Copy)]
pub struct Entitlement<'a> {
    /// Product; `None` for a generic allocation.
    pub product: Option<&'a Product>,
    /// First day.
    pub ingangsdatum: Date,
    /// Last day.
    pub einddatum: Option<Date>,
    /// Volume.
    pub omvang: Option<&'a Omvang>,
    /// Budget.
    pub budget: Option<Cents>,
}

impl<'a> From<&'a ToegewezenProduct> for Entitlement<'a> {
    fn from(product: &'a ToegewezenProduct) -> Entitlement<'a> {
        Entitlement {
            product: product.product.as_ref(),
            ingangsdatum: product.ingangsdatum,
            einddatum: product.einddatum,
            omvang: product.omvang.as_ref(),
            budget: product.budget,
        }
    }
}

impl<'a> From<&'a Allocation> for Entitlement<'a> {
    fn from(allocation: &'a Allocation) -> Entitlement<'a> {
        Entitlement {
            product: allocation.product.as_ref(),
            ingangsdatum: allocation.ingangsdatum,
            einddatum: allocation.einddatum,
            omvang: allocation.omvang.as_ref(),
            budget: allocation.budget,
        }
    }
}

/// The value of an allocation within a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Value {
    /// The amount.
    pub cents: Cents,
    /// Why the amount is less than the truth; `None` when it is all there is.
    pub lacks: Option<Lack>,
}

/// What is missing to reckon with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// No tariff was agreed for the first of these days.
    Tariff(Date),
    /// The allocation has neither volume nor budget, so it sets no ceiling.
    Ceiling,
}

/// The value of `entitlement` within `window`.
pub fn value(
    register: &Register,
    law: Law,
    parties: Parties<'_>,
    entitlement: &Entitlement<'_>,
    window: Validity,
    broken: BrokenPeriods,
) -> Value {
    // A period that ends before it begins has no days; a rule of the standard says so to the sender.
    let Some(days) = Days::of(entitlement, window) else {
        return Value::default();
    };
    if let Some(budget) = entitlement.budget {
        let runs = [Run { from: days.begin, to: days.last, price: Some(Price { cents: 1, per: 1 }) }];
        let volume = u64::try_from(budget.0).unwrap_or(0);
        return Value { cents: days.spread(&[days.whole()], volume, &runs), lacks: None };
    }
    let Some(omvang) = entitlement.omvang else {
        return Value { cents: Cents(0), lacks: Some(Lack::Ceiling) };
    };
    let code = entitlement.product.and_then(|product| product.code.as_ref());
    let runs = prices(register, law, parties, code, omvang.eenheid, (days.begin, days.last));
    let lacking = runs.iter().find(|run| run.price.is_none() && days.from <= run.to);
    let periods = days.periods(omvang.frequentie, broken);
    Value {
        cents: days.spread(&periods, omvang.volume, &runs),
        lacks: lacking.map(|run| Lack::Tariff(run.from.max(days.from))),
    }
}

/// A price over a run of days: `cents` for `per` units.
#[derive(Debug, Clone, Copy)]
struct Price {
    cents: i64,
    per: i64,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    from: Date,
    to: Date,
    price: Option<Price>,
}

/// Minutes in an hour, and the least common multiple of all [`Price::per`].
const PER_HOUR: i64 = 60;

fn prices(
    register: &Register,
    law: Law,
    parties: Parties<'_>,
    code: Option<&ProductCode>,
    unit: Eenheid,
    span: (Date, Date),
) -> Vec<Run> {
    let (from, to) = span;
    if unit == Eenheid::Euro {
        return vec![Run { from, to, price: Some(Price { cents: 1, per: 1 }) }];
    }
    let Some(code) = code else {
        return vec![Run { from, to, price: None }];
    };
    let runs = |unit, per| {
        let priced = move |run: TariffRun| Run {
            from: run.from,
            to: run.to,
            price: run.cents.map(|cents| Price { cents: cents.0, per }),
        };
        register.tariff_runs(law, parties, code, unit, span).into_iter().map(priced).collect::<Vec<Run>>()
    };
    let own = runs(unit, 1);
    // Minutes are often contracted by the hour (volumes, section 7).
    if unit == Eenheid::Minuut && own.iter().all(|run| run.price.is_none()) {
        runs(Eenheid::Uur, PER_HOUR)
    } else {
        own
    }
}

/// The days that count: those of the allocation within the window, and where the allocation begins and ends.
#[derive(Debug, Clone, Copy)]
struct Days {
    /// First day of the allocation.
    begin: Date,
    /// Last day of the allocation; `None` when open.
    end: Option<Date>,
    /// First day that counts.
    from: Date,
    /// Last day that counts.
    last: Date,
}

/// A week, a month or a whole allocation: each of its days is worth the volume divided by `parts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    from: Date,
    to: Date,
    parts: i64,
}

impl Days {
    fn of(entitlement: &Entitlement<'_>, window: Validity) -> Option<Days> {
        let (begin, end) = (entitlement.ingangsdatum, entitlement.einddatum);
        let from = begin.max(window.from);
        let last = match (end, window.to) {
            (Some(end), Some(to)) => end.min(to),
            (Some(day), None) | (None, Some(day)) => day,
            (None, None) => return None,
        };
        (from <= last).then_some(Days { begin, end, from, last })
    }

    /// The whole allocation as one period. Without an end there are no days to divide by: everything then counts on the
    /// first day, and so in one window only.
    fn whole(&self) -> Period {
        let to = self.end.unwrap_or(self.begin);
        Period { from: self.begin, to, parts: count(self.begin, to) }
    }

    fn periods(&self, frequentie: Frequentie, broken: BrokenPeriods) -> Vec<Period> {
        match frequentie {
            Frequentie::Totaal => vec![self.whole()],
            Frequentie::PerDag => self.cut(Date::first_of_month, Date::last_of_month, |_, _| 1),
            Frequentie::PerWeek => self.cut(monday, sunday, |full, part| match broken {
                BrokenPeriods::Full => part,
                BrokenPeriods::Days => full,
            }),
            Frequentie::PerMaand => self.cut(Date::first_of_month, Date::last_of_month, |full, part| match broken {
                BrokenPeriods::Full => part,
                BrokenPeriods::Days => full,
            }),
        }
    }

    /// The calendar periods that the counted days touch, each cut to the allocation. `parts` gets the number of days of
    /// the calendar period and of the part within the allocation.
    fn cut(&self, first: fn(Date) -> Date, last: fn(Date) -> Date, parts: impl Fn(i64, i64) -> i64) -> Vec<Period> {
        let mut periods = Vec::new();
        let mut day = self.from;
        loop {
            let (start, end) = (first(day), last(day));
            let from = start.max(self.begin);
            let to = self.end.map_or(end, |limit| limit.min(end));
            periods.push(Period { from, to, parts: parts(count(start, end), count(from, to)).max(1) });
            match end.tomorrow() {
                Ok(next) if next <= self.last => day = next,
                _ => return periods,
            }
        }
    }

    /// Sum over the counted days of `periods`.
    fn spread(&self, periods: &[Period], volume: Count, runs: &[Run]) -> Cents {
        let total: i128 = periods
            .iter()
            .map(|period| {
                let last = self.last.min(period.to);
                let before = self.from.yesterday().ok().filter(|day| period.from <= *day);
                let until = if period.from <= last { upto(period, last, volume, runs) } else { 0 };
                until.saturating_sub(before.map_or(0, |day| upto(period, day.min(period.to), volume, runs)))
            })
            .fold(0, i128::saturating_add);
        Cents(clamp(total))
    }
}

/// Amount from the first day of a period up to and including `last`, rounded half up.
fn upto(period: &Period, last: Date, volume: Count, runs: &[Run]) -> i128 {
    let mut sum: i128 = 0;
    for run in runs {
        let Some(price) = run.price else { continue };
        let (from, to) = (run.from.max(period.from), run.to.min(last));
        if from > to {
            continue;
        }
        let scale = i128::from(PER_HOUR / price.per);
        let amount = i128::from(volume).saturating_mul(i128::from(price.cents)).saturating_mul(scale);
        sum = sum.saturating_add(amount.saturating_mul(i128::from(count(from, to))));
    }
    let parts = i128::from(period.parts) * i128::from(PER_HOUR);
    sum.saturating_add(parts / 2) / parts
}

/// Days from `from` up to and including `to`.
fn count(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24 + 1
}

fn monday(day: Date) -> Date {
    let back = i64::from(day.weekday().to_monday_zero_offset());
    day.saturating_sub(jiff::Span::new().days(back))
}

fn sunday(day: Date) -> Date {
    let ahead = 6 - i64::from(day.weekday().to_monday_zero_offset());
    day.saturating_add(jiff::Span::new().days(ahead))
}

/// The nearest amount that fits.
pub(super) fn clamp(amount: i128) -> i64 {
    i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
}
