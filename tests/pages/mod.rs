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
