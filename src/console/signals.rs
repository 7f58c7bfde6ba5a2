//! `/signals`: what municipalities were told, the figures behind it, and when it ends.

use super::context::{Context, Refused};
use super::held::concern;
use super::layout::{self, Place};
use super::orders::{municipality, not_understood, provider};
use super::parts::{self, Entry, Field, Tone, words};
use super::search;
use super::words::Language;
use crate::access::Permission;
use crate::contract::check;
use crate::contract::ending::Ends;
use crate::decision::Verdict;
use crate::view::signals::{AllocationRef, Check, MessageRef, Query as Asked, Shown, Told};
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Html;
use axum::routing::get;
use maud::{Markup, html};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/signals", get(list)).route("/signals/{id}", get(one))
}

/// Colour and word of a severity.
pub(super) fn severity(language: Language, severity: &str) -> (Tone, &'static str) {
    match severity {
        "high" => (Tone::Bad, language.pick("hoog", "high")),
        "warning" => (Tone::Warn, language.pick("waarschuwing", "warning")),
        _ => (Tone::Plain, language.pick("ter informatie", "info")),
    }
}

async fn list(context: Context, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::ViewContracts)?;
    let filter = asked.filter().map_err(|_| not_understood(&context))?;
    let page = context.look(move |tx, _| tx.signal_page(&filter)).await?;
    let older = page.next.as_ref().map(|next| link(&Asked { after: next.clone(), ..asked.clone() }));
    let content = html! {
        (form(&context, &asked))
        @if page.items.is_empty() {
            (parts::empty(context.pick("Er zijn geen signalen die hieraan voldoen.", "No signal is like that.")))
        } @else {
            (table(&context, &page.items))
        }
        (parts::pager(context.language, None, older.as_deref()))
    };
    Ok(layout::page(&context, Place::Signals, Place::Signals.name(context.language), &content))
}

/// The address of a list. Its values were understood, so none of them says more than it seems to.
fn link(asked: &Asked) -> String {
    let all = [
        ("state", &asked.state),
        ("region", &asked.region),
        ("check", &asked.check),
        ("severity", &asked.severity),
        ("gemeente", &asked.gemeente),
        ("aanbieder", &asked.aanbieder),
        ("since", &asked.since),
        ("until", &asked.until),
        ("after", &asked.after),
    ];
    let set: Vec<(&str, &String)> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    search::link("/signals", &set)
}

fn form(context: &Context, asked: &Asked) -> Markup {
    let language = context.language;
    let any = ("", context.pick("alle", "all"));
    let contracts = context.site.registers.in_force().now();
    let all = contracts.registers();
    let regions: Vec<(&str, &str)> = std::iter::once(any)
        .chain(all.iter().map(|each| (each.region.id.as_str(), each.region.name.as_str())))
        .collect();
    let known = all.iter().flat_map(|each| &each.region.municipalities);
    let known = known.map(|(code, municipality)| (code.as_str(), municipality.name.as_str()));
    let municipalities: Vec<(&str, &str)> = std::iter::once(any).chain(known).collect();
    // What a message shows and what only time shows are two checks of one id.
    let mut checks: Vec<(&str, &str)> =
        std::iter::once(any).chain(check::all().iter().map(|check| (check.id, check.id))).collect();
    checks.dedup();
    let states =
        [("open", "open"), ("ended", context.pick("beëindigd", "ended")), ("all", context.pick("alle", "all"))];
    let words = ["high", "warning", "info"].map(|word| (word, severity(language, word).1));
    let severities: Vec<(&str, &str)> = std::iter::once(any).chain(words).collect();
    let state = if asked.state.is_empty() { "open" } else { asked.state.as_str() };
    let fields = [
        Field::new("state", context.pick("Stand", "State"), state, Entry::Choice(&states)),
        Field::new("region", context.pick("Regio", "Region"), &asked.region, Entry::Choice(&regions)),
        Field::new(
            "gemeente",
            context.pick("Gemeente", "Municipality"),
            &asked.gemeente,
            Entry::Choice(&municipalities),
        ),
        Field::new("check", "Check", &asked.check, Entry::Choice(&checks)),
        Field::new("severity", context.pick("Ernst", "Severity"), &asked.severity, Entry::Choice(&severities)),
        Field::new("aanbieder", context.pick("Aanbieder (AGB)", "Provider (AGB)"), &asked.aanbieder, Entry::Text(8)),
        Field::new("since", context.pick("Vanaf", "From"), &asked.since, Entry::Day),
        Field::new("until", context.pick("Tot en met", "Up to"), &asked.until, Entry::Day),
    ];
    parts::filter(language, "/signals", fields, asked.is_narrowed() || !matches!(asked.state.as_str(), "" | "open"))
}

fn table(context: &Context, all: &[Told]) -> Markup {
    let columns = [
        words("Check"),
        words(context.pick("Ernst", "Severity")),
        words(context.pick("Sinds", "Since")),
        words(context.pick("Gemeente", "Municipality")),
        words(context.pick("Aanbieder", "Provider")),
        words(context.pick("Wat", "What")),
        words(context.pick("Stand", "State")),
    ];
    let rows = all.iter().map(|told| {
        let (tone, word) = severity(context.language, &told.concern.severity);
        vec![
            html! { a href=(format!("/signals/{}", told.id)) { (told.concern.check) } },
            parts::badge(tone, word),
            parts::moment(context.language, told.opened_at),
            html! { (municipality(context, &told.gemeente)) },
            html! { (told.aanbieder.as_deref().map_or_else(|| "–".to_owned(), |code| provider(context, code))) },
            html! { (context.language.pick(&told.concern.nl, &told.concern.en)) },
            state(context, told),
        ]
    });
    let caption = context.pick("Signalen, het laatst geopende boven", "Signals, the one that opened last first");
    parts::table(caption, &columns, rows)
}

fn state(context: &Context, told: &Told) -> Markup {
    html! {
        @match told.ended_at {
            Some(at) => {
                (parts::badge(Tone::Plain, context.pick("beëindigd", "ended"))) " " (parts::moment(context.language, at))
            }
            None => (parts::badge(Tone::Info, "open")),
        }
        @if told.occurrence > 1 {
            " " small { (context.pick("keren geopend: ", "times opened: ")) (told.occurrence) }
        }
    }
}

async fn one(context: Context, Path(id): Path<String>) -> Result<Html<String>, Refused> {
    context.needs(Permission::ViewContracts)?;
    let contracts = context.site.registers.in_force().now();
    let shown = context.look(move |tx, _| tx.signal_one(&id, &contracts)).await?;
    let shown = shown.ok_or_else(|| context.missing())?;
    let language = context.language;
    let told = &shown.told;
    let title = format!("{} {}", told.concern.check, municipality(&context, &told.gemeente));
    let content = html! {
        (parts::breadcrumb(language, &[("/signals", Place::Signals.name(language))], &title))
        (parts::section("signal", context.pick("Signaal", "Signal"), &about(&context, &shown)))
        (parts::section("figures", context.pick("Wat er is vergeleken", "What was compared"), &concern(&context, &told.concern)))
        (parts::section("ends", context.pick("Beleid en einde", "Policy and end"), &policy(&context, &shown)))
        (parts::section("behind", context.pick("Wat erachter zit", "What stands behind it"), &behind(&context, &shown)))
    };
    Ok(layout::page(&context, Place::Signals, &title, &content))
}

fn about(context: &Context, shown: &Shown) -> Markup {
    let (language, told) = (context.language, &shown.told);
    let (tone, word) = severity(language, &told.concern.severity);
    let mut facts = vec![
        (context.pick("Stand", "State"), state(context, told)),
        (context.pick("Ernst", "Severity"), parts::badge(tone, word)),
        (context.pick("Regio", "Region"), html! { (told.region) }),
        (context.pick("Gemeente", "Municipality"), html! { (municipality(context, &told.gemeente)) }),
        (context.pick("Geopend", "Opened"), parts::moment(language, told.opened_at)),
        (context.pick("Laatst gezien", "Last seen"), parts::moment(language, told.seen_at)),
        (context.pick("Nummer", "Id"), html! { span.code { (told.id) } }),
    ];
    if let Some(code) = &told.aanbieder {
        facts.push((context.pick("Aanbieder", "Provider"), html! { (provider(context, code)) }));
    }
    html! {
        @if let Some(check) = &shown.check { p { (language.pick(&check.nl, &check.en)) } }
        (parts::facts(facts))
    }
}

fn policy(context: &Context, shown: &Shown) -> Markup {
    let told = &shown.told;
    html! {
        p {
            @match told.concern.outcome.as_str() {
                "hold" => (context.pick("Het bericht is hierom vastgehouden tot iemand besluit.", "The message was held for it until somebody decides.")),
                _ => (context.pick("De gemeente is hiervan op de hoogte gebracht; er is niets tegengehouden.", "The municipality was told; nothing was stopped.")),
            }
        }
        @if let Some(Check { policy, .. }) = &shown.check {
            p { (context.pick("Het beleid van de gemeente voor deze check is nu: ", "The policy of the municipality for this check is now: ")) (policy_word(context.language, policy)) "." }
        }
        p { (ends(context, shown)) }
        @if let Some(day) = shown.surveyed_on {
            p.soft { (context.pick("De regio is voor het laatst nagelopen op ", "The region was last looked over on ")) (parts::day(context.language, day)) "." }
        }
    }
}

fn policy_word(language: Language, policy: &str) -> &'static str {
    match policy {
        "observe" => language.pick("vastleggen, niemand vertellen", "record it, tell nobody"),
        "signal" => language.pick("melden aan de gemeente", "tell the municipality"),
        "hold" => language.pick("een uitgaande toewijzing vasthouden", "hold an outgoing allocation"),
        _ => language
            .pick("een verzoek afwijzen met de reden van de standaard", "reject a request with the standard's reason"),
    }
}

fn ends(context: &Context, shown: &Shown) -> &'static str {
    let language = context.language;
    match (shown.ends, shown.told.ended_because.as_deref()) {
        (Some(Ends::NotSeenAgain), _) => language.pick(
            "Het eindigt met de eerste dagelijkse ronde die het niet meer ziet.",
            "It ends with the first daily survey that does not see it again.",
        ),
        (Some(Ends::AllocationsOver), _) => language.pick(
            "Het eindigt als alle toewijzingen waar het over gaat voorbij of verwijderd zijn.",
            "It ends when all allocations that it is about are over or deleted.",
        ),
        (Some(Ends::BelowThreshold), _) => language.pick(
            "Het eindigt als het gebruik onder de drempel komt, of de afspraak voorbij is.",
            "It ends when consumption is below the threshold, or the agreement is over.",
        ),
        (Some(Ends::AgreementOver), _) => {
            language.pick("Het eindigt als de afspraak voorbij is.", "It ends when the agreement is over.")
        }
        (Some(Ends::AfterHold), _) => language.pick(
            "Het blijft open zolang het bericht op een besluit wacht.",
            "It stays open while the message waits for a decision.",
        ),
        (Some(Ends::Never), _) => language.pick(
            "Het gaat over niets dat voorbij kan gaan, en blijft open.",
            "It is about nothing that can be over, and stays open.",
        ),
        (None, Some("allocations_over")) => language.pick(
            "Beëindigd: alle toewijzingen waar het over ging zijn voorbij of verwijderd.",
            "Ended: all allocations that it was about are over or deleted.",
        ),
        (None, Some("agreement_over")) => {
            language.pick("Beëindigd: de afspraak is voorbij.", "Ended: the agreement is over.")
        }
        (None, Some("below_threshold")) => language.pick(
            "Beëindigd: het gebruik is weer onder de drempel.",
            "Ended: consumption is below the threshold again.",
        ),
        (None, _) => language
            .pick("Beëindigd: een dagelijkse ronde zag het niet meer.", "Ended: a daily survey did not see it again."),
    }
}

fn behind(context: &Context, shown: &Shown) -> Markup {
    html! {
        @if shown.allocations.is_empty() && shown.messages.is_empty() {
            (parts::empty(context.pick(
                "Het volgt uit veel berichten samen; er is geen enkel bericht aan te wijzen.",
                "It follows from many messages together; no single one can be pointed out.",
            )))
        }
        @if !shown.allocations.is_empty() { (allocations(context, &shown.allocations)) }
        @if !shown.messages.is_empty() { (messages(context, &shown.messages)) }
    }
}

fn allocations(context: &Context, all: &[AllocationRef]) -> Markup {
    let columns = [
        words(context.pick("Toewijzing", "Allocation")),
        words(context.pick("Wet", "Law")),
        words(context.pick("Aanbieder", "Provider")),
    ];
    let rows = all.iter().map(|each| {
        let link = format!("/allocations/{}/{}/{}/{}", each.law, each.gemeente, each.aanbieder, each.number);
        vec![
            html! { a href=(link) { (each.number) } },
            html! { (each.law) },
            html! { (provider(context, &each.aanbieder)) },
        ]
    });
    parts::table(context.pick("Toewijzingen", "Allocations"), &columns, rows)
}

fn messages(context: &Context, all: &[MessageRef]) -> Markup {
    let columns = [
        words(context.pick("Bericht", "Message")),
        words(context.pick("Ontvangen", "Received")),
        words(context.pick("Stand", "State")),
    ];
    let rows = all.iter().map(|each| {
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == each.verdict);
        vec![
            html! { a href=(format!("/messages/{}", each.id)) { (each.kind) " " (each.identification) } },
            parts::moment(context.language, each.received_at),
            verdict.map_or_else(|| html! { (each.verdict) }, |verdict| parts::verdict(context.language, verdict)),
        ]
    });
    parts::table(context.pick("Berichten", "Messages"), &columns, rows)
}
