//! Which namespace a prefix stands for, element by element.

use std::borrow::Cow;

use crate::message::tree::Namespace;

use super::tables::Schema;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The namespace of a name, as far as a message can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Known(Namespace),
    Xsi,
    Other,
    /// No namespace at all.
    None,
    /// A prefix that is not declared.
    Unbound,
}

struct Binding<'a> {
    prefix: &'a str,
    uri: Cow<'a, str>,
    space: Space,
}

/// The declarations in force.
#[derive(Default)]
pub(super) struct Scope<'a> {
    bindings: Vec<Binding<'a>>,
    /// Number of bindings before each open element.
    marks: Vec<usize>,
    known: Option<[&'a str; 2]>,
}

impl<'a> Scope<'a> {
    pub(super) fn enter(&mut self) {
        self.marks.push(self.bindings.len());
    }

    pub(super) fn leave(&mut self) {
        let mark = self.marks.pop().unwrap_or(0);
        self.bindings.truncate(mark);
    }

    /// Declarations in force, shadowed ones included.
    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Takes a declaration. `false`: Namespaces 1.0 forbids it.
    pub(super) fn declare(&mut self, prefix: &'a str, uri: Cow<'a, str>) -> bool {
        let allowed = match prefix {
            "" => uri != XML && uri != XMLNS,
            "xml" => uri == XML,
            "xmlns" => false,
            _ => !uri.is_empty() && uri != XML && uri != XMLNS,
        };
        if allowed {
            let space = self.classify(&uri);
            self.bindings.push(Binding { prefix, uri, space });
        }
        allowed
    }

    /// Tells which namespaces are those of the message, once its root element is known.
    pub(super) fn know(&mut self, schema: &'a Schema) {
        self.known = Some([schema.namespace(Namespace::Message), schema.namespace(Namespace::Base)]);
        for at in 0..self.bindings.len() {
            self.bindings[at].space = self.classify(&self.bindings[at].uri);
        }
    }

    fn classify(&self, uri: &str) -> Space {
        match self.known {
            Some([message, _]) if uri == message => Space::Known(Namespace::Message),
            Some([_, base]) if uri == base => Space::Known(Namespace::Base),
            _ if uri == XSI => Space::Xsi,
            _ if uri.is_empty() => Space::None,
            _ => Space::Other,
        }
    }

    fn find(&self, prefix: &str) -> Option<&Binding<'a>> {
        self.bindings.iter().rev().find(|binding| binding.prefix == prefix)
    }

    /// The namespace of an element name or of a name in a value: without prefix, the default namespace.
    pub(super) fn resolve(&self, prefix: &str) -> Space {
        match self.find(prefix) {
            Some(binding) => binding.space,
            None if prefix.is_empty() => Space::None,
            None if prefix == "xml" => Space::Other,
            None => Space::Unbound,
        }
    }

    /// The namespace name behind a prefix; empty when there is none.
    pub(super) fn uri(&self, prefix: &str) -> &str {
        match self.find(prefix) {
            Some(binding) => &binding.uri,
            None if prefix == "xml" => XML,
            None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_declarations_shadow_outer_ones() {
        let mut scope = Scope::default();
        scope.enter();
        assert!(scope.declare("a", Cow::Borrowed("urn:1")));
        scope.enter();
        assert!(scope.declare("a", Cow::Borrowed(XSI)) && scope.declare("", Cow::Borrowed("")));
        assert_eq!((scope.resolve("a"), scope.resolve("")), (Space::Xsi, Space::None));
        scope.leave();
        assert_eq!((scope.resolve("a"), scope.uri("a")), (Space::Other, "urn:1"));
        assert_eq!(scope.resolve("b"), Space::Unbound);
    }

    #[test]
    fn reserved_names_stay_reserved() {
        let mut scope = Scope::default();
        for (prefix, uri) in [("xml", "urn:x"), ("xmlns", "urn:x"), ("q", ""), ("q", XML), ("", XMLNS), ("q", XMLNS)] {
            assert!(!scope.declare(prefix, Cow::Borrowed(uri)), "{prefix}={uri}");
        }
        assert!(scope.declare("xml", Cow::Borrowed(XML)));
        assert_eq!(scope.resolve("xml"), Space::Other);
    }
}
