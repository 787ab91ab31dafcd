import * as z from "zod";

/** What the Docker Engine takes of what the driver asks, no more and no less: any other word in a request is a fault. */

const labels = z.record(z.string().min(1), z.string());
const boolean = z.enum(["true", "false"]);
const nothing = z.strictObject({});
const noBody = z.null();
const filters = z
  .string()
  .transform((text) => JSON.parse(text) as unknown)
  .pipe(z.strictObject({ label: z.array(z.string().regex(/^[^=]+=.+$/)) }));

const containerSchema = z.strictObject({
  Image: z.string().min(1),
  Env: z.array(z.string().regex(/^[A-Z_][A-Z0-9_]*=/)),
  Labels: labels,
  ExposedPorts: z.record(z.string().regex(/^\d+\/tcp$/), nothing),
  HostConfig: z.strictObject({
    PortBindings: z.record(
      z.string().regex(/^\d+\/tcp$/),
      z.array(z.strictObject({ HostIp: z.string(), HostPort: z.string() })),
    ),
    NetworkMode: z.string(),
    Memory: z
      .number()
      .int()
      .min(6 * 1024 * 1024),
    MemorySwap: z.number().int(),
    NanoCpus: z.number().int().positive(),
    PidsLimit: z.number().int().positive(),
    CapDrop: z.array(z.string()),
    CapAdd: z.array(z.string()),
    SecurityOpt: z.array(z.string()),
    Privileged: z.boolean(),
    Init: z.boolean(),
    RestartPolicy: z.strictObject({ Name: z.enum(["no", "always", "on-failure", "unless-stopped"]) }),
    LogConfig: z.strictObject({ Type: z.string(), Config: z.record(z.string(), z.string()) }),
    Mounts: z.array(z.strictObject({ Type: z.enum(["volume"]), Source: z.string().min(1), Target: z.string() })),
  }),
});
export type ContainerConfig = z.output<typeof containerSchema>;

const name = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Each request: its method, its path below the version, what may be asked in the query, and its body. */
const REQUESTS = {
  findNetwork: ["GET", /^\/networks\/([^/]+)$/, nothing, noBody],
  createNetwork: [
    "POST",
    /^\/networks\/create$/,
    nothing,
    z.strictObject({
      Name: z.string().regex(name),
      Driver: z.literal("bridge"),
      CheckDuplicate: z.boolean(),
      Options: z.record(z.string(), z.string()),
      Labels: labels,
    }),
  ],
  findImage: ["GET", /^\/images\/(.+)\/json$/, nothing, noBody],
  pullImage: ["POST", /^\/images\/create$/, z.strictObject({ fromImage: z.string(), tag: z.string() }), noBody],
  createVolume: [
    "POST",
    /^\/volumes\/create$/,
    nothing,
    z.strictObject({ Name: z.string().regex(name), Labels: labels }),
  ],
  findVolume: ["GET", /^\/volumes\/([^/]+)$/, nothing, noBody],
  listVolumes: ["GET", /^\/volumes$/, z.strictObject({ filters }), noBody],
  removeVolume: ["DELETE", /^\/volumes\/([^/]+)$/, nothing, noBody],
  createContainer: [
    "POST",
    /^\/containers\/create$/,
    z.strictObject({ name: z.string().regex(name) }),
    containerSchema,
  ],
  listContainers: ["GET", /^\/containers\/json$/, z.strictObject({ all: boolean, filters }), noBody],
  findContainer: ["GET", /^\/containers\/([^/]+)\/json$/, nothing, noBody],
  startContainer: ["POST", /^\/containers\/([^/]+)\/start$/, nothing, noBody],
  stopContainer: ["POST", /^\/containers\/([^/]+)\/stop$/, z.strictObject({ t: z.string().regex(/^\d+$/) }), noBody],
  renameContainer: [
    "POST",
    /^\/containers\/([^/]+)\/rename$/,
    z.strictObject({ name: z.string().regex(name) }),
    noBody,
  ],
  logsOf: [
    "GET",
    /^\/containers\/([^/]+)\/logs$/,
    z.strictObject({ stdout: boolean, stderr: boolean, timestamps: boolean, tail: z.string().regex(/^\d+$/) }),
    noBody,
  ],
  removeContainer: ["DELETE", /^\/containers\/([^/]+)$/, z.strictObject({ force: boolean, v: boolean }), noBody],
} as const satisfies Record<string, readonly [string, RegExp, z.ZodType, z.ZodType]>;
export type DockerRequest = keyof typeof REQUESTS;

/** A request that the Engine understands. */
export interface Understood {
  request: DockerRequest;
  /** What stands in the path's variable place. */
  id: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- of as many forms as there are requests
  query: any;
  // oxlint-disable-next-line typescript/no-explicit-any -- the same
  body: any;
}

/** Reads a request; a text says what is wrong with it. */
export function understand(method: string, url: URL, text: string): Understood | string {
  const [, version, path = ""] = /^\/(v[\d.]+)(\/.*)$/.exec(url.pathname) ?? [];
  if (version !== "v1.43") return `there is no version ${version}`;
  for (const [request, [wanted, pattern, query, body]] of Object.entries(REQUESTS)) {
    const found = wanted === method ? pattern.exec(path) : null;
    if (found === null) continue;
    const asked = query.safeParse(Object.fromEntries(url.searchParams));
    const given = body.safeParse(text === "" ? null : JSON.parse(text));
    if (!asked.success) return `${request}: ${z.prettifyError(asked.error)}`;
    if (!given.success) return `${request}: ${z.prettifyError(given.error)}`;
    const id = decodeURIComponent(found[1] ?? "");
    return { request: request as DockerRequest, id, query: asked.data, body: given.data };
  }
  return `there is no ${method} ${path}`;
}
