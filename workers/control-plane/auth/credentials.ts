import { parseSigned } from "hono/utils/cookie";

import type { ControlPlaneEnv } from "../env.ts";
import { sha256Hex } from "./hash.ts";
import { readKey } from "./keys.ts";
import { sessionCookieName } from "./sign-in.ts";

/** What a request shows of who it comes from, in the form in which the database knows it. */
export type Credentials =
  | { kind: "key"; prefix: string; hash: string }
  /** `cookie` is the signed value as it came, to be sent again when the session is prolonged. */
  | { kind: "session"; hash: string; cookie: string };

/** Reads the `Authorization` header, or else the session's cookie. A header that is there decides alone. */
export async function readCredentials(env: ControlPlaneEnv, headers: Headers): Promise<Credentials | null> {
  const authorization = headers.get("authorization");
  if (authorization === null) return readCookie(env, headers.get("cookie"));
  const [, text] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  const parts = text === undefined ? null : await readKey(text);
  return parts === null ? null : { kind: "key", ...parts };
}

async function readCookie(env: ControlPlaneEnv, header: string | null): Promise<Credentials | null> {
  const name = sessionCookieName(env);
  if (header === null || !header.includes(`${name}=`)) return null;
  const token = (await parseSigned(header, env.AUTH_SECRET, name))[name];
  if (typeof token !== "string") return null;
  const [, cookie = ""] = new RegExp(`(?:^|;\\s*)${name}=([^;]*)`).exec(header) ?? [];
  return { kind: "session", hash: await sha256Hex(token), cookie };
}
