//! What the charts of a report show, as values. `svg` draws them.

use crate::message::{Cents, Date};

/// A chart with the texts that stand for it where it is not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Unique within a report; letters, digits and hyphens.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What is to be seen in it.
    pub description: String,
    /// What is drawn.
    pub drawing: Drawing,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawing {
    /// The use of an amount in the course of its term.
    BurnUp(BurnUp),
    /// Shares against numbers of cases, with limits around the share of all.
    Funnel(Funnel),
    /// Days by name, two for each.
    Days(Days),
}

/// The use of an amount in the course of its term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnUp {
    /// First day of the term.
    pub from: Date,
    /// Last day of the term.
    pub to: Date,
    /// The amount.
    pub limit: Cents,
    /// What was realised up to the end of a month, rising in time.
    pub realised: Vec<(Date, Cents)>,
    /// What is expected at the end of the term, from which day on it is.
    pub forecast: Option<((Date, Cents), Cents)>,
    /// Day of the report, when it lies within the term.
    pub today: Option<Date>,
    /// Names of the lines: realised, straight path, forecast, limit.
    pub names: [String; 4],
}

/// Shares against numbers of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funnel {
    /// Cases of all together.
    pub cases: u64,
    /// How many of them count.
    pub hits: u64,
    /// A point for each party: number of cases, share in thousandths of a percent, and a name when it stands out.
    pub points: Vec<(u64, i64, Option<String>)>,
    /// Names of the axes: cases, share.
    pub axes: [String; 2],
    /// Names of the lines: share of all, 95 % limits, 99.8 % limits.
    pub names: [String; 3],
}

/// Two numbers of days for each name, and a norm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// Name, median and ninetieth percentile in tenths of days, and norm in days.
    pub bars: Vec<(String, i64, i64, Option<u64>)>,
    /// Name of the axis.
    pub axis: String,
    /// Names: median, ninetieth percentile, norm.
    pub names: [String; 3],
}

/// 1.96 standard deviations hold 95 % of what chance brings, in thousandths.
pub(super) const Z_95: u128 = 1_960;
/// 3.09 standard deviations hold 99.8 %.
pub(super) const Z_998: u128 = 3_090;

impl Funnel {
    /// Share of all in thousandths of a percent.
    pub fn centre(&self) -> i64 {
        super::lang::ratio(i128::from(self.hits) * 100_000, i128::from(self.cases)).unwrap_or(0)
    }

    /// Limits for a number of cases in thousandths of a percent: what chance alone would bring, by the normal
    /// approximation `p ± z·√(p(1-p)/n)`, within 0 and 100 %.
    pub fn limits(&self, cases: u64, z: u128) -> (i64, i64) {
        let (all, hits) = (u128::from(self.cases), u128::from(self.hits));
        if all == 0 || cases == 0 {
            return (0, 100_000);
        }
        // (100,000 · z / 1,000)² · p(1-p) / n, with p = hits / all; the numbers of a region leave room enough.
        let variance = z.pow(2).saturating_mul(10_000).saturating_mul(hits).saturating_mul(all.saturating_sub(hits));
        let spread = (variance / all.saturating_mul(all).saturating_mul(u128::from(cases))).isqrt();
        let spread = i64::try_from(spread).unwrap_or(i64::MAX);
        let centre = self.centre();
        (centre.saturating_sub(spread).max(0), centre.saturating_add(spread).min(100_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_normal_approximation() {
        let funnel = |cases, hits| Funnel {
            cases,
            hits,
            points: Vec::new(),
            axes: Default::default(),
            names: Default::default(),
        };
        // 25 % of 400; at n = 100: 25 ± 1.96 · √(0.25 · 0.75 / 100) = 25 ± 8.487 %, and 25 ± 13.38 %.
        let quarter = funnel(400, 100);
        assert_eq!(quarter.centre(), 25_000);
        assert_eq!(quarter.limits(100, Z_95), (16_513, 33_487));
        assert_eq!(quarter.limits(100, Z_998), (11_620, 38_380));
        assert_eq!(quarter.limits(5, Z_998), (0, 84_837), "never below nothing");
        assert_eq!(funnel(10, 0).limits(5, Z_95), (0, 0));
        assert_eq!(funnel(10, 10).limits(5, Z_95), (100_000, 100_000));
        assert_eq!(funnel(0, 0).limits(5, Z_95), (0, 100_000));
    }
}
