//! The contract registers, as a gateway would start with them now.

use super::backlog::RegisterLine;
use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, Told, blocking};
use crate::clock::dutch_day;
use crate::contract::Register;
use crate::delivery::without_bsn;
use crate::registers::{self, TOLD};
use std::sync::Arc;

/// Days that the agreements of a register must still run, or somebody is told.
const SOON: i32 = 30;

static PLACE: Sort = Sort {
    id: "register.place",
    check: "register",
    severity: Severity::Fault,
    means: "the contract registers cannot be found where the configuration says",
    advice: "set [contract] right: a gateway that runs goes on with the registers it has, and does not start anew",
};
static FAULTY: Sort = Sort {
    id: "register.faulty",
    check: "register",
    severity: Severity::Fault,
    means: "a contract register has faults",
    advice: "mend it, or return to an earlier version (`sluis contract import --back-to`): a gateway that runs goes on \
             with the last good one, and does not start anew",
};
static ENDED: Sort = Sort {
    id: "register.ended",
    check: "register",
    severity: Severity::Warning,
    means: "the last budget agreement of a register is over: nothing of today counts on a budget",
    advice: "import the register with the agreements of the new period (`sluis contract import`)",
};
static ENDS_SOON: Sort = Sort {
    id: "register.ends_soon",
    check: "register",
    severity: Severity::Note,
    means: "the last budget agreement of a register is over within thirty days",
    advice: "ask the contract managers for the register of the next period, and import it before the day",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 4] = [&PLACE, &FAULTY, &ENDED, &ENDS_SOON];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || {
        let today = dutch_day(subject.now);
        let mut wrong = Vec::new();
        let read = registers::read_all(&subject.config, &mut wrong);
        let mut findings = Vec::new();
        let mut lines = Vec::new();
        if !wrong.is_empty() {
            findings.push(PLACE.found_in("the contract registers cannot be found", wrong));
        } else if read.is_empty() {
            return Report::nothing_to_examine("no register is configured: messages are judged by the standard only");
        }
        for (source, read) in read {
            match read {
                Ok((register, since)) => {
                    findings.extend(time_left(&register, register.days_left(today)));
                    let since = since.map(|since| since.to_string());
                    lines.push(RegisterLine { region: register.region.id, version: register.version, since });
                }
                Err(faults) => {
                    let what = format!("the register in {} has {} fault(s)", source.place().display(), faults.len());
                    let cases = faults.iter().take(TOLD).map(|fault| without_bsn(&fault.to_string())).collect();
                    findings.push(FAULTY.found_in(what, cases));
                }
            }
        }
        lines.sort_by(|a, b| a.region.cmp(&b.region));
        Report { findings, told: Some(Told::Registers(lines)), ..Report::default() }
    })
    .await
}

fn time_left(register: &Register, days: Option<i32>) -> Option<Ailment> {
    let region = &register.region.id;
    match days {
        Some(days) if days < 0 => Some(ENDED.found(format!("region {region}: since {} day(s)", -days))),
        Some(days) if days <= SOON => Some(ENDS_SOON.found(format!("region {region}: {days} day(s) left"))),
        Some(_) | None => None,
    }
}
