import { PlatformError } from "../../../contracts/errors.ts";
import type { ControlPlaneEnv } from "../env.ts";
import { cloudflareMail } from "./cloudflare.ts";
import type { MailDriver } from "./driver.ts";
import { httpMail } from "./http.ts";
import { mailbox } from "./mailbox.ts";

/** The driver by each value of `MAIL_DRIVER`; null where what it needs is not configured. */
const DRIVERS: Record<string, (env: ControlPlaneEnv) => MailDriver | null> = {
  mailbox: () => mailbox,
  http: ({ MAIL_API_URL: url, MAIL_API_KEY: key, MAIL_FROM: from }) =>
    isGiven(url) && isGiven(key) && isGiven(from) ? httpMail({ url, key, from }) : null,
  cloudflare: ({ EMAIL: binding, MAIL_FROM: from }) =>
    binding !== undefined && isGiven(from) ? cloudflareMail(binding, from) : null,
};

const isGiven = (value: string | undefined): value is string => value !== undefined && value !== "";

/** The way by which letters leave; null where this platform has none. */
export function findMailDriver(env: ControlPlaneEnv): MailDriver | null {
  const name = env.MAIL_DRIVER ?? "";
  return Object.hasOwn(DRIVERS, name) ? (DRIVERS[name]?.(env) ?? null) : null;
}

/** Whether letters are read on the page `/mailbox`. */
export const hasMailbox = (env: ControlPlaneEnv): boolean => env.MAIL_DRIVER === "mailbox";

/**
 * Refuses what cannot be done without letters. Ask before anything depends on who they would go to, so that the
 * refusal tells nothing of them.
 *
 * @throws PlatformError `unavailable`
 */
export function requireMail(env: ControlPlaneEnv): MailDriver {
  const driver = findMailDriver(env);
  if (driver !== null) return driver;
  throw new PlatformError(
    "unavailable",
    "This platform cannot send mail. Whoever runs it sets MAIL_DRIVER and what that driver needs; see docs/mail.md.",
    { part: "mail" },
  );
}
