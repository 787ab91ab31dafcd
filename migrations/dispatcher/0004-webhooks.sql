CREATE TABLE webhook_messages (
  trigger_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (trigger_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_messages_by_age ON webhook_messages (received_at);
