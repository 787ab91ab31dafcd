import { attempt, attempts, type CaseClass } from "../attempt.ts";
import { KNOWN } from "../known.ts";
import type { Tried } from "../support/probe.ts";

/** Names of everything that can be reached from a value and its prototypes. */
const NAMES_OF = `(value) => {
  const names = [];
  for (let at = value; at !== null && at !== undefined && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const key of Reflect.ownKeys(at)) names.push(String(key));
  return [...new Set(names)].sort().join(" ");
}`;

const IMPORTS = `import * as workers from "cloudflare:workers";`;
const TOP = `const namesOf = ${NAMES_OF};`;

/** Places a script can look into, each compared with its list in `known.ts`. */
const PLACES: Record<string, string> = {
  "the global object": `namesOf(globalThis)`,
  "the context of a run": `namesOf(ctx)`,
  "the context's properties": `namesOf(ctx.props)`,
  "the bindings": `namesOf(env)`,
  "the request": `namesOf(request)`,
  "the request's facts": `Object.entries(request.cf ?? {}).map(([name, value]) => [name, typeof value === "object" ? Object.keys(value ?? {}) : []].flat().join(" ")).sort().join(" ")`,
  "cloudflare:workers": `namesOf(workers)`,
  "the runtime's bindings": `namesOf(workers.env)`,
  "the runtime's exports": `namesOf(workers.exports)`,
};

/** The same in a script that imports from `node:`. */
const NODE_PLACES: Record<string, string> = {
  "with Node, the global object": `namesOf(globalThis)`,
  "with Node, process.env": `namesOf(process.env)`,
  "with Node, files at the root": `fs.readdirSync("/").sort().join(" ")`,
  "with Node, files beside the script": `fs.readdirSync("/bundle").sort().join(" ")`,
  "with Node, files in /tmp": `fs.readdirSync("/tmp").sort().join(" ")`,
  "with Node, devices": `fs.readdirSync("/dev").sort().join(" ")`,
};

interface Named {
  names: string[];
}

const namesIn = (tried: ReadonlyMap<string, Tried>): Map<string, Named> =>
  new Map([...tried].map(([name, { value, error }]) => [name, { names: (value ?? `(${error})`).split(" ") }]));

const stranger = ({ names }: Named, place: string): string | null => {
  const known = new Set((KNOWN[place] ?? "").split(" "));
  const strangers = names.filter((name) => name !== "" && !known.has(name));
  return strangers.length === 0 ? null : `not on the list: ${strangers.join(" ")}`;
};

/** Ways to the computer below, all with Node's built-ins. */
const COMPUTER: Record<string, string> = {
  "read /etc/passwd": `fs.readFileSync("/etc/passwd", "utf8")`,
  "read it by a path upwards": `fs.readFileSync("/bundle/../../../../etc/passwd", "utf8")`,
  "read it by a file URL": `fs.readFileSync(new URL("file:///etc/passwd"), "utf8")`,
  "read it through /proc": `fs.readFileSync("/proc/self/root/etc/passwd", "utf8")`,
  "read the environment": `fs.readFileSync("/proc/self/environ", "utf8")`,
  "read the command line": `fs.readFileSync("/proc/self/cmdline", "utf8")`,
  "a link out": `(fs.symlinkSync("/etc/passwd", "/tmp/out"), fs.readFileSync("/tmp/out", "utf8"))`,
  "environment variables": `JSON.stringify(process.env)`,
  arguments: `[process.execPath, process.cwd(), ...process.argv, ...process.execArgv].join(" ")`,
  "a child process": `cp.execSync("cat /etc/passwd").toString()`,
  "a spawned process": `new Promise((done, fail) => { const c = cp.spawn("cat", ["/etc/passwd"]); c.on("error", fail); c.stdout.on("data", (d) => done(String(d))); })`,
  "a fork": `cp.fork("/bundle/index.js").pid`,
  "process.binding": `Object.keys(process.binding("fs")).join(" ")`,
  "process.dlopen": `process.dlopen({ exports: {} }, "/lib/x86_64-linux-gnu/libc.so.6")`,
  "a signal": `process.kill(process.ppid, 0)`,
  "a library": `mod.createRequire("/bundle/index.js")("/etc/passwd")`,
  "the host's name": `os.hostname() + os.userInfo().username + os.homedir() + JSON.stringify(os.networkInterfaces())`,
  "process.report": `JSON.stringify(process.report?.getReport?.() ?? {})`,
};

interface Read extends Tried {
  /** Texts of this computer that are in it. */
  found: string[];
}

export const reach: CaseClass = {
  name: "what is in reach",
  cases: [
    ...attempts<Named>({
      names: Object.keys(PLACES),
      expected: "nothing that the list in the repository does not have",
      attack: async (stage) => namesIn(await stage.probe(PLACES, IMPORTS, TOP)),
      judge: stranger,
      breach: { names: ["aDoorToTheHost"] },
    }),
    ...attempts<Named>({
      names: Object.keys(NODE_PLACES),
      expected: "nothing that the list in the repository does not have",
      attack: async (stage) => namesIn(await stage.probe(NODE_PLACES, `import fs from "node:fs";`, TOP)),
      judge: stranger,
      breach: { names: ["aDoorToTheHost"] },
    }),
    ...attempts<Read>({
      names: Object.keys(COMPUTER),
      expected: "nothing of this computer",
      attack: async (stage) => {
        const tried = await stage.probe(
          COMPUTER,
          `import fs from "node:fs"; import cp from "node:child_process"; import os from "node:os"; import * as mod from "node:module";`,
        );
        const { hostname, userInfo } = await import("node:os");
        const texts = [
          "root:",
          stage.mark,
          stage.platform.directory,
          "workerd/bin",
          "GLIBC",
          `${hostname()}${userInfo().username}`,
        ];
        return new Map(
          [...tried].map(([name, { value, error }]) => [
            name,
            {
              ...(value === undefined ? { error: error ?? "" } : { value }),
              found: texts.filter((text) => value?.includes(text)),
            },
          ]),
        );
      },
      judge: ({ found }) => (found.length === 0 ? null : `it holds ${found.join(", ")}`),
      breach: { value: "root:x:0:0:", found: ["root:"] },
    }),
    attempt<string>({
      name: "the stack of an error names no file of this computer",
      expected: "the script's files and the harness's",
      attack: async (stage) => {
        const tried = await stage.probe({
          stack: `(() => { Error.stackTraceLimit = 200; return new Error("here").stack; })()`,
          native: `(() => { try { null.x; } catch (error) { return error.stack; } })()`,
          later: `new Promise((done) => setTimeout(() => done(new Error("later").stack), 1))`,
          refused: `fetch("http://127.0.0.1/").catch((error) => error.stack)`,
        });
        return [...tried.values()].map(({ value, error }) => value ?? error ?? "").join("\n");
      },
      judge: (text) => {
        const found = /(?:\/(?:home|work|root|tmp|usr|opt|var|proc)\/\S*|router\.js\S*|file:\S*)/.exec(text);
        return found === null ? null : `it names ${found[0]}`;
      },
      breach: "Error: here\n    at fetch (/work/router.js:1:1)",
    }),
  ],
};
