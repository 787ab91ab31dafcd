CREATE TABLE collection (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  org_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  count INTEGER NOT NULL,
  triggers_revision INTEGER NOT NULL,
  triggers TEXT NOT NULL
) STRICT;

CREATE TABLE kv (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  depth INTEGER NOT NULL,
  execution_id TEXT,
  bytes INTEGER NOT NULL,
  value TEXT NOT NULL
) STRICT;

CREATE INDEX kv_by_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  caused_by TEXT,
  order_key TEXT NOT NULL,
  deliveries TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
