//! Who signs in, and who does not get in.

use crate::telemetry::{Metric, Telemetry};

/// What became of an attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// A session began, by an account.
    Account,
    /// A session began, by a provider.
    Provider,
    /// Name or password was wrong.
    Wrong,
    /// The name is not listened to for a while, after too many failures.
    Locked,
    /// Too many attempts of one address, under one name, or of all together.
    Limited,
    /// The provider could not be reached, or what it said does not count.
    ProviderFailed,
    /// The provider knows them, and none of their roles has a role here.
    NoRole,
}

impl SignIn {
    /// The word in the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            SignIn::Account => "account",
            SignIn::Provider => "provider",
            SignIn::Wrong => "wrong",
            SignIn::Locked => "locked",
            SignIn::Limited => "limited",
            SignIn::ProviderFailed => "provider_failed",
            SignIn::NoRole => "no_role",
        }
    }

    /// Writes the metric and, where somebody should look, the log line. Who it was stands in the audit trail alone.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::SignIns, &[self.as_str()], 1);
        if self == SignIn::Locked {
            tracing::warn!("a name is locked after failed sign-ins: see the audit trail of the console");
        }
    }
}
