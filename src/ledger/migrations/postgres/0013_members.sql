-- Gateways that work on this ledger together, and what each has claimed; see the step of SQLite.

CREATE TABLE members (
    id bytea PRIMARY KEY CHECK (length(id) = 16),
    name text COLLATE "C" NOT NULL,
    host text COLLATE "C" NOT NULL,
    process bigint NOT NULL,
    version text COLLATE "C" NOT NULL,
    knows bigint NOT NULL,
    registers text COLLATE "C" NOT NULL,
    settings text COLLATE "C" NOT NULL,
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    lapse bigint NOT NULL CHECK (lapse > 0)
);

CREATE TABLE claims (
    sort text COLLATE "C" NOT NULL CHECK (sort IN ('receiver', 'task')),
    name text COLLATE "C" NOT NULL,
    member bytea NOT NULL REFERENCES members (id),
    until bigint NOT NULL,
    PRIMARY KEY (sort, name)
);

CREATE INDEX claims_of ON claims (member);
