import type { Endpoint } from "../../contracts/api/endpoint.ts";
import { ENDPOINTS } from "../../contracts/api/index.ts";
import { attempts, type CaseClass } from "../attempt.ts";
import type { Stage } from "../support/stage.ts";
import { neighboursHarm } from "../support/vault.ts";

interface Told {
  status: number;
  /** Whether the answer holds anything of the victim's. */
  leaks: boolean;
  harm: string | null;
}

interface VictimIds {
  script: string;
  version: string;
  route: string;
  execution: string;
}

/** Bodies that would be accepted from somebody who may. */
const BODIES: Record<string, unknown> = {
  patchOrg: { name: "taken over" },
  createScript: { name: "planted", source: "export default () => 'planted'" },
  putScript: { source: "export default () => 'planted'" },
  patchScript: { description: "taken over", limits: { wallClockMs: 10 } },
  rollBackScript: { version: 1 },
  invokeScript: {},
  createRoute: { path: "/planted", script: "vault" },
  checkRoute: { path: "/*" },
  matchRoute: { url: "http://victim.localhost/" },
};

const IN_ORG: Endpoint[] = Object.values<Endpoint>(ENDPOINTS).filter(({ path }) => path.startsWith("/orgs/{slug}"));

async function idsOf(stage: Stage): Promise<VictimIds> {
  const { token, slug } = stage.victim;
  const script = (await stage.api(token, "GET", `/orgs/${slug}/scripts/vault`)).json as {
    id: string;
    live: { id: string };
  };
  const routes = (await stage.api(token, "GET", `/orgs/${slug}/routes`)).json as { items: { id: string }[] };
  await stage.platform.fetch(stage.victim.host, "/seen");
  const [execution] = await stage.executions(stage.victim);
  return {
    script: script.id,
    version: script.live.id,
    route: routes.items[0]?.id ?? "",
    execution: execution?.id ?? "",
  };
}

/** An endpoint's path with the victim's own things in it, under an org of the caller's choice. */
function pathOf({ path, id }: Endpoint, slug: string, ids: VictimIds): string {
  const last = path.includes("/routes/") ? ids.route : ids.execution;
  const filled = path
    .replace("{slug}", slug)
    .replace("{name}", ids.script)
    .replaceAll(/\{\w+\}/g, last);
  return id === "deleteOrg" ? `${filled}?confirm=${slug}` : filled;
}

/** Calls that name things of the victim's inside the attacker's own org. */
const BORROWED: Record<string, (ids: VictimIds) => { method: string; path: string; body?: unknown }> = {
  "a route to its script": ({ script }) => ({ method: "POST", path: "/routes", body: { path: "/stolen", script } }),
  "its execution": ({ execution }) => ({ method: "GET", path: `/executions/${execution}` }),
  "a replay of its execution": ({ execution }) => ({
    method: "POST",
    path: `/executions/${execution}/replay`,
    body: {},
  }),
  "its route": ({ route }) => ({ method: "DELETE", path: `/routes/${route}` }),
  "its script": ({ script }) => ({ method: "GET", path: `/scripts/${script}` }),
  "an invoke of its script": ({ script }) => ({ method: "POST", path: `/scripts/${script}/invoke`, body: {} }),
  "its version in a script of one's own": ({ version }) => ({
    method: "GET",
    path: `/scripts/vault?version=${version}`,
  }),
  "a roll back to its version": ({ version }) => ({
    method: "POST",
    path: "/scripts/vault/rollback",
    body: { version },
  }),
  "a difference with its version": ({ version }) => ({ method: "GET", path: `/scripts/vault/diff?from=${version}` }),
  "its executions by script": ({ script }) => ({ method: "GET", path: `/executions?script=${script}` }),
  "its log by a cursor of one's own making": ({ execution }) => ({
    method: "GET",
    path: `/executions?cursor=${encodeURIComponent(Buffer.from(execution).toString("base64url"))}`,
  }),
};

const SLUGS = [
  "..%2Fvictim",
  "victim%2F",
  "VICTIM",
  "victim.",
  "%76ictim",
  "victim%00",
  "attacker%2F..%2Fvictim",
  "__proto__",
];

async function told(stage: Stage, method: string, path: string, body?: unknown): Promise<Told> {
  const answer = await stage.api(
    stage.attacker.token,
    method,
    path,
    method === "GET" || method === "DELETE" ? undefined : body,
  );
  const leaks = [stage.victim.secret, stage.victim.orgId].some((text) => answer.text.includes(text));
  return { status: answer.status, leaks, harm: await neighboursHarm(stage) };
}

const judge =
  (allowed: readonly number[]) =>
  ({ status, leaks, harm }: Told): string | null => {
    if (leaks) return `answered ${status} with something of the victim's`;
    return allowed.includes(status) ? harm : `answered ${status}`;
  };

const breach: Told = { status: 200, leaks: true, harm: null };

export const tenancy: CaseClass = {
  name: "other tenants' things",
  cases: [
    ...attempts<Told>({
      names: IN_ORG.map(({ method, path }) => `${method} ${path}`),
      expected: "404: the victim's org is not there",
      attack: async (stage) => {
        const ids = await idsOf(stage);
        const seen = new Map<string, Told>();
        for (const endpoint of IN_ORG) {
          const path = pathOf(endpoint, stage.victim.slug, ids);
          seen.set(
            `${endpoint.method} ${endpoint.path}`,
            await told(stage, endpoint.method, path, BODIES[endpoint.id] ?? {}),
          );
        }
        return seen;
      },
      judge: judge([404]),
      breach,
    }),
    ...attempts<Told>({
      names: Object.keys(BORROWED).map((name) => `in one's own org: ${name}`),
      expected: "not there, and nothing of the victim's in the answer",
      attack: async (stage) => {
        const ids = await idsOf(stage);
        const seen = new Map<string, Told>();
        for (const [name, call] of Object.entries(BORROWED)) {
          const { method, path, body } = call(ids);
          seen.set(`in one's own org: ${name}`, await told(stage, method, `/orgs/${stage.attacker.slug}${path}`, body));
        }
        return seen;
      },
      // A list may be empty instead, and a name of the wrong form is refused as such.
      judge: judge([404, 422, 400, 200]),
      breach,
    }),
    ...attempts<Told>({
      names: SLUGS.map((slug) => `the slug ${slug}`),
      expected: "404, whatever the spelling",
      attack: async (stage) => {
        const seen = new Map<string, Told>();
        for (const slug of SLUGS) seen.set(`the slug ${slug}`, await told(stage, "GET", `/orgs/${slug}/scripts/vault`));
        return seen;
      },
      judge: judge([404]),
      breach,
    }),
    ...attempts<Told>({
      names: ["execute the victim's script by id", "execute it by a path upwards", "execute it by its loader's key"],
      expected: "404 at the attacker's host",
      attack: async (stage) => {
        const ids = await idsOf(stage);
        const targets = [ids.script, `..%2F..%2Fvictim%2F${ids.script}`, `${stage.victim.orgId}%2F${ids.version}`];
        const seen = new Map<string, Told>();
        for (const [index, target] of targets.entries()) {
          const answer = await stage.run(stage.attacker, target);
          const name = [
            "execute the victim's script by id",
            "execute it by a path upwards",
            "execute it by its loader's key",
          ][index];
          seen.set(name ?? "", {
            status: answer.status,
            leaks: answer.text.includes(stage.victim.secret),
            harm: await neighboursHarm(stage),
          });
        }
        return seen;
      },
      judge: judge([404]),
      breach,
    }),
  ],
};
