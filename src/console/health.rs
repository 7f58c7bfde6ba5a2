//! `/health`: how the gateway itself stands.

use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::overview::{days_left, register_state, up};
use super::parts::{self, Tone};
use super::words::Language;
use crate::access::Permission;
use crate::clock::dutch_day;
use crate::delivery::without_bsn;
use crate::doctor::{self, Asked, Diagnosis, Severity};
use crate::sender::Reason;
use crate::view::health::{Around, Health};
use crate::view::overview as parts_of;
use crate::web::Site;
use axum::Router;
use axum::extract::Extension;
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Examinations that ask no other machine and read no whole ledger.
const EXAMINED: [&str; 6] = ["keys", "register", "certificates", "disk", "directories", "limits"];
/// How long what was examined counts, in seconds.
const FRESH: i64 = 60;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/health", get(page)).layer(Extension(Arc::new(Examined::default())))
}

/// What was examined last, and when. Whoever asks while it is examined waits for that.
#[derive(Default)]
struct Examined(Mutex<Option<(Timestamp, Arc<Diagnosis>)>>);

impl Examined {
    async fn now(&self, site: &Site) -> Arc<Diagnosis> {
        let now = site.clock.now();
        let mut known = self.0.lock().await;
        let is_fresh = |at: Timestamp| now.duration_since(at).abs().as_secs() < FRESH;
        if let Some((_, diagnosis)) = known.as_ref().filter(|(at, _)| is_fresh(*at)) {
            return Arc::clone(diagnosis);
        }
        let asked = Asked { only: EXAMINED.map(str::to_owned).into(), online: false };
        let diagnosis = Arc::new(doctor::examine_all(&site.config, now, &asked).await);
        *known = Some((now, Arc::clone(&diagnosis)));
        diagnosis
    }
}

async fn page(context: Context, Extension(examined): Extension<Arc<Examined>>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let site = &context.site;
    let regions = site.registers.in_force().now();
    let regions: Vec<String> = regions.registers().iter().map(|register| register.region.id.clone()).collect();
    let read = context
        .look(move |tx, now| Ok((now, tx.health_figures(now, regions)?, tx.breakers()?, tx.count_waiting(now)?)));
    let (now, figures, breakers, waiting) = read.await?;
    let around = Around {
        components: parts_of::components(&site.telemetry),
        registers: parts_of::registers(&site.registers, dutch_day(now)),
        breakers: parts_of::breakers(&breakers),
        waiting: waiting.into(),
        grouping: site.ledger.grouping(),
        bytes_on_disk: site.config.ledger.location.file().and_then(bytes),
    };
    let health = Health::of(figures, around, now);
    // Paths of this machine stand in what is examined: for those who keep it.
    let may_examine = context.actor.may(Permission::Administer) || context.actor.may(Permission::Replay);
    let diagnosis = if may_examine { Some(examined.now(site).await) } else { None };
    let content = html! {
        div.columns { (components(&context, &health)) (ledger(&context, &health)) }
        @if !health.breakers.is_empty() { (destinations(&context, &health)) }
        (registers(&context, &health))
        @if !health.members.is_empty() { (members(&context, &health)) }
        (refusals(&context, &health))
        @if let Some(diagnosis) = &diagnosis { (examination(&context, diagnosis)) }
    };
    Ok(layout::page(&context, Place::Health, Place::Health.name(context.language), &content))
}

fn bytes(file: &Path) -> Option<u64> {
    let log = format!("{}-wal", file.display());
    let size = |path: &Path| std::fs::metadata(path).ok().map(|file| file.len());
    Some(size(file)? + size(Path::new(&log)).unwrap_or(0))
}

/// Bytes as people say them.
fn size(language: Language, bytes: u64) -> String {
    let units = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")];
    let (unit, name) = units.into_iter().find(|(unit, _)| bytes >= *unit).unwrap_or((1, "B"));
    if unit == 1 {
        return format!("{bytes}\u{a0}B");
    }
    let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
    format!("{}{}{tenth}\u{a0}{name}", parts::count(language, whole), language.pick(",", "."))
}

fn components(context: &Context, health: &Health) -> Markup {
    let language = context.language;
    let rows = health.components.iter().map(|component| {
        let reason = component.reason.as_deref().map(without_bsn).unwrap_or_default();
        vec![html! { (component.name) }, up(language, component.up), html! { (reason) }]
    });
    let columns = [
        parts::words(context.pick("Onderdeel", "Part")),
        parts::words(context.pick("Stand", "State")),
        parts::words(context.pick("Waarom", "Why")),
    ];
    let content = if health.components.is_empty() {
        parts::empty(context.pick("Er is nog niets gestart.", "Nothing was started yet."))
    } else {
        parts::table(context.pick("Onderdelen die moeten werken", "Parts that must work"), &columns, rows)
    };
    parts::section("components", context.pick("Onderdelen", "Parts"), &content)
}

fn ledger(context: &Context, health: &Health) -> Markup {
    let language = context.language;
    let ledger = &health.ledger;
    let tenths = (ledger.jobs * 10).checked_div(ledger.commits).unwrap_or(0);
    let group = format!("{}{}{}", tenths / 10, language.pick(",", "."), tenths % 10);
    let key = |key: &Option<String>| html! { (key.as_deref().unwrap_or("–")) };
    let facts = parts::facts([
        (context.pick("Database", "Database"), html! { (ledger.database) }),
        (
            context.pick("Omvang", "Size"),
            html! { @match ledger.bytes { Some(bytes) => (size(language, bytes)), None => (context.pick("in het geheugen", "in memory")) } },
        ),
        (context.pick("Schema", "Schema"), html! { (context.pick("stap ", "step ")) (ledger.schema) }),
        (
            context.pick("Opdrachten sinds de start", "Jobs since the start"),
            html! { (parts::count(language, ledger.jobs)) },
        ),
        (
            context.pick("Vastgelegd in", "Committed in"),
            html! { (parts::count(language, ledger.commits)) (context.pick(" groepen, gemiddeld ", " groups of ")) (group) },
        ),
        (context.pick("Sleutel van berichten", "Key of messages"), key(&ledger.body_key)),
        (context.pick("Sleutel van personen", "Key of persons"), key(&ledger.person_key)),
        (
            context.pick("Wachtkamer", "Waiting room"),
            html! {
                (parts::count(language, health.waiting.count))
                @if let Some(oldest) = health.waiting.oldest_seconds {
                    (context.pick(", oudste ", ", oldest "))
                    (parts::duration(language, oldest))
                }
            },
        ),
        (context.pick("Programma", "Program"), html! { "Sluis " (health.version) }),
    ]);
    let content = html! {
        (facts)
        @if ledger.is_resealing {
            p { (parts::badge(Tone::Info, context.pick("berichten worden met een nieuwe sleutel verzegeld", "messages are being sealed with a new key"))) }
        }
    };
    parts::section("ledger", context.pick("Grootboek", "Ledger"), &content)
}

fn destinations(context: &Context, health: &Health) -> Markup {
    let language = context.language;
    let rows = health.breakers.iter().map(|line| {
        vec![
            html! { (line.destination) },
            parts::badge(Tone::Bad, context.pick("neemt niets aan", "takes nothing")),
            parts::moment(language, line.since),
            parts::moment(language, line.next_try),
            html! { (line.reason.as_deref().unwrap_or_default()) },
        ]
    });
    let columns = [
        parts::words(context.pick("Bestemming", "Destination")),
        parts::words(context.pick("Stand", "State")),
        parts::words(context.pick("Sinds", "Since")),
        parts::words(context.pick("Volgende poging", "Next try")),
        parts::words(context.pick("Waarom", "Why")),
    ];
    let caption = context.pick("Bestemmingen die met rust worden gelaten", "Destinations that are left alone");
    parts::section("destinations", context.pick("Bestemmingen", "Destinations"), &parts::table(caption, &columns, rows))
}

fn registers(context: &Context, health: &Health) -> Markup {
    let language = context.language;
    let rows = health.registers.iter().map(|register| {
        let surveyed = health.surveys.get(&register.region).copied().flatten();
        vec![
            html! { (register.region) },
            register_state(language, register),
            html! { @if let Some(version) = &register.version { code { (layout::shortened(version)) } } },
            html! { @if let Some(days) = register.days_left { (days_left(language, days)) } @else { "–" } },
            html! { (register.refused_faults.unwrap_or(0)) },
            html! { @if let Some(at) = surveyed { (parts::moment(language, at)) } @else { (context.pick("nog niet", "not yet")) } },
        ]
    });
    let columns = [
        parts::words(context.pick("Regio", "Region")),
        parts::words(context.pick("Stand", "State")),
        parts::words(context.pick("Versie", "Version")),
        parts::words(context.pick("Looptijd", "Time left")),
        parts::figures(context.pick("Fouten in het nieuwe", "Faults of the new one")),
        parts::words(context.pick("Laatst nagelopen", "Last surveyed")),
    ];
    let content = if health.registers.is_empty() {
        parts::empty(context.pick(
            "Er is geen contractregister: berichten worden alleen naar de standaard beoordeeld.",
            "There is no contract register: messages are judged by the standard only.",
        ))
    } else {
        parts::table(context.pick("Contractregisters per regio", "Contract registers by region"), &columns, rows)
    };
    parts::section("registers", context.pick("Contractregisters", "Contract registers"), &content)
}

fn members(context: &Context, health: &Health) -> Markup {
    let language = context.language;
    let rows = health.members.iter().map(|member| {
        let state = if member.is_alive {
            parts::badge(Tone::Good, context.pick("werkt", "works"))
        } else {
            parts::badge(Tone::Bad, context.pick("stil", "silent"))
        };
        vec![
            html! { (member.host) " · " (member.name) },
            state,
            html! { (member.version) },
            parts::moment(language, member.started_at),
            parts::moment(language, member.seen_at),
            html! { (parts::count(language, member.receivers)) },
            html! { (member.tasks.join(", ")) },
        ]
    });
    let columns = [
        parts::words(context.pick("Gateway", "Gateway")),
        parts::words(context.pick("Stand", "State")),
        parts::words(context.pick("Versie", "Version")),
        parts::words(context.pick("Gestart", "Started")),
        parts::words(context.pick("Laatst gehoord", "Last heard of")),
        parts::figures(context.pick("Ontvangers", "Receivers")),
        parts::words(context.pick("Taken", "Tasks")),
    ];
    let caption = context.pick("Gateways die dit grootboek delen", "Gateways that share this ledger");
    let content = html! {
        @if !health.differences.is_empty() {
            (parts::notice(Tone::Warn, &html! { ul lang="en" { @for difference in &health.differences { li { (difference) } } } }))
        }
        (parts::table(caption, &columns, rows))
    };
    parts::section("members", "Gateways", &content)
}

fn refusals(context: &Context, health: &Health) -> Markup {
    let language = context.language;
    let why = |word: &str| match Reason::ALL.into_iter().find(|reason| reason.as_str() == word) {
        Some(Reason::NoIdentity) => context.pick("niemand staat in voor de afzender", "nobody vouches for the sender"),
        Some(Reason::UnknownIdentity) => {
            context.pick("de aanleverende partij is hier onbekend", "whoever brought it is not known here")
        }
        Some(Reason::OtherParty) => context.pick("mag niet voor deze partij versturen", "may not send for this party"),
        None => "",
    };
    let rows = health.refusals.iter().map(|line| {
        vec![
            html! { (line.refusal) },
            parts::moment(language, line.at),
            html! { (line.transport) },
            html! { @if let Some(sender) = &line.sender { (sender) } @else { (context.pick("onbekend", "unknown")) } },
            html! { (line.claimed.as_deref().map(without_bsn).unwrap_or_default()) },
            html! { (line.kind.as_deref().unwrap_or_default()) },
            html! { (why(line.reason)) },
            html! { (line.repeats) },
        ]
    });
    let columns = [
        parts::figures(context.pick("Nr.", "No.")),
        parts::words(context.pick("Wanneer", "When")),
        parts::words(context.pick("Langs", "By way of")),
        parts::words(context.pick("Aangeleverd door", "Brought by")),
        parts::words(context.pick("In naam van", "In the name of")),
        parts::words(context.pick("Soort", "Kind")),
        parts::words(context.pick("Waarom", "Why")),
        parts::figures(context.pick("Herhaald", "Repeated")),
    ];
    let content = if health.refusals.is_empty() {
        parts::empty(context.pick("Deze week is niemand geweigerd.", "Nobody was refused this week."))
    } else {
        parts::table(
            context.pick("De laatste weigeringen van deze week", "The last refusals of this week"),
            &columns,
            rows,
        )
    };
    parts::section("refusals", context.pick("Geweigerde afzenders", "Refused senders"), &content)
}

/// What `sluis doctor` says, in its own words, which are English.
fn examination(context: &Context, diagnosis: &Diagnosis) -> Markup {
    let language = context.language;
    let badge = |severity: Severity| match severity {
        Severity::Note => parts::badge(Tone::Info, context.pick("ter informatie", "note")),
        Severity::Warning => parts::badge(Tone::Warn, context.pick("waarschuwing", "warning")),
        Severity::Fault => parts::badge(Tone::Bad, context.pick("fout", "fault")),
    };
    let found: BTreeSet<&str> = diagnosis.findings.iter().map(|finding| finding.check).collect();
    let at = diagnosis.at.parse::<Timestamp>().ok();
    let content = html! {
        p.soft {
            (context.pick(
                "Onderzocht zonder andere machines te bevragen. Alles, ook het hele grootboek: ",
                "Examined without asking other machines. All of it, also the whole ledger: ",
            ))
            code { "sluis doctor" } ". "
            @if let Some(at) = at { (context.pick("Stand van ", "As of ")) (parts::moment(language, at)) "." }
            @if language == Language::Nl { " Wat het zegt is in het Engels, zoals daar." }
        }
        @if diagnosis.findings.is_empty() {
            (parts::notice(Tone::Good, &html! { (context.pick("Er is niets gevonden.", "Nothing was found.")) }))
        } @else {
            ul.findings lang="en" {
                @for finding in &diagnosis.findings {
                    li {
                        (badge(finding.severity)) " " strong { (finding.what) } ": " (finding.advice) "."
                        @if !finding.cases.is_empty() { ul { @for case in finding.cases.iter().take(5) { li { (case) } } } }
                    }
                }
            }
        }
        (parts::table(
            context.pick("Wat is onderzocht", "What was examined"),
            &[parts::words(context.pick("Onderzoek", "Examination")), parts::words(context.pick("Uitkomst", "Outcome"))],
            diagnosis.examined.iter().map(|examined| vec![
                html! { (language.pick(examined.titel, examined.title)) },
                html! {
                    @if let Some(why) = &examined.not_examined { span.soft lang="en" { (why) } }
                    @else if !examined.facts.is_empty() { span lang="en" { (examined.facts.join("; ")) } }
                    @else if found.contains(examined.id) { (context.pick("zie hierboven", "see above")) }
                    @else { (context.pick("in orde", "all right")) }
                },
            ]),
        ))
    };
    parts::section("examination", context.pick("Onderzoek", "Examination"), &content)
}

#[cfg(test)]
mod tests {
    use super::size;
    use crate::access::Role;
    use crate::console::Language;
    use crate::web::testing::{see, site};
    use axum::http::StatusCode;

    #[tokio::test]
    async fn everybody_sees_the_parts_and_only_keepers_what_is_on_the_machine() {
        let site = site();
        site.telemetry.component("amqp").down("connection refused");
        let (status, body) = see(&site, &[Role::Viewer], "/health").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("amqp") && body.contains("connection refused"), "{body}");
        assert!(body.contains("Niemand") || body.contains("niemand geweigerd"), "{body}");
        assert!(!body.contains("Onderzoek"), "{body}");
        let (_, body) = see(&site, &[Role::Operator], "/health").await;
        assert!(body.contains("Onderzoek") && body.contains("sleutelbestand"), "{body}");
        assert!(!body.contains("wat erin staat"), "the whole ledger is not read for a page: {body}");
        assert_eq!(see(&site, &[], "/health").await.0, StatusCode::FORBIDDEN);
    }

    #[test]
    fn sizes_are_said_in_the_largest_unit() {
        let said = |bytes| size(Language::Nl, bytes);
        assert_eq!(
            (said(0), said(1023), said(1024)),
            ("0\u{a0}B".to_owned(), "1023\u{a0}B".to_owned(), "1,0\u{a0}kB".to_owned())
        );
        assert_eq!((said(1_572_864), said(5 << 40)), ("1,5\u{a0}MB".to_owned(), "5.120,0\u{a0}GB".to_owned()));
    }
}
