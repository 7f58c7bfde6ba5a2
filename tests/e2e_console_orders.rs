//! A person decides on a page of the console: the order reaches the provider's folder once, and the audit trail names who
//! ordered it and why.

mod e2e;

use e2e::daemon::Site;
use e2e::traffic::Item;
use e2e::until;
use jiff::civil::date;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use std::net::SocketAddr;

/// Without a contract.
const STRANGER: &str = "42420010";
const PASSWORD: &str = "een lang wachtwoord voor proeven";

/// An allocation that policy holds.
fn allocation() -> Item {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from(STRANGER),
        dagtekening: date(2025, 3, 10),
    };
    let allocate = Allocate {
        nummer: 1,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2025, 1, 1),
        to: date(2025, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    Item { name: "a1.xml".to_owned(), bytes: composer.toewijzing("A1", &Person::nth(1), &allocate).write() }
}

/// Somebody at a browser: keeps its cookie.
struct Browser {
    address: SocketAddr,
    cookie: String,
}

/// Status, where the browser is sent on to, and the page.
type Answer = (u16, String, String);

impl Browser {
    fn ask(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let Browser { address, cookie } = self;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: {cookie}\r\n\
             Accept-Language: nl\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{form}",
            form.len()
        );
        let (status, head, body) = e2e::exchange(*address, request.as_bytes()).expect("the console answers");
        let header = |name: &str| {
            let of_name = |line: &&str| line.to_ascii_lowercase().starts_with(name);
            head.lines().find(of_name).and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        if let Some(set) = header("set-cookie:") {
            set.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
        (status, header("location:").unwrap_or_default(), body)
    }

    fn page(&mut self, path: &str) -> String {
        let (status, to, body) = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path} {to}: {body}");
        body
    }

    /// Fills in a form of a page and sends it.
    fn post(&mut self, page: &str, action: &str, fields: &str) -> Answer {
        let shown = self.page(page);
        let token = shown.split("name=\"form_token\" value=\"").nth(1).expect("the page has a form");
        let token: String = token.chars().take_while(|c| *c != '"').collect();
        self.ask("POST", action, &format!("form_token={token}&{fields}"))
    }
}

fn signed_in(address: SocketAddr, name: &str) -> Browser {
    let mut browser = Browser { address, cookie: String::new() };
    let (status, to, body) =
        browser.ask("POST", "/login", &format!("name={name}&password={}&next=%2Fheld", PASSWORD.replace(' ', "+")));
    assert_eq!((status, to.as_str()), (303, "/held"), "{body}");
    browser
}

/// Documents that went to the provider.
fn passed_on(site: &Site) -> usize {
    site.left_to(STRANGER)
}

#[test]
fn a_held_allocation_is_released_at_a_page_and_leaves_once() {
    let site = Site::new("A1 = \"hold\"\n[console]\nlisten = \"127.0.0.1:0\"\n");
    let mut daemon = site.start();
    let address = daemon.console();
    for (name, role) in [("j.devries", "contract-manager"), ("k.kijker", "viewer")] {
        let added = site.add_account(name, role, PASSWORD);
        assert!(added.status.success(), "{added:?}");
    }
    site.send(&[allocation()]);
    let mut manager = signed_in(address, "j.devries");
    until("it is held", || manager.page("/held").contains("WMO301 A1"), || site.describe());
    let list = manager.page("/held");
    let link = list.split("href=\"/held/").nth(1).expect("a link to the hold");
    let id: String = link.chars().take_while(char::is_ascii_digit).collect();
    let (page, release) = (format!("/held/{id}"), format!("/held/{id}/release"));

    let mut viewer = signed_in(address, "k.kijker");
    assert_eq!(viewer.post(&page, &release, "reason=zomaar").0, 403, "a role too low");
    assert_eq!(manager.ask("POST", &release, "reason=zomaar").0, 403, "without the token of a form");
    let (status, _, body) = manager.post(&page, &release, "reason=voor+999900006");
    assert!(status == 422 && body.contains("een BSN kan zijn"), "{status} {body}");
    assert_eq!(passed_on(&site), 0);

    let (status, to, _) = manager.post(&page, &release, "reason=uitspraak+van+de+rechter");
    assert_eq!((status, to), (303, format!("{page}?done=release")));
    until("it left", || passed_on(&site) == 1, || site.describe());
    until("the page says so", || manager.page(&page).contains("vrijgegeven"), || site.describe());
    let (status, _, told) = manager.post(&page, &release, "reason=nog+eens");
    assert!(status == 409 && told.contains("al vrijgegeven door j.devries"), "{status} {told}");
    assert!(daemon.terminate().success());
    assert_eq!(passed_on(&site), 1, "nothing leaves twice");

    let ledger = rusqlite::Connection::open(site.path("ledger.sqlite")).expect("the ledger opens");
    let (by, reason): (String, String) = ledger
        .query_row(
            "SELECT json_extract(content, '$.by'), json_extract(content, '$.reason') FROM audit
             WHERE event = 'decided again' AND message_id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("the decision stands in the trail once");
    assert_eq!((by.as_str(), reason.as_str()), ("j.devries", "uitspraak van de rechter"));
    site.assert_log_is_clean();
}
