//! `sluis replay` from outside: order, days, what it writes, and the round trip of its replies (design, section 5).

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

#[path = "golden/program.rs"]
mod program;
#[path = "golden/support.rs"]
mod support;

use jiff::civil::date;
use program::{Desk, rules};
use serde_json::Value;
use sluis::demo::compose::{Allocate, Person};
use sluis::message::Law;
use sluis::schema::{self, Limits};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use support::{
    DAY, FEBRUARY, JANUARY, STRANGER, Sample, Xml, check_totals, product_301, retotal, shared, starts_305, with,
};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// A day of both laws: everything that is written, for every kind and outcome.
#[test]
fn what_follows_from_each_message_is_written_beside_its_name() {
    let desk = Desk::new();
    let config = desk.config("[policy]\nA1 = \"hold\"\n");
    for law in Law::ALL {
        let sample = Sample::of(law);
        let folder = |name: &str| format!("{law}/{name}.xml");
        let put = |name: &str, bytes: Vec<u8>| {
            desk.put(&folder(name), bytes);
        };
        let person = Person::nth(1);
        put("01-toewijzing", sample.toewijzing("T1", &person, &[sample.weekly(1)]).write());
        put("02-start", sample.start("S1", &person, &[(&sample.weekly(1), date(2026, 1, 8))]).write());
        let wrong = sample.start("S2", &person, &[(&Allocate { nummer: 9, ..sample.weekly(1) }, date(2026, 1, 8))]);
        put("03-start-zonder", wrong.write());
        let start = sample.start("S3", &person, &[(&sample.weekly(1), date(2026, 1, 8))]).write();
        put("04-onbekende-code", String::from_utf8_lossy(&start).replace("Geslacht>0<", "Geslacht>X<").into_bytes());
        let claims = vec![sample.claim("P1", 1, FEBRUARY, 12), sample.claim("P2", 1, JANUARY, 99)];
        put("05-deels", sample.declaratie("D1", "N1", FEBRUARY, &[(&person, claims)]).write());
        let without_end =
            with(sample.toewijzing("T2", &person, &[sample.weekly(2)]), |m| product_301(m, 0).einddatum = None);
        put("06-zonder-einde", without_end.write());
        let stranger = Sample::with(law, STRANGER);
        put("07-zonder-contract", stranger.toewijzing("T3", &person, &[sample.weekly(3)]).write());
        let total = with(
            sample.declaratie("D2", "N2", FEBRUARY, &[(&person, vec![sample.claim("P3", 1, JANUARY, 1)])]),
            |message| {
                support::line_323(message, 0, 0).tarief = Some(sluis::message::Cents(1));
                support::line_323(message, 0, 0).bedrag.bedrag = sluis::message::Cents(1);
                retotal(message);
            },
        );
        put("08-tarief", total.write());
        desk.put(&format!("{law}/LEES_MIJ.txt"), "no message");
        desk.put(&format!("{law}/06.xml.part"), "not complete");
        desk.put(&format!("{law}/binnen.xml/09.xml"), "a folder in a folder");

        let run = desk.run(&["replay", "--config", config, "--json", "--out", &format!("uit/{law}"), law.as_str()]);
        let reports = run.reports();
        assert_eq!((run.exit, run.err.as_str()), (1, ""), "{:#?}", run.out);
        let verdicts: Vec<(&str, &str, Vec<&str>)> = reports
            .iter()
            .map(|report| {
                let file = report["file"].as_str().expect("a name");
                (file, report["verdict"].as_str().expect("a word"), rules(report))
            })
            .collect();
        let (p, name) = (law.prefix(), |name: &str| folder(name));
        assert_eq!(
            verdicts,
            [
                (name("01-toewijzing").as_str(), "accepted", vec![]),
                (&name("02-start"), "accepted", vec![]),
                (&name("03-start-zonder"), "rejected", vec!["TR019"]),
                (&name("04-onbekende-code"), "rejected", vec!["XSD"]),
                (&name("05-deels"), "partly", vec!["TR321"]),
                (&name("06-zonder-einde"), "rejected", vec!["CD076"]),
                (&name("07-zonder-contract"), "held", vec![]),
                (&name("08-tarief"), "rejected", vec!["TR418"]),
            ]
        );
        let replies: Vec<&Value> = reports.iter().map(|report| &report["reply"]).collect();
        let expected = ["302", "306", "306", "", "325", "302", "302", "325"]
            .map(|number| if number.is_empty() { Value::Null } else { format!("{p}{number}").into() });
        assert_eq!(replies, expected.iter().collect::<Vec<_>>());
        assert_eq!(
            desk.names(&format!("uit/{law}")),
            set(&[
                "01-toewijzing.reply.xml",
                "01-toewijzing.forward.xml",
                "01-toewijzing.signals.json",
                "02-start.reply.xml",
                "02-start.forward.xml",
                "02-start.signals.json",
                "03-start-zonder.reply.xml",
                "03-start-zonder.signals.json",
                "04-onbekende-code.error.json",
                "05-deels.reply.xml",
                "05-deels.forward.xml",
                "05-deels.signals.json",
                "06-zonder-einde.reply.xml",
                "06-zonder-einde.signals.json",
                "07-zonder-contract.reply.xml",
                "07-zonder-contract.signals.json",
                "08-tarief.reply.xml",
                "08-tarief.signals.json",
            ])
        );
        for report in &reports {
            let file = report["file"].as_str().expect("a name");
            let stem = Path::new(file).file_stem().expect("it has one").to_str().expect("plain");
            check_results(&desk, &format!("uit/{law}/{stem}"), file, report);
        }
    }
}

/// The files of one message: valid, fitting to it, and the same as the report says.
fn check_results(desk: &Desk, stem: &str, file: &str, report: &Value) {
    if report["level"] == 1 {
        let error: Value = serde_json::from_slice(&desk.read(&format!("{stem}.error.json"))).expect("JSON");
        assert_eq!((&error["findings"], &error["kind"]), (&report["findings"], &report["kind"]));
        assert_eq!((&error["total"], &error["truncated"]), (&1.into(), &false.into()));
        return;
    }
    let reply = desk.read(&format!("{stem}.reply.xml"));
    let document = schema::validate(&reply, &Limits::default()).unwrap_or_else(|faults| panic!("{stem}: {faults:#?}"));
    assert_eq!(document.kind.to_string(), report["reply"], "{stem}");
    xmllint(&desk.path(&format!("{stem}.reply.xml")), &document.kind.slug(), document.kind.law.standard());
    let message = desk.read(file);
    check_totals_of(&message, &reply);
    let forward = desk.path(&format!("{stem}.forward.xml"));
    let passes = ["accepted", "partly"].contains(&report["verdict"].as_str().expect("a word"));
    assert_eq!(forward.exists(), passes, "{stem}");
    if passes {
        assert_eq!(std::fs::read(forward).expect("it is there"), message, "forwarded as it came");
    }
    let signals: Value = serde_json::from_slice(&desk.read(&format!("{stem}.signals.json"))).expect("JSON");
    assert_eq!(signals, report["signals"], "{stem}");
}

fn check_totals_of(message: &[u8], reply: &[u8]) {
    let (message, reply) = (Xml::parse(message), Xml::parse(reply));
    if reply.has("DeclaratieAntwoord") {
        check_totals(&message, &reply);
    }
}

/// libxml2's word on a document, when the command is there.
fn xmllint(document: &Path, slug: &str, standard: &str) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = project.join("xsd").join(standard).join("3.2").join(format!("{slug}.xsd"));
    assert!(schema.is_file(), "{}", schema.display());
    let run =
        Command::new("xmllint").arg("--noout").arg("--schema").arg(schema).arg(document).stdout(Stdio::null()).output();
    match run {
        Err(_) => eprintln!("skipped: no xmllint"),
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Files in the order given, whatever their names; folders by name; each on its own Dagtekening unless told otherwise.
#[test]
fn order_and_days() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Wmo);
    let person = Person::nth(1);
    desk.put("b.xml", sample.toewijzing("T1", &person, &[sample.weekly(1)]).write());
    desk.put("a.xml", sample.start("S1", &person, &[(&sample.weekly(1), date(2026, 1, 8))]).write());
    let later = sample.clone().signed(date(2027, 1, 4));
    let claims = vec![sample.claim("P1", 1, FEBRUARY, 12)];
    desk.put("later.xml", later.declaratie("D1", "N1", FEBRUARY, &[(&person, claims)]).write());
    let verdicts = |arguments: &[&str]| -> (i32, Vec<(String, String)>) {
        let run = desk.run(&[&["replay", "--json"], arguments].concat());
        let word = |value: &Value| value.as_str().expect("a word").to_owned();
        (run.exit, run.reports().iter().map(|report| (word(&report["file"]), word(&report["verdict"]))).collect())
    };
    let expect =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();

    assert_eq!(
        verdicts(&["b.xml", "a.xml", "later.xml"]),
        (0, expect(&[("b.xml", "accepted"), ("a.xml", "accepted"), ("later.xml", "accepted")]))
    );
    let by_name = expect(&[("./a.xml", "rejected"), ("./b.xml", "accepted"), ("./later.xml", "accepted")]);
    assert_eq!(verdicts(&["."]), (1, by_name), "a start before its allocation");
    let on = expect(&[("b.xml", "accepted"), ("later.xml", "rejected")]);
    assert_eq!(
        verdicts(&["--today", "2026-03-10", "b.xml", "later.xml"]),
        (1, on),
        "signed after the day that was given"
    );
    // Each replay starts with an empty ledger.
    assert_eq!(verdicts(&["a.xml"]), (1, expect(&[("a.xml", "rejected")])));
}

/// The date of a reply is the day of judging.
#[test]
fn replies_are_dated_on_the_day_of_judging() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Wmo);
    desk.put("t.xml", sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]).write());
    for (arguments, day) in [(&["--today", "2026-03-12"][..], "2026-03-12"), (&[], "2026-03-10")] {
        let run = desk.run(&[&["replay", "--out", "uit"], arguments, &["t.xml"]].concat());
        assert_eq!(run.exit, 0, "{run:#?}");
        let reply = Xml::parse(&desk.read("uit/t.reply.xml"));
        assert_eq!(reply.at("Header/DagtekeningRetour"), day);
        assert_eq!(reply.at("Header/BerichtIdentificatie/Dagtekening"), DAY.to_string());
    }
}

/// The same bytes twice are a message sent twice; a rejected one is judged anew.
#[test]
fn the_same_message_twice() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Jeugdwet);
    let person = Person::nth(1);
    desk.put("t.xml", sample.toewijzing("T1", &person, &[sample.weekly(1)]).write());
    desk.put("s.xml", sample.start("S1", &person, &[(&sample.weekly(1), date(2026, 1, 8))]).write());
    desk.put("kopie/s.xml", desk.read("s.xml"));
    let run = desk.run(&["replay", "--json", "s.xml", "s.xml", "t.xml", "s.xml", "t.xml", "kopie"]);
    let found: Vec<Vec<String>> =
        run.reports().iter().map(|report| rules(report).iter().map(ToString::to_string).collect()).collect();
    let expected: [&[&str]; 6] = [&["TR019"], &["TR019"], &[], &[], &["TR056"], &["TR056"]];
    assert_eq!(found, expected.map(|rules| rules.iter().map(ToString::to_string).collect::<Vec<_>>()));
    assert_eq!(run.exit, 1);
    let text = desk.run(&["replay", "t.xml", "t.xml"]).out;
    assert!(text.contains("= note: conflicts with JW301 T1 of 2026-03-10\n"), "{text}");
}

/// Every reply of a replay has an identification of its own, which depends on nothing outside of it.
#[test]
fn replies_have_identifications_of_their_own() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Wmo);
    let person = Person::nth(1);
    let bytes = sample.start("S1", &person, &[(&sample.weekly(1), date(2026, 1, 8))]).write();
    desk.put("s.xml", &bytes);
    desk.put("map/s.xml", &bytes);
    let identification =
        |out: &str| Xml::parse(&desk.read(&format!("{out}/s.reply.xml"))).at("Header/IdentificatieRetour").to_owned();
    desk.run(&["replay", "--out", "een", "s.xml"]);
    desk.run(&["replay", "--out", "twee", "map/s.xml"]);
    desk.run(&["replay", "--out", "drie", "s.xml", "s.xml"]);
    assert_eq!(identification("een"), identification("twee"), "the folder does not matter");
    assert_ne!(identification("een"), identification("drie"), "the same bytes twice get two replies");
}

/// What an earlier run left under a name is not mistaken for the result of this one, and two inputs of one name are told.
#[test]
fn results_of_another_message_do_not_stay_behind() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Wmo);
    let person = Person::nth(1);
    let start = sample.start("S1", &person, &[(&sample.weekly(1), date(2026, 1, 8))]);
    desk.put("t.xml", sample.toewijzing("T1", &person, &[sample.weekly(1)]).write());
    desk.put("s.xml", start.write());
    desk.put("uit/s.txt", "not ours");
    let run = desk.run(&["replay", "--out", "uit", "t.xml", "s.xml"]);
    assert_eq!((run.exit, run.err.as_str()), (0, ""));
    assert!(desk.path("uit/s.forward.xml").exists());
    let run = desk.run(&["replay", "--out", "uit", "s.xml"]);
    assert_eq!(run.exit, 1);
    assert!(!desk.path("uit/s.forward.xml").exists(), "it was rejected this time");
    assert!(desk.path("uit/s.reply.xml").exists() && desk.path("uit/s.txt").exists());

    desk.put("dag1/s.xml", start.write());
    desk.put("dag2/s.xml", with(start, |message| starts_305(message)[0].begindatum = date(2026, 1, 9)).write());
    let run = desk.run(&["replay", "--out", "samen", "dag1", "dag2"]);
    assert_eq!(run.exit, 1);
    assert!(run.err.contains("dag2/s.xml") && run.err.contains("samen/s.*"), "two results under one name: {}", run.err);
}

/// A reader that has seen enough is no reason to panic, and the results are written all the same.
#[test]
fn a_closed_pipe_is_quiet() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Wmo);
    for name in ["a.xml", "b.xml"] {
        desk.put(name, sample.toewijzing(&name[..1], &Person::nth(1), &[sample.weekly(1)]).write());
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let run = Command::new(env!("CARGO_BIN_EXE_sluis"))
        .args(["replay", "--out", "uit", "a.xml", "b.xml"])
        .current_dir(desk.path("."))
        .stdout(writer)
        .output()
        .expect("the program starts");
    assert_eq!((run.status.code(), String::from_utf8_lossy(&run.stderr).as_ref()), (Some(0), ""));
    assert!(desk.path("uit/b.reply.xml").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let desk = Desk::new();
    let sample = Sample::of(Law::Wmo);
    desk.put("t.xml", sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]).write());
    desk.put("uit", "a file stands in the way");
    let run = desk.run(&["replay", "--out", "uit", "t.xml"]);
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    assert!(run.err.contains("uit"), "{}", run.err);
    let run = desk.run(&["replay", "weg", "t.xml"]);
    assert_eq!((run.exit, run.out.lines().next().is_some()), (2, true), "the rest is judged: {run:#?}");
    assert!(run.err.contains("weg"), "{}", run.err);
}

/// No person in what is printed, also when a reference number holds one.
#[test]
fn no_person_is_ever_shown() {
    let desk = Desk::new();
    let config = desk.config("");
    let sample = Sample::of(Law::Wmo);
    let person = Person::nth(1);
    let bsn = person.bsn().expose();
    let reference = format!("{bsn}02");
    desk.put("1.xml", sample.toewijzing("T1", &person, &[sample.weekly(1)]).write());
    let claim = |id: &str, nummer: &str, hours| {
        sample
            .declaratie(id, nummer, FEBRUARY, &[(&person, vec![sample.claim(&reference, 1, FEBRUARY, hours)])])
            .write()
    };
    desk.put("2.xml", claim("D1", "N1", 12));
    desk.put("3.xml", claim("D2", "N2", 12));
    desk.put("4.xml", sample.toewijzing("T2", &Person::nth(2), &[sample.weekly(1)]).write());
    for form in ["--json", "--today=2026-03-10"] {
        let run = desk.run(&["replay", "--config", config, form, "--out", "uit", "1.xml", "2.xml", "3.xml", "4.xml"]);
        assert!(run.out.contains("TR314") && run.out.contains("TR389") && run.out.contains("TR332"), "{}", run.out);
        let all = format!("{}{}", run.out, run.err);
        for secret in [bsn, Person::nth(2).bsn().expose(), "Fictief"] {
            let at = all.lines().find(|line| line.contains(secret));
            assert!(at.is_none(), "`{secret}` is shown:\n{}", at.unwrap_or_default());
        }
    }
}

/// The published samples through the whole engine: nothing of them is passed that should not be.
#[test]
fn the_published_samples_replay() {
    let Some(folder) = shared("standard/examples/ijw") else { return };
    let desk = Desk::new();
    let run = desk.run(&["replay", "--json", "--out", "uit", folder.to_str().expect("a plain path")]);
    let reports = run.reports();
    assert_eq!((run.exit, reports.len()), (1, 14));
    for report in &reports {
        let name =
            Path::new(report["file"].as_str().expect("a name")).file_stem().expect("one").to_str().expect("plain");
        let expected: &[&str] = match name {
            // The samples do not belong together: they refer to messages that are not among them. No rule of the standard
            // says so of a return message; those rules are skipped.
            "JW301" => &["TR379", "TR379"],
            "JW305" => &["TR019", "TR019"],
            "JW307" => &["TR382", "TR019", "TR382", "TR019"],
            "JW317" => &["CS003"],
            "JW319" => &["TR355"],
            "JW323" => &["TR101"],
            "JW325" => &["TR337"],
            "JW302" | "JW306" | "JW308" | "JW316" | "JW320" => &[],
            // 31 June, twice.
            "JW315" => &["XSD", "XSD"],
            // A RetourCode where none may stand.
            "JW318" => &["XSD"],
            other => panic!("no sample of {other}"),
        };
        assert_eq!(rules(report), expected, "{name}: replay says {report:#}");
    }
    let reply = Xml::parse(&desk.read("uit/JW323.reply.xml"));
    assert_eq!((reply.judgement(), reply.has("DeclaratieAntwoord")), (vec!["Header 0001".to_owned()], false));
}
