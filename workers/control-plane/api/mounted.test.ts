import { describe, expect, test } from "vitest";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { MOUNTED } from "./index.ts";

describe("the API", () => {
  test("has a handler for every endpoint of the contract, and for nothing else", () => {
    const mounted = MOUNTED.map(({ endpoint }) => endpoint.id).sort();
    expect(mounted).toEqual(Object.keys(ENDPOINTS).sort());
  });

  test("calls every endpoint by its own name, at a place of its own", () => {
    for (const [id, endpoint] of Object.entries(ENDPOINTS)) expect(endpoint.id).toBe(id);
    const places = MOUNTED.map(({ endpoint }) => `${endpoint.method} ${endpoint.path.replaceAll(/\{\w+\}/g, "{}")}`);
    expect(new Set(places).size).toBe(places.length);
  });
});
