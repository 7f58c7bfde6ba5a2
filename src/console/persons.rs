//! `/persons`: what is known of one person, for whoever may and says why.
//!
//! The number is posted, never part of an address; who looked, when and why stands in the audit trail before anything is
//! shown. The result is reached by the id of the look, which belongs to whoever asked and ends by itself.

use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Tone};
use super::search::{asked, link, reason_fault};
use super::{allocations, messages};
use crate::access::Permission;
use crate::message::Bsn;
use crate::view::allocations as of_allocations;
use crate::view::messages as of_messages;
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/persons", get(ask).post(look_up)).route("/persons/{look}", get(found))
}

/// Field by field, so that none of it is printed by accident.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    bsn: String,
    #[serde(default)]
    reason: String,
}

async fn ask(context: Context) -> Result<Html<String>, Refused> {
    context.needs(Permission::Unmask)?;
    Ok(shown(&context, &form(&context, None, "", None)))
}

fn shown(context: &Context, content: &Markup) -> Html<String> {
    layout::page(context, Place::Messages, context.pick("Persoon opzoeken", "Look a person up"), content)
}

fn form(context: &Context, bsn_fault: Option<&str>, reason: &str, reason_fault: Option<&str>) -> Markup {
    // Never filled in again: the number stands in no page.
    let bsn = Field::new("bsn", "BSN", "", Entry::Text(11)).required().fault(bsn_fault);
    let bsn = bsn.hint(context.pick("negen cijfers", "nine digits"));
    let content = html! {
        (parts::field(&bsn))
        (parts::field(&parts::reason(context, reason).fault(reason_fault)))
        div.buttons { button type="submit" { (context.pick("Zoek op", "Look up")) } }
    };
    html! {
        p { (context.pick(
            "U ziet welke berichten en toewijzingen over deze persoon gaan. Dat u keek, wanneer en waarom komt in het \
             logboek; het nummer niet. Het nummer wordt niet bewaard: het grootboek kent personen alleen onder een sleutel.",
            "You see which messages and allocations are about this person. That you looked, when and why goes into the audit \
             trail; the number does not. The number is not kept: the ledger knows persons by a key only.",
        )) }
        div.order { (context.form("/persons", &content)) }
    }
}

async fn look_up(Posted { context, fields }: Posted<Asked>) -> Result<Response, Refused> {
    context.needs(Permission::Unmask)?;
    let digits: String = fields.bsn.chars().filter(|sign| !matches!(sign, ' ' | '.' | '-')).take(20).collect();
    let wrong = (!Bsn::passes_eleven_test(&digits)).then(|| {
        context.pick(
            "Dit is geen BSN: negen cijfers die aan de elfproef voldoen. Kijk het nummer na.",
            "This is no BSN: nine digits that pass the eleven test. Check the number.",
        )
    });
    let reason = fields.reason.trim().to_owned();
    let unfit = reason_fault(&context, &reason);
    if wrong.is_some() || unfit.is_some() {
        // A reason that names a person is not shown again either.
        let kept = if unfit.is_some() { "" } else { &reason };
        let content = form(&context, wrong, kept, unfit.as_deref());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&context, &content)).into_response());
    }
    let (bsn, by) = (Bsn::from(digits.as_str()), context.actor.name.clone());
    let look = context.order(move |tx, now| tx.look_up(&bsn, &by, &reason, now)).await?;
    Ok(Redirect::to(&format!("/persons/{look}")).into_response())
}

/// Where the lists of a result begin.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Pages {
    #[serde(skip_serializing_if = "String::is_empty")]
    page: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    allocations: String,
}

async fn found(context: Context, Path(look): Path<String>, RawQuery(query): RawQuery) -> Result<Html<String>, Refused> {
    context.needs(Permission::Unmask)?;
    let pages: Pages = asked(&context, query.as_deref())?;
    let id = Uuid::try_parse(&look).map_err(|_| over(&context))?;
    let (messages_at, allocations_at) =
        (of_messages::Place::parse(&pages.page), of_allocations::Place::parse(&pages.allocations));
    if messages_at.is_none() && !pages.page.is_empty() || allocations_at.is_none() && !pages.allocations.is_empty() {
        return Err(context.missing());
    }
    let by = context.actor.name.clone();
    let result = context.look(move |tx, now| {
        let Some(look) = tx.look(id, &by, now)? else { return Ok(None) };
        let person = Some(look.person.clone());
        let search = of_messages::Search { person: person.clone(), at: messages_at, ..Default::default() };
        let of_person = of_allocations::Search { person, at: allocations_at, ..Default::default() };
        Ok(Some((look.until, tx.find_messages(&search)?, tx.find_allocations(&of_person, now)?)))
    });
    let (until, about, allocated) = result.await?.ok_or_else(|| over(&context))?;
    let here = format!("/persons/{id}");
    let to_messages = |page: &str| link(&here, &Pages { page: page.to_owned(), ..pages.clone() });
    let to_allocations = |page: &str| link(&here, &Pages { allocations: page.to_owned(), ..pages.clone() });
    let content = html! {
        (parts::notice(Tone::Info, &html! {
            (context.pick("Dit overzicht vervalt om ", "This page ends at ")) (parts::moment(context.language, until)) ". "
            a href="/persons" { (context.pick("Opnieuw opzoeken", "Look up again")) }
        }))
        (parts::section("allocations", context.pick("Toewijzingen", "Allocations"), &html! {
            @if allocated.rows.is_empty() {
                (parts::empty(context.pick("Geen toewijzingen van deze persoon.", "No allocations of this person.")))
            } @else { (allocations::results(&context, &allocated, to_allocations)) }
        }))
        (parts::section("messages", context.pick("Berichten", "Messages"), &html! {
            @if about.rows.is_empty() {
                (parts::empty(context.pick("Geen berichten over deze persoon.", "No messages about this person.")))
                p { (context.pick(
                    "Een bericht dat niet aan het schema voldoet kan niet op persoon worden gezocht.",
                    "A message that does not fit the schema cannot be looked for by person.",
                )) }
            } @else { (messages::results(&context, &about, to_messages)) }
        }))
    };
    Ok(shown(&context, &content))
}

fn over(context: &Context) -> Refused {
    context.cannot(
        StatusCode::NOT_FOUND,
        "Dit overzicht is vervallen of is niet van u. Zoek de persoon opnieuw op.",
        "This page has ended, or is not yours. Look the person up again.",
    )
}
