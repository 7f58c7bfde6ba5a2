//! Small groups: which figures are left out so that nothing can be told about fewer than five persons.
//!
//! A cell about one to four persons is left out ([`Seen::Small`]). Where such a cell would follow from a sum and its
//! other parts, further cells are left out too ([`Seen::Withheld`]), the smallest first: below a sum that is shown, the
//! cells left out are always two or more, and together about five persons or more; a sum that is left out never
//! follows from its parts. Cells about nobody are shown: they say nothing about anybody, and hide nothing either.

/// The smallest group that figures are shown of.
pub const LEAST: u64 = 5;

/// What becomes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Shown.
    Shown,
    /// Left out: it is about one to four persons.
    Small,
    /// Left out, because a small cell would follow from it.
    Withheld,
}

/// Cells by the number of persons behind each, and which are sums of which.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    persons: Vec<u64>,
    sums: Vec<Sum>,
}

#[derive(Debug, Clone)]
struct Sum {
    total: usize,
    parts: Vec<usize>,
}

impl Cells {
    /// Adds a cell about so many persons; gives its place.
    pub fn add(&mut self, persons: usize) -> usize {
        self.persons.push(u64::try_from(persons).unwrap_or(u64::MAX));
        self.persons.len() - 1
    }

    /// Notes that one cell is the sum of others. Sums may be parts of further sums; those at the bottom come first, so
    /// that cells go before sums do.
    pub fn sum(&mut self, total: usize, parts: Vec<usize>) {
        self.sums.push(Sum { total, parts });
    }

    /// What becomes of each cell, by place.
    pub fn protect(&self) -> Vec<Seen> {
        let small: Vec<bool> = self.persons.iter().map(|persons| (1..LEAST).contains(persons)).collect();
        let mut hidden = small.clone();
        // Every turn but the last hides a cell, so there is an end to it. All sums have their turn before one has another:
        // what is hidden for the sake of a column may be all that a row needs.
        loop {
            let before = hidden.iter().filter(|hidden| **hidden).count();
            for sum in &self.sums {
                while let Some(next) = self.exposed(sum, &hidden) {
                    hidden[next] = true;
                }
            }
            if hidden.iter().filter(|hidden| **hidden).count() == before {
                break;
            }
        }
        let seen = |(small, hidden): (&bool, &bool)| match (small, hidden) {
            (true, _) => Seen::Small,
            (false, true) => Seen::Withheld,
            (false, false) => Seen::Shown,
        };
        small.iter().zip(&hidden).map(seen).collect()
    }

    /// The cell to hide next, when this sum gives away what is hidden.
    fn exposed(&self, sum: &Sum, hidden: &[bool]) -> Option<usize> {
        let counting = || sum.parts.iter().copied().filter(|part| self.persons[*part] > 0);
        let left_out: Vec<usize> = counting().filter(|part| hidden[*part]).collect();
        let smallest = counting().filter(|part| !hidden[*part]).min_by_key(|part| (self.persons[*part], *part));
        if hidden[sum.total] {
            return if left_out.is_empty() { smallest } else { None };
        }
        let together = left_out.iter().map(|part| self.residue(*part, hidden)).fold(0, u64::saturating_add);
        let is_safe = left_out.is_empty() || (left_out.len() > 1 && together >= LEAST);
        if is_safe { None } else { smallest.or(Some(sum.total)) }
    }

    /// Persons of a hidden cell who cannot be told apart: of a sum, those of its hidden parts.
    fn residue(&self, cell: usize, hidden: &[bool]) -> u64 {
        let of_parts = |sum: &Sum| {
            let parts = sum.parts.iter().copied().filter(|part| hidden[*part] && self.persons[*part] > 0);
            parts.map(|part| self.residue(part, hidden)).reduce(u64::saturating_add)
        };
        self.sums.iter().filter(|sum| sum.total == cell).filter_map(of_parts).min().unwrap_or(self.persons[cell])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells with one sum over all of them; what becomes of the cells and then of the sum. `S`hown, `<`, `x`.
    fn row(persons: &[usize]) -> String {
        let mut cells = Cells::default();
        let parts: Vec<usize> = persons.iter().map(|persons| cells.add(*persons)).collect();
        let total = cells.add(persons.iter().sum());
        cells.sum(total, parts);
        text(&cells)
    }

    fn text(cells: &Cells) -> String {
        let letter = |seen: &Seen| match seen {
            Seen::Shown => 'S',
            Seen::Small => '<',
            Seen::Withheld => 'x',
        };
        cells.protect().iter().map(letter).collect()
    }

    #[test]
    fn five_is_shown_and_four_is_not() {
        assert_eq!(row(&[5, 6]), "SSS");
        assert_eq!(row(&[4, 6, 9]), "<xSS", "the smallest other cell goes too: 19 - 6 - 9 would tell");
        assert_eq!(row(&[0, 6, 9]), "SSSS", "nobody is nobody");
        assert_eq!(row(&[]), "S");
    }

    #[test]
    fn what_is_left_out_is_about_five_persons_together() {
        assert_eq!(row(&[2, 3, 9]), "<<SS");
        assert_eq!(row(&[2, 2, 9, 7]), "<<SxS", "four persons together would follow from the total");
        assert_eq!(row(&[1, 1, 1, 1, 1]), "<<<<<S");
    }

    #[test]
    fn a_total_that_is_one_cell_goes_with_it() {
        assert_eq!(row(&[3]), "<<");
        assert_eq!(row(&[3, 0]), "<S<");
        assert_eq!(row(&[1, 2]), "<<<");
        assert_eq!(row(&[4, 4]), "<<S");
        assert_eq!(row(&[4, 7]), "<xS");
    }

    #[test]
    fn a_total_that_goes_is_not_told_by_the_totals_above_and_below_it() {
        // Two totals of one cell each below a total of all: the small one takes its total along, that takes the other
        // total, and that one its only cell.
        let mut cells = Cells::default();
        let (a, b, of_a, of_b, all) = (cells.add(3), cells.add(8), cells.add(3), cells.add(8), cells.add(11));
        cells.sum(of_a, vec![a]);
        cells.sum(of_b, vec![b]);
        cells.sum(all, vec![of_a, of_b]);
        assert_eq!(text(&cells), "<x<xS");
    }

    #[test]
    fn what_a_shown_part_of_a_hidden_total_gives_away_is_reckoned_with() {
        // Total P = 2 + 8 is hidden beside Q = 2; if 8 stayed shown, all - 8 - 0 would be about 2 + 2 persons.
        let mut cells = Cells::default();
        let (x, y, q) = (cells.add(2), cells.add(8), cells.add(2));
        let (p, all) = (cells.add(10), cells.add(12));
        cells.sum(p, vec![x, y]);
        cells.sum(all, vec![p, q]);
        assert_eq!(text(&cells), "<x<xS");
    }

    #[test]
    fn in_a_grid_rows_and_columns_hold_at_once() {
        // Two providers by two levels with all sums.
        let mut cells = Cells::default();
        let grid = [[3, 20], [30, 40]].map(|row| row.map(|persons| cells.add(persons)));
        let rows = [cells.add(23), cells.add(70)];
        let columns = [cells.add(33), cells.add(60)];
        let all = cells.add(93);
        for at in 0..2 {
            cells.sum(rows[at], grid[at].to_vec());
            cells.sum(columns[at], vec![grid[0][at], grid[1][at]]);
        }
        cells.sum(all, rows.to_vec());
        cells.sum(all, columns.to_vec());
        assert_eq!(text(&cells), "<xxxSSSSS", "in two by two, one cell follows from the others");
    }
}
