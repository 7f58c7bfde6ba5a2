//! What a job may do inside its transaction; and how values stand in columns.

use super::db::{Connection, Field, Params, Row, Statement, Value};
use super::error::LedgerError;
use super::keys::Vault;
use crate::message::{
    Bsn, Categorie, Cents, Code, Count, Date, Eenheid, Frequentie, Kind, Law, Number, Omvang, Product, ProductCode,
};
use crate::rules::facts::{Earlier, PersonKey};
use jiff::Timestamp;
use serde::Serializer;

/// The view a job has of the ledger. All it changes is committed with the job, or not at all.
pub struct Tx<'a> {
    connection: &'a Connection,
    pub(super) vault: &'a mut Vault,
    outbox_grew: bool,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a Connection, vault: &'a mut Vault) -> Tx<'a> {
        Tx { connection, vault, outbox_grew: false }
    }

    pub(super) fn outbox_grew(&self) -> bool {
        self.outbox_grew
    }

    pub(super) fn grow_outbox(&mut self) {
        self.outbox_grew = true;
    }

    pub(super) fn is_on_server(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// A statement, prepared once per connection. Its text is part of the program: none is made of data.
    pub(super) fn sql(&self, sql: &'static str) -> Result<Statement<'a>, LedgerError> {
        // A full disk makes SQLite undo the transaction by itself. What a job did after that would be committed
        // statement by statement.
        match self.connection.undone() {
            Some(error) => Err(error),
            None => self.connection.prepare(sql),
        }
    }

    /// All rows of a query.
    pub(super) fn all<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        read: impl Fn(&mut Cells<'_, '_>) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut statement = self.sql(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&mut Cells::of(&row))?);
        }
        Ok(all)
    }

    /// The first row of a query.
    pub(super) fn first<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        read: impl Fn(&mut Cells<'_, '_>) -> Result<T, LedgerError>,
    ) -> Result<Option<T>, LedgerError> {
        let mut statement = self.sql(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(|row| read(&mut Cells::of(&row))).transpose()
    }

    /// Runs a statement that gives the number of the row it added; `None` when it added none.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
    )]
    pub(super) fn added(&self, sql: &'static str, params: impl Params) -> Result<Option<i64>, LedgerError> {
        self.first(sql, params, |cells| cells.get())
    }

    /// The moment in the first row of a query.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
    )]
    pub(super) fn first_moment(
        &self,
        sql: &'static str,
        params: impl Params,
    ) -> Result<Option<Timestamp>, LedgerError> {
        self.first(sql, params, |cells| cells.moment())
    }

    /// The key of a person, as stored.
    pub fn person(&self, bsn: &Bsn) -> PersonKey {
        self.vault.person(bsn)
    }

    /// The connection to a file, for tests of what only `SQLite` does.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &'a rusqlite::Connection {
        match self.connection {
            Connection::Sqlite(connection) => connection,
            Connection::Postgres(_) => panic!("the ledger is on a server"),
        }
    }
}

/// Reads the columns of a row one after another, in the order of the query.
pub(super) struct Cells<'r, 's> {
    row: &'r Row<'r, 's>,
    next: usize,
}

impl<'r, 's> Cells<'r, 's> {
    pub(super) fn of(row: &'r Row<'r, 's>) -> Cells<'r, 's> {
        Cells { row, next: 0 }
    }

    /// Any value that a column can hold.
    pub(super) fn get<T: Field>(&mut self) -> Result<T, LedgerError> {
        T::of(self.value()?)
    }

    fn value(&mut self) -> Result<Value<'r>, LedgerError> {
        let index = self.next;
        self.next += 1;
        self.row.column(index)
    }

    fn optional_text(&mut self) -> Result<Option<&'r str>, LedgerError> {
        match self.value()? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Integer(_) | Value::Blob(_) => Err(LedgerError::Damaged("a column holds no text")),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'r str, LedgerError> {
        self.optional_text()?.ok_or(LedgerError::Damaged("a text is missing"))
    }

    /// A newtype over text.
    pub(super) fn word<T: From<&'r str>>(&mut self) -> Result<T, LedgerError> {
        self.text().map(T::from)
    }

    pub(super) fn optional_word<T: From<&'r str>>(&mut self) -> Result<Option<T>, LedgerError> {
        Ok(self.optional_text()?.map(T::from))
    }

    pub(super) fn date(&mut self) -> Result<Date, LedgerError> {
        self.text().and_then(date)
    }

    pub(super) fn optional_date(&mut self) -> Result<Option<Date>, LedgerError> {
        self.optional_text()?.map(date).transpose()
    }

    pub(super) fn moment(&mut self) -> Result<Timestamp, LedgerError> {
        self.get().and_then(moment)
    }

    pub(super) fn optional_moment(&mut self) -> Result<Option<Timestamp>, LedgerError> {
        self.get::<Option<i64>>()?.map(moment).transpose()
    }

    pub(super) fn count(&mut self) -> Result<Count, LedgerError> {
        self.get().and_then(count)
    }

    pub(super) fn optional_count(&mut self) -> Result<Option<Count>, LedgerError> {
        self.get::<Option<i64>>()?.map(count).transpose()
    }

    pub(super) fn cents(&mut self) -> Result<Cents, LedgerError> {
        self.get().map(Cents)
    }

    pub(super) fn optional_cents(&mut self) -> Result<Option<Cents>, LedgerError> {
        Ok(self.get::<Option<i64>>()?.map(Cents))
    }

    pub(super) fn person(&mut self) -> Result<PersonKey, LedgerError> {
        match self.value()? {
            Value::Blob(bytes) => Ok(PersonKey(hex::encode(bytes))),
            Value::Null | Value::Integer(_) | Value::Text(_) => Err(LedgerError::Damaged("a person key is missing")),
        }
    }

    pub(super) fn product(&mut self) -> Result<Option<Product>, LedgerError> {
        let categorie: Option<Categorie> = self.optional_word()?;
        let code: Option<ProductCode> = self.optional_word()?;
        Ok(categorie.map(|categorie| Product { categorie, code }))
    }

    pub(super) fn eenheid(&mut self) -> Result<Eenheid, LedgerError> {
        Eenheid::parse(self.text()?).ok_or(LedgerError::Damaged("a unit is unknown"))
    }

    pub(super) fn omvang(&mut self) -> Result<Option<Omvang>, LedgerError> {
        let volume = self.optional_count()?;
        let (eenheid, frequentie) = (self.optional_text()?, self.optional_text()?);
        let Some(volume) = volume else { return Ok(None) };
        let eenheid = eenheid.and_then(Eenheid::parse).ok_or(LedgerError::Damaged("a unit is unknown"))?;
        let frequentie =
            frequentie.and_then(Frequentie::parse).ok_or(LedgerError::Damaged("a frequency is unknown"))?;
        Ok(Some(Omvang { volume, eenheid, frequentie }))
    }

    pub(super) fn optional_law(&mut self) -> Result<Option<Law>, LedgerError> {
        self.optional_text()?.map(law).transpose()
    }

    /// Law and number; both or none.
    pub(super) fn kind(&mut self) -> Result<Option<Kind>, LedgerError> {
        let law = self.optional_text()?.filter(|text| !text.is_empty());
        let number = self.optional_text()?.filter(|text| !text.is_empty());
        let (Some(law_text), Some(number)) = (law, number) else { return Ok(None) };
        let number = Number::parse(number).ok_or(LedgerError::Damaged("a message number is unknown"))?;
        Ok(Some(Kind::new(self::law(law_text)?, number)))
    }

    /// Law, number, Identificatie and Dagtekening of the message that brought the row.
    pub(super) fn earlier(&mut self) -> Result<Earlier, LedgerError> {
        let kind = self.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?;
        Ok(Earlier { kind: kind.to_string(), identificatie: self.text()?.to_owned(), dagtekening: self.date()? })
    }

    /// As [`Cells::earlier`]; `None` when the row was joined to no message.
    pub(super) fn optional_earlier(&mut self) -> Result<Option<Earlier>, LedgerError> {
        let kind = self.kind()?;
        let (identificatie, dagtekening) = (self.optional_text()?, self.optional_date()?);
        let Some(kind) = kind else { return Ok(None) };
        let (identificatie, dagtekening) =
            identificatie.zip(dagtekening).ok_or(LedgerError::Damaged("a message has no identification"))?;
        Ok(Some(Earlier { kind: kind.to_string(), identificatie: identificatie.to_owned(), dagtekening }))
    }

    pub(super) fn optional_code(&mut self) -> Result<Option<Code>, LedgerError> {
        self.optional_word()
    }
}

fn law(text: &str) -> Result<Law, LedgerError> {
    Law::parse(text).ok_or(LedgerError::Damaged("a law is unknown"))
}

fn date(text: &str) -> Result<Date, LedgerError> {
    text.parse().map_err(|_| LedgerError::Damaged("a date is no date"))
}

pub(super) fn moment(microseconds: i64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| LedgerError::Damaged("a moment lies outside of time"))
}

fn count(value: i64) -> Result<Count, LedgerError> {
    Count::try_from(value).map_err(|_| LedgerError::Damaged("a count is negative"))
}

/// A count as a column holds it.
pub(super) fn integer(count: Count) -> Result<i64, LedgerError> {
    i64::try_from(count).map_err(|_| LedgerError::Unfit("a number is larger than the ledger can hold"))
}

/// A set as the one parameter of a query: `json_each` takes it apart again.
pub(super) fn json<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> String {
    let mut text = Vec::new();
    serde_json::Serializer::new(&mut text).collect_seq(values).expect("numbers and texts have a JSON form");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// A person key as a column holds it.
pub(super) fn person_bytes(person: &PersonKey) -> Result<[u8; 16], LedgerError> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(&person.0, &mut bytes).map_err(|_| LedgerError::Unfit("a person key is malformed"))?;
    Ok(bytes)
}
