import * as z from "zod";

import { TEXT_LENGTH_MAX } from "../../../../contracts/limits.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Where a provider answers. */
export const providerUrlSchema = z.url().refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.has(hostname));
}, "must be https, or http on this computer");

/** What every provider has, by whatever protocol. */
export const PROVIDER_NAMES = {
  /** Stands in the way back here, so that changing it changes what the provider is to allow. */
  id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/),
  /** As the button on the sign-in page says it. */
  name: z.string().trim().min(1).max(TEXT_LENGTH_MAX),
};

/** Schema of a list of providers, each with an id of its own. */
export const providersSchema = <P extends z.ZodType<{ id: string }>>(provider: P, most: number) =>
  z
    .array(provider)
    .max(most)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, "has two providers with the same id");

/**
 * Reads the list that a variable holds as JSON, once for each text. A list that cannot be read is none, and said in the
 * log.
 */
export function listReader<P>(
  variable: string,
  schema: z.ZodType<readonly P[]>,
): (text: string | undefined) => readonly P[] {
  let known: { text: string; providers: readonly P[] } | null = null;
  return (text) => {
    if (text === undefined || text === "") return [];
    if (known?.text !== text) known = { text, providers: read(variable, schema, text) };
    return known.providers;
  };
}

function read<P>(variable: string, schema: z.ZodType<readonly P[]>, text: string): readonly P[] {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : "it is no JSON";
    console.error(`${variable} is not valid, so that nobody can sign in by its providers: ${reason}`);
    return [];
  }
}
