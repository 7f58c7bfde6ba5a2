//! `sluis checks`: the catalogue of checks from the code.

use super::Exit;
use crate::contract::catalogue;
use crate::contract::check;

/// Prints the page on all checks, as in `docs/signals.md`.
pub(super) fn markdown() -> Exit {
    print!("{}", catalogue::page());
    Exit::Accepted
}

/// Explains these checks, or lists all of them.
pub(super) fn print(ids: &[String]) -> Exit {
    if ids.is_empty() {
        for check in check::all() {
            println!("{:<10} {:<11} {}", check.id, catalogue::when(check), check.en);
        }
        return Exit::Accepted;
    }
    let mut exit = Exit::Accepted;
    for (index, id) in ids.iter().enumerate() {
        let Some(check) = check::find(id) else {
            eprintln!("sluis: unknown check `{id}`; `sluis checks` lists them");
            exit = Exit::Usage;
            continue;
        };
        if index > 0 {
            println!();
        }
        print!("{}", catalogue::section(check));
    }
    exit
}
