//! Values on their way into a statement and out of a row: the four that both databases hold.

use crate::ledger::error::LedgerError;

/// A value of a parameter or a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number; truth is 0 or 1.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// Tells the sort and never the value, which may be about a person.
impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Value::Null => "null",
            Value::Integer(_) => "a number",
            Value::Text(_) => "a text",
            Value::Blob(_) => "bytes",
        })
    }
}

/// What can stand for a parameter of a statement.
pub(in crate::ledger) trait Param {
    /// Its value.
    fn value(&self) -> Value<'_>;
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Param for $integer {
            fn value(&self) -> Value<'_> {
                Value::Integer(i64::from(*self))
            }
        }
    )*};
}

integers!(bool, u8, u16, u32, i8, i16, i32, i64);

impl Param for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Param for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Param for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl Param for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> Param for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: Param + ?Sized> Param for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: Param> Param for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Param::value)
    }
}

/// The parameters of a statement: `[]`, `[one]`, `[one, like_it]`, or [`params!`](super::params) for several of any type.
pub(in crate::ledger) trait Params {
    /// Their values, in order.
    fn values(&self) -> Vec<Value<'_>>;
}

impl Params for &[&dyn Param] {
    fn values(&self) -> Vec<Value<'_>> {
        self.iter().map(|param| param.value()).collect()
    }
}

impl Params for [&dyn Param; 0] {
    fn values(&self) -> Vec<Value<'_>> {
        Vec::new()
    }
}

impl<T: Param> Params for [T; 1] {
    fn values(&self) -> Vec<Value<'_>> {
        vec![self[0].value()]
    }
}

impl<T: Param> Params for [T; 2] {
    fn values(&self) -> Vec<Value<'_>> {
        self.iter().map(Param::value).collect()
    }
}

/// What a column can be read as.
pub(in crate::ledger) trait Field: Sized {
    /// Reads a value.
    fn of(value: Value<'_>) -> Result<Self, LedgerError>;
}

/// A column holds something else than the program put there.
const MISFIT: LedgerError = LedgerError::Damaged("a column holds a value of another type");

impl Field for i64 {
    fn of(value: Value<'_>) -> Result<i64, LedgerError> {
        match value {
            Value::Integer(integer) => Ok(integer),
            Value::Null | Value::Text(_) | Value::Blob(_) => Err(MISFIT),
        }
    }
}

macro_rules! narrow_integers {
    ($($integer:ty),*) => {$(
        impl Field for $integer {
            fn of(value: Value<'_>) -> Result<$integer, LedgerError> {
                let wide = i64::of(value)?;
                <$integer>::try_from(wide).map_err(|_| LedgerError::Damaged("a column holds a number out of range"))
            }
        }
    )*};
}

narrow_integers!(u8, u16, u32, u64, i16, i32, usize);

impl Field for bool {
    fn of(value: Value<'_>) -> Result<bool, LedgerError> {
        i64::of(value).map(|integer| integer != 0)
    }
}

impl Field for String {
    fn of(value: Value<'_>) -> Result<String, LedgerError> {
        match value {
            Value::Text(text) => Ok(text.to_owned()),
            Value::Null | Value::Integer(_) | Value::Blob(_) => Err(MISFIT),
        }
    }
}

impl Field for Vec<u8> {
    fn of(value: Value<'_>) -> Result<Vec<u8>, LedgerError> {
        match value {
            Value::Blob(bytes) => Ok(bytes.to_owned()),
            Value::Null | Value::Integer(_) | Value::Text(_) => Err(MISFIT),
        }
    }
}

impl<const N: usize> Field for [u8; N] {
    fn of(value: Value<'_>) -> Result<[u8; N], LedgerError> {
        match value {
            Value::Blob(bytes) => {
                bytes.try_into().map_err(|_| LedgerError::Damaged("a column holds bytes of another length"))
            }
            Value::Null | Value::Integer(_) | Value::Text(_) => Err(MISFIT),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn of(value: Value<'_>) -> Result<Option<T>, LedgerError> {
        match value {
            Value::Null => Ok(None),
            value => T::of(value).map(Some),
        }
    }
}
