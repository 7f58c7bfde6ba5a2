//! Writes the figures of a report as CSV: `;` between cells, UTF-8, a header row, dates ISO, money in cents, shares with
//! a point.
//!
//! What is left out on the page is left out here, and written alike: `<5` and `*`. What there is not stays empty.

use super::table::{Cell, Medium, Part, Table};
use super::{Report, ReportFault};

/// Name and contents of each file.
pub(super) fn files(report: &Report) -> Result<Vec<(String, Vec<u8>)>, ReportFault> {
    let parts = report.sections.iter().flat_map(|section| &section.parts);
    let tables = parts.filter_map(|part| match part {
        Part::Table(table) => Some(table),
        Part::Note(_) | Part::Chart(_) => None,
    });
    tables.map(|table| Ok((format!("{}.csv", table.id), write(table)?))).collect()
}

fn write(table: &Table) -> Result<Vec<u8>, ReportFault> {
    let shown: Vec<usize> = (0..table.columns.len()).filter(|at| table.columns[*at].medium != Medium::Page).collect();
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(shown.iter().map(|at| table.columns[*at].key))?;
    for row in &table.rows {
        writer.write_record(shown.iter().map(|at| row.cells.get(*at).map_or_else(String::new, written)))?;
    }
    writer.into_inner().map_err(|error| ReportFault::Csv(error.into_error().into()))
}

/// A cell as programs read it.
fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Cents(cents) => cents.0.to_string(),
        Cell::PerMille(tenths) | Cell::Tenths(tenths) => {
            let sign = if *tenths < 0 { "-" } else { "" };
            format!("{sign}{}.{}", tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10)
        }
        Cell::Date(date) => date.to_string(),
        Cell::Small => "<5".to_owned(),
        Cell::Withheld => "*".to_owned(),
        Cell::Absent => String::new(),
    }
}
