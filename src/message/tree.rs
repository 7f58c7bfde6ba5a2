//! The validated document as a compact tree: what the schema layer hands to the typed messages.
//!
//! Nodes stand in document order in one vector, so a subtree is a slice. Every node knows its byte offset in the
//! source, so that a finding can be shown at its line and column; those are computed only when somebody asks.
//! The tree holds personal data: its `Debug` shows sizes only.

use std::collections::HashMap;
use std::fmt;

/// Which of the two namespaces of a message an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// The namespace of the message itself.
    Message,
    /// The namespace of the shared types (basisschema).
    Base,
}

#[derive(Clone)]
struct NodeData {
    name: u16,
    namespace: Namespace,
    repeats: bool,
    /// Position among siblings of the same name, from 1.
    ordinal: u32,
    parent: u32,
    /// Index just behind the last node of this subtree.
    end: u32,
    offset: u32,
    text_start: u32,
    text_end: u32,
}

/// A document whose every element the schema knows.
#[derive(Clone, Default)]
pub struct Tree {
    names: Vec<Box<str>>,
    nodes: Vec<NodeData>,
    text: String,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({} nodes, {} bytes of text)", self.nodes.len(), self.text.len())
    }
}

impl Tree {
    /// The root element (`Bericht`); `None` only for a tree that nothing was added to.
    pub fn root(&self) -> Option<Node<'_>> {
        (!self.nodes.is_empty()).then_some(Node { tree: self, index: 0 })
    }

    /// An index from path to offset over the whole tree.
    pub fn locator(&self) -> Locator {
        let mut offsets = HashMap::with_capacity(self.nodes.len());
        let mut pending: Vec<(Node<'_>, String)> = Vec::new();
        if let Some(root) = self.root() {
            pending.push((root, root.path()));
        }
        while let Some((node, path)) = pending.pop() {
            for child in node.children() {
                let name = child.name();
                let child_path = if child.data().repeats {
                    format!("{path}/{name}[{}]", child.ordinal())
                } else {
                    format!("{path}/{name}")
                };
                pending.push((child, child_path));
            }
            offsets.insert(path, node.offset());
        }
        Locator { offsets }
    }

    /// The deepest node that exists on `path` (as written by [`Node::path`]), walking down from the root.
    ///
    /// A finding about a missing element names its path; the place to show is then its nearest existing ancestor.
    pub fn nearest(&self, path: &str) -> Option<Node<'_>> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let mut node = self.root()?;
        if parts.next()? != node.name() {
            return Some(node);
        }
        for part in parts {
            let (name, ordinal) = split_ordinal(part);
            let Some(next) = node.children().find(|child| child.name() == name && child.ordinal() == ordinal) else {
                break;
            };
            node = next;
        }
        Some(node)
    }
}

fn split_ordinal(part: &str) -> (&str, u32) {
    part.strip_suffix(']')
        .and_then(|part| part.split_once('['))
        .and_then(|(name, digits)| Some((name, digits.parse().ok()?)))
        .unwrap_or((part, 1))
}

/// One element of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    index: u32,
}

impl<'t> Node<'t> {
    fn data(self) -> &'t NodeData {
        &self.tree.nodes[self.index as usize]
    }

    /// Local name of the element.
    pub fn name(self) -> &'t str {
        &self.tree.names[usize::from(self.data().name)]
    }

    /// Namespace of the element.
    pub fn namespace(self) -> Namespace {
        self.data().namespace
    }

    /// Position among siblings of the same name, from 1.
    pub fn ordinal(self) -> u32 {
        self.data().ordinal
    }

    /// Character data of a simple element, references resolved; empty for an element with children.
    pub fn text(self) -> &'t str {
        let data = self.data();
        &self.tree.text[data.text_start as usize..data.text_end as usize]
    }

    /// Byte offset of the start tag in the source.
    pub fn offset(self) -> usize {
        self.data().offset as usize
    }

    /// Children in document order.
    pub fn children(self) -> impl Iterator<Item = Node<'t>> {
        let (tree, end) = (self.tree, self.data().end);
        let mut next = self.index + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let node = Node { tree, index: next };
            next = node.data().end;
            Some(node)
        })
    }

    /// First child with this name.
    pub fn child(self, name: &str) -> Option<Node<'t>> {
        self.children().find(|child| child.name() == name)
    }

    /// Whether the element is simple: no element children.
    pub fn is_leaf(self) -> bool {
        self.data().end == self.index + 1
    }

    /// Absolute path; elements that may repeat carry their ordinal: `/Bericht/Client/StartProducten/StartProduct[1]`.
    pub fn path(self) -> String {
        let mut parts = Vec::new();
        let mut index = self.index;
        loop {
            let node = Node { tree: self.tree, index };
            let data = node.data();
            parts.push(if data.repeats {
                format!("{}[{}]", node.name(), data.ordinal)
            } else {
                node.name().to_owned()
            });
            if index == 0 {
                break;
            }
            index = data.parent;
        }
        parts.reverse();
        format!("/{}", parts.join("/"))
    }
}

/// Fills a [`Tree`] in document order.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    tree: Tree,
    open: Vec<u32>,
}

impl TreeBuilder {
    /// Opens an element whose start tag stands at byte `offset`. `repeats`: the schema allows more than one.
    pub fn open(&mut self, name: &str, namespace: Namespace, repeats: bool, offset: usize) {
        let index = u32::try_from(self.tree.nodes.len()).expect("limits on size keep node counts below 2^32");
        let name = self.intern(name);
        let parent = self.open.last().copied().unwrap_or(0);
        let ordinal = if repeats { self.ordinal(parent, name) } else { 1 };
        let at = u32::try_from(self.tree.text.len()).expect("limits on size keep text below 2^32 bytes");
        self.tree.nodes.push(NodeData {
            name,
            namespace,
            repeats,
            ordinal,
            parent,
            end: index + 1,
            offset: u32::try_from(offset).expect("limits on size keep offsets below 2^32"),
            text_start: at,
            text_end: at,
        });
        self.open.push(index);
    }

    /// Adds character data to the open element. Call it only for elements without children.
    pub fn text(&mut self, text: &str) {
        if let Some(&index) = self.open.last() {
            self.tree.text.push_str(text);
            self.tree.nodes[index as usize].text_end =
                u32::try_from(self.tree.text.len()).expect("limits on size keep text below 2^32 bytes");
        }
    }

    /// Closes the open element.
    pub fn close(&mut self) {
        if let Some(index) = self.open.pop() {
            self.tree.nodes[index as usize].end =
                u32::try_from(self.tree.nodes.len()).expect("limits on size keep node counts below 2^32");
        }
    }

    /// The finished tree. Elements still open are closed.
    pub fn finish(mut self) -> Tree {
        while !self.open.is_empty() {
            self.close();
        }
        self.tree
    }

    fn intern(&mut self, name: &str) -> u16 {
        let known = self.tree.names.iter().position(|known| &**known == name);
        let index = known.unwrap_or_else(|| {
            self.tree.names.push(name.into());
            self.tree.names.len() - 1
        });
        u16::try_from(index).expect("a schema has fewer than 2^16 element names")
    }

    /// One more than the ordinal of the last closed sibling of the same name: siblings that repeat stand together
    /// in a sequence, so the last closed child of the parent is either that sibling or another element.
    fn ordinal(&self, parent: u32, name: u16) -> u32 {
        let last = self.tree.nodes.len() - 1;
        let mut index = u32::try_from(last).expect("limits on size keep node counts below 2^32");
        while index > parent && self.tree.nodes[index as usize].parent != parent {
            index = self.tree.nodes[index as usize].parent;
        }
        let sibling = &self.tree.nodes[index as usize];
        if index > parent && sibling.name == name { sibling.ordinal + 1 } else { 1 }
    }
}

/// Where each line of a source begins, so that many places can be shown without reading the source anew for each: also
/// when the whole source is one line.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// Characters before each block of [`LineIndex::BLOCK`] bytes.
    characters: Vec<usize>,
}

impl LineIndex {
    const BLOCK: usize = 4096;
    const BOM: &[u8] = b"\xEF\xBB\xBF";

    /// Reads the line starts of a source. A byte order mark is no character of the first line.
    pub fn of(source: &[u8]) -> LineIndex {
        let first = if source.starts_with(Self::BOM) { Self::BOM.len() } else { 0 };
        let breaks = source.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at + 1);
        let blocks = source.chunks(Self::BLOCK).scan(0, |sum, block| {
            *sum += count_characters(block);
            Some(*sum)
        });
        LineIndex {
            starts: std::iter::once(first).chain(breaks).collect(),
            characters: std::iter::once(0).chain(blocks).collect(),
        }
    }

    /// Line and column of a byte offset in the same source, both from 1; the column counts characters.
    pub fn position(&self, source: &[u8], offset: usize) -> (u32, u32) {
        let offset = offset.clamp(self.starts[0], source.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        let column = self.before(source, offset) - self.before(source, self.starts[line - 1]) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// Byte offset of a line and column, the inverse of [`LineIndex::position`]; what lies beyond a line or the source
    /// is taken for its end.
    pub fn offset(&self, source: &[u8], line: u32, column: u32) -> usize {
        let std::ops::Range { start, end } = self.line(source, line);
        let wanted = self.before(source, start) + column.saturating_sub(1) as usize;
        let block = self.characters.partition_point(|&characters| characters <= wanted).saturating_sub(1);
        let from = (block * Self::BLOCK).clamp(start, end);
        let mut characters = self.before(source, from);
        for (at, byte) in source[from..end].iter().enumerate() {
            if is_character_start(*byte) {
                if characters == wanted {
                    return from + at;
                }
                characters += 1;
            }
        }
        end
    }

    /// The bytes of a line without its line end; empty at the end of the source for a line that does not exist.
    pub fn line(&self, source: &[u8], line: u32) -> std::ops::Range<usize> {
        let index = (line as usize).saturating_sub(1);
        let Some(&start) = self.starts.get(index) else {
            return source.len()..source.len();
        };
        let Some(&next) = self.starts.get(index + 1) else {
            return start..source.len();
        };
        let end = next - 1;
        start..if end > start && source[end - 1] == b'\r' { end - 1 } else { end }
    }

    /// Characters before a byte offset.
    fn before(&self, source: &[u8], offset: usize) -> usize {
        let block = offset / Self::BLOCK;
        self.characters[block] + count_characters(&source[block * Self::BLOCK..offset])
    }
}

/// Characters of a piece of UTF-8: all bytes but those that continue one.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| is_character_start(byte)).count()
}

fn is_character_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Line and column of one byte offset; see [`LineIndex::position`].
pub fn position(source: &[u8], offset: usize) -> (u32, u32) {
    LineIndex::of(source).position(source, offset)
}

/// Finds the offsets of many paths: one walk over the tree instead of one per path.
#[derive(Debug)]
pub struct Locator {
    offsets: HashMap<String, usize>,
}

impl Locator {
    /// Byte offset of the deepest element that exists on `path`.
    pub fn offset(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(&offset) = self.offsets.get(path) {
                return Some(offset);
            }
            path = &path[..path.rfind('/')?];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        let mut builder = TreeBuilder::default();
        builder.open("Bericht", Namespace::Message, false, 0);
        builder.open("Client", Namespace::Message, false, 10);
        for offset in [20, 40] {
            builder.open("Contact", Namespace::Message, true, offset);
            builder.open("Soort", Namespace::Message, false, offset + 5);
            builder.text("01");
            builder.close();
            builder.close();
        }
        builder.finish()
    }

    #[test]
    fn paths_lead_back_to_their_nodes() {
        let tree = sample();
        let node = tree.nearest("/Bericht/Client/Contact[2]/Soort").expect("the sample has this node");
        assert_eq!(node.path(), "/Bericht/Client/Contact[2]/Soort");
        assert_eq!((node.text(), node.offset()), ("01", 45));
    }

    #[test]
    fn a_missing_element_is_shown_at_its_nearest_ancestor() {
        let tree = sample();
        let node = tree.nearest("/Bericht/Client/Contact[1]/Periode/Begindatum").expect("the root exists");
        assert_eq!(node.path(), "/Bericht/Client/Contact[1]");
        let offset = tree.locator().offset("/Bericht/Client/Contact[2]/Periode/Begindatum");
        assert_eq!(offset, Some(40), "the index agrees with the walk");
    }

    #[test]
    fn columns_count_characters() {
        let source = "a\né<b>".as_bytes();
        assert_eq!(position(source, 0), (1, 1));
        assert_eq!(position(source, 4), (2, 2));
    }

    #[test]
    fn a_byte_order_mark_is_no_character() {
        let source = "\u{FEFF}<a>\n<b>".as_bytes();
        assert_eq!(position(source, 0), (1, 1));
        assert_eq!(position(source, 3), (1, 1));
        assert_eq!(position(source, 4), (1, 2));
        assert_eq!(position(source, 7), (2, 1));
    }

    #[test]
    fn positions_lead_back_to_their_offsets() {
        let long = "é<€>".repeat(3_000);
        let source = format!("\u{FEFF}kop\r\n\n{long}\n{long}x");
        let (source, lines) = (source.as_bytes(), LineIndex::of(source.as_bytes()));
        for offset in (3..source.len()).filter(|&at| is_character_start(source[at]) && !b"\r\n".contains(&source[at])) {
            let (line, column) = lines.position(source, offset);
            assert_eq!(lines.offset(source, line, column), offset, "{line}:{column}");
        }
        assert_eq!(&source[lines.line(source, 1)], b"kop");
        assert_eq!((lines.line(source, 2), lines.line(source, 99)), (8..8, source.len()..source.len()));
        assert_eq!(lines.offset(source, 1, 99), 6, "the end of the line");
        assert_eq!(lines.offset(source, 0, 0), 3);
    }

    #[test]
    fn an_empty_source_has_one_empty_line() {
        let lines = LineIndex::of(b"");
        assert_eq!((lines.position(b"", 7), lines.offset(b"", 1, 1), lines.line(b"", 1)), ((1, 1), 0, 0..0));
    }
}
