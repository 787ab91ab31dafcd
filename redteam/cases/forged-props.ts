import { attempts, type CaseClass } from "../attempt.ts";
import type { Tried } from "../support/probe.ts";

/** Names of the platform's own entrypoints and bindings. */
const DOORS = [
  "Egress",
  "Console",
  "Dispatch",
  "Control",
  "Directory",
  "Org",
  "Log",
  "STATE",
  "LOADER",
  "PROJECTIONS",
  "INTERNET",
];

/** Ways to a capability that is bound to somebody else. */
const ways = (orgId: string): Record<string, string> => ({
  ...Object.fromEntries(
    DOORS.map((door) => [
      `the entrypoint ${door} by exports`,
      `(workers.exports[${JSON.stringify(door)}] ?? ctx.exports?.[${JSON.stringify(door)}])({ props: { orgId: ${JSON.stringify(orgId)} } })`,
    ]),
  ),
  ...Object.fromEntries(
    DOORS.map((door) => [
      `the binding ${door}`,
      `workers.env[${JSON.stringify(door)}] ?? env[${JSON.stringify(door)}] ?? globalThis[${JSON.stringify(door)}] ?? (() => { throw new Error("not there"); })()`,
    ]),
  ),
  "a binding called with other props": `Promise.all(Object.values(workers.env).map((stub) => stub({ props: { orgId: ${JSON.stringify(orgId)} } }))).then((made) => { if (made.length === 0) throw new Error("none"); return made; })`,
  "withEnv with other props": `workers.withEnv({ orgId: ${JSON.stringify(orgId)} }, () => Object.values(workers.env).filter((value) => typeof value === "object").length || (() => { throw new Error("none"); })())`,
  "writing to ctx.props": `(() => { "use strict"; ctx.props.orgId = ${JSON.stringify(orgId)}; throw new Error("written to one's own copy"); })()`,
  "restore of a stub": `workers.restore(${JSON.stringify(orgId)})`,
  "a stub by structuredClone": `Promise.all(Object.values(workers.env).map((stub) => structuredClone(stub))).then((made) => { if (made.length === 0) throw new Error("none"); return made; })`,
});

const judge = ({ value }: Tried): string | null =>
  value === undefined || value === "(never settled)" || value === "0" ? null : `it gave ${value.slice(0, 100)}`;

export const forgedProps: CaseClass = {
  name: "forged props",
  cases: attempts<Tried>({
    names: Object.keys(ways("")),
    expected: "not there, or not to be re-bound",
    attack: (stage) => stage.probe(ways(stage.victim.orgId), `import * as workers from "cloudflare:workers";`),
    judge,
    breach: { value: "[object Fetcher]" },
  }),
};
