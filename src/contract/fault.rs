//! What is wrong with the register of a region, told to whoever keeps its files.

use std::fmt;

/// One fault in one place of a region's folder. A register with a fault is never used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegisterFault {
    /// File name within the folder, such as `tariffs.csv`.
    pub file: String,
    /// Line in the file, from 1; `None` when the file as a whole is meant.
    pub row: Option<u32>,
    /// Column of a table, or path of a key in `region.toml`.
    pub column: Option<String>,
    /// What is wrong, with the values compared.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl RegisterFault {
    /// A fault of a file as a whole.
    pub(crate) fn of_file(file: &str, what: impl Into<String>, remedy: impl Into<String>) -> RegisterFault {
        RegisterFault {
            file: file.to_owned(),
            row: None,
            column: None,
            what: one_line(&what.into()),
            remedy: one_line(&remedy.into()),
        }
    }

    /// A fault of one line, in one column.
    pub(crate) fn at(
        file: &str,
        row: u32,
        column: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> RegisterFault {
        RegisterFault {
            file: file.to_owned(),
            row: Some(row),
            column: (!column.is_empty()).then(|| one_line(column)),
            what: one_line(&what.into()),
            remedy: one_line(&remedy.into()),
        }
    }
}

/// A text that may repeat what stands in a file, without what would break the line or steer a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

impl fmt::Display for RegisterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ":{row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, " [{column}]")?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

/// The known word that looks most like `word`, when one looks like it at all.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let bound = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …` or, when nothing looks like `word`, the list of what is known.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(word, known.clone()) {
        return format!("did you mean `{near}`?");
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    match (names.is_empty(), more) {
        (true, _) => "none is known".to_owned(),
        (false, 0) => format!("known are: {}", names.join(", ")),
        (false, more) => format!("known are: {} and {more} more", names.join(", ")),
    }
}

/// Number of letters to insert, delete or replace to turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ours) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, theirs) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ours != *theirs);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_line_whatever_the_file_holds() {
        let fault =
            RegisterFault::at("products.csv", 1, "law\rcode", "unknown column `law\rcode`", "known are: \u{1b}[2J");
        assert_eq!(
            fault.to_string(),
            "products.csv:1 [law code]: unknown column `law code`; known are:  [2J",
            "a spreadsheet of an old Mac ends its lines with CR alone"
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_stranger_is_not() {
        let known = ["valid_from", "valid_to", "segment"];
        assert_eq!(nearest("valid_form", known), Some("valid_from"));
        assert_eq!(nearest("Segment", known), Some("segment"));
        assert_eq!(nearest("opmerking", known), None);
        assert_eq!(hint("opmerking", known), "known are: segment, valid_from, valid_to");
    }
}
