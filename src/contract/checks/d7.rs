//! D7: a trajectory is one, and is not claimed in full when it stops early.
//!
//! A second trajectory of one product within the days after the first is the first going on (301). A trajectory that
//! stops before a part of its planned time and was claimed in full has a settlement to come (307).

use super::spans::Spans;
use crate::contract::budget::{TEMPORARY, whole_worth};
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::norms::{EARLY_STOP_PERCENT, TRAJECTORY_RETURN_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::words::Model;
use crate::finding::Severity;
use crate::message::{Body, Date, Number, Product, ProductCode, StatusAanlevering, ToegewezenProduct};
use crate::rules::facts::Allocation;
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D7",
    nl: "Een traject begint niet kort na het vorige opnieuw en wordt niet vol gedeclareerd als het vroeg stopt.",
    en: "A trajectory does not begin again soon after the last, and is not claimed in full when it stops early.",
    default_policy: Policy::Observe,
    parameters: &["norms.trajectory_return_days", "norms.early_stop_percent", "agreements.csv model"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N307], run },
};

/// What the person has: first and last day, allocation.
type Had<'a> = (Date, Option<Date>, &'a Allocation);

fn run(look: &Look<'_>) -> Vec<Raised> {
    let mut by_code: BTreeMap<&ProductCode, Vec<Had<'_>>> = BTreeMap::new();
    for had in look.had() {
        if let Some(code) = had.product.as_ref().and_then(|product| product.code.as_ref()) {
            by_code.entry(code).or_default().push((had.ingangsdatum, had.einddatum, had));
        }
    }
    let by_code = by_code.into_iter().map(|(code, spans)| (code, Spans::of(spans))).collect();
    let again = look.allocated().filter_map(|new| second(look, new, &by_code));
    again.chain(early_stops(look)).collect()
}

fn is_trajectory(look: &Look<'_>, product: &Product, on: Date) -> bool {
    matches!(look.place(product, on).model, Model::Trajectory | Model::TrajectoryPlusBudget)
}

fn second(
    look: &Look<'_>,
    new: &ToegewezenProduct,
    by_code: &BTreeMap<&ProductCode, Spans<&Allocation>>,
) -> Option<Raised> {
    let product = new.product.as_ref().filter(|product| is_trajectory(look, product, new.ingangsdatum))?;
    let code = product.code.as_ref()?;
    let segment = look.place(product, new.ingangsdatum).slot.account?.segment;
    let within = look.register.region.norms.numbers.of_segment(&TRAJECTORY_RETURN_DAYS, &segment)?;
    if look.earlier(new.toewijzing_nummer).is_some() {
        return None;
    }
    let since = new.ingangsdatum.saturating_sub(days(within));
    let first = by_code.get(code)?.beside(since, Some(new.ingangsdatum))?;
    let (nummer, earlier) = (new.toewijzing_nummer, first.nummer);
    let until = first.einddatum.map_or_else(|| "-".to_owned(), |end| end.to_string());
    let nl = format!(
        "Toewijzing {nummer} begint op {} een tweede traject {code}, terwijl toewijzing {earlier} daarvan liep tot {until}. \
         Ga na of dit het eerste traject is dat doorgaat: daarvoor is al betaald.",
        new.ingangsdatum
    );
    let en = format!(
        "Allocation {nummer} begins a second trajectory {code} on {}, while allocation {earlier} of it ran until {until}. \
         See whether this is the first trajectory going on: that was paid for.",
        new.ingangsdatum
    );
    let raised = Raised::new(format!("toewijzing {nummer} tweede traject"), Severity::Warning, nl, en);
    Some(raised.about([nummer, earlier]).fact("norm_dagen", within).fact("product", code.as_str()))
}

fn early_stops(look: &Look<'_>) -> Vec<Raised> {
    let Body::Stop(client) = &look.message.body else { return Vec::new() };
    let stops = client.producten.iter().filter(|stop| {
        stop.status_aanlevering == StatusAanlevering::Eerste && stop.reden_beeindiging.as_str() != TEMPORARY
    });
    stops
        .filter_map(|stop| {
            let allocation = look.earlier(stop.toewijzing_nummer?)?;
            let product = allocation.product.as_ref()?;
            let begin = allocation.ingangsdatum;
            let piece = look.place(product, begin);
            let segment = &piece.slot.account.as_ref()?.segment;
            let percent = look.register.region.norms.numbers.of_segment(&EARLY_STOP_PERCENT, segment)?;
            let planned = begin.duration_until(allocation.einddatum?).as_hours() / 24 + 1;
            let passed = (begin.duration_until(stop.einddatum).as_hours() / 24 + 1).max(0);
            let price = whole_worth((look.register, look.law(), look.parties(), look.today), allocation);
            let granted: i64 = look.ledger.granted_on(allocation.nummer).iter().map(|line| line.bedrag.0).sum();
            let is_early = i128::from(passed) * 100 < i128::from(percent) * i128::from(planned);
            if !is_trajectory(look, product, begin) || !is_early || price.0 == 0 || granted < price.0 {
                return None;
            }
            let nummer = allocation.nummer;
            let nl = format!(
                "Traject van toewijzing {nummer} stopt na {passed} van {planned} dagen en is al voor {price} euro vol \
                 gedeclareerd. Reken af wat niet is geleverd."
            );
            let en = format!(
                "The trajectory of allocation {nummer} stops after {passed} of {planned} days and was claimed in full, \
                 {price} euros. Settle what was not delivered."
            );
            let raised = Raised::new(format!("toewijzing {nummer} vroege stop"), Severity::Warning, nl, en);
            let raised = raised.about([nummer]).fact("dagen", passed).fact("gepland_dagen", planned);
            Some(raised.fact("prijs_cent", price.0).fact("gedeclareerd_cent", granted).fact("norm_procent", percent))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use crate::message::{Cents, Eenheid, Frequentie, Omvang};
    use jiff::civil::date;
    const POT: &str = "FICTIEF-WIO-0197-2026";
    fn trajectory(s: &mut Sample) {
        s.register.set_model(POT, Model::Trajectory);
        s.register.region.norms.numbers.set(&TRAJECTORY_RETURN_DAYS, 90.into());
        s.register.region.norms.numbers.set(&EARLY_STOP_PERCENT, 50.into());
    }
    /// A trajectory of 100 days for 1,000.00 that was claimed for `cents`, stopped on its `days`-th day.
    fn stopped(s: &mut Sample, days: i64, cents: i64) {
        trajectory(s);
        let Body::Stop(client) = &mut s.message.body else { panic!("a 307") };
        client.producten[0].einddatum = date(2025, 12, 31).saturating_add(jiff::Span::new().days(days));
        let allocation = s.ledger.allocations.get_mut(&1001).expect("the sample has its allocation");
        (allocation.ingangsdatum, allocation.einddatum) = (date(2026, 1, 1), Some(date(2026, 4, 10)));
        let omvang = Omvang { volume: 100_000, eenheid: Eenheid::Euro, frequentie: Frequentie::Totaal };
        (allocation.omvang, allocation.budget) = (Some(omvang), None);
        let mut line = super::sample::granted_line();
        line.bedrag = Cents(cents);
        s.ledger.granted.insert(1001, vec![line]);
    }
    const SECOND: &[&str] = &["toewijzing 1001 tweede traject"];
    const EARLY: &[&str] = &["toewijzing 1001 vroege stop"];
    vec![
        silent("the first trajectory", Number::N301, trajectory),
        raises("90 days after the last", Number::N301, SECOND, |s| {
            trajectory(s);
            s.has(900, "02A03", date(2025, 6, 1), Some(date(2025, 10, 3)));
        }),
        silent("91 days after the last", Number::N301, |s| {
            trajectory(s);
            s.has(900, "02A03", date(2025, 6, 1), Some(date(2025, 10, 2)));
        }),
        silent("another sort of trajectory", Number::N301, |s| {
            trajectory(s);
            s.has(900, "02A02", date(2025, 6, 1), None);
        }),
        silent("no trajectory", Number::N301, |s| {
            trajectory(s);
            s.register.set_model(POT, Model::Pxq);
            s.has(900, "02A03", date(2025, 6, 1), None);
        }),
        silent("a new version of the same", Number::N301, |s| {
            trajectory(s);
            s.has(900, "02A03", date(2025, 6, 1), None);
            s.knows_allocation(|_| ());
        }),
        raises("stopped one day before half, claimed in full", Number::N307, EARLY, |s| stopped(s, 49, 100_000)),
        silent("stopped half way", Number::N307, |s| stopped(s, 50, 100_000)),
        silent("one cent not claimed", Number::N307, |s| stopped(s, 49, 99_999)),
        silent("a temporary stop", Number::N307, |s| {
            stopped(s, 49, 100_000);
            let Body::Stop(client) = &mut s.message.body else { panic!("a 307") };
            client.producten[0].reden_beeindiging = TEMPORARY.into();
        }),
    ]
}
