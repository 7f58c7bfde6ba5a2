-- Gateways that work on this ledger together. Moments are microseconds by the clock of the ledger (that of the server,
-- where there is one), not by those of the gateways, which differ. `lapse` is how long one may be silent before it
-- counts as gone, in microseconds; `knows` the latest migration that its program has; `registers` the versions by which
-- it judges, by region, as JSON; `settings` a digest of the settings that must be the same everywhere.

CREATE TABLE members (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    version TEXT NOT NULL,
    knows INTEGER NOT NULL,
    registers TEXT NOT NULL,
    settings TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    lapse INTEGER NOT NULL CHECK (lapse > 0)
) STRICT, WITHOUT ROWID;

-- What one member does at the moment and the others leave alone: what leaves for a receiver (empty for error reports
-- whose receiver is unknown), or a task of the ledger as a whole. A claim counts until its time is over or its member
-- is gone, whichever is first.
CREATE TABLE claims (
    sort TEXT NOT NULL CHECK (sort IN ('receiver', 'task')),
    name TEXT NOT NULL,
    member BLOB NOT NULL REFERENCES members (id),
    until INTEGER NOT NULL,
    PRIMARY KEY (sort, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_of ON claims (member);
