//! A14: youth care ends at the age limit, and the passage to adult support begins in time.
//!
//! Care under the Jeugdwet reaches to the birthday on which the age limit (`youth_age_limit`) is reached, but for products
//! that may run on (flag `extended_youth`: foster care, family homes). What begins on or after that day is told, and a
//! request for it may be rejected for reason 9. What begins before and runs on past it is told, so that support for
//! adults can follow; an allocation that comes closer to the limit than `adult_lead_months` too. Somebody born on
//! 29 February reaches the limit on 1 March.
//!
//! The Geboortedatum stands in a 301 and a 315. Where part of it is unknown (COD170) the latest possible day counts, so
//! that nobody is refused for an age that may not be theirs; a date that is unknown altogether says nothing.

use super::cover::{Care, care, sentence};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::norms::{ADULT_LEAD_MONTHS, YOUTH_AGE_LIMIT, months};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::types::Geboortedatum;
use crate::message::{Body, Code, Date, Law, Number};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A14",
    nl: "Jeugdhulp loopt niet door na de leeftijdsgrens, en de overgang naar volwassenenzorg is op tijd geregeld.",
    en: "Youth care does not run on past the age limit, and the passage to adult support is arranged in time.",
    default_policy: Policy::Observe,
    parameters: &["norms.youth_age_limit", "norms.adult_lead_months", "products.csv flags"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let numbers = &look.register.region.norms.numbers;
    let born = match &look.message.body {
        Body::Toewijzing(client) => &client.geboortedatum,
        Body::Aanvraag(client) => &client.geboortedatum,
        _ => return Vec::new(),
    };
    let (Law::Jeugdwet, Some(age), Some(born)) = (look.law(), numbers.of(&YOUTH_AGE_LIMIT), latest_birth(born)) else {
        return Vec::new();
    };
    let limit = birthday(born, age);
    let lead = numbers.of(&ADULT_LEAD_MONTHS).map(|lead| limit.saturating_sub(months(lead)));
    care(look)
        .iter()
        .filter(|care| !care.is(look, Flag::ExtendedYouth))
        .filter_map(|care| {
            let ends_before = |day: Date| care.until.is_some_and(|until| until < day);
            if care.on >= limit {
                Some(too_old(look, care, age, limit))
            } else if !ends_before(limit) {
                Some(runs_past(look, care, age, limit))
            } else {
                lead.filter(|lead| !ends_before(*lead)).map(|lead| comes_near(look, care, age, (lead, limit)))
            }
        })
        .collect()
}

/// The latest day on which the client can have been born.
fn latest_birth(born: &Geboortedatum) -> Option<Date> {
    match born.datum_gebruik.as_ref().map(Code::as_str) {
        None => Some(born.datum),
        Some("1") => Some(born.datum.last_of_month()),
        Some("2") => Some(born.datum.last_of_year()),
        Some(_) => None,
    }
}

/// The day on which somebody becomes `age` years old.
fn birthday(born: Date, age: u64) -> Date {
    let day = born.saturating_add(months(age.saturating_mul(12)));
    // Reckoning with months ends on 28 February for a birthday on the 29th.
    if day.day() == born.day() { day } else { day.tomorrow().unwrap_or(day) }
}

fn too_old(look: &Look<'_>, care: &Care, age: u64, limit: Date) -> Raised {
    let (on, product) = (care.on, product_name(&care.product));
    let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
    let nl = format!(
        "{wat}, product {product}, begint op {on}; de leeftijdsgrens van {age} jaar wordt op {limit} bereikt. Vraag \
         ondersteuning voor volwassenen aan, of een product dat mag doorlopen."
    );
    let en = format!(
        "{what}, product {product}, begins on {on}; the age limit of {age} years is reached on {limit}. Ask for support for \
         adults, or for a product that may run on."
    );
    let raised = care.raise_answering(look, Reden::AgeLimit, nl, en);
    let at_most = if look.message.kind.number == Number::N301 { Policy::Signal } else { raised.at_most };
    raised.at_most(at_most).fact("leeftijdsgrens", age).fact("bereikt_op", limit.to_string())
}

fn runs_past(look: &Look<'_>, care: &Care, age: u64, limit: Date) -> Raised {
    let product = product_name(&care.product);
    let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
    let (tot, until) = match care.until {
        Some(until) => (format!("tot en met {until}"), format!("until {until}")),
        None => ("zonder einddatum".to_owned(), "without an end".to_owned()),
    };
    let nl = format!(
        "{wat}, product {product}, loopt {tot}; de leeftijdsgrens van {age} jaar wordt op {limit} bereikt. Laat de zorg voor \
         die dag eindigen en regel wat erna nodig is."
    );
    let en = format!(
        "{what}, product {product}, runs {until}; the age limit of {age} years is reached on {limit}. Let the care end \
         before that day and arrange what is needed afterwards."
    );
    let mut raised = care.raise(look, nl, en).at_most(Policy::Signal);
    raised.subject.push_str(" voorbij de leeftijdsgrens");
    raised.fact("leeftijdsgrens", age).fact("bereikt_op", limit.to_string())
}

fn comes_near(look: &Look<'_>, care: &Care, age: u64, (lead, limit): (Date, Date)) -> Raised {
    let product = product_name(&care.product);
    let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
    let nl = format!(
        "{wat}, product {product}, loopt na {lead} nog; de leeftijdsgrens van {age} jaar wordt op {limit} bereikt. Begin nu \
         met de overgang naar ondersteuning voor volwassenen."
    );
    let en = format!(
        "{what}, product {product}, still runs after {lead}; the age limit of {age} years is reached on {limit}. Begin the \
         passage to support for adults now."
    );
    let mut raised = care.raise(look, nl, en).at_most(Policy::Signal);
    raised.severity = Severity::Info;
    raised.subject.push_str(" nabij de leeftijdsgrens");
    raised.fact("leeftijdsgrens", age).fact("bereikt_op", limit.to_string()).fact("overgang_vanaf", lead.to_string())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use jiff::civil::date;
    const TOO_OLD: &[&str] = &["toewijzing 1001"];
    const PAST: &[&str] = &["toewijzing 1001 voorbij de leeftijdsgrens"];
    const NEAR: &[&str] = &["toewijzing 1001 nabij de leeftijdsgrens"];
    // The allocation runs from 1 January until 31 March 2026, the request from 1 April until 30 September.
    fn youth(sample: &mut Sample, born: Date, part: Option<&str>) {
        sample.youth();
        sample.norm(&YOUTH_AGE_LIMIT, 18);
        sample.norm(&ADULT_LEAD_MONTHS, 6);
        let birth = Geboortedatum { datum: born, datum_gebruik: part.map(Into::into) };
        match &mut sample.message.body {
            Body::Toewijzing(client) => client.geboortedatum = birth,
            Body::Aanvraag(client) => client.geboortedatum = birth,
            other => panic!("no birth date in {other:?}"),
        }
    }
    vec![
        silent("a child", Number::N301, |s| youth(s, date(2015, 5, 5), None)),
        silent("ends on the day before the lead begins", Number::N301, |s| youth(s, date(2008, 10, 1), None)),
        raises("ends on the first day of the lead", Number::N301, NEAR, |s| youth(s, date(2008, 9, 30), None)),
        raises("ends on the day before the birthday", Number::N301, NEAR, |s| youth(s, date(2008, 4, 1), None)),
        raises("ends on the birthday", Number::N301, PAST, |s| youth(s, date(2008, 3, 31), None)),
        raises("begins on the day before the birthday", Number::N301, PAST, |s| youth(s, date(2008, 1, 2), None)),
        raises("begins on the birthday", Number::N301, TOO_OLD, |s| youth(s, date(2008, 1, 1), None)),
        raises("without an end", Number::N301, PAST, |s| {
            youth(s, date(2015, 5, 5), None);
            s.allocation().einddatum = None;
        }),
        silent("a product that may run on", Number::N301, |s| {
            youth(s, date(2008, 1, 1), None);
            s.mark("45A04", "extended_youth");
        }),
        silent("born somewhere in October", Number::N301, |s| youth(s, date(2008, 10, 1), Some("1"))),
        raises("born somewhere in September", Number::N301, NEAR, |s| youth(s, date(2008, 9, 1), Some("1"))),
        raises("born somewhere in 2007", Number::N301, TOO_OLD, |s| youth(s, date(2007, 1, 1), Some("2"))),
        silent("born somewhere in 2008", Number::N301, |s| youth(s, date(2008, 1, 1), Some("2"))),
        silent("born nobody knows when", Number::N301, |s| youth(s, date(1900, 1, 1), Some("3"))),
        raises("born on 29 February, from 1 March", Number::N301, TOO_OLD, |s| {
            youth(s, date(2004, 2, 29), None);
            s.norm(&YOUTH_AGE_LIMIT, 21);
            s.allocation().ingangsdatum = date(2025, 3, 1);
        }),
        raises("born on 29 February, from 28 February", Number::N301, PAST, |s| {
            youth(s, date(2004, 2, 29), None);
            s.norm(&YOUTH_AGE_LIMIT, 21);
            s.allocation().ingangsdatum = date(2025, 2, 28);
        }),
        silent("a limit that nobody stated", Number::N301, |s| {
            youth(s, date(2000, 1, 1), None);
            s.register.region.norms.numbers.unset(&YOUTH_AGE_LIMIT);
        }),
        silent("a lead that nobody stated", Number::N301, |s| {
            youth(s, date(2008, 4, 1), None);
            s.register.region.norms.numbers.unset(&ADULT_LEAD_MONTHS);
        }),
        silent("support for adults", Number::N301, |s| s.norm(&YOUTH_AGE_LIMIT, 18)),
        silent("a request for a child", Number::N315, |s| youth(s, date(2015, 5, 5), None)),
        raises(
            "a request that begins on the day before",
            Number::N315,
            &["verzoek V-2026-1 45A04 voorbij de leeftijdsgrens"],
            |s| youth(s, date(2008, 4, 2), None),
        ),
        raises("a request that begins on the birthday", Number::N315, &["verzoek V-2026-1 45A04"], |s| {
            youth(s, date(2008, 4, 1), None);
        }),
    ]
}
