import { attempts, type CaseClass } from "../attempt.ts";
import type { Stage } from "../support/stage.ts";

/** What an attack on data came to. */
interface Seen {
  told: string;
  secret: string;
  /** What the victim's data were after it: as they had been, or what of them was not. */
  harm: string | null;
}

/** Everything that the victim keeps under a name holds its secret. */
async function fillVictim(stage: Stage): Promise<void> {
  const { token, slug, secret } = stage.victim;
  const must = async (method: string, path: string, body: unknown): Promise<void> => {
    const answer = await stage.api(token, method, `/orgs/${slug}${path}`, body);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  };
  await must("PUT", "/kv/vault/key", { value: secret });
  await must("PUT", "/docs/vault/key", { value: { secret } });
  await must("PUT", "/secrets/VAULT", { value: secret });
  await must("POST", "/queues/vault/send", { messages: [{ value: secret }] });
}

async function harmOf(stage: Stage): Promise<string | null> {
  const { token, slug, secret } = stage.victim;
  const read = async (path: string): Promise<string> => (await stage.api(token, "GET", `/orgs/${slug}${path}`)).text;
  if (!(await read("/kv/vault/key")).includes(secret)) return "the victim's key is gone or changed";
  if (!(await read("/docs/vault/key")).includes(secret)) return "the victim's document is gone or changed";
  if (!(await read("/queues")).includes('"ready":1')) return "the victim's queue has not what it had";
  return null;
}

/** Names by which the victim's own could be meant, if a name were ever put into a path. */
function namesOf(orgId: string, slug: string): Record<string, string> {
  return {
    "its own name": "vault",
    "the victim's path": `${orgId}/kv/vault`,
    "a path upwards": `../../${orgId}/kv/vault`,
    "an encoded path": `..%2f${orgId}%2fkv%2fvault`,
    "the victim's slug": `${slug}.vault`,
    "a name with a null": `vault\u0000`,
    "a prototype's name": "__proto__",
  };
}

const reads = (name: string): Record<string, string> => ({
  [`kv of ${name}`]: `kv.collection(NAME).get("key")`,
  [`keys of ${name}`]: `kv.collection(NAME).list({ values: true })`,
  [`docs of ${name}`]: `docs.collection(NAME).find({})`,
  [`a queue of ${name}`]: `queue(NAME).send("attack")`,
  [`a topic of ${name}`]: `topic(NAME).publish("attack")`,
});

/** Calls that reach under the module, as far as a script can. */
const RAW: Record<string, string> = {
  "an org among the arguments": `raw("kv", { operation: "get", collection: "vault", keys: ["key"], values: true, orgId: ORG })`,
  "an org as a prototype": `raw("kv", Object.assign(Object.create({ orgId: ORG }), { operation: "get", collection: "vault", keys: ["key"], values: true }))`,
  "a list as a collection": `raw("kv", { operation: "get", collection: [ORG + "/kv/vault"], keys: ["key"], values: true })`,
  "an object as a key": `raw("kv", { operation: "get", collection: "vault", keys: [{ toString: () => "key" }], values: true })`,
  "a secret of the victim": `raw("secrets", { name: "VAULT", orgId: ORG })`,
  "a secret by path": `raw("secrets", { name: "../" + ORG + "/VAULT" })`,
  "an area of a prototype": `raw("__proto__", {})`,
  "an area called constructor": `raw("constructor", {})`,
  "another method of the door": `raw("kvGet", [ORG, "vault", ["key"], true])`,
  "a table of the platform": `sql\`SELECT name, sql FROM sqlite_master\``,
  "a table of the runtime": `sql\`SELECT * FROM _cf_KV\``,
  "a database of somebody else": `sql\`ATTACH DATABASE '/tmp/other' AS other\``,
  "a counter of the victim": `counter(ORG + "/vault").get()`,
  "a lock of the victim": `lock.acquire("../" + ORG + "/vault")`,
};

/** What is asked from outside, on the attacker's own host. */
function requestsOf(triggerId: string, executionId: string): Record<string, { method: string; path: string }> {
  return {
    "the victim's webhook": { method: "POST", path: `/.isola/v1/webhooks/${triggerId}` },
    "the victim's execution": { method: "GET", path: `/.isola/v1/executions/${executionId}` },
  };
}

const IMPORTS = `import { counter, docs, kv, lock, queue, secrets, sql, topic } from "isola";`;

const judge = ({ told, secret, harm }: Seen): string | null =>
  told.includes(secret) ? `the victim's secret came back: ${told.slice(0, 200)}` : harm;
const breach: Seen = { told: "victim-secret", secret: "victim-secret", harm: null };

async function probeAll(stage: Stage, expressions: Record<string, string>): Promise<Map<string, Seen>> {
  await fillOnce(stage);
  const { victim } = stage;
  const told = await stage.probe(expressions, IMPORTS, `const ORG = ${JSON.stringify(victim.orgId)};\n${RAW_CALL}`);
  const harm = await harmOf(stage);
  return new Map(
    [...told].map(([name, tried]) => [name, { told: JSON.stringify(tried), secret: victim.secret, harm }]),
  );
}

/** Finds the platform's stub among the bindings, as the harness does, and calls it with whatever is wanted. */
const RAW_CALL = `
import { env as bindings } from "cloudflare:workers";
const raw = async (area, call) => bindings.__ISOLA_PLATFORM.call("exe_1", area, call);`;

const filled = new WeakSet<Stage>();
async function fillOnce(stage: Stage): Promise<void> {
  if (filled.has(stage)) return;
  await fillVictim(stage);
  filled.add(stage);
}

const readNames = Object.keys(namesOf("", "")).flatMap((name) => Object.keys(reads(name)));

/** A tenant reaches for another's keys, documents, queues, secrets and tables. */
export const data: CaseClass = {
  name: "data",
  cases: [
    ...attempts<Seen>({
      names: readNames,
      expected: "one's own, empty, or refused",
      attack: (stage) => {
        const { orgId, slug } = stage.victim;
        const expressions = Object.entries(namesOf(orgId, slug)).flatMap(([name, text]) =>
          Object.entries(reads(name)).map(([title, call]) => [title, call.replace("NAME", JSON.stringify(text))]),
        );
        return probeAll(stage, Object.fromEntries(expressions) as Record<string, string>);
      },
      judge,
      breach,
    }),
    ...attempts<Seen>({
      names: Object.keys(RAW),
      expected: "refused, or one's own",
      attack: (stage) => probeAll(stage, RAW),
      judge,
      breach,
    }),
    ...attempts<Seen>({
      names: Object.keys(requestsOf("", "")),
      expected: "not found",
      attack: async (stage) => {
        await fillOnce(stage);
        const { victim, attacker, platform } = stage;
        const body = { name: "hook", script: "vault", source: { kind: "webhook" } };
        const made = await stage.api(victim.token, "POST", `/orgs/${victim.slug}/triggers`, body);
        const ran = await platform.fetch(victim.host, "/.isola/v1/execute/vault", {
          method: "POST",
          headers: { prefer: "respond-async" },
        });
        const { executionId } = JSON.parse(ran.text) as { executionId: string };
        const seen = new Map<string, Seen>();
        for (const [name, { method, path }] of Object.entries(requestsOf(String(made.json["id"]), executionId))) {
          const answer = await platform.fetch(attacker.host, path, { method });
          const told = answer.status === 404 ? "404" : `${victim.secret} would follow: ${answer.status}`;
          seen.set(name, { told, secret: victim.secret, harm: null });
        }
        return seen;
      },
      judge,
      breach,
    }),
  ],
};
