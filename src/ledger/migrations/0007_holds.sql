-- Outgoing allocations that wait for a person, why, and how that ended. `reasons` are the signals that held it, as JSON;
-- `behind` is the earlier hold that a later version of an allocation must not overtake.

CREATE TABLE holds (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id),
    held_at INTEGER NOT NULL,
    behind INTEGER REFERENCES messages (id),
    reasons TEXT NOT NULL,
    ended_at INTEGER,
    ended TEXT CHECK (ended IN ('released', 'withdrawn', 'followed')),
    ended_by TEXT,
    ended_because TEXT,
    CHECK ((ended_at IS NULL) = (ended IS NULL))
) STRICT;

CREATE INDEX holds_open ON holds (message_id) WHERE ended_at IS NULL;

-- The allocations in messages that are held now.
CREATE TABLE held_allocations (
    law TEXT NOT NULL,
    gemeente TEXT NOT NULL,
    nummer INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    PRIMARY KEY (law, gemeente, nummer, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX held_allocations_of ON held_allocations (message_id);

-- What a person ordered about a hold. A command beside the gateway adds a row; the gateway carries it out and notes the
-- outcome in the transaction in which it does.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('release', 'withdraw')),
    reason TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    done_at INTEGER,
    outcome TEXT CHECK (outcome IN ('released', 'rejected', 'withdrawn', 'repeated', 'refused')),
    answer TEXT,
    CHECK ((done_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX orders_open ON orders (id) WHERE done_at IS NULL;

-- Messages that were held before this table: what they allocate stands in their sealed bodies, so nothing waits behind
-- them.
INSERT INTO holds (message_id, held_at, reasons)
SELECT id, received_at, '[]' FROM messages WHERE verdict = 'held';
