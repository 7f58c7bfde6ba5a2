//! Statements in PostgreSQL's words. They are written in what both databases understand; what is left differs by word
//! only, so that no statement is written twice:
//!
//! | written | for PostgreSQL | why |
//! |---|---|---|
//! | `?1` | `$1` | the number of a parameter |
//! | `CROSS JOIN t ON ..` | `JOIN t ON ..` | `SQLite` keeps the order of a cross join, PostgreSQL plans by statistics |
//! | `INDEXED BY i` | nothing | the same |
//! | `json_each(..)` | `elements(..)` | a function of the ledger's schema: `value` is a text, so numbers are cast |
//!
//! `unhex`, `hex` and `json_extract` are functions of the ledger's schema there.

/// A statement as PostgreSQL gets it.
pub(super) fn postgres(sql: &str) -> String {
    let mut translated = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let token = token(rest, first);
        rest = &rest[token.len()..];
        match token {
            "?" => translated.push('$'),
            "json_each" => translated.push_str("elements"),
            "CROSS" => rest = rest.trim_start(),
            "INDEXED" => rest = without_words(rest, 2),
            token => translated.push_str(token),
        }
    }
    translated
}

/// The next word, quoted text or single character.
fn token(rest: &str, first: char) -> &str {
    let length = match first {
        '\'' | '"' => rest[1..].find(first).map(|end| end + 2),
        _ if is_of_word(first) => rest.find(|character| !is_of_word(character)),
        _ => Some(first.len_utf8()),
    };
    &rest[..length.unwrap_or(rest.len())]
}

fn without_words(mut rest: &str, words: usize) -> &str {
    for _ in 0..words {
        rest = rest.trim_start().trim_start_matches(is_of_word);
    }
    rest
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_put_in_other_words() {
        for (written, expected) in [
            ("SELECT ?1, ?12", "SELECT $1, $12"),
            ("FROM a CROSS JOIN b AS c\n ON c.x = a.x", "FROM a JOIN b AS c\n ON c.x = a.x"),
            ("FROM a INDEXED BY a_of_b WHERE b = ?1", "FROM a  WHERE b = $1"),
            ("FROM json_each(?1) AS k", "FROM elements($1) AS k"),
            ("SELECT 'CROSS ?1', \"INDEXED\", json_eacher", "SELECT 'CROSS ?1', \"INDEXED\", json_eacher"),
            ("SELECT '' || ?2 || 'open", "SELECT '' || $2 || 'open"),
            ("SELECT 'één?' || ?1", "SELECT 'één?' || $1"),
        ] {
            assert_eq!(postgres(written), expected);
        }
    }
}
