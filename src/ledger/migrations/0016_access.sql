-- Who may sign in: local accounts, what was tried at their doors, sessions and API tokens. Passwords stand here as argon2id
-- hashes, tokens of sessions and programs as SHA-256 of what was drawn at random. Names are those of staff and programs.

CREATE TABLE access_accounts (
    name TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    roles TEXT NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    password_at INTEGER NOT NULL,
    signed_in_at INTEGER,
    disabled_at INTEGER
) STRICT;

-- Failed sign-ins by a keyed hash of the name that was given, whether there is such an account or not: both are treated
-- alike, and what was typed as a name may be a password.
CREATE TABLE access_attempts (
    name_key BLOB PRIMARY KEY CHECK (length(name_key) = 32),
    failures INTEGER NOT NULL CHECK (failures > 0),
    failed_at INTEGER NOT NULL,
    locked_until INTEGER
) STRICT;

CREATE INDEX access_attempts_by_time ON access_attempts (failed_at);

-- How often a name was given that no account has, by hour (microseconds since 1970 of its begin).
CREATE TABLE access_strangers (
    hour INTEGER PRIMARY KEY,
    attempts INTEGER NOT NULL CHECK (attempts > 0)
) STRICT;

-- `roles` counts for a session by a provider; that of an account has the roles of the account.
CREATE TABLE access_sessions (
    id INTEGER PRIMARY KEY,
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    name TEXT NOT NULL,
    means TEXT NOT NULL CHECK (means IN ('account', 'provider')),
    subject TEXT,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX access_sessions_of ON access_sessions (name, means);
CREATE INDEX access_sessions_by_end ON access_sessions (ends_at);

CREATE TABLE access_tokens (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    used_at INTEGER
) STRICT;
