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
    catalogue: Arc<Catalogue>,
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
            LazyLock::new(|| Standard::over(Arc::clone(Catalogue::embedded()), rules::in_force));
        &EMBEDDED
    }

    /// These releases, each with its rules.
    pub fn of(releases: Vec<(Schemas, Vec<&'static Rule>)>) -> Standard {
        let mut rules = BTreeMap::new();
        let mut all = Vec::new();
        for (schemas, of_release) in releases {
            rules.insert(schemas.release(), of_release);
            all.push(schemas);
        }
        Standard::over(Arc::new(Catalogue::of(all)), |release| rules.remove(&release).unwrap_or_default())
    }

    fn over(catalogue: Arc<Catalogue>, mut rules: impl FnMut(Release) -> Vec<&'static Rule>) -> Standard {
        let edition = |schemas: &Schemas| {
            let xsd_versies = Kind::all().filter_map(|kind| Some((kind, schemas.xsd_versie(kind)?))).collect();
            let release = schemas.release();
            (release, Arc::new(Edition { release, rules: rules(release), xsd_versies }))
        };
        let editions = catalogue.releases().iter().map(edition).collect();
        Standard { catalogue, editions }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn messages_are_judged_by_the_schemas_that_a_gateway_compiles_when_it_starts() {
        let standard = Standard::embedded();
        let schemas = standard.catalogue().release(Release::V3_2).expect("the program carries it");
        for kind in Kind::all() {
            let (judged_by, compiled) = (schemas.schema(kind), schema::schema(kind));
            assert!(std::ptr::eq(judged_by.expect("a schema"), compiled.expect("a schema")), "{kind}");
        }
    }
}
