CREATE TABLE queue_messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  visible_at INTEGER,
  batch_id TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  depth INTEGER NOT NULL,
  caused_by TEXT,
  bytes INTEGER NOT NULL,
  history TEXT,
  value TEXT NOT NULL
) STRICT;

CREATE INDEX queue_messages_in_order ON queue_messages (queue, visible_at, seq, bytes);
CREATE INDEX queue_messages_by_batch ON queue_messages (batch_id, seq) WHERE batch_id IS NOT NULL;
CREATE INDEX queue_messages_by_age ON queue_messages (visible_at) WHERE visible_at IS NOT NULL;

CREATE TABLE queue_batches (
  id TEXT PRIMARY KEY,
  trigger_id TEXT NOT NULL,
  queue TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX queue_batches_by_trigger ON queue_batches (trigger_id);
