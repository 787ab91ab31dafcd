import { describe, expect, test } from "vitest";

import { openApi } from "./openapi.ts";

const document = openApi({ PUBLIC_URL: "http://app.localhost:8787/", VERSION: "1.2.3" });

/** Follows keys into the document. */
function at(...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], document);
}

describe("the OpenAPI document", () => {
  test("says where the API is and how to sign in", () => {
    expect(at("openapi")).toBe("3.1.0");
    expect(at("servers")).toEqual([{ url: "http://app.localhost:8787/api/v1" }]);
    expect(at("components", "securitySchemes", "key")).toMatchObject({ type: "http", scheme: "bearer" });
  });

  test("has parameters, body and answers of an endpoint as its schemas say", () => {
    const put = at("paths", "/orgs/{slug}/scripts/{name}", "put") as Record<string, unknown>;
    expect(put).toMatchObject({ operationId: "putScript", tags: ["Scripts"], description: "Needs `scripts:write`." });
    const parameters = put["parameters"] as { name: string; in: string; required: boolean }[];
    expect(parameters.map((parameter) => [parameter.name, parameter.in, parameter.required])).toEqual([
      ["slug", "path", true],
      ["name", "path", true],
      ["Idempotency-Key", "header", false],
    ]);
    const body = at(
      "paths",
      "/orgs/{slug}/scripts/{name}",
      "put",
      "requestBody",
      "content",
      "application/json",
      "schema",
    );
    expect(body).toMatchObject({ type: "object", properties: { source: { type: "string" } } });
    expect(Object.keys(put["responses"] as object)).toEqual(
      expect.arrayContaining(["200", "400", "401", "403", "404", "413", "415", "422", "500", "503"]),
    );
  });

  test("says what a page of a list takes", () => {
    const parameters = at("paths", "/orgs", "get", "parameters") as {
      name: string;
      schema: unknown;
      required: boolean;
    }[];
    const limit = parameters.find(({ name }) => name === "limit");
    expect(limit).toMatchObject({ required: false, schema: { type: "integer", minimum: 1, maximum: 100 } });
  });

  test("says of a file what it can be", () => {
    const content = at("paths", "/orgs/{slug}/audit/export", "get", "responses", "200", "content") as object;
    expect(Object.keys(content)).toEqual(["application/x-ndjson", "text/csv"]);
    const parameters = at("paths", "/orgs/{slug}/audit/verify", "get", "parameters") as { name: string }[];
    expect(parameters.map(({ name }) => name)).toEqual(["slug", "cursor", "seq", "hash"]);
  });

  test("says of a body whether it can be left out", () => {
    const letters = "/orgs/{slug}/dead-letters/{id}";
    expect(at("paths", `${letters}/replay`, "post", "requestBody", "required")).toBe(false);
    expect(at("paths", `${letters}/discard`, "post", "requestBody")).toBeUndefined();
    expect(at("paths", "/orgs/{slug}/triggers", "post", "requestBody", "required")).toBe(true);
  });

  test("leaves what is open to anybody open", () => {
    expect(at("paths", "/setup", "post", "security")).toEqual([]);
    expect(at("paths", "/orgs/{slug}", "delete", "responses", "204")).toMatchObject({ description: "Done" });
  });

  test("says of every answer how its caller learns what it may still send", () => {
    const responses = at("paths", "/orgs/{slug}", "get", "responses") as Record<string, { headers: object }>;
    const names = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];
    for (const status of ["200", "401", "404"]) expect(Object.keys(responses[status]?.headers ?? {})).toEqual(names);
    expect(Object.keys(responses["429"]?.headers ?? {})).toEqual([...names, "Retry-After"]);
    for (const name of [...names, "Retry-After"]) {
      expect(at("components", "headers", name)).toMatchObject({ schema: { type: "integer" } });
    }
  });

  test("says of each operation where it acts and what it needs, and who has that", () => {
    expect(at("paths", "/orgs/{slug}/secrets/{name}", "put")).toMatchObject({
      "x-isola-capability": "secrets:write",
      "x-isola-scope": "org",
    });
    expect(at("paths", "/orgs", "post")).toMatchObject({
      "x-isola-capability": "orgs:create",
      "x-isola-scope": "platform",
    });
    expect(at("paths", "/setup", "post")).toMatchObject({ "x-isola-capability": null, "x-isola-scope": "open" });
    expect(at("x-isola-roles", "org", "developer")).not.toContain("secrets:write");
    expect(at("x-isola-roles", "org", "admin")).toContain("secrets:write");
    expect(at("x-isola-roles", "beyondOneOrg")).toContain("orgs:create");
    expect(at("x-isola-roles", "readScope")).not.toContain("org:open");
  });
});
