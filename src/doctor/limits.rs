//! Whether what may be in work at once fits in this machine.

use super::database::size;
use super::sort::{Severity, Sort};
use super::{Report, Subject, blocking};
use crate::config::{Config, Transport};
use std::sync::Arc;

/// A message takes about this many times its bytes while it is judged: the bytes, the tree, the typed message.
const TIMES: u64 = 4;

static MEMORY: Sort = Sort {
    id: "limits.memory",
    check: "limits",
    severity: Severity::Warning,
    means: "the messages that may be in work at once could take more than half of the memory of this machine",
    advice: "set `[amqp] prefetch_bytes` lower, or give the machine more memory",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 1] = [&MEMORY];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || match memory() {
        Some(memory) => judge(in_work(&subject.config), memory),
        None => Report::nothing_to_examine("this system does not tell its memory"),
    })
    .await
}

/// Bytes of messages that may be in work at once.
fn in_work(config: &Config) -> u64 {
    let broker = config.amqp.as_ref().filter(|_| config.intake.contains(&Transport::Amqp));
    broker.map_or(0, |amqp| amqp.prefetch_bytes).max(config.limits.max_bytes)
}

fn judge(in_work: u64, memory: u64) -> Report {
    let needed = in_work.saturating_mul(TIMES);
    let what = format!("{} in work at once, memory {}", size(in_work), size(memory));
    if needed > memory / 2 {
        Report { findings: vec![MEMORY.found(what)], ..Report::default() }
    } else {
        Report { facts: vec![what], ..Report::default() }
    }
}

/// Bytes of memory of this machine.
fn memory() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_judged() {
        assert_eq!(parse("MemFree: 3 kB\nMemTotal:       24576000 kB\n"), Some(24_576_000 * 1024));
        assert_eq!(parse("MemTotal: much"), None);
        assert_eq!(parse(""), None);
        assert!(judge(200_000_000, 1_600_000_000).findings.is_empty());
        assert_eq!(judge(200_000_000, 1_599_999_999).findings[0].sort, "limits.memory");
        assert_eq!(judge(u64::MAX, u64::MAX).findings[0].sort, "limits.memory");
    }
}
