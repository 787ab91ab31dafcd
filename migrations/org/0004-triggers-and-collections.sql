CREATE TABLE collections (
  kind TEXT NOT NULL CHECK (kind IN ('kv', 'docs')),
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE triggers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  script_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'disabled')),
  kind TEXT NOT NULL,
  subject TEXT,
  source TEXT NOT NULL,
  retry TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX triggers_by_subject ON triggers (kind, subject);
CREATE INDEX triggers_by_script ON triggers (script_id);

CREATE TABLE signing_secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  trigger_id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  key_version INTEGER NOT NULL,
  until INTEGER
) STRICT;

CREATE INDEX signing_secrets_by_trigger ON signing_secrets (trigger_id);

ALTER TABLE org ADD COLUMN events_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE org ADD COLUMN has_dispatcher INTEGER NOT NULL DEFAULT 0;
