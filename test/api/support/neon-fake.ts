import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Branch {
  id: string;
  name: string;
  current_state: string;
  default: boolean;
  endpoint: string | null;
  /** Of the role that owns the database. */
  password: string;
}

interface NeonFault {
  /** Of the calls it is about, such as `POST /branches`. */
  call: string;
  times?: number;
  status?: number;
  message?: string;
  loseAnswer?: true;
  hang?: true;
}

/** A stand-in for Neon's API with a memory, in this process: one project with its default branch. */
export interface NeonFake {
  url: string;
  key: string;
  project: string;
  /** What has a control plane use it. */
  bindings: Record<string, string>;
  branches: Branch[];
  /** Calls so far, such as `POST /branches`. */
  seen: string[];
  faults: NeonFault[];
  /** How long a branch takes until it is ready, and a password until it is good, in milliseconds. */
  readyMs: number;
  reset(): void;
  close(): Promise<void>;
}

const id = (prefix: string): string => `${prefix}-${randomBytes(6).toString("hex")}`;
const mainBranch = (): Branch => ({
  id: id("br"),
  name: "main",
  current_state: "ready",
  default: true,
  endpoint: id("ep"),
  password: "the-password-of-the-default-branch",
});

export async function startNeonFake(): Promise<NeonFake> {
  const operations = new Map<string, number>();
  const fake: NeonFake = {
    url: "",
    key: "neon-key-of-this-run-0123456789",
    project: "quiet-water-123",
    bindings: {},
    branches: [mainBranch()],
    seen: [],
    faults: [],
    readyMs: 5,
    reset: () => Object.assign(fake, { branches: [mainBranch()], seen: [], faults: [], readyMs: 5 }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  const server = createServer((request, response) => void serve(fake, operations, request, response));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fake.bindings = {
    TENANT_DATABASES: "neon",
    NEON_API_KEY: fake.key,
    NEON_PROJECT_ID: fake.project,
    NEON_API_URL: fake.url,
  };
  return fake;
}

async function serve(
  fake: NeonFake,
  operations: Map<string, number>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://neon");
  const body = await textOf(request);
  const answer = (status: number, json: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(json));
  };
  const project = `/projects/${fake.project}`;
  if (request.headers.authorization !== `Bearer ${fake.key}`) return answer(401, { message: "authentication failed" });
  if (!url.pathname.startsWith(project)) return answer(404, { message: "project not found" });
  const path = url.pathname.slice(project.length);
  const [, kind = "", name = "", of = ""] = path.split("/");
  const call = `${request.method} /${[kind, of].filter((part) => part !== "").join("/")}`;
  fake.seen.push(call);
  const fault = takeFault(fake, call);
  if (fault?.hang === true) return;
  if (fault?.status !== undefined) return answer(fault.status, { message: fault.message ?? "refused" });
  const [status, json] = operate(fake, operations, { call, name, path, url, body });
  if (fault?.loseAnswer === true) request.socket.destroy();
  else answer(status, json);
}

function takeFault(fake: NeonFake, call: string): NeonFault | undefined {
  const fault = fake.faults.find((each) => each.call === call);
  if (fault?.times === undefined) return fault;
  fault.times -= 1;
  if (fault.times <= 0) fake.faults.splice(fake.faults.indexOf(fault), 1);
  return fault;
}

const OWNER = "neondb_owner";
const DATABASE = "neondb";

function operate(
  fake: NeonFake,
  operations: Map<string, number>,
  { call, name, path, url, body }: { call: string; name: string; path: string; url: URL; body: string },
): [status: number, json: unknown] {
  const branch = fake.branches.find((each) => each.id === name);
  const shown = ({ id, name, current_state, default: isDefault }: Branch) => ({
    id,
    name,
    current_state,
    default: isDefault,
  });
  const operation = () => {
    const made = id("op");
    operations.set(made, Date.now() + fake.readyMs);
    return [{ id: made, status: "running", action: "apply_config" }];
  };
  if (call === "GET /") return [200, { project: { id: fake.project } }];
  if (call === "GET /operations") {
    return [
      200,
      { operation: { id: name, status: (operations.get(name) ?? 0) > Date.now() ? "running" : "finished" } },
    ];
  }
  if (call === "GET /connection_uri") return connectionUri(fake, url.searchParams);
  if (call === "GET /branches" && name === "") {
    const wanted = url.searchParams.get("search") ?? "";
    return [200, { branches: fake.branches.filter((each) => each.name.includes(wanted)).map(shown) }];
  }
  if (call === "POST /branches") {
    const asked = JSON.parse(body) as { branch: { name: string }; endpoints: unknown[] };
    if (fake.branches.some((each) => each.name === asked.branch.name)) {
      return [409, { message: "branch already exists" }];
    }
    const made: Branch = {
      id: id("br"),
      name: asked.branch.name,
      current_state: "init",
      default: false,
      endpoint: asked.endpoints.length > 0 ? id("ep") : null,
      // As there: what the default branch's roles have.
      password: fake.branches.find((each) => each.default)?.password ?? "",
    };
    fake.branches.push(made);
    setTimeout(() => (made.current_state = "ready"), fake.readyMs);
    return [201, { branch: shown(made), endpoints: [], operations: operation() }];
  }
  if (branch === undefined) return [404, { message: `${path} not found` }];
  if (call === "GET /branches") return [200, { branch: shown(branch) }];
  if (call === "DELETE /branches") {
    fake.branches = fake.branches.filter((each) => each !== branch);
    return [200, { branch: shown(branch), operations: operation() }];
  }
  if (call === "GET /branches/endpoints") {
    return [200, { endpoints: branch.endpoint === null ? [] : [{ id: branch.endpoint, type: "read_write" }] }];
  }
  if (call === "GET /branches/databases") return [200, { databases: [{ id: 7, name: DATABASE, owner_name: OWNER }] }];
  if (call === "POST /branches/roles" && path.endsWith(`/roles/${OWNER}/reset_password`)) {
    if (branch.current_state !== "ready") return [423, { message: "project already has running operations" }];
    branch.password = id("password");
    return [200, { role: { name: OWNER, password: branch.password }, operations: operation() }];
  }
  return [404, { message: `${path} not found` }];
}

function connectionUri(fake: NeonFake, query: URLSearchParams): [status: number, json: unknown] {
  const branch = fake.branches.find((each) => each.id === query.get("branch_id"));
  if (branch === undefined || branch.endpoint !== query.get("endpoint_id")) return [404, { message: "not found" }];
  const [role, database] = [query.get("role_name"), query.get("database_name")];
  const uri = `postgresql://${role}:${branch.password}@${branch.endpoint}.neon.example/${database}?sslmode=require`;
  return [200, { uri }];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
