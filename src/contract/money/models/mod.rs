//! The ways of funding, one file each: what an allocation reserves, what a claim may be, and whether the money comes by
//! instalment (funding, sections 2 and 4).

use crate::contract::words::Model;

mod arrangement;
mod availability;
mod lumpsum;
mod not_stated;
mod population;
mod pxq;
mod result_agreement_pxq;
mod result_based;
mod task_based;
mod trajectory;
mod trajectory_per_etmaal;
mod trajectory_plus_budget;

#[cfg(test)]
mod cases;

/// What an allocation reserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserves {
    /// Its value, by the days of each year.
    ByDay,
    /// A price for the whole is an obligation of the year in which it begins; what is paid per period goes by day.
    AtStart,
    /// Nothing for a base place, which the instalments pay; its value for what comes on top.
    Overflow,
    /// Nothing: the money sits in the instalments of the agreement.
    Nothing,
}

/// What a line of a declaration may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    /// Priced.
    Priced,
    /// Priced for what comes on top of base places.
    Overflow,
    /// For registration only, at a tariff of nothing.
    Free,
    /// There are none in the messages.
    Never,
}

/// How one way of funding deals with messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Funding {
    /// Its name in the register.
    pub model: Model,
    /// What an allocation reserves.
    pub reserves: Reserves,
    /// What may be claimed.
    pub claims: Claims,
    /// Whether the agreement is paid by instalment.
    pub by_instalment: bool,
    /// Whether a full agreement may ask a person before more is allocated. Not where the care is ordered by a court.
    pub asks_when_full: bool,
    /// The above in one sentence.
    pub en: &'static str,
}

/// All ways of funding, in the order of the register's words.
pub static ALL: [&Funding; 12] = [
    &pxq::FUNDING,
    &trajectory::FUNDING,
    &trajectory_per_etmaal::FUNDING,
    &trajectory_plus_budget::FUNDING,
    &lumpsum::FUNDING,
    &population::FUNDING,
    &task_based::FUNDING,
    &availability::FUNDING,
    &arrangement::FUNDING,
    &result_based::FUNDING,
    &result_agreement_pxq::FUNDING,
    &not_stated::FUNDING,
];

/// How a model deals with messages.
pub fn funding(model: Model) -> &'static Funding {
    match model {
        Model::Pxq => &pxq::FUNDING,
        Model::Trajectory => &trajectory::FUNDING,
        Model::TrajectoryPerEtmaal => &trajectory_per_etmaal::FUNDING,
        Model::TrajectoryPlusBudget => &trajectory_plus_budget::FUNDING,
        Model::Lumpsum => &lumpsum::FUNDING,
        Model::Population => &population::FUNDING,
        Model::TaskBased => &task_based::FUNDING,
        Model::Availability => &availability::FUNDING,
        Model::Arrangement => &arrangement::FUNDING,
        Model::ResultBased => &result_based::FUNDING,
        Model::ResultAgreementPxq => &result_agreement_pxq::FUNDING,
        Model::NotStated => &not_stated::FUNDING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_its_funding() {
        let names: Vec<&str> = ALL.iter().map(|funding| funding.model.as_str()).collect();
        assert_eq!(names, Model::WORDS);
        for each in ALL {
            assert_eq!(funding(each.model), each);
            assert_eq!(each.by_instalment, each.model.pays_by_instalment(), "{}", each.model);
            assert!(each.en.ends_with('.'), "{}", each.model);
        }
    }
}
