//! The norms of the checks: figures that a region states or chooses, and that no program should invent.
//!
//! Each stands in `region.toml` as `[norms.<name>]` with its value, status and source. A norm that is not there, or whose
//! status is `not_stated`, is not set: a check that needs it does not run, and says so. There are no defaults.

use jiff::Span;
use std::collections::BTreeMap;

/// What a norm counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Calendar days.
    Days,
    /// Calendar months.
    Months,
    /// Whole years of age.
    Years,
    /// Things: persons, allocations, placements.
    Count,
    /// Whole percents.
    Percent,
    /// Eurocents.
    Cents,
    /// A level of `products.csv`.
    Level,
}

impl Unit {
    /// The word in documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Days => "days",
            Unit::Months => "months",
            Unit::Years => "years",
            Unit::Count => "count",
            Unit::Percent => "percent",
            Unit::Cents => "eurocents",
            Unit::Level => "level",
        }
    }

    /// The largest value that makes sense: a hundred years, ten times the whole, and what the ledger can hold.
    pub fn largest(self) -> u64 {
        match self {
            Unit::Days => 36_525,
            Unit::Months => 1_200,
            Unit::Years => 100,
            Unit::Count | Unit::Level => u64::from(u32::MAX),
            Unit::Percent => 1_000,
            Unit::Cents => 1_000_000_000_000_000,
        }
    }
}

/// A norm that is a whole number, as the checks know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Norm {
    /// Name in `region.toml`.
    pub name: &'static str,
    /// What its value counts.
    pub unit: Unit,
    /// What it means, in English.
    pub meaning: &'static str,
}

/// Values of the norms of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    by_name: BTreeMap<String, Value>,
}

/// The value of one norm: for all segments, and for some on their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value {
    /// For every segment without a value of its own.
    pub general: Option<u64>,
    /// By segment id.
    pub segments: BTreeMap<String, u64>,
}

impl Values {
    /// Sets a norm.
    pub fn set(&mut self, norm: &Norm, value: Value) {
        self.by_name.insert(norm.name.to_owned(), value);
    }

    /// Takes a norm away.
    pub fn unset(&mut self, norm: &Norm) {
        self.by_name.remove(norm.name);
    }

    /// The value for everything.
    pub fn of(&self, norm: &Norm) -> Option<u64> {
        self.by_name.get(norm.name)?.general
    }

    /// The value for a segment: its own, or else the one for everything.
    pub fn of_segment(&self, norm: &Norm, segment: &str) -> Option<u64> {
        let value = self.by_name.get(norm.name)?;
        value.segments.get(segment).copied().or(value.general)
    }
}

impl From<u64> for Value {
    fn from(general: u64) -> Value {
        Value { general: Some(general), segments: BTreeMap::new() }
    }
}

/// A number of days as a span, a hundred years at most, so that reckoning with it cannot fail.
pub fn days(number: u64) -> Span {
    Span::new().days(i64::try_from(number.min(Unit::Days.largest())).unwrap_or_default())
}

/// A number of months as a span, a hundred years at most.
pub fn months(number: u64) -> Span {
    Span::new().months(i64::try_from(number.min(Unit::Months.largest())).unwrap_or_default())
}

/// The norm of this name.
pub fn find(name: &str) -> Option<&'static Norm> {
    ALL.iter().copied().find(|norm| norm.name == name)
}

/// Declares the norms, each a constant of its name, and the list of all.
macro_rules! norms {
    ($( $constant:ident = $name:literal, $unit:ident, $meaning:literal; )+) => {
        $(
            #[doc = $meaning]
            pub static $constant: Norm = Norm { name: $name, unit: Unit::$unit, meaning: $meaning };
        )+

        /// All norms that are numbers, in the order of the catalogue of checks.
        pub static ALL: &[&Norm] = &[$( &$constant, )+];
    };
}

norms! {
    CONTRACT_NOTICE_DAYS = "contract_notice_days", Days,
        "A5: days before the end of a decided contract period at which allocations without cover are listed";
    TRANSITION_TAIL_DAYS = "transition_tail_days", Days,
        "A8: days after the end of a contract that clients who were in care may still be served";
    DELIVERY_DUTY_STARTS = "delivery_duty_starts", Count,
        "A9: starts in twelve months with which a provider counts as delivering in a municipality";
    DORMANT_MONTHS = "dormant_months", Months,
        "A11: months without a new allocation after which a contract counts as dormant";
    SMALL_PROVIDER_CLIENTS = "small_provider_clients", Count,
        "A12: clients below which a provider counts as small";
    YOUTH_AGE_LIMIT = "youth_age_limit", Years,
        "A14: age from which youth care ends, but for products with the flag extended_youth";
    ADULT_LEAD_MONTHS = "adult_lead_months", Months,
        "A14: months before that age at which the passage to adult support must have begun";
    MIN_CASES = "min_cases", Count,
        "B1 and other rates: cases below which no rate is told and no provider compared";
    STEP_UP_GAP_DAYS = "step_up_gap_days", Days,
        "B4: days between the end of an allocation and the start of the next that still make one chain";
    HIGH_LEVEL = "high_level", Level,
        "B2: level from which care counts as heavy";
    HIGH_LEVEL_PERCENT = "high_level_percent", Percent,
        "B2: share of heavy allocations above which it is told";
    SUPPORT_LEVEL = "support_level", Level,
        "B3: level of support that follows on heavier care";
    SUPPORT_LEVEL_PERCENT = "support_level_percent", Percent,
        "B3: share of allocations at that level below which it is told";
    AFTER_CARE_DAYS = "after_care_days", Days,
        "B3: days after heavier care ended within which support at that level counts as following on it";
    HIGH_LEVEL_MONTHS = "high_level_months", Months,
        "B4: months at one heavy level after which stepping down is asked for";
    EARLY_CHANGE_DAYS = "early_change_days", Days,
        "B5, B21: days after the start of an allocation within which a request for more counts as early";
    UPWARD_PERCENT = "upward_percent", Percent,
        "B5: share of upward requests above which it is told";
    PLACEMENTS = "placements", Count,
        "B9: placements in an episode of care that are as they should be; one more is told";
    EPISODE_GAP_DAYS = "episode_gap_days", Days,
        "B9: days without care after which a new episode begins";
    CONCURRENT_SEGMENTS = "concurrent_segments", Count,
        "B10: segments that serve one person on a day from which it is told";
    PERSON_YEAR_CENTS = "person_year_cents", Cents,
        "B10: value of all care of one person in a year above which it is told";
    FAMILY_MEMBERS = "family_members", Count,
        "B11: members of a household with care in one segment from which one result for the family is asked for";
    INDICATIONS_PER_YEAR = "indications_per_year", Count,
        "B12: new allocations in a calendar year that a segment is meant for";
    TRAJECTORY_CENTS = "trajectory_cents", Cents,
        "B13: agreed average cost of a closed trajectory";
    TRAJECTORY_TOLERANCE_PERCENT = "trajectory_tolerance_percent", Percent,
        "B13: part by which the average may differ from what was agreed";
    EXTENSIONS = "extensions", Count,
        "B14: extensions of one allocation that are as they should be; one more is told";
    RETURN_DAYS = "return_days", Days,
        "B15: days after the end of care within which new care in the same segment counts as a return";
    LOW_USE_PERCENT = "low_use_percent", Percent,
        "B17: use of an allocation below which it counts as low";
    LOW_USE_MONTHS = "low_use_months", Months,
        "B17: whole months of delivery that must have passed before use is looked at";
    LIGHT_LEVEL = "light_level", Level,
        "B18: level up to which care counts as light";
    LIGHT_PERCENT = "light_percent", Percent,
        "B18: share of persons with light care only above which it is told";
    RESIDENCE_LOOKBACK_DAYS = "residence_lookback_days", Days,
        "B20: days before a residence within which lighter care that never began is looked for";
    VARIATION_PERCENT = "variation_percent", Percent,
        "B22: variation of volume between municipalities for one product above which it is told";
    DIAGNOSIS_DAYS = "diagnosis_days", Days,
        "B23: days within which a second diagnosis of one person elsewhere is told";
    WAIT_DAYS = "wait_days", Days,
        "C1: days between allocation and start that are as they should be";
    OPEN_WAIT_PROVIDER_DAYS = "open_wait_provider_days", Days,
        "C2: days without a start or a claim after which the provider is asked";
    OPEN_WAIT_ACCESS_DAYS = "open_wait_access_days", Days,
        "C2: days without a start or a claim after which the access team is asked";
    MEDICAL_PERCENT = "medical_percent", Percent,
        "C3: share of youth allocations by medical referral above which it is told";
    EARLY_END_DAYS = "early_end_days", Days,
        "C7: days after a start within which an end counts as a mismatch";
    EARLY_END_PERCENT = "early_end_percent", Percent,
        "C7: share of mismatches above which it is told";
    EVALUATION_DAYS = "evaluation_days", Days,
        "C8: days before an extension within which an evaluation is expected";
    GAP_AFTER_STOP_DAYS = "gap_after_stop_days", Days,
        "C9: days after a stop by the provider within which new care is expected";
    TRANSFERS_PERCENT = "transfers_percent", Percent,
        "C11: changes of provider per hundred client years above which it is told";
    MOVES = "moves", Count,
        "C12: places of residence of one child in the months of moves_months from which it is told";
    MOVES_MONTHS = "moves_months", Months,
        "C12: months over which places of residence are counted";
    SUPPLY_DROP_PERCENT = "supply_drop_percent", Percent,
        "C14: drop of providers or of starts between two quarters from which it is told";
    TRIES = "tries", Count,
        "C15: providers that did not serve a person from which it is told";
    CRISIS_DAYS = "crisis_days", Days,
        "C16: longest duration of crisis care";
    CLAIM_LAG_MONTHS = "claim_lag_months", Months,
        "D1 and forecasts: months after delivery in which claims still come in";
    REALISATION_FLOOR_PERCENT = "realisation_floor_percent", Percent,
        "D1: realisation of what was allocated below which it is told";
    REALISATION_RATE_PERCENT = "realisation_rate_percent", Percent,
        "Forecasts: part of what is allocated that is expected to be claimed, until the ledger knows better";
    TRAJECTORY_RETURN_DAYS = "trajectory_return_days", Days,
        "D7: days after a trajectory within which a second one of its sort is not another trajectory";
    EARLY_STOP_PERCENT = "early_stop_percent", Percent,
        "D7: part of its planned time before which a trajectory that stops and is claimed in full is told";
    OCCUPANCY_PERCENT = "occupancy_percent", Percent,
        "D9, D27: use of paid places below which it is told";
    EARLY_BURN_PERCENT = "early_burn_percent", Percent,
        "D14: part by which use of an allocation may run ahead of its time";
    RIGHT_FIRST_TIME_PERCENT = "right_first_time_percent", Percent,
        "D15: share of declared lines granted below which it is told";
    LATE_CLAIM_DAYS = "late_claim_days", Days,
        "D15: days after the end of a period from which a claim counts as late";
    TURNOVER_GROWTH_PERCENT = "turnover_growth_percent", Percent,
        "D22: growth of a provider's turnover between two years above which it is told";
    CONCENTRATION_PERCENT = "concentration_percent", Percent,
        "A11, D26: share of the clients of a segment at one provider above which it is told";
    SROI_PERCENT = "sroi_percent", Percent,
        "D23: social return as part of turnover";
    SROI_THRESHOLD_CENTS = "sroi_threshold_cents", Cents,
        "D23: contract value from which social return is owed";
    FUNDING_MODELS = "funding_models", Count,
        "D29: funding models that one provider may meet";
    BACKDATING_DAYS = "backdating_days", Days,
        "D30: days that an allocation may begin before it was decided";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_their_own_constants() {
        let names: BTreeSet<&str> = ALL.iter().map(|norm| norm.name).collect();
        assert_eq!(names.len(), ALL.len());
        for norm in ALL {
            assert_eq!(find(norm.name), Some(*norm));
            assert!(norm.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", norm.name);
        }
        assert_eq!(find("no_such_norm"), None);
    }

    #[test]
    fn a_segment_goes_before_the_general_value() {
        let mut values = Values::default();
        assert_eq!(values.of_segment(&WAIT_DAYS, "wonen"), None);
        values.set(&WAIT_DAYS, Value { general: None, segments: BTreeMap::from([("wonen".to_owned(), 42)]) });
        assert_eq!((values.of(&WAIT_DAYS), values.of_segment(&WAIT_DAYS, "wonen")), (None, Some(42)));
        assert_eq!(values.of_segment(&WAIT_DAYS, "logeren"), None);
        values.set(&WAIT_DAYS, 28.into());
        assert_eq!((values.of(&WAIT_DAYS), values.of_segment(&WAIT_DAYS, "wonen")), (Some(28), Some(28)));
        values.unset(&WAIT_DAYS);
        assert_eq!(values.of(&WAIT_DAYS), None);
    }
}
