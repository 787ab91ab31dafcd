import { attempts, type CaseClass } from "../attempt.ts";
import { type Browser, forgeries, openBrowser } from "../support/people.ts";
import type { Stage, Tenant } from "../support/stage.ts";

/** Answers whom its host takes the caller for, and what the script sees of it. */
const WHO = `export default (request, ctx) => ({ user: ctx.user, seen: JSON.stringify([...request.headers]) + JSON.stringify(request.cf ?? {}) })`;

const browsers = new WeakMap<Stage, Promise<Browser>>();
function browserOn(stage: Stage): Promise<Browser> {
  const opened = browsers.get(stage) ?? openBrowser(stage);
  browsers.set(stage, opened);
  return opened;
}

/** What an attempt to be taken for somebody came to. */
interface Taken {
  status: number;
  /** Cookies that say who somebody is. */
  cookies: string[];
  /** Where the answer leads. */
  location: string | null;
  /** Whom a script was told. */
  user: unknown;
}
const NOT_TAKEN: Taken = { status: 401, cookies: [], location: null, user: null };

const judgeTaken = ({ status, cookies, location, user }: Taken): string | null => {
  const given = cookies.filter((line) => !/^[^=]*=;/.test(line));
  if (given.length > 0) return `a session was given: ${given[0]?.slice(0, 60)}`;
  if (user !== null) return `it was taken for ${JSON.stringify(user)}`;
  if (status >= 500) return `the host answered ${status}`;
  return location === null ? null : `it leads to ${location}`;
};

async function sso(stage: Stage, { host }: Tenant, token: string, to = "/"): Promise<Taken> {
  const query = new URLSearchParams({ token, to }).toString();
  const { status, setCookies, headers } = await stage.platform.fetch(host, `/.isola/sso?${query}`);
  return { status, cookies: setCookies, location: headers["location"] ?? null, user: null };
}

async function who(stage: Stage, tenant: Tenant, script: string, headers: Record<string, string>): Promise<Taken> {
  const answer = await stage.run(tenant, script, "/", { headers });
  if (answer.status !== 200) throw new Error(`The script answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  const { user } = JSON.parse(answer.text) as { user: unknown };
  return { ...NOT_TAKEN, status: answer.status, cookies: answer.setCookies, user };
}

const placeOf = ({ platform }: Stage, { host, orgId }: Tenant) => ({
  aud: `http://${host}:${platform.port}`,
  org: orgId,
});

async function publicKey({ platform }: Stage): Promise<string> {
  const { text } = await platform.fetch("app.localhost", "/.well-known/jwks.json");
  const [key] = (JSON.parse(text) as { keys: { x: string }[] }).keys;
  if (key === undefined) throw new Error("No key is published");
  return key.x;
}

/** Tokens that must get nobody in at the victim's host; made of what the attacker can have. */
async function tokensOf(stage: Stage, kind: "hand-over" | "session"): Promise<Record<string, string>> {
  const browser = await browserOn(stage);
  const make = (type: typeof kind, tenant: Tenant): Promise<string> =>
    type === "session" ? browser.session(tenant) : browser.handOver(tenant);
  const mine = await make(kind, stage.attacker);
  return {
    ...forgeries(mine, await publicKey(stage), placeOf(stage, stage.victim)),
    "the attacker's own": mine,
    "the other kind": await make(kind === "session" ? "hand-over" : "session", stage.victim),
    nonsense: "a.b.c",
    "a long one": "x".repeat(7_000),
  };
}

const FORGED = [
  ...Object.keys(forgeries("e30.e30.", "", { aud: "", org: "" })),
  "the attacker's own",
  "the other kind",
  "nonsense",
  "a long one",
];

/** Headers by which a caller claims to be somebody at a tenant's host. */
const CLAIMED: Record<string, Record<string, string>> = {
  "x-isola-user": { "x-isola-user": JSON.stringify({ id: "usr_00000000000000000000", role: "owner" }) },
  "x-user and the like": {
    "x-user": "owner@example.com",
    "x-forwarded-user": "owner@example.com",
    "remote-user": "owner",
  },
  "an authorization": { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9." },
  "facts of a run": { "x-isola-run": "exe_00000000000000000000", "cf-blob": `{"isola":{"user":{"role":"owner"}}}` },
  "a cookie that names a user": { cookie: "isola_person=usr_00000000000000000000; user=owner" },
  "a cookie of the control plane": { cookie: "isola_session=owner; __Host-isola_session=owner" },
};

const AWAY = [
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/%5cevil.example",
  "/%2fevil.example",
  "https://evil.example",
  "https:/evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "/..//evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/a\r\nlocation: //evil.example",
  "@evil.example",
  "http:evil.example",
];

const SETTERS: Record<string, string> = {
  "by its name": "isola_person=planted",
  "by its name over TLS": "__Host-isola_person=planted; Path=/; Secure",
  "in capitals": "ISOLA_PERSON=planted",
  "without a name": "=isola_person=planted",
  "with spaces": "  isola_person = planted",
  "with a tab": "\tisola_person=planted",
  "to remove it": "isola_person=; Max-Age=0",
  "for a path": "isola_person=planted; Path=/deep",
};

export const people: CaseClass = {
  name: "people",
  cases: [
    ...attempts<Taken>({
      names: FORGED.map((name) => `a hand-over: ${name}`),
      expected: "refused; no cookie is set",
      attack: async (stage) => {
        const seen = new Map<string, Taken>();
        for (const [name, token] of Object.entries(await tokensOf(stage, "hand-over"))) {
          seen.set(`a hand-over: ${name}`, await sso(stage, stage.victim, token));
        }
        return seen;
      },
      judge: judgeTaken,
      breach: { ...NOT_TAKEN, status: 303, cookies: ["isola_person=x; Path=/"], location: "/" },
    }),
    ...attempts<Taken>({
      names: FORGED.map((name) => `a session: ${name}`),
      expected: "the script sees nobody",
      attack: async (stage) => {
        const script = stage.nonce();
        await stage.deploy(stage.victim, script, WHO);
        const seen = new Map<string, Taken>();
        for (const [name, token] of Object.entries(await tokensOf(stage, "session"))) {
          seen.set(`a session: ${name}`, await who(stage, stage.victim, script, { cookie: `isola_person=${token}` }));
        }
        return seen;
      },
      judge: judgeTaken,
      breach: { ...NOT_TAKEN, status: 200, user: { id: "usr_00000000000000000000" } },
    }),
    ...attempts<Taken>({
      names: ["again", "again at the same time"],
      expected: "a hand-over is good once",
      attack: async (stage) => {
        const browser = await browserOn(stage);
        const [first, second] = [await browser.handOver(stage.victim), await browser.handOver(stage.victim)];
        if ((await sso(stage, stage.victim, first)).cookies.length === 0) throw new Error("It was not good even once.");
        const again = await sso(stage, stage.victim, first);
        const all = await Promise.all(Array.from({ length: 6 }, () => sso(stage, stage.victim, second)));
        const [, ...more] = all.filter(({ cookies }) => cookies.length > 0);
        return new Map([
          ["again", again],
          ["again at the same time", more[0] ?? NOT_TAKEN],
        ]);
      },
      judge: judgeTaken,
      breach: { ...NOT_TAKEN, status: 303, cookies: ["isola_person=x; Path=/"], location: "/" },
    }),
    ...attempts<Taken>({
      names: Object.keys(CLAIMED).map((name) => `claimed by ${name}`),
      expected: "the script sees nobody",
      attack: async (stage) => {
        const script = stage.nonce();
        await stage.deploy(stage.victim, script, WHO);
        const seen = new Map<string, Taken>();
        for (const [name, headers] of Object.entries(CLAIMED)) {
          seen.set(`claimed by ${name}`, await who(stage, stage.victim, script, headers));
        }
        return seen;
      },
      judge: judgeTaken,
      breach: { ...NOT_TAKEN, status: 200, user: { role: "owner" } },
    }),
    ...attempts<{ locations: string[] }>({
      names: AWAY.map((to) => `sent to ${JSON.stringify(to)}`),
      expected: "nobody is sent to another host",
      attack: async (stage) => {
        const token = await (await browserOn(stage)).handOver(stage.attacker);
        const seen = new Map<string, { locations: string[] }>();
        for (const to of AWAY) {
          const taken = await sso(stage, stage.attacker, token, to);
          const query = new URLSearchParams({ to }).toString();
          const begun = await stage.platform.fetch(stage.attacker.host, `/.isola/sign-in?${query}`);
          const opened = await stage.platform.fetch("app.localhost", `/open/attacker?${query}`);
          const locations = [taken.location, begun.headers["location"], opened.headers["location"]];
          seen.set(`sent to ${JSON.stringify(to)}`, {
            locations: locations.filter((each) => typeof each === "string"),
          });
        }
        return seen;
      },
      judge: ({ locations }) => (locations.length === 0 ? null : `it leads to ${locations.join(", ")}`),
      breach: { locations: ["//evil.example"] },
    }),
    ...attempts<{ seen: string; token: string }>({
      names: ["a function", "a module", "a quiet module"],
      expected: "the script sees nothing of the cookie",
      attack: async (stage) => {
        const token = await (await browserOn(stage)).session(stage.attacker);
        const look = `JSON.stringify([[...request.headers], [...request.clone().headers], request.headers.get("cookie"), request.headers.get("Cookie"), request.cf ?? {}])`;
        const sources: Record<string, string> = {
          "a function": `export default (request, ctx) => new Response(${look} + JSON.stringify(ctx))`,
          "a module": `import * as isola from "isola"; export default { fetch: (request, env, ctx) => new Response(${look} + JSON.stringify([isola.user(), env, ctx])) }`,
          "a quiet module": `export default { fetch: (request) => new Response(${look}) }`,
        };
        const seen = new Map<string, { seen: string; token: string }>();
        for (const [name, source] of Object.entries(sources)) {
          const script = stage.nonce();
          await stage.deploy(stage.attacker, script, source);
          const answers: string[] = [];
          const headers = { cookie: `a=1; isola_person=${token}; __Host-isola_person=${token}; Isola_Person=${token}` };
          for (let times = 0; times < 3; times++) {
            answers.push((await stage.run(stage.attacker, script, "/", { headers })).text);
          }
          if (!answers.every((text) => text.includes("a=1")))
            throw new Error(`Its own cookie did not come: ${answers[0]}`);
          seen.set(name, { seen: answers.join("\n"), token });
        }
        return seen;
      },
      judge: ({ seen, token }) => (seen.includes(token) || /isola_person/i.test(seen) ? "it holds the cookie" : null),
      breach: { seen: "isola_person=x", token: "x" },
    }),
    ...attempts<{ cookie: string | null }>({
      names: Object.keys(SETTERS).map((name) => `set by a script, ${name}`),
      expected: "dropped; the script's own cookies stay",
      attack: async (stage) => {
        const script = stage.nonce();
        const lines = JSON.stringify([...Object.values(SETTERS), "own=1"].map((line) => ["set-cookie", line]));
        await stage.deploy(stage.attacker, script, `export default () => new Response("x", { headers: ${lines} })`);
        const { setCookies } = await stage.run(stage.attacker, script);
        if (!setCookies.includes("own=1")) throw new Error("The script's own cookie did not come.");
        return new Map(
          Object.entries(SETTERS).map(([name, line]) => [
            `set by a script, ${name}`,
            { cookie: setCookies.find((sent) => sent.trim() === line.trim()) ?? null },
          ]),
        );
      },
      judge: ({ cookie }) => (cookie === null ? null : `it was sent: ${cookie}`),
      breach: { cookie: "isola_person=planted" },
    }),
  ],
};
