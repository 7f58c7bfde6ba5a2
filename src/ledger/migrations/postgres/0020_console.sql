-- What pages count over long periods, without reading the messages themselves, and the trail newest first: all of it, and
-- what people and the gateway did beside deciding on messages, which are most rows by far.

CREATE INDEX messages_flow ON messages (received_at, aanbieder, law, number, verdict);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_hand ON audit (at, id) WHERE event <> 'decided';
