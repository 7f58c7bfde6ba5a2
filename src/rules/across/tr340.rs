//! TR340: the product code of a line is that of its allocation, when the allocation has one.
//!
//! On an aspecific or generic allocation any code of the category may be claimed (TR381).

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR340",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9340",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductCode van een prestatie is gelijk aan die van de toewijzing, als die er een heeft.",
    en: "The ProductCode of a line equals that of the allocation, when that has one.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let allocated =
        line.allocation.and_then(|each| Some((each, each.product.as_ref().and_then(|product| product.code.as_ref())?)));
    let Some((allocation, allocated)) = allocated else {
        return Vec::new();
    };
    let claimed = &line.prestatie.code;
    if claimed == allocated {
        return Vec::new();
    }
    let nummer = allocation.nummer;
    vec![
        Violation::at(
            line.place("ProductCode"),
            format!("Toewijzing {nummer} is voor productcode {allocated}; gedeclareerd is {claimed}. Declareer de toegewezen code."),
            format!("Allocation {nummer} is for product code {allocated}; {claimed} is claimed. Claim the allocated code."),
        )
        .number("toewijzing_nummer", nummer)
        .fact("toegewezen_product_code", allocated.as_str())
        .fact("product_code", claimed.as_str()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductCode"];
    vec![
        accepts("the same code", N, |_| {}),
        rejects("another code", N, PATH, |s| s.line().code = "99Z99".into()),
        rejects("the same code in another case", N, PATH, |s| {
            let code = s.line().code.as_str().to_lowercase();
            s.line().code = code.as_str().into();
        }),
        accepts("an aspecific allocation", N, |s| {
            s.allocation().product.as_mut().expect("it has a product").code = None;
            s.line().code = "99Z99".into();
        }),
        accepts("a generic allocation", N, |s| s.allocation().product = None),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
    ]
}
