//! Reads a document with quick-xml and walks it through the state machine, with the rules of XML that quick-xml
//! leaves to its caller.
//!
//! Verdicts equal those of libxml2, except on purpose: a DOCTYPE and any encoding but UTF-8 (or ASCII) are refused, and so
//! are namespace declarations and doubled attributes that Namespaces 1.0 forbids and libxml2 only warns about; an empty
//! CDATA section between elements is white space, as XSD 1.0 has it; the limits of this gateway count.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;

use super::fault::{Collector, Draft, Faults, Words};
use super::files::Catalogue;
use super::machine::{AttributeRole, Machine, Tag, TagAttribute};
use super::namespaces::{NameId, Scope, Space};
use super::wellformed::{self, Attributes, Broken, RawAttribute};
use super::{BOM, Document, Limits, privacy, sentences};
use crate::message::{Kind, Release};

/// The root element of every message.
const ROOT: &str = "Bericht";

/// [`recognise`] looks no further than this.
const PROLOG_BYTES: usize = 65_536;

/// Judges a document by the releases that the program carries.
pub fn validate(source: &[u8], limits: &Limits) -> Result<Document, Faults> {
    Catalogue::embedded().validate(source, limits)
}

/// As [`Catalogue::recognise_document`], by the releases that the program carries.
pub fn recognise(source: &[u8]) -> Option<Kind> {
    Catalogue::embedded().recognise_document(source)
}

impl Catalogue {
    /// Judges a document: the tree of a valid one, or everything that is wrong with it.
    pub fn validate(&self, source: &[u8], limits: &Limits) -> Result<Document, Faults> {
        let mut faults = Collector::new(limits.max_faults);
        // Offsets and node counts of the tree are 32 bits wide.
        let max_bytes = limits.max_bytes.min(u32::MAX as usize - 1);
        if source.len() > max_bytes {
            faults.report_last(0, sentences::size_limit(max_bytes));
            return Err(faults.finish(&[], self.recognise_document(source), false));
        }
        let text = match readable_text(source) {
            Ok(text) => text,
            Err(stop) => {
                faults.report_last(stop.offset, *stop.draft);
                return Err(faults.finish(source, self.recognise_document(source), false));
            }
        };
        let mut driver = Driver::new(self, text, *limits, faults);
        let stopped = driver.run().err();
        let readable = stopped.is_none();
        if let Some(stop) = stopped {
            driver.faults.report_last(stop.offset + driver.base, *stop.draft);
        }
        let Driver { kind, release, machine, faults, .. } = driver;
        let tree = machine.and_then(Machine::finish);
        match (kind.zip(release), tree) {
            (Some((kind, release)), Some(tree)) if faults.is_empty() => Ok(Document { kind, release, tree }),
            _ => Err(faults.finish(source, kind, readable)),
        }
    }

    /// Which message a document claims to be, by namespace and name of its first element; nothing else is judged.
    pub fn recognise_document(&self, source: &[u8]) -> Option<Kind> {
        let prolog = &source[..source.len().min(PROLOG_BYTES)];
        let valid = match std::str::from_utf8(prolog) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&prolog[..error.valid_up_to()]).unwrap_or(""),
        };
        let mut driver = Driver::new(self, valid, Limits::default(), Collector::new(0));
        while driver.kind.is_none() && driver.stage != Stage::Ended && driver.depth == 0 {
            driver.step().ok()?;
        }
        driver.kind
    }
}

/// The text of a document, byte order mark included, if it is UTF-8 and holds XML characters only.
fn readable_text(source: &[u8]) -> Result<&str, Stop> {
    if let Some(found) = other_encoding(source) {
        return Err(Stop::new(0, sentences::encoding(&found)));
    }
    let text = std::str::from_utf8(source).map_err(|error| {
        let found = match declared_encoding(source) {
            Some(declared) => privacy::shown_encoding(&declared),
            None => Words::new(
                "het bevat bytes die geen UTF-8 zijn (mogelijk ISO-8859-1 of Windows-1252)",
                "it holds bytes that are not UTF-8 (possibly ISO-8859-1 or Windows-1252)",
            ),
        };
        Stop::new(error.valid_up_to(), sentences::encoding(&found))
    })?;
    match wellformed::forbidden_char(text) {
        Some(offset) => {
            let (nl, en) = ("het bevat een teken dat in XML niet mag", "it holds a character that XML forbids");
            Err(Stop::new(offset, sentences::malformed(String::new(), nl, en)))
        }
        None => Ok(text),
    }
}

/// UTF-16 and UTF-32, by their byte order marks or by the zero bytes around the first `<`.
fn other_encoding(source: &[u8]) -> Option<Words> {
    let name = match source {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [b'<', 0, 0, 0, ..] | [0, 0, 0, b'<', ..] => "UTF-32",
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => "UTF-16",
        _ => return None,
    };
    Some(Words::new(format!("het is {name}"), format!("it is {name}")))
}

/// The encoding in the XML declaration of a document that is not UTF-8, if it names another one.
fn declared_encoding(source: &[u8]) -> Option<String> {
    let head: String =
        source.iter().take(200).map(|&byte| if byte.is_ascii() { char::from(byte) } else { '?' }).collect();
    let content = head.trim_start_matches('?').strip_prefix("<?")?.split_once("?>")?.0.to_owned();
    let encoding = wellformed::declaration(&content).ok()?.encoding?.to_owned();
    (!encoding.eq_ignore_ascii_case("UTF-8") && encoding.len() <= 40).then_some(encoding)
}

/// Why reading ended early. Offsets count from where reading starts: behind the byte order mark once it is passed.
struct Stop {
    offset: usize,
    draft: Box<Draft>,
}

impl Stop {
    fn new(offset: usize, draft: Draft) -> Stop {
        Stop { offset, draft: Box::new(draft) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Prolog,
    Root,
    Epilog,
    Ended,
}

struct Driver<'a> {
    catalogue: &'a Catalogue,
    /// The document without byte order mark.
    text: &'a str,
    /// Length of the byte order mark.
    base: usize,
    reader: Reader<&'a [u8]>,
    limits: Limits,
    stage: Stage,
    depth: u32,
    scope: Scope<'a>,
    kind: Option<Kind>,
    release: Option<Release>,
    /// `None` before the root element and below a root element that cannot be judged.
    machine: Option<Machine<'a>>,
    faults: Collector,
}

impl<'a> Driver<'a> {
    fn new(catalogue: &'a Catalogue, text: &'a str, limits: Limits, faults: Collector) -> Driver<'a> {
        let base = if text.as_bytes().starts_with(BOM) { BOM.len() } else { 0 };
        let text = &text[base..];
        Driver {
            catalogue,
            text,
            base,
            reader: Reader::from_str(text),
            limits,
            stage: Stage::Prolog,
            depth: 0,
            scope: Scope::default(),
            kind: None,
            release: None,
            machine: None,
            faults,
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        while self.stage != Stage::Ended {
            self.step()?;
        }
        Ok(())
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX).min(self.text.len())
    }

    fn path(&self) -> String {
        self.machine.as_ref().map_or_else(String::new, Machine::path)
    }

    fn malformed<T>(&self, offset: usize, nl: &str, en: &str) -> Result<T, Stop> {
        Err(Stop::new(offset, sentences::malformed(self.path(), nl, en)))
    }

    /// Turns a broken rule found in a slice at `start` into the end of reading.
    fn strict<T>(&self, start: usize, outcome: Result<T, Broken>) -> Result<T, Stop> {
        outcome.or_else(|broken| self.malformed(start + broken.offset, broken.nl, broken.en))
    }

    /// Reads and judges one event.
    fn step(&mut self) -> Result<(), Stop> {
        let start = self.position();
        // Before quick-xml reads it: what a DOCTYPE holds is of no interest.
        if is_doctype(&self.text.as_bytes()[start..]) {
            return Err(Stop::new(start, sentences::doctype()));
        }
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return self.syntax(&error, start),
        };
        let end = self.position();
        match event {
            Event::Start(_) => self.open(start, end, false),
            Event::Empty(_) => self.open(start, end, true),
            Event::End(_) => {
                self.close(start);
                Ok(())
            }
            Event::Text(text) => self.text(&text, start),
            Event::CData(text) => self.cdata(&text, start),
            Event::GeneralRef(name) => self.reference(&name, start),
            Event::Comment(comment) => self.strict(start + "<!--".len(), wellformed::comment(&comment)),
            Event::PI(content) => self.strict(start + "<?".len(), wellformed::processing_instruction(&content)),
            Event::Decl(content) => self.declaration(&content, start),
            Event::DocType(_) => Err(Stop::new(start, sentences::doctype())),
            Event::Eof => self.end(),
        }
    }

    fn open(&mut self, start: usize, end: usize, empty: bool) -> Result<(), Stop> {
        if self.stage == Stage::Epilog {
            return self.malformed(
                start,
                "na het bericht volgt nog een element",
                "another element follows the message",
            );
        }
        if self.depth >= self.limits.max_depth {
            return Err(Stop::new(start, sentences::depth_limit(self.path(), self.limits.max_depth)));
        }
        let text = self.text;
        let content = &text[start + 1..end - if empty { 2 } else { 1 }];
        let (name, rest) = content.split_at(content.bytes().position(wellformed::is_space).unwrap_or(content.len()));
        let Some((prefix, local)) = wellformed::split_qname(name) else {
            return self.malformed(start, "een element heeft geen geldige naam", "an element has no valid name");
        };
        self.scope.enter();
        let attributes = if rest.is_empty() { Vec::new() } else { self.attributes(rest, start + 1 + name.len())? };
        if self.stage == Stage::Prolog {
            self.stage = Stage::Root;
            self.identify(prefix, local, start);
        }
        self.depth += 1;
        if let Some(machine) = &mut self.machine {
            let (space, uri) = (self.scope.resolve(prefix), self.scope.uri(prefix));
            let base = self.base;
            let roles: Vec<TagAttribute<'_>> = attributes
                .iter()
                .map(|attribute| {
                    let offset = base + attribute.offset;
                    TagAttribute { name: attribute.name, offset, role: role(&self.scope, attribute) }
                })
                .collect();
            machine.open(Tag { space, uri, local, offset: base + start, attributes: &roles }, &mut self.faults);
        }
        if empty {
            self.close(start);
        }
        Ok(())
    }

    /// Reads the attributes of a tag, takes its namespace declarations and answers the others.
    fn attributes(&mut self, rest: &'a str, start: usize) -> Result<Vec<RawAttribute<'a>>, Stop> {
        let limit = self.limits.max_attributes;
        let mut scanner = Attributes::new(rest);
        let mut all: Vec<RawAttribute<'a>> = Vec::new();
        let mut names = BTreeSet::new();
        while let Some(attribute) = self.strict(start, scanner.next())? {
            let offset = start + attribute.offset;
            if all.len() >= limit as usize || self.scope.len() >= 2 * limit as usize {
                return Err(Stop::new(offset, sentences::attribute_limit(self.path(), limit)));
            }
            if !names.insert(attribute.name) {
                return self.malformed(
                    offset,
                    "een attribuut staat twee keer op een element",
                    "an attribute stands twice on an element",
                );
            }
            all.push(RawAttribute { offset, ..attribute });
            let declared = attribute.name.strip_prefix("xmlns:").or((attribute.name == "xmlns").then_some(""));
            if let Some(prefix) = declared
                && !self.scope.declare(prefix, wellformed::attribute_value(attribute.value))
            {
                return self.malformed(
                    offset,
                    "een namespace-declaratie is niet toegestaan",
                    "a namespace declaration is not allowed",
                );
            }
        }
        all.retain(|attribute| attribute.name != "xmlns" && !attribute.name.starts_with("xmlns:"));
        let mut expanded = BTreeSet::new();
        for attribute in &all {
            let name = self.expanded(attribute.name);
            if name.is_some_and(|name| !expanded.insert(name)) {
                return self.malformed(
                    attribute.offset,
                    "een attribuut staat twee keer op een element",
                    "an attribute stands twice on an element",
                );
            }
        }
        Ok(all)
    }

    /// Namespace and local name of an attribute with a declared prefix.
    fn expanded<'n>(&self, name: &'n str) -> Option<(NameId, &'n str)> {
        let (prefix, local) = name.split_once(':')?;
        Some((self.scope.id(prefix)?, local))
    }

    /// Decides by the root element which schema applies; reports when none does.
    fn identify(&mut self, prefix: &str, local: &str, start: usize) {
        let uri = self.scope.uri(prefix).to_owned();
        let offset = self.base + start;
        let Some((kind, release, schema)) = self.catalogue.recognise(&uri).filter(|_| local == ROOT) else {
            let known = self.catalogue.words();
            self.faults.report(offset, || match other_release(&uri) {
                Some((kind, release)) if local == ROOT => {
                    sentences::release_unknown(&kind.to_string(), &release, &known)
                }
                _ => sentences::kind_unknown(local, &uri),
            });
            return;
        };
        (self.kind, self.release) = (Some(kind), Some(release));
        self.scope.know(schema);
        self.machine = Some(Machine::new(schema, self.limits.max_value_chars));
    }

    fn close(&mut self, start: usize) {
        if let Some(machine) = &mut self.machine {
            machine.close(self.base + start, &mut self.faults);
        }
        self.scope.leave();
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.stage = Stage::Epilog;
        }
    }

    fn text(&mut self, text: &str, start: usize) -> Result<(), Stop> {
        if self.stage != Stage::Root {
            let stray = text.bytes().position(|byte| !wellformed::is_space(byte));
            return stray.map_or(Ok(()), |at| self.text_outside(start + at));
        }
        if let Some(at) = text.find("]]>") {
            return self.malformed(start + at, "in de tekst staat ]]>", "the text contains ]]>");
        }
        self.hand_on(&wellformed::line_ends(text), start);
        Ok(())
    }

    fn cdata(&mut self, text: &str, start: usize) -> Result<(), Stop> {
        if self.stage != Stage::Root {
            return self.text_outside(start);
        }
        self.hand_on(&wellformed::line_ends(text), start);
        Ok(())
    }

    fn reference(&mut self, name: &str, start: usize) -> Result<(), Stop> {
        if self.stage != Stage::Root {
            return self.text_outside(start);
        }
        let Some(c) = wellformed::reference(name) else {
            let (nl, en) = ("een verwijzing met & en ; is onbekend", "a reference with & and ; is unknown");
            return self.malformed(start, nl, en);
        };
        self.hand_on(c.encode_utf8(&mut [0; 4]), start);
        Ok(())
    }

    fn text_outside(&self, offset: usize) -> Result<(), Stop> {
        if self.stage == Stage::Prolog {
            return self.malformed(offset, "vóór het bericht staat tekst", "there is text before the message");
        }
        self.malformed(offset, "na het bericht staat nog tekst", "there is text after the message")
    }

    fn hand_on(&mut self, text: &str, start: usize) {
        if let Some(machine) = &mut self.machine {
            machine.text(text, self.base + start, &mut self.faults);
        }
    }

    fn declaration(&mut self, content: &str, start: usize) -> Result<(), Stop> {
        if start > 0 {
            let (nl, en) = (
                "de XML-declaratie staat niet helemaal aan het begin",
                "the XML declaration does not stand at the very start",
            );
            return self.malformed(start, nl, en);
        }
        let declaration = self.strict(start + "<?".len(), wellformed::declaration(content))?;
        let Some(encoding) = declaration.encoding else { return Ok(()) };
        // ASCII is the part of UTF-8 below 128, so a document that keeps its word is both.
        let ascii = matches!(encoding.to_ascii_uppercase().as_str(), "US-ASCII" | "ASCII") && self.text.is_ascii();
        if ascii || encoding.eq_ignore_ascii_case("UTF-8") {
            return Ok(());
        }
        Err(Stop::new(start, sentences::encoding(&privacy::shown_encoding(encoding))))
    }

    fn end(&mut self) -> Result<(), Stop> {
        let end = self.text.len();
        match self.stage {
            Stage::Prolog => Err(Stop::new(end, sentences::empty_document())),
            Stage::Root => self.malformed(
                end,
                "het bericht is niet compleet: een element is niet afgesloten",
                "the message is incomplete: an element is not closed",
            ),
            Stage::Epilog | Stage::Ended => {
                self.stage = Stage::Ended;
                Ok(())
            }
        }
    }

    /// What quick-xml could not read.
    fn syntax(&self, error: &Error, start: usize) -> Result<(), Stop> {
        let offset = usize::try_from(self.reader.error_position()).unwrap_or(start).clamp(start, self.text.len());
        let (nl, en) = match error {
            Error::Syntax(SyntaxError::UnclosedComment) => ("commentaar is niet afgesloten", "a comment is not closed"),
            Error::Syntax(SyntaxError::UnclosedCData) => {
                ("een CDATA-sectie is niet afgesloten", "a CDATA section is not closed")
            }
            Error::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => {
                ("een verwerkingsinstructie is niet afgesloten", "a processing instruction is not closed")
            }
            Error::Syntax(SyntaxError::UnclosedTag) => ("een tag is niet afgesloten", "a tag is not closed"),
            Error::Syntax(
                SyntaxError::UnclosedSingleQuotedAttributeValue | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => ("een attribuutwaarde is niet afgesloten", "an attribute value is not closed"),
            Error::Syntax(SyntaxError::InvalidBangMarkup) => {
                ("na <! volgt iets onbekends", "something unknown follows <!")
            }
            Error::IllFormed(IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_)) => {
                ("een eindtag hoort niet bij de begintag", "an end tag does not match its start tag")
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                ("het teken & staat los; schrijf &amp;", "the character & stands alone; write &amp;")
            }
            _ => ("de opbouw klopt niet", "the structure is broken"),
        };
        self.malformed(offset, nl, en)
    }
}

fn is_doctype(text: &[u8]) -> bool {
    text.first() == Some(&b'<') && text.get(..9).is_some_and(|head| head.eq_ignore_ascii_case(b"<!DOCTYPE"))
}

/// What an attribute that is no namespace declaration means.
fn role<'t>(scope: &Scope<'_>, attribute: &RawAttribute<'t>) -> AttributeRole<'t> {
    let Some((prefix, local)) =
        attribute.name.split_once(':').filter(|(prefix, _)| scope.resolve(prefix) == Space::Xsi)
    else {
        return AttributeRole::Foreign;
    };
    debug_assert!(!prefix.is_empty(), "an attribute name was checked to be a qualified name");
    match local {
        "schemaLocation" | "noNamespaceSchemaLocation" => AttributeRole::Hint,
        "type" => AttributeRole::Type(named_type(scope, attribute.value)),
        _ => AttributeRole::Foreign,
    }
}

fn named_type<'t>(scope: &Scope<'_>, value: &'t str) -> Option<(crate::message::tree::Namespace, &'t str)> {
    let (prefix, local) = wellformed::split_qname(value)?;
    match scope.resolve(prefix) {
        Space::Known(namespace) => Some((namespace, local)),
        Space::Xsi | Space::Other | Space::None | Space::Unbound => None,
    }
}

/// Kind and release when a namespace is one of the standard, though of a release that is not known here.
fn other_release(uri: &str) -> Option<(Kind, String)> {
    let mut parts = uri.strip_prefix("http://www.istandaarden.nl/")?.split('/');
    let (standard, release, slug) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = Kind::parse(slug).filter(|kind| kind.law.standard() == standard && kind.slug() == slug)?;
    let well_formed = release.len() <= 10 && release.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    well_formed.then(|| (kind, release.replace('_', ".")))
}
