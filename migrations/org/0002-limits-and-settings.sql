ALTER TABLE scripts ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
UPDATE scripts SET limits = json_object('wallClockMs', wall_clock_ms) WHERE wall_clock_ms <> 10000;
ALTER TABLE scripts DROP COLUMN wall_clock_ms;
ALTER TABLE org ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
