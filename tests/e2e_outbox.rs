//! `sluis outbox` as people use it, beside a running daemon: what a back office refuses is listed and sent again, once;
//! what cannot be reached is left alone and tried at once when somebody says so.

mod e2e;

use e2e::daemon::{Site, program};
use e2e::office::{Mood, Office};
use e2e::oracle::undisturbed;
use e2e::{bsns, traffic, until};
use serde_json::Value;
use sluis::decision::Purpose;
use std::collections::BTreeMap;

/// Runs the program at a site: exit code, what it printed, what it complained of.
fn run(site: &Site, arguments: &[&str]) -> (i32, String, String) {
    let config = site.path("sluis.toml");
    let output = program().args(arguments).arg("--config").arg(config).output().expect("the program can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    let (out, error) = (text(output.stdout), text(output.stderr));
    assert!(bsns(&out).is_empty() && bsns(&error).is_empty(), "it names nobody");
    (output.status.code().expect("it ended by itself"), out, error)
}

fn json(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let (_, out, error) = run(site, arguments);
    serde_json::from_str(&out).unwrap_or_else(|fault| panic!("{fault}: {out}{error}"))
}

fn refused(site: &Site) -> Vec<String> {
    let rows = json(site, &["outbox", "list", "--state", "refused", "--json"]);
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn breaker(site: &Site) -> Value {
    let breakers = json(site, &["outbox", "breakers", "--json"]);
    breakers.into_iter().find(|breaker| breaker["destination"] == "http 0197").expect("it is configured")
}

#[test]
fn what_is_refused_or_left_alone_goes_again_when_somebody_says_so() {
    let items = traffic::chains(3);
    let expected = undisturbed("directory", "sluis", &items);
    let is_for_office = |purpose| matches!(purpose, Purpose::Forward | Purpose::Signal);
    let for_office =
        expected.outbox.iter().filter(|due| due.to.as_deref() == Some("0197") && is_for_office(due.purpose));
    let promised = for_office.count();
    assert!(promised >= 3, "{}", expected.describe());

    let office = Office::open(Mood::Refuses);
    let site = Site::new(&format!(
        "[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"20ms\"\nmax_retry = \"100ms\"\n\
         [[back_office]]\ngemeente = \"0197\"\nurl = \"http://{}/berichten\"\n",
        office.address
    ));
    site.send(&items);
    let mut daemon = site.start();
    daemon.address();
    until("all are refused", || refused(&site).len() == promised, || site.describe());
    assert_eq!(office.count(Mood::Refuses), 3 * promised, "three attempts at each");
    let count = |figure: f64| format!("{figure:.0}");
    assert_eq!(count(daemon.metric("sluis_outbox_refused_rows", "")), promised.to_string());
    let failures = daemon.metric("sluis_delivery_failures_total", "class=\"data\"");
    assert_eq!(count(failures), (3 * promised).to_string());
    assert_eq!(count(daemon.metric("sluis_breaker_state", "")), "0", "it works, it only refuses");
    let (code, out, _) = run(&site, &["doctor"]);
    assert!(code == 1 && out.contains("refused: ") && out.contains("422"), "{out}");
    let (code, out, _) = run(&site, &["outbox", "list"]);
    assert!(code == 0 && out.contains("refused for") && out.contains("(data)"), "{out}");

    // One by its id, beside the daemon; a second order finds nothing to do.
    office.set(Mood::Works);
    let first = refused(&site).swap_remove(0);
    let again = ["outbox", "retry", "--reason", "de ontvanger is hersteld", "--by", "anna", "--id", &first];
    let (code, out, error) = run(&site, &again);
    assert!(code == 0 && out.contains("1 refused rows are due again"), "{out}{error}");
    until("it arrived", || office.taken().contains_key(&first), || site.describe());
    until(
        "it is noted",
        || json(&site, &["outbox", "list", "--state", "sent", "--json"]).iter().any(|row| row["id"] == *first),
        || site.describe(),
    );
    let (code, out, _) = run(&site, &again);
    assert!(code == 1 && out.contains("has it already"), "{out}");
    assert_eq!(refused(&site).len(), promised - 1);

    // Bad orders change nothing and say what is wrong.
    for (arguments, words) in [
        (vec!["outbox", "retry", "--reason", "x"], "required"),
        (vec!["outbox", "retry", "--by", "anna", "--reason", "voor 999900006", "--id", &first], "BSN"),
        (
            vec!["outbox", "retry", "--by", "anna", "--reason", "x", "--destination", "http 0222"],
            "use one of directory, http 0197",
        ),
        (vec!["outbox", "retry", "--reason", "x", "--id", "1"], "invalid value"),
        (vec!["outbox", "list", "--state", "lost"], "waiting, refused or sent"),
    ] {
        let (code, _, error) = {
            let config = site.path("sluis.toml");
            let output = program().args(&arguments).arg("--config").arg(config).output().expect("it can be run");
            (output.status.code(), output.stdout, String::from_utf8(output.stderr).expect("text"))
        };
        assert!(code == Some(2) && error.contains(words), "{arguments:?}: {error}");
    }

    // All of a destination.
    let all = ["outbox", "retry", "--reason", "de ontvanger is hersteld", "--by", "anna", "--destination", "http 0197"];
    assert_eq!(run(&site, &all).0, 0);
    until("all arrived", || office.taken().len() == promised, || site.describe());
    until("nothing is left", || json(&site, &["outbox", "list", "--json"]).is_empty(), || site.describe());
    assert!(office.taken().values().all(|times| *times == 1), "each once: {:?}", office.taken());
    let mut bodies: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for attempt in office.attempts() {
        bodies.entry(attempt.key).or_default().push(attempt.body);
    }
    assert!(bodies.values().all(|all| all.len() == 4 && all.iter().all(|body| *body == all[0])), "the same bytes");

    // A wrong address: one attempt, and nothing more for the ten minutes that are the default, unless somebody says so.
    office.set(Mood::Elsewhere);
    let more = traffic::chains(6).split_off(items.len());
    site.send(&more);
    until("the breaker is open", || breaker(&site)["state"] == "open", || site.describe());
    assert_eq!((&breaker(&site)["class"], office.count(Mood::Elsewhere)), (&Value::from("contract"), 1));
    assert_eq!(run(&site, &["outbox", "breakers"]).0, 1);
    assert_eq!(count(daemon.metric("sluis_breaker_state", "http 0197")), "2");
    let (code, out, _) = run(&site, &["doctor"]);
    assert!(code == 1 && out.contains("breaker: ") && out.contains("404"), "{out}");
    office.set(Mood::Works);
    assert_eq!(run(&site, &all).0, 0);
    until(
        "all arrived",
        || json(&site, &["outbox", "list", "--json"]).is_empty() && site.waiting().is_empty(),
        || site.describe(),
    );
    assert!(office.taken().len() > promised && office.count(Mood::Elsewhere) == 1);
    assert_eq!(run(&site, &["outbox", "breakers"]).0, 0);
    assert!(daemon.terminate().success());
    let log = site.log();
    assert!(log.contains("(contract); the outbox keeps it, and a person has to act"), "{log}");
    assert!(bsns(&log).is_empty() && !log.contains("panicked"));
}
