import { type TenantSessionClaims, type TenantUser, userOf } from "../../../contracts/hand-over.ts";
import { TENANT_SESSION_STALE_S } from "../../../contracts/limits.ts";
import type { Place } from "./place.ts";

/** What a session's token has come to in this isolate. */
export interface Remembered {
  user: TenantUser;
  orgId: string;
  /** Audience that the token was checked for. */
  origin: string;
  /** Key that vouches for it. */
  kid: string;
  /** When it ends, in epoch milliseconds. */
  endsAt: number;
  /** Until when it is believed without asking the control plane. */
  freshUntil: number;
  /** Until when it is believed while the control plane cannot be asked. */
  staleUntil: number;
  /** When the control plane may be asked again; until then somebody is asking, or it could not answer. */
  askAgainAt: number;
}

/** What is to be remembered of a session that was checked at a place. */
export function rememberedOf(claims: TenantSessionClaims, { kid }: { kid: string }, place: Place): Remembered {
  const freshUntil = claims.fresh * 1_000;
  return {
    user: Object.freeze(userOf(claims)),
    orgId: place.orgId,
    origin: place.origin,
    kid,
    endsAt: claims.exp * 1_000,
    freshUntil,
    staleUntil: freshUntil + TENANT_SESSION_STALE_S * 1_000,
    askAgainAt: 0,
  };
}

/** Sessions by their tokens, bounded: the one that was used longest ago goes first. */
export class RememberedSessions {
  readonly #max: number;
  readonly #sessions = new Map<string, Remembered>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#sessions.size;
  }

  find(token: string): Remembered | null {
    const found = this.#sessions.get(token);
    if (found === undefined) return null;
    // A map keeps the order in which its keys came.
    this.#sessions.delete(token);
    this.#sessions.set(token, found);
    return found;
  }

  keep(token: string, session: Remembered): void {
    this.#sessions.delete(token);
    this.#sessions.set(token, session);
    if (this.#sessions.size <= this.#max) return;
    const oldest = this.#sessions.keys().next();
    if (oldest.done !== true) this.#sessions.delete(oldest.value);
  }

  forget(token: string): void {
    this.#sessions.delete(token);
  }
}
