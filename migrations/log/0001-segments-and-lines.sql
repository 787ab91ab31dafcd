CREATE TABLE segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  received_at INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last_line_id INTEGER NOT NULL,
  scripts TEXT NOT NULL,
  results TEXT NOT NULL,
  execution_ids TEXT NOT NULL,
  records TEXT NOT NULL
) STRICT;

CREATE INDEX segments_by_last_at ON segments (last_at, id);

CREATE TABLE lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  execution_id TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE INDEX lines_by_execution ON lines (execution_id);

CREATE TABLE usage (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  bytes INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT;

INSERT INTO usage (only, bytes, dropped) VALUES (1, 0, 0);
