import { randomBytes } from "node:crypto";

import { type ApiDocument, mutates, type Operation } from "./document.ts";
import type { Registrar } from "./registrar.ts";
import { type Standing, type Verdict, verdictOn } from "./rights.ts";

/** Ids of the orgs of a matrix. */
export interface Orgs {
  /** What nobody may touch. */
  victim: string;
  /** Where those who may do something do it; everybody with a part in the victim has the same part here. */
  playground: string;
  /** Where the strangers belong. */
  elsewhere: string;
}
type Target = "victim" | "playground";

/** Somebody who calls, and what has to come of it. */
export interface Caller {
  name: string;
  /** What shows who it is; an operation that is allowed goes to the playground, any other to the victim. */
  headers: (operation: Operation, target: Target) => Record<string, string>;
  /** Null where the caller makes no case. */
  verdict: (operation: Operation) => Verdict | null;
  /** Another spelling of the org's slug in the path. */
  spell?: (slug: string) => string;
  /** Other than that of the operation. */
  method?: string;
  /** Whether it also calls with what cannot be read; where many callers differ in one thing alone, one of them does. */
  unreadable?: boolean;
}

type Headers = Record<string, string>;
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** Everybody who calls every operation. `origin` is that of the control plane, `tenantOrigin` that of a tenant. */
export async function makeCallers(
  document: ApiDocument,
  registrar: Registrar,
  orgs: Orgs,
  origins: { own: string; tenant: string },
): Promise<Caller[]> {
  const { elsewhere } = orgs;
  const owner = await registrar.person("owner");
  const stranger = bearer(await registrar.key(await registrar.person("member", { [elsewhere]: "owner" })));
  return [
    ...(await nobodies(registrar, owner)),
    // Somebody else, whose session no other caller ends.
    ...(await withForeignPages(registrar, await registrar.person("owner"), origins)),
    ...(await knownOnes(document, registrar, orgs, owner, origins.own)),
    ...(await keysOfOneScope(document, registrar, owner)),
    ...misspelt(stranger),
    {
      name: "the owner, of an org that there is not",
      headers: always(bearer(await registrar.key(owner))),
      verdict: ({ scope }) => (scope === "org" ? "absent" : null),
      spell: () => "nowhere-at-all",
    },
    {
      name: "nobody, with HEAD",
      headers: always({}),
      verdict: (operation) => (operation.scope === "open" || mutates(operation) ? null : "unauthenticated"),
      method: "HEAD",
    },
    {
      name: "a stranger, with HEAD",
      headers: always(stranger),
      verdict: (operation) => (operation.scope === "org" && !mutates(operation) ? "absent" : null),
      method: "HEAD",
    },
    {
      name: "somebody else, with an id of another's",
      headers: always(stranger),
      verdict: ({ scope, capability, pathParameters }) => {
        const may = capability !== null && document.roles.platform["member"]?.includes(capability) === true;
        const owned = pathParameters.some(({ name }) => name === "id");
        return scope === "platform" && may && owned ? "missing" : null;
      },
    },
  ];
}

const always = (headers: Headers) => () => headers;
const unlessOpen = ({ scope }: Operation): Verdict => (scope === "open" ? "open" : "unauthenticated");

/** Who shows nothing that holds (any more). */
async function nobodies(registrar: Registrar, owner: string): Promise<Caller[]> {
  const past = new Date(Date.now() - 1_000);
  const left = await registrar.person("owner", {}, past);
  const key = await registrar.key(owner);
  const session = await registrar.session(owner);
  const signed = registrar.cookie(session);
  const shown: Record<string, Headers> = {
    "no credentials": {},
    "an empty Authorization": { authorization: "" },
    "a scheme alone": { authorization: "Bearer" },
    "a token that is no key": bearer("isola_zz"),
    "a key in upper case": bearer(key.toUpperCase()),
    "a key with more behind it": bearer(`${key}0`),
    "a key with its last digit changed": bearer(key.slice(0, -1) + (key.endsWith("0") ? "1" : "0")),
    "a key nobody was given": bearer(`isola_${randomBytes(32).toString("hex")}`),
    "a key as Basic": { authorization: `Basic ${Buffer.from(`:${key}`).toString("base64")}` },
    "a key in a cookie": { cookie: `isola_session=${key}` },
    "a key in another header": { "x-api-key": key },
    "an unsigned token": bearer(`${base64url('{"alg":"none"}')}.${base64url(`{"sub":"${owner}"}`)}.`),
    "a session's token as a key": bearer(session),
    "an expired key": bearer(await registrar.key(owner, { expiresAt: past })),
    "a revoked key": bearer(await registrar.key(owner, { revokedAt: past })),
    "a key of somebody deactivated": bearer(await registrar.key(left)),
    "a session of somebody deactivated": { cookie: registrar.cookie(await registrar.session(left)) },
    "an expired session": { cookie: registrar.cookie(await registrar.session(owner, past)) },
    "a session there is not": { cookie: registrar.cookie(randomBytes(24).toString("base64url")) },
    "a session without signature": { cookie: `isola_session=${session}` },
    "a session signed by another": { cookie: registrar.cookie(session, randomBytes(32).toString("base64url")) },
    "another session with this signature": {
      cookie: signed.replace(session, await registrar.session(owner)),
    },
    "a bad key beside a good session": { ...bearer("isola_zz"), cookie: signed },
  };
  return Object.entries(shown).map(([name, headers], index) => ({
    name,
    headers: always(headers),
    verdict: unlessOpen,
    unreadable: index === 0,
  }));
}

/** A signed-in owner whose browser was made to send something by a page of somebody else's. */
async function withForeignPages(
  registrar: Registrar,
  owner: string,
  { own, tenant }: { own: string; tenant: string },
): Promise<Caller[]> {
  const cookie = registrar.cookie(await registrar.session(owner));
  const sent: Record<string, Headers> = {
    "no Origin": {},
    "another site": { origin: "https://attacker.example" },
    "a tenant's page": { origin: tenant },
    "an origin that begins like ours": { origin: `${own}.attacker.example` },
    "our host by another scheme": { origin: own.replace("http:", "https:") },
    "a page without an origin": { origin: "null" },
    "Sec-Fetch-Site: cross-site": { "sec-fetch-site": "cross-site" },
    "Sec-Fetch-Site: same-site": { "sec-fetch-site": "same-site" },
  };
  return Object.entries(sent).map(([name, headers], index) => ({
    name: `the owner's session, ${name}`,
    headers: always({ cookie, ...headers }),
    verdict: (operation) => (operation.scope === "open" ? null : mutates(operation) ? "other_site" : "allowed"),
    unreadable: index === 0,
  }));
}

/** Who is known: every role on the platform and in orgs, by key and by session. */
async function knownOnes(
  { roles }: ApiDocument,
  registrar: Registrar,
  { victim, playground, elsewhere }: Orgs,
  owner: string,
  origin: string,
): Promise<Caller[]> {
  const known = (name: string, standing: Standing, headers: Caller["headers"]): Caller => ({
    name,
    headers,
    verdict: (operation) => (operation.scope === "open" ? null : verdictOn(standing, operation, roles)),
  });
  const full = { scopes: null, bound: null };
  const callers: Caller[] = [];
  const add = async (name: string, person: () => Promise<string>, standing: Standing): Promise<void> => {
    // Two people, for what one does to its sessions must not sign the other out.
    const key = bearer(await registrar.key(await person()));
    callers.push(known(`${name}, by key`, standing, always(key)));
    if (standing.platform === "partner") return;
    const cookie = registrar.cookie(await registrar.session(await person()));
    callers.push(known(`${name}, by session`, standing, always({ cookie, origin })));
  };
  for (const role of Object.keys(roles.org)) {
    const here = { [victim]: role, [playground]: role };
    await add(`${role} of the org`, () => registrar.person("member", here), { platform: "member", org: role, ...full });
    await add(`${role} of another org`, () => registrar.person("member", { [elsewhere]: role }), {
      platform: "member",
      org: null,
      ...full,
    });
  }
  for (const platform of Object.keys(roles.platform)) {
    await add(`${platform} of the platform`, () => registrar.person(platform), { platform, org: null, ...full });
  }
  const maker = { [victim]: "owner", [playground]: "owner" };
  await add("the partner that made the org", () => registrar.person("partner", maker), {
    platform: "partner",
    org: "owner",
    ...full,
  });
  await add("another partner", () => registrar.person("partner", { [elsewhere]: "owner" }), {
    platform: "partner",
    org: null,
    ...full,
  });
  const standing = { platform: "owner", org: null, scopes: ["*"] };
  const boundElsewhere = bearer(await registrar.key(owner, { orgId: elsewhere }));
  callers.push(known("an owner's key for another org", { ...standing, bound: "elsewhere" }, always(boundElsewhere)));
  const bound = {
    victim: bearer(await registrar.key(owner, { orgId: victim })),
    playground: bearer(await registrar.key(owner, { orgId: playground })),
  };
  callers.push(known("an owner's key for the org", { ...standing, bound: "here" }, (_, target) => bound[target]));
  const reading = bearer(await registrar.key(owner, { scopes: ["read"] }));
  callers.push(known("an owner's key that reads", { ...standing, scopes: ["read"], bound: null }, always(reading)));
  return callers;
}

/** Of every capability a key that has it alone, and one that has all but it. */
async function keysOfOneScope({ capabilities }: ApiDocument, registrar: Registrar, owner: string): Promise<Caller[]> {
  const one = new Map<string | null, Headers>();
  const others = new Map<string | null, Headers>();
  for (const capability of capabilities) {
    one.set(capability, bearer(await registrar.key(owner, { scopes: [capability] })));
    const scopes = capabilities.filter((other) => other !== capability);
    others.set(capability, bearer(await registrar.key(owner, { scopes })));
  }
  const by = (keys: typeof one) => (operation: Operation) => keys.get(operation.capability) ?? {};
  const unless = (verdict: Verdict) => (operation: Operation) => (operation.scope === "open" ? null : verdict);
  return [
    { name: "an owner's key of this scope alone", headers: by(one), verdict: unless("allowed") },
    { name: "an owner's key of every other scope", headers: by(others), verdict: unless("forbidden") },
  ];
}

/** A stranger who writes the org's name so that it might be taken for another. */
function misspelt(headers: Headers): Caller[] {
  const spellings: Record<string, (slug: string) => string> = {
    "by way of its own org": (slug) => `elsewhere/../${slug}`,
    "by way of its own org, encoded": (slug) => `elsewhere%2f..%2f${slug}`,
    "in upper case": (slug) => slug.toUpperCase(),
    "with a NUL behind it": (slug) => `${slug}%00`,
    "encoded twice": (slug) => slug.replace(/^./, (first) => `%25${first.charCodeAt(0).toString(16)}`),
  };
  return Object.entries(spellings).map(([name, spell]) => ({
    name: `a stranger, ${name}`,
    headers: always(headers),
    verdict: ({ scope }) => (scope === "org" ? "absent" : null),
    spell,
    unreadable: false,
  }));
}

const base64url = (text: string): string => Buffer.from(text).toString("base64url");
