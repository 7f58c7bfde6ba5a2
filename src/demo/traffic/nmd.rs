//! Noord & Midden Drenthe: results at levels of intervention, and municipalities that join for some segments only.

use super::{Day, FEBRUARY, FROM_SPRING, Item, STAYS_OUT, YEAR, between};
use crate::demo::compose::Person;
use crate::demo::sample::Sample;
use crate::message::Law::{Jeugdwet, Wmo};
use jiff::civil::date;

/// Assen.
const ASSEN: &str = "0106";
/// Contracted for guidance; `42421009` is its subcontractor.
const ZORG: &str = "42421001";

pub(in crate::demo) fn day(sample: &Sample) -> Vec<Item> {
    let mut day = Day::of(sample);
    let (anna, cor, dirk, els) = (Person::nth(11), Person::nth(12), Person::nth(13), Person::nth(14));
    let (bram, fay) = (Person::young(15), Person::young(16));
    let assen = between(Wmo, ASSEN, ZORG);
    let youth = between(Jeugdwet, ASSEN, "42421003");

    let support = day.product(Wmo, "02N02", (date(2026, 1, 1), date(2026, 6, 30)));
    day.allocation("support at level 4, the lightest result", &assen, &anna, &support);
    day.start("a start of delivery", &assen, &anna, &support);
    day.claim("a declaration of the result", &assen, &anna, &support, (FEBRUARY, 1));
    let heavier = day.product(Wmo, "02N03", FROM_SPRING);
    day.allocation("a step up from level 4 to 6", &assen, &anna, &heavier).signals(&["B4"]);

    let treatment = day.product(Jeugdwet, "45N01", YEAR);
    day.allocation("youth care at level 6", &youth, &bram, &treatment);
    let residence = day.product(Jeugdwet, "43N02", FROM_SPRING);
    day.allocation("residence at level 8, which the region wants to prevent", &youth, &fay, &residence);

    // Sheltered housing is bought by nine municipalities, the other segments by five.
    let wolden = between(Wmo, "1690", "42421005");
    let first = day.product(Wmo, "15N01", YEAR);
    day.allocation("sheltered housing in De Wolden, one of the four that join for it", &wolden, &cor, &first);
    let second = day.product(Wmo, "15N01", YEAR);
    day.allocation("a second one, past 100 % of the budget of De Wolden", &wolden, &dirk, &second).signals(&["D2"]);
    let elsewhere = day.product(Wmo, "02N02", YEAR);
    day.allocation("guidance in De Wolden, which takes no part in it", &between(Wmo, "1690", ZORG), &dirk, &elsewhere)
        .held(STAYS_OUT);
    let aids = day.product(Wmo, "14N01", YEAR);
    day.allocation("an aid in Haren, which ended in 2018", &between(Wmo, "0017", "42421005"), &els, &aids)
        .rejected(&["S300"]);

    let near = day.product(Wmo, "07N01", YEAR);
    day.allocation("a local contract in its municipality", &between(Wmo, "1730", "42421012"), &els, &near);
    let far = day.product(Wmo, "07N01", YEAR);
    day.allocation("the same contract in another", &between(Wmo, ASSEN, "42421012"), &cor, &far).held(&["A2"]);
    let over = day.product(Wmo, "15N01", FROM_SPRING);
    day.allocation("a contract that ended in 2025", &between(Wmo, ASSEN, "42421011"), &els, &over).held(&["A4"]);
    let stranger = day.product(Wmo, "02N02", YEAR);
    day.allocation("a provider without a contract", &between(Wmo, ASSEN, "42421010"), &dirk, &stranger).held(&["A1"]);
    day.claim(
        "a subcontractor that claims by itself",
        &between(Wmo, ASSEN, "42421009"),
        &anna,
        &support,
        (FEBRUARY, 1),
    )
    .rejected(&["8187"]);
    day.request("a request for a result", &youth, &fay, &treatment);
    day.stop("a stop, as planned", &assen, &anna, &support, ("19", date(2026, 3, 9)));
    day.items
}
