//! What XML 1.0 and Namespaces 1.0 ask of a text beyond what quick-xml checks.
//!
//! Pure functions on slices; offsets in the answers count from the start of the slice that was given.
//! Nothing here quotes the text it judges: a malformed piece may be anything, a name or a BSN included.

use std::borrow::Cow;

/// One grammar rule broken, at a byte offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) offset: usize,
    pub(super) nl: &'static str,
    pub(super) en: &'static str,
}

fn broken<T>(offset: usize, nl: &'static str, en: &'static str) -> Result<T, Broken> {
    Err(Broken { offset, nl, en })
}

/// White space of XML: space, tab, carriage return, line feed. A no-break space is not among them.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether the text is empty or XML white space only.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// Offset of the first character that no XML document may contain (production `Char`).
pub(super) fn forbidden_char(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().position(|(at, &byte)| {
        (byte < 0x20 && !is_space(byte))
            // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
            || (byte == 0xEF && matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])))
    })
}

fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// A name without a colon.
pub(super) fn is_ncname(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Prefix (empty when absent) and local part of a qualified name; `None` when it is not one.
pub(super) fn split_qname(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let prefix_fits = is_ncname(prefix) || (prefix.is_empty() && !name.starts_with(':'));
    (prefix_fits && is_ncname(local)).then_some((prefix, local))
}

/// The character behind `&name;`: the five predefined entities and numeric references.
pub(crate) fn reference(name: &str) -> Option<char> {
    let c = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
            // from_str_radix takes a sign; XML does not. Leading zeros may be any number.
            if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
                return None;
            }
            let significant = digits.trim_start_matches('0');
            char::from_u32(u32::from_str_radix(significant, radix).ok()?)?
        }
    };
    is_char(c).then_some(c)
}

/// Line ends as XML hands them on: `\r\n` and a lone `\r` become `\n`. For literal text only, not for references.
pub(super) fn line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// One attribute as written: name and value between its quotes, references unresolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawAttribute<'a> {
    pub(super) offset: usize,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// Reads attributes one by one from what follows the element name inside a tag.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Attributes<'a> {
    /// `text` is what stands between the element name and `>` or `/>`.
    pub(super) fn new(text: &'a str) -> Attributes<'a> {
        Attributes { text, at: 0 }
    }

    fn skip_space(&mut self) -> bool {
        let before = self.at;
        while self.text.as_bytes().get(self.at).is_some_and(|&byte| is_space(byte)) {
            self.at += 1;
        }
        self.at > before
    }

    /// The next attribute, `None` at the end of the tag.
    pub(super) fn next(&mut self) -> Result<Option<RawAttribute<'a>>, Broken> {
        let spaced = self.skip_space();
        let offset = self.at;
        if offset == self.text.len() {
            return Ok(None);
        }
        if !spaced {
            return broken(
                offset,
                "tussen attributen ontbreekt een spatie",
                "white space is missing between attributes",
            );
        }
        let rest = &self.text[offset..];
        let name = &rest[..rest.bytes().position(|b| b == b'=' || is_space(b)).unwrap_or(rest.len())];
        if split_qname(name).is_none() {
            return broken(offset, "een attribuut heeft geen geldige naam", "an attribute has no valid name");
        }
        self.at += name.len();
        self.skip_space();
        if self.text.as_bytes().get(self.at) != Some(&b'=') {
            return broken(self.at, "een attribuut heeft geen waarde", "an attribute has no value");
        }
        self.at += 1;
        self.skip_space();
        let value = self.quoted()?;
        Ok(Some(RawAttribute { offset, name, value }))
    }

    fn quoted(&mut self) -> Result<&'a str, Broken> {
        let start = self.at + 1;
        let Some(&quote @ (b'"' | b'\'')) = self.text.as_bytes().get(self.at) else {
            let (nl, en) =
                ("een attribuutwaarde staat niet tussen aanhalingstekens", "an attribute value is not quoted");
            return broken(self.at, nl, en);
        };
        let Some(length) = self.text.as_bytes()[start..].iter().position(|&byte| byte == quote) else {
            return broken(self.at, "een attribuutwaarde is niet afgesloten", "an attribute value is not closed");
        };
        let value = &self.text[start..start + length];
        if let Some(at) = value.find('<') {
            return broken(
                start + at,
                "in een attribuutwaarde staat het teken <",
                "an attribute value contains the character <",
            );
        }
        if let Err(at) = each_reference(value, |_| ()) {
            return broken(
                start + at,
                "in een attribuutwaarde staat een & die niet bij een geldige verwijzing hoort",
                "an attribute value contains an & that is no valid reference",
            );
        }
        self.at = start + length + 1;
        Ok(value)
    }
}

/// Calls `each` for every piece of a value: literal text or a resolved reference. `Err`: offset of a bad `&`.
fn each_reference<'a>(value: &'a str, mut each: impl FnMut(Piece<'a>)) -> Result<(), usize> {
    let mut at = 0;
    while let Some(found) = value[at..].find('&') {
        each(Piece::Literal(&value[at..at + found]));
        let start = at + found + 1;
        let length = value[start..].find(';').ok_or(start - 1)?;
        each(Piece::Resolved(reference(&value[start..start + length]).ok_or(start - 1)?));
        at = start + length + 1;
    }
    each(Piece::Literal(&value[at..]));
    Ok(())
}

enum Piece<'a> {
    Literal(&'a str),
    Resolved(char),
}

/// The value of an attribute: references resolved, literal white space turned into spaces (XML 1.0, 3.3.3).
pub(super) fn attribute_value(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| byte == b'&' || (is_space(byte) && byte != b' ')) {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let outcome = each_reference(raw, |piece| match piece {
        Piece::Literal(text) => {
            value.extend(line_ends(text).chars().map(|c| if matches!(c, '\t' | '\n') { ' ' } else { c }));
        }
        Piece::Resolved(c) => value.push(c),
    });
    debug_assert!(outcome.is_ok(), "Attributes::next refuses values with bad references");
    Cow::Owned(value)
}

/// What an XML declaration says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declaration<'a> {
    /// The encoding as written.
    pub(super) encoding: Option<&'a str>,
}

/// Judges the inside of `<?xml …?>`: `version`, then optionally `encoding`, then optionally `standalone`.
pub(super) fn declaration(content: &str) -> Result<Declaration<'_>, Broken> {
    const NL: &str = "de XML-declaratie is niet goed opgebouwd";
    const EN: &str = "the XML declaration is not well-formed";
    let mut attributes = Attributes::new(content.strip_prefix("xml").unwrap_or(content));
    let mut encoding = None;
    let mut stage = 0;
    while let Some(attribute) = attributes.next()? {
        let value = attribute.value;
        let (next, fits) = match attribute.name {
            "version" => (1, stage == 0 && is_version(value)),
            "encoding" => (2, stage == 1 && is_encoding_name(value)),
            "standalone" => (3, (stage == 1 || stage == 2) && matches!(value, "yes" | "no")),
            _ => (4, false),
        };
        if !fits {
            return broken(attribute.offset, NL, EN);
        }
        if next == 2 {
            encoding = Some(value);
        }
        stage = next;
    }
    if stage == 0 { broken(0, NL, EN) } else { Ok(Declaration { encoding }) }
}

fn is_version(value: &str) -> bool {
    value.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

fn is_encoding_name(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Judges the inside of a processing instruction, `<?` and `?>` left out.
pub(super) fn processing_instruction(content: &str) -> Result<(), Broken> {
    let target = &content[..content.bytes().position(is_space).unwrap_or(content.len())];
    if !is_ncname(target) {
        return broken(
            0,
            "een verwerkingsinstructie heeft geen geldige naam",
            "a processing instruction has no valid name",
        );
    }
    if target.eq_ignore_ascii_case("xml") {
        return broken(
            0,
            "een XML-declaratie mag alleen helemaal aan het begin staan",
            "an XML declaration may only stand at the very start",
        );
    }
    Ok(())
}

/// Judges the inside of a comment, `<!--` and `-->` left out.
pub(super) fn comment(content: &str) -> Result<(), Broken> {
    match content.find("--") {
        Some(offset) => broken(offset, "in commentaar staat --", "a comment contains --"),
        None if content.ends_with('-') => {
            broken(content.len() - 1, "commentaar eindigt op --->", "a comment ends with --->")
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<(&str, &str)>, Broken> {
        let mut attributes = Attributes::new(text);
        let mut all = Vec::new();
        while let Some(attribute) = attributes.next()? {
            all.push((attribute.name, attribute.value));
        }
        Ok(all)
    }

    #[test]
    fn attributes_are_read_as_written() {
        assert_eq!(names(" a=\"1\"\n b:c = 'x\"y' "), Ok(vec![("a", "1"), ("b:c", "x\"y")]));
        assert_eq!(names("  "), Ok(Vec::new()));
    }

    #[test]
    fn attribute_grammar_is_strict() {
        for text in [
            "a=\"1\"",
            " a",
            " a=",
            " a=1",
            " a=\"1\"b=\"2\"",
            " a=\"<\"",
            " a=\"&x;\"",
            " a=\"&\"",
            " 1a=\"\"",
            " :a=\"\"",
            " a:b:c=\"\"",
            " a=\"1",
            " / ",
            " a=\"&#0;\"",
            " a=\"&#xFFFF;\"",
            " a=\"&#X41;\"",
        ] {
            assert!(names(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn references_resolve_to_xml_characters_only() {
        assert_eq!(reference("#x41"), Some('A'));
        assert_eq!(reference("#0000000000000000000065"), Some('A'));
        for name in ["", "#", "#x", "#+65", "#x0", "#xD800", "#xFFFE", "#1114112", "nbsp", "LT", " lt", "#99999999999"]
        {
            assert_eq!(reference(name), None, "{name:?}");
        }
    }

    #[test]
    fn attribute_values_are_normalised() {
        assert_eq!(attribute_value("a\r\nb\tc&#10;d&amp;"), "a b c\nd&");
    }

    #[test]
    fn declarations_follow_the_grammar() {
        let encoding = |text| declaration(text).map(|declaration| declaration.encoding);
        assert_eq!(encoding("xml version='1.0' encoding=\"utf-8\" standalone='yes' "), Ok(Some("utf-8")));
        assert_eq!(encoding("xml version='1.0'"), Ok(None));
        for text in [
            "xml ",
            "xml encoding='UTF-8'",
            "xml version='2.0'",
            "xml version='1.'",
            "xml version='1.0' encoding='8'",
            "xml version='1.0' standalone='maybe'",
            "xml version='1.0' standalone='no' encoding='UTF-8'",
            "xml version='1.0' version='1.0'",
            "xml version='1.0'encoding='UTF-8'",
            "xml version='1.0' x='1'",
        ] {
            assert!(declaration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn forbidden_characters_are_found() {
        assert_eq!(forbidden_char("a\t\r\n\u{7F}é\u{FFFD}\u{1F600}"), None);
        assert_eq!(forbidden_char("ab\0"), Some(2));
        assert_eq!(forbidden_char("é\u{FFFE}"), Some(2));
        assert_eq!(forbidden_char("\u{1B}"), Some(0));
    }

    #[test]
    fn comments_and_instructions() {
        assert!(comment(" a - b ").is_ok() && comment("").is_ok());
        assert!(comment(" a -- b ").is_err() && comment("a-").is_err());
        assert!(processing_instruction("target data").is_ok());
        for content in ["", " a", "XML a", "a:b", "1"] {
            assert!(processing_instruction(content).is_err(), "{content:?}");
        }
    }
}
