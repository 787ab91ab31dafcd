// A guestbook: entries in a kv collection, newest first, and a counter of visits.
//
//   npx isola deploy examples/guestbook.ts --org hello --route "GET /guestbook" --route "POST /guestbook"
//   curl -d '{"name":"Ada","message":"Lovely island"}' http://hello.localhost:8787/guestbook
//   curl http://hello.localhost:8787/guestbook
import { counter, kv } from "isola";

interface Entry {
  name: string;
  message: string;
  at: string;
}

const entries = kv.collection<Entry>("guestbook");

export default async (request: Request) => {
  if (request.method === "POST") return sign(await request.json().catch(() => null));
  const [{ items }, visits] = await Promise.all([entries.list({ limit: 20, values: true }), counter("visits").add()]);
  return { visits, entries: items.map(({ value }) => value) };
};

async function sign(input: unknown) {
  const { name, message } = (input ?? {}) as Partial<Entry>;
  if (typeof name !== "string" || typeof message !== "string" || name === "" || message === "") {
    return { statusCode: 400, body: { error: "name and message must be texts that are not empty" } };
  }
  const entry = { name: name.slice(0, 80), message: message.slice(0, 1_000), at: new Date().toISOString() };
  await entries.set(newestFirst(), entry);
  return { statusCode: 201, body: entry };
}

/** A key that sorts before all earlier ones. */
function newestFirst(): string {
  const left = Number.MAX_SAFE_INTEGER - Date.now();
  return `${String(left).padStart(16, "0")}-${crypto.randomUUID()}`;
}
