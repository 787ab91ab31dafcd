import * as z from "zod";

/** What the practice provider is asked to do; each can fail on demand. */
const OPERATIONS = [
  "group.create",
  "group.get",
  "group.delete",
  "volume.create",
  "volume.get",
  "volume.list",
  "volume.delete",
  "machine.create",
  "machine.get",
  "machine.list",
  "machine.start",
  "machine.stop",
  "machine.logs",
  "machine.delete",
  "list",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** How it can fail. */
const FAULTS = [
  /** 403: the account may not have more. */
  "refused",
  /** 409: the name is another's. */
  "taken",
  /** 500. */
  "broken",
  /** 503. */
  "unavailable",
  /** 429 with `Retry-After`, of `ms`. */
  "busy",
  /** Never answers; what was asked is not done. */
  "hangs",
  /** Does it, and the answer is lost. */
  "lost",
  /** Answers after `ms`. */
  "late",
  "no_capacity",
  "no_image",
  /** 401. */
  "revoked",
  /** The volume is blank all at once. */
  "blank",
  /** The machine ends by itself after `ms`, having said `lines`. */
  "exits",
  /** The machine needs `ms` to start. */
  "slow",
  /** The machine runs and never answers. */
  "silent",
  /** The machine answers 500 to everything. */
  "sick",
  /** There is nothing in the answer, as if there were nothing. */
  "empty",
] as const;
type FaultKind = (typeof FAULTS)[number];

const FAULTS_MAX = 100;
const MS_MAX = 10 * 60 * 1000;

const faultSchema = z
  .object({
    kind: z.enum(FAULTS),
    /** Every operation where nothing is said. */
    operation: z.enum(OPERATIONS).optional(),
    /** How often it happens; 0 is for ever. */
    times: z.number().int().min(0).default(1),
    /** How many calls are let through before. */
    after: z.number().int().min(0).default(0),
    ms: z.number().int().min(0).max(MS_MAX).default(1_000),
    lines: z.array(z.string().max(500)).max(50).default([]),
    /** Only in this region. */
    region: z.string().optional(),
    /** Only for what carries this org's tag. */
    org: z.string().optional(),
  })
  .strict();
export const faultsSchema = z.array(faultSchema).max(FAULTS_MAX);
export type Fault = z.output<typeof faultSchema>;

/** What an operation is about, as far as faults can be told apart by it. */
export interface Subject {
  org: string | null;
  region: string | null;
}

/** Faults that wait for their turn. */
export interface FaultPlan {
  set(faults: readonly Fault[]): void;
  left(): readonly Fault[];
  /** The fault that happens now, which is used up by it; null where all goes well. */
  take(operation: Operation, subject: Subject): Fault | null;
}

export function faultPlan(): FaultPlan {
  let faults: Fault[] = [];
  return {
    set: (given) => {
      faults = given.map((fault) => ({ ...fault }));
    },
    left: () => faults,
    take: (operation, { org, region }) => {
      const fits = (fault: Fault): boolean =>
        (fault.operation === undefined || fault.operation === operation) &&
        (fault.region === undefined || fault.region === region) &&
        (fault.org === undefined || fault.org === org);
      const fault = faults.find(fits);
      if (fault === undefined) return null;
      if (fault.after > 0) {
        fault.after -= 1;
        return null;
      }
      if (fault.times === 1) faults.splice(faults.indexOf(fault), 1);
      else if (fault.times > 1) fault.times -= 1;
      return fault;
    },
  };
}

/** Faults by the image's name, for who tries by hand: `isola orgs create shop --driver mock` with image `mock:exits`. */
const IMAGE_FAULTS: Readonly<Record<string, { operation: Operation; kind: FaultKind; ms?: number; lines?: string[] }>> =
  {
    "mock:refused": { operation: "machine.create", kind: "refused" },
    "mock:full": { operation: "machine.create", kind: "no_capacity" },
    "mock:missing": { operation: "machine.create", kind: "no_image" },
    "mock:broken": { operation: "machine.create", kind: "broken" },
    "mock:exits": {
      operation: "machine.start",
      kind: "exits",
      ms: 50,
      lines: ["reading /app/settings.json", "Error: the setting PORT is not a number"],
    },
    "mock:dies": { operation: "machine.start", kind: "exits", ms: 10_000, lines: ["out of memory"] },
    "mock:slow": { operation: "machine.start", kind: "slow", ms: 5_000 },
    "mock:silent": { operation: "machine.start", kind: "silent" },
    "mock:sick": { operation: "machine.start", kind: "sick" },
  };

/** The fault that an image brings with it. */
export function faultOfImage(image: string, operation: Operation): Fault | null {
  const fault = IMAGE_FAULTS[image];
  if (fault === undefined || fault.operation !== operation) return null;
  return { times: 0, after: 0, ms: 1_000, lines: [], ...fault };
}
