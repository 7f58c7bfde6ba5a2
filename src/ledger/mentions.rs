//! What a message is about and about whom, so that it can be looked for: written with the message, also with one that was
//! rejected and left nothing else behind.
//!
//! The references are read from the bytes as they came, because a rejected message has no records. Only a message that
//! passed the schema is read: its values have the form that the standard gives them.

use super::db::params;
use super::error::LedgerError;
use super::store::Inbox;
use super::tx::{Tx, json, person_bytes};
use crate::decision::Decision;
use crate::message::{Bsn, Party};
use crate::schema::reference;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Something that a message mentions, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention<'a> {
    /// A `ToewijzingNummer`.
    Allocation(Cow<'a, str>),
    /// A `DeclaratieNummer`.
    Declaration(Cow<'a, str>),
    /// A `ReferentieAanbieder`: of a request, and in what answers it.
    Request(Cow<'a, str>),
    /// A rule that it broke.
    Rule(Cow<'a, str>),
    /// The sender that it names, when it failed at level 1.
    Claimed(Cow<'a, str>),
}

impl Mention<'_> {
    /// The sort and the value, as stored.
    pub(super) fn what(&self) -> String {
        match self {
            // Leading zeros are written by some and mean nothing.
            Mention::Allocation(nummer) => {
                let digits = nummer.trim_start_matches('0');
                format!("allocation {}", if digits.is_empty() { "0" } else { digits })
            }
            Mention::Declaration(nummer) => format!("declaration {nummer}"),
            Mention::Request(referentie) => format!("request {referentie}"),
            Mention::Rule(rule) => format!("rule {rule}"),
            Mention::Claimed(party) => format!("claimed {party}"),
        }
    }
}

/// What the bytes of a message mention, and the persons that it names. Reading them takes as long as they are, so it is
/// done where messages are prepared, beside the thread that writes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mentioned {
    what: BTreeSet<String>,
    persons: BTreeSet<Bsn>,
}

impl Mentioned {
    /// Reads a message that passed the schema. Of other bytes it takes what can be read.
    pub fn of(document: &[u8]) -> Mentioned {
        let mut mentioned = Mentioned::default();
        values(document, |name, value| {
            match name {
                "ToewijzingNummer" => mentioned.what.insert(Mention::Allocation(value.into()).what()),
                "DeclaratieNummer" => mentioned.what.insert(Mention::Declaration(value.into()).what()),
                "ReferentieAanbieder" => mentioned.what.insert(Mention::Request(value.into()).what()),
                "Bsn" => mentioned.persons.insert(Bsn::from(value)),
                _ => false,
            };
        });
        mentioned
    }
}

/// Tells no number of a person.
impl std::fmt::Debug for Mentioned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mentioned({} values, {} persons)", self.what.len(), self.persons.len())
    }
}

impl Tx<'_> {
    /// Notes what a message mentions, and drops what was noted when it was decided on before.
    pub(super) fn mention(
        &mut self,
        message_id: i64,
        inbox: &Inbox,
        decision: &Decision,
        again: bool,
    ) -> Result<(), LedgerError> {
        if again {
            self.sql("DELETE FROM mentions WHERE message_id = ?1")?.execute([message_id])?;
            self.sql("DELETE FROM subjects WHERE message_id = ?1")?.execute([message_id])?;
        }
        let (mut mentions, mut persons) = (BTreeSet::new(), BTreeSet::new());
        if decision.identity.is_some() {
            // Those that are decided on again, that waited or that we made ourselves are read here: they are few.
            let mentioned = inbox.mentioned.clone().unwrap_or_else(|| Mentioned::of(&inbox.bytes).into());
            mentions.extend(mentioned.what.iter().cloned());
            for person in &mentioned.persons {
                persons.insert(hex::encode(person_bytes(&self.person(person))?));
            }
        } else if let Some(claimed) = &decision.claimed_sender {
            mentions.insert(Mention::Claimed(Party::as_str(claimed).into()).what());
        }
        mentions.extend(decision.findings.iter().map(|finding| Mention::Rule(finding.rule.as_str().into()).what()));
        let received_at = inbox.received_at.as_microsecond();
        if !mentions.is_empty() {
            self.sql(
                "INSERT INTO mentions (what, received_at, message_id)
                 SELECT k.value, ?2, ?1 FROM json_each(?3) AS k",
            )?
            .execute(params![message_id, received_at, json(&mentions)])?;
        }
        if !persons.is_empty() {
            self.sql(
                "INSERT INTO subjects (person, received_at, message_id)
                 SELECT unhex(k.value), ?2, ?1 FROM json_each(?3) AS k",
            )?
            .execute(params![message_id, received_at, json(&persons)])?;
        }
        Ok(())
    }
}

/// Longest value that is noted: the standard has none that is longer among those that are looked for.
const LONGEST: usize = 40;

/// Tells local name and value of each element of a document that has one short text and nothing else, however that is
/// written: with references, CDATA sections or comments in it. Takes any bytes and looks at each once.
fn values(document: &[u8], mut tell: impl FnMut(&str, &str)) {
    let Ok(document) = std::str::from_utf8(document) else { return };
    let mut reader = Reader::from_str(document);
    let mut value = String::new();
    // Whether nothing but text came since the start tag of an element that is still open.
    let mut is_leaf = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => {
                value.clear();
                is_leaf = true;
            }
            Ok(Event::Text(text)) => value.push_str(&text),
            Ok(Event::CData(text)) => value.push_str(&text),
            Ok(Event::GeneralRef(name)) => match reference(&name) {
                Some(character) => value.push(character),
                None => is_leaf = false,
            },
            Ok(Event::End(end)) => {
                if is_leaf && let Some(value) = short(&value) {
                    tell(end.local_name().as_ref(), value);
                }
                is_leaf = false;
            }
            Ok(Event::Empty(_)) => is_leaf = false,
            Ok(Event::Eof) | Err(_) => return,
            Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_)) => {}
        }
    }
}

/// `None` for a text that nobody looks for.
fn short(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_long = text.chars().nth(LONGEST).is_some();
    (!text.is_empty() && !is_long && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(document: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        values(document.as_bytes(), |name, value| found.push(pair(name, value)));
        found
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn only_elements_with_one_short_text_are_values() {
        assert_eq!(
            found("<?xml version='1.0'?><a:B xmlns:a=\"x\"><a:Code x='1'> 02A03 </a:Code>\n<Leeg/><C></C></a:B>"),
            [pair("Code", "02A03")]
        );
        assert_eq!(found("<!-- <Bsn>1</Bsn> --><A>1<B/></A><![CDATA[<Bsn>2</Bsn>]]><B>3</B>"), [pair("B", "3")]);
        assert_eq!(found("<R>A&amp;B</R>"), [pair("R", "A&B")]);
        assert_eq!(found("<R>A&amp;lt;B</R>"), [pair("R", "A&lt;B")], "what is written is read once");
        assert_eq!(found(&format!("<R>{}</R><B>1</B>", "x".repeat(41))), [pair("B", "1")]);
        for broken in ["", "<", "<a", "<a>", "<a>1", "<a>1<", "<!--", "<![CDATA[", "<?", "<>1</>", "></a>"] {
            assert!(found(broken).len() < 2, "{broken}");
        }
    }

    #[test]
    fn a_value_is_the_same_however_it_is_written() {
        for written in [
            "1001",
            "<![CDATA[1001]]>",
            "10<![CDATA[01]]>",
            "&#49;0&#x30;1",
            "1<!-- of 2026 -->001",
            "<!-- the first --> 1001",
            "1001<!-- the last -->",
            "<?note it?>1001",
            "&#00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000049;001",
        ] {
            let document = format!("<?xml version='1.0'?><!-- a --><!-- b --><a:N xmlns:a='x'>{written}</a:N><M>2</M>");
            assert_eq!(found(&document), [pair("N", "1001"), pair("M", "2")], "{written}");
        }
        assert_eq!(found("<a><N>1</N><!-- > --><!-- < --><B x='>'>2</B></a>"), [pair("N", "1"), pair("B", "2")]);
        assert_eq!(found("<R>A&onbekend;B</R><B>1</B>"), [pair("B", "1")], "of what nobody knows nothing is noted");
    }

    #[test]
    fn an_allocation_is_one_number_however_it_is_written() {
        for (written, what) in [("1001", "allocation 1001"), ("0001001", "allocation 1001"), ("000", "allocation 0")] {
            assert_eq!(Mention::Allocation(written.into()).what(), what);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(parts in prop::collection::vec(
            prop::sample::select(vec!["<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "Bsn", "1", " ", "é", "&", "&#49;", ":"]),
            0..80,
        )) {
            for (_, value) in found(&parts.concat()) {
                prop_assert!(!value.is_empty() && value.chars().count() <= LONGEST);
            }
        }
    }
}
