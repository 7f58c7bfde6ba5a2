//! `docs/access.md`: the page on access, with the roles as the code has them.

use super::{Permission, Role};
use std::fmt::Write as _;

const HEAD: &str = include_str!("page.md");
const REST: &str = include_str!("page_end.md");

/// The page.
pub fn page() -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut page = HEAD.to_owned();
    page.push_str("| permission | allows |");
    for role in Role::ALL {
        write!(page, " {} |", role.as_str()).expect(INFALLIBLE);
    }
    page.push_str("\n|---|---|");
    page.push_str(&"---|".repeat(Role::ALL.len()));
    page.push('\n');
    for permission in Permission::ALL {
        write!(page, "| `{}` | {} |", permission.as_str(), permission.meaning()).expect(INFALLIBLE);
        for role in Role::ALL {
            let may = if role.permissions().contains(&permission) { " x |" } else { " |" };
            page.push_str(may);
        }
        page.push('\n');
    }
    page.push_str(REST);
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_that_of_the_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
        let page = super::page();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &page).expect("the page can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page, "docs/access.md is not that of the code: UPDATE=1 cargo test --lib access::page");
    }
}
