//! D14: an allocation is not used up long before its time.
//!
//! Used is what was granted on it, this message included; its time is from its first to its last day, up to the end of
//! the latest period claimed.

use crate::contract::budget::whole_worth;
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::norms::EARLY_BURN_PERCENT;
use crate::contract::policy::Policy;
use crate::finding::Severity;
use crate::message::{Count, Date, Number};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D14",
    nl: "Een toewijzing raakt niet lang voor haar tijd op.",
    en: "An allocation is not used up long before its time.",
    default_policy: Policy::Observe,
    parameters: &["norms.early_burn_percent"],
    run: Run::OnMessage { numbers: &[Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let mut claimed: BTreeMap<Count, (i128, Date)> = BTreeMap::new();
    for line in look.claimed() {
        let (sum, until) = claimed.entry(line.toewijzing_nummer).or_insert((0, line.periode.einddatum));
        *sum += i128::from(line.bedrag.signed().0);
        *until = (*until).max(line.periode.einddatum);
    }
    claimed
        .into_iter()
        .filter_map(|(nummer, (now, until))| {
            let allocation = look.earlier(nummer)?;
            let piece = look.place(allocation.product.as_ref()?, allocation.ingangsdatum);
            let segment = &piece.slot.account.as_ref()?.segment;
            let tolerance = look.register.region.norms.numbers.of_segment(&EARLY_BURN_PERCENT, segment)?;
            let (begin, end) = (allocation.ingangsdatum, allocation.einddatum?);
            let all = i128::from(begin.duration_until(end).as_hours() / 24 + 1);
            let passed = i128::from(begin.duration_until(until.min(end)).as_hours() / 24 + 1).max(0);
            let worth = whole_worth((look.register, look.law(), look.parties(), look.today), allocation);
            let before: i128 = look.ledger.granted_on(nummer).iter().map(|line| i128::from(line.bedrag.0)).sum();
            let used = before + now;
            // used / worth > passed / all + tolerance, without a division.
            let worth_left = i128::from(worth.0) * (passed * 100 + i128::from(tolerance) * all);
            if now <= 0 || worth.0 <= 0 || all <= 0 || used * all * 100 <= worth_left {
                return None;
            }
            let (part, time) = (used * 100 / i128::from(worth.0), passed * 100 / all);
            let nl = format!(
                "Van toewijzing {nummer} is {part}% gebruikt terwijl {time}% van de looptijd voorbij is ({begin}..{end}). \
                 Ga met aanbieder en cliënt na of de omvang past."
            );
            let en = format!(
                "{part}% of allocation {nummer} is used while {time}% of its time has passed ({begin}..{end}). See with \
                 provider and client whether the volume fits."
            );
            let figure = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
            let raised = Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en).about([nummer]);
            let raised = raised.fact("gebruikt_cent", figure(used)).fact("waarde_cent", worth.0);
            Some(raised.fact("gebruikt_procent", figure(part)).fact("tijd_procent", figure(time)).fact("norm_procent", tolerance))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use crate::message::{Cents, Eenheid, Frequentie, Omvang};
    use jiff::civil::date;
    /// 1,000.00 over 100 days from 1 January, of which a line over January claims `cents`, with 10% of room.
    fn claimed(s: &mut Sample, cents: i64) {
        s.register.region.norms.numbers.set(&EARLY_BURN_PERCENT, 10.into());
        let allocation = s.ledger.allocations.get_mut(&1001).expect("the sample has its allocation");
        (allocation.ingangsdatum, allocation.einddatum) = (date(2026, 1, 1), Some(date(2026, 4, 10)));
        allocation.omvang = Some(Omvang { volume: 100_000, eenheid: Eenheid::Euro, frequentie: Frequentie::Totaal });
        allocation.budget = None;
        let line = s.line();
        (line.periode.begindatum, line.periode.einddatum) = (date(2026, 1, 1), date(2026, 1, 31));
        line.bedrag.bedrag = Cents(cents);
    }
    const EARLY: &[&str] = &["toewijzing 1001"];
    vec![
        silent("31 days and the room", Number::N323, |s| claimed(s, 41_000)),
        raises("one cent more", Number::N323, EARLY, |s| claimed(s, 41_001)),
        raises("with what was granted before", Number::N323, EARLY, |s| {
            claimed(s, 41_000);
            let mut line = super::sample::granted_line();
            line.bedrag = Cents(1);
            s.ledger.granted.insert(1001, vec![line]);
        }),
        silent("without an end", Number::N323, |s| {
            claimed(s, 90_000);
            s.ledger.allocations.get_mut(&1001).expect("its allocation").einddatum = None;
        }),
        silent("a norm that is not stated", Number::N323, |s| {
            claimed(s, 90_000);
            s.register.region.norms.numbers.unset(&EARLY_BURN_PERCENT);
        }),
    ]
}
