CREATE TABLE imports (
  version_id TEXT NOT NULL,
  module TEXT NOT NULL,
  names TEXT NOT NULL,
  PRIMARY KEY (version_id, module)
) STRICT, WITHOUT ROWID;

CREATE INDEX imports_by_module ON imports (module);

ALTER TABLE versions ADD COLUMN exports TEXT;
ALTER TABLE scripts ADD COLUMN linked_hash TEXT;
