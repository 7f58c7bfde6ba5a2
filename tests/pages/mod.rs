//! Pages of the documentation, and the blocks that are set apart in them.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::path::PathBuf;

/// The folder of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A page with its path from the root of the project.
pub struct Page {
    pub name: String,
    pub text: String,
}

/// A piece of a page that is set apart.
pub struct Block {
    pub page: String,
    pub line: usize,
    /// What stands behind the fence; empty for an indented block.
    pub language: String,
    pub text: String,
}

impl Block {
    /// Where it stands, for whoever is to mend it.
    pub fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

impl Page {
    /// The page at a path from the root.
    pub fn read(name: &str) -> Page {
        Page { name: name.to_owned(), text: std::fs::read_to_string(root().join(name)).expect("a page") }
    }

    /// Its blocks, between fences or indented.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        let mut fenced = false;
        let mut blank = true;
        for (index, line) in self.text.lines().enumerate() {
            let is_fence = line.trim_start().starts_with("```");
            if is_fence {
                blocks.extend(open.take());
                fenced = !fenced;
                if fenced {
                    let language = line.trim_start().trim_start_matches('`').trim().to_owned();
                    open = Some(Block { page: self.name.clone(), line: index + 1, language, text: String::new() });
                }
            } else if fenced {
                let block = open.as_mut().expect("a fence opened it");
                block.text.push_str(line);
                block.text.push('\n');
            } else if line.starts_with("    ") && (open.is_some() || blank) {
                let block = open.get_or_insert_with(|| Block {
                    page: self.name.clone(),
                    line: index + 1,
                    language: String::new(),
                    text: String::new(),
                });
                block.text.push_str(&line[4..]);
                block.text.push('\n');
            } else {
                blocks.extend(open.take());
            }
            blank = line.trim().is_empty();
        }
        assert!(!fenced, "{} ends within a block", self.name);
        blocks.extend(open);
        blocks
    }
}

/// A command as a page shows it, without what calls the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    pub place: String,
    pub words: String,
}

/// What stands between ticks in running text, also when it goes on at the next line.
pub fn spans(page: &Page) -> Vec<Shown> {
    let mut spans = Vec::new();
    let mut fenced = false;
    // What is open, and the line on which it began.
    let mut open: Option<(usize, String)> = None;
    for (index, line) in page.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced || line.starts_with("    ") || line.trim().is_empty() {
            open = None;
            continue;
        }
        for (at, part) in line.split('`').enumerate() {
            if at > 0 {
                open = match open.take() {
                    Some((began, words)) => {
                        spans.push(Shown { place: format!("{}:{began}", page.name), words });
                        None
                    }
                    None => Some((index + 1, String::new())),
                };
            }
            if let Some((_, words)) = &mut open {
                let gap = if words.is_empty() { "" } else { " " };
                *words = format!("{words}{gap}{}", part.trim());
            }
        }
    }
    spans
}

/// Commands in running text, such as `sluis held list`, without what calls the program.
pub fn mentions(page: &Page) -> Vec<Shown> {
    let of_program = |span: Shown| Some(Shown { words: span.words.strip_prefix("sluis ")?.to_owned(), ..span });
    spans(page).into_iter().filter_map(of_program).collect()
}

/// The ways in which a synopsis can be meant: without what is optional, and with each optional part.
pub fn readings(words: &str) -> Vec<String> {
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

/// The first of what is to be chosen from.
fn chosen(words: &str) -> String {
    let mut text = words.replace('…', "");
    while let Some((before, after)) = text.split_once('(').map(|(before, after)| (before.to_owned(), after.to_owned()))
    {
        let (inside, after) = after.split_once(')').unwrap_or((&after, ""));
        let first = inside.split('|').next().unwrap_or_default();
        text = format!("{before}{first}{after}");
    }
    let first = |word: &str| word.split('|').next().unwrap_or_default().to_owned();
    text.split_whitespace().map(first).collect::<Vec<_>>().join(" ")
}
