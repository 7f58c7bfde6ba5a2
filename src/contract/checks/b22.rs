//! B22: the same result means the same in each municipality.
//!
//! For each product the mean volume in a week of its new allocations in a municipality, decided in the twelve months up
//! to the survey, with the same unit (minutes and hours are one); of municipalities with `min_cases` of them, two at least.
//! The variation is the standard deviation of those means over their own mean, in whole percents, each municipality
//! counting once. Told above `variation_percent` to each municipality that takes part, with its own mean.
//!
//! Source: checks B22 (Noord en Midden Drenthe). Doubtful: levels differ by product, so the level of one product cannot
//! vary; the level mix is B1 and B2. Allocations without a volume, and totals without an end, are left out.

use super::rates::{Indication, daily, decimals, fewest, indications, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::VARIATION_PERCENT;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Eenheid, Law, Party, ProductCode};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B22",
    nl: "Hetzelfde resultaat betekent in elke gemeente ongeveer dezelfde omvang.",
    en: "The same result means about the same volume in each municipality.",
    default_policy: Policy::Signal,
    parameters: &["norms.variation_percent", "norms.min_cases"],
    run: Run::OverTime(run),
};

/// A product in one unit.
type Key<'a> = (Law, &'a ProductCode, Eenheid);

/// Volumes are in parts of this.
const SCALE: i128 = 1_000_000;

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let most = survey.register.region.norms.numbers.of(&VARIATION_PERCENT);
    let (Some(fewest), Some(most)) = (fewest(survey), most) else { return Vec::new() };
    let window = year_until(survey.today);
    let mut products: BTreeMap<Key<'_>, BTreeMap<&Party, (u64, i128)>> = BTreeMap::new();
    for each in indications(survey).iter().filter(|each| window.holds_on(each.decided)) {
        let Some((unit, weekly)) = weekly(each) else { continue };
        let key = (each.allocated.law, &each.product.code, unit);
        let place = products.entry(key).or_default().entry(&each.allocated.gemeente).or_default();
        *place = (place.0 + 1, place.1.saturating_add(weekly));
    }
    let mut told = Vec::new();
    for ((law, code, unit), places) in products {
        let means: Vec<(&Party, u64, i128)> = places
            .into_iter()
            .filter(|(_, (n, _))| *n >= fewest)
            .map(|(gemeente, (n, sum))| (gemeente, n, sum / i128::from(n)))
            .collect();
        let Some((mean, variation)) = variation(&means).filter(|(_, variation)| *variation > most) else { continue };
        for (gemeente, n, own) in &means {
            let raised = varies(code, unit, (*n, *own), (mean, means.len()), (variation, most));
            told.push(Surveyed::new(law, gemeente, raised));
        }
    }
    told
}

/// Unit and volume in a week, in parts of [`SCALE`]: minutes for hours.
fn weekly(each: &Indication<'_>) -> Option<(Eenheid, i128)> {
    let omvang = each.allocation.omvang.as_ref()?;
    let unit = if omvang.eenheid == Eenheid::Uur { Eenheid::Minuut } else { omvang.eenheid };
    let (volume, per) = daily(each.allocation, omvang)?;
    Some((unit, volume.saturating_mul(7 * SCALE) / per))
}

/// The mean of the means, and the standard deviation as whole percents of it; `None` for fewer than two, or nothing.
fn variation(means: &[(&Party, u64, i128)]) -> Option<(i128, u64)> {
    let n = i128::try_from(means.len()).ok().filter(|n| *n > 1)?;
    let mean = means.iter().fold(0_i128, |sum, (_, _, own)| sum.saturating_add(*own)) / n;
    // A volume beyond all reason would not fit when squared: it is cut to parts of a thousand.
    let parts = |own: i128| (own - mean).saturating_mul(1_000).checked_div(mean).map(|part| part.min(1_000_000));
    let squares = means.iter().map(|(_, _, own)| parts(*own).map(|part| part * part)).sum::<Option<i128>>()?;
    Some((mean, u64::try_from((squares / n).isqrt() / 10).unwrap_or(u64::MAX)))
}

fn varies(
    code: &ProductCode,
    unit: Eenheid,
    (n, own): (u64, i128),
    (mean, places): (i128, usize),
    (variation, most): (u64, u64),
) -> Raised {
    let hundredths = |volume: i128| u64::try_from((volume * 100 + SCALE / 2) / SCALE).unwrap_or(u64::MAX);
    let (own, mean) = (hundredths(own), hundredths(mean));
    let name = unit.nl();
    let nl = format!(
        "Product {code} is in deze gemeente gemiddeld {} per week ({name}, {n} toewijzingen); het gemiddelde van {places} \
         gemeenten is {}, met een spreiding van {variation} % (gemeld boven {most} %). Leg de beoordeling in de regio naast \
         elkaar.",
        decimals(own, 2, ','),
        decimals(mean, 2, ','),
    );
    let en = format!(
        "Product {code} is {} a week on average in this municipality (unit {unit}, {n} allocations); the mean of {places} \
         municipalities is {}, with a variation of {variation} % (told above {most} %). Lay the assessments in the region \
         side by side.",
        decimals(own, 2, '.'),
        decimals(mean, 2, '.'),
        unit = unit.as_str(),
    );
    Raised::new(format!("product {code} eenheid {}", unit.as_str()), Severity::Info, nl, en)
        .fact("product", code.as_str())
        .fact("eenheid", unit.as_str())
        .fact("toewijzingen", n)
        .fact("gemiddeld_per_week_honderdsten", own)
        .fact("gemiddeld_regio_honderdsten", mean)
        .fact("gemeenten", places)
        .fact("variatie_procent", variation)
        .fact("norm_procent", most)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Count;
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "product 02A02 eenheid 01"), ("0222", "product 02A02 eenheid 01")];

    /// Five allocations of a hundred hours a week in one municipality, five of this many in another.
    fn two(t: &mut Timeline, hours: Count) {
        t.norm(&MIN_CASES, 5);
        t.norm(&VARIATION_PERCENT, 20);
        t.allocations(1, 5, "42420001", "02A02", date(2026, 3, 1));
        t.allocations(101, 5, "42420001", "02A02", date(2026, 3, 1));
        for (at, allocated) in t.history.allocations.iter_mut().enumerate() {
            let omvang = allocated.versions[0].omvang.as_mut().expect("the sample has a volume");
            omvang.volume = if at < 5 { 100 } else { hours };
            allocated.gemeente = if at < 5 { "0197" } else { "0222" }.into();
        }
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&VARIATION_PERCENT, 0)),
        silent("as much", |t| two(t, 100)),
        // 100 and 150: 25 either side of 125.
        silent("twenty percent", |t| two(t, 150)),
        // 100 and 154: 27 either side of 127, 21 %.
        raises("more than that", TOLD, |t| two(t, 154)),
        silent("half the volume in hours is the same in minutes", |t| {
            two(t, 6_000);
            for allocated in &mut t.history.allocations[5..] {
                allocated.versions[0].omvang.as_mut().expect("a volume").eenheid = Eenheid::Minuut;
            }
        }),
        silent("four cases in one", |t| {
            two(t, 200);
            t.history.allocations.pop();
        }),
        silent("decided longer ago", |t| {
            two(t, 200);
            t.history.allocations.iter_mut().for_each(|each| each.versions[0].toewijzingsdatum = date(2025, 7, 1));
        }),
        silent("nobody stated a variation", |t| {
            two(t, 200);
            t.no_norm(&VARIATION_PERCENT);
        }),
    ]
}
