//! CD080: an allocation without a code has no volume.
//!
//! When `Product.Code` is absent, also because there is no product at all, and Einddatum is after 31 December 2020 or
//! absent, Omvang is absent. For any present-day allocation: no code, no Omvang.

use super::provision::{Provision, provisions};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD080",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen product zonder productcode dat eindigt na 31-12-2020 of geen einddatum heeft, is \
        Omvang niet gevuld.",
    en: "An allocation without a product code that ends after 31 December 2020 or has no end date has no Omvang.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case).iter().filter_map(Provision::volume_without_code).collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::ToegewezenProduct;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const PATH: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Omvang";
    fn aspecific(product: &mut ToegewezenProduct) {
        product.product.as_mut().expect("the sample has one").code = None;
    }
    vec![
        accepts("a code and an Omvang", Number::N301, |_| {}),
        accepts("neither", Number::N301, |s| {
            aspecific(s.product());
            s.product().omvang = None;
        }),
        accepts("an Omvang without a code until the end of 2020", Number::N301, |s| {
            aspecific(s.product());
            s.product().einddatum = Some(date(2020, 12, 31));
        }),
        rejects("an Omvang without a code until the first day of 2021", Number::N301, &[PATH], |s| {
            aspecific(s.product());
            s.product().einddatum = Some(date(2021, 1, 1));
        }),
        rejects("an Omvang without a code and without an end", Number::N301, &[PATH], |s| {
            aspecific(s.product());
            s.product().einddatum = None;
        }),
        rejects("an Omvang without a product", Number::N301, &[PATH], |s| s.product().product = None),
    ]
}
