import * as z from "zod";

import { idSchema } from "../ids.ts";
import { MACHINE_LOG_LINES_MAX, TEXT_LENGTH_MAX } from "../limits.ts";
import {
  DRIVERS,
  MACHINE_DRIVERS,
  MACHINE_HEALTH,
  MACHINE_STATES,
  machineSpecSchema,
  PROVISION_STATES,
  PROVISION_STEPS,
  STEP_STATES,
} from "../machines.ts";
import { endpoint, eventsEndpoint, nothing, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

/** What went wrong, with the machine's last lines where it had any. */
const failure = z.object({ code: z.string(), message: z.string(), lines: z.array(z.string()).optional() });

export const machineSchema = z.object({
  id: idSchema("machine"),
  driver: z.enum(MACHINE_DRIVERS),
  state: z.enum(MACHINE_STATES),
  stateAt: timestamp,
  health: z.enum(MACHINE_HEALTH),
  spec: machineSpecSchema,
  region: z.string().nullable(),
  /** Where it answers. */
  origin: z.string().nullable(),
  /** What the provider calls what belongs to it. */
  provider: z.record(z.string(), z.unknown()),
  heartbeatAt: timestamp.nullable(),
  error: failure.nullable(),
  createdAt: timestamp,
});

export const provisionSchema = z.object({
  id: idSchema("provision"),
  machineId: idSchema("machine"),
  driver: z.enum(MACHINE_DRIVERS),
  state: z.enum(PROVISION_STATES),
  steps: z.array(
    z.object({
      step: z.enum(PROVISION_STEPS),
      state: z.enum(STEP_STATES),
      attempts: z.number().int(),
      error: z.string().nullable(),
      startedAt: timestamp.nullable(),
      endedAt: timestamp.nullable(),
    }),
  ),
  deadlineAt: timestamp,
  error: failure.nullable(),
  createdAt: timestamp,
});

/** An org's machine, and the newest attempt to give it one; null where there is none. */
export const orgMachineSchema = z.object({ machine: machineSchema.nullable(), provision: provisionSchema.nullable() });

/** What a driver is asked to bring up. */
const newMachineSchema = machineSpecSchema.extend({ driver: z.enum(MACHINE_DRIVERS) });

export const listDrivers = endpoint({
  id: "listDrivers",
  method: "GET",
  path: "/drivers",
  tag: "Machines",
  summary: "List what can stand behind an org here, and the defaults of each",
  capability: "orgs:list",
  response: z.object({
    items: z.array(
      z.object({
        driver: z.enum(DRIVERS),
        title: z.string(),
        /** Null where its provider decides. */
        image: z.string().nullable(),
        size: z.string().nullable(),
        regions: z.array(z.string()),
        volumes: z.boolean(),
      }),
    ),
  }),
});

export const getMachine = endpoint({
  id: "getMachine",
  method: "GET",
  path: "/orgs/{slug}/machine",
  tag: "Machines",
  summary: "Get an org's machine, and how far its provision is",
  capability: "machines:read",
  params: orgParams,
  response: orgMachineSchema,
  errors: ["not_found"],
});

export const createMachine = endpoint({
  id: "createMachine",
  method: "POST",
  path: "/orgs/{slug}/machine",
  tag: "Machines",
  summary: "Give an org a machine; its scripts answer until it is ready",
  capability: "machines:write",
  params: orgParams,
  body: newMachineSchema,
  response: orgMachineSchema,
  status: 202,
  errors: ["not_found", "conflict", "invalid", "over_quota"],
});

export const deleteMachine = endpoint({
  id: "deleteMachine",
  method: "DELETE",
  path: "/orgs/{slug}/machine",
  tag: "Machines",
  summary: "Destroy an org's machine with its volume; its scripts answer again",
  capability: "machines:write",
  params: orgParams,
  /** The slug again, so that nothing is destroyed by a slip. */
  query: z.object({ confirm: z.string().max(100) }),
  response: orgMachineSchema,
  status: 202,
  errors: ["not_found", "invalid", "conflict"],
});

const action = (id: string, verb: string, summary: string) =>
  endpoint({
    id,
    method: "POST",
    path: `/orgs/{slug}/machine/${verb}`,
    tag: "Machines",
    summary,
    capability: "machines:write",
    params: orgParams,
    response: orgMachineSchema,
    status: 202,
    errors: ["not_found", "conflict"],
  });

export const startMachine = action("startMachine", "start", "Start a stopped machine");
export const stopMachine = action("stopMachine", "stop", "Stop a machine; its volume stays");
export const restartMachine = action("restartMachine", "restart", "Stop a machine and start it again");
export const retryMachine = action(
  "retryMachine",
  "retry",
  "Try again to give an org the machine that it could not get",
);

export const enrolmentToken = endpoint({
  id: "enrolmentToken",
  method: "POST",
  path: "/orgs/{slug}/machine/enrolment",
  tag: "Machines",
  summary: "Make the one-time token by which a machine of your own registers itself; the one before is good no more",
  capability: "machines:write",
  params: orgParams,
  response: z.object({
    token: z.string(),
    expiresAt: timestamp,
    /** Where it registers. */
    url: z.string(),
  }),
  status: 201,
  errors: ["not_found", "conflict"],
});

export const machineLogs = endpoint({
  id: "machineLogs",
  method: "GET",
  path: "/orgs/{slug}/machine/logs",
  tag: "Machines",
  summary: "Read the last lines that a machine has printed, oldest first",
  capability: "machines:read",
  params: orgParams,
  query: z.object({ limit: z.coerce.number().int().min(1).max(MACHINE_LOG_LINES_MAX).optional() }),
  response: z.object({ items: z.array(z.object({ at: timestamp.nullable(), text: z.string() })) }),
  errors: ["not_found", "conflict", "unavailable"],
});

/** `progress` whenever something changed; `end` when nothing more will. */
export const machineProgress = eventsEndpoint({
  id: "machineProgress",
  method: "GET",
  path: "/orgs/{slug}/machine/progress",
  tag: "Machines",
  summary: "Follow how an org's machine comes up or goes, until it stands",
  capability: "machines:read",
  params: orgParams,
  query: nothing,
  response: z.discriminatedUnion("type", [
    z.object({ type: z.literal("progress"), state: z.string(), ...orgMachineSchema.shape }),
    z.object({ type: z.literal("end"), state: z.string(), ...orgMachineSchema.shape }),
    z.object({ type: z.literal("ping") }),
  ]),
  errors: ["not_found"],
});

export const listMachines = endpoint({
  id: "listMachines",
  method: "GET",
  path: "/machines",
  tag: "Machines",
  summary: "List the machines of all orgs",
  capability: "platform:machines",
  query: pageQuery.extend({ driver: z.enum(MACHINE_DRIVERS).optional(), state: z.enum(MACHINE_STATES).optional() }),
  response: pageOf(machineSchema.extend({ org: z.object({ id: idSchema("org"), slug: z.string() }) })),
  errors: ["invalid"],
});

const dryRun = z.object({ dryRun: z.boolean().default(true) }).strict();

export const sweepOrphans = endpoint({
  id: "sweepOrphans",
  method: "POST",
  path: "/machines/sweep",
  tag: "Machines",
  summary: "Find what lies at providers without an owner, and remove what has for longer than the grace",
  capability: "platform:machines",
  body: dryRun,
  response: z.object({
    dryRun: z.boolean(),
    drivers: z.array(
      z.object({
        driver: z.enum(MACHINE_DRIVERS),
        /** Why nothing was removed here; null where nothing kept it. */
        skipped: z.string().nullable(),
        listed: z.number().int(),
        orphans: z.array(
          z.object({
            resource: z.string(),
            firstSeenAt: timestamp,
            /** `kept` for its grace, or because the run was dry. */
            outcome: z.enum(["kept", "removed", "failed"]),
            error: z.string().nullable(),
          }),
        ),
      }),
    ),
  }),
});

export const reconcileMachines = endpoint({
  id: "reconcileMachines",
  method: "POST",
  path: "/machines/reconcile",
  tag: "Machines",
  summary: "Compare what is written down of every machine with what its provider says, and mend the difference",
  capability: "platform:machines",
  body: dryRun,
  response: z.object({
    dryRun: z.boolean(),
    looked: z.number().int(),
    changes: z.array(
      z.object({
        machineId: idSchema("machine"),
        slug: z.string(),
        from: z.enum(MACHINE_STATES),
        to: z.enum(MACHINE_STATES),
        reason: z.string(),
      }),
    ),
    failures: z.array(z.object({ machineId: idSchema("machine"), slug: z.string(), error: z.string() })),
  }),
});

/** Open to whoever has the token. */
export const enrolMachine = endpoint({
  id: "enrolMachine",
  method: "POST",
  path: "/machines/enrol",
  tag: "Machines",
  summary: "Register a machine by its one-time token; the secrets in the answer are shown once",
  capability: null,
  body: z
    .object({
      token: z.string().max(200),
      /** Where it answers; only a machine of one's own says so. */
      url: z
        .url({ protocol: /^https?$/, error: "must be an http or https URL" })
        .max(TEXT_LENGTH_MAX)
        .optional(),
    })
    .strict(),
  response: z.object({
    machineId: idSchema("machine"),
    org: z.string(),
    /** Every request that came through the platform carries it in `x-isola-secret`. */
    proxySecret: z.string(),
    /** Signs call-backs, as Standard Webhooks has it: `whsec_…`. */
    callBackSecret: z.string(),
    heartbeat: z.object({ url: z.string(), everySeconds: z.number().int() }),
    /** What else belongs to the machine, such as `DATABASE_URL`. */
    environment: z.record(z.string(), z.string()),
  }),
  errors: ["unauthenticated", "invalid", "conflict"],
});

/** Open to whoever can sign for the machine; see docs/machines.md. */
export const machineHeartbeat = endpoint({
  id: "machineHeartbeat",
  method: "POST",
  path: "/machines/{id}/heartbeat",
  tag: "Machines",
  summary: "Tell that a machine lives; signed as Standard Webhooks has it",
  capability: null,
  params: z.object({ id: z.string().max(100) }),
  body: z
    .object({
      status: z.enum(["ok", "degraded", "stopping"]).default("ok"),
      message: z.string().max(TEXT_LENGTH_MAX).optional(),
    })
    .strict(),
  response: z.object({ state: z.enum(MACHINE_STATES), heartbeatEverySeconds: z.number().int() }),
  errors: ["unauthenticated", "invalid", "gone"],
});
