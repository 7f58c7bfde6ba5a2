//! What a level 1 fault says, and the one table of its codes.

use crate::message::Kind;

/// One thing wrong with a document, at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable code from [`CODES`].
    pub code: &'static str,
    /// Path of the element; only elements that may repeat carry their ordinal. Empty when no element is concerned.
    pub path: String,
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in the source, from 1, in characters.
    pub column: u32,
    /// What the schema asks for, in Dutch.
    pub expected: String,
    /// What stands there, in Dutch: a short value, or only its shape where the element holds personal data.
    pub found: String,
    /// The fault as a Dutch sentence for the sender's administrator.
    pub nl: String,
    /// The same in English.
    pub en: String,
}

/// Everything wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The faults in document order, up to [`super::Limits::max_faults`]. Two may come on top: the one that stopped
    /// the reading, and `limit.faults`, which says that there are more than these.
    pub faults: Vec<Fault>,
    /// How many there are in all.
    pub total: usize,
    /// The kind of message, when namespace and root element could be recognised.
    pub kind: Option<Kind>,
    /// Whether the document could be read to its end. `false`: not text, not well-formed or beyond a limit, so
    /// nothing in it can be relied on, its sender least of all.
    pub readable: bool,
}

/// The same words in the two languages of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) nl: String,
    pub(super) en: String,
}

impl Words {
    pub(super) fn new(nl: impl Into<String>, en: impl Into<String>) -> Words {
        Words { nl: nl.into(), en: en.into() }
    }
}

/// A fault code and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// The stable code.
    pub code: &'static str,
    /// What it means, for documentation.
    pub meaning: &'static str,
    /// Whether reading stops at such a fault: what follows it was not looked at.
    pub fatal: bool,
}

macro_rules! codes {
    ($($name:ident $code:literal $fatal:literal $meaning:literal;)*) => {
        /// The codes by name.
        pub mod code {
            $(#[doc = $meaning] pub const $name: &str = $code;)*
        }

        /// Every fault code of level 1.
        pub static CODES: &[CodeInfo] = &[$(CodeInfo { code: $code, meaning: $meaning, fatal: $fatal }),*];
    };
}

codes! {
    LIMIT_SIZE "limit.size" true "The document has more bytes than the gateway takes.";
    LIMIT_DEPTH "limit.depth" true "Elements are nested deeper than any message needs.";
    LIMIT_ATTRIBUTES "limit.attributes" true "One tag has too many attributes, or too many namespace declarations are in force.";
    LIMIT_VALUE "limit.value" false "A value has more characters than the gateway takes.";
    LIMIT_FAULTS "limit.faults" false "There are more faults than are reported.";
    XML_EMPTY "xml.empty" true "The document holds no element at all.";
    XML_ENCODING "xml.encoding" true "The document is not UTF-8, or says that it is something else.";
    XML_DOCTYPE "xml.doctype" true "The document has a DOCTYPE; messages may not have one.";
    XML_MALFORMED "xml.malformed" true "The document is not well-formed XML.";
    KIND_UNKNOWN "kind.unknown" false "Namespace or name of the root element belong to no known message.";
    RELEASE_UNKNOWN "release.unknown" false "The namespace names another release of the standard than the known one.";
    ELEM_MISSING "elem.missing" false "A required element is absent.";
    ELEM_UNEXPECTED "elem.unexpected" false "An element stands where the schema does not allow it.";
    ELEM_REPEATED "elem.repeated" false "An element stands more than once where it may stand once.";
    ELEM_NAMESPACE "elem.namespace" false "An element has the right name in the wrong namespace.";
    ELEM_EMPTY "elem.empty" false "An element is empty where content is required.";
    TEXT_UNEXPECTED "text.unexpected" false "Text stands between elements.";
    ATTR_NOT_ALLOWED "attr.not_allowed" false "An attribute stands on an element; messages have none.";
    FACET_PATTERN "facet.pattern" false "A value does not have the required form.";
    FACET_MIN_LENGTH "facet.min_length" false "A value has too few characters.";
    FACET_MAX_LENGTH "facet.max_length" false "A value has too many characters.";
    FACET_MIN "facet.min" false "A number is too small.";
    FACET_MAX "facet.max" false "A number is too large.";
    CODE_UNKNOWN "code.unknown" false "A value is not in its code list.";
    TYPE_DATE "type.date" false "A value is not an existing date.";
    TYPE_TIME "type.time" false "A value is not a time.";
    TYPE_INTEGER "type.integer" false "A value is not an integer.";
    VALUE_OUT_OF_RANGE "value.out_of_range" false "A value fits the schema and not the typed message. No document is known to lead to it.";
}

/// A fault before its line and column are known.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) code: &'static str,
    pub(super) path: String,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) text: Words,
}

/// Collects faults up to a cap and counts the rest.
#[derive(Debug)]
pub(super) struct Collector {
    cap: usize,
    total: usize,
    /// How many were reported, taken back or not: the place of the next one.
    reported: usize,
    /// As far as the cap goes, one for each that was reported.
    drafts: Vec<Option<(usize, Draft)>>,
}

impl Collector {
    pub(super) fn new(cap: usize) -> Collector {
        Collector { cap, total: 0, reported: 0, drafts: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Reports a fault at a byte offset. `draft` is only called while there is room, so a flood costs no texts.
    /// The answer can be handed to [`Collector::retract`], once.
    pub(super) fn report(&mut self, offset: usize, draft: impl FnOnce() -> Draft) -> usize {
        let place = self.reported;
        self.total += 1;
        self.reported += 1;
        if self.drafts.len() < self.cap {
            self.drafts.push(Some((offset, draft())));
        }
        place
    }

    /// Reports a fault that stops the reading. It is kept even when the cap is reached: it tells why the list ends.
    pub(super) fn report_last(&mut self, offset: usize, draft: Draft) {
        self.total += 1;
        self.drafts.push(Some((offset, draft)));
    }

    /// Takes a fault back that turned out to be another one. It counts no more, also when there was no room to tell it.
    pub(super) fn retract(&mut self, place: usize) {
        if let Some(slot) = self.drafts.get_mut(place) {
            *slot = None;
        }
        self.total -= 1;
    }

    /// The faults with their lines and columns, in document order.
    pub(super) fn finish(self, source: &[u8], kind: Option<Kind>, readable: bool) -> Faults {
        let total = self.total;
        let mut drafts: Vec<(usize, Draft)> = self.drafts.into_iter().flatten().collect();
        drafts.sort_by_key(|(offset, _)| *offset);
        let reported = drafts.len();
        let mut cursor = Cursor::new(source);
        let mut faults: Vec<Fault> = drafts
            .into_iter()
            .map(|(offset, draft)| {
                let (line, column) = cursor.position(offset);
                let Words { nl, en } = draft.text;
                let (expected, found) = (draft.expected, draft.found);
                Fault { code: draft.code, path: draft.path, line, column, expected, found, nl, en }
            })
            .collect();
        if reported < total {
            let last = faults.last();
            faults.push(Fault {
                code: code::LIMIT_FAULTS,
                path: String::new(),
                line: last.map_or(1, |fault| fault.line),
                column: last.map_or(1, |fault| fault.column),
                expected: format!("ten hoogste {} fouten", self.cap),
                found: format!("{total} fouten"),
                nl: format!("Het bericht bevat {total} fouten; alleen de eerste {reported} zijn vermeld."),
                en: format!("The message has {total} faults; only the first {reported} are listed."),
            });
        }
        Faults { faults, total, kind, readable }
    }
}

/// Lines and columns of rising offsets, in one walk over the source.
struct Cursor<'a> {
    source: &'a [u8],
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Cursor<'a> {
    fn new(source: &'a [u8]) -> Cursor<'a> {
        // A byte order mark is no character of the first line.
        let at = if source.starts_with(super::BOM) { super::BOM.len() } else { 0 };
        Cursor { source, at, line: 1, column: 1 }
    }

    fn position(&mut self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.source.len());
        while self.at < offset {
            match self.source[self.at] {
                b'\n' => {
                    self.line = self.line.saturating_add(1);
                    self.column = 1;
                }
                // Continuation bytes of UTF-8 are not characters of their own.
                byte if byte & 0xC0 == 0x80 => {}
                _ => self.column = self.column.saturating_add(1),
            }
            self.at += 1;
        }
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn draft(code: &'static str) -> Draft {
        Draft { code, path: String::new(), expected: String::new(), found: String::new(), text: Words::new("", "") }
    }

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<&str> = CODES.iter().map(|info| info.code).collect();
        assert_eq!(codes.len(), CODES.len());
    }

    #[test]
    fn faults_stand_in_document_order_with_their_places() {
        let mut collector = Collector::new(10);
        collector.report(5, || draft("b"));
        collector.report(1, || draft("a"));
        let source = "x\né\u{1F600}<".as_bytes();
        let faults = collector.finish(source, None, true).faults;
        let places: Vec<_> = faults.iter().map(|fault| (fault.code, fault.line, fault.column)).collect();
        assert_eq!(places, [("a", 1, 2), ("b", 2, 3)]);
    }

    #[test]
    fn a_flood_is_counted_but_not_written_out() {
        let mut collector = Collector::new(2);
        for offset in 0..5 {
            collector.report(offset, || draft("a"));
        }
        let faults = collector.finish(b"abcdef", None, true);
        assert_eq!((faults.total, faults.faults.len()), (5, 3));
        assert_eq!(faults.faults[2].code, code::LIMIT_FAULTS);
    }

    #[test]
    fn a_retracted_fault_is_gone_whether_or_not_there_was_room_for_it() {
        for cap in [0, 1, 2] {
            let mut collector = Collector::new(cap);
            collector.report(0, || draft("a"));
            let second = collector.report(0, || draft("b"));
            collector.retract(second);
            assert_eq!(collector.finish(b"", None, true).total, 1, "with room for {cap}");
        }
    }
}
