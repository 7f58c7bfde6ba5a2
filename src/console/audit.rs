//! `/audit`: what was decided and done, by whom, when and why.

use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Tone};
use super::search::link;
use super::words::Language;
use crate::access::Permission;
use crate::clock::start_of_dutch_day;
use crate::ledger::{ChainWalk, LastRecount, LedgerError, TrailEnd};
use crate::message::Date;
use crate::view::audit::{self as view, DECIDED, Row, Search};
use crate::web::Site;
use axum::Router;
use axum::extract::{Extension, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest name that is looked for.
const LONGEST: usize = 100;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/audit", get(page))
        .route("/audit/verify", post(verify))
        .layer(Extension(Arc::new(Recounting::default())))
}

/// What happened, by the word in the address.
const DONE: [(&str, &str, &str); 2] = [
    (
        "verify",
        "De keten wordt nagerekend. Ververs de pagina om te zien hoe ver het is.",
        "The chain is being recounted. Reload the page to see how far it is.",
    ),
    (
        "busy",
        "De keten werd al nagerekend; er is geen tweede keer begonnen.",
        "The chain was being recounted already; it was not begun twice.",
    ),
];

/// The recount of this gateway: one at a time, beside everything else.
#[derive(Default)]
struct Recounting(Mutex<Recount>);

/// What is known of it; what came of it stands in the trail.
#[derive(Clone, Copy, Default)]
enum Recount {
    #[default]
    Rests,
    /// Up to this row.
    Runs(i64),
    /// The ledger could not be asked any more.
    BrokeOff(Timestamp),
}

impl Recounting {
    fn state(&self) -> Recount {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: Recount) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Begins, unless it runs.
    fn begins(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = !matches!(*state, Recount::Runs(_));
        if begins {
            *state = Recount::Runs(0);
        }
        begins
    }
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    by: String,
    event: String,
    since: String,
    until: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    after: String,
    /// What was done just now.
    #[serde(skip_serializing)]
    done: Option<String>,
}

/// What is wrong with what was asked, by field.
#[derive(Default)]
struct Faults {
    by: Option<&'static str>,
    since: Option<&'static str>,
    until: Option<&'static str>,
}

impl Asked {
    /// What is looked for, or what is wrong with it.
    fn search(&self, language: Language) -> Result<Search, Faults> {
        let mut faults = Faults::default();
        let no_date = language.pick("Dit is geen datum.", "This is no date.");
        let day = |text: &str, after: i64| -> Result<Option<_>, ()> {
            if text.is_empty() {
                return Ok(None);
            }
            let day: Date = text.parse().map_err(drop)?;
            let day = day.checked_add(jiff::Span::new().days(after)).map_err(drop)?;
            start_of_dutch_day(day).map(Some).ok_or(())
        };
        let since = day(&self.since, 0).unwrap_or_else(|()| {
            faults.since = Some(no_date);
            None
        });
        // The last day counts as a whole.
        let until = day(&self.until, 1).unwrap_or_else(|()| {
            faults.until = Some(no_date);
            None
        });
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            faults.until = Some(language.pick("Deze dag ligt voor de eerste.", "This day lies before the first."));
        }
        if self.by.chars().count() > LONGEST {
            faults.by = Some(language.pick("Zo'n lange naam heeft niemand.", "Nobody has a name of that length."));
        }
        if faults.by.is_some() || faults.since.is_some() || faults.until.is_some() {
            return Err(faults);
        }
        let word = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let after = view::Place::parse(&self.after);
        Ok(Search { by: word(&self.by), event: word(&self.event), since, until, after })
    }

    fn address(&self, after: &str) -> String {
        link("/audit", &Asked { after: after.to_owned(), ..self.clone() })
    }
}

#[derive(Deserialize)]
struct Nothing {}

/// Has the chain recounted: in the background, on the connection for what takes long, a portion at a time, so that neither
/// pages nor the gateway are held up.
async fn verify(
    Extension(recounting): Extension<Arc<Recounting>>,
    Posted { context, fields: Nothing {} }: Posted<Nothing>,
) -> Result<Redirect, Refused> {
    context.needs(Permission::Audit)?;
    if !recounting.begins() {
        return Ok(Redirect::to("/audit?done=busy"));
    }
    let (site, by) = (Arc::clone(&context.site), context.actor.name.clone());
    tokio::spawn(async move {
        let state = match recount(&site, &recounting, by).await {
            Ok(()) => Recount::Rests,
            Err(error) => {
                tracing::warn!(%error, "the chain of the audit trail could not be recounted");
                Recount::BrokeOff(site.clock.now())
            }
        };
        recounting.set(state);
    });
    Ok(Redirect::to("/audit?done=verify"))
}

async fn recount(site: &Site, recounting: &Recounting, by: String) -> Result<(), LedgerError> {
    let mut walk = site.look(|tx, _| Ok(ChainWalk::new(tx.last_recount()?.as_ref()))).await?;
    while !walk.is_done() {
        walk = site.slow.run(move |tx| tx.walk_chain(walk)).await?;
        recounting.set(Recount::Runs(walk.row()));
    }
    let found = walk.found();
    if found.faults > 0 {
        tracing::error!(
            faults = found.faults,
            first_row = found.first_fault,
            "the chain of the audit trail does not hold: see `sluis ledger verify`"
        );
    }
    site.order(move |tx, now| tx.keep_recount(now, &by, &found)).await
}

async fn page(
    context: Context,
    Extension(recounting): Extension<Arc<Recounting>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    context.needs(Permission::Audit)?;
    let language = context.language;
    let (search, faults) = match asked.search(language) {
        Ok(search) => (Some(search), Faults::default()),
        Err(faults) => (None, faults),
    };
    let read = context.look(move |tx, _| {
        let found = search.map(|search| tx.audit_page(&search)).transpose()?;
        Ok((found, tx.audit_events()?, tx.trail_end()?, tx.last_recount()?))
    });
    let (found, events, end, last) = read.await?;
    let content = html! {
        (parts::done(language, asked.done.as_deref(), &DONE))
        (filter(&context, &asked, &faults, &events))
        section aria-label=(Place::Audit.name(language)) {
            @match &found {
                None => (parts::empty(context.pick("Verbeter het filter om regels te zien.", "Mend the filter to see rows."))),
                Some(found) if found.items.is_empty() => (parts::empty(context.pick("Niets gevonden.", "Nothing was found."))),
                Some(found) => {
                    (table(&context, &found.items))
                    (pager(language, &asked, found.next.as_deref()))
                }
            }
        }
        @if let Some(end) = end { (chain(&context, &end, last.as_ref(), recounting.state())) }
    };
    let page = layout::page(&context, Place::Audit, Place::Audit.name(language), &content);
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok((status, page).into_response())
}

/// The end of the chain, and whether it holds.
fn chain(context: &Context, end: &TrailEnd, last: Option<&LastRecount>, recount: Recount) -> Markup {
    let language = context.language;
    let state = match recount {
        Recount::Rests => html! {},
        Recount::Runs(row) => parts::notice(
            Tone::Info,
            &html! {
                (context.pick("De keten wordt nagerekend: regel ", "The chain is being recounted: row "))
                (parts::number(language, row)) (context.pick(" van ", " of ")) (parts::number(language, end.number)) ". "
                a href="/audit" { (context.pick("Ververs", "Reload")) }
            },
        ),
        Recount::BrokeOff(at) => parts::notice(
            Tone::Warn,
            &html! {
                (context.pick("Het narekenen brak af: ", "The recount broke off: ")) (parts::moment(language, at)) ". "
                (context.pick("Probeer het opnieuw; het logboek van de gateway zegt waarom.", "Try again; the log of the gateway says why."))
            },
        ),
    };
    let recounted = match last {
        None => html! { (context.pick("nog nooit vanaf deze pagina", "never from this page")) },
        Some(LastRecount { at, by, .. }) => html! {
            (parts::moment(language, *at)) " " (context.pick("door", "by")) " " (by)
        },
    };
    let outcome = last.map(|LastRecount { found, .. }| {
        let rows = parts::number(language, i64::try_from(found.rows).unwrap_or(i64::MAX));
        match found.first_fault {
            None => html! {
                (parts::badge(Tone::Good, context.pick("klopt", "sound"))) " "
                (rows) " " (context.pick("regels, van de eerste tot de laatste van toen", "rows, from the first to what was then the last"))
            },
            Some(row) => html! {
                (parts::badge(Tone::Bad, context.pick("klopt niet", "not sound"))) " "
                (context.pick("plaatsen waar de keten niet klopt: ", "places where the chain does not hold: ")) (found.faults)
                (context.pick("; de eerste bij regel ", "; the first at row ")) (row) ". "
                (context.pick("Alle plaatsen staan in de uitvoer van ", "All of them are named by ")) code { "sluis ledger verify" }
            },
        }
    });
    let facts = [
        Some((context.pick("Laatste regel", "Last row"), html! { (parts::number(language, end.number)) })),
        Some((context.pick("Geschreven", "Written"), parts::moment(language, end.at))),
        Some((context.pick("Kenmerk", "Hash"), html! { code.hash { (hex::encode(end.hash)) } })),
        Some((context.pick("Nagerekend", "Recounted"), recounted)),
        outcome.map(|outcome| (context.pick("Uitkomst", "Outcome"), outcome)),
    ];
    let content = html! {
        p {
            (context.pick(
                "Elke regel draagt een kenmerk dat ook alles ervoor dekt: een regel die verandert of verdwijnt valt op. Noteer af en toe het laatste kenmerk ergens anders.",
                "Each row bears a hash that covers all before it as well: one that is changed or dropped shows. Note the last hash elsewhere from time to time.",
            ))
        }
        (state)
        (parts::facts(facts.into_iter().flatten()))
        @if !matches!(recount, Recount::Runs(_)) {
            (context.form("/audit/verify", &html! {
                div.buttons { button type="submit" { (context.pick("Reken de keten na", "Recount the chain")) } }
            }))
        }
        p.hint {
            (context.pick("Het hele grootboek, met berichten, bodies en bedragen, rekent ", "The whole ledger, with messages, bodies and amounts, is examined by "))
            code { "sluis ledger verify" } (context.pick(" na.", "."))
        }
    };
    parts::section("chain", context.pick("De keten", "The chain"), &content)
}

fn pager(language: Language, asked: &Asked, next: Option<&str>) -> Markup {
    let newer = (!asked.after.is_empty()).then(|| asked.address(""));
    let older = next.map(|next| asked.address(next));
    parts::pager(language, newer.as_deref(), older.as_deref())
}

fn filter(context: &Context, asked: &Asked, faults: &Faults, events: &[String]) -> Markup {
    let first = context.pick("alles behalve eerste besluiten", "all but first decisions");
    let decided = context.pick("eerste besluiten over berichten", "first decisions on messages");
    let mut choices = vec![("", first), (DECIDED, decided)];
    choices.extend(events.iter().map(|event| (event.as_str(), words(context.language, event))));
    let fields = [
        Field::new("by", context.pick("Wie", "Who"), &asked.by, Entry::Text(LONGEST)).fault(faults.by),
        Field::new("event", context.pick("Wat", "What"), &asked.event, Entry::Choice(&choices)),
        Field::new("since", context.pick("Vanaf", "From"), &asked.since, Entry::Day).fault(faults.since),
        Field::new("until", context.pick("Tot en met", "Up to"), &asked.until, Entry::Day).fault(faults.until),
    ];
    let any_set = [&asked.by, &asked.event, &asked.since, &asked.until].into_iter().any(|word| !word.is_empty());
    parts::filter(context.language, Place::Audit.path(), fields, any_set)
}

fn table(context: &Context, rows: &[Row]) -> Markup {
    let language = context.language;
    let columns = [
        parts::figures(context.pick("Nr.", "No.")),
        parts::words(context.pick("Wanneer", "When")),
        parts::words(context.pick("Wie", "Who")),
        parts::words(context.pick("Wat", "What")),
        parts::words(context.pick("Waarover", "About")),
        parts::words(context.pick("Reden", "Reason")),
    ];
    let row = |row: &Row| {
        vec![
            html! { (row.id) },
            parts::moment(language, row.at),
            html! { @if let Some(by) = &row.by { (by) } @else { span.soft { (context.pick("de gateway", "the gateway")) } } },
            html! { (words(language, &row.event)) },
            html! {
                @if let Some(id) = row.message_id {
                    a href=(format!("/messages/{id}")) { (context.pick("bericht ", "message ")) (id) }
                    @if let Some(verdict) = &row.verdict { " " (parts::badge(Tone::Plain, verdict)) }
                }
                @if let Some(subject) = &row.subject { @if row.message_id.is_some() { "; " } (subject) }
            },
            html! { (row.reason.as_deref().unwrap_or_default()) },
        ]
    };
    let caption = context.pick("De nieuwste eerst", "The newest first");
    parts::table(caption, &columns, rows.iter().map(row))
}

/// What happened, for people; in Dutch the words of the trail where there are no others.
fn words(language: Language, event: &str) -> &str {
    let nl = match event {
        "decided" => "besloten",
        "decided again" => "opnieuw besloten",
        "surveyed" => "regio nagelopen",
        "refused" => "afzender geweigerd",
        "signed in" => "aangemeld",
        "signed out" => "afgemeld",
        "sign-in failed" => "aanmelden mislukt",
        "account added" => "account toegevoegd",
        "account disabled" => "account geblokkeerd",
        "account enabled" => "account vrijgegeven",
        "account locked" => "account tijdelijk op slot",
        "roles changed" => "rollen gewijzigd",
        "token added" => "token toegevoegd",
        "token revoked" => "token ingetrokken",
        "sent again" => "opnieuw verstuurd",
        "selection frozen" => "selectie vastgelegd",
        "replay ordered" => "herhaling opgedragen",
        "replay done" => "herhaling uitgevoerd",
        "person looked up" => "persoon opgezocht",
        "body shown" => "document onafgedekt getoond",
        "judged to tell" => "beoordeeld, zonder gevolg",
        "chain verified" => "keten nagerekend",
        "password changed" => "wachtwoord gewijzigd",
        "password reset" => "wachtwoord gezet",
        "bodies sealed anew" => "berichten opnieuw verzegeld",
        "persons carried over" => "personen overgezet",
        "bodies exported" => "berichten uitgevoerd",
        "key in force" => "sleutel in gebruik genomen",
        "key retired" => "sleutel afgevoerd",
        "households replaced" => "huishoudens vervangen",
        "retention ordered" => "bewaartermijn toegepast",
        other => return other,
    };
    language.pick(nl, event)
}

#[cfg(test)]
mod tests {
    use crate::access::Role;
    use crate::access::testing::Browser;
    use crate::ledger::Recounted;
    use crate::web::testing::{see, site};
    use axum::http::StatusCode;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn only_who_may_read_the_trail_does() {
        let site = site();
        assert_eq!(see(&site, &[Role::Operator, Role::ContractManager], "/audit").await.0, StatusCode::FORBIDDEN);
        let (status, body) = see(&site, &[Role::PrivacyOfficer], "/audit").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("Niets gevonden"), "{body}");
    }

    #[tokio::test]
    async fn what_people_did_is_found_by_who_what_and_when_a_page_at_a_time() {
        let site = site();
        let noted = site.order(|tx, now| {
            for at in 0..120 {
                let by = if at % 2 == 0 { "j.devries" } else { "a.smit" };
                let at = now.saturating_add(SignedDuration::from_secs(at)).unwrap_or(now);
                tx.note_action(at, by, "signed in", "session <1>", Some("it was time"))?;
            }
            Ok(())
        });
        noted.await.expect("it is noted");
        let rows = |body: &str| body.matches("session &lt;1&gt;").count();
        let see = async |path: &str| see(&site, &[Role::Administrator], path).await;
        let (_, first) = see("/audit").await;
        assert_eq!(rows(&first), 50, "{first}");
        let next =
            first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("there is more");
        let (_, second) = see(&next.replace("&amp;", "&")).await;
        assert_eq!(rows(&second), 50);
        assert!(
            second.contains(">70</th>") && !second.contains(">71</th>"),
            "it goes on behind the last row: {second}"
        );
        let (_, smit) = see("/audit?by=a.smit").await;
        assert!(rows(&smit) == 50 && !smit.contains("<td>j.devries</td>"), "{smit}");
        assert_eq!(rows(&see("/audit?event=signed+out").await.1), 0);
        assert_eq!(rows(&see("/audit?event=decided").await.1), 0);
        assert_eq!(rows(&see("/audit?since=2026-03-10&until=2026-03-10").await.1), 50);
        assert_eq!(rows(&see("/audit?since=2026-03-11").await.1), 0);
    }

    #[tokio::test]
    async fn the_chain_is_recounted_beside_everything_else_and_what_came_of_it_is_kept() {
        let mut officer = Browser::new("");
        officer.account("p.privacy", &[Role::PrivacyOfficer]).await;
        officer.account("o.perator", &[Role::Operator]).await;
        officer.sign_in("p.privacy").await.goes_to();
        let page = officer.get("/audit").await.body;
        assert!(page.contains("nog nooit vanaf deze pagina") && page.contains("Reken de keten na"), "{page}");
        assert_eq!(officer.post("/audit/verify", "").await.status, StatusCode::FORBIDDEN, "a form of nowhere");
        let mut operator = officer.another();
        operator.sign_in("o.perator").await.goes_to();
        assert_eq!(operator.send("/audit/verify", "").await.status, StatusCode::FORBIDDEN, "the role is too low");

        assert_eq!(officer.send("/audit/verify", "").await.goes_to(), "/audit?done=verify");
        let mut page = String::new();
        while !page.contains(">klopt<") {
            tokio::task::yield_now().await;
            page = officer.get("/audit?done=verify").await.body;
        }
        // Two accounts and two sign-ins.
        assert!(page.contains("door p.privacy") && page.contains("4 regels, van de eerste"), "{page}");
        assert!(page.contains("keten nagerekend") && page.contains("4 rows, sound"), "it is in the trail: {page}");

        let found = Recounted { rows: 9, head: None, faults: 2, first_fault: Some(7) };
        let noted = officer.site.order(move |tx, now| tx.keep_recount(now, "a.beheer", &found)).await;
        noted.expect("it is kept");
        let page = officer.get("/audit").await.body;
        assert!(page.contains(">klopt niet<") && page.contains("de eerste bij regel 7"), "{page}");
        assert!(!page.contains(">klopt<") && page.contains("door a.beheer"), "{page}");
    }

    #[tokio::test]
    async fn a_ledger_that_is_away_breaks_the_recount_off_and_says_so() {
        let site = site();
        let recounting = super::Recounting::default();
        assert!(recounting.begins() && !recounting.begins(), "one at a time");
        let ledger = site.ledger.clone();
        tokio::task::spawn_blocking(move || ledger.close()).await.expect("no panic").expect("it closes");
        assert!(super::recount(&site, &recounting, "a".to_owned()).await.is_err());
        recounting.set(super::Recount::BrokeOff(site.clock.now()));
        assert!(recounting.begins(), "and may be begun again");
    }

    #[tokio::test]
    async fn a_filter_with_faults_says_so_under_its_fields() {
        let site = site();
        for (path, sentence) in [
            ("/audit?since=yesterday", "Dit is geen datum."),
            ("/audit?until=2026-02-30", "Dit is geen datum."),
            ("/audit?until=9999-12-31", "Dit is geen datum."),
            ("/audit?since=2026-03-10&until=2026-03-09", "Deze dag ligt voor de eerste."),
        ] {
            let (status, body) = see(&site, &[Role::Administrator], path).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
            assert!(body.contains(sentence), "{path}: {body}");
        }
        let (status, _) = see(&site, &[Role::Administrator], "/audit?after=nonsense").await;
        assert_eq!(status, StatusCode::OK, "a place that is none begins at the newest");
    }
}
