//! Reads XSD files into tables.
//!
//! The loader knows exactly the constructs that the schemas of release 3.2 use and refuses everything else: elements,
//! attributes, facets, occurrence values. A construct that is silently ignored would be a check silently left out,
//! so a new release that needs more must fail here first.

use std::collections::BTreeMap;
use std::sync::Arc;

use quick_xml::events::Event;

use super::datatypes::{Base, SimpleType};
use super::pattern::Pattern;
use super::tables::{Content, Element, Schema, Sequence};
use super::wellformed::{Attributes, attribute_value, is_blank, reference, split_qname};
use crate::message::tree::{LineIndex, Namespace};

const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// More elements than this in one sequence are refused: the validator keeps one bit per element.
const MAX_SEQUENCE: usize = 64;

/// One schema file: its name, for messages and for `schemaLocation`, and its text.
#[derive(Debug, Clone, Copy)]
pub struct SchemaFile<'a> {
    /// File name without folder.
    pub name: &'a str,
    /// The XSD.
    pub text: &'a str,
}

/// Why a schema file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} line {line}: {construct}")]
pub struct LoadError {
    /// Name of the file as given.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// The construct and what is wrong with it.
    pub construct: String,
}

/// Compiles a message schema and the base schema that it imports.
pub fn load(message: SchemaFile<'_>, base: SchemaFile<'_>) -> Result<Schema, LoadError> {
    let base = Doc::read(base, Namespace::Base)?;
    let message = Doc::read(message, Namespace::Message)?;
    base.check_imports(None)?;
    message.check_imports(Some(&base))?;
    let mut compiler = Compiler::new(&message, &base)?;
    // Every type is compiled, used or not: a faulty one must not wait for its first use.
    for doc in [&base, &message] {
        for node in doc.root.children.iter().filter(|node| node.name.ends_with("Type")) {
            compiler.named_type(doc, doc.required(node, "name")?)?;
        }
    }
    if let Some(element) = base.root.children.iter().find(|node| node.name == "element") {
        return base.refuse(element, "a global element in the base schema");
    }
    let mut globals = message.root.children.iter().filter(|node| node.name == "element");
    let (Some(global), None) = (globals.next(), globals.next()) else {
        return message.refuse(&message.root, "a message schema must have exactly one global element");
    };
    message.attributes(global, &["name", "type"])?;
    let root = compiler.element(&message, global)?;
    if !matches!(root.content, Content::Sequence(_)) {
        return message.refuse(global, "a root element with a simple type");
    }
    Ok(Schema {
        message_namespace: message.target.as_str().into(),
        base_namespace: base.target.as_str().into(),
        root,
        sequences: compiler.sequences,
        simple_types: compiler.simple_types,
    })
}

/// An element of an XSD file. Everything in it belongs to the XSD namespace; annotations keep only their text.
#[derive(Debug)]
struct XsdNode {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<XsdNode>,
    text: String,
    line: u32,
}

impl XsdNode {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A schema file as a tree, with its prefixes.
struct Doc<'a> {
    file: &'a str,
    namespace: Namespace,
    root: XsdNode,
    prefixes: BTreeMap<String, String>,
    target: String,
}

impl<'a> Doc<'a> {
    fn read(file: SchemaFile<'a>, namespace: Namespace) -> Result<Doc<'a>, LoadError> {
        let lines = LineIndex::of(file.text.as_bytes());
        let mut reader = FileReader { file, lines, prefixes: BTreeMap::new() };
        let root = reader.read()?;
        let mut doc = Doc { file: file.name, namespace, root, prefixes: reader.prefixes, target: String::new() };
        if doc.root.name != "schema" {
            return doc.refuse(&doc.root, &format!("root element {}", doc.root.name));
        }
        doc.attributes(&doc.root, &["targetNamespace", "elementFormDefault"])?;
        if doc.root.get("elementFormDefault") != Some("qualified") {
            return doc.refuse(&doc.root, "elementFormDefault must be qualified");
        }
        let Some(target) = doc.root.get("targetNamespace").filter(|target| !target.is_empty()) else {
            return doc.refuse(&doc.root, "targetNamespace is missing");
        };
        doc.target = target.to_owned();
        doc.children(&doc.root, &["import", "annotation", "element", "complexType", "simpleType"])?;
        Ok(doc)
    }

    fn refuse<T>(&self, node: &XsdNode, construct: &str) -> Result<T, LoadError> {
        Err(LoadError { file: self.file.to_owned(), line: node.line, construct: construct.to_owned() })
    }

    /// Refuses attributes outside `allowed`.
    fn attributes(&self, node: &XsdNode, allowed: &[&str]) -> Result<(), LoadError> {
        match node.attributes.iter().find(|(name, _)| !allowed.contains(&name.as_str())) {
            Some((name, _)) => self.refuse(node, &format!("attribute {name} on {}", node.name)),
            None => Ok(()),
        }
    }

    /// Refuses children outside `allowed` and any text.
    fn children(&self, node: &XsdNode, allowed: &[&str]) -> Result<(), LoadError> {
        if !is_blank(&node.text) {
            return self.refuse(node, &format!("text in {}", node.name));
        }
        match node.children.iter().find(|child| !allowed.contains(&child.name.as_str())) {
            Some(child) => self.refuse(child, &format!("element {} in {}", child.name, node.name)),
            None => Ok(()),
        }
    }

    fn required<'n>(&self, node: &'n XsdNode, attribute: &str) -> Result<&'n str, LoadError> {
        match node.get(attribute) {
            Some(value) => Ok(value),
            None => self.refuse(node, &format!("{} without {attribute}", node.name)),
        }
    }

    /// Children that are not annotations; the annotation, if any, must come first.
    fn body<'n>(&self, node: &'n XsdNode) -> Result<&'n [XsdNode], LoadError> {
        let body = match node.children.split_first() {
            Some((first, rest)) if first.name == "annotation" => {
                self.annotation(first)?;
                rest
            }
            _ => &node.children,
        };
        match body.iter().find(|child| child.name == "annotation") {
            Some(late) => self.refuse(late, "annotation behind other content"),
            None => Ok(body),
        }
    }

    fn annotation(&self, node: &XsdNode) -> Result<(), LoadError> {
        self.attributes(node, &[])?;
        self.children(node, &["appinfo", "documentation"])
    }

    fn check_imports(&self, expected: Option<&Doc<'_>>) -> Result<(), LoadError> {
        let expected = expected.map(|base| (base.target.as_str(), base.file));
        for annotation in self.root.children.iter().filter(|node| node.name == "annotation") {
            self.annotation(annotation)?;
        }
        let mut found = false;
        for import in self.root.children.iter().filter(|node| node.name == "import") {
            self.attributes(import, &["namespace", "schemaLocation"])?;
            self.children(import, &[])?;
            if found
                || Some((self.required(import, "namespace")?, self.required(import, "schemaLocation")?)) != expected
            {
                return self.refuse(import, "import of something else than the base schema");
            }
            found = true;
        }
        if expected.is_some() && !found {
            return self.refuse(&self.root, "the import of the base schema is missing");
        }
        Ok(())
    }

    /// Namespace and local part of a reference such as `b:LDT_Datum`.
    fn qname<'n>(&self, node: &XsdNode, value: &'n str) -> Result<(&str, &'n str), LoadError> {
        let resolved = split_qname(value).and_then(|(prefix, local)| Some((self.prefixes.get(prefix)?, local)));
        match resolved {
            Some((uri, local)) => Ok((uri, local)),
            None => self.refuse(node, &format!("reference {value} with an unknown prefix")),
        }
    }
}

/// Turns the text of a schema file into nodes.
struct FileReader<'a> {
    file: SchemaFile<'a>,
    lines: LineIndex,
    prefixes: BTreeMap<String, String>,
}

impl FileReader<'_> {
    fn refuse<T>(&self, offset: usize, construct: &str) -> Result<T, LoadError> {
        Err(LoadError { file: self.file.name.to_owned(), line: self.line(offset), construct: construct.to_owned() })
    }

    fn read(&mut self) -> Result<XsdNode, LoadError> {
        let mut reader = quick_xml::Reader::from_str(self.file.text);
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<XsdNode> = Vec::new();
        let mut root = None;
        // Depth inside appinfo or documentation, where anything may stand.
        let mut free = 0u32;
        loop {
            let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let Ok(event) = reader.read_event() else {
                return self.refuse(offset, "not well-formed XML");
            };
            match event {
                Event::Start(_) if free > 0 => free += 1,
                Event::Start(tag) => {
                    if root.is_some() {
                        return self.refuse(offset, "content behind the schema");
                    }
                    let node = self.node(tag.name().0, tag.attributes_raw(), open.is_empty(), offset)?;
                    free = u32::from(matches!(node.name.as_str(), "appinfo" | "documentation"));
                    open.push(node);
                }
                Event::End(_) if free > 1 => free -= 1,
                Event::End(_) => {
                    free = 0;
                    let Some(node) = open.pop() else {
                        return self.refuse(offset, "an end tag without a start tag");
                    };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(node),
                        None => root = Some(node),
                    }
                }
                Event::Text(text) => self.text(&mut open, &text, free, offset)?,
                Event::GeneralRef(name) => {
                    let Some(c) = reference(&name) else {
                        return self.refuse(offset, "an unknown entity");
                    };
                    self.text(&mut open, c.encode_utf8(&mut [0; 4]), free, offset)?;
                }
                Event::Comment(_) | Event::Decl(_) => {}
                Event::CData(_) => return self.refuse(offset, "a CDATA section"),
                Event::PI(_) => return self.refuse(offset, "a processing instruction"),
                Event::DocType(_) => return self.refuse(offset, "a DOCTYPE"),
                Event::Empty(_) => return self.refuse(offset, "an empty tag that was not expanded"),
                Event::Eof => break,
            }
        }
        match root {
            Some(root) if open.is_empty() => Ok(root),
            _ => self.refuse(self.file.text.len(), "the schema element is missing or not closed"),
        }
    }

    fn text(&self, open: &mut [XsdNode], text: &str, free: u32, offset: usize) -> Result<(), LoadError> {
        match open.last_mut() {
            Some(node) if free <= 1 => node.text.push_str(text),
            Some(_) => {}
            None if is_blank(text) => {}
            None => return self.refuse(offset, "text outside the schema"),
        }
        Ok(())
    }

    fn node(&mut self, name: &str, raw: &str, is_root: bool, offset: usize) -> Result<XsdNode, LoadError> {
        let mut scanner = Attributes::new(raw);
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            let Ok(attribute) = scanner.next() else {
                return self.refuse(offset, "a tag that is not well-formed");
            };
            let Some(attribute) = attribute else { break };
            let value = attribute_value(attribute.value).into_owned();
            let prefix = attribute.name.strip_prefix("xmlns:").or((attribute.name == "xmlns").then_some(""));
            match prefix {
                Some(prefix) if is_root => {
                    self.prefixes.insert(prefix.to_owned(), value);
                }
                Some(_) => return self.refuse(offset, "a namespace declaration outside the schema element"),
                None if attributes.iter().any(|(known, _)| known == attribute.name) => {
                    return self.refuse(offset, "an attribute that stands twice");
                }
                None => attributes.push((attribute.name.to_owned(), value)),
            }
        }
        let local = split_qname(name).filter(|(prefix, _)| self.prefixes.get(*prefix).is_some_and(|uri| uri == XSD));
        let Some((_, local)) = local else {
            return self.refuse(offset, &format!("element {name} outside the XSD namespace"));
        };
        let line = self.line(offset);
        Ok(XsdNode { name: local.to_owned(), attributes, children: Vec::new(), text: String::new(), line })
    }

    fn line(&self, offset: usize) -> u32 {
        self.lines.position(self.file.text.as_bytes(), offset).0
    }
}

/// A type on its way to the tables.
#[derive(Clone, Copy)]
enum Progress<'d> {
    Declared(&'d XsdNode),
    Busy(&'d XsdNode),
    Done(Content),
}

/// Namespace (false: message, true: base) and name.
type TypeKey = (bool, String);

struct Compiler<'d> {
    message: &'d Doc<'d>,
    base: &'d Doc<'d>,
    types: BTreeMap<TypeKey, Progress<'d>>,
    sequences: Vec<Sequence>,
    simple_types: Vec<SimpleType>,
    patterns: BTreeMap<String, Arc<Pattern>>,
}

fn key(namespace: Namespace, name: &str) -> TypeKey {
    (namespace == Namespace::Base, name.to_owned())
}

impl<'d> Compiler<'d> {
    fn new(message: &'d Doc<'d>, base: &'d Doc<'d>) -> Result<Compiler<'d>, LoadError> {
        let mut types = BTreeMap::new();
        for doc in [base, message] {
            for node in doc.root.children.iter().filter(|node| node.name.ends_with("Type")) {
                let name = doc.required(node, "name")?;
                if types.insert(key(doc.namespace, name), Progress::Declared(node)).is_some() {
                    return doc.refuse(node, &format!("type {name} is declared twice"));
                }
            }
        }
        let (sequences, simple_types, patterns) = (Vec::new(), Vec::new(), BTreeMap::new());
        Ok(Compiler { message, base, types, sequences, simple_types, patterns })
    }

    fn doc(&self, namespace: Namespace) -> &'d Doc<'d> {
        match namespace {
            Namespace::Message => self.message,
            Namespace::Base => self.base,
        }
    }

    /// A reference to a type of one of the two schemas.
    fn reference(&self, doc: &Doc<'_>, node: &XsdNode, value: &str) -> Result<(Namespace, String), LoadError> {
        let (uri, local) = doc.qname(node, value)?;
        let found = [Namespace::Message, Namespace::Base]
            .into_iter()
            .find(|&namespace| self.doc(namespace).target == uri && self.types.contains_key(&key(namespace, local)));
        match found {
            Some(namespace) => Ok((namespace, local.to_owned())),
            None => doc.refuse(node, &format!("type {value} is not declared")),
        }
    }

    fn named_type(&mut self, doc: &'d Doc<'d>, name: &str) -> Result<Content, LoadError> {
        let type_key = key(doc.namespace, name);
        let node = match self.types.get(&type_key) {
            Some(Progress::Done(content)) => return Ok(*content),
            Some(Progress::Declared(node)) => *node,
            Some(Progress::Busy(node)) => return doc.refuse(node, &format!("type {name} contains itself")),
            None => return doc.refuse(&doc.root, &format!("type {name} is not declared")),
        };
        self.types.insert(type_key.clone(), Progress::Busy(node));
        doc.attributes(node, &["name"])?;
        let content = if node.name == "complexType" {
            let sequence = self.sequence(doc, node)?;
            self.sequences.push(sequence);
            Content::Sequence(self.sequences.len() - 1)
        } else {
            let simple = self.simple_type(doc, node, Some(name))?;
            self.simple_types.push(simple);
            Content::Simple(self.simple_types.len() - 1)
        };
        self.types.insert(type_key, Progress::Done(content));
        Ok(content)
    }

    fn sequence(&mut self, doc: &'d Doc<'d>, node: &'d XsdNode) -> Result<Sequence, LoadError> {
        doc.children(node, &["annotation", "sequence"])?;
        let [sequence] = doc.body(node)? else {
            return doc.refuse(node, "a complexType without exactly one sequence");
        };
        doc.attributes(sequence, &[])?;
        doc.children(sequence, &["annotation", "element"])?;
        let mut elements: Vec<Element> = Vec::new();
        for child in doc.body(sequence)? {
            doc.attributes(child, &["name", "type", "minOccurs", "maxOccurs"])?;
            let element = self.element(doc, child)?;
            if elements.iter().any(|known| known.name == element.name) {
                return doc.refuse(child, &format!("element {} stands twice in one sequence", element.name));
            }
            elements.push(element);
        }
        if elements.is_empty() || elements.len() > MAX_SEQUENCE {
            return doc.refuse(sequence, &format!("a sequence of {} elements", elements.len()));
        }
        Ok(Sequence { elements })
    }

    fn element(&mut self, doc: &'d Doc<'d>, node: &'d XsdNode) -> Result<Element, LoadError> {
        let name = doc.required(node, "name")?;
        doc.children(node, &["annotation", "simpleType"])?;
        let required = match node.get("minOccurs") {
            None => true,
            Some("0") => false,
            Some(other) => return doc.refuse(node, &format!("minOccurs={other}")),
        };
        let repeats = match node.get("maxOccurs") {
            None => false,
            Some("unbounded") => true,
            Some(other) => return doc.refuse(node, &format!("maxOccurs={other}")),
        };
        let (type_name, content) = match (node.get("type"), doc.body(node)?) {
            (Some(reference), []) => {
                let (namespace, local) = self.reference(doc, node, reference)?;
                let content = self.named_type(self.doc(namespace), &local)?;
                (Some((namespace, local.into_boxed_str())), content)
            }
            (None, [anonymous]) => {
                doc.attributes(anonymous, &[])?;
                let simple = self.simple_type(doc, anonymous, None)?;
                self.simple_types.push(simple);
                (None, Content::Simple(self.simple_types.len() - 1))
            }
            _ => return doc.refuse(node, &format!("element {name} without exactly one type")),
        };
        Ok(Element { name: name.into(), namespace: doc.namespace, required, repeats, type_name, content })
    }

    fn simple_type(
        &mut self,
        doc: &'d Doc<'d>,
        node: &'d XsdNode,
        name: Option<&str>,
    ) -> Result<SimpleType, LoadError> {
        doc.children(node, &["annotation", "restriction"])?;
        let [restriction] = doc.body(node)? else {
            return doc.refuse(node, "a simpleType without exactly one restriction");
        };
        doc.attributes(restriction, &["base"])?;
        let mut simple = self.restricted(doc, restriction)?;
        if let Some(name) = name {
            simple.name = name.into();
        }
        if let Some(list) = code_list(node) {
            simple.code_list = Some(list);
        }
        self.facets(doc, restriction, &mut simple)?;
        Ok(simple)
    }

    /// The type that a restriction starts from.
    fn restricted(&mut self, doc: &'d Doc<'d>, node: &XsdNode) -> Result<SimpleType, LoadError> {
        let reference = doc.required(node, "base")?;
        let (uri, local) = doc.qname(node, reference)?;
        if uri == XSD {
            let base = match local {
                "string" => Base::String,
                "integer" => Base::Integer,
                "date" => Base::Date,
                "time" => Base::Time,
                _ => return doc.refuse(node, &format!("built-in type {local}")),
            };
            return Ok(SimpleType::unrestricted(base));
        }
        let (namespace, local) = self.reference(doc, node, reference)?;
        match self.named_type(self.doc(namespace), &local)? {
            Content::Simple(index) => Ok(self.simple_types[index].clone()),
            Content::Sequence(_) => doc.refuse(node, &format!("restriction of the complex type {local}")),
        }
    }

    /// Merges the facets of one step into what the steps before it already ask.
    fn facets(&mut self, doc: &Doc<'_>, restriction: &XsdNode, simple: &mut SimpleType) -> Result<(), LoadError> {
        let mut codes: Vec<Box<str>> = Vec::new();
        let mut patterns: Vec<&str> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for facet in doc.body(restriction)? {
            doc.attributes(facet, &["value"])?;
            doc.children(facet, &["annotation"])?;
            doc.body(facet)?;
            let (name, value) = (facet.name.as_str(), doc.required(facet, "value")?);
            if seen.contains(&name) && !matches!(name, "enumeration" | "pattern") {
                return doc.refuse(facet, &format!("facet {name} stands twice"));
            }
            seen.push(name);
            match (name, simple.base) {
                ("enumeration", Base::String) => codes.push(value.into()),
                ("pattern", _) => patterns.push(value),
                ("minLength", Base::String) => {
                    let length = number(doc, facet, value)?;
                    simple.min_length = Some(simple.min_length.map_or(length, |known| known.max(length)));
                }
                ("maxLength", Base::String) => {
                    let length = number(doc, facet, value)?;
                    simple.max_length = Some(simple.max_length.map_or(length, |known| known.min(length)));
                }
                ("minInclusive", Base::Integer) => {
                    let bound = bound(doc, facet, value)?;
                    simple.min = Some(simple.min.map_or(bound, |known| known.max(bound)));
                }
                ("maxInclusive", Base::Integer) => {
                    let bound = bound(doc, facet, value)?;
                    simple.max = Some(simple.max.map_or(bound, |known| known.min(bound)));
                }
                (_, base) => return doc.refuse(facet, &format!("facet {name} on a {base:?}")),
            }
        }
        if !codes.is_empty() {
            codes.sort();
            codes.dedup();
            if let Some(known) = &simple.enumeration {
                codes.retain(|code| known.contains(code));
            }
            simple.enumeration = Some(codes);
        }
        match patterns.as_slice() {
            [] => {}
            [source] => {
                let pattern = self.pattern(doc, restriction, source)?;
                simple.patterns.push(pattern);
            }
            // Patterns of one step are alternatives of each other; no schema of 3.2 has more than one.
            [_, _, ..] => return doc.refuse(restriction, "two patterns in one restriction"),
        }
        Ok(())
    }

    fn pattern(&mut self, doc: &Doc<'_>, node: &XsdNode, source: &str) -> Result<Arc<Pattern>, LoadError> {
        if let Some(known) = self.patterns.get(source) {
            return Ok(Arc::clone(known));
        }
        match Pattern::compile(source) {
            Ok(pattern) => {
                let pattern = Arc::new(pattern);
                self.patterns.insert(source.to_owned(), Arc::clone(&pattern));
                Ok(pattern)
            }
            Err(why) => doc.refuse(node, &why),
        }
    }
}

/// The name of the code list in the annotation of a type: the text of its `appinfo`.
fn code_list(node: &XsdNode) -> Option<Box<str>> {
    let annotation = node.children.iter().find(|child| child.name == "annotation")?;
    let appinfo = annotation.children.iter().find(|child| child.name == "appinfo")?;
    let list = appinfo.text.trim();
    (!list.is_empty()).then(|| list.into())
}

fn number(doc: &Doc<'_>, node: &XsdNode, value: &str) -> Result<u32, LoadError> {
    match value.parse() {
        Ok(number) => Ok(number),
        Err(_) => doc.refuse(node, &format!("{}={value}", node.name)),
    }
}

/// Bounds stay below 10^18, so that a value of more digits can be told from them without big numbers.
fn bound(doc: &Doc<'_>, node: &XsdNode, value: &str) -> Result<i64, LoadError> {
    match value.parse::<i64>() {
        Ok(bound) if bound.unsigned_abs() < 1_000_000_000_000_000_000 => Ok(bound),
        _ => doc.refuse(node, &format!("{}={value}", node.name)),
    }
}
