//! What of a document may appear in a fault. Values of personal elements never do; their shape tells enough.

use super::fault::Words;
use crate::message::Bsn;

/// Values longer than this are cut.
const SHOWN: usize = 40;

/// Whether an element and all that stands in it tells about a person.
pub(super) fn is_personal(name: &str, parent: &str) -> bool {
    matches!(
        name,
        "Bsn"
            | "Naam"
            | "Geslachtsnaam"
            | "Partnernaam"
            | "Geboortedatum"
            | "Adres"
            | "Telefoon"
            | "Emailadres"
            | "Commentaar"
            | "Organisatie"
            | "Taal"
    ) || (name == "Nummer" && parent == "Relatie")
}

/// A value as it may be shown: itself, cut, or its shape when it may be a citizen number in the wrong place.
pub(super) fn shown(value: &str) -> Words {
    if holds_citizen_number(value) {
        return shape(value);
    }
    let cut = cut(value);
    Words::new(cut.clone(), cut)
}

/// The name of an element or attribute that the schema does not know: it may be anything.
pub(super) fn shown_name(name: &str) -> String {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if digits >= 6 { "(een onbekende naam met cijfers)".to_owned() } else { cut(name) }
}

/// A namespace name: the longest of the standard has fifty-odd characters.
///
/// No more of it is looked at than can be shown: one name can be megabytes long and stand in the report of every tag.
pub(super) fn shown_uri(uri: &str) -> String {
    const SHOWN: usize = 80;
    const CITIZEN_NUMBER: usize = 9;
    let end = uri.char_indices().nth(SHOWN + CITIZEN_NUMBER).map_or(uri.len(), |(at, _)| at);
    let head = &uri[..end];
    if holds_citizen_number(head) { "(een onbekende namespace)".to_owned() } else { cut_at(head, SHOWN) }
}

/// The encoding that a document says to have: it may say anything.
pub(super) fn shown_encoding(encoding: &str) -> Words {
    if holds_citizen_number(encoding) {
        return Words::new("het zegt iets anders te zijn", "it says to be something else");
    }
    let shown = cut(encoding);
    Words::new(format!("het zegt {shown} te zijn"), format!("it says to be {shown}"))
}

fn cut(value: &str) -> String {
    cut_at(value, SHOWN)
}

fn cut_at(value: &str, limit: usize) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut text: String = value.chars().take(limit).map(printable).collect();
    if value.chars().nth(limit).is_some() {
        text.push('…');
    }
    text
}

/// Whether nine digits in a row pass the eleven test of a citizen service number.
fn holds_citizen_number(value: &str) -> bool {
    value.as_bytes().split(|byte| !byte.is_ascii_digit()).any(Bsn::passes_eleven_test)
}

/// Length and sorts of characters: `8 tekens, cijfers`.
pub(super) fn shape(value: &str) -> Words {
    let count = value.chars().count();
    if count == 0 {
        return Words::new("leeg", "empty");
    }
    let has = |sort: fn(char) -> bool| value.chars().any(sort);
    let sorts = [
        (has(|c| c.is_ascii_digit()), "cijfers", "digits"),
        (has(char::is_alphabetic), "letters", "letters"),
        (has(|c| c.is_whitespace() && !is_line_character(c)), "spaties", "spaces"),
        (has(is_line_character), "regeleinden of tabs", "line ends or tabs"),
        (has(|c| !c.is_ascii_digit() && !c.is_alphabetic() && !c.is_whitespace()), "andere tekens", "other characters"),
    ];
    let present: Vec<_> = sorts.into_iter().filter(|(present, _, _)| *present).collect();
    let nl: Vec<&str> = present.iter().map(|(_, nl, _)| *nl).collect();
    let en: Vec<&str> = present.iter().map(|(_, _, en)| *en).collect();
    let (unit_nl, unit_en) = if count == 1 { ("teken", "character") } else { ("tekens", "characters") };
    Words::new(format!("{count} {unit_nl}, {}", nl.join(", ")), format!("{count} {unit_en}, {}", en.join(", ")))
}

fn is_line_character(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_no_content() {
        assert_eq!(shape("12345678").nl, "8 tekens, cijfers");
        assert_eq!(shape("J. Jansen").nl, "9 tekens, letters, spaties, andere tekens");
        assert_eq!(shape(" ").en, "1 character, spaces");
        assert_eq!(shape("").nl, "leeg");
    }

    #[test]
    fn values_are_cut_and_citizen_numbers_hidden() {
        assert_eq!(shown(&"é".repeat(41)).nl, format!("{}…", "é".repeat(40)));
        assert_eq!(shown("a\nb").nl, "a b");
        assert_eq!(shown("BSN 999990019").nl, "13 tekens, cijfers, letters, spaties");
        assert_eq!(shown("999990018").nl, "999990018");
    }

    #[test]
    fn names_of_namespaces_are_cut_and_citizen_numbers_hidden() {
        assert_eq!(shown_uri(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(shown_uri(&"é".repeat(1000)), format!("{}…", "é".repeat(80)));
        for before in [0, 70, 79, 80] {
            assert_eq!(shown_uri(&format!("{}999990019", "u".repeat(before))), "(een onbekende namespace)", "{before}");
        }
    }

    #[test]
    fn related_persons_have_a_number_of_their_own() {
        assert!(is_personal("Nummer", "Relatie"));
        assert!(!is_personal("Nummer", "Product"));
        assert!(is_personal("Emailadres", "Contact"));
    }
}
