//! The way to each back office.

use super::remote::{self, Open, Stopped};
use super::sort::{Severity, Sort};
use super::{Report, Subject};
use crate::config::BackOffice;
use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longest wait for the head of an answer, and most bytes of it.
const ANSWER: Duration = Duration::from_secs(4);
const LONGEST_HEAD: u64 = 16 * 1024;
/// Days left of a certificate of the other side below which somebody should be told.
const RENEW: i64 = 14;

static NAME: Sort = Sort {
    id: "back_office.name",
    check: "back_office",
    severity: Severity::Fault,
    means: "the name of a back office leads nowhere",
    advice: "check `url` of the back office, and the name service of this machine",
};
static CONNECTION: Sort = Sort {
    id: "back_office.connection",
    check: "back_office",
    severity: Severity::Fault,
    means: "nothing answers at the address of a back office",
    advice: "ask its administrator whether it runs, and look at the firewalls in between; nothing is lost meanwhile",
};
static TLS: Sort = Sort {
    id: "back_office.tls",
    check: "back_office",
    severity: Severity::Fault,
    means: "TLS with a back office fails: its certificate or ours is not taken",
    advice: "compare `ca_file` with the authority that signed its certificate, the name in `url` with those in it, and ask \
             its administrator whether ours is known there",
};
static RENEWAL: Sort = Sort {
    id: "back_office.renewal",
    check: "back_office",
    severity: Severity::Warning,
    means: "the certificate of a back office counts for less than two weeks",
    advice: "remind its administrator: when it is over nothing is delivered any more",
};
static SILENT: Sort = Sort {
    id: "back_office.silent",
    check: "back_office",
    severity: Severity::Warning,
    means: "a back office takes the connection and does not answer a plain question (HEAD)",
    advice: "ask its administrator; if it answers deliveries all the same, nothing is wrong",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 5] = [&NAME, &CONNECTION, &TLS, &RENEWAL, &SILENT];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    if subject.config.back_offices.is_empty() {
        return Report::nothing_to_examine("no back office is configured");
    }
    if !subject.online {
        return Report::nothing_to_examine("other machines are not asked (--offline)");
    }
    let mut report = Report::default();
    let asked = subject.config.back_offices.values().map(async |office| (office, ask(office, subject.now).await));
    for (office, asked) in join_all(asked).await {
        judge(&format!("back office {}", office.gemeente), asked, &mut report);
    }
    report
}

/// What a back office said to a plain question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) days_left: Option<i64>,
    /// Its clock, when it tells it.
    pub(super) date: Option<Timestamp>,
    /// Whether anything came.
    pub(super) answered: bool,
}

/// Goes the way to a back office and asks for the head of its address. Nothing is delivered.
pub(super) async fn ask(office: &BackOffice, now: Timestamp) -> Result<Answer, Stopped> {
    let url = Url::parse(office.url.expose()).map_err(|_| Stopped::Name("its address cannot be read".to_owned()))?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let tls = (url.scheme() == "https").then_some(&office.tls);
    let Open { mut stream, days_left } = remote::open(host, port, tls, now).await?;
    // The path without a query and without a login: those may hold secrets, and nobody needs them for this.
    let question = format!("HEAD {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", url.path());
    let head = async {
        stream.write_all(question.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        let mut head = Vec::new();
        stream.take(LONGEST_HEAD).read_to_end(&mut head).await.ok();
        Some(String::from_utf8_lossy(&head).into_owned())
    };
    let head = tokio::time::timeout(ANSWER, head).await.ok().flatten().unwrap_or_default();
    Ok(Answer { days_left, date: date_of(&head), answered: head.starts_with("HTTP/") })
}

/// The `Date` of an answer.
fn date_of(head: &str) -> Option<Timestamp> {
    let line = head.lines().find(|line| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("date:")))?;
    let date = jiff::fmt::rfc2822::parse(line.get(5..)?.trim()).ok()?;
    Some(date.timestamp())
}

fn judge(name: &str, asked: Result<Answer, Stopped>, report: &mut Report) {
    let (sort, why) = match asked {
        Err(Stopped::Name(why)) => (&NAME, why),
        Err(Stopped::Connection(why)) => (&CONNECTION, why),
        Err(Stopped::Tls(why)) => (&TLS, why),
        Ok(answer) => {
            if !answer.answered {
                report.findings.push(SILENT.found(name));
            }
            match answer.days_left {
                Some(days) if days < RENEW => {
                    report.findings.push(RENEWAL.found(format!("{name}: {days} day(s) left")));
                }
                Some(days) => {
                    report.facts.push(format!("{name}: reached, its certificate counts for {days} more days"));
                }
                None => report.facts.push(format!("{name}: reached")),
            }
            return;
        }
    };
    report.findings.push(sort.found(format!("{name}: {why}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        let head = "HTTP/1.1 405 Method Not Allowed\r\nserver: x\r\ndate: Sun, 22 Nov 2026 09:00:00 GMT\r\n\r\n";
        assert_eq!(date_of(head).map(|date| date.to_string()).as_deref(), Some("2026-11-22T09:00:00Z"));
        for none in ["", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: soon\r\n", "Dat", "é: x"] {
            assert_eq!(date_of(none), None, "{none}");
        }
    }

    #[test]
    fn each_end_of_the_way_is_told_by_itself() {
        let answer = |days_left, answered| Ok(Answer { days_left, date: None, answered });
        for (asked, sort) in [
            (Err(Stopped::Name("x".to_owned())), Some("back_office.name")),
            (Err(Stopped::Connection("x".to_owned())), Some("back_office.connection")),
            (Err(Stopped::Tls("x".to_owned())), Some("back_office.tls")),
            (answer(None, true), None),
            (answer(Some(14), true), None),
            (answer(Some(13), true), Some("back_office.renewal")),
            (answer(Some(-1), true), Some("back_office.renewal")),
            (answer(None, false), Some("back_office.silent")),
        ] {
            let mut report = Report::default();
            judge("back office 0197", asked, &mut report);
            assert_eq!(report.findings.iter().map(|finding| finding.sort).next(), sort);
        }
    }
}
