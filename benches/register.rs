//! How long a register of a large region takes to load: `cargo bench --bench register`.
//!
//! 300 providers, 100,000 tariffs. A time says little on a machine that is not known, so it stands beside that of the
//! least that anybody has to do with the same files in the same run: read them and split them into cells.

use sluis::contract::load;
use sluis::contract::register::FILES;
use sluis::contract::register::diff::Difference;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const RUNS: usize = 5;
const PROVIDERS: usize = 300;
const PRODUCTS: usize = 100;
const TARIFFS: usize = 100_000;

fn main() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let (now, next) = (dir.path().join("now"), dir.path().join("next"));
    write(&now, 1_000);
    write(&next, 1_035);

    let baseline = best(|| black_box(cells(&now)));
    let loading = best(|| black_box(load(&now).expect("the register has no faults")));
    let (old, new) = (load(&now).expect("no faults"), load(&next).expect("no faults"));
    let comparing = best(|| black_box(Difference::between(&old, &new).changes.len()));

    println!("{PROVIDERS} providers, {TARIFFS} tariffs, best of {RUNS} runs");
    println!("read and split into cells  {:>8.1} ms", millis(baseline));
    println!("load and check a register  {:>8.1} ms, {:.1} times that", millis(loading), ratio(loading, baseline));
    println!("compare it with another    {:>8.1} ms, {:.1} times that", millis(comparing), ratio(comparing, baseline));
}

fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        let done = work();
        let took = start.elapsed();
        drop(done);
        took
    });
    times.min().unwrap_or_default()
}

fn cells(folder: &Path) -> usize {
    let texts = FILES.iter().map(|name| fs::read_to_string(folder.join(name)).expect("the file is there"));
    texts.map(|text| text.lines().map(|line| line.split(';').map(str::trim).count()).sum::<usize>()).sum()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn ratio(time: Duration, baseline: Duration) -> f64 {
    time.as_secs_f64() / baseline.as_secs_f64()
}

/// The small region of the tests with many providers, each with prices of its own per product and municipality, before
/// and after new year.
fn write(folder: &Path, cents: usize) {
    fs::create_dir_all(folder).expect("a folder can be made");
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/register/small.txt");
    let small = fs::read_to_string(small).expect("the small region");
    for part in small.split("=== ").skip(1) {
        let (name, text) = part.split_once('\n').expect("a name on a line of its own");
        let mut text = text.to_owned();
        match name {
            "products.csv" => {
                rows(PRODUCTS, &mut text, |at| format!("wmo;02;P{at:04};Veel;steun;1;04;;;;;2025-01-01;"));
            }
            "providers.csv" => rows(PROVIDERS, &mut text, |at| format!("{};Veel (fictief);;2025-01-01;", agb(at))),
            "contracts.csv" => rows(PROVIDERS, &mut text, |at| format!("D{at};{};steun;*;active;2025-01-01;", agb(at))),
            "tariffs.csv" => rows(TARIFFS / 2, &mut text, |at| {
                let (code, agb) = (at % PRODUCTS, agb(at / PRODUCTS % PROVIDERS));
                let gemeente = if at < PRODUCTS * PROVIDERS { "0197" } else { "0294" };
                let key = format!("wmo;P{code:04};04;{agb};{gemeente}");
                format!("{key};{cents};2025-01-01;2025-12-31\n{key};{};2026-01-01;", cents + 25)
            }),
            _ => {}
        }
        fs::write(folder.join(name), text).expect("a file can be written");
    }
}

fn rows(many: usize, text: &mut String, row: impl Fn(usize) -> String) {
    for at in 0..many {
        writeln!(text, "{}", row(at)).expect("writing to a string cannot fail");
    }
}

fn agb(at: usize) -> usize {
    50_000_000 + at
}
