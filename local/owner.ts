import { request } from "node:http";

import { ApiError, createClient, type Client } from "../contracts/client.ts";
import type { Settings } from "./settings.ts";
import { StartError } from "./start-error.ts";

/** Time the control plane has for one answer while the platform starts, in milliseconds. */
const ANSWER_MS = 30_000;

export interface OwnerOptions {
  /** Where the control plane is reached. */
  address: { socketPath: string } | { host: string; port: number };
  publicUrl: string;
  setupToken: string;
  owner: Settings["owner"];
}

/**
 * Sees to it that the platform can be owned: claims it for the owner of the settings, or says where to claim it.
 *
 * @returns the one-time set-up link, or null when the platform has its owner.
 * @throws StartError when the owner of the settings is refused.
 */
export async function settleOwner({ address, publicUrl, setupToken, owner }: OwnerOptions): Promise<string | null> {
  const client: Client = createClient({ url: publicUrl, fetch: (url, init) => fetchOver(address, url, init) });
  const { claimed } = await client.getSetup({});
  if (claimed) return null;
  if (owner === undefined) return `${publicUrl}/setup?token=${setupToken}`;
  try {
    await client.claimOwner({ body: { token: setupToken, ...owner } });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "invalid") throw error;
    throw new StartError(
      `the first owner was refused: ${error.message}`,
      "correct ISOLA_OWNER_EMAIL and ISOLA_OWNER_PASSWORD",
      { cause: error },
    );
  }
  return null;
}

/** `fetch` with the connection to a given address; for short answers. */
function fetchOver(address: OwnerOptions["address"], url: string, init: RequestInit): Promise<Response> {
  const { host, pathname, search } = new URL(url);
  return new Promise((done, fail) => {
    const outgoing = request(
      {
        ...address,
        path: pathname + search,
        method: init.method ?? "GET",
        headers: { ...Object.fromEntries(new Headers(init.headers)), host },
        agent: false,
        timeout: ANSWER_MS,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", fail);
        incoming.once("end", () => done(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 500 })));
      },
    );
    outgoing.once("timeout", () => outgoing.destroy(new Error("The control plane did not answer in time.")));
    outgoing.once("error", fail);
    outgoing.end(typeof init.body === "string" ? init.body : undefined);
  });
}
