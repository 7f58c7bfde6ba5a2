//! What allocations are worth, and what happens to a budget over their life: allocation, claim, credit, change.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use sluis::contract::budget::movements;
use sluis::contract::register::{FILES, Files};
use sluis::contract::value::{Entitlement, Lack, Value, value};
use sluis::contract::{Assessment, BrokenPeriods, ContractFacts, Policies, Register, Stand, Validity, assess, request};
use sluis::decision::{Posting, PostingSort, Slot};
use sluis::message::body::{Declaratie, DeclaratieClient, Header, Prestatie, ToegewezenProduct, ToewijzingClient};
use sluis::message::types::{Achternaam, Geboortedatum, VolledigeNaam};
use sluis::message::{
    BedragMetDC, BerichtIdentificatie, Body, Cents, Count, DebetCredit, Eenheid, Frequentie, GeslotenPeriode, Kind,
    Law, Message, Number, Omvang, Party, Product, ProductCode, Referentie, TotaalBedragMetDC, XsdVersie,
};
use sluis::rules::Parties;
use sluis::rules::facts::{Allocation, Earlier, Facts, PersonKey};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// Agreements of the tests: a pot of a municipality in both years, and a budget of one provider.
const AGREEMENTS: &str = "\
agreement;segment;agb;municipality;model;valid_from;valid_to;amount_cents;warn_at;on_exceed
POT-2025;wmo-integrale-ondersteuning;*;0197;pxq;2025-01-01;2025-12-31;500000;70/85/100;signal
POT-2026;wmo-integrale-ondersteuning;*;0197;pxq;2026-01-01;2026-12-31;500000;70/85/100;hold
EIGEN-2026;wmo-integrale-ondersteuning;42420001;*;pxq;2026-01-01;2026-12-31;900000;70/100;answer
LUMP-2026;wmo-wonen;*;*;lumpsum;2026-01-01;2026-12-31;900000;70/100;signal
";

/// The shipped register with the agreements of the tests, in the order given.
fn register_with(agreements: &str) -> Register {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    let mut files: Files = FILES
        .iter()
        .map(|name| ((*name).to_owned(), std::fs::read(folder.join(name)).expect("the sample is shipped")))
        .collect();
    files.insert("agreements.csv".to_owned(), agreements.as_bytes().to_vec());
    Register::parse(&files).expect("the agreements of the tests have no fault")
}

static REGISTER: LazyLock<Register> = LazyLock::new(|| register_with(AGREEMENTS));

fn register() -> &'static Register {
    &REGISTER
}

#[expect(clippy::unnecessary_wraps, reason = "a message has an optional volume")]
fn omvang(volume: Count, eenheid: Eenheid, frequentie: Frequentie) -> Option<Omvang> {
    Some(Omvang { volume, eenheid, frequentie })
}

fn product(code: &str) -> Product {
    Product { categorie: code[..2].into(), code: Some(ProductCode::from(code)) }
}

struct Worth {
    code: &'static str,
    begin: Date,
    end: Option<Date>,
    omvang: Option<Omvang>,
    budget: Option<i64>,
    window: (Date, Date),
    broken: BrokenPeriods,
}

fn worth(register: &Register, worth: &Worth) -> Value {
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
    let parties = Parties { gemeente: &gemeente, aanbieder: &aanbieder };
    let product = product(worth.code);
    let entitlement = Entitlement {
        product: Some(&product),
        ingangsdatum: worth.begin,
        einddatum: worth.end,
        omvang: worth.omvang.as_ref(),
        budget: worth.budget.map(Cents),
    };
    let window = Validity { from: worth.window.0, to: Some(worth.window.1) };
    value(register, Law::Wmo, parties, &entitlement, window, worth.broken)
}

const Y2025: (Date, Date) = (Date::constant(2025, 1, 1), Date::constant(2025, 12, 31));
const Y2026: (Date, Date) = (Date::constant(2026, 1, 1), Date::constant(2026, 12, 31));
const BOTH: (Date, Date) = (Date::constant(2025, 1, 1), Date::constant(2026, 12, 31));

/// Name; product; first and last day; volume; budget; period asked for; broken periods; value in cents.
type ValueRow =
    (&'static str, &'static str, (Date, Option<Date>), Option<Omvang>, Option<i64>, (Date, Date), BrokenPeriods, i64);

#[test]
fn the_value_of_an_allocation_follows_its_form() {
    use BrokenPeriods::{Days, Full};
    use Eenheid::{Dagdeel, Euro, Minuut, Uur};
    use Frequentie::{PerDag, PerMaand, PerWeek, Totaal};
    let register = register();
    // 02A03 costs 57.97 an hour in 2025 and 60.00 in 2026; 07A01 34.00 and 35.19 a half-day part.
    let q1 = (date(2026, 1, 1), Some(date(2026, 3, 31)));
    let turn = (date(2025, 12, 15), Some(date(2026, 1, 18)));
    let rows: &[ValueRow] = &[
        ("per week, 14 weeks touched", "02A03", q1, omvang(4, Uur, PerWeek), None, Y2026, Full, 14 * 4 * 6000),
        // 29 December 2025 to 4 January 2026 holds 4 days, 30 March to 5 April 2 days; 12 weeks are whole.
        ("per week by days", "02A03", q1, omvang(4, Uur, PerWeek), None, Y2026, Days, 12 * 24_000 + 13_714 + 6_857),
        (
            "the last day is a Sunday",
            "02A03",
            (date(2026, 1, 5), Some(date(2026, 1, 11))),
            omvang(1, Uur, PerWeek),
            None,
            Y2026,
            Full,
            6000,
        ),
        (
            "one day more",
            "02A03",
            (date(2026, 1, 5), Some(date(2026, 1, 12))),
            omvang(1, Uur, PerWeek),
            None,
            Y2026,
            Full,
            12_000,
        ),
        // Weeks of 15 and 22 December, 3 days of the next at 57.97 and 4 at 60.00; the weeks of 5 and 12 January.
        ("over new year, 2025", "02A03", turn, omvang(1, Uur, PerWeek), None, Y2025, Full, 2 * 5797 + 2484),
        ("over new year, 2026", "02A03", turn, omvang(1, Uur, PerWeek), None, Y2026, Full, 2 * 6000 + 3429),
        (
            "over new year, both",
            "02A03",
            turn,
            omvang(1, Uur, PerWeek),
            None,
            BOTH,
            Full,
            2 * 5797 + 2 * 6000 + 2484 + 3429,
        ),
        (
            "per day",
            "02A03",
            (date(2026, 1, 1), Some(date(2026, 1, 10))),
            omvang(2, Uur, PerDag),
            None,
            Y2026,
            Full,
            10 * 2 * 6000,
        ),
        (
            "per month, broken months in full",
            "02A03",
            (date(2026, 1, 15), Some(date(2026, 3, 1))),
            omvang(10, Uur, PerMaand),
            None,
            Y2026,
            Full,
            180_000,
        ),
        (
            "per month by days",
            "02A03",
            (date(2026, 1, 15), Some(date(2026, 3, 1))),
            omvang(10, Uur, PerMaand),
            None,
            Y2026,
            Days,
            32_903 + 60_000 + 1935,
        ),
        ("in total", "02A03", q1, omvang(100, Uur, Totaal), None, Y2026, Full, 600_000),
        // 17 of 35 days at 57.97, 18 at 60.00.
        ("in total over new year, 2025", "02A03", turn, omvang(100, Uur, Totaal), None, Y2025, Full, 281_569),
        ("in total over new year, both", "02A03", turn, omvang(100, Uur, Totaal), None, BOTH, Full, 281_569 + 308_571),
        (
            "in total without an end, in its first year",
            "02A03",
            (date(2025, 12, 15), None),
            omvang(100, Uur, Totaal),
            None,
            Y2025,
            Full,
            579_700,
        ),
        (
            "in total without an end, in the next year",
            "02A03",
            (date(2025, 12, 15), None),
            omvang(100, Uur, Totaal),
            None,
            Y2026,
            Full,
            0,
        ),
        // 16 November to the end of the year touches 7 weeks, 3 days of the last are in 2025.
        (
            "per week without an end",
            "02A03",
            (date(2025, 11, 17), None),
            omvang(7, Uur, PerWeek),
            None,
            Y2025,
            Full,
            6 * 7 * 5797 + 3 * 5797,
        ),
        ("half-day parts", "07A01", q1, omvang(2, Dagdeel, PerWeek), None, Y2026, Full, 14 * 2 * 3519),
        (
            "minutes contracted by the minute",
            "03A01",
            q1,
            omvang(60, Minuut, PerMaand),
            None,
            Y2026,
            Full,
            3 * 60 * 106,
        ),
        ("minutes contracted by the hour", "02A03", q1, omvang(90, Minuut, PerMaand), None, Y2026, Full, 3 * 9000),
        ("euros per month", "02A03", q1, omvang(20_000, Euro, PerMaand), None, Y2026, Full, 60_000),
        ("euros in total", "02A03", q1, omvang(20_000, Euro, Totaal), None, Y2026, Full, 20_000),
        ("budget", "02A03", q1, None, Some(123_457), Y2026, Full, 123_457),
        ("budget over new year, 2025", "02A03", turn, None, Some(100_001), Y2025, Full, 48_572),
        ("budget over new year, 2026", "02A03", turn, None, Some(100_001), Y2026, Full, 51_429),
        (
            "outside the period",
            "02A03",
            (date(2024, 1, 1), Some(date(2024, 12, 31))),
            omvang(4, Uur, PerWeek),
            None,
            Y2026,
            Full,
            0,
        ),
        (
            "ends before it begins",
            "02A03",
            (date(2026, 3, 1), Some(date(2026, 2, 1))),
            omvang(4, Uur, PerWeek),
            None,
            Y2026,
            Full,
            0,
        ),
    ];
    for (name, code, (begin, end), omvang, budget, window, broken, expected) in rows.iter().cloned() {
        let found = worth(register, &Worth { code, begin, end, omvang, budget, window, broken });
        assert_eq!(found, Value { cents: Cents(expected), lacks: None }, "{name}");
    }
}

#[test]
fn what_cannot_be_reckoned_says_why() {
    let register = register();
    let base = Worth {
        code: "02A03",
        begin: date(2026, 1, 1),
        end: Some(date(2026, 3, 31)),
        omvang: None,
        budget: None,
        window: Y2026,
        broken: BrokenPeriods::Full,
    };
    assert_eq!(worth(register, &base).lacks, Some(Lack::Ceiling));
    let etmalen = Worth { omvang: omvang(1, Eenheid::Etmaal, Frequentie::PerWeek), ..base };
    assert_eq!(worth(register, &etmalen), Value { cents: Cents(0), lacks: Some(Lack::Tariff(date(2026, 1, 1))) });
    // The tariffs begin in 2025: only what is priced counts, and the first day that is not is named.
    let early = Worth {
        begin: date(2024, 12, 30),
        omvang: omvang(7, Eenheid::Uur, Frequentie::PerWeek),
        window: (date(2024, 1, 1), date(2025, 1, 5)),
        ..etmalen
    };
    assert_eq!(
        worth(register, &early),
        Value { cents: Cents(5 * 5797), lacks: Some(Lack::Tariff(date(2024, 12, 30))) }
    );
}

#[test]
fn extreme_allocations_are_worth_very_much_and_nothing_breaks() {
    let register = register();
    let ends = [Date::MIN.max(date(1, 1, 1)), date(2026, 6, 1), date(9999, 12, 31)];
    for begin in ends {
        for end in [None, Some(ends[0]), Some(ends[1]), Some(ends[2])] {
            for frequentie in Frequentie::ALL {
                for eenheid in Eenheid::ALL {
                    for volume in [0, 1, u64::MAX] {
                        let omvang = omvang(volume, *eenheid, *frequentie);
                        for window in [Y2026, (date(9999, 1, 1), date(9999, 12, 31)), (date(1, 1, 1), date(1, 12, 31))]
                        {
                            let broken = BrokenPeriods::Full;
                            let all = Worth {
                                code: "02A03",
                                begin,
                                end,
                                omvang: omvang.clone(),
                                budget: None,
                                window,
                                broken,
                            };
                            assert!(worth(register, &all).cents >= Cents(0));
                        }
                    }
                }
            }
        }
    }
    let all = Worth {
        code: "02A03",
        begin: date(1, 1, 1),
        end: Some(date(9999, 12, 31)),
        omvang: None,
        budget: Some(i64::MAX),
        window: Y2026,
        broken: BrokenPeriods::Full,
    };
    assert!(worth(register, &all).cents > Cents(0));
}

// ---------------------------------------------------------------- messages and a ledger of postings

fn header(kind: Kind, gemeente: &str, aanbieder: &str) -> Header {
    let (afzender, ontvanger) = if kind.number == Number::N301 { (gemeente, aanbieder) } else { (aanbieder, gemeente) };
    Header {
        bericht_code: kind.bericht_code().into(),
        bericht_versie: 3,
        bericht_subversie: 2,
        afzender: afzender.into(),
        ontvanger: ontvanger.into(),
        identificatie: BerichtIdentificatie { identificatie: "B1".into(), dagtekening: date(2026, 1, 2) },
        xsd_versie: XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() },
        declaratie_identificatie: None,
        identificatie_retour: None,
        dagtekening_retour: None,
        xslt_versie: None,
        xsd_versie_retour: None,
        xsd_versie_declaratie: None,
        retour_codes: Vec::new(),
    }
}

fn toegewezen(nummer: Count, code: &str, begin: Date, end: Option<Date>, volume: Count) -> ToegewezenProduct {
    ToegewezenProduct {
        toewijzing_nummer: nummer,
        referentie_aanbieder: None,
        product: Some(product(code)),
        toewijzingsdatum: date(2026, 1, 2),
        toewijzingstijd: "10:00:00".into(),
        ingangsdatum: begin,
        einddatum: end,
        reden_wijziging: None,
        omvang: omvang(volume, Eenheid::Uur, Frequentie::PerWeek),
        budget: None,
        commentaar: None,
        retour_codes: Vec::new(),
    }
}

fn allocation_message(producten: Vec<ToegewezenProduct>) -> Message {
    let achternaam = Achternaam { achternaam: "Voorbeeld".into(), voorvoegsel: None };
    let naam = VolledigeNaam {
        geslachtsnaam: achternaam,
        partnernaam: None,
        voornamen: None,
        voorletters: None,
        naam_gebruik: "1".into(),
    };
    let kind = Kind::new(Law::Wmo, Number::N301);
    let client = ToewijzingClient {
        bsn: "999900006".into(),
        geboortedatum: Geboortedatum { datum: date(1980, 5, 17), datum_gebruik: None },
        geslacht: "1".into(),
        naam,
        communicatie: None,
        juridische_status: None,
        wettelijke_vertegenwoordiging: None,
        commentaar: None,
        relaties: Vec::new(),
        contacten: Vec::new(),
        producten,
        retour_codes: Vec::new(),
    };
    Message {
        kind,
        release: sluis::message::Release::V3_2,
        header: header(kind, "0197", "42420001"),
        body: Body::Toewijzing(client),
    }
}

fn line(reference: &str, nummer: Count, code: &str, month: i8, cents: i64) -> Prestatie {
    let begindatum = date(2026, month, 1);
    let sign = if cents < 0 { DebetCredit::Credit } else { DebetCredit::Debet };
    Prestatie {
        referentie: Referentie { nummer: reference.into(), vorig: (cents < 0).then(|| "P0".into()) },
        toewijzing_nummer: nummer,
        categorie: code[..2].into(),
        code: code.into(),
        periode: GeslotenPeriode { begindatum, einddatum: begindatum.last_of_month() },
        volume: 1,
        eenheid: Eenheid::Uur,
        tarief: Some(Cents(6000)),
        bedrag: BedragMetDC { bedrag: Cents(cents.abs()), debet_credit: sign },
        retour_codes: Vec::new(),
    }
}

fn claim_message(prestaties: Vec<Prestatie>) -> Message {
    let kind = Kind::new(Law::Wmo, Number::N323);
    let declaratie = Declaratie {
        nummer: "D1".into(),
        periode: GeslotenPeriode { begindatum: date(2026, 2, 1), einddatum: date(2026, 2, 28) },
        dagtekening: date(2026, 3, 1),
        totaal: TotaalBedragMetDC::from_signed(Cents(0)),
        clienten: vec![DeclaratieClient { bsn: "999900006".into(), prestaties, retour_codes: Vec::new() }],
    };
    Message {
        kind,
        release: sluis::message::Release::V3_2,
        header: header(kind, "0197", "42420001"),
        body: Body::Declaratie(declaratie),
    }
}

/// What a ledger keeps: allocations and postings. It answers a request as the real one does.
#[derive(Default)]
struct Books {
    allocations: BTreeMap<Count, Allocation>,
    postings: Vec<Posting>,
}

impl Books {
    fn facts(&self, register: &Register, message: &Message) -> ContractFacts {
        let request = request(register, message);
        let mut facts = ContractFacts::default();
        for agreement in &request.agreements {
            facts.consumption.insert(agreement.clone(), Cents(0));
            facts.realised_total.insert(agreement.clone(), Cents(0));
        }
        for posting in &self.postings {
            for agreement in &posting.slot.agreements {
                facts.consumption.entry(agreement.clone()).or_default().0 += posting.cents.0;
                if posting.sort.is_realised() {
                    facts.realised_total.entry(agreement.clone()).or_default().0 += posting.cents.0;
                }
            }
            if let Some(nummer) = posting.toewijzing_nummer.filter(|nummer| request.toewijzingen.contains(nummer)) {
                let stands = facts.stands.entry(nummer).or_default();
                let stand = stands.entry(posting.slot.clone()).or_default();
                let part = if posting.sort.is_realised() { &mut stand.realised } else { &mut stand.open };
                part.0 += posting.cents.0;
            }
        }
        facts
    }

    fn ledger(&self) -> Facts {
        Facts { allocations: self.allocations.clone(), ..Facts::default() }
    }

    fn take(&mut self, register: &Register, message: &Message, granted: &[(usize, usize)]) -> Assessment {
        let facts = self.facts(register, message);
        let today = date(2026, 3, 10);
        let assessment = assess(register, &Policies::default(), message, today, &facts, &self.ledger(), granted);
        self.postings.extend(assessment.postings.iter().cloned());
        if let Body::Toewijzing(client) = &message.body {
            for product in &client.producten {
                self.allocations.insert(product.toewijzing_nummer, known(product));
            }
        }
        assessment
    }

    fn allocate(&mut self, register: &Register, product: ToegewezenProduct) -> Assessment {
        self.take(register, &allocation_message(vec![product]), &[])
    }

    fn claim(&mut self, register: &Register, lines: Vec<Prestatie>) -> Assessment {
        let granted: Vec<(usize, usize)> = (0..lines.len()).map(|line| (0, line)).collect();
        self.take(register, &claim_message(lines), &granted)
    }

    fn sum(&self, agreement: &str, sort: Option<PostingSort>) -> i64 {
        let of = self.postings.iter().filter(|posting| posting.slot.agreements.contains(agreement));
        of.filter(|posting| sort.is_none_or(|sort| posting.sort == sort)).map(|posting| posting.cents.0).sum()
    }

    /// Consumption, open reservation and realisation of an agreement.
    fn state(&self, agreement: &str) -> (i64, i64, i64) {
        let realised = PostingSort::ALL.iter().filter(|sort| sort.is_realised());
        let realised = realised.map(|sort| self.sum(agreement, Some(*sort))).sum();
        let all = self.sum(agreement, None);
        (all, all - realised, realised)
    }
}

fn known(product: &ToegewezenProduct) -> Allocation {
    Allocation {
        nummer: product.toewijzing_nummer,
        aanbieder: Party::from("42420001"),
        person: PersonKey("p".to_owned()),
        product: product.product.clone(),
        toewijzingsdatum: product.toewijzingsdatum,
        toewijzingstijd: product.toewijzingstijd.as_str().to_owned(),
        ingangsdatum: product.ingangsdatum,
        einddatum: product.einddatum,
        reden_wijziging: product.reden_wijziging.clone(),
        omvang: product.omvang.clone(),
        budget: product.budget,
        message: Earlier { kind: "WMO301".to_owned(), identificatie: "B0".to_owned(), dagtekening: date(2026, 1, 2) },
    }
}

fn first_quarter(volume: Count) -> ToegewezenProduct {
    toegewezen(1, "02A03", date(2026, 1, 1), Some(date(2026, 3, 31)), volume)
}

#[test]
fn allocation_claim_and_credit_tie_to_the_cent() {
    let (register, mut books) = (register(), Books::default());
    books.allocate(register, first_quarter(4));
    let reserved = 14 * 4 * 6000;
    for agreement in ["POT-2026", "EIGEN-2026"] {
        assert_eq!(books.state(agreement), (reserved, reserved, 0), "{agreement}");
    }
    assert_eq!(books.sum("POT-2025", None), 0, "nothing of it is in 2025");
    books.claim(register, vec![line("P1", 1, "02A03", 1, 72_000), line("P2", 1, "02A03", 2, 96_001)]);
    assert_eq!(books.state("POT-2026"), (reserved, reserved - 168_001, 168_001));
    books.claim(register, vec![line("P3", 1, "02A03", 2, -96_001)]);
    assert_eq!(books.state("POT-2026"), (reserved, reserved - 72_000, 72_000));
    books.claim(register, vec![line("P4", 1, "02A03", 1, -72_000)]);
    assert_eq!(books.state("POT-2026"), (reserved, reserved, 0), "consumption is back to the reservation");
}

#[test]
fn a_claim_above_the_reservation_releases_no_more_than_was_open() {
    let (register, mut books) = (register(), Books::default());
    books.allocate(register, first_quarter(4));
    let reserved = 14 * 4 * 6000;
    books.claim(register, vec![line("P1", 1, "02A03", 1, reserved + 500)]);
    assert_eq!(books.state("POT-2026"), (reserved + 500, 0, reserved + 500));
    books.claim(register, vec![line("P2", 1, "02A03", 1, -(reserved + 500))]);
    assert_eq!(books.state("POT-2026"), (reserved, reserved, 0));
}

#[test]
fn a_changed_allocation_books_the_difference() {
    let (register, mut books) = (register(), Books::default());
    books.allocate(register, first_quarter(4));
    books.claim(register, vec![line("P1", 1, "02A03", 1, 100_000)]);
    let twice = books.allocate(register, first_quarter(8)).postings;
    assert_eq!(books.state("POT-2026"), (14 * 8 * 6000, 14 * 8 * 6000 - 100_000, 100_000));
    assert!(twice.iter().all(|posting| posting.cents == Cents(14 * 4 * 6000)), "{twice:?}");
    // Less than was delivered already: nothing is left open, and what was paid stays.
    books.allocate(register, first_quarter(1));
    assert_eq!(books.state("POT-2026"), (100_000, 0, 100_000));
    // The same version again changes nothing.
    assert_eq!(books.allocate(register, first_quarter(1)).postings, []);
}

#[test]
fn a_deleted_allocation_gives_everything_back() {
    let (register, mut books) = (register(), Books::default());
    books.allocate(register, first_quarter(4));
    let mut deleted = first_quarter(4);
    deleted.reden_wijziging = Some("13".into());
    books.allocate(register, deleted);
    assert_eq!(books.state("POT-2026"), (0, 0, 0));
    assert_eq!(books.state("EIGEN-2026"), (0, 0, 0));
}

#[test]
fn an_allocation_over_new_year_counts_in_both_years() {
    let (register, mut books) = (register(), Books::default());
    books.allocate(register, toegewezen(1, "02A03", date(2025, 12, 15), Some(date(2026, 1, 18)), 1));
    assert_eq!(books.sum("POT-2025", None), 2 * 5797 + 2484);
    assert_eq!(books.sum("POT-2026", None), 2 * 6000 + 3429);
    let on = |posting: &Posting| {
        let account = posting.slot.account.as_ref().expect("every posting has an account");
        let agreements: Vec<String> = posting.slot.agreements.iter().cloned().collect();
        (agreements.join(" "), account.year, posting.on)
    };
    let on: Vec<(String, i16, Date)> = books.postings.iter().map(on).collect();
    let expected =
        [("POT-2025".to_owned(), 2025, date(2025, 12, 15)), ("EIGEN-2026 POT-2026".to_owned(), 2026, date(2026, 1, 1))];
    assert_eq!(on, expected);
}

#[test]
fn care_paid_by_instalment_reserves_nothing() {
    let (register, mut books) = (register(), Books::default());
    let mut product = toegewezen(1, "15A01", date(2026, 1, 1), Some(date(2026, 3, 31)), 7);
    product.omvang = omvang(7, Eenheid::Etmaal, Frequentie::PerWeek);
    let assessment = books.allocate(register, product);
    assert_eq!((assessment.postings, assessment.signals), (Vec::new(), Vec::new()));
}

#[test]
fn only_granted_lines_are_booked() {
    let (register, mut books) = (register(), Books::default());
    books.allocate(register, first_quarter(4));
    let message = claim_message(vec![line("P1", 1, "02A03", 1, 72_000), line("P2", 1, "02A03", 2, 96_000)]);
    books.take(register, &message, &[(0, 1), (7, 0), (0, 9)]);
    assert_eq!(books.sum("POT-2026", Some(PostingSort::Realisation)), 96_000);
}

#[test]
fn thresholds_are_told_once_and_a_full_budget_asks_a_person_where_policy_says_so() {
    let (register, mut books) = (register(), Books::default());
    let told = |assessment: &Assessment| -> Vec<(String, u64)> {
        let percent =
            |signal: &sluis::finding::Signal| signal.facts.get("drempel_procent").and_then(serde_json::Value::as_u64);
        assessment.signals.iter().map(|signal| (signal.check.clone(), percent(signal).unwrap_or(0))).collect()
    };
    // 336,000 is 67% of the pot and 37% of the provider's own budget.
    assert_eq!(told(&books.allocate(register, first_quarter(4))), []);
    let second = toegewezen(2, "02A03", date(2026, 1, 1), Some(date(2026, 3, 31)), 4);
    let assessment = books.allocate(register, second.clone());
    let expected = [("D2", 70), ("D2", 85), ("D2", 100), ("D2", 0), ("D8", 70)];
    assert_eq!(told(&assessment), expected.map(|(check, percent)| (check.to_owned(), percent)));
    assert!(!assessment.hold, "the default policy of D2 is to signal");
    assert!(assessment.signals[0].nl.contains("6720,00 van 5000,00 euro"), "{}", assessment.signals[0].nl);
    assert!(assessment.signals[0].nl.contains("waarvan 0,00 euro gerealiseerd"), "{}", assessment.signals[0].nl);
    assert_eq!(told(&books.claim(register, vec![line("P1", 1, "02A03", 1, 72_000)])), [], "told once");
    // The same message under a policy that lets a full budget wait for a person.
    let mut policies = Policies::default();
    policies.set("D2", Some(&Party::from("0197")), "hold").expect("a known check and word");
    let message = allocation_message(vec![toegewezen(3, "02A03", date(2026, 1, 1), Some(date(2026, 1, 31)), 1)]);
    let facts = books.facts(register, &message);
    let assessment = assess(register, &policies, &message, date(2026, 3, 10), &facts, &books.ledger(), &[]);
    assert!(assessment.hold);
    let held: Vec<&str> = assessment
        .signals
        .iter()
        .filter(|signal| signal.outcome == "hold")
        .map(|signal| signal.check.as_str())
        .collect();
    assert_eq!(held, ["D2"]);
    assert!(!assessment.postings.is_empty());
}

#[test]
fn policy_decides_what_becomes_of_a_finding() {
    let register = register();
    let mut message = allocation_message(vec![first_quarter(1)]);
    message.header.ontvanger = Party::from("42420010");
    let judge = |word: Option<&str>, message: &Message, granted: &[(usize, usize)]| {
        let mut policies = Policies::default();
        if let Some(word) = word {
            policies.set("A1", Some(&Party::from("0197")), word).expect("a known check and word");
        }
        let facts = ContractFacts::default();
        assess(register, &policies, message, date(2026, 3, 10), &facts, &Facts::default(), granted)
    };
    let of = |signals: &[sluis::finding::Signal]| -> Vec<(String, String)> {
        signals.iter().map(|signal| (signal.check.clone(), signal.outcome.clone())).collect()
    };
    let a1 = |outcome: &str| vec![("A1".to_owned(), outcome.to_owned())];
    let observed = judge(None, &message, &[]);
    assert_eq!((of(&observed.observed), of(&observed.signals), observed.hold), (a1("observe"), vec![], false));
    let signalled = judge(Some("signal"), &message, &[]);
    assert_eq!((of(&signalled.observed), of(&signalled.signals), signalled.hold), (vec![], a1("signal"), false));
    for word in ["hold", "answer"] {
        let held = judge(Some(word), &message, &[]);
        assert_eq!((of(&held.signals), held.hold), (a1("hold"), true), "{word}");
    }
    // The same case keeps its id, whatever the policy and the text.
    assert_eq!(observed.observed[0].id, signalled.signals[0].id);
    // A claim is never stopped, and two lines of one allocation are one case.
    let mut claim = claim_message(vec![line("P1", 1, "02A03", 1, 100), line("P2", 1, "02A03", 2, 100)]);
    claim.header.afzender = Party::from("42420010");
    let claimed = judge(Some("hold"), &claim, &[(0, 0), (0, 1)]);
    assert_eq!((of(&claimed.signals), claimed.hold), (a1("signal"), false));
    assert_eq!(claimed.signals[0].id, observed.observed[0].id);
    // Another municipality is another case, and one outside the region none.
    message.header.afzender = Party::from("0294");
    let elsewhere = judge(None, &message, &[]);
    assert_ne!(elsewhere.observed[0].id, observed.observed[0].id);
    message.header.afzender = Party::from("0363");
    assert_eq!(judge(Some("hold"), &message, &[]), Assessment::default());
}

#[test]
fn extreme_messages_do_not_break_the_books() {
    let register = register();
    for volume in [0, u64::MAX] {
        for cents in [i64::MIN + 1, -1, 0, i64::MAX] {
            let product = toegewezen(1, "02A03", date(1, 1, 1), Some(date(9999, 12, 31)), volume);
            let message = allocation_message(vec![product.clone(), product]);
            let mut facts = ContractFacts::default();
            for id in ["POT-2026", "EIGEN-2026"] {
                facts.consumption.insert(id.to_owned(), Cents(cents));
                let before = Slot { account: None, agreements: [id.to_owned()].into() };
                let stand = Stand { open: Cents(cents), realised: Cents(cents) };
                facts.stands.entry(1).or_default().insert(before, stand);
                for slot in movements(register, &message, &ContractFacts::default(), &Facts::default(), &[]).postings {
                    facts.stands.entry(1).or_default().insert(slot.slot, stand);
                }
                facts.realised_total.insert(id.to_owned(), Cents(cents));
            }
            let _ =
                assess(register, &Policies::default(), &message, date(9999, 12, 31), &facts, &Facts::default(), &[]);
            let claim = claim_message(vec![line("P1", 1, "02A03", 1, cents), line("P2", 1, "02A03", 1, cents)]);
            let _ = assess(
                register,
                &Policies::default(),
                &claim,
                date(1, 1, 1),
                &facts,
                &Facts::default(),
                &[(0, 0), (0, 1)],
            );
        }
    }
}

fn day() -> impl Strategy<Value = Date> {
    (0..1_500_i64).prop_map(|days| date(2024, 1, 1).saturating_add(jiff::Span::new().days(days)))
}

fn frequentie() -> impl Strategy<Value = Frequentie> {
    prop::sample::select(Frequentie::ALL.to_vec())
}

proptest! {
    /// The parts of an allocation on both sides of any cut add up to the whole.
    #[test]
    fn value_is_additive(begin in day(), length in 0..800_i64, cut in day(), volume in 0..50_u64, each in frequentie(), full: bool, by_minute: bool) {
        let register = register();
        let end = begin.saturating_add(jiff::Span::new().days(length));
        let broken = if full { BrokenPeriods::Full } else { BrokenPeriods::Days };
        let unit = if by_minute { Eenheid::Minuut } else { Eenheid::Uur };
        let part = |window| worth(register, &Worth { code: "02A03", begin, end: Some(end), omvang: omvang(volume, unit, each), budget: None, window, broken }).cents.0;
        let (first, last) = (date(2023, 1, 1), date(2031, 1, 1));
        let next = cut.tomorrow().expect("far from the end of time");
        prop_assert_eq!(part((first, cut)) + part((next, last)), part((first, last)));
    }

    /// Whatever is claimed and credited: realisation is what was granted, and consumption what is realised or open.
    #[test]
    fn postings_tie(volumes in prop::collection::vec(0..12_u64, 1..4), lines in prop::collection::vec((1..4_i8, -300_000..400_000_i64), 0..12)) {
        let (register, mut books) = (register(), Books::default());
        let mut granted = 0;
        let mut lines = lines.into_iter().enumerate();
        for volume in volumes {
            books.allocate(register, first_quarter(volume));
            for (at, (month, cents)) in lines.by_ref().take(4) {
                // A credit reverses what was granted before.
                let cents = cents.max(-granted);
                granted += cents;
                books.claim(register, vec![line(&format!("P{at}"), 1, "02A03", month, cents)]);
            }
            let (consumption, open, realised) = books.state("POT-2026");
            prop_assert_eq!(realised, granted);
            prop_assert!(open >= 0);
            prop_assert_eq!(consumption, realised + open);
            prop_assert!(open <= 14 * 6000 * i64::try_from(volume).expect("small"));
        }
        // After an allocation of the same content, open is exactly what is left to deliver.
        books.allocate(register, first_quarter(5));
        prop_assert_eq!(books.state("POT-2026"), (granted.max(14 * 5 * 6000), (14 * 5 * 6000 - granted).max(0), granted));
    }
}

proptest! {
    // There are 24 orders of four rows.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The order of the rows in agreements.csv makes no difference.
    #[test]
    fn the_order_of_agreements_does_not_matter(order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(), volume in 1..40_u64) {
        let mut lines = AGREEMENTS.lines();
        let head = lines.next().expect("a header row");
        let rows: Vec<&str> = lines.collect();
        let shuffled: Vec<&str> = std::iter::once(head).chain(order.iter().map(|at| rows[*at])).collect();
        let shuffled = shuffled.join("\n");
        let (one, other) = (register(), &register_with(&shuffled));
        let message = allocation_message(vec![first_quarter(volume), toegewezen(2, "02A03", date(2025, 12, 1), None, 3)]);
        let facts = ContractFacts::default();
        let judge = |register: &Register| assess(register, &Policies::default(), &message, date(2026, 3, 10), &facts, &Facts::default(), &[]);
        prop_assert_eq!(judge(one), judge(other));
        prop_assert_eq!(movements(one, &message, &facts, &Facts::default(), &[]), movements(other, &message, &facts, &Facts::default(), &[]));
    }
}
