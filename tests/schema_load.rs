//! The loader: what it takes, what it refuses, and whether the project's files say what the published ones say.

use std::path::{Path, PathBuf};

use sluis::message::{Kind, Law, Number};
use sluis::schema::{LoadError, Schema, SchemaFile, load, schema, schema_files};

const MESSAGE: &str = r#"<?xml version="1.0"?>
<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:m="urn:m" xmlns:b="urn:b" targetNamespace="urn:m" elementFormDefault="qualified">
  <s:import namespace="urn:b" schemaLocation="base.xsd"/>
  <s:element name="Bericht" type="m:Root"/>
  <s:complexType name="Root">
    <s:sequence>
      <s:element name="A" type="b:Short"/>
      <s:element name="B" minOccurs="0" maxOccurs="unbounded">
        <s:simpleType>
          <s:restriction base="b:Short">
            <s:pattern value="[a-c]+"/>
          </s:restriction>
        </s:simpleType>
      </s:element>
      <s:element name="C" type="b:Pair"/>
    </s:sequence>
  </s:complexType>
</s:schema>
"#;

const BASE: &str = r#"<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:b="urn:b" targetNamespace="urn:b" elementFormDefault="qualified">
  <s:annotation><s:appinfo><b:any xmlns:q="urn:q">x</b:any></s:appinfo><s:documentation>free text</s:documentation></s:annotation>
  <s:simpleType name="Short">
    <s:annotation><s:appinfo>LIST1</s:appinfo></s:annotation>
    <s:restriction base="s:string">
      <s:minLength value="1"/>
      <s:maxLength value="3"/>
    </s:restriction>
  </s:simpleType>
  <s:simpleType name="Small">
    <s:restriction base="s:integer">
      <s:maxInclusive value="9"/>
    </s:restriction>
  </s:simpleType>
  <s:complexType name="Pair">
    <s:sequence>
      <s:element name="D" type="b:Small"/>
      <s:element name="E" type="b:Small"/>
    </s:sequence>
  </s:complexType>
</s:schema>
"#;

fn compile(message: &str, base: &str) -> Result<Schema, LoadError> {
    load(SchemaFile { name: "message.xsd", text: message }, SchemaFile { name: "base.xsd", text: base })
}

#[test]
fn facets_merge_down_the_chain() {
    let outline = compile(MESSAGE, BASE).expect("the schemas are in the subset").outline();
    let expected = "/Bericht {urn:m} 1\n\
        /Bericht/A {urn:m} 1 string minLength=1 maxLength=3\n\
        /Bericht/B {urn:m} 0..n string minLength=1 maxLength=3 pattern=[a-c]+\n\
        /Bericht/C {urn:m} 1\n\
        /Bericht/C/D {urn:b} 1 integer max=9\n\
        /Bericht/C/E {urn:b} 1 integer max=9\n";
    assert_eq!(outline, expected);
}

#[track_caller]
fn refused(from: &str, to: &str, file: &str, construct: &str) {
    let change = |text: &str| text.replacen(from, to, 1);
    assert!(MESSAGE.contains(from) || BASE.contains(from), "{from} is in neither schema");
    let outcome = if file == "message.xsd" { compile(&change(MESSAGE), BASE) } else { compile(MESSAGE, &change(BASE)) };
    let error = outcome.expect_err(to);
    assert_eq!(error.file, file, "{error}");
    assert!(error.construct.contains(construct), "{to}: {error}");
    assert!(error.line >= 1, "{error}");
}

#[test]
fn constructs_outside_the_subset_are_refused() {
    let rows = [
        ("minOccurs=\"0\"", "minOccurs=\"1\"", "minOccurs=1"),
        ("maxOccurs=\"unbounded\"", "maxOccurs=\"5\"", "maxOccurs=5"),
        ("type=\"b:Pair\"", "type=\"b:Pair\" nillable=\"true\"", "attribute nillable"),
        ("type=\"b:Pair\"", "type=\"b:Pair\" default=\"1\"", "attribute default"),
        ("type=\"b:Pair\"", "type=\"b:Absent\"", "b:Absent is not declared"),
        ("type=\"b:Pair\"", "type=\"q:Pair\"", "unknown prefix"),
        ("type=\"b:Pair\"", "type=\"m:Root\"", "contains itself"),
        ("type=\"b:Pair\"", "ref=\"b:Pair\"", "attribute ref"),
        ("type=\"b:Pair\"", "", "without exactly one type"),
        ("name=\"C\"", "name=\"A\"", "stands twice"),
        ("<s:element name=\"A\" type=\"b:Short\"/>", "<s:any/>", "element any"),
        ("<s:element name=\"A\" type=\"b:Short\"/>", "<s:choice/>", "element choice"),
        ("<s:element name=\"A\" type=\"b:Short\"/>", "text", "text in sequence"),
        ("<s:complexType name=\"Root\">", "<s:complexType name=\"Root\" mixed=\"true\">", "attribute mixed"),
        ("</s:sequence>", "</s:sequence><s:attribute name=\"x\"/>", "element attribute"),
        ("<s:sequence>", "<s:sequence minOccurs=\"0\">", "attribute minOccurs"),
        ("<s:pattern value=\"[a-c]+\"/>", "<s:pattern value=\"\\p{L}\"/>", "escape \\p"),
        ("<s:pattern value=\"[a-c]+\"/>", "<s:pattern value=\"a\"/><s:pattern value=\"b\"/>", "two patterns"),
        ("<s:pattern value=\"[a-c]+\"/>", "<s:whiteSpace value=\"collapse\"/>", "facet whiteSpace"),
        ("<s:pattern value=\"[a-c]+\"/>", "<s:pattern/>", "pattern without value"),
        ("<s:pattern value=\"[a-c]+\"/>", "<s:minInclusive value=\"1\"/>", "facet minInclusive"),
        ("schemaLocation=\"base.xsd\"", "schemaLocation=\"other.xsd\"", "import of something else"),
        ("<s:import namespace=\"urn:b\" schemaLocation=\"base.xsd\"/>", "", "import of the base schema is missing"),
        (
            "<s:import namespace=\"urn:b\" schemaLocation=\"base.xsd\"/>",
            "<s:include schemaLocation=\"base.xsd\"/>",
            "element include",
        ),
        ("<s:element name=\"Bericht\" type=\"m:Root\"/>", "", "exactly one global element"),
        ("<s:element name=\"Bericht\"", "<s:element abstract=\"true\" name=\"Bericht\"", "attribute abstract"),
        ("elementFormDefault=\"qualified\"", "", "elementFormDefault"),
        (
            "elementFormDefault=\"qualified\"",
            "elementFormDefault=\"qualified\" blockDefault=\"#all\"",
            "attribute blockDefault",
        ),
        ("<s:complexType name=\"Root\">", "<s:complexType name=\"Root\" xmlns:z=\"urn:z\">", "namespace declaration"),
        ("<?xml version=\"1.0\"?>", "<!DOCTYPE s:schema>", "DOCTYPE"),
        ("</s:schema>", "", "not closed"),
        ("<s:simpleType>", "<s:simpleType><s:union/>", "element union"),
        ("<s:element name=\"A\" type=\"b:Short\"/>", "<m:element/>", "outside the XSD namespace"),
    ];
    for (from, to, construct) in rows {
        refused(from, to, "message.xsd", construct);
    }
    let rows = [
        ("s:integer", "s:decimal", "built-in type decimal"),
        ("base=\"s:string\"", "base=\"b:Pair\"", "complex type Pair"),
        ("<s:maxInclusive value=\"9\"/>", "<s:maxExclusive value=\"9\"/>", "facet maxExclusive"),
        ("<s:maxInclusive value=\"9\"/>", "<s:totalDigits value=\"9\"/>", "facet totalDigits"),
        ("<s:maxInclusive value=\"9\"/>", "<s:maxLength value=\"9\"/>", "facet maxLength"),
        ("<s:maxInclusive value=\"9\"/>", "<s:enumeration value=\"9\"/>", "facet enumeration"),
        ("<s:maxInclusive value=\"9\"/>", "<s:maxInclusive value=\"9\" fixed=\"true\"/>", "attribute fixed"),
        ("<s:maxInclusive value=\"9\"/>", "<s:maxInclusive value=\"1e3\"/>", "maxInclusive=1e3"),
        (
            "<s:maxInclusive value=\"9\"/>",
            "<s:maxInclusive value=\"1000000000000000000\"/>",
            "maxInclusive=1000000000000000000",
        ),
        ("<s:minLength value=\"1\"/>", "<s:minLength value=\"1\"/><s:minLength value=\"1\"/>", "stands twice"),
        ("<s:minLength value=\"1\"/>", "<s:minLength value=\"-1\"/>", "minLength=-1"),
        ("name=\"Small\"", "name=\"Short\"", "declared twice"),
        (
            "<s:simpleType name=\"Small\">",
            "<s:element name=\"X\" type=\"b:Short\"/><s:simpleType name=\"Small\">",
            "global element in the base schema",
        ),
        ("<s:simpleType name=\"Small\">", "<s:group name=\"X\"/><s:simpleType name=\"Small\">", "element group"),
        ("<s:annotation><s:appinfo>LIST1", "<s:annotation id=\"x\"><s:appinfo>LIST1", "attribute id"),
    ];
    for (from, to, construct) in rows {
        refused(from, to, "base.xsd", construct);
    }
}

#[test]
fn a_refusal_names_file_line_and_construct() {
    let error =
        compile(&MESSAGE.replace("maxOccurs=\"unbounded\"", "maxOccurs=\"2\""), BASE).expect_err("2 is refused");
    assert_eq!(error.to_string(), "message.xsd line 8: maxOccurs=2");
}

#[test]
fn every_file_of_the_project_loads_under_its_own_name() {
    let mut loaded = 0;
    for kind in Kind::all() {
        let (message, base) = schema_files(kind).unwrap_or_else(|| panic!("{kind} has no files"));
        assert_eq!(message.name, format!("{}.xsd", kind.slug()));
        let compiled = load(message, base).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(compiled.outline(), schema(kind).expect("the kind has files").outline());
        loaded += 1;
    }
    assert_eq!(loaded, 28);
}

/// What an element says in both laws apart: the lists of codes, and the two elements that iWmo lacks (standard,
/// differences 1).
#[test]
fn the_two_laws_differ_where_the_standard_says_so() {
    for number in Number::ALL {
        let outline = |law: Law| {
            let kind = Kind::new(law, number);
            let text = schema(kind).expect("the kind has a schema").outline();
            let text = text.replace(&format!("/{}/3_2/", law.standard()), "/law/3_2/").replace(&kind.slug(), "slug");
            let keep = |line: &&str| {
                !line.contains("BerichtCode") && !line.contains("Categorie") && !line.contains("RedenBeeindiging")
            };
            text.lines().filter(keep).map(str::to_owned).collect::<Vec<_>>()
        };
        let (iwmo, mut ijw) = (outline(Law::Wmo), outline(Law::Jeugdwet));
        let all = ijw.len();
        ijw.retain(|line| !line.contains("/GezagsdragerBekend ") && !line.contains("/Woonplaatsbeginsel"));
        assert_eq!(iwmo, ijw, "{}", number.as_str());
        let ijw_only = match number {
            Number::N315 | Number::N316 => 1,
            // The class with its Gemeente; a return has RetourCodes and RetourCode on it as well.
            Number::N319 => 2,
            Number::N320 => 4,
            _ => 0,
        };
        assert_eq!(all - ijw.len(), ijw_only, "{}", number.as_str());
    }
}

#[test]
fn reasons_to_end_are_lists_of_the_law() {
    let list = |kind: &str| {
        let kind = Kind::parse(kind).expect("the kind is known");
        let outline = schema(kind).expect("the kind has a schema").outline();
        let line = outline.lines().find(|line| line.contains("/RedenBeeindiging ")).expect("the element is there");
        line.to_owned()
    };
    for (iwmo, ijw) in [("WMO307", "JW307"), ("WMO308", "JW308")] {
        let (iwmo, ijw) = (list(iwmo), list(ijw));
        assert!(iwmo.ends_with("02|19|20|21|22|23|31|36|37|38|39"), "{iwmo}");
        assert!(ijw.ends_with("02|20|31|32|33|34|35|36|37|38|39"), "{ijw}");
    }
}

fn shared(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let full = std::env::var_os("SLUIS_SHARED").map_or(beside, PathBuf::from).join(path);
    if !full.exists() {
        println!("skipped: {path} is not there");
        return None;
    }
    Some(full)
}

#[test]
fn the_project_and_the_published_schemas_accept_the_same_messages() {
    let Some(folder) = shared("standard/xsd") else { return };
    for kind in Kind::all() {
        let folder = folder.join(match kind.law {
            Law::Wmo => "iwmo",
            Law::Jeugdwet => "ijw",
        });
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the published schema can be read");
        let (message, base) = (read(&format!("{}.xsd", kind.slug())), read("basisschema.xsd"));
        let message = SchemaFile { name: "message.xsd", text: &message };
        let published =
            load(message, SchemaFile { name: "basisschema.xsd", text: &base }).expect("published schemas load");
        let own = schema(kind).unwrap_or_else(|| panic!("{kind} has no schema"));
        assert_eq!(own.outline(), published.outline(), "{kind}");
    }
}

/// The configuration takes no lower limit of depth than the deepest message needs.
#[test]
fn no_message_is_deeper_than_eight_elements() {
    let deepest = Kind::all().filter_map(schema).map(|schema| {
        let depth = |line: &str| line.split(' ').next().map_or(0, |path| path.matches('/').count());
        schema.outline().lines().map(depth).max().unwrap_or(0)
    });
    assert_eq!(deepest.max(), Some(8));
}
