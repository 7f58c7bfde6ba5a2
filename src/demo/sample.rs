//! The regions that the demo can play: profile and sample register, part of the program so that it runs anywhere.

use super::traffic::{self, Item};
use crate::contract::Register;
use crate::contract::register::Files;

/// A region that can be played.
#[derive(Debug)]
pub struct Sample {
    /// Its id, the name of its folder.
    pub id: &'static str,
    /// Its name, as it reads after "of".
    pub name: &'static str,
    /// The files of its register, by name.
    pub files: [(&'static str, &'static str); 6],
    /// Municipalities whose back office the demo serves.
    pub back_offices: &'static [&'static str],
    day: fn(&Sample) -> Vec<Item>,
}

impl Sample {
    /// The traffic of its day, in order.
    pub fn day(&self) -> Vec<Item> {
        (self.day)(self)
    }

    /// Its register.
    ///
    /// # Panics
    /// Never: the tests load every register that is part of the program.
    pub fn register(&self) -> Register {
        let files: Files =
            self.files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Register::parse(&files).expect("a register that is part of the program has no fault")
    }
}

macro_rules! sample {
    ($id:literal, $name:literal, $back_offices:expr, $day:expr) => {
        Sample {
            id: $id,
            name: $name,
            files: sample!(
                $id, "region.toml", "products.csv", "providers.csv", "contracts.csv", "tariffs.csv", "agreements.csv"
            ),
            back_offices: $back_offices,
            day: $day,
        }
    };
    ($id:literal, $( $file:literal ),+) => {
        [$( ($file, include_str!(concat!("../../config/regions/", $id, "/", $file))) ),+]
    };
}

/// All regions that can be played, by id.
pub static ALL: [Sample; 5] = [
    sample!("achterhoek", "the Achterhoek", &["0197", "0222"], |_| traffic::achterhoek::day()),
    sample!("gooi-en-vechtstreek", "Gooi en Vechtstreek", &["0402"], traffic::gooi_en_vechtstreek::day),
    sample!("hart-van-brabant", "Hart van Brabant", &["0855"], traffic::hart_van_brabant::day),
    sample!("nmd", "Noord & Midden Drenthe", &["0106", "1690"], traffic::nmd::day),
    sample!("noord-limburg", "Noord-Limburg", &["0983"], traffic::noord_limburg::day),
];

/// The region with this id.
///
/// # Errors
/// Which regions there are, when there is none of that name.
pub fn find(id: &str) -> Result<&'static Sample, String> {
    ALL.iter().find(|sample| sample.id == id).ok_or_else(|| {
        let known: Vec<&str> = ALL.iter().map(|sample| sample.id).collect();
        format!("unknown region `{id}`; known are: {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_the_region_of_its_id_and_serves_its_own_municipalities() {
        for sample in &ALL {
            let region = sample.register().region;
            assert_eq!(region.id, sample.id);
            for gemeente in sample.back_offices {
                assert!(region.municipalities.keys().any(|code| code.as_str() == *gemeente), "{gemeente}");
            }
        }
        assert!(ALL.is_sorted_by_key(|sample| sample.id));
    }

    #[test]
    fn a_region_that_is_not_there_is_told_with_the_list() {
        assert_eq!(find("nmd").map(|sample| sample.id), Ok("nmd"));
        let told = find("drenthe").expect_err("no such region");
        assert_eq!(
            told,
            "unknown region `drenthe`; known are: achterhoek, gooi-en-vechtstreek, hart-van-brabant, nmd, noord-limburg"
        );
    }
}
