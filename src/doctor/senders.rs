//! Whether it is known who sends.

use super::sort::{Severity, Sort};
use super::{Report, Subject};
use crate::config::Transport;

static OPEN: Sort = Sort {
    id: "senders.open",
    check: "senders",
    severity: Severity::Note,
    means: "senders are not bound on a transport that only this machine reaches: what a message says of its sender is \
            believed",
    advice: "name who may send for whom in [[sender]] (docs/senders.md), unless whoever can write there may send for all",
};
static OPEN_TO_OTHERS: Sort = Sort {
    id: "senders.open_to_others",
    check: "senders",
    severity: Severity::Warning,
    means: "senders are not bound on a transport that other machines reach: everybody with a login can send in the name of \
            every party",
    advice: "name who may send for whom in [[sender]] (docs/senders.md)",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 2] = [&OPEN, &OPEN_TO_OTHERS];

pub(super) fn examine(subject: &Subject) -> Report {
    judge(&subject.config.open_transports())
}

fn judge(open: &[&str]) -> Report {
    let mut report = Report::default();
    let (here, others): (Vec<&str>, Vec<&str>) =
        open.iter().partition(|transport| **transport == Transport::Directory.as_str());
    for (sort, transports) in [(&OPEN, here), (&OPEN_TO_OTHERS, others)] {
        if !transports.is_empty() {
            report.findings.push(sort.found(format!("senders are not bound on {}", transports.join(", "))));
        }
    }
    if open.is_empty() {
        report.facts.push("senders are bound on every transport in use".to_owned());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_transports_matter_more_the_more_can_reach_them() {
        let sorts = |open: &[&str]| judge(open).findings.iter().map(|finding| finding.sort).collect::<Vec<_>>();
        assert!(sorts(&[]).is_empty());
        assert_eq!(sorts(&["directory"]), ["senders.open"]);
        assert_eq!(sorts(&["amqp", "http"]), ["senders.open_to_others"]);
        assert_eq!(sorts(&["directory", "amqp"]), ["senders.open", "senders.open_to_others"]);
        assert_eq!(judge(&["amqp", "http"]).findings[0].what, "senders are not bound on amqp, http");
    }
}
