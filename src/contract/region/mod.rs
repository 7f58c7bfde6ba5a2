//! The profile of a region, `region.toml`: who takes part, what was put out to contract, for which period, paid how.
//!
//! The form of the file is described in `docs/regions.md`. Every table names its source; a value that no source states is
//! a parameter that somebody chose, and there is no default for it.

mod limits;
mod reach;
mod section;

use super::fault::{RegisterFault, hint};
use super::norms;
use super::table::Validity;
use super::words::{BrokenPeriods, Model, ModelStatus, StepFamily};
use crate::message::{Categorie, Date, Law, Party};
use section::{Reading, Section};
use std::collections::{BTreeMap, BTreeSet};

pub use limits::{Cap, CapScope, Level, LevelKind};
pub use reach::Exception;

/// Name of the file within a region's folder.
pub(crate) const FILE: &str = "region.toml";
/// The form of the file that this version reads.
const FORM: &str = "sluis-region/1";
/// What a source may start with instead of a document: how a value came about that no document states.
const REASONS: [&str; 4] = ["derived", "computed", "code list", "chosen"];

/// Laws that iWmo and iJw do not carry. What is contracted under them has no products here.
const LAWS_OUTSIDE: [&str; 3] = ["participatiewet", "wvggz", "onderwijswetten"];

/// How a norm came about.
const STATUSES: [&str; 6] = ["stated", "intended", "proposed", "derived", "chosen", "not_stated"];

/// A region: a group of municipalities that contract care together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Short name, used in routing keys and signals.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Laws it contracts under.
    pub laws: Vec<Law>,
    /// Laws it contracts under that no message carries.
    pub laws_outside: Vec<String>,
    /// Municipalities by CBS code, those that ended included.
    pub municipalities: BTreeMap<Party, Municipality>,
    /// Groupings of municipalities by id.
    pub groupings: BTreeMap<String, Grouping>,
    /// Lots by id.
    pub lots: BTreeMap<String, String>,
    /// Contract periods by id.
    pub periods: BTreeMap<String, Period>,
    /// Levels or steps by rank; empty where the region works without.
    pub levels: BTreeMap<u32, Level>,
    /// Segments by id.
    pub segments: BTreeMap<String, Segment>,
    /// Norms of the checks.
    pub norms: Norms,
    /// What else the source states, by id.
    pub facts: BTreeMap<String, Fact>,
}

/// A municipality of the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Municipality {
    /// Name.
    pub name: String,
    /// Groupings it belongs to.
    pub groupings: BTreeSet<String>,
    /// First day, where it began within living memory.
    pub from: Option<Date>,
    /// Last day; `None` while it exists.
    pub to: Option<Date>,
    /// Code of the municipality that took over, of the region or not.
    pub successor: Option<Party>,
}

/// Municipalities that do something together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Name.
    pub name: String,
    /// Codes of its municipalities.
    pub members: BTreeSet<Party>,
}

/// A contract period with its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First day, when stated.
    pub start: Option<Date>,
    /// Last day as decided now, extensions taken included; `None` when open.
    pub end: Option<Date>,
    /// Last day when every extension is taken; `None` when open.
    pub longest_end: Option<Date>,
}

impl Period {
    /// Whether a contract of these dates fits. An open contract fits: it ends when the period does.
    pub fn admits(&self, validity: &Validity) -> bool {
        self.start.is_none_or(|start| start <= validity.from)
            && self.end.is_none_or(|end| validity.from <= end && validity.to.is_none_or(|to| to <= end))
    }
}

/// A segment: what is contracted, accounted and steered as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Name.
    pub name: String,
    /// Laws.
    pub laws: Vec<Law>,
    /// Laws that no message carries.
    pub laws_outside: Vec<String>,
    /// Lot; `None` when it is on a track of its own.
    pub lot: Option<String>,
    /// Funding model.
    pub model: Model,
    /// How certain the model is.
    pub model_status: ModelStatus,
    /// Municipalities that take part, if only for a law or for a time: [`Region::takes_part`] judges on a day.
    pub municipalities: BTreeSet<Party>,
    /// Municipalities that stay out, for a law or for a time.
    pub exceptions: Vec<Exception>,
    /// Contract periods by id; empty when none is stated.
    pub periods: Vec<String>,
    /// Product categories expected in it.
    pub categories: BTreeMap<Law, BTreeSet<Categorie>>,
    /// Ranks of the levels it works with; empty when it names none.
    pub levels: BTreeSet<u32>,
    /// Caps on the number of providers, one per scope at most.
    pub caps: Vec<Cap>,
    /// Subsegments by id.
    pub subsegments: BTreeMap<String, Subsegment>,
}

impl Segment {
    /// The cap on contracts of this scope.
    pub fn cap(&self, scope: CapScope) -> Option<&Cap> {
        self.caps.iter().find(|cap| cap.scope == scope)
    }
}

impl Region {
    /// Levels that products of a segment may have; `None` where the region works without levels.
    pub fn levels_of(&self, segment: &Segment) -> Option<BTreeSet<u32>> {
        let own =
            || if segment.levels.is_empty() { self.levels.keys().copied().collect() } else { segment.levels.clone() };
        (!self.levels.is_empty()).then(own)
    }
}

/// A part of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subsegment {
    /// Name.
    pub name: String,
    /// Funding model, where it differs from that of the segment.
    pub model: Option<Model>,
    /// Product categories expected in it.
    pub categories: BTreeMap<Law, BTreeSet<Categorie>>,
    /// Ranks of the levels it works with; empty where it follows its segment.
    pub levels: BTreeSet<u32>,
}

/// Norms of the checks. What is not stated and not chosen is not set, and a check that needs it does not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Norms {
    /// Those that are numbers.
    pub numbers: norms::Values,
    /// What a chain runs within (B4).
    pub step_up_family: Option<StepFamily>,
    /// How broken weeks and months count in the value of an allocation (D2, D8).
    pub broken_periods: Option<BrokenPeriods>,
}

/// Something the source states that no check reads yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Subject.
    pub about: String,
    /// The value as it stands in the file.
    pub value: String,
}

/// Reads the profile; all faults at once.
pub(crate) fn read(text: &str) -> Result<Region, Vec<RegisterFault>> {
    let document = match toml_edit::Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let line = error.span().map_or(1, |span| Reading::new(FILE, text).line(span.start));
            let what = format!("not TOML: {}", error.message().replace('\n', ", "));
            return Err(vec![RegisterFault::at(FILE, line, "", what, "correct the notation")]);
        }
    };
    let reading = Reading::new(FILE, text);
    let region = Profile::new(Section::new(&reading, document.as_table(), "", 1)).read();
    let faults = reading.into_faults();
    match region {
        Some(region) if faults.is_empty() => Ok(region),
        _ => Err(faults),
    }
}

/// The `[region]` table.
struct Head {
    id: String,
    name: String,
    laws: Vec<Law>,
    laws_outside: Vec<String>,
}

/// What a segment may refer to.
struct Known<'k> {
    municipalities: &'k BTreeMap<Party, Municipality>,
    groupings: &'k BTreeMap<String, Grouping>,
    lots: &'k BTreeMap<String, String>,
    periods: &'k BTreeMap<String, Period>,
    levels: &'k BTreeMap<u32, Level>,
}

/// The profile while it is read.
struct Profile<'t, 'r> {
    root: Section<'t, 'r>,
    documents: BTreeSet<String>,
}

impl<'t, 'r> Profile<'t, 'r> {
    fn new(root: Section<'t, 'r>) -> Self {
        Profile { root, documents: BTreeSet::new() }
    }

    fn read(mut self) -> Option<Region> {
        if let Some(form) = self.root.text("form")
            && form != FORM
        {
            self.root.fault("form", format!("the form is `{form}`"), format!("this version reads `{FORM}`"));
        }
        self.read_documents();
        let head = self.head();
        let groupings = self.groupings();
        let (municipalities, groupings) = self.municipalities(groupings);
        let lots = self.lots();
        let periods = self.periods();
        let levels = self.levels();
        let known = Known {
            municipalities: &municipalities,
            groupings: &groupings,
            lots: &lots,
            periods: &periods,
            levels: &levels,
        };
        let segments = self.segments(&known);
        let norms = self.norms(&segments);
        let facts = self.facts();
        self.root.finish();
        let Head { id, name, laws, laws_outside } = head?;
        Some(Region {
            id,
            name,
            laws,
            laws_outside,
            municipalities,
            groupings,
            lots,
            periods,
            levels,
            segments,
            norms,
            facts,
        })
    }

    fn read_documents(&mut self) {
        let Some(all) = self.root.section("document") else {
            self.root.fault("document", "no document is named", "add a [document.<id>] with title and file");
            return;
        };
        for id in all.keys() {
            if let Some(document) = all.section(&id) {
                document.text("title");
                document.text("file");
                document.finish();
            }
            self.documents.insert(id);
        }
        all.finish();
    }

    /// Reads `source` and `source_of`, and closes the section. `note` is for readers of the file only.
    fn close(&self, section: Section<'t, 'r>) {
        section.optional_text("note");
        for source in section.texts("source").into_iter().flatten() {
            self.check_source(&section, "source", &source);
        }
        if let Some(own) = section.section("source_of") {
            for key in own.keys() {
                if !section.has(&key) {
                    own.fault(&key, format!("there is no key `{key}` beside it"), "remove it or correct the name");
                }
                for source in own.texts(&key).into_iter().flatten() {
                    self.check_source(&own, &key, &source);
                }
            }
            own.finish();
        }
        section.finish();
    }

    fn check_source(&self, section: &Section<'t, 'r>, key: &str, source: &str) {
        let (head, rest) = source.split_once(':').unwrap_or((source, ""));
        let rest = rest.trim();
        if REASONS.contains(&head) && !rest.is_empty() {
            return;
        }
        let is_line = rest.strip_prefix('L').is_some_and(|line| line.parse::<u32>().is_ok());
        if self.documents.contains(head) && is_line {
            return;
        }
        let documents: Vec<&str> = self.documents.iter().map(String::as_str).collect();
        let remedy = format!(
            "write `<document>:L<line>` (documents: {}), or one of {} with a colon and the reason",
            documents.join(", "),
            REASONS.join(", ")
        );
        section.fault(key, format!("`{source}` names no source"), remedy);
    }

    fn head(&self) -> Option<Head> {
        let Some(section) = self.root.section("region") else {
            self.root.fault("region", "the table is missing", "add [region] with id, name and laws");
            return None;
        };
        let (id, name, laws) = (section.text("id"), section.text("name"), read_laws(&section));
        let laws_outside = read_laws_outside(&section);
        if let Some(id) = &id
            && !is_id(id)
        {
            section.fault("id", format!("`{id}` is no id"), "use lower-case letters, digits and hyphens");
        }
        self.close(section);
        Some(Head { id: id?, name: name?, laws, laws_outside })
    }

    fn groupings(&self) -> BTreeMap<String, Grouping> {
        self.read_all("grouping", |section| {
            Some(Grouping { name: section.text("name").unwrap_or_default(), members: BTreeSet::new() })
        })
    }

    /// Reads every `[[key]]` with an `id`; an id that stands twice is a fault.
    fn read_all<T>(&self, key: &str, read: impl Fn(&Section<'t, 'r>) -> Option<T>) -> BTreeMap<String, T> {
        let mut all = BTreeMap::new();
        for section in self.root.sections(key) {
            self.read_one(section, "id", &mut all, &read);
        }
        all
    }

    fn read_one<T>(
        &self,
        section: Section<'t, 'r>,
        id_key: &str,
        all: &mut BTreeMap<String, T>,
        read: impl Fn(&Section<'t, 'r>) -> Option<T>,
    ) {
        let id = section.text(id_key);
        let value = read(&section);
        if let (Some(id), Some(value)) = (id, value) {
            if all.contains_key(&id) {
                section.fault(id_key, format!("`{id}` stands twice"), "keep one of the two, or give one another id");
            }
            all.insert(id, value);
        }
        self.close(section);
    }

    fn lots(&self) -> BTreeMap<String, String> {
        self.read_all("lot", |section| Some(section.text("name").unwrap_or_default()))
    }

    fn periods(&self) -> BTreeMap<String, Period> {
        self.read_all("period", |section| Some(read_period(section)))
    }

    fn segments(&self, known: &Known<'_>) -> BTreeMap<String, Segment> {
        let mut all = BTreeMap::new();
        for section in self.root.sections("segment") {
            // Tables within it, read first: closing one needs the section whole.
            let subsegments = self.subsegments(&section, known.levels);
            let exceptions = self.exceptions(&section, known.municipalities);
            let caps = self.caps(&section);
            self.read_one(section, "id", &mut all, |section| {
                let segment = read_segment(section, known, &exceptions)?;
                Some(Segment {
                    exceptions: exceptions.clone(),
                    caps: caps.clone(),
                    subsegments: subsegments.clone(),
                    ..segment
                })
            });
        }
        if all.is_empty() {
            self.root.fault("segment", "no segment is named", "add a [[segment]] for each");
        }
        all
    }

    fn subsegments(&self, segment: &Section<'t, 'r>, levels: &BTreeMap<u32, Level>) -> BTreeMap<String, Subsegment> {
        let mut all = BTreeMap::new();
        for section in segment.sections("subsegment") {
            self.read_one(section, "id", &mut all, |section| {
                let model = section.has("model").then(|| section.word("model", Model::parse, Model::WORDS)).flatten();
                let (name, categories) = (section.text("name"), categories(section));
                let levels = limits::named_levels(section, levels);
                Some(Subsegment { name: name?, model, categories, levels })
            });
        }
        all
    }

    fn norms(&self, segments: &BTreeMap<String, Segment>) -> Norms {
        let Some(all) = self.root.section("norms") else {
            return Norms::default();
        };
        let mut numbers = norms::Values::default();
        for norm in norms::ALL {
            let value = self.norm(&all, norm.name, |section| read_numbers(section, norm.unit, segments));
            if let Some(value) = value {
                numbers.set(norm, value);
            }
        }
        let norms = Norms {
            numbers,
            step_up_family: self
                .norm(&all, "step_up_family", |norm| norm.word("value", StepFamily::parse, StepFamily::WORDS)),
            broken_periods: self
                .norm(&all, "broken_periods", |norm| norm.word("value", BrokenPeriods::parse, BrokenPeriods::WORDS)),
        };
        all.finish();
        norms
    }

    fn norm<T>(&self, all: &Section<'t, 'r>, name: &str, read: impl Fn(&Section<'t, 'r>) -> Option<T>) -> Option<T> {
        let norm = all.section(name)?;
        let status = norm.word("status", |word| STATUSES.contains(&word).then(|| word.to_owned()), &STATUSES);
        let given = ["value", "segments"].iter().find(|key| norm.has(key));
        let value = match (status.as_deref(), given) {
            (Some("not_stated"), Some(key)) => {
                norm.raw(key);
                norm.fault(key, "a norm that is not stated has no value", "remove the value or say how it came about");
                None
            }
            (Some("not_stated") | None, None) => None,
            (Some(_), None) => {
                norm.fault("value", "the key is missing", "add it; there is no default");
                None
            }
            (_, Some(_)) => read(&norm),
        };
        self.close(norm);
        value
    }

    fn facts(&self) -> BTreeMap<String, Fact> {
        self.read_all("fact", |section| {
            let (about, value) = (section.text("about"), section.raw("value"));
            Some(Fact { about: about?, value: value? })
        })
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn read_laws(section: &Section<'_, '_>) -> Vec<Law> {
    let mut laws = Vec::new();
    for word in section.texts("laws").into_iter().flatten() {
        match Law::parse(&word) {
            Some(law) => laws.push(law),
            None => section.fault("laws", format!("unknown law `{word}`"), hint(&word, Law::ALL.map(Law::as_str))),
        }
    }
    laws
}

fn read_laws_outside(section: &Section<'_, '_>) -> Vec<String> {
    let laws = section.optional_texts("laws_outside").unwrap_or_default();
    for word in laws.iter().filter(|word| !LAWS_OUTSIDE.contains(&word.as_str())) {
        section.fault("laws_outside", format!("unknown law `{word}`"), hint(word, LAWS_OUTSIDE));
    }
    laws
}

/// A segment by its own keys; the tables within it are left empty.
fn read_segment(section: &Section<'_, '_>, known: &Known<'_>, exceptions: &[Exception]) -> Option<Segment> {
    let name = section.text("name");
    let lot = section.optional_text("lot");
    if let Some(lot) = lot.as_deref().filter(|lot| !known.lots.contains_key(*lot)) {
        section.fault("lot", format!("unknown lot `{lot}`"), hint(lot, known.lots.keys().map(String::as_str)));
    }
    let model = section.word("model", Model::parse, Model::WORDS);
    let status = section.word("model_status", ModelStatus::parse, ModelStatus::WORDS);
    let periods = section.texts("periods");
    for period in periods.iter().flatten().filter(|period| !known.periods.contains_key(*period)) {
        let remedy = hint(period, known.periods.keys().map(String::as_str));
        section.fault("periods", format!("unknown period `{period}`"), remedy);
    }
    let municipalities = reach::members(section, known.municipalities, known.groupings, exceptions);
    let (laws, laws_outside) = (read_laws(section), read_laws_outside(section));
    let (categories, levels) = (categories(section), limits::named_levels(section, known.levels));
    Some(Segment {
        name: name?,
        laws,
        laws_outside,
        lot,
        model: model?,
        model_status: status?,
        municipalities: municipalities?,
        exceptions: Vec::new(),
        periods: periods?,
        categories,
        levels,
        caps: Vec::new(),
        subsegments: BTreeMap::new(),
    })
}

fn categories(section: &Section<'_, '_>) -> BTreeMap<Law, BTreeSet<Categorie>> {
    let mut all = BTreeMap::new();
    let Some(own) = section.section("categories") else {
        return all;
    };
    for law in Law::ALL {
        let codes = own.optional_texts(law.as_str()).unwrap_or_default();
        all.insert(law, codes.into_iter().map(Categorie).collect());
    }
    own.finish();
    all
}

/// A number for all segments under `value`, for some on their own under `segments`, or both.
fn read_numbers(norm: &Section<'_, '_>, unit: norms::Unit, known: &BTreeMap<String, Segment>) -> Option<norms::Value> {
    let read = |section: &Section<'_, '_>, key: &str| {
        let number = section.optional_amount(key)?;
        if number <= unit.largest() {
            return Some(number);
        }
        let what = format!("{number} {} is no norm", unit.as_str());
        section.fault(key, what, format!("write {} at most", unit.largest()));
        None
    };
    let mut value = norms::Value { general: read(norm, "value"), segments: BTreeMap::new() };
    if let Some(segments) = norm.section("segments") {
        for id in segments.keys() {
            if !known.contains_key(&id) {
                segments.fault(&id, format!("unknown segment `{id}`"), hint(&id, known.keys().map(String::as_str)));
            }
            if let Some(number) = read(&segments, &id) {
                value.segments.insert(id, number);
            }
        }
        segments.finish();
    }
    (value.general.is_some() || !value.segments.is_empty()).then_some(value)
}

/// A period has a stated `end`, or `initial_years` with `extension_options` and the number of `extensions_taken`.
fn read_period(section: &Section<'_, '_>) -> Period {
    let start = section.optional_date("start");
    let end = section.optional_date("end");
    let years = section.optional_number("initial_years");
    let options = section.optional_numbers("extension_options").unwrap_or_default();
    let taken = section.optional_number("extensions_taken");
    let Some(years) = years else {
        return Period { start, end, longest_end: end };
    };
    let Some(start) = start else {
        if !section.has("start") {
            section.fault("start", "the key is missing", "add it; the years are counted from it");
        }
        return Period { start, end, longest_end: end };
    };
    if end.is_some() {
        section.fault("end", "the end is given twice", "give either end or initial_years");
    }
    if taken.is_none() && !options.is_empty() && !section.has("extensions_taken") {
        section.fault("extensions_taken", "the key is missing", "say how many extensions were decided; 0 when none");
    }
    let taken = usize::try_from(taken.unwrap_or(0)).unwrap_or(usize::MAX);
    if taken > options.len() {
        let what = format!("{taken} extensions taken of {}", options.len());
        section.fault("extensions_taken", what, "correct it or add the option");
    }
    let decided: u32 = options.iter().take(taken).fold(years, |sum, years| sum.saturating_add(*years));
    let longest: u32 = options.iter().fold(years, |sum, years| sum.saturating_add(*years));
    Period { start: Some(start), end: Some(last_day(start, decided)), longest_end: Some(last_day(start, longest)) }
}

/// Last day of a period of whole years.
fn last_day(start: Date, years: u32) -> Date {
    let years = i64::from(years.min(9_999));
    start.saturating_add(jiff::Span::new().years(years)).yesterday().unwrap_or(start)
}
