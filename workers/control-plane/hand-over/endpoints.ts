import type { Context } from "hono";

import { SIGNING_KEYS_CACHE_S } from "../../../contracts/limits.ts";
import type { AppTypes } from "../mount.ts";
import { goodKeys, keySetOf } from "./signing-keys.ts";

/** `GET /.well-known/jwks.json`: the keys by which anybody can check who was handed over (RFC 7517). */
export async function signingKeySet(context: Context<AppTypes>): Promise<Response> {
  const rows = await goodKeys(context.var.scope.database, Date.now());
  context.header("cache-control", `public, max-age=${SIGNING_KEYS_CACHE_S}`);
  return context.body(JSON.stringify(keySetOf(rows)), 200, { "content-type": "application/jwk-set+json" });
}
