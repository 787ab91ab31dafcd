import { randomBytes, scryptSync } from "node:crypto";

import { Client } from "pg";

import { newId } from "../contracts/ids.ts";
import { openDatabase } from "../local/database/open.ts";
import { type Platform, startPlatform } from "../test/support/platform.ts";
import { request } from "../test/support/request.ts";
import type { Suite } from "./main.ts";
import { percentile, round } from "./support/stats.ts";

const ACCOUNTS = 200;
const PASSWORD = "a long enough password";
/** Pause between two of the other calls, in milliseconds. They begin on time, however slow those before are. */
const BEAT_MS = 50;
const QUIET_MS = 4_000;

/**
 * What others notice while many sign in at once: 200 sign-ins of 200 accounts begin together, and all of them are
 * hashed, since each account has a bucket of its own; beside them somebody asks for `GET /api/v1/me` twenty times a second.
 */
export const suite: Suite = {
  summary: `${ACCOUNTS} people sign in at once, beside steady calls of the API`,
  async run(report) {
    const first = await startPlatform();
    const token = await first.token();
    await first.stop();
    const emails = await makeAccounts(first.directory);
    const platform = await startPlatform({ directory: first.directory });
    try {
      await callOthers(platform, token, QUIET_MS / 2);
      const alone = await callOthers(platform, token, QUIET_MS);
      report(`others alone: p50 ${ms(alone, 0.5)} ms, p99 ${ms(alone, 0.99)} ms`);

      const began = performance.now();
      let signingIn = true;
      const signIns = Promise.all(emails.map((email) => signIn(platform, email)));
      void signIns.finally(() => (signingIn = false));
      const others = await callOthers(platform, token, () => signingIn);
      const answers = await signIns;
      const seconds = (performance.now() - began) / 1_000;
      const signedIn = answers.filter(({ status }) => status === 200);
      const failed = others.filter((call) => call.failed).length;
      report(
        `${signedIn.length} of ${ACCOUNTS} signed in within ${round(seconds, 1)} s; the others were told ${reasons(answers)}`,
      );
      report(
        `others meanwhile: p50 ${ms(others, 0.5)} ms, p99 ${ms(others, 0.99)} ms, of ${others.length} calls; ${failed} failed`,
      );
      return {
        othersAloneP50Ms: ms(alone, 0.5),
        othersAloneP99Ms: ms(alone, 0.99),
        othersP50Ms: ms(others, 0.5),
        othersP99Ms: ms(others, 0.99),
        othersFailed: failed,
        signedIn: signedIn.length,
        signInP50Ms: ms(signedIn, 0.5),
        signInP99Ms: ms(signedIn, 0.99),
        signInsPerSecond: round(signedIn.length / seconds, 1),
      };
    } finally {
      await platform.dispose();
    }
  },
};

const ms = (calls: { tookMs: number }[], fraction: number): number => {
  const took = calls.map(({ tookMs }) => tookMs);
  return round(percentile(took, fraction), 1);
};

function reasons(answers: { status: number }[]): string {
  const refused = answers.map(({ status }) => status).filter((status) => status !== 200);
  return refused.length === 0 ? "nothing, for there were none" : [...new Set(refused)].join(", ");
}

/** Writes the accounts into the database of a platform that is stopped. */
async function makeAccounts(dataDirectory: string): Promise<string[]> {
  const database = await openDatabase({ dataDirectory, onProgress: () => {} });
  const client = new Client(database.databaseUrl);
  await client.connect();
  const ids = Array.from({ length: ACCOUNTS }, () => newId("user"));
  await client.query(
    `insert into "user" (id, name, email) select id, 'Somebody', id || '@example.com' from unnest($1::text[]) id`,
    [ids],
  );
  await client.query(
    `insert into account (id, user_id, account_id, provider_id, password)
     select id, id, id, 'credential', $2 from unnest($1::text[]) id`,
    [ids, storedPassword()],
  );
  await client.end();
  await database.close();
  return ids.map((id) => `${id}@example.com`);
}

/** As the control plane stores one today. */
function storedPassword(): string {
  const salt = randomBytes(16).toString("hex");
  const key = scryptSync(PASSWORD, salt, 64, { N: 2 ** 14, r: 8, p: 5, maxmem: 64 * 1024 * 1024 });
  return `$scrypt$ln=14,r=8,p=5$${salt}$${key.toString("hex")}`;
}

async function signIn({ port }: Platform, email: string): Promise<{ status: number; tookMs: number }> {
  const began = performance.now();
  const { status } = await request({
    port,
    path: "/api/auth/sign-in/email",
    method: "POST",
    headers: { host: `app.localhost:${port}`, "content-type": "application/json" },
    body: JSON.stringify({ email, password: PASSWORD }),
    timeoutMs: 60_000,
  }).catch(() => ({ status: 0 }));
  return { status, tookMs: performance.now() - began };
}

/** One call of somebody who is signed in already. One that failed took as long as it took. */
interface OtherCall {
  tookMs: number;
  failed: boolean;
}

/** Calls on the beat, for some time or while something goes on. */
async function callOthers({ port }: Platform, token: string, goesOn: number | (() => boolean)): Promise<OtherCall[]> {
  const began = performance.now();
  const calls: Promise<OtherCall>[] = [];
  const isOn = typeof goesOn === "number" ? () => performance.now() - began < goesOn : goesOn;
  while (isOn()) {
    calls.push(call(port, token));
    await new Promise((done) => setTimeout(done, Math.max(0, began + calls.length * BEAT_MS - performance.now())));
  }
  return Promise.all(calls);
}

async function call(port: number, token: string): Promise<OtherCall> {
  const began = performance.now();
  const headers = { host: `app.localhost:${port}`, authorization: `Bearer ${token}` };
  const { status } = await request({ port, path: "/api/v1/me", headers, timeoutMs: 60_000 }).catch(() => ({
    status: 0,
  }));
  return { tookMs: performance.now() - began, failed: status !== 200 };
}
