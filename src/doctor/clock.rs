//! The clock of this machine. The standard counts in days and the gateway in working days, so hours matter little; but
//! due dates, certificates and the order of what happened rest on it.

use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, database, offices};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Apart by more than this is worth a look. A `Date` has whole seconds and was written before it travelled here.
const APART: SignedDuration = SignedDuration::from_secs(3);
/// Apart by more than this, due dates and certificates go wrong.
const FAR_APART: SignedDuration = SignedDuration::from_secs(60);

static OFF: Sort = Sort {
    id: "clock.off",
    check: "clock",
    severity: Severity::Warning,
    means: "the clocks of this machine and of another are more than three seconds apart",
    advice: "look whether the time service runs here (`timedatectl`), and ask the administrator of the other side to look",
};
static FAR_OFF: Sort = Sort {
    id: "clock.far_off",
    check: "clock",
    severity: Severity::Fault,
    means: "the clocks of this machine and of another are more than a minute apart",
    advice: "set the clock right (`timedatectl set-ntp true`); due dates and certificates are judged by it",
};
static FUTURE: Sort = Sort {
    id: "clock.future",
    check: "clock",
    severity: Severity::Fault,
    means: "the ledger holds a message of the future: the clock was ahead, or is behind now",
    advice: "compare the clock with another before anything else; when it was ahead, days of receipt in the ledger are \
             wrong for that time, and due dates counted from them",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 3] = [&OFF, &FAR_OFF, &FUTURE];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    let mut report = Report::default();
    let config = subject.config.clone();
    let known = tokio::task::spawn_blocking(move || database::history(&config)).await.ok().flatten();
    let latest = known.map(|(_, (_, latest))| latest);
    if let Some(latest) = latest.and_then(|latest| Timestamp::from_microsecond(latest).ok()) {
        report.findings.extend(of_the_future(latest, subject.now));
    }
    if subject.online {
        let asked = subject.config.back_offices.values().map(async |office| {
            let answer = offices::ask(office, subject.now).await;
            (office, subject.moment(), answer)
        });
        for (office, moment, asked) in join_all(asked).await {
            let Some(date) = asked.ok().and_then(|answer| answer.date) else { continue };
            let name = format!("back office {}", office.gemeente);
            let (finding, fact) = compare(&name, date.duration_since(moment));
            report.findings.extend(finding);
            report.facts.extend(fact);
        }
    }
    if report.facts.is_empty() && report.findings.is_empty() {
        report.not_examined = Some("no other clock to compare with was reached".to_owned());
    }
    report
}

fn compare(name: &str, ahead: SignedDuration) -> (Option<Ailment>, Option<String>) {
    let apart = ahead.abs();
    let which = if ahead.is_negative() { "behind" } else { "ahead of" };
    let what = format!("the clock of {name} is {} s {which} ours", apart.as_secs());
    if apart > FAR_APART {
        (Some(FAR_OFF.found(what)), None)
    } else if apart > APART {
        (Some(OFF.found(what)), None)
    } else {
        (None, Some(format!("ours agrees with that of {name}")))
    }
}

fn of_the_future(latest: Timestamp, now: Timestamp) -> Option<Ailment> {
    let ahead = latest.duration_since(now);
    (ahead > APART).then(|| FUTURE.found(format!("the latest message came {} s from now", ahead.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_both_ways() {
        for (seconds, sort) in [
            (0, None),
            (3, None),
            (-3, None),
            (4, Some("clock.off")),
            (-4, Some("clock.off")),
            (60, Some("clock.off")),
            (61, Some("clock.far_off")),
            (-86_400, Some("clock.far_off")),
        ] {
            let (finding, fact) = compare("back office 0197", SignedDuration::from_secs(seconds));
            assert_eq!(finding.as_ref().map(|finding| finding.sort), sort, "{seconds}");
            assert_eq!(fact.is_some(), sort.is_none());
        }
        let behind = compare("x", SignedDuration::from_secs(-61)).0.expect("far off").what;
        assert_eq!(behind, "the clock of x is 61 s behind ours");
    }

    #[test]
    fn a_ledger_of_the_future_is_told() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().expect("a moment");
        let at = |seconds| now + SignedDuration::from_secs(seconds);
        assert!(of_the_future(at(-1), now).is_none());
        assert!(of_the_future(at(3), now).is_none());
        assert_eq!(of_the_future(at(4), now).map(|finding| finding.sort), Some("clock.future"));
    }
}
