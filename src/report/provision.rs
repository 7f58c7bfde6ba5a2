//! Allocated against declared: per provision what was allocated, what was granted of it, and the part that is.
//!
//! An allocation counts when it shares a day with the period, with its value cut to the period. A granted line, credit
//! or debit, counts when its ProductPeriode begins in the period, as postings do.

use super::lang::per_mille;
use super::small::{Cells, Seen};
use super::source::{Granting, Source};
use super::table::{Cell, Column, Part, Rank, Row, Section, Table, fitting};
use crate::contract::norms::CLAIM_LAG_MONTHS;
use crate::contract::value::{Entitlement, value};
use crate::message::{Law, Party};
use crate::rules::Parties;
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

/// Category and code of a product; both empty for a generic allocation.
type Provision = (String, String);

/// What is counted of a provision, or of many together.
#[derive(Debug, Clone, Default)]
struct Tally<'a> {
    allocations: u64,
    /// With a value that could not be reckoned in full.
    incomplete: BTreeSet<&'a PersonKey>,
    clients: BTreeSet<&'a PersonKey>,
    providers: BTreeSet<&'a Party>,
    allocated: i128,
    claimants: BTreeSet<&'a PersonKey>,
    granted: i128,
}

impl<'a> Tally<'a> {
    fn add(&mut self, other: &Tally<'a>) {
        self.allocations += other.allocations;
        self.incomplete.extend(&other.incomplete);
        self.clients.extend(&other.clients);
        self.providers.extend(&other.providers);
        self.allocated = self.allocated.saturating_add(other.allocated);
        self.claimants.extend(&other.claimants);
        self.granted = self.granted.saturating_add(other.granted);
    }

    /// The smaller of the two groups that its figures tell about, nobody left aside.
    fn persons(&self) -> usize {
        [self.clients.len(), self.claimants.len()].into_iter().filter(|count| *count > 0).min().unwrap_or(0)
    }

    fn figures(&self, seen: Seen) -> Vec<Cell> {
        [
            Cell::Number(self.allocations),
            Cell::count(self.clients.len()),
            Cell::count(self.providers.len()),
            Cell::Cents(fitting(self.allocated)),
            Cell::Cents(fitting(self.granted)),
            Cell::share(per_mille(self.granted, self.allocated)),
        ]
        .map(|cell| cell.seen(seen))
        .into()
    }
}

type Segments<'a> = BTreeMap<Option<&'a str>, BTreeMap<Provision, Tally<'a>>>;

/// The section.
pub(super) fn section(source: Source<'_>) -> Section {
    let lang = source.lang();
    let tallies = tally(source);
    let mut parts = Vec::new();
    if tallies.is_empty() {
        parts.push(Part::Note(
            lang.say(
                "In deze periode is niets toegewezen en niets toegekend.",
                "In this period nothing was allocated and nothing was granted.",
            )
            .to_owned(),
        ));
    } else {
        parts.push(Part::Note(lag(source)));
        let (table, lacking) = table(source, &tallies);
        parts.push(Part::Table(table));
        parts.extend(lacking.map(Part::Note));
    }
    let heading = lang.say("Toegewezen en gedeclareerd", "Allocated and declared").to_owned();
    Section { id: "toegewezen-gedeclareerd", heading, parts }
}

fn tally(source: Source<'_>) -> BTreeMap<Law, Segments<'_>> {
    let period = source.scope.period;
    let mut laws: BTreeMap<Law, Segments<'_>> = BTreeMap::new();
    for each in source.allocations() {
        let Granting { allocated, allocation, segment } = each;
        if !period.overlaps(allocation.ingangsdatum, allocation.einddatum) {
            continue;
        }
        let provision = allocation.product.as_ref().map_or_else(Provision::default, |product| {
            let code = product.code.as_ref().map_or_else(String::new, ToString::to_string);
            (product.categorie.to_string(), code)
        });
        let tally = laws.entry(allocated.law).or_default().entry(segment).or_default().entry(provision).or_default();
        let parties = Parties { gemeente: &allocated.gemeente, aanbieder: &allocation.aanbieder };
        let worth = value(
            source.register,
            allocated.law,
            parties,
            &Entitlement::from(allocation),
            period.window(),
            source.broken_periods(),
        );
        tally.allocations += 1;
        tally.clients.insert(&allocation.person);
        tally.providers.insert(&allocation.aanbieder);
        tally.allocated = tally.allocated.saturating_add(i128::from(worth.cents.0));
        if worth.lacks.is_some() {
            tally.incomplete.insert(&allocation.person);
        }
    }
    let granted = |line: &crate::rules::facts::ClaimLine| line.granted && period.holds(line.periode.begindatum);
    for (claimed, segment) in source.lines().filter(|(claimed, _)| granted(&claimed.line)) {
        let line = &claimed.line;
        let provision = (line.categorie.to_string(), line.code.to_string());
        let tally = laws.entry(claimed.law).or_default().entry(segment).or_default().entry(provision).or_default();
        tally.claimants.insert(&line.person);
        tally.granted = tally.granted.saturating_add(i128::from(line.bedrag.0));
    }
    laws
}

/// The table, and a remark on values that are not complete.
fn table(source: Source<'_>, laws: &BTreeMap<Law, Segments<'_>>) -> (Table, Option<String>) {
    let lang = source.lang();
    let mut cells = Cells::default();
    // Rows with their sums, in the order of the page; what may be seen of them is known when all are there.
    let mut rows: Vec<(Heading<'_>, Tally<'_>, usize)> = Vec::new();
    let mut all = Tally::default();
    let mut of_laws = Vec::new();
    for (law, segments) in laws {
        let mut of_law = Tally::default();
        let mut of_segments = Vec::new();
        for (segment, provisions) in segments {
            let mut of_segment = Tally::default();
            for tally in provisions.values() {
                of_segment.add(tally);
            }
            of_law.add(&of_segment);
            let places: Vec<usize> = provisions.values().map(|tally| cells.add(tally.persons())).collect();
            let place = cells.add(of_segment.persons());
            cells.sum(place, places.clone());
            of_segments.push(place);
            rows.push((Heading::Segment(*law, *segment), of_segment, place));
            let products = provisions.iter().zip(places);
            rows.extend(products.map(|((provision, tally), place)| {
                (Heading::Product(*law, *segment, provision), tally.clone(), place)
            }));
        }
        let place = cells.add(of_law.persons());
        cells.sum(place, of_segments);
        of_laws.push(place);
        all.add(&of_law);
        rows.push((Heading::Law(*law), of_law, place));
    }
    let place = cells.add(all.persons());
    cells.sum(place, of_laws);
    let lacking = lacking(source, &all);
    rows.push((Heading::All, all, place));
    let seen = cells.protect();
    let mut opened = None;
    let rows = rows
        .into_iter()
        .map(|(heading, tally, place)| {
            let law = heading.law();
            let opens = law.filter(|_| opened != law).map(|law| lang.law(law).to_owned());
            opened = law.or(opened);
            let cells = [heading.cells(source), tally.figures(seen[place])].concat();
            Row { opens, rank: heading.rank(), cells }
        })
        .collect();
    let caption = lang.say(
        "Toegewezen en toegekend per voorziening, met totalen per wet",
        "Allocated and granted per provision, with totals per law",
    );
    let table =
        Table { id: "toegewezen-gedeclareerd".to_owned(), caption: caption.to_owned(), columns: columns(source), rows };
    (table, lacking)
}

fn columns(source: Source<'_>) -> Vec<Column> {
    let lang = source.lang();
    vec![
        Column::file("soort"),
        Column::file("wet"),
        Column::file("segment"),
        Column::file("categorie"),
        Column::file("code"),
        Column::text("voorziening", lang.say("Voorziening", "Provision")),
        Column::figure("toewijzingen", lang.say("Toewijzingen", "Allocations")),
        Column::figure("clienten", lang.say("Cliënten", "Clients")),
        Column::figure("aanbieders", lang.say("Aanbieders", "Providers")),
        Column::figure("toegewezen_cent", lang.say("Toegewezen (€)", "Allocated (€)")),
        Column::figure("toegekend_cent", lang.say("Gedeclareerd en toegekend (€)", "Declared and granted (€)")),
        Column::figure("toegekend_procent", lang.say("Deel (%)", "Part (%)")),
    ]
}

/// What a row is about.
#[derive(Clone, Copy)]
enum Heading<'a> {
    Segment(Law, Option<&'a str>),
    Product(Law, Option<&'a str>, &'a Provision),
    Law(Law),
    All,
}

impl Heading<'_> {
    fn law(self) -> Option<Law> {
        match self {
            Heading::Segment(law, _) | Heading::Product(law, ..) | Heading::Law(law) => Some(law),
            Heading::All => None,
        }
    }

    fn rank(self) -> Rank {
        match self {
            Heading::Segment(..) => Rank::Head,
            Heading::Product(..) => Rank::Plain,
            Heading::Law(_) | Heading::All => Rank::Total,
        }
    }

    /// Sort, law, segment, category, code, name.
    fn cells(self, source: Source<'_>) -> Vec<Cell> {
        let lang = source.lang();
        let (sort, segment, provision, name) = match self {
            Heading::Segment(_, segment) => ("segment", segment, None, source.segment_name(segment)),
            Heading::Product(law, segment, provision) => {
                ("product", segment, Some(provision), product_name(source, law, provision))
            }
            Heading::Law(law) => ("wet", None, None, format!("{} {}", lang.say("Totaal", "Total"), lang.law(law))),
            Heading::All => ("totaal", None, None, lang.say("Totaal", "Total").to_owned()),
        };
        let (categorie, code) = provision.cloned().unwrap_or_default();
        let law = self.law().map_or("", Law::as_str);
        [sort, law, segment.unwrap_or_default(), &categorie, &code, &name].map(Cell::text).into()
    }
}

fn product_name(source: Source<'_>, law: Law, (categorie, code): &Provision) -> String {
    let lang = source.lang();
    if categorie.is_empty() {
        return lang.say("Zonder product", "Without product").to_owned();
    }
    if code.is_empty() {
        return format!("{} {categorie}", lang.say("Categorie", "Category"));
    }
    let code = crate::message::ProductCode::from(code.as_str());
    // A product may have left the list by the end of the period, or come onto it in its course.
    let days = [source.scope.period.to, source.scope.period.from];
    let known = days.into_iter().find_map(|day| source.register.product(law, &code, day));
    known.map_or_else(|| code.to_string(), |product| format!("{} ({code})", product.name))
}

fn lag(source: Source<'_>) -> String {
    let lang = source.lang();
    let lag = source.register.region.norms.numbers.of(&CLAIM_LAG_MONTHS);
    match (lag, lang) {
        (Some(months), super::Lang::Nl) => format!(
            "Declaraties komen tot {months} maand(en) na de zorg binnen (norm claim_lag_months): het deel dat is toegekend \
             loopt over de laatste maanden nog op. Een toewijzing telt mee voor de dagen binnen de periode, een regel als \
             zijn productperiode in de periode begint."
        ),
        (Some(months), super::Lang::En) => format!(
            "Claims come in until {months} month(s) after the care (norm claim_lag_months): the part that is granted still \
             rises over the last months. An allocation counts for its days within the period, a line when its product \
             period begins in it."
        ),
        (None, super::Lang::Nl) => "Declaraties komen later binnen dan de zorg: het deel dat is toegekend loopt over de \
             laatste maanden nog op. Hoe lang, heeft de regio niet vastgelegd (norm claim_lag_months). Een toewijzing telt \
             mee voor de dagen binnen de periode, een regel als zijn productperiode in de periode begint."
            .to_owned(),
        (None, super::Lang::En) => "Claims come in later than the care: the part that is granted still rises over the last \
             months. The region has not laid down for how long (norm claim_lag_months). An allocation counts for its days \
             within the period, a line when its product period begins in it."
            .to_owned(),
    }
}

fn lacking(source: Source<'_>, all: &Tally<'_>) -> Option<String> {
    let lang = source.lang();
    let count = match all.incomplete.len() {
        0 => return None,
        1..5 => "<5".to_owned(),
        many => many.to_string(),
    };
    Some(match lang {
        super::Lang::Nl => format!(
            "Van {count} cliënten is de waarde van een toewijzing niet volledig bekend, omdat een tarief, omvang of budget \
             ontbreekt: het toegewezen bedrag is in werkelijkheid hoger."
        ),
        super::Lang::En => format!(
            "For {count} clients the value of an allocation is not known in full, because a tariff, volume or budget is \
             missing: the amount allocated is higher in fact."
        ),
    })
}
