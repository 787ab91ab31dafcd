import { PlatformError } from "../../../../contracts/errors.ts";
import { DRIVERS, type DriverName, type MachineDriverName } from "../../../../contracts/machines.ts";
import type { ControlPlaneEnv } from "../../env.ts";
import type { Scope } from "../../scope.ts";
import type { Driver } from "../driver.ts";
import { dockerFromEnv } from "./docker-env.ts";
import { externalDriver } from "./external.ts";
import { flyFromEnv } from "./fly-env.ts";
import { mockFromEnv } from "./mock-env.ts";

/** Who brings machines up, by name. */
const FACTORIES: Partial<Record<MachineDriverName, (scope: Scope) => Driver>> = {
  docker: ({ env }) => dockerFromEnv(env),
  external: () => externalDriver,
  fly: ({ env }) => flyFromEnv(env),
  mock: ({ env }) => mockFromEnv(env),
};

/** What may stand behind an org here, as `DRIVERS` says; always with `isolate`. */
export function enabledDrivers(env: ControlPlaneEnv): DriverName[] {
  const named = new Set((env.DRIVERS ?? "").split(",").map((name) => name.trim()));
  return DRIVERS.filter((name) => name === "isolate" || (named.has(name) && FACTORIES[name] !== undefined));
}

/** A driver that may be used here; null where the platform's configuration does not name it (any more). */
export function findDriver(scope: Scope, name: MachineDriverName): Driver | null {
  return enabledDrivers(scope.env).includes(name) ? (FACTORIES[name]?.(scope) ?? null) : null;
}

/** The same. Throws `invalid`, which says what there is, for one that is not. */
export function driverOf(scope: Scope, name: MachineDriverName): Driver {
  const driver = findDriver(scope, name);
  if (driver !== null) return driver;
  const there = enabledDrivers(scope.env).join(", ");
  throw new PlatformError("invalid", `The driver ${name} is not enabled here. Choose one of: ${there}.`, {
    issues: [{ field: "driver", reason: `must be one of ${there}` }],
  });
}
