//! The project's own XSD files, part of the program, compiled once per kind and shared from then on.

use std::sync::OnceLock;

use super::load::{SchemaFile, load};
use super::tables::Schema;
use crate::message::{Kind, Law, Number};

const IJW_BASE: &str = include_str!("../../xsd/ijw/3.2/basisschema.xsd");
const IWMO_BASE: &str = include_str!("../../xsd/iwmo/3.2/basisschema.xsd");

struct Embedded {
    kind: Kind,
    file: SchemaFile<'static>,
    compiled: OnceLock<Schema>,
}

macro_rules! embedded {
    ($($law:ident $number:ident $folder:literal $file:literal;)*) => {
        [$(Embedded {
            kind: Kind::new(Law::$law, Number::$number),
            file: SchemaFile { name: $file, text: include_str!(concat!("../../xsd/", $folder, "/3.2/", $file)) },
            compiled: OnceLock::new(),
        }),*]
    };
}

static EMBEDDED: [Embedded; 28] = embedded! {
    Wmo N301 "iwmo" "wmo301.xsd";
    Wmo N302 "iwmo" "wmo302.xsd";
    Wmo N305 "iwmo" "wmo305.xsd";
    Wmo N306 "iwmo" "wmo306.xsd";
    Wmo N307 "iwmo" "wmo307.xsd";
    Wmo N308 "iwmo" "wmo308.xsd";
    Wmo N315 "iwmo" "wmo315.xsd";
    Wmo N316 "iwmo" "wmo316.xsd";
    Wmo N317 "iwmo" "wmo317.xsd";
    Wmo N318 "iwmo" "wmo318.xsd";
    Wmo N319 "iwmo" "wmo319.xsd";
    Wmo N320 "iwmo" "wmo320.xsd";
    Wmo N323 "iwmo" "wmo323.xsd";
    Wmo N325 "iwmo" "wmo325.xsd";
    Jeugdwet N301 "ijw" "jw301.xsd";
    Jeugdwet N302 "ijw" "jw302.xsd";
    Jeugdwet N305 "ijw" "jw305.xsd";
    Jeugdwet N306 "ijw" "jw306.xsd";
    Jeugdwet N307 "ijw" "jw307.xsd";
    Jeugdwet N308 "ijw" "jw308.xsd";
    Jeugdwet N315 "ijw" "jw315.xsd";
    Jeugdwet N316 "ijw" "jw316.xsd";
    Jeugdwet N317 "ijw" "jw317.xsd";
    Jeugdwet N318 "ijw" "jw318.xsd";
    Jeugdwet N319 "ijw" "jw319.xsd";
    Jeugdwet N320 "ijw" "jw320.xsd";
    Jeugdwet N323 "ijw" "jw323.xsd";
    Jeugdwet N325 "ijw" "jw325.xsd";
};

/// The schema files of a kind: message and base. `None` for a kind without files; all 28 of release 3.2 have them.
pub fn schema_files(kind: Kind) -> Option<(SchemaFile<'static>, SchemaFile<'static>)> {
    let embedded = EMBEDDED.iter().find(|embedded| embedded.kind == kind)?;
    let text = match kind.law {
        Law::Wmo => IWMO_BASE,
        Law::Jeugdwet => IJW_BASE,
    };
    Some((embedded.file, SchemaFile { name: "basisschema.xsd", text }))
}

/// The compiled schema of a kind. `None` for a kind without files; all 28 of release 3.2 have them.
pub fn schema(kind: Kind) -> Option<&'static Schema> {
    let embedded = EMBEDDED.iter().find(|embedded| embedded.kind == kind)?;
    let (message, base) = schema_files(kind)?;
    Some(embedded.compiled.get_or_init(|| {
        // The files are part of the program and a test loads every one of them.
        load(message, base).unwrap_or_else(|error| unreachable!("embedded schema {error}"))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Release;

    #[test]
    fn every_kind_has_a_schema_of_its_own_namespace() {
        for kind in Kind::all() {
            let (message, base) = schema_files(kind).unwrap_or_else(|| panic!("{kind} has no schema"));
            let loaded = load(message, base).expect("the file loads");
            assert_eq!(*loaded.message_namespace, kind.namespace(Release::V3_2));
            assert_eq!(*loaded.base_namespace, kind.base_namespace(Release::V3_2));
            assert!(loaded.outline().contains(&format!("pattern={}", kind.bericht_code())), "{kind}");
        }
    }
}
