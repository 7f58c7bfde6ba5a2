-- Messages that were refused for who brought them. They are evidence and no messages: no rule, figure or uniqueness sees
-- them. `identity` is what the transport vouches for, empty when it is nothing; `sender` the name of the configuration
-- with it; `claimed` the party that the message names as its sender. A delivery that comes again is the same refusal.

CREATE TABLE refusals (
    id INTEGER PRIMARY KEY,
    transport TEXT NOT NULL,
    transport_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    identity TEXT NOT NULL,
    sender TEXT,
    reason TEXT NOT NULL CHECK (reason IN ('no_identity', 'unknown_identity', 'other_party')),
    law TEXT,
    number TEXT,
    claimed TEXT,
    identificatie TEXT,
    refused_at INTEGER NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0,
    repeated_at INTEGER,
    body BLOB NOT NULL,
    UNIQUE (transport, transport_id, digest, identity)
) STRICT;

CREATE INDEX refusals_by_time ON refusals (refused_at);
