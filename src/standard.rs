//! The standard as the gateway judges by it: for each release its schemas and its rules.
//!
//! A release is a folder in `xsd/` and a table of rules with their validity (`rules::releases`). A message says in its
//! namespace by which one it was made; messages of several releases are judged side by side, on one ledger.

use crate::message::{Kind, Release, XsdVersie};
use crate::rules::{self, Rule};
use crate::schema::{Catalogue, Schemas};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Releases with their schemas and rules.
#[derive(Debug)]
pub struct Standard {
    catalogue: Catalogue,
    editions: BTreeMap<Release, Arc<Edition>>,
}

/// What a message of one release is judged by once its document is valid.
#[derive(Debug)]
pub struct Edition {
    /// The release.
    pub release: Release,
    /// Its rules, by level and then by id.
    pub rules: Vec<&'static Rule>,
    xsd_versies: BTreeMap<Kind, XsdVersie>,
}

impl Standard {
    /// The releases that the program carries, with the rules in force in each.
    pub fn embedded() -> &'static Standard {
        static EMBEDDED: LazyLock<Standard> =
            LazyLock::new(|| Standard::of(vec![(Schemas::v3_2(), rules::in_force(Release::V3_2))]));
        &EMBEDDED
    }

    /// These releases, each with its rules.
    pub fn of(releases: Vec<(Schemas, Vec<&'static Rule>)>) -> Standard {
        let mut editions = BTreeMap::new();
        let mut all = Vec::new();
        for (schemas, rules) in releases {
            let xsd_versies = Kind::all().filter_map(|kind| Some((kind, schemas.xsd_versie(kind)?))).collect();
            let release = schemas.release();
            editions.insert(release, Arc::new(Edition { release, rules, xsd_versies }));
            all.push(schemas);
        }
        Standard { catalogue: Catalogue::of(all), editions }
    }

    /// The schemas of all releases.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What messages of a release are judged by.
    pub fn edition(&self, release: Release) -> Option<&Arc<Edition>> {
        self.editions.get(&release)
    }
}

impl Edition {
    /// What a message of this kind built here says of its schemas (IV034); `None` for a kind without schema.
    pub fn xsd_versie(&self, kind: Kind) -> Option<&XsdVersie> {
        self.xsd_versies.get(&kind)
    }
}
