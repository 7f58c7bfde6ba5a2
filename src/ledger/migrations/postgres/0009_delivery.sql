-- Deliveries that their receiver refuses, and destinations that are left alone; see the step of SQLite.

ALTER TABLE outbox ADD COLUMN refusals bigint NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN refused_at bigint;
ALTER TABLE attempts ADD COLUMN class text COLLATE "C"
    CHECK (class IN ('temporary', 'unknown', 'data', 'contract', 'security'));

DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (lane, receiver, sequence, due_at, purpose)
WHERE sent_at IS NULL AND refused_at IS NULL;
CREATE INDEX outbox_refused ON outbox (sequence) WHERE refused_at IS NOT NULL;

CREATE TABLE breakers (
    destination text COLLATE "C" PRIMARY KEY,
    state text COLLATE "C" NOT NULL CHECK (state IN ('closed', 'half-open', 'open')),
    since bigint NOT NULL,
    failures bigint NOT NULL,
    tries bigint NOT NULL,
    next_try bigint NOT NULL,
    ramp bigint,
    passed bigint NOT NULL,
    class text COLLATE "C" CHECK (class IN ('temporary', 'unknown', 'data', 'contract', 'security')),
    reason text COLLATE "C"
);
