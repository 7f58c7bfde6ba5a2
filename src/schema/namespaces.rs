//! Which namespace a prefix stands for, element by element.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::message::tree::Namespace;

use super::tables::Schema;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Up to this many declarations are looked through one by one; messages have two.
const FEW: usize = 8;

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

/// Names of namespaces by number: a name can be as long as the message, and would be compared again for every tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameId(u32);

/// The number of the namespace of `xml`, which nobody needs to declare.
const XML_ID: NameId = NameId(u32::MAX);

struct Binding<'a> {
    prefix: &'a str,
    uri: Cow<'a, str>,
    id: NameId,
    space: Space,
    /// No declaration in force before it has this namespace name.
    first: bool,
    /// The declaration of the same prefix that this one shadows.
    shadowed: Option<usize>,
}

/// The declarations in force.
#[derive(Default)]
pub(super) struct Scope<'a> {
    bindings: Vec<Binding<'a>>,
    /// Number of bindings before each open element.
    marks: Vec<usize>,
    known: Option<[&'a str; 2]>,
    /// The declaration in force for each prefix.
    innermost: BTreeMap<&'a str, usize>,
    /// The number of each namespace name that is declared.
    ids: BTreeMap<Cow<'a, str>, NameId>,
    next_id: u32,
}

impl<'a> Scope<'a> {
    pub(super) fn enter(&mut self) {
        self.marks.push(self.bindings.len());
    }

    pub(super) fn leave(&mut self) {
        let mark = self.marks.pop().unwrap_or(0);
        while self.bindings.len() > mark {
            let Some(binding) = self.bindings.pop() else { return };
            match binding.shadowed {
                Some(outer) => self.innermost.insert(binding.prefix, outer),
                None => self.innermost.remove(binding.prefix),
            };
            if binding.first {
                self.ids.remove(&binding.uri);
            }
        }
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
            let known = if prefix == "xml" { Some(XML_ID) } else { self.ids.get(&uri).copied() };
            let id = known.unwrap_or_else(|| self.number(uri.clone()));
            let shadowed = self.innermost.insert(prefix, self.bindings.len());
            self.bindings.push(Binding { prefix, uri, id, space, first: known.is_none(), shadowed });
        }
        allowed
    }

    /// A number for a namespace name that has none.
    fn number(&mut self, uri: Cow<'a, str>) -> NameId {
        let id = NameId(self.next_id);
        // Every declaration takes bytes, and a document has fewer than 2^32.
        self.next_id = self.next_id.saturating_add(1);
        self.ids.insert(uri, id);
        id
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
        if self.bindings.len() <= FEW {
            return self.bindings.iter().rev().find(|binding| binding.prefix == prefix);
        }
        self.innermost.get(prefix).map(|&at| &self.bindings[at])
    }

    /// The number of the namespace behind a prefix; `None` when there is none.
    pub(super) fn id(&self, prefix: &str) -> Option<NameId> {
        match self.find(prefix) {
            Some(binding) => (!binding.uri.is_empty()).then_some(binding.id),
            None => (prefix == "xml").then_some(XML_ID),
        }
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
    fn many_declarations_are_found_as_few_are() {
        let prefixes: Vec<String> = (0..3 * FEW).map(|number| format!("p{number}")).collect();
        let mut scope = Scope::default();
        scope.enter();
        assert!(scope.declare("p0", Cow::Borrowed("urn:outer")) && scope.declare("same", Cow::Borrowed("urn:p1")));
        scope.enter();
        for prefix in &prefixes {
            assert!(scope.declare(prefix, Cow::Owned(format!("urn:{prefix}"))));
        }
        assert_eq!((scope.uri("p0"), scope.uri("p20"), scope.resolve("q")), ("urn:p0", "urn:p20", Space::Unbound));
        assert_eq!(scope.id("same"), scope.id("p1"));
        assert_ne!(scope.id("p2"), scope.id("p1"));
        assert_eq!((scope.id("q"), scope.id(""), scope.id("xml").is_some()), (None, None, true));
        scope.leave();
        assert_eq!((scope.uri("p0"), scope.uri("p20"), scope.uri("same")), ("urn:outer", "", "urn:p1"));
        assert!(scope.innermost.len() == 2 && scope.ids.len() == 2);
        scope.leave();
        assert!(scope.innermost.is_empty() && scope.ids.is_empty());
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
