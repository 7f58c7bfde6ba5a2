//! A line of a message as it may be shown: cut to what a screen holds, and without any value that may be personal.
//!
//! What is shown is listed, not what is hidden: tags, and the values of [`SHOWN`] elements that look like a code, a date
//! or a number. All else (other values, attributes, comments, stray text) is shown as `***`, whatever its length. The
//! work is bounded by the window around the place, not by the length of the line: a message may stand on one line.

use crate::message::Bsn;
use std::ops::Range;

/// What a mask looks like.
const MASK: &str = "***";
/// What stands for the rest of a line.
const CUT: &str = "...";
/// Lines up to this many bytes are taken whole, also when their names are long.
const WHOLE: usize = 240;
/// How many bytes before the place a window may begin.
const BACK: usize = 48;
/// How many bytes behind the place a window may end.
const FORWARD: usize = 240;
/// Characters after which a row is cut, once the place itself is shown.
const WIDTH: usize = 120;
/// Values longer than this are not what a code, a date or a number looks like.
const LONGEST_VALUE: usize = 40;

/// Simple elements whose values tell nothing about who a person is, of all kinds of message.
const SHOWN: [&str; 62] = [
    "Afzender",
    "BasisschemaXsdVersie",
    "Bedrag",
    "Begindatum",
    "BerichtCode",
    "BerichtSubversie",
    "BerichtVersie",
    "BerichtXsdVersie",
    "BeschikkingIngangsdatum",
    "BeschikkingNummer",
    "Budget",
    "Categorie",
    "Code",
    "Dagtekening",
    "DagtekeningRetour",
    "DatumGebruik",
    "DebetCredit",
    "DeclaratieDagtekening",
    "DeclaratieNummer",
    "Eenheid",
    "Einddatum",
    "Frequentie",
    "GeleverdVolume",
    "Gemeente",
    "Geslacht",
    "GewensteIngangsdatum",
    "GezagsdragerBekend",
    "Identificatie",
    "IdentificatieRetour",
    "Ingangsdatum",
    "JuridischeStatus",
    "LandCode",
    "NaamGebruik",
    "Ontvanger",
    "ProductCategorie",
    "ProductCode",
    "ProductTarief",
    "Raamcontract",
    "RedenAfwijzingVerzoek",
    "RedenBeeindiging",
    "RedenVerzoek",
    "RedenWijziging",
    "ReferentieAanbieder",
    "ReferentieNummer",
    "RetourCode",
    "Soort",
    "StatusAanlevering",
    "ToewijzingEinddatum",
    "ToewijzingIngangsdatum",
    "ToewijzingNummer",
    "Toewijzingsdatum",
    "Toewijzingstijd",
    "TotaalBedrag",
    "Type",
    "VerzoekAntwoord",
    "Volgorde",
    "Volume",
    "VorigReferentieNummer",
    "Vorm",
    "WettelijkeVertegenwoordiging",
    "XsltVersie",
    "ZorgverlenerCode",
];

/// How much of an element is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Its start tag.
    StartTag,
    /// All of it, when its end tag stands on the same line not far away; otherwise its start tag.
    Element,
}

/// A line, or the window of it around a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// What may be shown.
    pub(crate) text: String,
    /// The bytes of `text` that the place is about.
    pub(crate) span: Range<usize>,
    /// Local name of the element whose start tag stands at the place.
    pub(crate) element: Option<String>,
}

/// The row of a `line` of `source` around byte `offset`, which lies in it or at its end.
pub(crate) fn row(source: &[u8], line: Range<usize>, offset: usize, extent: Extent) -> Row {
    let offset = offset.clamp(line.start, line.end);
    let window = window(source, &line, offset);
    let pieces = pieces(source, window.clone());
    let target = pieces.iter().position(|piece| (piece.at..piece.at + piece.bytes.len()).contains(&offset));
    let mut writer = Writer { text: String::new(), offset, marked: None, is_window: window != line };
    if window.start > line.start {
        writer.text.push_str(CUT);
    }
    let mut ranges = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        if target.is_none_or(|target| index > target) && writer.is_full() {
            break;
        }
        let start = writer.text.len();
        let value = index.checked_sub(1).and_then(|before| leaf(pieces.get(before)?, pieces.get(index + 1)?));
        writer.write(piece, value);
        ranges.push(start.min(writer.text.len())..writer.text.len());
    }
    if ranges.len() < pieces.len() || window.end < line.end {
        writer.text.push_str(CUT);
    }
    let Some((target, piece)) = target.and_then(|target| Some((target, pieces.get(target)?))) else {
        let end = writer.text.len();
        return Row { text: writer.text, span: end..end, element: None };
    };
    let element = match &piece.sort {
        Sort::Start { name, .. } if piece.at == offset => name.map(|name| local(name).to_owned()),
        _ => None,
    };
    let span = match extent {
        _ if piece.at != offset => writer.marked.unwrap_or(ranges[target].clone()),
        Extent::StartTag => ranges[target].clone(),
        Extent::Element => {
            let last = end_of(&pieces, target).and_then(|end| ranges.get(end)).unwrap_or(&ranges[target]);
            ranges[target].start..last.end
        }
    };
    Row { text: writer.text, span, element }
}

/// A part of a document, element by element, each on a row of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// The rows.
    pub(crate) rows: Vec<DocumentRow>,
    /// Number of the first row.
    pub(crate) from: usize,
    /// Whether there are more behind them.
    pub(crate) more: bool,
}

/// A tag, or an element with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentRow {
    /// Line of the source, from 1.
    pub(crate) line: u32,
    /// The bytes of the source that it stands for.
    pub(crate) bytes: Range<usize>,
    /// How deep it lies.
    pub(crate) depth: usize,
    /// What may be shown.
    pub(crate) text: String,
}

/// Rows of a document from a number on, at most `most`. Masked as single lines are; `unmasked` shows what stands there.
/// Looks at each byte once, up to the last row.
pub(crate) fn document(source: &[u8], from: usize, most: usize, unmasked: bool) -> Document {
    let mut document = Document { rows: Vec::new(), from, more: false };
    let (mut at, mut line, mut depth, mut number) = (0, 1_u32, 0_usize, 0_usize);
    while at < source.len() {
        let first = piece(source, at);
        let second = piece(source, first.end());
        let third = piece(source, second.end());
        let is_leaf = leaf(&first, &third).is_some() && second.sort == Sort::Text;
        let is_blank = first.sort == Sort::Text && first.bytes.iter().all(u8::is_ascii_whitespace);
        let end = if is_leaf { third.end() } else { first.end() };
        if matches!(first.sort, Sort::End { .. }) {
            depth = depth.saturating_sub(1);
        }
        if !is_blank {
            if number >= from && document.rows.len() == most {
                document.more = true;
                return document;
            }
            if number >= from {
                let text = if unmasked {
                    String::from_utf8_lossy(&source[at..end]).trim().to_owned()
                } else {
                    let mut writer = Writer { text: String::new(), offset: usize::MAX, marked: None, is_window: true };
                    writer.write(&first, None);
                    if is_leaf {
                        writer.write(&second, leaf(&first, &third));
                        writer.write(&third, None);
                    }
                    writer.text
                };
                document.rows.push(DocumentRow { line, bytes: at..end, depth: depth.min(DEEPEST), text });
            }
            number += 1;
        }
        if !is_leaf && matches!(first.sort, Sort::Start { closed: false, .. }) {
            depth += 1;
        }
        let breaks = source[at..end].iter().filter(|&&byte| byte == b'\n').count();
        line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        at = end;
    }
    document
}

/// Rows that lie deeper are shown as deep as this.
const DEEPEST: usize = 20;

/// The tag or text at a place; nothing at the end.
fn piece(source: &[u8], at: usize) -> Piece<'_> {
    let rest = source.get(at..).unwrap_or_default();
    let (length, sort) = match rest.first() {
        Some(b'<') => tag(rest),
        _ => (rest.iter().position(|&byte| byte == b'<').unwrap_or(rest.len()), Sort::Text),
    };
    Piece { at, bytes: &rest[..length], sort }
}

/// The bytes to look at: the whole line, or from a tag before `offset` to well behind it.
fn window(source: &[u8], line: &Range<usize>, offset: usize) -> Range<usize> {
    if line.len() <= WHOLE {
        return line.clone();
    }
    let from = offset.saturating_sub(BACK).max(line.start);
    // What stands before the first tag may be the tail of anything; so a window begins with a tag.
    let first_tag = source[from..offset].iter().position(|&byte| byte == b'<');
    let start = if from == line.start { from } else { first_tag.map_or(offset, |at| from + at) };
    start..offset.saturating_add(FORWARD).min(line.end)
}

/// A tag, or what stands between two tags.
#[derive(Debug)]
struct Piece<'a> {
    at: usize,
    bytes: &'a [u8],
    sort: Sort<'a>,
}

impl Piece<'_> {
    fn end(&self) -> usize {
        self.at + self.bytes.len()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Sort<'a> {
    Text,
    /// `name` is absent when it must not be shown; `closed`: `<a/>`.
    Start {
        name: Option<&'a str>,
        closed: bool,
    },
    End {
        name: Option<&'a str>,
    },
    /// Comment, CDATA, DOCTYPE or a processing instruction, by what it begins and ends with.
    Other(&'static str, &'static str),
}

fn pieces(source: &[u8], window: Range<usize>) -> Vec<Piece<'_>> {
    let (mut pieces, mut at) = (Vec::new(), window.start);
    while at < window.end {
        let piece = piece(&source[..window.end], at);
        at = piece.end();
        pieces.push(piece);
    }
    pieces
}

/// Length and sort of the tag at the start of `rest`. A tag without an end ends before the next one.
fn tag(rest: &[u8]) -> (usize, Sort<'_>) {
    for (open, close) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")] {
        if rest.starts_with(open.as_bytes()) {
            let end = rest.windows(close.len()).position(|bytes| bytes == close.as_bytes());
            return (end.map_or(rest.len(), |end| end + close.len()), Sort::Other(open, close));
        }
    }
    let mut quote = None;
    let end = rest[1..].iter().position(|&byte| match (quote, byte) {
        (_, b'<') | (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), byte) if open == byte => {
            quote = None;
            false
        }
        _ => false,
    });
    let length = end.map_or(rest.len(), |end| end + 1 + usize::from(rest[end + 1] == b'>'));
    let whole = &rest[..length];
    if whole.starts_with(b"</") {
        return (length, Sort::End { name: name(&whole[2..]) });
    }
    (length, Sort::Start { name: name(&whole[1..]), closed: whole.ends_with(b"/>") })
}

/// The name at the start of a tag, when it is complete and may be shown: a name that nobody knows may be anything.
fn name(bytes: &[u8]) -> Option<&str> {
    let length = bytes.iter().position(|byte| matches!(byte, b'>' | b'/' | b'=' | b' ' | b'\t' | b'\r' | b'\n'))?;
    let name = std::str::from_utf8(&bytes[..length]).ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'-');
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (!name.is_empty() && name.len() <= 2 * LONGEST_VALUE && digits < 6 && name.bytes().all(is_plain)).then_some(name)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The element of which a text between these two tags is the whole value.
fn leaf<'a>(before: &Piece<'a>, after: &Piece<'_>) -> Option<&'a str> {
    match (&before.sort, &after.sort) {
        (Sort::Start { name: Some(start), closed: false }, Sort::End { name: Some(end) }) if start == end => {
            Some(local(start))
        }
        _ => None,
    }
}

/// The piece with which the element that starts at `target` ends.
fn end_of(pieces: &[Piece<'_>], target: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, piece) in pieces.iter().enumerate().skip(target) {
        match piece.sort {
            Sort::Start { closed: false, .. } => depth += 1,
            Sort::End { .. } => depth = depth.checked_sub(1)?,
            Sort::Start { closed: true, .. } | Sort::Text | Sort::Other(..) => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

struct Writer {
    text: String,
    offset: usize,
    /// What was written for an attribute that stands at `offset`.
    marked: Option<Range<usize>>,
    /// Part of a line too long to show: white space between its tags is not worth the room.
    is_window: bool,
}

impl Writer {
    fn is_full(&self) -> bool {
        self.text.chars().count() > WIDTH
    }

    /// Writes a piece; `value_of`: the element of which it is the value.
    fn write(&mut self, piece: &Piece<'_>, value_of: Option<&str>) {
        match &piece.sort {
            Sort::Text => self.write_text(piece.bytes, value_of),
            Sort::End { name: Some(name) } => {
                self.text.push_str("</");
                self.text.push_str(name);
                self.close(piece.bytes, ">");
            }
            Sort::Start { name: Some(name), closed } => {
                self.text.push('<');
                self.text.push_str(name);
                self.write_attributes(piece, 1 + name.len(), |name, value| {
                    (name == "xmlns" || name.starts_with("xmlns:")) && is_uri(value)
                });
                self.close(piece.bytes, if *closed { "/>" } else { ">" });
            }
            Sort::Start { name: None, .. } | Sort::End { name: None } => self.mask(),
            Sort::Other("<?", close) if piece.bytes.starts_with(b"<?xml ") => {
                self.text.push_str("<?xml");
                self.write_attributes(piece, "<?xml".len(), |_, value| is_plain_value(value));
                self.close(piece.bytes, close);
            }
            Sort::Other(open, close) => {
                self.text.push_str(open);
                self.mask();
                self.close(piece.bytes, close);
            }
        }
    }

    fn close(&mut self, piece: &[u8], close: &str) {
        if piece.ends_with(close.as_bytes()) {
            self.text.push_str(close);
        }
    }

    fn mask(&mut self) {
        if !self.text.ends_with(MASK) {
            self.text.push_str(MASK);
        }
    }

    fn write_text(&mut self, bytes: &[u8], value_of: Option<&str>) {
        if bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            let bytes = if self.is_window { &bytes[..1.min(bytes.len())] } else { bytes };
            self.text.extend(bytes.iter().map(|&byte| if byte == b'\t' { '\t' } else { ' ' }));
            return;
        }
        let value = std::str::from_utf8(bytes).ok().map(str::trim);
        match value.filter(|value| value_of.is_some_and(|name| SHOWN.contains(&name)) && is_plain_value(value)) {
            Some(value) => self.text.push_str(value),
            None => self.mask(),
        }
    }

    /// The attributes behind the name of a tag, with only those values that `may_show` admits.
    fn write_attributes(&mut self, piece: &Piece<'_>, from: usize, may_show: fn(&str, &str) -> bool) {
        let mut at = from;
        while let Some(attribute) = next_attribute(piece.bytes, at) {
            let begin = piece.at + at;
            at = attribute.end;
            let is_behind = begin > self.offset;
            if is_behind && self.is_full() {
                self.text.push(' ');
                self.text.push_str(CUT);
                return;
            }
            self.text.push(' ');
            let start = self.text.len();
            match (attribute.name, attribute.value) {
                (Some(name), Some(value)) => {
                    self.text.push_str(name);
                    self.text.push_str("=\"");
                    let value = std::str::from_utf8(value).ok().filter(|value| may_show(name, value));
                    self.text.push_str(value.unwrap_or(MASK));
                    self.text.push('"');
                }
                _ => self.mask(),
            }
            if (begin..piece.at + at).contains(&self.offset) {
                self.marked = Some(start.min(self.text.len())..self.text.len());
            }
        }
    }
}

struct Attribute<'a> {
    name: Option<&'a str>,
    value: Option<&'a [u8]>,
    end: usize,
}

/// The attribute that begins behind `at`, after white space; what is no attribute is one without name and value.
fn next_attribute(tag: &[u8], at: usize) -> Option<Attribute<'_>> {
    let rest = tag.get(at..)?;
    let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = &rest[blank..];
    if matches!(rest, b">" | b"/>" | b"?>" | b"/" | b"?") {
        return None;
    }
    let at = at + blank;
    let broken = || Attribute { name: None, value: None, end: tag.len() };
    let Some(equals) = rest.iter().position(|&byte| byte == b'=') else {
        return Some(broken());
    };
    if rest[..equals].iter().any(u8::is_ascii_whitespace) {
        return Some(broken());
    }
    let Some(quote @ (b'"' | b'\'')) = rest.get(equals + 1).copied() else {
        return Some(broken());
    };
    let value = &rest[equals + 2..];
    let Some(length) = value.iter().position(|&byte| byte == quote) else {
        return Some(broken());
    };
    Some(Attribute { name: name(&rest[..=equals]), value: Some(&value[..length]), end: at + equals + length + 3 })
}

/// Whether a value looks like a code, a date or a number and hides no citizen service number.
fn is_plain_value(value: &str) -> bool {
    value.chars().count() <= LONGEST_VALUE
        && !value.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '&' | '<' | '>'))
        && !holds_citizen_number(value)
}

fn is_uri(value: &str) -> bool {
    value.len() <= 100 && value.bytes().all(|byte| byte.is_ascii_graphic()) && !holds_citizen_number(value)
}

/// Whether any nine digits in a row pass the eleven test of a citizen service number, signs between them left out:
/// senders build such numbers into references and codes.
fn holds_citizen_number(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    // Nine times 0 is nobody's, and tells nothing either.
    digits.windows(9).any(|nine| Bsn::passes_eleven_test(nine) || nine.iter().all(|digit| *digit == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, Element, Model, Schema};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// The row of a source that is one line around the first `at` in it, and what is marked there.
    fn at(source: &str, at: &str, extent: Extent) -> (String, String) {
        let offset = source.find(at).expect("it stands there");
        let row = row(source.as_bytes(), 0..source.len(), offset, extent);
        (row.text.clone(), row.text[row.span].to_owned())
    }

    fn whole(source: &str) -> String {
        row(source.as_bytes(), 0..source.len(), 0, Extent::Element).text
    }

    #[test]
    fn an_element_is_marked_to_its_end_tag_when_that_is_near() {
        let line = "\t<a:Eenheid>04</a:Eenheid> <a:Leeg/>";
        assert_eq!(at(line, "<a:Eenheid", Extent::Element), (line.to_owned(), "<a:Eenheid>04</a:Eenheid>".to_owned()));
        assert_eq!(at(line, "<a:Eenheid", Extent::StartTag).1, "<a:Eenheid>");
        assert_eq!(at(line, "<a:Leeg", Extent::Element).1, "<a:Leeg/>");
        assert_eq!(at("<A><Code>1</Code></A></B>", "<A", Extent::Element).1, "<A><Code>1</Code></A>");
        assert_eq!(at("<A><Code>1</Code>", "<A", Extent::Element).1, "<A>", "it ends on another line");
        assert_eq!(at(line, "</a:Eenheid", Extent::Element).1, "</a:Eenheid>");
    }

    #[test]
    fn personal_values_are_masked_whatever_their_length() {
        for name in ["Bsn", "Datum", "Achternaam", "Nummer", "Naam", "Commentaar", "Huisnummer", "Onbekend"] {
            for value in ["X", "999900006", "Jan Jansen", "é"] {
                assert_eq!(whole(&format!("<a:{name}>{value}</a:{name}>")), format!("<a:{name}>***</a:{name}>"));
            }
        }
        for (shown, written) in [
            ("<Eenheid>Jan Jansen</Eenheid>", "<Eenheid>***</Eenheid>"),
            ("<Code>02A\u{eb}</Code>", "<Code>02A\u{eb}</Code>"),
            ("<Code>02A04</Bedrag>", "<Code>***</Bedrag>"),
            ("<Code>02A04", "<Code>***"),
            ("Jansen</Naam>", "***</Naam>"),
            ("Jansen", "***"),
            ("<Code x=\"Jansen\" y='1'>1</Code>", "<Code x=\"***\" y=\"***\">1</Code>"),
            ("<Code Jansen>1</Code>", "<Code ***>1</Code>"),
            ("<Code x=\"Jan", "<Code ***"),
            ("<!-- Jansen --><Code/>", "<!--***--><Code/>"),
            ("<!-- Jansen", "<!--***"),
            ("<![CDATA[Jansen]]>", "<![CDATA[***]]>"),
            ("<!DOCTYPE Jansen>", "<!***>"),
            ("<?jan Jansen?>", "<?***?>"),
            ("<?xml version=\"1.0\" encoding='Jan Jansen'?>", "<?xml version=\"1.0\" encoding=\"***\"?>"),
            ("<Ficti\u{eb}f>1</Ficti\u{eb}f>", "***"),
            ("<X999900006/>", "***"),
            ("<Code>&#74;an</Code>", "<Code>***</Code>"),
        ] {
            assert_eq!(whole(shown), written, "{shown}");
        }
    }

    #[test]
    fn citizen_numbers_are_masked_wherever_they_stand() {
        for value in ["999900006", "X9999000061-01", "9999-00-006", "1999900006"] {
            let line = format!("<ReferentieNummer>{value}</ReferentieNummer>");
            assert_eq!(whole(&line), "<ReferentieNummer>***</ReferentieNummer>");
        }
        assert_eq!(whole("<ReferentieNummer>P1</ReferentieNummer>"), "<ReferentieNummer>P1</ReferentieNummer>");
        assert!(!whole("<a xmlns:b=\"http://999900006/\">").contains('9'));
        assert_eq!(whole("<a xmlns:b=\"http://b.example/\">"), "<a xmlns:b=\"http://b.example/\">");
    }

    #[test]
    fn what_is_no_tag_is_marked_as_it_is_shown() {
        assert_eq!(at("<A>Jansen<B/>", "ansen", Extent::Element), ("<A>***<B/>".to_owned(), "***".to_owned()));
        let (text, marked) = at("<A x=\"1\" nr=\"999900006\"/>", "nr=", Extent::Element);
        assert_eq!((text.as_str(), marked.as_str()), ("<A x=\"***\" nr=\"***\"/>", "nr=\"***\""));
        let end = row(b"<A>", 0..3, 3, Extent::Element);
        assert_eq!((end.text.as_str(), end.span), ("<A>", 3..3));
        assert_eq!(row(b"", 0..0, 0, Extent::Element), Row { text: String::new(), span: 0..0, element: None });
    }

    #[test]
    fn a_long_line_is_a_window_around_the_place() {
        let line = "<Prestatie><Bsn>999900006</Bsn><Code>02A04</Code><Eenheid>04</Eenheid></Prestatie>".repeat(10_000);
        let offset = line[400_000..].find("<Eenheid").expect("it stands there") + 400_000;
        let row = row(line.as_bytes(), 0..line.len(), offset, Extent::Element);
        assert_eq!(&row.text[row.span.clone()], "<Eenheid>04</Eenheid>");
        assert!(row.text.starts_with("...<Bsn>***</Bsn><Code>02A04</Code><Eenheid>"), "{}", row.text);
        assert!(row.text.ends_with("...") && row.text.len() < 200, "{}", row.text);
    }

    /// Every simple element of the schemas is either shown or known to be personal: a new one asks for a decision.
    #[test]
    fn a_document_is_shown_element_by_element_however_it_is_written() {
        let pretty = "<?xml version=\"1.0\"?>\n<a:B xmlns:a=\"urn:x\">\n  <a:Client>\n    <a:Bsn>999900006</a:Bsn>\n    <a:Code>02</a:Code>\n  </a:Client>\n</a:B>\n";
        let compact = pretty.replace('\n', "").replace("  ", "");
        let rows = |source: &str, from, most| {
            let document = document(source.as_bytes(), from, most, false);
            let rows: Vec<_> = document.rows.into_iter().map(|row| (row.depth, row.text)).collect();
            (rows, document.more)
        };
        let expected = [
            (0, "<?xml version=\"1.0\"?>"),
            (0, "<a:B xmlns:a=\"urn:x\">"),
            (1, "<a:Client>"),
            (2, "<a:Bsn>***</a:Bsn>"),
            (2, "<a:Code>02</a:Code>"),
            (1, "</a:Client>"),
            (0, "</a:B>"),
        ]
        .map(|(depth, text)| (depth, text.to_owned()));
        assert_eq!(rows(pretty, 0, 100), (expected.to_vec(), false));
        assert_eq!(rows(&compact, 0, 100), (expected.to_vec(), false));
        assert_eq!(rows(pretty, 3, 2), (expected[3..5].to_vec(), true));
        assert_eq!(rows(pretty, 70, 2), (Vec::new(), false));
        let lines: Vec<u32> = document(pretty.as_bytes(), 0, 100, false).rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7]);
        let shown = document(pretty.as_bytes(), 3, 1, true);
        assert_eq!(shown.rows[0].text, "<a:Bsn>999900006</a:Bsn>", "for whoever may");
    }

    #[test]
    fn every_simple_element_is_shown_or_personal() {
        const PERSONAL: [&str; 21] = [
            "AanduidingWoonadres",
            "Achternaam",
            "Bsn",
            "Commentaar",
            "Datum",
            "Emailadres",
            "Huisletter",
            "Huisnummer",
            "HuisnummerToevoeging",
            "Landnummer",
            "Naam",
            "Nummer",
            "Organisatie",
            "Plaatsnaam",
            "Postcode",
            "Straatnaam",
            "Taal",
            "Telefoonnummer",
            "Voorletters",
            "Voornamen",
            "Voorvoegsel",
        ];
        let personal = BTreeSet::from(PERSONAL);
        let shown = BTreeSet::from(SHOWN);
        assert_eq!(shown.len(), SHOWN.len());
        let mut simple = BTreeSet::new();
        for kind in crate::message::Kind::all() {
            if let Some(schema) = schema::schema(kind) {
                collect_simple(schema, schema.root(), &mut simple);
            }
        }
        assert!(simple.len() > 40, "{simple:?}");
        for name in simple {
            assert!(shown.contains(name.as_str()) != personal.contains(name.as_str()), "{name}: shown or personal?");
        }
    }

    fn collect_simple(schema: &Schema, element: &Element, names: &mut BTreeSet<String>) {
        match schema.model(element) {
            Model::Sequence(elements) => elements.iter().for_each(|element| collect_simple(schema, element, names)),
            Model::Simple(_) => {
                names.insert(element.name.to_string());
            }
        }
    }

    proptest! {
        /// No number of a person, however the line is broken and wherever it is cut.
        #[test]
        fn no_line_shows_a_person(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "999900006", "Jansen", "<Bsn>", "</Bsn>", "<Code>", "</Code>", "<a:X ", "y=\"", "'", "\"", ">", "/>",
                    "<", "&", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", " ", "\t", "\u{eb}", "=", "</", "<Naam>",
                    "</Naam>", "<Eenheid>04</Eenheid>",
                ]),
                0..120,
            ),
            place in 0.0..1.0_f64,
        ) {
            let line = parts.concat();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "any place will do")]
            let offset = (line.len() as f64 * place) as usize;
            for extent in [Extent::StartTag, Extent::Element] {
                let row = row(line.as_bytes(), 0..line.len(), offset, extent);
                prop_assert!(!row.text.contains("999900006"), "{line} gives {}", row.text);
                prop_assert!(row.text.get(row.span.clone()).is_some(), "{line} gives {row:?}");
                prop_assert!(row.text.chars().count() < 700, "{row:?}");
            }
            let whole = document(line.as_bytes(), 0, usize::MAX, false);
            prop_assert!(whole.rows.iter().all(|row| !row.text.contains("999900006")), "{line} gives {whole:?}");
        }
    }
}
