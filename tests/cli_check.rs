//! `sluis check` from outside: what it prints and how it ends (design, section 5).

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

#[path = "golden/program.rs"]
mod program;
#[path = "golden/support.rs"]
mod support;

use jiff::civil::date;
use program::{Desk, Run, faults, rules};
use serde_json::Value;
use sluis::demo::compose::{Allocate, Person};
use sluis::message::{Law, Message};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use support::{FEBRUARY, Sample, declaratie_323, line_323, product_301, shared, with};

fn wmo() -> Sample {
    Sample::of(Law::Wmo)
}

fn start() -> Message {
    let sample = wmo();
    sample.start("S1", &Person::nth(1), &[(&sample.weekly(1), date(2026, 1, 8))])
}

fn text(message: &Message) -> String {
    String::from_utf8(message.write()).expect("messages are UTF-8")
}

/// The fields that the design fixes, and the rules that were skipped.
fn assert_form(report: &Value) {
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let fields = ["file", "kind", "identification", "level", "verdict", "findings", "reply", "signals", "skipped"];
    assert_eq!(keys(report), set(&fields));
    assert!(report["file"].is_string() && (1..=4).contains(&report["level"].as_u64().expect("a number")));
    let verdicts = ["accepted", "rejected", "partly", "held", "parked"];
    assert!(verdicts.contains(&report["verdict"].as_str().expect("a word")), "{report}");
    for finding in report["findings"].as_array().expect("a list") {
        let fields = ["rule", "code", "class", "path", "line", "column", "nl", "en", "facts"];
        assert_eq!(keys(finding), set(&fields));
        assert!(finding["line"].as_u64() >= Some(1) && finding["column"].as_u64() >= Some(1), "{finding}");
        assert!(finding["facts"].is_object(), "{finding}");
        for sentence in ["nl", "en"] {
            let sentence = finding[sentence].as_str().expect("a sentence");
            assert!(sentence.ends_with('.') && sentence.len() > 10, "{sentence}");
        }
        let at_level_1 = report["level"] == 1;
        assert_eq!(finding["rule"] == "XSD", at_level_1, "{finding}");
        assert_eq!(finding["code"].is_null(), at_level_1, "{finding}");
    }
    for skipped in report["skipped"].as_array().expect("a list") {
        assert_eq!(keys(skipped), set(&["rule", "needs"]));
    }
}

#[test]
fn reports_have_the_fixed_form_one_a_line_in_the_order_given() {
    let desk = Desk::new();
    let sample = wmo();
    desk.put("map/z-goed.xml", start().write());
    desk.put(
        "a-niveau1.xml",
        text(&start()).replace("Geslacht>0<", "Geslacht>X<").replace("StatusAanlevering>1<", "StatusAanlevering>7<"),
    );
    let claim = with(
        sample.declaratie("D1", "N1", FEBRUARY, &[(&Person::nth(1), vec![sample.claim("P1", 1, FEBRUARY, 12)])]),
        |message| {
            declaratie_323(message).totaal.totaal_bedrag.0 += 1;
            line_323(message, 0, 0).tarief = None;
        },
    );
    desk.put("b-niveau2.xml", claim.write());
    let early = with(sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]), |_| {});
    desk.put("c-niveau4.xml", early.write());
    let files = ["map/z-goed.xml", "a-niveau1.xml", "b-niveau2.xml", "./c-niveau4.xml"];

    let run = desk.run(&["check", "--json", files[0], files[1], files[2], files[3]]);
    assert_eq!((run.exit, run.err.as_str()), (1, ""));
    let reports = run.reports();
    assert_eq!(reports.len(), 4);
    for (report, file) in reports.iter().zip(files) {
        assert_form(report);
        assert_eq!(report["file"], file, "the name as it was given");
    }
    let [good, level_1, level_2, allocation] = [0, 1, 2, 3].map(|index| &reports[index]);
    assert_eq!((&good["kind"], &good["identification"]), (&"WMO305".into(), &"S1".into()));
    assert_eq!((&good["verdict"], &good["level"], &good["reply"]), (&"accepted".into(), &4.into(), &"WMO306".into()));
    assert_eq!(allocation["reply"], "WMO302");
    assert_eq!((rules(level_1), &level_1["level"]), (vec!["XSD", "XSD"], &1.into()), "all findings of the level");
    assert_eq!((&level_1["verdict"], &level_1["reply"]), (&"rejected".into(), &Value::Null), "no reply at level 1");
    assert_eq!((&level_1["kind"], &level_1["identification"]), (&"WMO305".into(), &"S1".into()), "as far as it tells");
    assert_eq!((rules(level_2), &level_2["level"]), (vec!["TR358", "CD087"], &2.into()), "all findings of the level");
    assert_eq!((&level_2["verdict"], &level_2["reply"]), (&"rejected".into(), &"WMO325".into()));
    assert_eq!(
        level_2["findings"][0]["path"], "/Bericht/Declaratie/TotaalIngediendBedrag",
        "the place that the sentence is about"
    );
    let line = text(&claim).lines().position(|line| line.contains("TotaalIngediendBedrag")).expect("it is there") + 1;
    assert_eq!(level_2["findings"][0]["line"], line);

    let run = desk.run(&["check", "--json", "--today", "2026-03-09", files[3]]);
    let report = run.report();
    assert_eq!((run.exit, rules(&report), &report["level"]), (1, vec!["TR135"], &4.into()), "the day that was given");
    let run = desk.run(&["check", "--json", files[3]]);
    assert_eq!((run.exit, run.report()["verdict"].clone()), (0, "accepted".into()), "otherwise its own Dagtekening");
}

/// Rules that need a ledger or a contract are named as such, with and without a register.
#[test]
fn what_cannot_be_judged_is_skipped_not_passed() {
    let desk = Desk::new();
    let sample = wmo();
    let unknown = Allocate { product: support::product("02", "99Z99"), ..sample.weekly(1) };
    desk.put("t.xml", sample.toewijzing("T1", &Person::nth(1), &[unknown]).write());
    let claim =
        sample.declaratie("D1", "N1", FEBRUARY, &[(&Person::nth(1), vec![sample.claim("P1", 1, FEBRUARY, 12)])]);
    desk.put("d.xml", claim.write());
    let skipped = |report: &Value, needs: &str| -> BTreeSet<String> {
        let all = report["skipped"].as_array().expect("a list").iter();
        all.filter(|skip| skip["needs"] == needs).map(|skip| skip["rule"].as_str().expect("an id").to_owned()).collect()
    };
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();

    let run = desk.run(&["check", "--json", "t.xml", "d.xml"]);
    assert_eq!(run.exit, 0, "without a contract only the standard is checked: {run:#?}");
    let reports = run.reports();
    // Of the catalogue: the rules of levels 3 and 4 of the kind that need more than the message and the clock. TR319
    // and TR346 need neither.
    assert_eq!(skipped(&reports[0], "contract"), set(&["TR381"]));
    assert_eq!(skipped(&reports[0], "ledger"), set(&["TR056", "TR332", "TR379", "TR385"]));
    assert_eq!(skipped(&reports[1], "contract"), set(&["TR381", "TR418"]));
    let ledger = [
        "TR056", "TR304", "TR307", "TR308", "TR314", "TR318", "TR321", "TR322", "TR323", "TR333", "TR338", "TR339",
        "TR340", "TR341", "TR369", "TR384", "TR387", "TR388", "TR389", "TR390",
    ];
    assert_eq!(skipped(&reports[1], "ledger"), set(&ledger));

    let config = desk.config("");
    let run = desk.run(&["check", "--config", config, "--json", "t.xml", "d.xml"]);
    let reports = run.reports();
    assert_eq!((run.exit, rules(&reports[0])), (1, vec!["TR381"]), "with the register the code is on no list");
    assert!(skipped(&reports[0], "contract").is_empty());
    assert_eq!(reports[0]["findings"][0]["code"], "S329");

    let run = desk.run(&["check", "d.xml"]);
    assert!(run.out.starts_with("d.xml: WMO323 D1: accepted at level 4, no findings, reply WMO325\n"), "{}", run.out);
    assert!(run.out.contains("not judged here, needs the contract: ") && run.out.contains("TR418"), "{}", run.out);
    let run = desk.run(&["check", "--config", config, "t.xml"]);
    assert!(run.out.starts_with("t.xml: WMO301 T1: rejected at level 4, 1 finding, reply WMO302\n"), "{}", run.out);
    assert!(
        run.out.contains("\nerror[TR381/S329]: ") && run.out.contains("\n  help: sluis rules TR381\n"),
        "{}",
        run.out
    );
}

/// Bad input: one clear finding each, at level 1, and nothing of it passes.
#[test]
fn bad_input_gets_one_clear_finding() {
    let desk = Desk::new();
    let good = text(&start());
    let utf16: Vec<u8> = good.replace("UTF-8", "UTF-16").encode_utf16().fold(vec![0xFF, 0xFE], |mut bytes, unit| {
        bytes.extend(unit.to_le_bytes());
        bytes
    });
    let latin1: Vec<u8> =
        good.replace("Fictiefb", "Ficti\u{eb}f").chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    let cases: &[(&str, Vec<u8>, &str, Option<&str>)] = &[
        ("brief.xml", b"Geachte heer, mevrouw".to_vec(), "xml.malformed|xml.empty", None),
        ("leeg.xml", Vec::new(), "xml.empty", None),
        (
            "doctype.xml",
            good.replacen("\r\n", "\r\n<!DOCTYPE a [<!ENTITY e \"x\">]>\r\n", 1).into_bytes(),
            "xml.doctype",
            None,
        ),
        ("namespace.xml", good.replace("www.istandaarden.nl", "voorbeeld.example").into_bytes(), "kind.unknown", None),
        ("uitgave.xml", good.replace("/3_2/", "/3_1/").into_bytes(), "release.unknown", None),
        ("latin1.xml", latin1, "xml.encoding", None),
        ("latin1-gemeld.xml", good.replace("UTF-8", "ISO-8859-1").into_bytes(), "xml.encoding", None),
        ("utf16.xml", utf16, "xml.encoding", None),
        ("afgekapt.xml", good.as_bytes()[..good.len() / 2].to_vec(), "xml.malformed", Some("WMO305")),
        (
            "datum.xml",
            good.replace("Begindatum>2026-01-08<", "Begindatum>2026-02-30<").into_bytes(),
            "type.date",
            Some("WMO305"),
        ),
        ("html.xml", b"<html><body>503</body></html>".to_vec(), "kind.unknown", None),
    ];
    for (name, bytes, ..) in cases {
        desk.put(name, bytes);
    }
    let mut arguments = vec!["check", "--json"];
    arguments.extend(cases.iter().map(|(name, ..)| *name));
    let run = desk.run(&arguments);
    assert_eq!((run.exit, run.err.as_str()), (1, ""));
    let reports = run.reports();
    for ((name, _, fault, kind), report) in cases.iter().zip(&reports) {
        assert_form(report);
        let found = faults(report);
        assert_eq!(found.len(), 1, "one finding for {name}: {found:?}");
        assert!(fault.split('|').any(|fault| fault == found[0]), "{name}: {found:?}");
        assert_eq!((&report["level"], &report["verdict"]), (&1.into(), &"rejected".into()), "{name}");
        assert_eq!(report["reply"], Value::Null, "{name}");
        if let Some(kind) = kind {
            assert_eq!(report["kind"], *kind, "{name}");
        }
    }
    assert_eq!(reports.len(), cases.len());

    arguments[1] = "--today=2026-03-10";
    let run = desk.run(&arguments);
    assert_no_person(&run);
    for (name, ..) in cases {
        assert!(run.out.contains(&format!("{name}: ")), "{name} in the text:\n{}", run.out);
    }
}

/// Accepted as it is: a byte order mark, another prefix, a single line.
#[test]
fn harmless_forms_are_accepted() {
    let desk = Desk::new();
    let good = text(&start());
    desk.put("bom.xml", [b"\xEF\xBB\xBF".as_slice(), good.as_bytes()].concat());
    desk.put("regel.xml", good.lines().map(str::trim).collect::<String>());
    desk.put("lf.xml", good.replace("\r\n", "\n"));
    desk.put("prefix.xml", good.replace("wmo305:", "b:").replace("xmlns:wmo305", "xmlns:b"));
    desk.put("standaard.xml", good.replace("wmo305:", "").replace("xmlns:wmo305", "xmlns"));
    let run = desk.run(&["check", "--json", "bom.xml", "regel.xml", "lf.xml", "prefix.xml", "standaard.xml"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert!(run.reports().iter().all(|report| report["verdict"] == "accepted"));
}

/// 26 MB is over the limit: found out in no time, and without taking it all in.
#[test]
fn a_message_that_is_too_large_is_refused_quickly() {
    let desk = Desk::new();
    let good = text(&start());
    let (head, tail) = good.split_once("<wmo305:StartProduct>").expect("it has a start");
    let (product, tail) = tail.split_once("</wmo305:StartProduct>").expect("it ends");
    let product = format!("<wmo305:StartProduct>{product}</wmo305:StartProduct>");
    let large = format!("{head}{}{tail}", product.repeat(26_000_000 / product.len() + 1));
    assert!(large.len() > 26_000_000);
    desk.put("groot.xml", large);
    let began = Instant::now();
    let run = desk.run(&["check", "--json", "groot.xml"]);
    let took = began.elapsed();
    let report = run.report();
    assert_eq!((run.exit, faults(&report)), (1, vec!["limit.size"]));
    assert_form(&report);
    assert!(took < Duration::from_secs(5), "took {took:?}");
}

/// What is not a message at all is told on standard error; the files beside it are judged all the same.
#[test]
fn unreadable_files_are_usage_and_do_not_stop_the_others() {
    let desk = Desk::new();
    desk.put("goed.xml", start().write());
    desk.put("map/binnen.xml", start().write());
    let run = desk.run(&["check", "--json", "weg.xml", "map", "goed.xml"]);
    assert_eq!(run.exit, 2);
    let reports = run.reports();
    assert_eq!(
        (reports.len(), &reports[0]["file"], &reports[0]["verdict"]),
        (1, &"goed.xml".into(), &"accepted".into())
    );
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.err);
    assert!(lines[0].contains("weg.xml") && lines[0].contains("No such file"), "{}", lines[0]);
    assert!(lines[1].contains("map") && lines[1].contains("sluis replay"), "it says what to do: {}", lines[1]);

    for wrong in [
        &["check"][..],
        &["check", "--today", "gisteren", "goed.xml"],
        &["check", "--toady", "goed.xml"],
        &["chek"],
        &[],
    ] {
        let run = desk.run(wrong);
        assert_eq!((run.exit, run.out.as_str()), (2, ""), "{wrong:?}: {run:#?}");
        assert!(run.err.contains("Usage") || run.err.contains("--help"), "{wrong:?}: {}", run.err);
    }
    for right in [&["--help"][..], &["check", "--help"], &["--version"]] {
        assert_eq!(desk.run(right).exit, 0, "{right:?}");
    }
}

/// All faults of a configuration at once, and nothing is judged.
#[test]
fn a_broken_configuration_is_told_in_full() {
    let desk = Desk::new();
    desk.put("goed.xml", start().write());
    desk.put("kapot.toml", "[ledger]\npaht = \"x\"\n[limits]\nmax_bytes = \"veel\"\n[delivery]\nwindow = -1\n");
    let run = desk.run(&["check", "--config", "kapot.toml", "goed.xml"]);
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    for part in ["paht", "max_bytes", "window"] {
        assert!(run.err.contains(part), "{part} in {}", run.err);
    }
    assert!(run.err.contains("kapot.toml"), "{}", run.err);
    let check = desk.run(&["config", "check", "--config", "kapot.toml"]);
    assert_eq!((check.exit, check.err), (2, run.err));

    let run = desk.run(&["check", "--config", "weg.toml", "goed.xml"]);
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    assert!(run.err.contains("weg.toml"), "{}", run.err);

    desk.put("beleid.toml", "[policy]\nA1 = \"misschien\"\nZ9 = \"hold\"\n");
    let run = desk.run(&["check", "--config", "beleid.toml", "goed.xml"]);
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    for part in ["misschien", "Z9"] {
        assert!(run.err.contains(part), "{part} in {}", run.err);
    }
    desk.put("regio.toml", "[contract]\nregion = \"nergens\"\n");
    let run = desk.run(&["check", "--config", "regio.toml", "goed.xml"]);
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    assert!(run.err.contains("nergens"), "{}", run.err);
}

/// No citizen service number, name or address of the input in any output, wherever it stands and whatever is wrong.
#[test]
fn no_person_is_ever_shown() {
    let desk = Desk::new();
    let sample = wmo();
    let good = text(&start());
    let person = Person::nth(1);
    let bsn = person.bsn().expose();
    let born = good.lines().find(|line| line.contains("Datum>")).expect("it has a birth date").to_owned();
    let mut names = Vec::new();
    let mut put = |name: &'static str, text: String| names.push(desk.put(name, text));
    put("bsn-fout.xml", good.replace(bsn, "99990001X"));
    put("bsn-elf.xml", good.replace(bsn, "999900019"));
    put("bsn-lang.xml", good.replace(bsn, &format!("{bsn}0")));
    put("attribuut.xml", good.replace("<wmo305:Bsn>", &format!("<wmo305:Bsn nummer=\"{bsn}\">")));
    put(
        "commentaar.xml",
        good.replace("Geslacht>0<", "Geslacht>X<")
            .replace("<wmo305:Geslacht", &format!("<!-- {bsn} --><wmo305:Geslacht")),
    );
    put("verdwaald.xml", good.replace("<wmo305:StartProducten>", &format!("{bsn}<wmo305:StartProducten>")));
    put("element.xml", good.replace("<wmo305:StartProducten>", &format!("<wmo305:X{bsn}/><wmo305:StartProducten>")));
    put("als-code.xml", good.replace("Geslacht>0<", &format!("Geslacht>{bsn}<")));
    put("als-code-2.xml", good.replace("Geslacht>0<", &format!("Geslacht>{bsn} Fictiefb<")));
    put("als-nummer.xml", good.replace("ToewijzingNummer>1<", &format!("ToewijzingNummer>A{bsn}<")));
    put("geboren.xml", good.replace(&born, &born.replace("19", "18")));
    put("afgekapt.xml", good[..good.find("</wmo305:Bsn>").expect("it is there") + 2].to_owned());
    put("een-regel.xml", good.replace("Geslacht>0<", "Geslacht>X<").lines().map(str::trim).collect::<String>());
    put("zonder-tags.xml", good.replace("</wmo305:Bsn>", "\n").replace("<wmo305:Bsn>", ""));
    let claims =
        vec![sample.claim(&format!("{bsn}-01"), 1, FEBRUARY, 12), sample.claim(&format!("{bsn}-01"), 1, FEBRUARY, 12)];
    let claim = text(&sample.declaratie("D1", "N1", FEBRUARY, &[(&person, claims)]));
    put("bsn-als-referentie.xml", claim.clone());
    put("bsn-als-referentie-regel.xml", claim.lines().map(str::trim).collect());
    put(
        "bsn-twee-keer.xml",
        claim.replace(
            "</wmo323:Clienten>",
            &format!(
                "<wmo323:Client><wmo323:Bsn>{bsn}</wmo323:Bsn>{}</wmo323:Client></wmo323:Clienten>",
                &claim[claim.find("<wmo323:Prestaties>").expect("it is there")
                    ..claim.find("</wmo323:Client>").expect("it is there")]
            ),
        ),
    );
    let allocation =
        with(sample.toewijzing("T1", &person, &[sample.weekly(1)]), |message| product_301(message, 0).einddatum = None);
    let allocation = text(&allocation);
    put("adres.xml", allocation.replace("Postcode>9999XX<", "Postcode>0999XX<"));
    put("telefoon.xml", allocation.replace("Telefoonnummer>0600000000<", "Telefoonnummer><"));
    put(
        "bsn-in-commentaar.xml",
        allocation.replace(
            "</wmo301:ToegewezenProduct>",
            &format!("<wmo301:Commentaar>{}</wmo301:Commentaar></wmo301:ToegewezenProduct>", bsn.repeat(3)),
        ),
    );

    for form in ["--json", "--today=2026-03-10"] {
        let mut arguments = vec!["check", form];
        arguments.extend(&names);
        let run = desk.run(&arguments);
        assert_eq!(run.exit, 1, "{}", run.err);
        assert_no_person(&run);
        for name in &names {
            assert!(run.out.contains(name), "{name} was judged");
        }
    }
}

fn assert_no_person(run: &Run) {
    let all = format!("{}{}", run.out, run.err);
    let person = Person::nth(1);
    for secret in [person.bsn().expose(), "99990001", "Fictief", "Voorbeeldstraat", "0600000000", "0999XX"] {
        let at = all.lines().find(|line| line.contains(secret));
        assert!(at.is_none(), "`{secret}` is shown:\n{}", at.unwrap_or_default());
    }
}

/// The published samples (differences, section 5): what is wrong with them and nothing else.
#[test]
fn the_published_samples_are_judged_as_known() {
    let Some(folder) = shared("standard/examples/ijw") else { return };
    let desk = Desk::new();
    let names = ["JW301", "JW302", "JW305", "JW306", "JW323", "JW325"];
    let files: Vec<String> = names.map(|name| folder.join(format!("{name}.xml")).display().to_string()).to_vec();
    let mut arguments = vec!["check", "--json"];
    arguments.extend(files.iter().map(String::as_str));
    let run = desk.run(&arguments);
    for (report, name) in run.reports().iter().zip(names) {
        assert_form(report);
        assert_eq!(report["kind"], name, "{report:#}");
        let expected: &[&str] = if name == "JW323" { &["TR101"] } else { &[] };
        assert_eq!(rules(report), expected, "{name}: check says {report:#}");
    }
    assert_eq!(run.exit, 1);
}
