//! `sluis replay --against`: two configurations on one archive, as a region tries a contract before it signs.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

#[path = "golden/program.rs"]
mod program;
#[path = "golden/support.rs"]
mod support;

use jiff::civil::date;
use program::{Desk, Run};
use serde_json::{Value, json};
use sluis::demo::compose::{Allocate, Claim, Person};
use sluis::demo::sample;
use sluis::message::{Cents, Law, Message};
use std::path::Path;
use std::process::Command;
use support::{
    DAY, FEBRUARY, HUISHOUDELIJK, JANUARY, STRANGER, Sample, Xml, credit, line_323, product, region, retotal, with,
};

/// Which table, what stands in it, what comes instead.
type Change<'a> = (&'a str, &'a str, &'a str);

/// Puts a configuration on the desk, with a register of its own: the sample register after some changes.
fn put_config(desk: &Desk, name: &str, changes: &[Change<'_>], more: &str) {
    for file in std::fs::read_dir(region()).expect("the sample register is there") {
        let path = file.expect("it can be read").path();
        let file = path.file_name().expect("it has a name").to_str().expect("plain").to_owned();
        let mut text = std::fs::read_to_string(&path).expect("it is text");
        for (_, from, to) in changes.iter().filter(|(table, ..)| *table == file) {
            assert!(text.contains(from), "{file} has no `{from}`");
            text = text.replace(from, to);
        }
        desk.put(&format!("{name}/{file}"), text);
    }
    // Policies that these tests rest on, whatever the defaults are.
    let policy = format!("[contract]\nregion = \"{name}\"\n[policy]\n{more}\n");
    desk.put(&format!("{name}.toml"), policy);
}

/// The old as the sample register stands, the new after some changes.
fn put_configs(desk: &Desk, changes: &[Change<'_>], policy: (&str, &str)) {
    put_config(desk, "oud", &[], policy.0);
    put_config(desk, "nieuw", changes, policy.1);
}

fn put(desk: &Desk, name: &str, message: &Message) {
    desk.put(&format!("archief/{name}.xml"), message.write());
}

const COMPARE: [&str; 5] = ["replay", "--config", "nieuw.toml", "--against", "oud.toml"];

fn compare(desk: &Desk, more: &[&str]) -> Run {
    let run = desk.run(&[&COMPARE[..], more, &["archief"]].concat());
    assert_eq!(run.err, "", "{}", run.out);
    for person in (0..12).map(Person::nth) {
        assert!(!run.out.contains(person.bsn().expose()), "{}", run.out);
    }
    assert!(!run.out.contains("Fictief"), "{}", run.out);
    run
}

/// The comparison as JSON, after looking whether its figures add up.
fn figures(desk: &Desk) -> Value {
    let run = compare(desk, &["--json"]);
    let figures: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error} in {}", run.out));
    let totals = &figures["totals"];
    let changed = list(&figures, "messages").len();
    assert_eq!(totals["changed"], changed, "{totals}");
    assert_eq!(run.exit, i32::from(changed > 0 || !list(&figures, "products").is_empty()));
    for table in ["providers", "segments", "municipalities"] {
        for money in ["granted", "reserved"] {
            for side in ["old", "new"] {
                let sum: i64 =
                    list(&figures, table).iter().map(|row| cents(&row[format!("{money}_{side}_cents")])).sum();
                assert_eq!(totals[format!("{money}_cents")][side], sum, "{table} {money} {side}");
            }
        }
    }
    let verdicts: i64 = list(&figures, "verdicts").iter().map(|row| cents(&row["messages"])).sum();
    assert_eq!(totals["compared"], verdicts);
    figures
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no list {name}"))
}

fn cents(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The row of a table with this in its first column.
fn row<'v>(figures: &'v Value, table: &str, column: &str, key: &str) -> &'v Value {
    list(figures, table).iter().find(|row| row[column] == key).unwrap_or_else(|| panic!("no {key} in {table}"))
}

/// Compares what was printed with a snapshot, in which versions of registers are hidden.
fn assert_page(name: &str, page: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("whatif");
    settings.bind(|| insta::assert_snapshot!(name, without_versions(page)));
}

fn without_versions(page: &str) -> String {
    let is_version = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = page.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .map(|word| match word.get(..16).filter(|start| is_version(start) && word.len() <= 17) {
            Some(version) => word.replace(version, "[version]"),
            None => word.to_owned(),
        })
        .collect()
}

/// A day of the demo, which has every kind of outcome.
fn put_demo(desk: &Desk) -> usize {
    let day = sample::find("achterhoek").expect("it is there").day();
    for (number, item) in day.iter().enumerate() {
        desk.put(&format!("archief/{number:02}-{}.xml", item.name), &item.bytes);
    }
    day.len()
}

#[test]
fn the_same_configuration_twice_differs_in_nothing() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("A1 = \"hold\"", "A1 = \"hold\""));
    let messages = put_demo(&desk);
    let figures = figures(&desk);
    assert_eq!(figures["messages"], json!([]));
    assert_eq!((&figures["totals"]["compared"], &figures["totals"]["unchanged"]), (&json!(messages), &json!(messages)));
    for table in ["products", "consequences", "outside"] {
        assert_eq!(figures[table], json!([]), "{table}");
    }
    for table in ["rules", "checks"] {
        assert!(list(&figures, table).iter().all(|row| row["old"] == row["new"] && row["lost"] == 0), "{table}");
    }
    assert!(list(&figures, "rules").iter().any(|row| row["rule"] == "XSD"), "what is unreadable is compared too");
    let text = compare(&desk, &[]);
    assert_eq!(text.exit, 0);
    let last: Vec<&str> = text.out.lines().skip(3).collect();
    let (granted, reserved) = (&figures["totals"]["granted_cents"], &figures["totals"]["reserved_cents"]);
    let amounts = |sum: &Value| format!("{} -> {} euros (0,00)", Cents(cents(&sum["old"])), Cents(cents(&sum["new"])));
    assert_eq!(
        last,
        [
            format!("{messages} messages compared: none differs"),
            format!("granted: {}", amounts(granted)),
            format!("reserved: {}", amounts(reserved)),
        ]
    );
}

/// Each side decides and grants, to the cent, what a replay of its configuration alone does.
#[test]
fn each_side_is_what_a_replay_of_it_gives() {
    let desk = Desk::new();
    let dearer = ("tariffs.csv", "wmo;02A02;04;*;*;6003;", "wmo;02A02;04;*;*;6004;");
    put_configs(&desk, &[dearer], ("A1 = \"observe\"", "A1 = \"hold\""));
    put_demo(&desk);
    let figures = figures(&desk);
    let replays = ["oud", "nieuw"].map(|name| {
        let (config, out) = (format!("{name}.toml"), format!("uit-{name}"));
        let run = desk.run(&["replay", "--json", "--config", &config, "--out", &out, "archief"]);
        let replies = desk.names(&out).into_iter().filter(|name| name.ends_with(".reply.xml"));
        let granted: i64 = replies
            .map(|name| Xml::parse(&desk.read(&format!("{out}/{name}"))))
            .filter_map(|reply| Some(reply.child("DeclaratieAntwoord")?.signed("TotaalToegekendBedrag")))
            .sum();
        (run.reports(), granted)
    });
    let [(old, granted_old), (new, granted_new)] = &replays;
    assert_eq!(figures["totals"]["granted_cents"], json!({ "old": granted_old, "new": granted_new }));
    assert!(granted_old > granted_new, "what is claimed at the old tariff is not granted at the new one");

    let told = |message: &Value| (message["file"].clone(), message["verdict"].clone());
    let differ = old
        .iter()
        .zip(new)
        .filter(|(old, new)| old["verdict"] != new["verdict"])
        .map(|(old, new)| (old["file"].clone(), json!({ "old": old["verdict"], "new": new["verdict"] })));
    let expected: Vec<_> = differ.collect();
    let messages = list(&figures, "messages").iter();
    let found: Vec<_> = messages.filter(|all| all["verdict"]["old"] != all["verdict"]["new"]).map(told).collect();
    assert_eq!(found, expected);
    assert!(found.len() > 1, "{found:?}");
    for (side, reports) in [("old", old), ("new", new)] {
        for table in ["rules", "checks"] {
            for row in list(&figures, table).iter().filter(|row| row["outcome"] != "observe") {
                let (list, name) = if table == "rules" { ("findings", "rule") } else { ("signals", "check") };
                let all = reports.iter().flat_map(|report| report[list].as_array().expect("a list"));
                let count = all.filter(|one| one[name] == row[name] && same(one, row)).count();
                assert_eq!(row[side], count, "{side} {row}");
            }
        }
    }
}

/// Whether a finding or signal is of a row, beyond its rule or check.
fn same(one: &Value, row: &Value) -> bool {
    one["code"] == row["code"] && one["outcome"] == row["outcome"]
}

/// Two clients with an allocation each, one started and claimed for.
fn put_care(desk: &Desk) {
    let (sample, anna, bram) = (Sample::of(Law::Wmo), Person::nth(1), Person::nth(2));
    put(desk, "01", &sample.toewijzing("T1", &anna, &[sample.weekly(1)]));
    put(desk, "02", &sample.start("S1", &anna, &[(&sample.weekly(1), date(2026, 1, 8))]));
    let stable = Allocate { product: sample.other(), ..sample.weekly(2) };
    put(desk, "03", &sample.toewijzing("T2", &bram, &[stable]));
    let claim = Claim { product: sample.other(), tarief: Cents(6000), ..sample.claim("P2", 2, JANUARY, 12) };
    put(desk, "04", &sample.declaratie("D2", "N2", JANUARY, &[(&bram, vec![claim])]));
}

#[test]
fn a_dearer_tariff_reserves_more_and_decides_the_same() {
    let desk = Desk::new();
    put_configs(&desk, &[("tariffs.csv", "wmo;02A02;04;*;*;6003;", "wmo;02A02;04;*;*;6603;")], ("", ""));
    put_care(&desk);
    let figures = figures(&desk);
    let [message] = list(&figures, "messages") else { panic!("one message reserves more: {figures:#}") };
    assert_eq!(message["verdict"], json!({ "old": "accepted", "new": "accepted" }));
    let [posting] = list(message, "postings") else { panic!("in one agreement: {message:#}") };
    let more = cents(&posting["cents"]["new"]) - cents(&posting["cents"]["old"]);
    // 365 days of three hours a week, 6.00 euros an hour more; how weeks broken by the year count is the region's.
    assert!((52 * 3 * 600..=53 * 3 * 600).contains(&more), "{posting}");
    let pot = row(&figures, "agreements", "agreement", "FICTIEF-WIO-0197-2026");
    assert_eq!(pot["consumption_difference_cents"], more, "nothing of it was claimed yet");
    assert_eq!(figures["totals"]["granted_cents"]["old"], 72_000);
    assert_eq!(figures["totals"]["granted_cents"]["new"], 72_000);
    assert_eq!(row(&figures, "providers", "provider", "42420001")["reserved_difference_cents"], more);
    assert_page("whatif-money", &compare(&desk, &[]).out);
}

/// A provider without a contract: under the new its allocation waits, so that nothing after it can be.
#[test]
fn what_follows_from_a_held_allocation_names_it() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("A1 = \"observe\"", "A1 = \"hold\""));
    let (stranger, sample) = (Sample::with(Law::Wmo, STRANGER), Sample::of(Law::Wmo));
    let (anna, bram) = (Person::nth(1), Person::nth(2));
    let allocation = stranger.toewijzing("T1", &anna, &[stranger.weekly(1)]);
    put(&desk, "01", &allocation);
    put(&desk, "02", &sample.toewijzing("T2", &bram, &[sample.weekly(2)]));
    put(&desk, "03", &stranger.composer.retour("R1", &allocation, &[]));
    put(&desk, "04", &stranger.start("S1", &anna, &[(&stranger.weekly(1), date(2026, 1, 8))]));
    put(&desk, "05", &sample.start("S2", &bram, &[(&sample.weekly(2), date(2026, 1, 8))]));
    let claims = vec![stranger.claim("P1", 1, JANUARY, 12)];
    put(&desk, "06", &stranger.declaratie("D1", "N1", FEBRUARY, &[(&anna, claims)]));
    // The allocation of another client at the same provider waits for a reason of its own.
    put(&desk, "07", &stranger.toewijzing("T3", &Person::nth(3), &[stranger.weekly(3)]));
    // A credit of a line that was only granted under the old, and nothing else in common with what was held.
    let credits =
        with(stranger.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![stranger.claim("P2", 1, JANUARY, 12)])]), |m| {
            credit(line_323(m, 0, 0), "P1");
            retotal(m);
        });
    put(&desk, "08", &credits);

    let figures = figures(&desk);
    let told: Vec<(&str, &str, &str)> = list(&figures, "messages")
        .iter()
        .map(|message| {
            (
                word(&message["file"]),
                word(&message["verdict"]["new"]),
                message["follows"]["file"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    let first = "archief/01.xml";
    assert_eq!(
        told,
        [
            (first, "held", "-"),
            ("archief/03.xml", "rejected", first),
            ("archief/04.xml", "rejected", first),
            ("archief/06.xml", "rejected", first),
            ("archief/07.xml", "held", "-"),
            ("archief/08.xml", "rejected", first),
        ]
    );
    assert_eq!(figures["totals"]["following"], 4);
    assert_eq!(
        figures["consequences"],
        json!([{ "file": first, "kind": "WMO301", "identification": "T1", "following": 4 }])
    );
    let provider = row(&figures, "providers", "provider", STRANGER);
    assert_eq!((&provider["held_old"], &provider["held_new"]), (&json!(0), &json!(2)));
    assert_eq!((&provider["granted_old_cents"], &provider["granted_new_cents"]), (&json!(0), &json!(0)), "credited");
    let [line] = list(&list(&figures, "messages")[3], "lines") else { panic!("one line") };
    assert_eq!(
        *line,
        json!({ "reference": "P1", "allocation": 1, "cents": 12 * 6003, "granted": { "old": true, "new": false } })
    );
    let text = compare(&desk, &[]);
    assert_eq!(text.exit, 1);
    assert_page("whatif-chain", &text.out);
    assert_page("whatif-chain-json", &compare(&desk, &["--json"]).out);
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a word")
}

/// The release of a contract, a lower budget and a policy at once: what each does stands apart.
#[test]
fn an_earlier_end_and_a_lower_budget() {
    let desk = Desk::new();
    let ends = (
        "contracts.csv",
        "FICTIEF-W01;42420001;wmo-integrale-ondersteuning;*;active;2022-01-01;2026-12-31",
        "FICTIEF-W01;42420001;wmo-integrale-ondersteuning;*;ended;2022-01-01;2025-12-31",
    );
    // Two allocations of about 9,400 euros each: 70% of 20,000 is passed by the second, under the old by none.
    let less = ("agreements.csv", "2026-01-01;2026-12-31;6000000;70/85/100", "2026-01-01;2026-12-31;2000000;70/85/100");
    put_configs(&desk, &[ends, less], ("A4 = \"observe\"", "A4 = \"signal\""));
    let (sample, later) = (Sample::of(Law::Wmo), Sample::of(Law::Wmo).signed(date(2026, 3, 31)));
    put(&desk, "01", &sample.toewijzing("T1", &Person::nth(1), &[sample.weekly(1)]));
    put(&desk, "02", &later.toewijzing("T2", &Person::nth(2), &[sample.weekly(2)]));
    let figures = figures(&desk);
    let pot = row(&figures, "agreements", "agreement", "FICTIEF-WIO-0197-2026");
    assert_eq!((&pot["amount_old_cents"], &pot["amount_new_cents"]), (&json!(6_000_000), &json!(2_000_000)));
    assert_eq!(pot["consumption_difference_cents"], 0, "the same is reserved");
    let passed: Vec<(&Value, &Value, &Value)> = list(&figures, "thresholds")
        .iter()
        .map(|row| (&row["percent"], &row["passed_on_old"], &row["passed_on_new"]))
        .collect();
    let day = json!("2026-03-31");
    assert_eq!(passed, [(&json!(70), &Value::Null, &day), (&json!(85), &Value::Null, &day)]);
    let a4: Vec<(&Value, &Value, &Value)> = list(&figures, "checks")
        .iter()
        .filter(|row| row["check"] == "A4")
        .map(|row| (&row["outcome"], &row["lost"], &row["gained"]))
        .collect();
    assert_eq!(a4, [(&json!("signal"), &json!(0), &json!(2))]);
    assert_page("whatif-budget", &compare(&desk, &[]).out);
}

#[test]
fn a_product_in_another_segment_takes_its_money_along() {
    let desk = Desk::new();
    let moved = ("products.csv", "wmo;04;04A01;Logeren;wmo-logeren;1;", "wmo;04;04A01;Logeren;wmo-wonen;1;");
    put_configs(&desk, &[moved], ("", ""));
    let sample = Sample::of(Law::Wmo);
    let stay = |nummer: u64| Allocate {
        product: product("04", "04A01"),
        omvang: sluis::demo::compose::omvang(2, sluis::message::Eenheid::Etmaal, sluis::message::Frequentie::PerMaand),
        ..sample.weekly(nummer)
    };
    put(&desk, "01", &sample.toewijzing("T1", &Person::nth(1), &[stay(1)]));
    let claim = Claim {
        product: product("04", "04A01"),
        eenheid: sluis::message::Eenheid::Etmaal,
        tarief: Cents(15_007),
        ..sample.claim("P1", 1, JANUARY, 2)
    };
    put(&desk, "02", &sample.declaratie("D1", "N1", JANUARY, &[(&Person::nth(1), vec![claim])]));
    let figures = figures(&desk);
    assert_eq!(
        figures["products"],
        json!([{
            "law": "wmo", "code": "04A01", "segment_old": "wmo-logeren", "segment_new": "wmo-wonen", "messages": 2
        }])
    );
    let granted = |segment: &str| {
        let row = row(&figures, "segments", "segment", segment);
        (cents(&row["granted_old_cents"]), cents(&row["granted_new_cents"]))
    };
    assert_eq!((granted("wmo-logeren"), granted("wmo-wonen")), ((30_014, 0), (0, 30_014)));
    let lost = row(&figures, "agreements", "agreement", "FICTIEF-LOG-42420001-2026");
    assert!(cents(&lost["consumption_old_cents"]) > 0);
    assert_eq!(lost["consumption_new_cents"], 0, "there is no agreement on the other segment");
    assert_page("whatif-segment", &compare(&desk, &[]).out);
}

/// A side without a register judges by the standard alone, and says which rules could not run.
#[test]
fn municipalities_of_one_side_are_told() {
    let desk = Desk::new();
    put_config(&desk, "oud", &[], "");
    desk.put("nieuw.toml", "");
    put_care(&desk);
    let elsewhere = Sample::of(Law::Wmo).in_gemeente("0363");
    put(&desk, "05", &elsewhere.toewijzing("T9", &Person::nth(4), &[elsewhere.weekly(9)]));
    let figures = figures(&desk);
    assert_eq!(
        figures["outside"],
        json!([
            { "municipality": "0197", "region_old": "achterhoek", "region_new": null, "messages": 4 },
            { "municipality": "0363", "region_old": null, "region_new": null, "messages": 1 },
        ])
    );
    assert_eq!(figures["new"]["registers"], json!([]));
    let skipped = list(&figures, "skipped").iter().filter(|row| row["needs"] == "contract");
    assert!(skipped.clone().count() > 0 && skipped.clone().all(|row| cents(&row["new"]) > cents(&row["old"])));
    assert_eq!(row(&figures, "providers", "provider", "42420001")["reserved_new_cents"], 0);
    let text = compare(&desk, &[]).out;
    assert!(text.contains("new: nieuw.toml: no register\n"), "{text}");
    assert!(text.contains("Municipalities without a register on a side"), "{text}");
}

/// What fails at level 1 under both is the same; under one alone it is told like any difference.
#[test]
fn what_cannot_be_read() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("", ""));
    put_care(&desk);
    desk.put("archief/00.xml", "Beste Sluis, hierbij de declaratie.");
    let both = figures(&desk);
    assert_eq!((&both["messages"], &both["totals"]["compared"]), (&json!([]), &json!(5)));
    assert_eq!(both["providers"][0]["provider"], Value::Null);
    assert_eq!(both["providers"][0]["rejected_new"], 1);

    let size = desk.read("archief/01.xml").len() - 1;
    desk.put("nieuw.toml", format!("[contract]\nregion = \"nieuw\"\n[limits]\nmax_bytes = \"{size}B\"\n"));
    let figures = figures(&desk);
    let [message, ..] = list(&figures, "messages") else { panic!("too large under the new") };
    assert_eq!(message["file"], "archief/01.xml");
    assert_eq!(message["findings"]["only_new"][0]["rule"], "XSD");
    assert_eq!(message["provider"], "42420001", "one side could read it");
    let follows = row(&figures, "messages", "file", "archief/02.xml");
    assert_eq!(follows["follows"]["file"], "archief/01.xml");
}

/// A BSN built into references and identifications appears nowhere.
#[test]
fn no_person_appears() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("A1 = \"observe\"", "A1 = \"hold\""));
    let (stranger, anna) = (Sample::with(Law::Wmo, STRANGER), Person::nth(1));
    let bsn = anna.bsn().expose();
    put(&desk, "01", &stranger.toewijzing(&format!("T{bsn}"), &anna, &[stranger.weekly(1)]));
    let claims = vec![stranger.claim(&format!("P-{bsn}-1"), 1, JANUARY, 12)];
    put(&desk, "02", &stranger.declaratie(bsn, "N1", FEBRUARY, &[(&anna, claims)]));
    let broken = String::from_utf8(stranger.start(bsn, &anna, &[(&stranger.weekly(1), DAY)]).write()).expect("UTF-8");
    desk.put("archief/03.xml", broken.replace("Geslacht>0<", "Geslacht>X<"));
    for more in [&["--csv", "cijfers"][..], &["--json", "--csv", "cijfers"]] {
        let run = compare(&desk, more);
        assert_eq!(run.exit, 1);
        assert!(run.out.contains("P-*********-1"), "{}", run.out);
    }
    for name in desk.names("cijfers") {
        let text = String::from_utf8(desk.read(&format!("cijfers/{name}"))).expect("UTF-8");
        assert!(!text.contains(bsn), "{name}: {text}");
    }
}

/// The figures as CSV are those of the JSON, table by table; the same run gives the same bytes.
#[test]
fn figures_as_csv() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("A1 = \"observe\"", "A1 = \"hold\""));
    let (stranger, anna) = (Sample::with(Law::Wmo, STRANGER), Person::nth(1));
    put(&desk, "01", &stranger.toewijzing("T1", &anna, &[stranger.weekly(1)]));
    let claims = vec![stranger.claim("P1", 1, JANUARY, 12)];
    put(&desk, "02", &stranger.declaratie("=D1", "N1", FEBRUARY, &[(&anna, claims)]));
    let first = compare(&desk, &["--csv", "cijfers"]);
    assert_eq!(first, compare(&desk, &["--csv", "nog/eens"]), "the same again");
    let names = desk.names("cijfers");
    assert_eq!(names, desk.names("nog/eens"));
    for name in &names {
        let (one, two) = (desk.read(&format!("cijfers/{name}")), desk.read(&format!("nog/eens/{name}")));
        assert_eq!(one, two, "{name}");
    }
    let figures = figures(&desk);
    let tables = figures
        .as_object()
        .expect("an object")
        .iter()
        .filter(|(name, _)| !["messages", "old", "new", "totals"].contains(&name.as_str()));
    for (name, rows) in tables {
        assert!(names.contains(&format!("{name}.csv")), "{name}");
        let text = String::from_utf8(desk.read(&format!("cijfers/{name}.csv"))).expect("UTF-8");
        assert_eq!(text.lines().count(), rows.as_array().expect("rows").len() + 1, "{name}");
        let header: Vec<&str> = text.lines().next().expect("a header").split(';').collect();
        for (line, row) in text.lines().skip(1).zip(rows.as_array().expect("rows")) {
            for (column, cell) in header.iter().zip(line.split(';')) {
                let value = &row[*column];
                let expected = match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(cell, expected, "{name} {column}");
            }
        }
    }
    let read = |name: &str| String::from_utf8(desk.read(&format!("cijfers/{name}.csv"))).expect("UTF-8");
    assert_eq!(read("lines"), "file;reference;allocation;cents;old;new\narchief/02.xml;P1;1;72036;granted;refused\n");
    let messages = read("messages");
    let claim = messages.lines().nth(2).expect("two messages differ");
    assert!(claim.starts_with("archief/02.xml;WMO323;'=D1;0197;42420010;accepted;rejected;72036;0;"), "{claim}");
    assert!(claim.ends_with(";archief/01.xml;T1"), "{claim}");
}

/// Whatever is wrong on either side is told at once, and nothing is judged.
#[test]
fn faults_of_both_sides_are_told_together() {
    let desk = Desk::new();
    put_care(&desk);
    put_config(&desk, "oud", &[("agreements.csv", ";6000000;", ";60.000,00;")], "A99 = \"hold\"");
    put_config(&desk, "nieuw", &[("contracts.csv", "2022-01-01;2026-12-31", "2026-12-31;2022-01-01")], "");
    let run = desk.run(&[&COMPARE[..], &["archief"]].concat());
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    for part in [
        "sluis: old configuration: [policy] A99: unknown check",
        "sluis: old configuration: register oud: agreements.csv",
        "sluis: new configuration: register nieuw: contracts.csv",
    ] {
        assert!(run.err.contains(part), "{part} in {}", run.err);
    }
    let told = run.err.lines().count() - 1;
    assert!(run.err.ends_with(&format!("sluis: {told} fault(s); nothing was started\n")), "{}", run.err);
    // One good side does not help.
    put_config(&desk, "oud", &[], "");
    let run = desk.run(&[&COMPARE[..], &["archief"]].concat());
    assert_eq!((run.exit, run.out.as_str()), (2, ""));
    assert!(run.err.lines().rev().skip(1).all(|line| line.starts_with("sluis: new configuration: ")), "{}", run.err);
    let run = desk.run(&["replay", "--config", "nergens.toml", "--against", "oud.toml", "archief"]);
    assert!(run.exit == 2 && run.err.contains("new configuration: ") && run.err.contains("nergens.toml"), "{run:?}");
}

#[test]
fn wrong_use_is_told() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("", ""));
    put_care(&desk);
    let wrong = |arguments: &[&str], expected: &[&str]| {
        let run = desk.run(arguments);
        assert_eq!((run.exit, run.out.as_str()), (2, ""), "{arguments:?}");
        for part in expected {
            assert!(run.err.contains(part), "{part} in {}", run.err);
        }
    };
    wrong(&["replay", "--against", "oud.toml", "archief"], &["--config"]);
    wrong(&["replay", "--config", "nieuw.toml", "--csv", "cijfers", "archief"], &["--against"]);
    let out = ["replay", "--config", "nieuw.toml", "--against", "oud.toml", "--out", "uit", "archief"];
    wrong(&out, &["--out", "--against", "--csv DIR"]);
    assert!(!desk.path("uit").exists() && !desk.path("cijfers").exists());
    desk.put("bestand", "no folder");
    wrong(
        &["replay", "--config", "nieuw.toml", "--against", "oud.toml", "--csv", "bestand", "archief"],
        &["failed to write the figures to bestand"],
    );
}

/// What cannot be read is told; the rest is compared all the same.
#[test]
fn a_file_that_is_not_there() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("", ""));
    put_care(&desk);
    let run = desk.run(&[&COMPARE[..], &["nergens.xml", "archief", "leeg"]].concat());
    assert_eq!(run.exit, 2);
    assert!(run.err.contains("nergens.xml: cannot be read") && run.err.contains("leeg"), "{}", run.err);
    assert!(run.out.contains("4 messages compared: none differs\n"), "{}", run.out);
    desk.put("niets/LEES_MIJ.txt", "no message");
    let run = desk.run(&[&COMPARE[..], &["niets"]].concat());
    assert_eq!((run.exit, run.err.as_str()), (0, ""));
    assert!(run.out.contains("0 messages compared: none differs\n"), "{}", run.out);
}

/// A reader that has seen enough is no reason to panic.
#[test]
fn a_closed_pipe_is_quiet() {
    let desk = Desk::new();
    put_configs(&desk, &[], ("A1 = \"observe\"", "A1 = \"hold\""));
    put_demo(&desk);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let run = Command::new(env!("CARGO_BIN_EXE_sluis"))
        .args(COMPARE)
        .arg("archief")
        .current_dir(desk.path("."))
        .stdout(writer)
        .output()
        .expect("the program starts");
    assert_eq!((run.status.code(), String::from_utf8_lossy(&run.stderr).as_ref()), (Some(1), ""));
}

/// Household help by two providers: figures stand with the provider that they belong to, over both laws.
#[test]
fn figures_stand_with_their_provider() {
    let desk = Desk::new();
    put_configs(&desk, &[("tariffs.csv", "wmo;01A01;04;*;*;3415;", "wmo;01A01;04;*;*;3515;")], ("", ""));
    let (help, youth) = (Sample::with(Law::Wmo, HUISHOUDELIJK), Sample::of(Law::Jeugdwet));
    let cleaning = Allocate { product: product("01", "01A01"), ..help.weekly(1) };
    put(&desk, "01", &help.toewijzing("T1", &Person::nth(1), &[cleaning]));
    put(&desk, "02", &youth.toewijzing("T1", &Person::nth(1), &[youth.weekly(1)]));
    let figures = figures(&desk);
    let provider = |agb: &str| row(&figures, "providers", "provider", agb);
    assert!(cents(&provider(HUISHOUDELIJK)["reserved_difference_cents"]) > 0);
    assert_eq!(provider("42420001")["reserved_difference_cents"], 0, "the same numbers under another law are others");
    let segment = row(&figures, "segments", "segment", "hulp-bij-het-huishouden");
    assert_eq!(segment["reserved_difference_cents"], provider(HUISHOUDELIJK)["reserved_difference_cents"]);
    assert_eq!(list(&figures, "messages").len(), 1);
}

/// Care that counts for the pot of a segment and that of a provider is reserved once, over all years together.
#[test]
fn money_of_two_agreements_counts_once() {
    let desk = Desk::new();
    let table = std::fs::read_to_string(region().join("agreements.csv")).expect("a table");
    let own = "OWN-2026;wmo-integrale-ondersteuning;42420001;*;pxq;2026-01-01;2026-12-31;9000000;100;signal";
    put_configs(&desk, &[("agreements.csv", &table, &format!("{}\n{own}\n", table.trim_end()))], ("", ""));
    let sample = Sample::of(Law::Wmo);
    let both_years = Allocate { from: date(2025, 7, 1), to: date(2026, 6, 30), ..sample.weekly(1) };
    let mut allocation = sample.toewijzing("T1", &Person::nth(1), &[both_years]);
    // Claims over 2025 are waited for until the end of February: later, nothing is reserved in that year.
    allocation.header.identificatie.dagtekening = date(2026, 2, 28);
    let sluis::message::Body::Toewijzing(client) = &mut allocation.body else { panic!("a 301") };
    client.producten[0].toewijzingsdatum = date(2026, 2, 28);
    put(&desk, "01", &allocation);
    let figures = figures(&desk);
    let used = |id: &str, side: &str| {
        cents(&row(&figures, "agreements", "agreement", id)[format!("consumption_{side}_cents")])
    };
    let (before, after) = (used("FICTIEF-WIO-0197-2025", "new"), used("FICTIEF-WIO-0197-2026", "new"));
    assert!(before > 0 && after > 0);
    assert_eq!(used("OWN-2026", "new"), after, "the same care");
    assert_eq!(row(&figures, "agreements", "agreement", "OWN-2026")["consumption_old_cents"], Value::Null);
    assert_eq!(figures["totals"]["reserved_cents"], json!({ "old": before + after, "new": before + after }));
}

/// The page describes every table, column and field that there is.
#[test]
fn the_page_describes_the_figures() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/what-if.md")).expect("a page");
    let desk = Desk::new();
    put_configs(&desk, &[("tariffs.csv", ";6003;", ";6603;")], ("A1 = \"observe\"", "A1 = \"hold\""));
    put_demo(&desk);
    compare(&desk, &["--csv", "cijfers"]);
    for name in desk.names("cijfers") {
        let table = name.strip_suffix(".csv").expect("a CSV file");
        assert!(page.contains(&format!("`{table}`")), "{table}");
        let text = String::from_utf8(desk.read(&format!("cijfers/{name}"))).expect("UTF-8");
        for column in text.lines().next().expect("a header").split(';') {
            let shared = ["_old", "_new", "_difference"].iter().find_map(|side| {
                let (stem, rest) = column.split_once(side)?;
                Some(format!("`{stem}_*{rest}`"))
            });
            let described = page.contains(&format!("`{column}`")) || shared.is_some_and(|all| page.contains(&all));
            assert!(described, "{table}.{column}");
        }
    }
    let figures = figures(&desk);
    let message = &list(&figures, "messages")[0];
    for object in [&figures, message, &figures["totals"]] {
        for field in object.as_object().expect("an object").keys() {
            assert!(page.contains(&format!("`{field}`")), "{field}");
        }
    }
}

/// Every snapshot here belongs to a test.
#[test]
fn no_snapshot_is_left_over() {
    let source = include_str!("whatif.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whatif");
    for entry in std::fs::read_dir(folder).expect("the snapshots are there") {
        let name = entry.expect("the folder can be read").file_name().into_string().expect("names are plain");
        let stem = name.strip_suffix(".snap").unwrap_or_else(|| panic!("{name}: a snapshot that was not reviewed"));
        assert!(source.contains(&format!("\"{stem}\"")), "{name} is compared by no test");
    }
}
