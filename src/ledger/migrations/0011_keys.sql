-- Which keys the ledger is worked with. Of each sort the highest number is in force: it seals new bodies, and persons are
-- known by all up to it. `check_value` tells a key from another without giving it away. A retired key seals nothing any
-- more and may be missing from the key file.

CREATE TABLE keys (
    sort TEXT NOT NULL CHECK (sort IN ('body', 'person')),
    id INTEGER NOT NULL CHECK (id >= 1),
    check_value BLOB NOT NULL CHECK (length(check_value) = 16),
    since INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (sort, id)
) STRICT, WITHOUT ROWID;

-- The check value of before was both: of the person key, then of the body key.
INSERT INTO keys (sort, id, check_value, since)
SELECT 'person', 1, substr(value, 1, 16), 0 FROM meta WHERE name = 'key_check';
INSERT INTO keys (sort, id, check_value, since)
SELECT 'body', 1, substr(value, 17, 16), 0 FROM meta WHERE name = 'key_check';
DELETE FROM meta WHERE name = 'key_check';

-- Bodies that are sealed anew, in portions: which place is walked and how far it has come.
CREATE TABLE rotations (
    id INTEGER PRIMARY KEY,
    key_id INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    place TEXT NOT NULL,
    reached INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    resealed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

-- Person keys and what becomes of them; filled and emptied again within one transaction.
CREATE TABLE carried_persons (
    before BLOB PRIMARY KEY CHECK (length(before) = 16),
    person BLOB CHECK (length(person) = 16)
) STRICT, WITHOUT ROWID;
