//! Noord-Limburg: trajectories with an agreement on the total per provider, and lots for the region or for one place.

use super::{Day, FEBRUARY, FROM_SPRING, Item, JANUARY, YEAR, between};
use crate::demo::compose::Person;
use crate::demo::sample::Sample;
use crate::message::Law::{Jeugdwet, Wmo};
use jiff::civil::date;

/// Venlo.
const VENLO: &str = "0983";
/// Horst aan de Maas.
const HORST: &str = "1507";
/// Its trajectories of segment S1a count for an agreement.
const ZORG: &str = "42423001";

pub(in crate::demo) fn day(sample: &Sample) -> Vec<Item> {
    let mut day = Day::of(sample);
    let (anna, cor, dirk, els) = (Person::nth(31), Person::nth(32), Person::nth(33), Person::nth(34));
    let (bram, fay) = (Person::young(35), Person::young(36));
    let venlo = between(Wmo, VENLO, ZORG);

    let trajectory = day.product(Wmo, "02L02", (date(2026, 1, 1), date(2026, 6, 30)));
    day.allocation("a trajectory of segment S1a", &venlo, &anna, &trajectory);
    day.start("a start of delivery", &venlo, &anna, &trajectory);
    day.claim("the trajectory is claimed", &venlo, &anna, &trajectory, (JANUARY, 1));
    day.claim("the same trajectory once more", &venlo, &anna, &trajectory, (FEBRUARY, 1)).rejected(&["9322"]);
    let second = day.product(Wmo, "02L02", FROM_SPRING);
    day.allocation("a second trajectory, below 70 % of the agreement", &venlo, &cor, &second);
    let third = day.product(Wmo, "02L02", FROM_SPRING);
    day.allocation("a third one, past it", &between(Wmo, "0984", ZORG), &dirk, &third).signals(&["D8"]);

    let near = day.product(Wmo, "02L04", YEAR);
    day.allocation("a local lot in its municipality", &between(Wmo, HORST, "42423012"), &els, &near);
    let far = day.product(Wmo, "02L04", YEAR);
    day.allocation("the same lot in another", &between(Wmo, VENLO, "42423012"), &cor, &far).held(&["A2"]);
    let stay = day.product(Wmo, "04L01", YEAR);
    let logeren = between(Wmo, VENLO, "42423004");
    day.allocation("short stay, the segment of price times quantity", &logeren, &els, &stay);
    day.claim("its nights in February", &logeren, &els, &stay, (FEBRUARY, 2));
    let household = day.product(Wmo, "01L01", YEAR);
    day.allocation("help in the household as a trajectory", &between(Wmo, VENLO, "42423002"), &dirk, &household);

    let late = day.product(Wmo, "02L08", YEAR);
    day.allocation("care beyond a contract that runs out", &between(Wmo, VENLO, "42423011"), &els, &late).held(&["A4"]);
    let stranger = day.product(Wmo, "02L01", YEAR);
    day.allocation("a provider that is no longer contracted", &between(Wmo, VENLO, "42423010"), &dirk, &stranger)
        .held(&["A1"]);

    let youth = between(Jeugdwet, VENLO, "42423008");
    let lighter = day.product(Jeugdwet, "45L04", (date(2026, 1, 1), date(2026, 6, 30)));
    day.allocation("ambulatory youth care", &youth, &bram, &lighter);
    let heavier = day.product(Jeugdwet, "45L06", FROM_SPRING);
    day.allocation("heavier care for the same child", &youth, &bram, &heavier).signals(&["B4"]);
    day.request("a request for youth care", &youth, &fay, &heavier);
    day.stop("a stop, as planned", &venlo, &anna, &trajectory, ("19", date(2026, 3, 9)));
    day.items
}
