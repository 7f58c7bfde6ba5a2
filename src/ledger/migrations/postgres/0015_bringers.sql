-- Who brought a message whose sender could not be read; see the step of SQLite.

CREATE TABLE bringers (
    message_id bigint PRIMARY KEY REFERENCES messages (id),
    sender text COLLATE "C" NOT NULL
);
