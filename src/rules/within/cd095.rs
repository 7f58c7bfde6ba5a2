//! CD095: what a 315 asks for without a code has no volume.
//!
//! When `Product.Code` is absent, also because there is no product at all, and `ToewijzingEinddatum` is after 31 December
//! 2020 or absent, Omvang is absent. It is what CD080 asks of allocations.

use super::provision::{Provision, provisions};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD095",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Bij een aangevraagd product zonder productcode dat eindigt na 31-12-2020 of geen einddatum heeft, is Omvang \
        niet gevuld.",
    en: "A requested product without a product code that ends after 31 December 2020 or has no end date has no Omvang.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case).iter().filter_map(Provision::volume_without_code).collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_aangevraagd_product;
    use crate::message::AangevraagdProduct;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/Omvang";
    const SECOND: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/Omvang";
    fn aspecific(product: &mut AangevraagdProduct) {
        product.product.as_mut().expect("the sample has one").code = None;
    }
    vec![
        accepts("a code and an Omvang", Number::N315, |_| {}),
        accepts("a code and no Omvang", Number::N315, |s| s.aangevraagd_product().omvang = None),
        accepts("neither", Number::N315, |s| {
            aspecific(s.aangevraagd_product());
            s.aangevraagd_product().omvang = None;
        }),
        accepts("an Omvang without a code until the end of 2020", Number::N315, |s| {
            aspecific(s.aangevraagd_product());
            s.aangevraagd_product().toewijzing_einddatum = Some(date(2020, 12, 31));
        }),
        rejects("an Omvang without a code until the first day of 2021", Number::N315, &[FIRST], |s| {
            aspecific(s.aangevraagd_product());
            s.aangevraagd_product().toewijzing_einddatum = Some(date(2021, 1, 1));
        }),
        rejects("an Omvang without a code and without an end", Number::N315, &[FIRST], |s| {
            aspecific(s.aangevraagd_product());
            s.aangevraagd_product().toewijzing_einddatum = None;
        }),
        rejects("an Omvang without a product", Number::N315, &[FIRST], |s| s.aangevraagd_product().product = None),
        rejects("a volume of 0 without a product", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().product = None;
            s.aangevraagd_product().omvang.as_mut().expect("the sample has one").volume = 0;
        }),
        rejects("only the second of three", Number::N315, &[SECOND], |s| {
            add_aangevraagd_product(s, aspecific);
            add_aangevraagd_product(s, |_| {});
        }),
    ]
}
