//! Level 1: is the document well-formed XML, a message this gateway knows, and valid against its XSD?
//!
//! One pass over the bytes gives either the document as a tree or every fault in it, with place, expectation and a
//! sentence for the sender. Time is linear in the input and memory is bounded by it, also for hostile input.
//! Meaning (dates that lie in the past, sums, references between elements) is none of its business: that is levels 2 to 4.
//!
//! Parts: [`load()`] compiles the XSD files of `xsd/` to tables, a state machine walks a document through them, and a
//! driver feeds it from quick-xml and adds the rules of XML that quick-xml leaves to its caller.

mod datatypes;
mod fault;
mod files;
mod load;
mod machine;
mod namespaces;
mod pattern;
mod peek;
mod privacy;
mod sentences;
mod tables;
mod validate;
mod wellformed;

use crate::message::tree::Tree;
use crate::message::{Kind, Release};

pub use datatypes::{Base, SimpleType};
pub use fault::{CODES, CodeInfo, Fault, Faults, code};
pub use files::{Catalogue, Schemas, schema, schema_files};
pub use load::{LoadError, SchemaFile, load};
pub use pattern::Pattern;
pub use peek::{Header as HeaderHint, peek_header};
pub use tables::{Element, Model, Schema};
pub use validate::{recognise, validate};
pub(crate) use wellformed::reference;

/// Byte order mark of UTF-8; allowed, never required.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// How much of a document is taken on. Real messages stay far below; the limits bound what a hostile one can cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub max_bytes: usize,
    /// Elements open at the same time. Messages of release 3.2 need eight.
    pub max_depth: u32,
    /// Attributes on one tag, namespace declarations included; twice as many declarations may be in force at once.
    pub max_attributes: u32,
    /// Characters of one value. The standard sets no limit to `Commentaar`.
    pub max_value_chars: u32,
    /// Faults reported in full; the rest is counted.
    pub max_faults: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_bytes: 25_000_000, max_depth: 100, max_attributes: 64, max_value_chars: 65_536, max_faults: 1000 }
    }
}

/// A document that is valid against the schema of its kind.
#[derive(Debug, Clone)]
pub struct Document {
    /// Which message it is.
    pub kind: Kind,
    /// By which release it was made.
    pub release: Release,
    /// Its elements and values. `Debug` shows sizes only.
    pub tree: Tree,
}
