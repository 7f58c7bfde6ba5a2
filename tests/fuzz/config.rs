//! The configuration: text and variables from an operator. Secrets in it show up nowhere.

use sluis::config::{Config, ConfigFault, parse};
use std::collections::BTreeMap;
use std::path::Path;

/// What no fault, no `config show` and no debug output may repeat.
const SECRET: &str = "GEHEIM7f3a";
/// What parts the text from the two halves of an address around the secret.
const MARK: &str = "\n---\n";

/// Reads the bytes as a configuration, then once more with a secret in an address.
pub(crate) fn config(data: &[u8]) {
    // A file is read as text before it gets here.
    let text = String::from_utf8_lossy(data).replace(SECRET, "");
    let mut parts = text.splitn(3, MARK);
    let (text, before, after) =
        (parts.next().unwrap_or(""), parts.next().unwrap_or("amqp://user:"), parts.next().unwrap_or("@host"));
    let plain = read(text, &BTreeMap::new());
    let url = format!("{before}{SECRET}{after}");
    // A login ends at the last @; what stands behind it, or in an address without one, is no secret by its place.
    let authority = after.split(['?', '#']).next().unwrap_or("");
    let is_login = before.contains("://") && !before.contains(['?', '#']) && authority.contains('@');

    let env = BTreeMap::from([("SLUIS_AMQP_URL".to_owned(), url.clone())]);
    keeps_the_secret(&read(text, &env), is_login);
    if !plain.as_ref().is_err_and(|faults| faults.iter().any(|fault| fault.wrong.starts_with("this is not TOML"))) {
        let quoted = toml_text(&url);
        let office = format!("{text}\n[[back_office]]\ngemeente = \"0197\"\nurl = {quoted}\n");
        keeps_the_secret(&read(&office, &BTreeMap::new()), is_login);
        let amqp = format!("{text}\n[amqp]\nurl = {quoted}\n");
        keeps_the_secret(&read(&amqp, &BTreeMap::new()), is_login);
    }
}

fn toml_text(text: &str) -> String {
    let escape = |letter: char| match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        control if control.is_control() => format!("\\u{:04X}", u32::from(control)),
        other => other.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

type Outcome = Result<Config, Vec<ConfigFault>>;

fn read(text: &str, env: &BTreeMap<String, String>) -> Outcome {
    let path = Path::new("/etc/sluis/sluis.toml");
    let outcome = parse(path, text, env);
    assert_eq!(outcome, parse(path, text, env), "reading twice gives the same");
    match &outcome {
        Ok(config) => shows_itself(path, config),
        Err(faults) => check_faults(text, faults),
    }
    outcome
}

/// What `config show` prints is a configuration that shows itself the same way.
fn shows_itself(path: &Path, config: &Config) {
    let shown = config.show();
    match parse(path, &shown, &BTreeMap::new()) {
        Ok(again) => assert_eq!(again.show(), shown),
        Err(faults) => panic!("what is shown can be read: {faults:#?}\n{shown}"),
    }
}

fn check_faults(text: &str, faults: &[ConfigFault]) {
    assert!(!faults.is_empty(), "a refusal has a reason");
    let lines = text.split('\n').count();
    for fault in faults {
        assert!(fault.line.is_none_or(|line| line >= 1 && line as usize <= lines), "{fault} lies in the file");
        assert!(!fault.file.is_empty() && !fault.wrong.is_empty() && !fault.todo.is_empty(), "{fault} says what to do");
    }
}

fn keeps_the_secret(outcome: &Outcome, is_login: bool) {
    match outcome {
        Ok(config) => {
            assert!(!format!("{config:?}").contains(SECRET), "debug output keeps secrets");
            assert!(!is_login || !config.show().contains(SECRET), "what is shown keeps a login: {}", config.show());
        }
        Err(faults) => {
            for fault in faults {
                assert!(!fault.to_string().contains(SECRET), "a fault keeps secrets: {fault}");
            }
        }
    }
}
