//! The words that a register is written in.

/// Declares a closed list of words.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:literal, )+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl $name {
            /// The words, in the order of the list.
            pub const WORDS: &'static [&'static str] = &[$( $word, )+];

            /// The word itself.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $word, )+ }
            }

            /// The inverse of `as_str`.
            pub fn parse(text: &str) -> Option<$name> {
                match text { $( $word => Some($name::$variant), )+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How care is paid for (funding, section 1).
    pub enum Model {
        /// Price times quantity.
        Pxq = "pxq",
        /// A price per trajectory.
        Trajectory = "trajectory",
        /// A price per 24 hours of a trajectory.
        TrajectoryPerEtmaal = "trajectory_per_etmaal",
        /// A price per trajectory, with an agreement on the total.
        TrajectoryPlusBudget = "trajectory_plus_budget",
        /// A fixed sum per year.
        Lumpsum = "lumpsum",
        /// An amount per head of a population.
        Population = "population",
        /// A task for a population, without allocations.
        TaskBased = "task_based",
        /// Places are paid, not their use.
        Availability = "availability",
        /// A price per step and period.
        Arrangement = "arrangement",
        /// A price per result and level.
        ResultBased = "result_based",
        /// Price times quantity on an agreed result, outside the messages.
        ResultAgreementPxq = "result_agreement_pxq",
        /// The source does not say.
        NotStated = "not_stated",
    }
}

impl Model {
    /// Whether the money of a client's allocation sits in the instalments of the contract, so that the allocation
    /// itself reserves nothing (funding, section 2, last row).
    pub fn pays_by_instalment(self) -> bool {
        match self {
            Model::Lumpsum | Model::Population | Model::TaskBased | Model::Availability => true,
            Model::Pxq
            | Model::Trajectory
            | Model::TrajectoryPerEtmaal
            | Model::TrajectoryPlusBudget
            | Model::Arrangement
            | Model::ResultBased
            | Model::ResultAgreementPxq
            | Model::NotStated => false,
        }
    }
}

words! {
    /// How certain a funding model is.
    pub enum ModelStatus {
        /// Announced, not confirmed from signed contracts.
        Intended = "intended",
        /// Confirmed by a person from signed contracts.
        Active = "active",
        /// The source names no model.
        NotStated = "not_stated",
    }
}

words! {
    /// State of a contract.
    pub enum ContractStatus {
        /// In force within its dates.
        Active = "active",
        /// Running clients may finish at this provider.
        Transition = "transition",
        /// Over; its dates tell until when it held.
        Ended = "ended",
    }
}

words! {
    /// What a region wants when an agreement is exceeded. Care is never refused by it alone.
    pub enum OnExceed {
        /// Tell the municipality.
        Signal = "signal",
        /// Ask a person before an allocation leaves.
        Hold = "hold",
        /// Answer a request with reason 2 (not within budget).
        Answer = "answer",
    }
}

words! {
    /// How a week or month counts that an allocation only touches in part.
    pub enum BrokenPeriods {
        /// In full: the ceiling that the standard itself applies (TR322).
        Full = "full",
        /// In proportion to its days.
        Days = "days",
    }
}

words! {
    /// What counts as one line of care when steps up and down are looked for.
    pub enum StepFamily {
        /// Products of one segment.
        Segment = "segment",
        /// Products of all segments of one lot.
        Lot = "lot",
    }
}

words! {
    /// What a product is, beside its category: marks that checks look for.
    pub enum Flag {
        /// Crisis care: never held, always paid.
        Crisis = "crisis",
        /// Stay with day and night: residence.
        Residence = "residence",
        /// Help at home or at an office.
        Ambulatory = "ambulatory",
        /// Treatment, for which a provider needs a registration.
        Treatment = "treatment",
        /// Day activities.
        DayActivity = "day_activity",
        /// Day activities of the educational form.
        Educational = "educational",
        /// Transport to day activities.
        Transport = "transport",
        /// Help in the household.
        Household = "household",
        /// A general provision, never allocated to one person.
        General = "general",
        /// Guidance by day and night, placed with few parties.
        RoundTheClock = "round_the_clock",
        /// Diagnosis.
        Diagnosis = "diagnosis",
        /// One result for a family, allocated to one of its members.
        Family = "family",
        /// Care by a hospital.
        Hospital = "hospital",
        /// Contracted nationally.
        National = "national",
        /// Part of a pilot, left out of comparisons.
        Pilot = "pilot",
        /// Sheltered housing.
        Sheltered = "sheltered",
        /// Care that may run on past the age limit of youth care.
        ExtendedYouth = "extended_youth",
        /// A method that is proven to work.
        EvidenceBased = "evidence_based",
        /// A base place that is paid by availability, not by use.
        BasePlace = "base_place",
    }
}
