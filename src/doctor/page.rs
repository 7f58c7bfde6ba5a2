//! `docs/doctor.md`, written from the registry.

use super::EXAMINATIONS;
use std::fmt::Write as _;

/// The page on all examinations.
pub fn page() -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut page = String::from(
        "# What `sluis doctor` examines\n\n\
         Written from the code: `UPDATE=1 cargo test --lib doctor::page`.\n\n\
         `sluis doctor [--json] [--only NAME,…] [--offline]` examines a gateway and its surroundings, beside a running\n\
         gateway or without one. It changes nothing, takes no message, and names no person. Examinations run side by side;\n\
         one that hangs is given up and told. `--only` takes the names below, `--offline` asks no other machine.\n\n\
         | exit code | means |\n|---|---|\n\
         | 0 | nothing found, or notes only |\n\
         | 1 | warnings: a person should act, messages flow meanwhile |\n\
         | 2 | faults: something does not work, or is about to be lost |\n\
         | 3 | the configuration cannot be read, so nothing was examined |\n\n\
         Those are the codes that monitoring systems expect of a check (OK, warning, critical, unknown).\n\n\
         With `--json` it prints one object: `at`, `today`, `questions`, `waiting`, `held`, `parked`, `outbox`,\n\
         `registers`, `examined` (per examination `id`, `title`, `facts`, and `not_examined` with the reason when it was\n\
         not done) and `findings` (each with `check`, `sort`, `severity`, `what`, `advice`, `cases`). Fields are added, never\n\
         renamed.\n",
    );
    for examination in EXAMINATIONS {
        writeln!(page, "\n## `{}`: {}\n", examination.id, examination.title).expect(INFALLIBLE);
        writeln!(page, "Looks at {}.\n", examination.looks_at).expect(INFALLIBLE);
        page.push_str("| sort | severity | means | what to do |\n|---|---|---|---|\n");
        for sort in examination.sorts {
            let (id, severity) = (sort.id, sort.severity.as_str());
            writeln!(page, "| `{id}` | {severity} | {} | {} |", sort.means, sort.advice).expect(INFALLIBLE);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_that_of_the_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md");
        let page = super::page();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &page).expect("the page can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page, "docs/doctor.md is not that of the code: UPDATE=1 cargo test --lib doctor::page");
    }
}
