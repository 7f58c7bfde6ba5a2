//! B18: who needs only light help is helped by what is there for all.
//!
//! Of the persons whose care runs on the day of the survey and has a level in each of its products, the share of those
//! with nothing above `light_level`, by law and municipality; told above `light_percent`, with the number of those whose
//! care began in the last twelve months.
//!
//! Source: checks B18 (Hart van Brabant, Achterhoek, Noord-Limburg, Gooi en Vechtstreek). Doubtful: the source also sets
//! these persons against the inhabitants of the municipality; that needs a population table. Volume is left out: what is
//! little of one product is much of another.

use super::chains::courses;
use super::rates::{decimals, exceeds, fewest, latest, per_mille, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{LIGHT_LEVEL, LIGHT_PERCENT};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B18",
    nl: "Inwoners met alleen lichte hulp zijn geholpen met een algemene voorziening waar die volstaat.",
    en: "Persons who need only light help are helped by a general provision where that will do.",
    default_policy: Policy::Signal,
    parameters: &["products.csv level", "norms.light_level", "norms.light_percent", "norms.min_cases"],
    run: Run::OverTime(run),
};

/// Persons with care in a municipality.
#[derive(Default)]
struct Persons {
    all: u64,
    light: u64,
    recent: u64,
    numbers: Vec<Count>,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let (Some(fewest), Some(most)) = (fewest(survey), norms.of(&LIGHT_PERCENT)) else { return Vec::new() };
    let window = year_until(survey.today);
    let mut places: BTreeMap<(Law, &Party), Persons> = BTreeMap::new();
    for course in courses(survey) {
        let now: Vec<_> =
            course.spans.iter().filter(|span| span.from <= survey.today && survey.today <= span.to).collect();
        // Whether each product is light; `None` when that is not known of one.
        let light: Option<Vec<bool>> = now
            .iter()
            .map(|span| {
                let light = norms.of_segment(&LIGHT_LEVEL, span.segment()?)?;
                Some(u64::from(span.level()?) <= light)
            })
            .collect();
        let Some(light) = light.filter(|light| !light.is_empty()) else { continue };
        let place = places.entry((course.law, course.gemeente)).or_default();
        place.all += 1;
        if light.into_iter().all(|is_light| is_light) {
            place.light += 1;
            place.recent += u64::from(course.spans.iter().all(|span| window.holds_on(span.from)));
            place.numbers.extend(now.iter().map(|span| span.nummer()));
        }
    }
    places
        .into_iter()
        .filter(|(_, place)| place.all >= fewest && exceeds(place.light, place.all, most))
        .map(|((law, gemeente), place)| Surveyed::new(law, gemeente, light(place, most)))
        .collect()
}

fn light(place: Persons, most: u64) -> Raised {
    let Persons { all, light, recent, numbers } = place;
    let part = per_mille(light, all);
    let nl = format!(
        "{light} van {all} inwoners met zorg hebben alleen lichte zorg ({} %); gemeld wordt boven {most} %. {recent} van hen \
         hebben korter dan een jaar zorg. Bekijk met de toegang waar een algemene voorziening volstaat.",
        decimals(part, 1, ','),
    );
    let en = format!(
        "{light} of {all} persons with care have light care only ({} %); this is told above {most} %. {recent} of them have \
         had care for less than a year. See with the access team where a general provision will do.",
        decimals(part, 1, '.'),
    );
    Raised::new("gemeente", Severity::Info, nl, en)
        .about(latest(numbers))
        .fact("inwoners", all)
        .fact("alleen_licht", light)
        .fact("korter_dan_een_jaar", recent)
        .fact("aandeel_promille", part)
        .fact("norm_procent", most)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    const ONE: &str = "42420001";
    const TOLD: &[(&str, &str)] = &[("0197", "gemeente")];

    /// Ten persons, this many of them with light care.
    fn ten(t: &mut Timeline, light: Count) {
        t.norm(&MIN_CASES, 10);
        t.norm(&LIGHT_LEVEL, 1);
        t.norm(&LIGHT_PERCENT, 20);
        t.allocations(1, light, ONE, "02A01", date(2026, 3, 1));
        t.allocations(101, 10 - light, ONE, "02A02", date(2026, 3, 1));
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&LIGHT_PERCENT, 0)),
        silent("as much as the norm", |t| ten(t, 2)),
        raises("one person more", TOLD, |t| ten(t, 3)),
        silent("who has heavier care beside it", |t| {
            ten(t, 3);
            t.allocation(201, "of-1", "02A04", date(2026, 3, 1), None);
        }),
        silent("who has care without a level beside it", |t| {
            ten(t, 3);
            t.allocation(201, "of-1", "03A01", date(2026, 3, 1), None);
        }),
        raises("who had heavier care before", TOLD, |t| {
            ten(t, 3);
            t.allocation(201, "of-1", "02A04", date(2025, 3, 1), Some(date(2026, 2, 28)));
        }),
        silent("the light care ended yesterday", |t| {
            ten(t, 3);
            t.history.allocations[0].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        silent("nine persons", |t| {
            ten(t, 3);
            t.history.allocations.pop();
        }),
        silent("nobody stated what is light", |t| {
            ten(t, 10);
            t.no_norm(&LIGHT_LEVEL);
        }),
    ]
}
