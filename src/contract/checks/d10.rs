//! D10: one measure at a time: no two measures of child protection or probation for one person on a day.
//!
//! Measures are what is paid per 24 hours of a trajectory.

use super::spans::Spans;
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use crate::contract::words::Model;
use crate::finding::Severity;
use crate::message::{Number, Product};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D10",
    nl: "Voor een persoon loopt er op een dag niet meer dan een maatregel.",
    en: "No more than one measure runs for a person on a day.",
    default_policy: Policy::Observe,
    parameters: &["agreements.csv model"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let is_measure =
        |product: &Product, on| look.place(product, on).model == Model::TrajectoryPerEtmaal && product.code.is_some();
    let measures = look.had().filter_map(|had| {
        let product = had.product.as_ref().filter(|product| is_measure(product, had.ingangsdatum))?;
        Some((had.ingangsdatum, had.einddatum, (had, product)))
    });
    let measures = Spans::of(measures);
    let mut raised = Vec::new();
    for new in look.allocated() {
        let Some(product) = new.product.as_ref().filter(|product| is_measure(product, new.ingangsdatum)) else {
            continue;
        };
        let Some((beside, had)) = measures.beside(new.ingangsdatum, new.einddatum) else { continue };
        let (nummer, earlier) = (new.toewijzing_nummer, beside.nummer);
        let code = product.code.as_ref().map_or("", |code| code.as_str());
        let had = had.code.as_ref().map_or("", |code| code.as_str());
        let nl = format!(
            "Toewijzing {nummer} geeft maatregel {code} vanaf {}, terwijl maatregel {had} in toewijzing {earlier} dan nog \
             loopt. Ga na welke van de twee geldt.",
            new.ingangsdatum
        );
        let en = format!(
            "Allocation {nummer} gives measure {code} from {}, while measure {had} in allocation {earlier} still runs \
             then. See which of the two holds.",
            new.ingangsdatum
        );
        let case = Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en);
        raised.push(case.about([nummer, earlier]).fact("product", code).fact("product_eerder", had));
    }
    raised
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use jiff::civil::date;
    fn measures(s: &mut Sample) {
        for pot in ["FICTIEF-WIO-0197-2025", "FICTIEF-WIO-0197-2026"] {
            s.register.set_model(pot, Model::TrajectoryPerEtmaal);
        }
    }
    const TWO: &[&str] = &["toewijzing 1001"];
    vec![
        silent("the only measure", Number::N301, measures),
        raises("beside another", Number::N301, TWO, |s| {
            measures(s);
            s.has(900, "02A01", date(2025, 6, 1), None);
        }),
        raises("on the last day of another", Number::N301, TWO, |s| {
            measures(s);
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2026, 1, 1)));
        }),
        silent("from the day after another", Number::N301, |s| {
            measures(s);
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2025, 12, 31)));
        }),
        silent("beside other care", Number::N301, |s| {
            measures(s);
            s.has(900, "04A01", date(2025, 6, 1), None);
        }),
        silent("no measure", Number::N301, |s| s.has(900, "02A01", date(2025, 6, 1), None)),
    ]
}
