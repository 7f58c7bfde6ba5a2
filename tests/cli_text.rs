//! What `sluis check` and `sluis replay` show to people: each finding under its line, as snapshots to read.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

#[path = "golden/program.rs"]
mod program;
#[path = "golden/support.rs"]
mod support;

use jiff::civil::date;
use program::{Desk, Run};
use sluis::demo::compose::{Allocate, Person};
use sluis::message::{Cents, Law, Message};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use support::{DAY, FEBRUARY, JANUARY, Sample, credit, declaratie_323, line_323, product_301, starts_305, with};

fn wmo() -> Sample {
    Sample::of(Law::Wmo)
}

fn text(message: &Message) -> String {
    String::from_utf8(message.write()).expect("messages are UTF-8")
}

/// The same without what stands between the tags: a message on one line.
fn on_one_line(message: &str) -> String {
    message.lines().map(str::trim).collect()
}

/// Compares what a run printed with its snapshot, and looks for people in it.
fn assert_text(name: &str, run: &Run) {
    assert_eq!((run.exit, run.err.as_str()), (1, ""), "{}", run.out);
    for person in [Person::nth(1), Person::nth(2)] {
        assert!(!run.out.contains(person.bsn().expose()), "{}", run.out);
    }
    assert!(!run.out.contains("Fictief") && !run.out.contains("\u{1b}["), "{}", run.out);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, run.out));
}

fn check(name: &str, file: &str, source: impl AsRef<[u8]>) {
    let desk = Desk::new();
    desk.put(file, source);
    assert_text(name, &desk.run(&["check", file]));
}

fn start() -> Message {
    wmo().start("S1", &Person::nth(1), &[(&wmo().weekly(1), date(2026, 1, 8))])
}

/// A total that is no sum, a line in two months, and a line without a tariff.
fn three_kinds_of_faults() -> Message {
    let sample = wmo();
    let lines = |person: u64| -> Vec<_> {
        (1..3).map(|line| sample.claim(&format!("P{person}{line}"), 2 * person + line - 2, FEBRUARY, 12)).collect()
    };
    let claim = sample.declaratie("D1", "N1", FEBRUARY, &[(&Person::nth(1), lines(1)), (&Person::nth(2), lines(2))]);
    with(claim, |message| {
        declaratie_323(message).totaal.totaal_bedrag.0 += 1;
        line_323(message, 0, 1).periode.begindatum = date(2026, 1, 31);
        line_323(message, 1, 1).tarief = None;
    })
}

#[test]
fn a_declaration_with_three_kinds_of_faults() {
    check("text-declaration", "declaratie.xml", three_kinds_of_faults().write());
}

#[test]
fn allocations_that_overlap() {
    let sample = wmo();
    let second = Allocate { from: date(2026, 12, 31), to: date(2027, 6, 30), ..sample.weekly(2) };
    check(
        "text-overlap",
        "toewijzing.xml",
        sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1), second]).write(),
    );
}

#[test]
fn starts_with_one_key() {
    let sample = wmo();
    let (weekly, begin) = (sample.weekly(1), date(2026, 1, 8));
    let message = sample.start("S1", &Person::nth(1), &[(&weekly, begin), (&weekly, begin)]);
    check("text-key", "start.xml", message.write());
}

#[test]
fn several_faults_at_level_1() {
    let good = text(&start());
    let bad = good
        .replace("Geslacht>0<", "Geslacht>X<")
        .replace("StatusAanlevering>1<", "StatusAanlevering>7<")
        .replace("<wmo305:StartProducten>", "<wmo305:Haast/>los<wmo305:StartProducten>")
        .replace("<wmo305:Bsn>", "<wmo305:Bsn nummer=\"999900019\">")
        .replace("Begindatum>2026-01-08<", "Begindatum>2026-02-30<");
    let line = bad.lines().find(|line| line.contains("Dagtekening>")).expect("it has one").to_owned();
    check("text-level-1", "start.xml", bad.replace(&format!("{line}\r\n"), ""));
}

#[test]
fn what_cannot_be_read() {
    let desk = Desk::new();
    let good = text(&start());
    let latin1: Vec<u8> =
        good.replace("Fictiefb", "Ficti\u{eb}f").chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    let utf16: Vec<u8> = good.encode_utf16().fold(vec![0xFF, 0xFE], |mut bytes, unit| {
        bytes.extend(unit.to_le_bytes());
        bytes
    });
    let at = good.find("</wmo305:Bsn>").expect("it is there");
    desk.put("leeg.xml", "");
    desk.put("brief.xml", "Geachte heer Fictief,\n");
    desk.put("latin1.xml", latin1);
    desk.put("utf16.xml", utf16);
    desk.put("afgekapt.xml", &good[..at + 2]);
    desk.put("kruis.xml", good.replace("</wmo305:Client>", "</wmo305:Header>"));
    desk.put("doctype.xml", good.replacen("\r\n", "\r\n<!DOCTYPE Fictief [<!ENTITY e \"x\">]>\r\n", 1));
    desk.put("namespace.xml", good.replace("www.istandaarden.nl", "voorbeeld.example"));
    let files = ["leeg", "brief", "latin1", "utf16", "afgekapt", "kruis", "doctype", "namespace"];
    let files: Vec<String> = files.iter().map(|name| format!("{name}.xml")).collect();
    let mut arguments = vec!["check"];
    arguments.extend(files.iter().map(String::as_str));
    assert_text("text-unreadable", &desk.run(&arguments));
}

#[test]
fn a_message_on_one_line() {
    check("text-one-line", "regel.xml", on_one_line(&text(&three_kinds_of_faults())));
}

/// The finding is about what is not there; it stands on the class.
#[test]
fn an_element_that_is_absent() {
    let sample = wmo();
    let message = with(sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]), |message| {
        product_301(message, 0).einddatum = None;
    });
    check("text-absent", "toewijzing.xml", message.write());
}

/// CR/LF is how messages are written; tabs, letters of more bytes and a byte order mark come on top.
#[test]
fn tabs_and_letters_of_more_bytes() {
    let message = with(three_kinds_of_faults(), |message| {
        line_323(message, 0, 0).referentie.nummer = "é€\u{1F600}-1".into();
        line_323(message, 0, 0).referentie.vorig = Some("P0".into());
    });
    let tabbed = text(&message).lines().fold(String::new(), |mut tabbed, line| {
        let trimmed = line.trim_start();
        let indent = "\t".repeat(line.len() - trimmed.len());
        write!(tabbed, "{indent}{trimmed}\r\n").expect("writing to a string cannot fail");
        tabbed
    });
    // So that an element stands behind letters of several bytes, on one line with them.
    let joined = tabbed.replace("ReferentieNummer>\r\n", "ReferentieNummer>");
    let joined = joined.replace("TotaalBedrag>\r\n\t\t", "TotaalBedrag>");
    check("text-tabs", "tabs.xml", format!("\u{feff}{joined}"));
}

/// What conflicts with an earlier message says with which.
#[test]
fn conflicts_with_earlier_messages() {
    let desk = Desk::new();
    let sample = wmo();
    let person = Person::nth(1);
    desk.put("1-toewijzing.xml", sample.toewijzing("T1", &person, &[sample.weekly(1)]).write());
    desk.put("2-start.xml", start().write());
    let again = with(start(), |message| starts_305(message)[0].begindatum = date(2026, 1, 9));
    let again = with(again, |message| message.header.identificatie.identificatie = "S2".into());
    desk.put("3-nog-een-start.xml", again.write());
    let claim = |id: &str, nummer: &str, lines| sample.declaratie(id, nummer, FEBRUARY, &[(&person, lines)]);
    desk.put("4-declaratie.xml", claim("D1", "N1", vec![sample.claim("P1", 1, FEBRUARY, 12)]).write());
    desk.put("5-zelfde-nummer.xml", claim("D2", "N1", vec![sample.claim("P2", 1, FEBRUARY, 1)]).write());
    let lines = vec![sample.claim("P1", 1, FEBRUARY, 12), sample.claim("P3", 1, JANUARY, 17)];
    desk.put("6-nogmaals.xml", claim("D3", "N3", lines).write());
    let wrong_credit = with(claim("D4", "N4", vec![sample.claim("P4", 1, FEBRUARY, 12)]), |message| {
        let line = line_323(message, 0, 0);
        credit(line, "P1");
        line.bedrag.bedrag = Cents(line.bedrag.bedrag.0 - 100);
        support::retotal(message);
    });
    desk.put("7-credit.xml", wrong_credit.write());
    let config = desk.config("");
    assert_text("text-conflicts", &desk.run(&["replay", "--config", config, "."]));
}

/// Signals of the contract layer stand among the findings.
#[test]
fn signals_are_told() {
    let desk = Desk::new();
    let sample = Sample::with(Law::Wmo, support::STRANGER);
    desk.put("t.xml", sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]).write());
    let config = desk.config("[policy]\nA1 = \"hold\"\n");
    assert_text("text-signal", &desk.run(&["replay", "--config", config, "t.xml"]));
}

/// Colours come when they are asked for, and never into a file by themselves.
#[test]
fn colours_are_a_choice() {
    let desk = Desk::new();
    desk.put("d.xml", three_kinds_of_faults().write());
    let plain = desk.run(&["check", "d.xml"]).out;
    for never in [&["check", "--color", "auto", "d.xml"][..], &["check", "--color=never", "d.xml"]] {
        assert_eq!(desk.run(never).out, plain);
    }
    let coloured = desk.run(&["check", "--color", "always", "d.xml"]).out;
    assert!(coloured.contains("\u{1b}[") && !plain.contains('\u{1b}'));
    let mut stripped = String::new();
    for (index, part) in coloured.split("\u{1b}[").enumerate() {
        let part = if index == 0 { part } else { part.split_once('m').expect("a colour ends").1 };
        write!(stripped, "{part}").expect("writing to a string cannot fail");
    }
    assert_eq!(stripped, plain, "colours change nothing else");
    assert_eq!(desk.run(&["check", "--color", "rood", "d.xml"]).exit, 2);
}

/// A message of 6 MB on one line with thousands of findings: the work is that of the document, not of each finding.
#[test]
fn a_large_message_on_one_line_takes_no_longer() {
    let desk = Desk::new();
    let good = on_one_line(&text(&start()));
    let (head, tail) = good.split_once("<wmo305:StartProduct>").expect("it has a start");
    let (product, tail) = tail.split_once("</wmo305:StartProduct>").expect("it ends");
    let product = format!("<wmo305:StartProduct>{product}</wmo305:StartProduct>");
    let count = 6_000_000 / product.len();
    desk.put("groot.xml", format!("{head}{}{tail}", product.repeat(count)));
    let began = Instant::now();
    let run = desk.run(&["check", "groot.xml"]);
    let took = began.elapsed();
    assert_eq!(run.exit, 1);
    assert!(run.out.matches("error[TR101/0001]").count() > count - 2, "each start but the first");
    let longest = run.out.lines().map(str::len).max();
    assert!(longest < Some(1_000), "{longest:?}");
    assert!(took < Duration::from_mins(1), "took {took:?}");
    println!("{count} findings took {took:?}");
}

/// What the help line under a message names can be asked for, and the page on all rules is the one in `docs/`.
#[test]
fn rules_are_explained() {
    let desk = Desk::new();
    let both = desk.run(&["rules", "TR358", "cd087"]);
    assert_eq!((both.exit, both.err.as_str()), (0, ""));
    assert!(both.out.starts_with("TR358 (technical rule, level 2, return code 0001)"), "{}", both.out);
    assert!(both.out.contains("\nCD087 (condition, level 2"), "{}", both.out);
    let unknown = desk.run(&["rules", "TR999", "TR358"]);
    assert_eq!((unknown.exit, unknown.out.lines().count()), (2, both.out.lines().count() / 2), "{unknown:?}");
    assert!(unknown.err.contains("TR999"), "{}", unknown.err);
    let page = desk.run(&["rules", "--markdown"]);
    assert_eq!((page.exit, page.out.as_str()), (0, include_str!("../docs/rules.md")));
    assert_eq!(desk.run(&["rules", "--markdown", "TR358"]).exit, 2);
}

/// Every snapshot here belongs to a test.
#[test]
fn no_snapshot_is_left_over() {
    let source = include_str!("cli_text.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for entry in std::fs::read_dir(folder).expect("the snapshots are there") {
        let name = entry.expect("the folder can be read").file_name().into_string().expect("names are plain");
        let stem = name.strip_suffix(".snap").unwrap_or_else(|| panic!("{name}: a snapshot that was not reviewed"));
        assert!(source.contains(&format!("\"{stem}\"")), "{name} is compared by no test");
    }
    assert_eq!(DAY, date(2026, 3, 10), "the day that the snapshots name");
}
