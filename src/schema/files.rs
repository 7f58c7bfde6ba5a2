//! The project's own XSD files, part of the program: one folder in `xsd/` for each standard and release.
//!
//! A release is compiled kind by kind, at the first message of a kind, and shared from then on. A gateway judges by as
//! many releases as its [`Catalogue`] holds: a message tells by its namespace which one it was made by.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use quick_xml::Reader;
use quick_xml::events::Event;

use super::load::{LoadError, SchemaFile, load};
use super::tables::Schema;
use crate::message::{Kind, Law, Number, Release, XsdVersie};

/// The files of one kind: `(kind, name of the message schema, its text, text of the base schema)`.
type Source = (Kind, String, Cow<'static, str>, Cow<'static, str>);

/// The 28 files of a release in `xsd/`, with their base schemas.
macro_rules! folder {
    ($release:literal) => {
        [
            folder!(@law Wmo "iwmo" "wmo" $release: N301 "301", N302 "302", N305 "305", N306 "306", N307 "307",
                N308 "308", N315 "315", N316 "316", N317 "317", N318 "318", N319 "319", N320 "320", N323 "323",
                N325 "325"),
            folder!(@law Jeugdwet "ijw" "jw" $release: N301 "301", N302 "302", N305 "305", N306 "306", N307 "307",
                N308 "308", N315 "315", N316 "316", N317 "317", N318 "318", N319 "319", N320 "320", N323 "323",
                N325 "325"),
        ]
        .concat()
    };
    (@law $law:ident $standard:literal $prefix:literal $release:literal: $($number:ident $digits:literal),*) => {
        [$((
            Kind::new(Law::$law, Number::$number),
            concat!($prefix, $digits, ".xsd"),
            include_str!(concat!("../../xsd/", $standard, "/", $release, "/", $prefix, $digits, ".xsd")),
            include_str!(concat!("../../xsd/", $standard, "/", $release, "/basisschema.xsd")),
        )),*]
    };
}

/// The schemas of one release.
#[derive(Debug)]
pub struct Schemas {
    release: Release,
    entries: BTreeMap<Kind, Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    message: Cow<'static, str>,
    base: Cow<'static, str>,
    compiled: OnceLock<Schema>,
}

impl Entry {
    fn files(&self) -> (SchemaFile<'_>, SchemaFile<'_>) {
        (SchemaFile { name: &self.name, text: &self.message }, SchemaFile { name: "basisschema.xsd", text: &self.base })
    }

    fn load(&self) -> Result<Schema, LoadError> {
        let (message, base) = self.files();
        load(message, base)
    }
}

impl Schemas {
    /// Release 3.2, as the program carries it.
    pub fn v3_2() -> Schemas {
        let files = folder!("3.2").into_iter();
        Schemas::of(
            Release::V3_2,
            files.map(|(kind, name, message, base)| (kind, name.to_owned(), message.into(), base.into())),
        )
    }

    /// A release from files that the program does not carry; compiled at once. Each is the kind with the texts of its
    /// message schema and of the base schema of its law.
    ///
    /// # Errors
    /// A file that the loader refuses, or whose namespace is not that of its kind in this release.
    pub fn read(
        release: Release,
        files: impl IntoIterator<Item = (Kind, String, String)>,
    ) -> Result<Schemas, LoadError> {
        let files = files
            .into_iter()
            .map(|(kind, message, base)| (kind, format!("{}.xsd", kind.slug()), message.into(), base.into()));
        let schemas = Schemas::of(release, files);
        for (kind, entry) in &schemas.entries {
            let schema = entry.load()?;
            let expected = (kind.namespace(release), kind.base_namespace(release));
            if (&*schema.message_namespace, &*schema.base_namespace) != (expected.0.as_str(), expected.1.as_str()) {
                let construct = format!("targetNamespace is not {} with {}", expected.0, expected.1);
                return Err(LoadError { file: entry.name.clone(), line: 1, construct });
            }
            if schemas.xsd_versie(*kind).is_none() {
                let construct = "BerichtXsdVersie or BasisschemaXsdVersie is missing in the annotation".to_owned();
                return Err(LoadError { file: entry.name.clone(), line: 1, construct });
            }
            entry.compiled.get_or_init(|| schema);
        }
        Ok(schemas)
    }

    fn of(release: Release, files: impl Iterator<Item = Source>) -> Schemas {
        let entry = |(kind, name, message, base)| (kind, Entry { name, message, base, compiled: OnceLock::new() });
        Schemas { release, entries: files.map(entry).collect() }
    }

    /// Which release these are.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The schema files of a kind: message and base.
    pub fn files(&self, kind: Kind) -> Option<(SchemaFile<'_>, SchemaFile<'_>)> {
        self.entries.get(&kind).map(Entry::files)
    }

    /// The compiled schema of a kind.
    pub fn schema(&self, kind: Kind) -> Option<&Schema> {
        let entry = self.entries.get(&kind)?;
        Some(entry.compiled.get_or_init(|| {
            // Other files are compiled when they are read; those of the program are all loaded by a test.
            entry.load().unwrap_or_else(|error| unreachable!("embedded schema {error}"))
        }))
    }

    /// The versions in the annotations of the files of a kind: what a message built with them says of itself (IV034).
    pub fn xsd_versie(&self, kind: Kind) -> Option<XsdVersie> {
        let message = &self.entries.get(&kind)?.message;
        Some(XsdVersie {
            basisschema: annotated(message, "BasisschemaXsdVersie")?.as_str().into(),
            bericht: annotated(message, "BerichtXsdVersie")?.as_str().into(),
        })
    }
}

/// The text of the first element of this name in a schema file; annotations stand at its top.
fn annotated(file: &str, name: &str) -> Option<String> {
    let mut reader = Reader::from_str(file);
    let mut inside = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => inside = start.local_name().as_ref() == name,
            Event::Text(text) if inside => return Some(text.trim().to_owned()),
            Event::End(_) => inside = false,
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// The releases that messages are recognised by.
#[derive(Debug)]
pub struct Catalogue {
    releases: Vec<Schemas>,
    /// Release (by its place) and kind by the namespace of the root element.
    by_namespace: BTreeMap<String, (usize, Kind)>,
}

impl Catalogue {
    /// The releases that the program carries; each schema is compiled once for all who ask.
    pub fn embedded() -> &'static Arc<Catalogue> {
        static EMBEDDED: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::of(vec![Schemas::v3_2()])));
        &EMBEDDED
    }

    /// These releases.
    pub fn of(releases: Vec<Schemas>) -> Catalogue {
        let mut by_namespace = BTreeMap::new();
        for (place, schemas) in releases.iter().enumerate() {
            for kind in schemas.entries.keys() {
                by_namespace.insert(kind.namespace(schemas.release), (place, *kind));
            }
        }
        Catalogue { releases, by_namespace }
    }

    /// All of them, in the order given.
    pub fn releases(&self) -> &[Schemas] {
        &self.releases
    }

    /// The schemas of one release.
    pub fn release(&self, release: Release) -> Option<&Schemas> {
        self.releases.iter().find(|schemas| schemas.release == release)
    }

    /// Kind, release and schema of messages whose root element is in this namespace.
    pub(super) fn recognise(&self, namespace: &str) -> Option<(Kind, Release, &Schema)> {
        let (place, kind) = *self.by_namespace.get(namespace)?;
        let schemas = &self.releases[place];
        Some((kind, schemas.release, schemas.schema(kind)?))
    }

    /// The releases in words: `3.2`, or `3.2, 3.3`.
    pub(super) fn words(&self) -> String {
        let words: Vec<String> = self.releases.iter().map(|schemas| schemas.release.to_string()).collect();
        words.join(", ")
    }
}

/// The compiled schema of a kind in release 3.2.
pub fn schema(kind: Kind) -> Option<&'static Schema> {
    Catalogue::embedded().release(Release::V3_2)?.schema(kind)
}

/// The schema files of a kind in release 3.2: message and base.
pub fn schema_files(kind: Kind) -> Option<(SchemaFile<'static>, SchemaFile<'static>)> {
    Catalogue::embedded().release(Release::V3_2)?.files(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_schema_of_its_own_namespace() {
        for schemas in Catalogue::embedded().releases() {
            for kind in Kind::all() {
                let (message, base) = schemas.files(kind).unwrap_or_else(|| panic!("{kind} has no schema"));
                let loaded = load(message, base).expect("the file loads");
                assert_eq!(*loaded.message_namespace, kind.namespace(schemas.release()));
                assert_eq!(*loaded.base_namespace, kind.base_namespace(schemas.release()));
                assert!(loaded.outline().contains(&format!("pattern={}", kind.bericht_code())), "{kind}");
            }
        }
    }

    #[test]
    fn every_file_says_its_versions() {
        let versie = XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() };
        for kind in Kind::all() {
            assert_eq!(Schemas::v3_2().xsd_versie(kind), Some(versie.clone()), "{kind}");
        }
    }

    #[test]
    fn files_of_another_release_are_refused() {
        let kind = Kind::new(Law::Wmo, Number::N305);
        let (message, base) = schema_files(kind).expect("the kind has files");
        let files = [(kind, message.text.to_owned(), base.text.to_owned())];
        let error = Schemas::read(Release { versie: 3, subversie: 3 }, files).expect_err("these are of 3.2");
        assert!(error.to_string().contains("wmo305.xsd") && error.to_string().contains("/3_3/"), "{error}");
    }
}
