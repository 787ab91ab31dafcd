import { realpath } from "node:fs/promises";

import { findEntry } from "../deploy/entry.ts";
import { localiseIssues } from "../deploy/issues.ts";
import { stagesFor } from "../deploy/progress.ts";
import { lookAround, makeRoutes, saveVersion, urlOf, type Script } from "../deploy/publish.ts";
import type { RoutePlan } from "../deploy/routes.ts";
import { KIND_OPTION, readKind, scriptName } from "../deploy/settings.ts";
import { readSources } from "../deploy/sources.ts";
import { defineCommand } from "../framework/command.ts";
import { clean, formatBytes, wantsColor } from "../framework/text.ts";
import { LIMIT_OPTION, readLimits } from "../session/limit-text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { readRoute, routeText, type ApiRoute } from "../session/route-text.ts";
import { openWorkplace } from "../session/workplace.ts";

const NAME = "deploy";

export const deploy = defineCommand({
  name: NAME,
  summary: "Bundle a script, upload it and make it live",
  details:
    "Bundles the file (or the entry of a folder: package.json's main, index.ts, src/index.ts) with every\n" +
    "npm package it imports, and saves it as a new version that is live when this returns. A name that is\n" +
    "neither a file nor installed stays an import: the platform finds the org's module by that name. A route\n" +
    "that is there already is fine. The first script of an org without routes gets ANY /* unless you say\n" +
    "--route; a module answers no requests and gets none.",
  args: [{ name: "path", about: "a TypeScript or JavaScript file, or a folder" }],
  options: {
    org: ORG_OPTION,
    name: { type: "string", value: "script", about: "name of the script (default the file's or folder's)" },
    route: { type: "string", value: "route", multiple: true, about: 'a route to it, such as "GET /hello/:name"' },
    message: { type: "string", value: "text", short: "m", about: "why this version was made" },
    kind: KIND_OPTION,
    limit: LIMIT_OPTION,
    "no-bundle": { type: "boolean", about: "upload the file, or the folder's sources, as they are" },
  },
  examples: [
    'deploy examples/hello.ts --org hello --route "GET /hello/:name"',
    "deploy examples/hono --org hello --name api --message 'Answer in French'",
    "deploy greetings.ts --kind module",
    "deploy report.ts --limit wallClockMs=20000 --limit cpuMs=300",
  ],
  async run({ args, options, host, human }) {
    const startedAt = performance.now();
    const routes = options.route.map((text) => readRoute(text, NAME));
    const kind = readKind(options.kind, routes, NAME);
    const limits = readLimits(options.limit, NAME);
    const cwd = await realpath(host.cwd);
    const entry = await findEntry(args.path, cwd);
    const script = scriptName(options.name, entry, NAME);
    const place = await openWorkplace(host, options.org);
    const stage = stagesFor(host, human);
    const color = wantsColor(host.errIsTerminal, host.env);

    const looking = lookAround(place, script, routes, kind);
    // What is wrong with the code is said first; this is awaited below.
    looking.catch(() => null);
    const upload = options["no-bundle"]
      ? await readSources(entry)
      : await stage("bundle", async () => {
          // Loaded here because the other commands can do without a bundler's start-up time.
          const { bundle } = await import("../deploy/bundle.ts");
          return bundle(entry, { cwd, color });
        });
    const { org, plan } = await looking;
    const settings = { message: options.message, kind, limits };
    const saved = await stage("upload", () => saveVersion(place, script, upload, settings)).catch((error: unknown) => {
      throw localiseIssues(error, upload, entry, cwd);
    });
    const make = () => makeRoutes(place, saved, plan);
    const live = plan.missing.length === 0 || saved.kind === "module" ? await make() : await stage("routes", make);
    const durationMs = Math.round(performance.now() - startedAt);
    const urls = live.map((route) => urlOf(route, org.url));
    return {
      json: { script: saved, routes: live, urls, sizeBytes: upload.sizeBytes, durationMs },
      text: clean(
        [
          `${saved.name} v${saved.live.number} is live: ${formatBytes(upload.sizeBytes)} in ${durationMs} ms`,
          ...live.map((route, index) => `  ${route.method} ${urls[index] ?? ""}`),
        ].join("\n"),
      ),
      notes: [...upload.warnings, ...adviceFor(plan, live, saved, place.slug)],
    };
  },
});

function adviceFor(plan: RoutePlan, live: ApiRoute[], { name, kind, executeUrl }: Script, slug: string): string[] {
  if (kind === "module") return [`Scripts of ${slug} can import from "${name}" now.`];
  if (plan.byDefault) return live.map((route) => `${slug} had no routes: ${routeText(route)} now leads to ${name}.`);
  if (live.length > 0) return [];
  return [
    `No route leads to ${name} yet. Add one: isola routes create "GET /${name}" --script ${name} --org ${slug}`,
    `It can be run without one: POST ${executeUrl}`,
  ];
}
