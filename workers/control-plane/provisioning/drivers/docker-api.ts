import * as z from "zod";

import { CONTAINER_STOP_S, IMAGE_PULL_MS, IMAGE_PULL_TAIL_BYTES } from "../../../../contracts/limits.ts";
import { ProviderError, type ProviderErrorCode } from "../provider-error.ts";
import { providerApi, type ProviderAnswer, type ProviderApi, type ProviderCall, type ProviderFetch } from "./http.ts";

/** The oldest version that has all of what is asked for here. */
const VERSION = "v1.43";
const TITLE = "The Docker Engine";

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {});
const containerSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number().default(0),
    OOMKilled: z.boolean().default(false),
    Error: z.string().default(""),
    FinishedAt: z.string().default(""),
  }),
  Config: z.object({ Labels: labels }),
  Mounts: z.array(z.object({ Type: z.string(), Name: z.string().optional(), Destination: z.string() })).default([]),
  NetworkSettings: z.object({
    Ports: z
      .record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable())
      .nullish()
      .transform((given) => given ?? {}),
  }),
});
const listedSchema = z.object({ Id: z.string(), Names: z.array(z.string()), Created: z.number(), Labels: labels });
const volumeSchema = z.object({ Name: z.string(), CreatedAt: z.string().default(""), Labels: labels });
const volumesSchema = z.object({
  Volumes: z
    .array(volumeSchema)
    .nullable()
    .transform((given) => given ?? []),
});

export type Container = z.output<typeof containerSchema>;
export type ListedContainer = z.output<typeof listedSchema>;
export type DockerVolume = z.output<typeof volumeSchema>;
export type Labels = Readonly<Record<string, string>>;

/** The Docker Engine's HTTP API, as far as it is used. `find…` is null where there is no such thing. */
export class DockerApi {
  readonly #api: ProviderApi;

  constructor({ url, fetch, timeoutMs }: { url: string; fetch: ProviderFetch; timeoutMs?: number }) {
    this.#api = providerApi({
      title: TITLE,
      baseUrl: `${url}/${VERSION}`,
      fetch,
      explain,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** Makes a network on which containers reach the world and not each other; one of that name stays as it is. */
  async ensureNetwork(name: string, labels: Labels): Promise<void> {
    const found = await this.#call({ to: "look at a network", path: `/networks/${name}`, accepts: [404] });
    if (found.status !== 404) return;
    const json = {
      Name: name,
      Driver: "bridge",
      CheckDuplicate: true,
      Options: { "com.docker.network.bridge.enable_icc": "false" },
      Labels: labels,
    };
    await this.#call({ to: "make a network", method: "POST", path: "/networks/create", json, accepts: [409] });
  }

  async hasImage(image: string): Promise<boolean> {
    const path = `/images/${encodeURI(image)}/json`;
    return (await this.#call({ to: "look at an image", path, accepts: [404] })).status !== 404;
  }

  /** Fetches an image from its registry. Throws `no_image` where there is none, or none for us. */
  async pullImage(image: string): Promise<void> {
    const { name, tag } = splitImage(image);
    const answer = await this.#call({
      to: `fetch the image ${image}`,
      method: "POST",
      path: "/images/create",
      query: { fromImage: name, tag },
      accepts: [404],
      timeoutMs: IMAGE_PULL_MS,
      tailBytes: IMAGE_PULL_TAIL_BYTES,
    });
    // It says that it goes well before it knows: a failure is the last of its lines.
    if (answer.status === 404 || /"error(Detail)?":/.test(answer.text())) {
      throw new ProviderError("no_image", `There is no image ${image}, or it may not be fetched.`);
    }
  }

  findVolume(name: string): Promise<DockerVolume | null> {
    return this.#find(volumeSchema, { to: "look at a volume", path: `/volumes/${name}` });
  }

  /** Makes a volume, or answers the one that has this name. */
  async ensureVolume(name: string, labels: Labels): Promise<DockerVolume> {
    const json = { Name: name, Labels: labels };
    return read(volumeSchema, await this.#call({ to: "make a volume", method: "POST", path: "/volumes/create", json }));
  }

  async listVolumes(wanted: Labels): Promise<DockerVolume[]> {
    const query = { filters: filterOf(wanted) };
    return read(volumesSchema, await this.#call({ to: "list volumes", path: "/volumes", query })).Volumes;
  }

  async removeVolume(name: string): Promise<void> {
    await this.#call({ to: "remove a volume", method: "DELETE", path: `/volumes/${name}`, accepts: [404] });
  }

  /** By its name or identifier. */
  findContainer(name: string): Promise<Container | null> {
    return this.#find(containerSchema, { to: "look at a container", path: `/containers/${name}/json` });
  }

  async createContainer(name: string, config: unknown): Promise<void> {
    const path = "/containers/create";
    await this.#call({ to: "make a container", method: "POST", path, query: { name }, json: config });
  }

  /** Answers when it runs; nothing happens to one that does. */
  async startContainer(name: string): Promise<void> {
    const path = `/containers/${name}/start`;
    await this.#call({ to: "start a container", method: "POST", path, accepts: [304] });
  }

  /** Answers when it has ended, by itself or because its time was over. */
  async stopContainer(name: string): Promise<void> {
    const path = `/containers/${name}/stop`;
    const query = { t: CONTAINER_STOP_S };
    await this.#call({ to: "stop a container", method: "POST", path, query, accepts: [304] });
  }

  async renameContainer(name: string, next: string): Promise<void> {
    const path = `/containers/${name}/rename`;
    await this.#call({ to: "name a container", method: "POST", path, query: { name: next } });
  }

  async listContainers(wanted: Labels): Promise<ListedContainer[]> {
    const query = { all: true, filters: filterOf(wanted) };
    return read(z.array(listedSchema), await this.#call({ to: "list containers", path: "/containers/json", query }));
  }

  /** Has it removed, with the volumes that have no name; a running one is killed. One that is being removed already goes on. */
  async removeContainer(name: string): Promise<void> {
    const query = { force: true, v: true };
    const path = `/containers/${name}`;
    await this.#call({ to: "remove a container", method: "DELETE", path, query, accepts: [404, 409] });
  }

  /** Its last lines as the Engine sends them; see `docker-logs.ts`. */
  async logsOf(name: string, limit: number): Promise<Uint8Array> {
    const query = { stdout: true, stderr: true, timestamps: true, tail: limit };
    return (await this.#call({ to: "show a container's log", path: `/containers/${name}/logs`, query })).bytes;
  }

  #call(call: ProviderCall): Promise<ProviderAnswer> {
    return this.#api.call(call);
  }

  async #find<T>(schema: z.ZodType<T>, call: ProviderCall): Promise<T | null> {
    const answer = await this.#call({ ...call, accepts: [404] });
    return answer.status === 404 ? null : read(schema, answer);
  }
}

const filterOf = (labels: Labels): string =>
  JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });

function read<T>(schema: z.ZodType<T>, answer: ProviderAnswer): T {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new ProviderError("unreachable", `${TITLE} answered what nobody understands.`, { cause: parsed.error });
}

/** A name that is taken is one kind of conflict; the others are over in a moment. */
function explain(answer: ProviderAnswer): ProviderErrorCode | null {
  if (answer.status !== 409) return null;
  return /name .*already in use/i.test(answer.text()) ? "name_taken" : "unavailable";
}

/** The name of an image and its tag or digest. */
export function splitImage(image: string): { name: string; tag: string } {
  const [beforeDigest = "", digest] = image.split("@");
  const [, name = beforeDigest, tag = "latest"] = /^(.*):([^/:]+)$/.exec(beforeDigest) ?? [];
  return { name, tag: digest ?? tag };
}
