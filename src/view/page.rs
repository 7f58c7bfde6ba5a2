//! Pages of a list: what is shown at once, and where the next one begins.

use serde::Serialize;

/// Rows that a page holds at most.
pub const ROWS: u32 = 50;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask for what follows with; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of what was read, one row more than it holds where there is more; `cursor` is that of a row.
    pub fn of(mut items: Vec<T>, cursor: impl Fn(&T) -> String) -> Page<T> {
        let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
        let has_more = items.len() > most;
        items.truncate(most);
        let next = if has_more { items.last().map(cursor) } else { None };
        Page { items, next }
    }
}

/// Rows to read for a page: one more tells whether there is another.
pub const READ: u32 = ROWS + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_says_where_the_next_begins() {
        let page = |count: u32| Page::of((0..count).collect(), u32::to_string);
        assert_eq!((page(0).items.len(), page(0).next), (0, None));
        assert_eq!((page(ROWS).items.len(), page(ROWS).next), (50, None));
        assert_eq!((page(READ).items.len(), page(READ).next.as_deref()), (50, Some("49")));
    }
}
