//! Reports: the figures of a region over a period, as one page and as CSV. See `docs/reports.md`.
//!
//! Pure: from one reading of the ledger, a register, a scope and a day. The same four give the same bytes. Each section
//! makes tables and charts as values (`table`, `chart`); page and files are written from the same, so nothing can be left
//! out in one and told in the other. Nothing here names a person or an allocation, and nothing is told about fewer than
//! five persons (`small`).

mod budget;
mod chart;
mod csv;
mod html;
mod lang;
mod levels;
mod period;
mod provision;
mod rejections;
mod signals;
pub mod small;
mod source;
mod svg;
mod table;
mod waits;

pub use chart::{BurnUp, Chart, Days, Drawing, Funnel};
pub use lang::Lang;
pub use period::Period;
pub use source::{Scope, Snapshot};
pub use table::{Cell, Column, Medium, Part, Rank, Row, Section, Table};

use crate::contract::Register;
use source::Source;

/// What goes wrong with writing a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// A table cannot be written.
    #[error("a table could not be written as CSV")]
    Csv(#[from] ::csv::Error),
}

/// What stands above a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Title.
    pub title: String,
    /// Name and value of what it is made from.
    pub facts: Vec<(String, String)>,
    /// How small groups are shown.
    pub legend: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Language.
    pub lang: Lang,
    /// What stands above it.
    pub head: Head,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// Makes a report.
pub fn compile(register: &Register, snapshot: &Snapshot, scope: &Scope) -> Report {
    let source = Source { register, snapshot, scope };
    let standings = budget::standings(source);
    let sections = vec![
        provision::section(source),
        budget::section(source, &standings),
        levels::section(source),
        waits::section(source),
        rejections::section(source),
        signals::section(source, &standings),
    ];
    Report { lang: scope.lang, head: head(source), sections }
}

impl Report {
    /// The page, in UTF-8.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Name and contents of the CSV files.
    ///
    /// # Errors
    /// When a table cannot be written.
    pub fn csv(&self) -> Result<Vec<(String, Vec<u8>)>, ReportFault> {
        csv::files(self)
    }
}

fn head(source: Source<'_>) -> Head {
    let (scope, region, lang) = (source.scope, &source.register.region, source.lang());
    let everything = |what: &str| format!("{what} ({})", lang.say("geen filter", "no filter"));
    let trail = source.snapshot.trail.map_or_else(
        || lang.say("leeg", "empty").to_owned(),
        |end| format!("{} {}", end.number, hex::encode(end.hash)),
    );
    let moment = source.snapshot.trail.map_or_else(|| "–".to_owned(), |end| format!("{:.0}", end.at));
    let gemeente = scope
        .gemeente
        .as_ref()
        .map_or_else(|| everything(lang.say("alle", "all")), |gemeente| source.municipality_name(gemeente));
    let segment = scope.segment.as_deref().map_or_else(
        || everything(lang.say("alle", "all")),
        |segment| format!("{} ({segment})", source.segment_name(Some(segment))),
    );
    let aanbieder =
        scope.aanbieder.as_ref().map_or_else(|| everything(lang.say("alle", "all")), |agb| source.provider_name(agb));
    let facts = [
        (lang.say("Regio", "Region"), format!("{} ({})", region.name, region.id)),
        (
            lang.say("Periode", "Period"),
            format!("{} {} {}", scope.period.from, lang.say("tot en met", "to"), scope.period.to),
        ),
        (lang.say("Gemeente", "Municipality"), gemeente),
        (lang.say("Segment", "Segment"), segment),
        (lang.say("Aanbieder", "Provider"), aanbieder),
        (lang.say("Dag van het rapport", "Day of the report"), scope.today.to_string()),
        (lang.say("Register", "Register"), source.register.version.clone()),
        (lang.say("Grootboek bij", "Ledger as of"), moment),
        (lang.say("Kop van het spoor", "Head of the trail"), trail),
    ];
    let legend = lang.say(
        "‘<5’ staat voor een groep van één tot en met vier cliënten of gevallen. ‘*’ is weggelaten omdat een kleine groep er \
         anders uit zou volgen, samen met een totaal. Een streepje betekent dat het cijfer er niet is.",
        "‘<5’ stands for a group of one to four clients or cases. ‘*’ is left out because a small group would otherwise \
         follow from it and a total. A dash means that there is no such figure.",
    );
    Head {
        title: format!("{} {}, {}", lang.say("Rapport", "Report"), region.name, scope.period),
        facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        legend: legend.to_owned(),
    }
}

/// A text as part of an id on the page.
fn anchor(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }).collect()
}
