//! `/audit`: what was decided and done, by whom, when and why.

use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Tone};
use super::search::link;
use super::words::Language;
use crate::access::Permission;
use crate::clock::start_of_dutch_day;
use crate::message::Date;
use crate::view::audit::{self as view, DECIDED, Row, Search};
use crate::web::Site;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest name that is looked for.
const LONGEST: usize = 100;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/audit", get(page))
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

async fn page(context: Context, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    context.needs(Permission::Audit)?;
    let language = context.language;
    let (search, faults) = match asked.search(language) {
        Ok(search) => (Some(search), Faults::default()),
        Err(faults) => (None, faults),
    };
    let read = context.look(move |tx, _| {
        let found = search.map(|search| tx.audit_page(&search)).transpose()?;
        Ok((found, tx.audit_events()?, tx.trail_end()?))
    });
    let (found, events, end) = read.await?;
    let content = html! {
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
        @if let Some(end) = end {
            (parts::section("chain", context.pick("De keten", "The chain"), &html! {
                p {
                    (context.pick(
                        "Elke regel draagt een kenmerk dat ook alles ervoor dekt: een regel die verandert of verdwijnt valt op. Noteer af en toe het laatste kenmerk ergens anders.",
                        "Each row bears a hash that covers all before it as well: one that is changed or dropped shows. Note the last hash elsewhere from time to time.",
                    ))
                }
                (parts::facts([
                    (context.pick("Laatste regel", "Last row"), html! { (end.number) }),
                    (context.pick("Geschreven", "Written"), parts::moment(language, end.at)),
                    (context.pick("Kenmerk", "Hash"), html! { code { (hex::encode(end.hash)) } }),
                    (
                        context.pick("Hele keten narekenen", "Recount the whole chain"),
                        html! { code { "sluis ledger verify" } },
                    ),
                ]))
            }))
        }
    };
    let page = layout::page(&context, Place::Audit, Place::Audit.name(language), &content);
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok((status, page).into_response())
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
