-- Who brought a message whose sender could not be read, as far as a transport vouched for somebody: the name of the
-- configuration. When such a message is judged anew and can be read by then, it is held against that.

CREATE TABLE bringers (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id),
    sender TEXT NOT NULL
) STRICT;
