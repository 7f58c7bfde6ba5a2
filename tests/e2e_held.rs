//! `sluis held` as people use it: beside a running daemon, and without one.

mod e2e;

use e2e::daemon::Site;
use e2e::traffic::Item;
use e2e::until;
use jiff::civil::date;
use serde_json::Value;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::message::{Count, Eenheid, Frequentie, Law, Party, Product};

/// Without a contract.
const STRANGER: &str = "42420010";

/// An allocation that policy holds.
fn allocation(nummer: Count) -> Item {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from(STRANGER),
        dagtekening: date(2025, 3, 10),
    };
    let allocate = Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2025, 1, 1),
        to: date(2025, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    let message = composer.toewijzing(&format!("A{nummer}"), &Person::nth(1), &allocate);
    Item { name: format!("a{nummer}.xml"), bytes: message.write() }
}

/// Runs `sluis held` at a site: exit code, what it printed, what it complained of.
fn held(site: &Site, arguments: &[&str]) -> (i32, String, String) {
    let output = site.sluis(&[["held"].as_slice(), arguments].concat(), "");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().expect("it ended by itself"), text(output.stdout), text(output.stderr))
}

fn listed(site: &Site) -> Vec<Value> {
    let (code, out, error) = held(site, &["list", "--json"]);
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&out).expect("a list is JSON")
}

/// Documents that went to the provider.
fn passed_on(site: &Site) -> usize {
    site.left_to(STRANGER)
}

#[test]
fn a_person_decides_beside_the_daemon_and_without_it() {
    let site = Site::new("A1 = \"hold\"\n");
    let mut daemon = site.start();
    daemon.address();
    site.send(&[allocation(1), allocation(2), allocation(3)]);
    until("three are held", || listed(&site).len() == 3, || site.describe());
    let holds = listed(&site);
    let ids: Vec<String> = holds.iter().map(|hold| hold["id"].to_string()).collect();
    assert_eq!((&holds[0]["identification"], &holds[0]["reasons"][0]["check"]), (&"A1".into(), &"A1".into()));
    let (code, out, _) = held(&site, &["list"]);
    assert!(code == 0 && out.contains("WMO301 A1 from 0197 to 42420010") && out.contains("geen contract"), "{out}");

    // Beside it: the daemon carries the order out.
    let release = ["release", &ids[0], "--reason", "uitspraak van de rechter", "--by", "j.jansen"];
    let (code, out, error) = held(&site, &release);
    assert!(code == 0 && out.contains("WMO301 A1 is released to 42420010"), "{out}{error}\n{}", site.describe());
    until("it left", || passed_on(&site) == 1, || site.describe());
    let (code, out, _) = held(&site, &release);
    assert!(code == 0 && out.contains("was released before") && out.contains("j.jansen"), "{out}");
    let (code, out, _) = held(&site, &["withdraw", &ids[0], "--reason", "te laat", "--by", "j.jansen"]);
    assert!(code == 1 && out.contains("was released before"), "{out}");
    let (code, _, error) = held(&site, &["release", &ids[1], "--reason", "voor 999900006", "--by", "j.jansen"]);
    assert!(code == 2 && error.contains("BSN") && !error.contains("999900006"), "{error}");
    let (code, _, error) = held(&site, &["release", &ids[1], "--reason", " ", "--by", "j.jansen"]);
    assert!(code == 2 && error.contains("empty"), "{error}");
    assert_eq!(listed(&site).len(), 2);
    assert!(daemon.terminate().success());

    // Without it: by the command itself.
    let (code, out, error) = held(&site, &["withdraw", &ids[1], "--reason", "andere aanbieder", "--by", "j.jansen"]);
    assert!(code == 0 && out.contains("is withdrawn"), "{out}{error}");
    let (code, out, error) = held(&site, &["release", &ids[2], "--reason", "geen alternatief", "--by", "j.jansen"]);
    assert!(code == 0 && out.contains("is released"), "{out}{error}");
    let (code, out, _) = held(&site, &["release", "99", "--reason", "zomaar", "--by", "j.jansen"]);
    assert!(code == 1 && out.contains("99 is not held"), "{out}");
    let (code, out, _) = held(&site, &["list"]);
    assert_eq!((code, out.as_str()), (0, "Nothing is held.\n"));
    assert_eq!(passed_on(&site), 1, "it leaves with the next daemon");
    let daemon = site.start();
    until("the other one left too", || passed_on(&site) == 2, || site.describe());
    assert!(daemon.terminate().success());
    site.assert_log_is_clean();
}
