import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { type FakeApp, type FakeMachine, FlyState, Refused } from "./fly-state.ts";

/** What the driver can ask for. */
export type Operation =
  | "listApps"
  | "createApp"
  | "getApp"
  | "deleteApp"
  | "listAddresses"
  | "assignAddress"
  | "listVolumes"
  | "createVolume"
  | "getVolume"
  | "deleteVolume"
  | "listMachines"
  | "createMachine"
  | "getMachine"
  | "updateMachine"
  | "deleteMachine"
  | "start"
  | "stop"
  | "wait"
  | "events"
  | "lease"
  | "release";

/** How a call goes wrong: refused, never answered, or done without an answer. */
interface Fault {
  operation: Operation;
  times?: number;
  refuse?: { status: number; error?: string; headers?: Record<string, string> };
  hang?: true;
  loseAnswer?: true;
}

interface Seen {
  operation: Operation;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
  at: number;
}

/** A stand-in for Fly.io's Machines API with a memory, in this process. */
export interface FlyFake {
  url: string;
  state: FlyState;
  seen: Seen[];
  /** What goes wrong from now on; the first that fits counts. */
  faults: Fault[];
  token: string;
  organisation: string;
  /** Forgets everything, and behaves again. */
  reset(): void;
  close(): Promise<void>;
}

interface Asked {
  app: FakeApp;
  machine: FakeMachine;
  query: URLSearchParams;
  nonce: string | undefined;
  id: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies of several forms, which the document is held to elsewhere
  json: any;
}

const ORGANISATION = "our-org";

/** @param clock by which leases end, in epoch milliseconds */
export async function startFlyFake(clock: () => number = Date.now): Promise<FlyFake> {
  const fake: FlyFake = {
    url: "",
    state: new FlyState(clock),
    seen: [],
    faults: [],
    token: "fly-token-of-this-run-0123456789",
    organisation: ORGANISATION,
    reset: () => Object.assign(fake, { state: new FlyState(clock), seen: [], faults: [], organisation: ORGANISATION }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  const server = createServer((request, response) => void serve(fake, request, response));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

const ROUTES: [method: string, pattern: RegExp, operation: Operation][] = [
  ["GET", /^\/apps$/, "listApps"],
  ["POST", /^\/apps$/, "createApp"],
  ["GET", /^\/apps\/([^/]+)$/, "getApp"],
  ["DELETE", /^\/apps\/([^/]+)$/, "deleteApp"],
  ["GET", /^\/apps\/([^/]+)\/ip_assignments$/, "listAddresses"],
  ["POST", /^\/apps\/([^/]+)\/ip_assignments$/, "assignAddress"],
  ["GET", /^\/apps\/([^/]+)\/volumes$/, "listVolumes"],
  ["POST", /^\/apps\/([^/]+)\/volumes$/, "createVolume"],
  ["GET", /^\/apps\/([^/]+)\/volumes\/([^/]+)$/, "getVolume"],
  ["DELETE", /^\/apps\/([^/]+)\/volumes\/([^/]+)$/, "deleteVolume"],
  ["GET", /^\/apps\/([^/]+)\/machines$/, "listMachines"],
  ["POST", /^\/apps\/([^/]+)\/machines$/, "createMachine"],
  ["GET", /^\/apps\/([^/]+)\/machines\/([^/]+)$/, "getMachine"],
  ["POST", /^\/apps\/([^/]+)\/machines\/([^/]+)$/, "updateMachine"],
  ["DELETE", /^\/apps\/([^/]+)\/machines\/([^/]+)$/, "deleteMachine"],
  ["POST", /^\/apps\/([^/]+)\/machines\/([^/]+)\/start$/, "start"],
  ["POST", /^\/apps\/([^/]+)\/machines\/([^/]+)\/stop$/, "stop"],
  ["GET", /^\/apps\/([^/]+)\/machines\/([^/]+)\/wait$/, "wait"],
  ["GET", /^\/apps\/([^/]+)\/machines\/([^/]+)\/events$/, "events"],
  ["POST", /^\/apps\/([^/]+)\/machines\/([^/]+)\/lease$/, "lease"],
  ["DELETE", /^\/apps\/([^/]+)\/machines\/([^/]+)\/lease$/, "release"],
];

async function serve(fake: FlyFake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://fly");
  const body = await textOf(request);
  const answer = (status: number, json: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { ...headers, ...(json === null ? {} : { "content-type": "application/json" }) });
    response.end(json === null ? "" : JSON.stringify(json));
  };
  try {
    const found = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(url.pathname));
    if (found === undefined) throw new Refused(404, "404 page not found");
    const [, pattern, operation] = found;
    const [, name = "", id = ""] = (pattern.exec(url.pathname) ?? []).map(decodeURIComponent);
    fake.seen.push({ operation, path: request.url ?? "", headers: request.headers, body, at: Date.now() });
    const fault = takeFault(fake, operation);
    if (fault?.hang === true) return;
    if (fault?.refuse !== undefined) {
      const { status, error = "refused", headers = {} } = fault.refuse;
      throw new Refused(status, error, headers);
    }
    if (request.headers.authorization !== `Bearer ${fake.token}`) throw new Refused(401, "unauthorized");
    const [status, json] = await operate(fake, operation, name, id, {
      query: url.searchParams,
      nonce: request.headers["fly-machine-lease-nonce"] as string | undefined,
      json: body === "" ? null : JSON.parse(body),
    });
    if (fault?.loseAnswer === true) request.socket.destroy();
    else answer(status, json);
  } catch (error) {
    if (error instanceof Refused) answer(error.status, { error: error.message }, error.headers);
    else answer(500, { error: String(error) });
  }
}

function takeFault(fake: FlyFake, operation: Operation): Fault | undefined {
  const fault = fake.faults.find((each) => each.operation === operation);
  if (fault === undefined || fault.times === undefined) return fault;
  fault.times -= 1;
  if (fault.times <= 0) fake.faults.splice(fake.faults.indexOf(fault), 1);
  return fault;
}

type Answer = [status: number, json: unknown];

async function operate(
  fake: FlyFake,
  operation: Operation,
  name: string,
  id: string,
  said: Pick<Asked, "query" | "nonce" | "json">,
): Promise<Answer> {
  const { state } = fake;
  if (operation === "listApps") return [200, listOf(fake, said.query.get("org_slug") ?? "")];
  if (operation === "createApp") {
    const { app_name, org_slug, network } = said.json;
    state.createApp(app_name, org_slug, network);
    return [201, null];
  }
  const app = state.getApp(name);
  const asked = { ...said, app, id, machine: undefined as unknown as FakeMachine };
  const inApp = APP_OPERATIONS[operation];
  if (inApp !== undefined) return inApp(state, asked);
  const ofMachine = MACHINE_OPERATIONS[operation];
  if (ofMachine !== undefined) return ofMachine(state, { ...asked, machine: state.getMachine(app, id) });
  throw new Refused(404, "404 page not found");
}

function listOf(fake: FlyFake, organisation: string): unknown {
  if (organisation !== fake.organisation) throw new Refused(404, "organization not found");
  const apps = [...fake.state.apps.values()]
    .filter((app) => app.organisation === organisation)
    .map(({ name, machines }) => ({ id: name, name, machine_count: machines.length, network: {} }));
  return { total_apps: apps.length, apps };
}

const APP_OPERATIONS: Partial<Record<Operation, (state: FlyState, asked: Asked) => Answer>> = {
  getApp: (_, { app }) => {
    const { name, organisation } = app;
    return [200, { id: name, name, status: "deployed", organization: { name: "Org", slug: organisation } }];
  },
  deleteApp: (state, { app }) => {
    state.deleteApp(app);
    return [202, null];
  },
  listAddresses: (_, { app }) => [200, { ips: app.addresses.map((ip) => ({ ip, shared: true, region: "global" })) }],
  assignAddress: (_, { app }) => {
    app.addresses.push("66.241.0.1");
    return [200, { ip: "66.241.0.1", shared: true, region: "global" }];
  },
  listVolumes: (_, { app }) => [200, app.volumes],
  createVolume: (state, { app, json }) => [200, state.createVolume(app, json)],
  getVolume: (state, { app, id }) => [200, state.getVolume(app, id)],
  deleteVolume: (state, { app, id }) => [200, state.deleteVolume(app, id)],
  listMachines: (_, { app }) => [200, app.machines],
  createMachine: (state, { app, json }) => [200, state.createMachine(app, json)],
};

const MACHINE_OPERATIONS: Partial<Record<Operation, (state: FlyState, asked: Asked) => Promise<Answer> | Answer>> = {
  getMachine: (_, { machine }) => [200, machine],
  updateMachine: (state, { machine, nonce, json }) => {
    state.requireLease(machine, nonce);
    machine.config = json.config;
    return [200, machine];
  },
  deleteMachine: (state, { app, machine, nonce, query }) => {
    state.requireLease(machine, nonce);
    if (machine.state === "started" && query.get("force") !== "true") throw new Refused(412, "the machine runs");
    state.deleteMachine(app, machine);
    return [200, null];
  },
  start: (state, { machine, nonce }) => {
    state.requireLease(machine, nonce);
    state.start(machine);
    return [200, null];
  },
  stop: (state, { machine, nonce }) => {
    state.requireLease(machine, nonce);
    state.stop(machine);
    return [200, null];
  },
  wait: async (_, { machine, query }) => {
    const until = Date.now() + Math.min(200, Number(query.get("timeout") ?? 60) * 1_000);
    while (machine.state !== (query.get("state") ?? "started")) {
      if (Date.now() >= until) throw new Refused(408, "deadline_exceeded: machine did not get there in time");
      await new Promise((done) => setTimeout(done, 5));
    }
    return [200, null];
  },
  events: (_, { machine }) => [200, machine.events],
  lease: (state, { machine, json }) => {
    const { nonce, expiresAt } = state.lease(machine, json.ttl);
    return [200, { nonce, expires_at: Math.round(expiresAt / 1_000), owner: "us", description: json.description }];
  },
  release: (state, { machine, nonce }) => {
    state.requireLease(machine, nonce);
    state.leases.delete(machine.id);
    return [200, null];
  },
};

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
