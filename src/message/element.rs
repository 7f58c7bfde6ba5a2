//! How typed classes are read from a [`Tree`](super::tree::Tree) and written as XML.
//!
//! A class is declared once, with `class!`; reading and writing follow from the declaration, in the order of the
//! schema. Reading cannot fail on a document that the schema layer accepted: every value that a type of the standard
//! allows has its place here, also a date beyond all calendars. A [`ReadError`] means that a class and its schema file
//! have drifted apart.

use super::kind::{Kind, Release};
use super::tree::{Namespace, Node};
use std::fmt::Write as _;

/// Something that the schema accepts and the typed message cannot hold. No document is known that leads to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct ReadError {
    /// Path of the element, with ordinals.
    pub path: String,
    /// What is wrong with it, without the value itself.
    pub reason: String,
}

impl ReadError {
    /// An error at `node`.
    pub fn at(node: Node<'_>, reason: impl Into<String>) -> ReadError {
        ReadError { path: node.path(), reason: reason.into() }
    }
}

/// Something that stands in one element: a code, a number, a date or a class.
pub trait Element: Sized {
    /// Reads the content of `node`.
    fn read(node: Node<'_>) -> Result<Self, ReadError>;
    /// Writes the whole element under `name`.
    fn write(&self, writer: &mut Writer, namespace: Namespace, name: &str);
}

/// Reads the one child `name`.
pub fn required<T: Element>(parent: Node<'_>, name: &str) -> Result<T, ReadError> {
    let Some(node) = parent.child(name) else {
        return Err(ReadError::at(parent, format!("{name} is missing")));
    };
    T::read(node)
}

/// Reads the child `name` when it is there.
pub fn optional<T: Element>(parent: Node<'_>, name: &str) -> Result<Option<T>, ReadError> {
    parent.child(name).map(T::read).transpose()
}

/// Reads all elements on a path `Container/Item`; an absent container is an empty list.
pub fn list<T: Element>(parent: Node<'_>, path: &str) -> Result<Vec<T>, ReadError> {
    let (container, item) = path.split_once('/').expect("a list is declared as Container/Item");
    let Some(container) = parent.child(container) else {
        return Ok(Vec::new());
    };
    container.children().filter(|node| node.name() == item).map(T::read).collect()
}

/// Writes a list with its container; an empty list leaves the container out, as the schemas ask.
pub fn write_list<T: Element>(items: &[T], writer: &mut Writer, namespace: Namespace, path: &str) {
    let (container, item) = path.split_once('/').expect("a list is declared as Container/Item");
    if items.is_empty() {
        return;
    }
    writer.open(namespace, container);
    for each in items {
        each.write(writer, namespace, item);
    }
    writer.close(namespace, container);
}

/// Declares a class: a struct with reading and writing. `in Base` puts the children in the basisschema namespace,
/// `in Message` in that of the message. Fields: `req` one, `opt` none or one, `list "Container/Item"` any number.
macro_rules! class {
    ($(#[$meta:meta])* pub struct $name:ident in $ns:ident {
        $( $(#[$fmeta:meta])* $field:ident : $how:ident $ty:ty = $xml:literal, )+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: $crate::message::element::class!(@type $how $ty), )+
        }

        impl $crate::message::element::Element for $name {
            fn read(node: $crate::message::tree::Node<'_>) -> Result<Self, $crate::message::element::ReadError> {
                Ok($name {
                    $( $field: $crate::message::element::class!(@read $how $ty, node, $xml), )+
                })
            }

            fn write(
                &self,
                writer: &mut $crate::message::element::Writer,
                namespace: $crate::message::tree::Namespace,
                name: &str,
            ) {
                writer.open(namespace, name);
                let inner = $crate::message::tree::Namespace::$ns;
                $( $crate::message::element::class!(@write $how self.$field, writer, inner, $xml); )+
                writer.close(namespace, name);
            }
        }
    };
    (@type req $ty:ty) => { $ty };
    (@type opt $ty:ty) => { Option<$ty> };
    (@type list $ty:ty) => { Vec<$ty> };
    (@read req $ty:ty, $node:expr, $xml:literal) => { $crate::message::element::required::<$ty>($node, $xml)? };
    (@read opt $ty:ty, $node:expr, $xml:literal) => { $crate::message::element::optional::<$ty>($node, $xml)? };
    (@read list $ty:ty, $node:expr, $xml:literal) => { $crate::message::element::list::<$ty>($node, $xml)? };
    (@write req $value:expr, $writer:expr, $ns:expr, $xml:literal) => {
        $crate::message::element::Element::write(&$value, $writer, $ns, $xml)
    };
    (@write opt $value:expr, $writer:expr, $ns:expr, $xml:literal) => {
        if let Some(value) = &$value {
            $crate::message::element::Element::write(value, $writer, $ns, $xml);
        }
    };
    (@write list $value:expr, $writer:expr, $ns:expr, $xml:literal) => {
        $crate::message::element::write_list(&$value, $writer, $ns, $xml)
    };
}
pub(crate) use class;

/// Writes a message: UTF-8 without byte order mark, CR/LF line ends (OP192), tabs for depth.
#[derive(Debug)]
pub struct Writer {
    out: String,
    message_prefix: String,
    base_prefix: &'static str,
    depth: usize,
}

impl Writer {
    /// Starts a document of this kind and release: XML declaration and the root start tag with both namespaces.
    pub fn new(kind: Kind, release: Release) -> Writer {
        let mut writer = Writer {
            out: String::with_capacity(4096),
            message_prefix: kind.slug(),
            base_prefix: kind.law.standard(),
            depth: 1,
        };
        write!(
            writer.out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<{p}:Bericht xmlns:{p}=\"{}\" xmlns:{b}=\"{}\">\r\n",
            kind.namespace(release),
            kind.base_namespace(release),
            p = writer.message_prefix,
            b = writer.base_prefix,
        )
        .expect("writing to a string cannot fail");
        writer
    }

    /// Opens an element that will hold other elements.
    pub fn open(&mut self, namespace: Namespace, name: &str) {
        self.indent();
        self.tag("<", namespace, name);
        self.out.push_str(">\r\n");
        self.depth += 1;
    }

    /// Closes an element that holds other elements.
    pub fn close(&mut self, namespace: Namespace, name: &str) {
        self.depth -= 1;
        self.indent();
        self.tag("</", namespace, name);
        self.out.push_str(">\r\n");
    }

    /// Writes an element with character data.
    pub fn leaf(&mut self, namespace: Namespace, name: &str, text: &str) {
        self.indent();
        self.tag("<", namespace, name);
        self.out.push('>');
        escape_into(&mut self.out, text);
        self.tag("</", namespace, name);
        self.out.push_str(">\r\n");
    }

    /// Copies a node with everything under it, values as they were read.
    pub fn copy(&mut self, node: Node<'_>) {
        self.copy_as(node, node.name());
    }

    /// As [`Writer::copy`], with another name for the node itself.
    pub fn copy_as(&mut self, node: Node<'_>, name: &str) {
        if node.is_leaf() {
            self.leaf(node.namespace(), name, node.text());
            return;
        }
        self.open(node.namespace(), name);
        for child in node.children() {
            self.copy(child);
        }
        self.close(node.namespace(), name);
    }

    /// Closes the root and returns the bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.tag("</", Namespace::Message, "Bericht");
        self.out.push_str(">\r\n");
        self.out.into_bytes()
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push('\t');
        }
    }

    fn tag(&mut self, bracket: &str, namespace: Namespace, name: &str) {
        self.out.push_str(bracket);
        match namespace {
            Namespace::Message => self.out.push_str(&self.message_prefix),
            Namespace::Base => self.out.push_str(self.base_prefix),
        }
        self.out.push(':');
        self.out.push_str(name);
    }
}

/// Escapes what may not stand in character data. CR is escaped too: a parser would turn it into LF otherwise.
fn escape_into(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}
