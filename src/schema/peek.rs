//! What the header of a refused document says of itself, and the fault of a document that fits its schema and not its
//! typed class.

use super::fault::{Fault, Faults};
use super::wellformed::reference;
use crate::message::tree::{Node, Tree, position};
use crate::message::{Kind, ReadError};
use quick_xml::Reader;
use quick_xml::events::Event;

/// No header is longer than this.
const HEADER_BYTES: usize = 65_536;

/// Sender and identification of a document that failed at level 1, as far as its header tells: enough to send a
/// report, not enough to believe anything else. The sender is four or eight digits or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `Afzender`, digits only.
    pub afzender: Option<String>,
    /// `Ontvanger`, digits only.
    pub ontvanger: Option<String>,
    /// `Identificatie`, at most twelve letters, digits and separators.
    pub identificatie: Option<String>,
}

/// Reads the header of `source` leniently.
pub fn peek_header(source: &[u8]) -> Header {
    let mut header = Header::default();
    let mut identified = false;
    let prolog = String::from_utf8_lossy(&source[..source.len().min(HEADER_BYTES)]);
    let mut reader = Reader::from_str(&prolog);
    // A value counts at its end tag: comments, references and CDATA may part it.
    let mut value = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => value.clear(),
            Ok(Event::Text(text)) => value.push_str(&text),
            Ok(Event::CData(text)) => value.push_str(&text),
            // What is no character fits nowhere.
            Ok(Event::GeneralRef(name)) => value.push(reference(&name).unwrap_or('\u{FFFD}')),
            Ok(Event::End(end)) => {
                let value = std::mem::take(&mut value).trim().to_owned();
                match end.local_name().as_ref() {
                    "Header" => return header,
                    "Afzender" if is_party(&value) => header.afzender = Some(value),
                    "Ontvanger" if is_party(&value) => header.ontvanger = Some(value),
                    // The first is that of the message; a 325 names its declaration too.
                    "Identificatie" if !identified => {
                        identified = true;
                        header.identificatie = Some(value).filter(|value| is_identification(value));
                    }
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => return header,
            Ok(_) => {}
        }
    }
}

fn is_party(value: &str) -> bool {
    matches!(value.len(), 4 | 8) && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// A BSN has nine digits; an identification of nine digits could be one put in the wrong place, and is left out.
fn is_identification(value: &str) -> bool {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    let like_bsn = value.len() == 9 && value.bytes().all(|byte| byte.is_ascii_digit());
    (1..=12).contains(&value.len()) && plain && !like_bsn
}

impl Faults {
    /// The fault of a document that the schema accepts with a value that the typed message cannot hold.
    ///
    /// Nothing is known to lead here: every value of release 3.2 can be read. It is kept so that a class that one day
    /// strays from its schema file gives a refusal with a place, and no panic.
    pub fn of_value(kind: Kind, tree: &Tree, source: &[u8], error: &ReadError) -> Faults {
        let offset = tree.nearest(&error.path).map_or(0, Node::offset);
        let (line, column) = position(source, offset);
        let fault = Fault {
            code: super::code::VALUE_OUT_OF_RANGE,
            path: error.path.clone(),
            line,
            column,
            expected: "een waarde die dit systeem kan verwerken".to_owned(),
            found: "een andere waarde".to_owned(),
            nl: format!("De waarde van {} kan niet worden verwerkt: {}.", error.path, error.reason),
            en: format!("The value of {} cannot be processed: {}.", error.path, error.reason),
        };
        Faults { faults: vec![fault], total: 1, kind: Some(kind), readable: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_broken_document_tells_its_sender() {
        let source = b"<a:Bericht><a:Header><a:Afzender> 42420001 </a:Afzender><a:Ontvanger>0197</a:Ontvanger>\
            <b:Identificatie>ABC-1</b:Identificatie></a:Header><a:Client><a:Afzender>11111111</a:Afzender>";
        let header = peek_header(source);
        assert_eq!(header.afzender.as_deref(), Some("42420001"));
        assert_eq!(header.ontvanger.as_deref(), Some("0197"));
        assert_eq!(header.identificatie.as_deref(), Some("ABC-1"));
    }

    #[test]
    fn a_value_in_parts_is_one_value() {
        let source =
            b"<Header><Afzender>4242<!-- -->0197</Afzender><Ontvanger>&#48;1<![CDATA[97]]></Ontvanger></Header>";
        let header = peek_header(source);
        assert_eq!((header.afzender.as_deref(), header.ontvanger.as_deref()), (Some("42420197"), Some("0197")));
        let source = b"<Header><Afzender>0197<!-- -->97</Afzender></Header>";
        assert_eq!(peek_header(source).afzender, None, "no other party gets the report");
    }

    #[test]
    fn the_identification_of_a_declaration_is_not_that_of_its_answer() {
        let source = b"<Header><Identificatie>123456789</Identificatie><Identificatie>D1</Identificatie></Header>";
        assert_eq!(peek_header(source).identificatie, None);
    }

    #[test]
    fn nothing_that_could_be_a_person_is_taken_for_an_identification() {
        let source = b"<Header><Afzender>Jansen</Afzender><Identificatie>999900006</Identificatie></Header>";
        assert_eq!(peek_header(source), Header::default());
    }

    #[test]
    fn anything_at_all_can_be_peeked_at() {
        for source in [&b""[..], b"<", b"\xff\xfe<\0", b"<Afzender>&bogus;</Afzender>", b"</Header>"] {
            assert_eq!(peek_header(source), Header::default());
        }
    }
}
