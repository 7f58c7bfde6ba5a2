//! The API as a program meets it: what it reads, what it orders, and how it is refused.

use crate::access::{Actor, Means, Permission, Role, Visit};
use crate::clock::Clock;
use crate::contract::{Contracts, Policies, load};
use crate::demo::compose::{Allocate, Composer, Person, omvang};
use crate::gateway::{Gateway, Options};
use crate::message::{Eenheid, Frequentie, Law, Message, Party, Product};
use crate::schema::Limits;
use crate::transport::{Incoming, Intake as _};
use crate::web::Site;
use crate::web::testing::{send, site, site_of, somebody};
use axum::http::{HeaderMap, Method, StatusCode};
use jiff::civil::date;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// A program with a token of these permissions.
pub(super) fn program(permissions: &[Permission]) -> Visit {
    let permissions = permissions.iter().copied().collect();
    Visit {
        actor: Actor { name: "a program".to_owned(), means: Means::Token, permissions, sender: None },
        form_token: None,
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

async fn ask(site: &Arc<Site>, visit: Visit, method: Method, path: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/json")];
    let headers = if body.is_empty() { &[][..] } else { &headers[..] };
    let (status, headers, text) = send(site, Some(visit), method, path, headers, body.as_bytes().to_vec()).await;
    assert_eq!(headers["api-version"], "1.0.0", "{path}");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    if !status.is_success() {
        assert_eq!(headers["content-type"], "application/problem+json", "{path}: {text}");
        assert_eq!(body["status"], status.as_u16(), "{path}: {text}");
    }
    Answer { status, headers, body }
}

async fn read(site: &Arc<Site>, path: &str) -> Answer {
    ask(site, program(&Permission::ALL), Method::GET, path, "").await
}

/// A site whose gateway took a 301 that is held, a start without its allocation, and bytes that nobody can read.
async fn filled() -> Arc<Site> {
    let register = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek"));
    let mut policies = Policies::default();
    policies.set("A1", None, "hold").expect("a known check and word");
    let contracts = Contracts::new(vec![Arc::new(register.expect("the sample register has no fault"))], policies);
    let site = site_of("", contracts);
    let clock: Arc<dyn Clock> = Arc::clone(&site.clock);
    let in_force = site.registers.in_force();
    let gateway = Gateway::new(
        "sluis",
        Limits::default(),
        in_force,
        site.ledger.clone(),
        clock,
        &site.telemetry,
        Options::default(),
    );
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420010"),
        dagtekening: date(2026, 3, 10),
    };
    let allocate = Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 28),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    };
    let messages: [Message; 2] = [
        composer.toewijzing("T1", &Person::nth(1), &allocate),
        composer.start("S1", &Person::nth(1), &Allocate { nummer: 77, ..allocate }, date(2026, 1, 6)),
    ];
    let all = messages.iter().map(Message::write).chain([b"no message".to_vec()]);
    for (at, bytes) in all.enumerate() {
        let incoming = Incoming { transport: "directory", transport_id: at.to_string(), identity: None, bytes };
        let prepared = gateway.prepare(incoming).await;
        gateway.commit(prepared).await.expect("the ledger takes everything");
    }
    site
}

#[tokio::test]
async fn messages_are_found_and_shown() {
    let site = filled().await;
    let all = read(&site, "/v1/messages").await;
    assert_eq!(all.body["items"].as_array().map(Vec::len), Some(3), "{}", all.body);
    assert_eq!((&all.body["next"], &all.body["total"]["count"]), (&Value::Null, &json!(3)));
    let found = read(&site, "/v1/messages?verdict=rejected&rule=TR019&law=wmo&kind=WMO305&since=2026-03-10").await;
    assert_eq!(found.body["items"][0]["identification"], "S1", "{}", found.body);
    let id = found.body["items"][0]["id"].as_i64().expect("a number");
    let one = read(&site, &format!("/v1/messages/{id}")).await;
    assert_eq!((one.status, &one.body["kind"]), (StatusCode::OK, &json!("WMO305")));
    assert!(
        one.body["broken"].as_array().is_some_and(|all| all.iter().any(|found| found["rule"] == "TR019")),
        "{}",
        one.body
    );
    let none = read(&site, "/v1/messages?identification=nothing").await;
    assert_eq!((none.status, &none.body["items"]), (StatusCode::OK, &json!([])));
    assert!(!all.body.to_string().contains(Person::nth(1).bsn().expose()));
}

#[tokio::test]
async fn whatever_cannot_be_understood_is_told_with_its_field() {
    let site = filled().await;
    for (path, names) in [
        ("/v1/messages?law=awbz&since=2026-02-30", &["law", "since"][..]),
        ("/v1/messages?since=2026-03-02&until=2026-03-01", &["since"]),
        ("/v1/messages?law=jeugdwet&kind=WMO305", &["kind"]),
        ("/v1/messages?sort=id", &["sort"]),
        ("/v1/messages?page=o0-1", &["page"]),
        ("/v1/messages/1?x=1", &["x"]),
        ("/v1/held?which=all&page=-1", &["which", "page"]),
        ("/v1/parked?page=99999999999999999999", &["page"]),
        ("/v1/signals?check=Z99&severity=", &["check", "severity"]),
        ("/v1/signals?since=2026-03-02&until=2026-03-01", &["since"]),
        ("/v1/budgets?year=26", &["year"]),
        ("/v1/allocations?gemeente=19&page=f-wmo-0197-01", &["gemeente", "page"]),
    ] {
        let answer = read(&site, path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.body);
        let errors = answer.body["errors"].as_array().expect("errors");
        let found: Vec<&str> = errors.iter().filter_map(|error| error["name"].as_str()).collect();
        assert_eq!(found, names, "{path}");
        assert!(errors.iter().all(|error| error["in"] == "query" && error["detail"].is_string()), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_so() {
    let site = filled().await;
    for path in [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/messages/",
        "/v1/messages/999",
        "/v1/messages/0",
        "/v1/messages/01",
        "/v1/messages/a",
        "/v1/messages/99999999999999999999",
        "/v1/held/999",
        "/v1/parked/999",
        "/v1/signals/nothing",
        "/v1/budgets/nothing",
        "/v1/allocations/wmo/0197/42420001/5",
        "/v1/allocations/awbz/0197/42420001/5",
    ] {
        let answer = read(&site, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.body);
    }
    let wrong = ask(&site, program(&Permission::ALL), Method::DELETE, "/v1/messages", "").await;
    assert_eq!(
        (wrong.status, &wrong.headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET,HEAD".parse().expect("a value"))
    );
    let head = ask(&site, program(&Permission::ALL), Method::HEAD, "/v1/messages", "").await;
    assert_eq!((head.status, head.body), (StatusCode::OK, Value::Null));
}

#[tokio::test]
async fn an_order_is_given_once() {
    let site = filled().await;
    let held = read(&site, "/v1/held").await;
    let id = held.body["items"][0]["id"].as_i64().expect("one is held");
    let release = format!("/v1/held/{id}/release");
    let order = |visit, body| ask(&site, visit, Method::POST, &release, body);
    let may = || program(&[Permission::OrderHeld]);
    let (why, other) = (r#"{"reason":"agreed by telephone"}"#, r#"{"reason":"another reason"}"#);
    for (body, status) in [
        (r#"{"reason":""}"#, 422),
        (r#"{"reason":"client 999900006"}"#, 422),
        (r#"{"reason":1}"#, 400),
        (r#"{"reason":"x","more":1}"#, 400),
        ("{", 400),
    ] {
        let answer = order(may(), body).await;
        assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["in"]), (status, &json!("body")), "{body}");
    }
    assert_eq!(order(program(&[Permission::View]), why).await.status, StatusCode::FORBIDDEN);
    assert_eq!(order(somebody(&[Role::Operator]), why).await.status, StatusCode::FORBIDDEN, "a browser orders nothing");
    let first = order(may(), why).await;
    assert_eq!((first.status, &first.body["action"]), (StatusCode::ACCEPTED, &json!("release")), "{}", first.body);
    let again = order(may(), why).await;
    assert_eq!((again.status, &again.body["id"]), (StatusCode::OK, &first.body["id"]));
    let late = order(may(), other).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    let withdraw = format!("/v1/held/{id}/withdraw");
    assert_eq!(ask(&site, may(), Method::POST, &withdraw, why).await.status, StatusCode::CONFLICT);
    let one = read(&site, &format!("/v1/held/{id}")).await;
    assert_eq!(one.body["orders"].as_array().map(Vec::len), Some(1), "{}", one.body);
    assert_eq!(ask(&site, may(), Method::POST, "/v1/held/999/release", why).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_replay_is_ordered_once() {
    let site = filled().await;
    let parked = read(&site, "/v1/parked").await;
    let id = parked.body["items"][0]["id"].as_i64().expect("one is set aside");
    let replay = format!("/v1/parked/{id}/replay");
    let order = |body| ask(&site, program(&[Permission::Replay]), Method::POST, &replay, body);
    let first = order(r#"{"reason":"after the upgrade"}"#).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
    assert_eq!(order(r#"{"reason":"after the upgrade"}"#).await.status, StatusCode::OK);
    assert_eq!(order(r#"{"reason":"once more"}"#).await.status, StatusCode::CONFLICT);
    let rejected = read(&site, "/v1/messages?verdict=rejected").await.body["items"][0]["id"].as_i64().expect("one is");
    let decided = format!("/v1/parked/{rejected}/replay");
    let answer = ask(&site, program(&[Permission::Replay]), Method::POST, &decided, r#"{"reason":"x y"}"#).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    let large = format!(r#"{{"reason":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(order(&large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn budgets_and_signals_are_for_those_who_may_see_contracts() {
    let site = filled().await;
    let budgets = read(&site, "/v1/budgets?year=2026").await;
    assert_eq!((budgets.status, &budgets.body["items"][0]["region"]), (StatusCode::OK, &json!("achterhoek")));
    let agreement = budgets.body["items"][0]["agreements"][0]["id"].as_str().expect("an agreement").to_owned();
    assert_eq!(read(&site, &format!("/v1/budgets/{agreement}")).await.body["agreement"]["id"], agreement);
    let signals = read(&site, "/v1/signals?state=all&gemeente=0197").await;
    assert_eq!(signals.body["items"][0]["concern"]["check"], "A1", "{}", signals.body);
    let id = signals.body["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(read(&site, &format!("/v1/signals/{id}")).await.status, StatusCode::OK);
    let held = read(&site, "/v1/held").await.body["items"][0]["id"].as_i64().expect("one is held");
    let path = format!("/v1/messages/{held}");
    let raised = |answer: &Answer| answer.body["raised"].as_array().map_or(0, Vec::len);
    assert_eq!(raised(&read(&site, &path).await), 1);
    assert_eq!(raised(&ask(&site, program(&[Permission::View]), Method::GET, &path, "").await), 0);
}

#[tokio::test]
async fn a_ledger_that_is_away_is_told_with_when_to_come_again() {
    let site = site();
    site.ledger.clone().close().expect("it closes");
    for path in ["/v1/messages", "/v1/held/1", "/v1/parked", "/v1/signals"] {
        let answer = read(&site, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.body);
        assert_eq!(answer.headers["retry-after"], "5", "{path}");
        assert!(!answer.body.to_string().contains("sqlite"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn two_gigabytes_are_refused_unread() {
    let site = site();
    let headers = [("content-type", "application/xml"), ("content-length", "2000000000")];
    let (status, headers, _) =
        send(&site, Some(program(&[Permission::Try])), Method::POST, "/v1/check", &headers, Vec::new()).await;
    assert_eq!((status, headers["connection"].as_bytes()), (StatusCode::PAYLOAD_TOO_LARGE, &b"close"[..]));
    let wrong = [("content-type", "application/json")];
    let (status, ..) =
        send(&site, Some(program(&[Permission::Try])), Method::POST, "/v1/check", &wrong, b"{}".to_vec()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
