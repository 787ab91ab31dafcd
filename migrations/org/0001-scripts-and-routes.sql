CREATE TABLE org (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  org_id TEXT NOT NULL,
  slug TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'destroying', 'destroyed')),
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE scripts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  wall_clock_ms INTEGER NOT NULL,
  live_version_id TEXT NOT NULL,
  live_since INTEGER NOT NULL,
  live_by TEXT NOT NULL,
  last_number INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE versions (
  id TEXT PRIMARY KEY,
  script_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('endpoint', 'module')),
  main TEXT NOT NULL,
  hash TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  message TEXT NOT NULL,
  author TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (script_id, number)
) STRICT;

CREATE INDEX versions_by_hash ON versions (hash);

CREATE TABLE contents (
  version_id TEXT NOT NULL,
  part TEXT NOT NULL CHECK (part IN ('files', 'code', 'source_map')),
  sequence INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (version_id, part, sequence)
) STRICT;

CREATE TABLE routes (
  id TEXT PRIMARY KEY,
  script_id TEXT NOT NULL,
  method TEXT NOT NULL,
  host TEXT,
  path TEXT NOT NULL,
  path_kind TEXT NOT NULL CHECK (path_kind IN ('exact', 'param', 'prefix'))
) STRICT;

CREATE INDEX routes_by_script ON routes (script_id);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  operation TEXT NOT NULL,
  rank INTEGER NOT NULL,
  version_id TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER
) STRICT;

CREATE INDEX outbox_by_rank ON outbox (rank, due_at);
