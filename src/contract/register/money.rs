//! What the reckoning of money asks of the register: the days on which the account or agreements of care may change.

use super::Register;
use crate::contract::money::account::Care;
use crate::contract::table::Validity;
use crate::message::Date;
use std::collections::BTreeSet;

impl Register {
    /// Days after `from` and up to `to` on which a product row or an agreement that concerns the care begins, or has
    /// ended the day before.
    pub(crate) fn turning_days(&self, care: Care<'_>, from: Date, to: Date) -> BTreeSet<Date> {
        let mut days = BTreeSet::new();
        let mut turn = |validity: Validity| {
            let next = validity.to.and_then(|to| to.tomorrow().ok());
            days.extend([Some(validity.from), next].into_iter().flatten().filter(|day| from < *day && *day <= to));
        };
        let mut segments: BTreeSet<&str> = BTreeSet::new();
        if let Some(code) = care.code {
            for row in self.products.get(&(care.law, code.clone())).into_iter().flatten() {
                turn(row.validity);
                segments.insert(&row.segment);
            }
        } else if let Some(categorie) = care.categorie {
            for (segment, validity) in self.by_category.get(&(care.law, categorie.clone())).into_iter().flatten() {
                turn(*validity);
                segments.insert(segment);
            }
        }
        for segment in segments {
            self.agreements_for(segment, care.parties).for_each(|agreement| turn(agreement.validity()));
        }
        days
    }
}

#[cfg(test)]
impl Register {
    /// Another model for an agreement, for the cases of checks.
    pub(crate) fn set_model(&mut self, agreement: &str, model: crate::contract::words::Model) {
        self.agreements.get_mut(agreement).expect("an agreement of the register").model = model;
    }

    /// A mark on a product, for the cases of checks.
    pub(crate) fn set_flag(&mut self, code: &str, flag: crate::contract::words::Flag) {
        let mut rows = self.products.values_mut().flatten().filter(|product| product.code.as_str() == code).peekable();
        assert!(rows.peek().is_some(), "no product {code}");
        rows.for_each(|product| product.flags.extend([flag]));
    }
}
