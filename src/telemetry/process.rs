//! What the kernel tells of this process, under the names that all exporters use. Nothing where there is no `/proc`.

use super::{Figure, Metric};
use std::fs;

/// The figures of this process at the moment.
pub(super) fn figures() -> Vec<Figure> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{file}")).ok();
    let stat = read("self/stat").as_deref().and_then(stat);
    let status = read("self/status");
    let kernel = read("stat");
    let memory = status.as_deref().and_then(|text| field(text, "VmRSS:"));
    let limits = read("self/limits");
    let start = stat
        .as_ref()
        .zip(kernel.as_deref().and_then(|text| field(text, "btime")))
        .map(|(stat, boot)| boot + stat.started);
    let told = [
        (Metric::ProcessCpu, stat.as_ref().map(|stat| stat.cpu)),
        // The kernel tells kilobytes of 1024 bytes.
        (Metric::ProcessResident, memory.map(|kilobytes| kilobytes * 1024.0)),
        (Metric::ProcessThreads, status.as_deref().and_then(|text| field(text, "Threads:"))),
        (Metric::ProcessOpenFds, open_files()),
        (Metric::ProcessMaxFds, limits.as_deref().and_then(|text| field(text, "Max open files"))),
        (Metric::ProcessStart, start),
    ];
    told.into_iter().filter_map(|(metric, value)| Some((metric, Vec::new(), value?))).collect()
}

/// From `/proc/self/stat`, in seconds.
struct Stat {
    cpu: f64,
    /// Since the machine started.
    started: f64,
}

fn stat(text: &str) -> Option<Stat> {
    // The second field is the name in brackets, which may hold blanks and brackets itself.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |index: usize| Some(number(fields.get(index)?)? / ticks());
    // Fields 14, 15 and 22 of proc(5).
    Some(Stat { cpu: seconds(11)? + seconds(12)?, started: seconds(19)? })
}

#[expect(clippy::cast_precision_loss, reason = "a hundred")]
fn ticks() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

/// The first number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    number(line.split_whitespace().next()?)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    // The one that this listing is read by.
    Some(f64::from(u32::try_from(count.saturating_sub(1)).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the start of the process is a moment of the machine")]
    fn the_kernel_tells_of_this_process() {
        let told = figures();
        let value =
            |metric: Metric| told.iter().find(|figure| figure.0 == metric).map(|figure| figure.2).expect("told");
        assert!(value(Metric::ProcessResident) > 1_000_000.0);
        assert!(value(Metric::ProcessOpenFds) >= 3.0 && value(Metric::ProcessOpenFds) < value(Metric::ProcessMaxFds));
        assert!(value(Metric::ProcessThreads) >= 1.0 && value(Metric::ProcessCpu) >= 0.0);
        let now = Timestamp::now().as_second();
        let start = value(Metric::ProcessStart);
        assert!(start > 1.0e9 && start < f64::from(u32::try_from(now).expect("this century")) + 2.0, "{start}");
    }

    #[test]
    fn a_name_with_brackets_and_blanks_is_no_obstacle() {
        let text = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 1000 0 0";
        let found = stat(text).expect("it is of the form");
        let seconds = |ticks: f64| ticks / super::ticks();
        assert!((found.cpu - seconds(300.0)).abs() < 1e-9 && (found.started - seconds(1000.0)).abs() < 1e-9);
        assert!(stat("7 (a) S 1").is_none() && stat("").is_none());
        assert_eq!(
            field("Max open files            1024                 4096                 files\n", "Max open files"),
            Some(1024.0)
        );
    }
}
