import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Client } from "../contracts/client.ts";
import { startPlatform, type Platform } from "./support/platform.ts";
import type { Answer } from "./support/request.ts";

const EXAMPLE = resolve(import.meta.dirname, "../examples/members-only/index.ts");
const APP = "app.localhost";
const HOST = "island.localhost";

let platform: Platform;
let client: Client;

const appOrigin = (): string => `http://${APP}:${platform.port}`;
const cookiesOf = ({ setCookies }: Answer): string => setCookies.map((line) => line.split(";")[0]).join("; ");

/** Goes where an answer leads, as a browser would. */
function follow(answer: Answer, headers: Record<string, string> = {}): Promise<Answer> {
  const url = new URL(answer.headers["location"] ?? "", `http://${HOST}:${platform.port}`);
  return platform.fetch(url.hostname, url.pathname + url.search, { headers: { accept: "text/html", ...headers } });
}

/** A browser that is signed in to the control plane; what it sends there. */
async function signIn(): Promise<Record<string, string>> {
  const json = { "content-type": "application/json", origin: appOrigin() };
  const body = JSON.stringify(platform.owner);
  const answer = await platform.fetch(APP, "/api/auth/sign-in/email", { method: "POST", headers: json, body });
  return { ...json, cookie: cookiesOf(answer) };
}

/** Opens the org as its button does; where the browser is to go. */
async function open(browser: Record<string, string>, to: string): Promise<URL> {
  const body = JSON.stringify({ to });
  const answer = await platform.fetch(APP, "/api/v1/orgs/island/open", { method: "POST", headers: browser, body });
  return new URL((JSON.parse(answer.text) as { url: string }).url);
}

const visit = ({ hostname, pathname, search }: URL): Promise<Answer> =>
  platform.fetch(hostname, pathname + search, { headers: { accept: "text/html" } });

beforeAll(async () => {
  platform = await startPlatform();
  client = await platform.client();
  await client.createOrg({ body: { slug: "island", name: "The island" } });
  const params = { slug: "island" };
  const source = await readFile(EXAMPLE, "utf8");
  await client.createScript({ params, body: { name: "members", files: { "index.ts": source } } });
  await client.createRoute({ params, body: { script: "members", path: "/members" } });
});

afterAll(() => platform?.dispose());

describe("a person at a tenant's host", () => {
  it("is sent to sign in, asked, handed over, greeted by name, and forgotten after signing out", async () => {
    const stranger = await platform.fetch(HOST, "/members?tab=1");
    expect([stranger.status, stranger.headers["location"]]).toEqual([302, "/.isola/sign-in?to=%2Fmembers%3Ftab%3D1"]);
    const sent = await follow(stranger);
    expect(sent.headers["location"]).toBe(`${appOrigin()}/open/island?to=%2Fmembers%3Ftab%3D1`);
    const unknown = await follow(sent);
    expect(unknown.headers["location"]).toMatch(/^\/sign-in\?to=%2Fopen%2Fisland/);

    const browser = await signIn();
    const asked = await follow(sent, { cookie: browser["cookie"] ?? "", "sec-fetch-site": "cross-site" });
    expect([asked.status, asked.text]).toEqual([200, expect.stringContaining("Continue to The island?")]);

    const url = await open(browser, "/members?tab=1");
    expect(url.origin).toBe(`http://${HOST}:${platform.port}`);
    const taken = await visit(url);
    expect([taken.status, taken.headers["location"]]).toEqual([303, "/members?tab=1"]);
    expect(taken.setCookies).toEqual([expect.stringMatching(/^isola_person=[^;]+; .*HttpOnly; SameSite=Lax$/)]);

    const cookie = cookiesOf(taken);
    for (let times = 0; times < 4; times++) {
      const greeted = await follow(taken, { cookie });
      expect([greeted.status, greeted.text]).toEqual([200, expect.stringContaining(platform.owner.email)]);
      expect(greeted.text).toContain("The books are yours to see.");
    }
    const me = await platform.fetch(HOST, "/.isola/v1/me", { headers: { cookie } });
    expect(JSON.parse(me.text)).toMatchObject({ user: { email: platform.owner.email, role: "owner" } });

    const headers = { cookie, origin: url.origin, accept: "text/html" };
    const gone = await platform.fetch(HOST, "/.isola/sign-out?to=/members", { method: "POST", headers });
    expect([gone.status, gone.headers["location"], cookiesOf(gone)]).toEqual([303, "/members", "isola_person="]);
    expect((await follow(gone, { cookie: cookiesOf(gone) })).status).toBe(302);
  });

  it("is handed over once, and only at the host that it was for", async () => {
    await client.createOrg({ body: { slug: "other" } });
    const browser = await signIn();
    const url = await open(browser, "/members");
    const elsewhere = new URL(url);
    elsewhere.hostname = "other.localhost";
    const astray = await visit(elsewhere);
    expect([astray.status, astray.setCookies]).toEqual([401, []]);

    const answers = await Promise.all([visit(url), visit(url), visit(url), visit(url)]);
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    for (const { status, setCookies, text } of answers.filter(({ status }) => status !== 303)) {
      expect([status, setCookies]).toEqual([401, []]);
      expect(text).toContain('href="/.isola/sign-in"');
    }
  });

  it("is checked by keys that anybody can have, and known no longer when those are revoked", async () => {
    const published = await platform.fetch(APP, "/.well-known/jwks.json");
    const { keys } = JSON.parse(published.text) as { keys: { kid: string }[] };
    const url = await open(await signIn(), "/members");
    const token = url.searchParams.get("token") ?? "";
    const header = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string };
    expect(keys.map(({ kid }) => kid)).toContain(header.kid);
    await client.rotateSigningKeys({ body: { revoke: true } });
    expect((await visit(url)).status).toBe(401);
  });
});
