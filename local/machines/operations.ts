import { randomBytes } from "node:crypto";

import * as z from "zod";

import { faultOfImage, type Fault, type Operation, type Subject } from "./faults.ts";
import type { Kept } from "./holdings.ts";
import type { MachineLife } from "./life.ts";
import {
  FULL_REGION,
  GROUPS_MAX,
  newGroupSchema,
  newMachineSchema,
  newVolumeSchema,
  REGIONS,
  startSchema,
  type Group,
  type PracticeMachine,
  type Tags,
  type Volume,
} from "./resources.ts";

/** An answer of the practice provider. */
export interface Reply {
  status: number;
  body?: unknown;
}

/** Ends an operation with a refusal. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The refusal as the API says it. */
export const said = ({ status, code, message }: Refusal): Reply => ({ status, body: { error: { code, message } } });

/** One call, as far as an operation has to know it. */
interface Asked {
  /** What stands in the path's variable places. */
  ids: readonly string[];
  query: URLSearchParams;
  body: unknown;
  fault: Fault | null;
}

export interface Route {
  method: string;
  path: RegExp;
  operation: Operation;
  /** What it is about, before it is done. */
  subject(asked: Omit<Asked, "fault">): Subject;
  run(asked: Asked): Reply;
}

/** What the practice provider can be asked to do, as its own API has it. */
export function operations({ holdings, keep }: Kept, life: MachineLife): Route[] {
  const { groups, volumes, machines } = holdings;
  const groupOf = (name: string): Group => groups.find((each) => each.name === name) ?? missing("group");
  const volumeOf = (id: string): Volume => volumes.find((each) => each.id === id) ?? missing("volume");
  const machineOf = (id: string): PracticeMachine => machines.find((each) => each.id === id) ?? missing("machine");
  const about = (thing: { tags: Tags; region?: string } | undefined): Subject => ({
    org: thing?.tags.org ?? null,
    region: thing?.region ?? null,
  });
  const aboutBody = ({ body }: { body: unknown }): Subject => {
    const said = z
      .object({ region: z.string().optional(), tags: z.object({ org: z.string() }).optional() })
      .safeParse(body);
    return { org: said.data?.tags?.org ?? null, region: said.data?.region ?? null };
  };
  const aboutGroup = ({ ids }: { ids: readonly string[] }) => about(groups.find(({ name }) => name === ids[0]));
  const aboutVolume = ({ ids }: { ids: readonly string[] }) => about(volumes.find(({ id }) => id === ids[0]));
  const aboutMachine = ({ ids }: { ids: readonly string[] }) => about(machines.find(({ id }) => id === ids[0]));
  const aboutListed = ({ query }: { query: URLSearchParams }) =>
    about(groups.find(({ name }) => name === query.get("group")));
  const listed = (items: readonly unknown[], { fault }: Asked): Reply => ({
    status: 200,
    body: { items: fault?.kind === "empty" ? [] : items },
  });
  const inGroup = <T extends { group: string }>(items: T[], { query }: Asked): T[] =>
    items.filter(({ group }) => group === query.get("group"));

  return [
    {
      method: "POST",
      path: /^\/v1\/groups$/,
      operation: "group.create",
      subject: aboutBody,
      run: ({ body }) => {
        const wanted = parsed(newGroupSchema, body);
        if (groups.some(({ name }) => name === wanted.name)) taken(wanted.name);
        if (groups.length >= GROUPS_MAX) throw new Refusal(403, "quota", `There are ${GROUPS_MAX} groups already.`);
        const group = { ...wanted, ...fresh("grp") };
        groups.push(group);
        keep();
        return { status: 201, body: group };
      },
    },
    {
      method: "GET",
      path: /^\/v1\/groups\/([^/]+)$/,
      operation: "group.get",
      subject: aboutGroup,
      run: ({ ids }) => ({ status: 200, body: groupOf(ids[0] ?? "") }),
    },
    {
      method: "DELETE",
      path: /^\/v1\/groups\/([^/]+)$/,
      operation: "group.delete",
      subject: aboutGroup,
      run: ({ ids }) => {
        const group = groupOf(ids[0] ?? "");
        const held = [...volumes, ...machines].some((each) => each.group === group.name);
        if (held) throw new Refusal(409, "not_empty", `The group ${group.name} is not empty.`);
        groups.splice(groups.indexOf(group), 1);
        keep();
        return { status: 204 };
      },
    },
    {
      method: "POST",
      path: /^\/v1\/volumes$/,
      operation: "volume.create",
      subject: aboutBody,
      run: ({ body }) => {
        const wanted = parsed(newVolumeSchema, body);
        groupOf(wanted.group);
        roomIn(wanted.region);
        const volume = { ...wanted, ...fresh("vol"), writtenAt: null };
        volumes.push(volume);
        keep();
        return { status: 201, body: volume };
      },
    },
    {
      method: "GET",
      path: /^\/v1\/volumes$/,
      operation: "volume.list",
      subject: aboutListed,
      run: (asked) => listed(inGroup(volumes, asked), asked),
    },
    {
      method: "GET",
      path: /^\/v1\/volumes\/([^/]+)$/,
      operation: "volume.get",
      subject: aboutVolume,
      run: ({ ids, fault }) => {
        const volume = volumeOf(ids[0] ?? "");
        if (fault?.kind === "blank") {
          volume.writtenAt = null;
          keep();
        }
        return { status: 200, body: volume };
      },
    },
    {
      method: "DELETE",
      path: /^\/v1\/volumes\/([^/]+)$/,
      operation: "volume.delete",
      subject: aboutVolume,
      run: ({ ids }) => {
        const volume = volumeOf(ids[0] ?? "");
        const user = machines.find((each) => each.volume === volume.id);
        if (user !== undefined) throw new Refusal(409, "in_use", `The volume ${volume.id} is in use.`);
        volumes.splice(volumes.indexOf(volume), 1);
        keep();
        return { status: 204 };
      },
    },
    {
      method: "POST",
      path: /^\/v1\/machines$/,
      operation: "machine.create",
      subject: aboutBody,
      run: ({ body }) => {
        const wanted = parsed(newMachineSchema, body);
        groupOf(wanted.group);
        if (machines.some(({ group, name }) => group === wanted.group && name === wanted.name)) taken(wanted.name);
        roomIn(wanted.region);
        if (wanted.volume !== null && volumeOf(wanted.volume).region !== wanted.region) {
          throw new Refusal(422, "wrong_region", "The volume is in another region.");
        }
        const machine: PracticeMachine = {
          ...wanted,
          ...fresh("mch"),
          state: "created",
          changedAt: Date.now(),
          firstStartedAt: null,
          port: null,
          exitCode: null,
          lines: [],
        };
        machines.push(machine);
        keep();
        return { status: 201, body: shown(machine) };
      },
    },
    {
      method: "GET",
      path: /^\/v1\/machines$/,
      operation: "machine.list",
      subject: aboutListed,
      run: (asked) => listed(inGroup(machines, asked).map(shown), asked),
    },
    {
      method: "GET",
      path: /^\/v1\/machines\/([^/]+)$/,
      operation: "machine.get",
      subject: aboutMachine,
      run: ({ ids }) => ({ status: 200, body: shown(machineOf(ids[0] ?? "")) }),
    },
    {
      method: "POST",
      path: /^\/v1\/machines\/([^/]+)\/start$/,
      operation: "machine.start",
      subject: aboutMachine,
      run: ({ ids, body, fault }) => {
        const machine = machineOf(ids[0] ?? "");
        if (machine.state === "destroying" || machine.state === "stopping") {
          throw new Refusal(409, "wrong_state", `The machine is ${machine.state}.`);
        }
        if (machine.state !== "starting" && machine.state !== "started") {
          machine.environment = parsed(startSchema, body).environment;
        }
        life.start(machine, fault ?? faultOfImage(machine.image, "machine.start"));
        return { status: 200, body: shown(machine) };
      },
    },
    {
      method: "POST",
      path: /^\/v1\/machines\/([^/]+)\/stop$/,
      operation: "machine.stop",
      subject: aboutMachine,
      run: ({ ids }) => {
        const machine = machineOf(ids[0] ?? "");
        life.stop(machine);
        return { status: 200, body: shown(machine) };
      },
    },
    {
      method: "GET",
      path: /^\/v1\/machines\/([^/]+)\/logs$/,
      operation: "machine.logs",
      subject: aboutMachine,
      run: ({ ids }) => ({ status: 200, body: { items: machineOf(ids[0] ?? "").lines } }),
    },
    {
      method: "DELETE",
      path: /^\/v1\/machines\/([^/]+)$/,
      operation: "machine.delete",
      subject: aboutMachine,
      run: ({ ids }) => {
        life.destroy(machineOf(ids[0] ?? ""));
        return { status: 202 };
      },
    },
    {
      method: "GET",
      path: /^\/v1\/all$/,
      operation: "list",
      subject: () => ({ org: null, region: null }),
      run: (asked) => {
        const ours = <T extends { tags: Tags }>(items: T[]): T[] =>
          asked.fault?.kind === "empty"
            ? []
            : items.filter(({ tags }) => tags.platform === asked.query.get("platform"));
        const body = { groups: ours(groups), volumes: ours(volumes), machines: ours(machines).map(shown) };
        return { status: 200, body };
      },
    },
  ];
}

/** A machine as the API shows it: where it answers only while it does, and its log elsewhere. */
export function shown({ port, ...machine }: PracticeMachine): Record<string, unknown> {
  const origin = machine.state === "started" ? `http://127.0.0.1:${port}` : null;
  return { ...machine, lines: undefined, origin };
}

const fresh = (kind: string) => ({ id: `${kind}_${randomBytes(8).toString("hex")}`, createdAt: Date.now() });

function roomIn(region: string): void {
  if (!(REGIONS as readonly string[]).includes(region)) {
    throw new Refusal(422, "no_region", `There is no region ${region}: there are ${REGIONS.join(", ")}.`);
  }
  if (region === FULL_REGION) throw new Refusal(422, "no_capacity", `There is no room in ${region}.`);
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Refusal(422, "invalid", z.prettifyError(result.error));
}

function missing(what: string): never {
  throw new Refusal(404, "not_found", `There is no such ${what}.`);
}

function taken(name: string): never {
  throw new Refusal(409, "taken", `The name ${name} is taken.`);
}
