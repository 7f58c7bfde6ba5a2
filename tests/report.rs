//! Reports: figures to the cent, small groups left out, a page that is well-formed and needs nothing else, the same bytes
//! twice. Some from a ledger that a gateway filled, asked for on the command line; some from a history made by hand.

use jiff::civil::{Date, date};
use quick_xml::Reader;
use quick_xml::events::Event;
use sluis::clock::{Clock, FixedClock};
use sluis::contract::norms::{CLAIM_LAG_MONTHS, HIGH_LEVEL, MIN_CASES, Norm, WAIT_DAYS};
use sluis::contract::survey::{Allocated, Claimed, Delivered, Survey};
use sluis::contract::{Contracts, Policies, Register, load};
use sluis::decision::{StartKey, Verdict};
use sluis::demo::compose::{Allocate, Claim, Composer, Person, omvang};
use sluis::finding::{Severity, Signal};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Budget, Judged, Kept, Keys, Ledger, Location, Settings};
use sluis::message::{
    Cents, Count, Eenheid, Frequentie, GeslotenPeriode, Law, Message, Number, Omvang, Party, Product,
};
use sluis::report::{Lang, Part, Period, Report, Scope, Snapshot, compile};
use sluis::rules::facts::{Allocation, ClaimLine, Earlier, PersonKey};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use sluis::view::budgets::{of_agreement, of_region};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

const ZORG: &str = "42420001";
const THUIS: &str = "42420002";
const HULP: &str = "42420003";
const JEUGD: &str = "42420005";
const STEUN: &str = "42420009";
const AALTEN: &str = "0197";
const SEGMENT: &str = "wmo-integrale-ondersteuning";
const TODAY: Date = date(2026, 4, 15);

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek")
}

// ---------------------------------------------------------------- a ledger filled by a gateway

/// A folder with a configuration, the register of the sample region with norms, and a ledger with a first quarter.
struct Desk(tempfile::TempDir);

impl Desk {
    fn open() -> Desk {
        let desk = Desk(tempfile::tempdir().expect("a temporary folder"));
        let folder = desk.0.path().join("achterhoek");
        std::fs::create_dir(&folder).expect("a new folder");
        for file in std::fs::read_dir(sample()).expect("the sample register is there") {
            let file = file.expect("it can be read");
            std::fs::copy(file.path(), folder.join(file.file_name())).expect("it can be copied");
        }
        let profile = folder.join("region.toml");
        let text = std::fs::read_to_string(&profile).expect("a profile");
        std::fs::write(profile, with_norms(&text)).expect("a profile can be written");
        std::fs::write(desk.0.path().join("sluis.toml"), "[contract]\nregion = \"achterhoek\"\n").expect("a file");
        desk
    }

    async fn fill(&self) {
        let keys = Keys::create(&self.0.path().join("ledger.key")).expect("a new key file");
        let settings = Settings { location: Location::File(self.0.path().join("ledger.sqlite")), keys, max_group: 8 };
        let ledger = Ledger::open(settings).expect("a ledger opens");
        let register = load(&self.0.path().join("achterhoek")).expect("the register has no fault");
        let contracts = Contracts::new(vec![Arc::new(register)], Policies::default());
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::on(date(2026, 3, 20)));
        let telemetry = Telemetry::new("report");
        let (limits, options) = (Limits::default(), Options::default());
        let gateway = Gateway::new("report", limits, contracts, ledger.clone(), clock, &telemetry, options);
        for (at, message) in quarter().iter().enumerate() {
            let incoming = Incoming {
                transport: "directory",
                transport_id: at.to_string(),
                identity: None,
                bytes: message.write(),
            };
            let prepared = gateway.prepare(incoming).await;
            gateway.commit(prepared).await.expect("the ledger takes everything");
        }
        drop(gateway);
        ledger.close().expect("the ledger closes");
    }

    fn run(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
        command.args(["report", "--config", "sluis.toml", "--today", "2026-04-15"]).args(more);
        command.current_dir(self.0.path()).output().expect("the program starts")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("it was written")
    }

    /// What pages show of budgets is what `sluis budgets` told, to the cent; the course ends at what was posted, and the
    /// forecast at what is expected.
    fn pages_tell_the_same(&self, ledger: &Ledger, told: &serde_json::Value) {
        let register = load(&self.0.path().join("achterhoek")).expect("the register has no fault");
        let gemeenten = register.region.municipalities.keys().cloned().collect();
        let history = ledger.run_blocking(move |tx| tx.history(&gemeenten)).expect("the history");
        let survey = Survey { register: &register, today: date(2026, 4, 15), history: &history };
        let shown = of_region(&survey, 2026);
        let figures = |value: &serde_json::Value| -> Vec<i64> {
            [
                "reserved_gross",
                "realised",
                "open",
                "frozen",
                "expected_open",
                "consumption_hard",
                "consumption_expected",
            ]
            .iter()
            .map(|name| value[format!("{name}_cents")].as_i64().expect("a figure"))
            .collect()
        };
        let json = |figures: &sluis::view::budgets::Sums| serde_json::to_value(figures).expect("they have a JSON form");
        let agreements = told["agreements"].as_array().expect("a list");
        assert!(!agreements.is_empty() && shown.agreements.len() >= agreements.len());
        for each in agreements {
            let line = shown.agreements.iter().find(|line| each["agreement"] == line.id).expect("the page has it");
            assert_eq!(figures(&json(&line.figures)), figures(each), "{}", line.id);
            assert_eq!(each["amount_cents"], line.amount_cents);
            assert_eq!(each["headroom_hard_cents"], line.headroom_hard_cents);
            assert_eq!(each["headroom_expected_cents"], line.headroom_expected_cents);
            let id = line.id.clone();
            let posted = ledger.run_blocking(move |tx| tx.posted_by_month(&id)).expect("postings");
            let one = of_agreement(&survey, &line.id, &posted).expect("it is in the register");
            let end = one.course.last().expect("a term has months");
            assert_eq!(
                (end.realised_cents, end.committed_cents),
                (line.figures.realised_cents, line.figures.consumption_hard_cents)
            );
            assert_eq!(
                one.expected.last().expect("it runs").cents,
                line.figures.consumption_expected_cents,
                "{}",
                line.id
            );
            let shares: i64 = one.accounts.iter().map(|share| share.realised_cents).sum();
            assert_eq!(shares, line.figures.realised_cents);
        }
        let used: Vec<i64> = shown.agreements.iter().map(|line| line.used_per_mille).collect();
        assert!(used.is_sorted_by(|a, b| a >= b) && used[0] > 0, "closest to its amount first: {used:?}");
        let accounts = told["accounts"].as_array().expect("a list");
        assert_eq!(shown.accounts.len(), accounts.len());
        for (line, each) in shown.accounts.iter().zip(accounts) {
            assert_eq!(
                (each["provider"].as_str(), each["segment"].as_str()),
                (Some(line.aanbieder.as_str()), Some(line.segment.as_str()))
            );
            assert_eq!(figures(&json(&line.figures)), figures(each));
            assert_eq!(each["not_claimed_cents"], line.figures.not_claimed_cents);
        }
    }
}

/// The profile with the norms that a report reads, in place of those that stand in it.
fn with_norms(text: &str) -> String {
    let norms = [("wait_days", 42), ("high_level", 3), ("min_cases", 5), ("claim_lag_months", 1)];
    let is_ours = |part: &str| norms.iter().any(|(name, _)| part.starts_with(&format!("norms.{name}")));
    let kept: Vec<&str> = text.split("\n[").filter(|part| !is_ours(part)).collect();
    let own = norms.map(|(name, value)| {
        format!("\n[norms.{name}]\nvalue = {value}\nstatus = \"chosen\"\nsource = [\"chosen: for this test\"]\n")
    });
    format!("{}\n{}", kept.join("\n["), own.concat())
}

fn composer(law: Law, aanbieder: &str, dagtekening: Date) -> Composer {
    Composer { law, gemeente: Party::from(AALTEN), aanbieder: Party::from(aanbieder), dagtekening }
}

fn allocate(nummer: Count, code: &str, hours: Count, to: Date) -> Allocate {
    let product = Product { categorie: code[..2].into(), code: Some(code.into()) };
    let omvang = omvang(hours, Eenheid::Uur, Frequentie::Totaal);
    Allocate { nummer, product, from: date(2026, 1, 1), to, omvang }
}

/// What the parties sent: ten clients of the Wmo at two providers, five of the youth act, starts, two declarations and
/// five starts of what was never allocated.
fn quarter() -> Vec<Message> {
    let (quarter_end, year_end) = (date(2026, 3, 31), date(2026, 12, 31));
    let decided = date(2026, 1, 5);
    let mut sent = Vec::new();
    let zorg = |day| composer(Law::Wmo, ZORG, day);
    let of_zorg = |person: u32| match person {
        6 => allocate(900_006, "02A02", 365, year_end),
        person => allocate(900_000 + Count::from(person), "02A02", 10, quarter_end),
    };
    let of_hulp = |person: u32| allocate(900_000 + Count::from(person), "02A03", 10, quarter_end);
    for person in 1..=6 {
        sent.push(zorg(decided).toewijzing(&format!("T{person}"), &Person::nth(person), &of_zorg(person)));
    }
    for person in 7..=10 {
        let hulp = composer(Law::Wmo, HULP, decided);
        sent.push(hulp.toewijzing(&format!("U{person}"), &Person::nth(person), &of_hulp(person)));
    }
    for person in 21..=25 {
        let jeugd = composer(Law::Jeugdwet, JEUGD, decided);
        let allocated = allocate(900_000 + Count::from(person), "45A02", 10, quarter_end);
        sent.push(jeugd.toewijzing(&format!("J{person}"), &Person::nth(person), &allocated));
    }
    let starts = [(1, date(2026, 1, 6)), (2, date(2026, 1, 8)), (3, date(2026, 1, 12)), (4, date(2026, 1, 19))];
    for (person, begin) in starts.into_iter().chain([(5, date(2026, 2, 23))]) {
        let start = zorg(date(2026, 3, 2)).start(&format!("S{person}"), &Person::nth(person), &of_zorg(person), begin);
        sent.push(start);
    }
    let january = (date(2026, 1, 1), date(2026, 1, 31));
    let february = (date(2026, 2, 1), date(2026, 2, 28));
    let claim = |nummer: &str, allocated: &Allocate, periode, tarief| Claim {
        nummer: nummer.to_owned(),
        toewijzing: allocated.nummer,
        product: allocated.product.clone(),
        periode,
        volume: 4,
        eenheid: Eenheid::Uur,
        tarief: Cents(tarief),
    };
    let persons: Vec<Person> = (0..=10).map(Person::nth).collect();
    let lines: Vec<(&Person, Vec<Claim>)> = (1..=5)
        .map(|person: u32| {
            let line = claim(&format!("Z{person}"), &of_zorg(person), january, 6003);
            (&persons[usize::try_from(person).expect("small")], vec![line])
        })
        .collect();
    sent.push(zorg(date(2026, 3, 2)).declaratie("D1", "DZ1", january, &lines));
    let line = claim("H7", &of_hulp(7), february, 6000);
    let hulp = composer(Law::Wmo, HULP, date(2026, 3, 9));
    sent.push(hulp.declaratie("D1", "DH1", february, &[(&persons[7], vec![line])]));
    for stray in 1..=5 {
        let never = allocate(999_990 + stray, "02A02", 10, quarter_end);
        let name = format!("X{stray}");
        sent.push(zorg(date(2026, 3, 2)).start(&name, &Person::nth(1), &never, date(2026, 1, 6)));
    }
    sent
}

/// The budgets are reckoned from what happened, without the postings: they tie to those of the ledger to the cent.
#[tokio::test(flavor = "multi_thread")]
async fn the_budgets_of_a_gateway_tie_to_its_postings() {
    const POT: &str = "FICTIEF-WIO-0197-2026";
    let desk = Desk::open();
    desk.fill().await;
    let budgets = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
        command.args(["budgets", "--config", "sluis.toml", "--today", "2026-04-15"]).args(more);
        let run = command.current_dir(desk.0.path()).output().expect("the program starts");
        assert_eq!((run.status.code(), String::from_utf8_lossy(&run.stderr).as_ref()), (Some(0), ""));
        String::from_utf8(run.stdout).expect("UTF-8")
    };
    let told: serde_json::Value = serde_json::from_str(&budgets(&["--json"])).expect("one JSON object");
    let region = &told["regions"]["achterhoek"];
    let agreements = region["agreements"].as_array().expect("a list");
    let pot = agreements.iter().find(|each| each["agreement"] == POT).expect("the pot of Aalten");

    let keys = Keys::load(&desk.0.path().join("ledger.key")).expect("the key of the ledger");
    let ledger = Ledger::open_to_read(desk.0.path().join("ledger.sqlite"), keys).expect("it opens");
    let posted = ledger.run_blocking(|tx| tx.budgets()).expect("balances");
    desk.pages_tell_the_same(&ledger, region);
    ledger.close().expect("it closes");
    let posted = posted.iter().find(|budget| budget.agreement == POT).expect("the pot was posted to");
    assert_eq!((posted.realised, posted.consumption), (Cents(144_060), Cents(2_731_245)));
    assert_eq!(pot["realised_cents"], posted.realised.0);
    assert_eq!(pot["consumption_hard_cents"], posted.consumption.0);
    assert_eq!(pot["headroom_hard_cents"], 6_000_000 - posted.consumption.0);
    let accounts = region["accounts"].as_array().expect("a list");
    let realised: i64 = accounts.iter().filter_map(|account| account["realised_cents"].as_i64()).sum();
    assert_eq!(realised, 144_060, "every euro stands on one account");
    let text = budgets(&[]);
    assert!(text.contains(POT) && text.contains("wmo/0197/wmo-integrale-ondersteuning//42420001"), "{text}");
    let none: serde_json::Value = serde_json::from_str(&budgets(&["--json", "--year", "2025"])).expect("JSON");
    assert_eq!(none["regions"]["achterhoek"]["accounts"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_of_a_gateway_is_reported_to_the_cent() {
    let desk = Desk::open();
    desk.fill().await;
    let asked = ["--region", "achterhoek", "--period", "2026-Q1"];
    let run = desk.run(&[&asked[..], &["--out", "een.html", "--csv", "een"]].concat());
    assert_eq!((run.status.code(), String::from_utf8_lossy(&run.stderr).as_ref()), (Some(0), ""));
    let files =
        ["toegewezen-gedeclareerd", "budgetten", "budgetten-verloop", "wachttijden", "berichten", "afkeurcodes"];
    let figures = files.map(|name| format!("{name}\n{}", desk.read(&format!("een/{name}.csv"))));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("report");
    settings.bind(|| insta::assert_snapshot!("quarter", figures.join("\n")));

    // The same ledger, the same day: the same bytes, also on standard output.
    let again = desk.run(&asked);
    let page = desk.read("een.html");
    assert_eq!(String::from_utf8(again.stdout).expect("UTF-8"), page);
    let run = desk.run(&[&asked[..], &["--csv", "twee"]].concat());
    assert!(run.stdout.is_empty(), "only the figures were asked for");
    for name in files {
        assert_eq!(desk.read(&format!("een/{name}.csv")), desk.read(&format!("twee/{name}.csv")));
    }
    assert_page(&page);
    assert!(!page.contains("Het register is na de boekingen"), "lines and postings tell the same to the cent");
    for person in (1..=10).chain(21..=25) {
        assert!(!page.contains(Person::nth(person).bsn().expose()), "a page names no person");
    }
    let english = desk.run(&[&asked[..], &["--lang", "en"]].concat());
    let english = String::from_utf8(english.stdout).expect("UTF-8");
    assert_page(&english);
    assert!(english.contains("<html lang=\"en\">") && page.contains("<html lang=\"nl\">"));
    assert!(english.contains("10,804.20") && page.contains("10.804,20"), "amounts as the language writes them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_told_all_at_once() {
    let desk = Desk::open();
    desk.fill().await;
    let refused = |more: &[&str]| {
        let run = desk.run(more);
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{more:?}");
        String::from_utf8(run.stderr).expect("UTF-8")
    };
    let told = refused(&[
        "--region",
        "achterhoek",
        "--period",
        "2026-Q5",
        "--municipality",
        "0363",
        "--segment",
        "wonen",
        "--provider",
        "12",
    ]);
    for expected in [
        "--period: `2026-Q5` is no period; write a year (2026)",
        "--municipality: `0363` does not belong to region achterhoek; write one of 0197 Aalten",
        "--segment: region achterhoek has no segment `wonen`; write one of dyslexiezorg",
        "--provider: `12` is no AGB code; write its eight digits",
        "4 fault(s); no report was made",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    let told = refused(&["--region", "nergens", "--period", "2026"]);
    assert!(told.contains("there is no region `nergens`; this configuration has achterhoek"), "{told}");
    let told = refused(&["--region", "achterhoek", "--period", "2026", "--provider", "99999999"]);
    assert!(told.contains("`99999999` stands neither in providers.csv"), "{told}");
    let told = refused(&["--region", "achterhoek", "--period", "2026", "--out", "geen/map/x.html"]);
    assert!(told.contains("geen/map/x.html cannot be written"), "{told}");
    std::fs::remove_file(desk.0.path().join("ledger.sqlite")).expect("the ledger is there");
    let told = refused(&["--region", "achterhoek", "--period", "2026"]);
    assert!(told.contains("ledger.sqlite"), "{told}");
}

// ---------------------------------------------------------------- a history made by hand

struct Hand {
    register: Register,
    snapshot: Snapshot,
    scope: Scope,
}

impl Hand {
    fn new() -> Hand {
        let mut register = load(&sample()).expect("the sample register has no fault");
        for norm in [&WAIT_DAYS, &HIGH_LEVEL, &MIN_CASES, &CLAIM_LAG_MONTHS] {
            register.region.norms.numbers.unset(norm);
        }
        let period = Period::parse("2026").expect("a period");
        let scope = Scope { period, gemeente: None, segment: None, aanbieder: None, today: TODAY, lang: Lang::Nl };
        Hand { register, snapshot: Snapshot::default(), scope }
    }

    fn norm(&mut self, norm: &Norm, value: u64) {
        self.register.region.norms.numbers.set(norm, value.into());
    }

    /// An allocation of ten hours over 2026 to a person, decided and beginning on the first of January.
    fn allocate(&mut self, nummer: Count, agb: &str, person: u32, code: &str) -> &mut Allocation {
        let version = Allocation {
            nummer,
            aanbieder: Party::from(agb),
            person: key(person),
            product: Some(Product { categorie: code[..2].into(), code: Some(code.into()) }),
            toewijzingsdatum: date(2026, 1, 1),
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum: date(2026, 1, 1),
            einddatum: Some(date(2026, 12, 31)),
            reden_wijziging: None,
            omvang: Some(Omvang { volume: 10, eenheid: Eenheid::Uur, frequentie: Frequentie::Totaal }),
            budget: None,
            message: Earlier {
                kind: "WMO301".to_owned(),
                identificatie: "T1".to_owned(),
                dagtekening: date(2026, 1, 1),
            },
        };
        let allocated = Allocated {
            law: Law::Wmo,
            gemeente: Party::from(AALTEN),
            referentie: None,
            references: vec![None],
            versions: vec![version],
        };
        self.snapshot.history.allocations.push(allocated);
        let allocated = self.snapshot.history.allocations.last_mut().expect("one was pushed");
        allocated.versions.last_mut().expect("it has one version")
    }

    /// So many persons from `first` on, an allocation each; numbers that are found again when they leak.
    fn allocate_many(&mut self, agb: &str, code: &str, first: u32, count: u32) {
        for person in first..first + count {
            self.allocate(777_000_000 + Count::from(person), agb, person, code);
        }
    }

    fn start(&mut self, person: u32, begindatum: Date) {
        let nummer = 777_000_000 + Count::from(person);
        let all = &self.snapshot.history.allocations;
        let version = all.iter().find(|all| all.nummer() == nummer).and_then(Allocated::current).expect("allocated");
        let delivered = Delivered {
            law: Law::Wmo,
            gemeente: Party::from(AALTEN),
            aanbieder: version.aanbieder.clone(),
            person: version.person.clone(),
            key: StartKey { toewijzing_nummer: Some(nummer), product: version.product.clone(), begindatum },
            stop: None,
        };
        self.snapshot.history.deliveries.push(delivered);
    }

    fn claim(&mut self, person: u32, agb: &str, code: &str, month: Date, cents: i64) {
        let reference = format!("R{}", self.snapshot.history.lines.len());
        let line = ClaimLine {
            nummer: reference.as_str().into(),
            vorig: None,
            person: key(person),
            toewijzing_nummer: 777_000_000 + Count::from(person),
            categorie: code[..2].into(),
            code: code.into(),
            periode: GeslotenPeriode { begindatum: month.first_of_month(), einddatum: month.last_of_month() },
            volume: 1,
            eenheid: Eenheid::Uur,
            tarief: Some(Cents(cents)),
            bedrag: Cents(cents),
            granted: true,
            declaratie: "D1".into(),
        };
        let (law, gemeente, aanbieder) = (Law::Wmo, Party::from(AALTEN), Party::from(agb));
        self.snapshot.history.lines.push(Claimed { law, gemeente, aanbieder, on: month.last_of_month(), line });
    }

    fn report(&self) -> Report {
        compile(&self.register, &self.snapshot, &self.scope)
    }

    /// The rows of a table of the file, cells joined by `;`.
    fn csv(&self, id: &str) -> Vec<String> {
        let files = self.report().csv().expect("every table can be written");
        let (_, bytes) = files.into_iter().find(|(name, _)| *name == format!("{id}.csv")).expect("the table is there");
        String::from_utf8(bytes).expect("UTF-8").lines().skip(1).map(str::to_owned).collect()
    }
}

fn key(person: u32) -> PersonKey {
    PersonKey(format!("geheim-{person}"))
}

/// The figures behind the first seven columns, by the name of the row.
fn provisions(hand: &Hand) -> Vec<String> {
    let rows = hand.csv("toegewezen-gedeclareerd");
    rows.iter().map(|row| row.split(';').skip(5).collect::<Vec<_>>().join(";")).collect()
}

#[test]
fn five_persons_are_shown_and_four_are_not_nor_told_by_the_total() {
    // Ten hours of 60.03 are 600.30 euros for each person.
    let mut hand = Hand::new();
    hand.allocate_many(ZORG, "02A02", 0, 5);
    assert_eq!(provisions(&hand)[1], "Ontwikkelen (02A02);5;5;1;300150;0;0.0");

    // Of another product four: that product is small, and the first one would tell it from the total.
    hand.allocate_many(ZORG, "02A03", 100, 4);
    let rows = provisions(&hand);
    assert_eq!(rows[0], "Wmo Integrale Ondersteuning;9;9;1;540150;0;0.0");
    assert_eq!(rows[1], "Ontwikkelen (02A02);*;*;*;*;*;*");
    assert_eq!(rows[2], "Stabiliseren (02A03);<5;<5;<5;<5;<5;<5");

    // With a fifth, all is shown.
    hand.allocate_many(ZORG, "02A03", 104, 1);
    let rows = provisions(&hand);
    assert_eq!(rows[1], "Ontwikkelen (02A02);5;5;1;300150;0;0.0");
    assert_eq!(rows[2], "Stabiliseren (02A03);5;5;1;300000;0;0.0");
    assert_eq!(rows[3..], ["Totaal Wmo 2015;10;10;1;600150;0;0.0", "Totaal;10;10;1;600150;0;0.0"]);

    // Claims of four of them are small too, and money is what they would tell.
    for person in 0..4 {
        hand.claim(person, ZORG, "02A02", date(2026, 1, 1), 6003);
    }
    assert_eq!(provisions(&hand)[1], "Ontwikkelen (02A02);<5;<5;<5;<5;<5;<5");
    hand.claim(4, ZORG, "02A02", date(2026, 1, 1), 6003);
    // 300.15 of 3,001.50 euros.
    assert_eq!(provisions(&hand)[1], "Ontwikkelen (02A02);5;5;1;300150;30015;10.0");
}

#[test]
fn a_group_alone_takes_its_totals_along() {
    let mut hand = Hand::new();
    hand.allocate_many(ZORG, "02A02", 0, 4);
    for row in provisions(&hand) {
        assert!(row.ends_with(";<5;<5;<5;<5;<5;<5"), "{row}");
    }
    let page = hand.report().html();
    assert!(!page.contains("2.401,20") && !page.contains("240120"), "four times 600.30 stands nowhere");
}

#[test]
fn values_and_lines_are_cut_to_the_period() {
    let mut hand = Hand::new();
    hand.allocate_many(ZORG, "02A02", 0, 6);
    for allocated in &mut hand.snapshot.history.allocations {
        for version in &mut allocated.versions {
            version.omvang = Some(Omvang { volume: 365, eenheid: Eenheid::Uur, frequentie: Frequentie::Totaal });
        }
    }
    for person in 0..5 {
        hand.claim(person, ZORG, "02A02", date(2026, 3, 1), 100);
        hand.claim(person, ZORG, "02A02", date(2026, 4, 1), 10_000);
    }
    // An hour a day: 31 days of 60.03 for six persons; only March's lines.
    hand.scope.period = Period::parse("2026-03").expect("a period");
    let figures = format!("Ontwikkelen (02A02);6;6;1;{};500;0.0", 31 * 6003 * 6);
    assert_eq!(provisions(&hand)[1], figures);
    // An allocation that ended the day before does not count; one that ends on the first day does.
    hand.snapshot.history.allocations[0].versions[0].einddatum = Some(date(2026, 2, 28));
    assert!(provisions(&hand)[1].starts_with("Ontwikkelen (02A02);5;5;"));
    hand.snapshot.history.allocations[0].versions[0].einddatum = Some(date(2026, 3, 1));
    assert!(provisions(&hand)[1].starts_with("Ontwikkelen (02A02);6;6;"));
    // Deleted and taken back ones neither.
    hand.snapshot.history.allocations[0].versions[0].reden_wijziging = Some("13".into());
    assert!(provisions(&hand)[1].starts_with("Ontwikkelen (02A02);5;5;"));
}

#[test]
fn a_budget_is_forecast_by_its_pace() {
    const ID: &str = "FICTIEF-WIO-0197-2026";
    let mut hand = Hand::new();
    hand.scope.gemeente = Some(Party::from(AALTEN));
    hand.scope.segment = Some(SEGMENT.to_owned());
    for (month, each) in [(date(2026, 1, 1), 100_000), (date(2026, 2, 1), 120_000), (date(2026, 3, 1), 140_000)] {
        for person in 0..5 {
            hand.claim(person, ZORG, "02A02", month, each);
        }
    }
    hand.snapshot.budgets =
        vec![Budget { agreement: ID.to_owned(), consumption: Cents(2_500_000), realised: Cents(1_800_000) }];
    let row = |hand: &Hand| {
        let rows = hand.csv("budgetten");
        let row = rows.iter().find(|row| row.starts_with(ID)).expect("the agreement is reported");
        row.split(';').skip(7).collect::<Vec<_>>().join(";")
    };
    // 18,000 euros in 90 of 365 days come to 73,000; 60,000 is reached on day 300. 105 days of 365 have passed.
    assert_eq!(row(&hand), "6000000;1800000;700000;3500000;41.7;28.8;7300000;2026-10-27");
    assert_eq!(
        hand.csv("budgetten-verloop"),
        [format!("{ID};2026-01-31;500000"), format!("{ID};2026-02-28;1100000"), format!("{ID};2026-03-31;1800000")]
    );
    // With a month of lag, February is the last complete month in the middle of April: 11,000 in 59 days come to 68,050.85,
    // and 60,000 is reached on day 322.
    hand.norm(&CLAIM_LAG_MONTHS, 1);
    assert!(row(&hand).ends_with(";6805085;2026-11-18"), "{}", row(&hand));
}

#[test]
fn steps_of_few_persons_are_taken_together() {
    let mut hand = Hand::new();
    let claim = |hand: &mut Hand, month: i8, persons: std::ops::Range<u32>| {
        for person in persons {
            hand.claim(person, ZORG, "02A02", date(2026, month, 1), 1_000);
        }
    };
    let course = |hand: &Hand| {
        let rows = hand.csv("budgetten-verloop");
        let own = rows.into_iter().filter_map(|row| row.strip_prefix("FICTIEF-WIO-0197-2026;").map(str::to_owned));
        own.collect::<Vec<String>>()
    };
    claim(&mut hand, 1, 0..5);
    claim(&mut hand, 2, 5..7);
    claim(&mut hand, 3, 7..10);
    assert_eq!(course(&hand), ["2026-01-31;5000", "2026-03-31;10000"], "two and three persons make one step");
    // One person in April: that step goes together with the one before.
    claim(&mut hand, 4, 10..11);
    assert_eq!(course(&hand), ["2026-01-31;5000", "2026-04-15;11000"]);
    // Nobody in May, many in June: April's one person goes together with them instead.
    claim(&mut hand, 6, 0..5);
    assert_eq!(course(&hand), ["2026-01-31;5000", "2026-03-31;10000", "2026-06-30;16000"]);
}

#[test]
fn providers_are_compared_with_their_peers_within_limits() {
    let mut hand = Hand::new();
    hand.norm(&HIGH_LEVEL, 3);
    hand.norm(&MIN_CASES, 10);
    fill_levels(&mut hand);
    let rows = hand.csv(&format!("niveaus-{SEGMENT}"));
    // 40 of 90 are level 3 or 4; the nine of the two smaller providers stand together.
    assert_eq!(
        rows,
        [
            format!("{SEGMENT};{ZORG};Voorbeeldzorg De Es (fictief) ({ZORG});51;29.4;49.0;21.6;0.0;1.9"),
            format!("{SEGMENT};{THUIS};Voorbeeldthuis Slingebeek (fictief) ({THUIS});30;0.0;20.0;33.3;46.7;3.3"),
            format!("{SEGMENT};;Overige aanbieders;9;0.0;100.0;0.0;0.0;2.0"),
            format!("{SEGMENT};;Alle aanbieders (verwacht);90;16.7;44.4;23.3;15.6;2.4"),
        ]
    );
    let rows = hand.csv(&format!("trechter-{SEGMENT}"));
    // Of all 35 in 90, so 38.9 %; at n = 51: 38.89 ± 1.96 · √(0.3889 · 0.6111 / 51) = 25.5 to 52.3 %.
    assert_eq!(
        rows,
        [
            format!(
                "{SEGMENT};{ZORG};Voorbeeldzorg De Es (fictief) ({ZORG});51;21.6;38.9;25.5;52.3;17.8;60.0;onder 95 %"
            ),
            format!(
                "{SEGMENT};{THUIS};Voorbeeldthuis Slingebeek (fictief) ({THUIS});30;80.0;38.9;21.4;56.3;11.4;66.4;boven \
                 99,8 %"
            ),
        ]
    );
    // Three persons at small providers would take figures of others along: the smallest of the others joins them.
    hand.norm(&MIN_CASES, 5);
    let rows = hand.csv(&format!("niveaus-{SEGMENT}"));
    assert_eq!((rows.len(), rows[2].as_str()), (4, &*format!("{SEGMENT};;Overige aanbieders;9;0.0;100.0;0.0;0.0;2.0")));
    // Without a norm for heavy there is no funnel, and the page says so.
    hand.register.region.norms.numbers.unset(&HIGH_LEVEL);
    let report = hand.report();
    let names: Vec<String> = report.csv().expect("CSV").into_iter().map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| name.starts_with("trechter")), "{names:?}");
    assert!(report.html().contains("(norm high_level)"));
}

/// 51 cases of one provider, 30 of another, 6 and 3 of two small ones.
fn fill_levels(hand: &mut Hand) {
    for (agb, code, first, count) in [
        (ZORG, "02A01", 0, 15),
        (ZORG, "02A02", 100, 25),
        (ZORG, "02A03", 200, 11),
        (THUIS, "02A02", 300, 6),
        (THUIS, "02A03", 400, 10),
        (THUIS, "02A04", 500, 14),
        (HULP, "02A02", 600, 6),
        (STEUN, "02A02", 700, 3),
    ] {
        hand.allocate_many(agb, code, first, count);
    }
}

#[test]
fn a_level_of_four_persons_is_left_out_with_what_would_tell_it() {
    let mut hand = Hand::new();
    fill_levels(&mut hand);
    hand.allocate_many(HULP, "02A03", 650, 4);
    hand.scope.aanbieder = Some(Party::from(HULP));
    let rows = hand.csv(&format!("niveaus-{SEGMENT}"));
    // Level 3 of this provider is small; level 2 would tell it, and so would the levels 3 and 2 of the others.
    assert_eq!(rows[0], format!("{SEGMENT};{HULP};Voorbeeldhulp Berkelstroom (fictief) ({HULP});10;0.0;*;<5;0.0;*"));
    assert_eq!(rows[1], format!("{SEGMENT};;Overige aanbieders;84;17.9;*;*;16.7;*"));
    assert_eq!(rows[2], format!("{SEGMENT};;Alle aanbieders (verwacht);94;16.0;42.6;26.6;14.9;2.4"));
    let page = hand.report().html();
    assert!(!page.contains("Slingebeek"), "a report on one provider names no other");
}

#[test]
fn waits_run_from_the_later_of_decision_and_first_day() {
    let mut hand = Hand::new();
    hand.norm(&WAIT_DAYS, 14);
    hand.allocate_many(ZORG, "02A02", 0, 12);
    for allocated in &mut hand.snapshot.history.allocations {
        allocated.versions[0].toewijzingsdatum = date(2026, 1, 10);
    }
    // 0, 0 (begun before the decision), 14, 15 and 30 days; seven others wait, one of them is served by the claim.
    let starts = [(10, 1), (5, 1), (24, 1), (25, 1), (9, 2)];
    for (person, (day, month)) in (0..).zip(starts) {
        hand.start(person, date(2026, month, day));
    }
    hand.claim(5, ZORG, "02A02", date(2026, 2, 1), 6003);
    let rows = hand.csv("wachttijden");
    let name = "Voorbeeldzorg De Es (fictief)";
    assert_eq!(rows[1], format!("{SEGMENT};{ZORG};{name} ({ZORG});5;14.0;30.0;14;60.0;5;6"));
    assert_eq!(rows[2], ";;Totaal;5;14.0;30.0;;;5;6");
    // In February one began: too few to tell. On the last of January, six and the one that began later wait.
    hand.scope.period = Period::parse("2026-02").expect("a period");
    assert_eq!(hand.csv("wachttijden")[1], format!("{SEGMENT};{ZORG};{name} ({ZORG});<5;<5;<5;14;<5;<5;6"));
    hand.scope.period = Period::parse("2026-01").expect("a period");
    assert_eq!(hand.csv("wachttijden")[1], format!("{SEGMENT};{ZORG};{name} ({ZORG});<5;<5;<5;14;<5;<5;8"));
    // Nobody waits for what has not begun, nor for what is over.
    hand.scope.period = Period::parse("2025").expect("a period");
    assert!(hand.report().html().contains("begon geen zorg en wachtte niemand"));
}

#[test]
fn rejections_are_counted_by_code() {
    let mut hand = Hand::new();
    let message = |verdict, broken: &[(&str, &str)]| Judged {
        law: Law::Wmo,
        number: Number::N323,
        gemeente: Party::from(AALTEN),
        aanbieder: Party::from(ZORG),
        // Half past midnight on the first of March in the Netherlands.
        received_at: "2026-02-28T23:30:00Z".parse().expect("a moment"),
        verdict,
        broken: broken.iter().map(|(code, rule)| ((*rule).to_owned(), Some((*code).to_owned()))).collect(),
    };
    for _ in 0..5 {
        hand.snapshot.judged.push(message(Verdict::Rejected, &[("9321", "TR322"), ("9321", "TR322")]));
    }
    hand.snapshot.judged.push(message(Verdict::Accepted, &[]));
    hand.snapshot.judged.push(message(Verdict::Partly, &[("0611", "TR382")]));
    hand.snapshot.judged.push(Judged { number: Number::N301, ..message(Verdict::Rejected, &[("0001", "CD076")]) });
    hand.scope.period = Period::parse("2026-03").expect("a period");
    let name = format!("Voorbeeldzorg De Es (fictief) ({ZORG})");
    assert_eq!(hand.csv("berichten"), [format!("{ZORG};{name};7;6;0;")]);
    let rows = hand.csv("afkeurcodes");
    assert!(rows[0].starts_with(&format!("{ZORG};{name};9321;TR322;10;")), "{}", rows[0]);
    assert!(rows[1].starts_with(&format!("{ZORG};{name};0611;TR382;<5;")), "{}", rows[1]);
    assert_eq!(rows.len(), 2, "a 301 is not the provider's");
    assert!(rows.iter().all(|row| row.ends_with('.') || row.ends_with(".\"")), "a sentence each: {rows:?}");
    hand.scope.period = Period::parse("2026-02").expect("a period");
    assert!(hand.report().html().contains("kwam geen bericht van een aanbieder binnen"), "the Dutch day counts");
}

fn signal(check: &str, toewijzingen: &[Count], nl: &str, facts: &[(&str, &str)]) -> Kept {
    let facts: BTreeMap<String, serde_json::Value> =
        facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let signal = Signal {
        id: format!("{check}-{}", nl.len()),
        check: check.to_owned(),
        outcome: "signal".to_owned(),
        severity: Severity::Warning,
        region: "achterhoek".to_owned(),
        gemeente: AALTEN.to_owned(),
        toewijzingen: toewijzingen.to_vec(),
        nl: nl.to_owned(),
        en: nl.to_owned(),
        facts,
    };
    let moment = "2026-03-31T22:30:00Z".parse().expect("a moment");
    Kept { signal, opened_at: moment, seen_at: moment, ended: None, occurrence: 1 }
}

#[test]
fn sentences_that_point_at_a_person_stand_in_no_report() {
    let mut hand = Hand::new();
    let agreement = [("afspraak", "FICTIEF-WIO-0197-2026"), ("segment", SEGMENT), ("aanbieder", "*")];
    let of_zorg = [("aanbieder", ZORG), ("segment", SEGMENT)];
    hand.snapshot.signals = vec![
        signal("C2", &[777_000_001], "Toewijzing 777000001 wacht.", &of_zorg),
        signal("C2", &[777_000_002], "Iemand wacht al lang.", &of_zorg),
        signal("D2", &[777_000_003], "De afspraak is voor 85 % gebruikt.", &agreement),
        signal("D2", &[777_000_004], "Met toewijzing 777000004 is de afspraak vol.", &agreement),
    ];
    let rows = hand.csv("signalen");
    assert_eq!(
        rows,
        [
            "C2;0197;Aalten (0197);let op;<5;2026-04-01;Toegewezen zorg begint.".to_owned(),
            "D2;0197;Aalten (0197);let op;1;2026-04-01;De afspraak is voor 85 % gebruikt.".to_owned(),
            format!(
                "D2;0197;Aalten (0197);let op;<5;2026-04-01;{}",
                sluis::contract::check::find("D2").expect("D2").nl
            ),
        ],
    );
    // When fewer than five persons stand behind the agreement, its sentence goes too.
    hand.allocate_many(ZORG, "02A02", 0, 4);
    assert!(!hand.report().html().contains("85 % gebruikt"));
    hand.allocate_many(ZORG, "02A02", 4, 1);
    assert!(hand.report().html().contains("85 % gebruikt"));
    // A report on one provider has the signals about it only.
    hand.scope.aanbieder = Some(Party::from(ZORG));
    assert_eq!(hand.csv("signalen").len(), 1);
    hand.scope.aanbieder = Some(Party::from(THUIS));
    assert!(hand.report().html().contains("Er staat geen signaal open."));
}

#[test]
fn an_empty_ledger_gives_a_report_that_says_so() {
    let hand = Hand::new();
    let page = hand.report().html();
    assert_page(&page);
    for said in [
        "In deze periode is niets toegewezen en niets toegekend.",
        "In deze periode loopt geen toewijzing van een product met een niveau.",
        "In deze periode begon geen zorg en wachtte niemand.",
        "In deze periode kwam geen bericht van een aanbieder binnen.",
        "Er staat geen signaal open.",
        "<dt>Grootboek bij</dt><dd>–</dd>",
    ] {
        assert!(page.contains(said), "{said}");
    }
    // The agreements of 2026 stand there with nothing used; in 2030 there is none.
    assert!(page.contains("FICTIEF-WIO-0197-2026") && !page.contains("<svg"));
    let later = Scope { period: Period::parse("2030").expect("a period"), ..hand.scope };
    let page = compile(&hand.register, &hand.snapshot, &later).html();
    assert!(page.contains("In deze periode geldt geen budgetafspraak."));
}

#[test]
fn a_full_page_is_well_formed_and_names_nobody() {
    let mut hand = Hand::new();
    for (norm, value) in [(&HIGH_LEVEL, 3), (&MIN_CASES, 5), (&WAIT_DAYS, 42), (&CLAIM_LAG_MONTHS, 1)] {
        hand.norm(norm, value);
    }
    fill_levels(&mut hand);
    hand.allocate_many(ZORG, "04A01", 800, 8);
    for (person, days) in
        (100..125).chain(300..306).chain(800..806).zip([3, 9, 12, 20, 33, 41, 44, 60].into_iter().cycle())
    {
        hand.start(person, date(2026, 1, 1).saturating_add(jiff::Span::new().days(days)));
    }
    for month in 1..=3 {
        for person in 100..125 {
            hand.claim(
                person,
                ZORG,
                "02A02",
                date(2026, month, 1),
                20_000 + 1_000 * i64::from(month) * i64::from(month),
            );
        }
    }
    let realised = hand.snapshot.history.lines.iter().map(|claimed| claimed.line.bedrag.0).sum();
    let agreement = "FICTIEF-WIO-0197-2026".to_owned();
    hand.snapshot.budgets = vec![Budget { agreement, consumption: Cents(2_900_000), realised: Cents(realised) }];
    hand.snapshot.signals = vec![signal("C2", &[777_000_001], "Toewijzing 777000001 wacht.", &[("aanbieder", ZORG)])];
    let report = hand.report();
    let page = report.html();
    // To be looked at in a browser.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("report.html"), &page).expect("the folder of the tests can be written");
    assert_page(&page);
    assert_eq!(page.matches("<svg ").count(), 3, "burn-up, funnel and waits");
    assert_eq!(page, hand.report().html(), "the same again");
    // Nothing of a person, also in the files.
    let files: Vec<u8> = report.csv().expect("CSV").into_iter().flat_map(|(_, bytes)| bytes).collect();
    for text in [page, String::from_utf8(files).expect("UTF-8")] {
        assert!(!text.contains("geheim") && !text.contains("777000"), "{text}");
    }
    for part in report.sections.iter().flat_map(|section| &section.parts) {
        if let Part::Table(table) = part {
            assert!(table.rows.iter().all(|row| row.cells.len() == table.columns.len()), "{}", table.id);
        }
    }
}

/// Well-formed, without anything from elsewhere, and with what a reader without eyes for it needs.
fn assert_page(page: &str) {
    for foreign in ["http", "<script", "src=", "@import", "url(", "xmlns"] {
        assert!(!page.contains(foreign), "the page holds `{foreign}`");
    }
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    let (mut open, mut headings, mut ids) = (Vec::new(), Vec::new(), std::collections::BTreeSet::new());
    loop {
        match reader.read_event().expect("the page is well-formed") {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("an attribute");
                    if attribute.key.as_ref() == "id" {
                        assert!(ids.insert(attribute.value.to_string()), "an id stands twice: {attribute:?}");
                    }
                }
                let has = |wanted: &str| tag.try_get_attribute(wanted).expect("attributes").is_some();
                match name.as_str() {
                    "html" => assert!(has("lang")),
                    "th" => assert!(has("scope")),
                    "svg" => assert!(has("aria-labelledby") && has("viewBox")),
                    "h1" | "h2" => headings.push(name.clone()),
                    _ => {}
                }
                open.push(name);
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert_eq!(headings, ["h1", "h2", "h2", "h2", "h2", "h2", "h2"]);
    assert_eq!(page.matches("<svg ").count(), page.matches("<desc ").count());
}
