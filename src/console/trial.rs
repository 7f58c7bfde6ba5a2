//! `/try`: what would become of a message that somebody pastes or chooses. Nothing of it is stored.

use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::parts::{self, Tone};
use super::words::Language;
use crate::access::Permission;
use crate::decision::Verdict;
use crate::finding::Finding;
use crate::message::tree::LineIndex;
use crate::sender::{Parties, Sender};
use crate::transport::http::declared_length;
use crate::trial::{For, NotTried, Tried};
use crate::view::{ReplyBy, Snippet, Trial};
use crate::web::Site;
use axum::Router;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a form adds to a message.
const FORM_BYTES: usize = 64 * 1024;
/// Findings that are shown with their line; the others are counted. A page of thousands helps nobody.
const MOST_SHOWN: usize = 100;
/// The longest text that stays in the field after it was judged: to be mended there and tried again.
const MOST_KEPT_BYTES: usize = 200_000;
/// The longest reply that a page shows.
const MOST_REPLY_BYTES: usize = 500_000;

pub(super) fn routes() -> Router<Arc<Site>> {
    // Read here, and never more of it than a message may have.
    Router::new().route("/try", get(page).post(judged)).layer(DefaultBodyLimit::disable())
}

async fn page(context: Context) -> Result<Html<String>, Refused> {
    context.needs(Permission::Try)?;
    let whose = whose(&context)?;
    Ok(show(&context, &whose, "", &html! {}))
}

async fn judged(context: Context, request: Request) -> Result<Response, Response> {
    let said = |refused: Refused| refused.into_response();
    context.needs(Permission::Try).map_err(said)?;
    let whose = whose(&context).map_err(said)?;
    let Form { pasted, chosen } = read(&context, request).await?;
    let kept = String::from_utf8(pasted.clone()).ok().filter(|text| text.len() <= MOST_KEPT_BYTES).unwrap_or_default();
    let source = if chosen.is_empty() { pasted } else { chosen };
    if source.iter().all(u8::is_ascii_whitespace) {
        let what = context.pick(
            "Er is geen bericht. Plak het in het veld, of kies een bestand.",
            "There is no message. Paste it into the field, or choose a file.",
        );
        return Ok(refused(&context, &whose, "", StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    match context.site.trials.of(source, whose.clone()).await {
        Ok(tried) => Ok(show(&context, &whose, &kept, &outcome(&context, &whose, &tried)).into_response()),
        Err(NotTried::Ledger(error)) => Err(said(context.broken(&error))),
        Err(why) => {
            let (status, what) = not_tried(&context, &whose, &why);
            Ok(refused(&context, &whose, &kept, status, &what))
        }
    }
}

/// The page with why nothing was judged, and what was pasted still in its field.
fn refused(context: &Context, whose: &For, kept: &str, status: StatusCode, what: &str) -> Response {
    let told = html! { p.refused role="alert" { (what) } };
    (status, show(context, whose, kept, &told)).into_response()
}

/// For whom it is tried: whoever is bound to a sender tries what that one could send.
fn whose(context: &Context) -> Result<For, Refused> {
    For::actor(&context.actor, &context.site.config.senders).ok_or_else(|| {
        context.cannot(
            StatusCode::FORBIDDEN,
            "Uw account hoort bij een afzender die hier niet meer is ingesteld. Vraag de beheerder van deze gateway.",
            "Your account belongs to a sender that is not set up here any more. Ask the administrator of this gateway.",
        )
    })
}

/// What a form holds. A file that was chosen goes before a text that was pasted.
struct Form {
    pasted: Vec<u8>,
    chosen: Vec<u8>,
}

async fn read(context: &Context, request: Request) -> Result<Form, Response> {
    let most = context.site.trials.max_bytes();
    if declared_length(request.headers()).is_some_and(|length| length > most + FORM_BYTES) {
        return Err(too_large(context));
    }
    let form = Multipart::from_request(request, &context.site).await;
    let mut form = form.map_err(|_| context.unreadable_form().into_response())?;
    let (mut token, mut pasted, mut chosen) = (None, Vec::new(), Vec::new());
    loop {
        let broken = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(context),
            _ => context.unreadable_form().into_response(),
        };
        let Some(mut field) = form.next_field().await.map_err(broken)? else { break };
        let name = field.name().unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > most {
                return Err(too_large(context));
            }
            bytes.extend_from_slice(&chunk);
        }
        match name.as_str() {
            "form_token" => token = String::from_utf8(bytes).ok(),
            "message" => pasted = bytes,
            "file" => chosen = bytes,
            _ => {}
        }
        // Who it comes from is known before anything of size is read: the token stands first in the form.
        context.is_own(token.as_deref()).map_err(IntoResponse::into_response)?;
    }
    Ok(Form { pasted, chosen })
}

/// The rest of what is sent is not read.
fn too_large(context: &Context) -> Response {
    let most = context.site.trials.max_bytes();
    let refused = context.cannot(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("Dit bericht is te groot: een bericht heeft hoogstens {most} bytes."),
        format!("This message is too large: a message has {most} bytes at most."),
    );
    let mut response = refused.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn not_tried(context: &Context, whose: &For, why: &NotTried) -> (StatusCode, String) {
    let (status, nl, en) = match why {
        NotTried::Busy => (
            StatusCode::TOO_MANY_REQUESTS,
            "Er worden nu te veel berichten tegelijk geprobeerd. Probeer het zo opnieuw.",
            "Too many messages are tried at once. Try again in a moment.",
        ),
        NotTried::Slow => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Het beoordelen duurde te lang. Probeer het opnieuw als het rustiger is.",
            "Judging took too long. Try again when it is quieter.",
        ),
        NotTried::OtherParty => {
            let own = own_parties(whose).unwrap_or_default();
            let what = context.pick(
                "De afzender in dit bericht is niet die van uw account: u probeert berichten namens",
                "The sender in this message is not that of your account: you try messages in the name of",
            );
            return (StatusCode::FORBIDDEN, format!("{what} {own}."));
        }
        NotTried::Broke | NotTried::Ledger(_) => {
            tracing::error!("a trial of a message broke off");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Het beoordelen van dit bericht brak af. Er is niets bewaard; de beheerder weet ervan.",
                "Judging this message broke off. Nothing was stored; the operator knows.",
            )
        }
    };
    (status, context.pick(nl, en).to_owned())
}

/// The parties in whose name somebody tries messages, when these are not all.
fn own_parties(whose: &For) -> Option<String> {
    match whose {
        For::Sender(Sender { parties: Parties::These(parties), .. }) => {
            Some(parties.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        For::Sender(Sender { parties: Parties::All, .. }) | For::Staff { .. } => None,
    }
}

fn show(context: &Context, whose: &For, kept: &str, outcome: &Markup) -> Html<String> {
    let content = html! {
        p { (context.pick(
            "Plak een iWmo- of iJw-bericht, of kies een bestand. U ziet wat de gateway er nu mee zou doen. Er wordt niets \
             bewaard en niets verstuurd; u kunt hetzelfde bericht daarna gewoon indienen.",
            "Paste an iWmo or iJw message, or choose a file. You see what the gateway would do with it now. Nothing is \
             stored and nothing is sent; you can send the same message afterwards.",
        )) }
        @if let For::Sender(sender) = whose {
            p { (context.pick("U werkt voor ", "You work for ")) strong { (sender.name) } "; "
                @match own_parties(whose) {
                    Some(own) => { (context.pick("u probeert berichten namens ", "you try messages in the name of ")) (own) "." }
                    None => { (context.pick("u probeert berichten namens iedere partij.", "you try messages in the name of any party.")) }
                }
            }
        }
        (outcome)
        form.trial method="post" action="/try" enctype="multipart/form-data" {
            (context.form_token())
            div.field {
                label for="message" { (context.pick("Bericht (XML)", "Message (XML)")) }
                textarea #message name="message" rows="12" spellcheck="false" autocomplete="off" { (kept) }
            }
            div.field {
                label for="file" { (context.pick("of een bestand", "or a file")) }
                input #file type="file" name="file" accept=".xml,application/xml,text/xml";
            }
            div.buttons { button type="submit" { (context.pick("Beoordeel", "Judge")) } }
        }
    };
    layout::page(context, Place::Trial, context.pick("Een bericht proberen", "Try a message"), &content)
}

fn outcome(context: &Context, whose: &For, tried: &Tried) -> Markup {
    let trial = Trial::of(tried);
    let verdict = parts::badge(parts::verdict_tone(trial.verdict), verdict_word(context.language, trial.verdict));
    let lines = LineIndex::of(&tried.prepared.source);
    let kind = trial.kind.as_deref().unwrap_or(context.pick("onbekende soort", "unknown kind"));
    html! {
        section #outcome aria-labelledby="verdict" {
            h2 #verdict { (kind) ": " (verdict) }
            (parts::facts([
                (context.pick("Identificatie", "Identification"), html! { (trial.identification.as_deref().unwrap_or("–")) }),
                (context.pick("Beoordeeld tot en met niveau", "Judged up to level"), html! { (trial.level) }),
                (context.pick("Bevindingen", "Findings"), html! { (trial.findings.len()) }),
                (context.pick("Contractregister", "Contract register"), html! { (trial.register.as_deref().unwrap_or("–")) }),
            ]))
            @if !trial.waits_for.is_empty() {
                (parts::notice(Tone::Info, &html! { p { (context.pick(
                    "Dit bericht zou eerst wachten op een bericht waarnaar het verwijst en dat er nog niet is.",
                    "This message would first wait for one that it refers to and that is not there yet.",
                )) } }))
            }
            (findings(context, &trial.findings, &tried.prepared.source, &lines))
            (leaving(context, &trial))
            // Whoever works for a provider has no business with what municipalities are told.
            @if !trial.signals_withheld || matches!(whose, For::Staff { .. }) { (signals(context, &trial)) }
            (skipped(context, &trial))
        }
    }
}

fn verdict_word(language: Language, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => language.pick("zou worden geaccepteerd", "would be accepted"),
        Verdict::Rejected => language.pick("zou worden afgekeurd", "would be rejected"),
        Verdict::Partly => language.pick("zou deels worden toegekend", "would be partly granted"),
        Verdict::Held => language.pick("zou worden vastgehouden", "would be held"),
        Verdict::Parked => language.pick("zou worden geparkeerd", "would be parked"),
    }
}

fn findings(context: &Context, findings: &[Finding], source: &[u8], lines: &LineIndex) -> Markup {
    html! {
        h3 { (context.pick("Wat er niet klopt", "What is wrong")) }
        @if findings.is_empty() { (parts::empty(context.pick("Niets gevonden.", "Nothing found."))) }
        ol.findings { @for finding in findings.iter().take(MOST_SHOWN) {
            li.finding {
                p { strong { (finding.rule) @if let Some(code) = &finding.code { " · " (code) } } " "
                    (context.pick(&finding.nl, &finding.en)) }
                (snippet(finding, source, lines))
                p.path { code { (finding.path) } }
                @if !finding.facts.is_empty() {
                    (parts::facts(finding.facts.iter().map(|(name, value)| (name.as_str(), html! { (fact(value)) }))))
                }
            }
        } }
        @if findings.len() > MOST_SHOWN {
            p { (context.pick("En nog ", "And ")) (findings.len() - MOST_SHOWN) (context.pick(" andere.", " more.")) }
        }
    }
}

fn snippet(finding: &Finding, source: &[u8], lines: &LineIndex) -> Markup {
    let shown = Snippet::of(source, lines, finding.line, finding.column);
    html! {
        pre.snippet tabindex="0" {
            span.line { (finding.line) ":" (finding.column) "  " }
            @if shown.cut.0 { "…" } (shown.before) mark { (shown.marked) } (shown.after) @if shown.cut.1 { "…" }
        }
    }
}

fn fact(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn leaving(context: &Context, trial: &Trial) -> Markup {
    let purpose = |word: &str| match word {
        "reply" => context.pick("retourbericht", "reply").to_owned(),
        "forward" => context.pick("doorgezonden bericht", "forwarded message").to_owned(),
        "error" => context.pick("foutmelding", "error report").to_owned(),
        other => other.to_owned(),
    };
    let by = match trial.reply_by {
        Some(ReplyBy::Gateway) => context.pick("de gateway verstuurt het", "the gateway sends it"),
        Some(ReplyBy::Receiver) => context.pick("de ontvanger verstuurt het", "the receiver sends it"),
        None => context.pick("het wordt nu niet verstuurd", "it is not sent now"),
    };
    html! {
        h3 { (context.pick("Wat er zou vertrekken", "What would leave")) }
        @if trial.leaves.is_empty() { (parts::empty(context.pick("Niets.", "Nothing."))) }
        ul { @for leaving in &trial.leaves {
            li { (purpose(leaving.purpose)) " " (leaving.subject) " → " (leaving.to.as_deref().unwrap_or("–")) }
        } }
        @if let (Some(kind), Some(xml)) = (&trial.reply, &trial.reply_xml) {
            (document(context, &format!("{kind} ({by})"), xml))
        }
        @for own in &trial.answers {
            (document(context, own.kind.as_deref().unwrap_or(context.pick("eigen bericht", "own message")), &own.xml))
        }
    }
}

/// A document that would leave, folded in.
fn document(context: &Context, title: &str, xml: &str) -> Markup {
    html! {
        details { summary { (title) }
            @if xml.len() > MOST_REPLY_BYTES {
                p { (context.pick("Te groot om hier te tonen; vraag het op met POST /v1/check.", "Too large to show here; ask for it with POST /v1/check.")) }
            } @else {
                pre.document tabindex="0" { (xml) }
            }
        }
    }
}

fn signals(context: &Context, trial: &Trial) -> Markup {
    html! {
        h3 { (context.pick("Wat de gemeente zou horen", "What the municipality would be told")) }
        @if trial.signals_withheld {
            (parts::empty(context.pick(
                "Signalen ziet u alleen met de rol die contracten mag inzien.",
                "Signals are shown only to a role that may see contracts.",
            )))
        } @else if trial.signals.is_empty() {
            (parts::empty(context.pick("Geen signalen.", "No signals.")))
        }
        ul { @for signal in &trial.signals { li { strong { (signal.check) } " (" (signal.outcome) ") " (context.pick(&signal.nl, &signal.en)) } } }
    }
}

fn skipped(context: &Context, trial: &Trial) -> Markup {
    let needs: BTreeSet<&str> = trial.skipped.iter().map(|skipped| skipped.needs.as_str()).collect();
    let why = |needs: &str| match needs {
        "ledger" => context.pick("het grootboek ontbreekt", "the ledger is missing").to_owned(),
        "contract" => context
            .pick(
                "er is geen contractregister voor deze gemeente",
                "there is no contract register for this municipality",
            )
            .to_owned(),
        "question" => context
            .pick("het bericht waarop dit antwoordt is niet bekend", "the message that this answers is not known")
            .to_owned(),
        other => other.to_owned(),
    };
    html! {
        @if !needs.is_empty() {
            h3 { (context.pick("Niet beoordeeld", "Not judged")) }
            dl.facts { @for each in needs {
                div { dt { (why(each)) } dd { @for skipped in trial.skipped.iter().filter(|skipped| skipped.needs == each) {
                    (skipped.rule) " "
                } } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::access::{Capacity, Means, Role, Visit};
    use crate::contract::Contracts;
    use crate::demo::compose::{Allocate, Composer, Person, omvang};
    use crate::message::{Eenheid, Frequentie, Law, Party, Product};
    use crate::web::Site;
    use crate::web::testing::{FORM_TOKEN, ask, see, send, site, site_of, somebody, visitor};
    use axum::http::{Method, StatusCode};
    use jiff::civil::date;
    use std::sync::Arc;

    fn start() -> String {
        let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
        let composer = Composer { law: Law::Wmo, gemeente, aanbieder, dagtekening: date(2026, 3, 10) };
        let allocate = Allocate {
            nummer: 1001,
            product: Product { categorie: "02".into(), code: Some("02A02".into()) },
            from: date(2026, 1, 1),
            to: date(2026, 12, 28),
            omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
        };
        let message = composer.start("B1", &Person::nth(1), &allocate, date(2026, 1, 6));
        String::from_utf8(message.write()).expect("XML in UTF-8")
    }

    fn part(name: &str, value: &str) -> String {
        format!("--grens\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    fn file(value: &str) -> String {
        let head =
            "--grens\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xml\"\r\nContent-Type: text/xml";
        format!("{head}\r\n\r\n{value}\r\n")
    }

    async fn post(site: &Arc<Site>, roles: &[Role], parts: &[String]) -> (StatusCode, String) {
        post_as(site, somebody(roles), parts).await
    }

    async fn post_as(site: &Arc<Site>, visit: Visit, parts: &[String]) -> (StatusCode, String) {
        let body = format!("{}--grens--\r\n", parts.concat());
        let headers = [("content-type", "multipart/form-data; boundary=grens")];
        let (status, _, body) = send(site, Some(visit), Method::POST, "/try", &headers, body.into_bytes()).await;
        (status, body)
    }

    async fn attempt(message: &str) -> (StatusCode, String) {
        post(&site(), &[Role::Viewer], &[part("form_token", FORM_TOKEN), part("message", message), file("")]).await
    }

    #[tokio::test]
    async fn the_page_asks_for_a_message_and_says_that_nothing_is_stored() {
        let (status, page) = see(&site(), &[Role::Viewer], "/try").await;
        assert_eq!(status, StatusCode::OK);
        for part in ["Er wordt niets bewaard", "multipart/form-data", FORM_TOKEN, "name=\"file\""] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(see(&site(), &[], "/try").await.0, StatusCode::FORBIDDEN);
    }

    /// Somebody of the sender `name`.
    fn developer(name: &str) -> Visit {
        visitor(&Capacity::Sender(name.to_owned()))
    }

    fn site_with_senders() -> Arc<Site> {
        let senders = "[[sender]]\nname = \"zorgsoft\"\nparties = [\"42420001\"]\nfolder = \"zorgsoft\"\n\
                       [[sender]]\nname = \"anders\"\nparties = [\"42420002\", \"42420003\"]\nfolder = \"anders\"\n";
        site_of(senders, Contracts::default())
    }

    #[tokio::test]
    async fn a_developer_of_a_sender_tries_messages_of_that_sender_and_sees_nothing_else() {
        let site = site_with_senders();
        let parts = [part("form_token", FORM_TOKEN), part("message", &start())];
        let (status, page) = post_as(&site, developer("zorgsoft"), &parts).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        for shown in ["U werkt voor <strong>zorgsoft</strong>", "namens 42420001.", "zou worden afgekeurd", "TR019"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        for hidden in ["gemeente zou horen", "href=\"/messages\"", "href=\"/accounts\"", " · register "] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
        let (status, page) = post_as(&site, developer("anders"), &parts).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(page.contains("namens 42420002, 42420003") && !page.contains("TR019"), "{page}");
        assert!(page.contains("&lt;wmo305:Bericht"), "what was pasted is there to be mended: {page}");
        let (status, page) = post_as(&site, developer("weg"), &parts).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(page.contains("niet meer is ingesteld"), "{page}");
    }

    #[tokio::test]
    async fn a_developer_of_a_sender_has_one_page() {
        let site = site_with_senders();
        let (status, headers, _) = ask(&site, Some(developer("zorgsoft")), Method::GET, "/", "").await;
        assert_eq!((status, &headers["location"]), (StatusCode::SEE_OTHER, &"/try".parse().expect("a value")));
        let closed =
            ["/messages", "/allocations", "/persons", "/held", "/parked", "/deliveries", "/signals", "/budgets"];
        for path in closed.into_iter().chain(["/providers", "/health", "/audit", "/accounts", "/questions"]) {
            let (status, ..) = ask(&site, Some(developer("zorgsoft")), Method::GET, path, "").await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        }
    }

    #[tokio::test]
    async fn a_message_is_judged_pasted_or_as_a_file() {
        let token = part("form_token", FORM_TOKEN);
        for parts in [vec![token.clone(), part("message", &start()), file("")], vec![token, file(&start())]] {
            let (status, page) = post(&site(), &[Role::Viewer], &parts).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            for part in
                ["zou worden afgekeurd", "TR019", "<mark>", "WMO306 (de gateway verstuurt het)", "wmo306:Header&gt;"]
            {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
    }

    #[tokio::test]
    async fn whatever_is_pasted_is_escaped_and_told_apart() {
        let (status, page) = attempt("<script>alert(1)</script>").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("XSD") && !page.contains("<script>"), "{page}");
        for bad in ["geen xml", "\u{feff}<a>", "<a>\u{0}</a>", &start().replace("UTF-8", "UTF-16")] {
            let (status, page) = attempt(bad).await;
            assert!(status == StatusCode::OK && page.contains("XSD"), "{bad}: {page}");
        }
        let (status, page) = attempt(" \r\n").await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("geen bericht"), "{page}");
    }

    #[tokio::test]
    async fn a_form_from_elsewhere_or_of_another_sort_is_refused() {
        let site = site();
        let message = part("message", &start());
        assert_eq!(post(&site, &[Role::Viewer], std::slice::from_ref(&message)).await.0, StatusCode::FORBIDDEN);
        let wrong = [part("form_token", "x"), message.clone()];
        assert_eq!(post(&site, &[Role::Viewer], &wrong).await.0, StatusCode::FORBIDDEN);
        assert_eq!(post(&site, &[], &[part("form_token", FORM_TOKEN), message]).await.0, StatusCode::FORBIDDEN);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let visit = || Some(somebody(&[Role::Viewer]));
        let answer = send(&site, visit(), Method::POST, "/try", &headers, b"message=x".to_vec()).await;
        assert_eq!(answer.0, StatusCode::BAD_REQUEST);
        let large = [("content-type", "multipart/form-data; boundary=grens"), ("content-length", "2000000000")];
        let (status, headers, _) = send(&site, visit(), Method::POST, "/try", &large, Vec::new()).await;
        assert_eq!((status, headers["connection"].as_bytes()), (StatusCode::PAYLOAD_TOO_LARGE, &b"close"[..]));
        let mut program = somebody(&[Role::Viewer]);
        program.actor.means = Means::Token;
        program.form_token = None;
        let answer = send(&site, Some(program), Method::POST, "/try", &large[..1], Vec::new()).await;
        assert_ne!(answer.0, StatusCode::OK);
    }
}
