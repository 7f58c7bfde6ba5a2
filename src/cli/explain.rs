//! A finding as a good compiler shows one: a heading, the line that it is about, the figures compared under it, and
//! what else there is to know.
//!
//! The frame is plain ASCII: these texts are mailed, pasted into tickets and kept in logs, where box-drawing characters
//! get lost more often than they help. The sentences themselves are Dutch and English, with their own letters.

use crate::finding::{Finding, Signal};
use crate::message::tree::{LineIndex, Locator};
use crate::pipeline::Prepared;
use crate::rules::figures::euros;
use crate::view::excerpt::{self, Extent, Row};
use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin, Padding, Renderer, Snippet};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// How far from its place a finding may show another line with it; beyond that the note alone tells where it is.
const NEAR: u32 = 400;
/// Wider than any row: rows are cut where they are masked, not once more by the renderer.
const WIDTH: usize = 400;

/// Shows the findings of one message.
pub(super) struct Explainer<'a> {
    file: String,
    source: &'a [u8],
    lines: LineIndex,
    /// Absent at level 1, where there is no document.
    locator: Option<Locator>,
    renderer: Renderer,
}

impl<'a> Explainer<'a> {
    /// For the message of `prepared`, which came from `file`.
    pub(super) fn new(file: &str, prepared: &'a Prepared, colours: bool) -> Explainer<'a> {
        let renderer = if colours { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
        Explainer {
            file: clean(file),
            source: &prepared.source,
            lines: LineIndex::of(&prepared.source),
            locator: prepared.reading.as_ref().ok().map(|readable| readable.tree.locator()),
            renderer: renderer.term_width(WIDTH),
        }
    }

    /// One finding, after an empty line.
    pub(super) fn finding(&self, finding: &Finding) -> String {
        let what = Subject::of(finding);
        let offset = self.lines.offset(self.source, finding.line, finding.column);
        let (row, missing) = self.primary(finding, &what, offset);
        let mut picture = Picture::new(finding.line, row, label(finding, missing));
        for (other, label) in self.others(finding, &what) {
            if other.line != finding.line && other.line.abs_diff(finding.line) <= NEAR {
                let row =
                    excerpt::row(self.source, self.lines.line(self.source, other.line), other.offset, Extent::StartTag);
                picture.add(other.line, row, label);
            }
        }
        let between = |line| {
            let bytes = self.lines.line(self.source, line);
            excerpt::row(self.source, bytes.clone(), bytes.end, Extent::StartTag).text
        };
        let (first_line, source, marks) = picture.finish(between);
        let snippet =
            Snippet::source(source).line_start(first_line as usize).annotations(marks.into_iter().map(|mark| {
                let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                kind.span(mark.span).label((!mark.label.is_empty()).then_some(mark.label))
            }));
        let title = Level::ERROR.primary_title(clean(&finding.nl)).id(what.id.clone());
        let origin = Origin::path(&self.file).line(finding.line as usize).char_column(finding.column as usize);
        self.renderer.render(&[
            // The renderer joins the first group to the next by a line of its own; an empty one keeps it from that.
            Group::with_level(Level::ERROR),
            title.element(origin),
            Group::with_level(Level::ERROR).element(snippet).element(Padding).elements(self.notes(finding, &what)),
        ])
    }

    /// A signal, after an empty line.
    pub(super) fn signal(&self, signal: &Signal) -> String {
        let title = Level::WARNING.primary_title(clean(&signal.nl)).id(format!("{} {}", signal.outcome, signal.check));
        self.renderer.render(&[Group::with_level(Level::WARNING), title.element(note(&signal.en))])
    }

    /// The row of the finding itself, and the name of the element that is not there.
    fn primary<'f>(&self, finding: &'f Finding, what: &Subject<'f>, offset: usize) -> (Row, Option<&'f str>) {
        let line = self.lines.line(self.source, finding.line);
        let extent = if what.is_class { Extent::StartTag } else { Extent::Element };
        let row = excerpt::row(self.source, line.clone(), offset, extent);
        if row.element.as_deref().is_none_or(|element| element == what.element) {
            return (row, None);
        }
        // What the path names is not there: the nearest element that is there is no more than where to look.
        let missing = (!what.is_schema).then_some(what.element);
        (excerpt::row(self.source, line, offset, Extent::StartTag), missing)
    }

    /// The class of a finding and other places of the message that it names, with their labels.
    fn others(&self, finding: &Finding, what: &Subject<'_>) -> Vec<(Spot, String)> {
        let class = (!what.is_class && !what.is_schema).then_some(what.class_path);
        let class = class.and_then(|path| Some((self.spot(path)?, format!("in {}", last(path)))));
        let named = places(finding).filter_map(|(name, path)| Some((self.spot(path)?, words(name))));
        class.into_iter().chain(named).collect()
    }

    fn spot(&self, path: &str) -> Option<Spot> {
        let offset = self.locator.as_ref()?.offset(path)?;
        let (line, column) = self.lines.position(self.source, offset);
        Some(Spot { offset, line, column })
    }

    fn notes(&self, finding: &Finding, what: &Subject<'_>) -> Vec<Message<'static>> {
        let mut notes = vec![note(&finding.en)];
        if !finding.path.is_empty() {
            let class = if what.is_schema { String::new() } else { format!(" (class {})", finding.class) };
            notes.push(Level::NOTE.with_name("path").message(clean(&finding.path) + &class));
        }
        for (name, path) in places(finding) {
            let at = self
                .spot(path)
                .map_or_else(String::new, |spot| format!("{}:{}:{} ", self.file, spot.line, spot.column));
            notes.push(Level::NOTE.with_name(words(name)).message(format!("{at}{}", clean(path))));
        }
        notes.extend(conflict(&finding.facts).map(|text| note(&text)));
        notes
    }
}

/// A place in the source.
struct Spot {
    offset: usize,
    line: u32,
    column: u32,
}

/// What a finding is about.
struct Subject<'a> {
    id: String,
    is_schema: bool,
    class_path: &'a str,
    /// Name of the last element of the path.
    element: &'a str,
    is_class: bool,
}

impl<'a> Subject<'a> {
    fn of(finding: &'a Finding) -> Subject<'a> {
        let fault = finding.facts.get("fault").and_then(Value::as_str);
        let is_schema = fault.is_some();
        let id = match fault.or(finding.code.as_deref()) {
            Some(code) => format!("{}/{code}", finding.rule),
            None => finding.rule.clone(),
        };
        let class_path = class_path(&finding.path, &finding.class);
        let is_class = !is_schema && class_path == finding.path;
        Subject { id, is_schema, class_path, element: without_ordinal(last(&finding.path)), is_class }
    }
}

/// The part of a path up to its class.
fn class_path<'a>(path: &'a str, class: &str) -> &'a str {
    let mut end = path.len();
    while end > 0 {
        let part = &path[..end];
        if without_ordinal(last(part)) == class {
            return part;
        }
        end = part.rfind('/').unwrap_or(0);
    }
    path
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn without_ordinal(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// The facts that are places in the message, such as the first of two equal keys.
fn places(finding: &Finding) -> impl Iterator<Item = (&str, &str)> {
    let places = finding.facts.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    places.filter(|(_, value)| value.starts_with("/Bericht"))
}

/// What stands under the marked element: that another one is missing there, and the figures compared.
fn label(finding: &Finding, missing: Option<&str>) -> String {
    let missing = missing.map(|name| format!("hier ontbreekt {name}"));
    let figures = if finding.facts.contains_key("fault") { schema_figures(finding) } else { figures(finding) };
    clean(&missing.into_iter().chain(figures).collect::<Vec<_>>().join("; "))
}

fn schema_figures(finding: &Finding) -> Vec<String> {
    let words = [("found", "gevonden"), ("expected", "verwacht")];
    let shown =
        |(fact, word)| Some(format!("{word}: {}", finding.facts.get(fact)?.as_str().filter(|text| !text.is_empty())?));
    words.into_iter().filter_map(shown).collect()
}

fn figures(finding: &Finding) -> Vec<String> {
    let places: Vec<&str> = places(finding).map(|(name, _)| name).collect();
    // An earlier message is told in a note of its own, and so is a place.
    let told = conflict(&finding.facts).is_some();
    let is_noted = |name: &str| places.contains(&name) || (told && names_earlier(name));
    let shown = finding.facts.iter().filter(|(name, _)| !is_noted(name));
    shown.map(|(name, value)| figure(name, value)).collect()
}

fn figure(name: &str, value: &Value) -> String {
    match (name.strip_suffix("_cent"), value.as_i64()) {
        (Some(name), Some(cents)) => format!("{}: {}", words(name), euros(i128::from(cents)).nl),
        _ => format!("{}: {}", words(name), plain(value)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => if *yes { "ja" } else { "nee" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// Whether a figure tells of an earlier message.
fn names_earlier(name: &str) -> bool {
    name.starts_with("eerder_") || name.starts_with("eerdere_")
}

/// The earlier message, or the line of one, that a finding conflicts with.
fn conflict(facts: &BTreeMap<String, Value>) -> Option<String> {
    let fact = |name: &str| facts.get(name).and_then(Value::as_str);
    if let Some(kind) = fact("eerder_bericht") {
        let (identificatie, dagtekening) = (fact("eerder_identificatie")?, fact("eerder_dagtekening")?);
        return Some(format!("conflicts with {kind} {identificatie} of {dagtekening}"));
    }
    let (line, declaration) = (fact("eerdere_prestatie")?, fact("eerdere_declaratie")?);
    Some(format!("conflicts with line {line} of declaration {declaration}"))
}

fn note(text: &str) -> Message<'static> {
    Level::NOTE.message(clean(text))
}

/// A text as a terminal may have it: values of a message stand in it, and none may steer the terminal.
pub(super) fn clean(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    annotate_snippets::normalize_untrusted_str(&text)
}

/// The lines of one finding, put together before they are drawn.
struct Picture {
    rows: BTreeMap<u32, (Row, Vec<Mark>)>,
}

/// A marked part of a row, then of the whole.
struct Mark {
    span: Range<usize>,
    label: String,
    primary: bool,
}

impl Picture {
    fn new(line: u32, row: Row, label: String) -> Picture {
        let mark = Mark { span: row.span.clone(), label, primary: true };
        Picture { rows: BTreeMap::from([(line, (row, vec![mark]))]) }
    }

    /// Adds a line that stands elsewhere, once.
    fn add(&mut self, line: u32, row: Row, label: String) {
        let mark = Mark { span: row.span.clone(), label, primary: false };
        self.rows.entry(line).or_insert((row, vec![mark]));
    }

    /// The first line number, the text from there on, and the marks in it. Lines that are not shown are empty;
    /// a single line between two shown ones is shown with them, and is asked of `between`.
    fn finish(self, between: impl Fn(u32) -> String) -> (u32, String, Vec<Mark>) {
        let indent = self.rows.values().map(|(row, _)| indentation(&row.text)).min().unwrap_or(0);
        let first = self.rows.keys().next().copied().unwrap_or(1);
        let (mut text, mut marks, mut at) = (String::new(), Vec::new(), first);
        for (line, (row, own)) in self.rows {
            if line == at + 2 {
                let between = between(at + 1);
                text.push('\n');
                text.push_str(&between[indentation(&between).min(indent)..]);
                at += 1;
            }
            for _ in at..line {
                text.push('\n');
            }
            let shift = |offset: usize| text.len() + offset.saturating_sub(indent);
            marks.extend(
                own.into_iter().map(|mark| Mark { span: shift(mark.span.start)..shift(mark.span.end), ..mark }),
            );
            text.push_str(&row.text[indent..]);
            at = line;
        }
        (first, text, marks)
    }
}

/// Bytes of white space at the start of a row.
fn indentation(text: &str) -> usize {
    text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}
