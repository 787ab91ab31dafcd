CREATE TABLE schedules (
  trigger_id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  due_at INTEGER,
  starts_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_by_start ON schedules (starts_at) WHERE starts_at IS NOT NULL;

CREATE TABLE cron_runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  trigger_id TEXT NOT NULL,
  scheduled_at INTEGER NOT NULL,
  missed INTEGER NOT NULL,
  delivery_id TEXT NOT NULL UNIQUE,
  state TEXT CHECK (state IN ('done', 'dead', 'skipped')),
  started_at INTEGER,
  execution_id TEXT,
  error TEXT
) STRICT;

CREATE INDEX cron_runs_by_trigger ON cron_runs (trigger_id, seq);
