import { createClient, type Client } from "../../contracts/client.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";
import { findCredentials } from "./credentials.ts";
import { reach } from "./http.ts";

/** Where a control plane on this computer is. */
const DEFAULT_URL = "http://app.localhost:8787";

/** Who talks to which control plane. */
export interface Session {
  /** Origin of the control plane. */
  url: string;
  client: Client;
}

/** The control plane that is meant: ISOLA_URL, the saved sign-in's, or the one on this computer. */
export async function currentUrl(host: Host): Promise<string> {
  if (host.env.ISOLA_URL) return originOf(host.env.ISOLA_URL, "ISOLA_URL");
  return (await findCredentials(host))?.url ?? DEFAULT_URL;
}

/**
 * Opens the session that the environment or the saved sign-in describes. A saved key goes to the
 * control plane that gave it and nowhere else.
 * @throws PlatformError `unauthenticated` when there is no key for the control plane.
 */
export async function openSession(host: Host): Promise<Session> {
  const url = await currentUrl(host);
  if (host.env.ISOLA_TOKEN) return sessionWith(url, host.env.ISOLA_TOKEN);
  const saved = await findCredentials(host);
  if (saved === null || saved.url !== url) {
    throw new PlatformError("unauthenticated", `You are not signed in at ${url}.`, {
      hint: `Run \`isola login${url === DEFAULT_URL ? "" : ` --url ${url}`}\`, or set ISOLA_TOKEN to an API key.`,
    });
  }
  return sessionWith(url, saved.token);
}

/** Reads the origin out of a URL that a person gave. */
export function originOf(text: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${source} must be a URL such as ${DEFAULT_URL}, not "${text}".`);
  }
  return url.origin;
}

const sessionWith = (url: string, token: string): Session => ({
  url,
  client: createClient({ url, token, fetch: reach }),
});
