//! The documentation against the program: every command that a page shows is one, the examples that a reader would try first
//! are tried, settings and JSON can be read, links lead somewhere, and every page can be reached from the README.

mod pages;

use clap::error::ErrorKind;
use pages::{Block, Page, root};
use sluis::cli;
use sluis::config::parse;
use sluis::ledger::{Keys, Ledger, Settings};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;

fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned(), "ARCHITECTURE.md".to_owned(), "CHANGELOG.md".to_owned()];
    for folder in ["docs", "docs/decisions", "ops"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("the folder is there") {
            let name = entry.expect("an entry").file_name().into_string().expect("names are plain");
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

/// A command as a page shows it, without what calls the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    place: String,
    words: String,
}

const CALLS: [&str; 4] = ["$ sluis ", "sluis ", "target/release/sluis ", "cargo run --release -- "];

/// Commands of blocks. What stands behind two blanks tells what the command is for.
fn commands(block: &Block) -> Vec<Shown> {
    let joined = block.text.replace("\\\n", " ");
    let call = |line: &str| CALLS.iter().find_map(|call| line.strip_prefix(call).map(str::to_owned));
    let of_line = |line: &str| {
        let words = call(line)?;
        // A continued line is one command, however it was laid out.
        let words = if block.text.contains("\\\n") { words } else { before_gap(&words).to_owned() };
        let words = words.split_once(" #").map_or(words.clone(), |(words, _)| words.to_owned());
        Some(Shown { place: block.place(), words: words.split_whitespace().collect::<Vec<_>>().join(" ") })
    };
    joined.lines().filter_map(of_line).collect()
}

fn before_gap(line: &str) -> &str {
    line.split_once("  ").map_or(line, |(words, _)| words)
}

/// Commands in running text: `sluis held list`.
fn mentions(page: &Page) -> Vec<Shown> {
    let mut mentions = Vec::new();
    let mut fenced = false;
    for (index, line) in page.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced || line.starts_with("    ") {
            continue;
        }
        for span in line.split('`').skip(1).step_by(2) {
            if let Some(words) = span.strip_prefix("sluis ") {
                mentions.push(Shown { place: format!("{}:{}", page.name, index + 1), words: words.to_owned() });
            }
        }
    }
    mentions
}

/// The ways in which a synopsis can be meant: without what is optional, and with each optional part.
fn readings(words: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut optional: Vec<String> = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('[') {
        bare.push_str(before);
        let (part, after) = after.split_once(']').unwrap_or((after, ""));
        optional.push(part.to_owned());
        rest = after;
    }
    bare.push_str(rest);
    let with = |part: &String| format!("{bare} {part}");
    std::iter::once(bare.clone()).chain(optional.iter().map(with)).map(|reading| chosen(&reading)).collect()
}

/// The first of what is to be chosen from, and something in the place of each placeholder.
fn chosen(words: &str) -> String {
    let mut text = words.replace('…', "");
    while let Some((before, after)) = text.split_once('(').map(|(before, after)| (before.to_owned(), after.to_owned()))
    {
        let (inside, after) = after.split_once(')').unwrap_or((&after, ""));
        let first = inside.split('|').next().unwrap_or_default();
        text = format!("{before}{first}{after}");
    }
    let value = |word: &str| match word {
        "N" | "ID" => "1".to_owned(),
        "DATE" => "2026-01-01".to_owned(),
        "YEAR" => "2026".to_owned(),
        "UUID" => "00000000-0000-4000-8000-000000000000".to_owned(),
        "N:HASH" => format!("1:{}", "0".repeat(64)),
        "RULE" => "TR321".to_owned(),
        word => word.split('|').next().unwrap_or_default().to_owned(),
    };
    text.split_whitespace().map(value).collect::<Vec<_>>().join(" ")
}

/// Words of a command line, quotes as a shell takes them.
fn split(words: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (index, part) in words.split('"').enumerate() {
        if index % 2 == 1 {
            all.push(part.to_owned());
        } else {
            all.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    all
}

fn fault_of(words: &str) -> Option<ErrorKind> {
    let line = std::iter::once("sluis".to_owned()).chain(split(words));
    cli::command().try_get_matches_from(line).err().map(|error| error.kind())
}

#[test]
fn every_command_that_a_page_shows_is_one() {
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages() {
        for shown in page.blocks().iter().flat_map(commands) {
            for reading in readings(&shown.words) {
                count += 1;
                match fault_of(&reading) {
                    None | Some(ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {}
                    Some(kind) => faults.push(format!("{}: sluis {} ({kind})", shown.place, reading)),
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(count > 40, "{count} commands were found");
}

#[test]
fn every_command_that_a_page_mentions_exists() {
    let mut faults = Vec::new();
    let mut count = 0;
    for shown in pages().iter().flat_map(mentions) {
        for reading in readings(&shown.words) {
            count += 1;
            match fault_of(&reading) {
                // A mention leaves out what does not matter there.
                None
                | Some(
                    ErrorKind::DisplayHelp
                    | ErrorKind::DisplayVersion
                    | ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ) => {}
                Some(ErrorKind::InvalidValue) if ends_with_an_option(&reading) => {}
                Some(kind) => faults.push(format!("{}: `sluis {}` ({kind})", shown.place, reading)),
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(count > 40, "{count} mentions were found");
}

fn ends_with_an_option(words: &str) -> bool {
    words.split_whitespace().next_back().is_some_and(|word| word.starts_with("--"))
}

/// What is tried: the command as a page shows it, the exit code, and a part of what it prints.
const TRIED: [(&str, &str, i32, &str); 22] = [
    ("README.md", "check message.xml", 1, "XSD"),
    ("README.md", "check --json message.xml", 1, "\"verdict\":\"rejected\""),
    ("README.md", "replay --out answers day1/ day2/", 1, "day1/message.xml"),
    ("README.md", "rules TR321", 0, "TR321"),
    ("README.md", "config check", 0, "no faults"),
    ("README.md", "outbox list", 0, ""),
    ("README.md", "parked list", 0, ""),
    ("README.md", "replay-stored --help", 0, "Usage"),
    ("README.md", "refused list", 0, ""),
    ("README.md", "members", 0, ""),
    ("README.md", "ledger verify", 0, "messages"),
    ("README.md", "contract check FOLDER", 0, "no faults"),
    ("README.md", "contract diff OLD NEW", 0, ""),
    ("README.md", "signals", 0, ""),
    ("README.md", "budgets", 0, ""),
    ("README.md", "survey", 0, ""),
    ("README.md", "held list", 0, ""),
    ("docs/retention.md", "retention plan --config sluis.toml", 0, "bodies of 0 message(s) would go"),
    ("docs/retention.md", "retention plan --config sluis.toml --today 2030-01-01 --json", 0, "\"is_set\":true"),
    (
        "docs/retention.md",
        "retention run --config sluis.toml --reason \"selection list 2026 in force\"",
        0,
        "records of 0 message(s) went",
    ),
    ("docs/senders.md", "config token", 0, "token_sha256"),
    ("docs/keys.md", "ledger keys list", 0, "body"),
];

#[test]
fn the_examples_that_a_reader_tries_do_what_the_pages_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let region = root().join("config/regions/achterhoek");
    for name in ["FOLDER", "OLD", "NEW"] {
        copy(&region, &at.join(name));
    }
    for name in ["message.xml", "day1/message.xml", "day2/message.xml"] {
        let file = at.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        std::fs::write(file, "<Bericht/>").expect("it can be written");
    }
    let retention = pages().into_iter().find(|page| page.name == "docs/retention.md").expect("the page");
    let example = retention.blocks().into_iter().find(|block| block.language == "toml").expect("it has settings");
    let settings = format!("[contract]\nregion = \"FOLDER\"\n{}", example.text);
    std::fs::write(at.join("sluis.toml"), settings).expect("it can be written");
    let keys = Keys::create(&at.join("ledger.key")).expect("keys can be made");
    let location = at.join("ledger.sqlite").into();
    Ledger::open(Settings { location, keys, max_group: 1 }).and_then(Ledger::close).expect("a ledger can be made");

    let shown: BTreeSet<(String, String)> = pages()
        .iter()
        .flat_map(|page| {
            page.blocks().iter().flat_map(commands).map(|shown| (page.name.clone(), shown.words)).collect::<Vec<_>>()
        })
        .collect();
    for (page, words, exit, part) in TRIED {
        assert!(shown.contains(&(page.to_owned(), words.to_owned())), "{page} does not show `{words}` any more");
        let output = Command::new(env!("CARGO_BIN_EXE_sluis"))
            .args(split(words))
            .current_dir(at)
            .env("USER", "docs")
            .output()
            .expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(exit), "sluis {words}: {said}");
        assert!(said.contains(part), "sluis {words} does not say {part}: {said}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("it can be made");
    for entry in std::fs::read_dir(from).expect("it can be read") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("it can be copied");
    }
}

#[test]
fn settings_and_json_in_the_pages_can_be_read() {
    let mut count = 0;
    for block in pages().iter().flat_map(Page::blocks) {
        let place = block.place();
        match block.language.split(' ').collect::<Vec<_>>()[..] {
            ["toml"] | ["toml", "sluis.toml"] => {
                let read = parse(Path::new("/etc/sluis/sluis.toml"), &block.text, &BTreeMap::new());
                assert!(read.is_ok(), "{place}: {:?}", read.err());
            }
            ["toml", ..] => {
                let read = toml_edit::Document::parse(block.text.clone());
                assert!(read.is_ok(), "{place}: {:?}", read.err());
            }
            ["json"] => {
                let read: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
                assert!(read.is_ok(), "{place}: {:?}", read.err());
            }
            _ => continue,
        }
        count += 1;
    }
    assert!(count >= 5, "{count} blocks were found");
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_');
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &Page) -> BTreeSet<String> {
    let headings = page.text.lines().filter_map(|line| line.strip_prefix('#'));
    let named = page.text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    headings.map(|heading| anchor(heading.trim_start_matches('#'))).chain(named).collect()
}

/// Where a page leads: links, and names of other pages in running text.
fn targets(page: &Page) -> Vec<(String, bool)> {
    let links = page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains(' ') && !link.contains("://")).map(|link| (link.to_owned(), true));
    let names = page.text.split('`').skip(1).step_by(2);
    // Pages of ours are in small letters; others lie beside tables of a region.
    let is_page = |name: &&str| {
        let is_ours = name.contains('/') || !name.starts_with(char::is_uppercase) || root().join(name).exists();
        name.ends_with(".md") && is_ours && !name.contains([' ', '*', '<'])
    };
    links.chain(names.filter(is_page).map(|name| (name.to_owned(), false))).collect()
}

/// The page that a name stands for: beside the page that names it, in docs/, or from the root.
fn resolved(from: &str, name: &str) -> Option<String> {
    let folder = Path::new(from).parent().unwrap_or(Path::new(""));
    [folder.to_owned(), PathBuf::from("docs"), PathBuf::new()].into_iter().map(|base| base.join(name)).find_map(
        |path| {
            let mut plain = PathBuf::new();
            for part in path.components() {
                match part {
                    std::path::Component::ParentDir => {
                        plain.pop();
                    }
                    part => plain.push(part),
                }
            }
            root().join(&plain).exists().then(|| plain.to_string_lossy().into_owned())
        },
    )
}

#[test]
fn links_lead_somewhere_and_every_page_is_reached_from_the_readme() {
    let pages: BTreeMap<String, Page> = pages().into_iter().map(|page| (page.name.clone(), page)).collect();
    let mut faults = Vec::new();
    let mut leads: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for page in pages.values() {
        for (target, is_link) in targets(page) {
            let (path, heading) = target.split_once('#').map_or((target.as_str(), None), |(path, id)| (path, Some(id)));
            let found = if path.is_empty() { Some(page.name.clone()) } else { resolved(&page.name, path) };
            let Some(found) = found else {
                faults.push(format!("{} names {target}, which is not there", page.name));
                continue;
            };
            let is_there = |id: &str| pages.get(&found).is_none_or(|other| anchors(other).contains(id));
            if is_link && heading.is_some_and(|id| !is_there(id)) {
                faults.push(format!("{} leads to {target}, and there is no such heading", page.name));
            }
            leads.entry(&page.name).or_default().insert(found);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut next = VecDeque::from(["README.md".to_owned()]);
    while let Some(name) = next.pop_front() {
        for found in leads.get(name.as_str()).into_iter().flatten() {
            if reached.insert(found.clone()) {
                next.push_back(found.clone());
            }
        }
    }
    // The folder as a whole is named.
    let is_reached = |name: &&String| reached.contains(*name) || name.starts_with("docs/decisions/");
    let lost: Vec<&String> = pages.keys().filter(|name| !is_reached(name)).collect();
    assert!(lost.is_empty(), "no way leads to {lost:?}");
}
