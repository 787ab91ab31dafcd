import type { Queries } from "../database/connect.ts";
import { findMailDriver } from "../mail/drivers.ts";
import { securityLetter } from "../mail/letters.ts";
import { sendLater } from "../mail/outbox.ts";
import type { Scope } from "../scope.ts";

type Change = Parameters<typeof securityLetter>[0]["change"];

/** Tells somebody by mail that the way into their account has changed, where this platform can send any. */
export async function notice(queries: Queries, scope: Scope, email: string, change: Change): Promise<void> {
  if (findMailDriver(scope.env) === null) return;
  const { address, env } = scope;
  const accountUrl = new URL("/account", env.PUBLIC_URL).href;
  await sendLater(queries, scope, securityLetter({ to: email, change, at: Date.now(), address, accountUrl }));
}
