import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import type { Answers } from "../../testing/control-plane.ts";
import type { World } from "../../testing/host.ts";
import { anExecution, anOrgInFull } from "../../testing/things.ts";
import { workplace } from "../../testing/workplace.ts";

const recorded = {
  ...anExecution("/items?a=b"),
  method: "POST",
  status: 507,
  outcome: "over_budget" as const,
  brokenLimit: "cpuMs" as const,
  cpuMs: 101.25,
  request: {
    headers: { "content-type": "text/plain", authorization: "[redacted]", "x-a": "\u001b[2J" },
    body: { text: "hello\u001b[2J", encoding: "utf8" as const, truncated: false },
  },
  response: { headers: { "x-b": "c" }, body: { text: "AAE=", encoding: "base64" as const, truncated: true } },
  lines: [{ at: 1, level: "warn" as const, text: "careful\u0007" }],
};

const replayed = {
  executionId: newId("execution"),
  status: 200,
  headers: {},
  body: "done",
  bodyEncoding: "utf8" as const,
  truncated: false,
  durationMs: 1,
  lines: [],
  error: null,
  replayOf: recorded.id,
  input: {
    method: "recorded" as const,
    path: "recorded" as const,
    headers: "recorded" as const,
    body: "recorded" as const,
  },
  headersLeftOut: ["authorization"],
  warning: "It all happened again.",
};

describe("executions", () => {
  it("are listed as a table, filtered, with times as ages or as they are", async () => {
    const { isola, plane } = await workplace({ listExecutions: () => ({ items: [recorded], cursor: null }) });
    const before = Date.now();
    const words = ["--status", "5xx", "--text", "a b", "--trigger", "http", "--since", "2h", "--until", "2026-11-21"];
    const { code, out } = await isola(["executions", "list", ...words]);
    expect(code).toBe(0);
    expect(out).toContain("over_budget (cpuMs)");
    expect(out).toContain("POST /items?a=b");
    const query = new URL(plane.seen[0]?.path ?? "", plane.url).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      status: "5xx",
      text: "a b",
      trigger: "http",
      until: "2026-11-21",
    });
    expect(Math.abs(before - Number(query.get("since")) - 7_200_000)).toBeLessThan(5_000);
    expect((await isola(["executions", "list", "--trigger", "email"])).code).toBe(2);
  });

  it("are shown with all that was recorded, and nothing of it drives the terminal", async () => {
    const { isola } = await workplace({ getExecution: () => recorded });
    const { out } = await isola(["executions", "get", recorded.id]);
    for (const part of ["processor  101.3 ms", "limit      cpuMs", "authorization: [redacted]", "x-b: c"]) {
      expect(out).toContain(part);
    }
    expect(out).toContain("hello\\u001b[2J");
    expect(out).toContain("(2 bytes that are not text)");
    expect(out).toContain("careful\\u0007");
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(JSON.parse((await isola(["executions", "get", recorded.id, "--output", "json"])).out)).toEqual(recorded);
  });

  it("are printed as curl, with what is missing said beside it", async () => {
    const { isola, plane } = await workplace({
      getExecution: () => recorded,
      getOrg: () => anOrgInFull("hello"),
    });
    const { code, out, err } = await isola(["executions", "curl", recorded.id]);
    expect(code).toBe(0);
    expect(out).toMatch(/^printf %s aGVsbG8bWzJK \| base64 -d \| curl .*'http:\/\/hello\.localhost:8787\/items\?a=b'/);
    expect(err).toContain("authorization, x-a");
    const body = { ...recorded.request.body, truncated: true };
    plane.answers.getExecution = () => ({ ...recorded, request: { ...recorded.request, body } });
    expect((await isola(["executions", "curl", recorded.id])).code).toBe(1);
  });

  it("are not printed as curl where they handled an event", async () => {
    const { isola } = await workplace({ getExecution: () => ({ ...recorded, trigger: "kv" as const }) });
    const { code, err } = await isola(["executions", "curl", recorded.id]);
    expect(code).toBe(1);
    expect(err).toContain(`isola executions replay ${recorded.id}`);
  });
});

describe("a replay", () => {
  const answers: Answers = { replayExecution: () => replayed, getExecution: () => recorded };
  const bodiesIn = ({ seen }: { seen: { method: string; body: unknown }[] }) =>
    seen.filter(({ method }) => method === "POST").map(({ body }) => body);

  it("runs with what was recorded, and says what that means", async () => {
    const { isola, plane } = await workplace(answers);
    const { code, out, err } = await isola(["executions", "replay", recorded.id]);
    expect({ code, out }).toEqual({ code: 0, out: "done" });
    expect(err).toContain("It all happened again.");
    expect(err).toContain("not sent again: authorization.");
    expect(bodiesIn(plane)).toEqual([{}]);
  });

  it("takes edits from the command line; a header stands beside the recorded ones", async () => {
    const { isola, plane } = await workplace(answers);
    const edits = ["-X", "PUT", "--path", "/b", "-H", "Authorization: Bearer x", "-d", "other"];
    await isola(["executions", "replay", recorded.id, ...edits]);
    const headers = { "content-type": "text/plain", "x-a": "\u001b[2J", authorization: "Bearer x" };
    expect(bodiesIn(plane)).toEqual([{ method: "PUT", path: "/b", headers, body: "other" }]);
  });

  it("takes edits from an editor, and sends only what was changed there", async () => {
    const { home, isola, plane } = await workplace(answers);
    const editor = join(home, "editor.sh");
    await writeFile(editor, `sed -i 's|/items?a=b|/edited|' "$2"\n`);
    const env = { EDITOR: `sh ${editor} --wait` };
    expect((await isola(["executions", "replay", recorded.id, "--edit"], { env, answers: [] })).code).toBe(0);
    expect(bodiesIn(plane)).toEqual([{ path: "/edited" }]);
  });

  it("runs nothing when the editor fails, leaves something odd, or cannot be opened", async () => {
    const { isola, plane } = await workplace(answers);
    const edit = ["executions", "replay", recorded.id, "--edit"];
    expect((await isola(edit, { env: { EDITOR: "false" }, answers: [] })).err).toContain("ended with 1");
    expect((await isola(edit, { env: { EDITOR: "truncate -s 3" }, answers: [] })).code).toBe(1);
    expect((await isola(edit)).err).toContain("needs a terminal");
    expect(bodiesIn(plane)).toEqual([]);
  });
});

/** A person who presses Ctrl-C when a text is there. */
function stopAt(text: string): World {
  const stop = new AbortController();
  return { interrupted: stop.signal, onPrint: ({ out }) => void (out.includes(text) && stop.abort()) };
}

describe("logs that are followed", () => {
  const line = (text: string) => ({ at: 1, level: "log" as const, text });
  const [older, newer] = [anExecution("/older"), { ...anExecution("/newer"), lines: [line("first")] }];
  const stream: Answers = {
    listExecutions: () => ({ items: [older], cursor: null }),
    tailExecutions: () => [
      { type: "execution", execution: newer },
      { type: "lines", executionId: newer.id, lines: [line("late\u001b[2J")] },
      { type: "missed", count: 3 },
      { type: "lines", executionId: older.id, lines: [line("later")] },
    ],
  };

  it("begin with the last that ran and go on until they are asked to end", async () => {
    const { isola, plane } = await workplace(stream);
    const { code, out } = await isola(["logs", "--follow", "--script", "hello", "--limit", "1"], stopAt("later"));
    expect(code).toBe(0);
    expect(plane.seen.slice(0, 2).map(({ path }) => path.split("/executions")[1])).toEqual([
      "/tail?script=hello",
      "?script=hello&limit=1",
    ]);
    const places = ["/older", "/newer", "log   first", "log   late\\u001b[2J", "… 3 more ran", `… ${older.id} goes on`];
    const found = places.map((text) => out.indexOf(text));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found[0]).toBeGreaterThan(0);
    expect(out.split("/newer")).toHaveLength(2);
  });

  it("are one event a line in JSON", async () => {
    const { isola } = await workplace(stream);
    const { out } = await isola(["logs", "-f", "--output", "json"], stopAt("later"));
    const events = out
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as { type: string });
    expect(events.slice(0, 5).map(({ type }) => type)).toEqual(["execution", "execution", "lines", "missed", "lines"]);
    expect(events[0]).toEqual({ type: "execution", execution: older });
  });

  it("end with the refusal where the tail is refused", async () => {
    const { isola } = await workplace({});
    const { code, err } = await isola(["logs", "-f"], { env: { ISOLA_TOKEN: "isola_wrong" } });
    expect(code).toBe(1);
    expect(err).toContain("API key");
  });
});
