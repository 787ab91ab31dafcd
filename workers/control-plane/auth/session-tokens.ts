import type { DBAdapter } from "better-auth/types";

import { sha256Hex } from "./hash.ts";

type Operations = Omit<DBAdapter, "transaction">;
type Input<Method extends keyof DBAdapter> = Parameters<Extract<DBAdapter[Method], (input: never) => unknown>>[0];
type Row = Record<string, unknown>;
interface Condition {
  field: string;
  value: unknown;
}

/**
 * Wraps the library's adapter so that the database holds the SHA-256 of a session's token and never the
 * token: who reads the table cannot sign in with it. The library goes on seeing the tokens it gave.
 */
export function withHashedTokens(inner: DBAdapter): DBAdapter {
  return {
    ...withHashedOperations(inner),
    transaction: (work) => inner.transaction((tx) => work(withHashedOperations(tx))),
  };
}

function withHashedOperations(inner: Operations): Operations {
  return {
    ...inner,
    create: async <T extends Row, R = T>(input: Input<"create"> & { data: Omit<T, "id"> }): Promise<R> => {
      const token = input.model === "session" ? input.data["token"] : undefined;
      if (typeof token !== "string") return inner.create<T, R>(input);
      const row = await inner.create<T, R>({ ...input, data: { ...input.data, token: await sha256Hex(token) } });
      return { ...row, token };
    },
    findOne: <T>(input: Input<"findOne">) => withToken(input, (hashed) => inner.findOne<T>(hashed)),
    findMany: async <T>(input: Input<"findMany">) => inner.findMany<T>(await hashedWhere(input)),
    count: async (input) => inner.count(await hashedWhere(input)),
    update: <T>(input: Input<"update">) => withToken(input, (hashed) => inner.update<T>(hashed)),
    updateMany: async (input) => inner.updateMany(await hashedWhere(input)),
    delete: async (input) => inner.delete(await hashedWhere(input)),
    deleteMany: async (input) => inner.deleteMany(await hashedWhere(input)),
    consumeOne: <T>(input: Input<"consumeOne">) => withToken(input, (hashed) => inner.consumeOne<T>(hashed)),
  };
}

/** Asks with the hash and puts the token that was asked for back into the answer. */
async function withToken<I extends { model: string; where: Condition[] }, T>(
  input: I,
  ask: (hashed: I) => Promise<T | null>,
): Promise<T | null> {
  const row = await ask(await hashedWhere(input));
  const token = input.model === "session" ? input.where.find(isToken)?.value : undefined;
  return row !== null && typeof token === "string" ? { ...row, token } : row;
}

async function hashedWhere<I extends { model: string; where?: Condition[] | undefined }>(input: I): Promise<I> {
  if (input.model !== "session" || input.where === undefined) return input;
  return { ...input, where: await Promise.all(input.where.map(hashedCondition)) };
}

async function hashedCondition(condition: Condition): Promise<Condition> {
  if (!isToken(condition)) return condition;
  const { value } = condition;
  const tokens = Array.isArray(value) ? value : [value];
  const hashes = await Promise.all(tokens.map((token) => sha256Hex(String(token))));
  return { ...condition, value: Array.isArray(value) ? hashes : hashes[0] };
}

const isToken = (condition: Condition): boolean => condition.field === "token";
