-- Whether a route's script is run while the caller waits, or later with its answer kept.
ALTER TABLE routes ADD COLUMN dispatch TEXT NOT NULL DEFAULT 'sync';
