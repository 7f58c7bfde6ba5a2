//! The catalogue of checks as a page, written from the registry: `docs/signals.md` and `sluis checks`.

use super::check::{self, CheckInfo, Run};
use super::norms;
use std::fmt::Write as _;

const HEAD: &str = "\
# Signals

The checks of the contract layer, written by `sluis checks --markdown` from the code; a test compares. A check sees;
policy decides what is done (`[policy]` in `sluis.toml`, per check and municipality): `observe` records it, `signal`
tells the municipality, `hold` lets an outgoing allocation wait for a person, `answer` answers a request. What a message
does not allow becomes the step before it; a check over time tells at most.

## How a signal leaves

As a CloudEvent 1.0 in JSON, to the municipality's back office or the exchange `sluis.signals` (routing key
`<region>.<check>.<municipality>`). `data` is the signal: `id` (stable: the same case gives the same id), `check`,
`outcome`, `severity` (`info`, `warning`, `high`), `region`, `gemeente`, `toewijzingen` (allocations concerned, by
number), a sentence in Dutch (`nl`) and English (`en`), and the figures (`facts`). No person is named.

A case is told once. It stays open until its cause is gone; then an event of type `nl.sluis.signal.<check>.ended` says
so, with `ended` in its data: `not_seen_again` (a survey does not find it any more), `allocations_over`,
`agreement_over`, or `below_threshold`. A case that comes back is told again, under the event id `<id>.2`, `<id>.3`, and
so on. `sluis signals` lists what is open; `sluis survey` shows what a survey would tell now, and writes nothing.

Checks over time run once a day, and again when the register has changed. They follow a person within one law and one
municipality only.

";

/// The whole page.
pub fn page() -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut page = HEAD.to_owned();
    page.push_str("## Checks\n\n| id | looks at | default | what must hold |\n|---|---|---|---|\n");
    for check in check::all() {
        let default = if looks(check) { check.default_policy.as_str() } else { "-" };
        let title = title(check);
        let anchor = title.to_lowercase().replace(',', "").replace(' ', "-");
        writeln!(page, "| [{}](#{anchor}) | {} | {default} | {} |", check.id, when(check), check.en).expect(INFALLIBLE);
    }
    for check in check::all() {
        page.push('\n');
        page.push_str(&section(check));
    }
    page.push_str("\n## Norms\n\nSet in `region.toml` as `[norms.<name>]`; one that is not set is not assumed.\n\n");
    page.push_str("| norm | counts | meaning |\n|---|---|---|\n");
    for norm in norms::ALL {
        writeln!(page, "| `{}` | {} | {} |", norm.name, norm.unit.as_str(), norm.meaning).expect(INFALLIBLE);
    }
    page
}

/// What is told of one check.
pub fn section(check: &CheckInfo) -> String {
    let head = format!("### {}\n\n{}\n{}\n\n", title(check), check.en, check.nl);
    let rest = match check.run {
        Run::Elsewhere { nl, en } => format!("Not in the messages. {en}\n{nl}\n"),
        Run::ByRules(rules) => {
            format!("Seen to by the rules of the standard: {} (`sluis rules`).\n", rules.join(", "))
        }
        Run::AtLoad => {
            "Seen to when a register is checked and imported (`sluis contract check`, `docs/contract-register.md`).\n"
                .to_owned()
        }
        Run::OnMessage { .. } | Run::OverTime(_) => {
            let reads = check.parameters.iter().map(|each| format!("`{each}`")).collect::<Vec<_>>().join(", ");
            format!("- looks at: {}\n- default: {}\n- reads: {reads}\n", when(check), check.default_policy)
        }
    };
    head + &rest
}

/// The id, and that it is the part over time of a check that also looks at messages.
fn title(check: &CheckInfo) -> String {
    let is_second = matches!(check.run, Run::OverTime(_))
        && check::all().iter().any(|other| other.id == check.id && !other.numbers().is_empty());
    if is_second { format!("{}, over time", check.id) } else { check.id.to_owned() }
}

/// When a check looks, in a few words.
pub fn when(check: &CheckInfo) -> String {
    match check.run {
        Run::OnMessage { numbers, .. } => numbers.iter().map(|number| number.as_str()).collect::<Vec<_>>().join(", "),
        Run::OverTime(_) => "over time".to_owned(),
        Run::ByRules(_) => "rules".to_owned(),
        Run::AtLoad => "register".to_owned(),
        Run::Elsewhere { .. } => "elsewhere".to_owned(),
    }
}

/// Whether the check itself looks at anything, so that a policy means something.
fn looks(check: &CheckInfo) -> bool {
    match check.run {
        Run::OnMessage { .. } | Run::OverTime(_) => true,
        Run::ByRules(_) | Run::AtLoad | Run::Elsewhere { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_page_in_docs_is_that_of_the_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/signals.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, page()).expect("docs/ can be written to");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page(), "docs/signals.md is not that of the code: UPDATE=1 cargo test --lib catalogue");
    }

    #[test]
    fn every_rule_that_stands_for_a_check_exists() {
        for check in check::all() {
            let Run::ByRules(rules) = check.run else { continue };
            assert!(!rules.is_empty(), "{}", check.id);
            for rule in rules {
                assert!(crate::rules::all().iter().any(|known| known.id == *rule), "{}: {rule}", check.id);
            }
        }
    }

    #[test]
    fn every_norm_that_a_check_names_exists() {
        let typed = ["step_up_family", "broken_periods"];
        for check in check::all() {
            for parameter in check.parameters {
                let Some(name) = parameter.strip_prefix("norms.") else { continue };
                assert!(norms::find(name).is_some() || typed.contains(&name), "{}: {parameter}", check.id);
            }
        }
    }
}
