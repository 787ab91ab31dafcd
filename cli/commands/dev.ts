import { realpath } from "node:fs/promises";

import { findEntry } from "../deploy/entry.ts";
import { localiseIssues } from "../deploy/issues.ts";
import { KIND_OPTION, readKind, scriptName } from "../deploy/settings.ts";
import { develop } from "../dev/develop.ts";
import { followScript } from "../dev/follow.ts";
import { persist } from "../dev/persist.ts";
import { Publisher, survey } from "../dev/publisher.ts";
import { humanReporter, jsonReporter } from "../dev/report.ts";
import { defineCommand, type Result } from "../framework/command.ts";
import { clean, wantsColor } from "../framework/text.ts";
import { LIMIT_OPTION, readLimits } from "../session/limit-text.ts";
import { ORG_OPTION } from "../session/org.ts";
import { readRoute } from "../session/route-text.ts";
import { openWorkplace } from "../session/workplace.ts";

const NAME = "dev";

export const dev = defineCommand({
  name: NAME,
  summary: "Make every save live, and show what runs",
  details:
    "Deploys the file or folder as `isola deploy` does, then again after each save, and shows the script's\n" +
    "log beside it until Ctrl-C. Code with an error is shown with its place; what was live stays live. Each\n" +
    'save that changes the code makes a version, with the message "dev"; of a script the newest 100 are\n' +
    "kept, and the live one always, so a long session pushes older versions out. JSON is one event a line:\n" +
    "`live`, `refused`, `waiting`, `unchanged`, `unlogged`, and those of `isola logs --follow`.",
  args: [{ name: "path", about: "a TypeScript or JavaScript file, or a folder" }],
  options: {
    org: ORG_OPTION,
    name: { type: "string", value: "script", about: "name of the script (default the file's or folder's)" },
    route: { type: "string", value: "route", multiple: true, about: 'a route to it, such as "GET /hello/:name"' },
    message: { type: "string", value: "text", short: "m", about: 'message of the versions (default "dev")' },
    kind: KIND_OPTION,
    limit: LIMIT_OPTION,
  },
  examples: [
    'dev examples/hello.ts --org hello --route "GET /hello/:name"',
    "dev examples/hono --org hello --name api --output json",
  ],
  async run({ args, options, host, human }) {
    const wanted = options.route.map((text) => readRoute(text, NAME));
    const kind = readKind(options.kind, wanted, NAME);
    const limits = readLimits(options.limit, NAME);
    const cwd = await realpath(host.cwd);
    const entry = await findEntry(args.path, cwd);
    const script = scriptName(options.name, entry, NAME);
    const signal = host.interrupted();
    const reporter = human ? humanReporter(host) : jsonReporter(host);

    const settings = { message: options.message ?? "dev", kind, limits };
    const place = await persist(() => openWorkplace(host, options.org, true), reporter, signal);
    if (place === null) return ENDED;
    const around = await persist(() => survey(place, script, wanted, settings), reporter, signal);
    if (around === null) return ENDED;
    if (human) host.err(clean(`Watching ${args.path} for ${script} of ${place.slug}. Ctrl-C ends.\n`));

    // Loaded here because the other commands can do without a bundler's start-up time.
    const { Code } = await import("../dev/code.ts");
    const code = new Code(args.path, entry, { cwd, color: wantsColor(host.errIsTerminal, host.env) });
    const publisher = new Publisher(place, script, settings, around);
    const log = new AbortController();
    let following = Promise.resolve();
    let isFollowing = false;
    try {
      await develop({
        signal,
        build: () => code.build(),
        nextChange: (timeoutMs) => code.nextChange(signal, timeoutMs),
        hasChanged: () => code.hasChanged,
        tell: (event) => reporter.tell(event),
        async publish(upload) {
          const since = Date.now();
          const live = await publisher.publish(upload, signal).catch((error: unknown) => {
            throw localiseIssues(error, upload, code.entry, cwd);
          });
          if (!isFollowing) following = followScript(place, { script, since }, reporter, log.signal);
          isFollowing = true;
          return live;
        },
      });
    } finally {
      log.abort();
      await Promise.all([code.close(), following]);
    }
    const summary = publisher.summary();
    return { ...ENDED, notes: summary === null ? [] : [clean(summary)] };
  },
});

/** All has been said already, as it happened. */
const ENDED: Result = { json: undefined, text: "" };
