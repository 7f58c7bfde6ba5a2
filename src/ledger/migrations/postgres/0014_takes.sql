-- Messages that came back to their transport before they were recorded; see the step of SQLite.

CREATE TABLE takes (
    transport text COLLATE "C" NOT NULL,
    transport_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    takes bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (transport, transport_id, digest)
);
