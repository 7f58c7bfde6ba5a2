//! The profile of a region, `region.toml`: who takes part, what was put out to contract, for which period, paid how.
//!
//! The form of the file is described at the head of `config/regions/achterhoek/region.toml`. Every table names its
//! source; a value that no source states is a parameter that somebody chose, and there is no default for it.

mod section;

use super::fault::{RegisterFault, hint};
use super::norms;
use super::table::Validity;
use super::words::{BrokenPeriods, Model, ModelStatus, StepFamily};
use crate::message::{Categorie, Date, Law, Party};
use section::{Reading, Section};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the file within a region's folder.
pub(crate) const FILE: &str = "region.toml";
/// The form of the file that this version reads.
const FORM: &str = "sluis-region/1";
/// What a source may start with instead of a document: how a value came about that no document states.
const REASONS: [&str; 4] = ["derived", "computed", "code list", "chosen"];

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
    /// Municipalities by CBS code.
    pub municipalities: BTreeMap<Party, Municipality>,
    /// Groupings of municipalities by id.
    pub groupings: BTreeMap<String, Grouping>,
    /// Lots by id.
    pub lots: BTreeMap<String, String>,
    /// Contract periods by id.
    pub periods: BTreeMap<String, Period>,
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
    /// Lot; `None` when it is on a track of its own.
    pub lot: Option<String>,
    /// Funding model.
    pub model: Model,
    /// How certain the model is.
    pub model_status: ModelStatus,
    /// Municipalities that take part.
    pub municipalities: BTreeSet<Party>,
    /// Contract periods by id; empty when none is stated.
    pub periods: Vec<String>,
    /// Product categories expected in it.
    pub categories: BTreeMap<Law, BTreeSet<Categorie>>,
    /// Subsegments by id.
    pub subsegments: BTreeMap<String, Subsegment>,
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
        let segments = self.segments(&municipalities, &groupings, &lots, &periods);
        let norms = self.norms(&segments);
        let facts = self.facts();
        self.root.finish();
        let (id, name, laws) = head?;
        Some(Region { id, name, laws, municipalities, groupings, lots, periods, segments, norms, facts })
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

    fn head(&self) -> Option<(String, String, Vec<Law>)> {
        let Some(section) = self.root.section("region") else {
            self.root.fault("region", "the table is missing", "add [region] with id, name and laws");
            return None;
        };
        let (id, name, laws) = (section.text("id"), section.text("name"), read_laws(&section));
        if let Some(id) = &id
            && !is_id(id)
        {
            section.fault("id", format!("`{id}` is no id"), "use lower-case letters, digits and hyphens");
        }
        self.close(section);
        Some((id?, name?, laws))
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

    fn municipalities(
        &self,
        mut groupings: BTreeMap<String, Grouping>,
    ) -> (BTreeMap<Party, Municipality>, BTreeMap<String, Grouping>) {
        let mut all: BTreeMap<String, Municipality> = BTreeMap::new();
        for section in self.root.sections("municipality") {
            let known: Vec<&str> = groupings.keys().map(String::as_str).collect();
            self.read_one(section, "code", &mut all, |section| {
                let code = section.text("code")?;
                if code.len() != 4 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
                    section.fault("code", format!("`{code}` is no municipality code"), "write the four digits of CBS");
                }
                let name = section.text("name");
                let groups = section.texts("groupings")?;
                for group in groups.iter().filter(|group| !known.contains(&group.as_str())) {
                    let what = format!("unknown grouping `{group}`");
                    section.fault("groupings", what, hint(group, known.iter().copied()));
                }
                Some(Municipality { name: name?, groupings: groups.into_iter().collect() })
            });
        }
        for (code, municipality) in &all {
            for group in &municipality.groupings {
                if let Some(grouping) = groupings.get_mut(group) {
                    grouping.members.insert(Party::from(code.as_str()));
                }
            }
        }
        if all.is_empty() {
            self.root.fault("municipality", "no municipality is named", "add a [[municipality]] for each");
        }
        (all.into_iter().map(|(code, each)| (Party(code), each)).collect(), groupings)
    }

    fn lots(&self) -> BTreeMap<String, String> {
        self.read_all("lot", |section| Some(section.text("name").unwrap_or_default()))
    }

    fn periods(&self) -> BTreeMap<String, Period> {
        self.read_all("period", |section| Some(read_period(section)))
    }

    fn segments(
        &self,
        municipalities: &BTreeMap<Party, Municipality>,
        groupings: &BTreeMap<String, Grouping>,
        lots: &BTreeMap<String, String>,
        periods: &BTreeMap<String, Period>,
    ) -> BTreeMap<String, Segment> {
        let mut all = BTreeMap::new();
        for section in self.root.sections("segment") {
            let subsegments = self.subsegments(&section);
            self.read_one(section, "id", &mut all, |section| {
                let name = section.text("name");
                let lot = section.optional_text("lot");
                if let Some(lot) = lot.as_deref().filter(|lot| !lots.contains_key(*lot)) {
                    section.fault("lot", format!("unknown lot `{lot}`"), hint(lot, lots.keys().map(String::as_str)));
                }
                let model = section.word("model", Model::parse, Model::WORDS);
                let status = section.word("model_status", ModelStatus::parse, ModelStatus::WORDS);
                let named = section.texts("periods");
                for period in named.iter().flatten().filter(|period| !periods.contains_key(*period)) {
                    let remedy = hint(period, periods.keys().map(String::as_str));
                    section.fault("periods", format!("unknown period `{period}`"), remedy);
                }
                let members = members(section, municipalities, groupings);
                let (laws, categories) = (read_laws(section), categories(section));
                Some(Segment {
                    name: name?,
                    laws,
                    lot,
                    model: model?,
                    model_status: status?,
                    municipalities: members?,
                    periods: named?,
                    categories,
                    subsegments: subsegments.clone(),
                })
            });
        }
        if all.is_empty() {
            self.root.fault("segment", "no segment is named", "add a [[segment]] for each");
        }
        all
    }

    fn subsegments(&self, segment: &Section<'t, 'r>) -> BTreeMap<String, Subsegment> {
        let mut all = BTreeMap::new();
        for section in segment.sections("subsegment") {
            self.read_one(section, "id", &mut all, |section| {
                let model = section.has("model").then(|| section.word("model", Model::parse, Model::WORDS)).flatten();
                let (name, categories) = (section.text("name"), categories(section));
                Some(Subsegment { name: name?, model, categories })
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

/// Municipalities of a segment: `municipalities = ["all"]`, or a list of groupings.
fn members(
    section: &Section<'_, '_>,
    municipalities: &BTreeMap<Party, Municipality>,
    groupings: &BTreeMap<String, Grouping>,
) -> Option<BTreeSet<Party>> {
    let names = section.texts("municipalities")?;
    let mut members = BTreeSet::new();
    for name in &names {
        if name == "all" {
            members.extend(municipalities.keys().cloned());
        } else if let Some(grouping) = groupings.get(name) {
            members.extend(grouping.members.iter().cloned());
        } else {
            let known = groupings.keys().map(String::as_str).chain(["all"]);
            section.fault("municipalities", format!("unknown grouping `{name}`"), hint(name, known));
        }
    }
    Some(members)
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
