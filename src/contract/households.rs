//! The table of households that a municipality hands in: who live together. Messages do not tell.
//!
//! It is read as strictly as the tables of a register, all faults at once. No fault repeats a BSN, nor what may be one
//! in a wrong place: a cell is named by its row and column.

use super::fault::RegisterFault;
use super::table::{Row, Table};
use crate::message::{Bsn, Party};
use std::collections::{BTreeMap, BTreeSet};

/// How faults name the table.
const TABLE: &str = "households";
/// Columns: municipality code, a name for the household within it, a member.
pub const COLUMNS: &[&str] = &["municipality", "household", "bsn"];
/// Longest name of a household, in characters.
const LONGEST: usize = 64;

/// Households by municipality: the household of each member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Households {
    /// By municipality and member.
    pub members: BTreeMap<(Party, Bsn), String>,
}

impl Households {
    /// The municipalities that the table names.
    pub fn gemeenten(&self) -> BTreeSet<Party> {
        self.members.keys().map(|(gemeente, _)| gemeente.clone()).collect()
    }
}

/// Reads the table. `is_known` tells whether a municipality belongs to a region of the gateway.
///
/// # Errors
/// All faults, in order of row.
pub fn read(bytes: &[u8], is_known: impl Fn(&Party) -> bool) -> Result<Households, Vec<RegisterFault>> {
    let mut faults = Vec::new();
    let mut households = Households::default();
    if let Some(table) = Table::read(TABLE, COLUMNS, bytes, &mut faults) {
        let mut lines: BTreeMap<(Party, Bsn), u32> = BTreeMap::new();
        for row in table.rows() {
            let gemeente = gemeente(&row, &is_known, &mut faults);
            let (household, bsn) = (household(&row, &mut faults), bsn(&row, &mut faults));
            let (Some(gemeente), Some(household), Some(bsn)) = (gemeente, household, bsn) else { continue };
            let member = (gemeente, bsn);
            if let Some(line) = lines.get(&member) {
                let what = format!("the person of row {line} stands here again");
                faults.push(row.fault(
                    "bsn",
                    what,
                    "a person has one household in a municipality: keep one of the rows",
                ));
                continue;
            }
            lines.insert(member.clone(), row.line);
            households.members.insert(member, household);
        }
        if faults.is_empty() && households.members.is_empty() {
            let remedy = "to take households away, use `sluis household forget`";
            faults.push(RegisterFault::of_file(TABLE, "the table has no rows", remedy));
        }
    }
    if faults.is_empty() {
        return Ok(households);
    }
    faults.sort();
    Err(faults.into_iter().map(discreet).collect())
}

fn gemeente(row: &Row<'_>, is_known: impl Fn(&Party) -> bool, faults: &mut Vec<RegisterFault>) -> Option<Party> {
    let code = Party::from(row.digits("municipality", 4, faults)?);
    if is_known(&code) {
        return Some(code);
    }
    let what = format!("municipality {code} is in no region of this gateway");
    faults.push(row.fault("municipality", what, "check the code, or [contract] region in the configuration"));
    None
}

fn household(row: &Row<'_>, faults: &mut Vec<RegisterFault>) -> Option<String> {
    let name = row.text("household", faults)?;
    if name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        let what =
            format!("the name of the household is longer than {LONGEST} characters, or has signs that do not print");
        faults.push(row.fault("household", what, "use a short number or code of your own"));
        return None;
    }
    // Households are stored as they stand, persons are not.
    if name.split(|letter: char| !letter.is_ascii_digit()).any(Bsn::passes_eleven_test) {
        let what = "the name of the household could be a BSN";
        faults.push(row.fault("household", what, "use a number or code that is nobody's BSN"));
        return None;
    }
    Some(name.to_owned())
}

fn bsn(row: &Row<'_>, faults: &mut Vec<RegisterFault>) -> Option<Bsn> {
    let cell = row.text("bsn", faults)?;
    if Bsn::passes_eleven_test(cell) {
        return Some(Bsn::from(cell));
    }
    let is_number = cell.bytes().all(|byte| byte.is_ascii_digit());
    let (what, remedy) = match (is_number, cell.len()) {
        (true, 9) => ("the BSN does not pass the eleven test", "look for a typing error"),
        (true, ..9) => (
            "the BSN has fewer than nine digits",
            "write nine digits and format the column as text, or the sheet drops leading zeros",
        ),
        (true, _) => ("the BSN has more than nine digits", "write nine digits"),
        (false, _) => ("the BSN is not nine digits", "write nine digits, without dots or blanks"),
    };
    faults.push(row.fault("bsn", what, remedy));
    None
}

/// A fault of the reader may show a cell that stands in the wrong place; what could hold a BSN is starred out.
fn discreet(fault: RegisterFault) -> RegisterFault {
    /// Fewer digits than this tell nobody.
    const TELLING: usize = 7;
    let stars = |text: String| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let star = |letter: char| if letter.is_ascii_digit() { '*' } else { letter };
        if digits < TELLING { text } else { text.chars().map(star).collect() }
    };
    RegisterFault { what: stars(fault.what), remedy: stars(fault.remedy), column: fault.column.map(stars), ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Households, Vec<String>> {
        let is_known = |gemeente: &Party| matches!(gemeente.as_str(), "0197" | "0222");
        read(text.as_bytes(), is_known).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn households_are_read_as_spreadsheets_write_them() {
        let text = "\u{feff}sep=;\r\nhousehold;bsn;municipality\r\nH1;999900006;0197\r\n H1 ;\"999900018\";0197;;\r\n\r\nH1;999900006;0222\r\n";
        let households = read_text(text).expect("a readable table");
        let of = |gemeente: &str, bsn: &str| households.members.get(&(gemeente.into(), bsn.into())).map(String::as_str);
        assert_eq!(households.members.len(), 3);
        assert_eq!((of("0197", "999900006"), of("0197", "999900018")), (Some("H1"), Some("H1")));
        assert_eq!(households.gemeenten(), BTreeSet::from([Party::from("0197"), Party::from("0222")]));
    }

    #[test]
    fn all_faults_are_told_by_row_and_none_repeats_a_bsn() {
        let text = "municipality;household;bsn\n\
                    0197;H1;999900006\n\
                    0197;H2;999900006\n\
                    0197;H1;999900007\n\
                    0197;H1;99990000\n\
                    0197;H1;9999.00.018\n\
                    0197;H1;9999000180\n\
                    0197;H1;\n\
                    197;H1;999900018\n\
                    0363;H1;999900018\n\
                    0197;;999900018\n\
                    0197;gezin 999900018;999900018\n\
                    0197;H1;999900018;999900018\n\
                    0197;999900018;H1\n";
        let faults = read_text(text).expect_err("faults");
        let rows: Vec<&str> = faults.iter().map(|fault| fault.split_once(": ").expect("a place").0).collect();
        let expected = [
            "households:3 [bsn]",
            "households:4 [bsn]",
            "households:5 [bsn]",
            "households:6 [bsn]",
            "households:7 [bsn]",
            "households:8 [bsn]",
            "households:9 [municipality]",
            "households:10 [municipality]",
            "households:11 [household]",
            "households:12 [household]",
            "households:13",
            "households:14 [bsn]",
            "households:14 [household]",
        ];
        assert_eq!(rows, expected, "{faults:#?}");
        for fault in &faults {
            assert!(!fault.contains("9999"), "{fault}");
        }
    }

    #[test]
    fn a_table_without_rows_or_header_changes_nothing() {
        for (text, what) in
            [("municipality;household;bsn\n", "no rows"), ("0197;H1;999900006\n", "unknown column"), ("", "missing")]
        {
            let faults = read_text(text).expect_err(what);
            assert!(faults.iter().any(|fault| fault.contains(what)), "{faults:?}");
            assert!(!faults.iter().any(|fault| fault.contains("9999")), "{faults:?}");
        }
    }
}
