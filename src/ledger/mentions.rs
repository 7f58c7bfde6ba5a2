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
            for (name, value) in values(&inbox.bytes) {
                match name {
                    b"ToewijzingNummer" => mentions.insert(Mention::Allocation(value).what()),
                    b"DeclaratieNummer" => mentions.insert(Mention::Declaration(value).what()),
                    b"ReferentieAanbieder" => mentions.insert(Mention::Request(value).what()),
                    b"Bsn" => persons.insert(hex::encode(person_bytes(&self.person(&Bsn(value.into_owned())))?)),
                    _ => false,
                };
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

/// Local names and values of the elements of a document that have one short text and nothing else. Takes any bytes and
/// looks at each once.
fn values(document: &[u8]) -> impl Iterator<Item = (&[u8], Cow<'_, str>)> {
    let mut rest = document;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.iter().position(|&byte| byte == b'<')?..];
            for (open, close) in [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")] {
                if rest.starts_with(open) {
                    let end = rest.windows(close.len()).position(|bytes| bytes == close)?;
                    rest = &rest[end..];
                }
            }
            let end = rest.iter().position(|&byte| byte == b'>')?;
            let (tag, behind) = (rest.get(1..end).unwrap_or_default(), &rest[end + 1..]);
            rest = behind;
            if matches!(tag.first(), None | Some(b'/' | b'!' | b'?')) || tag.ends_with(b"/") {
                continue;
            }
            let name = tag.split(u8::is_ascii_whitespace).next().unwrap_or_default();
            let name = name.rsplit(|&byte| byte == b':').next().unwrap_or_default();
            let window = &behind[..behind.len().min(LONGEST * 6)];
            let Some(length) = window.iter().position(|&byte| byte == b'<') else { continue };
            if window.get(length + 1) == Some(&b'/')
                && let Some(value) = text(&window[..length])
            {
                return Some((name, value));
            }
        }
    })
}

/// A text with its entities in place; `None` for one that nobody looks for.
fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return None;
    }
    if !text.contains('&') {
        return Some(text.into());
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(document: &str) -> Vec<(String, String)> {
        values(document.as_bytes())
            .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.into_owned()))
            .collect()
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
        assert_eq!(found(&format!("<R>{}</R><B>1</B>", "x".repeat(41))), [pair("B", "1")]);
        for broken in ["", "<", "<a", "<a>", "<a>1", "<a>1<", "<!--", "<![CDATA[", "<?", "<>1</>", "></a>"] {
            assert!(found(broken).len() < 2, "{broken}");
        }
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
            prop::sample::select(vec!["<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "Bsn", "1", " ", "é", "&", ":"]),
            0..80,
        )) {
            let document = parts.concat();
            for (_, value) in values(document.as_bytes()) {
                prop_assert!(!value.is_empty() && value.chars().count() <= LONGEST);
            }
        }
    }
}
