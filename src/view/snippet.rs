//! The line that a finding is about, for whoever brought the message themselves: nothing is masked.

use crate::message::tree::LineIndex;
use serde::Serialize;

/// How many bytes a snippet shows before its place, and from it.
const BACK: usize = 60;
const FORWARD: usize = 200;

/// A part of a line, in three parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// What stands before the place.
    pub before: String,
    /// What the finding is about: an element, or its start tag.
    pub marked: String,
    /// What stands after it.
    pub after: String,
    /// Whether the line goes on before and after this.
    pub cut: (bool, bool),
}

impl Snippet {
    /// The snippet of a line and column of `source`, both from 1. What cannot be shown is shown as the sign for that.
    pub fn of(source: &[u8], lines: &LineIndex, line: u32, column: u32) -> Snippet {
        let (whole, at) = (lines.line(source, line), lines.offset(source, line, column));
        let at = at.clamp(whole.start, whole.end);
        let start = at.saturating_sub(BACK).max(whole.start);
        let end = (at + FORWARD).min(whole.end);
        let marked_to = at + element(&source[at..end]);
        let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&source[range]).into_owned();
        Snippet {
            before: text(start..at),
            marked: text(at..marked_to),
            after: text(marked_to..end),
            cut: (start > whole.start, end < whole.end),
        }
    }
}

/// Length of the element that begins here when it ends here as well and holds no other; of its start tag otherwise.
fn element(rest: &[u8]) -> usize {
    let until = |from: usize, wanted: u8| rest[from..].iter().position(|&byte| byte == wanted).map(|at| from + at);
    if rest.first() != Some(&b'<') {
        return until(0, b'<').unwrap_or(rest.len());
    }
    let Some(tag) = until(0, b'>') else { return rest.len() };
    let closing = until(tag, b'<').filter(|&next| rest[next..].starts_with(b"</")).and_then(|next| until(next, b'>'));
    closing.unwrap_or(tag) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snippet(source: &str, line: u32, column: u32) -> (String, String, String) {
        let lines = LineIndex::of(source.as_bytes());
        let Snippet { before, marked, after, .. } = Snippet::of(source.as_bytes(), &lines, line, column);
        (before, marked, after)
    }

    #[test]
    fn an_element_is_marked_as_far_as_it_stands_there() {
        let text = |parts: (&str, &str, &str)| (parts.0.to_owned(), parts.1.to_owned(), parts.2.to_owned());
        for (source, column, expected) in [
            ("<a><b>1</b><c/></a>", 4, ("<a>", "<b>1</b>", "<c/></a>")),
            ("<a><b>1</b></a>", 1, ("", "<a>", "<b>1</b></a>")),
            ("<a>één</a>", 4, ("<a>", "één", "</a>")),
            ("<a", 1, ("", "<a", "")),
            ("", 1, ("", "", "")),
            ("<a>", 99, ("<a>", "", "")),
        ] {
            assert_eq!(snippet(source, 1, column), text(expected), "{source}");
        }
        assert_eq!(snippet("<a>\n<b/>", 2, 1).1, "<b/>");
        assert_eq!(snippet("<a>", 7, 3).1, "");
    }

    #[test]
    fn a_long_line_is_cut_and_letters_of_several_bytes_never_panic() {
        let source = "é".repeat(4_000);
        let lines = LineIndex::of(source.as_bytes());
        for column in [1, 2, 31, 2_000, 3_999, 4_000] {
            let shown = Snippet::of(source.as_bytes(), &lines, 1, column);
            assert!(shown.before.len() + shown.marked.len() + shown.after.len() < 300, "{column}");
        }
        assert_eq!(Snippet::of(source.as_bytes(), &lines, 1, 2_000).cut, (true, true));
    }
}
