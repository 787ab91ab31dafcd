// A machine of your own behind an org: it registers itself once, proves every request, and tells that it lives.
//
//   npx isola orgs create shop --driver external
//   ISOLA_URL=http://app.localhost:8787 ISOLA_ENROLMENT_TOKEN=<the token> PUBLIC_URL=https://<where this answers> node examples/own-machine/machine.mjs
//
// Node 20 or newer, no packages. What it is given is kept in the file CREDENTIALS names, readable by you alone.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { request as secureRequest } from "node:https";

const { ISOLA_URL, ISOLA_ENROLMENT_TOKEN, PUBLIC_URL, PORT = "8080", CREDENTIALS = "credentials.json" } = process.env;

const { org, proxySecret, callBackSecret, heartbeat } = await credentials();
let served = 0;

const server = createServer((incoming, response) => {
  // Only what came through the platform has the secret; everything else is somebody who found this address.
  if (!isSame(String(incoming.headers["x-isola-secret"] ?? ""), proxySecret)) {
    response.writeHead(403, { "content-type": "text/plain" }).end("Ask at the org's own host.\n");
    return;
  }
  served += 1;
  const answer = {
    org,
    host: incoming.headers["x-forwarded-host"],
    path: incoming.url,
    from: incoming.headers["x-forwarded-for"] ?? null,
    served,
  };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
});

server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`${org}: listening on port ${server.address().port}`);
  void beat("ok");
  setInterval(() => void beat("ok"), heartbeat.everySeconds * 1000).unref();
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await beat("stopping");
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

/** What this machine proves itself by: kept from an earlier start, or fetched with the one-time token. */
async function credentials() {
  if (existsSync(CREDENTIALS)) return JSON.parse(readFileSync(CREDENTIALS, "utf8"));
  const body = JSON.stringify({ token: ISOLA_ENROLMENT_TOKEN, url: PUBLIC_URL });
  const answer = await post(`${ISOLA_URL}/api/v1/machines/enrol`, body);
  if (answer.status !== 200) throw new Error(`The platform refused: ${answer.text}`);
  writeFileSync(CREDENTIALS, answer.text, { mode: 0o600 });
  return JSON.parse(answer.text);
}

/** Tells the platform how it is, signed as Standard Webhooks has it. */
async function beat(status) {
  const body = JSON.stringify({ status });
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(callBackSecret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
  try {
    const answer = await post(heartbeat.url, body, headers);
    if (answer.status !== 200) console.error(`heartbeat refused: ${answer.status} ${answer.text}`);
  } catch (error) {
    console.error(`heartbeat not sent: ${error.message}`);
  }
}

/** Node's own look-up does not know *.localhost, so names under it are asked for at this computer. */
function post(url, body, headers = {}) {
  const { protocol, hostname, port, pathname, host } = new URL(url);
  const isLocal = hostname.endsWith(".localhost");
  const options = {
    method: "POST",
    hostname: isLocal ? "127.0.0.1" : hostname,
    port,
    path: pathname,
    headers: { host, "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers },
    timeout: 10_000,
  };
  return new Promise((resolve, reject) => {
    const sent = (protocol === "https:" ? secureRequest : request)(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in 10 seconds")));
    sent.on("error", reject);
    sent.end(body);
  });
}

function isSame(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
