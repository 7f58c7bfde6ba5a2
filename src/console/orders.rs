//! What pages with orders have in common: the reason, the number in the path, and how parties are called.

use super::context::{Context, Refused};
use super::parts::{self, Column, REASON_MOST, Tone, words};
use super::words::Language;
use crate::clock::dutch_moment;
use crate::hold::{Unfit, unfit};
use crate::message::Party;
use axum::http::StatusCode;
use jiff::Timestamp;
use maud::Markup;
use serde::Deserialize;

/// What the form of an order sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
}

/// Where a list begins, and what a page was sent on with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The last row that was seen.
    pub(super) after: String,
    /// Which rows: a word of the page.
    pub(super) which: String,
    /// What was done just now.
    pub(super) done: Option<String>,
}

/// The number of the last row that was seen; empty at the beginning of a list.
pub(super) fn after(context: &Context, text: &str) -> Result<Option<i64>, Refused> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| not_understood(context)),
    }
}

/// The query of a page cannot be understood.
pub(super) fn not_understood(context: &Context) -> Refused {
    context.cannot(
        StatusCode::BAD_REQUEST,
        "De vraag in het adres van deze pagina is niet te begrijpen. Begin opnieuw vanuit het menu.",
        "The question in the address of this page cannot be understood. Begin again from the menu.",
    )
}

/// The number in a path; what is none is the number of nothing.
pub(super) fn number(context: &Context, text: &str) -> Result<i64, Refused> {
    text.parse().map_err(|_| context.missing())
}

/// What is wrong with a reason, in the words of a page.
pub(super) fn fault(language: Language, reason: &str) -> Option<&'static str> {
    if reason.chars().count() > REASON_MOST {
        return Some(long(language));
    }
    unfit(reason).map(|unfit| match unfit {
        Unfit::Empty => language.pick("Zeg in een paar woorden waarom.", "Say in a few words why."),
        Unfit::Long => long(language),
        Unfit::Control => language.pick(
            "Schrijf de reden op één regel, zonder bijzondere tekens.",
            "Write the reason on one line, without control characters.",
        ),
        Unfit::Person => language.pick(
            "Hierin staat een nummer dat een BSN kan zijn. Laat het weg: de reden blijft voorgoed in het logboek. Noem \
             liever de toewijzing.",
            "This holds a number that could be a BSN. Leave it out: the reason stays in the audit trail for good. Name the \
             allocation instead.",
        ),
    })
}

fn long(language: Language) -> &'static str {
    language.pick(
        "De reden is te lang: zeg het in minder dan 300 tekens.",
        "The reason is too long: say it in less than 300 characters.",
    )
}

/// Columns of what was ordered about one thing.
pub(super) fn columns(context: &Context) -> [Column<'_>; 5] {
    [
        words(context.pick("Opdracht", "Order")),
        words(context.pick("Gegeven", "Given")),
        words(context.pick("Door", "By")),
        words(context.pick("Reden", "Reason")),
        words(context.pick("Uitkomst", "Outcome")),
    ]
}

/// What came of an order that waits for the gateway.
pub(super) fn not_yet(context: &Context) -> Markup {
    parts::badge(Tone::Info, context.pick("nog niet uitgevoerd", "not yet carried out"))
}

/// A municipality with its name, as far as a register knows it.
pub(super) fn municipality(context: &Context, code: &str) -> String {
    let contracts = context.site.registers.in_force().now();
    let gemeente = Party::from(code);
    let register = contracts.register_for(&gemeente);
    let known = register.as_deref().and_then(|register| register.region.municipalities.get(&gemeente));
    known.map_or_else(|| code.to_owned(), |known| format!("{} ({code})", known.name))
}

/// What a register calls a provider, as far as any knows it.
pub(super) fn provider_name(context: &Context, code: &str) -> Option<String> {
    let contracts = context.site.registers.in_force().now();
    let agb = Party::from(code);
    let known = contracts.registers().iter().find_map(|register| register.provider(&agb));
    known.map(|known| known.name.clone())
}

/// A provider with its name, as far as a register knows it.
pub(super) fn provider(context: &Context, code: &str) -> String {
    provider_name(context, code).map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"))
}

/// A party with its name, whichever of the two it is.
pub(super) fn party(context: &Context, code: &str) -> String {
    if code.len() == 4 { municipality(context, code) } else { provider(context, code) }
}

/// A moment in Dutch time, for sentences.
pub(super) fn when(moment: Timestamp) -> String {
    dutch_moment(moment).strftime("%Y-%m-%d %H:%M").to_string()
}
