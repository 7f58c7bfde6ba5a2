//! What D2 and D8 share: an agreement that passes a threshold, is exceeded, or cannot be reckoned in full.
//!
//! A threshold is told once, by the message that passes it: consumption was below it and is on or above it now. Above
//! the full amount an allocation that adds to it may wait for a person, where agreement and policy both say so. Care is
//! never refused for money.

use crate::contract::budget::{Touched, Unknown};
use crate::contract::check::{Look, Raised};
use crate::contract::money::figures::Rate;
use crate::contract::money::funding;
use crate::contract::norms::REALISATION_RATE_PERCENT;
use crate::contract::policy::Policy;
use crate::contract::register::Agreement;
use crate::contract::value::Lack;
use crate::contract::words::OnExceed;
use crate::finding::Severity;
use crate::message::{Cents, Date, Number};

/// Numbers that move money.
pub(super) const NUMBERS: &[Number] = &[Number::N301, Number::N323];

/// What is to be told of the agreements that `concerns`.
pub(super) fn run(look: &Look<'_>, concerns: impl Fn(&Agreement) -> bool) -> Vec<Raised> {
    let mut raised = Vec::new();
    for (id, touched) in &look.movements.touched {
        let Some(agreement) = look.register.agreement(id).filter(|agreement| concerns(agreement)) else { continue };
        let passed = agreement.warn_at.iter().filter(|percent| passes(touched, agreement.amount, **percent));
        raised.extend(passed.map(|percent| threshold(look, agreement, touched, *percent)));
        if touched.after > agreement.amount && touched.after > touched.before {
            raised.extend(exceeded(look, agreement, touched));
        }
    }
    let unknown = look.movements.unknown.iter().filter_map(|unknown| {
        let agreement = look.register.agreement(&unknown.agreement).filter(|agreement| concerns(agreement))?;
        Some(unreckoned(agreement, unknown))
    });
    raised.extend(unknown);
    raised
}

/// Whether consumption was below `percent` of the amount and is on or above it now.
fn passes(touched: &Touched, amount: Cents, percent: u32) -> bool {
    let limit = i128::from(amount.0) * i128::from(percent);
    i128::from(touched.before.0) * 100 < limit && limit <= i128::from(touched.after.0) * 100
}

/// Whole percents of the amount, rounded down.
fn percent_of(part: Cents, amount: Cents) -> i64 {
    crate::contract::value::clamp(i128::from(part.0) * 100 / i128::from(amount.0.max(1)))
}

fn threshold(look: &Look<'_>, agreement: &Agreement, touched: &Touched, percent: u32) -> Raised {
    let Touched { before, after, realised, .. } = touched;
    let (id, amount) = (&agreement.id, agreement.amount);
    let used = percent_of(*after, amount);
    let (spent_nl, spent_en) = match realised {
        Some(realised) => {
            let spent = percent_of(*realised, amount);
            (
                format!(", waarvan {realised} euro gerealiseerd ({spent}%)"),
                format!(", of which {realised} euros realised ({spent}%)"),
            )
        }
        None => (String::new(), String::new()),
    };
    // 70% in July is another message than 70% in November.
    let elapsed = elapsed_percent(agreement, look.today);
    let expected = Expected::of(look, agreement, touched);
    let (expected_nl, expected_en) = expected.as_ref().map_or_else(Default::default, |expected| expected.texts(amount));
    let nl = format!(
        "Afspraak {id} voor {} ({}..{}) passeert {percent}%: {after} van {amount} euro is gebruikt of toegezegd \
         ({used}%){spent_nl}{expected_nl}; {elapsed}% van de periode is voorbij. Bespreek het verloop met de \
         betrokkenen.",
        agreement.segment, agreement.from, agreement.to
    );
    let en = format!(
        "Agreement {id} for {} ({}..{}) passes {percent}%: {after} of {amount} euros is used or committed \
         ({used}%){spent_en}{expected_en}; {elapsed}% of the period has passed. Discuss the course with those \
         concerned.",
        agreement.segment, agreement.from, agreement.to
    );
    let severity = if percent >= 100 { Severity::High } else { Severity::Warning };
    figures(look, Raised::new(format!("afspraak {id} {percent}%"), severity, nl, en), agreement, touched)
        .at_most(Policy::Signal)
        .fact("drempel_procent", percent)
        .fact("gebruik_voor_cent", before.0)
        .fact("periode_voorbij_procent", elapsed)
}

/// Whole percents of the agreement's days that have passed, today included.
fn elapsed_percent(agreement: &Agreement, today: Date) -> i64 {
    let days = |until: Date| agreement.from.duration_until(until).as_hours() / 24 + 1;
    (days(today).max(0) * 100 / days(agreement.to).max(1)).min(100)
}

/// Asks a person before more is allocated above the full amount. Only an allocation can wait.
fn exceeded(look: &Look<'_>, agreement: &Agreement, touched: &Touched) -> Option<Raised> {
    let at_most = match agreement.on_exceed {
        OnExceed::Signal => return None,
        OnExceed::Hold => Policy::Hold,
        OnExceed::Answer => Policy::Answer,
    };
    // What a court ordered is carried out, whatever it costs.
    if look.message.kind.number != Number::N301 || !funding(agreement.model).asks_when_full {
        return None;
    }
    let (id, amount, after) = (&agreement.id, agreement.amount, touched.after);
    let over = Cents(after.0.saturating_sub(amount.0));
    let numbers: Vec<String> = touched.toewijzingen.iter().map(u64::to_string).collect();
    let listed = numbers.join(", ");
    let nl = format!(
        "Met toewijzing {listed} komt afspraak {id} {over} euro boven {amount} euro ({after} gebruikt of toegezegd). \
         Bevestig de toewijzing met een reden, kies een aanbieder met ruimte, of verhoog het budget; zorg wordt niet om \
         geld geweigerd."
    );
    let en = format!(
        "Allocation {listed} takes agreement {id} {over} euros above {amount} euros ({after} used or committed). Confirm \
         the allocation with a reason, choose a provider with room, or raise the budget; care is not refused for money."
    );
    let subject = format!("afspraak {id} overschreden toewijzing {listed}");
    Some(figures(look, Raised::new(subject, Severity::High, nl, en), agreement, touched).at_most(at_most))
}

fn unreckoned(agreement: &Agreement, unknown: &Unknown) -> Raised {
    let (id, nummer) = (&agreement.id, unknown.toewijzing);
    let (nl, en) = match unknown.lack {
        Lack::Tariff(day) => (
            format!("er is geen tarief op {day}. Vul het tarief aan in het register"),
            format!("there is no tariff on {day}. Add the tariff to the register"),
        ),
        Lack::Ceiling => (
            "de toewijzing heeft geen omvang en geen budget. Houd er bij de prognose rekening mee".to_owned(),
            "the allocation has neither volume nor budget. Allow for it in the forecast".to_owned(),
        ),
    };
    let nl = format!("Toewijzing {nummer} telt niet volledig mee in afspraak {id}: {nl}.");
    let en = format!("Allocation {nummer} does not count in full for agreement {id}: {en}.");
    Raised::new(format!("afspraak {id} onbekend toewijzing {nummer}"), Severity::Info, nl, en)
        .about([nummer])
        .at_most(Policy::Signal)
        .fact("afspraak", id.as_str())
}

/// What is expected to be used, beside what may be used at most.
struct Expected {
    cents: Cents,
    /// Part of what is open that is expected to be claimed.
    percent: u64,
    /// Whether the region set that part; else everything is expected to be claimed.
    is_known: bool,
}

impl Expected {
    /// `None` when the ledger did not say what is realised.
    fn of(look: &Look<'_>, agreement: &Agreement, touched: &Touched) -> Option<Expected> {
        let norms = &look.register.region.norms.numbers;
        let known = norms.of_segment(&REALISATION_RATE_PERCENT, &agreement.segment);
        let percent = known.unwrap_or(100);
        let realised = touched.realised?;
        let open = Cents(touched.after.0.saturating_sub(realised.0));
        let rate = Rate::of_percent(percent);
        let cents = Cents(realised.0.saturating_add(rate.of_amount(open).0));
        Some(Expected { cents, percent, is_known: known.is_some() })
    }

    fn texts(&self, amount: Cents) -> (String, String) {
        let Expected { cents, percent, .. } = self;
        let used = percent_of(*cents, amount);
        if self.is_known {
            return (
                format!(
                    "; verwacht wordt {cents} euro ({used}%), omdat {percent}% van wat openstaat wordt gedeclareerd"
                ),
                format!("; {cents} euros ({used}%) is expected, since {percent}% of what is open gets claimed"),
            );
        }
        (
            format!("; verwacht wordt {cents} euro ({used}%), zolang geen realisatiegraad bekend is"),
            format!("; {cents} euros ({used}%) is expected while no realisation rate is known"),
        )
    }
}

fn figures(look: &Look<'_>, raised: Raised, agreement: &Agreement, touched: &Touched) -> Raised {
    let raised = match touched.realised {
        Some(realised) => raised.fact("gerealiseerd_cent", realised.0),
        None => raised,
    };
    let raised = match Expected::of(look, agreement, touched) {
        Some(expected) => {
            raised.fact("verwacht_cent", expected.cents.0).fact("realisatiegraad_procent", expected.percent)
        }
        None => raised,
    };
    raised
        .about(touched.toewijzingen.iter().copied())
        .fact("afspraak", agreement.id.as_str())
        .fact("segment", agreement.segment.as_str())
        .fact("aanbieder", agreement.agb.as_ref().map_or("*", |agb| agb.as_str()))
        .fact("bedrag_cent", agreement.amount.0)
        .fact("gebruik_cent", touched.after.0)
}
