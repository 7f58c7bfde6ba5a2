//! Whether the ledger lets go of what is kept long enough.

use super::sort::{Severity, Sort};
use super::{Report, Subject, blocking};
use crate::clock::dutch_day;
use crate::config::Config;
use crate::ledger::{Keys, Ledger, RetentionRun};
use crate::message::Date;
use crate::retention::Stage;
use crate::retention::keeper::{self, Account};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A gateway goes through the ledger each day, and may be stopped over a day.
const SLACK: Duration = Duration::from_hours(48);

static STOPPED: Sort = Sort {
    id: "retention.stopped",
    check: "retention",
    severity: Severity::Warning,
    means: "terms are set in `[retention]` and the ledger was not gone through for two days: what should have gone is still \
            there",
    advice: "look whether a gateway runs and what its log says of retention; `sluis retention run` does it by hand",
};
static LATE: Sort = Sort {
    id: "retention.late",
    check: "retention",
    severity: Severity::Warning,
    means: "the ledger was gone through today, and something is still there that should have gone",
    advice: "compare the settings of the gateway with those that this command reads: `sluis config show`, \
             `sluis retention plan`",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 2] = [&STOPPED, &LATE];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    if !subject.config.retention.is_set() {
        return Report::nothing_to_examine("no term is set in [retention]: everything is kept for ever");
    }
    blocking(move || {
        if subject.config.ledger.location.file().is_some_and(|path| !path.exists()) {
            return Report::nothing_to_examine("there is no ledger");
        }
        match look(&subject.config, dutch_day(subject.now)) {
            Ok(standing) => judge(&standing, subject.now),
            Err(error) => Report::nothing_to_examine(&format!("the ledger cannot be read: {error:#}")),
        }
    })
    .await
}

/// How retention stands in a ledger.
struct Standing {
    account: Account,
    last: Option<RetentionRun>,
    oldest: Option<Timestamp>,
}

fn look(config: &Config, today: Date) -> anyhow::Result<Standing> {
    let ledger = Ledger::open_to_read(&config.ledger.location, Keys::load(&config.ledger.key_file)?)?;
    let retention = config.retention.clone();
    let standing = ledger.run_blocking(move |tx| {
        let (last, oldest) = (tx.last_whole_retention()?, tx.first_message_at()?);
        Ok(Standing { account: keeper::plan(tx, &retention, today)?, last, oldest })
    })?;
    ledger.close()?;
    Ok(standing)
}

fn judge(standing: &Standing, now: Timestamp) -> Report {
    let Standing { account, last, oldest } = standing;
    let today = dutch_day(now);
    let mut report = Report::default();
    let (age, _) = keeper::standing_of(last.as_ref(), *oldest, now, today);
    let due: u64 = Stage::ALL.map(|stage| account.of(stage)).iter().sum();
    let told = || {
        let counts = Stage::ALL.map(|stage| format!("{stage} of {} message(s)", account.of(stage)));
        format!("{} should have gone", counts.join(", "))
    };
    if age > SLACK {
        let ever = last.as_ref().and_then(|last| last.finished_at);
        let ever =
            ever.map_or_else(|| "was never gone through".to_owned(), |at| format!("was last gone through at {at}"));
        report.findings.push(STOPPED.found(format!("the ledger {ever}; {}", told())));
    } else if due > 0 && last.as_ref().is_some_and(|last| last.day == today) {
        report.findings.push(LATE.found(told()));
    }
    if let Some(at) = last.as_ref().and_then(|last| last.finished_at) {
        report.facts.push(format!("the ledger was last gone through at {at}"));
    }
    let kept: u64 = account.kept.values().flat_map(|reasons| reasons.values()).sum();
    if kept > 0 {
        report.facts.push(format!("{kept} message(s) are kept though their time is over: see `sluis retention plan`"));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Verdict;
    use crate::retention::Class;
    use jiff::civil::date;

    fn sorts(day: Option<Date>, due: u64) -> Vec<&'static str> {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().expect("a moment");
        let finished = |day: Date| format!("{day}T11:00:00Z").parse().expect("a moment");
        let last = day.map(|day| RetentionRun { id: 1, day, order: None, finished_at: Some(finished(day)) });
        let mut account = Account::default();
        let class = Class { kind: None, verdict: Verdict::Rejected };
        account.messages.insert((Stage::Bodies, class), due);
        let standing = Standing { account, last, oldest: Some("2026-03-01T00:00:00Z".parse().expect("a moment")) };
        judge(&standing, now).findings.iter().map(|finding| finding.sort).collect()
    }

    #[test]
    fn one_that_stopped_or_lags_is_told() {
        assert!(sorts(Some(date(2026, 3, 10)), 0).is_empty());
        assert!(sorts(Some(date(2026, 3, 9)), 5).is_empty(), "today's is still to come");
        assert_eq!(sorts(Some(date(2026, 3, 10)), 5), ["retention.late"]);
        assert_eq!(sorts(Some(date(2026, 3, 8)), 5), ["retention.stopped"]);
        assert_eq!(sorts(None, 0), ["retention.stopped"]);
    }
}
