//! Figures in rows and columns: made once, shown as text, CSV or JSON by the shell.

use crate::message::{Cents, Date};

/// A table of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name in JSON and of the CSV file.
    pub name: &'static str,
    /// Heading for people.
    pub title: &'static str,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, in a fixed order.
    pub rows: Vec<Row>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in JSON and CSV; amounts in eurocents end with `_cents`.
    pub name: &'static str,
    /// Heading for people.
    pub heading: &'static str,
}

/// A row of a [`Table`], with a cell for each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Values.
    pub cells: Vec<Cell>,
    /// Whether the two sides differ in it: the other rows are left out where people read.
    pub differs: bool,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// There is none.
    Absent,
    /// A name, a code, a word.
    Text(String),
    /// A number of something.
    Count(u64),
    /// An amount in eurocents.
    Cents(Cents),
    /// A day.
    Day(Date),
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Absent, Into::into)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Cell {
        Cell::Count(count)
    }
}

impl From<Cents> for Cell {
    fn from(cents: Cents) -> Cell {
        Cell::Cents(cents)
    }
}

impl From<Date> for Cell {
    fn from(day: Date) -> Cell {
        Cell::Day(day)
    }
}

/// Columns from (name, heading).
pub(super) fn columns(all: &[(&'static str, &'static str)]) -> Vec<Column> {
    all.iter().map(|&(name, heading)| Column { name, heading }).collect()
}
