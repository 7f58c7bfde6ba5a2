//! What changes for whom when one register takes the place of another.
//!
//! Rows are not compared, days are: a price of two years written on one row or on two is the same price. So what is
//! told is what somebody will notice, and from which day.

use super::rows::{AGREEMENTS, CONTRACTS, PRODUCTS, PROVIDERS, TARIFFS};
use super::{Agreement, Contract, FILES, Product, Provider, Register, TariffKey};
use crate::contract::region::{self, Period, Region, Segment};
use crate::contract::table::Validity;
use crate::contract::words::{ContractStatus, words};
use crate::message::{Cents, Date, Party};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

words! {
    /// What happened to something that is in a register.
    pub enum Sort {
        /// It was not there.
        Added = "added",
        /// It is not there any more.
        Removed = "removed",
        /// It holds on more days.
        Extended = "extended",
        /// It holds on fewer days.
        Shortened = "shortened",
        /// A price or an amount went up.
        Raised = "raised",
        /// A price or an amount went down.
        Lowered = "lowered",
        /// A product went to another segment or level.
        Moved = "moved",
        /// Something else about it is different.
        Changed = "changed",
    }
}

impl Serialize for Sort {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// File that it stands in.
    pub file: &'static str,
    /// What happened.
    pub sort: Sort,
    /// Provider that it is about; `None` for all, or for what is not about providers.
    pub agb: Option<String>,
    /// Municipality that it is about; `None` for all.
    pub municipality: Option<String>,
    /// What it is about: the key of the row.
    pub subject: String,
    /// First day on which it is different; `None` where days do not matter.
    pub from: Option<String>,
    /// Last day on which it is different; `None` when no end is set.
    pub to: Option<String>,
    /// How it was: a price or amount in eurocents, or a word.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
    /// For a price or amount, by how much in thousandths of what it was, rounded half away from zero.
    pub per_mille: Option<i64>,
    /// The same for people, without the parties and the subject.
    pub text: String,
}

/// All changes from one register to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Region of the new register.
    pub region: String,
    /// Version of the old one.
    pub old: String,
    /// Version of the new one.
    pub new: String,
    /// Whether nothing changes for anybody. Files may then still be written differently.
    pub equal: bool,
    /// How many changes of each sort, by file.
    pub totals: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
    /// In order of file, provider, municipality, subject and day.
    pub changes: Vec<Change>,
}

impl Difference {
    /// What changes when `new` takes the place of `old`.
    pub fn between(old: &Register, new: &Register) -> Difference {
        let mut changes = Vec::new();
        profile(&old.region, &new.region, &mut changes);
        products(old, new, &mut changes);
        providers(old, new, &mut changes);
        contracts(old, new, &mut changes);
        tariffs(old, new, &mut changes);
        agreements(old, new, &mut changes);
        let place = |change: &Change| FILES.iter().position(|name| *name == change.file);
        changes.sort_by(|a, b| {
            let key = |change: &Change| (place(change), change.sort);
            (place(a), &a.agb, &a.municipality, &a.subject, &a.from, key(a)).cmp(&(
                place(b),
                &b.agb,
                &b.municipality,
                &b.subject,
                &b.from,
                key(b),
            ))
        });
        let mut totals: BTreeMap<_, BTreeMap<_, usize>> = BTreeMap::new();
        for change in &changes {
            *totals.entry(change.file).or_default().entry(change.sort.as_str()).or_default() += 1;
        }
        Difference {
            region: new.region.id.clone(),
            old: old.version.clone(),
            new: new.version.clone(),
            equal: changes.is_empty(),
            totals,
            changes,
        }
    }

    /// Providers that the new register knows and the old one did not, by AGB code.
    pub fn new_providers(&self) -> impl Iterator<Item = &str> {
        let added = self.changes.iter().filter(|change| change.file == PROVIDERS && change.sort == Sort::Added);
        added.filter_map(|change| change.agb.as_deref())
    }
}

/// Days on which two timelines differ in the same way.
struct Stretch<'r, T> {
    from: Date,
    to: Option<Date>,
    step: Step<'r, T>,
}

enum Step<'r, T> {
    Added(&'r T),
    Removed(&'r T),
    Extended(&'r T),
    Shortened(&'r T),
    /// From the one to the other: on the same days, or because the other follows where nothing did.
    Changed(&'r T, &'r T),
}

/// Rows of one key in order of time, of which no two share a day.
type Timeline<T> = Vec<(Validity, T)>;
/// The rows of one key in both registers.
type Both<'r, T> = (&'r [(Validity, T)], &'r [(Validity, T)]);

fn value_on<T>(rows: &[(Validity, T)], day: Date) -> Option<&T> {
    let next = rows.partition_point(|(validity, _)| validity.from <= day);
    rows[..next].last().filter(|(validity, _)| validity.holds_on(day)).map(|(_, value)| value)
}

/// Where two timelines differ.
fn compare<'r, T: PartialEq>(old: &'r [(Validity, T)], new: &'r [(Validity, T)]) -> Vec<Stretch<'r, T>> {
    let mut starts: BTreeSet<Date> = BTreeSet::new();
    for (validity, _) in old.iter().chain(new) {
        starts.insert(validity.from);
        starts.extend(validity.to.and_then(|to| to.tomorrow().ok()));
    }
    let starts: Vec<Date> = starts.into_iter().collect();
    let mut runs: Vec<(Validity, [Option<&T>; 2])> = Vec::new();
    for (at, from) in starts.iter().enumerate() {
        let to = starts.get(at + 1).and_then(|next| next.yesterday().ok());
        let values = [value_on(old, *from), value_on(new, *from)];
        match runs.last_mut() {
            Some((run, same)) if *same == values => run.to = to,
            _ => runs.push((Validity { from: *from, to }, values)),
        }
    }
    let differ = runs.into_iter().filter(|(_, [before, after])| before != after);
    differ
        .filter_map(|(Validity { from, to }, [before, after])| {
            let day_before = from.yesterday().ok().and_then(|day| value_on(new, day));
            let day_after = to.and_then(|to| to.tomorrow().ok()).and_then(|day| value_on(new, day));
            let step = match (before, after) {
                (None, None) => return None,
                (Some(before), Some(after)) => Step::Changed(before, after),
                (None, Some(after)) => match (day_before, day_after) {
                    (Some(earlier), _) if earlier == after => Step::Extended(after),
                    (Some(earlier), _) => Step::Changed(earlier, after),
                    (None, Some(later)) if later == after => Step::Extended(after),
                    (None, _) => Step::Added(after),
                },
                (Some(before), None) if day_before.is_none() && day_after.is_none() => Step::Removed(before),
                (Some(before), None) => Step::Shortened(before),
            };
            Some(Stretch { from, to, step })
        })
        .collect()
}

/// `from 2026-01-01`, `from 2026-01-01 to 2026-12-31`.
fn days(from: Date, to: Option<Date>) -> String {
    to.map_or_else(|| format!("from {from}"), |to| format!("from {from} to {to}"))
}

/// Turns where two timelines differ into changes; `changed` tells what is different about two values.
fn tell<T: PartialEq>(
    base: &Change,
    (old, new): Both<'_, T>,
    shown: impl Fn(&T) -> Option<String>,
    changed: impl Fn(&T, &T) -> (Sort, Option<i64>, String),
    changes: &mut Vec<Change>,
) {
    for Stretch { from, to, step } in compare(old, new) {
        let when = days(from, to);
        let with = |value: &T| shown(value).map_or_else(String::new, |shown| format!(" ({shown})"));
        let (sort, before, after, per_mille, text) = match step {
            Step::Added(value) => (Sort::Added, None, shown(value), None, format!("added {when}{}", with(value))),
            Step::Removed(value) => (Sort::Removed, shown(value), None, None, format!("removed {when}{}", with(value))),
            Step::Extended(value) => {
                (Sort::Extended, None, shown(value), None, format!("extended: also {when}{}", with(value)))
            }
            Step::Shortened(value) => {
                (Sort::Shortened, shown(value), None, None, format!("shortened: no longer {when}{}", with(value)))
            }
            Step::Changed(before, after) => {
                let (sort, per_mille, how) = changed(before, after);
                (sort, shown(before), shown(after), per_mille, format!("{how} {when}"))
            }
        };
        let (from, to) = (Some(from.to_string()), to.map(|to| to.to_string()));
        changes.push(Change { sort, from, to, before, after, per_mille, text, ..base.clone() });
    }
}

fn base(file: &'static str, agb: Option<&Party>, gemeente: Option<&Party>, subject: String) -> Change {
    Change {
        file,
        sort: Sort::Changed,
        agb: agb.map(ToString::to_string),
        municipality: gemeente.map(ToString::to_string),
        subject,
        from: None,
        to: None,
        before: None,
        after: None,
        per_mille: None,
        text: String::new(),
    }
}

/// By how many thousandths of `before` the amount changed, rounded half away from zero; `None` from nothing.
fn per_mille(before: Cents, after: Cents) -> Option<i64> {
    let (before, after) = (i128::from(before.0), i128::from(after.0));
    if before == 0 {
        return None;
    }
    let twice = (after - before) * 2_000;
    let sign = if (twice < 0) == (before < 0) { 1 } else { -1 };
    i64::try_from((twice + sign * before) / (2 * before)).ok()
}

/// Raised or lowered, by how much, and the words for it.
fn price(before: Cents, after: Cents) -> (Sort, Option<i64>, String) {
    let (sort, word) = if after > before { (Sort::Raised, "raised") } else { (Sort::Lowered, "lowered") };
    let share = per_mille(before, after);
    let by = share.map_or_else(String::new, |share| format!(" ({share:+} per mille)"));
    (sort, share, format!("{word} from {before} to {after}{by}"))
}

/// `segment steun -> huis, level 1 -> 2` of the fields that differ.
fn fields(all: &[(&str, String, String)]) -> String {
    let differ = all.iter().filter(|(_, before, after)| before != after);
    let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let told: Vec<String> =
        differ.map(|(name, before, after)| format!("{name} {} -> {}", shown(before), shown(after))).collect();
    told.join(", ")
}

fn optional<T: Display>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn profile(old: &Region, new: &Region, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let from = changes.len();
    let mut push = |sort: Sort, subject: String, gemeente: Option<&Party>, text: String| {
        changes.push(Change { sort, text, ..base(region::FILE, None, gemeente, subject) });
    };
    if old.id != new.id {
        push(Sort::Changed, "region".to_owned(), None, format!("another region: {} -> {}", old.id, new.id));
    }
    for (code, sort) in in_one(&old.municipalities, &new.municipalities) {
        push(sort, format!("municipality {code}"), Some(code), sort.to_string());
    }
    for (id, sort) in in_one(&old.segments, &new.segments) {
        push(sort, format!("segment {id}"), None, sort.to_string());
    }
    for (id, before, after) in in_both(&old.segments, &new.segments) {
        let told = fields(&segment_fields(before).zip(segment_fields(after)));
        if !told.is_empty() {
            push(Sort::Changed, format!("segment {id}"), None, told);
        }
        for gemeente in after.municipalities.difference(&before.municipalities) {
            push(Sort::Added, format!("segment {id}"), Some(gemeente), format!("{gemeente} takes part"));
        }
        for gemeente in before.municipalities.difference(&after.municipalities) {
            push(Sort::Removed, format!("segment {id}"), Some(gemeente), format!("{gemeente} no longer takes part"));
        }
    }
    for (id, sort) in in_one(&old.periods, &new.periods) {
        push(sort, format!("period {id}"), None, sort.to_string());
    }
    for (id, before, after) in in_both(&old.periods, &new.periods) {
        let told = fields(&period_fields(before).zip(period_fields(after)));
        if !told.is_empty() {
            let sort = match (before.end, after.end) {
                (Some(before), Some(after)) if after > before => Sort::Extended,
                (Some(before), Some(after)) if after < before => Sort::Shortened,
                _ => Sort::Changed,
            };
            push(sort, format!("period {id}"), None, told);
        }
    }
    if changes.len() == from {
        let text = "other values of the profile".to_owned();
        changes.push(Change { text, ..base(region::FILE, None, None, "profile".to_owned()) });
    }
}

/// Names and values of two states side by side.
struct Fields<const N: usize>([(&'static str, String); N]);

impl<const N: usize> Fields<N> {
    fn zip(self, other: Fields<N>) -> Vec<(&'static str, String, String)> {
        self.0.into_iter().zip(other.0).map(|((name, before), (_, after))| (name, before, after)).collect()
    }
}

fn segment_fields(segment: &Segment) -> Fields<4> {
    let laws: Vec<&str> = segment.laws.iter().map(|law| law.as_str()).collect();
    Fields([
        ("model", segment.model.to_string()),
        ("model_status", segment.model_status.to_string()),
        ("laws", laws.join(" ")),
        ("periods", segment.periods.join(" ")),
    ])
}

fn period_fields(period: &Period) -> Fields<3> {
    Fields([
        ("start", optional(period.start.as_ref())),
        ("end", optional(period.end.as_ref())),
        ("longest end", optional(period.longest_end.as_ref())),
    ])
}

/// Keys that only one of two maps has.
fn in_one<'r, K: Ord, V>(
    old: &'r BTreeMap<K, V>,
    new: &'r BTreeMap<K, V>,
) -> impl Iterator<Item = (&'r K, Sort)> + use<'r, K, V> {
    let added = new.keys().filter(|key| !old.contains_key(key)).map(|key| (key, Sort::Added));
    let removed = old.keys().filter(|key| !new.contains_key(key)).map(|key| (key, Sort::Removed));
    added.chain(removed)
}

fn in_both<'r, K: Ord, V>(
    old: &'r BTreeMap<K, V>,
    new: &'r BTreeMap<K, V>,
) -> impl Iterator<Item = (&'r K, &'r V, &'r V)> + use<'r, K, V> {
    old.iter().filter_map(|(key, before)| Some((key, before, new.get(key)?)))
}

/// All keys of two sets of timelines, each with both of its timelines.
fn side_by_side<'r, K: Ord + Clone, T>(
    old: &'r BTreeMap<K, Timeline<T>>,
    new: &'r BTreeMap<K, Timeline<T>>,
) -> impl Iterator<Item = (&'r K, Both<'r, T>)> + use<'r, K, T> {
    let keys: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    let rows = |all: &'r BTreeMap<K, Timeline<T>>, key: &K| all.get(key).map_or(&[][..], Vec::as_slice);
    keys.into_iter().map(move |key| (key, (rows(old, key), rows(new, key))))
}

fn products(old: &Register, new: &Register, changes: &mut Vec<Change>) {
    let timelines = |register: &Register| -> BTreeMap<_, Timeline<Product>> {
        let always = Validity { from: Date::MIN, to: None };
        let rows = |rows: &Vec<Product>| {
            rows.iter().map(|row| (row.validity, Product { validity: always, ..row.clone() })).collect()
        };
        register.products.iter().map(|((law, code), all)| ((*law, code.to_string()), rows(all))).collect()
    };
    let state = |product: &Product| {
        Fields([
            ("segment", product.segment.clone()),
            ("level", optional(product.level.as_ref())),
            ("category", product.category.to_string()),
            ("unit", product.unit.map(|unit| unit.as_str().to_owned()).unwrap_or_default()),
            ("norm_volume", optional(product.norm_volume.as_ref())),
            ("norm_frequency", product.norm_frequency.map(|each| each.as_str().to_owned()).unwrap_or_default()),
            ("norm_days", optional(product.norm_days.as_ref())),
            ("flags", product.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>().join(" ")),
            ("name", product.name.clone()),
        ])
    };
    let (old, new) = (timelines(old), timelines(new));
    for ((law, code), both) in side_by_side(&old, &new) {
        let base = base(PRODUCTS, None, None, format!("product {law} {code}"));
        let shown = |product: &Product| {
            let level = product.level.map_or_else(String::new, |level| format!(", level {level}"));
            Some(format!("{}{level}", product.segment))
        };
        let changed = |before: &Product, after: &Product| {
            let is_move = (&before.segment, before.level) != (&after.segment, after.level);
            let (sort, word) = if is_move { (Sort::Moved, "moved: ") } else { (Sort::Changed, "") };
            (sort, None, format!("{word}{}", fields(&state(before).zip(state(after)))))
        };
        tell(&base, both, shown, changed, changes);
    }
}

fn providers(old: &Register, new: &Register, changes: &mut Vec<Change>) {
    let timelines = |register: &Register| -> BTreeMap<_, Timeline<(String, Option<Party>)>> {
        let row = |row: &Provider| (row.validity, (row.name.clone(), row.main_contractor.clone()));
        register.providers.iter().map(|(agb, rows)| (agb.clone(), rows.iter().map(row).collect())).collect()
    };
    let (old, new) = (timelines(old), timelines(new));
    for (agb, both) in side_by_side(&old, &new) {
        let shown = |(name, _): &(String, _)| Some(name.clone());
        let changed = |before: &(String, Option<Party>), after: &(String, Option<Party>)| {
            let told = fields(&[
                ("name", before.0.clone(), after.0.clone()),
                ("main_contractor", optional(before.1.as_ref()), optional(after.1.as_ref())),
            ]);
            (Sort::Changed, None, told)
        };
        tell(&base(PROVIDERS, Some(agb), None, "registration".to_owned()), both, shown, changed, changes);
    }
}

fn contracts(old: &Register, new: &Register, changes: &mut Vec<Change>) {
    let timelines = |register: &Register| -> BTreeMap<_, Timeline<bool>> {
        let mut all: BTreeMap<_, Timeline<bool>> = BTreeMap::new();
        for Contract { id, agb, segment, gemeente, status, validity } in register.contracts.values().flatten() {
            let key = (agb.clone(), gemeente.clone(), id.clone(), segment.clone());
            // A contract that ended held until its last day like any other.
            all.entry(key).or_default().push((*validity, *status == ContractStatus::Transition));
        }
        for rows in all.values_mut() {
            rows.sort_unstable();
        }
        all
    };
    let word = |transition: bool| if transition { ContractStatus::Transition } else { ContractStatus::Active };
    let (old, new) = (timelines(old), timelines(new));
    for ((agb, gemeente, id, segment), both) in side_by_side(&old, &new) {
        let base = base(CONTRACTS, Some(agb), gemeente.as_ref(), format!("contract {id} for {segment}"));
        let shown = |transition: &bool| Some(word(*transition).to_string());
        let changed = |before: &bool, after: &bool| {
            (Sort::Changed, None, format!("status {} -> {}", word(*before), word(*after)))
        };
        tell(&base, both, shown, changed, changes);
    }
}

fn tariffs(old: &Register, new: &Register, changes: &mut Vec<Change>) {
    let timelines = |register: &Register| -> BTreeMap<_, Timeline<Cents>> {
        let key = |key: &TariffKey| {
            let TariffKey { law, code, unit, agb, gemeente } = key.clone();
            (agb, gemeente, law, code.to_string(), unit)
        };
        register.tariffs.iter().map(|(of, runs)| (key(of), runs.clone())).collect()
    };
    let (old, new) = (timelines(old), timelines(new));
    for ((agb, gemeente, law, code, unit), both) in side_by_side(&old, &new) {
        let subject = format!("tariff of {law} {code}, unit {}", unit.as_str());
        let base = base(TARIFFS, agb.as_ref(), gemeente.as_ref(), subject);
        let from = changes.len();
        tell(&base, both, |cents| Some(cents.to_string()), |before, after| price(*before, *after), changes);
        changes[from..].iter_mut().for_each(in_cents);
    }
}

/// Amounts are euros for people and eurocents for programs.
fn in_cents(change: &mut Change) {
    for amount in [&mut change.before, &mut change.after].into_iter().flatten() {
        let cents = amount.replace(',', "");
        let trimmed = cents.trim_start_matches('0');
        *amount = if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() };
    }
}

fn agreements(old: &Register, new: &Register, changes: &mut Vec<Change>) {
    let base = |agreement: &Agreement| Change {
        from: Some(agreement.from.to_string()),
        to: Some(agreement.to.to_string()),
        ..base(
            AGREEMENTS,
            agreement.agb.as_ref(),
            agreement.gemeente.as_ref(),
            format!("agreement {} for {}", agreement.id, agreement.segment),
        )
    };
    for (id, sort) in in_one(&old.agreements, &new.agreements) {
        let of = if sort == Sort::Added { new } else { old };
        let Some(agreement) = of.agreements.get(id) else { continue };
        let amount = agreement.amount;
        let text = format!("{sort}: {amount}, {}", days(agreement.from, Some(agreement.to)));
        let mut change = Change { sort, text, ..base(agreement) };
        let side = if sort == Sort::Added { &mut change.after } else { &mut change.before };
        *side = Some(amount.to_string());
        in_cents(&mut change);
        changes.push(change);
    }
    for (_, before, after) in in_both(&old.agreements, &new.agreements) {
        if before.amount != after.amount {
            let (sort, per_mille, text) = price(before.amount, after.amount);
            let (was, is) = (Some(before.amount.to_string()), Some(after.amount.to_string()));
            let mut change = Change { sort, per_mille, before: was, after: is, text, ..base(after) };
            in_cents(&mut change);
            changes.push(change);
        }
        let told = fields(&agreement_fields(before).zip(agreement_fields(after)));
        if !told.is_empty() {
            let sort = match (before.from == after.from, after.to.cmp(&before.to)) {
                (true, std::cmp::Ordering::Greater) => Sort::Extended,
                (true, std::cmp::Ordering::Less) => Sort::Shortened,
                _ => Sort::Changed,
            };
            changes.push(Change { sort, text: told, ..base(after) });
        }
    }
}

fn agreement_fields(agreement: &Agreement) -> Fields<8> {
    let all = |party: &Option<Party>| party.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string);
    let warn_at: Vec<String> = agreement.warn_at.iter().map(u32::to_string).collect();
    Fields([
        ("segment", agreement.segment.clone()),
        ("agb", all(&agreement.agb)),
        ("municipality", all(&agreement.gemeente)),
        ("model", agreement.model.to_string()),
        ("valid_from", agreement.from.to_string()),
        ("valid_to", agreement.to.to_string()),
        ("warn_at", warn_at.join("/")),
        ("on_exceed", agreement.on_exceed.to_string()),
    ])
}

/// Changes of one file for one pair of parties that are written out; beyond it they are only counted.
const WRITTEN_OUT: usize = 10;

impl Display for Difference {
    /// For people: per file and pair of parties.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Register of {}: {} -> {}", self.region, self.old, self.new)?;
        if self.equal {
            let same =
                if self.old == self.new { "the same" } else { "nothing changes; the files are written differently" };
            return writeln!(f, "{same}");
        }
        for file in FILES {
            let Some(totals) = self.totals.get(file) else { continue };
            writeln!(f, "\n{file}: {}", counted(totals.iter().map(|(word, many)| (*word, *many))))?;
            let of_file = self.changes.iter().filter(|change| change.file == file);
            let mut groups: BTreeMap<(&Option<String>, &Option<String>), Vec<&Change>> = BTreeMap::new();
            for change in of_file {
                groups.entry((&change.agb, &change.municipality)).or_default().push(change);
            }
            for ((agb, gemeente), changes) in groups {
                writeln!(f, "  {}", whom(file, agb.as_deref(), gemeente.as_deref()))?;
                group(f, &changes)?;
            }
        }
        Ok(())
    }
}

fn group(f: &mut fmt::Formatter<'_>, changes: &[&Change]) -> fmt::Result {
    if changes.len() > WRITTEN_OUT {
        let mut sorts: BTreeMap<Sort, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            sorts.entry(change.sort).or_default().push(change);
        }
        for (sort, all) in sorts {
            let shares = all.iter().filter_map(|change| change.per_mille);
            let by = match (shares.clone().min(), shares.max()) {
                (Some(least), Some(most)) if least == most => format!(" by {least:+} per mille"),
                (Some(least), Some(most)) => format!(" by {least:+} to {most:+} per mille"),
                _ => String::new(),
            };
            let first = all.iter().filter_map(|change| change.from.as_deref()).min();
            let first = first.map_or_else(String::new, |first| format!(", the first on {first}"));
            writeln!(f, "    {} {sort}{by}{first}", all.len())?;
        }
    }
    for change in changes.iter().take(WRITTEN_OUT) {
        writeln!(f, "    {}: {}", change.subject, change.text)?;
    }
    match changes.len().saturating_sub(WRITTEN_OUT) {
        0 => Ok(()),
        more => writeln!(f, "    and {more} more; --json names all"),
    }
}

fn whom(file: &str, agb: Option<&str>, gemeente: Option<&str>) -> String {
    let about_providers = [PROVIDERS, CONTRACTS, TARIFFS, AGREEMENTS].contains(&file);
    match (agb, gemeente) {
        (Some(agb), None) if file == PROVIDERS => agb.to_owned(),
        (Some(agb), Some(gemeente)) => format!("{agb} in {gemeente}"),
        (Some(agb), None) => format!("{agb} in all municipalities"),
        (None, Some(gemeente)) if about_providers => format!("all providers in {gemeente}"),
        (None, Some(gemeente)) => format!("municipality {gemeente}"),
        (None, None) if about_providers => "all providers in all municipalities".to_owned(),
        (None, None) => "the region".to_owned(),
    }
}

fn counted<'w>(totals: impl Iterator<Item = (&'w str, usize)>) -> String {
    totals.map(|(word, many)| format!("{many} {word}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_away_from_zero() {
        for (before, after, expected) in [
            (1000, 1100, Some(100)),
            (1000, 900, Some(-100)),
            (1000, 1000, Some(0)),
            (2000, 2001, Some(1)),
            (2000, 1999, Some(-1)),
            (2001, 2002, Some(0)),
            (3, 4, Some(333)),
            (3, 5, Some(667)),
            (1, 0, Some(-1000)),
            (0, 5, None),
            (0, 0, None),
        ] {
            assert_eq!(per_mille(Cents(before), Cents(after)), expected, "{before} -> {after}");
        }
    }

    /// Rows as `first day, last day, value`, and what is told: `step first..last value`.
    fn steps(old: &[(&str, &str, u8)], new: &[(&str, &str, u8)]) -> Vec<String> {
        let rows = |rows: &[(&str, &str, u8)]| -> Timeline<u8> {
            let day = |text: &str| text.parse::<Date>().expect("a date");
            let to = |text: &str| (!text.is_empty()).then(|| day(text));
            rows.iter().map(|(from, end, value)| (Validity { from: day(from), to: to(end) }, *value)).collect()
        };
        let (old, new) = (rows(old), rows(new));
        let told = compare(&old, &new).into_iter().map(|stretch| {
            let step = match stretch.step {
                Step::Added(value) => format!("added {value}"),
                Step::Removed(value) => format!("removed {value}"),
                Step::Extended(value) => format!("extended {value}"),
                Step::Shortened(value) => format!("shortened {value}"),
                Step::Changed(before, after) => format!("{before} to {after}"),
            };
            format!("{step} {}", days(stretch.from, stretch.to))
        });
        told.collect()
    }

    #[test]
    fn days_are_compared_and_not_rows() {
        let year = ("2025-01-01", "2025-12-31", 1);
        let open = ("2025-01-01", "", 1);
        let cases: [(&str, &[_], &[_], &[&str]); 12] = [
            ("nothing", &[], &[], &[]),
            ("the same", &[year], &[year], &[]),
            ("cut in two", &[year], &[("2025-01-01", "2025-06-30", 1), ("2025-07-01", "2025-12-31", 1)], &[]),
            ("new", &[], &[open], &["added 1 from 2025-01-01"]),
            ("gone", &[year], &[], &["removed 1 from 2025-01-01 to 2025-12-31"]),
            ("it goes on", &[year], &[open], &["extended 1 from 2026-01-01"]),
            ("it ends", &[open], &[year], &["shortened 1 from 2026-01-01"]),
            (
                "it begins earlier",
                &[year],
                &[("2024-12-31", "2025-12-31", 1)],
                &["extended 1 from 2024-12-31 to 2024-12-31"],
            ),
            ("it begins later", &[open], &[("2025-01-02", "", 1)], &["shortened 1 from 2025-01-01 to 2025-01-01"]),
            ("another follows", &[year], &[year, ("2026-01-01", "", 2)], &["1 to 2 from 2026-01-01"]),
            ("another instead", &[open], &[year, ("2026-01-01", "", 2)], &["1 to 2 from 2026-01-01"]),
            (
                "another after a pause",
                &[year],
                &[year, ("2026-01-02", "2026-01-02", 1)],
                &["added 1 from 2026-01-02 to 2026-01-02"],
            ),
        ];
        for (name, old, new, expected) in cases {
            assert_eq!(steps(old, new), expected, "{name}");
        }
    }
}
