import { startPlatform, type Platform } from "../test/support/platform.ts";
import type { Suite } from "./main.ts";
import { load, loadGenerator, type LoadTarget } from "./support/load.ts";
import { median, round } from "./support/stats.ts";

const APP = "app.localhost";
const HELLO = `export default { fetch() { return new Response("hello"); } };\n`;
const ROUNDS = 5;
const ROUND_SECONDS = 3;

/** What it costs a request that its visitor is known. */
export const suite: Suite = {
  summary: "hello with a person's session, with another cookie, and with none, in turn",
  async run(report) {
    report(`load by ${loadGenerator}, 32 connections, ${ROUNDS} rounds of ${ROUND_SECONDS} s in turn`);
    const platform = await startPlatform();
    try {
      const client = await platform.client();
      const params = { slug: "hello" };
      await client.createOrg({ body: params });
      await client.createScript({ params, body: { name: "hello", files: { "index.js": HELLO } } });
      await client.createRoute({ params, body: { script: "hello", path: "/*" } });
      const session = await sessionAt(platform);
      const target: LoadTarget = { port: platform.port, host: `hello.localhost:${platform.port}`, path: "/" };
      const targets = [target, { ...target, cookie: "theme=dark" }, { ...target, cookie: session }];
      for (const each of targets) await load(each, 1);
      const rounds: number[][] = [];
      for (let count = 0; count < ROUNDS; count++) {
        const rates: number[] = [];
        for (const each of targets) {
          const { requestsPerSecond, failed } = await load(each, ROUND_SECONDS);
          if (failed > 0) throw new Error(`${failed} requests failed under load`);
          rates.push(requestsPerSecond);
        }
        rounds.push(rates);
      }
      const ratioOf = (index: number): number =>
        round(median(rounds.map((rates) => (rates[index] ?? Number.NaN) / (rates[0] ?? Number.NaN))), 3);
      const plain = Math.round(median(rounds.map(([rate = Number.NaN]) => rate)));
      const figures = { requestsPerSecond: plain, otherCookieRatio: ratioOf(1), sessionRatio: ratioOf(2) };
      report(`a session: ${figures.sessionRatio} of none; another cookie: ${figures.otherCookieRatio}`);
      return { loadGenerator, ...figures };
    } finally {
      await platform.dispose();
    }
  },
};

/** The owner's cookie at the org's host. */
async function sessionAt(platform: Platform): Promise<string> {
  const { port, owner } = platform;
  const json = { "content-type": "application/json", origin: `http://${APP}:${port}` };
  const post = (path: string, body: object, headers: Record<string, string>) =>
    platform.fetch(APP, path, { method: "POST", headers, body: JSON.stringify(body) });
  const signedIn = await post("/api/auth/sign-in/email", owner, json);
  const cookie = signedIn.setCookies.map((line) => line.split(";")[0]).join("; ");
  const opened = await post("/api/v1/orgs/hello/open", {}, { ...json, cookie });
  const { hostname, pathname, search } = new URL((JSON.parse(opened.text) as { url: string }).url);
  const { setCookies, text } = await platform.fetch(hostname, pathname + search);
  const session = setCookies[0]?.split(";")[0];
  if (session === undefined) throw new Error(`no session: ${opened.text} ${text}`);
  return session;
}
