//! The two languages of the console.

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

impl Language {
    /// Code in HTML and in the cookie.
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Nl => "nl",
            Language::En => "en",
        }
    }

    /// The language of that code.
    pub fn parse(code: &str) -> Option<Language> {
        [Language::Nl, Language::En].into_iter().find(|language| language.as_str() == code)
    }

    /// What a browser asks for in `Accept-Language`; Dutch when it asks for neither.
    pub fn accepted(header: &str) -> Language {
        let codes = header.split(',').filter_map(|choice| choice.split([';', '-']).next());
        codes.map(str::trim).find_map(Language::parse).unwrap_or_default()
    }

    /// One of two wordings, Dutch first.
    pub fn pick<'a>(self, nl: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Nl => nl,
            Language::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_it_asks_for() {
        for (header, language) in [
            ("nl-NL,nl;q=0.9,en;q=0.8", Language::Nl),
            ("en-GB,en;q=0.9", Language::En),
            ("de, en;q=0.5", Language::En),
            ("fr", Language::Nl),
            ("", Language::Nl),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }
}
