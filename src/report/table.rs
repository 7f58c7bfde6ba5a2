//! What a report is made of: sections with tables, charts and remarks, as values. Page and CSV are written from the same.

use super::chart::Chart;
use super::small::Seen;
use crate::message::{Cents, Date};

/// A section of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Anchor on the page.
    pub id: &'static str,
    /// Heading.
    pub heading: String,
    /// What it holds, in order.
    pub parts: Vec<Part>,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A paragraph.
    Note(String),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Chart),
}

/// Where a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// On the page and in the file.
    Both,
    /// On the page only.
    Page,
    /// In the file only.
    File,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name in the file, the same in every language.
    pub key: &'static str,
    /// Heading on the page.
    pub label: String,
    /// Where it stands.
    pub medium: Medium,
    /// Whether its cells are figures.
    pub is_figure: bool,
}

/// What a row is to those around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rank {
    /// A row like others.
    Plain,
    /// Sum of the rows that follow it.
    Head,
    /// Sum of a group.
    Total,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The group that it opens on the page, when it is the first of one.
    pub opens: Option<String>,
    /// What it is to others.
    pub rank: Rank,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// A table. The first of its columns on the page heads the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name of the file without extension; unique within a report.
    pub id: String,
    /// What it shows.
    pub caption: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A count.
    Number(u64),
    /// An amount in eurocents.
    Cents(Cents),
    /// Tenths of a percent.
    PerMille(i64),
    /// Tenths of anything.
    Tenths(i64),
    /// A day.
    Date(Date),
    /// Left out: about one to four persons.
    Small,
    /// Left out: a small cell would follow from it.
    Withheld,
    /// There is no such figure.
    Absent,
}

impl Cell {
    /// The cell as it may be seen. What is absent stays absent.
    #[must_use]
    pub fn seen(self, seen: Seen) -> Cell {
        match (self, seen) {
            (Cell::Absent, _) => Cell::Absent,
            (cell, Seen::Shown) => cell,
            (_, Seen::Small) => Cell::Small,
            (_, Seen::Withheld) => Cell::Withheld,
        }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// How many there are.
    pub fn count(count: usize) -> Cell {
        Cell::Number(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// A share in tenths of a percent, when there is one.
    pub fn share(per_mille: Option<i64>) -> Cell {
        per_mille.map_or(Cell::Absent, Cell::PerMille)
    }

    /// The nearest amount that fits.
    pub fn cents(cents: i128) -> Cell {
        Cell::Cents(fitting(cents))
    }
}

/// The nearest amount that fits.
pub(super) fn fitting(cents: i128) -> Cents {
    Cents(i64::try_from(cents).unwrap_or(if cents < 0 { i64::MIN } else { i64::MAX }))
}

impl Column {
    /// A column of texts.
    pub fn text(key: &'static str, label: impl Into<String>) -> Column {
        Column { key, label: label.into(), medium: Medium::Both, is_figure: false }
    }

    /// A column of figures.
    pub fn figure(key: &'static str, label: impl Into<String>) -> Column {
        Column { is_figure: true, ..Column::text(key, label) }
    }

    /// A column of the file only.
    pub fn file(key: &'static str) -> Column {
        Column { medium: Medium::File, ..Column::text(key, "") }
    }

    /// A column of the page only.
    pub fn page(label: impl Into<String>) -> Column {
        Column { medium: Medium::Page, ..Column::text("", label) }
    }
}

impl Row {
    /// A row like others.
    pub fn plain(cells: Vec<Cell>) -> Row {
        Row { opens: None, rank: Rank::Plain, cells }
    }
}
