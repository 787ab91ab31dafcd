-- Whether the org rests, so that nothing is delivered and no schedule sets anything off.
ALTER TABLE identity ADD COLUMN resting INTEGER NOT NULL DEFAULT 0;
