// Sends a signed message, as a provider would.
//
//   node examples/webhook/send.mjs <url> <whsec_…> '{"type":"invoice.paid"}'
import { createHmac, randomUUID } from "node:crypto";

const [url, secret, body] = process.argv.slice(2);
if (url === undefined || secret === undefined || body === undefined) {
  console.error("node send.mjs <url> <secret> <json>");
  process.exit(2);
}
const id = `msg_${randomUUID()}`;
const timestamp = String(Math.floor(Date.now() / 1000));
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
const { hostname, port, pathname } = new URL(url);
// Node does not resolve *.localhost by itself.
const { request } = await import(url.startsWith("https:") ? "node:https" : "node:http");
const outgoing = request(
  {
    host: hostname.endsWith(".localhost") ? "127.0.0.1" : hostname,
    port,
    path: pathname,
    method: "POST",
    headers: {
      host: port === "" ? hostname : `${hostname}:${port}`,
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    },
  },
  async (incoming) => {
    incoming.setEncoding("utf8");
    let text = "";
    for await (const chunk of incoming) text += chunk;
    console.log(incoming.statusCode, text.trim());
    process.exitCode = incoming.statusCode < 300 ? 0 : 1;
  },
);
outgoing.end(body);
