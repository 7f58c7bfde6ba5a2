//! Instalments: what a lumpsum, a population, a task or an availability costs, whatever is delivered.
//!
//! From the first day of a year its instalments are reserved; on its due day each is realised. What the ledger holds of
//! every instalment is compared with what it should hold, and the difference is posted: doing it twice does nothing, and
//! a corrected amount or a row that is gone is put right by postings of the opposite sign.

use crate::contract::facts::Stand;
use crate::contract::register::{Instalment, Register};
use crate::contract::value::clamp;
use crate::decision::{Account, Posting, PostingSort, Slot};
use crate::message::{Cents, Date, Party};
use std::collections::{BTreeMap, BTreeSet};

/// An instalment as the ledger knows it: where it stands, and its name.
pub type Key = (Slot, String);

/// What is to be booked on `today`, given what is booked of each instalment.
pub fn due(register: &Register, today: Date, booked: &BTreeMap<Key, Stand>) -> Vec<Posting> {
    let mut wanted: BTreeMap<Key, (Stand, Date)> = BTreeMap::new();
    for instalment in register.instalments() {
        let Some((key, year)) = key(register, instalment) else { continue };
        let is_due = instalment.due_on <= today;
        let stand = Stand {
            open: if !is_due && year <= today.year() { instalment.amount } else { Cents(0) },
            realised: if is_due { instalment.amount } else { Cents(0) },
        };
        wanted.insert(key, (stand, instalment.due_on));
    }
    // Another region may share the ledger.
    let own = |(slot, _): &&Key| slot.account.as_ref().is_some_and(|account| belongs(register, account));
    let keys: BTreeSet<&Key> = wanted.keys().chain(booked.keys().filter(own)).collect();
    let mut postings = Vec::new();
    for key in keys {
        let known = booked.get(key).copied().unwrap_or_default();
        let (stand, on) = wanted.get(key).copied().unwrap_or((Stand::default(), today));
        let change = |now: Cents, before: Cents| clamp(i128::from(now.0) - i128::from(before.0));
        let (open, realised) = (change(stand.open, known.open), change(stand.realised, known.realised));
        // What falls due uses up what was reserved for it; anything else changes the reservation itself.
        let used = if realised > 0 { realised.min(-open).max(0) } else { 0 };
        for (sort, cents) in [
            (PostingSort::Reservation, open + used),
            (PostingSort::Release, -used),
            (PostingSort::Instalment, realised),
        ] {
            if cents != 0 {
                postings.push(posting(key, sort, cents, on));
            }
        }
    }
    postings
}

/// Whether an account is of the region.
fn belongs(register: &Register, account: &Account) -> bool {
    let gemeente = &account.gemeente;
    gemeente.as_str() == register.region.id || register.region.municipalities.contains_key(gemeente)
}

fn posting((slot, name): &Key, sort: PostingSort, cents: i64, on: Date) -> Posting {
    let year = slot.account.as_ref().map_or(on.year(), |account| account.year);
    let first = Date::new(year, 1, 1).unwrap_or(Date::MIN);
    Posting {
        slot: slot.clone(),
        sort,
        cents: Cents(cents),
        toewijzing_nummer: None,
        referentie: Some(name.clone()),
        on: on.clamp(first, first.last_of_year()),
        late: false,
    }
}

/// Where an instalment stands and what it is called, with its year: that of the due day, or for what is paid in arrears
/// the last of the agreement.
fn key(register: &Register, instalment: &Instalment) -> Option<(Key, i16)> {
    let agreement = register.agreement(&instalment.agreement)?;
    let year = instalment.due_on.min(agreement.to).year();
    let account = Account {
        law: instalment.law,
        gemeente: instalment.gemeente.clone().unwrap_or_else(|| Party::from(register.region.id.as_str())),
        segment: agreement.segment.clone(),
        subsegment: None,
        aanbieder: instalment.agb.clone(),
        model: agreement.model,
        year,
    };
    let slot = Slot { account: Some(account), agreements: BTreeSet::from([agreement.id.clone()]) };
    Some(((slot, format!("{} {}", agreement.id, instalment.due_on)), year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::register::{FILES, Files, INSTALMENTS};
    use jiff::civil::date;
    use std::path::Path;

    const AGREEMENTS: &str = "\
agreement;segment;agb;municipality;model;valid_from;valid_to;amount_cents;warn_at;on_exceed
LUMP;wmo-wonen;42420004;0197;lumpsum;2026-01-01;2026-12-31;120000;70/100;signal
JOINT;dyslexiezorg;*;*;population;2025-08-01;2026-07-31;90000;70/100;signal
PXQ;wmo-logeren;*;*;pxq;2026-01-01;2026-12-31;90000;70/100;signal
";
    const HEAD: &str = "agreement;agb;municipality;law;due_on;amount_cents\n";

    fn parse(rows: &str) -> Result<Register, Vec<String>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let mut files: Files = FILES
            .iter()
            .map(|name| ((*name).to_owned(), std::fs::read(folder.join(name)).expect("the sample is shipped")))
            .collect();
        files.insert("agreements.csv".to_owned(), AGREEMENTS.as_bytes().to_vec());
        files.insert(INSTALMENTS.to_owned(), format!("{HEAD}{rows}").into_bytes());
        Register::parse(&files).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    /// The ledger after `postings`.
    fn book(booked: &mut BTreeMap<Key, Stand>, postings: &[Posting]) {
        for posting in postings {
            let key = (posting.slot.clone(), posting.referentie.clone().expect("an instalment has a name"));
            let stand = booked.entry(key).or_default();
            let part = if posting.sort.is_realised() { &mut stand.realised } else { &mut stand.open };
            part.0 += posting.cents.0;
        }
    }

    fn shown(postings: &[Posting]) -> Vec<String> {
        postings
            .iter()
            .map(|posting| {
                let account = posting.slot.account.as_ref().expect("an account");
                format!("{} {} {} {}", account, posting.sort.as_str(), posting.cents.0, posting.on)
            })
            .collect()
    }

    #[test]
    fn a_year_is_reserved_on_its_first_day_and_realised_when_due() {
        let register = parse("LUMP;;;;2026-03-01;60000\nLUMP;;;;2026-09-01;60000\n").expect("no fault");
        let mut booked = BTreeMap::new();
        let account = "wmo/0197/wmo-wonen//42420004/lumpsum/2026";
        let mut day = |today| {
            let postings = due(&register, today, &booked);
            book(&mut booked, &postings);
            assert_eq!(due(&register, today, &booked), [], "once is enough");
            shown(&postings)
        };
        assert_eq!(day(date(2025, 12, 31)), Vec::<String>::new());
        assert_eq!(
            day(date(2026, 1, 1)),
            [format!("{account} reservation 60000 2026-03-01"), format!("{account} reservation 60000 2026-09-01")]
        );
        assert_eq!(day(date(2026, 2, 28)), Vec::<String>::new());
        assert_eq!(
            day(date(2026, 3, 1)),
            [format!("{account} release -60000 2026-03-01"), format!("{account} instalment 60000 2026-03-01")]
        );
        // A gateway that did not run for a while catches up.
        assert_eq!(
            day(date(2027, 2, 1)),
            [format!("{account} release -60000 2026-09-01"), format!("{account} instalment 60000 2026-09-01")]
        );
    }

    #[test]
    fn a_corrected_table_is_put_right() {
        let mut booked = BTreeMap::new();
        let before = parse("LUMP;;;;2026-03-01;60000\nLUMP;;;;2026-09-01;60000\n").expect("no fault");
        let first = due(&before, date(2026, 6, 1), &booked);
        book(&mut booked, &first);
        let after = parse("LUMP;;;;2026-03-01;50000\n").expect("no fault");
        let postings = due(&after, date(2026, 6, 1), &booked);
        let account = "wmo/0197/wmo-wonen//42420004/lumpsum/2026";
        assert_eq!(
            shown(&postings),
            [format!("{account} instalment -10000 2026-03-01"), format!("{account} reservation -60000 2026-06-01")]
        );
        book(&mut booked, &postings);
        let left: i64 = booked.values().map(|stand| stand.open.0 + stand.realised.0).sum();
        assert_eq!(left, 50_000);
    }

    #[test]
    fn a_contract_year_falls_in_two_calendar_years() {
        // Twelve times 75.00 in arrears, from August 2025 on; the last falls due a day after the agreement.
        let months = (0..12).map(|at| date(2025, 9, 1).saturating_add(jiff::Span::new().months(at)));
        let rows: Vec<String> = months.map(|day| format!("JOINT;42420007;*;;{day};7500\n")).collect();
        let rows = rows.concat();
        let register = parse(&rows).expect("no fault");
        let postings = due(&register, date(2027, 1, 1), &BTreeMap::new());
        let mut years: BTreeMap<i16, i64> = BTreeMap::new();
        for posting in &postings {
            let account = posting.slot.account.as_ref().expect("an account");
            assert_eq!((account.gemeente.as_str(), account.model.as_str()), ("achterhoek", "population"));
            *years.entry(account.year).or_default() += posting.cents.0;
        }
        assert_eq!(years, BTreeMap::from([(2025, 4 * 7_500), (2026, 8 * 7_500)]));
    }

    #[test]
    fn all_faults_of_the_table_are_told_at_once() {
        let rows = "LUMB;;;;2026-03-01;60000\n\
                    LUMP;;;;2025-12-31;60000\n\
                    LUMP;42420001;0222;jeugdwet;2026-03-01;0\n\
                    LUMP;42420001;0222;jeugdwet;2026-03-01;1\n\
                    PXQ;42420001;;;2026-03-01;1\n\
                    JOINT;;0363;;2026-03-01;60,00\n\
                    JOINT;;0363;;2026-03-01;6000\n\
                    LUMP;;;;2026-04-01;60000\n\
                    LUMP;;;;2026-04-01;60001\n\
                    JOINT;99999999;;;2026-03-01;6000\n\
                    ;;;;;\n";
        let faults = parse(rows).expect_err("many faults");
        let expected = [
            ":2 [agreement]: unknown agreement `LUMB`",
            ":3 [due_on]: 2025-12-31 lies outside agreement LUMP (2026-01-01..2026-12-31)",
            ":4 [amount_cents]: an instalment of nothing",
            ":5 [agb]: agreement LUMP is with 42420004",
            ":5 [law]: segment wmo-wonen is not for jeugdwet",
            ":5 [municipality]: agreement LUMP is of 0197",
            ":6 [agreement]: agreement PXQ is of model pxq",
            ":7 [amount_cents]: `60,00` is not a whole number",
            ":8 [agb]: agreement JOINT is with all providers",
            ":8 [municipality]: municipality 0363 is not in region achterhoek",
            ":10 [amount_cents]: the instalments of agreement LUMP come above its amount of 1200,00 euros",
            ":10 [due_on]: agreement LUMP has an instalment of 2026-04-01 on line 9 too",
            ":11 [agb]: unknown provider 99999999",
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (found, part) in faults.iter().zip(expected) {
            assert!(found.contains(part), "{found} does not tell {part}");
        }
    }

    #[test]
    fn the_file_may_be_left_out_and_counts_for_the_version() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let without = crate::contract::load(&folder).expect("the sample has no fault");
        assert_eq!(without.instalments(), []);
        let (one, other) = (parse("LUMP;;;;2026-03-01;1\n"), parse("LUMP;;;;2026-03-01;2\n"));
        assert_ne!(one.expect("no fault").version, other.expect("no fault").version);
    }
}
