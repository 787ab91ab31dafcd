import { describe, expect, it } from "vitest";

import type { ExecutionRecord, RecordedBody } from "../../../contracts/execution.ts";
import { sampleExecution } from "../../../contracts/testing/execution.ts";
import { replayInput } from "./replay.ts";

const EVENT = { id: "dlv_1", kind: "kv", attempt: 3, depth: 2, collection: "c", key: "k", next: { n: 1 } };

const recordOf = (facts: Partial<ExecutionRecord>, body: Partial<RecordedBody> | null): ExecutionRecord =>
  sampleExecution({
    method: "POST",
    request: {
      headers: { "content-type": "application/json", "content-length": "9" },
      body: body && { text: "", encoding: "utf8", truncated: false, ...body },
    },
    ...facts,
  });

const eventRecord = (body: Partial<RecordedBody> | null = { text: JSON.stringify(EVENT) }) =>
  recordOf({ trigger: "kv", deliveryId: "dlv_1", attempt: 3 }, body);

describe("the input of an execution that handled an event", () => {
  it("is the event, as another one", () => {
    const { input, origin, headersLeftOut } = replayInput(eventRecord(), {});
    expect(input).toMatchObject({ method: "POST", path: "/", event: "kv" });
    const event = JSON.parse(input.body ?? "") as typeof EVENT;
    expect(event).toEqual({ ...EVENT, id: expect.stringMatching(/^dlv_[0-9a-z]{20}$/), attempt: 1 });
    expect(origin).toEqual({ method: "recorded", path: "recorded", headers: "recorded", body: "recorded" });
    expect(headersLeftOut).toEqual([]);
  });

  it("may be edited in its body", () => {
    const { input, origin } = replayInput(eventRecord(), { body: JSON.stringify({ ...EVENT, next: 2 }) });
    expect(JSON.parse(input.body ?? "")).toMatchObject({ next: 2, kind: "kv" });
    expect(origin.body).toBe("edited");
  });

  it.each([
    [{ method: "GET" }, "method"],
    [{ path: "/x" }, "path"],
    [{ headers: {} }, "headers"],
    [{ body: null }, "body"],
    [{ body: "{" }, "body"],
    [{ body: `{"kind":"docs"}` }, "body"],
    [{ body: `[1]` }, "body"],
  ])("refuses the edit %o", (edits, field) => {
    const refused = (): unknown => replayInput(eventRecord(), edits);
    expect(refused).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(refused).toThrow(expect.objectContaining({ details: { issues: [expect.objectContaining({ field })] } }));
  });

  it("asks for the body where it was too long to be recorded whole", () => {
    const cut = eventRecord({ text: "{", truncated: true });
    expect(() => replayInput(cut, {})).toThrow(expect.objectContaining({ code: "conflict" }));
    expect(replayInput(cut, { body: JSON.stringify(EVENT) }).input.event).toBe("kv");
  });
});

it("the input of a request has no event", () => {
  const { input } = replayInput(recordOf({}, { text: "hi" }), {});
  expect(input).toEqual({ method: "POST", path: "/", headers: { "content-type": "application/json" }, body: "hi" });
});
