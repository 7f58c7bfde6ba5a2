-- Messages that came back to their transport before they were recorded, and how often each was taken once more. A row
-- goes when its message is recorded.

CREATE TABLE takes (
    transport TEXT NOT NULL,
    transport_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    takes INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (transport, transport_id, digest)
) STRICT, WITHOUT ROWID;
