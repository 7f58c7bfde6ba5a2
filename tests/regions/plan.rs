//! What the sample register of each region is made from, beside its profile. Everything is fictional.

use jiff::civil::{Date, date};
use sluis::contract::Flag;
use sluis::message::Law;

/// A product that the categories of the profile alone would not bring.
pub(crate) struct Extra {
    pub(crate) segment: &'static str,
    pub(crate) law: Law,
    pub(crate) category: &'static str,
    pub(crate) name: &'static str,
    pub(crate) flag: Flag,
}

/// A budget beside those for whole segments.
pub(crate) struct Budget {
    pub(crate) segment: &'static str,
    /// Which of the providers, from 1; `None` for all together.
    pub(crate) provider: Option<usize>,
    /// Which municipality; `*` for all together.
    pub(crate) gemeente: &'static str,
    /// For 2026; 2025 had less.
    pub(crate) cents: i64,
    pub(crate) on_exceed: &'static str,
}

/// The sample register of one region.
pub(crate) struct Plan {
    pub(crate) id: &'static str,
    /// Marks its product codes and contracts.
    pub(crate) letter: char,
    /// AGB code before its first provider.
    pub(crate) agb: u32,
    /// First day of its contracts.
    pub(crate) since: Date,
    /// Municipality with tariffs of its own.
    pub(crate) own: &'static str,
    /// Municipality of the local contracts.
    pub(crate) local: &'static str,
    /// Segments of the provider with local contracts only.
    pub(crate) local_segments: &'static [&'static str],
    /// Segments of the provider whose contracts ended.
    pub(crate) ended_segments: &'static [&'static str],
    /// Names of the providers, without the mark that they are fictional.
    pub(crate) names: [&'static str; 12],
    pub(crate) extras: &'static [Extra],
    pub(crate) budgets: &'static [Budget],
}

/// All but the Achterhoek, whose register was written by hand before the others.
pub(crate) const PLANS: [Plan; 4] = [
    Plan {
        id: "nmd",
        letter: 'N',
        agb: 42_421_000,
        since: date(2020, 1, 1),
        own: "0106",
        local: "1730",
        local_segments: &["dagbesteding", "hulp-bij-huishouden", "maatwerk-zelfredzaam-gezond-meedoen"],
        ended_segments: &["beschermd-wonen", "maatwerk-zelfredzaam-gezond-meedoen"],
        names: [
            "Voorbeeldzorg Het Hunebed",
            "Voorbeeldhulp De Brink",
            "Voorbeeldwonen Ellertsveld",
            "Voorbeeldjeugd De Zandverstuiving",
            "Voorbeeldthuis Aan De Vaart",
            "Voorbeeldsteun Het Esdorp",
            "Voorbeeldgezin De Keuterij",
            "Voorbeeldplein Veenkade",
            "Voorbeeldsteun De Schaapskooi",
            "Voorbeeldhulp Zonder Contract",
            "Voorbeeldzorg Oud Contract",
            "Voorbeeldhulp Dichtbij",
        ],
        extras: &[
            Extra {
                segment: "behandeling-begeleiding-jeugd",
                law: Law::Jeugdwet,
                category: "54",
                name: "Diagnostiek jeugd-ggz",
                flag: Flag::Diagnosis,
            },
            Extra {
                segment: "maatwerk-zelfredzaam-gezond-meedoen",
                law: Law::Wmo,
                category: "06",
                name: "Collectieve inloop (algemene voorziening)",
                flag: Flag::General,
            },
        ],
        budgets: &[
            Budget {
                segment: "maatwerk-zelfredzaam-gezond-meedoen",
                provider: None,
                gemeente: "0106",
                cents: 2_000_000,
                on_exceed: "signal",
            },
            Budget {
                segment: "beschermd-wonen",
                provider: None,
                gemeente: "1690",
                cents: 8_000_000,
                on_exceed: "signal",
            },
        ],
    },
    Plan {
        id: "hart-van-brabant",
        letter: 'H',
        agb: 42_422_000,
        since: date(2022, 1, 1),
        own: "0855",
        local: "0785",
        local_segments: &["jeugdhulp", "wmo-begeleiding", "wmo-huishoudelijke-hulp"],
        ended_segments: &["jeugdhulp", "wmo-begeleiding"],
        names: [
            "Voorbeeldzorg De Leij",
            "Voorbeeldjeugd Het Duinpad",
            "Voorbeeldhulp De Schoenlapper",
            "Voorbeeldwonen De Loonse Poort",
            "Voorbeeldthuis Het Bels Lijntje",
            "Voorbeeldsteun De Wolmarkt",
            "Voorbeeldgezin De Langgevel",
            "Voorbeeldwerk De Spinnerij",
            "Voorbeeldsteun Het Ven",
            "Voorbeeldhulp Zonder Contract",
            "Voorbeeldzorg Oud Contract",
            "Voorbeeldhulp Dichtbij",
        ],
        extras: &[Extra {
            segment: "jeugdhulp",
            law: Law::Jeugdwet,
            category: "45",
            name: "Gezinsbehandeling met bewezen methode",
            flag: Flag::EvidenceBased,
        }],
        budgets: &[Budget {
            segment: "jeugdhulp",
            provider: None,
            gemeente: "0855",
            cents: 3_600_000,
            on_exceed: "signal",
        }],
    },
    Plan {
        id: "noord-limburg",
        letter: 'L',
        agb: 42_423_000,
        since: date(2022, 1, 1),
        own: "0983",
        local: "1507",
        local_segments: &["wmo-s1a", "wmo-s1b", "wmo-s3a"],
        ended_segments: &["jeugd-4", "wmo-s2a"],
        names: [
            "Voorbeeldzorg De Maasoever",
            "Voorbeeldhulp De Peelrand",
            "Voorbeeldwonen Het Gildehuis",
            "Voorbeeldjeugd De Groene Rivier",
            "Voorbeeldthuis De Zandhoek",
            "Voorbeeldsteun Het Broekhuis",
            "Voorbeeldgezin De Molenbeek",
            "Voorbeeldplein De Hamert",
            "Voorbeeldsteun De Oude Veerstoep",
            "Voorbeeldhulp Zonder Contract",
            "Voorbeeldzorg Oud Contract",
            "Voorbeeldhulp Dichtbij",
        ],
        extras: &[Extra {
            segment: "jeugd-4",
            law: Law::Jeugdwet,
            category: "45",
            name: "Landelijk ingekochte gezinstherapie",
            flag: Flag::National,
        }],
        budgets: &[
            Budget { segment: "wmo-s1a", provider: Some(1), gemeente: "*", cents: 1_500_000, on_exceed: "answer" },
            Budget { segment: "wmo-s1b", provider: Some(5), gemeente: "*", cents: 1_500_000, on_exceed: "answer" },
            Budget { segment: "jeugd-4", provider: Some(7), gemeente: "*", cents: 2_400_000, on_exceed: "signal" },
        ],
    },
    Plan {
        id: "gooi-en-vechtstreek",
        letter: 'G',
        agb: 42_424_000,
        since: date(2021, 1, 1),
        own: "0402",
        local: "0406",
        local_segments: &["huishoudelijke-hulp", "maatschappelijke-ondersteuning"],
        ended_segments: &["huishoudelijke-hulp", "jeugdhulp-jeugd-ggz"],
        names: [
            "Voorbeeldzorg De Heideloper",
            "Voorbeeldhulp Het Spanderswoud",
            "Voorbeeldwonen De Vechtbrug",
            "Voorbeeldjeugd Het Gooiers Erf",
            "Voorbeeldthuis De Loosdrecht",
            "Voorbeeldsteun De Naarder Poort",
            "Voorbeeldgezin De Zanderij",
            "Voorbeeldplein Het Rechte Pad",
            "Voorbeeldsteun De Turfsteker",
            "Voorbeeldhulp Zonder Contract",
            "Voorbeeldzorg Oud Contract",
            "Voorbeeldhulp Dichtbij",
        ],
        extras: &[
            Extra {
                segment: "jeugdhulp-jeugd-ggz",
                law: Law::Jeugdwet,
                category: "54",
                name: "Diagnostiek jeugd-ggz",
                flag: Flag::Diagnosis,
            },
            Extra {
                segment: "jeugdhulp-jeugd-ggz",
                law: Law::Jeugdwet,
                category: "45",
                name: "Onderwijs-zorgarrangement (proef)",
                flag: Flag::Pilot,
            },
            Extra {
                segment: "verblijf",
                law: Law::Jeugdwet,
                category: "43",
                name: "Basisplaats leefgroep",
                flag: Flag::BasePlace,
            },
        ],
        budgets: &[
            Budget {
                segment: "huishoudelijke-hulp",
                provider: None,
                gemeente: "0402",
                cents: 1_200_000,
                on_exceed: "signal",
            },
            Budget {
                segment: "jeugdhulp-jeugd-ggz",
                provider: None,
                gemeente: "0402",
                cents: 2_400_000,
                on_exceed: "hold",
            },
        ],
    },
];
