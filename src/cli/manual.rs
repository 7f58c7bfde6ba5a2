//! `sluis completions` and `sluis manual`: what shells and readers of manuals need, from the definition of the command line
//! and from the keys of the configuration.

use super::Exit;
use crate::config::keys::{self, Section};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io::Write as _;
use std::path::Path;

/// What the pages are part of.
const MANUAL: &str = "Sluis";
/// Shown below the page on the program.
const EXIT_STATUS: [(&str, &str); 4] = [
    ("0", "All was accepted, or done; nothing found."),
    ("1", "Something was rejected or held, a difference or a warning was found, or a gateway is not ready."),
    ("2", "Usage, an unreadable file, a broken configuration, a daemon that could not start; for doctor a fault."),
    ("3", "Nothing could be examined; for doctor only."),
];
const FILES: [(&str, &str); 5] = [
    ("/etc/sluis/sluis.toml", "The configuration, see sluis.toml(5)."),
    ("/etc/sluis/environment", "Variables of the service, such as SLUIS_AMQP_URL; mode 640."),
    ("/var/lib/sluis/", "Ledger, its key, contract registers."),
    ("/var/spool/sluis/", "Messages of the directory transport: in/, out/, error/."),
    ("/usr/share/doc/sluis/", "All pages on installing, running and understanding the gateway."),
];

/// Writes the completions for a shell.
pub(super) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "sluis", &mut script);
    put(&script)
}

/// Writes the page on the program, or with a folder all pages into it.
pub(super) fn manual(folder: Option<&Path>) -> Exit {
    let pages = pages();
    let Some(folder) = folder else {
        let (_, page) = pages.first().expect("the program has a page");
        return put(page);
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| pages.iter().try_for_each(|(name, page)| std::fs::write(folder.join(name), page)));
    match written {
        Ok(()) => {
            println!("{} pages in {}", pages.len(), folder.display());
            Exit::Accepted
        }
        Err(error) => {
            eprintln!("sluis: cannot write to {}: {error}", folder.display());
            Exit::Usage
        }
    }
}

fn put(bytes: &[u8]) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Exit::Accepted,
        // Whoever reads may have seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Accepted,
        Err(error) => {
            eprintln!("sluis: cannot write: {error}");
            Exit::Usage
        }
    }
}

/// All pages with their file names; that on the program first.
fn pages() -> Vec<(String, Vec<u8>)> {
    // `help` says what the pages say.
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![("sluis.1".to_owned(), page(&command, true))];
    add_pages(&command, &mut pages);
    pages.push(("sluis.toml.5".to_owned(), configuration()));
    pages
}

fn add_pages(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        pages.push((format!("{name}.1"), page(command, false)));
        add_pages(command, pages);
    }
}

fn page(command: &Command, is_program: bool) -> Vec<u8> {
    let source = format!("sluis {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual(MANUAL);
    let mut page = Vec::new();
    man.render(&mut page).expect("writing to memory does not fail");
    let mut more = Roff::new();
    if is_program {
        list(&mut more, "EXIT STATUS", &EXIT_STATUS);
        list(&mut more, "FILES", &FILES);
        more.control("SH", ["ENVIRONMENT"]);
        more.text([roman(
            "SLUIS_CONFIG names the configuration file, SLUIS_<SECTION>_<KEY> overrides a key of it, and with _FILE after \
             it names a file with the value: see sluis.toml(5).",
        )]);
    }
    more.control("SH", ["SEE ALSO"]);
    let see = if is_program { "sluis.toml(5)" } else { "sluis(1), sluis.toml(5)" };
    more.text([roman(see)]);
    page.extend_from_slice(more.to_roff().as_bytes());
    page
}

fn list(roff: &mut Roff, heading: &str, rows: &[(&str, &str)]) {
    roff.control("SH", [heading]);
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
}

/// sluis.toml(5).
fn configuration() -> Vec<u8> {
    let mut roff = Roff::new();
    let source = format!("sluis {}", env!("CARGO_PKG_VERSION"));
    roff.control("TH", ["sluis.toml", "5", "", source.as_str(), MANUAL]);
    roff.control("SH", ["NAME"]);
    roff.text([roman("sluis.toml - configuration of the sluis gateway")]);
    roff.control("SH", ["DESCRIPTION"]);
    for paragraph in [
        "The gateway reads the file that --config names, otherwise that of the variable SLUIS_CONFIG, otherwise sluis.toml \
         in the working folder, otherwise /etc/sluis/sluis.toml. It is TOML. What is left out keeps its default; an unknown \
         key is a fault. Durations are a whole number with ms, s, m, h or d; sizes one with B, kB, MB or GB (powers of ten). \
         Paths are relative to the folder of the file.",
        "A key of a plain section is overridden by the variable SLUIS_<SECTION>_<KEY>; lists are then separated by commas. \
         With _FILE after its name the variable names a file that holds the value, as secrets are best handed over.",
        "sluis config check names all faults at once, sluis config show prints what is in effect with secrets as stars.",
    ] {
        roff.text([roman(paragraph)]);
        roff.control("PP", []);
    }
    for section in keys::sections() {
        section_of(&mut roff, &section);
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("sluis(1)")]);
    roff.to_roff().into_bytes()
}

fn section_of(roff: &mut Roff, section: &Section) {
    let name = if section.repeated { format!("[[{}]]", section.name) } else { format!("[{}]", section.name) };
    roff.control("SH", [name.as_str()]);
    if !section.about.is_empty() {
        roff.text([roman(section.about.as_str())]);
    }
    let explained = keys::explained(section);
    for key in &section.keys {
        roff.control("TP", []);
        let default =
            key.default.as_deref().map_or_else(|| "no default".to_owned(), |value| format!("default {value}"));
        roff.text([bold(key.name.as_str()), roman(format!(" ({}; {default})", key.takes))]);
        let about = explained.iter().find(|(names, _)| names.contains(&key.name.as_str()));
        roff.text([roman(about.map_or("", |(_, about)| about))]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every command with its words, such as `sluis held list`.
    fn commands(command: &Command, before: &str, found: &mut Vec<(String, Command)>) {
        let name = format!("{before}{}", command.get_name());
        for inner in command.get_subcommands() {
            commands(inner, &format!("{name} "), found);
        }
        found.push((name, command.clone()));
    }

    fn all() -> Vec<(String, Command)> {
        let mut found = Vec::new();
        commands(&super::super::command(), "", &mut found);
        found
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = pages();
        let names: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), pages.len(), "a page stands twice");
        for (command, _) in all() {
            let name = format!("{}.1", command.replace(' ', "-"));
            assert!(names.contains(name.as_str()), "{name} is missing");
        }
        assert_eq!(names.len(), all().len() + 1, "one for each command, and sluis.toml(5)");
        for (name, page) in &pages {
            let page = String::from_utf8_lossy(page);
            assert!(page.contains(".TH ") && page.contains(".SH \"SEE ALSO\""), "{name}:\n{page}");
        }
        let configuration = String::from_utf8_lossy(&pages.last().expect("pages").1).into_owned();
        for section in keys::sections() {
            for key in &section.keys {
                assert!(configuration.contains(&format!("\\fB{}\\fR", key.name)), "{} is not in it", key.name);
            }
        }
    }

    #[test]
    fn every_command_is_completed_in_every_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut super::super::command(), "sluis", &mut script);
            let script = String::from_utf8(script).expect("text");
            for (command, definition) in all() {
                let name = definition.get_name();
                assert!(script.contains(name), "{command} is not completed in {shell}");
            }
        }
    }

    #[test]
    fn help_reads_well() {
        for (name, command) in all() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            reads_well(&name, &about);
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                reads_well(&format!("{name} {}", argument.get_id()), &help);
            }
        }
    }

    fn reads_well(name: &str, text: &str) {
        assert!(!text.is_empty(), "{name} says nothing");
        assert!(!text.starts_with(|first: char| first.is_lowercase() || first.is_whitespace()), "{name}: {text}");
        assert!(!text.contains('\n') && !text.contains("  "), "{name} has a broken line: {text}");
        assert!(!text.ends_with(['.', ' ', ',']) || text == env!("CARGO_PKG_DESCRIPTION"), "{name}: {text}");
    }

    #[test]
    fn pages_are_written_to_a_folder_that_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("man");
        assert_eq!(manual(Some(&inner)), Exit::Accepted);
        assert!(std::fs::read(inner.join("sluis-held-list.1")).is_ok_and(|page| !page.is_empty()));
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert_eq!(manual(Some(&file)), Exit::Usage);
    }
}
