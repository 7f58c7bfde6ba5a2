//! Budgets: the agreements and accounts of a year with both figures (what may be used at most, and what is expected to be)
//! and the course of an agreement month by month.
//!
//! The figures are those of `sluis budgets`; the course is that of the postings (page: `docs/money.md`).

use crate::contract::money::figures::Figures;
use crate::contract::money::overview::{Line, Standing, overview};
use crate::contract::register::Agreement;
use crate::contract::survey::Survey;
use crate::contract::{Region, Validity};
use crate::decision::Account;
use crate::message::{Cents, Date};
use serde::Serialize;
use std::cmp::Reverse;
use utoipa::ToSchema;

/// Agreements and accounts of a region in a year, as they stand on a day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = RegionBudgets)]
pub struct Budgets {
    /// Id of the region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// The day.
    pub today: Date,
    /// The year.
    pub year: i16,
    /// Agreements that hold on any day of the year; those closest to their amount first.
    pub agreements: Vec<AgreementLine>,
    /// Accounts of the year, in order.
    pub accounts: Vec<AccountLine>,
}

/// An agreement as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AgreementLine {
    /// Its id.
    pub id: String,
    /// Segment.
    pub segment: String,
    /// Name of the segment.
    pub segment_name: String,
    /// Municipality; `None` for all together.
    pub gemeente: Option<String>,
    /// Provider; `None` for all together.
    pub aanbieder: Option<String>,
    /// How the care under it is paid.
    pub model: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Amount agreed.
    pub amount_cents: i64,
    /// Percentages of the amount at which somebody is told, rising.
    pub warn_at: Vec<u32>,
    /// The figures over its whole term.
    pub figures: Sums,
    /// Amount less what may be used at most; negative above it.
    pub headroom_hard_cents: i64,
    /// Amount less what is expected to be used.
    pub headroom_expected_cents: i64,
    /// First day on which the amount is expected to be passed.
    pub hits_on: Option<Date>,
    /// What may be used at most, in tenths of a percent of the amount, rounded down.
    pub used_per_mille: i64,
    /// What is expected to be used, likewise.
    pub expected_per_mille: i64,
}

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccountLine {
    /// Law: `wmo` or `jeugdwet`.
    pub law: String,
    /// Municipality, or the region for what is paid together.
    pub gemeente: String,
    /// Segment.
    pub segment: String,
    /// Part of the segment.
    pub subsegment: Option<String>,
    /// Provider.
    pub aanbieder: String,
    /// How it is paid.
    pub model: String,
    /// Year of delivery.
    pub year: i16,
    /// The figures.
    pub figures: Sums,
}

/// Figures, all in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sums {
    /// Ever reserved.
    pub reserved_gross_cents: i64,
    /// Realised.
    pub realised_cents: i64,
    /// Still open.
    pub open_cents: i64,
    /// Part of what is open that belongs to care that is interrupted.
    pub frozen_cents: i64,
    /// Expected to be claimed of what is open and not frozen.
    pub expected_open_cents: i64,
    /// Realised and open: what is used when everybody uses everything.
    pub consumption_hard_cents: i64,
    /// Realised and expected.
    pub consumption_expected_cents: i64,
    /// Delivered until today and not claimed.
    pub not_claimed_cents: i64,
    /// Expected of allocations without volume and budget; apart from the others.
    pub estimated_cents: i64,
    /// Allocations without an Einddatum among what is open.
    pub open_ended: usize,
}

/// What an account brings to an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Share {
    /// The account, as `law/gemeente/segment/part/aanbieder/model/year`.
    pub account: String,
    /// Ever reserved, in cents.
    pub reserved_gross_cents: i64,
    /// Realised, in cents.
    pub realised_cents: i64,
    /// Still open, in cents.
    pub open_cents: i64,
}

/// What was booked for an agreement on the days of one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Posted {
    /// First day of the month.
    pub month: Date,
    /// Realised, in cents.
    pub realised_cents: i64,
    /// Reserved less released, in cents.
    pub open_cents: i64,
}

/// The end of a month in the course of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Point {
    /// Last day of the month.
    pub on: Date,
    /// Realised until then, in cents.
    pub realised_cents: i64,
    /// Realised or open until then, in cents.
    pub committed_cents: i64,
}

/// What is expected to be realised by a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Expected {
    /// The day.
    pub on: Date,
    /// How much, in cents.
    pub cents: i64,
}

/// An agreement with its course.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AgreementInFull)]
pub struct Shown {
    /// Id of its region.
    pub region: String,
    /// The day of the figures.
    pub today: Date,
    /// The agreement.
    pub agreement: AgreementLine,
    /// What each account brings.
    pub accounts: Vec<Share>,
    /// What the postings add up to by the end of each month of its term.
    pub course: Vec<Point>,
    /// What is expected by the end of each month from that of today on, after what is realised today.
    pub expected: Vec<Expected>,
}

/// The budgets of a region in a year.
pub fn of_region(survey: &Survey<'_>, year: i16) -> Budgets {
    let region = &survey.register.region;
    let days = Date::new(year, 1, 1).ok().zip(Date::new(year, 12, 31).ok());
    let in_year = |agreement: &Agreement| {
        days.is_some_and(|(from, to)| agreement.validity().overlaps(&Validity { from, to: Some(to) }))
    };
    let overview = overview(survey, Some(year), in_year);
    let mut agreements: Vec<AgreementLine> =
        overview.standings.values().map(|standing| agreement(region, standing)).collect();
    agreements.sort_by(|a, b| Reverse(a.used_per_mille).cmp(&Reverse(b.used_per_mille)).then(a.id.cmp(&b.id)));
    Budgets {
        region: region.id.clone(),
        name: region.name.clone(),
        today: survey.today,
        year,
        agreements,
        accounts: overview.accounts.iter().map(account).collect(),
    }
}

/// One agreement with its course, from what was booked for it; `None` when the region has none of that id.
pub fn of_agreement(survey: &Survey<'_>, id: &str, posted: &[Posted]) -> Option<Shown> {
    let overview = overview(survey, None, |agreement| agreement.id == id);
    let standing = overview.standings.get(id)?;
    let share = |(account, [reserved, realised, open]): (&Account, &[Cents; 3])| Share {
        account: account.to_string(),
        reserved_gross_cents: reserved.0,
        realised_cents: realised.0,
        open_cents: open.0,
    };
    let expected = standing.expected.iter().map(|(on, cents)| Expected { on: *on, cents: cents.0 });
    let is_over = survey.today > standing.agreement.to;
    Some(Shown {
        region: survey.register.region.id.clone(),
        today: survey.today,
        agreement: agreement(&survey.register.region, standing),
        accounts: standing.accounts.iter().map(share).collect(),
        course: course(standing.agreement, posted),
        expected: if is_over { Vec::new() } else { expected.collect() },
    })
}

/// What was booked up to the end of each month, from the first of the agreement to its last; what was booked on days
/// outside of the term counts from where it stands, so that the last point is always the sum of all.
pub fn course(agreement: &Agreement, posted: &[Posted]) -> Vec<Point> {
    let months = posted.iter().map(|posted| posted.month);
    let first = months.clone().chain([agreement.from.first_of_month()]).min().unwrap_or(agreement.from);
    let last = months.chain([agreement.to.first_of_month()]).max().unwrap_or(agreement.to);
    let (mut realised, mut open) = (0_i64, 0_i64);
    let each =
        std::iter::successors(Some(first), |month| month.last_of_month().tomorrow().ok().filter(|next| *next <= last));
    each.map(|month| {
        for posted in posted.iter().filter(|posted| posted.month == month) {
            realised = realised.saturating_add(posted.realised_cents);
            open = open.saturating_add(posted.open_cents);
        }
        let committed_cents = realised.saturating_add(open);
        Point { on: month.last_of_month(), realised_cents: realised, committed_cents }
    })
    .collect()
}

fn agreement(region: &Region, standing: &Standing<'_>) -> AgreementLine {
    let Standing { agreement, figures, .. } = standing;
    let per_mille = |part: Cents| {
        let share = i128::from(part.0) * 1000 / i128::from(agreement.amount.0.max(1));
        i64::try_from(share).unwrap_or(if share < 0 { i64::MIN } else { i64::MAX })
    };
    AgreementLine {
        id: agreement.id.clone(),
        segment: agreement.segment.clone(),
        segment_name: region.segments.get(&agreement.segment).map(|known| known.name.clone()).unwrap_or_default(),
        gemeente: agreement.gemeente.as_ref().map(ToString::to_string),
        aanbieder: agreement.agb.as_ref().map(ToString::to_string),
        model: agreement.model.as_str().to_owned(),
        from: agreement.from,
        to: agreement.to,
        amount_cents: agreement.amount.0,
        warn_at: agreement.warn_at.clone(),
        figures: sums(figures, standing.not_claimed, standing.estimated, standing.open_ended),
        headroom_hard_cents: figures.headroom_hard.unwrap_or_default().0,
        headroom_expected_cents: figures.headroom_expected.unwrap_or_default().0,
        hits_on: figures.hits_on,
        used_per_mille: per_mille(figures.consumption_hard),
        expected_per_mille: per_mille(figures.consumption_expected),
    }
}

fn account(line: &Line) -> AccountLine {
    let Account { law, gemeente, segment, subsegment, aanbieder, model, year } = &line.account;
    AccountLine {
        law: law.as_str().to_owned(),
        gemeente: gemeente.to_string(),
        segment: segment.clone(),
        subsegment: subsegment.clone(),
        aanbieder: aanbieder.to_string(),
        model: model.as_str().to_owned(),
        year: *year,
        figures: sums(&line.figures, line.not_claimed, line.estimated, line.open_ended),
    }
}

fn sums(figures: &Figures, not_claimed: Cents, estimated: Cents, open_ended: usize) -> Sums {
    Sums {
        reserved_gross_cents: figures.reserved_gross.0,
        realised_cents: figures.realised.0,
        open_cents: figures.open.0,
        frozen_cents: figures.frozen.0,
        expected_open_cents: figures.expected_open.0,
        consumption_hard_cents: figures.consumption_hard.0,
        consumption_expected_cents: figures.consumption_expected.0,
        not_claimed_cents: not_claimed.0,
        estimated_cents: estimated.0,
        open_ended,
    }
}
