//! TR352: a request for change starts from what is allocated.
//!
//! The request names at least one `OngewijzigdProduct` or one `TeWijzigenProduct`. The request as a whole is named: what
//! is missing is one of two.

use super::helpers::verzoek;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR352",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::Verzoek,
    nl: "Een verzoek om wijziging bevat ten minste één ongewijzigd of te wijzigen product.",
    en: "A request for change has at least one unchanged product or one product to change.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(verzoek) = verzoek(case) else {
        return Vec::new();
    };
    if !verzoek.ongewijzigd.is_empty() || !verzoek.te_wijzigen.is_empty() {
        return Vec::new();
    }
    let violation = Violation::at(
        Place::verzoek(""),
        "Dit verzoek noemt geen enkele lopende toewijzing. Neem de lopende toewijzingen op als ongewijzigd of te \
        wijzigen product; is er geen, vraag dan een toewijzing aan met een 315.",
        "This request names no current allocation at all. Include the current allocations as unchanged products or as \
        products to change; if there is none, request an allocation by a 315.",
    );
    vec![
        violation
            .fact("ongewijzigde_producten", 0)
            .fact("te_wijzigen_producten", 0)
            .fact("nieuwe_producten", verzoek.nieuw.len()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_ongewijzigd_product;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Client/Verzoek";
    vec![
        accepts("one to change", Number::N317, |_| {}),
        accepts("one unchanged", Number::N317, |s| {
            s.verzoek().te_wijzigen.clear();
            add_ongewijzigd_product(s);
        }),
        accepts("one of each", Number::N317, |s| {
            add_ongewijzigd_product(s);
            s.add_nieuw_product(|_| {});
        }),
        rejects("only new ones", Number::N317, &[PATH], |s| {
            s.verzoek().te_wijzigen.clear();
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|_| {});
        }),
        rejects("nothing at all", Number::N317, &[PATH], |s| s.verzoek().te_wijzigen.clear()),
    ]
}
