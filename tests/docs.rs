//! The documentation against the program: every command that a page shows or mentions is one, links lead somewhere, and
//! every page can be reached from the README. What a page lets its reader do is done in `docs_run.rs`.

mod pages;

use clap::error::ErrorKind;
use pages::{Block, Page, Shown, mentions, readings, root};
use sluis::cli;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

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

/// Something in the place of each placeholder.
fn filled(words: &str) -> String {
    let value = |word: &str| match word {
        "N" | "ID" => "1".to_owned(),
        "DATE" => "2026-01-01".to_owned(),
        "YEAR" => "2026".to_owned(),
        "UUID" => "00000000-0000-4000-8000-000000000000".to_owned(),
        "N:HASH" => format!("1:{}", "0".repeat(64)),
        "RULE" => "TR321".to_owned(),
        word => word.to_owned(),
    };
    words.split_whitespace().map(value).collect::<Vec<_>>().join(" ")
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
            for reading in readings(&shown.words).iter().map(|reading| filled(reading)) {
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
        for reading in readings(&shown.words).iter().map(|reading| filled(reading)) {
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

/// Names between ticks that are those of figures: `sluis_messages_total{law="wmo"}`.
fn figures(page: &Page) -> Vec<String> {
    // The cookie of the console, and what a figure was called before.
    let others = ["sluis_session", "sluis_register_days_left"];
    let is_one = |span: &&str| span.starts_with("sluis_") && !others.contains(span);
    page.text.split('`').skip(1).step_by(2).filter(is_one).map(str::to_owned).collect()
}

#[test]
fn every_figure_that_a_page_names_is_one_and_has_these_labels() {
    let registry = Page::read("docs/metrics.md");
    let sections: BTreeMap<&str, &str> =
        registry.text.split("\n## `").skip(1).filter_map(|section| section.split_once('`')).collect();
    let mut faults = Vec::new();
    let mut count = 0;
    // Figures come and go; the log of changes says when.
    for page in pages().into_iter().filter(|page| page.name != "CHANGELOG.md") {
        for figure in figures(&page) {
            count += 1;
            let (name, labels) = figure.split_once('{').unwrap_or((&figure, ""));
            let Some(section) = sections.get(name) else {
                faults.push(format!("{}: there is no figure {name}", page.name));
                continue;
            };
            for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
                let label = label.split('=').next().unwrap_or_default().trim();
                if !section.contains(&format!("`{label}`")) {
                    faults.push(format!("{}: {name} has no label {label}", page.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(count > 100, "{count} figures were found");
}
