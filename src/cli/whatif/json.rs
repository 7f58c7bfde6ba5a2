//! A comparison as one JSON object, written piece by piece; its shape is described in `docs/what-if.md`.

use super::Side;
use crate::message::Party;
use crate::whatif::{Cell, Change, Difference, First, Pair, Subject, Summary, Table};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(super) fn beginning(sides: &Pair<Side>) -> String {
    let side = |side: &Side| {
        let registers: Vec<Value> =
            side.registers.iter().map(|(region, version)| json!({ "region": region, "version": version })).collect();
        json!({ "config": side.config, "registers": registers })
    };
    format!("{{\"old\":{},\n\"new\":{},\n\"messages\":[", side(&sides.old), side(&sides.new))
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    kind: Option<String>,
    identification: Option<&'a str>,
    municipality: Option<&'a str>,
    provider: Option<&'a str>,
    #[serde(flatten)]
    difference: &'a Difference,
    granted_cents: Pair<i64>,
    reserved_cents: Pair<i64>,
    follows: Option<&'a First>,
}

pub(super) fn change(subject: &Subject, change: &Change) -> String {
    let line = Line {
        file: &subject.file,
        kind: subject.kind.map(|kind| kind.to_string()),
        identification: subject.identification.as_deref(),
        municipality: subject.gemeente.as_ref().map(Party::as_str),
        provider: subject.aanbieder.as_ref().map(Party::as_str),
        difference: &change.difference,
        granted_cents: change.granted.map(|cents| cents.0),
        reserved_cents: change.reserved.map(|cents| cents.0),
        follows: change.follows.as_ref(),
    };
    serde_json::to_string(&line).expect("a difference is made of strings and numbers")
}

pub(super) fn end(summary: &Summary, tables: &[Table]) -> String {
    let totals = json!({
        "compared": summary.compared,
        "unchanged": summary.compared - summary.changed,
        "changed": summary.changed,
        "following": summary.following,
        "granted_cents": summary.granted.map(|cents| cents.0),
        "reserved_cents": summary.reserved.map(|cents| cents.0),
    });
    let table = |table: &Table| {
        let rows: Vec<Value> = table.rows.iter().map(|row| object(table, &row.cells)).collect();
        format!("\"{}\":{}", table.name, Value::from(rows))
    };
    let tables: Vec<String> = tables.iter().map(table).collect();
    format!("],\n\"totals\":{totals},\n{}}}\n", tables.join(",\n"))
}

fn object(table: &Table, cells: &[Cell]) -> Value {
    let names = table.columns.iter().map(|column| column.name.to_owned());
    Value::Object(names.zip(cells.iter().map(value)).collect::<Map<String, Value>>())
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Absent => Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Count(count) => (*count).into(),
        Cell::Cents(cents) => cents.0.into(),
        Cell::Day(day) => day.to_string().into(),
    }
}
