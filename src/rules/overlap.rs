//! Which entries of a list claim one product for the same day: what TR302 asks of allocations, and with it every rule
//! that compares periods in the same way.
//!
//! Periods are closed; an absent end never comes. What counts as the same product depends on what both name:
//!
//! | both | same when |
//! |---|---|
//! | a code | the codes are equal |
//! | a category, at most one a code | the categories are equal |
//! | at most one a product | always |
//!
//! iWmo only: an entry in category 11, 12, 13 or 14 (aids and adaptations) may overlap with any other, also with one
//! without a product; iJw knows no exception. Of a clash the later entry is named, once, with the first one before it
//! that it overlaps with.
//!
//! A message of 25 MB holds tens of thousands of entries, so no pair is compared: time is n log² n.

use crate::message::{Date, Law, Product};
use std::collections::BTreeMap;

/// Something that takes up a product for a period: an allocation, or a request for one.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Occupation<'a> {
    /// The product; `None` when it is generic.
    pub(in crate::rules) product: Option<&'a Product>,
    /// First day.
    pub(in crate::rules) begin: Date,
    /// Last day; without one it never ends. One that lies before `begin` is taken as it stands.
    pub(in crate::rules) end: Option<Date>,
    /// Counts as absent: it clashes with nothing.
    pub(in crate::rules) deleted: bool,
}

/// Categories of iWmo (WMO020) that may overlap: wheelchairs, transport, home provisions, other aids.
const MAY_OVERLAP: [&str; 4] = ["11", "12", "13", "14"];

/// The clashes in `entries`: index of the later entry and of the first one before it that it clashes with, in the
/// order of the later ones.
pub(in crate::rules) fn clashes(law: Law, entries: &[Occupation<'_>]) -> Vec<(usize, usize)> {
    let actual = || entries.iter().enumerate().filter(|(_, entry)| !entry.deleted && !may_overlap(law, entry));
    let mut begins: BTreeMap<Group<'_>, Vec<Date>> = BTreeMap::new();
    for (_, entry) in actual() {
        for group in member_of(entry.product) {
            begins.entry(group).or_default().push(entry.begin);
        }
    }
    let mut seen: BTreeMap<Group<'_>, Seen> =
        begins.into_iter().map(|(group, begins)| (group, Seen::with_room_for(begins))).collect();
    let mut clashes = Vec::new();
    for (index, entry) in actual() {
        let end = entry.end.unwrap_or(Date::MAX);
        let earlier = same_product_as(entry.product)
            .filter_map(|group| seen.get(&group)?.first_that_overlaps(entry.begin, end))
            .min();
        clashes.extend(earlier.map(|earlier| (index, earlier)));
        for group in member_of(entry.product) {
            if let Some(seen) = seen.get_mut(&group) {
                seen.add(index, entry.begin, end);
            }
        }
    }
    clashes
}

fn may_overlap(law: Law, entry: &Occupation<'_>) -> bool {
    law == Law::Wmo && entry.product.is_some_and(|product| MAY_OVERLAP.contains(&product.categorie.as_str()))
}

/// Entries that are the same product to some other entry.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group<'a> {
    /// All there are.
    Every,
    /// Those without a product.
    Generic,
    /// Those of one category, with and without a code.
    Categorie(&'a str),
    /// Those of one category without a code.
    Aspecific(&'a str),
    /// Those of one code, in whatever category.
    Code(&'a str),
}

/// The groups that an entry belongs to.
fn member_of(product: Option<&Product>) -> impl Iterator<Item = Group<'_>> {
    let own = match product {
        None => [Some(Group::Generic), None],
        Some(Product { categorie, code: None }) => {
            [Some(Group::Categorie(categorie.as_str())), Some(Group::Aspecific(categorie.as_str()))]
        }
        Some(Product { categorie, code: Some(code) }) => {
            [Some(Group::Categorie(categorie.as_str())), Some(Group::Code(code.as_str()))]
        }
    };
    own.into_iter().flatten().chain([Group::Every])
}

/// The groups that together hold what is the same product as an entry.
fn same_product_as(product: Option<&Product>) -> impl Iterator<Item = Group<'_>> {
    let groups = match product {
        None => [Some(Group::Every), None, None],
        Some(Product { categorie, code: None }) => {
            [Some(Group::Generic), Some(Group::Categorie(categorie.as_str())), None]
        }
        Some(Product { categorie, code: Some(code) }) => {
            [Some(Group::Generic), Some(Group::Aspecific(categorie.as_str())), Some(Group::Code(code.as_str()))]
        }
    };
    groups.into_iter().flatten()
}

/// The periods of one group met so far: a Fenwick tree over the begin dates.
///
/// A node covers a range of begin dates and keeps of its periods only those that end later than all before them: an
/// entry that stands later and ends no later is never the first that overlaps. So a node is sorted by end and by index
/// at once.
struct Seen {
    begins: Vec<Date>,
    nodes: Vec<Vec<(Date, usize)>>,
}

impl Seen {
    fn with_room_for(mut begins: Vec<Date>) -> Seen {
        begins.sort_unstable();
        begins.dedup();
        let nodes = vec![Vec::new(); begins.len() + 1];
        Seen { begins, nodes }
    }

    /// Adds the period of entry `index`, which stands behind all that were added before.
    fn add(&mut self, index: usize, begin: Date, end: Date) {
        let mut node = self.begins.partition_point(|known| *known < begin) + 1;
        while let Some(latest) = self.nodes.get_mut(node) {
            if latest.last().is_none_or(|(known, _)| *known < end) {
                latest.push((end, index));
            }
            node += lowest_bit(node);
        }
    }

    /// The first entry that begins on or before `end` and ends on or after `begin`.
    fn first_that_overlaps(&self, begin: Date, end: Date) -> Option<usize> {
        let mut first = None;
        let mut node = self.begins.partition_point(|known| *known <= end);
        while node > 0 {
            let periods = &self.nodes[node];
            let reaches = periods.partition_point(|(known, _)| *known < begin);
            let found = periods.get(reaches).map(|(_, index)| *index);
            first = first.into_iter().chain(found).min();
            node -= lowest_bit(node);
        }
        first
    }
}

fn lowest_bit(node: usize) -> usize {
    node & node.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;
    use proptest::sample::select;
    use std::time::{Duration, Instant};

    /// Whether two closed periods share a day; an absent end never comes. A period that ends before it begins is taken as
    /// it stands and may thus overlap nothing.
    fn overlaps(a_begin: Date, a_end: Option<Date>, b_begin: Date, b_end: Option<Date>) -> bool {
        b_end.is_none_or(|b_end| a_begin <= b_end) && a_end.is_none_or(|a_end| b_begin <= a_end)
    }

    #[test]
    fn periods_overlap_when_they_share_a_day() {
        let (january, february) = (date(2026, 1, 1), date(2026, 2, 1));
        for (a, b, expected, name) in [
            ((january, Some(date(2026, 1, 31))), (february, None), false, "one day apart"),
            ((january, Some(february)), (february, Some(february)), true, "one common day"),
            ((january, None), (february, None), true, "both open"),
            ((january, None), (february, Some(date(2026, 2, 28))), true, "an open one reaches every later one"),
            ((february, None), (january, Some(date(2026, 1, 31))), false, "an open one begins after the other"),
            ((january, Some(january)), (january, Some(january)), true, "the same single day"),
        ] {
            assert_eq!(overlaps(a.0, a.1, b.0, b.1), expected, "{name}");
            assert_eq!(overlaps(b.0, b.1, a.0, a.1), expected, "{name}, the other way round");
        }
    }

    /// Every pair compared, as the rule is written.
    fn pairwise(law: Law, entries: &[Occupation<'_>]) -> Vec<(usize, usize)> {
        let clash = |a: &Occupation<'_>, b: &Occupation<'_>| {
            let counts = |entry: &Occupation<'_>| !entry.deleted && !may_overlap(law, entry);
            let same = match (a.product, b.product) {
                (Some(a), Some(b)) if a.code.is_some() && b.code.is_some() => a.code == b.code,
                (Some(a), Some(b)) => a.categorie == b.categorie,
                (None, _) | (_, None) => true,
            };
            counts(a) && counts(b) && same && overlaps(a.begin, a.end, b.begin, b.end)
        };
        let earlier = |later: usize| (0..later).find(|&earlier| clash(&entries[earlier], &entries[later]));
        (0..entries.len()).filter_map(|later| Some((later, earlier(later)?))).collect()
    }

    fn a_product() -> impl Strategy<Value = Option<Product>> {
        let categories = vec!["07", "10", "11", "14", "15"];
        // One code in several categories too: nothing in a message keeps a sender from it.
        let codes = vec![None, Some("07A01"), Some("10A02"), Some("99X99")];
        (select(categories), select(codes), 0..6_u8).prop_map(|(categorie, code, generic)| {
            (generic > 0).then(|| Product { categorie: categorie.into(), code: code.map(Into::into) })
        })
    }

    /// A product, begin, end and whether it is deleted.
    type Entry = (Option<Product>, Date, Option<Date>, bool);

    /// Few days, so that borders meet; ends may precede begins.
    fn an_entry() -> impl Strategy<Value = Entry> {
        let day = || {
            (0..24_i64).prop_map(|day| match day {
                0 => Date::MIN,
                23 => Date::MAX,
                day => date(2026, 1, 1).saturating_add(day.days()),
            })
        };
        (a_product(), day(), proptest::option::weighted(0.8, day()), proptest::bool::weighted(0.1))
    }

    fn occupations<'a>(entries: &'a [Entry]) -> Vec<Occupation<'a>> {
        let occupation = |(product, begin, end, deleted): &'a Entry| Occupation {
            product: product.as_ref(),
            begin: *begin,
            end: *end,
            deleted: *deleted,
        };
        entries.iter().map(occupation).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_clashes_are_those_of_every_pair_compared(
            entries in proptest::collection::vec(an_entry(), 0..24),
            law in select(Law::ALL.to_vec()),
        ) {
            let entries = occupations(&entries);
            prop_assert_eq!(clashes(law, &entries), pairwise(law, &entries));
        }
    }

    /// Shapes of a large list, each with the number of clashes that it holds among `n` entries.
    type Shape = (&'static str, fn(usize) -> (Product, Date, Option<Date>), fn(usize) -> usize);

    const SHAPES: &[Shape] = &[
        ("all the same", |_| (named("10A02"), date(2026, 1, 1), None), |n| n - 1),
        ("all of another product", |at| (named(&at.to_string()), date(2026, 1, 1), None), |_| 0),
        ("one day each", |at| (named("10A02"), nth_day(at), Some(nth_day(at))), |_| 0),
        ("one day each, backwards", |at| (named("10A02"), nth_day(100_000 - at), Some(nth_day(100_000 - at))), |_| 0),
        ("each inside the one before", |at| (named("10A02"), nth_day(at), Some(nth_day(300_000 - at))), |n| n - 1),
    ];

    fn named(code: &str) -> Product {
        Product { categorie: "10".into(), code: Some(code.into()) }
    }

    fn nth_day(nth: usize) -> Date {
        date(1, 1, 1).saturating_add(i64::try_from(nth).expect("small").days())
    }

    #[test]
    fn twice_as_many_entries_take_about_twice_the_time() {
        for (name, shape, expected) in SHAPES {
            let run = |n: usize| {
                let products: Vec<_> = (0..n).map(shape).collect();
                let entries: Vec<_> = products
                    .iter()
                    .map(|(product, begin, end)| Occupation {
                        product: Some(product),
                        begin: *begin,
                        end: *end,
                        deleted: false,
                    })
                    .collect();
                let timed = |_| {
                    let start = Instant::now();
                    assert_eq!(clashes(Law::Jeugdwet, &entries).len(), expected(n), "{name}");
                    start.elapsed()
                };
                (0..4).map(timed).min().unwrap_or(Duration::ZERO)
            };
            let (small, large) = (run(2_000), run(16_000));
            // Eight times the entries: quadratic would be 64 times the time, some hundred milliseconds more.
            assert!(large < small * 24 + Duration::from_millis(60), "{name}: {small:?} grew to {large:?}");
        }
    }
}
