CREATE TABLE identity (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  org_id TEXT NOT NULL,
  slug TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE triggers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  configured INTEGER NOT NULL,
  body TEXT NOT NULL,
  signing_secrets TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  trigger_id TEXT NOT NULL,
  order_key TEXT,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
  at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  caused_by TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  execution_id TEXT,
  duration_ms INTEGER,
  error TEXT,
  length INTEGER NOT NULL,
  history TEXT,
  data TEXT NOT NULL
) STRICT;

CREATE INDEX deliveries_due ON deliveries (trigger_id, due_at, seq) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_in_order ON deliveries (trigger_id, order_key, seq)
WHERE order_key IS NOT NULL AND ended_at IS NULL;
CREATE INDEX deliveries_by_state ON deliveries (trigger_id, state, seq, length);
CREATE INDEX deliveries_ended ON deliveries (ended_at, seq) WHERE ended_at IS NOT NULL;

CREATE TABLE dead_letters (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  delivery_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  trigger_name TEXT NOT NULL,
  script_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  order_key TEXT,
  at INTEGER NOT NULL,
  died_at INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  caused_by TEXT,
  attempts INTEGER NOT NULL,
  error TEXT NOT NULL,
  note TEXT,
  length INTEGER NOT NULL,
  history TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE INDEX dead_letters_by_trigger ON dead_letters (trigger_id, seq, length);
CREATE INDEX dead_letters_by_age ON dead_letters (died_at, length);

CREATE TABLE async_runs (
  execution_id TEXT PRIMARY KEY,
  script_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
  error TEXT,
  length INTEGER NOT NULL DEFAULT 0,
  result TEXT
) STRICT;

CREATE INDEX async_runs_ended ON async_runs (ended_at, length) WHERE ended_at IS NOT NULL;
