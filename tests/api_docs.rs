//! The page for developers of the API: every command in it is run against a daemon, in order, and what it says of the
//! answers is compared with them.

mod e2e;

use e2e::daemon::{Daemon, Site, program};
use e2e::until;
use jiff::civil::date;
use serde_json::Value;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use sluis::sender::TokenHash;
use std::fs;
use std::path::Path;
use std::process::Command;

const SENDER_TOKEN: &str = "8d9c1f0a7e6b5d4c3b2a190817263544";

/// A block of the page between fences.
struct Block {
    language: String,
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<Block>);
    for (line, text) in (1..).zip(page.lines()) {
        match (text.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), line, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(text);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

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

/// An address that the daemon tells in its log.
fn address_of(daemon: &mut Daemon, name: &str) -> String {
    let mut found = None;
    daemon.address();
    until(
        "the daemon tells its addresses",
        || {
            found = daemon.log().lines().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                Some(format!("http://{}", line[name].as_str()?))
            });
            found.is_some()
        },
        String::new,
    );
    found.expect("it was waited for")
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
    let (intake, console) = (address_of(&mut daemon, "intake.address"), address_of(&mut daemon, "console.address"));
    let made = program()
        .args(["token", "add", "reader", "--by", "proef", "--scope", "view,order-held", "--config"])
        .arg(site.path("sluis.toml"))
        .output()
        .expect("the program can be started");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = String::from_utf8(made.stdout).expect("a token is text");
    fs::write(site.path("message.xml"), message()).expect("a message can be written");

    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")).expect("the page is there");
    let blocks = blocks(&page);
    let lines: usize = page.lines().filter(|line| line.trim_start().starts_with("curl ")).count();
    let mut run = 0;
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        run += block.text.lines().filter(|line| line.starts_with("curl ")).count();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &block.text])
            .current_dir(site.path(""))
            .env("INTAKE", &intake)
            .env("CONSOLE", &console)
            .env("SENDER_TOKEN", SENDER_TOKEN)
            .env("TOKEN", token.trim())
            .output()
            .expect("bash can be started");
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "docs/api.md:{}: {complained}{said}", block.line);
        if let Some(expected) = blocks.get(at + 1).filter(|next| next.language == "text") {
            assert!(fits(&said, &expected.text), "docs/api.md:{}: {said}", expected.line);
        }
    }
    assert_eq!(run, lines, "every curl line of the page stands in a block that is run");
    site.assert_log_is_clean();
}

#[test]
fn parts_are_found_in_order() {
    assert!(fits("abc", "a…c") && fits("abc", "…b…") && !fits("abc", "c…a") && fits("abc", "abc\n"));
}
