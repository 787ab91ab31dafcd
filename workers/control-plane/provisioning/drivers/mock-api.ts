import * as z from "zod";

import type { ProviderErrorCode } from "../provider-error.ts";
import { ProviderError } from "../provider-error.ts";
import { providerApi, type ProviderAnswer, type ProviderApi, type ProviderCall, type ProviderFetch } from "./http.ts";

const tags = z.object({ platform: z.string(), org: z.string(), machine: z.string() });
const made = { id: z.string(), createdAt: z.number(), tags };
const groupSchema = z.object({ ...made, name: z.string() });
const volumeSchema = z.object({
  ...made,
  group: z.string(),
  region: z.string(),
  /** When data was first written on it; null while it is empty. */
  writtenAt: z.number().nullable(),
});
const machineSchema = z.object({
  ...made,
  group: z.string(),
  region: z.string(),
  volume: z.string().nullable(),
  state: z.enum(["created", "starting", "started", "stopping", "stopped", "failed", "destroying"]),
  firstStartedAt: z.number().nullable(),
  exitCode: z.number().nullable(),
  origin: z.string().nullable(),
});
const linesSchema = z.object({ items: z.array(z.object({ at: z.number(), text: z.string() })) });
const allSchema = z.object({
  groups: z.array(groupSchema),
  volumes: z.array(volumeSchema),
  machines: z.array(machineSchema),
});

export type MockTags = z.output<typeof tags>;
export type MockGroup = z.output<typeof groupSchema>;
export type MockVolume = z.output<typeof volumeSchema>;
export type MockMachine = z.output<typeof machineSchema>;

export interface NewMachine {
  name: string;
  group: string;
  region: string;
  image: string;
  size: string;
  volume: string | null;
  environment: Readonly<Record<string, string>>;
  tags: MockTags & { slug: string };
}

const TITLE = "The practice provider";
const PATIENCE = 2;

/** What its own codes mean; those that are not here go by the status. */
const MEANINGS: Readonly<Record<string, ProviderErrorCode>> = {
  no_capacity: "no_capacity",
  no_image: "no_image",
  // Something of it is on its way out, or in.
  not_empty: "unavailable",
  in_use: "unavailable",
  wrong_state: "unavailable",
};

/** The practice provider's API. `find…` is null where there is no such thing. */
export class MockApi {
  readonly #api: ProviderApi;

  constructor(options: { url: string; token: string; fetch: ProviderFetch; timeoutMs?: number }) {
    const { url, token, fetch, timeoutMs } = options;
    this.#api = providerApi({
      title: TITLE,
      baseUrl: `${url}/v1`,
      fetch,
      headers: { authorization: `Bearer ${token}` },
      explain,
      // One that takes a call a second about a machine is asked several things in a row.
      patience: PATIENCE,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  createGroup(name: string, tags: NewMachine["tags"]): Promise<MockGroup> {
    return this.#ask(groupSchema, { to: "make a group", method: "POST", path: "/groups", json: { name, tags } });
  }

  findGroup(name: string): Promise<MockGroup | null> {
    return this.#find(groupSchema, { to: "look at a group", path: `/groups/${encodeURIComponent(name)}` });
  }

  removeGroup(name: string): Promise<void> {
    return this.#remove({ to: "remove a group", path: `/groups/${encodeURIComponent(name)}` });
  }

  createVolume(volume: Pick<NewMachine, "name" | "group" | "region" | "tags"> & { sizeGb: number }) {
    return this.#ask(volumeSchema, { to: "make a volume", method: "POST", path: "/volumes", json: volume });
  }

  findVolume(id: string): Promise<MockVolume | null> {
    return this.#find(volumeSchema, { to: "look at a volume", path: `/volumes/${encodeURIComponent(id)}` });
  }

  async listVolumes(group: string): Promise<MockVolume[]> {
    const list = z.object({ items: z.array(volumeSchema) });
    return (await this.#ask(list, { to: "list volumes", path: "/volumes", query: { group } })).items;
  }

  removeVolume(id: string): Promise<void> {
    return this.#remove({ to: "remove a volume", path: `/volumes/${encodeURIComponent(id)}` });
  }

  createMachine(machine: NewMachine): Promise<MockMachine> {
    return this.#ask(machineSchema, { to: "make a machine", method: "POST", path: "/machines", json: machine });
  }

  findMachine(id: string): Promise<MockMachine | null> {
    return this.#find(machineSchema, { to: "look at a machine", path: machinePath(id) });
  }

  async listMachines(group: string): Promise<MockMachine[]> {
    const list = z.object({ items: z.array(machineSchema) });
    return (await this.#ask(list, { to: "list machines", path: "/machines", query: { group } })).items;
  }

  async startMachine(id: string, environment: Readonly<Record<string, string>>): Promise<void> {
    const path = `${machinePath(id)}/start`;
    await this.#api.call({ to: "start a machine", method: "POST", path, json: { environment } });
  }

  async stopMachine(id: string): Promise<void> {
    await this.#api.call({ to: "stop a machine", method: "POST", path: `${machinePath(id)}/stop` });
  }

  async linesOf(id: string): Promise<{ at: number; text: string }[]> {
    return (await this.#ask(linesSchema, { to: "show a machine's log", path: `${machinePath(id)}/logs` })).items;
  }

  removeMachine(id: string): Promise<void> {
    return this.#remove({ to: "remove a machine", path: machinePath(id) });
  }

  /** Everything that carries the tag of a platform. */
  listAll(platform: string): Promise<z.output<typeof allSchema>> {
    return this.#ask(allSchema, { to: "list everything", path: "/all", query: { platform } });
  }

  async #ask<T>(schema: z.ZodType<T>, call: ProviderCall): Promise<T> {
    return read(schema, await this.#api.call(call));
  }

  async #find<T>(schema: z.ZodType<T>, call: ProviderCall): Promise<T | null> {
    const answer = await this.#api.call({ ...call, accepts: [404] });
    return answer.status === 404 ? null : read(schema, answer);
  }

  async #remove(call: ProviderCall): Promise<void> {
    await this.#api.call({ ...call, method: "DELETE", accepts: [404] });
  }
}

const machinePath = (id: string): string => `/machines/${encodeURIComponent(id)}`;

function read<T>(schema: z.ZodType<T>, answer: ProviderAnswer): T {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new ProviderError("unreachable", `${TITLE} answered what nobody understands.`, { cause: parsed.error });
}

function explain(answer: ProviderAnswer): ProviderErrorCode | null {
  const parsed = z.object({ error: z.object({ code: z.string() }) }).safeParse(safely(() => answer.json()));
  return parsed.success ? (MEANINGS[parsed.data.error.code] ?? null) : null;
}

function safely(action: () => unknown): unknown {
  try {
    return action();
  } catch {
    return null;
  }
}
