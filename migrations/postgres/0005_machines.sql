CREATE TABLE "certificate_removal" (
	"id" text PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "domain" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"hostname" text NOT NULL,
	"label" text,
	"state" text DEFAULT 'pending' NOT NULL,
	"checked_at" timestamp (3) with time zone,
	"problem" text,
	"proved_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone,
	"certificate" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "domain_hostname_unique" UNIQUE("hostname")
);
--> statement-breakpoint
CREATE TABLE "machine" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"driver" text NOT NULL,
	"spec" jsonb NOT NULL,
	"state" text NOT NULL,
	"state_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"region" text,
	"provider" jsonb NOT NULL,
	"origin" text,
	"network" text DEFAULT 'public' NOT NULL,
	"secrets_version" integer NOT NULL,
	"enrolment_hash" text,
	"enrolment_expires_at" timestamp (3) with time zone,
	"health" text DEFAULT 'unknown' NOT NULL,
	"probes_failed" integer DEFAULT 0 NOT NULL,
	"heartbeat_at" timestamp (3) with time zone,
	"last_call_back_id" text,
	"requests_seen" bigint DEFAULT 0 NOT NULL,
	"requested_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"error" jsonb,
	"looked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "machine_orgId_unique" UNIQUE("org_id"),
	CONSTRAINT "machine_enrolmentHash_unique" UNIQUE("enrolment_hash")
);
--> statement-breakpoint
CREATE TABLE "orphan" (
	"driver" text NOT NULL,
	"resource" text NOT NULL,
	"first_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "orphan_driver_resource_pk" PRIMARY KEY("driver","resource")
);
--> statement-breakpoint
CREATE TABLE "provision" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"machine_id" text NOT NULL,
	"driver" text NOT NULL,
	"spec" jsonb NOT NULL,
	"state" text DEFAULT 'running' NOT NULL,
	"is_first" boolean NOT NULL,
	"provider" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"secrets_version" integer DEFAULT 1 NOT NULL,
	"enrolment_hash" text,
	"enrolment_expires_at" timestamp (3) with time zone,
	"attempt" integer DEFAULT 1 NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL,
	"deadline_at" timestamp (3) with time zone NOT NULL,
	"error" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "provision_machineId_unique" UNIQUE("machine_id"),
	CONSTRAINT "provision_enrolmentHash_unique" UNIQUE("enrolment_hash")
);
--> statement-breakpoint
CREATE TABLE "provision_step" (
	"provision_id" text NOT NULL,
	"step" text NOT NULL,
	"place" integer NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "provision_step_provision_id_step_pk" PRIMARY KEY("provision_id","step")
);
--> statement-breakpoint
CREATE TABLE "slug_redirect" (
	"slug" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tenant_database" (
	"org_id" text PRIMARY KEY NOT NULL,
	"driver" text NOT NULL,
	"state" text NOT NULL,
	"provider" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "org" ADD COLUMN "suspended_by" text;--> statement-breakpoint
ALTER TABLE "org" ADD COLUMN "suspended_reason" text;--> statement-breakpoint
ALTER TABLE "org" ADD COLUMN "budget" jsonb;--> statement-breakpoint
ALTER TABLE "plan" ADD COLUMN "prices" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "domain" ADD CONSTRAINT "domain_org_id_org_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."org"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machine" ADD CONSTRAINT "machine_org_id_org_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."org"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provision" ADD CONSTRAINT "provision_org_id_org_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."org"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provision_step" ADD CONSTRAINT "provision_step_provision_id_provision_id_fk" FOREIGN KEY ("provision_id") REFERENCES "public"."provision"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "slug_redirect" ADD CONSTRAINT "slug_redirect_org_id_org_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."org"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_database" ADD CONSTRAINT "tenant_database_org_id_org_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."org"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "domain_org" ON "domain" USING btree ("org_id");--> statement-breakpoint
CREATE INDEX "domain_state" ON "domain" USING btree ("state","checked_at");--> statement-breakpoint
CREATE INDEX "domain_expires" ON "domain" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "machine_state" ON "machine" USING btree ("state","state_at");--> statement-breakpoint
CREATE INDEX "machine_looked" ON "machine" USING btree ("looked_at");--> statement-breakpoint
CREATE INDEX "provision_org" ON "provision" USING btree ("org_id","created_at");--> statement-breakpoint
CREATE INDEX "provision_lease" ON "provision" USING btree ("state","lease_until");--> statement-breakpoint
CREATE UNIQUE INDEX "provision_one_at_once" ON "provision" USING btree ("org_id") WHERE "provision"."state" in ('running', 'compensating');--> statement-breakpoint
CREATE INDEX "slug_redirect_org" ON "slug_redirect" USING btree ("org_id");--> statement-breakpoint
CREATE INDEX "slug_redirect_expires" ON "slug_redirect" USING btree ("expires_at");