import * as z from "zod";

/** Where the practice provider has room; `full` has none, so that people can see what happens then. */
export const REGIONS = ["near", "far", "full"] as const;
export const FULL_REGION = "full";

/** Bounds of the practice provider. */
export const GROUPS_MAX = 2_000;
const LINES_KEPT_MAX = 100;
const LINE_LENGTH_MAX = 500;
const NAME_LENGTH_MAX = 200;
const VARIABLES_LENGTH_MAX = 64 * 1024;

const name = z.string().min(1).max(NAME_LENGTH_MAX);
const tags = z.object({ platform: name, org: name, machine: name, slug: name.optional() });
const environment = z
  .record(name, z.string())
  .refine((variables) => JSON.stringify(variables).length <= VARIABLES_LENGTH_MAX, "is too long");
export type Tags = z.infer<typeof tags>;

export const newGroupSchema = z.object({ name, tags });
export const newVolumeSchema = z.object({ name, group: name, region: name, sizeGb: z.number().int().positive(), tags });
export const newMachineSchema = z.object({
  name,
  group: name,
  region: name,
  image: name,
  size: name,
  /** Identifier of a volume in the same region. */
  volume: name.nullable(),
  environment,
  tags,
});
export const startSchema = z.object({ environment });

const made = { id: name, createdAt: z.number() };
const groupSchema = newGroupSchema.extend(made);
const volumeSchema = newVolumeSchema.extend({
  ...made,
  /** When data was first written on it; null while it is empty. */
  writtenAt: z.number().nullable(),
});
const lineSchema = z.object({ at: z.number(), text: z.string() });
const machineSchema = newMachineSchema.extend({
  ...made,
  state: z.enum(["created", "starting", "started", "stopping", "stopped", "failed", "destroying"]),
  changedAt: z.number(),
  /** Null until it has run for the first time. */
  firstStartedAt: z.number().nullable(),
  /** Port of the loopback interface that it answers on, kept over restarts where it is free. */
  port: z.number().nullable(),
  /** Null unless it ended by itself. */
  exitCode: z.number().nullable(),
  lines: z.array(lineSchema),
});

export type Group = z.infer<typeof groupSchema>;
export type Volume = z.infer<typeof volumeSchema>;
export type PracticeMachine = z.infer<typeof machineSchema>;

/** Everything that the practice provider has. */
export const holdingsSchema = z.object({
  groups: z.array(groupSchema),
  volumes: z.array(volumeSchema),
  machines: z.array(machineSchema),
});
export type Holdings = z.infer<typeof holdingsSchema>;

/** Writes a line into a machine's log, which keeps the newest. */
export function say(machine: PracticeMachine, text: string): void {
  machine.lines.push({ at: Date.now(), text: text.slice(0, LINE_LENGTH_MAX) });
  if (machine.lines.length > LINES_KEPT_MAX) machine.lines.splice(0, machine.lines.length - LINES_KEPT_MAX);
}
