//! A schema as tables: what the validator reads. Built by [`super::load`], never changed afterwards.

use std::fmt::Write as _;

use super::datatypes::{Base, SimpleType};
use crate::message::tree::Namespace;

/// The compiled schema of one kind of message.
#[derive(Debug, Clone)]
pub struct Schema {
    pub(super) message_namespace: Box<str>,
    pub(super) base_namespace: Box<str>,
    pub(super) root: Element,
    pub(super) sequences: Vec<Sequence>,
    pub(super) simple_types: Vec<SimpleType>,
}

/// A complex type: elements in a fixed order.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    pub(super) elements: Vec<Element>,
}

/// An element at its place in a sequence.
#[derive(Debug, Clone)]
pub struct Element {
    /// Local name.
    pub name: Box<str>,
    /// The namespace the element belongs to.
    pub namespace: Namespace,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may stand there more than once; the schemas know one or unbounded.
    pub repeats: bool,
    /// Name of its type; `None` when the type is anonymous.
    pub type_name: Option<(Namespace, Box<str>)>,
    pub(super) content: Content,
}

/// Index of a type in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Sequence(usize),
    Simple(usize),
}

/// What an element holds.
#[derive(Debug, Clone, Copy)]
pub enum Model<'s> {
    /// These elements, in this order.
    Sequence(&'s [Element]),
    /// A value of this type.
    Simple(&'s SimpleType),
}

impl Schema {
    /// The root element.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// Name of a namespace of this schema.
    pub fn namespace(&self, namespace: Namespace) -> &str {
        match namespace {
            Namespace::Message => &self.message_namespace,
            Namespace::Base => &self.base_namespace,
        }
    }

    /// What an element of this schema holds.
    pub fn model(&self, element: &Element) -> Model<'_> {
        match element.content {
            Content::Sequence(index) => Model::Sequence(&self.sequences[index].elements),
            Content::Simple(index) => Model::Simple(&self.simple_types[index]),
        }
    }

    /// The accepted language, one line per element: path, namespace, occurrence and facets, no names of types.
    /// Two schemas with the same outline accept the same messages (`xsi:type` aside, which names types).
    pub fn outline(&self) -> String {
        let mut out = String::new();
        self.outline_element(&self.root, "", &mut out);
        out
    }

    fn outline_element(&self, element: &Element, parent: &str, out: &mut String) {
        let path = format!("{parent}/{}", element.name);
        let occurs = match (element.required, element.repeats) {
            (true, false) => "1",
            (false, false) => "0..1",
            (true, true) => "1..n",
            (false, true) => "0..n",
        };
        let namespace = self.namespace(element.namespace);
        match self.model(element) {
            Model::Sequence(elements) => {
                let _ = writeln!(out, "{path} {{{namespace}}} {occurs}");
                for child in elements {
                    self.outline_element(child, &path, out);
                }
            }
            Model::Simple(simple) => {
                let _ = writeln!(out, "{path} {{{namespace}}} {occurs} {}", outline_facets(simple));
            }
        }
    }
}

fn outline_facets(simple: &SimpleType) -> String {
    let base = match simple.base {
        Base::String => "string",
        Base::Integer => "integer",
        Base::Date => "date",
        Base::Time => "time",
    };
    let mut facets = vec![base.to_owned()];
    facets.extend(simple.min_length.map(|min| format!("minLength={min}")));
    facets.extend(simple.max_length.map(|max| format!("maxLength={max}")));
    facets.extend(simple.min.map(|min| format!("min={min}")));
    facets.extend(simple.max.map(|max| format!("max={max}")));
    let mut patterns: Vec<String> =
        simple.patterns.iter().map(|pattern| format!("pattern={}", pattern.source())).collect();
    patterns.sort();
    facets.extend(patterns);
    facets.extend(simple.enumeration.as_ref().map(|codes| format!("codes={}", codes.join("|"))));
    facets.join(" ")
}
