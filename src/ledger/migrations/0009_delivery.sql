-- Deliveries that their receiver refuses for what they are. `refusals` counts since the row was written or last sent again
-- by a person; a row with `refused_at` is set aside: it is not due, and those behind it go on. An attempt that led to that
-- has no `retry_at`. `class` says what a failed attempt meant; attempts of before have none.

ALTER TABLE outbox ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN refused_at INTEGER;
ALTER TABLE attempts ADD COLUMN class TEXT CHECK (class IN ('temporary', 'unknown', 'data', 'contract', 'security'));

DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (lane, receiver, sequence, due_at, purpose)
WHERE sent_at IS NULL AND refused_at IS NULL;
CREATE INDEX outbox_refused ON outbox (sequence) WHERE refused_at IS NOT NULL;

-- Whether a destination is tried. `tries` counts openings and failed probes since it last took all that was sent; `ramp`
-- is how many rows may be under way while it comes back, and `passed` how many arrived since that last grew.
CREATE TABLE breakers (
    destination TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('closed', 'half-open', 'open')),
    since INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    ramp INTEGER,
    passed INTEGER NOT NULL,
    class TEXT CHECK (class IN ('temporary', 'unknown', 'data', 'contract', 'security')),
    reason TEXT
) STRICT;
