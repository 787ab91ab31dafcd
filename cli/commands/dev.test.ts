import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { PlatformError } from "../../contracts/errors.ts";
import { startControlPlane, TOKEN, type Answers } from "../testing/control-plane.ts";
import { newComputer, type Outcome, type World } from "../testing/host.ts";
import { anExecution, anOrg, anOrgInFull, aRoute, aScript } from "../testing/things.ts";

const CODE = (word: string): string => `export default (): string => "${word}";\n`;

interface Sent {
  files: Record<string, string>;
  message: string;
}

/** `isola dev` on a computer with these files, at an org `hello` without routes. */
async function developing(files: Record<string, string>, words: string[], answers: Answers = {}, world: World = {}) {
  let version = 0;
  const plane = await startControlPlane({
    listOrgs: () => ({ items: [anOrg("hello")], cursor: null }),
    getOrg: ({ params }) => anOrgInFull(params.slug),
    listRoutes: () => ({ items: [], cursor: null }),
    getScript: () => {
      throw new PlatformError("not_found", "There is no such script.");
    },
    putScript: ({ params }) => aScript(params.name, ++version),
    createRoute: ({ body }) => aRoute(body.script, body.method, body.path),
    listExecutions: () => ({ items: [], cursor: null }),
    tailExecutions: () => [],
    ...answers,
  });
  const computer = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(computer.home, path)), { recursive: true });
    await writeFile(join(computer.home, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);

  const end = new AbortController();
  let printed: Outcome = { code: -1, out: "", err: "" };
  const onPrint = (outcome: Outcome): void => void (printed = outcome);
  const done = computer.isola(["dev", ...words], { ...world, interrupted: end.signal, onPrint });
  const says = (stream: "out" | "err", pattern: RegExp) =>
    vi.waitFor(() => expect(printed[stream]).toMatch(pattern), { timeout: 4_000, interval: 10 });
  const ctrlC = (): Promise<Outcome> => {
    end.abort();
    return done;
  };
  const sent = (): Sent[] => plane.seen.filter(({ method }) => method === "PUT").map(({ body }) => body as Sent);
  return { plane, home: computer.home, write, says, ctrlC, done, sent };
}

describe("isola dev", () => {
  it("makes the code live, then each save that changes it, and says what stays at the end", async () => {
    const { write, says, ctrlC, sent, plane } = await developing({ "hello.ts": CODE("one") }, ["hello.ts"]);
    await says("out", /^live v1 in \d+ ms {2}http:\/\/hello\.localhost:8787\/\*\n$/);
    await write("hello.ts", CODE("one"));
    await write("hello.ts", CODE("two"));
    await says("out", /\nlive v2 in \d+ ms {2}http:.*\n$/);
    const { code, err } = await ctrlC();
    expect(code).toBe(0);
    expect(err).toContain("Watching hello.ts for hello of hello. Ctrl-C ends.\n");
    expect(err).toMatch(/v2 of hello stays live\.\n$/);
    expect(sent().map(({ message }) => message)).toEqual(["dev", "dev"]);
    expect(plane.callsTo("POST /api/v1/orgs/hello/routes")).toHaveLength(1);
  });

  it("shows an error with its line, keeps what is live, and goes on when it is mended", async () => {
    const { write, says, ctrlC, sent } = await developing({ "src/index.ts": CODE("one") }, ["src"]);
    await says("out", /live v1/);
    await write("src/index.ts", 'import "./gone.ts";\nconst b = ;\n');
    await says("err", /src\/index\.ts:2:10:\n[^]*const b = ;[^]*\nv1 stays live\.\n/);
    await write("src/index.ts", 'import "./gone.ts";\nexport default () => 1;\n');
    await says("err", /Could not resolve "\.\/gone\.ts"[^]*src\/index\.ts:1:7/);
    await write("src/gone.ts", "export {};");
    await says("out", /live v2/);
    expect((await ctrlC()).code).toBe(0);
    expect(sent()).toHaveLength(2);
  });

  it("says that the entry is gone and takes it up again", async () => {
    const { home, write, says, ctrlC } = await developing({ "a.ts": CODE("one") }, ["a.ts"]);
    await says("out", /live v1/);
    await rm(join(home, "a.ts"));
    await says("err", /There is no file or folder a\.ts\. It was there before/);
    await write("a.ts", CODE("two"));
    await says("out", /live v2/);
    await ctrlC();
  });

  it("shows the line that the platform refuses", async () => {
    const refuse: NonNullable<Answers["putScript"]> = ({ body }) => {
      const file = body.main ?? "";
      const lines = (body.files?.[file] ?? "").split("\n");
      const line = lines.findIndex((text) => text.startsWith("import"));
      const column = (lines[line] ?? "").indexOf('"') + 1;
      const issues = [{ file, line: line + 1, column, reason: '"greetings" is no module of the org' }];
      throw new PlatformError("invalid", "The upload is not valid.", { issues });
    };
    const code = 'import { hi } from "greetings";\nexport default hi;\n';
    const { says, ctrlC } = await developing({ "a.ts": code }, ["a.ts"], { putScript: refuse });
    await says("err", /a\.ts:1:\d+ "greetings" is no module of the org\n {4}1 │ import \{ hi \} from "greetings";\n/);
    await says("err", /isola deploy <file> --name greetings --kind module/);
    expect((await ctrlC()).code).toBe(0);
  });

  it("shows what the script runs, each once, with lines that come late", async () => {
    const first = { ...anExecution("/first"), startedAt: Date.now() + 60_000 };
    const second = anExecution("/second");
    const late = {
      type: "lines" as const,
      executionId: second.id,
      lines: [{ at: 1, level: "log" as const, text: "late" }],
    };
    const { says, ctrlC, plane } = await developing({ "hello.ts": CODE("one") }, ["hello.ts"], {
      listExecutions: () => ({ items: [first], cursor: null }),
      tailExecutions: () => [
        { type: "execution", execution: first },
        { type: "execution", execution: second },
        late,
        { type: "missed", count: 3 },
      ],
    });
    await says("out", /live v1[^]*GET \/first[^]*GET \/second.*\n {4}log {3}late\n… 3 more ran/);
    expect((await ctrlC()).out.match(/GET \/first/g)).toHaveLength(1);
    expect(plane.callsTo("GET /api/v1/orgs/hello/executions/tail")[0]?.path).toMatch(/\?script=hello$/);
  });

  it("goes on without the log where the key may not read it", async () => {
    const forbid = (): never => {
      throw new PlatformError("forbidden", "The key may not read executions.");
    };
    const { write, says, ctrlC } = await developing({ "a.ts": CODE("one") }, ["a.ts"], { tailExecutions: forbid });
    await says("err", /The log is not shown: The key may not read executions\./);
    await write("a.ts", CODE("two"));
    await says("out", /live v2/);
    expect((await ctrlC()).code).toBe(0);
  });

  it("writes JSON a line for programs", async () => {
    const words = ["hello.ts", "--output", "json", "--route", "GET /hi", "-m", "Try"];
    const { write, says, ctrlC, sent } = await developing({ "hello.ts": CODE("one") }, words);
    await says("out", /"type":"live"/);
    await write("hello.ts", "const = 1;");
    await says("out", /"type":"refused"/);
    const { code, out, err } = await ctrlC();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const events = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ type: "live", script: "hello", version: 1, durationMs: expect.any(Number) });
    expect(events[0]).toMatchObject({ urls: ["http://hello.localhost:8787/hi"] });
    expect(events[1]).toMatchObject({ type: "refused", live: 1, error: { code: "invalid" } });
    expect(sent()[0]?.message).toBe("Try");
  });

  it("ends with the reason when going on makes no sense", async () => {
    const forbid = (): never => {
      throw new PlatformError("forbidden", "The key may not write scripts.");
    };
    const { done } = await developing({ "a.ts": CODE("one") }, ["a.ts"], { putScript: forbid });
    expect(await done).toMatchObject({ code: 1, err: expect.stringContaining("The key may not write scripts.") });
    const missing = await developing({}, ["nothing.ts"]);
    expect(await missing.done).toMatchObject({ code: 1, err: expect.stringContaining("no file or folder nothing.ts") });
  });

  it("waits for a platform that is not there yet", async () => {
    let asked = 0;
    const getOrg: NonNullable<Answers["getOrg"]> = ({ params }) => {
      if (++asked < 3) throw new PlatformError("unavailable", "Starting.");
      return anOrgInFull(params.slug);
    };
    const { says, ctrlC } = await developing({ "a.ts": CODE("one") }, ["a.ts"], { getOrg });
    await says("out", /live v1/);
    expect((await ctrlC()).err.match(/waiting: Starting\./g)).toHaveLength(1);
  });

  it("ends at once while it waits", async () => {
    const away = (): never => {
      throw new PlatformError("unavailable", "Away.");
    };
    const { says, ctrlC, sent } = await developing({ "a.ts": CODE("one") }, ["a.ts"], { getOrg: away });
    await says("err", /waiting: Away\./);
    expect(await ctrlC()).toMatchObject({ code: 0, out: "" });
    expect(sent()).toEqual([]);
  });

  it("asks which org when there are several and somebody is there to say", async () => {
    const orgs = () => ({ items: [anOrg("hello"), anOrg("shop")], cursor: null });
    const asked = await developing({ "a.ts": CODE("one") }, ["a.ts"], { listOrgs: orgs }, { answers: ["shop"] });
    await asked.says("out", /live v1 .*shop\.localhost/);
    await asked.ctrlC();
    const alone = await developing({ "a.ts": CODE("one") }, ["a.ts"], { listOrgs: orgs });
    expect(await alone.done).toMatchObject({ code: 2, err: expect.stringContaining("hello, shop") });
  });

  it("says how to go back to what was live before, as long as it is kept", async () => {
    const scriptAt = (number: number) => aScript("a", number);
    const session = async (after: number): Promise<string> => {
      const { says, ctrlC } = await developing({ "a.ts": CODE("one") }, ["a.ts"], {
        getScript: () => ({
          ...scriptAt(7),
          version: scriptAt(7).live,
          main: "a.ts",
          files: {},
          imports: [],
          usedBy: [],
        }),
        putScript: () => scriptAt(after),
      });
      await says("out", /live v/);
      return (await ctrlC()).err;
    };
    expect(await session(106)).toContain("It was v7 before: `isola scripts rollback a 7` goes back.");
    expect(await session(107)).toContain("v107 of a stays live. v7, which was live before, is no longer kept.");
    expect(await session(7)).toMatch(/v7 of a stays live\.\n$/);
  });

  it("makes a module live without an address", async () => {
    const putScript = () => ({ ...aScript("money"), kind: "module" as const });
    const { says, ctrlC, plane } = await developing({ "money.ts": CODE("1") }, ["money.ts", "--kind", "module"], {
      putScript,
    });
    await says("out", /^live v1 in \d+ ms\n$/);
    await ctrlC();
    expect(plane.callsTo("POST /api/v1/orgs/hello/routes")).toEqual([]);
  });
});
