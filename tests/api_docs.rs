//! The page for developers of the API: every command in it is run against a daemon, in order, and what it says of the
//! answers is compared with them.

mod e2e;
mod pages;

use e2e::daemon::Site;
use jiff::civil::date;
use pages::Page;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use sluis::sender::TokenHash;
use std::fs;
use std::process::Command;

const SENDER_TOKEN: &str = "8d9c1f0a7e6b5d4c3b2a190817263544";

/// Whether a text has these parts, between which `…` stands, in order.
fn fits(text: &str, expected: &str) -> bool {
    let mut rest = text;
    expected.trim().split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

fn message() -> Vec<u8> {
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
    let composer = Composer { law: Law::Wmo, gemeente, aanbieder, dagtekening: date(2026, 3, 10) };
    let allocate = Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 28),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    };
    composer.start("B1", &Person::nth(1), &allocate, date(2026, 1, 6)).write()
}

#[test]
fn every_command_of_the_page_does_what_the_page_says() {
    let hash = hex::encode(TokenHash::of(SENDER_TOKEN).0);
    let site = Site::new(&format!(
        "[intake]\ntransports = [\"directory\", \"http\"]\n[http_intake]\nlisten = \"127.0.0.1:0\"\nplain = true\n\
         [console]\nlisten = \"127.0.0.1:0\"\n[[sender]]\nname = \"thuiszorg-noord\"\nparties = [\"42420001\"]\n\
         token_sha256 = \"{hash}\"\n"
    ));
    let mut daemon = site.start();
    let (intake, console) = (daemon.intake(), daemon.console());
    let token = site.add_token("reader", "view,order-held");
    fs::write(site.path("message.xml"), message()).expect("a message can be written");

    let page = Page::read("docs/api.md");
    let blocks = page.blocks();
    let lines: usize = page.text.lines().filter(|line| line.trim_start().starts_with("curl ")).count();
    let mut run = 0;
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        run += block.text.lines().filter(|line| line.starts_with("curl ")).count();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &block.text])
            .current_dir(site.path(""))
            .env("INTAKE", format!("http://{intake}"))
            .env("CONSOLE", format!("http://{console}"))
            .env("SENDER_TOKEN", SENDER_TOKEN)
            .env("TOKEN", &token)
            .output()
            .expect("bash can be started");
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {complained}{said}", block.place());
        if let Some(expected) = blocks.get(at + 1).filter(|next| next.language == "text") {
            assert!(fits(&said, &expected.text), "{}: {said}", expected.place());
        }
    }
    assert_eq!(run, lines, "every curl line of the page stands in a block that is run");
    site.assert_log_is_clean();
}

#[test]
fn parts_are_found_in_order() {
    assert!(fits("abc", "a…c") && fits("abc", "…b…") && !fits("abc", "c…a") && fits("abc", "abc\n"));
}
