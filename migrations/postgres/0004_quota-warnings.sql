CREATE TABLE "quota_warning" (
	"org_id" text NOT NULL,
	"quota" text NOT NULL,
	"month_at" timestamp (3) with time zone NOT NULL,
	"percent" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quota_warning_org_id_quota_month_at_percent_pk" PRIMARY KEY("org_id","quota","month_at","percent")
);
--> statement-breakpoint
ALTER TABLE "org" ADD COLUMN "quotas_looked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "quota_warning" ADD CONSTRAINT "quota_warning_org_id_org_id_fk" FOREIGN KEY ("org_id") REFERENCES "public"."org"("id") ON DELETE cascade ON UPDATE no action;