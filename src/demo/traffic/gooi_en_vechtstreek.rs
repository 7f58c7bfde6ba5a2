//! Gooi en Vechtstreek: municipalities that stay out of a law or a segment, measures paid per 24 hours, budgets.

use super::{Day, FEBRUARY, FROM_SPRING, Item, STAYS_OUT, YEAR, between};
use crate::demo::compose::Person;
use crate::demo::sample::Sample;
use crate::message::Law::{Jeugdwet, Wmo};
use jiff::civil::date;

/// Hilversum.
const HILVERSUM: &str = "0402";
const HOUSEHOLD: &str = "42424006";
const JEUGD: &str = "42424007";
/// Carries out child protection.
const MEASURES: &str = "42424002";

pub(in crate::demo) fn day(sample: &Sample) -> Vec<Item> {
    let mut day = Day::of(sample);
    let (anna, cor, dirk, els) = (Person::nth(41), Person::nth(42), Person::nth(43), Person::nth(44));
    let (bram, fay, gijs) = (Person::young(45), Person::young(46), Person::young(47));
    let household = between(Wmo, HILVERSUM, HOUSEHOLD);
    let youth = between(Jeugdwet, HILVERSUM, JEUGD);

    let first = day.product(Wmo, "01G01", YEAR);
    day.allocation("help in the household", &household, &anna, &first);
    day.start("a start of delivery", &household, &anna, &first);
    day.claim("a declaration over February", &household, &anna, &first, (FEBRUARY, 8));
    let second = day.product(Wmo, "01G01", YEAR);
    day.allocation("a second household, below 70 % of the budget of Hilversum", &household, &cor, &second);
    let third = day.product(Wmo, "01G01", YEAR);
    day.allocation("a third one, past it", &household, &dirk, &third).signals(&["D2"]);

    // Eemnes takes no part in youth care, Laren none in the taxi.
    let eemnes = day.product(Jeugdwet, "45G05", YEAR);
    day.allocation("youth care in Eemnes, which stays out of it", &between(Jeugdwet, "0317", JEUGD), &fay, &eemnes)
        .held(STAYS_OUT);
    let support = day.product(Wmo, "02G05", YEAR);
    day.allocation("support for an adult in Eemnes", &between(Wmo, "0317", "42424004"), &els, &support);
    let laren = day.product(Wmo, "08G02", YEAR);
    day.allocation("the taxi in Laren, which stays out of it", &between(Wmo, "0417", "42424003"), &els, &laren)
        .held(STAYS_OUT);
    let taxi = day.product(Wmo, "08G02", YEAR);
    day.allocation("the taxi in Hilversum", &between(Wmo, HILVERSUM, "42424003"), &els, &taxi);
    let weesp = day.product(Wmo, "01G01", YEAR);
    day.allocation("care in Weesp, which ended in 2022", &between(Wmo, "0457", HOUSEHOLD), &els, &weesp)
        .rejected(&["S300"]);

    let measures = between(Jeugdwet, HILVERSUM, MEASURES);
    let order = day.product(Jeugdwet, "48G01", YEAR);
    day.allocation("a measure of child protection, per 24 hours", &measures, &bram, &order);
    day.claim("the days of February", &measures, &bram, &order, (FEBRUARY, 28));
    let light = day.product(Jeugdwet, "45G04", (date(2026, 1, 1), date(2026, 6, 30)));
    day.allocation("youth care at price times quantity", &youth, &gijs, &light);
    let heavy = day.product(Jeugdwet, "45G06", FROM_SPRING);
    day.allocation("heavier care for the same child", &youth, &gijs, &heavy).signals(&["B4"]);

    let late = day.product(Jeugdwet, "45G05", YEAR);
    day.allocation(
        "care beyond a contract that runs out, past the budget too",
        &between(Jeugdwet, HILVERSUM, "42424011"),
        &fay,
        &late,
    )
    .held(&["A4", "D2"]);
    let stranger = day.product(Wmo, "02G05", YEAR);
    day.allocation("a provider without a contract", &between(Wmo, HILVERSUM, "42424010"), &cor, &stranger)
        .held(&["A1"]);
    day.request("a request for youth care", &youth, &fay, &heavy);
    day.stop("a stop, in agreement", &household, &anna, &first, ("23", date(2026, 3, 9)));
    day.items
}
