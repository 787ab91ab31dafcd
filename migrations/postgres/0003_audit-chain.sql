CREATE TABLE "audit_head" (
	"chain" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"prev_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
DROP INDEX "audit_log_at";--> statement-breakpoint
DROP INDEX "audit_log_org";--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "chain" text GENERATED ALWAYS AS (coalesce(org_id, 'platform')) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "seq" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "prev_hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "entry" text;--> statement-breakpoint
ALTER TABLE "org" ADD COLUMN "quotas_revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "org" ADD COLUMN "quotas_published" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_log_order" ON "audit_log" USING btree ("at","seq","id");--> statement-breakpoint
CREATE INDEX "audit_log_chain_order" ON "audit_log" USING btree ("chain","at","seq","id");--> statement-breakpoint
CREATE INDEX "audit_log_actor" ON "audit_log" USING btree ("actor_id","at");--> statement-breakpoint
CREATE INDEX "audit_log_target" ON "audit_log" USING btree ("target","at");--> statement-breakpoint
CREATE INDEX "audit_log_request" ON "audit_log" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "org_plan" ON "org" USING btree ("plan");--> statement-breakpoint
CREATE INDEX "org_quotas_unpublished" ON "org" USING btree ("id") WHERE "org"."quotas_published" < "org"."quotas_revision";--> statement-breakpoint
-- The next link of a chain: one statement that takes the chain's row of audit_head until the transaction ends, so
-- that two entries never follow the same one.
CREATE FUNCTION "audit_link"(of_chain text, of_entry text, OUT link_seq bigint, OUT link_prev_hash text, OUT link_hash text)
LANGUAGE sql AS $$
  INSERT INTO "audit_head" AS head ("chain", "seq", "prev_hash", "hash")
  VALUES (
    of_chain,
    1,
    encode(sha256(convert_to(of_chain, 'UTF8')), 'hex'),
    encode(sha256(convert_to(encode(sha256(convert_to(of_chain, 'UTF8')), 'hex') || chr(10) || of_entry, 'UTF8')), 'hex')
  )
  ON CONFLICT ("chain") DO UPDATE SET
    "seq" = head."seq" + 1,
    "prev_hash" = head."hash",
    "hash" = encode(sha256(convert_to(head."hash" || chr(10) || of_entry, 'UTF8')), 'hex')
  RETURNING head."seq", head."prev_hash", head."hash";
$$;
--> statement-breakpoint
DO $$
DECLARE
  old record;
  last "audit_head"%ROWTYPE;
BEGIN
  FOR old IN SELECT * FROM "audit_log" ORDER BY "chain", "at", "id" LOOP
    IF last."chain" IS DISTINCT FROM old."chain" THEN
      IF last."chain" IS NOT NULL THEN
        INSERT INTO "audit_head" VALUES (last.*);
      END IF;
      last."chain" := old."chain";
      last."seq" := 0;
      last."hash" := encode(sha256(convert_to(old."chain", 'UTF8')), 'hex');
    END IF;
    old."entry" := json_build_object(
      'id', old."id",
      'at', (extract(epoch FROM old."at") * 1000)::bigint,
      'actor', json_build_object('type', old."actor_type", 'id', old."actor_id", 'name', old."actor_name"),
      'action', old."action",
      'target', old."target",
      'orgId', old."org_id",
      'details', old."details",
      'address', old."address",
      'requestId', old."request_id"
    )::text;
    last."seq" := last."seq" + 1;
    last."prev_hash" := last."hash";
    last."hash" := encode(sha256(convert_to(last."prev_hash" || chr(10) || old."entry", 'UTF8')), 'hex');
    UPDATE "audit_log"
    SET "entry" = old."entry", "seq" = last."seq", "prev_hash" = last."prev_hash", "hash" = last."hash"
    WHERE "id" = old."id";
  END LOOP;
  IF last."chain" IS NOT NULL THEN
    INSERT INTO "audit_head" VALUES (last.*);
  END IF;
END
$$;
--> statement-breakpoint
ALTER TABLE "audit_log" ALTER COLUMN "entry" SET NOT NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX "audit_log_chain_seq" ON "audit_log" USING btree ("chain","seq");
--> statement-breakpoint
CREATE FUNCTION "audit_append"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  link record;
BEGIN
  SELECT * INTO link FROM "audit_link"(coalesce(NEW."org_id", 'platform'), NEW."entry");
  NEW."seq" := link.link_seq;
  NEW."prev_hash" := link.link_prev_hash;
  NEW."hash" := link.link_hash;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "audit_log_append" BEFORE INSERT ON "audit_log" FOR EACH ROW EXECUTE FUNCTION "audit_append"();
--> statement-breakpoint
CREATE FUNCTION "audit_refuse"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "audit_log_refuse" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_log"
FOR EACH STATEMENT EXECUTE FUNCTION "audit_refuse"();
--> statement-breakpoint
-- The head is written by the trigger above alone: what it does is one trigger deep already.
CREATE TRIGGER "audit_head_refuse" BEFORE INSERT OR UPDATE OR DELETE ON "audit_head"
FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION "audit_refuse"();
--> statement-breakpoint
CREATE TRIGGER "audit_head_keep" BEFORE TRUNCATE ON "audit_head"
FOR EACH STATEMENT EXECUTE FUNCTION "audit_refuse"();
