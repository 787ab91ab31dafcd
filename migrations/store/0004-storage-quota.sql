ALTER TABLE collection ADD COLUMN over_quota TEXT;
