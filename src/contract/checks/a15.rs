//! A15: all that is allocated belongs to a segment.
//!
//! Every product code belongs to one segment on a day; the register refuses one that belongs to two. A code that stands in
//! no list the standard rejects itself (TR381, S329). What is left is an allocation or a claim by a category without a
//! code, or with one that was taken off the list since, of which no segment holds a product: nobody contracts it, and its
//! money belongs nowhere.

use super::cover::care;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A15",
    nl: "Elke toewijzing en elke prestatie valt in een segment van het register.",
    en: "Every allocation and every claimed line belongs to a segment of the register.",
    default_policy: Policy::Observe,
    parameters: &["products.csv category, code, segment"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    care(look)
        .iter()
        .filter(|care| care.is_unmapped() && !care.is(look, Flag::National) && !care.is(look, Flag::Hospital))
        .map(|care| {
            let (product, categorie, on) = (product_name(&care.product), &care.product.categorie, care.on);
            let (wat, what) = (care.what.nl(), care.what.en());
            let nl = format!(
                "Product {product} van categorie {categorie} valt op {on} in geen segment; {wat}. Neem het op in \
                 products.csv, of wijs een product toe dat er wel in staat."
            );
            let en = format!(
                "Product {product} of category {categorie} belongs to no segment on {on}; {what}. Add it to products.csv, or \
                 allocate a product that is there."
            );
            care.raise(look, nl, en).fact("categorie", categorie.as_str())
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    vec![
        silent("a product of a segment", Number::N301, |_| ()),
        silent("a category with products", Number::N301, |s| s.product("02", None)),
        raises("a category without any", Number::N301, &["toewijzing 1001"], |s| s.product("17", None)),
        raises("a category whose products are still to come", Number::N301, &["toewijzing 1001"], |s| {
            s.product("02", None);
            s.allocation().ingangsdatum = date(2021, 12, 31);
        }),
        silent("a generic allocation", Number::N301, |s| s.allocation().product = None),
        silent("a category that is contracted nationally", Number::N301, |s| {
            s.youth();
            s.product("55", None);
        }),
        silent("a claim on a product of a segment", Number::N323, |_| ()),
        raises("a claim on one that is in none", Number::N323, &["toewijzing 1001"], |s| {
            s.line().code = "02Z99".into();
        }),
    ]
}
