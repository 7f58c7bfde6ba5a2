//! D20: a pilot has a ceiling, and pilot care stays within it and within its dates.
//!
//! The ceiling is an agreement for the segment of the pilot (`agreements.csv`): how far it is used is for D2 and D8. Here
//! is told that there is none on the day of the care, which is also how a pilot that is over shows.

use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D20",
    nl: "Zorg uit een pilot valt binnen de looptijd en het plafond van de pilot.",
    en: "Care of a pilot lies within the dates and the ceiling of the pilot.",
    default_policy: Policy::Observe,
    parameters: &["products.csv flags", "agreements.csv"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    look.cared()
        .iter()
        .filter(|(_, product, on)| {
            let piece = look.place(product, *on);
            piece.agreements.is_empty() && piece.product.is_some_and(|product| product.flags.contains(&Flag::Pilot))
        })
        .map(|(nummer, product, on)| {
            let code = product_name(product);
            let nl = format!(
                "Toewijzing {nummer} is voor pilotproduct {code} op {on}, waarvoor dan geen plafond geldt. Ga na of de \
                 pilot nog loopt, of leg het plafond vast in het register."
            );
            let en = format!(
                "Allocation {nummer} is for pilot product {code} on {on}, for which no ceiling holds then. See whether \
                 the pilot still runs, or record its ceiling in the register."
            );
            let raised = Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en);
            raised.about([*nummer]).fact("product", code).fact("datum", on.to_string())
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    vec![
        silent("no pilot", Number::N301, |_| ()),
        silent("a pilot with a ceiling", Number::N301, |s| s.register.set_flag("02A03", Flag::Pilot)),
        raises("a pilot whose agreement has not begun", Number::N301, &["toewijzing 1001"], |s| {
            s.register.set_flag("02A03", Flag::Pilot);
            s.allocation().ingangsdatum = date(2024, 12, 31);
        }),
        silent("a claim without a pilot", Number::N323, |_| ()),
        raises("a claim on a pilot without a ceiling", Number::N323, &["toewijzing 1001"], |s| {
            s.register.set_flag("02A03", Flag::Pilot);
            s.gemeente("0294");
        }),
    ]
}
