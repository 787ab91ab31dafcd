CREATE TABLE secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  script_id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  key_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (name, script_id)
) STRICT;

CREATE INDEX secrets_by_script ON secrets (script_id);
