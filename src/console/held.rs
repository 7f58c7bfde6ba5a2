//! `/held`: outgoing allocations that wait for a person, and what a person orders about them.

use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::orders::{self, Asked, Reason, after, fault, municipality, not_understood, number, provider, when};
use super::parts::{self, Tone, figures, words};
use super::words::Language;
use crate::access::Permission;
use crate::contract::Contracts;
use crate::hold::{Action, Order};
use crate::ledger::AboutHold;
use crate::message::{Cents, Eenheid, Frequentie};
use crate::view::held::{Allocated, Held, Ordered, Which};
use crate::view::signals::Concern;
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/held", get(list))
        .route("/held/{id}", get(one))
        .route("/held/{id}/release", post(|path, posted| give(Action::Release, path, posted)))
        .route("/held/{id}/withdraw", post(|path, posted| give(Action::Withdraw, path, posted)))
}

fn contracts(context: &Context) -> Arc<Contracts> {
    context.site.registers.in_force().now()
}

async fn list(context: Context, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let which = match asked.which.as_str() {
        "" => Which::Waiting,
        "ended" => Which::Ended,
        _ => return Err(not_understood(&context)),
    };
    let (after, contracts) = (after(&context, &asked.after)?, contracts(&context));
    let page = context.look(move |tx, now| tx.held_page(which, after, now, &contracts)).await?;
    let next = page.next.as_deref();
    let content = html! {
        (parts::tabs(context.pick("Welke", "Which"), [
            ("/held", context.pick("Wachtend", "Waiting"), which == Which::Waiting),
            ("/held?which=ended", context.pick("Afgehandeld", "Ended"), which == Which::Ended),
        ]))
        @if page.items.is_empty() {
            @match which {
                Which::Waiting => (parts::empty(context.pick("Er wacht geen toewijzing op een besluit.", "No allocation waits for a decision."))),
                Which::Ended => (parts::empty(context.pick("Er is nog niets vrijgegeven of ingetrokken.", "Nothing was released or withdrawn yet."))),
            }
        } @else {
            (table(&context, which, &page.items))
        }
        @match which {
            Which::Waiting => (parts::pager(context.language, next.map(|next| format!("/held?after={next}")).as_deref(), None)),
            Which::Ended => (parts::pager(context.language, None, next.map(|next| format!("/held?which=ended&after={next}")).as_deref())),
        }
    };
    Ok(layout::page(&context, Place::Held, Place::Held.name(context.language), &content))
}

fn table(context: &Context, which: Which, holds: &[Held]) -> Markup {
    let caption = match which {
        Which::Waiting => context.pick(
            "Toewijzingen die op een besluit wachten; wie het langst wacht staat boven",
            "Allocations that wait for a decision; who waits longest comes first",
        ),
        Which::Ended => context.pick("Toewijzingen waarover besloten is", "Allocations that were decided on"),
    };
    let columns = [
        words(context.pick("Bericht", "Message")),
        words(context.pick("Sinds", "Since")),
        figures(context.pick("Werkdagen", "Working days")),
        words(context.pick("Gemeente", "Municipality")),
        words(context.pick("Aanbieder", "Provider")),
        words(context.pick("Product", "Product")),
        figures(context.pick("Bedrag", "Amount")),
        words(context.pick("Waarom", "Why")),
        words(context.pick("Stand", "State")),
    ];
    let rows = holds.iter().map(|held| {
        vec![
            html! { a href=(format!("/held/{}", held.id)) { (held.kind) " " (held.identification) } },
            parts::moment(context.language, held.held_at),
            html! { (held.working_days) },
            html! { (municipality(context, &held.gemeente)) },
            html! { (provider(context, &held.aanbieder)) },
            html! { @for product in &held.products { div { (code(product)) } } },
            amount(held.amount_cents),
            html! { @for reason in &held.reasons { div { (badge(context.language, reason)) " " (sentence(context.language, reason)) } } },
            state(context, held),
        ]
    });
    parts::table(caption, &columns, rows)
}

fn code(product: &Allocated) -> String {
    let code = product.code.as_deref().or(product.category.as_deref());
    match (code, &product.name) {
        (Some(code), Some(name)) => format!("{code} {name}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => "–".to_owned(),
    }
}

fn amount(cents: Option<i64>) -> Markup {
    cents.map_or_else(|| html! { "–" }, |cents| parts::money(Cents(cents)))
}

fn badge(language: Language, concern: &Concern) -> Markup {
    let (tone, _) = super::signals::severity(language, &concern.severity);
    parts::badge(tone, &concern.check)
}

fn sentence(language: Language, concern: &Concern) -> &str {
    language.pick(&concern.nl, &concern.en)
}

fn state(context: &Context, held: &Held) -> Markup {
    let language = context.language;
    match (&held.ended, held.under_way(), held.behind) {
        (Some(ended), ..) => ended_badge(language, &ended.how),
        (None, Some(order), _) => html! {
            (parts::badge(Tone::Info, action_word(language, &order.action)))
            " " (context.pick("opgedragen door", "ordered by")) " " (order.by)
        },
        (None, None, Some(behind)) => html! {
            (context.pick("wacht op", "waits for")) " " a href=(format!("/held/{behind}")) { (behind) }
        },
        (None, None, None) => parts::badge(Tone::Info, context.pick("wacht", "waits")),
    }
}

fn ended_badge(language: Language, how: &str) -> Markup {
    let (tone, word) = match how {
        "released" => (Tone::Good, language.pick("vrijgegeven", "released")),
        "followed" => (Tone::Good, language.pick("vanzelf gevolgd", "followed by itself")),
        _ => (Tone::Warn, language.pick("ingetrokken", "withdrawn")),
    };
    parts::badge(tone, word)
}

fn action_word(language: Language, action: &str) -> &'static str {
    match Action::parse(action) {
        Some(Action::Release) => language.pick("vrijgeven", "release"),
        Some(Action::Withdraw) => language.pick("intrekken", "withdraw"),
        None => "–",
    }
}

fn outcome_word(language: Language, outcome: &str) -> (Tone, &'static str) {
    match outcome {
        "released" => (
            Tone::Good,
            language.pick("vrijgegeven: onderweg naar de aanbieder", "released: on its way to the provider"),
        ),
        "rejected" => (
            Tone::Warn,
            language.pick(
                "vrijgegeven, maar volgens de standaard inmiddels af te keuren: de gemeente heeft het retourbericht",
                "released, and rejected by the standard by now: the municipality has the return message",
            ),
        ),
        "withdrawn" => {
            (Tone::Good, language.pick("ingetrokken: het telt als niet verzonden", "withdrawn: it counts as not sent"))
        }
        "repeated" => (
            Tone::Plain,
            language.pick("was al gedaan; er is niets dubbel gedaan", "was done before; nothing was done twice"),
        ),
        _ => (Tone::Bad, language.pick("niet uitgevoerd", "not carried out")),
    }
}

async fn one(context: Context, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let held = find(&context, &id).await?;
    Ok(shown(&context, &held, asked.done.as_deref(), None))
}

async fn find(context: &Context, id: &str) -> Result<Held, Refused> {
    let (id, contracts) = (number(context, id)?, contracts(context));
    let held = context.look(move |tx, now| tx.held_one(id, now, &contracts)).await?;
    held.ok_or_else(|| context.missing())
}

/// A reason that was not taken: of which order, what it said, and what is wrong with it.
type Fault<'a> = (Action, &'a str, &'a str);

fn shown(context: &Context, held: &Held, done: Option<&str>, wrong: Option<Fault<'_>>) -> Html<String> {
    let language = context.language;
    let title = format!("{} {}", held.kind, held.identification);
    let content = html! {
        (parts::breadcrumb(language, &[("/held", Place::Held.name(language))], &title))
        (parts::done(language, done, &[
            ("release", "De opdracht tot vrijgeven staat in het grootboek; de gateway voert hem binnen een paar tellen uit. Ververs deze pagina voor de uitkomst.",
                "The order to release stands in the ledger; the gateway carries it out within seconds. Reload this page for what became of it."),
            ("withdraw", "De opdracht tot intrekken staat in het grootboek; de gateway voert hem binnen een paar tellen uit. Ververs deze pagina voor de uitkomst.",
                "The order to withdraw stands in the ledger; the gateway carries it out within seconds. Reload this page for what became of it."),
        ]))
        (parts::section("hold", context.pick("Vastgehouden toewijzing", "Held allocation"), &about(context, held)))
        (parts::section("why", context.pick("Waarom", "Why"), &why(context, held)))
        (parts::section("products", context.pick("Wat er wordt toegewezen", "What it allocates"), &products(context, held)))
        @if !held.orders.is_empty() {
            (parts::section("orders", context.pick("Opdrachten", "Orders"), &ordered(context, &held.orders)))
        }
        @if held.ended.is_none() && held.under_way().is_none() && context.actor.may(Permission::OrderHeld) {
            (parts::section("decide", context.pick("Besluit", "Decide"), &decide(context, held, wrong)))
        }
    };
    layout::page(context, Place::Held, &title, &content)
}

fn about(context: &Context, held: &Held) -> Markup {
    let language = context.language;
    let mut facts = vec![
        (context.pick("Stand", "State"), state(context, held)),
        (context.pick("Bericht", "Message"), html! { a href=(format!("/messages/{}", held.id)) { (held.id) } }),
        (context.pick("Gemeente", "Municipality"), html! { (municipality(context, &held.gemeente)) }),
        (context.pick("Aanbieder", "Provider"), html! { (provider(context, &held.aanbieder)) }),
        (context.pick("Vastgehouden sinds", "Held since"), parts::moment(language, held.held_at)),
        (context.pick("Werkdagen", "Working days"), html! { (held.working_days) }),
        (context.pick("Bedrag", "Amount"), amount(held.amount_cents)),
    ];
    if let Some(ended) = &held.ended {
        facts.push((context.pick("Besloten op", "Decided at"), parts::moment(language, ended.at)));
        facts.push((context.pick("Door", "By"), html! { (ended.by) }));
        facts.push((context.pick("Reden", "Reason"), html! { (ended.reason) }));
    }
    parts::facts(facts)
}

fn why(context: &Context, held: &Held) -> Markup {
    html! {
        @if let Some(behind) = held.behind {
            p {
                (context.pick("Gaat over dezelfde toewijzing als bericht ", "Is about the same allocation as message "))
                a href=(format!("/held/{behind}")) { (behind) }
                (context.pick(", dat eerder kwam en ook wacht: dat gaat voor.", ", which came first and waits as well: that one goes first."))
            }
        }
        @if held.behind.is_none() && held.reasons.is_empty() {
            p { (context.pick("Vastgehouden voordat redenen werden bewaard; zie het signaal aan de gemeente.", "Held before reasons were kept; see the signal to its municipality.")) }
        }
        @for reason in &held.reasons { (concern(context, reason)) }
    }
}

/// What a check says, with the figures it compared.
pub(super) fn concern(context: &Context, concern: &Concern) -> Markup {
    let signal = format!("/signals/{}", concern.signal);
    html! {
        div.concern {
            p {
                (badge(context.language, concern)) " " (sentence(context.language, concern))
                @if context.actor.may(Permission::ViewContracts) && !context.here.starts_with(&signal) {
                    " " a href=(signal) { (context.pick("Naar het signaal", "To the signal")) }
                }
            }
            @if !concern.facts.is_empty() {
                (parts::facts(concern.facts.iter().map(|(name, value)| (name.as_str(), figure(name, value)))))
            }
        }
    }
}

/// A figure as the check names it: amounts in cents are shown as money.
fn figure(name: &str, value: &Value) -> Markup {
    match value {
        Value::Number(number) if name.ends_with("_cent") || name.ends_with("_cents") => {
            number.as_i64().map_or_else(|| html! { (number) }, |cents| parts::money(Cents(cents)))
        }
        Value::String(text) => html! { (text) },
        Value::Array(all) => {
            html! { @for (at, each) in all.iter().enumerate() { @if at > 0 { ", " } (figure("", each)) } }
        }
        other => html! { (other.to_string()) },
    }
}

fn products(context: &Context, held: &Held) -> Markup {
    if held.products.is_empty() {
        return parts::empty(context.pick("Dit is niet meer te lezen.", "This cannot be read any more."));
    }
    let columns = [
        words(context.pick("Toewijzing", "Allocation")),
        words(context.pick("Product", "Product")),
        words(context.pick("Van", "From")),
        words(context.pick("Tot en met", "To")),
        words(context.pick("Omvang", "Volume")),
        figures(context.pick("Budget", "Budget")),
        figures(context.pick("Waarde volgens register", "Value by the register")),
    ];
    let rows = held.products.iter().map(|product| {
        let link = format!("/allocations/{}/{}/{}/{}", held.law, held.gemeente, held.aanbieder, product.number);
        vec![
            html! { a href=(link) { (product.number) } },
            html! { (code(product)) @if let Some(change) = &product.change { " " (parts::badge(Tone::Plain, &format!("{} {change}", context.pick("wijziging", "change")))) } },
            parts::day(context.language, product.from),
            product.to.map_or_else(|| html! { "–" }, |to| parts::day(context.language, to)),
            volume(context.language, product),
            amount(product.budget_cents),
            amount(product.amount_cents),
        ]
    });
    parts::table(context.pick("Producten in dit bericht", "Products in this message"), &columns, rows)
}

fn volume(language: Language, product: &Allocated) -> Markup {
    let Some(volume) = product.volume else { return html! { "–" } };
    let unit = product.unit.as_deref().and_then(Eenheid::parse);
    let per = match product.frequency.as_deref().and_then(Frequentie::parse) {
        Some(Frequentie::PerDag) => language.pick("per dag", "a day"),
        Some(Frequentie::PerWeek) => language.pick("per week", "a week"),
        Some(Frequentie::PerMaand) => language.pick("per maand", "a month"),
        Some(Frequentie::Totaal) | None => language.pick("in totaal", "in total"),
    };
    let unit = match unit {
        // Such volumes are in cents.
        Some(Eenheid::Euro) => {
            let cents = i64::try_from(volume).unwrap_or(i64::MAX);
            return html! { (parts::money(Cents(cents))) " " (per) };
        }
        Some(Eenheid::Minuut) => language.pick("minuten", "minutes"),
        Some(Eenheid::Uur) => language.pick("uur", "hours"),
        Some(Eenheid::Etmaal) => language.pick("etmalen", "periods of 24 hours"),
        Some(Eenheid::Dagdeel) => language.pick("dagdelen", "half days"),
        Some(Eenheid::StuksOutput | Eenheid::StuksInspanning) => language.pick("stuks", "pieces"),
        None => "",
    };
    html! { (parts::count(language, volume)) " " (unit) " " (per) }
}

fn ordered(context: &Context, all: &[Ordered]) -> Markup {
    let rows = all.iter().map(|order| {
        let outcome = match &order.done {
            None => orders::not_yet(context),
            Some(done) => {
                let (tone, word) = outcome_word(context.language, &done.outcome);
                html! { (parts::badge(tone, word)) " " (parts::moment(context.language, done.at)) br; small lang="en" { (done.answer) } }
            }
        };
        vec![
            html! { (action_word(context.language, &order.action)) },
            parts::moment(context.language, order.at),
            html! { (order.by) },
            html! { (order.reason) },
            outcome,
        ]
    });
    let caption = context.pick("Wat erover is opgedragen", "What was ordered about it");
    parts::table(caption, &orders::columns(context), rows)
}

fn decide(context: &Context, held: &Held, wrong: Option<Fault<'_>>) -> Markup {
    let of = |action: Action| wrong.filter(|(other, ..)| *other == action).map(|(_, reason, fault)| (reason, fault));
    let form = |action: Action, what: &str, button: &str| {
        let (reason, fault) = of(action).unzip();
        parts::order(
            context,
            &parts::Order {
                id: action.as_str(),
                action: &format!("/held/{}/{}", held.id, action.as_str()),
                what: html! { p { (what) } },
                fields: html! {},
                reason: reason.unwrap_or_default(),
                fault,
                button,
                is_grave: action == Action::Withdraw,
            },
        )
    };
    html! {
        div.columns {
            (form(
                Action::Release,
                context.pick(
                    "Vrijgeven: het bericht wordt opnieuw beoordeeld en gaat naar de aanbieder.",
                    "Release: the message is judged anew and goes to its provider.",
                ),
                context.pick("Geef vrij", "Release"),
            ))
            (form(
                Action::Withdraw,
                context.pick(
                    "Intrekken: het bericht telt als niet verzonden en de gemeente hoort dat. Dit kan niet terug.",
                    "Withdraw: the message counts as not sent and its municipality hears of it. This cannot be undone.",
                ),
                context.pick("Trek in", "Withdraw"),
            ))
        }
    }
}

async fn give(action: Action, Path(id): Path<String>, posted: Posted<Reason>) -> Result<Response, Refused> {
    let Posted { context, fields } = posted;
    context.needs(Permission::OrderHeld)?;
    let message_id = number(&context, &id)?;
    if let Some(fault) = fault(context.language, &fields.reason) {
        let held = find(&context, &id).await?;
        let page = shown(&context, &held, None, Some((action, &fields.reason, fault)));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let order = Order { message_id, action, reason: fields.reason.trim().to_owned(), by: context.actor.name.clone() };
    match context.order(move |tx, now| tx.order_hold(&order, now)).await? {
        AboutHold::Given(_) => {
            Ok(Redirect::to(&format!("/held/{message_id}?done={}", action.as_str())).into_response())
        }
        AboutHold::Unknown => Err(context.missing()),
        about => Err(told(&context, message_id, about)),
    }
}

/// Why nothing was ordered.
fn told(context: &Context, message_id: i64, about: AboutHold) -> Refused {
    let (nl, en) = match about {
        AboutHold::UnderWay(order) => (
            format!(
                "Er is niets gedaan: {} gaf op {} al de opdracht „{}” over bericht {message_id} („{}”). De gateway voert die \
                 nog uit.",
                order.by,
                when(order.at),
                action_word(Language::Nl, &order.action),
                order.reason
            ),
            format!(
                "Nothing was done: {} ordered “{}” about message {message_id} at {} already (“{}”). The gateway is yet to \
                 carry it out.",
                order.by,
                action_word(Language::En, &order.action),
                when(order.at),
                order.reason
            ),
        ),
        AboutHold::Ended(ended) => {
            let (how_nl, how_en) = match ended.how.as_str() {
                "withdrawn" => ("ingetrokken", "withdrawn"),
                _ => ("vrijgegeven", "released"),
            };
            (
                format!(
                    "Er is niets gedaan: bericht {message_id} is op {} al {how_nl} door {} („{}”).",
                    when(ended.at),
                    ended.by,
                    ended.reason
                ),
                format!(
                    "Nothing was done: message {message_id} was {how_en} at {} by {} already (“{}”).",
                    when(ended.at),
                    ended.by,
                    ended.reason
                ),
            )
        }
        AboutHold::Behind(ahead) => (
            format!(
                "Er is niets gedaan: bericht {ahead} gaat over dezelfde toewijzing, kwam eerder en wacht ook. Besluit eerst \
                 daarover."
            ),
            format!(
                "Nothing was done: message {ahead} is about the same allocation, came first and waits as well. Decide on that \
                 one first."
            ),
        ),
        AboutHold::Given(_) | AboutHold::Unknown => (String::new(), String::new()),
    };
    context.cannot(StatusCode::CONFLICT, nl, en)
}
