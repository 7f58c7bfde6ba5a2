//! The state machine: walks a document through the tables of its schema, one event at a time.
//!
//! It knows nothing of how events are read. After a fault it finds its place again: a missing element is passed over,
//! an unknown one is skipped with all it holds, a known one in the wrong place is still judged by its own type.

use super::datatypes::SimpleType;
use super::fault::{Collector, Draft};
use super::namespaces::Space;
use super::tables::{Element, Model, Schema};
use super::{privacy, sentences, wellformed};
use crate::message::tree::{Namespace, Tree, TreeBuilder};

/// A start tag with its names resolved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) space: Space,
    /// Namespace name, for reports.
    pub(super) uri: &'a str,
    pub(super) local: &'a str,
    pub(super) offset: usize,
    /// Attributes other than namespace declarations.
    pub(super) attributes: &'a [TagAttribute<'a>],
}

/// An attribute of a start tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct TagAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) offset: usize,
    pub(super) role: AttributeRole<'a>,
}

/// What an attribute means to a schema without attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttributeRole<'a> {
    /// `xsi:schemaLocation` and the like: a hint that is allowed everywhere and means nothing here.
    Hint,
    /// `xsi:type`; allowed when it names the very type that the element has.
    Type(Option<(Namespace, &'a str)>),
    /// Anything else.
    Foreign,
}

struct Frame<'s> {
    element: &'s Element,
    ordinal: u32,
    offset: usize,
    personal: bool,
    /// The element stood in a wrong namespace. Its children then often do as well; one report is enough.
    foreign: bool,
    body: Body<'s>,
}

enum Body<'s> {
    Sequence(Place<'s>),
    Value {
        simple: &'s SimpleType,
        /// Something else than a value stood in it, so that the value cannot be judged.
        spoiled: bool,
    },
}

/// How far a sequence has come.
struct Place<'s> {
    elements: &'s [Element],
    /// The element that was matched last, or the first one.
    at: usize,
    /// How many of `elements[at]` there were.
    count: u32,
    /// One bit per element that was seen.
    seen: u64,
    any_child: bool,
    stray_text: bool,
    /// Elements reported as missing, with the place of their report.
    missing: Vec<(usize, usize)>,
    /// Counts of repeating elements that were left behind.
    left: Vec<(usize, u32)>,
}

/// How a child was recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Exact,
    OtherNamespace,
    OtherCase,
}

/// Judges the elements of one document.
pub(super) struct Machine<'s> {
    schema: &'s Schema,
    stack: Vec<Frame<'s>>,
    /// Open elements inside an element that is skipped, itself included.
    skipped: u32,
    value: String,
    value_chars: usize,
    max_value_chars: u32,
    /// `None` once a fault was found: the tree would be of no use.
    builder: Option<TreeBuilder>,
}

impl<'s> Machine<'s> {
    pub(super) fn new(schema: &'s Schema, max_value_chars: u32) -> Machine<'s> {
        Machine {
            schema,
            stack: Vec::new(),
            skipped: 0,
            value: String::new(),
            value_chars: 0,
            max_value_chars,
            builder: Some(TreeBuilder::default()),
        }
    }

    /// The tree of a document without faults.
    pub(super) fn finish(self) -> Option<Tree> {
        self.builder.map(TreeBuilder::finish)
    }

    /// Path of the innermost known element that is open.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.stack {
            push_step(&mut path, &frame.element.name, frame.element.repeats, frame.ordinal);
        }
        path
    }

    fn report(&mut self, faults: &mut Collector, offset: usize, draft: impl FnOnce(&Machine<'s>) -> Draft) -> usize {
        self.builder = None;
        faults.report(offset, || draft(self))
    }

    /// A start tag. The first one must be the root element of the schema; the caller has seen to that.
    pub(super) fn open(&mut self, tag: Tag<'_>, faults: &mut Collector) {
        if self.skipped > 0 {
            self.skipped += 1;
            return;
        }
        let Some((element, ordinal, foreign)) = self.locate(tag, faults) else {
            self.skipped = 1;
            return;
        };
        let parent = self.stack.last();
        let parent_name = parent.map_or("", |frame| &frame.element.name);
        let personal = parent.is_some_and(|frame| frame.personal) || privacy::is_personal(&element.name, parent_name);
        let body = match self.schema.model(element) {
            Model::Sequence(elements) => Body::Sequence(Place::new(elements)),
            Model::Simple(simple) => Body::Value { simple, spoiled: false },
        };
        self.value.clear();
        self.value_chars = 0;
        if let Some(builder) = &mut self.builder {
            builder.open(&element.name, element.namespace, element.repeats, tag.offset);
        }
        self.stack.push(Frame { element, ordinal, offset: tag.offset, personal, foreign, body });
        self.check_attributes(element, tag.attributes, faults);
    }

    fn check_attributes(&mut self, element: &'s Element, attributes: &[TagAttribute<'_>], faults: &mut Collector) {
        for attribute in attributes {
            let allowed = match attribute.role {
                AttributeRole::Hint => true,
                AttributeRole::Type(named) => {
                    named.is_some()
                        && named == element.type_name.as_ref().map(|(namespace, name)| (*namespace, &**name))
                }
                AttributeRole::Foreign => false,
            };
            if !allowed {
                self.report(faults, attribute.offset, |machine| {
                    sentences::attribute(machine.path(), &element.name, attribute.name)
                });
            }
        }
    }

    /// The declaration behind a start tag, its ordinal and whether its namespace is wrong. `None`: skip it.
    fn locate(&mut self, tag: Tag<'_>, faults: &mut Collector) -> Option<(&'s Element, u32, bool)> {
        let Some(frame) = self.stack.last_mut() else {
            return Some((self.schema.root(), 1, false));
        };
        let parent = frame.element;
        let in_foreign = frame.foreign;
        let place = match &mut frame.body {
            Body::Sequence(place) => place,
            Body::Value { spoiled, .. } => {
                *spoiled = true;
                self.report(faults, tag.offset, |machine| {
                    sentences::inside_value(machine.child_path(tag.local), tag.local, &parent.name)
                });
                return None;
            }
        };
        place.any_child = true;
        let Some((index, how)) = place.find(tag) else {
            let allowed = place.allowed();
            self.report(faults, tag.offset, |machine| {
                sentences::unexpected(machine.child_path(tag.local), tag.local, &parent.name, &allowed)
            });
            return None;
        };
        let element = &place.elements[index];
        let ordinal = self.arrive(index, tag, faults);
        let path = |machine: &Machine<'s>| {
            let mut path = machine.path();
            push_step(&mut path, &element.name, element.repeats, ordinal);
            path
        };
        match how {
            Match::Exact => {}
            Match::OtherNamespace if in_foreign => self.builder = None,
            Match::OtherNamespace => {
                self.report(faults, tag.offset, |machine| {
                    let expected = machine.schema.namespace(element.namespace);
                    sentences::namespace(path(machine), &element.name, expected, tag.uri)
                });
            }
            Match::OtherCase => {
                self.report(faults, tag.offset, |machine| {
                    sentences::miswritten(path(machine), tag.local, &element.name)
                });
            }
        }
        Some((element, ordinal, how == Match::OtherNamespace))
    }

    /// Moves the sequence of the open element to a child that was recognised; answers the ordinal of the child.
    fn arrive(&mut self, index: usize, tag: Tag<'_>, faults: &mut Collector) -> u32 {
        let Some(Frame { element: parent, body: Body::Sequence(place), .. }) = self.stack.last_mut() else {
            return 1;
        };
        let parent = *parent;
        let elements = place.elements;
        let element = &elements[index];
        let known = place.seen & (1 << index) != 0;
        if index == place.at && (place.count == 0 || element.repeats) {
            place.seen |= 1 << index;
            place.count += 1;
            return place.count;
        }
        if index > place.at {
            let gap = place.advance(index);
            for lost in gap {
                let after = self.last_seen(lost);
                let report = self.report(faults, tag.offset, |machine| {
                    machine.missing_draft(&elements[lost], parent, after, Some(tag.local))
                });
                self.note_missing(lost, report);
            }
            return 1;
        }
        place.seen |= 1 << index;
        let ordinal = place.left_behind(index);
        let before = &elements[place.at];
        let missing =
            place.missing.iter().position(|(lost, _)| *lost == index).map(|at| place.missing.swap_remove(at).1);
        if let Some(report) = missing {
            // It was not missing after all, it comes too late: one fault, not two.
            faults.retract(report);
        }
        self.report(faults, tag.offset, |machine| {
            let mut path = machine.path();
            push_step(&mut path, &element.name, element.repeats, ordinal);
            if known && !element.repeats {
                sentences::repeated(path, &element.name, &parent.name)
            } else {
                sentences::misplaced(path, &element.name, &parent.name, &before.name)
            }
        });
        ordinal
    }

    /// The sibling seen last before `index`.
    fn last_seen(&self, index: usize) -> Option<&'s str> {
        let Some(Frame { body: Body::Sequence(place), .. }) = self.stack.last() else {
            return None;
        };
        (0..index).rev().find(|at| place.seen & (1 << at) != 0).map(|at| &*place.elements[at].name)
    }

    fn note_missing(&mut self, index: usize, report: usize) {
        if let Some(Frame { body: Body::Sequence(place), .. }) = self.stack.last_mut() {
            place.missing.push((index, report));
        }
    }

    fn missing_draft(&self, lost: &Element, parent: &Element, after: Option<&str>, next: Option<&str>) -> Draft {
        let mut path = self.path();
        push_step(&mut path, &lost.name, lost.repeats, 1);
        sentences::missing(path, &lost.name, &parent.name, after, next)
    }

    fn child_path(&self, local: &str) -> String {
        let mut path = self.path();
        push_step(&mut path, &privacy::shown_name(local), false, 1);
        path
    }

    /// Character data: line ends normalised, references resolved.
    pub(super) fn text(&mut self, text: &str, offset: usize, faults: &mut Collector) {
        if self.skipped > 0 {
            return;
        }
        let Some(frame) = self.stack.last_mut() else { return };
        match &mut frame.body {
            Body::Value { .. } => {
                self.value_chars += text.chars().count();
                if self.value_chars <= self.max_value_chars as usize {
                    self.value.push_str(text);
                }
            }
            Body::Sequence(place) => {
                if place.stray_text || wellformed::is_blank(text) {
                    return;
                }
                place.stray_text = true;
                let element = frame.element;
                let start = text.bytes().position(|byte| !wellformed::is_space(byte)).unwrap_or(0);
                self.report(faults, offset + start, |machine| {
                    sentences::text(machine.path(), &element.name, text.trim_matches([' ', '\t', '\r', '\n']))
                });
            }
        }
    }

    /// The end tag of the innermost open element, at `offset`.
    pub(super) fn close(&mut self, offset: usize, faults: &mut Collector) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        match self.stack.last().map(|frame| &frame.body) {
            Some(Body::Sequence(_)) => self.close_sequence(offset, faults),
            Some(&Body::Value { simple, spoiled }) if !spoiled => self.close_value(simple, faults),
            Some(Body::Value { .. }) | None => {}
        }
        if let Some(builder) = &mut self.builder {
            builder.close();
        }
        self.stack.pop();
    }

    fn close_sequence(&mut self, offset: usize, faults: &mut Collector) {
        let Some(Frame { element, offset: start, body: Body::Sequence(place), .. }) = self.stack.last_mut() else {
            return;
        };
        let (element, start, elements) = (*element, *start, place.elements);
        if !place.any_child {
            let required: Vec<&str> =
                elements.iter().filter(|child| child.required).map(|child| &*child.name).collect();
            if !required.is_empty() {
                self.report(faults, start, |machine| {
                    sentences::empty_sequence(machine.path(), &element.name, &required)
                });
            }
            return;
        }
        let gap = place.advance(elements.len());
        for lost in gap {
            let after = self.last_seen(lost);
            self.report(faults, offset, |machine| machine.missing_draft(&elements[lost], element, after, None));
        }
    }

    fn close_value(&mut self, simple: &'s SimpleType, faults: &mut Collector) {
        let Some(&Frame { element, offset, personal, .. }) = self.stack.last() else { return };
        if self.value_chars > self.max_value_chars as usize {
            let limit = self.max_value_chars;
            self.report(faults, offset, |machine| sentences::value_limit(machine.path(), &element.name, limit));
            return;
        }
        simple.normalise(&mut self.value);
        match simple.check(&self.value) {
            Ok(()) => {
                if let Some(builder) = &mut self.builder {
                    builder.text(&self.value);
                }
            }
            Err(breach) => {
                self.report(faults, offset, |machine| {
                    sentences::value(machine.path(), &element.name, simple, breach, &machine.value, personal)
                });
            }
        }
    }
}

impl<'s> Place<'s> {
    fn new(elements: &'s [Element]) -> Place<'s> {
        let (missing, left) = (Vec::new(), Vec::new());
        Place { elements, at: 0, count: 0, seen: 0, any_child: false, stray_text: false, missing, left }
    }

    /// The declaration that a start tag means: by its full name, else by its local name, else but for capitals.
    fn find(&self, tag: Tag<'_>) -> Option<(usize, Match)> {
        let by_name = |name: &str| *name == *tag.local;
        // Nearly always the element at hand or one of the next.
        let ahead = self.elements[self.at.min(self.elements.len())..].iter().position(|element| by_name(&element.name));
        let index = ahead
            .map(|steps| steps + self.at)
            .or_else(|| self.elements.iter().position(|element| by_name(&element.name)));
        if let Some(index) = index {
            let exact = tag.space == Space::Known(self.elements[index].namespace);
            return Some((index, if exact { Match::Exact } else { Match::OtherNamespace }));
        }
        let index = self.elements.iter().position(|element| element.name.eq_ignore_ascii_case(tag.local))?;
        Some((index, Match::OtherCase))
    }

    /// Moves on to `index` (or to the end) and answers the required elements that were passed over.
    fn advance(&mut self, index: usize) -> Vec<usize> {
        let first = if self.count > 0 { self.at + 1 } else { self.at };
        let skipped = |at: &usize| self.elements[*at].required && self.seen & (1 << at) == 0;
        let gap: Vec<usize> = (first..index).filter(skipped).collect();
        if self.count > 0 && self.elements.get(self.at).is_some_and(|element| element.repeats) {
            self.left.push((self.at, self.count));
        }
        self.at = index;
        self.count = 1;
        if index < self.elements.len() {
            self.seen |= 1 << index;
        }
        gap
    }

    /// Counts a repeating element that stands behind elements that should follow it.
    fn left_behind(&mut self, index: usize) -> u32 {
        if !self.elements[index].repeats {
            return 1;
        }
        if let Some((_, count)) = self.left.iter_mut().find(|(at, _)| *at == index) {
            *count += 1;
            return *count;
        }
        self.left.push((index, 1));
        1
    }

    /// What may stand next: up to and including the first required element.
    fn allowed(&self) -> Vec<&'s str> {
        let repeatable = self.count == 0 || self.elements.get(self.at).is_some_and(|element| element.repeats);
        let start = if repeatable { self.at } else { self.at + 1 };
        let mut allowed = Vec::new();
        for (at, element) in self.elements.iter().enumerate().skip(start) {
            allowed.push(&*element.name);
            if element.required && !(at == self.at && self.count > 0) {
                break;
            }
        }
        allowed
    }
}

fn push_step(path: &mut String, name: &str, repeats: bool, ordinal: u32) {
    path.push('/');
    path.push_str(name);
    if repeats {
        path.push('[');
        path.push_str(&ordinal.to_string());
        path.push(']');
    }
}
