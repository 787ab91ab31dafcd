CREATE TABLE docs (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE doc_indexes (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  fields TEXT NOT NULL,
  is_unique INTEGER NOT NULL
) STRICT;

CREATE TABLE doc_entries (
  index_id INTEGER NOT NULL,
  key BLOB NOT NULL,
  doc_id TEXT NOT NULL,
  PRIMARY KEY (index_id, key, doc_id)
) STRICT, WITHOUT ROWID;
