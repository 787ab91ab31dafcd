import { MACHINE_DRIVERS, type MachineDriverName } from "../../contracts/machines.ts";
import { suggest } from "../framework/suggest.ts";
import { UsageError } from "../framework/usage.ts";

/** What a machine shall be, for every command that asks for one. */
export const MACHINE_OPTIONS = {
  image: { type: "string", value: "image", about: "image that it starts from, such as nginx:1.29" },
  size: { type: "string", value: "size", about: "its size, by the driver's name for it" },
  region: { type: "string", value: "region", multiple: true, about: "where it may run; again for others to try" },
  "volume-gb": {
    type: "integer",
    value: "n",
    min: 1,
    max: 500,
    about: "a volume that outlives restarts, in gigabytes",
  },
  port: {
    type: "integer",
    value: "n",
    min: 1,
    max: 65_535,
    about: "port that the program in it listens on (default 8080)",
  },
  "health-path": { type: "string", value: "path", about: "path that answers when it is ready (default /)" },
  env: { type: "string", value: "NAME=value", multiple: true, about: "a variable for it; not for secrets" },
  "auto-stop": {
    type: "integer",
    value: "minutes",
    min: 5,
    max: 10_080,
    about: "stop it after so long without requests",
  },
  "no-wake": { type: "boolean", about: "a request does not start it when it is stopped" },
} as const;

interface MachineValues {
  image: string | undefined;
  size: string | undefined;
  region: string[];
  "volume-gb": number | undefined;
  port: number | undefined;
  "health-path": string | undefined;
  env: string[];
  "auto-stop": number | undefined;
  "no-wake": boolean;
}

/** What was said of the machine, as the API takes it; what was not said stays out. */
export function machineSpecOf(options: MachineValues, command: string) {
  const { image, size, region, port, env } = options;
  return {
    ...(image === undefined ? {} : { image }),
    ...(size === undefined ? {} : { size }),
    ...(region.length === 0 ? {} : { regions: region }),
    ...(options["volume-gb"] === undefined ? {} : { volumeGb: options["volume-gb"] }),
    ...(port === undefined ? {} : { port }),
    ...(options["health-path"] === undefined ? {} : { healthPath: options["health-path"] }),
    ...(env.length === 0 ? {} : { environment: Object.fromEntries(env.map((text) => variableOf(text, command))) }),
    ...(options["auto-stop"] === undefined ? {} : { autoStopMinutes: options["auto-stop"] }),
    ...(options["no-wake"] ? { wake: false } : {}),
  };
}

function variableOf(text: string, command: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`--env takes NAME=value, not "${text}".`, command);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** A driver that brings up machines, as somebody typed it. Throws a `UsageError` that lists them. */
export function machineDriverOf(text: string, command: string): MachineDriverName {
  const driver = MACHINE_DRIVERS.find((known) => known === text);
  if (driver !== undefined) return driver;
  const near = suggest(text, MACHINE_DRIVERS);
  const hint = near === null ? `It is one of ${MACHINE_DRIVERS.join(", ")}.` : `Did you mean ${near}?`;
  throw new UsageError(`There is no driver "${text}". ${hint}`, command);
}
