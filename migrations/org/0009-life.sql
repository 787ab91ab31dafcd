-- The states of an org are those of the contracts, and more may come: the object checks them, not the table.
CREATE TABLE org_next (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  org_id TEXT NOT NULL,
  slug TEXT NOT NULL,
  state TEXT NOT NULL,
  revision INTEGER NOT NULL,
  settings TEXT NOT NULL DEFAULT '{}',
  events_revision INTEGER NOT NULL DEFAULT 0,
  has_dispatcher INTEGER NOT NULL DEFAULT 0,
  storage_full INTEGER NOT NULL DEFAULT 0,
  machine TEXT
) STRICT;

INSERT INTO org_next (only, org_id, slug, state, revision, settings, events_revision, has_dispatcher, storage_full)
SELECT only, org_id, slug, state, revision, settings, events_revision, has_dispatcher, storage_full FROM org;
DROP TABLE org;
ALTER TABLE org_next RENAME TO org;

-- Slugs that the org had before, and until when each leads to it.
CREATE TABLE redirects (
  slug TEXT PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE domains (
  hostname TEXT PRIMARY KEY,
  label TEXT
) STRICT, WITHOUT ROWID;
