import { createHmac, generateKeyPairSync, sign } from "node:crypto";

import type { Answer } from "../../test/support/request.ts";
import type { Stage, Tenant } from "./stage.ts";

const APP = "app.localhost";

/** A person with a browser that is signed in to the control plane, and may open every org on the stage. */
export interface Browser {
  /** A hand-over to an org's host that nobody has taken yet. */
  handOver(tenant: Tenant): Promise<string>;
  /** A session at an org's host. */
  session(tenant: Tenant): Promise<string>;
}

/** Signs the platform's owner in. */
export async function openBrowser({ platform }: Stage): Promise<Browser> {
  const json = { "content-type": "application/json", origin: `http://${APP}:${platform.port}` };
  const post = (path: string, body: unknown, headers: Record<string, string>): Promise<Answer> =>
    platform.fetch(APP, path, { method: "POST", headers, body: JSON.stringify(body) });
  const signedIn = await post("/api/auth/sign-in/email", platform.owner, json);
  const headers = { ...json, cookie: signedIn.setCookies.map((line) => line.split(";")[0]).join("; ") };
  const handOver = async ({ slug }: Tenant): Promise<string> => {
    const { status, text } = await post(`/api/v1/orgs/${slug}/open`, {}, headers);
    if (status !== 200) throw new Error(`${slug} was not opened: ${status} ${text}`);
    return new URL((JSON.parse(text) as { url: string }).url).searchParams.get("token") ?? "";
  };
  return {
    handOver,
    session: async (tenant) => {
      const token = await handOver(tenant);
      const { setCookies } = await platform.fetch(tenant.host, `/.isola/sso?token=${token}`);
      const [, session] = /^isola_person=([^;]+)/.exec(setCookies[0] ?? "") ?? [];
      if (session === undefined) throw new Error(`No session at ${tenant.host}`);
      return session;
    },
  };
}

type Part = Record<string, unknown>;
const encoded = (part: Part): string => Buffer.from(JSON.stringify(part)).toString("base64url");
const partOf = (token: string, index: number): Part =>
  JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString()) as Part;

/**
 * Tokens that are made from a good one by who has no key of the platform's, by the way in which each lies.
 *
 * @param x the public key that the platform publishes, as a JWK writes it
 * @param victim what the token should say of the victim's place
 */
export function forgeries(token: string, x: string, victim: { aud: string; org: string }): Record<string, string> {
  const [header, claims] = [partOf(token, 0), partOf(token, 1)];
  const signature = token.split(".")[2] ?? "";
  const own = generateKeyPairSync("ed25519");
  const ownJwk = own.publicKey.export({ format: "jwk" }) as Part;
  const text = (moreHeader: Part, moreClaims: Part): string =>
    `${encoded({ ...header, ...moreHeader })}.${encoded({ ...claims, ...victim, ...moreClaims })}`;
  const kept = (moreHeader: Part = {}, moreClaims: Part = {}): string => `${text(moreHeader, moreClaims)}.${signature}`;
  const bySelf = (moreHeader: Part = {}): string => {
    const signed = text(moreHeader, {});
    return `${signed}.${sign(null, Buffer.from(signed), own.privateKey).toString("base64url")}`;
  };
  const byHmac = (alg: string, secret: string | Buffer): string => {
    const signed = text({ alg }, {});
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  return {
    "other claims under the old signature": kept(),
    "no algorithm": `${text({ alg: "none" }, {})}.`,
    "no algorithm, in capitals": `${text({ alg: "NONE" }, {})}.`,
    "no algorithm, with a signature": kept({ alg: "none" }),
    "the public key as a secret": byHmac("HS256", x),
    "the public key's bytes as a secret": byHmac("HS256", Buffer.from(x, "base64url")),
    "an empty secret": byHmac("HS256", ""),
    "a key of one's own": bySelf(),
    "a key of one's own, brought along": bySelf({ jwk: ownJwk }),
    "a key of one's own, by address": bySelf({ jku: "http://attacker.localhost/jwks.json" }),
    "a key of one's own, under another name": bySelf({ kid: "mine" }),
    "a key by path": bySelf({ kid: "../../dev/null" }),
    "a key by statement": bySelf({ kid: "' or '1'='1" }),
    "a key called __proto__": bySelf({ kid: "__proto__" }),
    "no key's name": bySelf({ kid: undefined }),
    "an empty signature": `${text({}, {})}.`,
    "a signature of zeros": `${text({}, {})}.${Buffer.alloc(64).toString("base64url")}`,
    "a critical extension": kept({ crit: ["b64"], b64: false }),
    "an audience that is a list": kept({}, { aud: [claims["aud"], victim.aud] }),
    "no end": kept({}, { exp: 1e15 }),
  };
}
