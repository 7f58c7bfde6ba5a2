//! TR056: the sender has not used this Identificatie before for a message of the same kind.
//!
//! The key is `BerichtCode`, Afzender and Identificatie; the Dagtekening is no part of it. A 325 is judged as well, though
//! no message can carry the code to its sender.
//!
//! Doubtful: the source does not say whether the Identificatie of a message that was rejected as a whole may be used
//! again. Such a message counts as not sent (OP286), so here it may.

use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR056",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9056",
    numbers: &[
        Number::N301,
        Number::N305,
        Number::N307,
        Number::N315,
        Number::N317,
        Number::N319,
        Number::N323,
        Number::N325,
    ],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "De Identificatie van een bericht is uniek per berichtsoort en afzender.",
    en: "The Identificatie of a message is unique per kind of message and sender.",
    needs: &[Need::Ledger],
    doubt: "A message that was rejected as a whole counts as not sent, so its Identificatie may be used again.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(used) = case.facts.and_then(|facts| facts.identification_used.as_ref()) else {
        return Vec::new();
    };
    let earlier = figures::earlier(used);
    vec![
        Violation::at(
            Place::header("BerichtIdentificatie/Identificatie"),
            format!("Deze Identificatie is door deze afzender al gebruikt in {}. Geef elk bericht een nieuwe Identificatie.", earlier.nl),
            format!("This Identificatie was used by this sender before, in {}. Give each message a new Identificatie.", earlier.en),
        )
        .earlier(used),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, earlier, rejects};
    const PATH: &[&str] = &["/Bericht/Header/BerichtIdentificatie/Identificatie"];
    let mut rows = Vec::new();
    for &number in RULE.numbers {
        rows.push(accepts("a new identification", number, |_| {}));
        rows.push(rejects("a used identification", number, PATH, |s| {
            s.facts.identification_used = Some(earlier(s.message.kind.number.as_str()));
        }));
    }
    rows
}
