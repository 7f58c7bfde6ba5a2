//! The console in a real browser, on a gateway that has judged real traffic: every page of the navigation in both
//! languages and both schemes, on a wide screen and on a narrow one, with the keyboard, and with the figures of the oracle.

#[path = "browser/mod.rs"]
mod browser;
mod e2e;

use browser::{Browser, World};
use e2e::oracle::undisturbed;
use e2e::traffic::{Item, chains};
use e2e::until;
use serde_json::json;
use sluis::decision::Verdict;
use std::collections::BTreeSet;

/// Whoever may see every page.
const EVERYTHING: [&str; 5] = ["viewer", "operator", "contract-manager", "privacy-officer", "administrator"];

/// Traffic with all verdicts, and one message that is no message.
fn traffic() -> Vec<Item> {
    let mut items = chains(12);
    items.push(Item { name: "9999-scrap.xml".to_owned(), bytes: b"<scrap/>".to_vec() });
    items
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
    let world = World::start("", &items);
    let browser = Browser::start();

    world.sign_in(&browser, "a.beheer", &EVERYTHING);
    the_overview_tells_what_the_oracle_counts(&browser, &expected);
    the_keyboard_reaches_everything(&browser);

    let mut wrong = Vec::new();
    for (code, other) in [("nl", "en"), ("en", "nl")] {
        browser.visit(&world.page(&format!("/language?to={code}&next=/")));
        for (name, path) in menu(&browser) {
            browser.visit(&world.page(&path));
            let shown = browser.run(
                "return [document.documentElement.lang, document.querySelector('.menu [aria-current]')?.innerText];",
                &[],
            );
            if shown != json!([code, name]) {
                wrong.push(format!(
                    "{path}: it is {shown}, not {name} in {code}, or stands for another\n{}",
                    browser.text("body")
                ));
                continue;
            }
            let page = path.trim_start_matches('/');
            let page = if page.is_empty() { "overview" } else { page };
            wrong.extend(browser.complaints().into_iter().map(|complaint| format!("{path} in {code}: {complaint}")));
            browser.picture(&format!("{page}-{code}"));
            let light = browser.run("return getComputedStyle(document.body).backgroundColor;", &[]);
            browser.prefer("dark");
            if browser.run("return getComputedStyle(document.body).backgroundColor;", &[]) == light {
                wrong.push(format!("{path}: it is as light at night"));
            }
            if code == "nl" {
                browser.picture(&format!("{page}-{code}-dark"));
            }
            browser.prefer("light");
            browser.widen(360);
            if browser.scrolls_sideways() {
                wrong.push(format!("{path} in {code}: wider than a small screen"));
            }
            if code == "nl" {
                browser.picture(&format!("{page}-{code}-narrow"));
            }
            browser.widen(1280);
        }
        let switch = format!("return document.querySelector('.languages a[lang={other}]') !== null;");
        assert_eq!(browser.run(&switch, &[]), json!(true), "the other language is a click away");
    }
    wrong.extend(browser.console().into_iter().map(|line| format!("the browser says: {line}")));
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), browser::said(&world));

    browser.run("document.querySelector('.visit form button').click();", &[]);
    until(
        "nobody is signed in",
        || browser.run("return location.pathname;", &[]) == json!("/login"),
        || browser.text("body"),
    );
    browser.visit(&world.page("/audit"));
    assert_eq!(browser.run("return location.pathname;", &[]), json!("/login"), "what was seen is gone");
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
