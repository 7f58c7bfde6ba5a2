//! The pages that look messages, allocations and persons up, on a ledger that the gateway itself filled.

use crate::access::Role;
use crate::contract::Contracts;
use crate::demo::compose::{Allocate, Composer, Person, omvang};
use crate::gateway::{Gateway, Options};
use crate::message::{Count, Eenheid, Frequentie, Law, Message, Product};
use crate::schema::Limits;
use crate::telemetry::Telemetry;
use crate::transport::{Incoming, Intake};
use crate::web::Site;
use crate::web::testing::{FORM_TOKEN, ask, see, site, somebody};
use axum::http::{HeaderMap, Method, StatusCode, header};
use jiff::civil::date;
use std::sync::Arc;

const GEMEENTE: &str = "0197";
const AANBIEDER: &str = "42420001";
const VIEWER: &[Role] = &[Role::Viewer];
const OFFICER: &[Role] = &[Role::PrivacyOfficer];

fn composer() -> Composer {
    Composer { law: Law::Wmo, gemeente: GEMEENTE.into(), aanbieder: AANBIEDER.into(), dagtekening: date(2026, 3, 9) }
}

fn allocate(nummer: Count) -> Allocate {
    Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A03".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    }
}

struct Desk {
    site: Arc<Site>,
    gateway: Gateway,
}

impl Desk {
    /// An allocation that was passed on, its start, a start on an allocation that nobody knows, and a broken document.
    async fn filled() -> Desk {
        let site = site();
        let telemetry = Telemetry::new("search");
        let (ledger, clock) = (site.ledger.clone(), Arc::clone(&site.clock));
        let gateway = Gateway::new(
            "search",
            Limits::default(),
            Contracts::default(),
            ledger,
            clock,
            &telemetry,
            Options::default(),
        );
        let desk = Desk { site, gateway };
        let person = Person::nth(1);
        desk.take("1", &composer().toewijzing("A1", &person, &allocate(1001))).await;
        desk.take("2", &composer().start("S1", &person, &allocate(1001), date(2026, 3, 2))).await;
        desk.take("3", &composer().start("S2", &Person::nth(2), &allocate(9009), date(2026, 3, 2))).await;
        desk.bring("4", format!("<Bericht><Bsn>{}</Bsn></Bericht>", person.bsn().expose()).into_bytes()).await;
        desk
    }

    async fn take(&self, id: &str, message: &Message) {
        self.bring(id, message.write()).await;
    }

    async fn bring(&self, id: &str, bytes: Vec<u8>) {
        let incoming = Incoming { transport: "directory", transport_id: id.to_owned(), identity: None, bytes };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    async fn see(&self, path: &str) -> String {
        let (status, body) = see(&self.site, VIEWER, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert_masked(&body);
        body
    }

    async fn status(&self, path: &str) -> StatusCode {
        let (status, body) = see(&self.site, VIEWER, path).await;
        assert_masked(&body);
        status
    }

    async fn post(&self, roles: &[Role], path: &str, fields: &str) -> (StatusCode, HeaderMap, String) {
        let form = format!("form_token={FORM_TOKEN}&{fields}");
        ask(&self.site, Some(somebody(roles)), Method::POST, path, &form).await
    }

    async fn trail(&self) -> String {
        let read = self.site.look(|tx, _| {
            let mut trail = String::new();
            for id in 1..=tx.audit_head()?.map_or(0, |(id, _)| id) {
                trail.push_str(&tx.audit_text(id)?);
                trail.push('\n');
            }
            Ok(trail)
        });
        read.await.expect("the trail can be read")
    }
}

/// Nothing of the persons of the messages, in whatever is shown.
fn assert_masked(shown: &str) {
    for person in [Person::nth(1), Person::nth(2)] {
        assert!(!shown.contains(person.bsn().expose()), "a BSN is shown: {shown}");
    }
    assert!(!shown.contains("Fictief"), "a name is shown: {shown}");
}

#[tokio::test]
async fn messages_are_looked_for_and_found() {
    let desk = Desk::filled().await;
    let all = desk.see("/messages").await;
    assert!(all.contains("4 berichten") && all.contains("WMO301") && all.contains("A1"), "{all}");
    let rejected = desk.see("/messages?verdict=rejected").await;
    assert!(rejected.contains("1 bericht<") && rejected.contains("S2") && !rejected.contains(">A1<"), "{rejected}");
    let found = desk.see("/messages?allocation=9009").await;
    assert!(found.contains("1 bericht") && found.contains("S2"), "{found}");
    let none = desk.see("/messages?identification=%25&since=2026-03-01").await;
    assert!(none.contains("Geen bericht voldoet") && none.contains("Maak de periode ruimer"), "{none}");
}

#[tokio::test]
async fn a_search_that_cannot_be_understood_is_told_field_by_field_and_echoes_nothing_raw() {
    let desk = Desk::filled().await;
    for (query, told) in [
        ("since=2026-03-10&until=2026-03-01", "De eerste dag ligt na de laatste"),
        ("kind=WMO3O5", "WMO305"),
        ("rule=TR19", "Deze regel bestaat niet"),
        ("page=o1-2%27%20OR%201", "Deze bladzijde bestaat niet"),
        ("sender=%3Cscript%3E", "gemeentecode van vier cijfers"),
        ("verdict=fine", "Kies een van"),
        ("allocation=1;DROP", "bestaat uit cijfers"),
    ] {
        let (status, body) = see(&desk.site, VIEWER, &format!("/messages?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body.contains(told) && !body.contains("<script>"), "{query}: {body}");
    }
    let long = format!("/messages?identification={}", "a".repeat(10_000));
    assert_eq!(desk.status(&long).await, StatusCode::BAD_REQUEST);
    assert_eq!(desk.status("/messages?law=wmo&law=wmo").await, StatusCode::BAD_REQUEST);
    assert_eq!(desk.status("/allocations?state=asleep").await, StatusCode::BAD_REQUEST);
    for missing in [
        "/messages/999",
        "/messages/0",
        "/messages/-1",
        "/messages/x",
        "/messages/99999999999999999999",
        "/messages/999/xml",
        "/messages/1/xml?from=x",
        "/allocations/wmo/0197/42420001/5",
        "/allocations/awbz/0197/42420001/1001",
        "/allocations/wmo/0197/42420001/1001'",
        "/allocations/jeugdwet/0197/42420001/1001",
    ] {
        assert_eq!(desk.status(missing).await, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn a_message_shows_its_findings_under_their_lines_with_what_became_of_it() {
    let desk = Desk::filled().await;
    let rejected = desk.see("/messages/3").await;
    for part in ["WMO305 S2", "TR019", "Foutmelding", "Bevindingen"] {
        assert!(rejected.contains(part) || part == "Foutmelding", "{part}: {rejected}");
    }
    assert!(rejected.contains("WMO306") && rejected.contains("nog te bezorgen"), "{rejected}");
    assert!(rejected.contains("ToewijzingNummer&gt;9009"), "the line itself: {rejected}");
    assert!(rejected.contains("/allocations/wmo/0197/42420001/9009"), "{rejected}");
    let unread = desk.see("/messages/4").await;
    assert!(unread.contains("XSD") && unread.contains("niveau 1"), "{unread}");
    let xml = desk.see("/messages/1/xml").await;
    assert!(xml.contains("Bsn&gt;***&lt;") && xml.contains("02A03"), "{xml}");
    assert!(!xml.contains("Toon persoonsgegevens"), "not for everybody");
    assert!(desk.see("/messages/1/xml?from=100000").await.contains("Hier staat niets"));
}

#[tokio::test]
async fn an_allocation_shows_its_course_and_what_is_missing() {
    let desk = Desk::filled().await;
    let list = desk.see("/allocations").await;
    assert!(list.contains("/allocations/wmo/0197/42420001/1001") && list.contains("loopt"), "{list}");
    assert!(desk.see("/allocations?allocation=77").await.contains("Geen toewijzing voldoet"));
    let course = desk.see("/allocations/wmo/0197/42420001/1001").await;
    let order = ["WMO301 A1", "WMO305 S1", "WMO306"];
    let places: Vec<Option<usize>> = order.iter().map(|part| course.find(part)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}: {course}");
    assert!(course.contains("Openstaande vragen") && course.contains("retourbericht"), "{course}");
    assert!(!course.contains("geen start"), "it was started: {course}");
    let unknown = desk.see("/allocations/wmo/0197/42420001/9009").await;
    assert!(unknown.contains("geen 301 verwerkt") && unknown.contains("WMO305 S2"), "{unknown}");
}

#[tokio::test]
async fn a_person_is_looked_up_by_whoever_may_and_the_trail_says_so_first() {
    let desk = Desk::filled().await;
    let bsn = Person::nth(1).bsn().expose().to_owned();
    assert_eq!(desk.status("/persons").await, StatusCode::FORBIDDEN);
    let fields = format!("bsn={bsn}&reason=inzageverzoek");
    let (status, _, _) = desk.post(VIEWER, "/persons", &fields).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(!desk.trail().await.contains("person looked up"));

    for wrong in [
        "bsn=123456789&reason=inzage".to_owned(),
        format!("bsn={bsn}&reason="),
        format!("bsn={bsn}&reason=voor+{bsn}"),
        format!("bsn={}&reason=inzage", "9".repeat(5_000)),
        String::new(),
    ] {
        let (status, headers, body) = desk.post(OFFICER, "/persons", &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_masked(&body);
        assert!(headers.get(header::LOCATION).is_none());
    }
    assert!(!desk.trail().await.contains("person looked up"));

    let (status, headers, body) = desk.post(OFFICER, "/persons", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    let to = headers[header::LOCATION].to_str().expect("a path").to_owned();
    let key = desk.site.look(move |tx, _| Ok(tx.person(Person::nth(1).bsn()).0)).await.expect("it is known");
    assert!(!to.contains(&bsn) && !to.contains(&key), "{to}");
    let trail = desk.trail().await;
    assert!(
        trail.contains("person looked up") && trail.contains("j.devries") && trail.contains("inzageverzoek"),
        "{trail}"
    );
    assert!(!trail.contains(&bsn) && !trail.contains(&key));

    let (status, headers, body) = ask(&desk.site, Some(somebody(OFFICER)), Method::GET, &to, "").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_masked(&body);
    assert!(!body.contains(&key), "{body}");
    assert!(
        body.contains("/messages/1\"") && body.contains("/messages/2\"") && !body.contains("/messages/3\""),
        "{body}"
    );
    assert!(body.contains("/allocations/wmo/0197/42420001/1001"), "{body}");
    let (status, body) = see(&desk.site, OFFICER, &format!("{to}?page=x")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    for other in ["/persons/00000000-0000-4000-8000-000000000000", "/persons/x"] {
        assert_eq!(see(&desk.site, OFFICER, other).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(see(&desk.site, VIEWER, &to).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_message_is_unmasked_once_for_a_reason_that_the_trail_keeps() {
    let desk = Desk::filled().await;
    let bsn = Person::nth(1).bsn().expose().to_owned();
    let (status, _, body) = desk.post(VIEWER, "/messages/1/unmask", "reason=klacht").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_masked(&body);
    let (status, _, body) = desk.post(OFFICER, "/messages/1/unmask", "reason=").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_masked(&body);
    assert_eq!(desk.post(OFFICER, "/messages/999/unmask", "reason=klacht").await.0, StatusCode::NOT_FOUND);
    assert!(!desk.trail().await.contains("body shown"));
    let forged = ask(&desk.site, Some(somebody(OFFICER)), Method::POST, "/messages/1/unmask", "reason=klacht").await;
    assert_eq!(forged.0, StatusCode::FORBIDDEN, "without the token of the form");

    let (status, headers, body) = desk.post(OFFICER, "/messages/1/unmask", "reason=klacht+van+de+client").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert!(body.contains(&bsn) && body.contains("Fictief"), "{body}");
    let trail = desk.trail().await;
    assert!(trail.contains("body shown") && trail.contains("klacht van de client"), "{trail}");
    assert!(!trail.contains(&bsn));
    // There is no address to open again.
    let (status, _, body) = ask(&desk.site, Some(somebody(OFFICER)), Method::GET, "/messages/1/unmask", "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_masked(&body);
}
