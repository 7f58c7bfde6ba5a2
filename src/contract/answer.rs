//! Why a municipality rejects a request, as the standard words it (`RedenAfwijzingVerzoek`, WJ759), and which request
//! the gateway may answer so.

use crate::message::{Code, ReferentieAanbieder};

/// A reason that a contract gives. The others of the list (1, 5, 7, 8) are for a person: they ask what else would help, or
/// who is responsible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reden {
    /// 2: does not fit the budget agreed with the provider.
    NotWithinBudget,
    /// 3: no contract.
    NoContract,
    /// 4: does not fit the contract.
    NotWithinContract,
    /// 6: stacking of the same product.
    Stacking,
    /// 9: past the age limit.
    AgeLimit,
}

impl Reden {
    /// All of them.
    pub const ALL: [Reden; 5] =
        [Reden::NotWithinBudget, Reden::NoContract, Reden::NotWithinContract, Reden::Stacking, Reden::AgeLimit];

    /// The code of list WJ759.
    pub fn code(self) -> Code {
        Code::from(match self {
            Reden::NotWithinBudget => "2",
            Reden::NoContract => "3",
            Reden::NotWithinContract => "4",
            Reden::Stacking => "6",
            Reden::AgeLimit => "9",
        })
    }
}

/// A rejection that the gateway gives in the name of the municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The request: one product of a 315, or a 317 as a whole.
    pub referentie: ReferentieAanbieder,
    /// Why.
    pub reden: Reden,
}
