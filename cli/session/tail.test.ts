import { describe, expect, it } from "vitest";

import { createClient } from "../../contracts/client.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { startControlPlane, TOKEN, type Answers } from "../testing/control-plane.ts";
import { anExecution } from "../testing/things.ts";
import { reach } from "./http.ts";
import { followExecutions, type TailOptions, type Told } from "./tail.ts";

type Execution = ReturnType<typeof anExecution>;

const told = (execution: Execution) => ({ type: "execution" as const, execution });

/** Follows a control plane with these answers until so much was told. */
async function follow(answers: Answers, count: number, options: Partial<TailOptions> = {}) {
  const plane = await startControlPlane(answers);
  const client = createClient({ url: plane.url, token: TOKEN, fetch: reach });
  const stop = new AbortController();
  const place = { url: plane.url, client, slug: "hello" };
  const events: Told[] = [];
  const settings = { filter: {}, backlog: { limit: 0 }, signal: stop.signal, ...options };
  for await (const event of followExecutions(place, settings)) {
    events.push(event);
    if (events.length >= count) stop.abort();
  }
  const paths = plane.seen.map(({ path }) => path.slice("/api/v1/orgs/hello/executions".length));
  return { events, paths, ids: events.map((event) => (event.type === "execution" ? event.execution.id : event.type)) };
}

describe("a tail that is followed", () => {
  it("begins with what ran already, oldest first, and tells nothing twice", async () => {
    const [a, b, c] = [anExecution("/a"), anExecution("/b"), anExecution("/c")];
    const { ids, paths } = await follow(
      { listExecutions: () => ({ items: [b, a], cursor: null }), tailExecutions: () => [told(b), told(c)] },
      3,
      { filter: { script: "hello", status: "5xx" }, backlog: { limit: 2 } },
    );
    expect(ids).toEqual([a.id, b.id, c.id]);
    expect(paths).toEqual(["/tail?script=hello&status=5xx", "?script=hello&status=5xx&limit=2"]);
  });

  it("connects again when the stream ends, and reads from the list what it missed", async () => {
    const [a, b, c] = [anExecution("/a"), anExecution("/b"), anExecution("/c")];
    let connections = 0;
    const { ids } = await follow(
      {
        tailExecutions: () => (++connections === 1 ? [told(a)] : [told(c)]),
        listExecutions: () => ({ items: [b, a], cursor: null }),
      },
      3,
    );
    expect(ids).toEqual([a.id, b.id, c.id]);
  });

  it("goes on after a failure that passes, and says so", async () => {
    let connections = 0;
    const a = anExecution("/a");
    const { events, ids } = await follow(
      {
        tailExecutions: () => {
          if (++connections === 1) throw new PlatformError("unavailable", "Not now.");
          return [told(a)];
        },
      },
      2,
    );
    expect(events[0]).toEqual({ type: "interrupted", reason: "Not now." });
    expect(ids).toEqual(["interrupted", a.id]);
  });

  it("ends with the refusal where there is no way to go on", async () => {
    const refused = () => {
      throw new PlatformError("not_found", "There is no such org.");
    };
    await expect(follow({ tailExecutions: refused }, 1)).rejects.toMatchObject({ code: "not_found" });
  });

  it("tells late lines, but not those that came with the list", async () => {
    const line = (text: string) => ({ at: 1, level: "log" as const, text });
    const a = { ...anExecution("/a"), lines: [line("early")] };
    const { events } = await follow(
      {
        listExecutions: () => ({ items: [a], cursor: null }),
        tailExecutions: () => [
          { type: "lines", executionId: a.id, lines: [line("early")] },
          { type: "lines", executionId: a.id, lines: [line("early"), line("late")] },
        ],
      },
      2,
      { backlog: { limit: 1 } },
    );
    expect(events[1]).toEqual({ type: "lines", executionId: a.id, lines: [line("late")] });
  });
});
