import type { z } from "zod";

import type { tailEventSchema } from "../../contracts/api/executions.ts";
import type { Host } from "../framework/host.ts";
import { errorJson, errorText } from "../framework/report.ts";
import { clean, paintFor } from "../framework/text.ts";
import { TailText } from "../session/tail-text.ts";
import type { DevEvent, Live } from "./develop.ts";

type TailEvent = z.output<typeof tailEventSchema>;

/** Tells somebody what happens while they develop. */
export interface Reporter {
  tell(event: DevEvent): void;
  /** What the script runs, as it runs. */
  ran(event: TailEvent): void;
}

/** For people: what is live and what ran on standard output, troubles on standard error. */
export function humanReporter(host: Host): Reporter {
  const paint = paintFor(host.outIsTerminal, host.env);
  const alarm = paintFor(host.errIsTerminal, host.env);
  let log = new TailText(paint);
  let shown = "";
  const out = (text: string): void => host.out(`${text}\n`);
  const err = (text: string): void => host.err(`${text}\n`);
  return {
    tell(event) {
      switch (event.type) {
        case "live": {
          // What runs says anew which execution its lines are of.
          log = new TailText(paint);
          for (const warning of event.warnings) err(warning.trimEnd());
          const { version, urls } = event.live;
          const [first = "", ...others] = urls;
          out(`${paint("green", "live")} v${version} in ${event.durationMs} ms  ${clean(first)}`.trimEnd());
          // All of them once; they are the same from save to save.
          if (shown !== urls.join("\n")) for (const url of others) out(`  ${clean(url)}`);
          shown = urls.join("\n");
          return;
        }
        case "refused":
          err(errorText(event.error, alarm));
          err(alarm("dim", stillLive(event.live)));
          return;
        case "waiting":
          err(`${alarm("yellow", "waiting:")} ${clean(event.error.message)} It is tried again and again.`);
          return;
        case "unlogged":
          err(`${alarm("yellow", "The log is not shown:")} ${clean(event.error.message)}`);
          return;
        case "unchanged":
          err(alarm("dim", `The code is again what is live (v${event.live.version}).`));
          return;
      }
    },
    ran: (event) => out(log.of(event)),
  };
}

/** For programs: one JSON document a line, each with its `type`. */
export function jsonReporter(host: Host): Reporter {
  const line = (value: Record<string, unknown>): void => host.out(`${JSON.stringify(value)}\n`);
  return {
    tell(event) {
      switch (event.type) {
        case "live": {
          const { live, sizeBytes, durationMs, warnings } = event;
          line({ type: "live", ...live, sizeBytes, durationMs, warnings });
          return;
        }
        case "refused":
          line({ type: "refused", ...errorJson(event.error), live: event.live?.version ?? null });
          return;
        case "waiting":
        case "unlogged":
          line({ type: event.type, ...errorJson(event.error) });
          return;
        case "unchanged":
          line({ type: "unchanged", ...event.live });
          return;
      }
    },
    ran: (event) => line(event),
  };
}

const stillLive = (live: Live | null): string =>
  live === null ? "Nothing of this code is live yet." : `v${live.version} stays live.`;
