//! D30: care is allocated before it begins, so that nothing is delivered that no budget knows of.

use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::norms::BACKDATING_DAYS;
use crate::contract::policy::Policy;
use crate::finding::Severity;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D30",
    nl: "Een toewijzing begint niet lang voor de dag waarop zij is besloten.",
    en: "An allocation does not begin long before the day on which it was decided.",
    default_policy: Policy::Observe,
    parameters: &["norms.backdating_days"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let norms = &look.register.region.norms.numbers;
    look.allocated()
        .filter(|new| look.earlier(new.toewijzing_nummer).is_none())
        .filter_map(|new| {
            let account = new.product.as_ref().and_then(|product| look.place(product, new.ingangsdatum).slot.account);
            let allowed = norms.of_segment(&BACKDATING_DAYS, account.map_or_else(String::new, |all| all.segment).as_str())?;
            let days = new.ingangsdatum.duration_until(new.toewijzingsdatum).as_hours() / 24;
            if days <= i64::try_from(allowed).unwrap_or(i64::MAX) {
                return None;
            }
            let (nummer, from, decided) = (new.toewijzing_nummer, new.ingangsdatum, new.toewijzingsdatum);
            let nl = format!(
                "Toewijzing {nummer} is op {decided} besloten en begint {days} dagen eerder, op {from}. Zolang was deze \
                 zorg in geen budget te zien; ga na waardoor."
            );
            let en = format!(
                "Allocation {nummer} was decided on {decided} and begins {days} days before, on {from}. No budget showed \
                 the care until then; see why."
            );
            let raised = Raised::new(format!("toewijzing {nummer}"), Severity::Info, nl, en).about([nummer]);
            Some(raised.fact("dagen", days).fact("norm_dagen", allowed))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use jiff::civil::date;
    fn decided(s: &mut Sample, month: i8, day: i8) {
        s.register.region.norms.numbers.set(&BACKDATING_DAYS, 14.into());
        s.allocation().ingangsdatum = date(2026, 1, 1);
        s.allocation().toewijzingsdatum = date(2026, month, day);
    }
    vec![
        silent("14 days", Number::N301, |s| decided(s, 1, 15)),
        raises("15 days", Number::N301, &["toewijzing 1001"], |s| decided(s, 1, 16)),
        silent("a later version of an allocation", Number::N301, |s| {
            decided(s, 3, 1);
            s.knows_allocation(|_| ());
        }),
        silent("a norm that is not stated", Number::N301, |s| {
            decided(s, 3, 1);
            s.register.region.norms.numbers.unset(&BACKDATING_DAYS);
        }),
    ]
}
