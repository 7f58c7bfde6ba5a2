//! The pages where people decide, on a ledger that the gateway itself filled: who may, what is told, and that nothing is
//! done twice.

use crate::access::Role;
use crate::contract::{Contracts, Policies, load};
use crate::decision::{Decision, Identity, Verdict};
use crate::delivery::class::Class;
use crate::delivery::outbox::{Outcome, Settlement};
use crate::demo::compose::{Allocate, Composer, Person, omvang};
use crate::gateway::{Gateway, Options};
use crate::ledger::Inbox;
use crate::message::{Count, Eenheid, Frequentie, Law, Message, Party, Product};
use crate::schema::Limits;
use crate::telemetry::Telemetry;
use crate::transport::{Incoming, Intake};
use crate::web::Site;
use crate::web::testing::{FORM_TOKEN, ask, see, site, site_of, somebody};
use axum::http::{Method, StatusCode, header};
use jiff::civil::date;
use std::path::Path;
use std::sync::Arc;

const AALTEN: &str = "0197";
/// Without a contract.
const STRANGER: &str = "42420010";
const CONTRACTED: &str = "42420001";
const BOSS: &[Role] = &[Role::ContractManager];
const OPERATOR: &[Role] = &[Role::Operator];
const VIEWER: &[Role] = &[Role::Viewer];

/// A site with the sample register, and the gateway that works on its ledger; it holds what goes to a provider without a
/// contract.
struct Desk {
    site: Arc<Site>,
    gateway: Gateway,
}

impl Desk {
    fn open() -> Desk {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let register = load(&folder).expect("the sample register has no fault");
        let mut policies = Policies::default();
        policies.set("A1", None, "hold").expect("a known check and word");
        let contracts = Contracts::new(vec![Arc::new(register)], policies);
        let site = site_of("", contracts.clone());
        let telemetry = Telemetry::new("orders");
        let (ledger, clock) = (site.ledger.clone(), Arc::clone(&site.clock));
        let options = Options::default();
        let gateway = Gateway::new("orders", Limits::default(), contracts, ledger, clock, &telemetry, options);
        Desk { site, gateway }
    }

    async fn take(&self, id: &str, bytes: Vec<u8>) {
        let incoming = Incoming { transport: "directory", transport_id: id.to_owned(), identity: None, bytes };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    /// A held 301; gives its number.
    async fn held(&self, id: &str, number: Count) -> i64 {
        self.take(id, allocation(STRANGER, id, number).write()).await;
        self.site
            .ledger
            .run(|tx| tx.holds())
            .await
            .expect("the ledger can be read")
            .last()
            .expect("it is held")
            .message_id
    }

    /// A message that was set aside and can be read by now; gives its number.
    async fn parked(&self, id: &str) -> i64 {
        let message = allocation(CONTRACTED, id, 77);
        let identity = Identity {
            kind: message.kind,
            afzender: Party::from(AALTEN),
            identificatie: id.to_owned(),
            dagtekening: date(2026, 3, 9),
            gemeente: Party::from(AALTEN),
            aanbieder: Party::from(CONTRACTED),
        };
        let decision = Decision {
            kind: Some(message.kind),
            identity: Some(identity),
            claimed_sender: None,
            verdict: Verdict::Parked,
            level: 1,
            findings: Vec::new(),
            skipped: Vec::new(),
            signals: Vec::new(),
            observed: Vec::new(),
            records: Vec::new(),
            outgoing: Vec::new(),
            register_version: None,
        };
        let inbox = Inbox::new("directory", id, self.site.clock.now(), message.write());
        let stored = self.site.ledger.run(move |tx| tx.store(&inbox, &decision)).await;
        stored.expect("it can be stored").message_id
    }

    async fn see(&self, roles: &[Role], path: &str) -> String {
        let (status, body) = see(&self.site, roles, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn post(&self, roles: &[Role], path: &str, fields: &str) -> (StatusCode, String, String) {
        let form = format!("form_token={FORM_TOKEN}&{fields}");
        let (status, headers, body) = ask(&self.site, Some(somebody(roles)), Method::POST, path, &form).await;
        let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        (status, to, body)
    }

    /// An order that is taken: the page that the browser is sent on to.
    async fn ordered(&self, roles: &[Role], path: &str, fields: &str) -> String {
        let (status, to, body) = self.post(roles, path, fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {body}");
        self.see(roles, &to).await
    }

    /// An order that is not taken is told, and leaves no order.
    async fn refused(&self, roles: &[Role], path: &str, fields: &str, status: StatusCode) -> String {
        let before = self.open_orders().await;
        let (found, _, body) = self.post(roles, path, fields).await;
        assert_eq!(found, status, "{path}: {body}");
        assert_eq!(self.open_orders().await, before, "{path}: nothing is ordered");
        body
    }

    async fn open_orders(&self) -> (usize, usize) {
        let orders = self.site.ledger.run(|tx| Ok((tx.open_orders()?.len(), tx.selections()?.len()))).await;
        orders.expect("the ledger can be read")
    }

    /// What a page of orders refuses from everybody and everything that should not order.
    async fn guards(&self, roles: &[Role], path: &str, missing: &str) {
        self.refused(VIEWER, path, "reason=zomaar", StatusCode::FORBIDDEN).await;
        let (status, _, body) = ask(&self.site, Some(somebody(roles)), Method::POST, path, "reason=zomaar").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "without the token of the form: {body}");
        let (status, _, _) =
            ask(&self.site, Some(somebody(roles)), Method::POST, path, "reason=zomaar&form_token=x").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "with another");
        let told = self.refused(roles, path, "reason=++", StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(told.contains("Zeg in een paar woorden waarom") && told.contains("aria-invalid"), "{told}");
        let named = "reason=bsn+999900006+%3Cscript%3E";
        let told = self.refused(roles, path, named, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(told.contains("een BSN kan zijn") && !told.contains("<script"), "{told}");
        let long = format!("reason={}", "e".repeat(301));
        self.refused(roles, path, &long, StatusCode::UNPROCESSABLE_ENTITY).await;
        for missing in
            [missing.to_owned(), missing.replace("9999", "a"), missing.replace("9999", "99999999999999999999")]
        {
            self.refused(roles, &missing, "reason=zomaar", StatusCode::NOT_FOUND).await;
        }
        assert_eq!(ask(&self.site, None, Method::POST, path, "reason=x").await.0, StatusCode::SEE_OTHER, "nobody");
    }
}

fn allocation(aanbieder: &str, id: &str, nummer: Count) -> Message {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from(AALTEN),
        aanbieder: Party::from(aanbieder),
        dagtekening: date(2026, 3, 9),
    };
    let allocate = Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    composer.toewijzing(id, &Person::nth(1), &allocate)
}

#[tokio::test]
async fn a_held_allocation_is_released_once() {
    let desk = Desk::open();
    let id = desk.held("A1", 1).await;
    let list = desk.see(VIEWER, "/held").await;
    assert!(list.contains("WMO301 A1") && list.contains("Aalten (0197)") && list.contains(STRANGER), "{list}");
    assert!(list.contains("02A02") && list.contains("€"), "product and amount: {list}");
    let page = format!("/held/{id}");
    let seen = desk.see(VIEWER, &page).await;
    assert!(
        seen.contains("A1") && !seen.contains("<form method=\"post\" action=\"/held"),
        "a viewer only looks: {seen}"
    );
    assert!(!seen.contains(Person::nth(1).bsn().expose()), "nobody is named");
    desk.guards(BOSS, &format!("{page}/release"), "/held/9999/release").await;

    let given = desk.ordered(BOSS, &format!("{page}/release"), "reason=uitspraak+van+de+rechter").await;
    assert!(given.contains("De opdracht tot vrijgeven staat in het grootboek"), "{given}");
    assert!(given.contains("nog niet uitgevoerd") && given.contains("j.devries"), "{given}");
    let told = desk.refused(BOSS, &format!("{page}/withdraw"), "reason=toch+niet", StatusCode::CONFLICT).await;
    assert!(told.contains("j.devries") && told.contains("uitspraak van de rechter"), "{told}");

    desk.gateway.carry_out_orders().await.expect("orders are carried out");
    let seen = desk.see(BOSS, &page).await;
    assert!(seen.contains("vrijgegeven") && !seen.contains("nog niet uitgevoerd"), "{seen}");
    for action in ["release", "withdraw"] {
        let told = desk.refused(BOSS, &format!("{page}/{action}"), "reason=nog+eens", StatusCode::CONFLICT).await;
        assert!(told.contains("al vrijgegeven door j.devries"), "{told}");
    }
    let due = desk.site.ledger.run(|tx| tx.due(jiff::Timestamp::MAX, 100)).await.expect("the outbox can be read");
    assert_eq!(due.iter().filter(|row| row.subject == "WMO301").count(), 1, "it leaves once");
    assert!(desk.see(VIEWER, "/held").await.contains("Er wacht geen toewijzing"));
    assert!(desk.see(VIEWER, "/held?which=ended").await.contains("WMO301 A1"));
    assert_eq!(desk.site.ledger.run(|tx| tx.check_integrity()).await.expect("it can be read"), []);
}

#[tokio::test]
async fn a_held_allocation_is_withdrawn_and_one_behind_another_waits() {
    let desk = Desk::open();
    let (first, second) = (desk.held("A1", 1).await, desk.held("A2", 1).await);
    let told = desk.refused(BOSS, &format!("/held/{second}/release"), "reason=alvast", StatusCode::CONFLICT).await;
    assert!(told.contains(&format!("bericht {first} gaat over dezelfde toewijzing")), "{told}");
    let page = desk.ordered(BOSS, &format!("/held/{second}/withdraw"), "reason=dubbel").await;
    assert!(page.contains("intrekken"), "{page}");
    desk.gateway.carry_out_orders().await.expect("orders are carried out");
    let told = desk.refused(BOSS, &format!("/held/{second}/release"), "reason=toch", StatusCode::CONFLICT).await;
    assert!(told.contains("al ingetrokken door j.devries („dubbel”)"), "{told}");
}

#[tokio::test]
async fn what_is_set_aside_is_judged_anew_once() {
    let desk = Desk::open();
    desk.take("broken", b"<not a message".to_vec()).await;
    let id = desk.parked("P1").await;
    let list = desk.see(VIEWER, "/parked").await;
    assert!(list.contains("WMO301 P1") && list.contains("Onleesbaar"), "{list}");
    let page = format!("/parked/{id}");
    assert!(!desk.see(VIEWER, &page).await.contains("action=\"/parked"), "a viewer only looks");
    desk.guards(OPERATOR, &format!("{page}/replay"), "/parked/9999/replay").await;
    let given = desk.ordered(OPERATOR, &format!("{page}/replay"), "reason=versie+0.2+leest+dit").await;
    assert!(given.contains("nog niet uitgevoerd"), "{given}");
    let told = desk.refused(OPERATOR, &format!("{page}/replay"), "reason=nog+eens", StatusCode::CONFLICT).await;
    assert!(told.contains("gaf op") && told.contains("versie 0.2 leest dit"), "{told}");
    while desk.gateway.carry_out_replays().await.expect("orders are carried out") > 0 {}
    let seen = desk.see(OPERATOR, &page).await;
    assert!(seen.contains("Opnieuw beoordeeld") && seen.contains("geaccepteerd"), "{seen}");
    let told = desk.refused(OPERATOR, &format!("{page}/replay"), "reason=nog+eens", StatusCode::CONFLICT).await;
    assert!(told.contains("al opnieuw beoordeeld") && told.contains("j.devries"), "{told}");
    let decided = desk.held("A1", 1).await;
    let told =
        desk.refused(OPERATOR, &format!("/parked/{decided}/replay"), "reason=zomaar", StatusCode::CONFLICT).await;
    assert!(told.contains("niet terzijde gelegd"), "{told}");
    let (status, _) = see(&desk.site, VIEWER, &format!("/parked/{decided}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it never was set aside");
}

#[tokio::test]
async fn a_refused_delivery_goes_again_and_a_destination_is_tried() {
    let desk = Desk::open();
    desk.take("a", allocation(CONTRACTED, "A1", 5).write()).await;
    let due = desk.site.ledger.run(|tx| tx.due(jiff::Timestamp::MAX, 10)).await.expect("the outbox can be read");
    let (id, at) = (due.first().expect("something leaves").id, desk.site.clock.now());
    let settle = |outcome: Outcome| desk.site.ledger.run(move |tx| tx.settle(&[Settlement { id, at, outcome }]));
    let refused = || Outcome::SetAside { class: Class::Data, reason: "it answered 422".to_owned() };
    settle(refused()).await.expect("it is settled");
    let list = desk.see(VIEWER, "/deliveries").await;
    assert!(
        list.contains("directory") && list.contains("dicht: bezorgt") && !list.contains("action=\"/deliveries"),
        "{list}"
    );
    let list = desk.see(OPERATOR, "/deliveries?state=refused").await;
    assert!(list.contains("it answered 422") && list.contains("WMO301"), "{list}");
    let start = list.find("href=\"/deliveries/").expect("a link") + "href=\"".len();
    let page: String = list[start..].chars().take_while(|c| *c != '"').collect();
    let seen = desk.see(VIEWER, &page).await;
    assert!(seen.contains("geweigerd, terzijde gelegd") && seen.contains(&id.to_string()), "{seen}");
    desk.guards(OPERATOR, &format!("{page}/retry"), "/deliveries/9999/retry").await;
    let again = desk.ordered(OPERATOR, &format!("{page}/retry"), "reason=hersteld").await;
    assert!(again.contains("onder hetzelfde nummer"), "{again}");

    settle(refused()).await.expect("it is settled");
    let (status, _, _) = desk.post(OPERATOR, "/deliveries/retry", "destination=elders&reason=x").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let try_it = "destination=directory&reason=";
    desk.refused(OPERATOR, "/deliveries/retry", try_it, StatusCode::UNPROCESSABLE_ENTITY).await;
    desk.refused(VIEWER, "/deliveries/retry", "destination=directory&reason=x", StatusCode::FORBIDDEN).await;
    let tried = desk.ordered(OPERATOR, "/deliveries/retry", "destination=directory&reason=adres+hersteld").await;
    assert!(tried.contains("gaat nu opnieuw"), "{tried}");
    let nothing = "destination=directory&reason=nog+eens";
    let told = desk.refused(OPERATOR, "/deliveries/retry", nothing, StatusCode::CONFLICT).await;
    assert!(told.contains("Er is niets gedaan"), "{told}");
    settle(Outcome::Sent).await.expect("it is settled");
    let told = desk.refused(OPERATOR, &format!("{page}/retry"), "reason=nog+eens", StatusCode::CONFLICT).await;
    assert!(told.contains("heeft deze bezorging al"), "{told}");
}

#[tokio::test]
async fn a_signal_shows_its_figures_and_what_stands_behind_it() {
    let desk = Desk::open();
    let id = desk.held("A1", 1).await;
    let list = desk.see(BOSS, "/signals").await;
    assert!(
        list.contains("A1") && list.contains("Aalten") && list.contains("hoog") || list.contains("waarschuwing"),
        "{list}"
    );
    let start = list.find("href=\"/signals/").expect("a link") + "href=\"".len();
    let path: String = list[start..].chars().take_while(|c| *c != '"').collect();
    let page = desk.see(BOSS, &path).await;
    assert!(page.contains(&format!("/messages/{id}")) && page.contains("vastgehouden"), "{page}");
    assert!(page.contains("zolang het bericht op een besluit wacht"), "what ends it: {page}");
    assert!(page.contains(&format!("/allocations/wmo/{AALTEN}/{STRANGER}/1")), "{page}");
    assert!(desk.see(BOSS, "/signals?check=A1&severity=&gemeente=0197").await.contains(&path));
    assert!(desk.see(BOSS, "/signals?aanbieder=42429999").await.contains("Er zijn geen signalen"));
    for bad in ["check=Z9", "since=gisteren", "gemeente=1", "after=%3Cscript%3E", "state=weg"] {
        let (status, body) = see(&desk.site, BOSS, &format!("/signals?{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(!body.contains("<script"), "{body}");
    }
    let (status, _) = see(&desk.site, BOSS, "/signals/bestaat-niet").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = see(&desk.site, OPERATOR, "/signals").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "contracts are not an operator's");
}

#[tokio::test]
async fn budgets_show_the_course_of_an_agreement() {
    const POT: &str = "FICTIEF-WIO-0197-2026";
    let desk = Desk::open();
    desk.take("a", allocation(CONTRACTED, "A1", 5).write()).await;
    let list = desk.see(BOSS, "/budgets").await;
    assert!(list.contains(POT) && list.contains("60.000,00"), "the amount agreed: {list}");
    let page = desk.see(BOSS, &format!("/budgets/{POT}")).await;
    let expected =
        ["<svg", "gerealiseerd", "verwacht", "afgesproken", "drempel", "jan", "dec", "wmo/0197/wmo-integrale"];
    for part in expected {
        assert!(page.contains(part), "{part}: {page}");
    }
    let none = desk.see(BOSS, "/budgets?year=2025").await;
    assert!(none.contains("In dit jaar is niets geboekt"), "{none}");
    for bad in ["year=12", "year=MMXXVI", "year=99999"] {
        assert_eq!(see(&desk.site, BOSS, &format!("/budgets?{bad}")).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(see(&desk.site, BOSS, "/budgets/GEEN%20AFSPRAAK").await.0, StatusCode::NOT_FOUND);
    assert_eq!(see(&desk.site, OPERATOR, "/budgets").await.0, StatusCode::FORBIDDEN);
    let (status, body) = see(&site(), BOSS, "/budgets").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("geen contractregister"), "{body}");
}

#[tokio::test]
async fn pages_without_rows_and_wrong_addresses_are_clear() {
    let site = site();
    for path in ["/held", "/held?which=ended", "/parked", "/deliveries", "/deliveries?state=sent", "/signals"] {
        assert_eq!(see(&site, BOSS, path).await.0, StatusCode::OK, "{path}");
        assert_eq!(see(&site, &[], path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/held/1", "/held/x", "/parked/1", "/parked/-1", "/deliveries/1", "/deliveries/%00", "/signals/1"] {
        assert_eq!(see(&site, BOSS, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    for path in
        ["/held?after=x", "/held?which=weg", "/parked?after=x", "/deliveries?state=x", "/deliveries?destination=x"]
    {
        assert_eq!(see(&site, BOSS, path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(see(&site, BOSS, "/held?after=9223372036854775807").await.0, StatusCode::OK, "past the end");
}
