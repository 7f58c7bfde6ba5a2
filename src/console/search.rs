//! What pages that look things up have in common: questions in an address, and links that keep them.

use super::context::{Context, Refused};
use crate::hold::check_words;
use crate::view::messages::Fault;
use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a page was asked, from the query of its address. Reads any bytes: what is no question is refused in words.
pub(super) fn asked<T: DeserializeOwned>(context: &Context, query: Option<&str>) -> Result<T, Refused> {
    serde_urlencoded::from_str(query.unwrap_or_default()).map_err(|_| {
        context.cannot(
            StatusCode::BAD_REQUEST,
            "Dit adres kan niet worden gelezen: een veld staat er twee keer in, of het is geen tekst. Begin opnieuw bij het \
             formulier.",
            "This address cannot be read: a field stands in it twice, or it is no text. Begin again with the form.",
        )
    })
}

/// The address of a page that asks this.
pub(super) fn link<T: Serialize>(path: &str, asked: &T) -> String {
    match serde_urlencoded::to_string(asked) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        // Words always have that form.
        _ => path.to_owned(),
    }
}

/// What is wrong with a field, in the language of the page.
pub(super) fn fault<'f>(context: &Context, faults: &'f [Fault], field: &str) -> Option<&'f str> {
    let fault = faults.iter().find(|fault| fault.field == field)?;
    Some(context.language.pick(&fault.nl, &fault.en))
}

/// What is wrong with a reason that goes into the audit trail.
pub(super) fn reason_fault(context: &Context, reason: &str) -> Option<String> {
    let wrong = check_words("reason", reason).err().or_else(|| {
        (reason.chars().count() > super::parts::REASON_MOST)
            .then(|| "the reason is too long: say it in fewer words".to_owned())
    })?;
    let nl = "Schrijf in een paar woorden en op één regel waarom, zonder namen of nummers van personen: het blijft in het \
              logboek staan.";
    Some(context.pick(nl, &wrong).to_owned())
}

/// The number of a row in a path; refused as missing when it is none.
pub(super) fn number(context: &Context, text: &str) -> Result<i64, Refused> {
    let plain = text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or_else(|| context.missing())
}
