//! Price times quantity on an agreed result, outside the messages of iWmo and iJw. What is sent all the same is reckoned
//! like price times quantity.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::ResultAgreementPxq,
    reserves: Reserves::ByDay,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: true,
    en: "Kept outside the messages; what is sent all the same is reckoned like price times quantity.",
};
