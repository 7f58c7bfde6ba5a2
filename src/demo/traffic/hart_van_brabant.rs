//! Hart van Brabant: arrangements in steps, and two municipalities that buy Wmo guidance by themselves.

use super::{Day, FEBRUARY, FROM_SPRING, Item, JANUARY, STAYS_OUT, YEAR, between};
use crate::demo::compose::Person;
use crate::demo::sample::Sample;
use crate::message::Law::{Jeugdwet, Wmo};
use jiff::civil::date;

/// Tilburg.
const TILBURG: &str = "0855";
/// Waalwijk.
const WAALWIJK: &str = "0867";
const ZORG: &str = "42422005";
const JEUGD: &str = "42422001";

pub(in crate::demo) fn day(sample: &Sample) -> Vec<Item> {
    let mut day = Day::of(sample);
    let (anna, cor, dirk, els) = (Person::nth(21), Person::nth(22), Person::nth(23), Person::nth(24));
    let (bram, fay, gijs) = (Person::young(25), Person::young(26), Person::young(27));
    let tilburg = between(Wmo, TILBURG, ZORG);
    let youth = between(Jeugdwet, TILBURG, JEUGD);

    let step = day.product(Wmo, "02H02", YEAR);
    day.allocation("an arrangement at step 2", &tilburg, &anna, &step);
    day.start("a start of delivery", &tilburg, &anna, &step);
    day.claim("the price of the step over January", &tilburg, &anna, &step, (JANUARY, 1));
    day.claim("twice the price of the step over February", &tilburg, &anna, &step, (FEBRUARY, 2)).rejected(&["9321"]);
    let dearer = day.product(Wmo, "02H03", FROM_SPRING);
    day.allocation("a dearer step for the same person", &tilburg, &anna, &dearer).signals(&["B4"]);

    // Waalwijk and Loon op Zand stay out of the joint procurement of guidance, and of nothing else.
    let guidance = day.product(Wmo, "02H01", YEAR);
    day.allocation("guidance in Waalwijk, which buys it itself", &between(Wmo, WAALWIJK, ZORG), &cor, &guidance)
        .held(STAYS_OUT);
    let household = day.product(Wmo, "01H01", YEAR);
    day.allocation("help in the household in Waalwijk", &between(Wmo, WAALWIJK, "42422007"), &cor, &household);
    let haaren = day.product(Wmo, "01H01", YEAR);
    day.allocation("care in Haaren, which ended in 2020", &between(Wmo, "0788", "42422007"), &els, &haaren)
        .rejected(&["S300"]);

    let wanted = day.product(Jeugdwet, "45H02", YEAR);
    day.request("a request for youth care", &youth, &bram, &wanted);
    day.allocation("youth care at step 2", &youth, &bram, &wanted);
    let second = day.product(Jeugdwet, "45H02", YEAR);
    day.allocation("a second child, below 70 % of the budget of Tilburg", &youth, &fay, &second);
    let third = day.product(Jeugdwet, "45H04", YEAR);
    day.allocation("a third at step 4, past it", &youth, &gijs, &third).signals(&["D2"]);

    let late = day.product(Wmo, "02H02", YEAR);
    day.allocation("care beyond a contract that runs out", &between(Wmo, TILBURG, "42422011"), &dirk, &late)
        .held(&["A4"]);
    let far = day.product(Wmo, "01H01", YEAR);
    day.allocation("a local contract outside its municipality", &between(Wmo, TILBURG, "42422012"), &els, &far)
        .held(&["A2"]);
    let stranger = day.product(Jeugdwet, "45H01", YEAR);
    day.allocation("a provider without a contract", &between(Jeugdwet, TILBURG, "42422010"), &fay, &stranger)
        .held(&["A1"]);
    day.stop("a stop, in agreement", &tilburg, &anna, &step, ("23", date(2026, 3, 9)));
    day.items
}
