import type { StateDoor } from "../../contracts/doors.ts";
import { newId } from "../../contracts/ids.ts";
import { type Connection, type Database, openConnection } from "./database/connect.ts";
import { Edges } from "../../contracts/rpc/edges.ts";
import { type ControlPlaneEnv, isSecure } from "./env.ts";
import { reportFailure } from "./report.ts";
import { guard } from "../../contracts/rpc/guard.ts";
import { STATE_RULES } from "../../contracts/rpc/rules.ts";

/**
 * What one request (or one scheduled pass) has at hand. The database is opened by the first who asks
 * for it and closed when everything handed to {@link Scope.later} is done.
 */
export class Scope {
  readonly env: ControlPlaneEnv;
  readonly requestId = newId("request");
  readonly state: StateDoor;
  readonly edges: Edges;
  /** Address of the caller; null where nobody that can be trusted tells it. */
  readonly address: string | null;
  /** City and country of the caller, as the network tells them; null where nobody does. */
  readonly place: string | null;
  #connection: Connection | null = null;
  readonly #background: Promise<unknown>[] = [];

  constructor(env: ControlPlaneEnv, request: Request | null = null) {
    this.env = env;
    this.state = guard(env.STATE, "The state of orgs", STATE_RULES);
    this.edges = new Edges(env);
    // Only Cloudflare overwrites this header; elsewhere a caller could write it.
    this.address = request !== null && isSecure(env) ? request.headers.get("cf-connecting-ip") : null;
    this.place = request === null || this.address === null ? null : placeOf(request);
  }

  get database(): Database {
    this.#connection ??= openConnection(this.env);
    return this.#connection.database;
  }

  /** Work that the response does not wait for. Its failure is logged. */
  later(work: () => Promise<unknown>): void {
    this.#background.push(work().catch((error: unknown) => reportFailure(this.requestId, "later", error)));
  }

  /** Ends the scope; give the promise to `waitUntil`. */
  async close(): Promise<void> {
    // Such work may hand over more of it.
    while (this.#background.length > 0) await Promise.all(this.#background.splice(0));
    await this.#connection?.close();
  }
}

function placeOf({ cf }: Request): string | null {
  const parts = [cf?.["city"], cf?.["country"]].filter((part) => typeof part === "string");
  return parts.length === 0 ? null : parts.join(", ");
}
