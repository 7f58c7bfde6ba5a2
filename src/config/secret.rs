//! Values that must not show up in logs, error texts or `config show`.

use std::fmt;

/// Text that prints as stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value as an address without user, password, query and fragment: what an operator may see.
    pub fn address(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else { return "***".to_owned() };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        // Up to the first slash stands the authority; a password that holds a raw `@` or `/` is not a valid address,
        // and hiding up to the last `@` errs on the safe side.
        match rest.rsplit_once('@') {
            Some((_, place)) => format!("{scheme}://***@{place}"),
            None => format!("{scheme}://{rest}"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_stars_and_its_address_without_the_login() {
        let secret = Secret::new("amqps://gateway:geheim@broker:5671/%2f?auth_mechanism=plain");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.address(), "amqps://***@broker:5671/%2f");
        assert_eq!(Secret::new("https://host/in?token=geheim").address(), "https://host/in");
        assert_eq!(Secret::new("geheim").address(), "***");
    }
}
