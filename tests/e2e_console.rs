//! The console in a real browser, on a gateway that has judged real traffic: every page of the navigation and of details in
//! both languages and both schemes, on a wide screen and on a narrow one, with the keyboard, and with the figures of the
//! oracle; and the orders that people give there, with their outcome on the page and their row in the audit trail.

#[path = "browser/mod.rs"]
mod browser;
mod e2e;

use browser::{Browser, World};
use e2e::office::{Mood, Office};
use e2e::oracle::undisturbed;
use e2e::traffic::{Item, Lane, chains};
use e2e::{bsns, until};
use jiff::civil::date;
use serde_json::json;
use sluis::decision::Verdict;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use std::collections::BTreeSet;

/// Its back office refuses everything at first.
const DOETINCHEM: &str = "0222";
/// Without a contract.
const STRANGER: &str = "42420010";
/// The account of these tests.
const BOSS: &str = "a.beheer";
/// Pages with forms that are walked through with the keyboard.
const WALKED: [&str; 4] = ["held-one", "delivery-refused", "document", "account-other"];

/// Whoever may see every page.
const EVERYTHING: [&str; 5] = ["viewer", "operator", "contract-manager", "privacy-officer", "administrator"];

/// Traffic with all verdicts but held, a client of the municipality whose back office refuses, and one message that is no
/// message.
fn traffic() -> Vec<Item> {
    let mut items = chains(12);
    items.extend(chains(69).split_off(3 * 68));
    items.push(Item { name: "9999-scrap.xml".to_owned(), bytes: b"<scrap/>".to_vec() });
    items
}

/// Allocations that policy holds.
fn held_allocations() -> Vec<Item> {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from(STRANGER),
        dagtekening: date(2025, 3, 10),
    };
    let allocate = |nummer| Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2025, 1, 1),
        to: date(2025, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    let held = |at: u32| {
        let toewijzing = composer.toewijzing(&format!("A{at}"), &Person::nth(9_000 + at), &allocate(u64::from(at)));
        Item { name: format!("9{at}-held.xml"), bytes: toewijzing.write() }
    };
    vec![held(1), held(2)]
}

/// The names and paths of the navigation.
fn menu(browser: &Browser) -> Vec<(String, String)> {
    let links = browser.run(
        "return [...document.querySelectorAll('.menu a')].map((a) => [a.innerText, a.getAttribute('href')]);",
        &[],
    );
    let links: Vec<(String, String)> = serde_json::from_value(links).expect("names and paths");
    assert!(links.len() >= 12, "whoever may see everything has every page: {links:?}");
    links
}

/// The figure of a card of the overview.
fn card(browser: &Browser, label: &str) -> String {
    let figure = browser.run(
        "return [...document.querySelectorAll('.card')].find((card) => card.innerText.startsWith(arguments[0]))
             ?.querySelector('strong').innerText ?? null;",
        &[json!(label)],
    );
    figure.as_str().unwrap_or_else(|| panic!("there is no card {label}:\n{}", browser.text("main"))).to_owned()
}

#[test]
fn every_page_serves_everybody() {
    let items = traffic();
    let expected = undisturbed("directory", "sluis", &items);
    let office = Office::open(Mood::Refuses);
    let settings = format!(
        "[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"20ms\"\nmax_retry = \"100ms\"\n\
         [[back_office]]\ngemeente = \"{DOETINCHEM}\"\nurl = \"http://{}/berichten\"\n",
        office.address
    );
    let mut world = World::start("A1 = \"hold\"\n", &settings, &items);
    let browser = Browser::start();

    world.sign_in(&browser, BOSS, &EVERYTHING);
    the_overview_tells_what_the_oracle_counts(&browser, &expected);
    the_keyboard_reaches_everything(&browser);
    let held = held_allocations();
    world.site.send(&held);
    until(
        "two are held",
        || world.daemon.metric("sluis_messages_total", "verdict=\"held\"") > 1.5,
        || world.site.describe(),
    );

    let mut wrong = Vec::new();
    for (code, other) in [("nl", "en"), ("en", "nl")] {
        browser.visit(&world.page(&format!("/language?to={code}&next=/")));
        for (name, path) in menu(&browser) {
            browser.visit(&world.page(&path));
            let marked = browser.run("return document.querySelector('.menu [aria-current]')?.innerText;", &[]);
            if marked != json!(name) {
                wrong.push(format!("{path}: it stands for {marked}, not for {name}"));
            }
            let page = path.trim_start_matches('/');
            wrong.extend(examine(&browser, if page.is_empty() { "overview" } else { page }, code));
        }
        let switch = format!("return document.querySelector('.languages a[lang={other}]') !== null;");
        assert_eq!(browser.run(&switch, &[]), json!(true), "the other language is a click away");
    }
    let details = details(&browser, &world, &items);
    for code in ["nl", "en"] {
        browser.visit(&world.page(&format!("/language?to={code}&next=/")));
        for (name, path) in &details {
            browser.visit(&world.page(path));
            wrong.extend(examine(&browser, name, code));
            if code == "nl" && WALKED.contains(name) {
                wrong.extend(walk(&browser).map(|fault| format!("{name}: {fault}")));
            }
        }
        wrong.extend(a_document_is_unmasked_with_a_reason(&browser, &world, &details, code));
    }
    the_pages_tell_what_the_oracle_counts(&browser, &world, &details, &expected);
    wrong.extend(browser.console().into_iter().map(|line| format!("the browser says: {line}")));
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), browser::said(&world));

    browser.visit(&world.page("/language?to=en&next=/"));
    an_address_that_leads_nowhere_leads_back(&browser, &world);
    orders_are_given_with_mouse_and_keys(&browser, &world, &office, &details);

    browser.click(".visit form button");
    arrives(&browser, "nobody is signed in", |address| address.starts_with("/login"));
    wrong.extend(examine(&browser, "login", "en"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.visit(&world.page("/audit"));
    assert_eq!(browser.run("return location.pathname;", &[]), json!("/login"), "what was seen is gone");
}

/// What is wrong with the page that is shown, in both schemes, on a wide screen and on a narrow one; with pictures of it.
fn examine(browser: &Browser, name: &str, code: &str) -> Vec<String> {
    let lang = browser.run("return document.documentElement.lang;", &[]);
    if lang != json!(code) {
        return vec![format!("{name}: it is in {lang}, not in {code}\n{}", browser.text("body"))];
    }
    let mut wrong = browser.complaints();
    browser.picture(&format!("{name}-{code}"));
    let background = "return getComputedStyle(document.body).backgroundColor;";
    let light = browser.run(background, &[]);
    browser.prefer("dark");
    if browser.run(background, &[]) == light {
        wrong.push("it is as light at night".to_owned());
    }
    if code == "nl" {
        browser.picture(&format!("{name}-{code}-dark"));
    }
    browser.prefer("light");
    browser.widen(360);
    if browser.scrolls_sideways() {
        wrong.push("wider than a small screen".to_owned());
    }
    if code == "nl" {
        browser.picture(&format!("{name}-{code}-narrow"));
    }
    browser.widen(1280);
    wrong.into_iter().map(|complaint| format!("{name} in {code}: {complaint}")).collect()
}

/// Walks through a page with the tabulator alone: everything that takes the focus shows it, and comes in the order in which
/// it stands.
fn walk(browser: &Browser) -> Option<String> {
    browser.run("window.reached = []; document.activeElement.blur();", &[]);
    let step = "
        const [e, before] = [document.activeElement, window.reached.at(-1)];
        if (e === document.body || window.reached[0] === e) return 'done';
        window.reached.push(e);
        const words = e.outerHTML.slice(0, 80);
        if (getComputedStyle(e).outlineStyle === 'none') return 'the focus does not show on ' + words;
        const follows = before === undefined || before.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING;
        return follows ? null : 'out of turn: ' + words;";
    for _ in 0..200 {
        browser.tab();
        match browser.run(step, &[]).as_str() {
            None => {}
            Some("done") => break,
            Some(fault) => return Some(fault.to_owned()),
        }
    }
    let missed = browser.run(
        "return [...document.querySelectorAll('main a[href], main button, main input:not([type=hidden]), main select, main textarea')]
             .filter((e) => !window.reached.includes(e) && !e.hidden && !e.closest('details:not([open])'))
             .map((e) => e.outerHTML.slice(0, 80));",
        &[],
    );
    let missed: Vec<String> = serde_json::from_value(missed).expect("texts");
    (!missed.is_empty()).then(|| format!("not reached: {}", missed.join(", ")))
}

/// Waits until the address, without that of the site, is one that fits: what is pressed takes a moment to lead somewhere.
fn arrives(browser: &Browser, where_to: &str, fits: impl Fn(&str) -> bool) {
    let here = "return location.pathname + location.search;";
    until(
        where_to,
        || browser.run(here, &[]).as_str().is_some_and(&fits),
        || format!("{}\n{}", browser.run(here, &[]), browser.text("body")),
    );
}

/// Names and paths of the pages that lists lead to, one of each sort.
type Details = Vec<(&'static str, String)>;

fn path_of<'a>(details: &'a Details, name: &str) -> &'a str {
    details.iter().find(|(known, _)| *known == name).map(|(_, path)| path.as_str()).expect("it was found")
}

fn details(browser: &Browser, world: &World, items: &[Item]) -> Details {
    let first = |list: &str, to: &str| {
        browser.visit(&world.page(list));
        let link = browser.run(
            "return document.querySelector(`main table a[href^='${arguments[0]}']`)?.getAttribute('href') ?? null;",
            &[json!(to)],
        );
        link.as_str().unwrap_or_else(|| panic!("{list} leads to no {to}\n{}", browser.text("main"))).to_owned()
    };
    let mut found: Details = ["rejected", "partly", "accepted", "held", "parked"]
        .into_iter()
        .zip(["message-rejected", "message-partly", "message-accepted", "message-held", "message-parked"])
        .map(|(verdict, name)| (name, first(&format!("/messages?verdict={verdict}"), "/messages/")))
        .collect();
    found.push(("document", format!("{}/xml", path_of(&found, "message-rejected"))));
    for (name, list, to) in [
        ("allocation", "/allocations", "/allocations/"),
        ("held-one", "/held", "/held/"),
        ("parked-one", "/parked", "/parked/"),
        ("delivery-refused", "/deliveries?state=refused", "/deliveries/"),
        ("delivery-sent", "/deliveries?state=sent", "/deliveries/"),
        ("signal", "/signals?state=all", "/signals/"),
        ("budget", "/budgets?year=2025", "/budgets/"),
        ("account", "/accounts", "/accounts/"),
    ] {
        found.push((name, first(list, to)));
    }
    let added = world.site.add_account("k.kijker", "viewer", "een wachtwoord voor wie kijkt");
    assert!(added.status.success(), "{added:?}");
    found.push(("account-other", "/accounts/k.kijker".to_owned()));
    found.push(("provider", format!("/providers/{}", Lane::of(0).composer.aanbieder)));
    for (name, path) in [("questions", "/questions"), ("own-access", "/account"), ("persons", "/persons")] {
        found.push((name, path.to_owned()));
    }
    browser.visit(&world.page("/persons"));
    let text = String::from_utf8_lossy(&items[0].bytes).into_owned();
    browser.write("input[name=bsn]", bsns(&text).first().expect("it is about somebody"));
    browser.write("input[name=reason]", "vraag van de cliënt zelf\u{E007}");
    arrives(browser, "the result", |address| address.contains("/persons/"));
    let result = browser.run("return location.pathname;", &[]);
    found.push(("person", result.as_str().expect("a path").to_owned()));
    found
}

/// The document of a message without masks: refused without a reason, shown once with one.
fn a_document_is_unmasked_with_a_reason(
    browser: &Browser,
    world: &World,
    details: &Details,
    code: &str,
) -> Vec<String> {
    let shown = "return document.querySelector('main pre').innerText;";
    browser.visit(&world.page(path_of(details, "document")));
    let masked = browser.run(shown, &[]);
    let masked = masked.as_str().expect("a document").to_owned();
    assert!(masked.contains("***") && bsns(&masked).is_empty(), "{masked}");
    browser.click("#unmask button");
    assert_eq!(browser.run(shown, &[]), json!(masked), "without a reason the browser sends nothing");
    browser.write("#unmask input[name=reason]", &format!("bezwaar {code}\u{E007}"));
    arrives(browser, "the document without masks", |address| address.ends_with("/unmask"));
    let unmasked = browser.run(shown, &[]);
    let unmasked = unmasked.as_str().expect("a document");
    assert!(!unmasked.contains("***") && !bsns(unmasked).is_empty(), "{unmasked}");
    let wrong = examine(browser, "document-unmasked", code);
    let row = audited(browser, world, &format!("bezwaar {code}"));
    assert!(row.contains(BOSS), "{row}");
    wrong
}

/// The row of the audit trail with this reason.
fn audited(browser: &Browser, world: &World, reason: &str) -> String {
    browser.visit(&world.page("/audit"));
    let row = browser.run(
        "return [...document.querySelectorAll('main tbody tr')].find((row) => row.innerText.includes(arguments[0]))
             ?.innerText ?? '';",
        &[json!(reason)],
    );
    let row = row.as_str().expect("text").to_owned();
    assert!(row.contains(BOSS), "the trail has no {reason} by {BOSS}:\n{}", browser.text("main"));
    row
}

fn the_overview_tells_what_the_oracle_counts(browser: &Browser, expected: &e2e::oracle::Account) {
    let count = |verdict| expected.count(verdict).to_string();
    let total = Verdict::ALL.into_iter().map(|verdict| expected.count(verdict)).sum::<usize>();
    assert!(total > 30 && expected.count(Verdict::Rejected) > 0, "{}", expected.describe());
    browser.run("location.href = '/language?to=en&next=/';", &[]);
    until(
        "the overview is in English",
        || browser.run("return document.documentElement.lang;", &[]) == json!("en"),
        || browser.text("body"),
    );
    assert_eq!(card(browser, "Came in today"), total.to_string());
    assert_eq!(card(browser, "Rejected today"), count(Verdict::Rejected));
    assert_eq!(card(browser, "Held"), count(Verdict::Held));
    assert_eq!(card(browser, "Parked"), count(Verdict::Parked));
    assert_eq!(card(browser, "To be delivered"), "0");
}

/// Figures of lists and of pages of details against those of an undisturbed run.
fn the_pages_tell_what_the_oracle_counts(
    browser: &Browser,
    world: &World,
    details: &Details,
    expected: &e2e::oracle::Account,
) {
    let rows = "return document.querySelectorAll('main table tbody tr').length;";
    for verdict in [Verdict::Rejected, Verdict::Partly, Verdict::Parked] {
        browser.visit(&world.page(&format!("/messages?verdict={}", verdict.as_str())));
        assert_eq!(browser.run(rows, &[]), json!(expected.count(verdict)), "{verdict}");
    }
    // Of a rejected message every finding is there, with the rule that it breaks.
    browser.visit(&world.page(path_of(details, "message-rejected")));
    let name = browser.run("return document.querySelector('.facts code').innerText;", &[]);
    let judged = &expected.messages[name.as_str().expect("the id of its delivery")][0];
    let found = browser.text("#findings");
    assert!(judged.verdict == Verdict::Rejected && !judged.findings.is_empty());
    for finding in &judged.findings {
        assert!(found.contains(&finding.rule), "{}: {found}", finding.rule);
    }
    // What a provider sent itself, and what became of it; nobody is known to have sent what the schema does not fit.
    let provider = Lane::of(0).composer.aanbieder.to_string();
    let own = |name: &str| !name.contains("toewijzing") && name.ends_with(".xml") && !name.contains("scrap");
    let sent: Vec<Verdict> = expected
        .messages
        .iter()
        .filter(|(name, _)| own(name))
        .flat_map(|(_, judged)| judged.iter().filter(|judged| judged.level > 1).map(|judged| judged.verdict))
        .collect();
    browser.visit(&world.page(&format!("/providers/{provider}?days=30")));
    assert_eq!(card(browser, "Messages"), sent.len().to_string(), "{}", browser.text("main"));
    let rejected = sent.iter().filter(|verdict| **verdict == Verdict::Rejected).count();
    let share = browser.text(".cards");
    assert!(share.contains(&format!("{rejected}; ")), "{rejected} of {}: {share}", sent.len());
    // What was booked on an agreement, to the cent.
    browser.visit(&world.page(path_of(details, "budget")));
    let title = browser.text("h1");
    let booked = expected.budgets.iter().find(|budget| budget.agreement == title).expect("the oracle knows it");
    let realised = browser.run(
        "return [...document.querySelectorAll('#agreement dt')].find((e) => e.innerText.startsWith('Realised'))
             .nextElementSibling.innerText.replace(/[^0-9]/g, '');",
        &[],
    );
    assert_eq!(realised, json!(format!("{:03}", booked.realised.0)), "{}", browser.text("#agreement"));
}

fn an_address_that_leads_nowhere_leads_back(browser: &Browser, world: &World) {
    browser.visit(&world.page("/nowhere/at/all"));
    assert!(browser.text("main").contains("There is nothing here."), "{}", browser.text("body"));
    let wrong = examine(browser, "nowhere", "en");
    assert!(wrong.is_empty(), "{wrong:?}");
    browser.click("main a");
    arrives(browser, "the overview", |address| address == "/");
    browser.console();
}

/// Gives an order at a page: without a reason nothing is sent, blanks are refused with a sentence, and with a reason it is
/// taken.
fn give(browser: &Browser, world: &World, page: &str, form: &str, reason: &str) {
    browser.visit(&world.page(page));
    let (field, button) = (format!("#{form} input[name=reason]"), format!("#{form} button"));
    browser.click(&button);
    assert_eq!(browser.run("return location.pathname;", &[]), json!(page), "without a reason nothing is sent");
    browser.write(&field, "   ");
    browser.click(&button);
    until(
        "it is refused",
        || browser.text(&format!("#{form}")).contains("Say in a few words why."),
        || browser.text("body"),
    );
    browser.run("document.querySelector(arguments[0]).value = '';", &[json!(field)]);
    browser.write(&field, reason);
    browser.click(&button);
    arrives(browser, "it is ordered", |address| address.starts_with(&format!("{page}?done=")));
}

/// Waits until a page, reloaded, has these words.
fn becomes(browser: &Browser, world: &World, page: &str, words: &str) {
    until(
        words,
        || {
            browser.visit(&world.page(page));
            browser.text("main").contains(words)
        },
        || browser.text("main"),
    );
}

fn orders_are_given_with_mouse_and_keys(browser: &Browser, world: &World, office: &Office, details: &Details) {
    // Of two that are held one is released and one withdrawn.
    let before = world.site.left_to(STRANGER);
    for (action, outcome, reason) in
        [("release", "released", "uitspraak van de rechter"), ("withdraw", "withdrawn", "op verzoek van de gemeente")]
    {
        browser.visit(&world.page("/held"));
        browser.click("main table a[href^='/held/']");
        arrives(browser, "one that is held", |address| address.starts_with("/held/"));
        let page = browser.run("return location.pathname;", &[]);
        let page = page.as_str().expect("a path").to_owned();
        give(browser, world, &page, action, reason);
        becomes(browser, world, &page, outcome);
        browser.picture(&format!("held-{outcome}-en"));
        let row = audited(browser, world, reason);
        assert!(row.contains("decided again"), "{row}");
    }
    until("one left", || world.site.left_to(STRANGER) > before, || world.site.describe());
    assert_eq!(world.site.left_to(STRANGER), before + 1, "the one that was released, once");

    // What cannot be read stays parked, and the page says that it was judged anew.
    let parked = path_of(details, "parked-one");
    give(browser, world, parked, "replay", "na de herstart");
    becomes(browser, world, parked, "Judged anew");
    becomes(browser, world, parked, "na de herstart");
    until(
        "it is carried out",
        || {
            browser.visit(&world.page(parked));
            !browser.text("#runs").is_empty()
                && browser.run("return document.querySelector('#replay') !== null;", &[]) == json!(true)
        },
        || browser.text("main"),
    );
    browser.picture("parked-replayed-en");
    audited(browser, world, "na de herstart");

    // What was refused goes again, and arrives.
    let delivery = path_of(details, "delivery-refused");
    office.set(Mood::Works);
    give(browser, world, delivery, "again", "de ontvanger is hersteld");
    becomes(browser, world, delivery, "delivered");
    assert_eq!(office.count(Mood::Works), 1, "it alone");
    browser.picture("delivery-again-en");
    let row = audited(browser, world, "de ontvanger is hersteld");
    assert!(row.contains("sent again"), "{row}");

    // And the trail that tells all this hangs together.
    browser.click("#chain button");
    arrives(browser, "it is begun", |address| address == "/audit?done=verify");
    becomes(browser, world, "/audit", "rows, from the first to what was then the last");
    assert!(browser.text("#chain").contains("sound"), "{}", browser.text("#chain"));
    browser.picture("audit-recounted-en");
    browser.console();
}

/// From the top of the page: the way past the navigation, the navigation, and the first link of the page itself.
fn the_keyboard_reaches_everything(browser: &Browser) {
    let mut reached = Vec::new();
    for _ in 0..40 {
        browser.tab();
        let focused = browser.run(
            "const e = document.activeElement;
             const outline = getComputedStyle(e).outlineStyle;
             return [e.className, (e.innerText || e.getAttribute('aria-label') || '').trim(),
                 outline !== 'none', e.closest('main') !== null];",
            &[],
        );
        let (class, words, is_seen, is_in_page): (String, String, bool, bool) =
            serde_json::from_value(focused).expect("what has the focus");
        assert!(is_seen, "the focus does not show on {class} {words}");
        reached.push((class, words, is_in_page));
        if is_in_page {
            break;
        }
    }
    assert_eq!(reached[0].0, "skip", "the first is the way past the navigation: {reached:?}");
    let words: BTreeSet<&str> = reached.iter().map(|(_, words, _)| words.as_str()).collect();
    for name in ["Sign out", "Overview", "Messages", "Held", "Providers", "Health", "Audit trail"] {
        assert!(words.contains(name), "{name} is not reached: {words:?}");
    }
    assert!(reached.last().is_some_and(|(.., is_in_page)| *is_in_page), "the page itself is reached: {reached:?}");
}
