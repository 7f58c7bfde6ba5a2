//! Every fault code with the changes that provoke it, and what the faults say.

use std::collections::BTreeSet;

use sluis::message::{Kind, Law, Number, ReadError};
use sluis::schema::{CODES, Fault, Faults, Limits, recognise, validate};

const VALID: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<m:Bericht xmlns:m="http://www.istandaarden.nl/iwmo/3_2/wmo305/schema" xmlns:b="http://www.istandaarden.nl/iwmo/3_2/basisschema/schema">
  <m:Header>
    <m:BerichtCode>418</m:BerichtCode>
    <m:BerichtVersie>3</m:BerichtVersie>
    <m:BerichtSubversie>2</m:BerichtSubversie>
    <m:Afzender>42420001</m:Afzender>
    <m:Ontvanger>0363</m:Ontvanger>
    <m:BerichtIdentificatie>
      <b:Identificatie>ST0001</b:Identificatie>
      <b:Dagtekening>2026-04-15</b:Dagtekening>
    </m:BerichtIdentificatie>
    <m:XsdVersie>
      <b:BasisschemaXsdVersie>1.0.0</b:BasisschemaXsdVersie>
      <b:BerichtXsdVersie>1.0.0</b:BerichtXsdVersie>
    </m:XsdVersie>
  </m:Header>
  <m:Client>
    <m:Bsn>999990019</m:Bsn>
    <m:Geboortedatum>
      <b:Datum>1950-02-14</b:Datum>
    </m:Geboortedatum>
    <m:Geslacht>1</m:Geslacht>
    <m:Naam>
      <b:Geslachtsnaam>
        <b:Achternaam>Zandstra</b:Achternaam>
      </b:Geslachtsnaam>
      <b:Voorletters>T</b:Voorletters>
    </m:Naam>
    <m:StartProducten>
      <m:StartProduct>
        <m:ToewijzingNummer>123</m:ToewijzingNummer>
        <m:Begindatum>2026-04-01</m:Begindatum>
        <m:StatusAanlevering>1</m:StatusAanlevering>
      </m:StartProduct>
      <m:StartProduct>
        <m:ToewijzingNummer>124</m:ToewijzingNummer>
        <m:Product>
          <b:Categorie>02</b:Categorie>
        </m:Product>
        <m:Begindatum>2026-04-01</m:Begindatum>
        <m:StatusAanlevering>1</m:StatusAanlevering>
      </m:StartProduct>
    </m:StartProducten>
  </m:Client>
</m:Bericht>
"#;

const WMO305: Kind = Kind::new(Law::Wmo, Number::N305);

fn faults(source: &str) -> Faults {
    validate(source.as_bytes(), &Limits::default()).expect_err("the document has a fault")
}

/// The valid document with one change.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from} is not in the document");
    VALID.replacen(from, to, 1)
}

/// The faults of the valid document with one change, as code and path.
#[track_caller]
fn check(from: &str, to: &str, expected: &[(&str, &str)]) -> Vec<Fault> {
    let faults = faults(&changed(from, to));
    let found: Vec<(&str, &str)> = faults.faults.iter().map(|fault| (fault.code, fault.path.as_str())).collect();
    assert_eq!(found, expected, "{from} -> {to}\n{:#?}", faults.faults);
    assert_eq!(faults.total, expected.len(), "{from} -> {to}");
    faults.faults
}

#[test]
fn the_starting_point_is_valid() {
    let document = validate(VALID.as_bytes(), &Limits::default()).expect("the document is valid");
    assert_eq!(document.kind, WMO305);
    let root = document.tree.root().expect("a valid document has a root");
    let node = document.tree.nearest("/Bericht/Client/StartProducten/StartProduct[2]/Product/Categorie");
    let node = node.expect("the root exists");
    assert_eq!((root.name(), node.name(), node.text()), ("Bericht", "Categorie", "02"));
    assert_eq!(&VALID[node.offset()..node.offset() + 13], "<b:Categorie>");
    let shown = format!("{document:?}");
    assert!(!shown.contains("Zandstra") && !shown.contains("999990019"), "{shown}");
}

#[test]
fn values_reach_the_tree_resolved_and_collapsed() {
    let source = changed(">123<", "> <!-- x -->1<![CDATA[2]]>&#51;\r\n<");
    let tree = validate(source.as_bytes(), &Limits::default()).expect("the document is valid").tree;
    let number =
        tree.nearest("/Bericht/Client/StartProducten/StartProduct[1]/ToewijzingNummer").expect("the root exists");
    assert_eq!(number.text(), "123");
    let source = changed("Zandstra", " de&#32;B&amp;<?pi?>o\u{e9} ");
    let tree = validate(source.as_bytes(), &Limits::default()).expect("the document is valid").tree;
    let name = tree.nearest("/Bericht/Client/Naam/Geslachtsnaam/Achternaam").expect("the root exists");
    assert_eq!(name.text(), " de B&oé ");
}

#[test]
fn missing_elements() {
    let identification = "<m:BerichtIdentificatie>\n      <b:Identificatie>ST0001</b:Identificatie>\n      <b:Dagtekening>2026-04-15</b:Dagtekening>\n    </m:BerichtIdentificatie>";
    let found = check(identification, "", &[("elem.missing", "/Bericht/Header/BerichtIdentificatie")]);
    assert_eq!(found[0].nl, "Na Ontvanger ontbreekt BerichtIdentificatie.");
    assert_eq!(found[0].en, "BerichtIdentificatie is missing after Ontvanger.");
    assert_eq!((found[0].expected.as_str(), found[0].found.as_str()), ("BerichtIdentificatie", "XsdVersie"));
    assert_eq!((found[0].line, found[0].column), (10, 5));

    let found = check("<m:BerichtCode>418</m:BerichtCode>", "", &[("elem.missing", "/Bericht/Header/BerichtCode")]);
    assert_eq!(found[0].nl, "In Header ontbreekt BerichtCode.");

    let found = check(
        "<b:Dagtekening>2026-04-15</b:Dagtekening>",
        "",
        &[("elem.missing", "/Bericht/Header/BerichtIdentificatie/Dagtekening")],
    );
    assert_eq!(found[0].found, "einde van BerichtIdentificatie");
    assert_eq!((found[0].line, found[0].column), (12, 5));

    check(
        "<m:Begindatum>2026-04-01</m:Begindatum>\n        <m:StatusAanlevering>1</m:StatusAanlevering>",
        "",
        &[
            ("elem.missing", "/Bericht/Client/StartProducten/StartProduct[1]/Begindatum"),
            ("elem.missing", "/Bericht/Client/StartProducten/StartProduct[1]/StatusAanlevering"),
        ],
    );
}

#[test]
fn unexpected_elements() {
    let found =
        check("<m:Geslacht>", "<m:Kleur>rood</m:Kleur><m:Geslacht>", &[("elem.unexpected", "/Bericht/Client/Kleur")]);
    assert_eq!(found[0].nl, "Kleur hoort hier niet: in Client wordt hier Geslacht verwacht.");
    let found = check("</m:Client>", "<x/></m:Client>", &[("elem.unexpected", "/Bericht/Client/x")]);
    assert_eq!(found[0].nl, "x hoort hier niet: Client is al volledig.");
    let found = check(
        ">124<",
        "><b:x><b:y/>5</b:x><",
        &[("elem.unexpected", "/Bericht/Client/StartProducten/StartProduct[2]/ToewijzingNummer/x")],
    );
    assert_eq!(found[0].expected, "een waarde");
    // What is skipped is not judged, but it must be well-formed.
    check(
        "<m:Geslacht>",
        "<m:Kleur><m:Bsn q='1'>1</m:Bsn>tekst</m:Kleur><m:Geslacht>",
        &[("elem.unexpected", "/Bericht/Client/Kleur")],
    );
    check(
        "<m:Geslacht>",
        "<m:Kleur>]]></m:Kleur><m:Geslacht>",
        &[("elem.unexpected", "/Bericht/Client/Kleur"), ("xml.malformed", "/Bericht/Client")],
    );
}

#[test]
fn an_element_in_the_wrong_place_is_one_fault() {
    let found = check(
        "<m:Afzender>42420001</m:Afzender>\n    <m:Ontvanger>0363</m:Ontvanger>",
        "<m:Ontvanger>0363</m:Ontvanger><m:Afzender>42420001</m:Afzender>",
        &[("elem.unexpected", "/Bericht/Header/Afzender")],
    );
    assert_eq!(found[0].nl, "Afzender staat op de verkeerde plaats: in Header hoort het vóór Ontvanger.");
    // It is still judged by its own type.
    check(
        "<m:Afzender>42420001</m:Afzender>\n    <m:Ontvanger>0363</m:Ontvanger>",
        "<m:Ontvanger>0363</m:Ontvanger><m:Afzender>4242</m:Afzender>",
        &[("elem.unexpected", "/Bericht/Header/Afzender"), ("facet.pattern", "/Bericht/Header/Afzender")],
    );
}

#[test]
fn capitals_matter() {
    let found = check(
        "<m:Geslacht>1</m:Geslacht>",
        "<m:geslacht>1</m:geslacht>",
        &[("elem.unexpected", "/Bericht/Client/Geslacht")],
    );
    assert_eq!(found[0].nl, "geslacht is geen bekend element; schrijf Geslacht, met deze hoofdletters.");
}

#[test]
fn repeated_elements() {
    let found = check(
        "<m:Geslacht>1</m:Geslacht>",
        "<m:Geslacht>1</m:Geslacht><m:Geslacht>7</m:Geslacht>",
        &[("elem.repeated", "/Bericht/Client/Geslacht"), ("code.unknown", "/Bericht/Client/Geslacht")],
    );
    assert_eq!(found[0].nl, "Geslacht staat vaker dan één keer in Client; het mag één keer voorkomen.");
    check(
        "<m:StartProducten>",
        "<m:Bsn>999990019</m:Bsn><m:StartProducten>",
        &[("elem.repeated", "/Bericht/Client/Bsn")],
    );
}

#[test]
fn namespaces_of_elements() {
    let found = check(
        "<b:Categorie>02</b:Categorie>",
        "<m:Categorie>02</m:Categorie>",
        &[("elem.namespace", "/Bericht/Client/StartProducten/StartProduct[2]/Product/Categorie")],
    );
    assert_eq!(found[0].expected, "http://www.istandaarden.nl/iwmo/3_2/basisschema/schema");
    assert_eq!(found[0].found, "http://www.istandaarden.nl/iwmo/3_2/wmo305/schema");
    let found = check(
        "<m:Geslacht>1</m:Geslacht>",
        "<Geslacht>1</Geslacht>",
        &[("elem.namespace", "/Bericht/Client/Geslacht")],
    );
    assert_eq!(found[0].found, "geen namespace");
    // A whole subtree in the wrong namespace is one fault, but its values are still judged.
    check(
        "<m:Product>\n          <b:Categorie>02</b:Categorie>\n        </m:Product>",
        "<Product><Categorie>99</Categorie></Product>",
        &[
            ("elem.namespace", "/Bericht/Client/StartProducten/StartProduct[2]/Product"),
            ("code.unknown", "/Bericht/Client/StartProducten/StartProduct[2]/Product/Categorie"),
        ],
    );
}

#[test]
fn empty_elements() {
    let found = check("<m:Geslacht>1</m:Geslacht>", "<m:Geslacht/>", &[("elem.empty", "/Bericht/Client/Geslacht")]);
    assert_eq!(found[0].nl, "Geslacht is leeg; verwacht: een van 0, 1, 2 (codelijst COD046).");
    check(">123<", ">  <", &[("elem.empty", "/Bericht/Client/StartProducten/StartProduct[1]/ToewijzingNummer")]);
    let found =
        check("<b:Datum>1950-02-14</b:Datum>", "<!-- geen -->", &[("elem.empty", "/Bericht/Client/Geboortedatum")]);
    assert_eq!(found[0].nl, "Geboortedatum is leeg; verwacht: Datum.");
}

#[test]
fn text_between_elements() {
    let found = check("<m:Geslacht>", "999990019 <m:Geslacht>", &[("text.unexpected", "/Bericht/Client")]);
    assert_eq!(found[0].found, "9 tekens, cijfers");
    check("<m:Geslacht>", "<![CDATA[x]]><m:Geslacht>", &[("text.unexpected", "/Bericht/Client")]);
    check("<m:Geslacht>", "\u{A0}<m:Geslacht>", &[("text.unexpected", "/Bericht/Client")]);
}

#[test]
fn attributes() {
    const XSI: &str = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    for attribute in ["id='1'", "xml:lang='nl'", "b:x=''", "q:x=''"] {
        check(
            "<m:Geslacht>",
            &format!("<m:Geslacht {attribute}>"),
            &[("attr.not_allowed", "/Bericht/Client/Geslacht")],
        );
    }
    for attribute in ["nil='false'", "foo=''", "type='b:LDT_JaNee'", "type='LDT_Geslacht'", "type='b:LDT_Geslacht '"] {
        let to = format!("<m:Geslacht {XSI} xsi:{attribute}>");
        check("<m:Geslacht>", &to, &[("attr.not_allowed", "/Bericht/Client/Geslacht")]);
    }
    for attribute in ["schemaLocation='a'", "noNamespaceSchemaLocation=''", "type='b:LDT_Geslacht'"] {
        let source = changed("<m:Geslacht>", &format!("<m:Geslacht {XSI} xsi:{attribute}>"));
        assert!(validate(source.as_bytes(), &Limits::default()).is_ok(), "{attribute}");
    }
}

#[test]
fn values() {
    const FIRST: &str = "/Bericht/Client/StartProducten/StartProduct[1]";
    let nummer = format!("{FIRST}/ToewijzingNummer");
    let rows: [(&str, &str, &str, &str, &str, &str); 11] = [
        (">418<", ">419<", "facet.pattern", "/Bericht/Header/BerichtCode", "precies 418", "419"),
        (">3<", ">03<", "facet.pattern", "/Bericht/Header/BerichtVersie", "precies 3", "03"),
        (">42420001<", ">4242-001<", "facet.pattern", "/Bericht/Header/Afzender", "8 cijfers", "4242-001"),
        (">42420001<", ">424200010<", "facet.max_length", "/Bericht/Header/Afzender", "8 cijfers", "424200010"),
        (">123<", ">-1<", "facet.min", &nummer, "een geheel getal van 0 tot en met 999999999", "-1"),
        (">123<", ">1000000000<", "facet.max", &nummer, "een geheel getal van 0 tot en met 999999999", "1000000000"),
        (">123<", ">12a<", "type.integer", &nummer, "een geheel getal van 0 tot en met 999999999", "12a"),
        (
            ">2026-04-15<",
            ">2026-06-31<",
            "type.date",
            "/Bericht/Header/BerichtIdentificatie/Dagtekening",
            "een bestaande datum JJJJ-MM-DD zonder tijdzone",
            "2026-06-31",
        ),
        (
            ">2026-04-15<",
            ">2026-04-15Z<",
            "facet.pattern",
            "/Bericht/Header/BerichtIdentificatie/Dagtekening",
            "een bestaande datum JJJJ-MM-DD zonder tijdzone",
            "2026-04-15Z",
        ),
        (
            ">1.0.0<",
            ">1.0<",
            "facet.pattern",
            "/Bericht/Header/XsdVersie/BasisschemaXsdVersie",
            "een versie zoals 1.0.0, zonder voorloopnullen",
            "1.0",
        ),
        (
            ">02<",
            ">31<",
            "code.unknown",
            "/Bericht/Client/StartProducten/StartProduct[2]/Product/Categorie",
            "een van de 18 codes (codelijst WMO020)",
            "31",
        ),
    ];
    for (from, to, code, path, expected, found) in rows {
        let faults = check(from, to, &[(code, path)]);
        assert_eq!((faults[0].expected.as_str(), faults[0].found.as_str()), (expected, found), "{to}");
        let name = path.rsplit('/').next().expect("a path has a last step");
        assert!(faults[0].nl.starts_with(name) && faults[0].en.starts_with(name), "{}", faults[0].nl);
    }
    let long = "x".repeat(50);
    let faults = check(
        ">ST0001<",
        &format!(">{long}<"),
        &[("facet.max_length", "/Bericht/Header/BerichtIdentificatie/Identificatie")],
    );
    assert_eq!(faults[0].found, format!("{}…", "x".repeat(40)));
    assert_eq!(faults[0].expected, "1 tot en met 12 tekens, niet alleen spaties, op één regel");
}

#[test]
fn personal_values_never_show() {
    let rows = [
        (">999990019<", ">99999001<", "8 tekens, cijfers"),
        (">Zandstra<", ">Zand\nstra<", "9 tekens, letters, regeleinden of tabs"),
        (">T<", ">T.J.<", "4 tekens, letters, andere tekens"),
        (">1950-02-14<", ">1950-02-30<", "10 tekens, cijfers, andere tekens"),
    ];
    for (from, to, shape) in rows {
        let faults = faults(&changed(from, to)).faults;
        assert_eq!((faults.len(), faults[0].found.as_str()), (1, shape), "{to}");
        let secret = to.trim_matches(['<', '>']);
        assert!(!format!("{faults:?}").contains(secret), "{faults:?}");
    }
    // Nor does a citizen number that strayed into another element, or into a name.
    let strayed = faults(&changed(">42420001<", ">999990019<"));
    assert!(!format!("{strayed:?}").contains("999990019"), "{strayed:?}");
    let strayed = faults(&changed("<m:Geslacht>", "<m:n999990019/><m:Geslacht>"));
    assert!(!format!("{strayed:?}").contains("999990019"), "{strayed:?}");
}

#[test]
fn kinds_and_releases() {
    let rows = [
        ("wmo305/schema", "wmo399/schema", "kind.unknown"),
        ("3_2/wmo305", "3_1/wmo305", "release.unknown"),
        ("iwmo/3_2/wmo305", "ijw/3_2/wmo305", "kind.unknown"),
    ];
    for (from, to, code) in rows {
        let source = changed(from, to);
        let faults = faults(&source);
        assert_eq!((faults.faults[0].code, faults.total, faults.readable), (code, 1, true), "{to}");
        assert_eq!((faults.kind, recognise(source.as_bytes())), (None, None), "{to}");
    }
    // A message under the name of another one is judged as that one.
    for kind in Kind::all().filter(|kind| *kind != WMO305) {
        let source = VALID.replace("wmo305", &kind.slug()).replace("/iwmo/", &format!("/{}/", kind.law.standard()));
        let faults = faults(&source);
        let code = &faults.faults[0];
        assert_eq!((code.code, code.path.as_str()), ("facet.pattern", "/Bericht/Header/BerichtCode"), "{kind}");
        assert_eq!(code.expected, format!("precies {}", kind.bericht_code()));
        assert_eq!((faults.kind, recognise(source.as_bytes())), (Some(kind), Some(kind)));
    }
    let other_release = faults(&changed("3_2/wmo305", "3_1/wmo305"));
    assert_eq!(other_release.faults[0].nl, "Dit is een WMO305 van release 3.1; dit systeem kent alleen release 3.2.");
    let other_root = faults(&VALID.replace("m:Bericht>", "m:Brief>").replace("<m:Bericht ", "<m:Brief "));
    assert_eq!((other_root.faults[0].code, other_root.kind), ("kind.unknown", None));
    assert_eq!(recognise(VALID.as_bytes()), Some(WMO305));
}

#[test]
fn documents_that_cannot_be_read() {
    let utf16: Vec<u8> = VALID.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut latin1 = VALID.replace("Zandstra", "Zandstr@").into_bytes();
    let at = latin1.iter().position(|&byte| byte == b'@').expect("the name is there");
    latin1[at] = 0xE9;
    let rows: Vec<(Vec<u8>, &str, Option<Kind>)> = vec![
        (Vec::new(), "xml.empty", None),
        (b"\xEF\xBB\xBF \n".to_vec(), "xml.empty", None),
        (b"<?xml version='1.0'?><!-- niets -->".to_vec(), "xml.empty", None),
        (utf16, "xml.encoding", None),
        (latin1, "xml.encoding", Some(WMO305)),
        (changed("UTF-8", "ISO-8859-1").into_bytes(), "xml.encoding", None),
        (changed("UTF-8", "US-ASCII").replace("Zandstra", "\u{e9}").into_bytes(), "xml.encoding", None),
        (changed("<m:Bericht ", "<!DOCTYPE m:Bericht><m:Bericht ").into_bytes(), "xml.doctype", None),
        (changed("<m:Bericht ", "<!doctype").into_bytes(), "xml.doctype", None),
        (b"{\"kind\":\"WMO305\"}".to_vec(), "xml.malformed", None),
        (changed("Zandstra", "\u{1}").into_bytes(), "xml.malformed", Some(WMO305)),
        (VALID.trim_end().trim_end_matches("</m:Bericht>").as_bytes().to_vec(), "xml.malformed", Some(WMO305)),
        (format!("{VALID}<x/>").into_bytes(), "xml.malformed", Some(WMO305)),
        (format!("{VALID}x").into_bytes(), "xml.malformed", Some(WMO305)),
        (format!(" {VALID}").into_bytes(), "xml.malformed", None),
        (format!("\u{FEFF}\u{FEFF}{VALID}").into_bytes(), "xml.malformed", None),
    ];
    for (source, code, kind) in rows {
        let faults = validate(&source, &Limits::default()).expect_err("the document cannot be read");
        let head = String::from_utf8_lossy(&source[..source.len().min(60)]).into_owned();
        let last = faults.faults.last().expect("there is a fault");
        assert_eq!((last.code, faults.total, faults.readable, faults.kind), (code, 1, false, kind), "{head}");
    }
}

#[test]
fn text_that_is_not_well_formed() {
    for (from, to) in [
        ("<m:Geslacht>1</m:Geslacht>", "<m:Geslacht>1</m:Bsn>"),
        ("Zandstra", "a & b"),
        ("Zandstra", "&nbsp;"),
        ("Zandstra", "&#0;"),
        ("Zandstra", "]]>"),
        ("Zandstra", "<!-- a -- b -->"),
        ("Zandstra", "<?xml version='1.0'?>"),
        ("Zandstra", "<![CDATA[x"),
        ("<m:Geslacht>", "<m:Geslacht a=1>"),
        ("<m:Geslacht>", "<m:Geslacht a='1' a='2'>"),
        ("<m:Geslacht>", "<m:Geslacht a='<'>"),
        ("<m:Geslacht>", "<m:Geslacht xmlns:xml='urn:x'>"),
        ("<m:Geslacht>", "<1/><m:Geslacht>"),
        ("<m:Geslacht>", "< x/><m:Geslacht>"),
        ("<m:Geslacht>", "<a:b:c/><m:Geslacht>"),
        ("</m:Geslacht>", "</m:Geslacht a='1'>"),
        ("<m:Geslacht>", "<!ELEMENT x><m:Geslacht>"),
    ] {
        let faults = faults(&changed(from, to));
        assert_eq!((faults.faults[0].code, faults.total, faults.readable), ("xml.malformed", 1, false), "{to}");
        assert_eq!(faults.kind, Some(WMO305), "{to}");
        assert!(faults.faults[0].line >= 20, "{to}: {:?}", faults.faults[0]);
    }
}

#[test]
fn faults_before_the_break_are_kept() {
    let source = changed(">418<", ">419<").replace("</m:StartProducten>", "");
    let codes: Vec<&str> = faults(&source).faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["facet.pattern", "xml.malformed"]);
}

#[test]
fn limits_are_faults_of_their_own() {
    let limits = Limits { max_bytes: 3000, max_depth: 5, max_attributes: 2, max_value_chars: 9, max_faults: 2 };
    let last = |source: &str, limits: &Limits| {
        let faults = validate(source.as_bytes(), limits).expect_err("a limit is passed");
        let last = faults.faults.last().expect("there is a fault").code;
        (last, faults.readable)
    };
    assert_eq!(last(VALID, &Limits { max_depth: 4, ..limits }), ("limit.depth", false));
    assert_eq!(last(VALID, &Limits { max_attributes: 1, ..limits }), ("limit.attributes", false));
    assert_eq!(last(VALID, &Limits { max_bytes: 100, ..limits }), ("limit.size", false));
    assert_eq!(
        last(VALID, &Limits { max_value_chars: 8, max_depth: 9, max_faults: 50, ..limits }),
        ("limit.value", true)
    );
    let many = VALID.replace(">1<", ">7<");
    let faults = validate(many.as_bytes(), &Limits { max_depth: 9, max_value_chars: 20, ..limits })
        .expect_err("three codes are unknown");
    let codes: Vec<&str> = faults.faults.iter().map(|fault| fault.code).collect();
    assert_eq!((codes.as_slice(), faults.total), (["code.unknown", "code.unknown", "limit.faults"].as_slice(), 3));
}

#[test]
fn line_and_column_count_characters() {
    let source = changed("<m:Geslacht>1", "<!-- é\u{1F600} --><m:Geslacht>7");
    for source in [source.clone(), format!("\u{FEFF}{source}")] {
        let fault = &faults(&source).faults[0];
        assert_eq!((fault.line, fault.column), (23, 5 + 11));
    }
    let one_line = format!("\u{FEFF}{}", VALID.replace('\n', "").replace(">418<", ">1<"));
    let column = one_line.find("<m:BerichtCode").expect("the element is there") - 3 + 1;
    let fault = &faults(&one_line).faults[0];
    assert_eq!((fault.line, fault.column as usize), (1, column));
}

#[test]
fn every_code_is_provoked_here() {
    let this = include_str!("schema_faults.rs");
    // No value of this message is a time or has a minimum above one: rows beside the sentences cover these two.
    let elsewhere: BTreeSet<&str> = ["type.time", "facet.min_length"].into();
    for info in CODES {
        assert!(!info.meaning.is_empty());
        let quoted = format!("\"{}\"", info.code);
        assert!(elsewhere.contains(info.code) || this.contains(&quoted), "{} is not tested", info.code);
    }
}

/// Dates that XSD allows and no calendar here holds pass level 1, as the schema says; the rules judge them.
#[test]
fn a_date_beyond_all_calendars_is_read_as_the_nearest() {
    for (year, nearest) in [("12026", "9999-12-31"), ("-12026", "-9999-01-01"), ("-2026", "-2026-04-15")] {
        let source = changed("<b:Dagtekening>2026-04-15", &format!("<b:Dagtekening>{year}-04-15")).into_bytes();
        let prepared = sluis::pipeline::prepare(source.into(), &Limits::default());
        let readable = prepared.reading.unwrap_or_else(|unreadable| panic!("{year}: {:?}", unreadable.faults));
        // Copies of the tree say what the sender wrote, the typed message what can be counted with.
        let header = readable.tree.nearest("/Bericht/Header/BerichtIdentificatie/Dagtekening").expect("it is there");
        assert_eq!(header.text(), format!("{year}-04-15"));
        let written = String::from_utf8(readable.message.write()).expect("messages are UTF-8");
        assert!(written.contains(&format!("Dagtekening>{nearest}<")), "{written}");
        assert!(validate(written.as_bytes(), &Limits::default()).is_ok(), "{written}");
    }
}

/// Nothing is known that the schema takes and the typed message does not; what would happen is still defined.
#[test]
fn a_value_without_a_place_in_the_message_is_refused_with_its_place() {
    let document = validate(VALID.as_bytes(), &Limits::default()).expect("the document is valid");
    let path = "/Bericht/Client/StartProducten/StartProduct[2]/Begindatum".to_owned();
    let error = ReadError { path: path.clone(), reason: "not a date".to_owned() };
    let faults = Faults::of_value(WMO305, &document.tree, VALID.as_bytes(), &error);
    let fault = &faults.faults[0];
    assert_eq!((fault.code, &fault.path, fault.line, fault.column), ("value.out_of_range", &path, 41, 9));
    assert_eq!((faults.total, faults.kind, faults.readable), (1, Some(WMO305), true));
}
