import { describe, expect, it } from "vitest";

import { ENDPOINTS } from "./api/index.ts";
import { ApiError, createClient, type ClientOptions } from "./client.ts";
import { encodeEvent, EVENT_STREAM_TYPE } from "./event-stream.ts";
import { newId } from "./ids.ts";

const org = {
  id: newId("org"),
  slug: "hello",
  name: "Hello",
  driver: "isolate",
  state: "running",
  suspended: null,
  url: "http://hello.localhost:8787",
  role: "owner",
  createdAt: 1_790_000_000_000,
  settings: null,
  plan: "default",
  quotas: {},
  ownQuotas: {},
};

/** A client whose every call is written down and answered with the same response. */
function clientOf(response: () => Response, options: Partial<ClientOptions> = {}) {
  const requests: Request[] = [];
  const client = createClient({
    url: "http://app.localhost:8787",
    fetch: (url, init) => {
      requests.push(new Request(url, init));
      return Promise.resolve(response());
    },
    ...options,
  });
  const only = () => {
    expect(requests).toHaveLength(1);
    return requests[0] as Request;
  };
  return { client, requests, only };
}

/** What a refused call throws. */
async function refusal(response: () => Response): Promise<ApiError> {
  const { client } = clientOf(response);
  const thrown: unknown = await client.getOrg({ params: { slug: "hello" } }).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApiError)) throw new Error(`not refused: ${String(thrown)}`);
  return thrown;
}

describe("a call", () => {
  it("goes to the endpoint's method and path, and gives back the parsed answer", async () => {
    const { client, only } = clientOf(() => Response.json({ ...org, unknownField: 1 }));
    expect(await client.getOrg({ params: { slug: "hello" } })).toEqual(org);
    expect(only().method).toBe("GET");
    expect(only().url).toBe("http://app.localhost:8787/api/v1/orgs/hello");
    expect(only().headers.get("accept")).toBe("application/json");
    expect(only().body).toBeNull();
    expect(only().headers.has("content-type")).toBe(false);
  });

  it("exists for every endpoint", () => {
    expect(Object.keys(clientOf(() => new Response()).client)).toEqual(Object.keys(ENDPOINTS));
  });

  it("sends its body as JSON", async () => {
    const { client, only } = clientOf(() => Response.json(org, { status: 201 }));
    await client.createOrg({ body: { slug: "hello", name: "Größe" } });
    expect(only().headers.get("content-type")).toBe("application/json");
    expect(await only().json()).toEqual({ slug: "hello", name: "Größe" });
  });

  it("leaves out what the query does not say", async () => {
    const { client, only } = clientOf(() => Response.json({ items: [], cursor: null }));
    await client.listOrgs({ query: { limit: 5, cursor: undefined } });
    expect(new URL(only().url).search).toBe("?limit=5");
  });

  it("encodes the query", async () => {
    const { client, only } = clientOf(() => Response.json({ items: [], cursor: null }));
    await client.listOrgs({ query: { cursor: "a&limit=1#?/ é" } });
    expect([...new URL(only().url).searchParams]).toEqual([["cursor", "a&limit=1#?/ é"]]);
  });

  it("keeps a parameter inside its place in the path", async () => {
    const { client, only } = clientOf(() => Response.json(org));
    await client.getOrg({ params: { slug: "../keys?x=1#y" } });
    expect(new URL(only().url).pathname).toBe("/api/v1/orgs/..%2Fkeys%3Fx%3D1%23y");
    expect(new URL(only().url).search).toBe("");
  });

  it.each(["", ".", ".."])("is not sent where a parameter is %j, which no URL can carry", async (key) => {
    const { client, requests } = clientOf(() => Response.json({}));
    const call = client.deleteKv({ params: { slug: "hello", collection: "c", key } });
    await expect(call).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("as the key") });
    expect(requests).toEqual([]);
  });

  it("carries the key, the idempotency key and the caller's signal", async () => {
    const stop = new AbortController();
    const { client, only } = clientOf(() => Response.json(org, { status: 201 }), { token: "isola_secret" });
    await client.createOrg({ body: { slug: "hello" }, idempotencyKey: "once", signal: stop.signal });
    expect(only().headers.get("authorization")).toBe("Bearer isola_secret");
    expect(only().headers.get("idempotency-key")).toBe("once");
    expect(only().signal.aborted).toBe(false);
    stop.abort();
    expect(only().signal.aborted).toBe(true);
  });

  it("relies on the cookie without a key", async () => {
    const { client, only } = clientOf(() => Response.json(org));
    await client.getOrg({ params: { slug: "hello" } });
    expect(only().headers.has("authorization")).toBe(false);
  });

  it("takes a base URL with slashes at its end", async () => {
    const { client, only } = clientOf(() => Response.json(org), { url: "http://app.localhost:8787//" });
    await client.getOrg({ params: { slug: "hello" } });
    expect(only().url).toBe("http://app.localhost:8787/api/v1/orgs/hello");
  });

  it("gives nothing back for 204", async () => {
    const { client, only } = clientOf(() => new Response(null, { status: 204 }));
    const answer = await client.deleteOrg({ params: { slug: "hello" }, query: { confirm: "hello" } });
    expect(answer).toBeUndefined();
    expect(only().method).toBe("DELETE");
    expect(new URL(only().url).search).toBe("?confirm=hello");
  });
});

describe("a call that is answered with events", () => {
  it("gives them one by one, and passes over those that it does not know", async () => {
    const text = [{ type: "missed", count: 1 }, { type: "from-the-future" }, { type: "missed", count: 2 }]
      .map((event) => encodeEvent(event.type, event))
      .join("");
    const { client, only } = clientOf(() => new Response(text, { headers: { "content-type": EVENT_STREAM_TYPE } }));
    const events = [];
    for await (const event of await client.tailExecutions({ params: { slug: "hello" } })) events.push(event);
    expect(events).toEqual([
      { type: "missed", count: 1 },
      { type: "missed", count: 2 },
    ]);
    expect(only().headers.get("accept")).toBe(EVENT_STREAM_TYPE);
  });
});

describe("a refused call", () => {
  it("throws the platform's code with status, details and the request id", async () => {
    const error = { code: "not_found", message: "No such org.", details: { slug: "hello" }, requestId: "req_1" };
    expect(await refusal(() => Response.json({ error }, { status: 404 }))).toMatchObject({
      name: "ApiError",
      status: 404,
      ...error,
    });
  });

  it.each([
    ["an HTML page", () => new Response("<h1>502 Bad Gateway</h1>", { status: 502 })],
    ["nothing", () => new Response(null, { status: 502 })],
    ["JSON cut short", () => new Response('{"error":{"code":"not_fou', { status: 502 })],
    ["another system's error", () => Response.json({ error: "bad gateway" }, { status: 502 })],
    [
      "an unknown code",
      () => Response.json({ error: { code: "x", message: "", details: {}, requestId: "" } }, { status: 502 }),
    ],
  ])("says that %s did not come from a control plane", async (_, response) => {
    const error = await refusal(response);
    expect(error).toMatchObject({ code: "unavailable", status: 502 });
    expect(error.message).toContain("HTTP 502");
    expect(error.message).toContain("Check the URL");
  });

  it("keeps the request id that a header names", async () => {
    const error = await refusal(() => new Response("?", { status: 500, headers: { "x-request-id": "req_2" } }));
    expect(error.requestId).toBe("req_2");
  });
});

describe("an answer that is not what the contract says", () => {
  it.each([
    ["not JSON", () => new Response("<!doctype html>", { status: 200 })],
    ["JSON cut short", () => new Response('{"id":"org_', { status: 200 })],
    ["without a field", () => Response.json({ ...org, url: undefined })],
    ["of another kind", () => Response.json({ ...org, id: "usr_0123456789abcdef" })],
  ])("is never handed on when it is %s", async (_, response) => {
    await expect(clientOf(response).client.getOrg({ params: { slug: "hello" } })).rejects.toThrow();
  });

  it("passes on a failure of the network as it is", async () => {
    const broken = new TypeError("connection refused");
    const { client } = clientOf(() => new Response(), { fetch: () => Promise.reject(broken) });
    await expect(client.getOrg({ params: { slug: "hello" } })).rejects.toBe(broken);
  });
});

describe("a call that is answered with a file", () => {
  it("gives its bytes as they come, whatever they are", async () => {
    const { client, only } = clientOf(() => new Response("a\nb\n", { headers: { "content-type": "text/csv" } }));
    const file = await client.exportOrgAudit({ params: { slug: "hello" }, query: { format: "csv" } });
    expect(await new Response(file).text()).toBe("a\nb\n");
    expect(only().url).toBe("http://app.localhost:8787/api/v1/orgs/hello/audit/export?format=csv");
    expect(only().headers.get("accept")).toBe("*/*");
  });

  it("gives an empty one where there is nothing in it", async () => {
    const { client } = clientOf(() => new Response(null));
    expect(await new Response(await client.exportAudit({})).text()).toBe("");
  });
});
