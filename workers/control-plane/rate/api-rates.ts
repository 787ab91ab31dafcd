import type { PlatformError } from "../../../contracts/errors.ts";
import {
  API_CALLERS_COUNTED_MAX,
  API_CALLS_PER_MINUTE_OF_ADDRESS,
  API_CALLS_PER_MINUTE_OF_ORG,
  API_CALLS_PER_MINUTE_OF_PRINCIPAL,
  API_CALLS_PER_MINUTE_OF_STRANGERS,
  CALL_BACKS_PER_MINUTE,
} from "../../../contracts/limits.ts";
import { addressKey } from "../../../contracts/rate/address.ts";
import type { RateStanding } from "../../../contracts/rate/bucket.ts";
import { tooManyRequests } from "../../../contracts/rate/headers.ts";
import { RateLimiter } from "../../../contracts/rate/limiter.ts";
import { isVisible } from "../access.ts";
import type { Standing } from "../auth/principal.ts";
import type { ControlPlaneEnv } from "../env.ts";

const MINUTE_MS = 60_000;
/** Stands for everybody where nobody can tell addresses. */
const EVERYWHERE = "";

/** A call that was counted: how its caller stands, and the refusal where it came too soon. */
export interface CountedCall {
  standing: RateStanding;
  refusal: PlatformError | null;
}

/** What a call is counted by, beside its key: the limit that applies to it, and how it is called in a refusal. */
interface Subject {
  limiter: RateLimiter;
  key: string;
  limit: number;
  what: string;
}

const limiter = (): RateLimiter => new RateLimiter(MINUTE_MS, API_CALLERS_COUNTED_MAX);

/**
 * How often the API may be called. A call about an org that its caller has a part in counts for that org, whoever makes
 * it and from wherever; any other with good credentials counts for the person or partner behind them, so that more keys
 * bring no more calls; and one without counts for its address. A key may have a rate of its own besides. Strangers have
 * buckets of their own, so that none of them can use up what somebody with good credentials has.
 *
 * Kept in memory: where the control plane runs in several isolates, each counts for itself.
 */
export class ApiRates {
  readonly #orgs = limiter();
  readonly #principals = limiter();
  readonly #keys = limiter();
  readonly #open = limiter();
  readonly #refused = limiter();
  readonly #machines = limiter();

  /**
   * Counts a call with good credentials. It counts for nobody where it is refused.
   *
   * @param perMinute calls about one org and from one account, where whoever runs the platform says how many
   */
  countCall(standing: Standing, now: number, perMinute?: number): CountedCall {
    const subjects = [...this.#ownOf(standing), this.#subjectOf(standing, perMinute)];
    const looks = subjects.map(({ limiter, key, limit }) => limiter.look(key, limit, now));
    const tight = looks.findIndex(({ allowed }) => !allowed);
    const [refusing, look] = [subjects[tight], looks[tight]];
    if (refusing !== undefined && look !== undefined) {
      return { standing: look, refusal: tooManyRequests(refusing.what, look) };
    }
    const taken = subjects.map(({ limiter, key, limit }) => limiter.take(key, limit, now));
    return {
      standing: taken.reduce((least, each) => (each.remaining < least.remaining ? each : least)),
      refusal: null,
    };
  }

  /** Counts a call whose credentials are missing or bad. */
  countRefused(address: string | null, now: number): CountedCall {
    return counted(strangerOf(this.#refused, address), now);
  }

  /** Counts a call of what is open to anybody. */
  countOpen(address: string | null, now: number): CountedCall {
    return counted(strangerOf(this.#open, address), now);
  }

  /** Counts a call-back that its machine has signed. */
  countCallBack(machineId: string, now: number): CountedCall {
    const what = `The API takes ${CALL_BACKS_PER_MINUTE} call-backs a minute from one machine`;
    return counted({ limiter: this.#machines, key: machineId, limit: CALL_BACKS_PER_MINUTE, what }, now);
  }

  /** How a stranger stands, without counting anything. */
  lookAtStranger(address: string | null, now: number): RateStanding {
    const { key, limit } = strangerOf(this.#open, address);
    return this.#open.look(key, limit, now);
  }

  #subjectOf({ principal, org, role }: Standing, perMinute: number | undefined): Subject {
    if (org !== null && isVisible(principal, { org, role })) {
      const limit = perMinute ?? API_CALLS_PER_MINUTE_OF_ORG;
      return { limiter: this.#orgs, key: org.id, limit, what: `The API takes ${limit} calls a minute about one org` };
    }
    const limit = perMinute ?? API_CALLS_PER_MINUTE_OF_PRINCIPAL;
    const what = `The API takes ${limit} calls a minute from one account, with all its keys`;
    return { limiter: this.#principals, key: principal.user.id, limit, what };
  }

  #ownOf({ principal: { key } }: Standing): Subject[] {
    if (key === null || key.requestsPerMinute === null) return [];
    const limit = key.requestsPerMinute;
    return [{ limiter: this.#keys, key: key.id, limit, what: `This key is limited to ${limit} calls a minute` }];
  }
}

function strangerOf(limiter: RateLimiter, address: string | null): Subject {
  if (address === null) {
    const limit = API_CALLS_PER_MINUTE_OF_STRANGERS;
    return { limiter, key: EVERYWHERE, limit, what: `The API takes ${limit} such calls a minute without credentials` };
  }
  const limit = API_CALLS_PER_MINUTE_OF_ADDRESS;
  const what = `The API takes ${limit} such calls a minute from one address without credentials`;
  return { limiter, key: addressKey(address), limit, what };
}

function counted({ limiter, key, limit, what }: Subject, now: number): CountedCall {
  const standing = limiter.take(key, limit, now);
  return { standing, refusal: standing.allowed ? null : tooManyRequests(what, standing) };
}

/** What whoever runs the platform says of calls in a minute; undefined where that is nothing, or no number. */
export function callsPerMinute({
  API_CALLS_PER_MINUTE: said,
}: Pick<ControlPlaneEnv, "API_CALLS_PER_MINUTE">): number | undefined {
  const number = Number(said ?? Number.NaN);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

/** Those of this isolate. */
export const apiRates = new ApiRates();
