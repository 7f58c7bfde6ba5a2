//! The texts of faults: one function per thing that can be wrong, Dutch and English side by side.
//!
//! They are written for the administrator of the sending party: what is wrong, what is expected.

use super::datatypes::{Breach, SimpleType};
use super::fault::{Draft, Words, code};
use super::privacy;

fn draft(
    code: &'static str,
    path: String,
    expected: impl Into<String>,
    found: impl Into<String>,
    text: Words,
) -> Draft {
    Draft { code, path, expected: expected.into(), found: found.into(), text }
}

/// A list of element names: `A`, `A of B`, `A, B of C`.
fn either(names: &[&str], or: &str) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [first @ .., last] => format!("{} {or} {last}", first.join(", ")),
    }
}

/// A required element is absent. `after`: the sibling before the gap; `next`: what stands there instead.
pub(super) fn missing(path: String, name: &str, parent: &str, after: Option<&str>, next: Option<&str>) -> Draft {
    let found = next.map_or_else(|| format!("einde van {parent}"), privacy::shown_name);
    let text = match after {
        Some(after) => Words::new(format!("Na {after} ontbreekt {name}."), format!("{name} is missing after {after}.")),
        None => Words::new(format!("In {parent} ontbreekt {name}."), format!("{name} is missing in {parent}.")),
    };
    draft(code::ELEM_MISSING, path, name, found, text)
}

/// An element the schema does not allow here. `allowed`: what may stand here instead; empty at the end of a sequence.
pub(super) fn unexpected(path: String, name: &str, parent: &str, allowed: &[&str]) -> Draft {
    let name = privacy::shown_name(name);
    if allowed.is_empty() {
        let text = Words::new(
            format!("{name} hoort hier niet: {parent} is al volledig."),
            format!("{name} does not belong here: {parent} is complete."),
        );
        return draft(code::ELEM_UNEXPECTED, path, format!("einde van {parent}"), name, text);
    }
    let text = Words::new(
        format!("{name} hoort hier niet: in {parent} wordt hier {} verwacht.", either(allowed, "of")),
        format!("{name} does not belong here: {parent} expects {} here.", either(allowed, "or")),
    );
    draft(code::ELEM_UNEXPECTED, path, either(allowed, "of"), name, text)
}

/// A known element behind one that should follow it.
pub(super) fn misplaced(path: String, name: &str, parent: &str, before: &str) -> Draft {
    let text = Words::new(
        format!("{name} staat op de verkeerde plaats: in {parent} hoort het vóór {before}."),
        format!("{name} stands in the wrong place: in {parent} it belongs before {before}."),
    );
    draft(code::ELEM_UNEXPECTED, path, format!("{name} vóór {before}"), format!("{name} na {before}"), text)
}

/// An element whose name differs from a known one in capitals only.
pub(super) fn miswritten(path: String, found: &str, name: &str) -> Draft {
    let found = privacy::shown_name(found);
    let text = Words::new(
        format!("{found} is geen bekend element; schrijf {name}, met deze hoofdletters."),
        format!("{found} is not a known element; write {name}, with these capitals."),
    );
    draft(code::ELEM_UNEXPECTED, path, name, found, text)
}

/// An element inside a value.
pub(super) fn inside_value(path: String, name: &str, parent: &str) -> Draft {
    let name = privacy::shown_name(name);
    let text = Words::new(
        format!("{parent} bevat het element {name}; hier hoort alleen een waarde."),
        format!("{parent} contains the element {name}; only a value belongs here."),
    );
    draft(code::ELEM_UNEXPECTED, path, "een waarde", name, text)
}

/// An element that may stand once.
pub(super) fn repeated(path: String, name: &str, parent: &str) -> Draft {
    let text = Words::new(
        format!("{name} staat vaker dan één keer in {parent}; het mag één keer voorkomen."),
        format!("{name} stands more than once in {parent}; it may stand once."),
    );
    draft(code::ELEM_REPEATED, path, format!("{name} één keer"), format!("{name} nogmaals"), text)
}

/// The right name in another namespace. `found`: namespace name, empty for none.
pub(super) fn namespace(path: String, name: &str, expected: &str, found: &str) -> Draft {
    let (found_nl, found_en) = if found.is_empty() {
        ("geen namespace".to_owned(), "no namespace".to_owned())
    } else {
        (privacy::shown_uri(found), privacy::shown_uri(found))
    };
    let text = Words::new(
        format!("{name} staat in de verkeerde namespace: gevonden {found_nl}, verwacht {expected}."),
        format!("{name} is in the wrong namespace: found {found_en}, expected {expected}."),
    );
    draft(code::ELEM_NAMESPACE, path, expected, found_nl, text)
}

/// An element without the content it needs.
pub(super) fn empty_sequence(path: String, name: &str, required: &[&str]) -> Draft {
    let text = Words::new(
        format!("{name} is leeg; verwacht: {}.", required.join(", ")),
        format!("{name} is empty; expected: {}.", required.join(", ")),
    );
    draft(code::ELEM_EMPTY, path, required.join(", "), "leeg", text)
}

/// Text where only elements may stand. The text itself is never shown: it can be anything.
pub(super) fn text(path: String, name: &str, found: &str) -> Draft {
    let shape = privacy::shape(found);
    let text = Words::new(
        format!("In {name} staat losse tekst ({}); hier zijn alleen elementen toegestaan.", shape.nl),
        format!("{name} contains stray text ({}); only elements are allowed here.", shape.en),
    );
    draft(code::TEXT_UNEXPECTED, path, "alleen elementen", shape.nl, text)
}

/// An attribute.
pub(super) fn attribute(path: String, element: &str, name: &str) -> Draft {
    let name = privacy::shown_name(name);
    let text = Words::new(
        format!("Het attribuut {name} is niet toegestaan op {element}."),
        format!("The attribute {name} is not allowed on {element}."),
    );
    draft(code::ATTR_NOT_ALLOWED, path, "geen attribuut", name, text)
}

/// A value longer than the gateway takes.
pub(super) fn value_limit(path: String, name: &str, limit: u32) -> Draft {
    let text = Words::new(
        format!("{name} is langer dan de {limit} tekens die dit systeem verwerkt."),
        format!("{name} is longer than the {limit} characters that this system takes."),
    );
    draft(code::LIMIT_VALUE, path, format!("ten hoogste {limit} tekens"), format!("meer dan {limit} tekens"), text)
}

/// A value that breaks its type. `personal`: show its shape only.
pub(super) fn value(
    path: String,
    name: &str,
    simple: &SimpleType,
    breach: Breach,
    value: &str,
    personal: bool,
) -> Draft {
    let expected = simple.describe();
    if value.is_empty() {
        let text = Words::new(
            format!("{name} is leeg; verwacht: {}.", expected.nl),
            format!("{name} is empty; expected: {}.", expected.en),
        );
        return draft(code::ELEM_EMPTY, path, expected.nl, "leeg", text);
    }
    let found = if personal { privacy::shape(value) } else { privacy::shown(value) };
    let length = value.chars().count();
    let (code, nl, en) = match breach {
        Breach::NotAnInteger => (code::TYPE_INTEGER, "is geen geheel getal".to_owned(), "is not an integer".to_owned()),
        Breach::NotADate => {
            (code::TYPE_DATE, "is geen bestaande datum".to_owned(), "is not an existing date".to_owned())
        }
        Breach::NotATime => (code::TYPE_TIME, "is geen tijd".to_owned(), "is not a time".to_owned()),
        Breach::UnknownCode => {
            (code::CODE_UNKNOWN, "bevat een onbekende code".to_owned(), "holds an unknown code".to_owned())
        }
        Breach::TooLong => (
            code::FACET_MAX_LENGTH,
            format!("is te lang ({length} tekens)"),
            format!("is too long ({length} characters)"),
        ),
        Breach::TooShort => (
            code::FACET_MIN_LENGTH,
            format!("is te kort ({length} tekens)"),
            format!("is too short ({length} characters)"),
        ),
        Breach::Pattern => (
            code::FACET_PATTERN,
            "heeft niet de gevraagde vorm".to_owned(),
            "does not have the required form".to_owned(),
        ),
        Breach::BelowMin => (code::FACET_MIN, "is te klein".to_owned(), "is too small".to_owned()),
        Breach::AboveMax => (code::FACET_MAX, "is te groot".to_owned(), "is too large".to_owned()),
    };
    let text = Words::new(
        format!("{name} {nl}: gevonden {}, verwacht {}.", found.nl, expected.nl),
        format!("{name} {en}: found {}, expected {}.", found.en, expected.en),
    );
    draft(code, path, expected.nl, found.nl, text)
}

/// The document is larger than the gateway takes.
///
/// How large it is nobody knows: no more of it is read than one byte over the limit.
pub(super) fn size_limit(limit: usize) -> Draft {
    let text = Words::new(
        format!(
            "Het bericht is groter dan de {limit} bytes die dit systeem verwerkt. Verdeel het over meer berichten."
        ),
        format!("The message is larger than the {limit} bytes that this system takes. Divide it over more messages."),
    );
    draft(
        code::LIMIT_SIZE,
        String::new(),
        format!("ten hoogste {limit} bytes"),
        format!("meer dan {limit} bytes"),
        text,
    )
}

/// Elements nested too deep.
pub(super) fn depth_limit(path: String, limit: u32) -> Draft {
    let text = Words::new(
        format!("De elementen zijn dieper genest dan de {limit} niveaus die dit systeem verwerkt."),
        format!("Elements are nested deeper than the {limit} levels that this system takes."),
    );
    draft(code::LIMIT_DEPTH, path, format!("ten hoogste {limit} niveaus"), format!("meer dan {limit} niveaus"), text)
}

/// Too many attributes or namespace declarations.
pub(super) fn attribute_limit(path: String, limit: u32) -> Draft {
    let text = Words::new(
        format!("Er staan meer attributen of namespace-declaraties dan dit systeem verwerkt ({limit} per element)."),
        format!("There are more attributes or namespace declarations than this system takes ({limit} per element)."),
    );
    draft(code::LIMIT_ATTRIBUTES, path, format!("ten hoogste {limit} attributen"), "meer", text)
}

/// No element at all.
pub(super) fn empty_document() -> Draft {
    let text = Words::new(
        "Het bericht is leeg: er staat geen enkel element in.",
        "The message is empty: it holds no element.",
    );
    draft(code::XML_EMPTY, String::new(), "een bericht", "leeg", text)
}

/// Not UTF-8. `found` names what it is or seems to be.
pub(super) fn encoding(found: &Words) -> Draft {
    let text = Words::new(
        format!("Het bericht is geen geldige UTF-8: {}. Lever het bericht aan in UTF-8.", found.nl),
        format!("The message is not valid UTF-8: {}. Deliver the message in UTF-8.", found.en),
    );
    draft(code::XML_ENCODING, String::new(), "UTF-8", found.nl.clone(), text)
}

/// A DOCTYPE.
pub(super) fn doctype() -> Draft {
    let text = Words::new(
        "Het bericht bevat een DOCTYPE; dat is niet toegestaan. Laat de DOCTYPE weg.",
        "The message has a DOCTYPE, which is not allowed. Leave the DOCTYPE out.",
    );
    draft(code::XML_DOCTYPE, String::new(), "geen DOCTYPE", "DOCTYPE", text)
}

/// Not well-formed; `nl` and `en` name the rule that is broken.
pub(super) fn malformed(path: String, nl: &str, en: &str) -> Draft {
    let text = Words::new(
        format!("Het bericht is geen geldige XML: {nl}. Wat hierna komt, is niet beoordeeld."),
        format!("The message is not well-formed XML: {en}. What follows was not judged."),
    );
    draft(code::XML_MALFORMED, path, "geldige XML", nl, text)
}

/// A root element of no known message.
pub(super) fn kind_unknown(root: &str, namespace: &str) -> Draft {
    const EXPECTED: &str = "Bericht in een namespace van iWmo 3.2 of iJw 3.2";
    let root = privacy::shown_name(root);
    let (in_nl, in_en) = if namespace.is_empty() {
        ("zonder namespace".to_owned(), "without a namespace".to_owned())
    } else {
        let uri = privacy::shown_uri(namespace);
        (format!("in de namespace {uri}"), format!("in the namespace {uri}"))
    };
    let text = Words::new(
        format!("Dit is geen bekend bericht: het begint met {root} {in_nl}. Verwacht wordt {EXPECTED}."),
        format!(
            "This is no known message: it starts with {root} {in_en}. Expected is Bericht in a namespace of iWmo 3.2 or iJw 3.2."
        ),
    );
    draft(code::KIND_UNKNOWN, String::new(), EXPECTED, format!("{root} {in_nl}"), text)
}

/// A message of another release.
pub(super) fn release_unknown(message: &str, release: &str, known: &str) -> Draft {
    let release = privacy::shown_name(release);
    let text = Words::new(
        format!("Dit is een {message} van release {release}; dit systeem kent alleen release {known}."),
        format!("This is a {message} of release {release}; this system only knows release {known}."),
    );
    draft(code::RELEASE_UNKNOWN, String::new(), format!("release {known}"), format!("release {release}"), text)
}

#[cfg(test)]
mod tests {
    use super::super::datatypes::Base;
    use super::*;

    #[test]
    fn every_breach_has_its_code() {
        let simple = SimpleType { min_length: Some(3), max_length: Some(5), ..SimpleType::unrestricted(Base::String) };
        for (breach, code) in [
            (Breach::NotAnInteger, code::TYPE_INTEGER),
            (Breach::NotADate, code::TYPE_DATE),
            (Breach::NotATime, code::TYPE_TIME),
            (Breach::UnknownCode, code::CODE_UNKNOWN),
            (Breach::TooLong, code::FACET_MAX_LENGTH),
            (Breach::TooShort, code::FACET_MIN_LENGTH),
            (Breach::Pattern, code::FACET_PATTERN),
            (Breach::BelowMin, code::FACET_MIN),
            (Breach::AboveMax, code::FACET_MAX),
        ] {
            let draft = value("/A".to_owned(), "A", &simple, breach, "xy", false);
            assert_eq!(
                (draft.code, draft.found.as_str(), draft.expected.as_str()),
                (code, "xy", "3 tot en met 5 tekens")
            );
        }
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(either(&["A"], "of"), "A");
        assert_eq!(either(&["A", "B", "C"], "of"), "A, B of C");
    }
}
