-- Stored messages that are sent or judged once more. A selection is a frozen list: which messages it holds is settled when
-- it is made, and what came later is never taken along. It is carried out once, with one intent; what becomes of each
-- member is noted in the transaction in which it is done, so that a gateway that dies half way goes on with the rest.

CREATE TABLE selections (
    id INTEGER PRIMARY KEY,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    chosen TEXT NOT NULL,
    intent TEXT CHECK (intent IN ('resend', 'judge')),
    again INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)),
    reason TEXT,
    ordered_by TEXT,
    ordered_at INTEGER,
    done_at INTEGER,
    CHECK ((intent IS NULL) = (reason IS NULL)),
    CHECK ((intent IS NULL) = (ordered_by IS NULL)),
    CHECK ((intent IS NULL) = (ordered_at IS NULL)),
    CHECK (intent IS NOT NULL OR done_at IS NULL)
) STRICT;

CREATE INDEX selections_open ON selections (id) WHERE intent IS NOT NULL AND done_at IS NULL;

-- A member is a stored message, or one of the waiting room, which has no number among the messages yet.
CREATE TABLE selection_members (
    selection_id INTEGER NOT NULL REFERENCES selections (id),
    position INTEGER NOT NULL,
    message_id INTEGER,
    waiting_id INTEGER,
    done_at INTEGER,
    outcome TEXT CHECK (outcome IN (
        'resent', 'waiting', 'nothing', 'judged', 'unchanged', 'told', 'repeated', 'gone', 'failed'
    )),
    answer TEXT,
    PRIMARY KEY (selection_id, position),
    CHECK ((message_id IS NULL) <> (waiting_id IS NULL)),
    CHECK ((done_at IS NULL) = (outcome IS NULL)),
    CHECK ((done_at IS NULL) = (answer IS NULL))
) STRICT;

CREATE INDEX selection_members_open ON selection_members (selection_id, position) WHERE done_at IS NULL;
CREATE INDEX selection_members_message ON selection_members (message_id, selection_id);

-- Judgings of a stored message after its first. `took_effect` is 0 for one that only told what would be decided.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    previous_run INTEGER REFERENCES runs (id),
    selection_id INTEGER NOT NULL REFERENCES selections (id),
    at INTEGER NOT NULL,
    previous_verdict TEXT NOT NULL CHECK (
        previous_verdict IN ('accepted', 'rejected', 'partly', 'held', 'parked', 'waiting')
    ),
    previous_register TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'rejected', 'partly', 'held', 'parked')),
    level INTEGER NOT NULL,
    register_version TEXT,
    findings TEXT NOT NULL,
    took_effect INTEGER NOT NULL CHECK (took_effect IN (0, 1)),
    run_by TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX runs_message ON runs (message_id, id);

-- A row that leaves once more is as old as its new order, not as its first: its age is what alarms go by.
ALTER TABLE outbox ADD COLUMN resent_at INTEGER;
CREATE INDEX outbox_resent ON outbox (purpose, resent_at) WHERE sent_at IS NULL AND resent_at IS NOT NULL;
