ALTER TABLE usage_months ADD COLUMN storage_byte_hours INTEGER NOT NULL DEFAULT 0;

INSERT OR IGNORE INTO usage_months (month_at)
  SELECT DISTINCT unixepoch(hour_at / 1000, 'unixepoch', 'start of month') * 1000
  FROM usage_hours WHERE storage_bytes IS NOT NULL;

UPDATE usage_months SET storage_byte_hours = (
  SELECT coalesce(sum(storage_bytes), 0) FROM usage_hours
  WHERE unixepoch(hour_at / 1000, 'unixepoch', 'start of month') * 1000 = month_at
);
