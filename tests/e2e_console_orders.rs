//! A person decides on a page of the console: the order reaches the provider's folder once, and the audit trail names who
//! ordered it and why.

mod e2e;

use e2e::daemon::{Daemon, Site};
use e2e::traffic::Item;
use e2e::until;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::Value;
use sluis::access::Role;
use sluis::access::account::PasswordHash;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::ledger::{By, Changed, Keys, Ledger};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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
        let mut stream = TcpStream::connect(*address).expect("the console listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit can be set");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: {cookie}\r\n\
             Accept-Language: nl\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{form}",
            form.len()
        )
        .expect("a request can be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let header = |name: &str| {
            let of_name = |line: &&str| line.to_ascii_lowercase().starts_with(name);
            head.lines().find(of_name).and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        if let Some(set) = header("set-cookie:") {
            set.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
        (status, header("location:").unwrap_or_default(), body.to_owned())
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

/// Where the console is; waits until the daemon says so.
fn console(daemon: &mut Daemon, site: &Site) -> SocketAddr {
    daemon.address();
    let mut found = None;
    until(
        "the console is up",
        || {
            let log = daemon.log();
            found = log.lines().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                line["console.address"].as_str()?.parse().ok()
            });
            found.is_some()
        },
        || site.describe(),
    );
    found.expect("it was waited for")
}

fn beside(site: &Site) -> Ledger {
    let keys = Keys::load(&site.path("ledger.key")).expect("the keys of the gateway");
    Ledger::open_beside(site.path("ledger.sqlite"), keys).expect("the ledger opens beside the daemon")
}

fn add_account(site: &Site, name: &'static str, role: Role) {
    let hash = PasswordHash::of(PASSWORD).expect("a password can be hashed");
    let by = By { name: "test".to_owned(), account: None, reason: None };
    let roles = BTreeSet::from([role]);
    let ledger = beside(site);
    let added = ledger.run_blocking(move |tx| tx.add_account(name, &hash, &roles, false, &by, Timestamp::UNIX_EPOCH));
    assert_eq!(added.expect("it is written"), Changed::Done);
    ledger.close().expect("it closes");
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
    let is_one = |path: &std::path::PathBuf| {
        path.to_string_lossy().contains(STRANGER) && path.extension().is_some_and(|ending| ending == "xml")
    };
    site.left().iter().filter(|path| is_one(path)).count()
}

#[test]
fn a_held_allocation_is_released_at_a_page_and_leaves_once() {
    let site = Site::new("A1 = \"hold\"\n[console]\nlisten = \"127.0.0.1:0\"\n");
    let mut daemon = site.start();
    let address = console(&mut daemon, &site);
    add_account(&site, "j.devries", Role::ContractManager);
    add_account(&site, "k.kijker", Role::Viewer);
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
