CREATE TABLE usage_hours (
  hour_at INTEGER PRIMARY KEY,
  requests INTEGER NOT NULL DEFAULT 0,
  executions INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  cpu_ms REAL NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  storage_bytes INTEGER,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE usage_months (
  month_at INTEGER PRIMARY KEY,
  requests INTEGER NOT NULL DEFAULT 0,
  executions INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  cpu_ms REAL NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE usage_sources (
  source TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;

CREATE INDEX usage_sources_by_age ON usage_sources (seen_at);

ALTER TABLE usage ADD COLUMN retention_ms INTEGER;
