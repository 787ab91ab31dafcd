import { realpath } from "node:fs/promises";

import { scriptNameSchema } from "../../contracts/api/scripts.ts";
import type { ParsedRoute } from "../../contracts/routing/index.ts";
import { findEntry, type Entry } from "../deploy/entry.ts";
import { localiseIssues } from "../deploy/issues.ts";
import { stagesFor, type Stage } from "../deploy/progress.ts";
import { planRoutes, type RoutePlan } from "../deploy/routes.ts";
import { readSources } from "../deploy/sources.ts";
import type { Upload } from "../deploy/upload.ts";
import { defineCommand } from "../framework/command.ts";
import { clean, formatBytes, wantsColor } from "../framework/text.ts";
import { UsageError } from "../framework/usage.ts";
import { ORG_OPTION } from "../session/org.ts";
import { readRoute, routeText, type ApiRoute } from "../session/route-text.ts";
import { openWorkplace, type Workplace } from "../session/workplace.ts";

const NAME = "deploy";

export const deploy = defineCommand({
  name: NAME,
  summary: "Bundle a script, upload it and make it live",
  details:
    "Bundles the file (or the entry of a folder: package.json's main, index.ts, src/index.ts) with every\n" +
    "npm package it imports, and saves it as a new version that is live when this returns. A route that is\n" +
    "there already is fine. The first script of an org without routes gets ANY /* unless you say --route.",
  args: [{ name: "path", about: "a TypeScript or JavaScript file, or a folder" }],
  options: {
    org: ORG_OPTION,
    name: { type: "string", value: "script", about: "name of the script (default the file's or folder's)" },
    route: { type: "string", value: "route", multiple: true, about: 'a route to it, such as "GET /hello/:name"' },
    message: { type: "string", value: "text", short: "m", about: "why this version was made" },
    "no-bundle": { type: "boolean", about: "upload the file, or the folder's sources, as they are" },
  },
  examples: [
    'deploy examples/hello.ts --org hello --route "GET /hello/:name"',
    "deploy examples/hono --org hello --name api --message 'Answer in French'",
  ],
  async run({ args, options, host, human }) {
    const startedAt = performance.now();
    const routes = options.route.map((text) => readRoute(text, NAME));
    const cwd = await realpath(host.cwd);
    const entry = await findEntry(args.path, cwd);
    const script = scriptName(options.name, entry);
    const place = await openWorkplace(host, options.org);
    const stage = stagesFor(host, human);
    const color = wantsColor(host.errIsTerminal, host.env);

    const looking = lookAround(place, script, routes);
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
    const saved = await stage("upload", () => save(place, script, upload, options.message)).catch((error: unknown) => {
      throw localiseIssues(error, upload, entry, cwd);
    });
    const created = await makeRoutes(place, script, plan, stage);

    const live = [...plan.kept, ...created];
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
      notes: [...upload.warnings, ...adviceFor(plan, live, script, place.slug, saved.executeUrl)],
    };
  },
});

function scriptName(given: string | undefined, entry: Entry): string {
  const name = given ?? entry.name;
  const parsed = scriptNameSchema.safeParse(name);
  if (parsed.success) return name;
  const reason = parsed.error.issues[0]?.message ?? "is not one";
  throw new UsageError(`The script name "${name}" ${reason}. Say --name <script>.`, NAME);
}

/** What is there already; asked before the upload, so that a bad route or org leaves everything as it was. */
async function lookAround({ client, slug }: Workplace, script: string, wanted: readonly ParsedRoute[]) {
  const [org, routes] = await Promise.all([
    client.getOrg({ params: { slug } }),
    client.listRoutes({ params: { slug } }),
  ]);
  return { org, plan: planRoutes(script, wanted, routes.items) };
}

function save({ client, slug }: Workplace, name: string, upload: Upload, message: string | undefined) {
  return client.putScript({
    params: { slug, name },
    body: {
      files: upload.files,
      main: upload.main,
      ...(upload.sourceMap === null ? {} : { sourceMap: upload.sourceMap }),
      ...(message === undefined ? {} : { message }),
    },
  });
}

async function makeRoutes(place: Workplace, script: string, plan: RoutePlan, stage: Stage): Promise<ApiRoute[]> {
  if (plan.missing.length === 0) return [];
  return stage("routes", async () => {
    const created: ApiRoute[] = [];
    for (const { method, host, path } of plan.missing) {
      const body = { method, host, path, script };
      created.push(await place.client.createRoute({ params: { slug: place.slug }, body }));
    }
    return created;
  });
}

function urlOf(route: ApiRoute, orgUrl: string): string {
  const base = new URL(orgUrl);
  const host = route.host === null ? base.host : route.host + (base.port === "" ? "" : `:${base.port}`);
  return `${base.protocol}//${host}${route.path}`;
}

function adviceFor(plan: RoutePlan, live: ApiRoute[], script: string, slug: string, executeUrl: string): string[] {
  if (plan.byDefault) return live.map((route) => `${slug} had no routes: ${routeText(route)} now leads to ${script}.`);
  if (live.length > 0) return [];
  return [
    `No route leads to ${script} yet. Add one: isola routes create "GET /${script}" --script ${script} --org ${slug}`,
    `It can be run without one: POST ${executeUrl}`,
  ];
}
